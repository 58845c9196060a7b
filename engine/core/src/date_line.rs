//! Polygons in longitude and latitude that lie across the 180th meridian.
//!
//! RFC 7946 has them cut there; many programs write 179.9 beside -179.9 instead. An edge of more than half the Earth is
//! taken for one that crosses: the ring is written on beyond 180°, and so is the layer, so that neighbours meet.

use std::ops::Range;

use geo::Coord;

use crate::polygons::PolygonSet;

/// Writes the rings of a layer in degrees on beyond 180° where they cross that meridian, and returns the polygons with
/// edges of more than 180° that were so taken for the short way.
///
/// A ring that goes around a pole stays as it is: it is as wide as the Earth, which a check of the coverage refuses.
pub fn unwrap(set: &mut PolygonSet) -> Vec<usize> {
    let mut found = Vec::new();
    for polygon in 0..set.len() {
        let mut across = false;
        for part in set.parts(polygon) {
            across |= unwrap_part(set, set.rings_of_part(part));
        }
        if across {
            found.push(polygon);
        }
    }
    found
}

/// Writes the parts in the western hemisphere on beyond 180° where the layer lies on both sides of that meridian, so that
/// neighbours meet; whether it does.
///
/// Rings are checked before: parts of one polygon that were cut at the meridian share an edge then.
pub fn join(set: &mut PolygonSet) -> bool {
    (lies_beyond(set) || meets_at_the_line(set)) && shift_west(set)
}

/// [`join`] for two layers that are held against each other.
pub fn join_both(a: &mut PolygonSet, b: &mut PolygonSet) {
    let joined = [&mut *a, &mut *b].map(|set| join(set) || lies_beyond(set));
    if joined.contains(&true) {
        shift_west(a);
        shift_west(b);
    }
}

/// Whether something lies beyond 180°.
fn lies_beyond(set: &PolygonSet) -> bool {
    set.coords().iter().any(|c| c.x > 180.0)
}

fn unwrap_part(set: &mut PolygonSet, rings: Range<usize>) -> bool {
    let mut across = false;
    let mut middle_of_shell = None;
    for ring in rings {
        let coords = set.ring_mut(ring);
        let turned = unwrap_ring(coords);
        let middle = middle(coords);
        across |= turned;
        let shell = *middle_of_shell.get_or_insert_with(|| match turned {
            true => middle.rem_euclid(360.0),
            false => middle,
        });
        let off = turns(middle - shell);
        if (turned || across) && off != 0.0 {
            shift(coords, -360.0 * off);
        }
    }
    across
}

/// Whole turns in an angle.
fn turns(degrees: f64) -> f64 {
    (degrees / 360.0).round()
}

/// Makes each edge the short way; whether one was not. A ring that does not close then is left as it was.
fn unwrap_ring(coords: &mut [Coord]) -> bool {
    let step = |a: Coord, b: Coord| {
        let d = b.x - a.x;
        match d.abs() > 180.0 && d.abs() < 360.0 - 1e-9 {
            true => -360.0 * d.signum(),
            false => 0.0,
        }
    };
    let steps = coords.windows(2).map(|w| step(w[0], w[1]));
    let (crossed, sum) = steps.fold((false, 0.0), |(crossed, sum), s| {
        (crossed || s != 0.0, sum + s)
    });
    if !crossed || sum != 0.0 {
        return false;
    }
    let mut off = 0.0;
    let mut before = coords[0];
    for c in coords.iter_mut().skip(1) {
        let here = *c;
        off += step(before, here);
        c.x += off;
        before = here;
    }
    true
}

fn middle(coords: &[Coord]) -> f64 {
    crate::polygons::bounds_of(coords).map_or(0.0, |b| 0.5 * (b.min().x + b.max().x))
}

fn shift(coords: &mut [Coord], by: f64) {
    for c in coords {
        c.x += by;
    }
}

/// Whether the layer ends at both sides of the 180th meridian and is empty about Greenwich.
fn meets_at_the_line(set: &PolygonSet) -> bool {
    let (mut east, mut west) = (false, false);
    for part in 0..set.n_parts() {
        let Some(bounds) = set.bounds(set.rings_of_part(part)) else {
            continue;
        };
        let (low, high) = (bounds.min().x, bounds.max().x);
        if low <= 0.0 && high >= 0.0 {
            return false;
        }
        east |= (high - 180.0).abs() < 1e-9;
        west |= (low + 180.0).abs() < 1e-9;
    }
    east && west
}

