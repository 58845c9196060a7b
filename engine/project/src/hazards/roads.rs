//! Underpasses and other dips of roads, with the depth that a run leaves in them.

use geo::LineString;
use stormgrid_core::raster::Raster;
use stormgrid_formats::attributes::Attributes;
use stormgrid_sim::flood::Maxima;
use stormgrid_sim::hazard::ponding::{Dip, dip, level_of};
use stormgrid_twin::GeometryKind;
use stormgrid_twin::hazard::Rules;
use stormgrid_twin::hazard::inputs::RoadSpot;

use super::RoadSpotRow;
use super::tables::rounded;
use crate::forecast::PreparedGround;
use crate::twin::LoadedTwin;
use crate::{ProjectError, files, vectors};

/// Least depth of a dip that nobody calls an underpass [m].
const DIP_FROM_M: f64 = 0.3;

/// Longest way from rim to rim of such a dip [m]: beyond it lies a valley.
const DIP_LENGTH_M: f64 = 150.0;

/// Steepest road [-]: ground that falls faster towards a dip is a bank under a bridge. City roads keep to
/// 8 % (CJJ 37-2012), with some room for cells of the terrain.
const STEEPEST_ROAD: f64 = 0.12;

/// Depth of a run's cell from which it holds water to be put on the fine ground [m].
const WET_M: f64 = 0.01;

/// The low places of all roads. Bridges, and places under water at the start, are none.
///
/// - `water`: cells of the run that are water at the start
pub(super) fn spots(
    twin: &LoadedTwin,
    ground: &PreparedGround,
    water: &[bool],
    maxima: &Maxima,
) -> Result<Vec<RoadSpot>, ProjectError> {
    let mut spots = Vec::new();
    // The level that rivers and canals stand at before the run; where nothing is wet, none.
    let wet = water.iter().enumerate().filter(|(_, wet)| **wet);
    let level = wet
        .map(|(i, _)| ground.elevation[i] + f64::from(ground.initial_depth[i]))
        .fold(f64::NEG_INFINITY, f64::max);
    for layer in twin
        .layers
        .iter()
        .filter(|l| l.geometry == GeometryKind::Line)
    {
        let mut number = 0;
        let file = files::name(&layer.path);
        let mut attributes = Attributes::new(&file, &[]);
        for (feature, lines) in vectors::lines(&layer.path, &twin.frame)? {
            let (bridge, _) = attributes.crossing(&feature)?;
            let underpass = attributes.flag(&feature, "underpass", &[], &[])? == Some(true);
            for line in lines {
                number += 1;
                if bridge {
                    continue;
                }
                let place = lowest(&twin.ground.elevation, &line, underpass, |at, z| {
                    let cell = ground.geometry.cell_at(at[0], at[1]);
                    z < level
                        || cell.is_some_and(|(row, col)| water[row * ground.geometry.n_cols + col])
                });
                if let Some((at, rim_depth_m)) = place {
                    let own = feature.text("code").or_else(|| feature.id.clone());
                    let name = feature
                        .text("underpass_name")
                        .or_else(|| feature.text("name"));
                    let (depth_max_m, arrival_s) = water_at(twin, ground, maxima, at);
                    spots.push(RoadSpot {
                        road: own.unwrap_or_else(|| number.to_string()),
                        name: name.unwrap_or_default(),
                        underpass,
                        at,
                        rim_depth_m,
                        depth_max_m,
                        arrival_s,
                    });
                }
            }
        }
    }
    Ok(spots)
}

