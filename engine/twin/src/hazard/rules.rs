//! From measures to levels, and from the levels of several hazards to one.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Hazard, Hazards, Level, Measure, Parameter, Parameters};

/// Rules of a place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// How the levels of several hazards become one.
    #[serde(default)]
    pub combination: Combination,
    /// The rule of each hazard, by its name.
    #[serde(default)]
    pub hazards: BTreeMap<String, HazardRule>,
}

/// How the measures of a hazard become its level: the worst of the criteria, held down by what it requires.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HazardRule {
    /// Where the numbers come from.
    #[serde(default)]
    pub source: String,
    /// Thresholds; the worst counts.
    #[serde(default)]
    pub criteria: Vec<Criterion>,
    /// What must hold besides; each holds the level down where it does not.
    #[serde(default)]
    pub requires: Vec<Requirement>,
    /// Numbers of the hazard's model.
    #[serde(default)]
    pub parameters: BTreeMap<String, f64>,
}

/// Thresholds of one measure. A level without a threshold is not given by it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// The measure.
    pub measure: String,
    /// From here on blue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blue: Option<f64>,
    /// From here on yellow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub yellow: Option<f64>,
    /// From here on orange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orange: Option<f64>,
    /// From here on red.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub red: Option<f64>,
}

/// What must hold for a level above another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// The measure.
    pub measure: String,
    /// What it must reach.
    pub at_least: f64,
    /// The worst level where it does not.
    pub else_at_most: Level,
}

/// How the levels of several hazards become one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Combination {
    /// Where the rule comes from.
    #[serde(default)]
    pub source: String,
    /// What the levels are put together by.
    #[serde(default)]
    pub method: Method,
    /// Of the sum: the weight of each hazard, 1 where none is given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, f64>,
    /// Of the sum: from where on it is blue, yellow, orange, red.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum: Option<[f64; 4]>,
    /// The worst level that a hazard is counted with; its own level stays what it is.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub at_most: BTreeMap<String, Level>,
    /// A worse level where several causes meet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_up: Option<StepUp>,
    /// Hazards with one cause, which count once where causes are counted.
    #[serde(default)]
    pub one_cause: Vec<Vec<String>>,
    /// Hazards that are told once for the whole district, with the worst level of its zones, and not combined zone by
    /// zone: what is the same everywhere does not tell where to go.
    #[serde(default)]
    pub district: Vec<String>,
    /// Hazards that are told and not combined.
    #[serde(default)]
    pub left_out: Vec<String>,
}

/// What levels are put together by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The worst.
    #[default]
    Maximum,
    /// The weighted sum of the levels' numbers, against thresholds of its own.
    Sum,
}

/// A worse level where several causes meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepUp {
    /// How many causes, 2 at least.
    pub hazards: usize,
    /// Level that each of them has at least.
    pub at_least: Level,
    /// Steps that the level goes up.
    pub steps: u8,
}

