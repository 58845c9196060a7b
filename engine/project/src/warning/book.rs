//! What has become of all warnings: the journal's actions, applied one after another.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stormgrid_core::time::Instant;
use stormgrid_formats::cap::{Certainty, is_sendable};

use super::record::{Chances, Content, Kind, Reference, Warning};
use super::rules::{Audience, Rules, colour_word};
use super::{channel, text};
use crate::storm::Bilingual;

/// Something that was done, a line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// A forecast made a draft.
    Draft {
        /// The draft.
        warning: Box<Warning>,
    },
    /// A person issued a draft.
    Approve {
        /// The draft.
        id: String,
        /// The person.
        by: String,
        /// When it was sent, in the time of the exercise.
        sent: Instant,
    },
    /// A person replaced an issued warning.
    Update {
        /// The warning before.
        id: String,
        /// The person.
        by: String,
        /// When it was sent.
        sent: Instant,
        /// The new message, issued with this.
        warning: Box<Warning>,
    },
    /// A person took a chain back.
    Cancel {
        /// The newest warning of the chain.
        id: String,
        /// The person.
        by: String,
        /// Why.
        reason: String,
        /// When it was sent.
        sent: Instant,
        /// The message that says so, issued with this.
        warning: Box<Warning>,
    },
    /// A person threw a draft away.
    Discard {
        /// The draft.
        id: String,
        /// The person.
        by: String,
        /// Why.
        reason: String,
    },
    /// A message was posted to the program on this machine.
    Post {
        /// The message.
        id: String,
        /// The address.
        url: String,
        /// What went wrong, if anything.
        fault: Option<String>,
    },
}

/// Where a warning stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody has approved it.
    Draft,
    /// It holds.
    Issued,
    /// An update took its place.
    Superseded,
    /// It was taken back.
    Cancelled,
    /// It was thrown away before it was issued.
    Discarded,
    /// Its time has passed.
    Expired,
}

/// A line of a warning's history.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HistoryLine {
    /// When, by the clock.
    pub time: Instant,
    /// Who; `Stormgrid` where the program acted.
    pub by: String,
    /// What: draft, approve, update, cancel, discard, post.
    pub action: &'static str,
    /// Why, or what went wrong.
    pub reason: Option<String>,
}

#[derive(Clone, Debug)]
struct Entry {
    warning: Warning,
    state: State,
    by: Option<String>,
    approved: Option<Instant>,
    sent: Option<Instant>,
    history: Vec<HistoryLine>,
    /// Everything that the chain has reached up to here; empty as long as nothing was issued.
    reached: Option<Content>,
}

/// All warnings of a journal.
#[derive(Clone, Debug, Default)]
pub struct Book {
    entries: BTreeMap<String, Entry>,
    order: Vec<String>,
    keys: BTreeMap<String, String>,
    clients: BTreeMap<String, String>,
}

/// A warning as clients see it.
#[derive(Clone, Debug, Serialize)]
pub struct View {
    /// Identifier.
    pub id: String,
    /// Whom it is for.
    pub audience: Audience,
    /// Colour.
    pub colour: &'static str,
    /// Only members of an ensemble reach its places; the run leaves them dry.
    pub possible: bool,
    /// Where it stands.
    pub state: State,
    /// Alert, Update or Cancel.
    pub msg_type: Kind,
    /// How CAP is told to handle it: Exercise, Test, Actual, or Draft.
    pub status: String,
    /// Headline, with what it is.
    pub headline: Bilingual,
    /// What happens.
    pub description: Bilingual,
    /// What to do.
    pub instruction: Bilingual,
    /// Texts of the channels of the rules, by name.
    pub channels: BTreeMap<String, Bilingual>,
    /// When it was sent; the time of the exercise where it is one.
    pub sent: Option<Instant>,
    /// When the water comes first.
    pub onset: Instant,
    /// When it is to be out at the latest.
    pub warn_by: Instant,
    /// Whether it was sent after that.
    pub late: bool,
    /// Until when it holds.
    pub expires: Instant,
    /// The run.
    pub run: String,
    /// The run's start: times of targets count from it.
    pub run_start: Instant,
    /// Codes of the grids.
    pub grids: Vec<String>,
    /// How sure it is, as CAP calls it.
    pub certainty: Certainty,
    /// How likely the water is; nothing without an ensemble.
    pub chances: Option<Chances>,
    /// GeoJSON.
    pub polygon: Value,
    /// Places.
    pub targets: Value,
    /// Earlier messages of the chain.
    pub references: Vec<String>,
    /// Who issued it.
    pub by: Option<String>,
    /// When, by the clock.
    pub approved: Option<Instant>,
    /// What was done.
    pub history: Vec<HistoryLine>,
}

