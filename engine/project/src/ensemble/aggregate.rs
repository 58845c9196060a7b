//! From members to probabilities. Members are read one after another, in their order, so that memory does not
//! grow with what one of them holds; what is kept of each is a row of numbers a zone.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use stormgrid_core::raster::RasterGeometry;
use stormgrid_sim::exposure::DEPTH_THRESHOLDS_M;
use stormgrid_twin::{Building, GeometryKind, RoadSegment};

use super::member;
use super::percentile::{P10, P50, P90, WORST, by_then, quantile};
use crate::ProjectError;
use crate::figures::{FLOODED, LayerTotals};
use crate::forecast::PreparedGround;
use crate::impact::{Impact, Impacts};
use crate::tables::NamedRow;
use crate::twin::LoadedTwin;

/// Share of a zone's area from which a depth counts as having come to the zone [-]: 0, any of its cells. So the chance
/// of a depth is the share of the members whose greatest depth in the zone, the one that a forecast's row tells, is not
/// below it, and no forecast can be deep where its own ensemble has no chance.
pub const LEAST_SHARE: f64 = 0.0;

/// Depth from which a building counts as reached [m], as in exposure.
const REACHED_M: f64 = 0.15;

/// Depth from which slow traffic stands, and from which a road is closed [m].
const ROAD_DEPTHS_M: [f64; 2] = [0.15, 0.30];

/// Bytes of depths that are held at once; more are gone through in bands of rows.
const MOST_BYTES: usize = 512 << 20;

/// A zone over all members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbabilityRow {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its people; `None` if their number is not known.
    pub people: Option<f64>,
    /// Share of it on ground of the model [-]. Where it is 0, nothing is known: no probability, no depth, no people
    /// reached, which is not the same as none.
    #[serde(default = "all_of_it")]
    pub modelled_share: f64,
    /// Share of the members whose greatest depth in the zone is a depth [m] or more; of every depth null if nothing is
    /// modelled.
    pub probability: BTreeMap<String, Option<f64>>,
    /// Mean over the members of the share of the zone under 0.15 m or more [-].
    pub flooded_share_mean: Option<f64>,
    /// Greatest depth in the zone [m], of which one member in ten stays below.
    pub depth_p10_m: Option<f64>,
    /// The middle one [m].
    pub depth_p50_m: Option<f64>,
    /// The one that one member in ten exceeds [m].
    pub depth_p90_m: Option<f64>,
    /// The worst credible one [m]; see [`WORST`].
    pub depth_worst_m: Option<f64>,
    /// People reached, in the middle; `None` also if the number of people is not known.
    pub people_p50: Option<f64>,
    /// People reached, exceeded by one member in ten.
    pub people_p90: Option<f64>,
    /// People reached, worst credible.
    pub people_worst: Option<f64>,
    /// When water of 0.05 m has come in one member of ten [s after the start].
    pub arrival_p10_s: Option<f64>,
    /// When it has come in half of the members [s after the start].
    pub arrival_p50_s: Option<f64>,
}

/// The zones of a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbabilityLayer {
    /// The layer.
    pub layer: String,
    /// Its zones, in their order.
    pub rows: Vec<ProbabilityRow>,
}

/// Percentiles of the members' sums over a layer. Sums of the zones' percentiles are others, and no member has them:
/// not every zone is at its worst in one member.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProbabilityTotals {
    /// The layer.
    pub layer: String,
    /// People reached.
    pub people: SumPercentiles,
    /// Buildings reached.
    pub buildings: SumPercentiles,
    /// Area under 0.15 m or more [m²].
    pub flooded_area_m2: SumPercentiles,
    /// Zones under 0.15 m or more somewhere.
    pub zones_hit: SumPercentiles,
    /// Length of road under 0.30 m or more [m].
    pub road_cut_m: SumPercentiles,
}

/// Percentiles of a sum over the members.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SumPercentiles {
    /// Of each member, in the order of the members that are done.
    pub members: Vec<f64>,
    /// Which one member in ten stays below.
    pub p10: f64,
    /// The middle.
    pub p50: f64,
    /// Which one member in ten exceeds.
    pub p90: f64,
    /// The worst credible one; see [`WORST`].
    pub worst: f64,
}

