//! From a track to what drives a flood: wind, pressure, rain, sea level.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stormgrid_core::frame::Geodetic;
use stormgrid_core::series::Series;
use stormgrid_core::storm::{Averaging, Track};
use stormgrid_core::time::Instant;
use stormgrid_core::units::RainRate;
use stormgrid_crs::Projector;
use stormgrid_formats::{tide, track};
use stormgrid_sim::flood::{Rain, RainFunction};
use stormgrid_sim::rain::rain_at;
use stormgrid_sim::sea::{CoastalLevel, HarmonicConstant, TidePredictor, Transect, coastal_level};
use stormgrid_sim::typhoon::{Parameters, Surface, TyphoonModel, with_rmw_of};

use crate::{ProjectError, files};

/// Spacing of the sea level and of the storm's table [s].
const TABLE_STEP_S: f64 = 600.0;

/// Interval at which the field of rain is evaluated [s].
const RAIN_REFRESH_S: f64 = 600.0;

/// Reads the track of one storm. Of several storms in the file the named one is taken.
pub fn read_track(path: &Path, name: Option<&str>) -> Result<Track, ProjectError> {
    let file = files::name(path);
    let tracks = track::read(&files::read(path)?, &file)?.tracks;
    let names = || {
        let names: Vec<&str> = tracks.iter().map(|t| t.name.as_str()).collect();
        names.join(", ")
    };
    match name {
        Some(name) => tracks
            .iter()
            .find(|t| t.name.eq_ignore_ascii_case(name))
            .cloned()
            .ok_or_else(|| {
                let problem = format!("it holds no storm named {name}");
                ProjectError::input(&file, problem, format!("name one of: {}", names()))
            }),
        None if tracks.len() == 1 => Ok(tracks[0].clone()),
        None => Err(ProjectError::input(
            &file,
            format!("it holds {} storms", tracks.len()),
            format!("name one of: {}", names()),
        )),
    }
}

/// The wind model of a track, with radii of another agency if a file of them is given.
pub fn model(
    track_path: &Path,
    radii_path: Option<&Path>,
    name: Option<&str>,
) -> Result<(Track, TyphoonModel), ProjectError> {
    let mut track = read_track(track_path, name)?;
    if let Some(radii) = radii_path {
        track = with_rmw_of(&track, &read_track(radii, Some(&track.name))?);
    }
    let model = TyphoonModel::new(&track, Parameters::default()).map_err(|e| {
        ProjectError::input(
            &files::name(track_path),
            e.to_string(),
            "complete the track's winds or pressures",
        )
    })?;
    Ok((track, model))
}

/// The tide of a station.
///
/// - `mean_level`: mean sea level above the terrain's datum [m]
pub fn tide_of(path: &Path, station: &str, mean_level: f64) -> Result<TidePredictor, ProjectError> {
    let file = files::name(path);
    let stations = tide::read_constituents(&files::read(path)?, &file)?;
    let Some(found) = stations.iter().find(|s| s.name == station) else {
        let names: Vec<&str> = stations.iter().map(|s| s.name.as_str()).collect();
        return Err(ProjectError::input(
            &file,
            format!("it holds no station named {station}"),
            format!("name one of: {}", names.join(", ")),
        ));
    };
    let constants: Vec<HarmonicConstant> = found
        .constants
        .iter()
        .map(|c| HarmonicConstant {
            name: c.name.clone(),
            amplitude: c.amplitude,
            phase: c.phase,
        })
        .collect();
    Ok(TidePredictor::new(&constants, mean_level))
}

/// What a storm does to a place.
pub struct Forcing {
    /// The track as used, radii merged.
    pub track: Track,
    /// The wind model.
    pub model: Arc<TyphoonModel>,
    /// Level at the coast.
    pub sea: CoastalLevel,
    /// Start of the run.
    pub start: Instant,
    /// Length of the run [s].
    pub duration_s: f64,
}

impl Forcing {
    /// Computes the sea level over a run.
    pub fn new(
        track: Track,
        model: TyphoonModel,
        tide: &TidePredictor,
        transect: &Transect,
        start: Instant,
        duration_s: f64,
    ) -> Self {
        let sea = coastal_level(&model, tide, transect, start, duration_s, TABLE_STEP_S);
        Self {
            track,
            model: Arc::new(model),
            sea,
            start,
            duration_s,
        }
    }

    /// The rain as the solver wants it: over time and place, in local metres.
    pub fn rain(&self, crs: &str, origin: [f64; 2]) -> Result<Rain, ProjectError> {
        let projector =
            Projector::new(crs, "EPSG:4490").map_err(|e| ProjectError::crs("twin.toml", e))?;
        let (model, start) = (Arc::clone(&self.model), self.start);
        let rate: RainFunction = Arc::new(move |time_s, x, y| {
            // A corner of a tile may lie outside the projection's area only if the whole raster
            // does; that was refused when the terrain was read.
            let Ok([lon, lat]) = projector.convert(x + origin[0], y + origin[1]) else {
                return 0.0;
            };
            Geodetic::from_degrees(lon, lat)
                .map_or(0.0, |at| rain_at(&model, at, start.plus_seconds(time_s)))
        });
        Ok(Rain::Field {
            rate,
            refresh_s: RAIN_REFRESH_S,
        })
    }