impl Book {
    /// Whether an action may be done now.
    ///
    /// # Errors
    ///
    /// Why not, in both languages.
    pub fn check(&self, action: &Action) -> Result<(), Bilingual> {
        let in_state = |id: &str, wanted: State| {
            let found = self
                .entries
                .get(id)
                .map(|entry| (entry.state, entry.warning.kind));
            match found {
                Some((_, Kind::Cancel)) => Err(text::message("alert.refused.cancel")),
                Some((state, _)) if state == wanted => Ok(()),
                Some((state, _)) => {
                    let state = text::message(&format!("alert.state.{}", state_word(state)));
                    Err(text::filled("alert.refused.state", &[("state", &state)]))
                }
                None => Err(text::filled(
                    "alert.refused.unknown",
                    &[("id", &text::same(id))],
                )),
            }
        };
        let fresh = |warning: &Warning| match self.entries.contains_key(&warning.id) {
            true => Err(text::filled(
                "alert.refused.taken",
                &[("id", &text::same(&warning.id))],
            )),
            false => Ok(()),
        };
        match action {
            Action::Draft { warning } => fresh(warning),
            Action::Approve { id, by, .. } => in_state(id, State::Draft).and_then(|()| named(by)),
            Action::Update {
                id, by, warning, ..
            } => in_state(id, State::Issued)
                .and_then(|()| named(by))
                .and_then(|()| fresh(warning)),
            Action::Cancel {
                id,
                by,
                reason,
                warning,
                ..
            } => in_state(id, State::Issued)
                .and_then(|()| named(by))
                .and_then(|()| reasoned(reason))
                .and_then(|()| fresh(warning)),
            Action::Discard { id, by, reason } => in_state(id, State::Draft)
                .and_then(|()| named(by))
                .and_then(|()| reasoned(reason)),
            Action::Post { .. } => Ok(()),
        }
    }

    /// Applies a checked action.
    pub fn apply(&mut self, time: Instant, client: Option<&str>, action: Action) {
        let line = |by: Option<&String>, action, reason: Option<&String>| HistoryLine {
            time,
            by: by.cloned().unwrap_or_else(|| "Stormgrid".to_owned()),
            action,
            reason: reason.cloned(),
        };
        let result = match action {
            Action::Draft { warning } => {
                let id = warning.id.clone();
                self.keys.insert(warning.key.clone(), id.clone());
                self.add(Entry {
                    warning: *warning,
                    state: State::Draft,
                    by: None,
                    approved: None,
                    sent: None,
                    history: vec![line(None, "draft", None)],
                    reached: None,
                });
                id
            }
            Action::Approve { id, by, sent } => {
                if let Some(entry) = self.entries.get_mut(&id) {
                    entry.history.push(line(Some(&by), "approve", None));
                    entry.state = State::Issued;
                    entry.approved = Some(time);
                    entry.sent = Some(sent);
                    entry.by = Some(by);
                    entry.reached = Some(entry.warning.content.clone());
                }
                id
            }
            Action::Update {
                id,
                by,
                sent,
                warning,
            } => {
                let history = line(Some(&by), "update", warning.reason.as_ref());
                self.follow(&id, State::Superseded, history, by, sent, *warning)
            }
            Action::Cancel {
                id,
                by,
                reason,
                sent,
                warning,
            } => {
                let history = line(Some(&by), "cancel", Some(&reason));
                self.follow(&id, State::Cancelled, history, by, sent, *warning)
            }
            Action::Discard { id, by, reason } => {
                if let Some(entry) = self.entries.get_mut(&id) {
                    entry
                        .history
                        .push(line(Some(&by), "discard", Some(&reason)));
                    entry.state = State::Discarded;
                }
                id
            }
            Action::Post { id, url, fault } => {
                let told = match fault {
                    Some(fault) => format!("{url}: {fault}"),
                    None => url,
                };
                if let Some(entry) = self.entries.get_mut(&id) {
                    entry.history.push(line(None, "post", Some(&told)));
                }
                id
            }
        };
        if let Some(client) = client {
            self.clients.insert(client.to_owned(), result);
        }
    }

