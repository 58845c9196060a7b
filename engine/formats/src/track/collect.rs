//! From the lines of a file to the tracks of its storms: what repeats, comes out of order or lies too far apart.
//!
//! One odd line costs that line, a storm that cannot be one costs that storm, and neither costs the file.

use std::collections::HashMap;

use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::storm::{Fix, Track};
use stormgrid_core::time::Instant;

use super::line::{Odd, no_fix};
use super::{Lost, TrackFinding, Tracks};
use crate::FormatError;
use crate::error::line as line_of;

/// A gap between fixes above which a person is told [s].
const LONG_GAP_S: f64 = 12.0 * 3600.0;

/// A gap over which interpolation is an assumption: agencies give a fix every three or six hours, and a day without
/// one is a piece that is missing [s].
const ASSUMED_GAP_S: f64 = 24.0 * 3600.0;

/// A gap that no storm has: names and numbers come again, in the next season or, for invests, in the same [s].
pub(super) const ANOTHER_STORM_S: f64 = 10.0 * 86_400.0;

/// Storms that grow line by line.
#[derive(Default)]
pub(super) struct Collected {
    storms: Vec<Storm>,
    known: HashMap<String, usize>,
    /// Lines that belong to no storm.
    loose: Vec<Odd>,
    /// About the file as a whole.
    pub findings: Vec<Finding>,
}

/// A storm by one agency while its lines come.
pub(super) struct Storm {
    /// Name, identifiers, agency; its fixes stand in `fixes` until the end.
    pub track: Track,
    /// Fixes and the lines that they stand in.
    fixes: Vec<(usize, Fix)>,
    by_time: HashMap<Instant, usize>,
    odd: Vec<Odd>,
    repeated: Vec<Repeated>,
    /// Lines of an aid that gives no position there.
    placeless: Vec<usize>,
    /// Why it cannot be used at all.
    pub fault: Option<FormatError>,
    /// What else is told of it.
    pub findings: Vec<Finding>,
}

/// A line for a time that an earlier one has.
struct Repeated {
    line: usize,
    time: Instant,
    /// Whether it says something else.
    differs: bool,
}

impl Collected {
    /// The storm of a key; begun if it is new.
    pub fn storm(&mut self, key: String, begin: impl FnOnce() -> Track) -> &mut Storm {
        let next = self.storms.len();
        let index = *self.known.entry(key).or_insert(next);
        if index == next {
            self.storms.push(Storm::new(begin()));
        }
        &mut self.storms[index]
    }

    /// The storm of a key, if it is known.
    pub fn known(&mut self, key: &str) -> Option<&mut Storm> {
        let index = *self.known.get(key)?;
        self.storms.get_mut(index)
    }

    /// Keeps a line that belongs to no storm.
    pub fn loose(&mut self, odd: Odd) {
        self.loose.push(odd);
    }

    /// Puts the lines of each storm in order.
    ///
    /// - `identify`: gives a track its name and identifiers, once it is known when it was
    ///
    /// # Errors
    ///
    /// The first fault where no storm can be used.
    pub fn finish(self, file: &str, identify: impl Fn(&mut Track)) -> Result<Tracks, FormatError> {
        let mut found = Tracks::default();
        let whole = |finding| TrackFinding {
            track: None,
            finding,
        };
        found.findings.extend(self.findings.into_iter().map(whole));
        let none = message!("word.no_storm", "no storm");
        found
            .findings
            .extend(left_out(&self.loose, none, file).map(whole));
        for storm in self.storms {
            storm.finish(file, &identify, &mut found);
        }
        drop_copies(&mut found, file);
        if found.tracks.is_empty() {
            let first = found.lost.into_iter().map(|lost| lost.fault).next();
            let loose = self.loose.first().map(|odd| odd.fault(file));
            return Err(first.or(loose).unwrap_or_else(|| no_fix(file)));
        }
        Ok(found)
    }
}