impl SumPercentiles {
    fn of(members: Vec<f64>) -> Self {
        let mut sorted = members.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |p: f64| match sorted.is_empty() {
            true => 0.0,
            false => quantile(&sorted, p),
        };
        Self {
            p10: at(P10),
            p50: at(P50),
            p90: at(P90),
            worst: at(WORST),
            members,
        }
    }
}

/// A building over all members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BuildingProbability {
    /// Its position in the layer of buildings.
    pub index: usize,
    /// Its identifier.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Share of the members in which 0.15 m or more stand at its walls; `None` if it is not modelled.
    pub probability: Option<f64>,
    /// Mean over the members of the greatest depth at its walls [m]; `None` if it is not modelled.
    pub depth_mean_m: Option<f64>,
}

/// A road segment over all members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoadProbability {
    /// Its position among the road segments.
    pub index: usize,
    /// Its code.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Share of the members in which 0.30 m or more stand on it: closed; `None` if it is not modelled.
    pub probability: Option<f64>,
    /// Share of the members in which 0.15 m or more stand on it; `None` if it is not modelled.
    pub probability_slow: Option<f64>,
    /// When water of 0.05 m has come to it in one member of ten [s after the start].
    #[serde(default)]
    pub arrival_p10_s: Option<f64>,
    /// When water of 0.05 m has come to it in half of the members [s after the start].
    pub arrival_p50_s: Option<f64>,
}

/// What one member does to a zone.
#[derive(Clone, Copy)]
struct Sample {
    modelled_share: f64,
    depth: Option<f64>,
    share: Option<f64>,
    people: Option<f64>,
    arrival: Option<f64>,
}

fn all_of_it() -> f64 {
    1.0
}

/// A building or road: how many members reach each depth, the sum of depths, and times.
#[derive(Clone, Default)]
struct Tally {
    known: bool,
    reached: [u32; 2],
    depth: f64,
    arrivals: Vec<f64>,
}

/// Everything that comes of exposure.
pub(super) struct Probabilities {
    pub(super) layers: Vec<ProbabilityLayer>,
    pub(super) totals: Vec<ProbabilityTotals>,
    pub(super) buildings: Vec<BuildingProbability>,
    pub(super) roads: Vec<RoadProbability>,
}

/// Goes through the members once and counts.
///
/// - `folders`: of the members that are done, in their order
/// - `each`: told after each of them
pub(super) fn probabilities(
    twin: &LoadedTwin,
    ground: &PreparedGround,
    folders: &[&Path],
    each: &mut dyn FnMut() -> Result<(), ProjectError>,
) -> Result<Probabilities, ProjectError> {
    let impact = Impact::new(
        ground.geometry,
        ground.cells(),
        &ground.initial_depth,
        twin.assets(),
        twin.zone_sources(),
    )?;
    let mut counted = Counted::default();
    for folder in folders {
        let maxima = member::maxima_of(folder, &ground.geometry)?;
        counted.add(&impact.rows(&maxima)?);
        each()?;
    }
    Ok(counted.finish(twin, folders.len()))
}

#[derive(Default)]
struct Counted {
    names: Vec<(String, Vec<(String, String, Option<f64>)>)>,
    /// By layer, zone and member.
    zones: Vec<Vec<Vec<Sample>>>,
    /// By layer and member.
    totals: Vec<Vec<LayerTotals>>,
    buildings: Vec<Tally>,
    roads: Vec<Tally>,
}

impl Counted {
    fn add(&mut self, impacts: &Impacts) {
        if self.zones.is_empty() {
            self.begin(impacts);
        }
        for (zones, (_, rows)) in self.zones.iter_mut().zip(&impacts.layers) {
            for (samples, NamedRow { row, .. }) in zones.iter_mut().zip(rows) {
                samples.push(Sample {
                    modelled_share: row.modelled_share,
                    depth: row.depth_max_m,
                    share: row.share_at(FLOODED),
                    people: row.people_reached,
                    arrival: row.arrival_s,
                });
            }
        }
        for (totals, (layer, rows)) in self.totals.iter_mut().zip(&impacts.layers) {
            totals.push(LayerTotals::of(layer, rows));
        }
        for (tally, e) in self.buildings.iter_mut().zip(&impacts.assets.buildings) {
            tally.add(e.depth_max_m, [REACHED_M, REACHED_M], e.arrival_s);
        }
        for (tally, e) in self.roads.iter_mut().zip(&impacts.assets.roads) {
            tally.add(e.depth_max_m, ROAD_DEPTHS_M, e.arrival_s);
        }
    }

