//! `[[structure]]`: levees, weirs, gates, pumps, culverts, drains, breaches, reservoirs.

use serde::Deserialize;
use stormgrid_core::message;
use stormgrid_core::message::Message;

use crate::series::{Beyond, Ends};

/// What a structure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StructureKind {
    /// A crest along a line that water may overtop.
    Levee,
    /// Water over a crest between two places.
    Weir,
    /// A weir that opens in time.
    Breach,
    /// An opening over a sill.
    Gate,
    /// A pump.
    Pump,
    /// A box or pipe under a road.
    Culvert,
    /// A sink of a given capacity.
    Drain,
    /// A store outside the domain with a rule for its release.
    Reservoir,
}

/// `[[structure]]`. Every key belongs to some kinds only; [`Structure::check`] tells.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Structure {
    /// What it is.
    pub kind: StructureKind,
    /// What people call it.
    pub name: Option<String>,
    /// First end, in the terrain's CRS.
    pub at: Option<[f64; 2]>,
    /// First end: path of GeoJSON polygons.
    pub polygon: Option<String>,
    /// Second end; without one the water leaves the domain.
    pub to: Option<[f64; 2]>,
    /// Radius of both ends [m]; one cell without it.
    pub radius_m: Option<f64>,
    /// Water level beyond the domain, instead of `to` [m].
    pub outside_m: Option<f64>,
    /// The same over time: CSV `time_s,value`.
    pub outside_series: Option<String>,
    /// Water passes from the first end to the second only.
    pub flap: Option<bool>,
    /// Levee: path of GeoJSON lines, their crest in the property `crest_m` or here.
    pub source: Option<String>,
    /// Levee: points [x, y] or [x, y, crest].
    pub line: Option<Vec<Vec<f64>>>,
    /// Crest of a levee, a weir or the intake of a reservoir; of a breach before it opens [m].
    pub crest_m: Option<f64>,
    /// Crest over time: CSV `time_s,value`.
    pub crest_series: Option<String>,
    /// Crest of a breach when it is open [m].
    pub floor_m: Option<f64>,
    /// Width of a weir, a breach when it is open, a gate, a box or an intake [m].
    pub width_m: Option<f64>,
    /// Width over time: CSV `time_s,value`.
    pub width_series: Option<String>,
    /// When a breach begins to open [s].
    pub start_s: Option<f64>,
    /// How long it takes to open [s].
    pub opening_s: Option<f64>,
    /// C in q = C h^(3/2) [m^½ s⁻¹]; 1.705 without it.
    pub coefficient: Option<f64>,
    /// Sill of a gate [m].
    pub sill_m: Option<f64>,
    /// Opening of a gate above its sill [m].
    pub opening_m: Option<f64>,
    /// The same over time: CSV `time_s,value`.
    pub opening_series: Option<String>,
    /// Level that starts a pump or opens a gate [m].
    pub on_m: Option<f64>,
    /// Level that stops or shuts it [m].
    pub off_m: Option<f64>,
    /// Where that level is read; the first end without it.
    pub watch: Option<[f64; 2]>,
    /// Rate of a pump [m³ s⁻¹].
    pub rate_m3_s: Option<f64>,
    /// Rate of a pump, capacity of a drain or scheduled release over time: CSV `time_s,value`.
    pub series: Option<String>,
    /// Rate of a pump by the head that it lifts: [m, m³ s⁻¹].
    pub curve: Option<Vec<[f64; 2]>>,
    /// Capacity of a drain [m³ s⁻¹].
    pub capacity_m3_s: Option<f64>,
    /// Capacity of a drain per area of its cells [mm h⁻¹].
    pub capacity_mm_h: Option<f64>,
    /// Diameter of a pipe [m].
    pub diameter_m: Option<f64>,
    /// Height of a box [m].
    pub height_m: Option<f64>,
    /// Length of a culvert [m]; the distance of its ends without it.
    pub length_m: Option<f64>,
    /// Manning's n of a culvert [s m⁻¹ᐟ³]; 0.013 without it.
    pub manning: Option<f64>,
    /// Loss at the entrance of a culvert [-]; 0.5 without it.
    pub entrance_loss: Option<f64>,
    /// Number of barrels; 1 without it.
    pub barrels: Option<f64>,
    /// Inverts of a culvert at its two ends [m]; the ground there without them.
    pub inverts_m: Option<[f64; 2]>,
    /// Volume of a reservoir by level: [m, m³].
    pub storage: Option<Vec<[f64; 2]>>,
    /// Its level at the start [m].
    pub level_m: Option<f64>,
    /// Release by level: [m, m³ s⁻¹].
    pub rule: Option<Vec<[f64; 2]>>,
    /// Discharge from its catchment [m³ s⁻¹].
    pub inflow_m3_s: Option<f64>,
    /// The same over time: CSV `time_s,value`.
    pub inflow_series: Option<String>,
    /// What holds before its series begin.
    pub before: Option<Beyond>,
    /// What holds after they have ended.
    pub after: Option<Beyond>,
}

