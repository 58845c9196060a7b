//! Polygons of warnings: unions of grids, and strips along roads.

use geo::algorithm::buffer::{Buffer, BufferStyle, LineCap, LineJoin};
use geo::{
    BooleanOps, BoundingRect, Coord, LineString, MultiPolygon, Polygon, Rect, Simplify, Validation,
    unary_union,
};

use super::cover::{self, Limits};
use super::record::Rings;
use crate::twin::LoadedTwin;

/// Parts of a degree that are kept: about 0.1 m.
const DEGREE_PARTS: f64 = 1e6;

/// The union of areas in local metres, as rings of longitude and latitude. CAP has no holes: what a ring surrounds
/// belongs to it.
///
/// - `tolerance_m`: how far the outline may move, inwards or outwards, to have fewer points [m]
pub(super) fn rings_of(twin: &LoadedTwin, areas: &[MultiPolygon<f64>], tolerance_m: f64) -> Rings {
    let place = |c: &Coord<f64>| {
        let [lon, lat] = twin.lonlat(c.x, c.y)?;
        Some([rounded(lon), rounded(lat)])
    };
    let simple = simpler(areas, tolerance_m);
    let limits = Limits::EACH;
    let is_few = simple.iter().all(|p| p.exterior().0.len() <= limits.of_one);
    let few = match is_few {
        true => simple,
        false => cover::around(&simple, limits),
    };
    let rings = few.into_iter().map(|polygon| {
        let points: Vec<_> = polygon.exterior().coords().filter_map(place).collect();
        closed(points)
    });
    rings.filter(|ring| ring.len() >= 4).collect()
}

/// Metres of a degree of latitude [m]: enough to tell how far outlines are moved.
const DEGREE_M: f64 = 111_320.0;

/// Rings as a plane of metres around their own middle, and back.
struct Plane {
    middle: [f64; 2],
    metres: [f64; 2],
}

impl Plane {
    fn of(rings: &Rings) -> Self {
        let points = rings.iter().flatten();
        let fold = |k: usize| {
            points
                .clone()
                .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], at| {
                    [low.min(at[k]), high.max(at[k])]
                })
        };
        let middle = [0, 1].map(fold).map(|[low, high]| 0.5 * (low + high));
        let east = DEGREE_M * middle[1].to_radians().cos().max(0.01);
        Self {
            middle,
            metres: [east, DEGREE_M],
        }
    }

    fn polygons(&self, rings: &Rings) -> MultiPolygon<f64> {
        let at = |&[lon, lat]: &[f64; 2]| Coord {
            x: (lon - self.middle[0]) * self.metres[0],
            y: (lat - self.middle[1]) * self.metres[1],
        };
        let polygon = |ring: &Vec<[f64; 2]>| Polygon::new(ring.iter().map(at).collect(), vec![]);
        rings.iter().map(polygon).collect()
    }

    fn rings(&self, area: &MultiPolygon<f64>) -> Rings {
        let at = |c: &Coord<f64>| {
            [
                rounded(c.x / self.metres[0] + self.middle[0]),
                rounded(c.y / self.metres[1] + self.middle[1]),
            ]
        };
        let rings = area
            .iter()
            .map(|polygon| closed(polygon.exterior().coords().map(at).collect()));
        rings.filter(|ring| ring.len() >= 4).collect()
    }
}

fn hold(rings: &Rings, limits: Limits) -> bool {
    rings.iter().all(|ring| ring.len() <= limits.of_one)
        && rings.iter().map(Vec::len).sum::<usize>() <= limits.of_all
}

/// Rings over all of others, with few vertices.
pub(super) fn fewer_around(rings: &Rings, limits: Limits) -> Rings {
    if hold(rings, limits) {
        return rings.clone();
    }
    let plane = Plane::of(rings);
    plane.rings(&cover::around(&plane.polygons(rings), limits))
}

/// Rings within others that have no holes, with few vertices.
pub(super) fn fewer_within(rings: &Rings, limits: Limits) -> Rings {
    if hold(rings, limits) {
        return rings.clone();
    }
    let plane = Plane::of(rings);
    plane.rings(&cover::within(&plane.polygons(rings), limits))
}

/// The union of areas without holes, its outline within a tolerance of the union's (Douglas & Peucker 1973).
///
/// An area that reaches so far beyond what it must cover still covers it: no point of the new outline is farther from
/// the old one. An outline that would cross itself stays as it is.
fn simpler(areas: &[MultiPolygon<f64>], tolerance_m: f64) -> MultiPolygon<f64> {
    let whole = |polygon: &Polygon<f64>| Polygon::new(polygon.exterior().clone(), Vec::new());
    let filled: Vec<Polygon<f64>> = unary_union(areas).iter().map(whole).collect();
    if tolerance_m <= 0.0 {
        return MultiPolygon(filled);
    }
    let thinned: Vec<Polygon<f64>> = filled
        .into_iter()
        .map(|polygon| {
            let thin = polygon.simplify(tolerance_m);
            if thin.is_valid() { thin } else { polygon }
        })
        .collect();
    // Outlines that came to lie over each other, and what lies in a hole of another, become one.
    unary_union(&thinned).iter().map(whole).collect()
}

/// The ground within a distance of a line [local m].
pub(super) fn strip(line: &LineString<f64>, margin_m: f64) -> MultiPolygon<f64> {
    let style = BufferStyle::new(margin_m)
        .line_cap(LineCap::Square)
        .line_join(LineJoin::Bevel);
    line.buffer_with_style(style)
}

