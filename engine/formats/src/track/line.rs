//! What the readers of agencies' text formats share.

use std::collections::HashMap;

use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::storm::{Averaging, Fix, Track};
use stormgrid_core::time::Instant;

use crate::FormatError;
use crate::error::line;

/// A line of a file, for messages.
pub(super) struct Line<'a> {
    pub file: &'a str,
    /// Counted from 1.
    pub number: usize,
}

impl Line<'_> {
    pub fn fault(&self, problem: Message, remedy: Message) -> FormatError {
        FormatError::malformed(self.file, line(self.number), problem, remedy)
    }

    /// A whole number in a field; `None` if it is empty.
    pub fn whole(&self, field: &str, what: Message) -> Result<Option<i32>, FormatError> {
        let text = field.trim();
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| {
            self.fault(
                message!(
                    "fault.not_whole",
                    "{what} is '{text}', not a whole number",
                    what = what,
                    text = shown(text)
                ),
                mend_field(),
            )
        })
    }

    /// A whole number that must be there.
    pub fn required(&self, field: &str, what: Message) -> Result<i32, FormatError> {
        self.whole(field, what.clone())?.ok_or_else(|| {
            self.fault(
                message!("fault.what_empty", "{what} is empty", what = what),
                message!("fix.give_it", "give it"),
            )
        })
    }

    /// A value within bounds, else a fault.
    pub fn bounded(
        &self,
        value: f64,
        low: f64,
        high: f64,
        what: Message,
    ) -> Result<f64, FormatError> {
        match (low..=high).contains(&value) {
            true => Ok(value),
            false => Err(self.fault(outside(what, value, low, high), check_unit())),
        }
    }

    /// `YYYYMMDDHH` as an instant in UTC.
    pub fn hour(&self, digits: &str) -> Result<Instant, FormatError> {
        let fault = || {
            self.fault(
                time_is(digits),
                message!(
                    "fix.time.hour",
                    "give it as YYYYMMDDHH in UTC, for example 2017082300"
                ),
            )
        };
        if digits.len() != 10 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(fault());
        }
        let text = format!(
            "{}-{}-{}T{}:00:00Z",
            &digits[..4],
            &digits[4..6],
            &digits[6..8],
            &digits[8..]
        );
        Instant::parse(&text).map_err(|_| fault())
    }
}

/// A value out of its range.
pub(super) fn outside(what: Message, value: f64, low: f64, high: f64) -> Message {
    message!(
        "fault.outside",
        "{what} is {value}, outside {low} to {high}",
        what = what,
        value = value,
        low = low,
        high = high
    )
}

/// What to do about it.
pub(super) fn check_unit() -> Message {
    message!("fix.check_unit", "check the unit and the value")
}

/// What to do about a field that cannot be read.
pub(super) fn mend_field() -> Message {
    message!("fix.mend_field", "mend the field")
}

/// A time that cannot be read.
pub(super) fn time_is(text: &str) -> Message {
    message!("fault.time_is", "the time is '{text}'", text = shown(text))
}

/// A file without a track.
pub(super) fn no_fix(file: &str) -> FormatError {
    FormatError::malformed(
        file,
        "",
        message!("fault.track.no_fix", "there is no fix in the file"),
        message!("fix.track.no_fix", "give at least two fixes of a storm"),
    )
}

/// The beginning of a field, for messages.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(24).collect()
}

/// The lines of a text file that hold something; refuses what is no text.
pub(super) fn lines<'a>(
    bytes: &'a [u8],
    file: &'a str,
) -> Result<impl Iterator<Item = (Line<'a>, &'a str)>, FormatError> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        FormatError::malformed(
            file,
            "",
            message!("fault.not_utf8", "it is not UTF-8 text"),
            message!("fix.save_utf8", "save it as UTF-8"),
        )
    })?;
    let numbered = text.lines().enumerate().map(move |(k, text)| {
        let number = k + 1;
        (Line { file, number }, text)
    });
    Ok(numbered.filter(|(_, text)| !text.trim().is_empty()))
}

/// Tracks that grow fix by fix.
#[derive(Default)]
pub(super) struct Collected {
    pub tracks: Vec<Track>,
    pub warnings: Vec<Message>,
    known: HashMap<[String; 2], usize>,
}

/// A gap between fixes above which a person is told [s].
const LONG_GAP_S: f64 = 12.0 * 3600.0;

impl Collected {
    /// The track of a storm (name, identifier) by an agency; begun if it is new.
    pub fn track(
        &mut self,
        name: &str,
        id: &str,
        agency: &str,
        averaging: Averaging,
    ) -> &mut Track {
        let key = [id.to_owned(), agency.to_owned()];
        let index = *self.known.entry(key).or_insert_with(|| {
            self.tracks.push(Track {
                name: name.to_owned(),
                intl_id: String::new(),
                sid: id.to_owned(),
                agency: agency.to_owned(),
                averaging,
                fixes: Vec::new(),
            });
            self.tracks.len() - 1
        });
        &mut self.tracks[index]
    }

    /// Refuses time that does not increase and tells of long gaps.
    pub fn finish(mut self, file: &str) -> Result<super::Tracks, FormatError> {
        self.tracks.retain(|track| !track.fixes.is_empty());
        for track in &self.tracks {
            for pair in track.fixes.windows(2) {
                check_order(track, &pair[0], &pair[1], || (file.to_owned(), None))?;
                self.warnings.extend(gap(track, &pair[0], &pair[1], file));
            }
        }
        if self.tracks.is_empty() {
            return Err(no_fix(file));
        }
        Ok(super::Tracks {
            tracks: self.tracks,
            warnings: self.warnings,
        })
    }
}

/// Refuses two fixes of which the second does not come later.
pub(super) fn check_order(
    track: &Track,
    before: &Fix,
    after: &Fix,
    place: impl Fn() -> (String, Option<Message>),
) -> Result<(), FormatError> {
    if after.time > before.time {
        return Ok(());
    }
    let (file, place) = place();
    Err(FormatError::malformed(
        &file,
        place,
        message!(
            "fault.track.backwards",
            "time runs backwards in the track of {name}: {after} follows {before}",
            name = &track.name,
            after = after.time.to_rfc3339(),
            before = before.time.to_rfc3339()
        ),
        message!(
            "fix.track.order",
            "put the fixes in order of time, each time once"
        ),
    ))
}

/// What to say of a long gap between two fixes.
pub(super) fn gap(track: &Track, before: &Fix, after: &Fix, file: &str) -> Option<Message> {
    let gap = after.time.seconds_since(before.time);
    (gap > LONG_GAP_S).then(|| {
        message!(
            "note.track.gap", "{file}: {hours} hours without a fix of {name} before {time}; position, wind and pressure are interpolated",
            file = file,
            hours = gap / 3600.0,
            name = &track.name,
            time = after.time.to_rfc3339()
        )
    })
}
