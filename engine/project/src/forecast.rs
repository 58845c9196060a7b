//! `forecast`: a storm's track over a twin, from wind to people reached.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use geo::MultiPolygon;
use serde::{Deserialize, Serialize};
use stormgrid_core::frame::Geodetic;
use stormgrid_core::ids::CellIdx;
use stormgrid_core::message;
use stormgrid_core::message::{Bilingual, Message};
use stormgrid_core::raster::RasterGeometry;
use stormgrid_formats::attributes::Attributes;
use stormgrid_formats::frames::FrameGrid;
use stormgrid_sim::exposure::{Cells, Crossing, Crossings, ROAD_THRESHOLDS_M, ZoneFrame};
use stormgrid_sim::flood::{
    Boundary, BoundaryKind, BoundaryPlace, Domain, Flood, Inflow, Initial, Rain, Scheme, Setup,
};
use stormgrid_sim::sea::Transect;
use stormgrid_sim::typhoon::Parameters;

use crate::drive::{Moment, Observer, Progress, Stage, drive_looking, tell};
use crate::evacuation::{PlanBasis, StayRule, WayRule};
use crate::figures::{self, CourseWatch, Courses, FloodEnd, LayerTotals};
use crate::files::{self, RunFolder};
use crate::forecast_file::{self, ForecastFile, TransectName};
use crate::ground::{Crest, Ground, blocked_cells, cells_of, share_of_ground};
use crate::hazards::{self, Hazards};
use crate::impact::{Impact, Impacts};
use crate::rehearsal::{self, Rehearsal, Standing};
use crate::results::{Summary, write_permanent_water, write_rasters, write_summary};
use crate::sea::{SeaChoice, SeaLevel};
use crate::simulate::Reader;
use crate::storm::{self, Forcing, Storm, StormTable};
use crate::storm_names::storm_name;
use crate::timeline::Numbers;
use crate::twin::LoadedTwin;
use crate::warning::{Rules, draft_files};
use crate::{ProjectError, input_check, messages, rain, result, tables, vectors};

/// Cells at and above this size have no buildings in them [m]: hardly a house fills half of one.
pub(crate) const OBSTACLE_CELL_M: f64 = 15.0;

/// What to forecast.
#[derive(Clone, Debug)]
pub struct ForecastOptions {
    /// Another track than that of `forecast.toml`.
    pub track: Option<PathBuf>,
    /// Name of the storm in that track.
    pub storm: Option<String>,
    /// Agency whose track it is, where the file holds several.
    pub agency: Option<String>,
    /// Cell size [m].
    pub cell_size_m: f64,
    /// Another length than that of `forecast.toml` [s].
    pub duration_s: Option<f64>,
    /// Threads; 0 takes what the machine has. The result does not depend on it.
    pub threads: usize,
    /// The scheme; without it local inertial for a quick first picture with coarse cells, and finite
    /// volumes where cells are fine enough for buildings: there steps of their own make up for it.
    pub scheme: Option<Scheme>,
    /// What makes it differ from the twin's own forecast.
    pub rehearsal: Rehearsal,
}

impl ForecastOptions {
    /// The scheme that is used.
    pub fn scheme(&self) -> Scheme {
        self.scheme
            .unwrap_or(match self.cell_size_m < OBSTACLE_CELL_M {
                true => Scheme::FiniteVolume,
                false => Scheme::LocalInertial,
            })
    }
}

/// What a forecast hands out while it runs.
pub trait Listener {
    /// How far it is; [`std::ops::ControlFlow::Break`] ends it.
    fn progress(&mut self, progress: Progress) -> std::ops::ControlFlow<()>;
    /// The storm, as soon as it is known.
    fn storm(&mut self, storm: &Arc<StormTable>);
    /// A frame of water, in order, the message for the viewer.
    fn frame(&mut self, frame: Vec<u8>);
}

/// State of the zones of one layer over time; one column a zone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerSeries {
    /// The layer.
    pub layer: String,
    /// Seconds after the start.
    pub time_s: Vec<f64>,
    /// Codes of the zones.
    pub codes: Vec<String>,
    /// Share of each zone under 0.15 m or more, a row for each time; null where nothing is modelled.
    pub flooded_share: Vec<Vec<Option<f32>>>,
    /// People known to be in reach of the water; null where that is not known.
    pub people_reached: Vec<Vec<Option<f32>>>,
    /// Greatest depth [m]; null where nothing is modelled.
    pub depth_max_m: Vec<Vec<Option<f32>>>,
}

