//! The life of warnings: states, chains, the journal against crashes and tampering.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;

use proptest::prelude::*;
use stormgrid_core::time::Instant;
use stormgrid_formats::cap;
use stormgrid_sim::classes::Colour;

use super::record::{Content, GridTarget, Kind, RoadTarget, SchoolTarget, StormFacts};
use super::{Audience, Change, Rules, State, Store, WarningError, cap_message, text};
use crate::storm::Bilingual;

const PERSON: &str = "张三";

fn time(seconds: i64) -> Instant {
    Instant::parse("2017-08-22T16:00:00Z")
        .expect("valid")
        .plus_seconds(seconds as f64)
}

fn rules() -> Rules {
    Rules::read("[message]\nclock = \"wall\"\n", "w").expect("sound")
}

/// A square of longitude and latitude, one for each number.
fn square(n: usize) -> Vec<[f64; 2]> {
    let (x, y) = (
        113.0 + 0.01 * (n % 10) as f64,
        22.5 + 0.01 * (n / 10) as f64,
    );
    vec![
        [x, y],
        [x + 0.005, y],
        [x + 0.005, y + 0.005],
        [x, y + 0.005],
        [x, y],
    ]
}

/// A warning for the places with some numbers.
fn content(audience: Audience, places: &[usize]) -> Content {
    let grid = |n: &usize| GridTarget {
        code: format!("440704{n:03}"),
        name: format!("网格{n}"),
        depth_m: 0.4,
        people: 60.0,
        time_s: 3600.0,
    };
    let school = |n: &usize| SchoolTarget {
        code: format!("E{n:03}"),
        name: format!("小学{n}"),
        depth_m: 0.2,
        time_s: 3600.0,
        grid: None,
        closed_roads: vec![],
    };
    let road = |n: &usize| RoadTarget {
        id: format!("R{n:05}"),
        name: "S273省道".to_owned(),
        depth_m: 0.7,
        warned_s: 3600.0,
        closes_s: Some(4000.0),
        reopens_s: None,
        detour_m: Some(1200.0),
    };
    let mut content = Content {
        audience,
        colour: Colour::Orange,
        possible: false,
        storm: StormFacts {
            name: "HATO".to_owned(),
            class: Bilingual::new("台风", "typhoon"),
            signal: Some(Colour::Red),
        },
        start: time(0),
        onset: time(3600),
        expires: time(86_400),
        region: "440704".to_owned(),
        place: "江海区".to_owned(),
        grids: places.iter().map(grid).collect(),
        schools: places.iter().map(school).collect(),
        roads: places.iter().map(road).collect(),
        people: 60.0,
        unknown: 0,
        chances: None,
        polygon: places.iter().map(|&n| square(n)).collect(),
        headline: Bilingual::new("", ""),
        description: Bilingual::new("", ""),
        instruction: Bilingual::new("", ""),
    };
    text::tell(&mut content, &rules());
    content
}

fn store(dir: &std::path::Path) -> Store {
    Store::open(dir, rules()).expect("opened")
}

fn drafted(store: &mut Store, contents: Vec<Content>) -> Vec<String> {
    store
        .draft(contents, "hato-20m", "digest", time(0), time(0))
        .expect("drafted")
}

fn refused(result: Result<String, WarningError>, word: &str) {
    match result {
        Err(WarningError::Refused(text)) => {
            assert!(text.en.contains(word), "{text:?}");
            assert!(!text.zh.is_ascii(), "{text:?}");
        }
        other => panic!("{word}: {other:?}"),
    }
}

#[test]
fn identifiers_have_the_31_characters_of_the_profile_and_never_repeat() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = store(dir.path());
    let many = (0..25).map(|n| content(Audience::Drivers, &[n])).collect();
    let ids = drafted(&mut store, many);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 25);
    for id in &ids {
        let (head, tail) = id.split_once('_').expect("an underscore");
        let (clock, serial) = tail.split_once('_').expect("another");
        assert_eq!(
            (id.len(), head.len(), clock.len(), serial.len()),
            (31, 14, 14, 1),
            "{id}"
        );
        assert!(
            head.starts_with("440704") && clock.starts_with("201708230000"),
            "{id}"
        );
    }
}

