//! The texts of warnings, from the templates of the message catalogue.

use stormgrid_core::time::Instant;
use stormgrid_formats::cap::Status;
use stormgrid_sim::classes::Colour;

use super::record::{Content, GridTarget, Kind, RoadTarget, SchoolTarget};
use super::rules::{Audience, Rules, colour_word};
use crate::messages;
use crate::storm::Bilingual;
use crate::storm_names::storm_name;

/// A template of the catalogue. A key that the catalogue lacks is shown as it is; a test looks them all up.
pub(super) fn message(key: &str) -> Bilingual {
    messages::known(key).unwrap_or_else(|| Bilingual::same(key))
}

/// A template with its slots filled, in both languages.
pub(super) fn filled(key: &str, slots: &[(&str, &Bilingual)]) -> Bilingual {
    messages::text_with(key, slots)
}

/// The same in both languages.
pub(super) fn same(text: impl ToString) -> Bilingual {
    Bilingual::new(text.to_string(), text.to_string())
}

/// A time of day in China.
pub(super) fn clock(time: Instant) -> Bilingual {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let text = time.to_china_rfc3339();
    let number = |from: usize| {
        text.get(from..from + 2)
            .and_then(|t| t.parse::<usize>().ok())
    };
    match (number(5), number(8), text.get(11..16)) {
        (Some(month @ 1..=12), Some(day), Some(clock)) => Bilingual::new(
            format!("{month}月{day}日{clock}"),
            format!("{day} {} {clock}", MONTHS[month - 1]),
        ),
        _ => same(text),
    }
}

fn metres(depth: f64) -> Bilingual {
    same(format!("{depth:.2}"))
}

fn people(number: f64, rules: &Rules) -> Bilingual {
    match number < rules.message.people_under {
        true => filled(
            "alert.people.few",
            &[("n", &same(rules.message.people_under))],
        ),
        false => filled("alert.people.about", &[("n", &same(number.round()))]),
    }
}

/// Joins lines; of many the first ones, and how many more there are.
fn list(lines: Vec<Bilingual>, most: usize) -> Bilingual {
    let more = lines.len().saturating_sub(most);
    let shown = &lines[..lines.len() - more];
    let joined = |pick: fn(&Bilingual) -> &String, with: &str| {
        shown
            .iter()
            .map(|l| pick(l).as_str())
            .collect::<Vec<_>>()
            .join(with)
    };
    let lines = Bilingual::new(joined(|l| &l.zh, "；"), joined(|l| &l.en, "; "));
    match more {
        0 => lines,
        more => filled(
            "alert.list.more",
            &[("list", &lines), ("more", &same(more))],
        ),
    }
}

fn road_line(road: &RoadTarget, start: Instant) -> Bilingual {
    let at = |seconds: f64| clock(start.plus_seconds(seconds));
    let detour = match road.detour_m {
        Some(metres) => filled(
            "alert.detour.length",
            &[("length", &same(format!("{:.1}", metres / 1000.0)))],
        ),
        None => message("alert.detour.none"),
    };
    let reopens = match road.reopens_s {
        Some(seconds) => filled("alert.reopens.at", &[("time", &at(seconds))]),
        None => message("alert.reopens.unknown"),
    };
    let key = match road.closes_s {
        Some(_) => "alert.road.closed",
        None => "alert.road.wet",
    };
    filled(
        key,
        &[
            ("name", &same(&road.name)),
            ("code", &same(&road.id)),
            ("time", &at(road.warned_s)),
            ("closes", &at(road.closes_s.unwrap_or(road.warned_s))),
            ("reopens", &reopens),
            ("depth", &metres(road.depth_m)),
            ("detour", &detour),
        ],
    )
}

fn school_line(school: &SchoolTarget, start: Instant, reached_from_m: f64) -> Bilingual {
    let key = match (
        school.depth_m >= reached_from_m,
        school.closed_roads.is_empty(),
    ) {
        (true, _) => "alert.school.water",
        (false, false) => "alert.school.approach",
        (false, true) => "alert.school.grid",
    };
    filled(
        key,
        &[
            ("name", &same(&school.name)),
            ("time", &clock(start.plus_seconds(school.time_s))),
            ("depth", &metres(school.depth_m)),
            ("n", &same(school.closed_roads.len())),
        ],
    )
}

fn grid_line(grid: &GridTarget, start: Instant, rules: &Rules) -> Bilingual {
    filled(
        "alert.grid.line",
        &[
            ("name", &same(&grid.name)),
            ("code", &same(&grid.code)),
            ("time", &clock(start.plus_seconds(grid.time_s))),
            ("depth", &metres(grid.depth_m)),
            ("people", &people(grid.people, rules)),
        ],
    )
}

