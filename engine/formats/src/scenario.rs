//! `scenario.toml`: one flood run. Paths in it are relative to the file.

use serde::Deserialize;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::time::Instant;
use stormgrid_core::value::is_sentinel;

use crate::series::{Beyond, Ends};
use crate::{FormatError, toml_text};

mod rain;
mod soil;
mod structure;

pub use rain::{Design, Rain, Spread, TyphoonRain, one_form_of_rain};
pub use soil::{Infiltration, Method};
pub use structure::{Structure, StructureKind};

/// A flood run as a person writes it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// When, and how long.
    pub run: Run,
    /// The ground.
    pub terrain: Terrain,
    /// Water at the start; dry without it.
    #[serde(default)]
    pub initial: Initial,
    /// Rain; none without it.
    #[serde(default)]
    pub rain: Rain,
    /// Open sides and polygons; closed without them.
    #[serde(default)]
    pub boundary: Vec<Boundary>,
    /// Point and area inflows.
    #[serde(default)]
    pub inflow: Vec<Inflow>,
    /// Places with a roughness of their own, later ones over earlier ones.
    #[serde(default)]
    pub roughness_zone: Vec<RoughnessZone>,
    /// Levees, gates, pumps and the like.
    #[serde(default)]
    pub structure: Vec<Structure>,
    /// Wind and pressure on the water.
    pub typhoon: Option<Typhoon>,
    /// Buildings.
    pub buildings: Option<Buildings>,
    /// Grids that exposure is reported for.
    pub grids: Option<Grids>,
    /// Points whose depth and speed are recorded.
    pub gauges: Option<Gauges>,
    /// Numbers of the scheme.
    #[serde(default)]
    pub solver: Solver,
}

/// `[run]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Start, with an offset from UTC; a text, or a date-time of TOML.
    #[serde(deserialize_with = "instant")]
    pub start: Instant,
    /// Length [s], positive, at most a year.
    pub duration_s: f64,
    /// Interval of frames and series [s]; a hundredth of the run without it.
    pub output_interval_s: Option<f64>,
}

fn instant<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
    let text = match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => text,
        other => other.to_string(),
    };
    Instant::parse(&text).map_err(serde::de::Error::custom)
}

/// A number for all cells, or the file of a raster.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged, expecting = "this needs a number or the path of a raster")]
pub enum NumberOrRaster {
    /// The same everywhere.
    Number(f64),
    /// Path of a raster.
    Raster(String),
}

/// `[terrain]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terrain {
    /// Path of the elevation raster.
    pub elevation: String,
    /// Manning's n [s m⁻¹ᐟ³].
    #[serde(default = "default_roughness")]
    pub roughness: NumberOrRaster,
    /// Loss to the soil; none without it.
    #[serde(default, deserialize_with = "soil::read")]
    pub infiltration: Infiltration,
}

fn default_roughness() -> NumberOrRaster {
    NumberOrRaster::Number(0.035)
}

/// `[initial]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Initial {
    /// Water level [m].
    pub level: Option<NumberOrRaster>,
    /// Water depth [m].
    pub depth: Option<NumberOrRaster>,
    /// Unit discharge eastwards [m² s⁻¹], a raster.
    pub discharge_x: Option<String>,
    /// Unit discharge northwards [m² s⁻¹], a raster.
    pub discharge_y: Option<String>,
    /// Whether the water at the start is that of rivers and ponds, which is no flood; else the scenario begins with a flood,
    /// and all figures count it.
    #[serde(default)]
    pub permanent: bool,
}

/// `[typhoon]`: wind and pressure on the water.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Typhoon {
    /// Path of its track.
    pub track: String,
    /// Which storm of the file, by name, name and year, number or identifier; needed if there are several.
    pub name: Option<String>,
    /// Whose track it is; needed if the file has several agencies'.
    #[serde(default)]
    pub agency: Option<String>,
    /// Path of a track of another agency whose radii are taken.
    pub radii: Option<String>,
}

/// A side of the raster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// First row.
    North,
    /// Last column.
    East,
    /// Last row.
    South,
    /// First column.
    West,
}

/// What a boundary imposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BoundaryKind {
    /// A water level [m].
    Level,
    /// A discharge into the domain [m³ s⁻¹].
    Discharge,
    /// Water leaves.
    Free,
    /// Nothing passes.
    Wall,
}

