//! Rows of a CSV, one to a line: a quote that is never closed costs its line and not the rest of the file.

use std::borrow::Cow;

use stormgrid_core::message;
use stormgrid_core::message::Message;

use super::line::{Line, Odd, lines};
use crate::FormatError;
use crate::error::line as line_of;

/// A table with a header.
pub(super) struct Table<'a> {
    file: &'a str,
    header: Vec<String>,
    mark: char,
    lines: Box<dyn Iterator<Item = (Line<'a>, Result<&'a str, Odd>)> + 'a>,
}

/// One row.
pub(super) struct Row<'a> {
    pub line: Line<'a>,
    fields: Vec<Cow<'a, str>>,
}

impl<'a> Table<'a> {
    /// Reads the header: the first line that holds something. Fields are separated by commas, or by what the
    /// header has instead: semicolons or tabs.
    pub fn read(text: &'a str, file: &'a str) -> Result<Self, FormatError> {
        let mut lines = Box::new(lines(text, file));
        let empty = || {
            FormatError::malformed(
                file,
                "",
                message!("fault.file_empty", "the file is empty"),
                message!("fix.csv_header", "give a CSV with a header line"),
            )
        };
        let (_, first) = lines.next().ok_or_else(empty)?;
        let first = first.map_err(|odd| odd.fault(file))?;
        let count = |mark: char| first.matches(mark).count();
        let mark = [';', '\t']
            .into_iter()
            .find(|mark| count(*mark) > count(','))
            .unwrap_or(',');
        let header = fields(first, mark).unwrap_or_default();
        let header = header.iter().map(|name| name.to_lowercase()).collect();
        Ok(Self {
            file,
            header,
            mark,
            lines,
        })
    }

    /// Position of a column.
    pub fn optional(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|h| h == name)
    }

    /// Position of a column that must be there.
    pub fn column(&self, name: &str) -> Result<usize, FormatError> {
        self.optional(name).ok_or_else(|| {
            FormatError::malformed(
                self.file,
                line_of(1),
                message!(
                    "fault.no_column",
                    "there is no column '{name}' among: {header}",
                    name = name,
                    header = Message::own(self.header.join("、"), self.header.join(", "))
                ),
                message!("fix.name_column", "name the column '{name}'", name = name),
            )
        })
    }

    /// The next row; one that is no row of the table says why.
    pub fn next_row(&mut self) -> Option<Result<Row<'a>, Odd>> {
        let (line, text) = self.lines.next()?;
        Some(text.and_then(|text| self.row(line, text)))
    }

    fn row(&self, line: Line<'a>, text: &'a str) -> Result<Row<'a>, Odd> {
        let mut fields = fields(text, self.mark).ok_or_else(|| {
            line.odd(
                message!("fault.row_quote", "a quotation mark is not closed"),
                message!("fix.mend_row", "mend the row"),
            )
        })?;
        while fields.len() > self.header.len() && fields.last().is_some_and(|f| f.is_empty()) {
            fields.pop();
        }
        match fields.len() == self.header.len() {
            true => Ok(Row { line, fields }),
            false => Err(line.odd(
                message!(
                    "fault.row_fields",
                    "the row has {len} fields where the header has {expected}",
                    len = fields.len() as u64,
                    expected = self.header.len() as u64
                ),
                message!("fix.mend_row", "mend the row"),
            )),
        }
    }
}

impl Row<'_> {
    /// The text of a column.
    pub fn text(&self, column: usize) -> &str {
        self.fields.get(column).map_or("", |field| field)
    }

    /// The text of a column that may be missing.
    pub fn text_of(&self, column: Option<usize>) -> &str {
        column.map_or("", |column| self.text(column))
    }
}

/// The fields of a line (RFC 4180), without spaces around; `None` if a quotation mark is not closed.
fn fields(line: &str, mark: char) -> Option<Vec<Cow<'_, str>>> {
    if !line.contains('"') {
        return Some(line.split(mark).map(|f| f.trim().into()).collect());
    }
    let mut found = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if field.trim().is_empty() => {
                field.clear();
                quoted = true;
            }
            c if c == mark && !quoted => found.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    found.push(field);
    let trimmed = found.into_iter().map(|f| f.trim().to_owned().into());
    (!quoted).then(|| trimmed.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_split_as_the_rfc_has_it() {
        let split = |line| fields(line, ',').map(|f| f.join("|"));
        for (line, found) in [
            ("a, b ,c", "a|b|c"),
            ("", ""),
            ("\"a,b\",c", "a,b|c"),
            ("\"a \"\"b\"\"\",", "a \"b\"|"),
            (" \"a\" ,5\" gun", "a|5\" gun"),
        ] {
            assert_eq!(split(line).as_deref(), Some(found), "{line}");
        }
        assert_eq!(split("\"a,b"), None);
    }

    #[test]
    fn a_row_that_is_none_costs_itself() {
        let text = "a;b\n1;2\n\n1\n\"1;2\n3;4;;\n";
        let mut table = Table::read(text, "t").expect("a header");
        assert_eq!((table.optional("b"), table.optional("c")), (Some(1), None));
        let mut rows = Vec::new();
        while let Some(row) = table.next_row() {
            rows.push(
                row.map_or_else(|odd| format!("line {}", odd.line), |r| r.text(1).to_owned()),
            );
        }
        assert_eq!(rows, ["2", "line 4", "line 5", "4"]);
    }
}