impl Storm {
    fn new(track: Track) -> Self {
        Self {
            track,
            fixes: Vec::new(),
            by_time: HashMap::new(),
            odd: Vec::new(),
            repeated: Vec::new(),
            placeless: Vec::new(),
            fault: None,
            findings: Vec::new(),
        }
    }

    /// Takes a fix. A line for a time that is known adds radii of other winds; what else it says otherwise than
    /// the first is reported and left out.
    pub fn push(&mut self, line: usize, fix: Fix) {
        let time = fix.time;
        let Some(&index) = self.by_time.get(&time) else {
            self.by_time.insert(time, self.fixes.len());
            self.fixes.push((line, fix));
            return;
        };
        let (_, known) = &mut self.fixes[index];
        let mut differs = !agree(known, &fix);
        let mut adds = false;
        if !differs {
            fill(known, &fix);
            for radius in &fix.radii {
                match known.radii.iter().find(|r| r.wind == radius.wind) {
                    None => {
                        known.radii.push(*radius);
                        adds = true;
                    }
                    Some(same) => differs |= same.quadrants != radius.quadrants,
                }
            }
        }
        if differs || !adds {
            self.repeated.push(Repeated {
                line,
                time,
                differs,
            });
        }
    }

    /// Keeps a line that cannot be read.
    pub fn odd(&mut self, odd: Odd) {
        self.odd.push(odd);
    }

    /// Keeps a line without a position.
    pub fn placeless(&mut self, line: usize) {
        self.placeless.push(line);
    }

    /// Lines that were read, and all of them.
    pub fn n_lines(&self) -> (usize, usize) {
        let read = self.fixes.len() + self.repeated.len() + self.placeless.len();
        (read, read + self.odd.len())
    }

    fn finish(mut self, file: &str, identify: &impl Fn(&mut Track), into: &mut Tracks) {
        let lost = |mut track: Track, fault: FormatError, into: &mut Tracks| {
            identify(&mut track);
            into.lost.push(Lost { track, fault });
        };
        if self.fixes.is_empty() {
            let fault = self.fault.or_else(|| Some(self.odd.first()?.fault(file)));
            if let Some(fault) = fault {
                lost(self.track, fault, into);
            }
            return;
        }
        let fixes = std::mem::take(&mut self.fixes);
        let first = fixes[0].1.clone();
        if let Some(fault) = self.fault.take() {
            self.track.fixes = vec![first];
            return lost(self.track, fault, into);
        }
        let ordered = match in_order(fixes) {
            Ok(ordered) => ordered,
            Err(pair) => {
                let [before, after] = *pair;
                let fault = backwards(&self.track, &before.1, &after, file);
                self.track.fixes = vec![first];
                return lost(self.track, fault, into);
            }
        };
        let parts = parts(ordered.fixes);
        let n_parts = parts.len();
        for (k, part) in parts.iter().enumerate() {
            let mut track = self.track.clone();
            track.fixes = part.iter().map(|(_, fix)| fix.clone()).collect();
            identify(&mut track);
            // What has a line is told of the part that the line stands in.
            let from = match k {
                0 => 0,
                k => parts[k].iter().map(|(line, _)| *line).min().unwrap_or(0),
            };
            let until = parts.get(k + 1).map_or(usize::MAX, |next| {
                next.iter().map(|(line, _)| *line).min().unwrap_or(0)
            });
            let mine = |line: usize| (from..until.max(from + 1)).contains(&line);
            let mut findings = self.findings.clone();
            findings.extend(self.told(&track, &ordered.misplaced, mine, file));
            if ordered.reversed {
                findings.push(Finding::new(Kind::Assumed, file, message!("note.track.reversed", "the fixes of {name} stand from the last to the first and were turned about", name = &track.name)));
            }
            if n_parts > 1 {
                findings.push(Finding::new(Kind::Assumed, file, message!("note.track.parts", "more than 10 days lie between fixes of {name}, which no storm has: they are read as {n} storms", name = &track.name, n = n_parts)));
            }
            findings.extend(
                track
                    .fixes
                    .windows(2)
                    .filter_map(|pair| gap(&track, &pair[0], &pair[1], file)),
            );
            let index = into.tracks.len();
            into.tracks.push(track);
            into.findings
                .extend(findings.into_iter().map(|finding| TrackFinding {
                    track: Some(index),
                    finding,
                }));
        }
    }

