//! What a case leaves behind: rows with gates, curves for its plot.

use std::fmt::Write as _;

use serde::Serialize;
use stormgrid_sim::flood::{Ledger, Scheme};

use crate::CaseError;
use crate::run::{Cost, Run};

/// What a number must be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// Not above this.
    AtMost(f64),
    /// Not below this.
    AtLeast(f64),
    /// Within a distance of a known value, both in the unit of the row.
    Near {
        /// The known value.
        expected: f64,
        /// The distance.
        by: f64,
    },
    /// Told for information.
    None,
}

impl Gate {
    /// Whether a value keeps it. What is not a number keeps none.
    pub fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
            Self::Near { expected, by } => (value - expected).abs() <= by,
            Self::None => true,
        }
    }

    /// For the table.
    pub fn text(self) -> String {
        match self {
            Self::AtMost(most) => format!("≤ {}", number(most)),
            Self::AtLeast(least) => format!("≥ {}", number(least)),
            Self::Near { expected, by } => format!("{} ± {}", number(expected), number(by)),
            Self::None => "–".to_owned(),
        }
    }
}

/// How a row came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The gate is kept.
    Pass,
    /// It is not, and should be.
    Fail,
    /// It is not, because the scheme's equations lack what the case needs.
    ByDesign,
    /// It is not; what is known of the cause is told.
    Open,
    /// There is no gate.
    Told,
}

impl Verdict {
    /// For the table.
    pub fn text(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "FAIL",
            Self::ByDesign => "by design",
            Self::Open => "OPEN",
            Self::Told => "told",
        }
    }
}

/// One number of one case.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Name of the case.
    pub case: &'static str,
    /// Name of the scheme.
    pub scheme: &'static str,
    /// What was measured.
    pub quantity: String,
    /// Its unit; empty for a pure number.
    pub unit: &'static str,
    /// What this program got.
    pub ours: f64,
    /// What it should be.
    pub gate: Gate,
    /// How it came out.
    pub verdict: Verdict,
    /// Why a gate is missed by design, or what is published about other programs.
    pub note: String,
    /// Cells of the run.
    pub cells: u64,
    /// Steps of the run.
    pub steps: u64,
    /// Processor time of the run [s].
    pub cpu_s: f64,
}

/// How a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pen {
    /// The closed form.
    Exact,
    /// Measured in a laboratory.
    Measured,
    /// Computed.
    Scheme(#[serde(serialize_with = "scheme_name")] Scheme),
    /// The bed.
    Bed,
}

fn scheme_name<S: serde::Serializer>(scheme: &Scheme, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(scheme.name())
}

/// Points to be drawn.
#[derive(Clone, Debug, Serialize)]
pub struct Curve {
    /// For the legend.
    pub label: String,
    /// How it is drawn.
    pub pen: Pen,
    /// x and y in the units of the axes; a y that is not a number breaks the line.
    pub points: Vec<(f64, f64)>,
}

/// What is computed of a case, for one scheme after the other.
#[derive(Clone, Debug)]
pub struct Record {
    /// Name of the case.
    pub case: &'static str,
    /// The scheme of the runs.
    pub scheme: Scheme,
    /// The rows so far.
    pub rows: Vec<Row>,
    /// The curves so far.
    pub curves: Vec<Curve>,
    excuse: Option<&'static str>,
    known: Option<&'static str>,
    /// From here on a known cause excuses no more.
    ceiling: f64,
    cost: Cost,
    volume_error: Option<f64>,
}

impl Record {
    /// A record without rows.
    pub fn new(case: &'static str, scheme: Scheme) -> Self {
        Self {
            case,
            scheme,
            rows: Vec::new(),
            curves: Vec::new(),
            excuse: None,
            known: None,
            ceiling: f64::INFINITY,
            cost: Cost::default(),
            volume_error: None,
        }
    }

    /// From here on the gates that local inertial misses are missed by design; why.
    pub fn inertial_lacks(&mut self, why: &'static str) {
        if self.scheme == Scheme::LocalInertial {
            self.excuse = Some(why);
        }
    }

    /// If the finite volumes of first order miss the gate of the next row, this is why.
    pub fn open(&mut self, why: &'static str) {
        if self.scheme == Scheme::FiniteVolume {
            self.known = Some(why);
        }
    }

    /// If the finite volumes of second order miss the gate of the next row, this is why.
    pub fn open_second(&mut self, why: &'static str) {
        if self.scheme == Scheme::SecondOrder {
            self.known = Some(why);
        }
    }

    /// If finite volumes miss the gate of the next row by no more than a ceiling, of first and of second order, this is why.
    pub fn open_up_to(&mut self, why: &'static str, ceilings: [f64; 2]) {
        self.open(why);
        self.open_second(why);
        self.ceiling = match self.scheme {
            Scheme::FiniteVolume => ceilings[0],
            Scheme::SecondOrder => ceilings[1],
            Scheme::LocalInertial => f64::INFINITY,
        };
    }