#[test]
fn nothing_counts_as_issued_before_a_named_person_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = store(dir.path());
    let id = drafted(&mut store, vec![content(Audience::Drivers, &[1])]).remove(0);
    assert_eq!(store.book().issued().count(), 0);
    assert!(
        store
            .cap(&id, time(1))
            .expect("a draft")
            .contains("<status>Draft</status>")
    );
    assert!(!dir.path().join(format!("{id}.xml")).exists());
    for nobody in ["", "  ", "\n", "a\u{7}b"] {
        refused(store.approve(&id, nobody, None, time(1)), "name the person");
    }
    refused(store.cancel(&id, PERSON, "x", None, time(1)), "draft");
    store.approve(&id, PERSON, None, time(60)).expect("issued");
    let view = store.view(&id, time(61)).expect("there");
    assert_eq!(
        (view.state, view.by.as_deref(), view.approved),
        (State::Issued, Some(PERSON), Some(time(60)))
    );
    let message = fs::read(dir.path().join(format!("{id}.xml"))).expect("a file");
    let alert = cap::read(&message, "m").expect("sound");
    assert_eq!(alert.status, cap::Status::Exercise);
    assert_eq!(alert.sent, "2017-08-23T00:01:00+08:00");
    assert_eq!(
        alert
            .infos
            .iter()
            .map(|i| i.language.as_str())
            .collect::<Vec<_>>(),
        ["zh-CN", "en-US"]
    );
    assert_eq!(alert.infos[0].severity, cap::Severity::Severe);
    refused(store.approve(&id, PERSON, None, time(62)), "issued");
    assert_eq!(
        store.view(&id, time(86_400)).expect("there").state,
        State::Expired
    );
}

#[test]
fn a_draft_that_is_thrown_away_is_never_issued() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = store(dir.path());
    let id = drafted(&mut store, vec![content(Audience::Drivers, &[1])]).remove(0);
    refused(store.discard(&id, PERSON, " ", None, time(1)), "reason");
    store
        .discard(&id, PERSON, "重复", None, time(1))
        .expect("discarded");
    refused(store.approve(&id, PERSON, None, time(2)), "discarded");
    assert_eq!(store.in_state(State::Discarded, time(3)), [id]);
}

#[test]
fn requests_that_come_twice_are_done_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = store(dir.path());
    let ids = drafted(&mut store, vec![content(Audience::Drivers, &[1])]);
    assert_eq!(
        drafted(&mut store, vec![content(Audience::Drivers, &[1])]),
        ids
    );
    let id = &ids[0];
    for _ in 0..2 {
        assert_eq!(
            &store
                .approve(id, PERSON, Some("c1"), time(1))
                .expect("issued"),
            id
        );
    }
    let first = store
        .update(id, PERSON, Change::default(), Some("c2"), time(2))
        .expect("updated");
    drop(store);
    // Also after a restart.
    let mut store = self::store(dir.path());
    let again = store
        .update(id, PERSON, Change::default(), Some("c2"), time(3))
        .expect("known");
    assert_eq!(again, first);
    assert_eq!(store.book().ids().len(), 2);
}

