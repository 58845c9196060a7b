//! `forecast.toml`: what a forecast of a site needs besides the storm's name. Paths in it are
//! relative to the twin's folder.

use std::path::Path;

use serde::Deserialize;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::time::Instant;
use stormgrid_formats::parse;
use stormgrid_formats::scenario::Rain;
use stormgrid_formats::scenario::one_form_of_rain;
use stormgrid_formats::series::{Beyond, Ends};
use stormgrid_sim::rain::RainModel;
use stormgrid_sim::typhoon::{Asymmetry, Profile};

use crate::error::{at as at_place, line as line_of};
use crate::{ProjectError, files};

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForecastFile {
    /// The storm and the time.
    pub storm: Storm,
    /// The tide at the coast.
    pub tide: Tide,
    /// Water at the start.
    pub water: Water,
    /// Where the sea comes in.
    #[serde(default)]
    pub boundary: Vec<Boundary>,
    /// Where rivers come in.
    #[serde(default)]
    pub inflow: Vec<Inflow>,
    /// Lines that coarse cells must not lose.
    #[serde(default)]
    pub terrain: Terrain,
    /// The sea off the city; without it the surge comes from a transect.
    pub sea: Option<Sea>,
    /// Other rain than the typhoon's, or a burst nested into it.
    #[serde(default)]
    pub rain: Rain,
    /// Gates and pumps of the twin.
    #[serde(default)]
    pub structures: Structures,
}

/// `[sea]`: the shelf that the surge is computed on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sea {
    /// Relief in longitude and latitude, metres up: a GeoTIFF or ASCII grid such as ETOPO.
    pub bathymetry: String,
    /// Polygons of land, GeoJSON; where they reach they say what is sea.
    pub land: Option<String>,
    /// Cell size [m].
    #[serde(default = "six_kilometres")]
    pub cell_size_m: f64,
    /// Longitude and latitude of the place whose surge reaches the city [°]; the transect's coast without it.
    pub at: Option<[f64; 2]>,
}

fn six_kilometres() -> f64 {
    6000.0
}

/// `[storm]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storm {
    /// Track, in any of the formats.
    pub track: String,
    /// Model of the wind.
    #[serde(default)]
    pub model: Profile,
    /// How the storm's motion enters the wind.
    #[serde(default)]
    pub asymmetry: Asymmetry,
    /// Model of the rain.
    #[serde(default)]
    pub rain: RainModel,
    /// Radii of maximum wind by another agency, CSV.
    pub radii: Option<String>,
    /// Which storm of the file: name, name and year, number or identifier.
    pub name: Option<String>,
    /// Agency whose track it is, where the file has several agencies'.
    #[serde(default)]
    pub agency: Option<String>,
    /// Start of the run, with an offset from UTC.
    pub start: Instant,
    /// Length of the run [s].
    pub duration_s: f64,
    /// Interval of frames [s].
    #[serde(default = "half_an_hour")]
    pub output_interval_s: f64,
    /// When the forecast is taken to be issued, for the errors of an ensemble; see
    /// [`crate::ensemble::EnsembleOptions::issued`].
    pub issued: Option<Instant>,
}

fn half_an_hour() -> f64 {
    1800.0
}

/// `[tide]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tide {
    /// Harmonic constants, CSV.
    pub constituents: String,
    /// Station in that file.
    pub station: String,
    /// Mean sea level above the terrain's datum [m].
    #[serde(default)]
    pub mean_level_m: f64,
    /// Which transect of the shelf the wind acts on.
    #[serde(default)]
    pub transect: TransectName,
}

/// Transects that the program knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransectName {
    /// Off Modaomen.
    #[default]
    Modaomen,
    /// Off Macau.
    Macau,
    /// Off Hong Kong.
    HongKong,
}

/// `[water]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Water {
    /// Level in rivers, canals and ponds at the start [m].
    pub initial_level_m: f64,
}

/// `[[boundary]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Boundary {
    /// Polygons, GeoJSON.
    pub polygon: String,
    /// What comes in.
    #[serde(default)]
    pub kind: BoundaryKind,
}

/// What a boundary of a forecast imposes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoundaryKind {
    /// The level of the sea.
    #[default]
    Sea,
    /// Water leaves and none comes.
    Free,
}

