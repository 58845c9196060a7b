//! Tracks of tropical cyclones: our CSV, IBTrACS, ATCF decks, CMA and JMA best tracks, advisories as JSON.
//!
//! [`read`] tells the formats apart by their first lines. Units, averaging period and agency are those of the
//! format or written in the file; none is guessed from the numbers.
//!
//! Our CSV has one fix a line. Columns: `name`, `time_utc` (RFC 3339), `lat`, `lon`; optional `intl_id`, `sid`, `agency`,
//! `vmax_kt`, `pmin_hpa`, `rmw_nmi`, `status`, `poci_hpa`, and radii of
//! 34, 50 and 64 kt as `r34_ne_nmi`, `_se_`, `_sw_`, `_nw_`. Several storms may stand in one file, and one storm
//! by several agencies: each agency's is a track of its own, for their winds do not mix. The averaging
//! period of the winds follows from the agency: JMA and HKO ten minutes, CMA two, JTWC one.

mod advisory;
mod agency;
mod atcf;
mod collect;
mod ibtracs;
mod line;
mod own;
mod rows;
#[cfg(test)]
mod tests_of_formats;
pub(crate) mod text;

use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_core::storm::Track;
use stormgrid_core::time::Instant;
use stormgrid_core::units::{Length, Pressure, Speed};

use crate::FormatError;

/// Winds whose radii a file may hold [kt], and the quadrants as the columns name them.
const RADII_KT: [u32; 3] = [34, 50, 64];
const SIDES: [&str; 4] = ["ne", "se", "sw", "nw"];

/// The tracks of a file and what a person should know about them.
///
/// A storm is one by identifier and season, not by name: two storms of one name are two tracks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tracks {
    /// One track a storm, agency and, of forecasts, base time, in the order of the file.
    pub tracks: Vec<Track>,
    /// What was assumed, left out or looks odd.
    pub findings: Vec<TrackFinding>,
    /// Storms that cannot be used; the others can.
    pub lost: Vec<Lost>,
}

/// Something found about one of the tracks.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackFinding {
    /// Place of the track among [`Tracks::tracks`]; `None` where it is about the file or about no storm in it.
    pub track: Option<usize>,
    /// What was found.
    pub finding: Finding,
}

/// A storm of which no track can be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Lost {
    /// Name, identifiers and agency; at most the first of its fixes.
    pub track: Track,
    /// Why not.
    pub fault: FormatError,
}

impl Tracks {
    /// What was found about a track and about the file as a whole, storms that are not asked for apart.
    pub fn findings_of(&self, track: usize) -> impl Iterator<Item = &Finding> {
        let about = move |told: &&TrackFinding| told.track.is_none_or(|of| of == track);
        self.findings.iter().filter(about).map(|told| &told.finding)
    }
}

/// Lines of which one must be of a format for the file to be taken for it.
const HEAD_LINES: usize = 20;

/// Reads every storm of a file of any of the formats.
///
/// One odd line costs that line, one storm that cannot be used costs that storm: both are reported. A line is odd
/// where its time, its position (beyond 70° of latitude), its wind (above 233 kt), its pressure (outside 850 to
/// 1100 hPa) or its radii cannot be; a storm where its lines stand in no order or a header announces others.
///
/// # Errors
///
/// What is no text, is of none of the formats, or holds no storm that can be used.
pub fn read(bytes: &[u8], file: &str) -> Result<Tracks, FormatError> {
    let (text, decoded) = text::decode(bytes, file)?;
    let mut tracks = read_text(&text, file)?;
    let about_all = decoded.map(|finding| TrackFinding {
        track: None,
        finding,
    });
    tracks.findings.extend(about_all);
    let intensities: Vec<TrackFinding> = tracks
        .tracks
        .iter()
        .enumerate()
        .flat_map(|(k, track)| {
            unknown_intensities(track, file).map(move |finding| TrackFinding {
                track: Some(k),
                finding,
            })
        })
        .collect();
    tracks.findings.extend(intensities);
    Ok(tracks)
}

/// The text of a file in any of the formats, UTF-16 decoded: what [`read`] makes of its bytes.
///
/// # Errors
///
/// What is no text, by its name.
pub fn text(bytes: &[u8], file: &str) -> Result<String, FormatError> {
    Ok(text::decode(bytes, file)?.0.into_owned())
}

