//! Which storm of a file is meant: by identifier, number, name, or name and season.
//!
//! Names come again, in other years and other basins; numbers come again every year. So a storm is one by its
//! identifier and season, and a text that fits several storms is refused with a list of them: none is chosen because
//! it is the newest. All commands choose here.

use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::storm::Track;
use stormgrid_core::time::Instant;
use stormgrid_formats::track::{Tracks, is_nameless};

use crate::ProjectError;
use crate::error::list;
use crate::storm_names::storm_name;

/// Names listed in a message.
const MOST_NAMES: usize = 12;

/// Greatest time between tracks of one storm by two agencies [s]: ten days, as in the reader of tracks.
const SAME_STORM_S: f64 = 10.0 * 86_400.0;

/// The track of one storm by one agency, and what was found about it.
///
/// - `file`: what messages call it
/// - `wanted`: identifier (SID, `WP152017`, `15W`), international number (`1713`, `201713`), serial number with season
///   (`1949-0003`), name in Chinese or English, or name and year (`HATO 2017`, `HATO-2017`) or date of a day on which
///   it was (`HATO 2017-08-23`); without one the file must hold one storm
/// - `agency`: whose track, where the file has several agencies'
pub(crate) fn choose(
    read: &Tracks,
    file: &str,
    wanted: Option<&str>,
    agency: Option<&str>,
) -> Result<(Track, Vec<Finding>), ProjectError> {
    let of_agency = |c: &Candidate<'_>| {
        agency.is_none_or(|agency| c.track.agency.eq_ignore_ascii_case(agency.trim()))
    };
    let candidates: Vec<Candidate<'_>> = candidates(read).filter(of_agency).collect();
    let fitting = match wanted {
        None => candidates,
        Some(wanted) => fitting(candidates, wanted),
    };
    let groups = storms_of(fitting);
    let labels = |groups: &[Vec<Candidate<'_>>]| {
        let labels: Vec<String> = groups.iter().map(|group| label(group[0].track)).collect();
        // Two of one name and year are told apart by the day of their first fix.
        let dated = groups.iter().zip(&labels).map(|(group, own)| {
            let alike = labels.iter().filter(|label| *label == own).count() > 1;
            let track = group[0].track;
            match track.fixes.first().filter(|_| alike) {
                Some(fix) => format!("{} ({})", track.name, &fix.time.to_rfc3339()[..10]),
                None => own.clone(),
            }
        });
        several(dated.collect())
    };
    match groups.as_slice() {
        [] => Err(none(read, file, wanted, agency)),
        [one] => of_one_storm(read, file, one),
        several => Err(match wanted {
            None => ProjectError::input(
                file,
                message!(
                    "fault.track.several",
                    "it holds {n} storms",
                    n = several.len()
                ),
                message!(
                    "fix.track.storm",
                    "name a storm of: {names}",
                    names = labels(several)
                ),
            ),
            Some(wanted) => ProjectError::input(
                file,
                message!(
                    "fault.track.same_name",
                    "{name} stands for {n} storms",
                    name = wanted,
                    n = several.len()
                ),
                message!(
                    "fix.track.which",
                    "name one by its identifier or with its year: {names}",
                    names = labels(several)
                ),
            ),
        }),
    }
}

/// Whether a text means a storm.
pub(crate) fn is_meant(wanted: &str, track: &Track) -> bool {
    Wanted::of(wanted).fit(track) != Fit::None
}

/// The track with radii of a storm whose track is known from another file; `None` if the file has none of it.
pub(crate) fn same_in(
    read: &Tracks,
    file: &str,
    track: &Track,
) -> Result<Option<(Track, Vec<Finding>)>, ProjectError> {
    let meets = |other: &Track| {
        let same = |a: &str, b: &str| !a.is_empty() && a.eq_ignore_ascii_case(b);
        let named = same(&other.name, &track.name) && !is_nameless(&track.name);
        let known =
            same(storm_id(other), storm_id(track)) || same(&other.intl_id, &track.intl_id) || named;
        known && apart_s(other, track) <= 0.0
    };
    let found: Vec<Candidate<'_>> = candidates(read).filter(|c| meets(c.track)).collect();
    match found.is_empty() {
        true => Ok(None),
        false => of_one_storm(read, file, &found).map(Some),
    }
}

