//! From a track to what drives a flood: wind, pressure, rain, sea level.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stormgrid_core::frame::Geodetic;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::storm::{Averaging, Fix, Track};
use stormgrid_core::time::Instant;
use stormgrid_core::units::RainRate;
use stormgrid_formats::{tide, track};
use stormgrid_sim::flood::Rain;
use stormgrid_sim::rain::{RainModel, rain_at};
use stormgrid_sim::sea::{CoastalLevel, HarmonicConstant, TidePredictor, Transect, coastal_level};
use stormgrid_sim::typhoon::{
    Doubt, Parameters, ParametersError, Profile, Surface, TyphoonModel, doubts, with_rmw_of,
    without_rmw,
};

pub use stormgrid_core::message::Bilingual;

use crate::error::{list, one_of};
use crate::sea::SeaLevel;
use crate::storm_names::storm_name;
use crate::{ProjectError, files, messages};

/// Spacing of the sea level and of the storm's table [s].
pub(crate) const TABLE_STEP_S: f64 = 600.0;

/// Which storm, and how its fields are made.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// Track, in any of the formats.
    pub track: &'a Path,
    /// The track itself, where it does not come from a file; `track` is then what messages call it.
    pub text: Option<&'a str>,
    /// Radii of maximum wind of the same storm by another agency.
    pub radii: Option<&'a Path>,
    /// Name of the storm in the file.
    pub name: Option<&'a str>,
    /// Agency whose track it is, where the file holds several.
    pub agency: Option<&'a str>,
    /// Whether the radius of maximum wind is estimated from radii of weaker winds even where one is given.
    pub from_weaker_winds: bool,
    /// Model of the wind.
    pub parameters: Parameters,
    /// Model of the rain.
    pub rain: RainModel,
}

impl<'a> Choice<'a> {
    /// A track with the models of the default.
    pub fn of(track: &'a Path) -> Self {
        Self {
            track,
            text: None,
            radii: None,
            name: None,
            agency: None,
            from_weaker_winds: false,
            parameters: Parameters::default(),
            rain: RainModel::default(),
        }
    }
}

/// A storm ready to be asked.
#[derive(Clone, Debug)]
pub struct Storm {
    /// The track as used, radii merged.
    pub track: Track,
    /// The wind model.
    pub model: TyphoonModel,
    /// The rain model.
    pub rain: RainModel,
    /// What was assumed and what looks odd, for a person to read.
    pub notes: Vec<Bilingual>,
}

/// Reads the track of one storm. Of several storms in the file the named one is taken, of several
/// agencies' the named one. The notes tell what was assumed.
pub fn read_track(
    path: &Path,
    name: Option<&str>,
    agency: Option<&str>,
) -> Result<(Track, Vec<Message>), ProjectError> {
    track_of(&files::read(path)?, &files::name(path), name, agency)
}