fn read_text(text: &str, file: &str) -> Result<Tracks, FormatError> {
    if advisory::is(text) {
        return advisory::read(text, file);
    }
    // An odd first line must not hide what the file is.
    let head = || {
        text.lines()
            .filter(|line| !line.trim().is_empty())
            .take(HEAD_LINES)
    };
    if head().any(atcf::is) {
        return atcf::read(text, file);
    }
    if head().any(agency::is) {
        return agency::read(text, file);
    }
    if head().next().is_some_and(ibtracs::is) {
        return ibtracs::read(text, file);
    }
    if head().next().is_some_and(is_hurdat2) {
        return Err(FormatError::unsupported(
            file,
            "",
            message!("fault.track.hurdat", "HURDAT2"),
            message!(
                "fix.track.hurdat",
                "give the b-deck of the storm, or IBTrACS as CSV"
            ),
        ));
    }
    own::read(text, file)
}

/// Whether a line is a header of NHC's HURDAT2: `AL092021, IDA, 40,`.
fn is_hurdat2(line: &str) -> bool {
    let id = line.split(',').next().unwrap_or_default().trim().as_bytes();
    id.len() == 8
        && id[..2].iter().all(u8::is_ascii_uppercase)
        && id[2..].iter().all(u8::is_ascii_digit)
}

/// Fixes without a wind or without a pressure: the model fills them in.
fn unknown_intensities(track: &Track, file: &str) -> impl Iterator<Item = Finding> + use<> {
    let n = track.fixes.len();
    let no_wind = track.fixes.iter().filter(|fix| fix.vmax.is_none()).count();
    let no_pressure = track.fixes.iter().filter(|fix| fix.pmin.is_none()).count();
    let name = &track.name;
    let wind = match no_wind {
        0 => None,
        all if all == n => Some(Finding::new(
            Kind::Assumed,
            file,
            message!(
                "note.track.no_wind",
                "no wind of {name} is given: all {n} follow from the pressures (Atkinson and Holliday 1977)",
                name = name,
                n = n
            ),
        )),
        some => Some(Finding::new(
            Kind::Note,
            file,
            message!(
                "note.track.some_wind",
                "{some} of {n} fixes of {name} give no wind: it follows from the pressure there (Atkinson and Holliday 1977)",
                some = some,
                n = n,
                name = name
            ),
        )),
    };
    // A track without any pressure is told of where the model is made.
    let pressure = (no_pressure > 0 && no_pressure < n).then(|| {
        Finding::new(
            Kind::Note,
            file,
            message!(
                "note.track.some_pressure",
                "{some} of {n} fixes of {name} give no pressure: it is interpolated there",
                some = no_pressure,
                n = n,
                name = name
            ),
        )
    });
    let told = [(no_wind, wind), (no_pressure, pressure)];
    told.into_iter()
        .filter_map(|(count, finding)| Some(finding?.times(count)))
}

/// Whether a name is none: what lists write for storms that were not named, and numbers as words.
pub fn is_nameless(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "",
        "INVEST",
        "NONAME",
        "NO-NAME",
        "UNNAMED",
        "NAMELESS",
        "(NAMELESS)",
        "NOT_NAMED",
        "NOTNAMED",
        "UNKNOWN",
        "-",
        "NIL",
    ];
    const NUMBERS: [&str; 19] = [
        "ONE",
        "TWO",
        "THREE",
        "FOUR",
        "FIVE",
        "SIX",
        "SEVEN",
        "EIGHT",
        "NINE",
        "TEN",
        "ELEVEN",
        "TWELVE",
        "THIRTEEN",
        "FOURTEEN",
        "FIFTEEN",
        "SIXTEEN",
        "SEVENTEEN",
        "EIGHTEEN",
        "NINETEEN",
    ];
    let name = name.trim().to_uppercase();
    let rest = ["TWENTY", "THIRTY", "FORTY"]
        .into_iter()
        .find_map(|tens| name.strip_prefix(tens));
    let number = match rest {
        Some(rest) => rest.trim_start_matches(['-', ' ']),
        None => &name,
    };
    let number = number.split('-').next().unwrap_or_default();
    WORDS.contains(&name.as_str())
        || (rest.is_some() && number.is_empty())
        || NUMBERS.contains(&number)
        || name.starts_with("GENESIS")
        || name.starts_with("STORM ")
}

/// The year of an instant in UTC.
pub(crate) fn year_of(time: Instant) -> i64 {
    let text = time.to_rfc3339();
    text.get(..4)
        .and_then(|year| year.parse().ok())
        .unwrap_or(0)
}