/// A track of the file, or a storm of which none can be made.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    track: &'a Track,
    /// Place among the tracks; `None` for a storm that cannot be used.
    place: Option<usize>,
    /// Place among the storms that cannot be used.
    lost: usize,
}

fn candidates(read: &Tracks) -> impl Iterator<Item = Candidate<'_>> {
    let sound = read.tracks.iter().enumerate().map(|(k, track)| Candidate {
        track,
        place: Some(k),
        lost: 0,
    });
    let lost = read.lost.iter().enumerate().map(|(k, lost)| Candidate {
        track: &lost.track,
        place: None,
        lost: k,
    });
    sound.chain(lost)
}

/// How well a text fits a track.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    None,
    /// The storm, by a name or by an identifier that its other tracks share.
    Storm,
    /// The identifier of this very track.
    Track,
}

/// The candidates that a text fits best.
fn fitting<'a>(candidates: Vec<Candidate<'a>>, wanted: &str) -> Vec<Candidate<'a>> {
    let wanted = Wanted::of(wanted);
    let fits: Vec<Fit> = candidates.iter().map(|c| wanted.fit(c.track)).collect();
    let best = fits.iter().copied().max().unwrap_or(Fit::None);
    let fitting = candidates.into_iter().zip(fits);
    fitting
        .filter(|(_, fit)| *fit != Fit::None && *fit == best)
        .map(|(candidate, _)| candidate)
        .collect()
}

/// What a person asks for.
struct Wanted {
    /// Letters and digits alone, in capitals.
    key: String,
    /// Ways to take the text apart into a name, as such a key, and a period: `2017`, `2017-08` or `2017-08-23`.
    dated: Vec<(String, String)>,
}

impl Wanted {
    fn of(text: &str) -> Self {
        let text: String = text.trim().chars().map(plain).collect();
        let mut dated = Vec::new();
        let is_date = |c: char| c.is_ascii_digit() || c == '-';
        let trimmed = text.trim_end_matches([')', ' ']);
        let end = trimmed.trim_end_matches(is_date).len();
        let begin = trimmed.len() - trimmed.trim_start_matches(is_date).len();
        for (period, name) in [
            (&trimmed[end..], &trimmed[..end]),
            (&trimmed[..begin], &trimmed[begin..]),
        ] {
            let period = period.trim_matches('-');
            if is_period(period) && !squeezed(name).is_empty() {
                dated.push((squeezed(name.trim_start_matches('年')), period.to_owned()));
            }
        }
        // A serial number and a season: `0003 1949`.
        if let Some((serial, year)) = text.split_once([' ', '/'])
            && is_period(year)
        {
            dated.push((squeezed(serial), year.to_owned()));
        }
        Self {
            key: squeezed(&text),
            dated,
        }
    }

    fn fit(&self, track: &Track) -> Fit {
        let key = self.key.as_str();
        // A deck's file is called `bwp152017.dat`.
        let deck = key.strip_prefix(['A', 'B']).filter(|rest| rest.len() == 8);
        let own = squeezed(&track.sid);
        let number = track.intl_id.as_str();
        let numbers = [
            number.to_owned(),
            format!("T{number}"),
            format!("{}{number}", century(track)),
        ];
        let is_own = !own.is_empty() && (own == key || Some(own.as_str()) == deck);
        if is_own || (!number.is_empty() && numbers.iter().any(|n| n == key)) {
            return Fit::Track;
        }
        let names = names_of(track);
        let shared = squeezed(storm_id(track));
        let is_shared = !shared.is_empty() && (shared == key || Some(shared.as_str()) == deck);
        let dated =
            |(name, period): &(String, String)| names.contains(name) && in_period(track, period);
        match is_shared || names.iter().any(|n| n == key) || self.dated.iter().any(dated) {
            true => Fit::Storm,
            false => Fit::None,
        }
    }
}

