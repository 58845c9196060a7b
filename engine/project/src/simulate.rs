//! `simulate`: one flood run from a scenario file.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use geo::MultiPolygon;
use stormgrid_core::area::geodesic_area_m2;
use stormgrid_core::finding::{Finding, Kind as FindingKind};
use stormgrid_core::ids::CellIdx;
use stormgrid_core::message;
use stormgrid_core::message::{Bilingual, Message};
use stormgrid_core::raster::RasterGeometry;
use stormgrid_core::series::Series;
use stormgrid_crs::Projector;
use stormgrid_formats::attributes::Attributes;
use stormgrid_formats::scenario::{
    self, BoundaryKind as Kind, BuildingsAs, NumberOrRaster, Scenario, Scheme, Side as ScenarioSide,
};
use stormgrid_formats::series::Ends;
use stormgrid_sim::exposure::{Assets, Cells, Zone};
use stormgrid_sim::flood::{
    self, Boundary, BoundaryKind, BoundaryPlace, Domain, Flood, FloodError, Inflow, Initial,
    Manning, Setup, Side,
};
use stormgrid_sim::rain::RainModel;

use crate::city::{self, BuildingSource};
use crate::drive::{Observer, Stage, drive, tell};
use crate::fields::{self, Quantity};
use crate::figures::{LayerTotals, permanent_water};
use crate::files::{self, RunFolder};
use crate::forecast::scheme_note;
use crate::gauges::Gauges;
use crate::ground::{
    Ground, Roughness, blocked_cells, cells_in_disc, cells_of, share_of_ground, too_small, touches,
};
use crate::impact::{Impact, ZoneSource, exposed};
use crate::input_check::put;
use crate::input_report::{LayerReport, ReportedLayer};
use crate::messages;
use crate::results::{Summary, depth_geotiff, write_permanent_water, write_rasters, write_summary};
use crate::timeline::{self, Numbers};
use crate::twin_faults::refuse_same_codes;
use crate::vectors::{self, Frame};
use crate::{ProjectError, forcing, rain, structures, tables, without_effect};

/// Manning's n of a cell full of buildings, for `as = "roughness"` [s m⁻¹ᐟ³].
///
/// Source: Syme (2008), 9th National Conference on Hydraulics in Water Engineering, Darwin: 0.3.
const BUILDING_MANNING: f64 = 0.3;

/// Choices of a run that are no part of its scenario.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Threads; 0 takes what the machine has. The result does not depend on it.
    pub threads: usize,
    /// Whether the depth of every output time is written as a raster.
    pub frames: bool,
    /// Where the run is set down at every output time, so that it can be resumed.
    pub checkpoint: Option<PathBuf>,
    /// A checkpoint of the same scenario to go on from.
    pub resume: Option<PathBuf>,
}

/// A scenario with all its files read.
pub struct PreparedScenario {
    scenario: Scenario,
    geometry: RasterGeometry,
    crs: Option<String>,
    setup: Setup,
    blocked: Vec<bool>,
    buildings: Vec<BuildingSource>,
    zones: Option<Zones>,
    gauges: Option<Gauges>,
    notes: Vec<Bilingual>,
    /// What was read of each file.
    input: Vec<ReportedLayer>,
    /// Number in the scenario of each structure of the setup, from 1.
    structure_numbers: Vec<usize>,
}

struct Zones {
    source: ZoneSource,
    geometries: Vec<MultiPolygon<f64>>,
    crs: Option<String>,
    findings: Vec<Finding>,
}

/// What was read of a scenario, for its report.
struct Read<'a> {
    scenario: &'a Scenario,
    crs: Option<&'a str>,
    /// On the cells of the run [m].
    elevation: &'a [f64],
    n_buildings: usize,
    zones: Option<&'a Zones>,
    /// Of all files.
    findings: &'a [Finding],
}

/// The report of a scenario's input: the ground, buildings and zones.
fn read_layers(read: &Read<'_>) -> Vec<ReportedLayer> {
    let named = |id: &str, source: &str, what: Message| {
        let mut report = LayerReport::new(id, source, what);
        report.crs = read.crs.map(str::to_owned);
        report
    };
    let what = message!("what.ground_cells", "cells of the run");
    let mut ground = named("terrain", &read.scenario.terrain.elevation, what);
    ground.count = read.elevation.iter().filter(|z| z.is_finite()).count();
    ground.unit = Some("m".to_owned());
    ground.cover = Some(ground.count as f64 / read.elevation.len() as f64);
    ground.unknown = read.elevation.len() - ground.count;
    let mut layers = vec![ground];
    if let Some(buildings) = &read.scenario.buildings {
        let mut report = named(
            "buildings",
            &buildings.source,
            message!("what.buildings", "buildings"),
        );
        report.count = read.n_buildings;
        layers.push(report);
    }
    if let (Some(grids), Some(zones)) = (&read.scenario.grids, read.zones) {
        let mut report = named("grids", &grids.source, message!("what.grids", "grids"));
        let all = &zones.source.zones;
        report.count = all.len();
        report.crs = zones.crs.clone();
        report.unknown = all.iter().filter(|zone| zone.people.is_none()).count();
        layers.push(report);
    }
    put(&mut layers, read.findings.iter().cloned());
    layers.iter().map(ReportedLayer::from).collect()
}

/// Runs a scenario and leaves a run folder at `out`, whole or not at all.
pub fn simulate(
    scenario_path: &Path,
    out: &Path,
    options: &RunOptions,
    observer: &mut Observer<'_>,
) -> Result<Summary, ProjectError> {
    tell(observer, Stage::Load, 0.0)?;
    // The folder first: a target that must not be touched is refused before any work.
    let folder = RunFolder::begin(out)?;
    let prepared = PreparedScenario::read(scenario_path, options.threads)?;
    prepared
        .run(&folder, scenario_path, options, observer)
        .and_then(|summary| {
            folder.finish()?;
            Ok(summary)
        })
}