#[test]
fn an_update_supersedes_and_refers_to_the_whole_chain() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = store(dir.path());
    let first = drafted(&mut store, vec![content(Audience::Drivers, &[1])]).remove(0);
    store
        .approve(&first, PERSON, None, time(1))
        .expect("issued");
    let change = Change {
        colour: Some(Colour::Red),
        ..Change::default()
    };
    let second = store
        .update(&first, PERSON, change, None, time(2))
        .expect("updated");
    let third = store
        .update(&second, "李四", Change::default(), None, time(3))
        .expect("updated");
    let view = |id: &str| store.view(id, time(4)).expect("there");
    assert_eq!(
        (view(&first).state, view(&second).state, view(&third).state),
        (State::Superseded, State::Superseded, State::Issued)
    );
    assert_eq!(
        (view(&third).colour, view(&third).references),
        ("red", vec![first.clone(), second])
    );
    assert!(view(&third).headline.zh.contains("红色") && view(&third).headline.zh.contains("更新"));
    let alert =
        cap::read(store.cap(&third, time(4)).expect("there").as_bytes(), "m").expect("sound");
    let references = alert.references.expect("some");
    assert!(
        references.starts_with(&format!(
            "stormgrid.example,{first},2017-08-23T00:00:01+08:00 "
        )),
        "{references}"
    );
    refused(
        store.update(&first, PERSON, Change::default(), None, time(5)),
        "superseded",
    );
    let other = Change {
        content: Some((
            "r".to_owned(),
            "d".to_owned(),
            content(Audience::Residents, &[1]),
        )),
        ..Change::default()
    };
    refused(store.update(&third, PERSON, other, None, time(5)), "whom");
}

#[test]
fn a_changed_removed_or_inserted_line_is_found() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut first = store(dir.path());
    let ids = drafted(
        &mut first,
        vec![
            content(Audience::Drivers, &[1]),
            content(Audience::Drivers, &[2]),
        ],
    );
    first
        .approve(&ids[0], PERSON, None, time(1))
        .expect("issued");
    drop(first);
    let path = dir.path().join("journal.jsonl");
    let sound = fs::read_to_string(&path).expect("there");
    let lines: Vec<&str> = sound.split_inclusive('\n').collect();
    assert_eq!(lines.len(), 3);
    let forged = [
        sound.replacen(PERSON, "王五", 1),
        sound.replacen("\"depth_m\":0.7", "\"depth_m\":0.1", 1),
        lines[1..].concat(),
        [lines[0], lines[2]].concat(),
        [lines[0], lines[0], lines[1], lines[2]].concat(),
        [lines[1], lines[0], lines[2]].concat(),
        format!("{sound}{{}}\n"),
    ];
    for text in forged {
        fs::write(&path, &text).expect("written");
        let error = Store::open(dir.path(), rules())
            .expect_err("forged")
            .to_string();
        assert!(
            error.contains("line ") && error.contains("backup"),
            "{error}"
        );
        assert_eq!(
            fs::read_to_string(&path).expect("there"),
            text,
            "a forged journal is left as it is"
        );
    }
    fs::write(&path, &sound).expect("written");
    assert_eq!(store(dir.path()).book().issued().count(), 1);
}

#[test]
fn a_crash_at_any_byte_loses_no_whole_line_and_keeps_the_rest() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut first = store(dir.path());
    let ids = drafted(&mut first, vec![content(Audience::Drivers, &[1])]);
    first
        .approve(&ids[0], PERSON, None, time(1))
        .expect("issued");
    drop(first);
    let bytes = fs::read(dir.path().join("journal.jsonl")).expect("there");
    let line = bytes.iter().position(|&b| b == b'\n').expect("a line") + 1;
    for cut in (0..=bytes.len())
        .step_by(97)
        .chain([line - 1, line, line + 1, bytes.len() - 1])
    {
        let crashed = tempfile::tempdir().expect("a folder");
        fs::write(crashed.path().join("journal.jsonl"), &bytes[..cut]).expect("written");
        let mut store = store(crashed.path());
        let whole = bytes[..cut].iter().filter(|&&b| b == b'\n').count();
        assert_eq!(store.head().0, whole as u64, "cut at {cut}");
        let torn = cut
            - bytes[..cut]
                .iter()
                .rposition(|&b| b == b'\n')
                .map_or(0, |at| at + 1);
        let kept = fs::read(crashed.path().join("torn-1.txt")).unwrap_or_default();
        assert_eq!(kept, &bytes[cut - torn..cut]);
        // The file of an issued message is made again, and work goes on.
        if whole == 2 {
            assert!(crashed.path().join(format!("{}.xml", ids[0])).is_file());
        }
        drafted(&mut store, vec![content(Audience::Residents, &[3])]);
        drop(store);
        assert_eq!(self::store(crashed.path()).head().0, whole as u64 + 1);
    }
}