/// A rule that cannot be applied.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RulesError {
    /// A hazard that nobody has plugged in.
    #[error("{place}: no hazard is called '{name}'; known are {known}")]
    UnknownHazard {
        /// Where it is named.
        place: String,
        /// The name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// A measure that the hazard does not have.
    #[error("hazard '{hazard}' has no measure '{measure}'; it has {known}")]
    UnknownMeasure {
        /// The hazard.
        hazard: String,
        /// The measure.
        measure: String,
        /// Those that it has.
        known: String,
    },
    /// A parameter that the hazard does not have.
    #[error("hazard '{hazard}' has no parameter '{name}'; it has {known}")]
    UnknownParameter {
        /// The hazard.
        hazard: String,
        /// The parameter.
        name: String,
        /// Those that it has.
        known: String,
    },
    /// A parameter outside its range.
    #[error("hazard '{hazard}': {name} is {value}; it must lie between {least} and {most}")]
    ParameterRange {
        /// The hazard.
        hazard: String,
        /// The parameter.
        name: String,
        /// Its value.
        value: f64,
        /// Least value allowed.
        least: f64,
        /// Greatest value allowed.
        most: f64,
    },
    /// A number that is none.
    #[error("{place}: a threshold or weight is not a finite number")]
    NotFinite {
        /// Where.
        place: String,
    },
    /// Thresholds that do not rise.
    #[error(
        "{place}: the threshold of {worse} is {high} and lies below that of {better}, {low}; they must rise with the level"
    )]
    Falling {
        /// Where.
        place: String,
        /// The better level.
        better: &'static str,
        /// Its threshold.
        low: f64,
        /// The worse level.
        worse: &'static str,
        /// Its threshold.
        high: f64,
    },
    /// A criterion without any threshold.
    #[error("{place} gives no threshold; name at least one of blue, yellow, orange and red")]
    NoThreshold {
        /// Where.
        place: String,
    },
    /// The combination is not complete or contradicts itself.
    #[error("[combination]: {problem}")]
    Combination {
        /// What is wrong and what to do.
        problem: String,
    },
}

impl Criterion {
    /// Thresholds with their levels, rising.
    fn steps(&self) -> impl Iterator<Item = (Level, f64)> {
        [
            (Level::Blue, self.blue),
            (Level::Yellow, self.yellow),
            (Level::Orange, self.orange),
            (Level::Red, self.red),
        ]
        .into_iter()
        .filter_map(|(level, from)| Some((level, from?)))
    }

    /// Level of a value; NaN is none.
    fn level(&self, value: f64) -> Level {
        let reached = self.steps().filter(|(_, from)| value >= *from);
        reached.map(|(level, _)| level).max().unwrap_or_default()
    }

    fn check(&self, place: &str) -> Result<(), RulesError> {
        let place = || format!("{place}, measure '{}'", self.measure);
        let steps: Vec<(Level, f64)> = self.steps().collect();
        if steps.is_empty() {
            return Err(RulesError::NoThreshold { place: place() });
        }
        rising(&steps, place)
    }
}

/// Refuses thresholds that are not finite or do not rise.
fn rising(steps: &[(Level, f64)], place: impl Fn() -> String) -> Result<(), RulesError> {
    if steps.iter().any(|(_, from)| !from.is_finite()) {
        return Err(RulesError::NotFinite { place: place() });
    }
    match steps.windows(2).find(|pair| pair[1].1 < pair[0].1) {
        None => Ok(()),
        Some(pair) => Err(RulesError::Falling {
            place: place(),
            better: pair[0].0.word(),
            low: pair[0].1,
            worse: pair[1].0.word(),
            high: pair[1].1,
        }),
    }
}

impl HazardRule {
    /// One measure with four rising thresholds.
    pub fn rising(measure: &str, [blue, yellow, orange, red]: [f64; 4]) -> Self {
        Self {
            criteria: vec![Criterion {
                measure: measure.to_owned(),
                blue: Some(blue),
                yellow: Some(yellow),
                orange: Some(orange),
                red: Some(red),
            }],
            ..Self::default()
        }
    }

    /// Level of a zone's values.
    ///
    /// - `measures`: what the values are, in the same order
    pub fn level(&self, measures: &[Measure], values: &[f64]) -> Level {
        let value = |id: &str| {
            let at = measures.iter().position(|measure| measure.id == id);
            at.and_then(|at| values.get(at))
                .copied()
                .unwrap_or(f64::NAN)
        };
        let criteria = self.criteria.iter().map(|c| c.level(value(&c.measure)));
        let worst = criteria.max().unwrap_or_default();
        let short = self
            .requires
            .iter()
            .filter(|r| value(&r.measure).is_nan() || value(&r.measure) < r.at_least);
        short.map(|r| r.else_at_most).fold(worst, Level::min)
    }