/// A finished forecast.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// Numbers of the run.
    pub summary: Summary,
    /// Exposure of every layer and asset.
    pub impacts: Impacts,
    /// Zones over time.
    pub series: Vec<LayerSeries>,
    /// The storm.
    pub storm: Arc<StormTable>,
    /// Levels of all hazards.
    pub hazards: Hazards,
    /// When roads and facilities stand under water.
    pub times: Times,
    /// What a plan needs of the run.
    pub basis: PlanBasis,
    /// Depth at the walls of buildings over time.
    pub courses: Courses,
}

/// When roads and facilities stand at or above some depths.
///
/// Times come from looks every [`LOOK_S`] seconds and the output times, with straight lines between them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Times {
    /// The depths [m], ascending: those of the rules for warnings and of the road columns.
    pub depths_m: Vec<f64>,
    /// Of every road segment, in the order of the assets, one for each depth.
    pub roads: Vec<Vec<Crossing>>,
    /// Of every facility, in the order of the assets, one for each depth.
    pub facilities: Vec<Vec<Crossing>>,
}

impl Times {
    /// When a road stands at a depth; never where the depth is none of those that were watched.
    pub fn road(&self, road: usize, depth_m: f64) -> Crossing {
        self.of(&self.roads, road, depth_m)
    }

    /// When a facility stands at a depth; never where the depth is none of those that were watched.
    pub fn facility(&self, facility: usize, depth_m: f64) -> Crossing {
        self.of(&self.facilities, facility, depth_m)
    }

    fn of(&self, all: &[Vec<Crossing>], place: usize, depth_m: f64) -> Crossing {
        let depth = self.depths_m.iter().position(|&d| d == depth_m);
        depth
            .and_then(|d| all.get(place)?.get(d).copied())
            .unwrap_or_default()
    }
}

/// Distance of the looks at roads and facilities [s]: an underpass fills within a quarter of an hour, and a
/// warning is told to the nearest five minutes.
pub const LOOK_S: f64 = 300.0;

/// When and how long a forecast of a twin runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Start, RFC 3339.
    pub start: String,
    /// Length [s].
    pub duration_s: f64,
    /// Interval of frames [s].
    pub output_interval_s: f64,
    /// Name of the storm.
    pub storm: String,
}

/// Reads when and how long a forecast of a twin runs.
pub fn plan(twin: &LoadedTwin) -> Result<Plan, ProjectError> {
    plan_of(twin, &Rehearsal::default())
}

/// The same for a rehearsal, whose advisory may begin at another time.
pub fn plan_of(twin: &LoadedTwin, rehearsal: &Rehearsal) -> Result<Plan, ProjectError> {
    let mut file = ForecastFile::read(&twin.dir.join(FORECAST_FILE))?;
    if let Some(storm) = rehearsal.begin(&mut file)? {
        file.storm.name = Some(storm);
    }
    Ok(Plan {
        start: file.storm.start.to_rfc3339(),
        duration_s: file.storm.duration_s,
        output_interval_s: file.storm.output_interval_s,
        storm: file.storm.name.unwrap_or_default(),
    })
}

/// Name of the file in a twin's folder.
pub const FORECAST_FILE: &str = "forecast.toml";

