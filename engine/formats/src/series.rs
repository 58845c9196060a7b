//! Time series as CSV: `time_s,value`. What holds beyond the ends is said in lines of their own: `# after: hold`,
//! `# before: zero`.

use serde::Deserialize;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::series::{Series, SeriesError};
use stormgrid_core::value::{Value, is_sentinel, parse_number};

use crate::FormatError;
use crate::error::line;

/// Name that the second column may always have: what its numbers are is said by whoever names the file.
const VALUE: &str = "value";

/// What the numbers of a series are, as the name of their column says it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity<'a> {
    /// The name that is asked for where there is none.
    pub name: &'a str,
    /// What other names end with: the unit.
    pub suffix: &'a str,
    /// A name of another quantity that is taken too, for whoever reads to tell of.
    pub stands_in: Option<&'a str>,
    /// Least and greatest value that can be.
    pub limits: [f64; 2],
    /// Numbers that stand for no value beside those of all quantities.
    pub marks: &'a [f64],
    /// Span of the values from which such a mark is believed to be one.
    pub marks_from: f64,
}

impl Quantity<'static> {
    /// Numbers of any kind, in a column named `value`.
    pub const ANY: Self = Self {
        name: VALUE,
        suffix: VALUE,
        stands_in: None,
        limits: [f64::MIN, f64::MAX],
        marks: &[],
        marks_from: 0.0,
    };
}

/// What holds beyond an end of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Beyond {
    /// The value at that end.
    Hold,
    /// Nothing.
    Zero,
}

/// What holds before and after a series, as its file or whoever names it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Before the first time.
    pub before: Option<Beyond>,
    /// After the last one.
    pub after: Option<Beyond>,
}

impl Ends {
    /// These where they say something, others elsewhere.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            before: self.before.or(others.before),
            after: self.after.or(others.after),
        }
    }

    /// What the comments of a table say: lines such as `# after: hold`.
    pub(crate) fn read(bytes: &[u8], file: &str) -> Result<Self, FormatError> {
        let mut ends = Self::default();
        for (number, text) in (1_u64..).zip(bytes.split(|&b| b == b'\n')) {
            let Some(comment) = text.strip_prefix(b"#") else {
                continue;
            };
            let comment = String::from_utf8_lossy(comment).to_lowercase();
            let Some((key, word)) = comment.split_once(':') else {
                continue;
            };
            let end = match key.trim() {
                "before" => &mut ends.before,
                "after" => &mut ends.after,
                _ => continue,
            };
            *end = match word.trim() {
                "hold" => Some(Beyond::Hold),
                "zero" => Some(Beyond::Zero),
                other => {
                    return Err(FormatError::malformed(
                        file,
                        line(number),
                        message!(
                            "fault.series.word",
                            "'{word}' is neither hold nor zero",
                            word = other
                        ),
                        message!(
                            "fix.series.word",
                            "write `# after: hold` or `# after: zero`"
                        ),
                    ));
                }
            };
        }
        Ok(ends)
    }
}

/// A series with what its file says of the time beyond it.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesFile {
    /// The samples.
    pub series: Series,
    /// What holds before and after them.
    pub ends: Ends,
    /// Name of the column of values.
    pub column: String,
}

/// Reads a series of a quantity; what stands for no value is refused with its line.
///
/// Times are seconds and strictly increase. The column of values is named `value` or with the unit of the quantity.
pub fn read(bytes: &[u8], file: &str, of: &Quantity<'_>) -> Result<SeriesFile, FormatError> {
    let ends = Ends::read(bytes, file)?;
    let mut table = Table::read(bytes, file)?;
    let time = table.column(&["time_s"])?;
    let value = table.value_column(of)?;
    let mut series = Series::default();
    let mut lines = Vec::new();
    let [low, high] = of.limits;
    while let Some(row) = table.next_row()? {
        series.time_s.push(row.number(time)?);
        let found = row.number(value)?;
        if is_sentinel(found) {
            return Err(row.wrong(stands_for_none(found)));
        }
        if !(low..=high).contains(&found) {
            return Err(row.wrong(message!(
                "fault.outside",
                "{what} is {value}, outside {low} to {high}",
                what = &row.header[value],
                value = found,
                low = low,
                high = high
            )));
        }
        series.value.push(found);
        lines.push(row.line);
    }
    let values = || series.value.iter().copied();
    let span = values().fold(0.0, f64::max) - values().fold(f64::INFINITY, f64::min);
    let is_mark = |v: &f64| span >= of.marks_from && of.marks.contains(v);
    if let Some(at) = series.value.iter().position(is_mark) {
        let problem = stands_for_none(series.value[at]);
        let place = line(lines[at]);
        return Err(FormatError::malformed(file, place, problem, mend_value()));
    }
    let series = Series::new(series.time_s, series.value).map_err(|error| match error {
        SeriesError::TimeOrder { index, .. } => {
            FormatError::malformed(file, line(lines[index]), no_increase(), in_order())
        }
        SeriesError::NotFinite { index } => FormatError::malformed(
            file,
            line(lines[index]),
            message!("fault.not_finite", "a value is not a finite number"),
            mend_value(),
        ),
        SeriesError::Length { .. } => no_row(file),
    })?;
    let column = table.header[value].clone();
    Ok(SeriesFile {
        series,
        ends,
        column,
    })
}

