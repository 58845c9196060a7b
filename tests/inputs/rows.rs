//! Rows of a table of figures: one wanted, one found.

/// One comparison.
pub struct Row {
    /// The input and the dress that it wears.
    pub name: String,
    /// The figure.
    pub figure: &'static str,
    /// What it must be.
    pub want: Figure,
    /// What it is, or why there is none.
    pub got: Result<Figure, String>,
    /// Greatest difference, as a share of what is wanted [-].
    pub within: f64,
}

/// A figure of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Figure {
    /// A number.
    Number(f64),
    /// A text that must be the same to the letter.
    Text(String),
}

impl From<f64> for Figure {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<String> for Figure {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl Row {
    /// Why the row does not hold; `None` where it does.
    fn fault(&self) -> Option<String> {
        let got = match &self.got {
            Ok(got) => got,
            Err(why) => return Some(why.clone()),
        };
        let equal = match (&self.want, got) {
            (Figure::Number(want), Figure::Number(got)) => {
                (got - want).abs() <= self.within * want.abs()
            }
            (want, got) => want == got,
        };
        (!equal).then(|| format!("{got:?} instead of {:?}", self.want))
    }
}

/// Holds a table: every row, and that it has as many as it says.
pub fn hold(table: &str, rows: &[Row], n_rows: usize) {
    let faults: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            row.fault()
                .map(|fault| format!("{}, {}: {fault}", row.name, row.figure))
        })
        .collect();
    println!("{table}: {} rows, {} differ", rows.len(), faults.len());
    assert!(faults.is_empty(), "{table}:\n{}", faults.join("\n"));
    assert_eq!(rows.len(), n_rows, "{table}: rows of the table");
}
