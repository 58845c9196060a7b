//! From a track to what drives a flood: wind, pressure, rain, sea level.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stormgrid_core::finding::{Finding, Kind};
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
use crate::{ProjectError, files, messages, storm_choice};

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
    /// Which storm of the file: identifier (SID, `WP152017`, `15W`), number (`1713`, `1949-0003`), name in Chinese or
    /// English, or name and year (`HATO 2017`). One that fits several storms is refused.
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
    /// The same as entries of the report of the input.
    pub findings: Vec<Finding>,
}

/// Reads the track of one storm, and what was found about it.
///
/// - `name`: identifier, number, name, or name and year; see [`Choice::name`]
/// - `agency`: whose track, where the file has several agencies'
///
/// # Errors
///
/// A file that cannot be read, and a choice that fits no storm or several, with a list of them.
pub fn read_track(
    path: &Path,
    name: Option<&str>,
    agency: Option<&str>,
) -> Result<(Track, Vec<Finding>), ProjectError> {
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
) -> Result<(Track, Vec<Finding>), ProjectError> {
    storm_choice::choose(&track::read(bytes, file)?, file, name, agency)
}

/// All tracks of a file.
///
/// # Errors
///
/// A file that cannot be read.
pub fn tracks_in(path: &Path) -> Result<Vec<Track>, ProjectError> {
    Ok(track::read(&files::read(path)?, &files::name(path))?.tracks)
}

/// Whether a text means a storm, as [`Choice::name`] does.
pub fn is_meant(wanted: &str, track: &Track) -> bool {
    storm_choice::is_meant(wanted, track)
}

/// Whether a file has a track of a storm.
///
/// # Errors
///
/// A file that cannot be read.
pub fn holds_storm(path: &Path, storm: &Track) -> Result<bool, ProjectError> {
    let read = track::read(&files::read(path)?, &files::name(path))?;
    let found = storm_choice::same_in(&read, &files::name(path), storm);
    Ok(!matches!(found, Ok(None)))
}

/// What is found about tracks and says nothing of the radii in them.
const OF_WINDS: [&str; 5] = [
    "note.track.averaging",
    "note.track.no_wind",
    "note.track.some_wind",
    "note.track.some_pressure",
    "note.track.gap",
];

/// The same storm by another agency, for its radii.
fn read_radii(path: &Path, storm: &Track) -> Result<(Track, Vec<Finding>), ProjectError> {
    let file = files::name(path);
    let read = track::read(&files::read(path)?, &file)?;
    let found = storm_choice::same_in(&read, &file, storm)?;
    let (others, mut findings) = found.ok_or_else(|| {
        ProjectError::input(
            &file,
            message!(
                "fault.track.no_radii",
                "it holds nothing of {name}",
                name = &storm.name
            ),
            message!(
                "fix.track.no_radii",
                "give the radii of this storm, or leave them out"
            ),
        )
    })?;
    findings.retain(|found| !OF_WINDS.iter().any(|key| found.text.is(key)));
    Ok((others, findings))
}

/// The models of a storm, with radii of another agency if a file of them is given.
pub fn read_storm(choice: &Choice<'_>) -> Result<Storm, ProjectError> {
    let (mut track, mut findings) = match choice.text {
        Some(text) => {
            let file = files::name(choice.track);
            track_of(text.as_bytes(), &file, choice.name, choice.agency)?
        }
        None => read_track(choice.track, choice.name, choice.agency)?,
    };
    if let Some(radii) = choice.radii {
        let (others, said) = read_radii(radii, &track)?;
        track = with_rmw_of(&track, &others);
        findings.extend(said);
    }
    if choice.from_weaker_winds {
        track = without_rmw(&track);
    }
    let file = files::name(choice.track);
    let mut storm = storm_of_track(track, choice.parameters, choice.rain, &file)?;
    findings.append(&mut storm.findings);
    let notes = findings.iter().map(note).collect();
    Ok(Storm {
        notes,
        findings,
        ..storm
    })
}

/// A track that begins after a run or ends before it: there is no storm then, neither wind nor rain.
fn uncovered(storm: &Storm, start: Instant, duration_s: f64) -> Option<Finding> {
    let (first, last) = storm.model.time_range()?;
    let missing_s = first.seconds_since(start).max(0.0)
        + start.plus_seconds(duration_s).seconds_since(last).max(0.0);
    let text = message!(
        "note.storm.uncovered",
        "the fixes of {name} reach from {first} to {last}; for {hours} hours of the run there is no storm, neither wind nor rain of it",
        name = &storm.track.name,
        first = first.to_rfc3339(),
        last = last.to_rfc3339(),
        hours = format!("{:.1}", missing_s / 3600.0)
    );
    let name = &storm.track.name;
    (missing_s > 0.0).then(|| Finding::new(Kind::Assumed, name, text))
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
    let doubts = doubts(&track).into_iter();
    let findings: Vec<Finding> = doubts.map(|doubt| found(file, &track, doubt)).collect();
    Ok(Storm {
        track,
        model,
        rain,
        notes: findings.iter().map(note).collect(),
        findings,
    })
}

/// A finding as a note for people.
fn note(finding: &Finding) -> Bilingual {
    messages::told(&finding.message())
}

