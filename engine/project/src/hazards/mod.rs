//! Hazards of a forecast: what they find in the run, and the tables and files of it.
//!
//! The hazards are those that are plugged into the twin's world; the six of `stormgrid_twin` always, others by
//! [`stormgrid_twin::Twin::add_plugins`] on [`LoadedTwin::twin`] before the forecast. Rules come from
//! `data/hazards/rules.toml`, which is built in, and from `hazards.toml` in the twin's folder.

mod roads;
mod tables;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stormgrid_core::frame::Geodetic;
use stormgrid_core::ids::CellIdx;
use stormgrid_core::message;
use stormgrid_core::raster::RasterGeometry;
use stormgrid_core::series::Series;
use stormgrid_core::time::Instant;
use stormgrid_formats::parse;
use stormgrid_sim::flood::{BoundaryKind, BoundaryPlace, Maxima, Rain, Setup};
use stormgrid_sim::hazard::landslide;
use stormgrid_sim::typhoon::TyphoonModel;
use stormgrid_twin::hazard::inputs::{
    FloodRows, RainRate, Rainfall, RoadSpots, RunTime, Sea, Slopes, Storm,
};
use stormgrid_twin::hazard::{
    self, Assessment, Combination, HazardRule, Level, Rules, ZoneInfo, ZoneSet,
};
use stormgrid_twin::{GeometryKind, Grid, Outline, Position, World};

use crate::error::{at as at_place, line as line_of};
use crate::figures::permanent_water;
use crate::forecast::PreparedGround;
use crate::impact::Impacts;
use crate::messages::told;
use crate::storm::{Bilingual, Forcing};
use crate::twin::LoadedTwin;
use crate::{ProjectError, files};

/// Name of the rules in a twin's folder.
pub const RULES_FILE: &str = "hazards.toml";

/// The rules of every twin.
const DEFAULT_RULES: &str = include_str!("../../../../data/hazards/rules.toml");

/// Cells that slopes are found on [m]: finer ones see curbs and dikes, coarser ones flatten hills.
const SLOPE_CELL_M: f64 = 10.0;

/// Levels of all hazards in all zones of all layers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hazards {
    /// The layers of zones, in the twin's order.
    pub layers: Vec<LayerHazards>,
    /// Low places of roads that stand under water.
    pub road_spots: Vec<RoadSpotRow>,
}

/// Levels of all hazards in the zones of a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerHazards {
    /// The layer.
    pub layer: String,
    /// The hazards that could be assessed.
    pub hazards: Vec<HazardTitle>,
    /// Why others could not.
    pub notes: Vec<Bilingual>,
    /// Hazards that are told once for all zones; the combined levels leave them out.
    pub district: Vec<DistrictRow>,
    /// The rules: thresholds of each hazard, and the combination.
    pub rule: Rules,
    /// The zones.
    pub rows: Vec<HazardRow>,
}

/// A hazard that is told once for all zones of a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistrictRow {
    /// Name of the hazard.
    pub id: String,
    /// The worst level of all zones, 0 (none) to 4 (red).
    pub level: u8,
    /// When it begins in the first zone [s after the start], where that is known.
    pub onset_s: Option<f64>,
    /// Why, in a zone with that level.
    pub why: Option<Bilingual>,
}

/// A hazard and what it measures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HazardTitle {
    /// Name.
    pub id: String,
    /// Title for people.
    pub title: Bilingual,
    /// What it measures.
    pub measures: Vec<MeasureTitle>,
}

/// A measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasureTitle {
    /// Name.
    pub id: String,
    /// Unit; `-` for a share, a ratio, a class or a number.
    pub unit: String,
    /// Title for people.
    pub title: Bilingual,
}

/// Levels of all hazards in a zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HazardRow {
    /// Code of the zone.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Level of each hazard, 0 (none) to 4 (red); none of a hazard of which nothing is known.
    pub levels: BTreeMap<String, u8>,
    /// The combined level of the hazards that are known, 0 to 4.
    pub combined: u8,
    /// Hazards of which nothing is known in this zone, since the model has no ground there. A level of 0 beside
    /// them is not "safe".
    #[serde(default)]
    pub unknown: Vec<String>,
    /// Measures of each hazard; null where there is none.
    pub values: BTreeMap<String, BTreeMap<String, Option<f64>>>,
    /// When each hazard begins [s after the start], where that is known.
    pub onset_s: BTreeMap<String, f64>,
    /// Why a hazard has its level, for those above none.
    pub why: BTreeMap<String, Bilingual>,
}

/// A low place of a road.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoadSpotRow {
    /// Code of the road segment.
    pub road: String,
    /// Name of the underpass, or of the road.
    pub name: String,
    /// Whether the data call it an underpass; else it is a dip of the ground.
    pub underpass: bool,
    /// Longitude and latitude [°].
    pub at: [f64; 2],
    /// Depth at which water would run over the lower side [m].
    pub rim_depth_m: Option<f64>,
    /// Greatest depth [m].
    pub depth_max_m: f64,
    /// First arrival of water [s after the start].
    pub arrival_s: Option<f64>,
    /// Level by the rule of ponding, 0 to 4.
    pub level: u8,
}