/// Cell updates that `auto` spends on the finite-volume scheme: about an hour of one core.
const AUTO_UPDATES: f64 = 2e11;

/// The scheme of a scenario, and for `auto` why it was taken. The choice depends on the scenario alone,
/// never on the machine.
fn choose_scheme(
    scenario: &Scenario,
    geometry: &RasterGeometry,
) -> (flood::Scheme, Option<Bilingual>) {
    match scenario.solver.scheme {
        Scheme::FiniteVolume => (flood::Scheme::FiniteVolume, None),
        Scheme::FiniteVolume2 => (flood::Scheme::SecondOrder, None),
        Scheme::LocalInertial => (flood::Scheme::LocalInertial, None),
        Scheme::Auto => {
            // Signals of 10 m/s: 3 m of water that moves at 4.6 m/s.
            let step = 0.45 * geometry.dx.min(geometry.dy) / 10.0;
            let updates = geometry.n_cells() as f64 * scenario.run.duration_s / step;
            let (scheme, why) = match updates > AUTO_UPDATES {
                true => (
                    flood::Scheme::LocalInertial,
                    Message::key("note.auto.inertial"),
                ),
                false => (
                    flood::Scheme::FiniteVolume,
                    Message::key("note.auto.volume"),
                ),
            };
            let why = why
                .with("scheme", scheme.name())
                .with("updates", format!("{updates:.1e}"))
                .with("most", format!("{AUTO_UPDATES:.0e}"));
            (scheme, Some(messages::told(&why)))
        }
    }
}

fn resume_error(path: &Path, error: FloodError) -> ProjectError {
    match error {
        FloodError::Checkpoint { cause } => {
            let (problem, remedy) = cause
                .split_once("; ")
                .unwrap_or((cause, "take another one"));
            ProjectError::input(
                &files::name(path),
                format!("as a checkpoint {problem}"),
                remedy,
            )
        }
        other => other.into(),
    }
}

impl PreparedScenario {
    /// Reads a scenario and everything that it names.
    pub fn read(path: &Path, threads: usize) -> Result<Self, ProjectError> {
        let file = files::name(path);
        let mut scenario = Scenario::read(&files::read(path)?, &file)?;
        let reader = Reader {
            base: path.parent().map(Path::to_path_buf).unwrap_or_default(),
            file,
            duration_s: scenario.run.duration_s,
            findings: RefCell::default(),
        };
        let mut notes: Vec<Bilingual> = Vec::new();
        let terrain_path = reader.path(&scenario.terrain.elevation);
        let (terrain, findings) = fields::read_terrain(&terrain_path)?;
        reader.found(findings);
        let crs = terrain.crs;
        let unit_m = terrain.source_unit_m;
        scenario.scale_places(unit_m);
        let known: Vec<bool> = terrain
            .raster
            .values()
            .iter()
            .map(|z| z.is_finite())
            .collect();
        let roughness = match &scenario.terrain.roughness {
            NumberOrRaster::Number(n) => Roughness::Uniform(*n),
            NumberOrRaster::Raster(name) => {
                let over = fields::Over {
                    crs: crs.as_deref(),
                    origin: [0.0; 2],
                    geometry: *terrain.raster.geometry(),
                    known: &known,
                    ground: &[],
                    unit_m,
                };
                let field = fields::read(&reader.path(name), Quantity::Roughness, &over)?;
                reader.found(field.findings);
                Roughness::Raster(field.raster)
            }
        };
        let ground = Ground {
            elevation: terrain.raster,
            roughness,
        };
        let own = *ground.elevation.geometry();
        let geometry = match scenario.solver.cell_size_m {
            Some(size) => ground.geometry_at(size)?,
            None => own,
        };
        let elevation = ground.elevation_on(geometry, &[]);
        let cover = ground.cover_on(geometry);
        let level = match &scenario.initial.level {
            Some(NumberOrRaster::Number(level)) => Some(*level),
            _ => None,
        };
        reader.found(Ground::notes_on(
            &files::name(&terrain_path),
            &geometry,
            scenario.solver.cell_size_m,
            (elevation.values(), &cover),
            level,
        ));
        let known: Vec<bool> = elevation.values().iter().map(|z| z.is_finite()).collect();
        let places = Places {
            reader: &reader,
            geometry,
            crs: crs.as_deref(),
            known: &known,
            elevation: elevation.values(),
            cover: &cover,
            unit_m,
        };
        let mut manning = ground.manning_on(geometry);
        places.roughness_zones(&scenario, &mut manning)?;
        let buildings = match &scenario.buildings {
            Some(b) if b.treatment != BuildingsAs::Ignore => places.buildings(&b.source)?,
            _ => Vec::new(),
        };
        let footprints = buildings.iter().map(|b| &b.footprint);
        let covered = blocked_cells(&geometry, footprints);
        let treatment = scenario.buildings.as_ref().map(|b| b.treatment);
        let blocked = match treatment {
            Some(BuildingsAs::Obstacle) => {
                let footprints = buildings.iter().map(|b| &b.footprint);
                let source = scenario.buildings.as_ref().map(|b| b.source.as_str());
                let file = files::name(&reader.path(source.unwrap_or_default()));
                reader.found(too_small(&geometry, footprints, &covered, &file));
                covered
            }
            Some(BuildingsAs::Roughness) => {
                let field = as_field(&mut manning, geometry.n_cells());
                for (n, _) in field.iter_mut().zip(&covered).filter(|(_, c)| **c) {
                    *n = BUILDING_MANNING as f32;
                }
                Vec::new()
            }
            _ => Vec::new(),
        };
        let mut setup = Setup::new(Domain {
            geometry,
            elevation: elevation.values().to_vec(),
            manning,
            blocked: blocked.clone(),
        });
        setup.cover = cover.clone();
        setup.options.threads = threads;
        let (scheme, why) = choose_scheme(&scenario, &geometry);
        setup.options.scheme = scheme;
        notes.extend(why);
        notes.push(scheme_note(scheme));
        setup.initial = places.initial(&scenario.initial)?;
        setup.initial_discharge = places.initial_discharge(&scenario.initial)?;
        let typhoon = scenario.typhoon.as_ref();
        let typhoon = typhoon.map(|t| forcing::typhoon(&places, t)).transpose()?;
        let frame = crs.as_deref().map(Frame::of_crs);
        setup.rain = rain::rain(
            &rain::Place {
                reader: &reader,
                frame: frame.as_ref(),
                geometry: &geometry,
                known: &known,
                cover: &cover,
                unit_m,
                start: scenario.run.start,
                duration_s: scenario.run.duration_s,
            },
            &scenario.rain,
            // A scenario's typhoon rains only if it is asked to.
            typhoon
                .clone()
                .filter(|_| scenario.rain.typhoon.is_some())
                .map(|model| (model, RainModel::default())),
        )?;
        setup.infiltration = forcing::infiltration(&places, &scenario.terrain.infiltration)?;
        if let Some(model) = &typhoon {
            setup.weather = Some(forcing::weather(&places, model, scenario.run.start)?);
            notes.push(messages::text("note.scenario.typhoon", &[]));
        }
        let found = structures::read(&places, &scenario.structure, &setup.domain)?;
        setup.crests = found.crests;
        let (structure_numbers, moving) = found.moving.into_iter().unzip();
        setup.structures = moving;
        setup.boundaries = scenario
            .boundary
            .iter()
            .map(|b| places.boundary(b))
            .collect::<Result<_, _>>()?;
        reader.found(without_effect::boundaries_on_one_another(
            &setup.boundaries,
            &reader.file,
        )?);
        reader.found(without_effect::off_the_ground(&setup, &reader.file));
        setup.inflows = scenario
            .inflow
            .iter()
            .map(|i| places.inflow(i))
            .collect::<Result<_, _>>()?;
        let zones = scenario
            .grids
            .as_ref()
            .map(|g| places.zones(g))
            .transpose()?;
        reader.found(zones.iter().flat_map(|z| z.findings.iter().cloned()));
        let gauges = scenario
            .gauges
            .as_ref()
            .map(|g| {
                Gauges::read(
                    &reader.path(&g.source),
                    &geometry,
                    &known,
                    places.frame().ok().as_ref(),
                    unit_m,
                )
            })
            .transpose()?;
        if let Some(gauges) = &gauges {
            let source = scenario.gauges.as_ref().map(|g| g.source.as_str());
            let file = files::name(&reader.path(source.unwrap_or_default()));
            reader.found(gauges.within(&blocked, &file));
        }
        let findings = reader.findings.take();
        notes.extend(
            findings
                .iter()
                .map(|finding| messages::told(&finding.message())),
        );
        let input = read_layers(&Read {
            scenario: &scenario,
            crs: crs.as_deref(),
            elevation: &setup.domain.elevation,
            n_buildings: buildings.len(),
            zones: zones.as_ref(),
            findings: &findings,
        });
        Ok(Self {
            geometry,
            crs,
            setup,
            blocked,
            buildings,
            zones,
            gauges,
            notes,
            input,
            structure_numbers,
            scenario,
        })
    }