#[test]
fn two_programs_do_not_write_one_journal() {
    let dir = tempfile::tempdir().expect("a folder");
    let _held = store(dir.path());
    let error = Store::open(dir.path(), rules())
        .expect_err("held")
        .to_string();
    assert!(error.contains("another program"), "{error}");
}

#[test]
fn an_issued_message_reaches_a_listener_on_this_machine() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let answering = std::thread::spawn(move || {
        let mut bodies = Vec::new();
        for status in ["200 OK", "500 Internal Server Error"] {
            let (mut stream, _) = listener.accept().expect("a call");
            let mut bytes = Vec::new();
            let mut buffer = [0; 4096];
            loop {
                let n = stream.read(&mut buffer).expect("bytes");
                bytes.extend_from_slice(&buffer[..n]);
                if String::from_utf8_lossy(&bytes)
                    .trim_end()
                    .ends_with("</alert>")
                {
                    break;
                }
            }
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").expect("answered");
            bodies.push(String::from_utf8(bytes).expect("UTF-8"));
        }
        bodies
    });
    let dir = tempfile::tempdir().expect("a folder");
    let rules = Rules::read(
        &format!("[message]\nclock = \"wall\"\n[webhook]\nurl = \"http://{address}/cap\"\n"),
        "w",
    );
    let mut store = Store::open(dir.path(), rules.expect("sound")).expect("opened");
    let id = drafted(&mut store, vec![content(Audience::Drivers, &[1])]).remove(0);
    store.approve(&id, PERSON, None, time(1)).expect("issued");
    // A listener that fails, and one that is gone, change nothing but the history.
    let second = store
        .update(&id, PERSON, Change::default(), None, time(2))
        .expect("updated");
    let bodies = answering.join().expect("answered");
    let third = store
        .cancel(&second, PERSON, "雨停", None, time(3))
        .expect("cancelled");
    assert!(bodies[0].starts_with("POST /cap HTTP/1.0\r\n") && bodies[0].contains(&id));
    let posted = |id: &str| {
        let history = store.view(id, time(4)).expect("there").history;
        history
            .into_iter()
            .find(|h| h.action == "post")
            .and_then(|h| h.reason)
            .expect("posted")
    };
    assert!(posted(&id).ends_with("/cap"));
    assert!(posted(&second).contains("answered 500"));
    assert!(posted(&third).len() > 30);
    assert_eq!(
        store.view(&third, time(4)).expect("there").state,
        State::Issued
    );
}