    /// The table of the storm for people: `storm.json`.
    ///
    /// - `site`: the place whose wind, pressure and rain are told
    pub fn table(&self, site: Geodetic, source: &str) -> StormTable {
        let track = self.track.fixes.iter().map(|fix| TrackPoint {
            time_s: fix.time.seconds_since(self.start),
            utc: fix.time.to_rfc3339(),
            lon: fix.lon_deg,
            lat: fix.lat_deg,
            vmax_mps: fix.vmax,
            pmin_hpa: fix.pmin.map(|p| p / 100.0),
            rmw_km: fix.rmw.map(|r| r / 1000.0),
        });
        let n = (self.duration_s / TABLE_STEP_S).ceil() as usize;
        let at_site = (0..=n).map(|i| {
            let time_s = (i as f64 * TABLE_STEP_S).min(self.duration_s);
            let time = self.start.plus_seconds(time_s);
            let air = self.model.air(site, time, Surface::Land);
            let center = self.model.state(time).map(|s| s.center);
            SitePoint {
                time_s,
                lon: center.map(Geodetic::lon_deg),
                lat: center.map(Geodetic::lat_deg),
                wind_mps: air.speed(),
                wind_from_deg: air.from_deg(),
                pressure_hpa: air.pressure / 100.0,
                rain_mm_h: RainRate::from_mps(rain_at(&self.model, site, time)).as_mm_h(),
                sea_level_m: self.sea.level.at(time_s),
                tide_m: self.sea.tide.at(time_s),
            }
        });
        StormTable {
            name: self.track.name.clone(),
            source: source.to_owned(),
            averaging: self.track.averaging,
            track: track.collect(),
            site: at_site.collect(),
            first_order_notes: first_order_notes(),
        }
    }
}

/// A text in Chinese and English.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bilingual {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Bilingual {
    /// From both texts.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            zh: zh.into(),
            en: en.into(),
        }
    }
}

/// `storm.json`: the storm and what it does at the site.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StormTable {
    /// Name of the storm.
    pub name: String,
    /// Whose track it is.
    pub source: String,
    /// What the track's winds are means over.
    pub averaging: Averaging,
    /// The fixes.
    pub track: Vec<TrackPoint>,
    /// The site over the run, every ten minutes.
    pub site: Vec<SitePoint>,
    /// What is first order in all this.
    pub first_order_notes: Bilingual,
}

/// A fix of the track.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrackPoint {
    /// Seconds after the run's start, negative before it.
    pub time_s: f64,
    /// The instant in UTC.
    pub utc: String,
    /// Longitude [°].
    pub lon: f64,
    /// Latitude [°].
    pub lat: f64,
    /// Greatest wind as the agency gives it [m s⁻¹].
    pub vmax_mps: Option<f64>,
    /// Central pressure [hPa].
    pub pmin_hpa: Option<f64>,
    /// Radius of maximum wind [km].
    pub rmw_km: Option<f64>,
}

/// The site at one time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SitePoint {
    /// Seconds after the run's start.
    pub time_s: f64,
    /// Longitude of the storm's centre [°]; null outside the track's time.
    pub lon: Option<f64>,
    /// Latitude of the storm's centre [°]; null outside the track's time.
    pub lat: Option<f64>,
    /// Wind at the site, 10-minute mean at 10 m [m s⁻¹].
    pub wind_mps: f64,
    /// Where it comes from, clockwise from north [°].
    pub wind_from_deg: f64,
    /// Pressure at sea level [hPa].
    pub pressure_hpa: f64,
    /// Rain [mm h⁻¹].
    pub rain_mm_h: f64,
    /// Level at the river mouths [m above the terrain's datum].
    pub sea_level_m: f64,
    /// The tide alone [m above the terrain's datum].
    pub tide_m: f64,
}

/// What a reader of a forecast must know.
pub fn first_order_notes() -> Bilingual {
    Bilingual::new(
        "一阶近似：圆形涡旋风场(Holland 1980)、R-CLIPER 气候降雨、单条断面风增水与反气压效应；未计河口漏斗效应、波浪与径流相互作用，实际潮位可能更高。",
        "First order: one circular vortex (Holland 1980), climatological rain (R-CLIPER), wind set-up along one transect and the inverse barometer; no funnelling of the estuary, no waves, no interaction with the river, so that real levels may be higher.",
    )
}

/// Wind, pressure and rain at a point and an instant.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct WindSample {
    /// Wind towards the east [m s⁻¹].
    pub u: f64,
    /// Wind towards the north [m s⁻¹].
    pub v: f64,
    /// Speed, 10-minute mean at 10 m [m s⁻¹].
    pub speed: f64,
    /// Where it comes from, clockwise from north [°].
    pub from_deg: f64,
    /// Pressure at sea level [hPa].
    pub pressure_hpa: f64,
    /// Rain [mm h⁻¹].
    pub rain_mm_h: f64,
}

/// What a storm does at a point, the wind as over open water.
pub fn sample(model: &TyphoonModel, at: Geodetic, time: Instant) -> WindSample {
    let air = model.air(at, time, Surface::Water);
    WindSample {
        u: air.u,
        v: air.v,
        speed: air.speed(),
        from_deg: air.from_deg(),
        pressure_hpa: air.pressure / 100.0,
        rain_mm_h: RainRate::from_mps(rain_at(model, at, time)).as_mm_h(),
    }
}

/// A series that is the same at all times, or a file.
pub fn constant_or_file(
    value: Option<f64>,
    path: Option<&Path>,
) -> Result<Option<Series>, ProjectError> {
    match (value, path) {
        (_, Some(path)) => {
            let file = files::name(path);
            Ok(Some(stormgrid_formats::series::read(
                &files::read(path)?,
                &file,
            )?))
        }
        (Some(value), None) => Ok(Some(Series::constant(value))),
        (None, None) => Ok(None),
    }
}
