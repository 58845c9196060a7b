//! Warnings as CAP messages, as a feed, and drafts with identifiers.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use stormgrid_core::time::Instant;
use stormgrid_formats::cap::{
    self, Alert, Area, Category, Entry, Feed, Info, Link, MsgType, Pair, ResponseType, Severity,
    Status, Urgency,
};
use stormgrid_sim::classes::Colour;

use super::book::Book;
use super::cover::{Limits, MOST_VERTICES};
use super::lifted::Lifted;
use super::record::{Content, Kind, Warning};
use super::rules::{Audience, Rules, colour_word};
use super::{area, channel, text};
use crate::ProjectError;
use crate::storm::Bilingual;

/// Serial numbers of identifiers of one second.
const SERIALS: u32 = 10;

/// The identifier of a message, not among those that are taken: 6 digits GB/T 2260, 3 of the sector, 3 of the
/// office, 2 more, `_`, the time in China, `_`, a serial number. Where ten are taken, the next second is used.
pub(super) fn new_id(
    taken: &BTreeSet<String>,
    region: &str,
    time: Instant,
    rules: &Rules,
) -> String {
    let m = &rules.message;
    let free = (0..).find_map(|second| {
        let time = time.plus_seconds(f64::from(second));
        let digits: String = time
            .to_china_rfc3339()
            .chars()
            .take(19)
            .filter(char::is_ascii_digit)
            .collect();
        let head = format!("{region}{}{}{}_{digits}", m.sector, m.unit, m.extension);
        (0..SERIALS)
            .map(|n| format!("{head}_{n}"))
            .find(|id| !taken.contains(id))
    });
    free.unwrap_or_default()
}

/// Two drafts of the same run, audience, colour and places have one key.
fn key(run: &str, digest: &str, content: &Content) -> String {
    let mut hash = Sha256::new();
    let what = (run, digest, content);
    hash.update(serde_json::to_vec(&what).unwrap_or_default());
    format!("{:x}", hash.finalize())
}

/// Contents as drafts with identifiers from a time on.
pub(super) fn draft_warnings(
    contents: Vec<Content>,
    run: &str,
    digest: &str,
    time: Instant,
    rules: &Rules,
) -> Vec<Warning> {
    let mut taken = BTreeSet::new();
    let make = |content: Content| {
        let id = new_id(&taken, &content.region, time, rules);
        taken.insert(id.clone());
        Warning {
            id,
            key: key(run, digest, &content),
            run: run.to_owned(),
            digest: digest.to_owned(),
            kind: Kind::Alert,
            clock_offset_s: 0,
            content,
            references: Vec::new(),
            reason: None,
            lifted: None,
        }
    };
    contents.into_iter().map(make).collect()
}

/// A warning as a CAP 1.2 message.
///
/// - `sent`: when it is sent, in the time of the exercise
/// - `draft`: whether nobody has approved it
pub fn cap_message(
    warning: &Warning,
    sent: Instant,
    draft: bool,
    rules: &Rules,
) -> Result<String, ProjectError> {
    Ok(sized(warning, sent, draft, rules)?.0)
}

/// Whether a draft can be sent with each of its grids in a geocode of its own.
///
/// - `room`: bytes that are kept for what a draft does not have yet
pub(super) fn is_small(
    warning: &Warning,
    sent: Instant,
    rules: &Rules,
    room: usize,
) -> Result<bool, ProjectError> {
    let (text, size) = sized(warning, sent, true, rules)?;
    Ok(size.geocodes && text.len() + room <= rules.message.most_bytes)
}

/// A message in the largest size that is small enough, else in the smallest.
fn sized(
    warning: &Warning,
    sent: Instant,
    draft: bool,
    rules: &Rules,
) -> Result<(String, Size), ProjectError> {
    let (mut text, mut taken) = (String::new(), SIZES[0]);
    for size in SIZES {
        text = cap::write(&alert(&size.of(warning), sent, draft, rules, size))?;
        taken = size;
        if text.len() <= rules.message.most_bytes {
            break;
        }
    }
    Ok((text, taken))
}

/// How much a message tells of its places besides their codes.
#[derive(Clone, Copy, Debug)]
struct Size {
    /// Each road and school in a parameter of its own; else one parameter has them all, with spaces between.
    parameters: bool,
    /// Each grid in a geocode of its own; else one geocode has them all, with spaces between.
    geocodes: bool,
    /// Most vertices of all polygons of a part together.
    vertices: usize,
}

const fn size(parameters: bool, geocodes: bool, vertices: usize) -> Size {
    Size {
        parameters,
        geocodes,
        vertices,
    }
}

/// Sizes of a message, the largest first; the first that is small enough is taken. Drafts that need more than the
/// fourth are made as several messages: [`super::situation::contents`]; what a chain of updates gathers may need all.
const SIZES: [Size; 7] = [
    size(true, true, usize::MAX),
    size(false, true, usize::MAX),
    size(false, true, 500),
    size(false, true, 250),
    size(false, false, 250),
    size(false, false, 120),
    size(false, false, 40),
];

