//! The rules: who is warned, how, and from which depth on. They are data.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use stormgrid_formats::cap::{Certainty, Status};
use stormgrid_sim::classes::Colour;
use toml::{Table, Value};

use super::channel::Channel;
use super::record::Chances;
use super::webhook::Webhook;
use crate::storm::Bilingual;
use crate::{ProjectError, files};
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_formats::parse;

/// The rules that hold where a twin has none of its own.
const DEFAULT_RULES: &str = include_str!("../../../../data/warnings/rules.toml");

/// Name of the file with a twin's own rules.
pub const RULES_FILE: &str = "warnings.toml";

/// Fewest characters of a channel: fewer tell nothing.
const LEAST_TEXT: usize = 10;

/// Smallest limit of a CAP message [bytes]: its texts alone may take so much.
const LEAST_BYTES: usize = 20_000;

/// Whom a warning is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Pupils and parents.
    PupilsParents,
    /// Drivers.
    Drivers,
    /// Staff of the grids and residents.
    Residents,
}

impl Audience {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::PupilsParents, Self::Drivers, Self::Residents];

    /// Its word in files and messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::PupilsParents => "pupils_parents",
            Self::Drivers => "drivers",
            Self::Residents => "residents",
        }
    }
}

/// The word of a colour in files and messages.
pub fn colour_word(colour: Colour) -> &'static str {
    match colour {
        Colour::Blue => "blue",
        Colour::Yellow => "yellow",
        Colour::Orange => "orange",
        Colour::Red => "red",
    }
}

/// The whole file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// What all messages have in common.
    pub message: MessageRules,
    /// How soon to act.
    pub urgency: UrgencyRules,
    /// How sure an ensemble makes.
    pub certainty: CertaintyRules,
    /// What only members of an ensemble reach.
    pub members: MembersRules,
    /// How long a warning holds.
    pub expiry: ExpiryRules,
    /// Roads.
    pub road: RoadRules,
    /// Schools.
    pub school: SchoolRules,
    /// What each channel carries.
    pub channels: BTreeMap<String, Channel>,
    /// How long before the water a warning is to be out [s].
    pub lead_s: BTreeMap<Audience, f64>,
    /// Least colour under a storm signal.
    #[serde(default)]
    pub storm: BTreeMap<Audience, BTreeMap<Colour, Colour>>,
    /// Which place is warned in which colour.
    pub rule: Vec<Rule>,
    /// Where issued messages are posted, on this machine only.
    #[serde(default)]
    pub webhook: Option<Webhook>,
}

/// `[message]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageRules {
    /// Actual, Exercise or Test.
    pub status: Status,
    /// Whose time counts.
    pub clock: ClockRule,
    /// How sure the forecast is.
    pub certainty: Certainty,
    /// GB/T 2260 code of the place, six digits.
    pub region: Option<String>,
    /// GB/T 4657 code of the sector, three digits.
    pub sector: String,
    /// The office, three digits.
    pub unit: String,
    /// Two digits more.
    pub extension: String,
    /// The sender.
    pub sender: String,
    /// Its name.
    pub sender_name: Bilingual,
    /// Layer of the grids.
    pub layer: String,
    /// Most places that a text names.
    pub names: usize,
    /// Fewer people than this are not told by number.
    pub people_under: f64,
    /// Largest CAP message [bytes].
    pub most_bytes: usize,
}

/// Whose time counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockRule {
    /// An exercise begins at the start of the forecast when the drafts are made.
    Run,
    /// The clock's.
    Wall,
}

/// `[urgency]`: times until the water comes [s].
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UrgencyRules {
    /// Up to this it is immediate.
    pub immediate_s: f64,
    /// Up to this it is expected, later it lies in the future.
    pub expected_s: f64,
}

/// `[certainty]`: shares of an ensemble's members [-].
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertaintyRules {
    /// From this on it is likely.
    pub likely: f64,
    /// From this on it is possible, below unlikely.
    pub possible: f64,
}

/// `[members]`: places that the run leaves dry and members of an ensemble reach.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MembersRules {
    /// Least share of the members that reach a place [-].
    pub chance: f64,
    /// Fewest people in reach that one member in ten exceeds; grids only.
    pub people: f64,
    /// The colour of the warning.
    pub colour: Colour,
}