    fn add(&mut self, entry: Entry) {
        self.order.push(entry.warning.id.clone());
        self.entries.insert(entry.warning.id.clone(), entry);
    }

    /// Ends a warning with the message that follows it, which is issued at once.
    fn follow(
        &mut self,
        id: &str,
        ends: State,
        line: HistoryLine,
        by: String,
        sent: Instant,
        warning: Warning,
    ) -> String {
        let mut reached = None;
        if let Some(before) = self.entries.get_mut(id) {
            before.state = ends;
            before.history.push(line.clone());
            reached = before
                .reached
                .as_ref()
                .map(|earlier| earlier.reached_with(&warning.content));
        }
        if ends == State::Cancelled {
            // The whole chain is taken back, not its newest message alone.
            for reference in &warning.references {
                if let Some(earlier) = self.entries.get_mut(&reference.id) {
                    earlier.state = State::Cancelled;
                }
            }
        }
        let new = warning.id.clone();
        self.add(Entry {
            warning,
            state: State::Issued,
            by: Some(by),
            approved: Some(line.time),
            sent: Some(sent),
            history: vec![line],
            reached,
        });
        new
    }

    /// The warning that a client's request with this identifier led to.
    pub fn of_client(&self, client: &str) -> Option<&str> {
        self.clients.get(client).map(String::as_str)
    }

    /// The warning with a key.
    pub fn of_key(&self, key: &str) -> Option<&str> {
        self.keys.get(key).map(String::as_str)
    }

    /// All identifiers.
    pub fn ids(&self) -> BTreeSet<String> {
        self.entries.keys().cloned().collect()
    }

    /// A warning as it was made.
    pub fn warning(&self, id: &str) -> Option<&Warning> {
        self.entries.get(id).map(|entry| &entry.warning)
    }

    /// When a warning was sent.
    pub fn sent(&self, id: &str) -> Option<Instant> {
        self.entries.get(id)?.sent
    }

    /// Everything that the chain of a warning has reached so far.
    pub fn reached(&self, id: &str) -> Option<&Content> {
        self.entries.get(id)?.reached.as_ref()
    }

