//! Warnings: from a finished forecast to messages that a person issues, updates and takes back.
//!
//! # How it goes
//!
//! ```text
//! Forecast ─ Situation::of ─► drafts(rules) ─► Store::draft ─► approve ─► issued ─► update ─► superseded
//!                                                       └► discard        └► cancel ─► cancelled
//! ```
//!
//! - [`Rules`] are data: who is warned from which depth on, in which colour, how long before the water.
//! - A draft is no warning. Nothing counts as issued before a named person approves it.
//! - [`Store`] is a journal of JSON lines that is only ever appended to, each line with the hash of the one before.
//! - Issued messages are CAP 1.2 files beside the journal and, if asked for, posted to a program on this machine.
//!   Nothing is sent anywhere else.
//!
//! # What is left out
//!
//! Who a person is: a name is taken as given. The ways that a warning takes to phones, speakers and screens.

mod area;
mod book;
mod channel;
mod cover;
mod lifted;
mod message;
mod possible;
mod record;
mod rules;
mod situation;
mod store;
mod text;
mod webhook;

#[cfg(test)]
mod tests;

pub use book::{Action, Book, HistoryLine, State, View};
pub use channel::Channel;
pub use lifted::Lifted;
pub use message::{atom, cap_message};
pub use record::{
    Chances, Content, GridTarget, Kind, Reference, RoadTarget, SchoolTarget, StormFacts, Warning,
};
pub use rules::{Audience, ClockRule, Measures, RULES_FILE, Rule, Rules, colour_word};
pub use situation::{Situation, contents, draft_files};
pub use store::{Change, Store, WarningError};
pub use webhook::Webhook;
