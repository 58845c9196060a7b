//! Messages of the Common Alerting Protocol 1.2 and an Atom feed that lists them.
//!
//! Types, writer, reader and the rules that the schema cannot tell. The schema of OASIS fixes the order of the
//! elements; here it is the order of the fields. Times are texts because the profile asks for the offset that the
//! sender chose: numeric, never `Z`.
//!
//! What is left out: `resource`, signatures, circles, altitudes.
//!
//! Source: OASIS Common Alerting Protocol Version 1.2, 1 July 2010. The crate `oasiscap` has the same types; it was
//! not taken because its XML library brings a logger with the unmaintained `atty` into the program.

use quick_xml::se::Serializer;
use serde::{Deserialize, Serialize};

use crate::FormatError;

/// The namespace of CAP 1.2.
pub const NAMESPACE: &str = "urn:oasis:names:tc:emergency:cap:1.2";

/// Largest message that is read [bytes].
const LARGEST_MESSAGE: usize = 16 << 20;

/// How a message is to be handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// For all to act upon.
    Actual,
    /// For the participants of an exercise.
    Exercise,
    /// For the network itself.
    System,
    /// To be ignored by all.
    Test,
    /// A draft, not for action.
    Draft,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MsgType {
    /// The first.
    Alert,
    /// Replaces those it refers to.
    Update,
    /// Takes back those it refers to.
    Cancel,
    /// Confirms receipt.
    Ack,
    /// Rejects those it refers to.
    Error,
}

/// Who may read a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// All.
    Public,
    /// Those of the restriction.
    Restricted,
    /// Those of the addresses.
    Private,
}

/// What kind of event it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the words of the standard, section 3.2.2")]
pub enum Category {
    Geo,
    Met,
    Safety,
    Security,
    Rescue,
    Fire,
    Health,
    Env,
    Transport,
    Infra,
    #[serde(rename = "CBRNE")]
    Cbrne,
    Other,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the words of the standard, section 3.2.2")]
pub enum ResponseType {
    Shelter,
    Evacuate,
    Prepare,
    Execute,
    Avoid,
    Monitor,
    Assess,
    AllClear,
    None,
}

/// How soon to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Urgency {
    /// Now.
    Immediate,
    /// Within the next hour.
    Expected,
    /// In the near future.
    Future,
    /// No longer.
    Past,
    /// Not known.
    Unknown,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// Extraordinary threat to life or property.
    Extreme,
    /// Significant threat.
    Severe,
    /// Possible threat.
    Moderate,
    /// Little or no threat.
    Minor,
    /// Not known.
    Unknown,
}

/// How sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Certainty {
    /// Has happened or goes on.
    Observed,
    /// More than 50 %.
    Likely,
    /// At most 50 %.
    Possible,
    /// About 0.
    Unlikely,
    /// Not known.
    Unknown,
}

/// A name and a value: event code, parameter, geocode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// Name.
    #[serde(rename = "valueName")]
    pub name: String,
    /// Value.
    pub value: String,
}

impl Pair {
    /// From both.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// A place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Area {
    /// In words.
    #[serde(rename = "areaDesc")]
    pub description: String,
    /// Closed rings `lat,lon lat,lon …` in degrees, without holes.
    #[serde(default, rename = "polygon", skip_serializing_if = "Vec::is_empty")]
    pub polygons: Vec<String>,
    /// Codes of the place.
    #[serde(default, rename = "geocode", skip_serializing_if = "Vec::is_empty")]
    pub geocodes: Vec<Pair>,
}

/// What is told in one language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Info {
    /// Language, RFC 3066.
    pub language: String,
    /// Categories, one at least.
    #[serde(rename = "category", with = "words")]
    pub categories: Vec<Category>,
    /// The event.
    pub event: String,
    /// What to do.
    #[serde(
        default,
        rename = "responseType",
        with = "words",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub response_types: Vec<ResponseType>,
    /// How soon to act.
    pub urgency: Urgency,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub certainty: Certainty,
    /// Whom it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Codes of the event.
    #[serde(default, rename = "eventCode", skip_serializing_if = "Vec::is_empty")]
    pub event_codes: Vec<Pair>,
    /// From when it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<String>,
    /// When the event begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onset: Option<String>,
    /// Until when it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Name of the sender.
    #[serde(
        default,
        rename = "senderName",
        skip_serializing_if = "Option::is_none"
    )]
    pub sender_name: Option<String>,
    /// Headline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    /// What happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
    /// Whom to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// More values.
    #[serde(default, rename = "parameter", skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Pair>,
    /// Places.
    #[serde(default, rename = "area", skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<Area>,
}