/// Runs a forecast. With `out` it leaves a run folder there, whole or not at all.
pub fn forecast(
    twin: &LoadedTwin,
    options: &ForecastOptions,
    out: Option<&Path>,
    listener: &mut dyn Listener,
) -> Result<Forecast, ProjectError> {
    tell(&mut |p| listener.progress(p), Stage::Load, 0.0)?;
    let folder = out.map(RunFolder::begin).transpose()?;
    let mut file = ForecastFile::read(&twin.dir.join(FORECAST_FILE))?;
    options.rehearsal.check(twin)?;
    options.rehearsal.begin(&mut file)?;
    // Rules that cannot be used are told before anything is computed.
    let rules = Rules::of_twin(&twin.dir)?;
    let stay = StayRule::of_twin(&twin.dir)?;
    let way = WayRule::of_twin(&twin.dir)?;
    let duration = options.duration_s.unwrap_or(file.storm.duration_s);
    let interval = file.storm.output_interval_s;
    tell(&mut |p| listener.progress(p), Stage::Storm, 0.0)?;
    let forcing = forcing(twin, &file, options, duration)?;
    let source = source_of(&forcing.track.agency, options);
    let table = Arc::new(forcing.table(twin.middle(), source));
    listener.storm(&table);
    let ground = PreparedGround::new(twin, &file, options.cell_size_m)?;
    let (setup, standing) = setup(twin, &file, &forcing, &ground, options)?;
    let hazard_rules = hazards::rules(twin)?;
    let weather = hazards::Weather::of(&setup, &forcing);
    let frames = FrameGrid::new(ground.geometry, &twin.ground.elevation).map_err(|e| {
        ProjectError::input(
            terrain(),
            e.to_string(),
            message!("fix.smaller", "use a smaller one"),
        )
    })?;
    let frames = frames.with_permanent_water(
        &figures::permanent_water(&ground.initial_depth),
        Some(ground.initial_level_m - f64::from(figures::PERMANENT_WATER_M)),
    );
    let mut depths_m: Vec<f64> = ROAD_THRESHOLDS_M
        .into_iter()
        .chain(rules.depths_m())
        .chain([way.depth_m])
        .collect();
    depths_m.sort_by(f64::total_cmp);
    depths_m.dedup();
    let mut watch = Watch::new(twin, &ground, &options.rehearsal, depths_m);
    // Two borrows of the listener would meet in the loop; the frames wait in between.
    let pending = std::cell::RefCell::new(Vec::new());
    let driven = {
        let mut observer = |progress: Progress| {
            for frame in pending.borrow_mut().drain(..) {
                listener.frame(frame);
            }
            listener.progress(progress)
        };
        let observer: &mut Observer<'_> = &mut observer;
        drive_looking(
            Flood::new(setup)?,
            duration,
            interval,
            LOOK_S,
            observer,
            &mut |moment, time, flood| {
                let depth = flood.depth();
                watch.look(time, &depth, &flood.depth_max())?;
                let Moment::Frame(number) = moment else {
                    return Ok(());
                };
                let message = frames.encode(time, &depth, &flood.level());
                if let Some(folder) = &folder {
                    folder.write(&result::frame_name(number), &message)?;
                }
                pending.borrow_mut().push(message);
                watch.see(time, &depth)
            },
        )?
    };
    for frame in pending.into_inner() {
        listener.frame(frame);
    }
    tell(&mut |p| listener.progress(p), Stage::Exposure, 0.97)?;
    let maxima = driven.flood.maxima();
    let Watched {
        impacts,
        series,
        times,
        courses,
        mut flood_end,
    } = watch.finish(&maxima)?;
    let hazards = hazards::assess(twin, hazard_rules, weather, &ground, &impacts, &maxima)?;
    let title = title_of(&forcing.track.name, options);
    let start = forcing.start.to_rfc3339();
    let basis = PlanBasis::new(
        twin,
        &ground,
        (&impacts, &times),
        &maxima,
        (&start, duration),
        (&stay, &way),
        rules.close_depth_m(),
    )?;
    flood_end.roads_closed = basis.roads_closed_at_end();
    let mut summary = Summary::of(&driven, &ground.geometry, title, &start, duration);
    summary.structures = standing.entries(&driven.flood);
    summary.copy_of = options.rehearsal.copy_of.clone();
    summary.changes = options.rehearsal.changes.clone();
    summary.notes.push(forcing.first_order.clone());
    summary.notes.extend(forcing.notes.iter().cloned());
    summary.notes.push(scheme_note(options.scheme()));
    summary.notes.extend(ground.notes.iter().cloned());
    summary.notes.extend(impacts.unknown_notes());
    summary.input = input_check::of_loaded(twin).reported();
    summary.end_of_flood(flood_end, forcing.start);
    let layers = impacts.layers.iter();
    summary.totals = layers
        .map(|(layer, rows)| LayerTotals::of(layer, rows))
        .collect();
    let mut forecast = Forecast {
        summary,
        impacts,
        series,
        storm: table,
        hazards,
        times,
        basis,
        courses,
    };
    if let Some(folder) = folder {
        // A twin that cannot be warned can still be forecast.
        if let Err(error) = draft_files(&folder, twin, &forecast, &rules) {
            forecast.summary.notes.push(messages::told(
                &Message::key("note.no_drafts").with("problem", error.message()),
            ));
        }
        write(&folder, twin, &ground, &driven.flood, &forecast)?;
        folder.finish()?;
    }
    tell(&mut |p| listener.progress(p), Stage::Done, 1.0)?;
    Ok(forecast)
}

/// Storm and cell size, unless people gave it a title.
fn title_of(storm: &str, options: &ForecastOptions) -> Bilingual {
    match &options.rehearsal.title {
        Some(title) => Bilingual::same(title),
        None => run_title(storm, options.cell_size_m),
    }
}

