//! What a scenario asks for and the run cannot show: water below all ground, boundaries on one another, polygons that
//! overlap.

use std::collections::BTreeSet;

use stormgrid_core::coverage::{CoordinateUnit, Defect, Polygonal, check_coverage};
use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_sim::flood::{Boundary, BoundaryKind, BoundaryPlace, Initial, Setup};

use crate::ProjectError;

/// Overlaps of polygons that are told [m²]: below this they are rounding of vertices.
const LEAST_OVERLAP_M2: f64 = 1.0;

/// Height above all ground from which a level is told of [m].
const FAR_ABOVE_M: f64 = 50.0;

/// Refuses two boundaries on one side; tells of cells that two polygons of boundaries share.
pub(crate) fn boundaries_on_one_another(
    boundaries: &[Boundary],
    file: &str,
) -> Result<Option<Finding>, ProjectError> {
    let (mut taken, mut shared) = (BTreeSet::new(), 0);
    for (k, later) in boundaries.iter().enumerate() {
        let cells = match &later.place {
            BoundaryPlace::Cells(cells) => cells,
            BoundaryPlace::Side(side) => {
                let same = |b: &Boundary| matches!(&b.place, BoundaryPlace::Side(s) if s == side);
                if let Some(first) = boundaries[..k].iter().position(same) {
                    return Err(ProjectError::input(
                        file,
                        message!(
                            "fault.boundary.twice",
                            "[[boundary]] {first} and {second} lie on one side, and water has one condition there",
                            first = first + 1,
                            second = k + 1
                        ),
                        message!(
                            "fix.boundary.twice",
                            "leave one of them out, or give it a polygon"
                        ),
                    ));
                }
                continue;
            }
        };
        let before = cells.iter().filter(|cell| taken.contains(&cell.index()));
        shared += before.count();
        taken.extend(cells.iter().map(|cell| cell.index()));
    }
    let text = message!(
        "note.boundary.shared",
        "{n} cells lie in the polygons of two boundaries; the later one counts there",
        n = shared
    );
    let told = Finding::new(Kind::Assumed, file, text).times(shared);
    Ok((shared > 0).then_some(told))
}

/// Tells of water at the start and of boundaries whose level never reaches the ground, or stands far above all of it.
pub(crate) fn off_the_ground(setup: &Setup, file: &str) -> Vec<Finding> {
    let known = setup.domain.elevation.iter().filter(|z| z.is_finite());
    let lowest = known.copied().fold(f64::INFINITY, f64::min);
    let known = setup.domain.elevation.iter().filter(|z| z.is_finite());
    let top = known.copied().fold(f64::NEG_INFINITY, f64::max);
    let mut findings = Vec::new();
    let levels = match &setup.initial {
        Initial::Level(level) => *level,
        Initial::LevelField(levels) => levels.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Initial::Depth(_) | Initial::Dry => f64::INFINITY,
    };
    if levels <= lowest {
        let text = message!(
            "note.initial.below",
            "the level at the start, {level} m at most, lies below all ground ({lowest} m at least): the run begins dry",
            level = levels,
            lowest = lowest
        );
        findings.push(Finding::new(Kind::Assumed, file, text));
    }
    for (k, boundary) in setup.boundaries.iter().enumerate() {
        let BoundaryKind::Level(series) = &boundary.kind else {
            continue;
        };
        let highest = series
            .value
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        if highest > top + FAR_ABOVE_M {
            let text = message!(
                "note.boundary.above",
                "the level of [[boundary]] {number}, {level} m at most, lies more than {by} m above all ground ({top} m at most)",
                number = k + 1,
                level = highest,
                by = FAR_ABOVE_M,
                top = top
            );
            findings.push(Finding::new(Kind::Assumed, file, text));
        }
        if highest <= lowest {
            let text = message!(
                "note.boundary.below",
                "the level of [[boundary]] {number}, {level} m at most, lies below all ground ({lowest} m at least): water only leaves there",
                number = k + 1,
                level = highest,
                lowest = lowest
            );
            findings.push(Finding::new(Kind::Assumed, file, text));
        }
    }
    findings
}

/// Tells of polygons that overlap: what lies there counts in both.
///
/// - `degrees`: whether coordinates are longitude and latitude, else metres
pub(crate) fn overlaps<'a>(
    polygons: impl Iterator<Item = (&'a str, &'a geo::MultiPolygon<f64>)>,
    degrees: bool,
    file: &str,
) -> Option<Finding> {
    let polygons: Vec<Polygonal> = polygons
        .map(|(code, polygon)| Polygonal {
            id: code.to_owned(),
            polygon: polygon.clone(),
        })
        .collect();
    let unit = match degrees {
        true => CoordinateUnit::Degrees,
        false => CoordinateUnit::Metres,
    };
    let report = check_coverage(&polygons, unit, None);
    let pair = report.defects.iter().find_map(|defect| match defect {
        Defect::Overlap { a, b, .. } => Some((a, b)),
        _ => None,
    });
    let (a, b) = pair.filter(|_| report.overlap_area_m2 >= LEAST_OVERLAP_M2)?;
    let text = message!(
        "finding.grids.overlap",
        "{n} pairs of its polygons overlap, by {area} m² in all, {a} and {b} the most; what lies there counts in both",
        n = report.counts.overlaps,
        area = format!("{:.0}", report.overlap_area_m2),
        a = a,
        b = b
    );
    Some(Finding::new(Kind::Assumed, file, text).times(report.counts.overlaps))
}

#[cfg(test)]
mod tests {
    use stormgrid_core::series::Series;
    use stormgrid_sim::flood::Side;

    use super::*;

    fn level(place: BoundaryPlace) -> Boundary {
        Boundary {
            place,
            kind: BoundaryKind::Level(Series::constant(1.0)),
        }
    }

    #[test]
    fn boundaries_on_one_another_are_refused_or_told() {
        let side = |side| level(BoundaryPlace::Side(side));
        let told = |b: &[Boundary]| boundaries_on_one_another(b, "s.toml");
        let apart = told(&[side(Side::West), side(Side::East)]);
        assert_eq!(apart.expect("sound"), None);
        let fault = told(&[side(Side::West), side(Side::East), side(Side::West)]);
        let fault = fault.expect_err("twice").to_string();
        assert!(fault.contains("[[boundary]] 1 and 3"), "{fault}");
        let cells = |cells: &[usize]| {
            let cells = cells.iter().map(|&cell| cell.into());
            level(BoundaryPlace::Cells(cells.collect()))
        };
        let shared = told(&[cells(&[1, 2, 3]), cells(&[3, 4, 2])]).expect("told");
        assert_eq!(shared.map(|finding| finding.count), Some(2));
    }

    #[test]
    fn polygons_that_overlap_are_told_with_their_area() {
        let square = |x: f64| {
            let corners = [(x, 0.0), (x + 100.0, 0.0), (x + 100.0, 50.0), (x, 50.0)];
            let ring = geo::LineString::from(corners.to_vec());
            geo::MultiPolygon::new(vec![geo::Polygon::new(ring, Vec::new())])
        };
        let told = |second: f64| {
            let polygons = [("a", square(0.0)), ("b", square(second))];
            overlaps(polygons.iter().map(|(code, p)| (*code, p)), false, "g")
        };
        assert_eq!(told(100.0), None);
        let text = told(80.0).expect("told").message().to_string();
        assert!(
            text.contains("1 pairs") && text.contains("1000 m²"),
            "{text}"
        );
    }
}
