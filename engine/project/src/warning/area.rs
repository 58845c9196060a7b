//! Polygons of warnings: unions of grids, and strips along roads.

use geo::algorithm::buffer::{Buffer, BufferStyle, LineCap, LineJoin};
use geo::{Coord, LineString, MultiPolygon, Polygon, unary_union};

use super::record::Rings;
use crate::twin::LoadedTwin;

/// Parts of a degree that are kept: about 0.1 m.
const DEGREE_PARTS: f64 = 1e6;

/// The union of areas in local metres, as rings of longitude and latitude. CAP has no holes: what a ring surrounds
/// belongs to it.
pub(super) fn rings_of(twin: &LoadedTwin, areas: &[MultiPolygon<f64>]) -> Rings {
    let place = |c: &Coord<f64>| {
        let [lon, lat] = twin.lonlat(c.x, c.y)?;
        Some([rounded(lon), rounded(lat)])
    };
    let rings = unary_union(areas).into_iter().map(|polygon| {
        let points: Vec<_> = polygon.exterior().coords().filter_map(place).collect();
        closed(points)
    });
    rings.filter(|ring| ring.len() >= 4).collect()
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
    rings.filter(|ring| ring.len() >= 4).collect()
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