/// The title of a run that nobody has given one.
pub fn run_title(storm: &str, cell_size_m: f64) -> Bilingual {
    let cell = Bilingual::same(cell_size_m.to_string());
    messages::text_with(
        "title.run",
        &[("storm", &storm_name(storm)), ("cell", &cell)],
    )
}

/// Whose track it is.
fn source_of(agency: &str, options: &ForecastOptions) -> Bilingual {
    let slots = [("agency", agency.to_owned())];
    match (&options.rehearsal.advisory, agency.is_empty()) {
        (Some(_), true) => messages::text("source.own_advisory", &[]),
        (Some(_), false) => messages::text("source.advisory", &slots),
        (None, true) => messages::text("source.own_track", &[]),
        (None, false) => messages::text("source.track", &slots),
    }
}

/// What a scheme cannot represent.
pub(crate) fn scheme_note(scheme: Scheme) -> Bilingual {
    messages::told(
        &Message::key("note.scheme")
            .with("scheme", scheme.name())
            .with("limits", scheme.limits()),
    )
}

/// What messages call the ground.
pub(crate) fn terrain() -> Message {
    message!("thing.terrain", "the terrain")
}

pub(crate) fn forcing(
    twin: &LoadedTwin,
    file: &ForecastFile,
    options: &ForecastOptions,
    duration: f64,
) -> Result<Forcing, ProjectError> {
    let (storm, path) = storm_of(twin, file, options)?;
    let name = files::name(&path);
    let mut forcing = forcing_of(
        twin,
        file,
        storm,
        &name,
        (duration, options.cell_size_m),
        options.threads,
    )?;
    rehearsal::on_forcing(&mut forcing, &options.rehearsal.changes);
    Ok(forcing)
}

/// The storm of a forecast, and the file of its track.
pub(crate) fn storm_of(
    twin: &LoadedTwin,
    file: &ForecastFile,
    options: &ForecastOptions,
) -> Result<(Storm, PathBuf), ProjectError> {
    let own = twin.dir.join(&file.storm.track);
    // Radii belong to the storm of the file; another track comes with its own or none.
    let advisory = options.rehearsal.advisory.as_deref();
    let (path, radii, name) = match &options.track {
        _ if advisory.is_some() => (PathBuf::from(rehearsal::ADVISORY), None, None),
        Some(path) => (path.clone(), None, options.storm.as_deref()),
        None => (
            own,
            file.storm.radii.as_ref().map(|r| twin.dir.join(r)),
            options.storm.as_deref().or(file.storm.name.as_deref()),
        ),
    };
    let own_agency = file.storm.agency.as_deref();
    let own_agency = own_agency.filter(|_| advisory.is_none() && options.track.is_none());
    let storm = storm::read_storm(&storm::Choice {
        text: advisory,
        radii: radii.as_deref(),
        name,
        agency: options.agency.as_deref().or(own_agency),
        parameters: parameters(file),
        rain: file.storm.rain,
        ..storm::Choice::of(&path)
    })?;
    let changes = &options.rehearsal.changes;
    let storm = rehearsal::moved_storm(storm, changes, parameters(file))?;
    Ok((storm, path))
}

/// The wind model that a twin asks for.
pub(crate) fn parameters(file: &ForecastFile) -> Parameters {
    Parameters {
        profile: file.storm.model,
        asymmetry: file.storm.asymmetry,
        ..Parameters::default()
    }
}

/// What a storm does to a twin: the one place where wind, rain and sea level of a run come from.
///
/// - `name`: what messages call the track
/// - `(duration, cell_size)`: of the run [s], and of its cells [m]
/// - `threads`: for the surge over the shelf; 0 takes what the machine has
pub(crate) fn forcing_of(
    twin: &LoadedTwin,
    file: &ForecastFile,
    storm: Storm,
    name: &str,
    (duration, cell_size): (f64, f64),
    threads: usize,
) -> Result<Forcing, ProjectError> {
    let start = file.storm.start;
    let covered = storm
        .model
        .time_range()
        .is_some_and(|(first, last)| first <= start.plus_seconds(duration) && start <= last);
    if !covered {
        return Err(ProjectError::input(
            name,
            message!(
                "fault.track.apart",
                "its fixes do not meet the run's time, which starts at {start}",
                start = start.to_rfc3339()
            ),
            message!(
                "fix.track.apart",
                "set start in forecast.toml to the time of this storm"
            ),
        ));
    }
    let sea = sea_level(twin, file)?;
    let model = Arc::new(storm.model.clone());
    let relation = storm.rain;
    let mut forcing = Forcing::with_sea(storm, &sea, start, duration, threads)?;
    let geometry = twin.ground.geometry_at(cell_size)?;
    let middle = twin.ground.elevation.geometry().bounds().center();
    let elevation = twin.ground.elevation_on(geometry, &[]);
    let known: Vec<bool> = elevation.values().iter().map(|z| z.is_finite()).collect();
    let cover = twin.ground.cover_on(geometry);
    let reader = Reader::of_twin(&twin.dir, duration);
    let rain = rain::rain(
        &rain::Place {
            reader: &reader,
            frame: Some(&twin.frame),
            geometry: &geometry,
            known: &known,
            cover: &cover,
            unit_m: 1.0,
            start,
            duration_s: duration,
        },
        &file.rain,
        Some((model, relation)),
    )?;
    forcing.rain = Some((rain, [middle.x, middle.y]));
    let found = reader.findings.into_inner();
    let found = sea.findings().into_iter().chain(found);
    let found = found.map(|finding| messages::told(&finding.message()));
    forcing.notes.extend(found);
    let far = storm::far_from(&forcing.track, twin.middle());
    forcing.notes.extend(far);
    Ok(forcing)
}