/// Writes one track in the same columns.
pub fn write(track: &Track) -> String {
    let mut text = String::from(
        "name,intl_id,sid,agency,time_utc,lat,lon,vmax_kt,pmin_hpa,rmw_nmi,status,poci_hpa",
    );
    for knots in RADII_KT {
        for side in SIDES {
            text.push_str(&format!(",r{knots}_{side}_nmi"));
        }
    }
    text.push('\n');
    let number = |value: Option<f64>| {
        value
            .map(|v| format!("{}", (v * 1000.0).round() / 1000.0))
            .unwrap_or_default()
    };
    let miles = |value: Option<f64>| number(value.map(|r| Length::from_m(r).as_nautical_miles()));
    for fix in &track.fixes {
        text.push_str(&format!(
            "{},{},{},{},{},{},{},{},{},{},{},{}",
            quoted(&track.name),
            quoted(&track.intl_id),
            quoted(&track.sid),
            quoted(&track.agency),
            fix.time.to_rfc3339(),
            fix.lat_deg,
            fix.lon_deg,
            number(fix.vmax.map(|v| Speed::from_mps(v).as_knots())),
            number(fix.pmin.map(|p| Pressure::from_pa(p).as_hpa())),
            miles(fix.rmw),
            quoted(&fix.status),
            number(fix.environment.map(|p| Pressure::from_pa(p).as_hpa())),
        ));
        for knots in RADII_KT {
            let wind = Speed::from_knots(f64::from(knots)).as_mps();
            let radius = fix.radii.iter().find(|r| (r.wind - wind).abs() < 0.25);
            for quadrant in 0..4 {
                text.push(',');
                text.push_str(&miles(radius.and_then(|r| r.quadrants[quadrant])));
            }
        }
        text.push('\n');
    }
    text
}

/// A field of a CSV row (RFC 4180): quoted where it holds what would end it.
fn quoted(field: &str) -> std::borrow::Cow<'_, str> {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\"")).into()
    } else {
        field.into()
    }
}

#[cfg(test)]
mod tests {
    use stormgrid_core::storm::Averaging;

    use super::*;

    const HATO: &str = "name,intl_id,agency,time_utc,lat,lon,vmax_kt,pmin_hpa\n\
        HATO,1713,JMA,2017-08-23T00:00:00Z,21.5,114.9,75,965\n\
        HATO,1713,JMA,2017-08-23T06:00:00Z,22.3,112.9,75,965\n";

    #[test]
    fn a_track_is_read_in_si() {
        let tracks = read(HATO.as_bytes(), "hato.csv").expect("valid");
        let track = &tracks.tracks[0];
        assert_eq!(
            (track.averaging, track.fixes.len()),
            (Averaging::TenMinute, 2)
        );
        assert!((track.fixes[0].vmax.expect("given") - 38.583_333).abs() < 1e-5);
        assert_eq!(track.fixes[0].pmin, Some(96_500.0));
        assert!(tracks.findings.is_empty(), "{:?}", tracks.findings);
        let again = read(write(track).as_bytes(), "again.csv").expect("valid");
        assert_eq!(again.tracks[0].fixes[1].lat_deg, track.fixes[1].lat_deg);
    }

    /// What is told of a file, as sentences.
    fn told(text: &str) -> Vec<String> {
        let read = read(text.as_bytes(), "t.csv").expect("valid");
        let told = read.findings.iter();
        told.map(|told| told.finding.message().to_string())
            .collect()
    }

    #[test]
    fn an_odd_row_costs_that_row_and_is_told() {
        for (from, to, says) in [
            ("22.3,112.9", "112.9,22.3", "no place of a tropical cyclone"),
            (",75,965\nHATO", ",750,965\nHATO", "the wind [kt] is 750"),
            (
                "2017-08-23T06:00:00Z",
                "2017-08-23 06:00",
                "'2017-08-23 06:00' is not an instant",
            ),
            ("22.3,112.9", "22.3", "the row has 7 fields"),
        ] {
            let text = HATO.replace(from, to);
            assert_ne!(text, HATO);
            assert_eq!(
                read(text.as_bytes(), "t").expect("valid").tracks[0]
                    .fixes
                    .len(),
                1
            );
            let told = told(&text).concat();
            assert!(told.contains(says), "{told}");
        }
        let naive = HATO.replace("00Z", "00");
        let fault = read(naive.as_bytes(), "t.csv").expect_err("no row is sound");
        let says = "t.csv, line 2: '2017-08-23T00:00:00' is not an instant";
        assert!(fault.to_string().contains(says), "{fault}");
    }

