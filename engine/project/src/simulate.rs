//! `simulate`: one flood run from a scenario file.

use std::path::{Path, PathBuf};

use geo::MultiPolygon;
use stormgrid_core::area::geodesic_area_m2;
use stormgrid_core::ids::CellIdx;
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_core::series::Series;
use stormgrid_core::units::RainRate;
use stormgrid_crs::Projector;
use stormgrid_formats::elevation;
use stormgrid_formats::scenario::{
    self, BoundaryKind as Kind, BuildingsAs, NumberOrRaster, Scenario, Scheme, Side as ScenarioSide,
};
use stormgrid_sim::exposure::{Assets, Zone};
use stormgrid_sim::flood::{
    self, Boundary, BoundaryKind, BoundaryPlace, Domain, Flood, FloodError, Inflow, Initial,
    Manning, Rain, Setup, Side,
};

use crate::city::{self, BuildingSource};
use crate::drive::{Observer, Stage, drive, tell};
use crate::files::{self, RunFolder};
use crate::gauges::Gauges;
use crate::ground::{Ground, Roughness, blocked_cells, cells_in_disc, cells_of};
use crate::impact::{Impact, ZoneSource, exposed};
use crate::results::{Summary, depth_geotiff, write_rasters, write_summary};
use crate::storm::constant_or_file;
use crate::vectors::{self, Frame};
use crate::{ProjectError, tables};

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
    notes: Vec<String>,
}