/// Repeated elements whose text is a word of a list.
mod words {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Word<T> {
        #[serde(rename = "$text")]
        word: T,
    }

    pub(super) fn serialize<T: Serialize, S: Serializer>(
        words: &[T],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(words.iter().map(|word| Word { word }))
    }

    pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<T>, D::Error> {
        let words = Vec::<Word<T>>::deserialize(from)?;
        Ok(words.into_iter().map(|w| w.word).collect())
    }
}

/// A message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "alert", deny_unknown_fields)]
pub struct Alert {
    #[serde(rename = "@xmlns")]
    namespace: String,
    /// Identifier, unique for the sender.
    pub identifier: String,
    /// The sender, unique in the world.
    pub sender: String,
    /// When it was sent.
    pub sent: String,
    /// How it is to be handled.
    pub status: Status,
    /// What it is.
    #[serde(rename = "msgType")]
    pub msg_type: MsgType,
    /// Where it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Who may read it.
    pub scope: Scope,
    /// Who may read a restricted one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restriction: Option<String>,
    /// Who receives a private one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<String>,
    /// Codes for handling.
    #[serde(default, rename = "code", skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
    /// Why it was cancelled, or which exercise it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Earlier messages, `sender,identifier,sent` each, with spaces between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub references: Option<String>,
    /// Incidents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incidents: Option<String>,
    /// What is told, one a language.
    #[serde(default, rename = "info", skip_serializing_if = "Vec::is_empty")]
    pub infos: Vec<Info>,
}

impl Alert {
    /// A public message that tells nothing yet.
    pub fn new(
        identifier: &str,
        sender: &str,
        sent: &str,
        status: Status,
        msg_type: MsgType,
    ) -> Self {
        Self {
            namespace: NAMESPACE.to_owned(),
            identifier: identifier.to_owned(),
            sender: sender.to_owned(),
            sent: sent.to_owned(),
            status,
            msg_type,
            source: None,
            scope: Scope::Public,
            restriction: None,
            addresses: None,
            codes: Vec::new(),
            note: None,
            references: None,
            incidents: None,
            infos: Vec::new(),
        }
    }

    /// How later messages refer to this one.
    pub fn reference(&self) -> String {
        format!("{},{},{}", self.sender, self.identifier, self.sent)
    }
}

/// Writes a message, after [`check`].
pub fn write(alert: &Alert) -> Result<String, FormatError> {
    check(alert, &alert.identifier)?;
    document(alert)
}