/// Full-width characters as the plain ones, in capitals.
fn plain(c: char) -> char {
    let half = match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        '\u{2010}'..='\u{2013}' => '-',
        _ => c,
    };
    half.to_ascii_uppercase()
}

/// Letters and digits of a text, in capitals.
fn squeezed(text: &str) -> String {
    let kept = text.chars().map(plain).filter(|c| c.is_alphanumeric());
    kept.collect()
}

/// Whether a text is a year, a month or a day.
fn is_period(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |part: &str, n| part.len() == n && part.bytes().all(|b| b.is_ascii_digit());
    parts.len() <= 3
        && parts.iter().enumerate().all(|(k, part)| match k {
            0 => digits(part, 4) && ("1840".."2200").contains(part),
            _ => digits(part, 2),
        })
}

/// Whether a storm was in a period, or has its year as its season.
fn in_period(track: &Track, period: &str) -> bool {
    // `WP152017` ends with its season, a SID of IBTrACS and `1949-0003` begin with it.
    let id = storm_id(track);
    if id.len() == 8 && id.ends_with(period) || id.starts_with(period) {
        return true;
    }
    let day = |time: Instant| {
        let text = time.to_rfc3339();
        text.get(..period.len()).map(str::to_owned)
    };
    let (Some(first), Some(last)) = (track.fixes.first(), track.fixes.last()) else {
        return false;
    };
    let (Some(first), Some(last)) = (day(first.time), day(last.time)) else {
        return false;
    };
    (first.as_str()..=last.as_str()).contains(&period)
}

/// The names by which a storm may be called, as keys.
fn names_of(track: &Track) -> Vec<String> {
    // IBTrACS joins the names that agencies give: `BOPHA:PABLO`.
    let parts = track.name.split(':').chain([track.name.as_str()]);
    let mut names: Vec<String> = parts
        .flat_map(|name| {
            let called = storm_name(name);
            [squeezed(name), squeezed(&called.zh), squeezed(&called.en)]
        })
        .collect();
    let id = storm_id(track);
    if let Some((_, serial)) = id.split_once('-') {
        names.push(squeezed(serial));
    }
    names.extend(designator(id));
    names.retain(|name| !name.is_empty());
    names
}

/// JTWC's way of writing basin and number: `15W` for `WP152017`.
fn designator(id: &str) -> Option<String> {
    let letter = match id.get(..2)? {
        "WP" => "W",
        "EP" => "E",
        "CP" => "C",
        "AL" => "L",
        _ => return None,
    };
    let number = id.get(2..4)?;
    let digits = id.len() == 8 && id[2..].bytes().all(|b| b.is_ascii_digit());
    digits.then(|| format!("{number}{letter}"))
}

/// Identifier of the storm: that of a track without the base time of a forecast.
fn storm_id(track: &Track) -> &str {
    track.sid.split(' ').next().unwrap_or_default()
}

/// Whether a track is a forecast of its own base time.
fn is_forecast(track: &Track) -> bool {
    track.sid.contains(' ')
}

fn century(track: &Track) -> String {
    year(track).chars().take(2).collect()
}

fn year(track: &Track) -> String {
    let first = track.fixes.first().map(|fix| fix.time.to_rfc3339());
    first.map_or_else(String::new, |text| text.chars().take(4).collect())
}

/// Time between two tracks [s], at most 0 if they overlap; 0 where one has no fix.
fn apart_s(a: &Track, b: &Track) -> f64 {
    let span = |t: &Track| Some((t.fixes.first()?.time, t.fixes.last()?.time));
    let (Some(a), Some(b)) = (span(a), span(b)) else {
        return 0.0;
    };
    a.0.seconds_since(b.1).max(b.0.seconds_since(a.1))
}

