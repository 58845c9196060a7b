//! Polygons with few vertices: around what is warned, never cutting a place off; within what is cleared, never
//! clearing more.
//!
//! An outline with too many vertices is drawn farther out by a distance and thinned by hardly less (Douglas & Peucker
//! 1973), so that what it covered stays covered; the distance is doubled until the vertices are few enough. Polygons
//! that come to lie over each other become one.

use geo::algorithm::buffer::{Buffer, BufferStyle, LineJoin};
use geo::{
    Area, BooleanOps, BoundingRect, Contains, MultiPolygon, Point, Polygon, Simplify, Validation,
    unary_union,
};

/// Most vertices of a polygon, the first again at the end: receivers of cell broadcasts take no more.
///
/// Source: ATIS-0700037 (2019), WEA 3.0, device-based geo-fencing: a polygon has 100 points at most.
pub(super) const MOST_VERTICES: usize = 100;

/// Thinning in parts of the distance that an outline was moved: round corners lie a little nearer than it.
const THINNED: f64 = 0.9;

/// Length of the pieces of a round corner, in parts of its radius.
const CORNER: f64 = 0.5;

/// The least distance that an outline is moved [m]: the width of a street.
const LEAST_M: f64 = 5.0;

/// Times that the distance is doubled: from a street to farther than any city.
const DOUBLINGS: u32 = 16;

/// How few vertices there are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// Of one polygon.
    pub(super) of_one: usize,
    /// Of all together.
    pub(super) of_all: usize,
}

impl Limits {
    /// Of a polygon alone, however many there are.
    pub(super) const EACH: Self = Self {
        of_one: MOST_VERTICES,
        of_all: usize::MAX,
    };

    fn hold(self, area: &MultiPolygon<f64>) -> bool {
        let counts = area.0.iter().map(|p| p.exterior().0.len());
        counts.clone().all(|n| n <= self.of_one) && counts.sum::<usize>() <= self.of_all
    }
}

/// A polygon without its holes.
fn whole(polygon: &Polygon<f64>) -> Polygon<f64> {
    Polygon::new(polygon.exterior().clone(), Vec::new())
}

/// The union of polygons, what they surround among them.
pub(super) fn filled<'a>(
    polygons: impl IntoIterator<Item = &'a Polygon<f64>>,
) -> MultiPolygon<f64> {
    let all: Vec<Polygon<f64>> = polygons.into_iter().cloned().collect();
    let once: Vec<Polygon<f64>> = unary_union(&all).iter().map(whole).collect();
    unary_union(&once).iter().map(whole).collect()
}

/// Outlines within a tolerance of what they were [m]; one that would cross itself stays as it is.
fn thinned(area: &MultiPolygon<f64>, tolerance_m: f64) -> Vec<Polygon<f64>> {
    let thin = |polygon: &Polygon<f64>| {
        let thin = polygon.simplify(tolerance_m);
        match thin.is_valid() && thin.exterior().0.len() >= 4 {
            true => thin,
            false => polygon.clone(),
        }
    };
    area.iter().map(thin).collect()
}

/// Polygons without holes over all of an area, within the limits [local m]; a rectangle around all where nothing
/// finer is.
pub(super) fn around(area: &MultiPolygon<f64>, limits: Limits) -> MultiPolygon<f64> {
    let area = filled(area);
    if limits.hold(&area) {
        return area;
    }
    let covers = |found: &MultiPolygon<f64>| {
        let corners = area.0.iter().flat_map(|p| &p.exterior().0);
        let inside = |c: &geo::Coord<f64>| found.iter().any(|p| p.contains(&Point::from(*c)));
        corners.into_iter().all(inside)
            && area.difference(found).unsigned_area() <= 1e-6 * area.unsigned_area()
    };
    let wider = (0..DOUBLINGS)
        .map(|k| LEAST_M * f64::from(1u32 << k))
        .map(|reach_m| {
            let style = BufferStyle::new(reach_m).line_join(LineJoin::Round(CORNER));
            let grown = filled(&area.buffer_with_style(style));
            filled(&thinned(&grown, THINNED * reach_m))
        });
    let found = wider
        .into_iter()
        .find(|found| limits.hold(found) && covers(found));
    found.unwrap_or_else(|| {
        let bounds = area.bounding_rect();
        bounds.map_or_else(
            || MultiPolygon::new(Vec::new()),
            |bounds| MultiPolygon::new(vec![bounds.to_polygon()]),
        )
    })
}