    /// What is said of the lines that count for nothing.
    fn told(
        &self,
        track: &Track,
        misplaced: &[(usize, Instant)],
        mine: impl Fn(usize) -> bool,
        file: &str,
    ) -> Vec<Finding> {
        let odd: Vec<Odd> = self.odd.iter().filter(|o| mine(o.line)).cloned().collect();
        let mut found: Vec<Finding> = left_out(&odd, Message::plain(&track.name), file).collect();
        let mut say = |kind, lines: Vec<usize>, text: Message| {
            if let Some(first) = lines.iter().min() {
                let finding = Finding::new(kind, file, text);
                found.push(finding.at(line_of(first)).times(lines.len()));
            }
        };
        let lines: Vec<usize> = self
            .placeless
            .iter()
            .copied()
            .filter(|l| mine(*l))
            .collect();
        say(
            Kind::LeftOut,
            lines.clone(),
            message!(
                "note.track.placeless",
                "{n} lines of {name} give no position and are left out",
                n = lines.len(),
                name = &track.name
            ),
        );
        for differs in [true, false] {
            let again = self
                .repeated
                .iter()
                .filter(|r| r.differs == differs && mine(r.line));
            let again: Vec<&Repeated> = again.collect();
            let Some(first) = again.first() else { continue };
            let (name, n, time) = (&track.name, again.len(), first.time.to_rfc3339());
            let text = match differs {
                true => message!(
                    "note.track.contradicts",
                    "{n} lines of {name} say something else than an earlier line of the same time and are left out, the first at {time}",
                    n = n,
                    name = name,
                    time = time
                ),
                false => message!(
                    "note.track.repeats",
                    "{n} lines of {name} say again what an earlier line of the same time says, the first at {time}",
                    n = n,
                    name = name,
                    time = time
                ),
            };
            let lines = again.iter().map(|r| r.line).collect();
            say(Kind::Duplicate, lines, text);
        }
        let lines: Vec<usize> = misplaced.iter().map(|m| m.0).filter(|l| mine(*l)).collect();
        if let Some((_, time)) = misplaced.iter().find(|m| mine(m.0)) {
            say(
                Kind::LeftOut,
                lines.clone(),
                message!(
                    "note.track.misplaced",
                    "{n} lines of {name} do not stand in order of time and are left out, the first of {time}",
                    n = lines.len(),
                    name = &track.name,
                    time = time.to_rfc3339()
                ),
            );
        }
        found
    }
}

/// What is said of lines that cannot be read.
fn left_out(odd: &[Odd], name: Message, file: &str) -> impl Iterator<Item = Finding> + use<> {
    let file = file.to_owned();
    let n = odd.len();
    odd.first().cloned().into_iter().map(move |first| {
        let text = message!(
            "note.track.odd",
            "{n} lines of {name} cannot be used and are left out, the first because {problem}",
            n = n,
            name = name.clone(),
            problem = first.problem
        );
        Finding::new(Kind::LeftOut, file.clone(), text)
            .at(line_of(first.line))
            .times(n)
    })
}

/// Whether two fixes of one time say the same, as far as both say something; radii apart.
fn agree(a: &Fix, b: &Fix) -> bool {
    let same = |a: Option<f64>, b: Option<f64>| a.zip(b).is_none_or(|(a, b)| a == b);
    (a.lat_deg, a.lon_deg) == (b.lat_deg, b.lon_deg)
        && same(a.vmax, b.vmax)
        && same(a.pmin, b.pmin)
        && same(a.rmw, b.rmw)
        && same(a.environment, b.environment)
}