/// Moves the parts in the western hemisphere beyond 180°; whether there were any.
fn shift_west(set: &mut PolygonSet) -> bool {
    let mut shifted = false;
    for part in 0..set.n_parts() {
        let rings = set.rings_of_part(part);
        if set
            .bounds(rings.clone())
            .is_none_or(|b| b.min().x + b.max().x >= 0.0)
        {
            continue;
        }
        shifted = true;
        for ring in rings {
            shift(set.ring_mut(ring), 360.0);
        }
    }
    shifted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::{CoordinateUnit, check_layer};
    use geo::{LineString, MultiPolygon, Polygon};

    fn band(west: f64, east: f64) -> MultiPolygon<f64> {
        let ring = vec![
            (west, -17.0),
            (east, -17.0),
            (east, -16.9),
            (west, -16.9),
            (west, -17.0),
        ];
        MultiPolygon::new(vec![Polygon::new(LineString::from(ring), vec![])])
    }

    fn report(polygons: &[MultiPolygon<f64>]) -> (Vec<usize>, crate::coverage::CoverageReport) {
        let mut set: PolygonSet = polygons.iter().collect();
        let across = unwrap(&mut set);
        let names = ["a", "b", "c", "d"];
        let report = check_layer(&mut set, |i| names[i], CoordinateUnit::Degrees, None);
        (across, report)
    }

    #[test]
    fn a_cell_across_the_date_line_and_its_neighbours_make_one_piece() {
        // pyproj 3.6 Geod(ellps="WGS84").polygon_area_perimeter of the four corners: 235 755 560 m².
        let (across, alone) = report(&[band(179.9, -179.9)]);
        assert_eq!(across, [0]);
        assert!(
            (alone.area_m2 - 235_755_560.0).abs() < 1.0,
            "{}",
            alone.area_m2
        );
        for cell in [band(179.9, -179.9), band(-179.9, 179.9)] {
            let (_, three) = report(&[band(179.8, 179.9), cell, band(-179.9, -179.8)]);
            assert_eq!((three.counts.total(), three.pieces), (0, 1), "{three:?}");
        }
    }

    #[test]
    fn cells_cut_at_the_date_line_meet_there() {
        let (across, split) = report(&[band(179.9, 180.0), band(-180.0, -179.9)]);
        assert!(across.is_empty());
        assert_eq!((split.counts.total(), split.pieces), (0, 1));
        // Cut as RFC 7946 has it: 235 755 425 m² by pyproj, the parallels being those of two shorter edges.
        let parts = [band(179.9, 180.0), band(-180.0, -179.9)].map(|p| p.0[0].clone());
        let (_, one) = report(&[MultiPolygon::new(parts.to_vec())]);
        assert_eq!((one.counts.total(), one.pieces), (0, 1), "{one:?}");
        assert!((one.area_m2 - 235_755_425.0).abs() < 1.0, "{}", one.area_m2);
        // A belt around the Earth has no other side to meet.
        let (_, belt) = report(&[band(-180.0, -60.0), band(-60.0, 60.0), band(60.0, 180.0)]);
        assert_eq!((belt.counts.total(), belt.pieces), (0, 1));
    }

    #[test]
    fn places_beyond_the_line_are_told_as_the_file_has_them() {
        let (_, report) = report(&[band(179.9, -179.9), band(-179.95, -179.8)]);
        let [crate::coverage::Defect::Overlap { at, .. }] = report.defects.as_slice() else {
            panic!("{report:?}");
        };
        assert!((-179.95..-179.9).contains(&at[0]), "{at:?}");
    }

    #[test]
    fn what_is_wider_than_half_the_earth_is_refused() {
        for wide in [
            band(-180.0, 180.0),
            MultiPolygon::new(vec![Polygon::new(
                LineString::from(vec![
                    (-100.0, 0.0),
                    (0.0, 0.0),
                    (100.0, 0.0),
                    (100.0, 9.0),
                    (0.0, 9.0),
                    (-100.0, 9.0),
                    (-100.0, 0.0),
                ]),
                vec![],
            )]),
        ] {
            let (_, report) = report(&[wide]);
            assert_eq!(report.counts.rings, 1, "{report:?}");
        }
    }
}