/// `[expiry]`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpiryRules {
    /// Time after the last water [s].
    pub after_s: f64,
}

/// `[road]`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoadRules {
    /// Depth from which drivers are warned [m].
    pub warn_depth_m: f64,
    /// Depth from which a road is closed [m].
    pub close_depth_m: f64,
    /// How far the polygon reaches beside the road [m].
    pub margin_m: f64,
    /// How far the polygon's outline may move to have fewer points [m]; it is drawn so much farther out before.
    pub simplify_m: f64,
}

/// `[school]`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchoolRules {
    /// Distance within which a road is an approach [m].
    pub approach_m: f64,
}

/// `[[rule]]`: all conditions that stand in it must be met.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Whom it is for.
    pub audience: Audience,
    /// The colour.
    pub colour: Colour,
    /// Least greatest depth at the place [m].
    pub depth_m: Option<f64>,
    /// Least number of people in reach of the water; grids only.
    pub people: Option<f64>,
    /// Least share of the grid under 0.15 m or more [-]; grids, and the grid of a school.
    pub share: Option<f64>,
    /// Least number of approaches that are closed at some time; schools only.
    pub roads_closed: Option<usize>,
    /// Least share of an ensemble's members that bring water to the place [-]. Where no ensemble is there it is not
    /// asked for: who cannot tell how likely water is does not keep silent about it.
    pub chance: Option<f64>,
}

/// What the conditions of a rule are held against.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measures {
    /// Greatest depth [m].
    pub depth_m: f64,
    /// People in reach.
    pub people: f64,
    /// Share under water [-].
    pub share: f64,
    /// Approaches closed.
    pub roads_closed: usize,
    /// Share of the members that bring water [-]; `None` without an ensemble.
    pub chance: Option<f64>,
}

impl Rule {
    fn is_met(&self, measures: &Measures) -> bool {
        self.depth_m.is_none_or(|least| measures.depth_m >= least)
            && self.people.is_none_or(|least| measures.people >= least)
            && self.share.is_none_or(|least| measures.share >= least)
            && self
                .roads_closed
                .is_none_or(|least| measures.roads_closed >= least)
            && (self.chance.zip(measures.chance)).is_none_or(|(least, chance)| chance >= least)
    }
}

impl Rules {
    /// The rules of a twin: those of its file over the ones that come with the program.
    pub fn of_twin(dir: &Path) -> Result<Self, ProjectError> {
        let path = dir.join(RULES_FILE);
        match path.is_file() {
            true => Self::read(&files::read_text(&path)?, &files::name(&path)),
            false => Self::read("", RULES_FILE),
        }
    }

    /// Reads rules over the ones that come with the program.
    ///
    /// # Errors
    ///
    /// One sentence: the file, the value, the remedy.
    pub fn read(text: &str, file: &str) -> Result<Self, ProjectError> {
        let fault = |problem: Message| {
            let remedy = message!(
                "fix.alert.rules",
                "see data/warnings/rules.toml for every table and its meaning"
            );
            ProjectError::input(file, problem, remedy)
        };
        let one_line = |e: &toml::de::Error| parse::toml_problem(e.message());
        let own: Table = toml::from_str(text).map_err(|e| fault(one_line(&e)))?;
        let mut all: Table = toml::from_str(DEFAULT_RULES).map_err(|e| fault(one_line(&e)))?;
        lay_over(&mut all, own);
        let rules: Self = Value::Table(all)
            .try_into()
            .map_err(|e| fault(one_line(&e)))?;
        rules.check().map_err(fault)?;
        Ok(rules)
    }