    /// The numbers that a model takes: those of the rule, else its own.
    pub fn parameters_of(&self, known: &[Parameter]) -> Parameters {
        let value = |p: &Parameter| self.parameters.get(p.name).copied().unwrap_or(p.default);
        Parameters(known.iter().map(|p| (p.name, value(p))).collect())
    }

    fn check(&self, hazard: &dyn Hazard) -> Result<(), RulesError> {
        let id = hazard.id();
        let measures = hazard.measures();
        let known = |name: &str| match measures.iter().any(|m| m.id == name) {
            true => Ok(()),
            false => Err(RulesError::UnknownMeasure {
                hazard: id.to_owned(),
                measure: name.to_owned(),
                known: listed(measures.iter().map(|m| m.id.as_str())),
            }),
        };
        let place = format!("hazard '{id}'");
        for criterion in &self.criteria {
            known(&criterion.measure)?;
            criterion.check(&place)?;
        }
        for requirement in &self.requires {
            known(&requirement.measure)?;
            if !requirement.at_least.is_finite() {
                return Err(RulesError::NotFinite { place });
            }
        }
        let parameters = hazard.parameters();
        for (name, &value) in &self.parameters {
            let Some(parameter) = parameters.iter().find(|p| p.name == name) else {
                return Err(RulesError::UnknownParameter {
                    hazard: id.to_owned(),
                    name: name.clone(),
                    known: listed(parameters.iter().map(|p| p.name)),
                });
            };
            if !(parameter.least..=parameter.most).contains(&value) {
                return Err(RulesError::ParameterRange {
                    hazard: id.to_owned(),
                    name: name.clone(),
                    value,
                    least: parameter.least,
                    most: parameter.most,
                });
            }
        }
        Ok(())
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    }
}