    fn begin(&mut self, impacts: &Impacts) {
        for (layer, rows) in &impacts.layers {
            let named = rows
                .iter()
                .map(|r| (r.row.code.clone(), r.name.clone(), r.row.people));
            self.names.push((layer.clone(), named.collect()));
            self.zones.push(vec![Vec::new(); rows.len()]);
            self.totals.push(Vec::new());
        }
        self.buildings = vec![Tally::default(); impacts.assets.buildings.len()];
        self.roads = vec![Tally::default(); impacts.assets.roads.len()];
    }

    fn finish(self, twin: &LoadedTwin, members: usize) -> Probabilities {
        let totals = self.names.iter().zip(&self.totals);
        let totals = totals.map(|((layer, _), of_members)| totals_of(layer, of_members));
        let totals = totals.collect();
        let layers = self.names.into_iter().zip(self.zones);
        let layers = layers.map(|((layer, names), zones)| ProbabilityLayer {
            layer,
            rows: names
                .into_iter()
                .zip(zones)
                .map(|(name, samples)| row(name, &samples))
                .collect(),
        });
        let share = |count: u32| f64::from(count) / members as f64;
        let buildings = twin.twin.building_layer().map(|(_, layer)| {
            let all = twin.twin.all::<Building>(layer);
            all.map(|b| (b.id.clone(), b.name.clone()))
                .collect::<Vec<_>>()
        });
        let buildings = buildings.unwrap_or_default().into_iter();
        let buildings = buildings.zip(self.buildings).enumerate();
        let buildings = buildings.map(|(index, ((id, name), tally))| BuildingProbability {
            index,
            id,
            name,
            probability: tally.known.then(|| share(tally.reached[0])),
            depth_mean_m: tally.known.then(|| tally.depth / members as f64),
        });
        let lines = twin.twin.layers().iter();
        let lines = lines.filter(|l| l.geometry == GeometryKind::Line);
        let roads = lines.flat_map(|layer| twin.twin.all::<RoadSegment>(layer));
        let roads = roads.zip(self.roads).enumerate();
        let roads = roads.map(|(index, (road, mut tally))| {
            tally.arrivals.sort_by(f64::total_cmp);
            RoadProbability {
                index,
                id: road.code.clone(),
                name: road.name.clone(),
                probability: tally.known.then(|| share(tally.reached[1])),
                probability_slow: tally.known.then(|| share(tally.reached[0])),
                arrival_p10_s: by_then(&tally.arrivals, members, P10),
                arrival_p50_s: by_then(&tally.arrivals, members, P50),
            }
        });
        Probabilities {
            totals,
            layers: layers.collect(),
            buildings: buildings.collect(),
            roads: roads.collect(),
        }
    }
}

impl Tally {
    /// Takes in a member; all of them know a place, or none does.
    fn add(&mut self, depth: Option<f64>, thresholds: [f64; 2], arrival: Option<f64>) {
        self.known = depth.is_some();
        let depth = depth.unwrap_or(0.0);
        for (count, threshold) in self.reached.iter_mut().zip(thresholds) {
            *count += u32::from(depth >= threshold);
        }
        self.depth += depth;
        self.arrivals.extend(arrival);
    }
}

/// Percentiles of the sums of the members.
fn totals_of(layer: &str, members: &[LayerTotals]) -> ProbabilityTotals {
    let of = |sum: fn(&LayerTotals) -> f64| SumPercentiles::of(members.iter().map(sum).collect());
    ProbabilityTotals {
        layer: layer.to_owned(),
        people: of(|t| t.people_reached),
        buildings: of(|t| t.buildings_reached as f64),
        flooded_area_m2: of(|t| t.flooded_area_m2),
        zones_hit: of(|t| t.zones_hit as f64),
        road_cut_m: of(|t| t.road_cut_m),
    }
}