/// The track of one storm, from the bytes of a file or of a request.
///
/// - `file`: what messages call it
pub(crate) fn track_of(
    bytes: &[u8],
    file: &str,
    name: Option<&str>,
    agency: Option<&str>,
) -> Result<(Track, Vec<Message>), ProjectError> {
    let read = track::read(bytes, file)?;
    let fits = |t: &&Track| {
        name.is_none_or(|name| t.name.eq_ignore_ascii_case(name))
            && agency.is_none_or(|agency| t.agency.eq_ignore_ascii_case(agency))
    };
    let found: Vec<&Track> = read.tracks.iter().filter(fits).collect();
    let several_of = |tracks: &[&Track], what: fn(&Track) -> String| {
        let mut names: Vec<String> = tracks.iter().map(|t| what(t)).collect();
        names.dedup();
        let more = names.len().saturating_sub(MOST_NAMES);
        names.truncate(MOST_NAMES);
        match more {
            0 => list(&names),
            more => message!(
                "list.more",
                "{names} and {more} more",
                names = list(&names),
                more = more
            ),
        }
    };
    let all: Vec<&Track> = read.tracks.iter().collect();
    let labelled: fn(&Track) -> String = |t| match t.sid.is_empty() {
        true => format!("{} ({})", t.name, t.agency),
        false => format!("{} ({}, {})", t.name, t.agency, t.sid),
    };
    let fault = |problem: Message, remedy: Message| Err(ProjectError::input(file, problem, remedy));
    match found.as_slice() {
        [one] => Ok(((*one).clone(), read.warnings)),
        [] => {
            let wanted: Vec<&str> = name.into_iter().chain(agency).collect();
            fault(
                message!(
                    "fault.track.no_storm",
                    "it holds no storm {name}",
                    name = Message::own(wanted.join("，"), wanted.join(" of "))
                ),
                message!(
                    "fix.one_of",
                    "name one of: {names}",
                    names = several_of(&all, labelled)
                ),
            )
        }
        several if name.is_none() => fault(
            message!(
                "fault.track.several",
                "it holds {n} tracks",
                n = several.len()
            ),
            message!(
                "fix.track.storm",
                "name a storm of: {names}",
                names = several_of(several, labelled)
            ),
        ),
        several if agency.is_none() && several.iter().any(|t| t.agency != several[0].agency) => {
            fault(
                message!(
                    "fault.track.agencies",
                    "it holds {n} tracks of {name}",
                    n = several.len(),
                    name = &several[0].name
                ),
                message!(
                    "fix.track.agency",
                    "name an agency of: {names}",
                    names = several_of(several, |t| t.agency.clone())
                ),
            )
        }
        // The same storm by one agency at several base times: the newest forecast counts.
        several => {
            let newest = several
                .iter()
                .max_by_key(|t| t.fixes.first().map(|f| f.time));
            let track: Track = newest
                .map(|t| (**t).clone())
                .unwrap_or_else(|| several[0].clone());
            let mut notes = read.warnings;
            notes.push(message!(
                "note.track.newest",
                "{file}: of {n} forecasts of {name} by {agency} the newest is taken, {id}",
                file = file,
                n = several.len(),
                name = &track.name,
                agency = &track.agency,
                id = &track.sid
            ));
            Ok((track, notes))
        }
    }
}

/// What the reader of tracks says of winds whose averaging period it has to assume.
const UNKNOWN_AVERAGING: &str = "note.track.averaging";

/// Names listed in a message.
const MOST_NAMES: usize = 12;

/// The models of a storm, with radii of another agency if a file of them is given.
pub fn read_storm(choice: &Choice<'_>) -> Result<Storm, ProjectError> {
    let (mut track, mut notes) = match choice.text {
        Some(text) => {
            let file = files::name(choice.track);
            track_of(text.as_bytes(), &file, choice.name, choice.agency)?
        }
        None => read_track(choice.track, choice.name, choice.agency)?,
    };
    if let Some(radii) = choice.radii {
        let (others, said) = read_track(radii, Some(&track.name), None)?;
        track = with_rmw_of(&track, &others);
        // Radii are lengths: whose winds they belong to does not matter here.
        notes.extend(said.into_iter().filter(|note| !note.is(UNKNOWN_AVERAGING)));
    }
    if choice.from_weaker_winds {
        track = without_rmw(&track);
    }
    let file = files::name(choice.track);
    let mut storm = storm_of_track(track, choice.parameters, choice.rain, &file)?;
    let mut notes: Vec<Bilingual> = notes.iter().map(messages::told).collect();
    notes.append(&mut storm.notes);
    Ok(Storm { notes, ..storm })
}