/// Whether a property says yes: `true`, `yes` or 1.
/// The lowest place of a road and its depth up to the rim: of an underpass always one, else only where
/// the ground dips.
fn lowest(
    ground: &Raster<f64>,
    line: &LineString<f64>,
    underpass: bool,
    is_water: impl Fn([f64; 2], f64) -> bool,
) -> Option<([f64; 2], Option<f64>)> {
    let step = 0.5 * ground.geometry().dx.min(ground.geometry().dy);
    let places = along(line, step);
    let heights: Vec<f64> = places
        .iter()
        .map(|&at| {
            let z = ground.sample(at[0], at[1]).unwrap_or(f64::NAN);
            if is_water(at, z) { f64::NAN } else { z }
        })
        .collect();
    let is_of_road = |dip: &Dip| {
        let [before, after] = [dip.sample - dip.rims[0], dip.rims[1] - dip.sample];
        let steepest = dip.rim_depth / (before.min(after) as f64 * step);
        let crosses_water = (dip.rims[0]..dip.rims[1]).any(|i| heights[i].is_nan());
        dip.rim_depth >= DIP_FROM_M
            && (before + after) as f64 * step <= DIP_LENGTH_M
            && steepest <= STEEPEST_ROAD
            && !crosses_water
    };
    let dip = dip(&heights).filter(|dip| underpass || is_of_road(dip));
    match dip {
        Some(dip) => Some((places[dip.sample], Some(dip.rim_depth))),
        None if underpass => {
            let finite = (0..heights.len()).filter(|&i| heights[i].is_finite());
            let low = finite.min_by(|&a, &b| heights[a].total_cmp(&heights[b]))?;
            Some((places[low], None))
        }
        None => None,
    }
}

/// Places along a line, a step apart [m], the ends among them. A line beyond a million steps, which no road is,
/// has none.
fn along(line: &LineString<f64>, step: f64) -> Vec<[f64; 2]> {
    let mut places = Vec::new();
    for part in line.lines() {
        let (dx, dy) = (part.dx(), part.dy());
        let n = (dx.hypot(dy) / step).ceil().max(1.0);
        if n.is_nan() || n >= 1e6 {
            return Vec::new();
        }
        places.extend((0..n as usize).map(|k| {
            let share = k as f64 / n;
            [part.start.x + share * dx, part.start.y + share * dy]
        }));
    }
    places.extend(line.0.last().map(|end| [end.x, end.y]));
    places
}

/// Greatest depth at a place, the water of the run's cell put on the fine ground inside it, and its arrival.
fn water_at(
    twin: &LoadedTwin,
    ground: &PreparedGround,
    maxima: &Maxima,
    at: [f64; 2],
) -> (f64, Option<f64>) {
    let g = &ground.geometry;
    let Some((row, col)) = g.cell_at(at[0], at[1]) else {
        return (0.0, None);
    };
    let i = g.index(row, col).index();
    let mean = f64::from(maxima.depth_max[i]);
    let arrival = Some(f64::from(maxima.arrival_s[i])).filter(|t| t.is_finite() && *t >= 0.0);
    let fine = &twin.ground.elevation;
    let cells = (g.dx / fine.geometry().dx).round() as usize;
    if mean < WET_M || mean.is_nan() || cells <= 1 {
        return (mean.max(0.0), arrival);
    }
    let center = g.center(row, col);
    let offset =
        |k: usize, size: f64, n: usize| (k as f64 + 0.5 - n as f64 / 2.0) * size / n as f64;
    let heights: Vec<f64> = (0..cells * cells)
        .filter_map(|k| {
            let (x, y) = (
                offset(k % cells, g.dx, cells),
                offset(k / cells, g.dy, cells),
            );
            fine.sample(center.x + x, center.y + y)
        })
        .collect();
    let depth = level_of(&heights, mean).zip(fine.sample(at[0], at[1]));
    (
        depth.map_or(mean, |(level, z)| (level - z).max(0.0)),
        arrival,
    )
}