/// What makes the level of the sea at a twin's boundary, after its `forecast.toml`: the tide, and the surge over
/// the shelf, or along a transect where no sea floor is given. Made once, it can be asked for many storms.
pub fn sea_level_of(twin: &LoadedTwin) -> Result<SeaLevel, ProjectError> {
    sea_level(twin, &ForecastFile::read(&twin.dir.join(FORECAST_FILE))?)
}

pub(crate) fn sea_level(twin: &LoadedTwin, file: &ForecastFile) -> Result<SeaLevel, ProjectError> {
    let tide = storm::tide_of(
        &twin.dir.join(&file.tide.constituents),
        &file.tide.station,
        file.tide.mean_level_m,
    )?;
    let transect = match file.tide.transect {
        TransectName::Modaomen => Transect::modaomen(),
        TransectName::Macau => Transect::macau(),
        TransectName::HongKong => Transect::hong_kong(),
    };
    let coast = transect.coast();
    let level = SeaLevel::of_transect(tide.predictor, transect).with_findings(tide.findings);
    let Some(sea) = &file.sea else {
        return Ok(level);
    };
    let choice = SeaChoice {
        bathymetry: twin.dir.join(&sea.bathymetry),
        land: sea.land.as_ref().map(|land| twin.dir.join(land)),
        cell_size_m: sea.cell_size_m,
    };
    let at = match sea.at {
        Some([lon, lat]) => Geodetic::from_degrees(lon, lat).map_err(|e| {
            let remedy = message!(
                "fix.sea.place",
                "give longitude and latitude as `at` in [sea]"
            );
            ProjectError::input(FORECAST_FILE, e.message(), remedy)
        })?,
        None => coast,
    };
    Ok(level.nested(choice.nest(at)?))
}

/// The ground of a run, and what is closed or always wet on it.
pub(crate) struct PreparedGround {
    pub(crate) geometry: RasterGeometry,
    pub(crate) elevation: Vec<f64>,
    pub(crate) blocked: Vec<bool>,
    /// Share of each cell that has ground [-].
    pub(crate) ground: Vec<f32>,
    pub(crate) initial_depth: Vec<f32>,
    /// Share of each cell that has ground; empty where all that have any are whole.
    pub(crate) cover: Vec<f64>,
    /// What is to be said of the cells.
    pub(crate) notes: Vec<Bilingual>,
    /// Level of the water at the start [m].
    pub(crate) initial_level_m: f64,
}

impl PreparedGround {
    pub(crate) fn new(
        twin: &LoadedTwin,
        file: &ForecastFile,
        cell_size: f64,
    ) -> Result<Self, ProjectError> {
        let geometry = twin.ground.geometry_at(cell_size)?;
        let crests = match &file.terrain.dikes {
            Some(name) => crests(twin, name)?,
            None => Vec::new(),
        };
        let elevation = twin.ground.elevation_on(geometry, &crests).into_values();
        let blocked = if cell_size < OBSTACLE_CELL_M {
            blocked_cells(&geometry, twin.footprints())
        } else {
            Vec::new()
        };
        let level = file.water.initial_level_m;
        let initial_depth = elevation
            .iter()
            .map(|&z| (level - z).max(0.0) as f32)
            .collect();
        let cover = twin.ground.cover_on(geometry);
        let found = Ground::notes_on(
            &twin.manifest.terrain.elevation,
            &geometry,
            Some(cell_size),
            (&elevation, &cover),
            Some(level),
        );
        let notes = found
            .iter()
            .map(|finding| messages::told(&finding.message()));
        Ok(Self {
            notes: notes.collect(),
            geometry,
            ground: share_of_ground(&elevation, &cover),
            cover,
            elevation,
            blocked,
            initial_depth,
            initial_level_m: level,
        })
    }