/// Places as numbers, of each kind.
#[test]
fn an_update_tells_those_who_are_no_longer_warned() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = store(dir.path());
    let chain = |store: &mut Store, places: &[usize]| {
        let id = drafted(store, vec![content(Audience::Drivers, places)]).remove(0);
        store.approve(&id, PERSON, None, time(1)).expect("issued")
    };
    let first = chain(&mut store, &[1, 2, 3, 4]);
    // Place 3 is warned by another message too: it is not cleared.
    let mut other = content(Audience::Drivers, &[3, 9]);
    other.colour = Colour::Yellow;
    let other = drafted(&mut store, vec![other]).remove(0);
    store
        .approve(&other, PERSON, None, time(2))
        .expect("issued");
    let update = |store: &mut Store, id: &str, places: &[usize], at| {
        let new = content(Audience::Drivers, places);
        let change = Change {
            content: Some(("later".to_owned(), "d".to_owned(), new)),
            ..Change::default()
        };
        store
            .update(id, PERSON, change, None, time(at))
            .expect("updated")
    };
    let second = update(&mut store, &first, &[1, 5], 10);
    let alert = |store: &Store, id: &str| {
        let xml = store.cap(id, time(20)).expect("there");
        cap::read(xml.as_bytes(), "m").expect("sound")
    };
    let told = alert(&store, &second);
    assert_eq!(told.infos.len(), 4);
    for (info, language) in told.infos[2..].iter().zip(["zh-CN", "en-US"]) {
        assert_eq!(info.language, language);
        assert_eq!(info.response_types, [cap::ResponseType::AllClear]);
        assert_eq!(info.urgency, cap::Urgency::Past);
        let roads: Vec<&str> = info
            .parameters
            .iter()
            .filter(|p| p.name == "road")
            .map(|p| p.value.as_str())
            .collect();
        assert_eq!(roads, ["R00002", "R00004"]);
        assert_eq!(info.areas[0].polygons.len(), 2);
        let grids = info.areas[0].geocodes.iter().filter(|g| g.name == "grid");
        assert_eq!(grids.count(), 2);
    }
    let lifted = |id: &str, store: &Store| store.book().warning(id).expect("there").lifted.clone();
    let found = lifted(&second, &store).expect("two places");
    use geo::Contains;
    let ring = |ring: &Vec<[f64; 2]>| {
        geo::Polygon::new(ring.iter().map(|&[x, y]| (x, y)).collect(), vec![])
    };
    let area: geo::MultiPolygon<f64> = found.polygon.iter().map(ring).collect();
    for n in 0..10 {
        let [x, y] = square(n)[0];
        let inside = area.contains(&geo::Point::new(x + 0.0025, y + 0.0025));
        assert_eq!(inside, [2, 4].contains(&n), "{n}");
    }
    // An update that comes back to all of them lifts what the chain has reached in between, and a restart keeps it.
    let third = update(&mut store, &second, &[1, 2, 3, 4], 11);
    drop(store);
    let store = self::store(dir.path());
    assert_eq!(lifted(&second, &store), Some(found));
    let back = lifted(&third, &store).expect("place 5");
    assert_eq!(
        back.roads.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(),
        ["R00005"]
    );
    // A first message and one that changes words alone lift nothing.
    assert_eq!(lifted(&first, &store), None);
}

#[test]
fn a_message_stays_small_and_still_covers_every_place() {
    use geo::Contains;
    let sent = time(0);
    for n in [5, 30, 300, 500] {
        let all: Vec<usize> = (0..n).collect();
        let content = content(Audience::Drivers, &all);
        let draft = super::message::draft_warnings(vec![content], "hato-20m", "d", sent, &rules());
        let xml = cap_message(&draft[0], sent, true, &rules()).expect("sound");
        assert!(xml.len() <= 60_000, "{n} places: {} bytes", xml.len());
        let alert = cap::read(xml.as_bytes(), "m").expect("sound");
        for info in &alert.infos {
            let told = |one: &str, more: &str, pairs: &[cap::Pair]| -> BTreeSet<String> {
                let of = pairs.iter().filter(|p| p.name == one || p.name == more);
                of.flat_map(|p| p.value.split(' ').map(str::to_owned).collect::<Vec<_>>())
                    .collect()
            };
            assert_eq!(told("road", "roads", &info.parameters).len(), n);
            assert_eq!(told("school", "schools", &info.parameters).len(), n);
            assert_eq!(told("grid", "grids", &info.areas[0].geocodes).len(), n);
            let rings: geo::MultiPolygon<f64> = info.areas[0]
                .polygons
                .iter()
                .map(|ring| {
                    let at = |pair: &str| {
                        let (lat, lon) = pair.split_once(',').expect("a pair");
                        let [lat, lon] = [lat, lon].map(|v| v.parse::<f64>().expect("a number"));
                        (lon, lat)
                    };
                    let ring: geo::LineString<f64> = ring.split(' ').map(at).collect();
                    assert!(ring.0.len() <= 100);
                    geo::Polygon::new(ring, vec![])
                })
                .collect();
            for n in 0..n {
                let [x, y] = square(n)[0];
                assert!(
                    rings.contains(&geo::Point::new(x + 0.0025, y + 0.0025)),
                    "{n}"
                );
            }
        }
        // A small message tells each place by itself.
        let each = alert.infos[0].parameters.iter().any(|p| p.name == "road");
        assert_eq!(each, n <= 30, "{n}");
    }
}

