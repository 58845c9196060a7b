//! Shallow-water constituents, whose names say what they are made of: 2MK3 is twice M2 less K1.
//!
//! The rule of the names (IHO, Standard list of tidal constituents, notes; Schureman 1958, table 2a): letters stand
//! for waves, a number before one for how many times it counts, the number at the end for the cycles a day. The
//! waves at the end of the name are subtracted, as many of them as it takes for the cycles to be right; K is K1 or
//! K2, whichever makes them right. A name that can be read in two ways is not read.

use super::constituents::Constituent;

/// Letters and the waves that they stand for; longer ones first.
const LETTERS: [(&str, &[&str]); 14] = [
    ("LAMBDA", &["LAMBDA2"]),
    ("NU", &["NU2"]),
    ("MU", &["MU2"]),
    ("M", &["M2"]),
    ("S", &["S2"]),
    ("N", &["N2"]),
    ("K", &["K1", "K2"]),
    ("O", &["O1"]),
    ("P", &["P1"]),
    ("Q", &["Q1"]),
    ("L", &["L2"]),
    ("J", &["J1"]),
    ("T", &["T2"]),
    ("R", &["R2"]),
];

/// Most letters in a name.
const MOST_PARTS: usize = 8;

/// Most cycles a day: names of 14 are in use.
const MOST_CYCLES: i8 = 16;

/// A part of a name: the waves it may be, and how many times.
type Part = (&'static [&'static str], i8);

/// The wave that a name describes, in capitals; `None` if it describes none or could be two.
pub(super) fn compound(name: &str) -> Option<Constituent> {
    let head = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let cycles: i8 = name[head.len()..].parse().ok()?;
    if !(1..=MOST_CYCLES).contains(&cycles) {
        return None;
    }
    if let Some(overtide) = overtide(name, head, cycles) {
        return Some(overtide);
    }
    let parts = parts(head)?;
    if parts.len() < 2 {
        return None;
    }
    made_of(name, &parts, cycles).or_else(|| {
        // 2MS8 is also written for 2(MS)8.
        let (n, rest) = number(head);
        let all: Vec<Part> = self::parts(rest)?
            .into_iter()
            .map(|(waves, k)| (waves, k.saturating_mul(n)))
            .collect();
        made_of(name, &all, cycles)
    })
}

/// M6, S8 and K4: one wave so many times.
fn overtide(name: &str, head: &str, cycles: i8) -> Option<Constituent> {
    let wave = match head {
        "M" => "M2",
        "S" => "S2",
        "N" => "N2",
        "O" => "O1",
        "K" => "K2",
        _ => return None,
    };
    let wave = Constituent::named(wave)?;
    let whole = cycles % wave.species() == 0 && cycles > wave.species();
    let times = cycles / wave.species();
    whole.then(|| Constituent::of_parts(name, &[(wave, times)]))?
}

/// The only way to subtract waves from the end that gives the cycles.
fn made_of(name: &str, parts: &[Part], cycles: i8) -> Option<Constituent> {
    let mut found: Vec<Constituent> = Vec::new();
    for n_minus in 0..parts.len() {
        for choice in 0..2 {
            let waves = parts.iter().enumerate().map(|(k, (waves, times))| {
                let wave = waves.get(choice).or_else(|| waves.first())?;
                let sign = if k + n_minus < parts.len() { 1 } else { -1 };
                Some((Constituent::named(wave)?, sign * times))
            });
            let waves: Vec<(Constituent, i8)> = waves.collect::<Option<_>>()?;
            let made = Constituent::of_parts(name, &waves)?;
            if made.species() == cycles && !found.contains(&made) {
                found.push(made);
            }
        }
    }
    match found.len() {
        1 => found.pop(),
        _ => None,
    }
}

/// The parts of a name without its cycles: `2(MS)K` is M, M, S, S and K.
fn parts(head: &str) -> Option<Vec<Part>> {
    let mut found = Vec::new();
    let mut rest = head;
    while !rest.is_empty() {
        let (times, after) = number(rest);
        let (group, after) = match after.strip_prefix('(') {
            Some(inside) => inside.split_once(')')?,
            None => {
                let (letter, _) = letter(after)?;
                after.split_at(letter.len())
            }
        };
        let mut inside = group;
        while !inside.is_empty() {
            let (text, waves) = letter(inside)?;
            found.push((waves, times));
            inside = &inside[text.len()..];
        }
        if found.len() > MOST_PARTS {
            return None;
        }
        rest = after;
    }
    Some(found)
}

fn letter(text: &str) -> Option<(&'static str, &'static [&'static str])> {
    LETTERS
        .into_iter()
        .find(|(letter, _)| text.starts_with(letter))
}

/// The number before a letter, 1 if there is none.
fn number(text: &str) -> (i8, &str) {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &text[..text.len() - rest.len()];
    match digits.parse() {
        Ok(n @ 1..=9) => (n, rest),
        _ if digits.is_empty() => (1, rest),
        _ => (i8::MAX, rest),
    }
}