/// The places as they are told, with their level; the deepest first.
pub(super) fn rows(twin: &LoadedTwin, rules: &Rules, spots: &[RoadSpot]) -> Vec<RoadSpotRow> {
    let hazards = twin
        .twin
        .world()
        .get_resource::<stormgrid_twin::hazard::Hazards>();
    let ponding = hazards.and_then(|all| all.get("ponding"));
    let level = |spot: &RoadSpot| {
        let Some(hazard) = ponding else { return 0 };
        // A place has the depth of its zone's worst place, and is one of one.
        let values: Vec<f64> = hazard
            .measures()
            .iter()
            .map(|m| {
                if m.id == "depth_max_m" {
                    spot.depth_max_m
                } else {
                    1.0
                }
            })
            .collect();
        rules
            .of(hazard.as_ref())
            .level(&hazard.measures(), &values)
            .number()
    };
    let mut rows: Vec<RoadSpotRow> = spots
        .iter()
        .filter_map(|spot| {
            Some(RoadSpotRow {
                road: spot.road.clone(),
                name: spot.name.clone(),
                underpass: spot.underpass,
                at: twin.lonlat(spot.at[0], spot.at[1])?,
                rim_depth_m: spot.rim_depth_m.map(rounded),
                depth_max_m: rounded(spot.depth_max_m),
                arrival_s: spot.arrival_s,
                level: level(spot),
            })
        })
        .collect();
    rows.sort_by(|a, b| {
        let deeper = b.depth_max_m.total_cmp(&a.depth_max_m);
        deeper.then_with(|| a.road.cmp(&b.road))
    });
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use stormgrid_core::raster::RasterGeometry;

    /// A level plain at 3 m with a trough 1 m deep and 40 m wide across x = 100, its slopes 5 %.
    fn ground() -> Raster<f64> {
        let g = RasterGeometry::new(40, 4, 0.0, 20.0, 5.0, 5.0).expect("valid");
        Raster::from_fn(g, |row, col| {
            let x = g.center(row, col).x;
            3.0 - (1.0 - (x - 100.0).abs() / 20.0).max(0.0)
        })
    }

    #[test]
    fn a_road_through_a_trough_has_one_low_place() {
        let road = LineString::from(vec![(0.0, 10.0), (60.0, 10.0), (199.0, 10.0)]);
        let dry = |_, _| false;
        let (at, rim) = lowest(&ground(), &road, false, dry).expect("a dip");
        assert!((at[0] - 100.0).abs() <= 20.0);
        // The middle of the lowest cells lies 2.5 m from the axis: an eighth is lost.
        assert_eq!(rim, Some(0.875));
        // Along the plain there is none, unless the data say so.
        let plain = LineString::from(vec![(0.0, 10.0), (60.0, 10.0)]);
        assert_eq!(lowest(&ground(), &plain, false, dry), None);
        assert!(lowest(&ground(), &plain, true, dry).is_some_and(|(_, rim)| rim.is_none()));
        // What is water at the start is crossed by a bridge.
        for half in [5.0, 25.0] {
            let water = |at: [f64; 2], _| (at[0] - 100.0).abs() < half;
            assert_eq!(lowest(&ground(), &road, false, water), None, "{half}");
        }
        // So is a ditch with walls that no road goes down.
        let walls = ground().map(|z| if z < 2.5 { 1.0 } else { 3.0 });
        assert_eq!(lowest(&walls, &road, false, dry), None);
    }

    #[test]
    fn a_road_is_sampled_from_end_to_end() {
        let road = LineString::from(vec![(0.0, 0.0), (3.0, 4.0), (3.0, 4.0)]);
        let places = along(&road, 2.0);
        assert_eq!(places.first(), Some(&[0.0, 0.0]));
        assert_eq!(places.last(), Some(&[3.0, 4.0]));
        let steps = places
            .windows(2)
            .map(|p| (p[1][0] - p[0][0]).hypot(p[1][1] - p[0][1]));
        assert!(steps.into_iter().all(|s| s <= 2.0 + 1e-12));
        let endless = LineString::from(vec![(0.0, 0.0), (f64::INFINITY, 0.0)]);
        assert!(along(&endless, 2.0).is_empty());
    }
}