#[test]
fn every_channel_gets_a_text_that_it_can_carry() {
    let mut long = content(Audience::Residents, &[1, 2, 3]);
    for name in ["江海区", "一".repeat(400).as_str()] {
        long.place = name.to_owned();
        long.headline = Bilingual::new("险".repeat(300), "x".repeat(300));
        let draft = super::message::draft_warnings(vec![long.clone()], "r", "d", time(0), &rules());
        let xml = cap_message(&draft[0], time(0), true, &rules()).expect("sound");
        let alert = cap::read(xml.as_bytes(), "m").expect("sound");
        for info in &alert.infos {
            for (channel, limit) in &rules().channels {
                let name = format!("text_{channel}");
                let told = match channel.as_str() {
                    "event" => &info.event,
                    "headline" => info.headline.as_ref().expect("a headline"),
                    _ => {
                        &info
                            .parameters
                            .iter()
                            .find(|p| p.name == name)
                            .expect("a text")
                            .value
                    }
                };
                assert!(!told.is_empty() && limit.carries(told), "{channel}: {told}");
                // Nobody may take an exercise or a draft for a warning.
                let says = ["草稿", "DRAFT"].iter().any(|word| told.contains(word));
                assert!(says || channel == "event", "{channel}: {told}");
            }
        }
    }
    // The longest form that fits: one short message has 70 characters of Chinese.
    let plain = content(Audience::Residents, &[1]);
    let texts = super::channel::texts(&plain, Kind::Alert, cap::Status::Actual, &rules());
    let sms = &texts["sms"];
    assert!(
        sms.zh.contains("江海区") || sms.zh.contains("网格"),
        "{}",
        sms.zh
    );
    assert!(
        sms.zh.chars().count() <= 70 && sms.zh.chars().count() > 30,
        "{}",
        sms.zh
    );
    assert!(texts["cell_broadcast"].zh.contains(&plain.description.zh));
    for audience in Audience::ALL {
        for colour in [Colour::Blue, Colour::Yellow, Colour::Orange, Colour::Red] {
            let mut of = content(audience, &[1]);
            of.colour = colour;
            let event = text::event(&of);
            let n = [&event.zh, &event.en].map(|t| t.chars().count());
            assert!(n.iter().all(|&n| n <= 35), "{event:?}");
        }
    }
}

#[test]
fn a_person_cannot_type_what_no_message_can_hold() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = store(dir.path());
    let id = drafted(&mut store, vec![content(Audience::Residents, &[1])]).remove(0);
    for by in ["张\u{fffe}三", "a\u{fdd0}", "a\u{1b}b", "a\u{1ffff}"] {
        refused(store.approve(&id, by, None, time(1)), "name");
    }
    store.approve(&id, PERSON, None, time(1)).expect("issued");
    let both = |text: &str| Some(Bilingual::new(text, text));
    for text in ["a\u{ffff}b", "", &"长".repeat(161)] {
        let change = Change {
            headline: both(text),
            ..Change::default()
        };
        refused(
            store.update(&id, PERSON, change, None, time(2)),
            "characters",
        );
    }
    for change in [
        Change {
            description: both(&"长".repeat(2001)),
            ..Change::default()
        },
        Change {
            instruction: both("\u{85}"),
            ..Change::default()
        },
    ] {
        refused(
            store.update(&id, PERSON, change, None, time(2)),
            "characters",
        );
    }
    refused(
        store.cancel(&id, PERSON, "雨\u{fffe}停", None, time(3)),
        "reason",
    );
    // What an update says until when it holds may lie before the water: the message holds until then at least.
    let change = Change {
        expires: Some(time(5)),
        ..Change::default()
    };
    let new = store
        .update(&id, PERSON, change, None, time(4))
        .expect("updated");
    let xml = store.cap(&new, time(4)).expect("there");
    cap::read(xml.as_bytes(), "m").expect("sound");
}