/// `[[boundary]]`: at a side or over a polygon.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Boundary {
    /// A side of the raster.
    #[serde(rename = "where")]
    pub side: Option<Side>,
    /// Path of GeoJSON polygons.
    pub polygon: Option<String>,
    /// What it imposes.
    pub kind: BoundaryKind,
    /// CSV `time_s,value` for level and discharge.
    pub series: Option<String>,
    /// The same value throughout, instead of a series.
    pub value: Option<f64>,
    /// What holds before the series begins.
    pub before: Option<Beyond>,
    /// What holds after it has ended.
    pub after: Option<Beyond>,
}

/// `[[inflow]]`: at a point, a disc around it, or over a polygon.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inflow {
    /// Easting, northing in the raster's CRS [m].
    pub at: Option<[f64; 2]>,
    /// Radius of a disc around the point [m].
    pub radius_m: Option<f64>,
    /// Path of GeoJSON polygons.
    pub polygon: Option<String>,
    /// CSV `time_s,discharge_m3_s`.
    pub series: Option<String>,
    /// The same discharge throughout [m³ s⁻¹], instead of a series.
    pub discharge_m3_s: Option<f64>,
    /// What holds before the series begins.
    pub before: Option<Beyond>,
    /// What holds after it has ended.
    pub after: Option<Beyond>,
}

/// `[[roughness_zone]]`: a roughness inside polygons.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoughnessZone {
    /// Path of GeoJSON polygons in the raster's CRS, or in longitude and latitude.
    pub source: String,
    /// Manning's n [s m⁻¹ᐟ³].
    pub manning: f64,
}

/// How buildings act on the water.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BuildingsAs {
    /// Their cells hold no water.
    #[default]
    Obstacle,
    /// Their cells are rough.
    Roughness,
    /// They are not there.
    Ignore,
}

/// `[buildings]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Buildings {
    /// Path of CityJSON, CityJSONSeq or GeoJSON footprints.
    pub source: String,
    /// How they act.
    #[serde(rename = "as", default)]
    pub treatment: BuildingsAs,
}

/// `[grids]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grids {
    /// Path of GeoJSON polygons.
    pub source: String,
    /// Property that holds the code.
    #[serde(default = "default_id")]
    pub id: String,
}

fn default_id() -> String {
    "code".into()
}

/// `[gauges]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gauges {
    /// Path of GeoJSON points, or of a CSV with `id,x,y` in the raster's CRS.
    pub source: String,
}

/// The numerical scheme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// The program chooses and says why.
    #[default]
    Auto,
    /// Local inertial equations.
    LocalInertial,
    /// Shallow water equations by finite volumes.
    FiniteVolume,
    /// The same to second order.
    #[serde(rename = "finite_volume_2")]
    FiniteVolume2,
}

/// `[solver]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Solver {
    /// The scheme.
    #[serde(default)]
    pub scheme: Scheme,
    /// Cell size [m]; the raster's without it.
    pub cell_size_m: Option<f64>,
}

/// Longest run [s]: a year.
const LONGEST_S: f64 = 366.0 * 86400.0;

impl Scenario {
    /// Reads and checks a scenario. What it asks for and this version cannot do is refused, never
    /// passed over in silence.
    pub fn read(bytes: &[u8], file: &str) -> Result<Self, FormatError> {
        let text = std::str::from_utf8(bytes).map_err(|e| {
            FormatError::malformed(
                file,
                format!("byte {}", e.valid_up_to()),
                "this is not UTF-8 text",
                "save the file as UTF-8",
            )
        })?;
        let scenario: Self = toml_text::read(text, file)?;
        scenario.check(file)?;
        Ok(scenario)
    }

    /// Brings the places of the scenario from the unit of the terrain's coordinates to metres.
    ///
    /// - `unit_m`: metres in that unit
    pub fn scale_places(&mut self, unit_m: f64) {
        let points = self
            .inflow
            .iter_mut()
            .filter_map(|inflow| inflow.at.as_mut());
        let points = points.chain(self.structure.iter_mut().flat_map(|structure| {
            let ends = [&mut structure.at, &mut structure.to, &mut structure.watch];
            ends.into_iter().flatten()
        }));
        points.flatten().for_each(|v| *v *= unit_m);
        let lines = self.structure.iter_mut().filter_map(|s| s.line.as_mut());
        for point in lines.flatten() {
            // A third number is a height.
            point.iter_mut().take(2).for_each(|v| *v *= unit_m);
        }
    }