/// The union of two sets of rings.
pub(super) fn united(a: &Rings, b: &Rings) -> Rings {
    if a.is_empty() || b.is_empty() || a == b {
        return if a.is_empty() { b.clone() } else { a.clone() };
    }
    let polygon = |ring: &Vec<[f64; 2]>| {
        let line: LineString<f64> = ring.iter().map(|&[x, y]| (x, y)).collect();
        Polygon::new(line, Vec::new())
    };
    let all: Vec<Polygon<f64>> = a.iter().chain(b).map(polygon).collect();
    let rings = unary_union(&all).into_iter().map(|polygon| {
        closed(
            polygon
                .exterior()
                .coords()
                .map(|c| [rounded(c.x), rounded(c.y)])
                .collect(),
        )
    });
    fewer_around(
        &rings.filter(|ring| ring.len() >= 4).collect(),
        Limits::EACH,
    )
}

/// Rings around what lies in some and not in others. What would be a hole is cut open, since CAP has none: nobody
/// inside is told that all is clear.
pub(super) fn without(from: &Rings, others: &Rings) -> Rings {
    let polygons = |rings: &Rings| -> Vec<Polygon<f64>> {
        let line = |ring: &Vec<[f64; 2]>| ring.iter().map(|&[x, y]| (x, y)).collect();
        rings
            .iter()
            .map(|ring| Polygon::new(line(ring), Vec::new()))
            .collect()
    };
    let rest = unary_union(&polygons(from)).difference(&unary_union(&polygons(others)));
    let rings = rest.iter().flat_map(opened).map(|polygon| {
        let points = polygon.exterior().coords();
        closed(points.map(|c| [rounded(c.x), rounded(c.y)]).collect())
    });
    fewer_within(
        &rings.filter(|ring| ring.len() >= 4).collect(),
        Limits::EACH,
    )
}

/// A polygon cut through its holes until none is left.
fn opened(polygon: &Polygon<f64>) -> Vec<Polygon<f64>> {
    let (Some(hole), Some(all)) = (
        polygon
            .interiors()
            .first()
            .and_then(|hole| hole.bounding_rect()),
        polygon.bounding_rect(),
    ) else {
        return vec![polygon.clone()];
    };
    let middle = hole.center().x;
    let halves = [(all.min().x, middle), (middle, all.max().x)];
    halves
        .iter()
        .flat_map(|&(west, east)| {
            let half = Rect::new((west, all.min().y), (east, all.max().y)).to_polygon();
            polygon.intersection(&half)
        })
        .flat_map(|part| opened(&part))
        .collect()
}

fn rounded(degrees: f64) -> f64 {
    (degrees * DEGREE_PARTS).round() / DEGREE_PARTS
}

/// A ring without repeated points, the first one again at the end.
fn closed(mut ring: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    ring.dedup();
    if let (Some(&first), Some(&last)) = (ring.first(), ring.last())
        && first != last
    {
        ring.push(first);
    }
    ring
}

#[cfg(test)]
mod tests {
    use geo::{Contains, CoordsIter, Distance, Euclidean, Point};

    use super::*;

    #[test]
    fn a_hole_is_cut_open_rather_than_cleared() {
        let square = |x: f64, size: f64| {
            vec![
                [x, x],
                [x + size, x],
                [x + size, x + size],
                [x, x + size],
                [x, x],
            ]
        };
        let rings = without(&vec![square(0.0, 0.01)], &vec![square(0.004, 0.002)]);
        let holds = |x: f64, y: f64| {
            let inside = |ring: &Vec<[f64; 2]>| {
                let line: LineString<f64> = ring.iter().map(|&[x, y]| (x, y)).collect();
                Polygon::new(line, Vec::new()).contains(&Point::new(x, y))
            };
            rings.iter().any(inside)
        };
        assert!(rings.len() >= 2 && !holds(0.0045, 0.0047));
        for (x, y) in [
            (0.001, 0.001),
            (0.0045, 0.009),
            (0.009, 0.0047),
            (0.002, 0.0047),
        ] {
            assert!(holds(x, y), "{x} {y}");
        }
        assert!(without(&vec![square(0.0, 0.01)], &vec![square(0.0, 0.01)]).is_empty());
    }

    #[test]
    fn fewer_points_still_cover_every_road_and_its_margin() {
        let (margin, tolerance) = (30.0, 10.0);
        // A comb of bent roads, some close to each other, some apart.
        let road = |k: usize| -> LineString<f64> {
            let x = 70.0 * k as f64 + 25.0 * (k as f64 * 1.7).sin();
            (0..40)
                .map(|i| {
                    let y = 11.0 * f64::from(i);
                    (x + 18.0 * (y / 60.0 + k as f64).sin(), y)
                })
                .collect()
        };
        let roads: Vec<LineString<f64>> = (0..12).map(road).collect();
        let strips: Vec<_> = roads.iter().map(|r| strip(r, margin + tolerance)).collect();
        let plain = simpler(&strips, 0.0);
        let thin = simpler(&strips, tolerance);
        assert!(
            3 * thin.coords_count() < plain.coords_count(),
            "{} of {}",
            thin.coords_count(),
            plain.coords_count()
        );
        let edges: Vec<&LineString<f64>> = thin.iter().map(|p| p.exterior()).collect();
        for c in roads.iter().flat_map(|r| r.coords()) {
            let at = Point::from(*c);
            assert!(thin.contains(&at), "{at:?}");
            // Bevelled joins of these bends take less than a metre.
            let nearest = edges
                .iter()
                .map(|e| Euclidean.distance(*e, &at))
                .fold(f64::MAX, f64::min);
            assert!(nearest >= margin - 1.0, "{nearest}");
        }
    }
}
