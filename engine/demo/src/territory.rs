//! The territorial layers: streets, villages and communities, grids, units.

use serde_json::json;

use crate::DemoError;
use crate::buildings::{Building, Site};
use crate::landuse::LandUse;
use crate::layers::{Feature, Layer, Shapes, Tally, properties};
use crate::names::{DISTRICT_CODE, STREETS};
use crate::partition::Block;
use crate::place::Placer;
use crate::plan::DIKE_FOOT;
use crate::rng::{Rng, apportion};

/// Full-time grid staff (专职网格员) of the district.
const FULL_TIME_STAFF: u64 = 383;
/// Part-time grid staff (兼职网格员) of the district.
const PART_TIME_STAFF: u64 = 2192;
/// Patrol cars of the district.
const PATROL_CARS: u64 = 69;
/// Grids that have a party organisation of their own; the others share one.
const PARTY_ORGANISATIONS: usize = 168;
/// Codes of all parts.
pub(crate) struct Codes {
    /// 15 digits: the village's 12 and a number within it.
    pub(crate) grids: Vec<String>,
    /// 18 digits: the grid's 15 and a number within it.
    pub(crate) units: Vec<String>,
}

impl Codes {
    /// Numbers grids within villages and units within grids, in the partition's order.
    pub(crate) fn new(site: &Site<'_>) -> Self {
        let villages: Vec<&str> = site.villages.iter().map(|v| v.code.as_str()).collect();
        let parents = site.partition.grids.iter().map(|g| g.parent);
        let grids = numbered(parents, &villages);
        let above: Vec<&str> = grids.iter().map(String::as_str).collect();
        let parents = site.partition.units.iter().map(|u| u.parent);
        let units = numbered(parents, &above);
        Self { grids, units }
    }
}

fn numbered(parents: impl Iterator<Item = usize>, above: &[&str]) -> Vec<String> {
    let mut next = vec![0; above.len()];
    parents
        .map(|parent| {
            next[parent] += 1;
            format!("{}{:03}", above[parent], next[parent])
        })
        .collect()
}

/// The four territorial layers.
pub(crate) fn layers(
    site: &Site<'_>,
    buildings: &[Building],
    placer: &Placer<'_>,
) -> Result<Vec<Layer>, DemoError> {
    let territory = Territory::new(site, buildings, placer)?;
    let all = |n: usize, feature: &dyn Fn(usize) -> Feature| (0..n).map(feature).collect();
    let partition = site.partition;
    Ok(vec![
        Layer {
            path: "grids/towns.geojson",
            features: all(partition.streets.len(), &|i| territory.street(i)),
        },
        Layer {
            path: "grids/villages.geojson",
            features: all(partition.villages.len(), &|i| territory.village(i)),
        },
        Layer {
            path: "grids/grids.geojson",
            features: all(partition.grids.len(), &|i| territory.grid(i)),
        },
        Layer {
            path: "grids/units.geojson",
            features: all(partition.units.len(), &|i| territory.unit(i)),
        },
    ])
}

/// What the features of all four levels are made from.
struct Territory<'a> {
    site: &'a Site<'a>,
    shapes: Shapes,
    codes: Codes,
    of_unit: Vec<Tally>,
    of_grid: Vec<Tally>,
    of_village: Vec<Tally>,
    of_street: Vec<Tally>,
    kinds: Vec<&'static str>,
    staff: Staff,
}

impl<'a> Territory<'a> {
    fn new(
        site: &'a Site<'a>,
        buildings: &[Building],
        placer: &Placer<'_>,
    ) -> Result<Self, DemoError> {
        let p = site.partition;
        let blocks: Vec<Block> = p.units.iter().map(|u| u.block).collect();
        let of_unit = Tally::of_units(p.units.len(), buildings, |b| Some(b.unit));
        let of_grid = Tally::gather(&of_unit, p.grids.len(), |i| p.units[i].parent);
        let of_village = Tally::gather(&of_grid, p.villages.len(), |i| p.grids[i].parent);
        let of_street = Tally::gather(&of_village, p.streets.len(), |i| p.villages[i].parent);
        let kinds: Vec<&str> = (0..p.grids.len()).map(|g| grid_kind(site, g)).collect();
        Ok(Self {
            site,
            shapes: Shapes::new(&blocks, placer)?,
            codes: Codes::new(site),
            staff: Staff::new(&of_grid, &kinds, site.seed),
            of_unit,
            of_grid,
            of_village,
            of_street,
            kinds,
        })
    }

    fn street(&self, i: usize) -> Feature {
        let (code, name, name_en) = STREETS[i];
        let mut map = properties(json!({
            "code": code, "name": name, "name_en": name_en, "level": "town",
            "parent": DISTRICT_CODE, "kind": "community",
        }));
        self.of_street[i].write(&mut map);
        let block = self.site.partition.streets[i].block;
        self.shapes.feature(map, &[block])
    }

