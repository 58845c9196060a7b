//! The texts of a warning as each channel can carry them: short messages, cell broadcast, displays, loudspeakers.
//!
//! A text is the longest of some forms that fits: headline, description and instruction; headline and instruction;
//! event, place, time and instruction; event, place and time; event. The limits are data, `[channels]` of the rules.

use std::collections::BTreeMap;

use serde::Deserialize;
use stormgrid_formats::cap::Status;

use super::record::{Content, Kind};
use super::rules::Rules;
use super::text;
use crate::storm::Bilingual;

/// The channel of the event's name.
pub(super) const EVENT: &str = "event";

/// The channel of the headline.
pub(super) const HEADLINE: &str = "headline";

/// `[channels.NAME]`: how many characters a channel carries.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Of Chinese, and of any text that is not ASCII alone.
    pub zh: usize,
    /// Of English.
    pub en: usize,
    /// Where the numbers come from.
    pub source: String,
}

impl Channel {
    /// Whether a text can be carried.
    pub fn carries(&self, text: &str) -> bool {
        let most = match text.is_ascii() {
            true => self.en,
            false => self.zh,
        };
        text.chars().count() <= most
    }

    /// A text cut so that it can be carried, with a mark where it was cut.
    pub fn cut(&self, text: &str) -> String {
        if self.carries(text) {
            return text.to_owned();
        }
        let (most, mark) = match text.is_ascii() {
            true => (self.en, "..."),
            false => (self.zh, "…"),
        };
        let kept = most.saturating_sub(mark.chars().count());
        let cut: String = text.chars().take(kept).collect();
        match kept {
            0 => text.chars().take(most).collect(),
            _ => cut.trim_end().to_owned() + mark,
        }
    }
}

/// A text in both languages, cut to a channel of the rules; as it is where the rules have none of that name.
pub(super) fn fitted(text: &Bilingual, channel: &str, rules: &Rules) -> Bilingual {
    match rules.channels.get(channel) {
        Some(channel) => Bilingual::new(channel.cut(&text.zh), channel.cut(&text.en)),
        None => text.clone(),
    }
}

/// The texts of all channels, by name; those of event and headline are CAP's own elements and not among them.
pub(super) fn texts(
    content: &Content,
    kind: Kind,
    status: Status,
    rules: &Rules,
) -> BTreeMap<String, Bilingual> {
    let forms = forms(content, kind, status);
    let fit = |channel: &Channel, pick: fn(&Bilingual) -> &String| {
        let fitting = forms.iter().map(pick).find(|form| channel.carries(form));
        let last = forms.last().map_or("", |form| pick(form).as_str());
        fitting.cloned().unwrap_or_else(|| channel.cut(last))
    };
    let others = rules
        .channels
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), EVENT | HEADLINE));
    others
        .map(|(name, channel)| {
            let told = Bilingual::new(fit(channel, |b| &b.zh), fit(channel, |b| &b.en));
            (name.clone(), told)
        })
        .collect()
}

/// What may be told, the longest first. Each says whether it is an exercise, and whether it takes something back.
fn forms(content: &Content, kind: Kind, status: Status) -> Vec<Bilingual> {
    let event = text::event(content);
    let place = text::same(&content.place);
    let time = text::clock(content.onset);
    let marked = |what: &Bilingual| text::with_status(&text::with_kind(what, kind), status);
    let short = marked(&text::filled(
        "alert.short",
        &[("event", &event), ("place", &place), ("time", &time)],
    ));
    let headline = marked(&content.headline);
    let joined = |parts: &[&Bilingual]| {
        let of = |pick: fn(&Bilingual) -> &String, between: &str, stop: char| {
            let mut told = String::new();
            for part in parts
                .iter()
                .map(|part| pick(part).trim())
                .filter(|p| !p.is_empty())
            {
                if !told.is_empty() {
                    if !told.ends_with(['.', '。', '!', '！', '?', '？']) {
                        told.push(stop);
                    }
                    told.push_str(between);
                }
                told.push_str(part);
            }
            told
        };
        Bilingual::new(of(|b| &b.zh, "", '。'), of(|b| &b.en, " ", '.'))
    };
    vec![
        joined(&[&headline, &content.description, &content.instruction]),
        joined(&[&headline, &content.instruction]),
        joined(&[&short, &content.instruction]),
        headline,
        short,
        marked(&event),
    ]
}