/// A line with the chance that an ensemble gives its place, if there is one.
fn chance_of(content: &Content, code: &str, line: Bilingual) -> Bilingual {
    let chances = content.chances.as_ref();
    let Some(chance) = chances.and_then(|chances| chances.of.get(code)) else {
        return line;
    };
    let percent = same(format!("{:.0}", 100.0 * chance));
    filled(
        "alert.chance.line",
        &[("line", &line), ("percent", &percent)],
    )
}

/// A line of a place that only members reach.
fn possible_line(
    content: &Content,
    key: &str,
    (name, code): (&str, &str),
    time_s: f64,
    slots: &[(&str, &Bilingual)],
) -> Bilingual {
    let chances = content.chances.as_ref();
    let chance = chances.and_then(|chances| chances.of.get(code).copied());
    let percent = same(format!("{:.0}", 100.0 * chance.unwrap_or(0.0)));
    let time = clock(content.start.plus_seconds(time_s));
    let (name, code) = (same(name), same(code));
    let mut all = vec![
        ("name", &name),
        ("code", &code),
        ("time", &time),
        ("percent", &percent),
    ];
    all.extend_from_slice(slots);
    filled(key, &all)
}

fn possible_road(content: &Content, road: &RoadTarget) -> Bilingual {
    let depth = metres(road.depth_m);
    possible_line(
        content,
        "alert.possible.road",
        (&road.name, &road.id),
        road.warned_s,
        &[("depth", &depth)],
    )
}

fn possible_school(content: &Content, school: &SchoolTarget) -> Bilingual {
    let key = match school.closed_roads.is_empty() {
        true => "alert.possible.school.grid",
        false => "alert.possible.school.approach",
    };
    let n = same(school.closed_roads.len());
    possible_line(
        content,
        key,
        (&school.name, &school.code),
        school.time_s,
        &[("n", &n)],
    )
}

fn possible_grid(content: &Content, grid: &GridTarget, rules: &Rules) -> Bilingual {
    let (depth, people) = (metres(grid.depth_m), people(grid.people, rules));
    possible_line(
        content,
        "alert.possible.grid",
        (&grid.name, &grid.code),
        grid.time_s,
        &[("depth", &depth), ("people", &people)],
    )
}

/// What the colour is called.
pub(super) fn colour(colour: Colour) -> Bilingual {
    message(&format!("alert.colour.{}", colour_word(colour)))
}

/// What the audience is called.
pub(super) fn audience(audience: Audience) -> Bilingual {
    message(&format!("alert.audience.{}", audience.word()))
}

/// Writes headline, description and instruction from the facts of a message. The soonest places are named first.
pub(super) fn tell(content: &mut Content, rules: &Rules) {
    let (start, most) = (content.start, rules.message.names);
    let sooner = |a: f64, b: f64| a.total_cmp(&b);
    let (lines, n) = match content.audience {
        Audience::Drivers => {
            let mut roads: Vec<&RoadTarget> = content.roads.iter().collect();
            roads.sort_by(|a, b| sooner(a.warned_s, b.warned_s).then(a.id.cmp(&b.id)));
            (
                roads
                    .iter()
                    .map(|r| match content.possible {
                        true => possible_road(content, r),
                        false => chance_of(content, &r.id, road_line(r, start)),
                    })
                    .collect::<Vec<_>>(),
                content.roads.len(),
            )
        }
        Audience::PupilsParents => {
            let mut schools: Vec<&SchoolTarget> = content.schools.iter().collect();
            schools.sort_by(|a, b| sooner(a.time_s, b.time_s).then(a.code.cmp(&b.code)));
            let line = |s: &&SchoolTarget| match content.possible {
                true => possible_school(content, s),
                false => chance_of(
                    content,
                    &s.code,
                    school_line(s, start, rules.road.warn_depth_m),
                ),
            };
            (schools.iter().map(line).collect(), content.schools.len())
        }
        Audience::Residents => {
            let mut grids: Vec<&GridTarget> = content.grids.iter().collect();
            grids.sort_by(|a, b| sooner(a.time_s, b.time_s).then(a.code.cmp(&b.code)));
            (
                grids
                    .iter()
                    .map(|g| match content.possible {
                        true => possible_grid(content, g, rules),
                        false => chance_of(content, &g.code, grid_line(g, start, rules)),
                    })
                    .collect(),
                content.grids.len(),
            )
        }
    };
    let closed = content
        .roads
        .iter()
        .filter(|r| r.closes_s.is_some())
        .count();
    let signal = match content.storm.signal {
        Some(signal) => filled("alert.storm.signal", &[("colour", &colour(signal))]),
        None => same(""),
    };
    let storm = filled(
        "alert.storm",
        &[
            ("name", &storm_name(&content.storm.name)),
            ("class", &content.storm.class),
            ("signal", &signal),
        ],
    );
    let slots = [
        ("storm", storm),
        ("colour", colour(content.colour)),
        ("n", same(n)),
        ("closed", same(closed)),
        ("warn", metres(rules.road.warn_depth_m)),
        ("close", metres(rules.road.close_depth_m)),
        ("people", people(content.people, rules)),
        ("time", clock(content.onset)),
        ("list", list(lines, most)),
    ];
    let slots: Vec<(&str, &Bilingual)> = slots.iter().map(|(name, value)| (*name, value)).collect();
    let word = content.audience.word();
    let key = |what: &str| match content.possible {
        true => format!("alert.possible.{what}.{word}"),
        false => format!("alert.{what}.{word}"),
    };
    let texts = ["headline", "description"].map(|what| filled(&key(what), &slots));
    [content.headline, content.description] = texts;
    if let Some(chances) = &content.chances {
        let members = [
            ("text", &content.description),
            ("members", &same(chances.members)),
        ];
        content.description = filled("alert.chance.members", &members);
    }
    if content.unknown > 0 {
        let (text, n) = (content.description.clone(), same(content.unknown));
        content.description = filled("alert.unknown", &[("text", &text), ("n", &n)]);
    }
    content.instruction = message(&format!(
        "alert.instruction.{word}.{}",
        colour_word(content.colour)
    ));
}