/// A file of rules.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    combination: Option<Combination>,
    #[serde(default)]
    hazards: BTreeMap<String, HazardRule>,
}

/// Reads and checks the rules of a twin.
pub fn rules(twin: &LoadedTwin) -> Result<Rules, ProjectError> {
    let mut rules = with(Rules::default(), DEFAULT_RULES, "data/hazards/rules.toml")?;
    let path = twin.dir.join(RULES_FILE);
    let mut file = "data/hazards/rules.toml".to_owned();
    if path.is_file() {
        file = files::name(&path);
        rules = with(rules, &files::read_text(&path)?, &file)?;
    }
    let none = hazard::Hazards::default();
    let plugged = twin.twin.world().get_resource().unwrap_or(&none);
    rules.check(plugged).map_err(|e| {
        ProjectError::input(
            &file,
            e.to_string(),
            message!(
                "fix.hazard.rule",
                "mend the rule, or remove it to get the built-in one"
            ),
        )
    })?;
    Ok(rules)
}

/// Rules after those of a text.
fn with(rules: Rules, text: &str, file: &str) -> Result<Rules, ProjectError> {
    let read: RulesFile = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = text.as_bytes()[..at]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
            + 1;
        ProjectError::input(
            at_place(file, line_of(line)),
            parse::toml_problem(error.message()),
            message!(
                "fix.hazard.form",
                "the built-in rules in data/hazards show the form"
            ),
        )
    })?;
    Ok(rules.replaced_by(read.combination, read.hazards))
}

/// What drives a run, kept before the solver takes it.
pub(crate) struct Weather {
    storm: Arc<TyphoonModel>,
    start: Instant,
    duration_s: f64,
    rain: RainRate,
    sea: Vec<CellIdx>,
    sea_level: Option<Series>,
}

impl Weather {
    /// Takes rain and sea from the setup itself, so that whatever changed them counts here too.
    pub(crate) fn of(setup: &Setup, forcing: &Forcing) -> Self {
        let mut sea = Vec::new();
        let mut sea_level: Option<Series> = None;
        for boundary in &setup.boundaries {
            let (BoundaryPlace::Cells(cells), BoundaryKind::Level(level)) =
                (&boundary.place, &boundary.kind)
            else {
                continue;
            };
            let beside = |cell: &CellIdx| around(&setup.domain.geometry, *cell);
            sea.extend(cells);
            // Where the sea has no ground of its own, it stands at the first cells that have.
            let bare = cells.iter().filter(|cell| {
                let z = setup.domain.elevation.get(cell.index());
                z.is_some_and(|z| z.is_nan())
            });
            sea.extend(bare.flat_map(beside));
            if sea_level
                .as_ref()
                .is_none_or(|known| level.max() > known.max())
            {
                sea_level = Some(level.clone());
            }
        }
        let rain: RainRate = match &setup.rain {
            Rain::None => Arc::new(|_, _, _| 0.0),
            rain => {
                let rain = rain.clone();
                Arc::new(move |time, x, y| rain.rate(time, x, y))
            }
        };
        Self {
            storm: Arc::clone(&forcing.model),
            start: forcing.start,
            duration_s: forcing.duration_s,
            rain,
            sea,
            sea_level,
        }
    }
}

/// The cells on the four sides of a cell.
pub(crate) fn around(geometry: &RasterGeometry, cell: CellIdx) -> Vec<CellIdx> {
    let (row, col) = (
        cell.index() / geometry.n_cols,
        cell.index() % geometry.n_cols,
    );
    let sides = [
        (row.wrapping_sub(1), col),
        (row, col.wrapping_sub(1)),
        (row, col + 1),
        (row + 1, col),
    ];
    let inside = |(r, c): &(usize, usize)| *r < geometry.n_rows && *c < geometry.n_cols;
    let sides = sides.into_iter().filter(inside);
    sides.map(|(r, c)| geometry.index(r, c)).collect()
}

/// Assesses the hazards of a run in all layers of zones.
pub(crate) fn assess(
    twin: &LoadedTwin,
    rules: Rules,
    weather: Weather,
    ground: &PreparedGround,
    impacts: &Impacts,
    maxima: &Maxima,
) -> Result<Hazards, ProjectError> {
    let water: Vec<bool> = permanent_water(&ground.initial_depth);
    let spots = roads::spots(twin, ground, &water, maxima)?;
    let mut run = World::new();
    run.insert_resource(RunTime {
        start: weather.start,
        duration_s: weather.duration_s,
    });
    run.insert_resource(Storm(weather.storm));
    run.insert_resource(Rainfall(weather.rain));
    run.insert_resource(slopes(twin)?);
    run.insert_resource(FloodRows(
        impacts
            .layers
            .iter()
            .map(|(id, rows)| (id.clone(), rows.iter().map(|r| r.row.clone()).collect()))
            .collect(),
    ));
    if let Some(level) = weather.sea_level {
        run.insert_resource(Sea {
            level,
            geometry: ground.geometry,
            elevation: ground.elevation.clone(),
            cells: weather.sea,
            water,
        });
    }
    let road_spots = roads::rows(twin, &rules, &spots);
    run.insert_resource(RoadSpots(spots));
    let layers = zone_sets(twin)
        .iter()
        .map(|zones| {
            let found = hazard::assess(twin.twin.world(), &run, zones, &rules);
            table(found, rules.clone())
        })
        .collect();
    Ok(Hazards { layers, road_spots })
}