    fn run(
        mut self,
        folder: &RunFolder,
        path: &Path,
        options: &RunOptions,
        observer: &mut Observer<'_>,
    ) -> Result<Summary, ProjectError> {
        let (duration, interval) = (
            self.scenario.run.duration_s,
            self.scenario.output_interval_s(),
        );
        let (geometry, crs) = (self.geometry, self.crs.as_deref());
        let ground = share_of_ground(&self.setup.domain.elevation, &self.setup.cover);
        let mut initial_depth = Vec::new();
        let mut gauges = self.gauges.take();
        let flood = match &options.resume {
            Some(path) => {
                initial_depth = Flood::new(self.setup.clone())?.depth();
                Flood::resume(self.setup, &files::read(path)?).map_err(|e| resume_error(path, e))?
            }
            None => Flood::new(self.setup)?,
        };
        if flood.time_s() > 0.0 {
            let slots = [("time", flood.time_s().to_string())];
            self.notes
                .push(messages::text("note.scenario.resumed", &slots));
        }
        let driven = drive(
            flood,
            duration,
            interval,
            observer,
            &mut |frame, time, flood| {
                let depth = flood.depth();
                if let Some(gauges) = &mut gauges {
                    gauges.record(time, &depth, &flood.level(), &flood.speed());
                }
                if options.frames {
                    let name = format!("depth/{frame:04}.tif");
                    folder.write(&name, &depth_geotiff(&depth, geometry, crs)?)?;
                }
                if initial_depth.is_empty() {
                    initial_depth = depth;
                }
                match &options.checkpoint {
                    Some(path) => files::replace(path, &flood.checkpoint()),
                    None => Ok(()),
                }
            },
        )?;
        tell(observer, Stage::Exposure, 0.97)?;
        let cells = Cells {
            ground: &ground,
            blocked: &self.blocked,
        };
        write_rasters(folder, &driven.flood, cells, geometry, crs)?;
        if !self.scenario.initial.permanent {
            self.notes
                .extend(flooded_at_start(&initial_depth, geometry.cell_area()));
            initial_depth.fill(0.0);
        }
        write_permanent_water(folder, &permanent_water(&initial_depth), geometry, crs)?;
        let mut totals = Vec::new();
        if let Some(gauges) = &gauges {
            folder.write("gauges.csv", &gauges.csv())?;
        }
        if let Some(zones) = self.zones {
            let assets = Assets {
                buildings: self
                    .buildings
                    .iter()
                    .map(|b| exposed(&b.building, &b.footprint))
                    .collect(),
                ..Assets::default()
            };
            let impact = Impact::new(geometry, cells, &initial_depth, assets, vec![zones.source])?;
            let impacts = impact.rows(&driven.flood.maxima())?;
            self.notes.extend(impacts.unknown_notes());
            for (layer, rows) in &impacts.layers {
                totals.push(LayerTotals::of(layer, rows));
                folder.write("exposure.csv", &tables::csv(rows))?;
                let bytes = tables::geojson(rows, &zones.geometries, zones.crs.as_deref())?;
                folder.write("exposure.geojson", &bytes)?;
            }
        }
        let start = self.scenario.run.start.to_rfc3339();
        let title = path.file_stem().map(|s| s.to_string_lossy().into_owned());
        let mut summary = Summary::of(
            &driven,
            &geometry,
            Bilingual::same(title.unwrap_or_default()),
            &start,
            duration,
        );
        self.notes.extend(unbalanced(summary.volume_error_rel));
        summary.notes = self.notes;
        summary.input = self.input;
        summary.totals = totals;
        summary.name_structures(
            &driven.flood,
            &self.structure_numbers,
            &self.scenario.structure,
        );
        write_summary(folder, &summary)?;
        tell(observer, Stage::Done, 1.0)?;
        Ok(summary)
    }
}