impl Size {
    /// A warning with polygons of this size: around all that is warned, within what is lifted.
    fn of(self, warning: &Warning) -> Warning {
        let limits = Limits {
            of_one: MOST_VERTICES,
            of_all: self.vertices,
        };
        let mut warning = warning.clone();
        let polygon = &mut warning.content.polygon;
        *polygon = area::fewer_around(polygon, limits);
        if let Some(lifted) = &mut warning.lifted {
            lifted.polygon = area::fewer_within(&lifted.polygon, limits);
        }
        warning
    }

    /// Codes of places as pairs, one for each or one for all.
    fn pairs<'a>(
        each: bool,
        (one, all): (&str, &str),
        codes: impl Iterator<Item = &'a String>,
    ) -> Vec<Pair> {
        let codes: Vec<&str> = codes.map(String::as_str).collect();
        match each || codes.len() < 2 {
            true => codes.iter().map(|code| Pair::new(one, *code)).collect(),
            false => vec![Pair::new(all, codes.join(" "))],
        }
    }
}

fn alert(warning: &Warning, sent: Instant, draft: bool, rules: &Rules, size: Size) -> Alert {
    let status = match draft {
        true => Status::Draft,
        false => rules.message.status,
    };
    let msg_type = match warning.kind {
        Kind::Alert => MsgType::Alert,
        Kind::Update => MsgType::Update,
        Kind::Cancel => MsgType::Cancel,
    };
    let sender = &rules.message.sender;
    let mut alert = Alert::new(
        &warning.id,
        sender,
        &sent.to_china_rfc3339(),
        status,
        msg_type,
    );
    let references = warning
        .references
        .iter()
        .map(|r| format!("{sender},{},{}", r.id, r.sent));
    let references: Vec<String> = references.collect();
    alert.references = (!references.is_empty()).then(|| references.join(" "));
    alert.source = Some("Stormgrid".to_owned());
    alert.note = match (&warning.reason, status) {
        (Some(reason), _) => Some(reason.clone()),
        (None, Status::Exercise) => Some(text::message("alert.note.exercise").zh),
        _ => None,
    };
    alert.infos = vec![
        info(warning, sent, status, rules, size, "zh-CN", |b| &b.zh),
        info(warning, sent, status, rules, size, "en-US", |b| &b.en),
    ];
    if let Some(lifted) = &warning.lifted {
        let clear =
            |language, pick| all_clear(warning, lifted, sent, status, rules, size, language, pick);
        alert
            .infos
            .extend([clear("zh-CN", |b| &b.zh), clear("en-US", |b| &b.en)]);
    }
    alert
}

fn info(
    warning: &Warning,
    sent: Instant,
    status: Status,
    rules: &Rules,
    size: Size,
    language: &str,
    pick: fn(&Bilingual) -> &String,
) -> Info {
    let content = &warning.content;
    let is_cancel = warning.kind == Kind::Cancel;
    let tell = |text: &Bilingual| Some(pick(text).clone());
    let in_s = content.onset.seconds_since(sent);
    let (categories, response) = match content.audience {
        Audience::Drivers => (
            vec![Category::Transport, Category::Met],
            ResponseType::Avoid,
        ),
        Audience::PupilsParents => (vec![Category::Safety, Category::Met], ResponseType::Prepare),
        Audience::Residents if content.colour >= Colour::Orange => (
            vec![Category::Met, Category::Safety],
            ResponseType::Evacuate,
        ),
        Audience::Residents => (vec![Category::Met, Category::Safety], ResponseType::Prepare),
    };
    let mut parameters = vec![
        Pair::new("colour", colour_word(content.colour)),
        Pair::new("run", &warning.run),
        Pair::new("digest", &warning.digest),
    ];
    if let Some(chances) = &content.chances {
        parameters.extend([
            Pair::new("ensemble", &chances.ensemble),
            Pair::new("members", chances.members.to_string()),
            Pair::new("chance", format!("{:.2}", chances.greatest())),
        ]);
    }
    if content.unknown > 0 {
        parameters.push(Pair::new("unknownGrids", content.unknown.to_string()));
    }
    let channels = channel::texts(content, warning.kind, status, rules);
    parameters.extend(
        channels
            .iter()
            .map(|(name, told)| Pair::new(format!("text_{name}"), pick(told))),
    );
    let schools = content.schools.iter().map(|s| &s.code);
    parameters.extend(Size::pairs(size.parameters, ("school", "schools"), schools));
    let roads = content.roads.iter().map(|r| &r.id);
    parameters.extend(Size::pairs(size.parameters, ("road", "roads"), roads));
    Info {
        language: language.to_owned(),
        categories,
        event: pick(&channel::fitted(
            &text::event(content),
            channel::EVENT,
            rules,
        ))
        .clone(),
        response_types: vec![if is_cancel {
            ResponseType::AllClear
        } else {
            response
        }],
        urgency: match in_s {
            _ if is_cancel => Urgency::Past,
            t if t <= rules.urgency.immediate_s => Urgency::Immediate,
            t if t <= rules.urgency.expected_s => Urgency::Expected,
            _ => Urgency::Future,
        },
        severity: severity(content.colour),
        certainty: rules.certainty(content.chances.as_ref()),
        audience: tell(&text::audience(content.audience)),
        event_codes: Vec::new(),
        effective: Some(sent.to_china_rfc3339()),
        onset: Some(content.onset.to_china_rfc3339()),
        expires: Some(
            content
                .expires
                .max(content.onset)
                .max(sent)
                .to_china_rfc3339(),
        ),
        sender_name: tell(&rules.message.sender_name),
        headline: tell(&channel::fitted(
            &text::headline(content, warning.kind, status),
            channel::HEADLINE,
            rules,
        )),
        description: tell(&content.description),
        instruction: tell(&content.instruction),
        web: None,
        contact: None,
        parameters,
        areas: vec![area_of(content, size, pick)],
    }
}