/// The event's name.
pub(super) fn event(content: &Content) -> Bilingual {
    let key = format!("alert.event.{}", content.audience.word());
    filled(&key, &[("colour", &colour(content.colour))])
}

/// Headline with what kind of message and which status it has.
pub(super) fn headline(content: &Content, kind: Kind, status: Status) -> Bilingual {
    with_status(&with_kind(&content.headline, kind), status)
}

/// A headline with what kind of message it is.
pub(super) fn with_kind(headline: &Bilingual, kind: Kind) -> Bilingual {
    let key = match kind {
        Kind::Alert => "alert.kind.alert",
        Kind::Update => "alert.kind.update",
        Kind::Cancel => "alert.kind.cancel",
    };
    filled(key, &[("headline", headline)])
}

/// A headline with the status of its message.
pub(super) fn with_status(headline: &Bilingual, status: Status) -> Bilingual {
    let key = match status {
        Status::Actual => return headline.clone(),
        Status::Exercise => "alert.status.exercise",
        Status::Draft => "alert.status.draft",
        _ => "alert.status.test",
    };
    filled(key, &[("headline", headline)])
}

/// Description and instruction of a message that takes a chain back.
pub(super) fn tell_cancel(content: &mut Content, reason: &str) {
    let reason = same(reason);
    let (grids, schools, roads) = (
        same(content.grids.len()),
        same(content.schools.len()),
        same(content.roads.len()),
    );
    let slots = [
        ("reason", &reason),
        ("grids", &grids),
        ("schools", &schools),
        ("roads", &roads),
    ];
    content.description = filled("alert.cancel.description", &slots);
    content.instruction = message("alert.cancel.instruction");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_slot_brings_in_is_no_slot() {
        let line = filled(
            "alert.road.wet",
            &[("name", &same("{code}")), ("code", &same("R1"))],
        );
        assert!(
            line.zh.contains("{code}") && line.zh.contains("R1"),
            "{line:?}"
        );
    }

    #[test]
    fn every_text_is_in_the_catalogue() {
        let source = include_str!("text.rs");
        let keys = source.match_indices("\"alert.").map(|(at, _)| {
            source[at + 1..]
                .split('"')
                .next()
                .unwrap_or_default()
                .to_owned()
        });
        let mut plain: Vec<String> = keys
            .filter(|key| !key.contains('{') && *key != "alert.")
            .collect();
        for audience in Audience::ALL {
            let word = audience.word();
            plain.extend(
                ["audience", "headline", "description"].map(|what| format!("alert.{what}.{word}")),
            );
            plain.extend(
                ["headline", "description"].map(|what| format!("alert.possible.{what}.{word}")),
            );
            for colour in ["blue", "yellow", "orange", "red"] {
                plain.extend([
                    format!("alert.instruction.{word}.{colour}"),
                    format!("alert.colour.{colour}"),
                ]);
            }
        }
        assert!(plain.len() > 40);
        for key in plain {
            assert_ne!(message(&key).zh, key);
        }
    }

    #[test]
    fn times_are_those_of_china() {
        let time = Instant::parse("2017-08-22T22:05:00Z").expect("valid");
        assert_eq!(clock(time), Bilingual::new("8月23日06:05", "23 Aug 06:05"));
    }
}