impl Combination {
    /// One level of several.
    pub fn combine<'a>(&self, levels: impl Iterator<Item = (&'a str, Level)>) -> Level {
        let counted: Vec<(&str, Level)> = levels
            .filter(|(id, _)| {
                !self
                    .left_out
                    .iter()
                    .chain(&self.district)
                    .any(|out| out == id)
            })
            .map(|(id, level)| {
                (
                    id,
                    self.at_most.get(id).map_or(level, |most| level.min(*most)),
                )
            })
            .collect();
        let level = match self.method {
            Method::Maximum => counted.iter().map(|(_, level)| *level).max(),
            Method::Sum => {
                let weight = |id: &str| self.weights.get(id).copied().unwrap_or(1.0);
                let sum: f64 = counted
                    .iter()
                    .map(|(id, level)| weight(id) * f64::from(level.number()))
                    .sum();
                let steps = self.sum.iter().flatten().zip(&Level::ALL[1..]);
                steps
                    .filter(|(from, _)| sum >= **from)
                    .map(|(_, l)| *l)
                    .max()
            }
        };
        let level = level.unwrap_or_default();
        match self.step_up {
            Some(step) if self.causes(&counted, step.at_least) >= step.hazards => {
                level.raised(step.steps)
            }
            _ => level,
        }
    }

    /// How many causes bring a level or a worse one.
    fn causes(&self, levels: &[(&str, Level)], at_least: Level) -> usize {
        let mut seen: Vec<usize> = Vec::new();
        let mut alone = 0;
        for (id, _) in levels.iter().filter(|(_, level)| *level >= at_least) {
            match self
                .one_cause
                .iter()
                .position(|group| group.iter().any(|g| g == id))
            {
                Some(group) if seen.contains(&group) => {}
                Some(group) => seen.push(group),
                None => alone += 1,
            }
        }
        seen.len() + alone
    }

    fn check(
        &self,
        known: &dyn Fn(&str, &str) -> Result<(), RulesError>,
    ) -> Result<(), RulesError> {
        let fault = |problem: &str| {
            Err(RulesError::Combination {
                problem: problem.to_owned(),
            })
        };
        let grouped: Vec<&String> = self.one_cause.iter().flatten().collect();
        for name in self
            .left_out
            .iter()
            .chain(&self.district)
            .chain(self.weights.keys())
            .chain(self.at_most.keys())
            .chain(grouped.iter().copied())
        {
            known("[combination]", name)?;
        }
        if let Some(twice) = grouped
            .iter()
            .enumerate()
            .find(|(i, g)| grouped[..*i].contains(g))
        {
            return fault(&format!(
                "'{}' stands twice in one_cause; a hazard has one cause",
                twice.1
            ));
        }
        let counted = |name: &String| {
            self.at_most.contains_key(name)
                || self.weights.contains_key(name)
                || grouped.contains(&name)
        };
        let once = self.district.iter().enumerate();
        if let Some((_, name)) = once
            .clone()
            .find(|(_, n)| counted(n) || self.left_out.contains(n))
        {
            return fault(&format!(
                "'{name}' stands in district and elsewhere; what is told once is not combined, so remove one"
            ));
        }
        if let Some((_, name)) = once.clone().find(|(i, n)| self.district[..*i].contains(n)) {
            return fault(&format!("'{name}' stands twice in district"));
        }
        if let Some((name, _)) = self
            .weights
            .iter()
            .find(|(_, w)| !w.is_finite() || **w < 0.0)
        {
            return fault(&format!(
                "the weight of '{name}' must be a finite number of 0 or more"
            ));
        }
        match (self.method, &self.sum) {
            (Method::Sum, None) => {
                return fault("the method 'sum' needs sum = [blue, yellow, orange, red]");
            }
            (Method::Sum, Some(sum)) => {
                let steps: Vec<(Level, f64)> = Level::ALL[1..]
                    .iter()
                    .copied()
                    .zip(sum.iter().copied())
                    .collect();
                rising(&steps, || "[combination], sum".to_owned())?;
            }
            (Method::Maximum, _) if self.sum.is_some() || !self.weights.is_empty() => {
                return fault(
                    "sum and weights belong to the method 'sum'; remove them, or choose it",
                );
            }
            (Method::Maximum, _) => {}
        }
        match self.step_up {
            Some(step) if step.hazards < 2 => {
                fault("step_up.hazards must be 2 or more; one hazard alone has its own rule")
            }
            Some(step) if step.at_least == Level::None => {
                fault("step_up.at_least must be blue, yellow, orange or red")
            }
            _ => Ok(()),
        }
    }
}

impl Rules {
    /// The rule of a hazard: that of the place, else its own.
    pub fn of<'a>(&'a self, hazard: &dyn Hazard) -> Cow<'a, HazardRule> {
        self.hazards.get(hazard.id()).map_or_else(
            || Cow::Owned(hazard.rule().unwrap_or_default()),
            Cow::Borrowed,
        )
    }

    /// These rules where others say nothing: a hazard's rule and the combination are replaced as a whole.
    ///
    /// - `combination`: of the others, if they have one
    pub fn replaced_by(
        mut self,
        combination: Option<Combination>,
        hazards: BTreeMap<String, HazardRule>,
    ) -> Self {
        if let Some(combination) = combination {
            self.combination = combination;
        }
        self.hazards.extend(hazards);
        self
    }

    /// Refuses rules that do not fit the hazards that are plugged in.
    pub fn check(&self, hazards: &Hazards) -> Result<(), RulesError> {
        let known = |place: &str, name: &str| match hazards.get(name) {
            Some(_) => Ok(()),
            None => Err(RulesError::UnknownHazard {
                place: place.to_owned(),
                name: name.to_owned(),
                known: listed(hazards.all().iter().map(|h| h.id())),
            }),
        };
        for name in self.hazards.keys() {
            known("[hazards]", name)?;
        }
        for hazard in hazards.all() {
            self.of(hazard.as_ref()).check(hazard.as_ref())?;
        }
        self.combination.check(&known)
    }
}