const PLACES: &[&str] = &[
    "at",
    "polygon",
    "to",
    "radius_m",
    "outside_m",
    "outside_series",
];
const SWITCH: &[&str] = &["on_m", "off_m", "watch"];

impl StructureKind {
    /// The word of scenario files, with its article.
    fn article(self) -> Message {
        match self {
            Self::Levee => message!("structure.levee", "a levee"),
            Self::Weir => message!("structure.weir", "a weir"),
            Self::Breach => message!("structure.breach", "a breach"),
            Self::Gate => message!("structure.gate", "a gate"),
            Self::Pump => message!("structure.pump", "a pump"),
            Self::Culvert => message!("structure.culvert", "a culvert"),
            Self::Drain => message!("structure.drain", "a drain"),
            Self::Reservoir => message!("structure.reservoir", "a reservoir"),
        }
    }

    fn keys(self) -> Vec<&'static str> {
        let of = |parts: &[&[&'static str]]| parts.concat();
        match self {
            Self::Levee => of(&[&["source", "line", "crest_m"]]),
            Self::Weir => of(&[
                PLACES,
                &[
                    "flap",
                    "crest_m",
                    "crest_series",
                    "width_m",
                    "width_series",
                    "coefficient",
                ],
            ]),
            Self::Breach => of(&[
                PLACES,
                &[
                    "crest_m",
                    "floor_m",
                    "width_m",
                    "start_s",
                    "opening_s",
                    "coefficient",
                ],
            ]),
            Self::Gate => of(&[
                PLACES,
                SWITCH,
                &["flap", "sill_m", "width_m", "opening_m", "opening_series"],
            ]),
            Self::Pump => of(&[PLACES, SWITCH, &["rate_m3_s", "series", "curve"]]),
            Self::Culvert => of(&[
                PLACES,
                &[
                    "flap",
                    "diameter_m",
                    "width_m",
                    "height_m",
                    "length_m",
                    "manning",
                ],
                &["entrance_loss", "barrels", "inverts_m"],
            ]),
            Self::Drain => of(&[PLACES, &["capacity_m3_s", "capacity_mm_h", "series"]]),
            Self::Reservoir => of(&[
                PLACES,
                &[
                    "storage",
                    "level_m",
                    "rule",
                    "series",
                    "inflow_m3_s",
                    "inflow_series",
                ],
                &["crest_m", "width_m"],
            ]),
        }
    }
}

fn only_one(what: Message, keys: &[&str]) -> Message {
    message!(
        "fault.structure.only_one",
        "{what} takes only one of {keys}",
        what = what,
        keys = Message::own(keys.join("、"), keys.join(", "))
    )
}

impl Structure {
    /// What is said of the time beyond its series.
    pub fn ends(&self) -> Ends {
        Ends {
            before: self.before,
            after: self.after,
        }
    }

    /// The keys that are given.
    fn given(&self) -> Vec<&'static str> {
        let all = [
            ("at", self.at.is_some()),
            ("polygon", self.polygon.is_some()),
            ("to", self.to.is_some()),
            ("radius_m", self.radius_m.is_some()),
            ("outside_m", self.outside_m.is_some()),
            ("outside_series", self.outside_series.is_some()),
            ("flap", self.flap.is_some()),
            ("source", self.source.is_some()),
            ("line", self.line.is_some()),
            ("crest_m", self.crest_m.is_some()),
            ("crest_series", self.crest_series.is_some()),
            ("floor_m", self.floor_m.is_some()),
            ("width_m", self.width_m.is_some()),
            ("width_series", self.width_series.is_some()),
            ("start_s", self.start_s.is_some()),
            ("opening_s", self.opening_s.is_some()),
            ("coefficient", self.coefficient.is_some()),
            ("sill_m", self.sill_m.is_some()),
            ("opening_m", self.opening_m.is_some()),
            ("opening_series", self.opening_series.is_some()),
            ("on_m", self.on_m.is_some()),
            ("off_m", self.off_m.is_some()),
            ("watch", self.watch.is_some()),
            ("rate_m3_s", self.rate_m3_s.is_some()),
            ("series", self.series.is_some()),
            ("curve", self.curve.is_some()),
            ("capacity_m3_s", self.capacity_m3_s.is_some()),
            ("capacity_mm_h", self.capacity_mm_h.is_some()),
            ("diameter_m", self.diameter_m.is_some()),
            ("height_m", self.height_m.is_some()),
            ("length_m", self.length_m.is_some()),
            ("manning", self.manning.is_some()),
            ("entrance_loss", self.entrance_loss.is_some()),
            ("barrels", self.barrels.is_some()),
            ("inverts_m", self.inverts_m.is_some()),
            ("storage", self.storage.is_some()),
            ("level_m", self.level_m.is_some()),
            ("rule", self.rule.is_some()),
            ("inflow_m3_s", self.inflow_m3_s.is_some()),
            ("inflow_series", self.inflow_series.is_some()),
        ];
        let given = all.iter().filter(|(_, given)| *given);
        given.map(|(key, _)| *key).collect()
    }

