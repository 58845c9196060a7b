//! What a warning holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stormgrid_core::time::Instant;
use stormgrid_sim::classes::Colour;

use super::lifted::Lifted;
use super::rules::Audience;
use crate::storm::Bilingual;

/// Rings without holes, longitude and latitude [°], the first point again at the end.
pub type Rings = Vec<Vec<[f64; 2]>>;

/// What a message is, as CAP calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// The first of a chain.
    Alert,
    /// Replaces the one before.
    Update,
    /// Ends the chain.
    Cancel,
}

/// The storm as a warning tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StormFacts {
    /// Its name.
    pub name: String,
    /// Its class by its greatest wind within the run, GB/T 19201.
    pub class: Bilingual,
    /// The worst of its typhoon and rainstorm signals at the site.
    pub signal: Option<Colour>,
}

/// A grid that a warning is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GridTarget {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Greatest depth [m].
    pub depth_m: f64,
    /// People in reach of the water.
    pub people: f64,
    /// First water [s after the run's start].
    pub time_s: f64,
}

/// A school that a warning is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SchoolTarget {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Greatest depth at the school [m].
    pub depth_m: f64,
    /// When the water comes to the school, or, where it does not, to its approaches or its grid [s after the
    /// run's start].
    pub time_s: f64,
    /// Code of its grid.
    pub grid: Option<String>,
    /// Approaches that are closed at some time, by their codes.
    pub closed_roads: Vec<String>,
}

/// A road segment that a warning is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoadTarget {
    /// Code of the segment.
    pub id: String,
    /// Name of the road.
    pub name: String,
    /// Greatest depth [m].
    pub depth_m: f64,
    /// When it stands at the depth from which drivers are warned [s after the run's start].
    pub warned_s: f64,
    /// When it is closed; `None` if it stays passable.
    pub closes_s: Option<f64>,
    /// When it is passable again; `None` if not closed, or not open again within the forecast.
    pub reopens_s: Option<f64>,
    /// Length of the way round it while it is closed [m]; `None` where there is none.
    pub detour_m: Option<f64>,
}

/// How likely the water is, from the members of an ensemble.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chances {
    /// The ensemble.
    pub ensemble: String,
    /// Its members.
    pub members: u32,
    /// Share of the members that bring water to a place [-], by the place's code: 0.15 m to a hundredth of a grid or
    /// to a road; for a school the greater one of its grid and of the closing of its approaches.
    pub of: BTreeMap<String, f64>,
}

impl Chances {
    /// That of the likeliest place [-].
    pub fn greatest(&self) -> f64 {
        self.of.values().copied().fold(0.0, f64::max)
    }
}

/// What is told, and about which places.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// Whom it is for.
    pub audience: Audience,
    /// The colour.
    pub colour: Colour,
    /// The run leaves the places dry, and members of an ensemble reach them; depths, people and times are then those
    /// that one member in ten exceeds or is ahead of.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub possible: bool,
    /// The storm.
    pub storm: StormFacts,
    /// The start of the run: times of targets count from it.
    pub start: Instant,
    /// When the water comes first.
    pub onset: Instant,
    /// Until when it holds.
    pub expires: Instant,
    /// GB/T 2260 code of the place.
    pub region: String,
    /// The place in words.
    pub place: String,
    /// Grids: those that are warned, or in which the schools and roads lie.
    pub grids: Vec<GridTarget>,
    /// Schools.
    pub schools: Vec<SchoolTarget>,
    /// Road segments.
    pub roads: Vec<RoadTarget>,
    /// People known to be in reach of the water.
    pub people: f64,
    /// Grids of the layer of which nothing is known, since the model has no ground there: they are not warned, and not
    /// safe for that. Of residents alone.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unknown: usize,
    /// How likely the water is; `None` where no ensemble was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chances: Option<Chances>,
    /// Where it is.
    pub polygon: Rings,
    /// Headline.
    pub headline: Bilingual,
    /// What happens.
    pub description: Bilingual,
    /// What to do.
    pub instruction: Bilingual,
}

fn is_none(n: &usize) -> bool {
    *n == 0
}

/// An earlier message of a chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Its identifier.
    pub id: String,
    /// When it was sent, as in its file.
    pub sent: String,
}

/// A warning as it was made; what becomes of it is in the [`super::Book`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    /// Identifier, `ZZZZZZDDDUUUXX_YYYYMMDDhhmmss_N`.
    pub id: String,
    /// Two drafts with the same key are the same draft.
    pub key: String,
    /// The run that it comes from.
    pub run: String,
    /// Digest of that run.
    pub digest: String,
    /// What it is.
    pub kind: Kind,
    /// Seconds from the clock to the time of the exercise; zero where the clock's time counts.
    pub clock_offset_s: i64,
    /// What is told.
    pub content: Content,
    /// The messages of the chain before it, the oldest first.
    pub references: Vec<Reference>,
    /// Why it was cancelled.
    pub reason: Option<String>,
    /// Places that an update no longer warns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted: Option<Box<Lifted>>,
}

/// Puts items of a later message over those of an earlier one, by code; nothing is lost.
fn merged<T: Clone>(earlier: &[T], later: &[T], code: fn(&T) -> &str) -> Vec<T> {
    let all = earlier
        .iter()
        .chain(later)
        .map(|item| (code(item).to_owned(), item.clone()));
    all.collect::<BTreeMap<_, _>>().into_values().collect()
}

impl Content {
    /// How many places two messages have in common.
    pub(super) fn shared_with(&self, other: &Self) -> usize {
        fn shared<T>(a: &[T], b: &[T], code: fn(&T) -> &str) -> usize {
            let known: std::collections::BTreeSet<&str> = b.iter().map(code).collect();
            a.iter().filter(|item| known.contains(code(item))).count()
        }
        match self.audience {
            Audience::Residents => shared(&self.grids, &other.grids, |g| &g.code),
            Audience::PupilsParents => shared(&self.schools, &other.schools, |s| &s.code),
            Audience::Drivers => shared(&self.roads, &other.roads, |r| &r.id),
        }
    }

    /// All places of two messages, told with the later one's numbers: what a chain has reached.
    pub fn reached_with(&self, later: &Self) -> Self {
        let mut both = later.clone();
        both.colour = self.colour.max(later.colour);
        both.onset = self.onset.min(later.onset);
        both.expires = self.expires.max(later.expires);
        both.grids = merged(&self.grids, &later.grids, |g| &g.code);
        both.schools = merged(&self.schools, &later.schools, |s| &s.code);
        both.roads = merged(&self.roads, &later.roads, |r| &r.id);
        both.people = self.people.max(later.people);
        both.polygon = super::area::united(&self.polygon, &later.polygon);
        both
    }
}