    /// Messages in some states, in the order of their identifiers.
    pub(super) fn contents_in<'a>(
        &'a self,
        states: &'a [State],
    ) -> impl Iterator<Item = (&'a str, &'a Content)> {
        let wanted = self
            .entries
            .iter()
            .filter(|(_, e)| states.contains(&e.state));
        wanted.map(|(id, e)| (id.as_str(), &e.warning.content))
    }

    /// The messages of a chain up to this one, the oldest first, as the next one refers to them.
    pub fn references(&self, id: &str) -> Vec<Reference> {
        let Some(entry) = self.entries.get(id) else {
            return Vec::new();
        };
        let own = entry.sent.map(|sent| Reference {
            id: id.to_owned(),
            sent: sent.to_china_rfc3339(),
        });
        entry
            .warning
            .references
            .iter()
            .cloned()
            .chain(own)
            .collect()
    }

    /// The messages that were ever issued and when, in the order of the journal.
    pub fn issued(&self) -> impl Iterator<Item = (&Warning, Instant)> {
        let entries = self.order.iter().filter_map(|id| self.entries.get(id));
        entries.filter_map(|entry| Some((&entry.warning, entry.sent?)))
    }

    /// Where a warning stands at a time of the clock.
    pub fn state(&self, id: &str, now: Instant) -> Option<State> {
        let entry = self.entries.get(id)?;
        let here = now.plus_seconds(entry.warning.clock_offset_s as f64);
        Some(match entry.state {
            State::Issued if here >= entry.warning.content.expires => State::Expired,
            state => state,
        })
    }

    /// A warning as clients see it at a time of the clock.
    pub fn view(&self, id: &str, now: Instant, rules: &Rules) -> Option<View> {
        let entry = self.entries.get(id)?;
        let (warning, content) = (&entry.warning, &entry.warning.content);
        let status = match entry.state {
            State::Draft | State::Discarded => stormgrid_formats::cap::Status::Draft,
            _ => rules.message.status,
        };
        let coordinates: Vec<_> = content.polygon.iter().map(|ring| vec![ring]).collect();
        let lead_s = rules.lead_s(content.audience);
        let warn_by = content.onset.plus_seconds(-lead_s);
        Some(View {
            id: warning.id.clone(),
            audience: content.audience,
            colour: colour_word(content.colour),
            possible: content.possible,
            state: self.state(id, now)?,
            msg_type: warning.kind,
            status: format!("{status:?}"),
            headline: text::headline(content, warning.kind, status),
            description: content.description.clone(),
            instruction: content.instruction.clone(),
            channels: channel::texts(content, warning.kind, status, rules),
            sent: entry.sent,
            onset: content.onset,
            warn_by,
            late: entry.sent.is_some_and(|sent| sent > warn_by),
            expires: content.expires,
            run: warning.run.clone(),
            run_start: content.start,
            grids: content.grids.iter().map(|g| g.code.clone()).collect(),
            certainty: rules.certainty(content.chances.as_ref()),
            chances: content.chances.clone(),
            polygon: json!({ "type": "MultiPolygon", "coordinates": coordinates }),
            targets: json!({
                "grids": content.grids, "schools": content.schools, "roads": content.roads,
                "people": content.people,
                "lifted": warning.lifted.as_ref().map(|l| json!({
                    "grids": l.grids, "schools": l.schools, "roads": l.roads,
                })),
            }),
            references: warning.references.iter().map(|r| r.id.clone()).collect(),
            by: entry.by.clone(),
            approved: entry.approved,
            history: entry.history.clone(),
        })
    }

    /// All warnings as clients see them, in the order of the journal.
    pub fn views(&self, now: Instant, rules: &Rules) -> Vec<View> {
        self.order
            .iter()
            .filter_map(|id| self.view(id, now, rules))
            .collect()
    }
}

/// The word of a state in files and messages.
fn state_word(state: State) -> &'static str {
    match state {
        State::Draft => "draft",
        State::Issued => "issued",
        State::Superseded => "superseded",
        State::Cancelled => "cancelled",
        State::Discarded => "discarded",
        State::Expired => "expired",
    }
}

/// Longest name or reason [characters].
const LONGEST_WORDS: usize = 400;

fn named(by: &str) -> Result<(), Bilingual> {
    match is_said(by) {
        true => Ok(()),
        false => Err(text::message("alert.refused.name")),
    }
}

fn reasoned(reason: &str) -> Result<(), Bilingual> {
    match is_said(reason) {
        true => Ok(()),
        false => Err(text::message("alert.refused.reason")),
    }
}

fn is_said(words: &str) -> bool {
    !words.trim().is_empty()
        && words.chars().count() <= LONGEST_WORDS
        && words.chars().all(is_sendable)
        && !words.contains(['\n', '\t'])
}