/// A doubt as a finding.
fn found(file: &str, track: &Track, doubt: Doubt) -> Finding {
    let name = &track.name;
    let kind = match doubt {
        Doubt::NoPressure | Doubt::NoRadius => Kind::Assumed,
        _ => Kind::Note,
    };
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
    Finding::new(kind, file, told.with("name", name))
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

/// The tide of a station, and what was found about its constants.
#[derive(Clone, Debug)]
pub struct Tide {
    /// The prediction.
    pub predictor: TidePredictor,
    /// Constituents that are left out or not known.
    pub findings: Vec<Finding>,
}

/// Sum of the amplitudes left out above which a tide is refused [m], and as a share of all.
const MOST_LEFT_OUT: (f64, f64) = (0.05, 0.02);

/// The tide of a station, which is known by its name or, where names come twice, by its identifier.
///
/// - `mean_level`: mean sea level above the terrain's datum [m]
///
/// # Errors
///
/// A station that is not there or there twice, constants that cannot be, and constituents without a known argument
/// that make up more than 5 cm or 2 % of the tide.
pub fn tide_of(path: &Path, station: &str, mean_level: f64) -> Result<Tide, ProjectError> {
    let file = files::name(path);
    let stations = tide::read_constituents(&files::read(path)?, &file)?;
    let found = station_of(&stations, &file, station)?;
    if let Some(fault) = &found.fault {
        return Err(ProjectError::Format(fault.clone()));
    }
    let constants: Vec<HarmonicConstant> = found
        .constants
        .iter()
        .map(|c| HarmonicConstant {
            name: c.name.clone(),
            amplitude: c.amplitude,
            phase: c.phase,
        })
        .collect();
    let predictor = TidePredictor::new(&constants, mean_level);
    let findings = left_out(&predictor, found, &file)?;
    Ok(Tide {
        predictor,
        findings,
    })
}

fn station_of<'a>(
    stations: &'a [tide::Station],
    file: &str,
    station: &str,
) -> Result<&'a tide::Station, ProjectError> {
    let by = |key: fn(&tide::Station) -> &str| {
        let fit = stations.iter().filter(|s| key(s) == station);
        fit.collect::<Vec<_>>()
    };
    match (by(|s| &s.name).as_slice(), by(|s| &s.id).as_slice()) {
        (_, [one]) | ([one], _) => Ok(one),
        ([], _) => {
            let names: Vec<&str> = stations.iter().map(|s| s.name.as_str()).collect();
            Err(ProjectError::input(
                file,
                message!(
                    "fault.tide.station",
                    "it holds no station named {station}",
                    station = station
                ),
                one_of(&names),
            ))
        }
        (several, _) => {
            let ids: Vec<&str> = several.iter().map(|s| s.id.as_str()).collect();
            Err(ProjectError::input(
                file,
                message!(
                    "fault.tide.stations",
                    "it holds {n} stations named {station}",
                    n = several.len(),
                    station = station
                ),
                one_of(&ids),
            ))
        }
    }
}

/// What is said of constants that the prediction leaves out.
fn left_out(
    tide: &TidePredictor,
    station: &tide::Station,
    file: &str,
) -> Result<Vec<Finding>, ProjectError> {
    let names = |of: &[HarmonicConstant]| {
        let named = of
            .iter()
            .map(|c| format!("{} ({:.3} m)", c.name, c.amplitude));
        list(&named.collect::<Vec<_>>())
    };
    let mut findings = Vec::new();
    let lost: f64 = tide.unused().iter().map(|c| c.amplitude).sum();
    let share = lost / (lost + tide.amplitude()).max(f64::MIN_POSITIVE);
    if !tide.unused().is_empty() {
        let text = message!(
            "note.tide.unused",
            "{n} constituents of {station} are not known here and left out: {names}, {share} % of all amplitudes",
            n = tide.unused().len(),
            station = &station.name,
            names = names(tide.unused()),
            share = format!("{:.1}", 100.0 * share)
        );
        if lost > MOST_LEFT_OUT.0 || share > MOST_LEFT_OUT.1 {
            let remedy = message!(
                "fix.tide.unused",
                "name them as the IHO does, or remove them if the tide is right without them"
            );
            return Err(ProjectError::input(file, text, remedy));
        }
        findings.push(Finding::new(Kind::LeftOut, file, text).times(tide.unused().len()));
    }
    if !tide.repeated().is_empty() {
        let text = message!(
            "note.tide.repeated",
            "{names} of {station} are waves that it has under other names, and left out",
            names = names(tide.repeated()),
            station = &station.name
        );
        findings.push(Finding::new(Kind::Duplicate, file, text).times(tide.repeated().len()));
    }
    if !station.unknown.is_empty() {
        let text = message!(
            "note.tide.unknown",
            "the amplitudes of {names} at {station} are not known, and the tide is without them",
            names = list(&station.unknown),
            station = &station.name
        );
        findings.push(Finding::new(Kind::Unknown, file, text).times(station.unknown.len()));
    }
    Ok(findings)
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
    /// What was assumed of the track and of the tide.
    pub notes: Vec<Bilingual>,
    /// The same as entries of the report of the input.
    pub findings: Vec<Finding>,
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
        let forcing = Self::of_level(storm, level, &sea.limits(), start, duration_s);
        Ok(forcing.with_findings(sea.findings().iter().cloned()))
    }

    fn of_level(
        storm: Storm,
        sea: CoastalLevel,
        limits: &Bilingual,
        start: Instant,
        duration_s: f64,
    ) -> Self {
        let first_order = first_order(storm.model.parameters().profile, storm.rain, limits);
        let uncovered = uncovered(&storm, start, duration_s);
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
            findings: storm.findings,
            first_order,
        }
        .with_findings(uncovered)
    }

    /// Adds what was found beside the track.
    #[must_use]
    pub fn with_findings(mut self, findings: impl IntoIterator<Item = Finding>) -> Self {
        for finding in findings {
            self.notes.push(note(&finding));
            self.findings.push(finding);
        }
        self
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