/// Reads a message and checks it.
pub fn read(bytes: &[u8], file: &str) -> Result<Alert, FormatError> {
    let remedy = "write it as the schema of CAP 1.2 asks";
    if bytes.len() > LARGEST_MESSAGE {
        return Err(FormatError::malformed(
            file,
            "",
            "the message is larger than 16 MB",
            "shorten it",
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| {
        FormatError::malformed(file, "", "it is not UTF-8 text", "save it as UTF-8")
    })?;
    // quick-xml lets characters pass that XML 1.0 does not allow; a message with one is not well-formed.
    if let Some(at) = text.find(|c| !is_sendable(c) && c != '\r') {
        return Err(FormatError::malformed(
            file,
            format!("byte {at}"),
            "there is a character that XML cannot hold",
            "take it out",
        ));
    }
    let alert: Alert = quick_xml::de::from_str(text)
        .map_err(|e| FormatError::malformed(file, "", format!("as a CAP message, {e}"), remedy))?;
    check(&alert, file)?;
    Ok(alert)
}

/// What a message must hold to beyond types and order.
///
/// # Errors
///
/// One sentence that names the element.
pub fn check(alert: &Alert, file: &str) -> Result<(), FormatError> {
    let fault = |place: &str, problem: String, remedy: &str| {
        Err(FormatError::malformed(file, place, problem, remedy))
    };
    if alert.namespace != NAMESPACE {
        return fault(
            "alert",
            format!("its namespace is '{}'", alert.namespace),
            "use that of CAP 1.2",
        );
    }
    for (place, text) in [("identifier", &alert.identifier), ("sender", &alert.sender)] {
        let is_word = |c: char| !(c.is_whitespace() || matches!(c, ',' | '<' | '&'));
        if text.is_empty() || !text.chars().all(is_word) {
            let problem = format!("'{text}' is empty or holds a space, a comma, < or &");
            return fault(place, problem, "choose another");
        }
    }
    let times = alert.infos.iter().flat_map(|info| {
        [
            ("effective", &info.effective),
            ("onset", &info.onset),
            ("expires", &info.expires),
        ]
    });
    let times = times.filter_map(|(place, time)| Some((place, time.as_ref()?)));
    for (place, time) in std::iter::once(("sent", &alert.sent)).chain(times) {
        if !is_cap_time(time) {
            let problem = format!("'{time}' is not a time such as 2017-08-23T12:50:00+08:00");
            return fault(
                place,
                problem,
                "give whole seconds and a numeric offset, never Z",
            );
        }
    }
    let refers = matches!(alert.msg_type, MsgType::Update | MsgType::Cancel);
    match &alert.references {
        None if refers => {
            return fault(
                "references",
                "an update or a cancel refers to nothing".to_owned(),
                "name the messages",
            );
        }
        Some(references) => {
            for reference in references.split_whitespace() {
                let parts: Vec<&str> = reference.split(',').collect();
                if !matches!(parts[..], [sender, id, sent] if !sender.is_empty() && !id.is_empty() && is_cap_time(sent))
                {
                    let problem = format!("'{reference}' is not sender,identifier,sent");
                    return fault("references", problem, "give all three of each message");
                }
            }
        }
        None => {}
    }
    if alert.infos.is_empty() && !refers {
        return fault("info", "nothing is told".to_owned(), "add an info block");
    }
    for info in &alert.infos {
        if let Some(expires) = &info.expires {
            let begins = [("effective", &info.effective), ("onset", &info.onset)];
            let later = begins.iter().find(|(_, begins)| {
                begins
                    .as_ref()
                    .is_some_and(|begins| is_after(begins, expires))
            });
            if let Some((place, _)) = later {
                let problem = format!("it expires before it begins: {place} is after {expires}");
                return fault("expires", problem, "let it expire later");
            }
        }
        if info.categories.is_empty() {
            return fault("category", "there is none".to_owned(), "name one at least");
        }
        for ring in info.areas.iter().flat_map(|area| &area.polygons) {
            check_ring(ring).or_else(|problem| {
                fault(
                    "polygon",
                    problem,
                    "give lat,lon pairs in degrees, the first again at the end",
                )
            })?;
        }
    }
    Ok(())
}

/// Whether the first of two times is after the second.
fn is_after(a: &str, b: &str) -> bool {
    let instant = |text: &str| stormgrid_core::time::Instant::parse(text).ok();
    (instant(a).zip(instant(b))).is_some_and(|(a, b)| a > b)
}

/// Whether a text is a time as CAP 1.2 has it.
fn is_cap_time(text: &str) -> bool {
    let shape = "0000-00-00T00:00:00+00:00";
    let fits = |(c, s): (char, char)| match s {
        '0' => c.is_ascii_digit(),
        '+' => c == '+' || c == '-',
        s => c == s,
    };
    text.len() == shape.len()
        && text.chars().zip(shape.chars()).all(fits)
        && stormgrid_core::time::Instant::parse(text).is_ok()
}

fn check_ring(ring: &str) -> Result<(), String> {
    let pairs: Vec<&str> = ring.split_whitespace().collect();
    if pairs.len() < 4 || pairs.first() != pairs.last() {
        return Err(format!(
            "a ring of {} points is not closed or too short",
            pairs.len()
        ));
    }
    for pair in pairs {
        let numbers = pair
            .split_once(',')
            .map(|(lat, lon)| (lat.parse::<f64>(), lon.parse::<f64>()));
        let inside =
            matches!(numbers, Some((Ok(lat), Ok(lon))) if lat.abs() <= 90.0 && lon.abs() <= 180.0);
        if !inside {
            return Err(format!("'{pair}' is not a latitude and a longitude"));
        }
    }
    Ok(())
}

/// An Atom feed (RFC 4287) with GeoRSS polygons.
#[derive(Clone, Debug, Serialize)]
#[serde(rename = "feed")]
pub struct Feed {
    #[serde(rename = "@xmlns")]
    namespace: &'static str,
    #[serde(rename = "@xmlns:georss")]
    georss: &'static str,
    /// Identifier of the feed, an IRI.
    pub id: String,
    /// Title.
    pub title: String,
    /// Time of the newest entry, RFC 3339.
    pub updated: String,
    author: Author,
    /// Entries, the newest first.
    #[serde(rename = "entry")]
    pub entries: Vec<Entry>,
}

#[derive(Clone, Debug, Serialize)]
struct Author {
    name: String,
}

/// A message in a feed.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Identifier, an IRI.
    pub id: String,
    /// Headline.
    pub title: String,
    /// When it was sent, RFC 3339.
    pub updated: String,
    /// What happens.
    pub summary: String,
    /// Where the message is.
    pub link: Link,
    /// Rings `lat lon lat lon …`.
    #[serde(rename = "georss:polygon", skip_serializing_if = "Vec::is_empty")]
    pub polygons: Vec<String>,
}

/// Where the message of an entry is.
#[derive(Clone, Debug, Serialize)]
pub struct Link {
    #[serde(rename = "@href")]
    href: String,
    #[serde(rename = "@type")]
    media_type: &'static str,
}

impl Link {
    /// To a CAP message.
    pub fn to_cap(href: impl Into<String>) -> Self {
        Self {
            href: href.into(),
            media_type: "application/cap+xml",
        }
    }
}

impl Feed {
    /// A feed.
    pub fn new(id: &str, title: &str, author: &str, updated: &str, entries: Vec<Entry>) -> Self {
        Self {
            namespace: "http://www.w3.org/2005/Atom",
            georss: "http://www.georss.org/georss",
            id: id.to_owned(),
            title: title.to_owned(),
            updated: updated.to_owned(),
            author: Author {
                name: author.to_owned(),
            },
            entries,
        }
    }
}

/// Writes a feed.
pub fn write_feed(feed: &Feed) -> Result<String, FormatError> {
    document(feed)
}

/// Whether a message may hold a character: line feed and tab, and what is neither a control character nor a
/// noncharacter. XML 1.0 cannot hold some of the others at all, which makes the whole message unreadable; some
/// receivers refuse the rest.
///
/// Source: XML 1.0 (fifth edition), 2.2, with its note on characters to avoid; Unicode 16.0, 23.7, noncharacters.
pub fn is_sendable(c: char) -> bool {
    let code = u32::from(c);
    let is_noncharacter = (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe;
    matches!(c, '\n' | '\t') || !c.is_control() && !is_noncharacter
}

fn document<T: Serialize>(value: &T) -> Result<String, FormatError> {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let mut serializer = Serializer::new(&mut text);
    serializer.indent(' ', 2);
    value
        .serialize(serializer)
        .map_err(|e| FormatError::Write {
            what: "the XML".to_owned(),
            problem: e.to_string(),
        })?;
    text.push('\n');
    text.retain(is_sendable);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Alert {
        let sent = "2017-08-23T06:00:00+08:00";
        let mut alert = Alert::new(
            "440704-1",
            "test.example",
            sent,
            Status::Exercise,
            MsgType::Update,
        );
        alert.references = Some(format!("test.example,440704-0,{sent}"));
        alert.note = Some("演练 <一> & \"二\"".to_owned());
        alert.infos.push(Info {
            language: "zh-CN".to_owned(),
            categories: vec![Category::Met, Category::Transport],
            event: "道路积水".to_owned(),
            response_types: vec![ResponseType::Avoid],
            urgency: Urgency::Expected,
            severity: Severity::Severe,
            certainty: Certainty::Likely,
            audience: None,
            event_codes: vec![],
            effective: Some(sent.to_owned()),
            onset: None,
            expires: None,
            sender_name: None,
            headline: Some("S273省道 < 0.70 米 & 更深".to_owned()),
            description: None,
            instruction: None,
            web: None,
            contact: None,
            parameters: vec![Pair::new("colour", "orange")],
            areas: vec![Area {
                description: "江海区".to_owned(),
                polygons: vec!["22.5,113.1 22.6,113.1 22.6,113.2 22.5,113.1".to_owned()],
                geocodes: vec![
                    Pair::new("GB/T 2260", "440704"),
                    Pair::new("grid", "a"),
                    Pair::new("grid", "b"),
                ],
            }],
        });
        alert
    }

    #[test]
    fn a_message_comes_back_as_it_was() {
        let text = write(&message()).expect("sound");
        assert_eq!(read(text.as_bytes(), "m.xml").expect("readable"), message());
    }

    #[test]
    fn what_the_standard_forbids_is_told() {
        let broken = |change: fn(&mut Alert), word: &str| {
            let mut alert = message();
            change(&mut alert);
            let error = write(&alert).expect_err(word).to_string();
            assert!(error.contains(word), "{error}");
        };
        broken(|a| a.sent = "2017-08-23T06:00:00Z".to_owned(), "never Z");
        broken(|a| a.sent = "2017-13-23T06:00:00+08:00".to_owned(), "sent");
        broken(|a| a.infos[0].onset = Some("tomorrow".to_owned()), "onset");
        broken(|a| a.references = None, "refers to nothing");
        broken(
            |a| a.references = Some("x,y".to_owned()),
            "sender,identifier,sent",
        );
        broken(|a| a.sender = "a b".to_owned(), "sender");
        broken(
            |a| a.infos[0].areas[0].polygons[0] = "1,2 3,4 5,6 7,8".to_owned(),
            "polygon",
        );
        broken(
            |a| a.infos[0].areas[0].polygons[0] = "113,22 3,4 5,6 113,22".to_owned(),
            "latitude",
        );
        broken(|a| a.infos[0].categories.clear(), "category");
    }

    #[test]
    fn no_character_makes_a_message_or_the_feed_malformed() {
        let bad = [
            '\u{0}',
            '\u{8}',
            '\u{b}',
            '\u{1b}',
            '\u{7f}',
            '\u{85}',
            '\u{9f}',
            '\u{fdd0}',
            '\u{fdef}',
            '\u{fffe}',
            '\u{ffff}',
            '\u{1fffe}',
            '\u{10ffff}',
        ];
        for c in bad {
            assert!(!is_sendable(c), "{c:?}");
            let mut alert = message();
            alert.note = Some(format!("雨{c}停"));
            alert.infos[0].headline = Some(format!("a{c}b"));
            let text = write(&alert).expect("sound");
            assert!(text.chars().all(is_sendable));
            let back = read(text.as_bytes(), "m.xml").expect("readable");
            assert_eq!(back.note.as_deref(), Some("雨停"));
            let entry = Entry {
                id: "urn:a".to_owned(),
                title: format!("a{c}b"),
                updated: "2017-08-23T06:00:00+08:00".to_owned(),
                summary: String::new(),
                link: Link::to_cap("x"),
                polygons: Vec::new(),
            };
            let feed = Feed::new("urn:f", "t", "a", "2017-08-23T06:00:00+08:00", vec![entry]);
            let text = write_feed(&feed).expect("sound");
            assert!(text.contains("<title>ab</title>"), "{text}");
        }
        for c in [
            '\n',
            '\t',
            ' ',
            'é',
            '网',
            '\u{fffd}',
            '\u{fdcf}',
            '\u{1f30a}',
            '\u{feff}',
        ] {
            assert!(is_sendable(c), "{c:?}");
        }
    }

    #[test]
    fn a_message_does_not_expire_before_it_begins() {
        let mut alert = message();
        alert.infos[0].expires = Some("2017-08-23T05:59:59+08:00".to_owned());
        let error = write(&alert).expect_err("refused").to_string();
        assert!(error.contains("expires"), "{error}");
        // The same instant in another offset is no earlier.
        alert.infos[0].expires = Some("2017-08-22T22:00:00+00:00".to_owned());
        assert!(write(&alert).is_ok());
    }

    #[test]
    fn no_bytes_make_the_reader_panic() {
        for text in [
            "",
            "<",
            "<alert/>",
            "<alert xmlns=\"x\"><sent/></alert>",
            "\u{feff}<a>&#0;</a>",
            "<!DOCTYPE a [<!ENTITY b \"c\">]><alert>&b;</alert>",
        ] {
            assert!(read(text.as_bytes(), "m.xml").is_err(), "{text}");
        }
        assert!(read(&[0xff, 0xfe], "m.xml").is_err());
    }
}