/// `[[inflow]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inflow {
    /// Polygons, GeoJSON.
    pub polygon: String,
    /// CSV `time_s,discharge_m3_s`.
    pub series: Option<String>,
    /// The same discharge throughout [m³ s⁻¹], instead.
    pub discharge_m3_s: Option<f64>,
    /// What holds before the series begins.
    pub before: Option<Beyond>,
    /// What holds after it has ended.
    pub after: Option<Beyond>,
}

impl Inflow {
    /// What is said of the time beyond its series.
    pub(crate) fn ends(&self) -> Ends {
        Ends {
            before: self.before,
            after: self.after,
        }
    }
}

/// `[terrain]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terrain {
    /// Lines with a `crest_m`, GeoJSON.
    pub dikes: Option<String>,
}

/// `[structures]`: what [`crate::rehearsal`] says of gates and pumps.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Structures {
    /// Gates, GeoJSON points with `width_m`, `crest_m`, `state` and, if known, `sill_m`.
    pub gates: Option<String>,
    /// Pumps, GeoJSON points with `rate_m3_s` and, if known, `to_lon` and `to_lat`.
    pub pumps: Option<String>,
}

impl ForecastFile {
    /// Every file of the twin that a run reads because of this one, the track aside; relative to the twin's folder.
    ///
    /// A member of an ensemble is named by them, so that none may be missing here.
    pub fn files(&self) -> Vec<&str> {
        let mut files = vec![self.tide.constituents.as_str()];
        files.extend(self.boundary.iter().map(|b| b.polygon.as_str()));
        for inflow in &self.inflow {
            files.push(&inflow.polygon);
            files.extend(inflow.series.as_deref());
        }
        files.extend(self.terrain.dikes.as_deref());
        if let Some(sea) = &self.sea {
            files.push(&sea.bathymetry);
            files.extend(sea.land.as_deref());
        }
        files.extend(self.structures.gates.as_deref());
        files.extend(self.structures.pumps.as_deref());
        files.extend(self.rain.files());
        files
    }

    /// Reads and checks the file.
    pub fn read(path: &Path) -> Result<Self, ProjectError> {
        let file = files::name(path);
        let text = files::read_text(path)?;
        let read: Self = toml::from_str(&text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start.min(text.len()));
            let line = text.as_bytes()[..at]
                .iter()
                .filter(|b| **b == b'\n')
                .count()
                + 1;
            ProjectError::input(
                at_place(&file, line_of(line)),
                parse::toml_problem(error.message()),
                message!("fix.toml.line", "mend the line"),
            )
        })?;
        for (name, value) in [
            ("duration_s", read.storm.duration_s),
            ("output_interval_s", read.storm.output_interval_s),
        ] {
            if !(1.0..=366.0 * 86_400.0).contains(&value) {
                let problem = message!(
                    "fault.forecast.length",
                    "{name} = {value} in [storm] is not between 1 s and a year",
                    name = name,
                    value = value
                );
                let remedy = message!("fix.mend_value", "mend the value");
                return Err(ProjectError::input(&file, problem, remedy));
            }
        }
        if !read.water.initial_level_m.is_finite() || !read.tide.mean_level_m.is_finite() {
            return Err(ProjectError::input(
                &file,
                message!("fault.forecast.level", "a level is not a finite number"),
                message!(
                    "fix.forecast.level",
                    "give metres above the terrain's datum"
                ),
            ));
        }
        read.rain.check().map_err(|problem| {
            let place = at_place(&file, Message::plain("[rain]"));
            ProjectError::input(place, problem, one_form_of_rain())
        })?;
        let size = read.sea.as_ref().map(|sea| sea.cell_size_m);
        if let Some(size) = size.filter(|size| !(500.0..=50_000.0).contains(size)) {
            let problem = message!(
                "fault.forecast.sea_cell",
                "cell_size_m = {size} in [sea] is not between 500 m and 50 km",
                size = size
            );
            let remedy = message!("fix.forecast.sea_cell", "6000 is usual");
            return Err(ProjectError::input(&file, problem, remedy));
        }
        for inflow in &read.inflow {
            if inflow.series.is_some() == inflow.discharge_m3_s.is_some() {
                return Err(ProjectError::input(
                    &file,
                    message!(
                        "fault.forecast.inflow",
                        "the inflow over {polygon} needs one discharge",
                        polygon = &inflow.polygon
                    ),
                    message!(
                        "fix.forecast.inflow",
                        "give either a series or discharge_m3_s"
                    ),
                ));
            }
        }
        Ok(read)
    }
}