fn stands_for_none(value: f64) -> Message {
    message!(
        "fault.series.sentinel",
        "{value} stands for a missing value",
        value = value
    )
}

/// Rasters and their times [s], and what the list says of the time beyond them.
#[derive(Clone, Debug, PartialEq)]
pub struct RasterList {
    /// Time and path, in order of time.
    pub rasters: Vec<(f64, String)>,
    /// What holds before the first and after the last.
    pub ends: Ends,
}

/// Reads `time_s` and the path of a raster, in order of time.
pub fn read_raster_list(bytes: &[u8], file: &str) -> Result<RasterList, FormatError> {
    Ok(RasterList {
        ends: Ends::read(bytes, file)?,
        rasters: read_rasters(bytes, file)?,
    })
}

/// Reads `time_s` and the path of a raster, in order of time.
pub fn read_rasters(bytes: &[u8], file: &str) -> Result<Vec<(f64, String)>, FormatError> {
    let mut table = Table::read(bytes, file)?;
    let time = table.column(&["time_s"])?;
    let raster = table.column(&["raster", "file", "path"])?;
    let mut rasters: Vec<(f64, String)> = Vec::new();
    while let Some(row) = table.next_row()? {
        let (time, path) = (row.number(time)?, row.text(raster).to_owned());
        let wrong = |problem: Message, remedy: Message| {
            FormatError::malformed(file, line(row.line), problem, remedy)
        };
        if path.is_empty() {
            return Err(wrong(
                message!("fault.no_raster", "no raster is named"),
                message!("fix.give_path", "give its path"),
            ));
        }
        if rasters.last().is_some_and(|(before, _)| *before >= time) {
            return Err(wrong(no_increase(), in_order()));
        }
        rasters.push((time, path));
    }
    match rasters.is_empty() {
        true => Err(no_row(file)),
        false => Ok(rasters),
    }
}

/// A table without data.
pub(crate) fn no_row(file: &str) -> FormatError {
    FormatError::malformed(
        file,
        "",
        message!("fault.no_row", "the table has no row"),
        message!("fix.one_row", "give at least one row"),
    )
}

fn no_increase() -> Message {
    message!("fault.no_increase", "time does not increase")
}

fn in_order() -> Message {
    message!("fix.order", "put the rows in order of time, each time once")
}

/// What to do about a value.
pub(crate) fn mend_value() -> Message {
    message!("fix.mend_value", "mend the value")
}

/// Named points in a CSV with `x`, `y` (or `lon`, `lat`) and an optional `id` or `name`.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedPoint {
    /// The row's name, or its number from 1.
    pub id: String,
    /// First coordinate: easting or longitude.
    pub x: f64,
    /// Second coordinate: northing or latitude.
    pub y: f64,
}

/// Points, and whether their columns are `lon` and `lat`.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedPoints {
    /// The points, in the order of their rows.
    pub points: Vec<NamedPoint>,
    /// Their coordinates are longitude and latitude [°].
    pub geographic: bool,
}

/// Reads points.
pub fn read_points(bytes: &[u8], file: &str) -> Result<NamedPoints, FormatError> {
    let mut table = Table::read(bytes, file)?;
    let geographic = table.optional(&["x", "easting"]).is_none();
    let x = table.column(&["x", "lon", "longitude", "easting"])?;
    let y = table.column(&["y", "lat", "latitude", "northing"])?;
    let id = table.optional(&["id", "name", "code"]);
    let mut points = Vec::new();
    while let Some(row) = table.next_row()? {
        let name = id
            .map(|at| row.text(at).to_owned())
            .filter(|t| !t.is_empty());
        points.push(NamedPoint {
            id: name.unwrap_or_else(|| (points.len() + 1).to_string()),
            x: row.number(x)?,
            y: row.number(y)?,
        });
    }
    Ok(NamedPoints { points, geographic })
}

