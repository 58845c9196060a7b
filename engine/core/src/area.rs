//! Areas and lengths on the ellipsoid, the figures that people are told.

use geo::{Coord, LineString, MultiPolygon};
use geographiclib_rs::{Geodesic, InverseGeodesic, PolygonArea, Winding};

/// Area on the WGS 84 ellipsoid of polygons in longitude/latitude degrees [m²], never negative.
///
/// The winding of the rings does not matter: a ring counts for its smaller side, holes are taken off.
///
/// Source: Karney (2013), J. Geodesy 87, 43–55, section 6.
pub fn geodesic_area_m2(polygons: &MultiPolygon<f64>) -> f64 {
    polygons
        .iter()
        .map(|p| ring_area(p.exterior()) - p.interiors().iter().map(ring_area).sum::<f64>())
        .sum()
}

/// Length on the WGS 84 ellipsoid of a line in longitude/latitude degrees [m].
pub fn geodesic_length_m(line: &LineString<f64>) -> f64 {
    let earth = Geodesic::wgs84();
    line.lines()
        .map(|l| -> f64 { earth.inverse(l.start.y, l.start.x, l.end.y, l.end.x) })
        .sum()
}

fn ring_area(ring: &LineString<f64>) -> f64 {
    // The closing vertex repeats the first.
    signed_ring_area_m2(ring.coords().skip(1).copied()).abs()
}

/// Area on the WGS 84 ellipsoid of a ring in longitude/latitude degrees [m²], positive if it runs counter-clockwise; of
/// the smaller of its two sides.
///
/// - `ring`: its vertices, without the closing one
pub fn signed_ring_area_m2(ring: impl Iterator<Item = Coord>) -> f64 {
    let earth = Geodesic::wgs84();
    let mut polygon = PolygonArea::new(&earth, Winding::CounterClockwise);
    for c in ring {
        polygon.add_point(c.y, c.x);
    }
    let (_, area, _) = polygon.compute(true);
    area
}

/// Area on the WGS 84 ellipsoid of one ring in longitude/latitude degrees that is so small that the ellipsoid is flat in
/// it [m²], never negative: for rings up to [`SMALL_RING_DEG`] wide and high right to 2·10⁻⁶ up to 70° of latitude.
/// `None` for larger ones.
///
/// - `ring`: its vertices, closing one included
///
/// Source: radii of curvature of the ellipsoid, Snyder (1987), USGS Professional Paper 1395, eqs. 4-18 and 4-19.
pub fn small_ring_area_m2(ring: &[Coord]) -> Option<f64> {
    let bounds = crate::polygons::bounds_of(ring)?;
    if bounds.width() > SMALL_RING_DEG
        || bounds.height() > SMALL_RING_DEG
        || bounds.min().y.abs().max(bounds.max().y.abs()) > 70.0
    {
        return None;
    }
    let (a, f) = (6_378_137.0_f64, 1.0 / 298.257_223_563);
    let e2 = f * (2.0 - f);
    // The centroid: widths of parallels change linearly over the ring, so those there are right on average.
    let origin = ring[0];
    let (mut doubled, mut moment) = (0.0, 0.0);
    for w in ring.windows(2) {
        let (p, q) = (w[0] - origin, w[1] - origin);
        let cross = p.x * q.y - q.x * p.y;
        doubled += cross;
        moment += cross * (p.y + q.y) / 3.0;
    }
    let middle = match doubled != 0.0 {
        true => moment / doubled,
        false => 0.0,
    };
    let (sin, cos) = (origin.y + middle).to_radians().sin_cos();
    let root = 1.0 - e2 * sin * sin;
    let per_square_degree = a * a * (1.0 - e2) / (root * root) * cos * 1.0_f64.to_radians().powi(2);
    // Edges are geodesics, which bulge to the pole from the straight lines between the vertices.
    let bulge = |w: &[Coord]| {
        let (d_lon, d_lat) = (
            (w[1].x - w[0].x).to_radians(),
            (w[1].y - w[0].y).to_radians(),
        );
        sin * d_lon * (cos * cos * d_lon * d_lon + 2.0 * d_lat * d_lat) / 12.0
    };
    let bulges: f64 = ring.windows(2).map(bulge).sum();
    Some((0.5 * doubled * per_square_degree - a * a * bulges).abs())
}

/// Widest and highest ring that counts as small [°].
pub const SMALL_RING_DEG: f64 = 0.02;

#[cfg(test)]
mod tests {
    use super::*;
    use geo::polygon;

    #[test]
    fn a_cell_of_one_degree_at_the_equator_has_its_known_area() {
        let cell = polygon![(x: 0.0, y: 0.0), (x: 1.0, y: 0.0), (x: 1.0, y: 1.0), (x: 0.0, y: 1.0)];
        let area = geodesic_area_m2(&MultiPolygon::new(vec![cell]));
        // GeographicLib 2.1 for Python, Geodesic.WGS84.Polygon(), for the same four points: 12308778361.469452 m².
        assert!((area - 12_308_778_361.469_452).abs() < 0.01, "{area}");
    }

    #[test]
    fn winding_does_not_change_the_area() {
        let left = polygon![(x: 113.0, y: 22.5), (x: 113.1, y: 22.5), (x: 113.1, y: 22.6)];
        let right = polygon![(x: 113.0, y: 22.5), (x: 113.1, y: 22.6), (x: 113.1, y: 22.5)];
        let [a, b] = [left, right].map(|p| geodesic_area_m2(&MultiPolygon::new(vec![p])));
        assert!((a - b).abs() < 1e-3 && a > 0.0);
    }

    #[test]
    fn a_degree_of_latitude_has_its_known_length() {
        let meridian = LineString::from(vec![(113.0, 22.0), (113.0, 23.0)]);
        let length = geodesic_length_m(&meridian);
        // GeographicLib 2.1 for Python, Geodesic.WGS84.Inverse(22, 113, 23, 113): 110737.10084379822 m.
        assert!((length - 110_737.100_844).abs() < 1e-5, "{length}");
    }

    #[test]
    fn a_small_ring_has_the_area_of_the_ellipsoid() {
        for lat in [-69.0, -45.0, 0.001, 22.5, 60.0] {
            let ring = [
                (113.0, lat),
                (113.019, lat + 0.004),
                (113.011, lat + 0.0188),
                (113.0, lat),
            ];
            let line = LineString::from(ring.to_vec());
            let exact = geodesic_area_m2(&MultiPolygon::new(vec![geo::Polygon::new(
                line.clone(),
                vec![],
            )]));
            let flat = small_ring_area_m2(&line.0).expect("small");
            assert!((flat / exact - 1.0).abs() < 2e-6, "{lat}: {flat} {exact}");
        }
        let wide = LineString::from(vec![(0.0, 0.0), (0.03, 0.0), (0.0, 0.01), (0.0, 0.0)]);
        assert_eq!(small_ring_area_m2(&wide.0), None);
    }
}