/// Error of the volume from which a run says so [-]; a sound one keeps its water to some 1e-9.
const TOLD_VOLUME_ERROR: f64 = 1e-5;

/// Tells of a run that made or lost water.
pub(crate) fn unbalanced(error: f64) -> Option<Bilingual> {
    let text = message!(
        "note.run.unbalanced",
        "the run made or lost water, {share} of all that came in: its depths are not to be relied on; take a smaller cfl or smaller cells",
        share = format!("{error:.1e}")
    );
    (error.is_nan() || error.abs() > TOLD_VOLUME_ERROR).then(|| messages::told(&text))
}

/// Tells of the area that a scenario begins with under water, all of it counted as flood.
fn flooded_at_start(initial_depth: &[f32], cell_area_m2: f64) -> Option<Bilingual> {
    let wet = permanent_water(initial_depth)
        .into_iter()
        .filter(|wet| *wet);
    let area = wet.count() as f64 * cell_area_m2;
    (area > 0.0).then(|| {
        messages::text(
            "note.scenario.water_at_start",
            &[("area", format!("{area:.0}"))],
        )
    })
}

/// Finds and reads the files that a scenario names.
pub(crate) struct Reader {
    /// The folder that their names are relative to.
    pub(crate) base: PathBuf,
    /// Name of the scenario's file.
    pub(crate) file: String,
    /// Length of the run [s].
    pub(crate) duration_s: f64,
    /// What was found so far.
    pub(crate) findings: RefCell<Vec<Finding>>,
}

impl Reader {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.base.join(name)
    }

    /// For the files of a twin.
    pub(crate) fn of_twin(dir: &Path, duration_s: f64) -> Self {
        Self {
            base: dir.to_path_buf(),
            file: crate::forecast::FORECAST_FILE.to_owned(),
            duration_s,
            findings: RefCell::default(),
        }
    }

    /// Notes what was found.
    pub(crate) fn found(&self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.borrow_mut().extend(findings);
    }

    /// A value that holds throughout, or a series over the whole run.
    ///
    /// - `said`: what the scenario says of the time beyond the series
    pub(crate) fn series(
        &self,
        value: Option<f64>,
        name: Option<&str>,
        numbers: Numbers,
        said: Ends,
    ) -> Result<Series, ProjectError> {
        match (name, value) {
            (Some(name), _) => {
                let path = self.path(name);
                let (series, told) = timeline::read(&path, numbers, said, self.duration_s)?;
                self.found(told);
                Ok(series)
            }
            (None, Some(value)) => Ok(Series::constant(value)),
            // The scenario's reader has made sure that one of them is given.
            (None, None) => Ok(Series::default()),
        }
    }
}

/// Places of a scenario as cells of the run.
pub(crate) struct Places<'a> {
    pub(crate) reader: &'a Reader,
    pub(crate) geometry: RasterGeometry,
    crs: Option<&'a str>,
    /// Which cells have ground.
    pub(crate) known: &'a [bool],
    /// Ground [m].
    elevation: &'a [f64],
    /// Share of each cell that has ground; empty where all that have any are whole.
    cover: &'a [f64],
    /// Metres in a unit of the coordinates of the terrain's file.
    unit_m: f64,
}

