//! What goes when a server keeps more than its disk budget, or more runs and ensembles than it lists.
//!
//! The order is always the same, and each next step is taken only while there is still too much:
//!
//! 1. members that no ensemble on the list uses, then those of finished ensembles, the oldest ensemble first: what an
//!    ensemble tells is read from its own folder, and members can be computed again to the last bit;
//! 2. runs and ensembles that ended, the oldest first.
//!
//! Nothing goes of what waits, is computed, was cut off or is broken, of what a warning that stands or a draft rests on,
//! of pinned runs, of runs that were compared last, nor the newest run and the newest ensemble.

use std::collections::BTreeSet;

use stormgrid_project::ProjectError;

/// What may not be given up, by its identifiers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needed {
    pub runs: BTreeSet<String>,
    pub ensembles: BTreeSet<String>,
}

/// What may be given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Members of the ensemble, by their keys; of none where its identifier is empty.
    Members(Vec<String>),
    Run,
    Ensemble,
}

/// Something that may be given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub what: What,
    pub id: String,
    /// When it was asked for, RFC 3339.
    pub created: String,
    /// What it takes on the disk.
    pub bytes: u64,
}

/// How much there is too much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Excess {
    pub bytes: u64,
    pub runs: usize,
    pub ensembles: usize,
}

impl Excess {
    /// Whether giving something up would help.
    fn wants(self, what: &What) -> bool {
        self.bytes > 0
            || match what {
                What::Members(_) => false,
                What::Run => self.runs > 0,
                What::Ensemble => self.ensembles > 0,
            }
    }

    fn without(self, item: &Item, freed: u64) -> Self {
        let one = |counts: bool| usize::from(counts);
        Self {
            bytes: self.bytes.saturating_sub(freed),
            runs: self.runs.saturating_sub(one(item.what == What::Run)),
            ensembles: self
                .ensembles
                .saturating_sub(one(item.what == What::Ensemble)),
        }
    }
}

/// Gives up what may go, in its order, until there is no excess or nothing left.
///
/// - `items`: members in the order in which they go; the others in any
/// - `give_up`: does it, and tells what that freed [bytes]; it is told the excess
pub(crate) fn give_up_in_order(
    mut excess: Excess,
    mut items: Vec<Item>,
    give_up: impl Fn(&Item, Excess) -> Result<u64, ProjectError>,
) {
    items.sort_by(|a, b| {
        let whole = |item: &Item| !matches!(item.what, What::Members(_));
        whole(a).cmp(&whole(b)).then_with(|| match whole(a) {
            true => (&a.created, &a.id).cmp(&(&b.created, &b.id)),
            false => std::cmp::Ordering::Equal,
        })
    });
    for item in items {
        if !excess.wants(&item.what) {
            continue;
        }
        let of = match &item.what {
            What::Members(keys) => format!("{} members", keys.len()),
            What::Run => "run".to_owned(),
            What::Ensemble => "ensemble".to_owned(),
        };
        match give_up(&item, excess) {
            Ok(freed) => {
                tracing::warn!(id = %item.id, bytes = freed, "{of} given up to make room");
                excess = excess.without(&item, freed);
            }
            Err(error) => tracing::warn!(id = %item.id, "{of} not given up: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use stormgrid_core::message::Message;

    use super::*;

    fn item(what: What, id: &str, created: &str, bytes: u64) -> Item {
        Item {
            what,
            id: id.to_owned(),
            created: created.to_owned(),
            bytes,
        }
    }

    fn gone(excess: Excess) -> Vec<String> {
        let members = |id: &str| item(What::Members(vec!["k".to_owned()]), id, "3", 10);
        let items = vec![
            item(What::Run, "run-2", "2", 10),
            item(What::Ensemble, "ensemble-1", "1", 10),
            members("z"),
            item(What::Run, "stuck", "0", 10),
            members("a"),
            item(What::Run, "run-1", "1", 10),
        ];
        let gone = RefCell::new(Vec::new());
        give_up_in_order(excess, items, |item, _| match item.id.as_str() {
            "stuck" => Err(ProjectError::Write {
                path: "runs".to_owned(),
                reason: Message::english("no"),
            }),
            _ => {
                gone.borrow_mut().push(item.id.clone());
                Ok(item.bytes)
            }
        });
        gone.into_inner()
    }

    #[test]
    fn members_go_first_then_the_oldest_and_no_more_than_must() {
        let bytes = |bytes| Excess {
            bytes,
            ..Excess::default()
        };
        assert!(gone(bytes(0)).is_empty());
        assert_eq!(gone(bytes(11)), ["z", "a"]);
        let all = ["z", "a", "ensemble-1", "run-1", "run-2"];
        assert_eq!(gone(bytes(25)), all[..3]);
        assert_eq!(gone(bytes(40)), all[..4]);
        assert_eq!(gone(bytes(1000)), all);
    }

    #[test]
    fn too_many_of_a_kind_costs_only_that_kind() {
        let excess = Excess {
            runs: 1,
            ..Excess::default()
        };
        assert_eq!(gone(excess), ["run-1"]);
        let excess = Excess {
            ensembles: 2,
            ..Excess::default()
        };
        assert_eq!(gone(excess), ["ensemble-1"]);
    }
}