    fn check(&self) -> Result<(), Message> {
        let m = &self.message;
        let digits = |name: &str, text: &str, n: usize| match text.len() == n
            && text.bytes().all(|b| b.is_ascii_digit())
        {
            true => Ok(()),
            false => Err(message!(
                "fault.alert.digits",
                "[message] {name} is '{text}', not {n} digits",
                name = name,
                text = text,
                n = n
            )),
        };
        if let Some(region) = &m.region {
            digits("region", region, 6)?;
        }
        digits("sector", &m.sector, 3)?;
        digits("unit", &m.unit, 3)?;
        digits("extension", &m.extension, 2)?;
        if !matches!(m.status, Status::Actual | Status::Exercise | Status::Test) {
            return Err(message!(
                "fault.alert.status",
                "[message] status is none of Actual, Exercise, Test"
            ));
        }
        if m.status == Status::Actual && m.clock == ClockRule::Run {
            return Err(message!(
                "fault.alert.clock",
                "[message] status Actual needs clock = \"wall\""
            ));
        }
        let sizes = self.channels.iter().flat_map(|(name, channel)| {
            [channel.zh, channel.en].map(|n| (format!("[channels.{name}]"), n, LEAST_TEXT))
        });
        let bytes = ("[message] most_bytes".to_owned(), m.most_bytes, LEAST_BYTES);
        for (name, value, least) in sizes.chain([bytes]) {
            if value < least {
                return Err(message!(
                    "fault.alert.least",
                    "{name} is {value}, below {least}",
                    name = name,
                    value = value,
                    least = least
                ));
            }
        }
        let numbers = [
            ("[urgency] immediate_s", self.urgency.immediate_s, 0.0),
            (
                "[urgency] expected_s",
                self.urgency.expected_s,
                self.urgency.immediate_s,
            ),
            ("[expiry] after_s", self.expiry.after_s, 0.0),
            ("[members] people", self.members.people, 0.0),
            ("[road] warn_depth_m", self.road.warn_depth_m, 0.01),
            (
                "[road] close_depth_m",
                self.road.close_depth_m,
                self.road.warn_depth_m,
            ),
            ("[road] margin_m", self.road.margin_m, 1.0),
            ("[road] simplify_m", self.road.simplify_m, 0.0),
            ("[school] approach_m", self.school.approach_m, 0.0),
        ];
        let depths = self
            .rule
            .iter()
            .filter_map(|r| Some(("[[rule]] depth_m", r.depth_m?, 0.01)));
        let leads = self.lead_s.values().map(|&lead| ("[lead_s]", lead, 0.0));
        for (name, value, least) in numbers.into_iter().chain(depths).chain(leads) {
            if !(value.is_finite() && value >= least) {
                return Err(message!(
                    "fault.alert.least",
                    "{name} is {value}, below {least}",
                    name = name,
                    value = value,
                    least = least
                ));
            }
        }
        let shares = [
            ("[certainty] possible", self.certainty.possible, 0.0),
            (
                "[certainty] likely",
                self.certainty.likely,
                self.certainty.possible,
            ),
            ("[members] chance", self.members.chance, 0.01),
        ];
        let chances = self.rule.iter().filter_map(|r| r.chance);
        let chances = chances.map(|chance| ("[[rule]] chance", chance, 0.0));
        for (name, value, least) in shares.into_iter().chain(chances) {
            if !(least..=1.0).contains(&value) {
                return Err(message!(
                    "fault.alert.share",
                    "{name} is {value}, not from {least} to 1",
                    name = name,
                    value = value,
                    least = least
                ));
            }
        }
        for rule in &self.rule {
            let given = (
                rule.people.is_some(),
                rule.share.is_some(),
                rule.roads_closed.is_some(),
            );
            let fits = match rule.audience {
                Audience::Drivers => given == (false, false, false),
                Audience::PupilsParents => !given.0,
                Audience::Residents => !given.2,
            };
            if !fits {
                return Err(message!(
                    "fault.alert.rule",
                    "a [[rule]] of {audience} asks for what such a place has not",
                    audience = rule.audience.word()
                ));
            }
        }
        Ok(())
    }

    /// The worst colour whose rule is met, or `None`.
    pub fn colour(&self, audience: Audience, measures: &Measures) -> Option<Colour> {
        let met = self
            .rule
            .iter()
            .filter(|rule| rule.audience == audience && rule.is_met(measures));
        met.map(|rule| rule.colour).max()
    }

    /// How sure a message is: by the likeliest of its places, or, without an ensemble, what `[message]` says.
    ///
    /// Source: CAP 1.2, 3.2.2: Likely above about a half, Possible up to it, Unlikely near zero.
    pub fn certainty(&self, chances: Option<&Chances>) -> Certainty {
        match chances.map(Chances::greatest) {
            None => self.message.certainty,
            Some(chance) if chance >= self.certainty.likely => Certainty::Likely,
            Some(chance) if chance >= self.certainty.possible => Certainty::Possible,
            Some(_) => Certainty::Unlikely,
        }
    }