    /// Whether the keys make sense together: the problem, in words, if not.
    pub fn check(&self) -> Result<(), Message> {
        let kind = self.kind;
        let what = || kind.article();
        let given = self.given();
        let has = |key: &str| given.contains(&key);
        if !given.iter().any(|key| key.ends_with("series")) && self.ends() != Ends::default() {
            return Err(message!(
                "fault.structure.ends",
                "before and after belong to a series, and {what} has none",
                what = what()
            ));
        }
        let known = kind.keys();
        if let Some(key) = given.iter().find(|key| !known.contains(key)) {
            return Err(message!(
                "fault.structure.key",
                "{key} does not belong to {what}",
                key = *key,
                what = what()
            ));
        }
        let one_of = |keys: &[&str]| match keys.iter().filter(|key| has(key)).count() {
            1 => Ok(()),
            0 => Err(message!(
                "fault.structure.needs",
                "{what} needs {keys}",
                what = what(),
                keys = Message::own(keys.join(" 或 "), keys.join(" or "))
            )),
            _ => Err(only_one(what(), keys)),
        };
        let at_most_one = |keys: &[&str]| match keys.iter().filter(|key| has(key)).count() {
            0 | 1 => Ok(()),
            _ => Err(only_one(what(), keys)),
        };
        if kind == StructureKind::Levee {
            one_of(&["source", "line"])?;
            return self.check_line();
        }
        at_most_one(&["to", "outside_m", "outside_series"])?;
        match kind {
            StructureKind::Reservoir => {
                one_of(&["to"])?;
                at_most_one(&["at", "polygon"])?;
            }
            _ => one_of(&["at", "polygon"])?,
        }
        match kind {
            StructureKind::Weir => {
                one_of(&["crest_m", "crest_series"])?;
                one_of(&["width_m", "width_series"])?;
            }
            StructureKind::Breach => {
                for key in ["crest_m", "floor_m", "width_m", "start_s", "opening_s"] {
                    one_of(&[key])?;
                }
                if self.opening_s.is_some_and(|s| !(s > 0.0 && s.is_finite())) {
                    return Err(message!(
                        "fault.structure.opening",
                        "opening_s of a breach is not positive"
                    ));
                }
            }
            StructureKind::Gate => {
                one_of(&["sill_m"])?;
                one_of(&["width_m"])?;
                one_of(&["opening_m", "opening_series"])?;
            }
            StructureKind::Pump => one_of(&["rate_m3_s", "series", "curve"])?,
            StructureKind::Culvert => {
                one_of(&["diameter_m", "height_m"])?;
                if has("height_m") != has("width_m") {
                    return Err(message!(
                        "fault.structure.box",
                        "a box culvert needs width_m and height_m"
                    ));
                }
                let described = has("length_m") && has("inverts_m");
                if !has("to") && !described {
                    return Err(message!(
                        "fault.structure.culvert_out",
                        "a culvert that leads out of the domain needs length_m and inverts_m"
                    ));
                }
                if has("polygon") && !has("length_m") {
                    return Err(message!(
                        "fault.structure.culvert_polygon",
                        "a culvert from a polygon needs length_m"
                    ));
                }
            }
            StructureKind::Drain => one_of(&["capacity_m3_s", "capacity_mm_h", "series"])?,
            StructureKind::Reservoir => {
                for key in ["storage", "level_m"] {
                    one_of(&[key])?;
                }
                if !has("rule") && !has("series") {
                    return Err(message!(
                        "fault.structure.release",
                        "a reservoir needs a rule or a series of its release"
                    ));
                }
                at_most_one(&["inflow_m3_s", "inflow_series"])?;
                let intake = has("at") || has("polygon");
                if has("crest_m") != intake || has("width_m") != intake {
                    return Err(message!(
                        "fault.structure.intake",
                        "the intake of a reservoir needs a place, crest_m and width_m"
                    ));
                }
            }
            StructureKind::Levee => {}
        }
        if has("on_m") != has("off_m") || (has("watch") && !has("on_m")) {
            return Err(message!(
                "fault.structure.switch",
                "a switch needs on_m and off_m"
            ));
        }
        if has("radius_m") && self.radius_m.is_some_and(|r| !(0.0..1e5).contains(&r)) {
            return Err(message!(
                "fault.scenario.radius",
                "radius_m is not between 0 and 100 km"
            ));
        }
        let places = self.at.iter().chain(&self.to).chain(&self.watch);
        if places.flatten().any(|v| !v.is_finite()) {
            return Err(message!(
                "fault.structure.place",
                "a place is not two finite numbers"
            ));
        }
        Ok(())
    }

    fn check_line(&self) -> Result<(), Message> {
        let Some(line) = &self.line else {
            return Ok(());
        };
        let long = |n: usize| line.iter().all(|point| point.len() == n);
        let whole = match self.crest_m {
            Some(_) => long(2),
            None => long(3),
        };
        let finite = line.iter().flatten().all(|v| v.is_finite());
        match line.len() >= 2 && whole && finite {
            true => Ok(()),
            false => Err(message!(
                "fault.structure.points",
                "line needs two or more points, each [x, y] beside crest_m or else [x, y, crest]"
            )),
        }
    }
}