    fn village(&self, i: usize) -> Feature {
        let village = &self.site.partition.villages[i];
        let name = &self.site.villages[i];
        let mut map = properties(json!({
            "code": name.code, "name": name.name, "level": "village",
            "parent": STREETS[village.parent].0,
            "kind": if name.is_community { "community" } else { "rural" },
        }));
        self.of_village[i].write(&mut map);
        self.shapes.feature(map, &[village.block])
    }

    fn grid(&self, i: usize) -> Feature {
        let grid = &self.site.partition.grids[i];
        let mut map = properties(json!({
            "code": self.codes.grids[i], "name": self.grid_name(i), "level": "grid",
            "parent": self.site.villages[grid.parent].code, "kind": self.kinds[i],
            "staff_full_time": self.staff.full_time[i], "staff_part_time": self.staff.part_time[i],
            "unit_leaders": self.of_grid[i].units, "patrol_cars": self.staff.patrol_cars[i],
            "party_organisation": self.staff.has_party_organisation[i],
        }));
        self.of_grid[i].write(&mut map);
        self.shapes.feature(map, &[grid.block])
    }

    fn unit(&self, i: usize) -> Feature {
        let unit = &self.site.partition.units[i];
        let grid = unit.parent;
        let number = last_number(&self.codes.units[i]);
        let mut map = properties(json!({
            "code": self.codes.units[i],
            "name": format!("{}{number}号单元", self.grid_name(grid)),
            "level": "unit", "parent": self.codes.grids[grid], "kind": self.kinds[grid],
            "land_use": self.site.uses[i].name(), "unit_leaders": 1,
        }));
        self.of_unit[i].write(&mut map);
        map.remove("units");
        self.shapes.feature(map, &[unit.block])
    }

    fn grid_name(&self, i: usize) -> String {
        let village = &self.site.villages[self.site.partition.grids[i].parent];
        format!(
            "{}第{}网格",
            village.name,
            last_number(&self.codes.grids[i])
        )
    }
}

/// The number within the part above: the last three digits of a code.
fn last_number(code: &str) -> &str {
    code[code.len() - 3..].trim_start_matches('0')
}

fn grid_kind(site: &Site<'_>, grid: usize) -> &'static str {
    let block = site.partition.grids[grid].block;
    if block.west >= DIKE_FOOT {
        return "sea";
    }
    let units = site
        .partition
        .units
        .iter()
        .zip(site.uses)
        .filter(|(u, _)| u.parent == grid);
    let (industry, all) = units.fold((0, 0), |(n, all), (_, use_)| {
        (n + usize::from(*use_ == LandUse::Industry), all + 1)
    });
    if 2 * industry > all {
        "park"
    } else if site.villages[site.partition.grids[grid].parent].is_community {
        "community"
    } else {
        "rural"
    }
}

/// People who work for the grids.
struct Staff {
    full_time: Vec<u64>,
    part_time: Vec<u64>,
    patrol_cars: Vec<u64>,
    has_party_organisation: Vec<bool>,
}

impl Staff {
    /// Two full-time members for each grid (一格两员) and the rest where most people live.
    fn new(of_grid: &[Tally], kinds: &[&str], seed: u64) -> Self {
        let mut rng = Rng::new(seed, 0x7000);
        let people: Vec<f64> = of_grid.iter().map(|t| t.people as f64 + 1.0).collect();
        let size: Vec<f64> = of_grid
            .iter()
            .map(|t| (t.units as f64) + t.people as f64 / 400.0)
            .collect();
        let n = of_grid.len() as u64;
        let plus = |least: u64, extra: Vec<u64>| extra.into_iter().map(|e| least + e).collect();
        let mut by_people: Vec<usize> = (0..of_grid.len()).collect();
        by_people.sort_by_key(|&i| (kinds[i] == "sea", u64::MAX - of_grid[i].people, i));
        let mut has_party_organisation = vec![false; of_grid.len()];
        for &i in &by_people[..PARTY_ORGANISATIONS.min(of_grid.len())] {
            has_party_organisation[i] = true;
        }
        let cars: Vec<f64> = people
            .iter()
            .map(|p| p.sqrt() * rng.range(0.5, 1.0))
            .collect();
        Self {
            full_time: plus(2, apportion(FULL_TIME_STAFF.saturating_sub(2 * n), &people)),
            part_time: plus(2, apportion(PART_TIME_STAFF.saturating_sub(2 * n), &size)),
            patrol_cars: apportion(PATROL_CARS, &cars),
            has_party_organisation,
        }
    }
}