/// The part of an update for those who are no longer warned.
fn all_clear(
    warning: &Warning,
    lifted: &Lifted,
    sent: Instant,
    status: Status,
    rules: &Rules,
    size: Size,
    language: &str,
    pick: fn(&Bilingual) -> &String,
) -> Info {
    let content = &warning.content;
    let headline = text::filled("alert.lifted.headline", &[("headline", &content.headline)]);
    let told = Content {
        grids: lifted.grids.clone(),
        schools: lifted.schools.clone(),
        roads: lifted.roads.clone(),
        polygon: lifted.polygon.clone(),
        onset: sent,
        headline,
        description: lifted.description.clone(),
        instruction: text::message("alert.lifted.instruction"),
        ..content.clone()
    };
    let warning = Warning {
        content: told,
        lifted: None,
        ..warning.clone()
    };
    Info {
        response_types: vec![ResponseType::AllClear],
        urgency: Urgency::Past,
        severity: Severity::Minor,
        headline: Some(
            pick(&channel::fitted(
                &text::with_status(&warning.content.headline, status),
                channel::HEADLINE,
                rules,
            ))
            .clone(),
        ),
        ..info(&warning, sent, status, rules, size, language, pick)
    }
}

/// Red is extreme, orange severe, yellow moderate, blue minor.
pub(super) fn severity(colour: Colour) -> Severity {
    match colour {
        Colour::Red => Severity::Extreme,
        Colour::Orange => Severity::Severe,
        Colour::Yellow => Severity::Moderate,
        Colour::Blue => Severity::Minor,
    }
}

fn area_of(content: &Content, size: Size, pick: fn(&Bilingual) -> &String) -> Area {
    let n = text::same(content.grids.len());
    let place = text::same(&content.place);
    let mut geocodes = vec![Pair::new("GB/T 2260", &content.region)];
    let grids = content.grids.iter().map(|g| &g.code);
    geocodes.extend(Size::pairs(size.geocodes, ("grid", "grids"), grids));
    Area {
        description: pick(&text::filled("alert.area", &[("place", &place), ("n", &n)])).clone(),
        polygons: content
            .polygon
            .iter()
            .map(|ring| points(ring, ","))
            .collect(),
        geocodes,
    }
}

/// Latitude and longitude of the points of a ring, as CAP and GeoRSS have them.
fn points(ring: &[[f64; 2]], between: &str) -> String {
    let pairs = ring
        .iter()
        .map(|[lon, lat]| format!("{lat:.6}{between}{lon:.6}"));
    pairs.collect::<Vec<_>>().join(" ")
}

/// The issued messages as an Atom feed with GeoRSS, the newest first.
pub fn atom(book: &Book, rules: &Rules) -> Result<String, ProjectError> {
    let mut issued: Vec<_> = book.issued().collect();
    issued.reverse();
    let entry = |(warning, sent): &(&Warning, Instant)| Entry {
        id: format!("urn:stormgrid:{}", warning.id),
        title: text::headline(&warning.content, warning.kind, rules.message.status).zh,
        updated: sent.to_china_rfc3339(),
        summary: warning.content.description.zh.clone(),
        link: Link::to_cap(format!("warnings/{}/cap.xml", warning.id)),
        polygons: warning
            .content
            .polygon
            .iter()
            .map(|ring| points(ring, " "))
            .collect(),
    };
    let newest = issued
        .iter()
        .map(|(_, sent)| *sent)
        .max()
        .unwrap_or(Instant::from_unix_seconds(0));
    let name = &rules.message.sender_name.zh;
    let feed = Feed::new(
        &format!("urn:stormgrid:{}", rules.message.sender),
        name,
        name,
        &newest.to_china_rfc3339(),
        issued.iter().map(entry).collect(),
    );
    Ok(cap::write_feed(&feed)?)
}