    /// What the cells are to the water.
    pub(crate) fn cells(&self) -> Cells<'_> {
        Cells {
            ground: &self.ground,
            blocked: &self.blocked,
        }
    }
}

impl PreparedGround {
    fn has_ground(&self, cell: CellIdx) -> bool {
        self.elevation[cell.index()].is_finite()
    }

    fn is_beside_ground(&self, cell: CellIdx) -> bool {
        let beside = hazards::around(&self.geometry, cell);
        beside.into_iter().any(|cell| self.has_ground(cell))
    }
}

pub(crate) fn crests(twin: &LoadedTwin, name: &str) -> Result<Vec<Crest>, ProjectError> {
    let path = twin.dir.join(name);
    let mut crests = Vec::new();
    let file = files::name(&path);
    let mut attributes = Attributes::new(&file, &[]);
    for (feature, lines) in vectors::lines(&path, &twin.frame)? {
        let Some(height) = attributes.quantity(&feature, &["crest_m"])? else {
            return Err(ProjectError::input(
                &files::name(&path),
                message!(
                    "fault.feature.crest",
                    "feature {index} has no number 'crest_m'",
                    index = feature.index
                ),
                message!(
                    "fix.feature.crest",
                    "give the height of the crest in metres"
                ),
            ));
        };
        crests.extend(lines.into_iter().map(|line| Crest { line, height }));
    }
    Ok(crests)
}

pub(crate) fn setup(
    twin: &LoadedTwin,
    file: &ForecastFile,
    forcing: &Forcing,
    ground: &PreparedGround,
    options: &ForecastOptions,
) -> Result<(Setup, Standing), ProjectError> {
    let mut setup = Setup::new(Domain {
        geometry: ground.geometry,
        elevation: ground.elevation.clone(),
        manning: twin.ground.manning_on(ground.geometry),
        blocked: ground.blocked.clone(),
    });
    setup.cover = ground.cover.clone();
    setup.options.threads = options.threads;
    setup.options.scheme = options.scheme();
    setup.initial = Initial::Level(file.water.initial_level_m);
    setup.rain = forcing
        .rain
        .as_ref()
        .map_or(Rain::None, |(rain, _)| rain.times(forcing.rain_factor));
    for boundary in &file.boundary {
        let kind = match boundary.kind {
            forecast_file::BoundaryKind::Sea => BoundaryKind::Level(forcing.sea.level.clone()),
            forecast_file::BoundaryKind::Free => BoundaryKind::Free,
        };
        let cells = open_cells(twin, ground, &boundary.polygon, true)?;
        setup.boundaries.push(Boundary {
            place: BoundaryPlace::Cells(cells.into_iter().map(|(cell, _)| cell).collect()),
            kind,
        });
    }
    for inflow in &file.inflow {
        let discharge = Reader::of_twin(&twin.dir, forcing.duration_s).series(
            inflow.discharge_m3_s,
            inflow.series.as_deref(),
            Numbers::Discharge,
            inflow.ends(),
        )?;
        setup.inflows.push(Inflow {
            cells: open_cells(twin, ground, &inflow.polygon, false)?,
            discharge,
        });
    }
    let standing = rehearsal::on_setup(&mut setup, twin, file, &options.rehearsal.changes)?;
    Ok((setup, standing))
}

/// Cells with ground that the polygons of a file cover by half; where none is, all that they touch.
///
/// - `beside`: cells without ground count too where a cell beside them has ground, for a sea that the terrain leaves out
pub(crate) fn open_cells(
    twin: &LoadedTwin,
    ground: &PreparedGround,
    name: &str,
    beside: bool,
) -> Result<Vec<(CellIdx, f64)>, ProjectError> {
    let path = twin.dir.join(name);
    let areas: Vec<MultiPolygon<f64>> = vectors::polygons(&path, &twin.frame)?
        .into_iter()
        .map(|(_, area)| area)
        .collect();
    let open = |least: f64| -> Vec<(CellIdx, f64)> {
        areas
            .iter()
            .flat_map(|area| cells_of(&ground.geometry, area, least))
            .filter(|(cell, _)| {
                ground.has_ground(*cell) || beside && ground.is_beside_ground(*cell)
            })
            .collect()
    };
    let mut cells = open(0.5);
    if cells.is_empty() {
        cells = open(0.0);
    }
    if cells.is_empty() {
        return Err(ProjectError::input(
            &files::name(&path),
            message!(
                "fault.polygons_outside",
                "its polygons lie outside the terrain"
            ),
            message!("fix.check_crs", "check the coordinates and the CRS"),
        ));
    }
    Ok(cells)
}