    /// Takes the cost and the balance of a run that is at its end; rows that follow are about it.
    pub fn ends(&mut self, run: &Run) {
        self.cost = run.cost();
        self.balance(&run.flood().ledger());
    }

    fn balance(&mut self, ledger: &Ledger) {
        let worst = self.volume_error.unwrap_or(0.0);
        self.volume_error = Some(if ledger.error_rel > worst || ledger.error_rel.is_nan() {
            ledger.error_rel
        } else {
            worst
        });
    }

    /// Adds a number with its gate.
    pub fn row(&mut self, quantity: impl Into<String>, unit: &'static str, ours: f64, gate: Gate) {
        let ceiling = std::mem::replace(&mut self.ceiling, f64::INFINITY);
        let known = self.known.take().filter(|_| ours <= ceiling);
        let (verdict, note) = match (gate, gate.holds(ours)) {
            (Gate::None, _) => (Verdict::Told, ""),
            (_, true) => (Verdict::Pass, ""),
            (_, false) => match (self.excuse, known) {
                (Some(why), _) => (Verdict::ByDesign, why),
                (None, Some(why)) => (Verdict::Open, why),
                (None, None) => (Verdict::Fail, ""),
            },
        };
        self.rows.push(Row {
            case: self.case,
            scheme: self.scheme.name(),
            quantity: quantity.into(),
            unit,
            ours,
            gate,
            verdict,
            note: note.to_owned(),
            cells: self.cost.cells,
            steps: self.cost.steps,
            cpu_s: self.cost.cpu_s,
        });
    }

    /// A number without a gate.
    pub fn tell(&mut self, quantity: impl Into<String>, unit: &'static str, ours: f64) {
        self.row(quantity, unit, ours, Gate::None);
    }

    /// Adds what is published about other programs to the last row.
    pub fn peers(&mut self, text: &str) {
        if let Some(row) = self.rows.last_mut() {
            let gap = if row.note.is_empty() { "" } else { "; " };
            let _ = write!(row.note, "{gap}{text}");
        }
    }

    /// Adds a computed curve.
    pub fn draw(&mut self, points: Vec<(f64, f64)>) {
        self.curve(self.scheme.name(), Pen::Scheme(self.scheme), points);
    }

    /// Adds a curve.
    pub fn curve(&mut self, label: impl Into<String>, pen: Pen, points: Vec<(f64, f64)>) {
        self.curves.push(Curve {
            label: label.into(),
            pen,
            points,
        });
    }

    /// The row that every case has: the worst balance of its runs.
    pub(crate) fn close(&mut self, outcome: Result<(), CaseError>) {
        self.excuse = None;
        if let Some(error) = self.volume_error {
            self.row("volume error", "", error, Gate::AtMost(1e-6));
        }
        if let Err(error) = outcome {
            self.row("runs to its end", "", f64::NAN, Gate::AtMost(0.0));
            self.peers(&error.to_string());
        }
    }
}

/// Four significant digits.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if !(1e-3..1e5).contains(&size) {
        format!("{value:.2e}")
    } else {
        let digits = (3 - size.log10().floor() as i32).max(0) as usize;
        let text = format!("{value:.digits$}");
        match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_digits_and_no_idle_zeros() {
        assert_eq!(number(0.02), "0.02");
        assert_eq!(number(10.2522), "10.25");
        assert_eq!(number(1500.0), "1500");
        assert_eq!(number(1e-6), "1.00e-6");
        assert_eq!(number(-0.123_456), "-0.1235");
    }

    #[test]
    fn what_is_not_a_number_keeps_no_gate() {
        assert!(!Gate::AtMost(1.0).holds(f64::NAN));
        assert!(!Gate::AtLeast(1.0).holds(f64::NAN));
        let near = Gate::Near {
            expected: 1.0,
            by: 1.0,
        };
        assert!(!near.holds(f64::NAN) && near.holds(2.0) && !near.holds(2.1));
    }

    #[test]
    fn only_local_inertial_is_excused() {
        for (scheme, verdict) in [
            (Scheme::LocalInertial, Verdict::ByDesign),
            (Scheme::FiniteVolume, Verdict::Fail),
        ] {
            let mut record = Record::new("case", scheme);
            record.inertial_lacks("no advection");
            record.row("L1(h)", "%", 3.0, Gate::AtMost(1.0));
            assert_eq!(record.rows[0].verdict, verdict);
        }
    }

    #[test]
    fn a_known_miss_covers_one_row() {
        let mut record = Record::new("case", Scheme::FiniteVolume);
        record.open("first order");
        record.row("L1(h)", "%", 3.0, Gate::AtMost(1.0));
        record.row("L1(q)", "%", 3.0, Gate::AtMost(1.0));
        let verdicts = [record.rows[0].verdict, record.rows[1].verdict];
        assert_eq!(verdicts, [Verdict::Open, Verdict::Fail]);
    }
}