/// Takes what is not known yet.
fn fill(known: &mut Fix, more: &Fix) {
    known.vmax = known.vmax.or(more.vmax);
    known.pmin = known.pmin.or(more.pmin);
    known.rmw = known.rmw.or(more.rmw);
    known.environment = known.environment.or(more.environment);
}

/// Fixes in order of time.
struct Ordered {
    fixes: Vec<(usize, Fix)>,
    /// Lines that stand elsewhere than their time.
    misplaced: Vec<(usize, Instant)>,
    /// Whether the file goes from the last to the first.
    reversed: bool,
}

/// The longest run of fixes whose times increase; a few others are misplaced lines.
///
/// # Errors
///
/// Two fixes in the wrong order where more than one in ten lines would be lost: then nobody knows which are right.
fn in_order(mut fixes: Vec<(usize, Fix)>) -> Result<Ordered, Box<[(usize, Fix); 2]>> {
    let descends = fixes.windows(2).all(|w| w[1].1.time < w[0].1.time);
    let reversed = descends && fixes.len() > 2;
    if reversed {
        fixes.reverse();
    }
    let times: Vec<Instant> = fixes.iter().map(|(_, fix)| fix.time).collect();
    let kept = longest_increasing(&times);
    let n_lost = fixes.len() - kept.len();
    let few = n_lost == 0 || (fixes.len() > 2 && n_lost <= (fixes.len() / 10).max(1));
    if !few {
        let pair = fixes.windows(2).find(|w| w[1].1.time < w[0].1.time);
        if let Some(pair) = pair {
            return Err(Box::new([pair[0].clone(), pair[1].clone()]));
        }
    }
    let mut keep = vec![false; fixes.len()];
    for k in kept {
        keep[k] = true;
    }
    let mut ordered = Ordered {
        fixes: Vec::new(),
        misplaced: Vec::new(),
        reversed,
    };
    for (keep, (line, fix)) in keep.into_iter().zip(fixes) {
        match keep {
            true => ordered.fixes.push((line, fix)),
            false => ordered.misplaced.push((line, fix.time)),
        }
    }
    Ok(ordered)
}

/// Places of the longest strictly increasing subsequence; of several the one that comes first in the list.
fn longest_increasing(times: &[Instant]) -> Vec<usize> {
    // From the back: `tails[n]` is the greatest time that begins a run of n + 1.
    let mut tails: Vec<Instant> = Vec::new();
    let mut runs = vec![0; times.len()];
    for (k, time) in times.iter().enumerate().rev() {
        let n = tails.partition_point(|tail| tail > time);
        match tails.get_mut(n) {
            Some(tail) => *tail = (*tail).max(*time),
            None => tails.push(*time),
        }
        runs[k] = n + 1;
    }
    let mut due = tails.len();
    let mut last: Option<Instant> = None;
    let mut found = Vec::new();
    for (k, time) in times.iter().enumerate() {
        if due > 0 && runs[k] >= due && last.is_none_or(|last| *time > last) {
            found.push(k);
            last = Some(*time);
            due -= 1;
        }
    }
    found
}

/// Fixes cut where more than ten days lie between them.
fn parts(fixes: Vec<(usize, Fix)>) -> Vec<Vec<(usize, Fix)>> {
    let mut parts: Vec<Vec<(usize, Fix)>> = Vec::new();
    for (line, fix) in fixes {
        let part = parts.last_mut().filter(|part| {
            let last = part.last();
            last.is_some_and(|(_, l)| fix.time.seconds_since(l.time) <= ANOTHER_STORM_S)
        });
        match part {
            Some(part) => part.push((line, fix)),
            None => parts.push(vec![(line, fix)]),
        }
    }
    parts
}