/// Watches zones over time; exposure is bound to the cells at the first frame.
struct Watch<'a> {
    twin: &'a LoadedTwin,
    ground: &'a PreparedGround,
    rehearsal: &'a Rehearsal,
    impact: Option<Impact>,
    series: Vec<LayerSeries>,
    roads: Option<Crossings>,
    facilities: Option<Crossings>,
    depths_m: Vec<f64>,
    courses: CourseWatch,
    flood_end: FloodEnd,
}

/// What was seen.
struct Watched {
    impacts: Impacts,
    series: Vec<LayerSeries>,
    times: Times,
    courses: Courses,
    flood_end: FloodEnd,
}

impl<'a> Watch<'a> {
    /// - `depths_m`: whose times are kept [m], ascending
    fn new(
        twin: &'a LoadedTwin,
        ground: &'a PreparedGround,
        rehearsal: &'a Rehearsal,
        depths_m: Vec<f64>,
    ) -> Self {
        Self {
            depths_m,
            twin,
            ground,
            rehearsal,
            impact: None,
            series: Vec::new(),
            roads: None,
            facilities: None,
            courses: CourseWatch::default(),
            flood_end: FloodEnd::default(),
        }
    }

    fn impact(&mut self) -> Result<&Impact, ProjectError> {
        let impact = match self.impact.take() {
            Some(impact) => impact,
            None => {
                let (assets, zones) = rehearsal::without_evacuated(
                    self.twin,
                    &self.rehearsal.changes,
                    self.twin.assets(),
                    self.twin.zone_sources(),
                );
                Impact::new(
                    self.ground.geometry,
                    self.ground.cells(),
                    &self.ground.initial_depth,
                    assets,
                    zones,
                )?
            }
        };
        Ok(self.impact.insert(impact))
    }

    /// - `depth`, `greatest`: of all cells, now and over all steps so far [m]
    fn look(&mut self, time_s: f64, depth: &[f32], greatest: &[f32]) -> Result<(), ProjectError> {
        let cell_area = self.ground.geometry.cell_area();
        let impact = self.impact()?;
        let (now, worst) = (
            impact.roads_and_facilities(depth),
            impact.roads_and_facilities(greatest),
        );
        let at_walls = impact.buildings(greatest);
        let water_m3 = figures::flood_water_m3(depth, impact.permanent_water(), cell_area);
        self.courses.look(time_s, at_walls);
        self.flood_end.see(time_s, water_m3);
        let begun = |n| Crossings::new(n, &self.depths_m);
        self.roads
            .get_or_insert_with(|| begun(now.0.len()))
            .see(time_s, &now.0, &worst.0);
        self.facilities
            .get_or_insert_with(|| begun(now.1.len()))
            .see(time_s, &now.1, &worst.1);
        Ok(())
    }

    fn see(&mut self, time_s: f64, depth: &[f32]) -> Result<(), ProjectError> {
        let impact = self.impact()?;
        let (codes, frames) = (impact.codes(), impact.frame(depth)?);
        let at_walls = impact.buildings(depth);
        self.courses.see(time_s, &at_walls);
        if self.series.is_empty() {
            let begun = codes.into_iter().map(|(layer, codes)| LayerSeries {
                layer,
                codes,
                ..LayerSeries::default()
            });
            self.series = begun.collect();
        }
        for (series, zones) in self.series.iter_mut().zip(frames) {
            let column = |value: fn(&ZoneFrame) -> Option<f64>| {
                zones.iter().map(|z| value(z).map(|v| v as f32)).collect()
            };
            series.time_s.push(time_s);
            series.flooded_share.push(column(|z| z.flooded_share));
            series.people_reached.push(column(|z| z.people_reached));
            series.depth_max_m.push(column(|z| z.depth_max_m));
        }
        Ok(())
    }

    fn finish(mut self, maxima: &stormgrid_sim::flood::Maxima) -> Result<Watched, ProjectError> {
        let impacts = self.impact()?.rows(maxima)?;
        let told =
            |crossings: Option<Crossings>| crossings.map_or_else(Vec::new, Crossings::finish);
        let times = Times {
            depths_m: self.depths_m,
            roads: told(self.roads),
            facilities: told(self.facilities),
        };
        Ok(Watched {
            impacts,
            series: self.series,
            times,
            courses: self.courses.finish(),
            flood_end: self.flood_end,
        })
    }
}