fn row((code, name, people): (String, String, Option<f64>), samples: &[Sample]) -> ProbabilityRow {
    let n = samples.len() as f64;
    let sorted = |of: &dyn Fn(&Sample) -> Option<f64>| {
        let mut values: Vec<f64> = samples.iter().filter_map(of).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let depths = sorted(&|s| s.depth);
    let reached = sorted(&|s| s.people);
    let of = |values: &[f64], p| (!values.is_empty()).then(|| quantile(values, p));
    let mean = |values: &[f64]| (!values.is_empty()).then(|| values.iter().sum::<f64>() / n);
    let arrivals = sorted(&|s| s.arrival);
    let probability = DEPTH_THRESHOLDS_M.iter().map(|depth| {
        let count = depths.iter().filter(|d| **d >= *depth).count();
        let known = !depths.is_empty();
        (depth.to_string(), known.then(|| count as f64 / n))
    });
    ProbabilityRow {
        code,
        name,
        people,
        probability: probability.collect(),
        modelled_share: samples.first().map_or(0.0, |s| s.modelled_share),
        flooded_share_mean: mean(&sorted(&|s| s.share)),
        depth_p10_m: of(&depths, P10),
        depth_p50_m: of(&depths, P50),
        depth_p90_m: of(&depths, P90),
        depth_worst_m: of(&depths, WORST),
        people_p50: of(&reached, P50),
        people_p90: of(&reached, P90),
        people_worst: of(&reached, WORST),
        arrival_p10_s: by_then(&arrivals, samples.len(), P10),
        arrival_p50_s: by_then(&arrivals, samples.len(), P50),
    }
}

/// Greatest depths over all members, cell by cell.
pub(super) struct DepthFields {
    /// [`P10`] [m].
    pub(super) p10: Vec<f32>,
    /// [`P50`] [m].
    pub(super) p50: Vec<f32>,
    /// [`P90`] [m].
    pub(super) p90: Vec<f32>,
    /// [`WORST`] [m].
    pub(super) worst: Vec<f32>,
    /// Share of the members with 0.15 m or more [-].
    pub(super) probability: Vec<f32>,
}

/// Percentiles of the greatest depth in each cell, rounded to centimetres in each member.
pub(super) fn depth_fields(
    geometry: &RasterGeometry,
    folders: &[&Path],
) -> Result<DepthFields, ProjectError> {
    depth_fields_within(geometry, folders, MOST_BYTES)
}

/// - `most_bytes`: of depths that are held at once
fn depth_fields_within(
    geometry: &RasterGeometry,
    folders: &[&Path],
    most_bytes: usize,
) -> Result<DepthFields, ProjectError> {
    let (cells, n) = (geometry.n_cells(), folders.len());
    let mut fields = DepthFields {
        p10: Vec::with_capacity(cells),
        p50: Vec::with_capacity(cells),
        p90: Vec::with_capacity(cells),
        worst: Vec::with_capacity(cells),
        probability: Vec::with_capacity(cells),
    };
    let band = (most_bytes / (2 * n).max(1)).clamp(1, cells.max(1));
    for first in (0..cells).step_by(band) {
        let here = first..(first + band).min(cells);
        // By member, then by cell: each member is read once a band.
        let mut depths: Vec<Vec<u16>> = Vec::with_capacity(n);
        let mut reached = vec![0_u16; here.len()];
        for folder in folders {
            let depth = member::depth_of(folder, geometry)?;
            let depth = &depth[here.clone()];
            for (count, &d) in reached.iter_mut().zip(depth) {
                *count += u16::from(f64::from(d) >= REACHED_M);
            }
            depths.push(depth.iter().map(|&d| centimetres(d)).collect());
        }
        let mut column = vec![0_u16; n];
        let mut sorted = vec![0.0_f64; n];
        for cell in 0..here.len() {
            for (value, member) in column.iter_mut().zip(&depths) {
                *value = member[cell];
            }
            column.sort_unstable();
            for (to, &from) in sorted.iter_mut().zip(&column) {
                *to = f64::from(from) / 100.0;
            }
            fields.p10.push(quantile(&sorted, P10) as f32);
            fields.p50.push(quantile(&sorted, P50) as f32);
            fields.p90.push(quantile(&sorted, P90) as f32);
            fields.worst.push(quantile(&sorted, WORST) as f32);
            let share = f32::from(reached[cell]) / n as f32;
            fields.probability.push(share);
        }
    }
    Ok(fields)
}

/// A depth in whole centimetres; 655 m and more are the same.
fn centimetres(depth: f32) -> u16 {
    (depth * 100.0).round().clamp(0.0, f32::from(u16::MAX)) as u16
}

#[cfg(test)]
mod tests {
    use stormgrid_core::raster::Raster;
    use stormgrid_formats::elevation::write_geotiff;

    use super::*;

    /// Two zones that are at their worst in different members: no member has both.
    #[test]
    fn sums_are_those_of_members_and_not_of_their_worst() {
        let total = |people_reached: f64| LayerTotals {
            people_reached,
            ..LayerTotals::default()
        };
        // Zone A 100, 0, 50; zone B 0, 120, 50: sums 100, 120, 100; the worst of each would be 220.
        let totals = totals_of("grids", &[total(100.0), total(120.0), total(100.0)]).people;
        assert_eq!(totals.members, [100.0, 120.0, 100.0]);
        assert_eq!((totals.p10, totals.p50), (100.0, 100.0));
        // Position 1 + 2 · 0.99 = 2.98 of 100, 100, 120.
        assert!((totals.worst - 119.6).abs() < 1e-9);
        assert_eq!(totals_of("grids", &[]).people, SumPercentiles::default());
    }

    /// A tenth of a hectare at half a metre is deep in the row and in the chance alike.
    #[test]
    fn a_depth_that_a_member_has_has_a_chance() {
        let sample = |depth: f64| Sample {
            modelled_share: 1.0,
            depth: Some(depth),
            share: Some(0.002),
            people: Some(0.0),
            arrival: None,
        };
        let name = ("A".to_owned(), String::new(), Some(0.0));
        let row = row(name, &[sample(0.6), sample(0.2), sample(0.0), sample(0.5)]);
        let of = |depth: &str| row.probability[depth];
        assert_eq!(
            (of("0.5"), of("0.15"), of("1")),
            (Some(0.5), Some(0.75), Some(0.0))
        );
    }

    /// Percentiles by sorting all members at every cell, whatever the size of the bands.
    #[test]
    fn bands_do_not_show() {
        let dir = tempfile::tempdir().expect("a folder");
        let geometry = RasterGeometry::new(7, 5, 0.0, 50.0, 10.0, 10.0).expect("valid");
        let depth = |member: usize, cell: usize| ((member * 37 + cell * 11) % 50) as f32 * 0.02;
        let folders: Vec<_> = (0..6).map(|k| dir.path().join(k.to_string())).collect();
        for (k, folder) in folders.iter().enumerate() {
            std::fs::create_dir(folder).expect("made");
            let values = Raster::from_fn(geometry, |row, col| {
                let d = depth(k, row * 7 + col);
                if d > 0.0 { d } else { f32::NAN }
            });
            let bytes = write_geotiff(&values, None, -9999.0).expect("a raster");
            std::fs::write(folder.join("depth_max.tif"), bytes).expect("written");
        }
        let folders: Vec<&Path> = folders.iter().map(|f| f.as_path()).collect();
        let whole = depth_fields(&geometry, &folders).expect("read");
        let banded = depth_fields_within(&geometry, &folders, 60).expect("read");
        for cell in 0..geometry.n_cells() {
            let mut all: Vec<f64> = (0..6).map(|k| f64::from(depth(k, cell))).collect();
            all.sort_by(f64::total_cmp);
            // Six members: the middle is the mean of the third and fourth, position 1 + 5 · 0.9 = 5.5.
            let p50 = (all[2] + all[3]) / 2.0;
            let p90 = (all[4] + all[5]) / 2.0;
            let deep = all.iter().filter(|d| **d > 0.15).count() as f32 / 6.0;
            assert!((f64::from(whole.p50[cell]) - p50).abs() < 1e-6);
            assert!((f64::from(whole.p90[cell]) - p90).abs() < 1e-6);
            assert_eq!(whole.probability[cell], deep);
            assert!(whole.p90[cell] <= whole.worst[cell] && whole.worst[cell] <= all[5] as f32);
        }
        assert_eq!((whole.p10, whole.worst), (banded.p10, banded.worst));
        assert_eq!(whole.probability, banded.probability);
    }
}
