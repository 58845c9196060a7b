//! Who can stay above the water in their own building (就地上楼避险), and who must leave.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_formats::parse;
use stormgrid_sim::exposure::BuildingExposure;
use stormgrid_twin::{Building, GeometryKind, Position};

use super::way::WayTable;
use crate::error::outside;
use crate::impact::Impacts;
use crate::twin::LoadedTwin;
use crate::{ProjectError, files};

/// File beside `twin.toml` that replaces the built-in rule.
pub const RULES_FILE: &str = "evacuation.toml";

/// The rule of every twin.
pub(super) const DEFAULT_RULES: &str = include_str!("../../../../data/evacuation/rules.toml");

/// When a building that stands in water is a refuge for those who live above it.
///
/// `data/evacuation/rules.toml` names where the numbers come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StayRule {
    /// Storeys that it has at least.
    pub least_storeys: u32,
    /// Hazard class of the water at its wall, 1 to 6, from which it is none; 7 for never.
    pub leave_from_class: u8,
    /// Longest time of 0.15 m or more at its wall [s].
    pub longest_s: f64,
}

impl Default for StayRule {
    fn default() -> Self {
        Self {
            least_storeys: 2,
            leave_from_class: 5,
            longest_s: 12.0 * 3600.0,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleFile {
    stay: StayTable,
    pub(super) way: Option<WayTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StayTable {
    #[serde(rename = "source")]
    _source: String,
    least_storeys: u32,
    leave_from_class: u8,
    longest_h: f64,
}

/// The form of the rules, as a remedy.
fn remedy() -> Message {
    message!("fix.plan.stay", "data/evacuation/rules.toml shows the form")
}

/// Refuses a number out of range.
pub(super) fn within(
    file: &str,
    name: Message,
    value: f64,
    low: f64,
    high: f64,
) -> Result<(), ProjectError> {
    match (low..=high).contains(&value) {
        true => Ok(()),
        false => Err(ProjectError::input(
            file,
            outside(name, value, low, high),
            remedy(),
        )),
    }
}

impl RuleFile {
    /// Reads the tables.
    ///
    /// - `file`: name for faults
    pub(super) fn read(text: &str, file: &str) -> Result<Self, ProjectError> {
        toml::from_str(text)
            .map_err(|e| ProjectError::input(file, parse::toml_problem(e.message()), remedy()))
    }
}

impl StayRule {
    /// The rule of a twin: `evacuation.toml` in its folder, else the built-in one.
    ///
    /// # Errors
    ///
    /// A file that is not of the form of `data/evacuation/rules.toml`, or numbers out of range.
    pub fn of_twin(dir: &Path) -> Result<Self, ProjectError> {
        let path = dir.join(RULES_FILE);
        match path.is_file() {
            true => Self::read(&files::read_text(&path)?, &files::name(&path)),
            false => Self::read(DEFAULT_RULES, "data/evacuation/rules.toml"),
        }
    }

    /// Reads a rule.
    ///
    /// - `file`: name for faults
    pub(super) fn read(text: &str, file: &str) -> Result<Self, ProjectError> {
        let read = RuleFile::read(text, file)?;
        let StayTable {
            least_storeys,
            leave_from_class,
            longest_h,
            ..
        } = read.stay;
        for (name, value, low, high) in [
            ("least_storeys", f64::from(least_storeys), 1.0, 200.0),
            ("leave_from_class", f64::from(leave_from_class), 1.0, 7.0),
            ("longest_h", longest_h, 0.0, 10_000.0),
        ] {
            let name = Message::plain(format!("[stay] {name}"));
            within(file, name, value, low, high)?;
        }
        Ok(Self {
            least_storeys,
            leave_from_class,
            longest_s: longest_h * 3600.0,
        })
    }

    /// Shares of a building's people who must leave and who can stay above the water; the rest is not reached.
    ///
    /// People are spread evenly over the storeys.
    pub(super) fn shares(&self, storeys: u32, water: &BuildingExposure) -> [f64; 2] {
        if water.floors_reached == 0 {
            return [0.0, 0.0];
        }
        let class = water.hazard_max.map_or(0, |class| class.number());
        let refuge = storeys >= self.least_storeys
            && class < self.leave_from_class
            && water
                .duration_s
                .is_some_and(|lasts| lasts <= self.longest_s);
        if !refuge {
            return [1.0, 0.0];
        }
        let wet = (f64::from(water.floors_reached) / f64::from(storeys.max(1))).min(1.0);
        [wet, 1.0 - wet]
    }
}

/// People of each zone who must leave and who can stay above the water, in the order of the layers and their zones.
///
/// They add up to the people reached. Where no building of a zone has residents, nobody is known to live upstairs.
pub(super) fn splits(twin: &LoadedTwin, impacts: &Impacts, rule: &StayRule) -> Vec<Vec<[f64; 2]>> {
    let layers = twin.twin.layers();
    let by_number: BTreeMap<usize, usize> = layers
        .iter()
        .enumerate()
        .filter_map(|(number, layer)| {
            let position = impacts.layers.iter().position(|(id, _)| *id == layer.id)?;
            Some((number, position))
        })
        .collect();
    let mut sums: Vec<Vec<[f64; 3]>> = impacts
        .layers
        .iter()
        .map(|(_, rows)| vec![[0.0; 3]; rows.len()])
        .collect();
    let buildings = layers
        .iter()
        .filter(|layer| layer.geometry == GeometryKind::Building)
        .flat_map(|layer| {
            let at = twin.twin.all::<Position>(layer);
            twin.twin.all::<Building>(layer).zip(at)
        });
    for ((building, at), water) in buildings.zip(&impacts.assets.buildings) {
        let people = f64::from(building.people.unwrap_or(0));
        if people == 0.0 {
            continue;
        }
        let [leave, above] = rule.shares(building.storeys(), water);
        for item in twin.twin.index().containing(at.0[0], at.0[1]) {
            let layer = by_number.get(&usize::from(item.layer));
            let zone = layer.and_then(|&layer| sums[layer].get_mut(item.feature.index()));
            if let Some([residents, leaving, staying]) = zone {
                *residents += people;
                *leaving += people * leave;
                *staying += people * above;
            }
        }
    }
    let of_zone = |(named, [_, leave, above]): (&crate::tables::NamedRow, [f64; 3])| {
        let reached = leave + above;
        let people = named.row.people_reached.unwrap_or(0.0);
        let scale = people / reached;
        match reached > 0.0 {
            true => [leave * scale, above * scale],
            false => [people, 0.0],
        }
    };
    impacts
        .layers
        .iter()
        .zip(sums)
        .map(|((_, rows), sums)| rows.iter().zip(sums).map(of_zone).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use stormgrid_sim::exposure::HazardClass;

    fn water(floors_reached: u32, class: u8, duration_s: f64) -> BuildingExposure {
        BuildingExposure {
            modelled: true,
            modelled_share: 1.0,
            depth_max_m: Some(0.5),
            speed_max_mps: Some(0.2),
            hazard_max: HazardClass::from_number(class),
            arrival_s: Some(600.0),
            duration_s: Some(duration_s),
            floors_reached,
            damage: Some(0.0),
        }
    }

    #[test]
    fn who_lives_above_the_water_stays_unless_the_building_is_no_refuge() {
        let rule = StayRule::read(DEFAULT_RULES, "rules").expect("sound");
        assert_eq!(rule, StayRule::default());
        let hours = |h: f64| h * 3600.0;
        assert_eq!(rule.shares(4, &water(0, 1, 0.0)), [0.0, 0.0]);
        assert_eq!(rule.shares(4, &water(1, 4, hours(12.0))), [0.25, 0.75]);
        assert_eq!(rule.shares(4, &water(4, 4, hours(1.0))), [1.0, 0.0]);
        // One storey, dangerous water, water that stays.
        assert_eq!(rule.shares(1, &water(1, 1, hours(1.0))), [1.0, 0.0]);
        assert_eq!(rule.shares(30, &water(1, 5, hours(1.0))), [1.0, 0.0]);
        assert_eq!(rule.shares(30, &water(1, 1, hours(12.1))), [1.0, 0.0]);
        let never = StayRule {
            leave_from_class: 7,
            ..rule
        };
        assert_eq!(never.shares(2, &water(1, 6, 0.0)), [0.5, 0.5]);
    }

    #[test]
    fn a_rule_that_cannot_be_used_is_refused_in_one_sentence() {
        let built_in = |from: &str, to: &str| {
            StayRule::read(&DEFAULT_RULES.replace(from, to), "evacuation.toml")
        };
        for (from, to, told) in [
            (
                "least_storeys = 2",
                "least_storeys = 0",
                "least_storeys is 0, outside 1 to 200",
            ),
            (
                "leave_from_class = 5",
                "leave_from_class = 9",
                "leave_from_class is 9",
            ),
            ("longest_h = 12", "longest_h = nan", "longest_h is NaN"),
            ("longest_h", "longest_hours", "longest_hours"),
        ] {
            assert!(DEFAULT_RULES.contains(from));
            let error = built_in(from, to).expect_err("refused").to_string();
            assert!(
                error.contains(told) && error.contains("evacuation.toml"),
                "{error}"
            );
        }
    }
}