/// Whether two tracks of a file are of one storm.
fn are_same(a: &Track, b: &Track) -> bool {
    let near = apart_s(a, b) <= SAME_STORM_S;
    let both = |x: &str, y: &str| !x.is_empty() && !y.is_empty();
    if both(&a.sid, &b.sid) {
        return storm_id(a) == storm_id(b) && (near || is_forecast(a) && is_forecast(b));
    }
    if both(&a.intl_id, &b.intl_id) {
        return a.intl_id == b.intl_id && near;
    }
    a.name == b.name && !is_nameless(&a.name) && near
}

/// Tracks in groups of one storm each, in the order of the file.
fn storms_of(tracks: Vec<Candidate<'_>>) -> Vec<Vec<Candidate<'_>>> {
    let mut groups: Vec<Vec<Candidate<'_>>> = Vec::new();
    for candidate in tracks {
        let joins = |group: &Vec<Candidate<'_>>| {
            group.iter().any(|one| are_same(one.track, candidate.track))
        };
        match groups.iter_mut().find(|group| joins(group)) {
            Some(group) => group.push(candidate),
            None => groups.push(vec![candidate]),
        }
    }
    groups
}

/// One of the tracks of one storm.
fn of_one_storm(
    read: &Tracks,
    file: &str,
    tracks: &[Candidate<'_>],
) -> Result<(Track, Vec<Finding>), ProjectError> {
    let first = tracks[0].track;
    if let [one] = tracks {
        return taken(read, *one);
    }
    if tracks.iter().any(|c| c.track.agency != first.agency) {
        return Err(ProjectError::input(
            file,
            message!(
                "fault.track.agencies",
                "it holds {n} tracks of {name}",
                n = tracks.len(),
                name = &first.name
            ),
            message!(
                "fix.track.agency",
                "name an agency of: {names}",
                names = several(tracks.iter().map(|c| c.track.agency.clone()).collect())
            ),
        ));
    }
    if !tracks.iter().all(|c| is_forecast(c.track)) {
        return Err(ProjectError::input(
            file,
            message!(
                "fault.track.kinds",
                "it holds {n} tracks of {name} by {agency}",
                n = tracks.len(),
                name = &first.name,
                agency = &first.agency
            ),
            message!(
                "fix.track.which",
                "name one by its identifier or with its year: {names}",
                names = several(tracks.iter().map(|c| label(c.track)).collect())
            ),
        ));
    }
    // The same storm by one agency at several base times: the newest forecast counts.
    let base = |c: &&Candidate<'_>| c.track.sid.split(' ').next_back().map(str::to_owned);
    let newest = tracks.iter().max_by_key(base).unwrap_or(&tracks[0]);
    let (track, mut findings) = taken(read, *newest)?;
    findings.push(Finding::new(
        Kind::Assumed,
        file,
        message!(
            "note.track.newest",
            "of {n} forecasts of {name} by {agency} the newest is taken, {id}",
            n = tracks.len(),
            name = &track.name,
            agency = &track.agency,
            id = &track.sid
        ),
    ));
    Ok((track, findings))
}

fn taken(read: &Tracks, one: Candidate<'_>) -> Result<(Track, Vec<Finding>), ProjectError> {
    match one.place {
        Some(place) => {
            let findings = read.findings_of(place).cloned().collect();
            Ok((one.track.clone(), findings))
        }
        None => Err(ProjectError::Format(read.lost[one.lost].fault.clone())),
    }
}

fn none(read: &Tracks, file: &str, wanted: Option<&str>, agency: Option<&str>) -> ProjectError {
    let wanted: Vec<&str> = wanted.into_iter().chain(agency).collect();
    let all = candidates(read).map(|c| label(c.track)).collect();
    ProjectError::input(
        file,
        message!(
            "fault.track.no_storm",
            "it holds no storm {name}",
            name = Message::own(wanted.join("，"), wanted.join(" of "))
        ),
        message!("fix.one_of", "name one of: {names}", names = several(all)),
    )
}

/// A track as a list names it: name, year, agency, identifier.
fn label(track: &Track) -> String {
    let inside = [year(track), track.agency.clone(), track.sid.clone()];
    let inside: Vec<String> = inside.into_iter().filter(|s| !s.is_empty()).collect();
    format!("{} ({})", track.name, inside.join(", "))
}

/// The first of some names, and how many more there are.
fn several(mut names: Vec<String>) -> Message {
    names.dedup();
    let more = names.len().saturating_sub(MOST_NAMES);
    names.truncate(MOST_NAMES);
    match more {
        0 => list(&names),
        more => message!(
            "list.more",
            "{names} and {more} more",
            names = list(&names),
            more = more
        ),
    }
}

#[cfg(test)]
mod tests {
    use stormgrid_formats::track;

    use super::*;

    /// Two storms of one name by two agencies, and one of a number that comes again.
    const OWN: &str = "name,intl_id,sid,agency,time_utc,lat,lon,vmax_kt,pmin_hpa\n\
        HATO,1713,2017232N19130,JMA,2017-08-23T00:00:00Z,21.5,114.9,75,965\n\
        HATO,1713,2017232N19130,JMA,2017-08-23T06:00:00Z,22.3,112.9,75,965\n\
        HATO,1713,2017232N19130,JTWC,2017-08-23T00:00:00Z,21.5,114.9,85,964\n\
        HATO,1713,2017232N19130,JTWC,2017-08-23T06:00:00Z,22.3,112.9,80,967\n\
        HATO,0513,2005232N19130,JMA,2005-08-23T00:00:00Z,21.5,114.9,75,965\n\
        HATO,0513,2005232N19130,JMA,2005-08-23T06:00:00Z,22.3,112.9,75,965\n\
        SON-TINH,1809,2018197N19117,JMA,2018-07-17T00:00:00Z,19,114.9,45,990\n\
        SON-TINH,1809,2018197N19117,JMA,2018-07-17T06:00:00Z,19,112.9,45,990\n";

    fn taken(text: &str, name: Option<&str>, agency: Option<&str>) -> Result<String, String> {
        let read = track::read(text.as_bytes(), "t").expect("a file");
        let found = choose(&read, "t", name, agency);
        found
            .map(|(t, _)| format!("{} {} {}", t.sid, t.agency, t.fixes.len()))
            .map_err(|e| e.message().to_string())
    }

    #[test]
    fn a_storm_is_named_in_many_ways() {
        let hato_2017 = Ok("2017232N19130 JMA 2".to_owned());
        for name in [
            "2017232N19130",
            "1713",
            "201713",
            "T1713",
            "HATO 2017",
            "hato-2017",
            "Hato/2017",
            "HATO(2017)",
            "HATO2017",
            "2017 Hato",
            "HATO 2017-08",
            "HATO 2017-08-23",
            "\u{5929}\u{9e3d}2017",
            "2017\u{5e74}\u{5929}\u{9e3d}",
            "\u{ff28}\u{ff21}\u{ff34}\u{ff2f} \u{ff12}\u{ff10}\u{ff11}\u{ff17}",
        ] {
            assert_eq!(taken(OWN, Some(name), Some("JMA")), hato_2017, "{name}");
        }
        for name in ["SON-TINH", "sontinh", "Son-Tinh 2018", "1809"] {
            assert!(taken(OWN, Some(name), None).is_ok(), "{name}");
        }
        for name in ["HATO 2018", "1714", "HAT", "2017", "", "HATO 2017-09"] {
            let fault = taken(OWN, Some(name), None).expect_err(name);
            assert!(fault.contains("it holds no storm"), "{name}: {fault}");
        }
    }

    #[test]
    fn a_name_of_several_storms_is_asked_back_with_all_of_them() {
        let fault = taken(OWN, Some("HATO"), Some("JMA")).expect_err("two");
        assert!(fault.contains("HATO stands for 2 storms"), "{fault}");
        assert!(fault.contains("HATO (2005, JMA, 2005232N19130)"), "{fault}");
        assert!(fault.contains("HATO (2017, JMA, 2017232N19130)"), "{fault}");
        let agency = taken(OWN, Some("HATO 2017"), None).expect_err("two agencies");
        assert!(agency.contains("name an agency of: JMA, JTWC"), "{agency}");
        assert!(
            taken(OWN, None, None)
                .expect_err("three")
                .contains("it holds 3 storms")
        );
        // One storm by two agencies needs its agency, not its name.
        let one: String = OWN.lines().take(5).map(|l| format!("{l}\n")).collect();
        assert!(
            taken(&one, None, None)
                .expect_err("two")
                .contains("name an agency")
        );
        assert_eq!(
            taken(&one, None, Some("JTWC")),
            Ok("2017232N19130 JTWC 2".to_owned())
        );
    }

    #[test]
    fn decks_are_known_by_their_number_and_season() {
        let line = |number: u32, base: &str, aid: &str, tau: u32, name: &str| {
            format!(
                "WP, {number}, {base}, , {aid}, {tau}, 200N, 1149E, 85, 964, TY, , , , , , , , , , , , , , , , , {name}, D,\n"
            )
        };
        let deck = line(15, "2016082300", "BEST", 0, "OTHER")
            + &line(15, "2016082306", "BEST", 0, "OTHER")
            + &line(15, "2017082300", "BEST", 0, "FIFTEEN")
            + &line(15, "2017082306", "BEST", 0, "HATO")
            + &line(15, "2017082300", "GFSO", 0, "")
            + &line(15, "2017082300", "GFSO", 12, "")
            + &line(15, "2017082306", "GFSO", 0, "");
        for (name, found) in [
            ("WP152017", "WP152017 JTWC 2"),
            ("bwp152017", "WP152017 JTWC 2"),
            ("WP152016", "WP152016 JTWC 2"),
            ("15W 2016", "WP152016 JTWC 2"),
            ("OTHER", "WP152016 JTWC 2"),
            ("WP152017 2017082300", "WP152017 2017082300 GFSO 2"),
        ] {
            assert_eq!(
                taken(&deck, Some(name), None).as_deref(),
                Ok(found),
                "{name}"
            );
        }
        // The newest of the forecasts of one storm, told.
        let newest = taken(&deck, Some("HATO"), Some("GFSO"));
        assert_eq!(newest.as_deref(), Ok("WP152017 2017082306 GFSO 1"));
        assert!(
            taken(&deck, Some("15W"), None)
                .expect_err("two seasons")
                .contains("2 storms")
        );
    }

    #[test]
    fn a_storm_that_cannot_be_used_says_why_and_the_others_can() {
        let text = "66666 0000    2 0003 0000 0 6    (nameless)   20110729\n\
            1949062006 1 213 1218 1000      12\n1949062012 1 215 1235 1000      12\n\
            66666 1713    3 0019 1713 0 6    Hato   20180101\n\
            2017082300 4 215 1149  965      38\n2017082306 4 223 1129  950      45\n";
        assert_eq!(
            taken(text, Some("1949-0003"), None).as_deref(),
            Ok("1949-0003 CMA 2")
        );
        assert_eq!(
            taken(text, Some("0003 1949"), None).as_deref(),
            Ok("1949-0003 CMA 2")
        );
        let cut = taken(text, Some("HATO"), None).expect_err("cut");
        assert!(cut.contains("announces 1 lines more"), "{cut}");
    }

    #[test]
    fn radii_are_those_of_the_same_storm_and_not_of_its_name() {
        let read = track::read(OWN.as_bytes(), "t").expect("a file");
        let of = |sid: &str| {
            read.tracks
                .iter()
                .find(|t| t.sid == sid)
                .expect("in it")
                .clone()
        };
        let mut other = of("2005232N19130");
        let (found, _) = same_in(&read, "t", &other).expect("one").expect("there");
        assert_eq!(found.sid, other.sid);
        for fix in &mut other.fixes {
            fix.time = fix.time.plus_seconds(5.0 * 365.0 * 86_400.0);
        }
        assert!(same_in(&read, "t", &other).expect("none").is_none());
    }
}