    /// Interval of frames and series [s].
    pub fn output_interval_s(&self) -> f64 {
        self.run
            .output_interval_s
            .unwrap_or(self.run.duration_s / 100.0)
    }

    fn check(&self, file: &str) -> Result<(), FormatError> {
        let wrong = |place: &str, problem: Message, remedy: Message| {
            Err(FormatError::malformed(file, place, problem, remedy))
        };
        let seconds = || message!("fix.scenario.seconds", "give seconds");
        let within = |value: f64, low: f64, high: f64| value > low && value <= high;
        if !within(self.run.duration_s, 0.0, LONGEST_S) {
            return wrong(
                "[run]",
                message!(
                    "fault.scenario.duration",
                    "duration_s = {value} is not between 0 and a year",
                    value = self.run.duration_s
                ),
                seconds(),
            );
        }
        if !within(self.output_interval_s(), 0.0, self.run.duration_s) {
            return wrong(
                "[run]",
                message!(
                    "fault.scenario.interval",
                    "output_interval_s = {value} is not between 0 and duration_s",
                    value = self.output_interval_s()
                ),
                seconds(),
            );
        }
        if self.run.duration_s / self.output_interval_s() > 100_000.0 {
            return wrong(
                "[run]",
                message!(
                    "fault.scenario.frames",
                    "more than 100 000 frames would be written"
                ),
                message!("fix.scenario.frames", "raise output_interval_s"),
            );
        }
        let roughness = match self.terrain.roughness {
            NumberOrRaster::Number(n) => Some(n),
            NumberOrRaster::Raster(_) => None,
        };
        for n in roughness
            .into_iter()
            .chain(self.roughness_zone.iter().map(|z| z.manning))
        {
            if !(0.0..=1.0).contains(&n) {
                return wrong(
                    "[terrain]",
                    message!(
                        "fault.scenario.manning",
                        "Manning's n = {n} is not between 0 and 1",
                        n = n
                    ),
                    message!(
                        "fix.scenario.manning",
                        "0.02 is a smooth street, 0.1 a forest"
                    ),
                );
            }
        }
        if self.initial.level.is_some() && self.initial.depth.is_some() {
            return wrong(
                "[initial]",
                message!(
                    "fault.scenario.level_depth",
                    "both level and depth are given"
                ),
                message!("fix.scenario.one", "give one of them"),
            );
        }
        self.rain.check().map_err(|problem| {
            FormatError::malformed(file, "[rain]", problem, one_form_of_rain())
        })?;
        if self.rain.typhoon.is_some() && self.typhoon.is_none() {
            return wrong(
                "[rain]",
                message!(
                    "fault.scenario.typhoon_rain",
                    "the typhoon's rain needs a track"
                ),
                message!(
                    "fix.scenario.typhoon",
                    "add [typhoon] with the file of its track"
                ),
            );
        }
        let infiltration = self.terrain.infiltration.check();
        infiltration.or_else(|problem| wrong("[terrain]", problem, mend_section()))?;
        if self.initial.discharge_x.is_some() != self.initial.discharge_y.is_some() {
            return wrong(
                "[initial]",
                message!(
                    "fault.scenario.discharges",
                    "only one of discharge_x and discharge_y is given"
                ),
                message!("fix.scenario.both", "give both or none"),
            );
        }
        for (k, structure) in self.structure.iter().enumerate() {
            structure.check().or_else(|problem| {
                wrong(&format!("[[structure]] {}", k + 1), problem, mend_section())
            })?;
        }
        if self
            .solver
            .cell_size_m
            .is_some_and(|size| !within(size, 0.0, 1e5))
        {
            return wrong(
                "[solver]",
                message!(
                    "fault.scenario.cell_size",
                    "cell_size_m is not between 0 and 100 km"
                ),
                message!("fix.scenario.metres", "give metres"),
            );
        }
        self.check_numbers(file)?;
        for (k, boundary) in self.boundary.iter().enumerate() {
            boundary.check().or_else(|problem| {
                wrong(&format!("[[boundary]] {}", k + 1), problem, mend_section())
            })?;
        }
        for (k, inflow) in self.inflow.iter().enumerate() {
            inflow.check().or_else(|problem| {
                wrong(&format!("[[inflow]] {}", k + 1), problem, mend_section())
            })?;
        }
        Ok(())
    }
}