impl Places<'_> {
    pub(crate) fn frame(&self) -> Result<Frame, ProjectError> {
        self.crs.map(Frame::of_crs).ok_or_else(|| {
            ProjectError::input(
                &self.reader.file,
                message!("fault.terrain.no_crs", "the terrain names no coordinate reference system, so that no polygon or building can be laid over it"),
                message!("fix.give_crs", "give the raster a CRS"),
            )
        })
    }

    fn areas(&self, name: &str) -> Result<Vec<MultiPolygon<f64>>, ProjectError> {
        let found = vectors::polygons(&self.reader.path(name), &self.frame()?)?;
        self.reader.found(found.findings.iter().cloned());
        Ok(found.into_iter().map(|(_, area)| area).collect())
    }

    /// The cell of a place that has ground.
    pub(crate) fn ground_at(&self, [x, y]: [f64; 2]) -> Option<CellIdx> {
        let (row, col) = self.geometry.cell_at(x, y)?;
        let cell = self.geometry.index(row, col);
        self.known[cell.index()].then_some(cell)
    }

    /// Share of a cell that has ground [-].
    pub(crate) fn ground_share(&self, cell: CellIdx) -> f64 {
        match self.known[cell.index()] {
            true => self.cover.get(cell.index()).copied().unwrap_or(1.0),
            false => 0.0,
        }
    }

    /// Ground of a cell [m]; NaN where there is none.
    pub(crate) fn ground_height(&self, cell: CellIdx) -> f64 {
        self.elevation[cell.index()]
    }

    /// Whether a cell or one on its four sides has ground.
    pub(crate) fn is_beside_ground(&self, cell: CellIdx) -> bool {
        let (rows, cols) = (self.geometry.n_rows, self.geometry.n_cols);
        let (row, col) = (cell.index() / cols, cell.index() % cols);
        let sides = [
            (row, col),
            (row.wrapping_sub(1), col),
            (row, col.wrapping_sub(1)),
            (row, col + 1),
            (row + 1, col),
        ];
        sides
            .iter()
            .any(|&(r, c)| r < rows && c < cols && self.known[r * cols + c])
    }

    /// Tells how many features of a file lie beside the ground; a fault if all do.
    pub(crate) fn on_ground(
        &self,
        name: &str,
        n_features: usize,
        n_outside: usize,
    ) -> Result<(), ProjectError> {
        let file = files::name(&self.reader.path(name));
        if n_outside == n_features {
            return Err(ProjectError::input(
                &file,
                message!(
                    "fault.layer.apart",
                    "none of its {n} features lies on the ground",
                    n = n_features
                ),
                message!("fix.check_crs", "check the coordinates and the CRS"),
            ));
        }
        if n_outside > 0 {
            let text = message!(
                "note.layer.outside",
                "{n} of its {all} features lie beside the ground; nothing is known of the water there",
                n = n_outside,
                all = n_features
            );
            let finding = Finding::new(FindingKind::Unknown, &file, text);
            self.reader.found([finding.times(n_outside)]);
        }
        Ok(())
    }

    /// Buildings, some of which lie on the ground.
    fn buildings(&self, name: &str) -> Result<Vec<BuildingSource>, ProjectError> {
        let city = city::read(&self.reader.path(name), &self.frame()?)?;
        self.reader.found(city.findings);
        let outside = |b: &&BuildingSource| !touches(&self.geometry, self.known, &b.footprint);
        let n_outside = city.buildings.iter().filter(outside).count();
        if !city.buildings.is_empty() {
            self.on_ground(name, city.buildings.len(), n_outside)?;
        }
        Ok(city.buildings)
    }

    /// Cells that polygons touch and that have ground, with the share of each that they cover [-].
    pub(crate) fn cells(&self, name: &str) -> Result<Vec<(CellIdx, f64)>, ProjectError> {
        let mut shares = BTreeMap::new();
        for (cell, share) in self.touched(name)?.into_iter().flatten() {
            *shares.entry(cell.index()).or_insert(0.0) += share;
        }
        let on_ground = shares.into_iter().filter(|(cell, _)| self.known[*cell]);
        let cells: Vec<_> = on_ground
            .map(|(cell, share): (usize, f64)| (CellIdx::from(cell), share.min(1.0)))
            .collect();
        match cells.is_empty() {
            false => Ok(cells),
            true => Err(self.no_ground(name)),
        }
    }

    /// Cells of a boundary, some of which have ground or lie beside cells that have: those that a polygon covers by
    /// half or more, and where it is too narrow for that all that it touches.
    fn boundary_cells(&self, name: &str) -> Result<Vec<CellIdx>, ProjectError> {
        let (rows, cols) = (self.geometry.n_rows, self.geometry.n_cols);
        let mut chosen = BTreeSet::new();
        for touched in self.touched(name)? {
            let covered = |(_, share): &&(CellIdx, f64)| *share >= 0.5;
            let most: BTreeSet<usize> = touched
                .iter()
                .filter(covered)
                .map(|(cell, _)| cell.index())
                .collect();
            let is_beside = |cell: usize| {
                let (row, col) = (cell / cols, cell % cols);
                let around = |at: usize, n: usize| at.saturating_sub(1)..(at + 2).min(n);
                let mut near =
                    around(row, rows).flat_map(|r| around(col, cols).map(move |c| (r, c)));
                near.any(|(r, c)| most.contains(&(r * cols + c)))
            };
            let thin = touched.iter().map(|(cell, _)| cell.index());
            chosen.extend(thin.filter(|&cell| !is_beside(cell)));
            chosen.extend(most);
        }
        let cells: Vec<CellIdx> = chosen.into_iter().map(CellIdx::from).collect();
        match cells.iter().any(|&cell| self.is_beside_ground(cell)) {
            true => Ok(cells),
            false => Err(self.no_ground(name)),
        }
    }

    fn no_ground(&self, name: &str) -> ProjectError {
        ProjectError::input(
            &files::name(&self.reader.path(name)),
            message!(
                "fault.polygons_no_ground",
                "its polygons lie where the terrain has no data"
            ),
            message!(
                "fix.polygons_no_ground",
                "let them reach the ground, or check the coordinates and the CRS"
            ),
        )
    }

    /// The cells that each polygon of a file touches, with the share that it covers; tells of polygons beside the
    /// ground.
    fn touched(&self, name: &str) -> Result<Vec<Vec<(CellIdx, f64)>>, ProjectError> {
        let areas = self.areas(name)?;
        let touched = areas.iter().map(|area| {
            let mut cells = cells_of(&self.geometry, area, 0.0);
            cells.retain(|(_, share)| *share > 0.0);
            cells
        });
        let touched: Vec<_> = touched.collect();
        let file = || files::name(&self.reader.path(name));
        if areas.is_empty() {
            return Err(ProjectError::input(
                &file(),
                message!("fault.polygons_none", "it holds no polygon"),
                message!("fix.polygons_none", "give at least one polygon"),
            ));
        }
        if touched.iter().all(Vec::is_empty) {
            return Err(ProjectError::input(
                &file(),
                message!(
                    "fault.polygons_outside",
                    "its polygons lie outside the terrain"
                ),
                message!("fix.check_crs", "check the coordinates and the CRS"),
            ));
        }
        let reaches = |cells: &&Vec<(CellIdx, f64)>| {
            let mut cells = cells.iter();
            cells.any(|&(cell, _)| self.is_beside_ground(cell))
        };
        let n_on = touched.iter().filter(reaches).count();
        if (1..touched.len()).contains(&n_on) {
            self.on_ground(name, touched.len(), touched.len() - n_on)?;
        }
        Ok(touched)
    }

    fn roughness_zones(
        &self,
        scenario: &Scenario,
        manning: &mut Manning,
    ) -> Result<(), ProjectError> {
        for zone in &scenario.roughness_zone {
            let areas = self.areas(&zone.source)?;
            let outside = |area: &&MultiPolygon<f64>| !touches(&self.geometry, self.known, area);
            let n_outside = areas.iter().filter(outside).count();
            self.on_ground(&zone.source, areas.len(), n_outside)?;
            for area in areas {
                let field = as_field(manning, self.geometry.n_cells());
                for (cell, share) in cells_of(&self.geometry, &area, 0.0) {
                    let n = &mut field[cell.index()];
                    *n = (f64::from(*n) * (1.0 - share) + zone.manning * share) as f32;
                }
            }
        }
        Ok(())
    }

    /// A raster of the scenario on the cells of the run: the mean of what is known in each, and the share of its
    /// ground that this is.
    pub(crate) fn on_cells(
        &self,
        name: &str,
        quantity: Quantity,
    ) -> Result<[Vec<f64>; 2], ProjectError> {
        let over = fields::Over {
            crs: self.crs,
            origin: [0.0; 2],
            geometry: self.geometry,
            known: self.known,
            ground: self.cover,
            unit_m: self.unit_m,
        };
        let field = fields::read(&self.reader.path(name), quantity, &over)?;
        self.reader.found(field.findings);
        let raster = field.raster;
        let values = if *raster.geometry() == self.geometry {
            raster
        } else {
            raster.resampled_mean(self.geometry)
        };
        Ok([values.into_values(), field.cover])
    }

    /// A raster of what is none where the raster has no value: a cell that it covers in part has that part.
    fn amounts_on_cells(&self, name: &str, quantity: Quantity) -> Result<Vec<f64>, ProjectError> {
        let [mut values, cover] = self.on_cells(name, quantity)?;
        values.iter_mut().zip(cover).for_each(|(v, c)| *v *= c);
        Ok(values)
    }

    /// A raster of levels: a cell that it covers in part has that part of the water below the level.
    fn levels_on_cells(&self, name: &str) -> Result<Vec<f64>, ProjectError> {
        let [mut levels, cover] = self.on_cells(name, Quantity::Level)?;
        let cells = levels.iter_mut().zip(cover).zip(self.elevation);
        for ((level, cover), ground) in cells.filter(|((_, cover), _)| *cover < 1.0) {
            *level = ground + cover * (*level - ground).max(0.0);
        }
        Ok(levels)
    }

    fn initial(&self, initial: &scenario::Initial) -> Result<Initial, ProjectError> {
        let uniform = |depth: f64| vec![depth; self.geometry.n_cells()];
        Ok(match (&initial.level, &initial.depth) {
            (Some(NumberOrRaster::Number(level)), _) => Initial::Level(*level),
            (Some(NumberOrRaster::Raster(name)), _) => {
                Initial::LevelField(self.levels_on_cells(name)?)
            }
            (None, Some(NumberOrRaster::Number(depth))) => Initial::Depth(uniform(*depth)),
            (None, Some(NumberOrRaster::Raster(name))) => {
                Initial::Depth(self.amounts_on_cells(name, Quantity::Depth)?)
            }
            (None, None) => Initial::Dry,
        })
    }

    fn initial_discharge(
        &self,
        initial: &scenario::Initial,
    ) -> Result<Option<[Vec<f64>; 2]>, ProjectError> {
        match (&initial.discharge_x, &initial.discharge_y) {
            (Some(x), Some(y)) => Ok(Some([
                self.amounts_on_cells(x, Quantity::Discharge)?,
                self.amounts_on_cells(y, Quantity::Discharge)?,
            ])),
            _ => Ok(None),
        }
    }

    fn boundary(&self, boundary: &scenario::Boundary) -> Result<Boundary, ProjectError> {
        let place = match (boundary.side, &boundary.polygon) {
            (Some(side), _) => BoundaryPlace::Side(match side {
                ScenarioSide::North => Side::North,
                ScenarioSide::East => Side::East,
                ScenarioSide::South => Side::South,
                ScenarioSide::West => Side::West,
            }),
            (None, polygon) => {
                let name = polygon.as_deref().unwrap_or_default();
                BoundaryPlace::Cells(self.boundary_cells(name)?)
            }
        };
        let series = |numbers| {
            let name = boundary.series.as_deref();
            self.reader
                .series(boundary.value, name, numbers, boundary.ends())
        };
        let kind = match boundary.kind {
            Kind::Level => BoundaryKind::Level(series(Numbers::Metres)?),
            Kind::Discharge => BoundaryKind::Discharge(series(Numbers::Discharge)?),
            Kind::Free => BoundaryKind::Free,
            Kind::Wall => BoundaryKind::Wall,
        };
        Ok(Boundary { place, kind })
    }

    fn inflow(&self, inflow: &scenario::Inflow) -> Result<Inflow, ProjectError> {
        let cells = match (&inflow.polygon, inflow.at) {
            (Some(name), _) => self.cells(name)?,
            (None, at) => {
                let at = at.unwrap_or_default();
                let cells = cells_in_disc(&self.geometry, at, inflow.radius_m.unwrap_or(0.0));
                if !cells.iter().any(|(cell, _)| self.known[cell.index()]) {
                    let problem = message!(
                        "fault.inflow.outside",
                        "the inflow at [{x}, {y}] lies outside the terrain or where it has no data",
                        x = at[0],
                        y = at[1]
                    );
                    return Err(ProjectError::input(
                        &self.reader.file,
                        problem,
                        message!(
                            "fix.terrain.place",
                            "give easting and northing in the terrain's CRS"
                        ),
                    ));
                }
                cells
            }
        };
        Ok(Inflow {
            cells,
            discharge: self.reader.series(
                inflow.discharge_m3_s,
                inflow.series.as_deref(),
                Numbers::Discharge,
                inflow.ends(),
            )?,
        })
    }

    fn zones(&self, grids: &scenario::Grids) -> Result<Zones, ProjectError> {
        let path = self.reader.path(&grids.source);
        let file = files::name(&path);
        let crs = self.frame()?;
        let to_degrees =
            Projector::new(&crs.crs, "EPSG:4490").map_err(|e| ProjectError::crs(&file, e))?;
        let mut source = ZoneSource {
            id: "grids".to_owned(),
            zones: Vec::new(),
            names: Vec::new(),
        };
        let mut geometries = Vec::new();
        let layer = vectors::polygons(&path, &crs)?;
        let named = layer.named.clone();
        let in_degrees = layer.is_geographic();
        let mut findings = layer.findings.clone();
        let mut attributes = Attributes::new(&file, &["people"]);
        let mut codes = Vec::new();
        for (feature, area) in layer {
            let code = feature.text(&grids.id).or_else(|| feature.id.clone());
            let Some(code) = code else {
                return Err(ProjectError::input(
                    &file,
                    message!(
                        "fault.feature.property",
                        "feature {index} has no property '{name}'",
                        index = feature.index,
                        name = &grids.id
                    ),
                    message!(
                        "fix.feature.grids",
                        "name the property with the code as id in [grids]"
                    ),
                ));
            };
            codes.push((feature.index, Some(code.clone())));
            source.names.push(feature.text("name").unwrap_or_default());
            source.zones.push(Zone {
                code,
                area_m2: ellipsoidal_area(&area, &to_degrees),
                geometry: area,
                people: attributes.count(&feature, &["people"])?,
                households: attributes.count(&feature, &["households"])?,
            });
            geometries.push(feature.geometry);
        }
        let outside = |zone: &&Zone| !touches(&self.geometry, self.known, &zone.geometry);
        let n_outside = source.zones.iter().filter(outside).count();
        self.on_ground(&grids.source, source.zones.len(), n_outside)?;
        findings.extend(attributes.findings());
        refuse_same_codes(codes, &file)?;
        let codes = source.zones.iter().map(|zone| zone.code.as_str());
        findings.extend(without_effect::overlaps(
            codes.zip(&geometries),
            in_degrees,
            &file,
        ));
        Ok(Zones {
            source,
            geometries,
            crs: named,
            findings,
        })
    }
}