fn write(
    folder: &RunFolder,
    twin: &LoadedTwin,
    ground: &PreparedGround,
    flood: &Flood,
    forecast: &Forecast,
) -> Result<(), ProjectError> {
    let (geometry, crs) = (twin.in_crs(ground.geometry), Some(twin.frame.crs.as_str()));
    write_rasters(folder, flood, ground.cells(), geometry, crs)?;
    let water = figures::permanent_water(&ground.initial_depth);
    write_permanent_water(folder, &water, geometry, crs)?;
    for (layer, rows) in &forecast.impacts.layers {
        folder.write(&format!("exposure/{layer}.csv"), &tables::csv(rows))?;
        if let Some(file) = twin.layers.iter().find(|l| &l.id == layer) {
            let bytes = tables::geojson(rows, &file.outlines, None)?;
            folder.write(&format!("exposure/{layer}.geojson"), &bytes)?;
        }
    }
    folder.write("exposure/buildings.csv", &buildings_csv(twin, forecast))?;
    folder.write("exposure/roads.csv", &roads_csv(twin, forecast))?;
    result::write_parts(folder, forecast)?;
    forecast.hazards.write(folder, twin)?;
    write_summary(folder, &forecast.summary)?;
    result::write(folder, forecast)
}

fn buildings_csv(twin: &LoadedTwin, forecast: &Forecast) -> Vec<u8> {
    let mut text = String::from(
        "id,name,address,people,modelled,modelled_share,depth_max_m,speed_max_mps,hazard_max,arrival_s,duration_s,floors_reached,damage\r\n",
    );
    let Some((_, layer)) = twin.twin.building_layer() else {
        return text.into_bytes();
    };
    let optional = |v: Option<f64>| v.map(|v| format!("{v:.0}")).unwrap_or_default();
    let metres = |v: Option<f64>| v.map(|v| format!("{v:.3}")).unwrap_or_default();
    for (building, e) in twin
        .twin
        .all::<stormgrid_twin::Building>(layer)
        .zip(&forecast.impacts.assets.buildings)
    {
        text.push_str(&format!(
            "{},{},{},{},{},{:.4},{},{},{},{},{},{},{}\r\n",
            tables::quoted(&building.id),
            tables::quoted(building.name.as_deref().unwrap_or_default()),
            tables::quoted(building.address.as_deref().unwrap_or_default()),
            building.people.map(|n| n.to_string()).unwrap_or_default(),
            e.modelled,
            e.modelled_share,
            metres(e.depth_max_m),
            metres(e.speed_max_mps),
            e.hazard_max
                .map(|h| h.number().to_string())
                .unwrap_or_default(),
            optional(e.arrival_s),
            optional(e.duration_s),
            if e.modelled {
                e.floors_reached.to_string()
            } else {
                String::new()
            },
            optional(e.damage),
        ));
    }
    text.into_bytes()
}

fn roads_csv(twin: &LoadedTwin, forecast: &Forecast) -> Vec<u8> {
    use stormgrid_twin::{GeometryKind, RoadSegment};
    let mut text = String::from(
        "code,name,class,length_m,unknown_m,depth_max_m,flooded_m_15cm,flooded_m_30cm,flooded_m_50cm,hazard_max,arrival_s,closes_s,reopens_s\r\n",
    );
    let lines = twin
        .twin
        .layers()
        .iter()
        .filter(|l| l.geometry == GeometryKind::Line);
    let roads = lines.flat_map(|layer| twin.twin.all::<RoadSegment>(layer));
    let optional = |v: Option<f64>| v.map(|v| format!("{v:.0}")).unwrap_or_default();
    for ((road, e), closing) in roads
        .zip(&forecast.impacts.assets.roads)
        .zip(&forecast.basis.roads)
    {
        text.push_str(&format!(
            "{},{},{},{:.1},{:.1},{},{:.1},{:.1},{:.1},{},{},{},{}\r\n",
            tables::quoted(&road.code),
            tables::quoted(&road.name),
            tables::quoted(&road.class),
            e.length_m,
            e.unknown_m,
            e.depth_max_m.map(|v| format!("{v:.3}")).unwrap_or_default(),
            e.flooded_m[0],
            e.flooded_m[1],
            e.flooded_m[2],
            e.hazard_max
                .map(|h| h.number().to_string())
                .unwrap_or_default(),
            optional(e.arrival_s),
            optional(closing.closes_s),
            optional(closing.reopens_s),
        ));
    }
    text.into_bytes()
}