/// A CSV table with a header, read row by row, with errors that name the line.
pub(crate) struct Table<'a> {
    file: &'a str,
    bytes: &'a [u8],
    header: Vec<String>,
    reader: csv::Reader<&'a [u8]>,
    record: csv::StringRecord,
}

/// Line that a record stands in, from 1.
///
/// `csv` has a record begin before what it skips: the line feed of a Windows line end, empty lines, comments.
///
/// - `bytes`: the table
/// - `at`: where `csv` says that the record begins
/// - `comment`: first byte of the lines that are skipped as comments
pub fn line_of_record(bytes: &[u8], at: &csv::Position, comment: Option<u8>) -> u64 {
    let mut rest = bytes.get(at.byte() as usize..).unwrap_or_default();
    let mut line = at.line();
    loop {
        let skipped = match rest.first() {
            Some(b'\r' | b'\n') => 1,
            Some(first) if Some(*first) == comment => {
                let end = rest.iter().position(|byte| *byte == b'\n');
                end.map_or(rest.len(), |end| end + 1)
            }
            _ => return line,
        };
        let (before, after) = rest.split_at(skipped);
        line += before.iter().filter(|byte| **byte == b'\n').count() as u64;
        rest = after;
    }
}

/// What separates the fields of a table: the commas of its first line that is no comment, or what stands there more
/// often, semicolons or tabs, as spreadsheets write where the comma is a decimal mark.
pub fn delimiter_of(bytes: &[u8]) -> u8 {
    let is_header = |line: &&[u8]| !line.trim_ascii().is_empty() && line[0] != COMMENT;
    let header = bytes.split(|b| *b == b'\n').find(is_header);
    let header = header.unwrap_or_default();
    let count = |mark: u8| header.iter().filter(|b| **b == mark).count();
    let marks = [b';', b'\t'].into_iter();
    let mark = marks.max_by_key(|mark| count(*mark)).unwrap_or(b',');
    if count(mark) > count(b',') {
        mark
    } else {
        b','
    }
}

/// What a line of a table begins with that is a comment.
const COMMENT: u8 = b'#';

/// One row of a table.
pub(crate) struct Row<'t> {
    file: &'t str,
    header: &'t [String],
    record: &'t csv::StringRecord,
    /// Line in the file, from 1.
    pub line: u64,
}

impl<'a> Table<'a> {
    pub(crate) fn read(bytes: &'a [u8], file: &'a str) -> Result<Self, FormatError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .comment(Some(COMMENT))
            .delimiter(delimiter_of(bytes))
            .from_reader(bytes);
        let header = reader.headers().map_err(|e| csv_error(file, bytes, &e))?;
        let header: Vec<String> = header.iter().map(str::to_lowercase).collect();
        if header.iter().all(String::is_empty) {
            return Err(FormatError::malformed(
                file,
                "",
                message!("fault.file_empty", "the file is empty"),
                message!("fix.csv_header", "give a CSV with a header line"),
            ));
        }
        Ok(Self {
            file,
            bytes,
            header,
            reader,
            record: csv::StringRecord::new(),
        })
    }

    /// Position of the first of these columns that the table has.
    pub(crate) fn optional(&self, names: &[&str]) -> Option<usize> {
        names
            .iter()
            .find_map(|name| self.header.iter().position(|h| h == name))
    }

    pub(crate) fn column(&self, names: &[&str]) -> Result<usize, FormatError> {
        self.optional(names).ok_or_else(|| {
            FormatError::malformed(
                self.file,
                line(1),
                message!(
                    "fault.no_column",
                    "there is no column '{name}' among: {header}",
                    name = names[0],
                    header = Message::own(self.header.join("、"), self.header.join(", "))
                ),
                message!(
                    "fix.name_column",
                    "name the column '{name}'",
                    name = names[0]
                ),
            )
        })
    }

    /// The column of a quantity's values.
    fn value_column(&self, of: &Quantity<'_>) -> Result<usize, FormatError> {
        let fits = |name: &&str| name.ends_with(of.suffix) || *name == VALUE;
        let found = self.header.iter().position(|name| fits(&name.as_str()));
        let found = found.or_else(|| self.optional(of.stands_in.as_slice()));
        found.map_or_else(|| self.column(&[of.name, VALUE]), Ok)
    }

    pub(crate) fn next_row(&mut self) -> Result<Option<Row<'_>>, FormatError> {
        let more = self
            .reader
            .read_record(&mut self.record)
            .map_err(|e| csv_error(self.file, self.bytes, &e))?;
        let line = self
            .record
            .position()
            .map_or(0, |at| line_of_record(self.bytes, at, Some(COMMENT)));
        Ok(more.then_some(Row {
            file: self.file,
            header: &self.header,
            record: &self.record,
            line,
        }))
    }
}