    #[test]
    fn time_that_stands_in_no_order_costs_the_storm_and_one_line_itself() {
        let backwards = HATO.replace("2017-08-23T06", "2017-08-22T06");
        let fault = read(backwards.as_bytes(), "t.csv").expect_err("two lines, which is right?");
        assert!(
            fault
                .to_string()
                .contains("time runs backwards in the track of HATO"),
            "{fault}"
        );
        let row = |time: &str| format!("HATO,1713,JMA,{time},21.5,114.9,75,965\n");
        let head = HATO.lines().next().expect("a header").to_owned() + "\n";
        let times = [
            "2017-08-23T00:00:00Z",
            "2017-08-23T06:00:00Z",
            "2017-08-23T20:00:00+08:00",
            "2017-08-23T24:00:00Z",
        ];
        let rows = |order: &[usize]| {
            head.clone() + &order.iter().map(|k| row(times[*k])).collect::<String>()
        };
        let n = |text: &str| {
            read(text.as_bytes(), "t").expect("valid").tracks[0]
                .fixes
                .len()
        };
        assert_eq!(n(&rows(&[0, 1, 2, 3])), 4);
        assert_eq!(n(&rows(&[1, 0, 2, 3])), 3);
        assert!(
            told(&rows(&[1, 0, 2, 3]))[0].contains("line 3: 1 lines of HATO do not stand in order")
        );
        assert_eq!(n(&rows(&[3, 2, 1, 0])), 4);
        assert!(told(&rows(&[3, 2, 1, 0]))[0].contains("turned about"));
        assert_eq!(n(&rows(&[0, 1, 1, 2])), 3);
        assert!(told(&rows(&[0, 1, 1, 2]))[0].contains("say again"));
        let far = rows(&[0, 1, 2]) + &row("2018-08-23T06:00:00Z") + &row("2018-08-23T12:00:00Z");
        assert_eq!(read(far.as_bytes(), "t").expect("valid").tracks.len(), 2);
    }

    #[test]
    fn numbers_are_read_as_people_write_them_and_missing_ones_are_unknown() {
        let text = HATO
            .replace(',', ";")
            .replace("21.5", "21,5")
            .replace("114.9", "\u{ff11}14,9");
        let track = &read(text.as_bytes(), "t").expect("valid").tracks[0];
        assert_eq!(
            (track.fixes[0].lat_deg, track.fixes[0].lon_deg),
            (21.5, 114.9)
        );
        for none in ["", "-999", "0", "9999", "NA", "-1"] {
            let text = HATO.replacen(",75,965", &format!(",{none},{none}"), 1);
            let fix = &read(text.as_bytes(), "t").expect("valid").tracks[0].fixes[0];
            assert_eq!((fix.vmax, fix.pmin), (None, None), "{none}");
        }
        let west = HATO.replace("114.9", "359.5").replace("112.9", "-179.5");
        let fixes = &read(west.as_bytes(), "t").expect("valid").tracks[0].fixes;
        assert_eq!((fixes[0].lon_deg, fixes[1].lon_deg), (-0.5, -179.5));
    }

    #[test]
    fn names_that_are_none_are_known() {
        for name in [
            "invest",
            "TWENTYSIX",
            "TWENTY-SIX",
            "THREE-E",
            "(nameless)",
            "NOT_NAMED",
            "",
            "Seventeen",
        ] {
            assert!(is_nameless(name), "{name}");
        }
        for name in ["HATO", "SON-TINH", "ONEIL", "TENNA"] {
            assert!(!is_nameless(name), "{name}");
        }
    }

    #[test]
    fn agencies_are_not_mixed_into_one_track() {
        let text = format!("{HATO}HATO,1713,JTWC,2017-08-23T00:00:00Z,21.6,114.8,85,964\n");
        let tracks = read(text.as_bytes(), "t.csv").expect("valid").tracks;
        let found: Vec<_> = tracks
            .iter()
            .map(|t| (t.averaging, t.fixes.len()))
            .collect();
        assert_eq!(
            found,
            [(Averaging::TenMinute, 2), (Averaging::OneMinute, 1)]
        );
    }

    #[test]
    fn a_name_with_a_comma_survives_writing() {
        let text = HATO.replace("HATO", "\"HATO, \"\"13W\"\"\"");
        let track = read(text.as_bytes(), "t.csv").expect("valid").tracks;
        let again = read(write(&track[0]).as_bytes(), "t.csv").expect("valid");
        assert_eq!(again.tracks[0].name, "HATO, \"13W\"");
    }

    /// The storms were once found by going through all of them for every line: minutes for a file
    /// of a few megabytes.
    #[test]
    fn many_storms_in_a_file_are_read_in_linear_time() {
        let mut text = String::from("name,agency,time_utc,lat,lon\n");
        for storm in 0..100_000 {
            text.push_str(&format!("S{storm},JMA,2017-08-23T00:00:00Z,21.5,114.9\n"));
        }
        let begun = std::time::Instant::now();
        let tracks = read(text.as_bytes(), "t.csv").expect("valid").tracks;
        assert_eq!(tracks.len(), 100_000);
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    }

    #[test]
    fn an_unknown_agency_and_a_long_gap_are_flagged() {
        let text = HATO
            .replace("JMA", "XYZ")
            .replace("2017-08-23T06", "2017-08-25T06");
        assert_eq!(
            read(text.as_bytes(), "t.csv")
                .expect("valid")
                .findings
                .len(),
            2
        );
    }
}