/// The models of a storm whose track is known; the notes tell what looks odd in it.
///
/// - `file`: what messages call the track
pub fn storm_of_track(
    track: Track,
    parameters: Parameters,
    rain: RainModel,
    file: &str,
) -> Result<Storm, ProjectError> {
    let model = TyphoonModel::new(&track, parameters).map_err(|e| {
        let remedy = match e {
            ParametersError::Leap { .. } => message!("fix.storm.leap", "mend that fix"),
            _ => message!("fix.storm.bare", "complete the track's winds or pressures"),
        };
        ProjectError::input(file, e.message(), remedy)
    })?;
    let notes = doubts(&track)
        .into_iter()
        .map(|doubt| messages::told(&told(file, &track, doubt)))
        .collect();
    Ok(Storm {
        track,
        model,
        rain,
        notes,
    })
}

/// A doubt as a sentence.
fn told(file: &str, track: &Track, doubt: Doubt) -> Message {
    let name = &track.name;
    let told = match doubt {
        Doubt::WindAgainstPressure { ratio } => {
            Message::key("note.storm.ratio").with("ratio", format!("{ratio:.2}"))
        }
        Doubt::BeyondRecord { wind } => {
            Message::key("note.storm.record").with("wind", format!("{wind:.0}"))
        }
        Doubt::NoPressure => Message::key("note.storm.no_pressure"),
        Doubt::Southern => Message::key("note.storm.south"),
        Doubt::NoRadius => Message::key("note.storm.no_radius"),
        Doubt::RadiusFromWeakerWinds => Message::key("note.storm.weaker"),
    };
    told.with("file", file).with("name", name)
}

/// Distance from which a storm does nothing to a site [m].
const FAR_M: f64 = 1_000_000.0;

/// Tells if a storm stays so far from a site that its track is likely to be wrong.
pub(crate) fn far_from(track: &Track, site: Geodetic) -> Option<Bilingual> {
    let distance = |fix: &Fix| {
        let (lat, dlon) = (
            fix.lat_deg.to_radians(),
            fix.lon_deg.to_radians() - site.lon,
        );
        let half = (0.5 * (lat - site.lat)).sin().powi(2)
            + lat.cos() * site.lat.cos() * (0.5 * dlon).sin().powi(2);
        2.0 * 6_371_000.0 * half.sqrt().min(1.0).asin()
    };
    let nearest = track
        .fixes
        .iter()
        .map(distance)
        .fold(f64::INFINITY, f64::min);
    (nearest > FAR_M).then(|| {
        messages::text(
            "note.storm.far",
            &[
                ("name", track.name.clone()),
                ("km", format!("{:.0}", nearest / 1000.0)),
            ],
        )
    })
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
            message!(
                "fault.tide.station",
                "it holds no station named {station}",
                station = station
            ),
            one_of(&names),
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
    /// The rain model.
    pub rain_model: RainModel,
    /// Rain in the site's frame that takes the place of the model's, and the site's middle there [m].
    pub rain: Option<(Rain, [f64; 2])>,
    /// What the rain is multiplied by; 1 unless a member of an ensemble says otherwise.
    pub rain_factor: f64,
    /// What was assumed of the track.
    pub notes: Vec<Bilingual>,
    /// What is first order in all this.
    pub first_order: Bilingual,
}

impl Forcing {
    /// Computes the sea level over a run, its surge along a transect.
    pub fn new(
        storm: Storm,
        tide: &TidePredictor,
        transect: &Transect,
        start: Instant,
        duration_s: f64,
    ) -> Self {
        let sea = coastal_level(
            &storm.model,
            tide,
            transect,
            start,
            duration_s,
            TABLE_STEP_S,
        );
        let limits = SeaLevel::of_transect(tide.clone(), transect.clone()).limits();
        Self::of_level(storm, sea, &limits, start, duration_s)
    }

    /// Computes the sea level over a run.
    ///
    /// - `threads`: of a run over the shelf; the result does not depend on it
    pub fn with_sea(
        storm: Storm,
        sea: &SeaLevel,
        start: Instant,
        duration_s: f64,
        threads: usize,
    ) -> Result<Self, ProjectError> {
        let level = sea.under(&storm.model, start, duration_s, threads)?;
        Ok(Self::of_level(
            storm,
            level,
            &sea.limits(),
            start,
            duration_s,
        ))
    }