impl Row<'_> {
    pub(crate) fn text(&self, column: usize) -> &str {
        self.record.get(column).unwrap_or_default()
    }

    pub(crate) fn number(&self, column: usize) -> Result<f64, FormatError> {
        self.optional_number(column)?.ok_or_else(|| {
            self.wrong(message!(
                "fault.cell_empty",
                "'{text}' in column '{column}' is empty",
                text = self.shown(column),
                column = &self.header[column]
            ))
        })
    }

    pub(crate) fn optional_number(&self, column: usize) -> Result<Option<f64>, FormatError> {
        match parse_number(self.text(column)) {
            Value::Known(value) => Ok(Some(value)),
            Value::Missing => Ok(None),
            Value::Unclear => Err(self.wrong(message!(
                "fault.cell_number",
                "'{text}' in column '{column}' is not a number",
                text = self.shown(column),
                column = &self.header[column]
            ))),
        }
    }

    fn shown(&self, column: usize) -> String {
        self.text(column).chars().take(30).collect()
    }

    fn wrong(&self, problem: Message) -> FormatError {
        FormatError::malformed(self.file, line(self.line), problem, mend_value())
    }
}

fn csv_error(file: &str, bytes: &[u8], error: &csv::Error) -> FormatError {
    let (problem, remedy) = match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            let problem = message!(
                "fault.row_fields",
                "the row has {len} fields where the header has {expected}",
                len = *len,
                expected = *expected_len
            );
            (problem, message!("fix.mend_row", "mend the row"))
        }
        csv::ErrorKind::Utf8 { .. } => (
            message!("fault.row_utf8", "the row is not UTF-8 text"),
            message!("fix.save_utf8", "save it as UTF-8"),
        ),
        _ => (
            Message::english(error),
            message!("fix.mend_row", "mend the row"),
        ),
    };
    match error.position() {
        Some(at) => {
            let at = line_of_record(bytes, at, Some(COMMENT));
            FormatError::malformed(file, line(at), problem, remedy)
        }
        None => FormatError::malformed(file, "", problem, remedy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_any(bytes: &[u8], file: &str) -> Result<Series, FormatError> {
        read(bytes, file, &Quantity::ANY).map(|file| file.series)
    }

    #[test]
    fn rasters_come_in_order_of_time() {
        let read = |text: &str| read_rasters(text.as_bytes(), "r.csv");
        let found = read("time_s,raster\n0,a.tif\n300,b.tif\n").expect("valid");
        assert_eq!(found[1], (300.0, "b.tif".to_owned()));
        let fault = |text: &str| read(text).expect_err("faulty").to_string();
        assert!(
            fault("time_s,raster\n5,a.tif\n5,b.tif\n").contains("line 3: time does not increase")
        );
        assert!(fault("time_s,raster\n5,\n").contains("line 2: no raster is named"));
        assert!(fault("time_s,raster\n").contains("no row"));
    }

    #[test]
    fn a_series_is_read_in_order() {
        let series = read_any(b"time_s,value\n0,1.5\n600, 2.5\n", "tide.csv").expect("valid");
        assert_eq!(series.at(300.0), 2.0);
    }

    #[test]
    fn faults_are_named_with_their_line() {
        let text = |bytes: &[u8]| read_any(bytes, "q.csv").expect_err("faulty").to_string();
        assert!(
            text(b"time_s,value\n0,1\n10,2\n5,3\n")
                .contains("q.csv, line 4: time does not increase")
        );
        assert!(
            text(b"time_s,value\n0,abc\n")
                .contains("line 2: 'abc' in column 'value' is not a number")
        );
        assert!(
            text(b"time_s,value\n0,NaN\n").contains("line 2: 'NaN' in column 'value' is empty")
        );
        assert!(text(b"time_s,value\n0,inf\n").contains("is not a number"));
        assert!(text(b"time_s,value\n0\n").contains("line 2: the row has 1 fields"));
        assert!(text(b"t,v\n0,1\n").contains("no column 'time_s'"));
        assert!(text(b"").contains("empty"));
    }

    #[test]
    fn lines_are_counted_over_comments_and_blank_lines_whatever_ends_them() {
        for row in ["10,abc", "10"] {
            let text = format!("# tide\ntime_s,value\n\n0,1\n# late\n\n{row}\n");
            for text in [text.replace('\n', "\r\n"), text] {
                let told = read_any(text.as_bytes(), "q.csv")
                    .expect_err("faulty")
                    .to_string();
                assert!(told.starts_with("q.csv, line 7: "), "{told} of {text:?}");
            }
        }
    }

    /// Full-width digits, groups, decimal commas: what can be read only one way is read.
    #[test]
    fn numbers_are_read_as_people_write_them() {
        let text = "time_s,value\n0,\"1 200\"\n６００,\"12,5\"\n1 200,1e1\n";
        let series = read_any(text.as_bytes(), "q.csv").expect("valid");
        assert_eq!(series.time_s, [0.0, 600.0, 1200.0]);
        assert_eq!(series.value, [1200.0, 12.5, 10.0]);
        assert!(read_any(b"time_s,value\n0,\"1,200\"\n", "q.csv").is_err());
    }

    /// Spreadsheets write semicolons or tabs where the comma is a decimal mark.
    #[test]
    fn fields_are_separated_as_the_header_separates_them() {
        for text in [
            "time_s,value\n0,\"12,5\"\n600,3\n",
            "time_s;value\n0;12,5\n600;3\n",
            "# tide; of the port\n\ntime_s\tvalue\n0\t12,5\n600\t3\n",
        ] {
            let series = read_any(text.as_bytes(), "q.csv").expect("valid");
            assert_eq!(series.value, [12.5, 3.0], "{text}");
        }
    }

    /// Cause: a tide passed for rain, and levels for an inflow.
    #[test]
    fn a_column_is_held_against_what_is_wanted() {
        let rain = Quantity {
            name: "rate_mm_h",
            suffix: "_mm_h",
            ..Quantity::ANY
        };
        let column = |name: &str| read(format!("time_s,{name}\n0,1\n").as_bytes(), "q.csv", &rain);
        for name in ["value", "rate_mm_h", "rain_mm_h", "Rate_mm_h"] {
            assert!(column(name).is_ok(), "{name}");
        }
        for name in ["level_m", "discharge_m3_s", "rate_in_h", "factor"] {
            let fault = column(name).expect_err("another quantity").to_string();
            assert!(fault.contains("name the column 'rate_mm_h'"), "{fault}");
        }
    }

    #[test]
    fn what_stands_for_no_value_is_refused_with_its_line() {
        let level = Quantity {
            name: "level_m",
            suffix: "_m",
            stands_in: None,
            limits: [-500.0, 9000.0],
            marks: &[-99.0],
            marks_from: 50.0,
        };
        let fault = |value: &str| {
            let text = format!("time_s,level_m\n0,2\n1800,{value}\n3600,2\n");
            let read = read(text.as_bytes(), "tide.csv", &level);
            read.expect_err("faulty").to_string()
        };
        for value in [
            "-9999",
            "9999",
            "-9999.0",
            "1e20",
            "-3.4028235e38",
            "-32768",
            "-32767",
            "-99",
        ] {
            let text = fault(value);
            assert!(
                text.starts_with("tide.csv, line 3: ") && text.contains("missing"),
                "{text}"
            );
        }
        for value in ["", "n/a", "NaN"] {
            assert!(
                fault(value).contains("tide.csv, line 3: "),
                "{}",
                fault(value)
            );
        }
        assert!(fault("-501").contains("line 3: level_m is -501, outside -500 to 9000"));
    }

    #[test]
    fn a_file_may_say_what_holds_beyond_its_ends() {
        let read = |text: &str| read(text.as_bytes(), "q.csv", &Quantity::ANY).map(|f| f.ends);
        let ends = |before, after| Ok(Ends { before, after });
        let rows = "time_s,value\n0,1\n";
        assert_eq!(read(rows), ends(None, None));
        let both = format!("# a gauge at 翠园里\n# after: Hold\n{rows}#before:zero\n");
        assert_eq!(read(&both), ends(Some(Beyond::Zero), Some(Beyond::Hold)));
        let fault = read(&format!("{rows}# after: for ever\n")).expect_err("faulty");
        assert!(
            fault.to_string().contains("line 3: 'for ever' is neither"),
            "{fault}"
        );
    }

    #[test]
    fn points_may_be_named() {
        let points = read_points(
            "id,lon,lat\n翠园里,113.1,22.5\n,113.2,22.6\n".as_bytes(),
            "p.csv",
        )
        .expect("valid");
        assert!(points.geographic);
        let points = points.points;
        assert_eq!(
            points[0],
            NamedPoint {
                id: "翠园里".into(),
                x: 113.1,
                y: 22.5
            }
        );
        assert_eq!(points[1].id, "2");
    }
}
