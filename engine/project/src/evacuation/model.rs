//! What a plan tells.

use serde::Serialize;

use crate::storm::Bilingual;

/// A place with its code and name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Named {
    /// Code.
    pub code: String,
    /// Name for people.
    pub name: String,
}

/// Staff of a grid, counted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Staff {
    /// Word for programs: `full_time`, `part_time`, `unit_leaders`.
    pub role: String,
    /// Word for people.
    pub name: Bilingual,
    /// How many.
    pub count: u64,
}

/// Where people of a unit go.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShelterView {
    /// Code.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Places left when the plan is carried out as a whole.
    pub places_left: u64,
}

/// By which way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RouteView {
    /// Length [m].
    pub length_m: f64,
    /// When people leave [s after the start].
    pub leave_s: f64,
    /// The last moment at which the same way can be gone dry [s after the start]; null if at any time.
    pub leave_by_s: Option<f64>,
    /// When they arrive [s after the start].
    pub arrives_s: f64,
    /// When water comes to the first of its roads, or to the ways beside them [s after the start]; null if all stay dry.
    pub dry_until_s: Option<f64>,
    /// Its line, longitude and latitude [°].
    pub line: Vec<[f64; 2]>,
    /// Road segments in the order in which they are passed, and when.
    #[serde(skip)]
    pub passed: Vec<(usize, [f64; 2])>,
}

/// People of one unit on their way to one shelter, or without one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Move {
    /// The unit.
    pub unit: Named,
    /// How many people leave.
    pub people: u64,
    /// People of the unit who stay above the water: all of them with the unit's first move, none with the others.
    pub people_above: u64,
    /// No dry way leads to any open shelter: they are cut off by water, or live too far from any road.
    pub cut_off: bool,
    /// Where the unit is, longitude and latitude [°].
    pub at: Option<[f64; 2]>,
    /// When the water comes to the unit [s after the start].
    pub water_s: f64,
    /// The shelter; null for people without a place.
    pub shelter: Option<ShelterView>,
    /// The way; null for people without a place.
    pub route: Option<RouteView>,
}

/// What happens in one grid.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanStep {
    /// Its place in the plan, from 1.
    pub order: usize,
    /// When the water comes to the grid [s after the start].
    pub time_s: f64,
    /// The same, RFC 3339 in UTC.
    pub time: String,
    /// The grid.
    pub grid: Named,
    /// Codes of its hit units.
    pub units: Vec<String>,
    /// People of the hit units who must leave.
    pub people: u64,
    /// People of the hit units who can stay above the water.
    pub people_above: u64,
    /// All people of the hit units; whoever neither leaves nor stays above the water is not reached.
    pub residents: u64,
    /// People among them who need help, where the units' layer counts them (`vulnerable`).
    pub vulnerable: Option<u64>,
    /// Staff of the grid.
    pub staff: Vec<Staff>,
    /// Shelter of the first move that has one.
    pub shelter: Option<ShelterView>,
    /// Way of the first move that has one.
    pub route: Option<RouteView>,
    /// Moves, unit by unit.
    pub moves: Vec<Move>,
    /// People of the step without a place, those who are cut off among them.
    pub unplaced_people: u64,
    /// People of the step who have no dry way to any open shelter.
    pub cut_off_people: u64,
    /// What to do, in a sentence.
    pub note: Bilingual,
}

/// A shelter after the plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanShelter {
    /// Code.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Places.
    pub capacity: u64,
    /// People assigned.
    pub assigned: u64,
    /// Places left; none in one that floods.
    pub places_left: u64,
    /// When it floods [s after the start]; null if it stays dry, or if that is not known.
    pub floods_at_s: Option<f64>,
    /// Whether the model has ground there, so that it is known whether it stays dry.
    pub modelled: bool,
    /// Whether people who must leave can come to it at all, whatever the time.
    pub reachable: bool,
    /// Longitude and latitude [°].
    pub at: Option<[f64; 2]>,
}

/// A unit of which it is not known whether all of its people are reached: it is not safe, nobody knows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnknownUnit {
    /// The unit.
    pub unit: Named,
    /// Share of it on ground of the model [-].
    pub modelled_share: f64,
    /// All of its people; null if their number is not known.
    pub people: Option<u64>,
    /// People of whom nothing is known; null if the number of people is not known.
    pub people_unknown: Option<u64>,
    /// Greatest depth in the part that is known [m]; null if nothing is.
    pub depth_max_m: Option<f64>,
}

/// The whole plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvacuationPlan {
    /// Hit grids, in the order in which the water comes.
    pub steps: Vec<PlanStep>,
    /// All shelters.
    pub shelters: Vec<PlanShelter>,
    /// People who must leave.
    pub people: u64,
    /// People who can stay above the water.
    pub people_above: u64,
    /// All people of the hit units.
    pub residents: u64,
    /// People without a place, those who are cut off among them.
    pub unplaced_people: u64,
    /// Units of which it is not known whether all of their people are reached.
    pub unknown: Vec<UnknownUnit>,
    /// People of whom nothing is known, since they live where the model has no ground.
    pub people_unknown: u64,
    /// Units whose number of people is not known.
    pub uncounted_units: usize,
    /// People who have no dry way to any open shelter.
    pub cut_off_people: u64,
    /// What a reader should know.
    pub notes: Vec<Bilingual>,
}

/// A road segment that closes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RoadCut {
    /// Code.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// When it closes [s after the start]: see [`super::RoadWater::closes_s`].
    pub closes_s: f64,
    /// When it opens again [s after the start]; null if not within the run.
    pub reopens_s: Option<f64>,
    /// The end of the run [s after the start] where it is still closed then: when it opens is not known; else null.
    pub closed_at_end_s: Option<f64>,
    /// Greatest depth [m].
    pub depth_max_m: f64,
    /// Length of the way round while it is closed [m]; null if there is none.
    pub detour_m: Option<f64>,
}
