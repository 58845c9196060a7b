//! Places that an update no longer warns.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::area;
use super::book::{Book, State};
use super::record::{Content, GridTarget, Rings, RoadTarget, SchoolTarget};
use super::text;
use crate::storm::Bilingual;

/// Places that a chain of messages has reached and that its newest one does not warn any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lifted {
    /// Grids.
    pub grids: Vec<GridTarget>,
    /// Schools.
    pub schools: Vec<SchoolTarget>,
    /// Road segments.
    pub roads: Vec<RoadTarget>,
    /// Where nobody is warned any more.
    pub polygon: Rings,
    /// What is told.
    pub description: Bilingual,
}

impl Lifted {
    /// What an update lifts; `None` if nothing.
    ///
    /// A place that another message for the same audience warns, issued or waiting as a draft, is not lifted: it may
    /// only have changed its colour.
    ///
    /// - `id`: the message that is updated
    /// - `content`: what the update warns
    pub(super) fn by_update(book: &Book, id: &str, content: &Content) -> Option<Self> {
        let reached = book.reached(id)?;
        let others = book.contents_in(&[State::Issued, State::Draft]);
        let others = others.filter(|(other, c)| *other != id && c.audience == content.audience);
        let standing: Vec<&Content> = others.map(|(_, c)| c).chain([content]).collect();
        let grids = left(&reached.grids, &standing, |c| &c.grids, |g| &g.code);
        let schools = left(&reached.schools, &standing, |c| &c.schools, |s| &s.code);
        let roads = left(&reached.roads, &standing, |c| &c.roads, |r| &r.id);
        if grids.is_empty() && schools.is_empty() && roads.is_empty() {
            return None;
        }
        let polygon = standing.iter().fold(reached.polygon.clone(), |rest, c| {
            area::without(&rest, &c.polygon)
        });
        let counts = [grids.len(), schools.len(), roads.len()].map(text::same);
        let [of_grids, of_schools, of_roads] = &counts;
        let slots = [
            ("grids", of_grids),
            ("schools", of_schools),
            ("roads", of_roads),
        ];
        Some(Self {
            description: text::filled("alert.lifted.description", &slots),
            grids,
            schools,
            roads,
            polygon,
        })
    }
}

/// Items of one list whose codes stand in no other.
fn left<T: Clone>(
    reached: &[T],
    standing: &[&Content],
    of: fn(&Content) -> &Vec<T>,
    code: fn(&T) -> &String,
) -> Vec<T> {
    let kept: BTreeSet<&String> = standing
        .iter()
        .flat_map(|c| of(c).iter().map(code))
        .collect();
    let gone = reached.iter().filter(|item| !kept.contains(code(item)));
    gone.cloned().collect()
}