    fn of_level(
        storm: Storm,
        sea: CoastalLevel,
        limits: &Bilingual,
        start: Instant,
        duration_s: f64,
    ) -> Self {
        let first_order = first_order(storm.model.parameters().profile, storm.rain, limits);
        Self {
            track: storm.track,
            model: Arc::new(storm.model),
            sea,
            start,
            duration_s,
            rain_model: storm.rain,
            rain: None,
            rain_factor: 1.0,
            notes: storm.notes,
            first_order,
        }
    }

    /// Rain at the middle of the site [m s⁻¹].
    fn rain_at_site(&self, site: Geodetic, time_s: f64) -> f64 {
        let time = self.start.plus_seconds(time_s);
        self.rain_factor
            * match &self.rain {
                Some((rain, [x, y])) => rain.rate(time_s, *x, *y),
                None => rain_at(&self.model, self.rain_model, site, time),
            }
    }

    /// The table of the storm for people: `storm.json`.
    ///
    /// - `site`: the place whose wind, pressure and rain are told
    pub fn table(&self, site: Geodetic, source: Bilingual) -> StormTable {
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
                rain_mm_h: RainRate::from_mps(self.rain_at_site(site, time_s)).as_mm_h(),
                sea_level_m: self.sea.level.at(time_s),
                tide_m: self.sea.tide.at(time_s),
            }
        });
        StormTable {
            name: self.track.name.clone(),
            called: storm_name(&self.track.name),
            agency: self.track.agency.clone(),
            source,
            averaging: self.track.averaging,
            track: track.collect(),
            site: at_site.collect(),
            first_order_notes: self.first_order.clone(),
            notes: self.notes.clone(),
        }
    }
}

/// `storm.json`: the storm and what it does at the site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StormTable {
    /// Name of the storm, as its track has it.
    pub name: String,
    /// Its name for people.
    #[serde(default)]
    pub called: Bilingual,
    /// The agency whose track it is, empty if none is named.
    #[serde(default)]
    pub agency: String,
    /// What the track is, for people.
    pub source: Bilingual,
    /// What the track's winds are means over.
    pub averaging: Averaging,
    /// The fixes.
    pub track: Vec<TrackPoint>,
    /// The site over the run, every ten minutes.
    pub site: Vec<SitePoint>,
    /// What is first order in all this.
    pub first_order_notes: Bilingual,
    /// What was assumed of the track, and what was changed.
    #[serde(default)]
    pub notes: Vec<Bilingual>,
}

/// A fix of the track.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

/// Authors and year of a model of the wind.
pub(crate) fn name_of(wind: Profile) -> &'static str {
    match wind {
        Profile::Holland80 => "Holland 1980",
        Profile::Holland08 => "Holland 2008",
        Profile::Holland10 => "Holland 2010",
        Profile::EmanuelRotunno => "Emanuel-Rotunno 2011",
        Profile::Willoughby => "Willoughby 2006",
    }
}

/// What a reader of a forecast must know.
fn first_order(wind: Profile, rain: RainModel, sea: &Bilingual) -> Bilingual {
    let wind = name_of(wind);
    let rain = match rain {
        RainModel::RCliper => "R-CLIPER",
        RainModel::Ipet => "IPET",
    };
    messages::told(
        &Message::key("note.first_order")
            .with("wind", wind)
            .with("rain", rain)
            .with("sea", Message::Own(sea.clone())),
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
pub fn sample(storm: &Storm, at: Geodetic, time: Instant) -> WindSample {
    let air = storm.model.air(at, time, Surface::Water);
    WindSample {
        u: air.u,
        v: air.v,
        speed: air.speed(),
        from_deg: air.from_deg(),
        pressure_hpa: air.pressure / 100.0,
        rain_mm_h: RainRate::from_mps(rain_at(&storm.model, storm.rain, at, time)).as_mm_h(),
    }
}