/// Polygons without holes within an area that has none, within the limits; the smallest are left out first, since
/// whoever lies in none is cleared by the code of the grid, and nobody else may be.
pub(super) fn within(area: &MultiPolygon<f64>, limits: Limits) -> MultiPolygon<f64> {
    if limits.hold(area) {
        return area.clone();
    }
    let inside = |polygon: &Polygon<f64>| {
        let alone = MultiPolygon::new(vec![polygon.clone()]);
        if polygon.exterior().0.len() <= limits.of_one {
            return alone;
        }
        let reaches = (0..DOUBLINGS).map(|k| LEAST_M * f64::from(1u32 << k));
        let narrower = reaches.map(|reach_m| {
            let style = BufferStyle::new(-reach_m).line_join(LineJoin::Round(CORNER));
            let shrunk: Vec<Polygon<f64>> =
                polygon.buffer_with_style(style).iter().map(whole).collect();
            MultiPolygon::new(thinned(&MultiPolygon::new(shrunk), THINNED * reach_m))
        });
        let each = Limits {
            of_all: usize::MAX,
            ..limits
        };
        let holds = |found: &MultiPolygon<f64>| {
            each.hold(found) && found.difference(&alone).unsigned_area() <= 0.0
        };
        narrower
            .into_iter()
            .find(holds)
            .unwrap_or(MultiPolygon::new(Vec::new()))
    };
    let mut parts: Vec<Polygon<f64>> = area.iter().flat_map(inside).collect();
    parts.sort_by(|a, b| b.unsigned_area().total_cmp(&a.unsigned_area()));
    let mut left = limits.of_all;
    parts.retain(|part| {
        let n = part.exterior().0.len();
        let fits = n <= left;
        left -= if fits { n } else { 0 };
        fits
    });
    MultiPolygon::new(parts)
}

#[cfg(test)]
mod tests {
    use geo::{Coord, CoordsIter, LineString};
    use proptest::prelude::*;

    use super::*;

    /// A star around a place whose rays differ: as many vertices as rays.
    fn star(at: [f64; 2], rays: &[f64]) -> Polygon<f64> {
        let n = rays.len() as f64;
        let corner = |(k, ray): (usize, &f64)| {
            let turn = std::f64::consts::TAU * k as f64 / n;
            Coord {
                x: at[0] + ray * turn.cos(),
                y: at[1] + ray * turn.sin(),
            }
        };
        let ring: Vec<Coord<f64>> = rays.iter().enumerate().map(corner).collect();
        Polygon::new(LineString::new(ring), Vec::new())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn every_place_stays_covered_by_few_vertices(
            stars in prop::collection::vec(
                ((0.0f64..8000.0, 0.0f64..8000.0), prop::collection::vec(20.0f64..900.0, 120..400)), 1..12),
            of_all in prop::sample::select(vec![150usize, 400, usize::MAX]),
        ) {
            let area: MultiPolygon<f64> = stars.iter().map(|(at, rays)| star([at.0, at.1], rays)).collect();
            let limits = Limits { of_one: MOST_VERTICES, of_all };
            let found = around(&area, limits);
            prop_assert!(limits.hold(&found));
            for c in area.coords_iter() {
                prop_assert!(found.contains(&Point::from(c)), "{c:?}");
            }
            prop_assert!(found.iter().all(|p| p.interiors().is_empty() && p.is_valid()));
            // What is cleared lies within what may be, whatever the limits.
            let once = filled(&area);
            let cleared = within(&once, limits);
            prop_assert!(limits.hold(&cleared));
            prop_assert!(cleared.difference(&once).unsigned_area() <= 1e-3);
        }
    }

    #[test]
    fn what_has_few_vertices_stays_as_it_is() {
        let square = |x: f64| geo::Rect::new((x, 0.0), (x + 100.0, 100.0)).to_polygon();
        let area = MultiPolygon::new((0..40).map(|k| square(300.0 * f64::from(k))).collect());
        let found = around(&area, Limits::EACH);
        assert_eq!(found.0.len(), 40);
        assert_eq!(found.unsigned_area(), area.unsigned_area());
        // With fewer in all they are drawn together.
        let fewer = around(
            &area,
            Limits {
                of_one: 100,
                of_all: 60,
            },
        );
        assert!(fewer.0.len() < 12 && fewer.coords_count() <= 60);
    }
}