/// What to do about a section whose keys do not fit one another.
fn mend_section() -> Message {
    message!(
        "fix.scenario.section",
        "mend the keys of the section; `stormgrid help simulate` names them"
    )
}

/// Levels and heights that the Earth has [m].
const LEVELS_M: [f64; 2] = [-500.0, 9000.0];

/// Depths that it has [m].
const DEPTHS_M: [f64; 2] = [0.0, 11_000.0];

/// Discharges that its rivers have [m³ s⁻¹].
const DISCHARGES_M3_S: [f64; 2] = [-1e6, 1e6];

impl Scenario {
    /// Refuses numbers that stand for no value or that nothing on Earth has, with section and key.
    fn check_numbers(&self, file: &str) -> Result<(), FormatError> {
        let number = |value: &Option<NumberOrRaster>| match value {
            Some(NumberOrRaster::Number(number)) => Some(*number),
            _ => None,
        };
        let mut given = vec![
            (
                "[initial]".to_owned(),
                "level",
                number(&self.initial.level),
                LEVELS_M,
            ),
            (
                "[initial]".to_owned(),
                "depth",
                number(&self.initial.depth),
                DEPTHS_M,
            ),
        ];
        for (k, boundary) in self.boundary.iter().enumerate() {
            let limits = match boundary.kind {
                BoundaryKind::Level => LEVELS_M,
                _ => DISCHARGES_M3_S,
            };
            given.push((
                format!("[[boundary]] {}", k + 1),
                "value",
                boundary.value,
                limits,
            ));
        }
        for (k, inflow) in self.inflow.iter().enumerate() {
            let place = format!("[[inflow]] {}", k + 1);
            given.push((
                place,
                "discharge_m3_s",
                inflow.discharge_m3_s,
                DISCHARGES_M3_S,
            ));
        }
        for (k, structure) in self.structure.iter().enumerate() {
            let place = format!("[[structure]] {}", k + 1);
            let heights = [
                ("crest_m", structure.crest_m),
                ("sill_m", structure.sill_m),
                ("floor_m", structure.floor_m),
                ("level_m", structure.level_m),
                ("outside_m", structure.outside_m),
            ];
            given.extend(heights.map(|(key, value)| (place.clone(), key, value, LEVELS_M)));
            let line = structure.line.iter().flatten();
            let crests = line.filter_map(|point| point.get(2).copied());
            given.extend(crests.map(|z| (place.clone(), "line", Some(z), LEVELS_M)));
        }
        for (place, key, value, [low, high]) in given {
            let Some(value) = value else { continue };
            if is_sentinel(value) || !(low..=high).contains(&value) {
                let problem = message!(
                    "fault.scenario.number",
                    "{key} is {value}, outside {low} to {high}",
                    key = key,
                    value = value,
                    low = low,
                    high = high
                );
                let remedy = message!(
                    "fix.scenario.number",
                    "mend the number; leave the key out where it is not known"
                );
                return Err(FormatError::malformed(file, place, problem, remedy));
            }
        }
        Ok(())
    }
}

impl Boundary {
    /// What is said of the time beyond its series.
    pub fn ends(&self) -> Ends {
        Ends {
            before: self.before,
            after: self.after,
        }
    }

    fn check(&self) -> Result<(), Message> {
        if self.series.is_none() && self.ends() != Ends::default() {
            return Err(message!(
                "fault.scenario.ends",
                "before and after belong to a series"
            ));
        }
        if self.side.is_some() == self.polygon.is_some() {
            return Err(message!(
                "fault.boundary.place",
                "it needs either where = \"north|east|south|west\" or a polygon"
            ));
        }
        let valued = matches!(self.kind, BoundaryKind::Level | BoundaryKind::Discharge);
        match (valued, &self.series, self.value) {
            (true, Some(_), None) => Ok(()),
            (true, None, Some(v)) if v.is_finite() => Ok(()),
            (true, ..) => Err(message!(
                "fault.boundary.value",
                "a level or discharge needs either a series or a value"
            )),
            (false, None, None) => Ok(()),
            (false, ..) => Err(message!(
                "fault.boundary.no_value",
                "a free boundary or a wall takes no series and no value"
            )),
        }
    }
}