fn slopes(twin: &LoadedTwin) -> Result<Slopes, ProjectError> {
    let ground = &twin.ground;
    let own = ground.elevation.geometry();
    if own.dx >= SLOPE_CELL_M {
        return Ok(Slopes(landslide::slopes(&ground.elevation)));
    }
    let coarse = ground.geometry_at(SLOPE_CELL_M)?;
    Ok(Slopes(landslide::slopes(
        &ground.elevation.resampled_mean(coarse),
    )))
}

/// All layers of grids as zones.
fn zone_sets(twin: &LoadedTwin) -> Vec<ZoneSet> {
    let polygons = twin
        .twin
        .layers()
        .iter()
        .filter(|l| l.geometry == GeometryKind::Polygon);
    polygons
        .map(|layer| {
            let grids = twin.twin.all::<Grid>(layer);
            let shapes = twin
                .twin
                .all::<Outline>(layer)
                .zip(twin.twin.all::<Position>(layer));
            let zones = grids.zip(shapes).map(|(grid, (outline, at))| {
                let [x, y, _] = at.0;
                let position = twin
                    .lonlat(x, y)
                    .and_then(|[lon, lat]| Geodetic::from_degrees(lon, lat).ok());
                ZoneInfo {
                    code: grid.code.clone(),
                    name: grid.name.clone(),
                    outline: outline.0.clone(),
                    at: [x, y],
                    position: position.unwrap_or_else(|| twin.middle()),
                    people: grid.people.unwrap_or(0.0),
                }
            });
            ZoneSet {
                layer: layer.id.clone(),
                zones: zones.collect(),
            }
        })
        .collect()
}

/// Whether a hazard knows nothing of a zone: it has measures, and none of them has a value.
fn is_unknown(finding: &hazard::Finding) -> bool {
    !finding.values.is_empty() && finding.values.iter().all(|value| value.is_nan())
}

/// An assessment as it is told to people and machines.
fn table(found: Assessment, rule: Rules) -> LayerHazards {
    let title = |hazard: &hazard::HazardTable| HazardTitle {
        id: hazard.id.clone(),
        title: told(&hazard.title),
        measures: hazard
            .measures
            .iter()
            .map(|m| MeasureTitle {
                id: m.id.clone(),
                unit: m.unit.clone(),
                title: told(&m.title),
            })
            .collect(),
    };
    let once = |of: &hazard::DistrictLevel| DistrictRow {
        id: of.id.clone(),
        level: of.level.number(),
        onset_s: of.onset_s.filter(|t| t.is_finite()),
        why: of.why.as_ref().map(told),
    };
    let rows = found.zones.iter().enumerate().map(|(zone, (code, name))| {
        let mut row = HazardRow {
            code: code.clone(),
            name: name.clone(),
            levels: BTreeMap::new(),
            combined: found.combined[zone].number(),
            unknown: Vec::new(),
            values: BTreeMap::new(),
            onset_s: BTreeMap::new(),
            why: BTreeMap::new(),
        };
        for hazard in &found.hazards {
            let (Some(finding), Some(level)) = (hazard.findings.get(zone), hazard.levels.get(zone))
            else {
                continue;
            };
            let id = || hazard.id.clone();
            match is_unknown(finding) {
                true => row.unknown.push(id()),
                false => {
                    row.levels.insert(id(), level.number());
                }
            }
            let values = hazard.measures.iter().zip(&finding.values);
            let finite = |v: &f64| v.is_finite().then_some(tables::rounded(*v));
            row.values.insert(
                id(),
                values.map(|(m, v)| (m.id.clone(), finite(v))).collect(),
            );
            if let Some(onset) = finding.onset_s.filter(|t| t.is_finite()) {
                row.onset_s.insert(id(), onset);
            }
            if let Some(why) = finding.why.as_ref().filter(|_| *level > Level::None) {
                row.why.insert(id(), told(why));
            }
        }
        row
    });
    LayerHazards {
        rows: rows.collect(),
        hazards: found.hazards.iter().map(title).collect(),
        notes: found.notes.iter().map(told).collect(),
        district: found.district.iter().map(once).collect(),
        layer: found.layer,
        rule,
    }
}