/// Area on the ellipsoid [m²] of an area in a projected CRS; `None` where it cannot be unprojected.
pub(crate) fn ellipsoidal_area(area: &MultiPolygon<f64>, to_degrees: &Projector) -> Option<f64> {
    use geo::MapCoords;
    let lonlat = area.try_map_coords(|c| {
        to_degrees
            .convert(c.x, c.y)
            .map(|[x, y]| geo::Coord { x, y })
    });
    lonlat.ok().map(|a| geodesic_area_m2(&a))
}

/// The roughness as one value a cell.
fn as_field(manning: &mut Manning, n_cells: usize) -> &mut Vec<f32> {
    if let Manning::Uniform(n) = manning {
        *manning = Manning::Field(vec![*n as f32; n_cells]);
    }
    match manning {
        Manning::Field(field) => field,
        Manning::Uniform(_) => unreachable!("made a field above"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::ControlFlow;
    use stormgrid_core::raster::Raster;
    use stormgrid_formats::elevation::write_geotiff;

    /// A folder with 2 km × 1 km of ground at 20 m, a ditch along its middle, somewhere in Jiangmen.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let geometry =
            RasterGeometry::new(100, 50, 410_000.0, 2_495_000.0, 20.0, 20.0).expect("valid");
        let ditch = |row: usize| {
            if row == 25 {
                0.0
            } else {
                1.0 + 0.002 * row as f32
            }
        };
        let ground = Raster::from_fn(geometry, |row, _| ditch(row));
        let write = |name: &str, raster: &Raster<f32>| {
            let bytes = write_geotiff(raster, Some("EPSG:4547"), -9999.0).expect("a raster");
            std::fs::write(folder.path().join(name), bytes).expect("written");
        };
        write("dem.tif", &ground);
        write(
            "cn.tif",
            &Raster::from_fn(geometry, |_, col| 60.0 + 0.3 * col as f32),
        );
        let radar = RasterGeometry::new(2, 1, 410_000.0, 2_495_000.0, 1000.0, 1000.0);
        write("rain.tif", &Raster::filled(radar.expect("valid"), 60.0));
        folder
    }

    fn run(folder: &Path, body: &str) -> Result<Summary, ProjectError> {
        let text = format!(
            "[run]\nstart = \"2017-08-23T00:00:00+08:00\"\nduration_s = 1800\noutput_interval_s = 900\n{body}"
        );
        let path = folder.join("scenario.toml");
        std::fs::write(&path, text).expect("written");
        let options = RunOptions {
            threads: 2,
            frames: false,
            ..RunOptions::default()
        };
        simulate(&path, &folder.join("out"), &options, &mut |_| {
            ControlFlow::Continue(())
        })
    }

    /// Rain as rasters, curve numbers, a levee, and one structure of every kind at once.
    #[test]
    fn everything_of_a_scenario_is_built_and_balances() {
        let folder = folder();
        let at =
            |row: usize, col: usize| format!("[{}, {}]", 410_010 + 20 * col, 2_494_990 - 20 * row);
        std::fs::write(
            folder.path().join("radar.csv"),
            "time_s,raster\n0,rain.tif\n900,rain.tif\n",
        )
        .expect("written");
        for scheme in ["finite_volume", "finite_volume_2", "local_inertial"] {
            let body = format!(
                "[terrain]\nelevation = \"dem.tif\"\n\
                 infiltration = {{ method = \"scs\", curve_number = \"cn.tif\" }}\n\
                 [initial]\nlevel = 1.02\n[rain]\nrasters = \"radar.csv\"\n[solver]\nscheme = \"{scheme}\"\n\
                 [[structure]]\nkind = \"levee\"\nline = [[410000, 2494700], [412000, 2494700]]\ncrest_m = 2.0\n\
                 [[structure]]\nkind = \"pump\"\nname = \"北站\"\nat = {}\nto = {}\nrate_m3_s = 0.8\n\
                 [[structure]]\nkind = \"culvert\"\nat = {}\nto = {}\ndiameter_m = 1.0\n\
                 [[structure]]\nkind = \"drain\"\nat = {}\nradius_m = 100\ncapacity_mm_h = 36\n\
                 [[structure]]\nkind = \"weir\"\nat = {}\noutside_m = 0.5\ncrest_m = 0.9\nwidth_m = 3\n\
                 [[structure]]\nkind = \"gate\"\nat = {}\nsill_m = 0\nwidth_m = 2\nopening_m = 0.5\non_m = 0.8\noff_m = 0.2\n\
                 [[structure]]\nkind = \"breach\"\nat = {}\nto = {}\ncrest_m = 3\nfloor_m = 0\nwidth_m = 20\nstart_s = 60\nopening_s = 300\n\
                 [[structure]]\nkind = \"reservoir\"\nto = {}\nstorage = [[10, 0], [15, 50000]]\nlevel_m = 14\nrule = [[10, 0], [15, 8]]\n",
                at(25, 5),
                at(10, 5),
                at(25, 40),
                at(25, 60),
                at(40, 50),
                at(25, 90),
                at(25, 95),
                at(25, 70),
                at(26, 70),
                at(25, 20),
            );
            let summary = run(folder.path(), &body).expect("a finished run");
            assert!(
                summary.volume_error_rel < 1e-6,
                "{}",
                summary.volume_error_rel
            );
            let line = |name: &str| {
                let found = summary.ledger.iter().find(|line| line.source == name);
                found
                    .unwrap_or_else(|| panic!("{name} is in the ledger"))
                    .clone()
            };
            // 60 mm/h over 2 km² for half an hour.
            assert!((line("rain").in_m3 / 60_000.0 - 1.0).abs() < 0.01);
            let soaked = line("infiltration").out_m3;
            assert!((20_000.0..59_000.0).contains(&soaked), "{soaked}");
            for name in ["structure 4", "structure 5", "structure 6"] {
                assert!(line(name).out_m3 > 10.0, "{name}");
            }
            assert!(line("structure 8").in_m3 > 1000.0);
            let pump = &summary.structures[0];
            assert_eq!((pump.structure, pump.kind.as_str()), (2, "pump"));
            assert_eq!(pump.name.as_deref(), Some("北站"));
            assert!(
                (pump.forward_m3 / (0.8 * 1800.0) - 1.0).abs() < 0.01,
                "{pump:?}"
            );
            assert_eq!(summary.structures.len(), 7);
        }
    }

    /// A storm over the place moves the water, and a place that is none is told by its number.
    #[test]
    fn a_typhoon_acts_on_the_water_and_faults_name_their_place() {
        let folder = folder();
        let track = "name,agency,time_utc,lat,lon,vmax_kt,pmin_hpa\n\
                     T,CMA,2017-08-22T12:00:00Z,22.3,113.2,87,950\n\
                     T,CMA,2017-08-23T00:00:00Z,22.6,112.6,78,960\n";
        std::fs::write(folder.path().join("track.csv"), track).expect("written");
        let calm = "[terrain]\nelevation = \"dem.tif\"\n[initial]\nlevel = 2.0\n[solver]\nscheme = \"local_inertial\"\n";
        let still = run(folder.path(), calm).expect("a finished run");
        let blown = run(
            folder.path(),
            &format!("{calm}[typhoon]\ntrack = \"track.csv\"\n"),
        )
        .expect("a finished run");
        assert_ne!(still.digest, blown.digest);
        assert!(blown.volume_error_rel < 1e-6);
        assert!(blown.notes.iter().any(|note| note.en.contains("typhoon")));
        let fault = run(
            folder.path(),
            &format!("{calm}[[structure]]\nkind = \"pump\"\nat = [5.0, 5.0]\nrate_m3_s = 1\n"),
        );
        let text = fault.expect_err("outside").to_string();
        assert!(
            text.contains("scenario.toml: [[structure]] 1: [5, 5] lies outside the terrain; give"),
            "{text}"
        );
    }
}
