//! Areas and lengths on the ellipsoid, the figures that people are told.

use geo::{LineString, MultiPolygon};
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
    let earth = Geodesic::wgs84();
    let mut polygon = PolygonArea::new(&earth, Winding::CounterClockwise);
    // The closing vertex repeats the first.
    for c in ring.coords().skip(1) {
        polygon.add_point(c.y, c.x);
    }
    let (_, area, _) = polygon.compute(true);
    area.abs()
}

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
}