struct Zones {
    source: ZoneSource,
    geometries: Vec<MultiPolygon<f64>>,
    crs: Option<String>,
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
fn choose_scheme(scenario: &Scenario, geometry: &RasterGeometry) -> (flood::Scheme, String) {
    match scenario.solver.scheme {
        Scheme::FiniteVolume => (flood::Scheme::FiniteVolume, String::new()),
        Scheme::LocalInertial => (flood::Scheme::LocalInertial, String::new()),
        Scheme::Auto => {
            // Signals of 10 m/s: 3 m of water that moves at 4.6 m/s.
            let step = 0.45 * geometry.dx.min(geometry.dy) / 10.0;
            let updates = geometry.n_cells() as f64 * scenario.run.duration_s / step;
            let (scheme, words) = match updates > AUTO_UPDATES {
                true => (flood::Scheme::LocalInertial, "more than"),
                false => (flood::Scheme::FiniteVolume, "within"),
            };
            let why = format!(
                " (auto: about {updates:.1e} cell updates, {words} the {AUTO_UPDATES:.0e} allowed for finite_volume)"
            );
            (scheme, why)
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
        let scenario = Scenario::read(&files::read(path)?, &file)?;
        let reader = Reader {
            base: path.parent().map(Path::to_path_buf).unwrap_or_default(),
            file,
        };
        let mut notes = Vec::new();
        let terrain_path = reader.path(&scenario.terrain.elevation);
        let terrain = elevation::read(&files::read(&terrain_path)?, &files::name(&terrain_path))?;
        notes.extend(terrain.warnings);
        let crs = terrain.crs;
        let roughness = match &scenario.terrain.roughness {
            NumberOrRaster::Number(n) => Roughness::Uniform(*n),
            NumberOrRaster::Raster(name) => Roughness::Raster(reader.raster(name)?),
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
        if crs
            .as_deref()
            .is_some_and(|c| stormgrid_crs::Crs::parse(c).is_ok_and(|c| c.is_geographic()))
        {
            return Err(ProjectError::input(
                &files::name(&terrain_path),
                "its cells are in degrees, and the flood needs metres",
                "project the raster, for example to EPSG:4547",
            ));
        }
        let elevation = ground.elevation_on(geometry, &[]);
        let places = Places {
            reader: &reader,
            geometry,
            crs: crs.as_deref(),
        };
        let mut manning = ground.manning_on(geometry);
        places.roughness_zones(&scenario, &mut manning)?;
        let buildings = match &scenario.buildings {
            Some(b) if b.treatment != BuildingsAs::Ignore => {
                city::read(&reader.path(&b.source), &places.frame()?)?.buildings
            }
            _ => Vec::new(),
        };
        let footprints = buildings.iter().map(|b| &b.footprint);
        let covered = blocked_cells(&geometry, footprints);
        let treatment = scenario.buildings.as_ref().map(|b| b.treatment);
        let blocked = match treatment {
            Some(BuildingsAs::Obstacle) => covered,
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
        setup.options.threads = threads;
        let (scheme, why) = choose_scheme(&scenario, &geometry);
        setup.options.scheme = scheme;
        notes.push(format!(
            "scheme {}{why}: {}",
            scheme.name(),
            scheme.limits()
        ));
        setup.initial = places.initial(&scenario.initial)?;
        setup.rain = rain(&reader, &scenario.rain)?;
        setup.boundaries = scenario
            .boundary
            .iter()
            .map(|b| places.boundary(b))
            .collect::<Result<_, _>>()?;
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
        let gauges = scenario
            .gauges
            .as_ref()
            .map(|g| {
                Gauges::read(
                    &reader.path(&g.source),
                    &geometry,
                    places.frame().ok().as_ref(),
                )
            })
            .transpose()?;
        Ok(Self {
            geometry,
            crs,
            setup,
            blocked,
            buildings,
            zones,
            gauges,
            notes,
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
            let note = "resumed at {} s: frames and gauges begin there, depths, maxima and volumes at the start";
            self.notes
                .push(note.replace("{}", &flood.time_s().to_string()));
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
        write_rasters(folder, &driven.flood, geometry, crs)?;
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
            let impact = Impact::new(
                geometry,
                &self.blocked,
                &initial_depth,
                assets,
                vec![zones.source],
            )?;
            let impacts = impact.rows(&driven.flood.maxima())?;
            for (_, rows) in &impacts.layers {
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
            &title.unwrap_or_default(),
            &start,
            duration,
        );
        summary.notes = self.notes;
        write_summary(folder, &summary)?;
        tell(observer, Stage::Done, 1.0)?;
        Ok(summary)
    }
}

/// Finds and reads the files that a scenario names.
struct Reader {
    base: PathBuf,
    file: String,
}

impl Reader {
    fn path(&self, name: &str) -> PathBuf {
        self.base.join(name)
    }

    fn raster(&self, name: &str) -> Result<Raster<f64>, ProjectError> {
        let path = self.path(name);
        Ok(elevation::read(&files::read(&path)?, &files::name(&path))?.raster)
    }

    fn series(&self, value: Option<f64>, name: Option<&str>) -> Result<Series, ProjectError> {
        let path = name.map(|n| self.path(n));
        // The scenario's reader has made sure that one of them is given.
        constant_or_file(value, path.as_deref()).map(Option::unwrap_or_default)
    }
}

/// Places of a scenario as cells of the run.
struct Places<'a> {
    reader: &'a Reader,
    geometry: RasterGeometry,
    crs: Option<&'a str>,
}

impl Places<'_> {
    fn frame(&self) -> Result<Frame, ProjectError> {
        self.crs.map(Frame::of_crs).ok_or_else(|| {
            ProjectError::input(
                &self.reader.file,
                "the terrain names no coordinate reference system, so that no polygon or building can be laid over it",
                "give the raster a CRS",
            )
        })
    }

    fn areas(&self, name: &str) -> Result<Vec<MultiPolygon<f64>>, ProjectError> {
        let found = vectors::polygons(&self.reader.path(name), &self.frame()?)?;
        Ok(found.into_iter().map(|(_, area)| area).collect())
    }

    /// Cells that polygons cover by half or more; the most covered one where none is.
    fn cells(&self, name: &str) -> Result<Vec<(CellIdx, f64)>, ProjectError> {
        let mut cells = Vec::new();
        for area in self.areas(name)? {
            let own = cells_of(&self.geometry, &area, 0.5);
            if own.is_empty() {
                let any = cells_of(&self.geometry, &area, 0.0);
                cells.extend(any.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)));
            } else {
                cells.extend(own);
            }
        }
        if cells.is_empty() {
            return Err(ProjectError::input(
                &files::name(&self.reader.path(name)),
                "its polygons lie outside the terrain",
                "check the coordinates and the CRS",
            ));
        }
        Ok(cells)
    }

    fn roughness_zones(
        &self,
        scenario: &Scenario,
        manning: &mut Manning,
    ) -> Result<(), ProjectError> {
        for zone in &scenario.roughness_zone {
            for area in self.areas(&zone.source)? {
                let field = as_field(manning, self.geometry.n_cells());
                for (cell, share) in cells_of(&self.geometry, &area, 0.0) {
                    let n = &mut field[cell.index()];
                    *n = (f64::from(*n) * (1.0 - share) + zone.manning * share) as f32;
                }
            }
        }
        Ok(())
    }

    /// A raster of the scenario on the cells of the run.
    fn on_cells(&self, name: &str) -> Result<Vec<f64>, ProjectError> {
        let raster = self.reader.raster(name)?;
        let values = if *raster.geometry() == self.geometry {
            raster
        } else {
            raster.resampled_mean(self.geometry)
        };
        Ok(values.into_values())
    }

    fn initial(&self, initial: &scenario::Initial) -> Result<Initial, ProjectError> {
        let uniform = |depth: f64| vec![depth; self.geometry.n_cells()];
        Ok(match (&initial.level, &initial.depth) {
            (Some(NumberOrRaster::Number(level)), _) => Initial::Level(*level),
            (Some(NumberOrRaster::Raster(name)), _) => Initial::LevelField(self.on_cells(name)?),
            (None, Some(NumberOrRaster::Number(depth))) => Initial::Depth(uniform(*depth)),
            (None, Some(NumberOrRaster::Raster(name))) => Initial::Depth(self.on_cells(name)?),
            (None, None) => Initial::Dry,
        })
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
                BoundaryPlace::Cells(
                    self.cells(name)?
                        .into_iter()
                        .map(|(cell, _)| cell)
                        .collect(),
                )
            }
        };
        let series = || {
            self.reader
                .series(boundary.value, boundary.series.as_deref())
        };
        let kind = match boundary.kind {
            Kind::Level => BoundaryKind::Level(series()?),
            Kind::Discharge => BoundaryKind::Discharge(series()?),
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
                if cells.is_empty() {
                    let problem = format!(
                        "the inflow at [{}, {}] lies outside the terrain",
                        at[0], at[1]
                    );
                    return Err(ProjectError::input(
                        &self.reader.file,
                        problem,
                        "give easting and northing in the terrain's CRS",
                    ));
                }
                cells
            }
        };
        Ok(Inflow {
            cells,
            discharge: self
                .reader
                .series(inflow.discharge_m3_s, inflow.series.as_deref())?,
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
        for (index, (feature, area)) in vectors::polygons(&path, &crs)?.into_iter().enumerate() {
            let code = feature.text(&grids.id).or_else(|| feature.id.clone());
            let Some(code) = code else {
                return Err(ProjectError::input(
                    &file,
                    format!("feature {index} has no property '{}'", grids.id),
                    "name the property with the code as id in [grids]",
                ));
            };
            source.names.push(feature.text("name").unwrap_or_default());
            source.zones.push(Zone {
                code,
                area_m2: ellipsoidal_area(&area, &to_degrees),
                geometry: area,
                people: feature.number("people").unwrap_or(0.0),
                households: feature.number("households").unwrap_or(0.0),
            });
            geometries.push(feature.geometry);
        }
        let crs = stormgrid_formats::vector::read_polygons(
            &files::read(&path)?,
            &file,
            stormgrid_formats::vector::Rings::HandOn,
        )?
        .crs;
        Ok(Zones {
            source,
            geometries,
            crs,
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

fn rain(reader: &Reader, rain: &scenario::Rain) -> Result<Rain, ProjectError> {
    let mps = |mm_h: f64| RainRate::from_mm_h(mm_h).as_mps();
    Ok(match (&rain.series, rain.rate_mm_h) {
        (Some(name), _) => {
            let mut series = reader.series(None, Some(name))?;
            series.value.iter_mut().for_each(|v| *v = mps(*v));
            Rain::Series(series)
        }
        (None, Some(rate)) if rate > 0.0 => Rain::Uniform(mps(rate)),
        (None, _) => Rain::None,
    })
}
