//! The layers of the industrial parks: park grids and firms' units.

use serde_json::json;

use crate::DemoError;
use crate::buildings::{Building, Site};
use crate::layers::{Layer, Shapes, Tally, properties};
use crate::names::DISTRICT_CODE;
use crate::parks::N_PARK_GRIDS;
use crate::partition::Block;
use crate::place::Placer;
use crate::rng::apportion;
use crate::territory::Codes;

/// Workers of the industrial parks.
const WORKERS: u64 = 70_000;
/// Firms of the industrial parks.
const FIRMS: u64 = 4500;

/// The two layers of the industrial parks.
pub(crate) fn layers(
    site: &Site<'_>,
    buildings: &[Building],
    placer: &Placer<'_>,
) -> Result<Vec<Layer>, DemoError> {
    let compounds = &site.parks.compounds;
    let blocks: Vec<Block> = compounds.iter().map(|c| c.block).collect();
    let shapes = Shapes::new(&blocks, placer)?;
    let codes = Codes::new(site);

    let of_unit = Tally::of_units(compounds.len(), buildings, |b| b.compound);
    let of_grid = Tally::gather(&of_unit, N_PARK_GRIDS, |i| compounds[i].grid);
    let halls: Vec<f64> = of_unit.iter().map(|t| t.buildings as f64 + 0.2).collect();
    let workers = apportion(WORKERS, &halls);
    let firms = apportion(FIRMS, &halls);
    let mut sums = vec![(0, 0); N_PARK_GRIDS];
    for (i, compound) in compounds.iter().enumerate() {
        sums[compound.grid].0 += workers[i];
        sums[compound.grid].1 += firms[i];
    }

    let grid_code = |grid: usize| format!("{DISTRICT_CODE}P{:02}", grid + 1);
    let grids = (0..N_PARK_GRIDS)
        .map(|grid| {
            let mut map = properties(json!({
                "code": grid_code(grid), "name": format!("园区第{}网格", grid + 1), "level": "grid",
                "parent": DISTRICT_CODE, "kind": "park", "workers": sums[grid].0, "firms": sums[grid].1,
            }));
            of_grid[grid].write(&mut map);
            let blocks: Vec<Block> = compounds.iter().filter(|c| c.grid == grid).map(|c| c.block).collect();
            shapes.feature(map, &blocks)
        })
        .collect();
    let unit_codes = numbered_parks(compounds.iter().map(|c| c.grid), &grid_code);
    let units = (0..compounds.len())
        .map(|i| {
            let grid = compounds[i].grid;
            let mut map = properties(json!({
                "code": unit_codes[i], "name": format!("园区第{}网格厂企单元{}", grid + 1, &unit_codes[i][9..]),
                "level": "unit", "parent": grid_code(grid), "kind": "park", "workers": workers[i],
                "firms": firms[i], "within_unit": codes.units[compounds[i].unit],
            }));
            of_unit[i].write(&mut map);
            map.remove("units");
            shapes.feature(map, &[compounds[i].block])
        })
        .collect();
    Ok(vec![
        Layer {
            path: "grids/park_grids.geojson",
            features: grids,
        },
        Layer {
            path: "grids/park_units.geojson",
            features: units,
        },
    ])
}

fn numbered_parks(
    parents: impl Iterator<Item = usize>,
    above: &dyn Fn(usize) -> String,
) -> Vec<String> {
    let mut next = [0; N_PARK_GRIDS];
    parents
        .map(|parent| {
            next[parent] += 1;
            format!("{}{:03}", above(parent), next[parent])
        })
        .collect()
}