/// Leaves out tracks that a file has twice to the last digit.
fn drop_copies(found: &mut Tracks, file: &str) {
    let mut first: HashMap<(String, String, String, Option<Instant>), Vec<usize>> = HashMap::new();
    for k in 0..found.tracks.len() {
        let track = &found.tracks[k];
        let begin = track.fixes.first().map(|fix| fix.time);
        let key = (
            track.sid.clone(),
            track.name.clone(),
            track.agency.clone(),
            begin,
        );
        let same = first.entry(key).or_default();
        match same.iter().find(|s| found.tracks[**s] == found.tracks[k]) {
            Some(_) => {
                let text = message!(
                    "note.track.copy",
                    "{name} stands in the file twice, the same to the last digit",
                    name = &track.name
                );
                found.findings.push(TrackFinding {
                    track: same.first().copied(),
                    finding: Finding::new(Kind::Duplicate, file, text),
                });
                found.tracks[k].fixes.clear();
            }
            None => same.push(k),
        }
    }
    // Positions change where a copy goes.
    let mut place = Vec::with_capacity(found.tracks.len());
    let mut n = 0;
    for track in &found.tracks {
        place.push((!track.fixes.is_empty()).then_some(n));
        n += usize::from(!track.fixes.is_empty());
    }
    found.tracks.retain(|track| !track.fixes.is_empty());
    found.findings.retain_mut(|told| match told.track {
        Some(k) => {
            told.track = place[k];
            told.track.is_some()
        }
        None => true,
    });
}

fn backwards(
    track: &Track,
    before: &Fix,
    (number, after): &(usize, Fix),
    file: &str,
) -> FormatError {
    FormatError::malformed(
        file,
        line_of(number),
        time_backwards(track, before, after),
        order_remedy(),
    )
}

/// Time that does not go forward.
pub(super) fn time_backwards(track: &Track, before: &Fix, after: &Fix) -> Message {
    message!(
        "fault.track.backwards",
        "time runs backwards in the track of {name}: {after} follows {before}",
        name = &track.name,
        after = after.time.to_rfc3339(),
        before = before.time.to_rfc3339()
    )
}

/// What to do about it.
pub(super) fn order_remedy() -> Message {
    message!(
        "fix.track.order",
        "put the fixes in order of time, each time once"
    )
}

/// What to say of a long gap between two fixes.
pub(super) fn gap(track: &Track, before: &Fix, after: &Fix, file: &str) -> Option<Finding> {
    let gap = after.time.seconds_since(before.time);
    let kind = match gap > ASSUMED_GAP_S {
        true => Kind::Assumed,
        false => Kind::Note,
    };
    (gap > LONG_GAP_S).then(|| {
        let text = message!(
            "note.track.gap", "{hours} hours without a fix of {name} before {time}; position, wind and pressure are interpolated",
            hours = gap / 3600.0,
            name = &track.name,
            time = after.time.to_rfc3339()
        );
        Finding::new(kind, file, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(hours: &[i64]) -> Vec<usize> {
        let times: Vec<Instant> = hours
            .iter()
            .map(|h| Instant::from_unix_seconds(h * 3600))
            .collect();
        longest_increasing(&times)
    }

    #[test]
    fn the_line_that_stands_wrong_is_the_one_that_goes() {
        assert_eq!(runs(&[0, 6, 12]), [0, 1, 2]);
        assert_eq!(runs(&[0, 6, 3, 12, 18]), [0, 1, 3, 4]);
        // A date far ahead costs its line, not all that follow; one far back neither.
        assert_eq!(runs(&[0, 6, 900, 12, 18]), [0, 1, 3, 4]);
        assert_eq!(runs(&[0, 6, -900, 12, 18]), [0, 1, 3, 4]);
        assert_eq!(runs(&[5, 4, 3]), [0]);
        assert_eq!(runs(&[]), Vec::<usize>::new());
    }
}