    /// The colour of a warning under a storm signal: raised to the least one of the rules.
    pub fn raised(&self, audience: Audience, colour: Colour, signal: Option<Colour>) -> Colour {
        let least = signal.and_then(|signal| self.storm.get(&audience)?.get(&signal).copied());
        least.map_or(colour, |least| colour.max(least))
    }

    /// How long before the water a warning is to be out [s].
    pub fn lead_s(&self, audience: Audience) -> f64 {
        self.lead_s.get(&audience).copied().unwrap_or(0.0)
    }

    /// Depth from which a road is closed [m].
    pub fn close_depth_m(&self) -> f64 {
        self.road.close_depth_m
    }

    /// All depths whose times matter [m], ascending.
    pub fn depths_m(&self) -> Vec<f64> {
        let own = [self.road.warn_depth_m, self.road.close_depth_m];
        let mut depths: Vec<f64> = own
            .into_iter()
            .chain(self.rule.iter().filter_map(|r| r.depth_m))
            .collect();
        depths.sort_by(f64::total_cmp);
        depths.dedup();
        depths
    }
}

/// Lays tables over tables; anything else replaces what is there.
fn lay_over(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn default() -> Rules {
        Rules::read("", "rules").expect("sound")
    }

    #[test]
    fn the_worst_rule_that_is_met_counts() {
        let rules = default();
        let road = |depth_m| {
            rules.colour(
                Audience::Drivers,
                &Measures {
                    depth_m,
                    ..Measures::default()
                },
            )
        };
        assert_eq!(road(0.149), None);
        assert_eq!(road(0.15), Some(Colour::Blue));
        assert_eq!(road(0.30), Some(Colour::Yellow));
        assert_eq!(road(3.0), Some(Colour::Red));
        let grid = |depth_m, people| {
            rules.colour(
                Audience::Residents,
                &Measures {
                    depth_m,
                    people,
                    ..Measures::default()
                },
            )
        };
        assert_eq!(grid(2.0, 0.0), None);
        assert_eq!(grid(2.0, 60.0), Some(Colour::Yellow));
        assert_eq!(grid(2.0, 600.0), Some(Colour::Red));
    }

    #[test]
    fn a_twin_overrides_single_values_and_the_list_as_a_whole() {
        let rules = Rules::read(
            "[message]\nregion = \"440704\"\n[road]\nclose_depth_m = 0.4\n[[rule]]\naudience = \"drivers\"\ncolour = \"red\"\ndepth_m = 0.2\n",
            "w",
        )
        .expect("sound");
        assert_eq!(rules.road.close_depth_m, 0.4);
        assert_eq!(rules.road.warn_depth_m, 0.15);
        assert_eq!(rules.rule.len(), 1);
        assert_eq!(rules.depths_m(), [0.15, 0.2, 0.4]);
    }

    #[test]
    fn a_storm_signal_raises_and_never_lowers() {
        let rules = default();
        let raised = |colour, signal| rules.raised(Audience::PupilsParents, colour, signal);
        assert_eq!(raised(Colour::Blue, Some(Colour::Red)), Colour::Orange);
        assert_eq!(raised(Colour::Red, Some(Colour::Orange)), Colour::Red);
        assert_eq!(raised(Colour::Blue, None), Colour::Blue);
    }

    #[test]
    fn wrong_rules_are_one_sentence() {
        for (text, word) in [
            ("[message]\nregion = \"44\"", "6 digits"),
            ("[message]\nstatus = \"Actual\"", "wall"),
            ("[message]\nstatus = \"Draft\"", "none of"),
            ("[road]\nclose_depth_m = 0.1", "close_depth_m"),
            ("[road]\nclose = 0.1", "close"),
            ("[webhook]\nurl = \"http://example.com/x\"", "loopback"),
            (
                "[[rule]]\naudience = \"drivers\"\ncolour = \"red\"\npeople = 3",
                "drivers",
            ),
            ("[[rule]]\naudience = \"all\"\ncolour = \"red\"", "all"),
            ("x = [", ""),
        ] {
            let error = Rules::read(text, "warnings.toml")
                .expect_err(text)
                .to_string();
            assert!(
                error.starts_with("warnings.toml: ")
                    && error.contains(word)
                    && !error.contains('\n'),
                "{error}"
            );
        }
    }
}