impl Inflow {
    /// What is said of the time beyond its series.
    pub fn ends(&self) -> Ends {
        Ends {
            before: self.before,
            after: self.after,
        }
    }

    fn check(&self) -> Result<(), Message> {
        if self.series.is_none() && self.ends() != Ends::default() {
            return Err(message!(
                "fault.scenario.ends",
                "before and after belong to a series"
            ));
        }
        if self.at.is_some() == self.polygon.is_some() {
            return Err(message!(
                "fault.inflow.place",
                "it needs either at = [x, y] or a polygon"
            ));
        }
        if self.radius_m.is_some() && self.at.is_none() {
            return Err(message!(
                "fault.inflow.radius",
                "radius_m belongs to at = [x, y], not to a polygon"
            ));
        }
        if self.radius_m.is_some_and(|r| !(r > 0.0 && r < 1e5)) {
            return Err(message!(
                "fault.scenario.radius",
                "radius_m is not between 0 and 100 km"
            ));
        }
        if self.at.is_some_and(|p| !p.iter().all(|v| v.is_finite())) {
            return Err(message!(
                "fault.scenario.at",
                "at is not two finite numbers"
            ));
        }
        match (&self.series, self.discharge_m3_s) {
            (Some(_), None) => Ok(()),
            (None, Some(q)) if q.is_finite() => Ok(()),
            _ => Err(message!(
                "fault.inflow.value",
                "it needs either a series or discharge_m3_s"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINIMAL: &str = "[run]\nstart = \"2007-06-08T00:00:00+10:00\"\nduration_s = 1000\n\n[terrain]\nelevation = \"dem.tif\"\n";

    fn fault(extra: &str) -> String {
        Scenario::read(format!("{MINIMAL}{extra}").as_bytes(), "s.toml")
            .expect_err("faulty")
            .to_string()
    }

    #[test]
    fn the_smallest_scenario_has_defaults() {
        let scenario = Scenario::read(MINIMAL.as_bytes(), "s.toml").expect("valid");
        assert_eq!(scenario.terrain.roughness, NumberOrRaster::Number(0.035));
        assert_eq!(scenario.output_interval_s(), 10.0);
        assert!(scenario.boundary.is_empty());
    }

    #[test]
    fn a_start_may_stand_without_quotes_and_needs_an_offset() {
        let bare = MINIMAL.replace("\"2007-06-08T00:00:00+10:00\"", "2007-06-08T00:00:00+10:00");
        let quoted = Scenario::read(MINIMAL.as_bytes(), "s.toml").expect("valid");
        assert_eq!(Scenario::read(bare.as_bytes(), "s.toml"), Ok(quoted));
        for start in ["2007-06-08T00:00:00", "2007-06-08", "5"] {
            let text = MINIMAL.replace("\"2007-06-08T00:00:00+10:00\"", start);
            let error = Scenario::read(text.as_bytes(), "s.toml")
                .expect_err("no instant")
                .to_string();
            assert!(
                error.contains("line 2") && error.contains("is not an instant"),
                "{error}"
            );
        }
    }

    #[test]
    fn every_section_is_read() {
        let text = format!(
            "{MINIMAL}roughness = 0.04\n[initial]\nlevel = 1.5\n[rain]\nrate_mm_h = 50.0\n\
             [[boundary]]\nwhere = \"west\"\nkind = \"level\"\nseries = \"tide.csv\"\n\
             [[inflow]]\nat = [382265.0, 6354280.0]\nradius_m = 10\ndischarge_m3_s = 19.7\n\
             [[roughness_zone]]\nsource = \"road.geojson\"\nmanning = 0.02\n\
             [buildings]\nsource = \"houses.geojson\"\nas = \"obstacle\"\n\
             [grids]\nsource = \"grids.geojson\"\n[gauges]\nsource = \"marks.csv\"\n[solver]\nscheme = \"local_inertial\"\n"
        );
        let scenario = Scenario::read(text.as_bytes(), "s.toml").expect("valid");
        assert_eq!(scenario.grids.expect("given").id, "code");
        assert_eq!(scenario.boundary[0].side, Some(Side::West));
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_a_sentence() {
        assert!(
            fault("rughness = 0.1\n")
                .contains("line 7: unknown key 'rughness' in [terrain]; did you mean 'roughness'?")
        );
        assert!(fault("roughness = 5\n").contains("Manning's n = 5"));
        assert!(
            fault("[[boundary]]\nwhere = \"west\"\nkind = \"level\"\n")
                .contains("[[boundary]] 1: a level or discharge needs")
        );
        assert!(fault("[[inflow]]\nat = [0, 0]\n").contains("[[inflow]] 1"));
        assert!(fault("[rain]\nrate_mm_h = -3\n").contains("rate_mm_h = -3"));
        assert!(fault("[run2]\n").contains("unknown key 'run2'"));
        let endless = MINIMAL.replace("1000", "nan");
        assert!(Scenario::read(endless.as_bytes(), "s").is_err());
    }

    #[test]
    fn soil_is_read_and_its_keys_fit_the_method() {
        let read = |extra: &str| {
            let text = format!("{MINIMAL}infiltration = {extra}\n");
            Scenario::read(text.as_bytes(), "s.toml").map(|s| s.terrain.infiltration)
        };
        assert_eq!(read("\"none\""), Ok(Infiltration::default()));
        assert_eq!(read("{ method = \"none\" }"), Ok(Infiltration::default()));
        let scs = read("{ method = \"scs\", curve_number = \"cn.tif\" }").expect("valid");
        assert_eq!(
            scs.curve_number,
            Some(NumberOrRaster::Raster("cn.tif".into()))
        );
        let fault = |extra: &str| read(extra).expect_err("faulty").to_string();
        assert!(
            fault("{ method = \"scs\" }")
                .contains("[terrain]: this method of infiltration needs curve_number")
        );
        assert!(
            fault("{ method = \"constant\", rate_mm_h = 3, suction_mm = 5 }")
                .contains("suction_mm does not belong")
        );
        assert!(fault("\"scs\"").contains("line 7: infiltration needs a table"));
        assert!(fault("{ method = \"horton\" }").contains("line 7"));
    }

    #[test]
    fn structures_are_read_and_their_keys_fit_the_kind() {
        let read = |body: &str| {
            let text = format!("{MINIMAL}[[structure]]\n{body}\n");
            Scenario::read(text.as_bytes(), "s.toml")
        };
        for body in [
            "kind = \"pump\"\nat = [1.0, 2.0]\nto = [3, 4]\nrate_m3_s = 5.0\non_m = 1\noff_m = 0.5",
            "kind = \"culvert\"\nat = [1, 2]\nto = [3, 4]\ndiameter_m = 0.8\nflap = true",
            "kind = \"weir\"\nat = [1, 2]\noutside_m = 0.2\ncrest_m = 2\nwidth_m = 4",
            "kind = \"gate\"\nat = [1, 2]\nto = [3, 4]\nsill_m = 0\nwidth_m = 4\nopening_series = \"g.csv\"",
            "kind = \"drain\"\npolygon = \"p.geojson\"\ncapacity_mm_h = 36",
            "kind = \"breach\"\nat = [1, 2]\nto = [3, 4]\ncrest_m = 4\nfloor_m = 1\nwidth_m = 30\nstart_s = 60\nopening_s = 600",
            "kind = \"levee\"\nline = [[0, 0, 3.0], [10, 0, 3.5]]",
            "kind = \"levee\"\nsource = \"levees.geojson\"\ncrest_m = 4",
            "kind = \"reservoir\"\nto = [3, 4]\nstorage = [[0, 0], [5, 100]]\nlevel_m = 3\nrule = [[0, 0], [5, 2]]",
        ] {
            assert!(read(body).is_ok(), "{body}: {:?}", read(body));
        }
        let fault = |body: &str| read(body).expect_err("faulty").to_string();
        for (body, text) in [
            (
                "kind = \"pump\"\nat = [1, 2]",
                "[[structure]] 1: a pump needs rate_m3_s or series or curve",
            ),
            (
                "kind = \"pump\"\nat = [1, 2]\nrate_m3_s = 1\ncrest_m = 2",
                "crest_m does not belong to a pump",
            ),
            (
                "kind = \"pump\"\nrate_m3_s = 1",
                "a pump needs at or polygon",
            ),
            (
                "kind = \"pump\"\nat = [1, 2]\nrate_m3_s = 1\non_m = 2",
                "a switch needs on_m and off_m",
            ),
            (
                "kind = \"culvert\"\nat = [1, 2]\nto = [1, 9]\nheight_m = 1",
                "a box culvert needs width_m and height_m",
            ),
            (
                "kind = \"culvert\"\nat = [1, 2]\ndiameter_m = 1",
                "needs length_m and inverts_m",
            ),
            (
                "kind = \"levee\"\nline = [[0, 0], [1, 1]]",
                "line needs two or more points",
            ),
            (
                "kind = \"reservoir\"\nto = [1, 2]\nstorage = [[0, 0], [1, 1]]\nlevel_m = 1",
                "needs a rule or a series",
            ),
            (
                "kind = \"pump\"\nat = [1, 2]\nrate_m3 = 1",
                "line 10: unknown key 'rate_m3' in [[structure]]; did you mean 'rate_m3_s'?",
            ),
            ("kind = \"siphon\"", "line 8"),
        ] {
            assert!(fault(body).contains(text), "{}", fault(body));
        }
    }

    #[test]
    fn rain_has_one_form_and_a_typhoon_a_track() {
        let whole = |extra: &str| Scenario::read(format!("{MINIMAL}{extra}").as_bytes(), "s.toml");
        assert!(whole("[rain]\nraster = \"r.tif\"\nseries = \"f.csv\"\n").is_ok());
        assert!(
            whole("[rain]\nrasters = \"radar.csv\"\n[typhoon]\ntrack = \"hato.csv\"\n").is_ok()
        );
        assert!(
            fault("[rain]\nrasters = \"a.csv\"\nseries = \"b.csv\"\n")
                .contains("[rain]: more than one of")
        );
        assert!(
            fault("[rain]\nrate_mm_h = 1\nraster = \"b.tif\"\n")
                .contains("[rain]: more than one of")
        );
        assert!(fault("[typhoon]\nname = \"Hato\"\n").contains("track"));
        let storm = "[rain]\nburst = { return_period_years = 20 }\n";
        let read = whole(&format!(
            "{storm}gauges = \"g.csv\"\nspread = \"nearest\"\n"
        ));
        let burst = read.expect("valid").rain.burst.expect("given");
        assert_eq!((burst.duration_s, burst.peak_share), (7200.0, 0.4));
        assert!(
            fault(&format!("{storm}spread = \"nearest\"\n")).contains("spread belongs to gauges")
        );
        assert!(
            fault("[rain]\ntyphoon = \"ipet\"\n")
                .contains("[rain]: the typhoon's rain needs a track")
        );
        assert!(
            fault("[rain]\nrate_mm_h = 1\ndesign = { return_period_years = 20 }\n")
                .contains("[rain]: more than one of")
        );
        assert!(fault("[initial]\ndischarge_x = \"q.tif\"\n").contains("only one of discharge_x"));
    }

    #[test]
    fn a_number_or_a_raster_is_asked_for_by_name() {
        let text = fault("roughness = true\n");
        assert!(
            text.contains("line 7: this needs a number or the path of a raster"),
            "{text}"
        );
        assert!(
            fault("[[inflow]]\npolygon = \"p.geojson\"\nradius_m = 5\ndischarge_m3_s = 1\n")
                .contains("[[inflow]] 1: radius_m belongs to at")
        );
    }

    /// Nesting as deep as the file is long must not exhaust the stack.
    #[test]
    fn deep_nesting_is_refused() {
        for text in [
            format!("{MINIMAL}roughness = {}", "[".repeat(100_000)),
            format!("{MINIMAL}roughness = {}", "{a=".repeat(100_000)),
            format!("{MINIMAL}{}b = 1\n", "a.".repeat(100_000)),
            format!("{MINIMAL}[{}b]\n", "a.".repeat(100_000)),
        ] {
            assert!(Scenario::read(text.as_bytes(), "s.toml").is_err());
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(
            at in 0..MINIMAL.len(), cut in 0..20_usize,
            insert in "[\\[\\]{}=\".#a-z0-9é江\n ]{0,12}",
        ) {
            let end = (at + cut).min(MINIMAL.len());
            let text = format!("{}{insert}{}", &MINIMAL[..at], &MINIMAL[end..]);
            if let Err(error) = Scenario::read(text.as_bytes(), "x") {
                prop_assert!(error.to_string().starts_with("x, ") && !error.to_string().contains('\n'));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Scenario::read(&bytes, "x");
        }
    }
}