fn places(content: &Content) -> [BTreeSet<String>; 3] {
    [
        content.grids.iter().map(|g| g.code.clone()).collect(),
        content.schools.iter().map(|s| s.code.clone()).collect(),
        content.roads.iter().map(|r| r.id.clone()).collect(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Chains of updates with any places: the cancel goes to all places, and lies over all polygons, of every
    /// message of the chain, refers to all of them, and ends all of them; so it does after a restart.
    #[test]
    fn a_cancel_reaches_everyone_that_the_chain_has_reached(
        chain in prop::collection::vec(prop::collection::btree_set(0usize..40, 0..8), 1..6),
        audience in 0usize..3,
    ) {
        let audience = Audience::ALL[audience];
        let dir = tempfile::tempdir().expect("a folder");
        let mut store = store(dir.path());
        let (mut ids, mut reached, mut numbers) = (Vec::new(), [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()], BTreeSet::new());
        for (k, set) in chain.iter().enumerate() {
            let all: Vec<usize> = set.iter().copied().collect();
            let content = content(audience, &all);
            for (sum, more) in reached.iter_mut().zip(places(&content)) {
                sum.extend(more);
            }
            numbers.extend(all);
            let id = match ids.last() {
                None => {
                    let id = drafted(&mut store, vec![content]).remove(0);
                    store.approve(&id, PERSON, None, time(1)).expect("issued")
                }
                Some(last) => {
                    let change = Change { content: Some((format!("run{k}"), "d".to_owned(), content)), ..Change::default() };
                    let last: &String = last;
                    store.update(last, PERSON, change, None, time(1 + k as i64)).expect("updated")
                }
            };
            ids.push(id);
            if k == 2 {
                drop(store);
                store = self::store(dir.path());
            }
        }
        let last = ids.last().expect("one").clone();
        let cancel = store.cancel(&last, PERSON, "解除", None, time(50)).expect("cancelled");
        let warning = store.book().warning(&cancel).expect("there").clone();
        prop_assert_eq!(warning.kind, Kind::Cancel);
        prop_assert_eq!(warning.content.audience, audience);
        prop_assert_eq!(&places(&warning.content), &reached);
        prop_assert_eq!(warning.references.iter().map(|r| r.id.clone()).collect::<Vec<_>>(), ids.clone());
        for id in &ids {
            prop_assert_eq!(store.view(id, time(51)).expect("there").state, State::Cancelled);
        }
        // The middles of all squares lie in the polygon, those of other squares do not.
        use geo::Contains;
        let rings = warning.content.polygon.iter().map(|ring| {
            geo::Polygon::new(ring.iter().map(|&[x, y]| (x, y)).collect(), vec![])
        });
        let area: geo::MultiPolygon<f64> = rings.collect();
        for n in 0..40 {
            let [x, y] = square(n)[0];
            prop_assert_eq!(area.contains(&geo::Point::new(x + 0.0025, y + 0.0025)), numbers.contains(&n), "{}", n);
        }
        let alert = cap::read(store.cap(&cancel, time(51)).expect("there").as_bytes(), "m").expect("sound");
        prop_assert_eq!(alert.msg_type, cap::MsgType::Cancel);
        let codes: BTreeSet<_> = alert.infos[1].areas[0].geocodes.iter().filter(|g| g.name == "grid").map(|g| g.value.clone()).collect();
        prop_assert_eq!(&codes, &reached[0]);
        for (k, name) in [(1, "school"), (2, "road")] {
            let told: BTreeSet<_> = alert.infos[0].parameters.iter().filter(|p| p.name == name).map(|p| p.value.clone()).collect();
            prop_assert_eq!(&told, &reached[k]);
        }
    }
}
