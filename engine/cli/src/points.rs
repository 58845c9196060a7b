//! `grids locate`: the polygon of each point, block by block of the file, on all processors.

use std::fs::File;
use std::io::{Read, Write};
use std::process::ExitCode;

use rayon::prelude::*;
use stormgrid_core::locate::Locator;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::value::{Value, is_sentinel, parse_number};
use stormgrid_crs::{Crs, Projector};
use stormgrid_formats::series::{delimiter_of, line_of_record};
use stormgrid_project::{ProjectError, files, messages, tables};

use crate::args::GridsLocateArguments;
use crate::failure::Result;
use crate::grids::{GEOGRAPHIC, Zones};
use crate::language::Language;
use crate::output;

/// Bytes of a block: some ten thousand points.
const BLOCK: usize = 1 << 19;

/// Blocks that are in work at once, for each processor.
const BLOCKS_A_THREAD: usize = 2;

/// Prints the polygon of each point. Status 1 if none lies in any.
pub fn locate(arguments: &GridsLocateArguments, language: Language) -> Result<ExitCode> {
    let zones = Zones::read(&arguments.file, &arguments.id)?;
    let file = files::name(&arguments.points);
    let mut blocks = Blocks::open(arguments, &file)?;
    let columns = Columns::of(&blocks.header, &file)?;
    let (projector, assumed) = projector(arguments, &zones, &columns, &mut blocks)?;
    let search = Search {
        file: &file,
        locator: Locator::new(&zones.polygons),
        zones: &zones,
        is_geographic: match projector.as_ref() {
            Some(projector) => projector.from_crs().is_geographic(),
            None => zones.is_geographic(),
        },
        projector,
        columns,
        json: arguments.json,
    };
    let tally = search.run(&mut blocks)?;
    let notes = zones.left_out().chain(zones.repeated_code());
    let notes = notes.chain(assumed).chain(tally.notes(&file));
    for note in notes {
        eprintln!("{}", language.note(&messages::told(&note)));
    }
    match tally.found {
        0 => Err(tally.nowhere(&file, &zones).into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// How points come to the CRS of the polygons, and what was assumed for it; `None` if they are in it.
fn projector(
    arguments: &GridsLocateArguments,
    zones: &Zones,
    columns: &Columns,
    blocks: &mut Blocks,
) -> Result<(Option<Projector>, Option<Message>)> {
    let crs_error = |file: String| move |source| ProjectError::Crs { file, source };
    let mut assumed = None;
    let points_crs = match &arguments.points_crs {
        Some(crs) => crs.as_str(),
        None if !zones.is_geographic()
            && columns.is_plane
            && !blocks.first_is_degrees(columns)? =>
        {
            assumed = Some(message!(
                "cli.locate.same_crs",
                "the points are no longitude and latitude and are taken to be in the coordinate reference system of the polygons, {crs}; name another with --points-crs",
                crs = zones.crs()
            ));
            return Ok((None, assumed));
        }
        None => GEOGRAPHIC,
    };
    let from = Crs::parse(points_crs).map_err(crs_error("--points-crs".to_owned()))?;
    let projector =
        Projector::new(points_crs, zones.crs()).map_err(crs_error("--points-crs".to_owned()))?;
    let same = from == *projector.to_crs() || (is_wgs84(&from) && is_wgs84(projector.to_crs()));
    Ok((Some(projector).filter(|_| !same), assumed))
}

/// WGS 84 and CGCS2000 are one here, as everywhere in the program.
fn is_wgs84(crs: &Crs) -> bool {
    ["EPSG:4326", GEOGRAPHIC].contains(&crs.to_string().as_str())
}

/// Positions of the columns in a row.
#[derive(Clone, Copy)]
struct Columns {
    x: usize,
    y: usize,
    id: Option<usize>,
    /// Whether they are named as coordinates in a plane rather than as longitude and latitude.
    is_plane: bool,
}

impl Columns {
    fn of(header: &[String], file: &str) -> Result<Self> {
        let find = |names: &[&str]| {
            let mut found = names.iter().map(|n| header.iter().position(|h| h == n));
            found.find_map(|at| at)
        };
        let wanted = |names: &[&str]| {
            find(names).ok_or_else(|| {
                message::fault(
                    file,
                    Some(message!("place.line", "line {line}", line = 1)),
                    message!(
                        "fault.no_column",
                        "there is no column '{name}' among: {header}",
                        name = names[0],
                        header = Message::own(header.join("、"), header.join(", "))
                    ),
                    message!(
                        "fix.name_column",
                        "name the column '{name}'",
                        name = names[0]
                    ),
                )
            })
        };
        let x = wanted(&["lon", "longitude", "lng", "x", "easting"])?;
        Ok(Self {
            x,
            y: wanted(&["lat", "latitude", "y", "northing"])?,
            id: find(&["id", "name", "code"]),
            is_plane: matches!(header[x].as_str(), "x" | "easting"),
        })
    }
}

/// The rows of a CSV in blocks that end with a line.
struct Blocks {
    source: File,
    name: String,
    path: std::path::PathBuf,
    header: Vec<String>,
    delimiter: u8,
    rest: Vec<u8>,
    /// Lines and rows before the rest.
    lines: u64,
    rows: u64,
    is_done: bool,
}

/// Whole lines, and how many lines and rows stand before them.
struct Block {
    bytes: Vec<u8>,
    delimiter: u8,
    lines: u64,
    rows: u64,
}

impl Blocks {
    fn open(arguments: &GridsLocateArguments, name: &str) -> Result<Self> {
        let path = &arguments.points;
        let Ok(source) = File::open(path) else {
            // The reader of whole files words why it cannot be read.
            files::read(path)?;
            return Err(unreadable(name).into());
        };
        let mut blocks = Self {
            source,
            name: name.to_owned(),
            path: path.clone(),
            header: Vec::new(),
            delimiter: b',',
            rest: Vec::new(),
            lines: 0,
            rows: 0,
            is_done: false,
        };
        blocks.fill()?;
        if blocks.rest.starts_with(b"\xef\xbb\xbf") {
            blocks.rest.drain(..3);
        }
        if std::str::from_utf8(&blocks.rest[..blocks.rest.len().min(4096)])
            .is_err_and(|e| e.error_len().is_some())
        {
            return Err(message::fault(
                name,
                None,
                message!("fault.not_utf8", "it is not UTF-8 text"),
                message!("fix.save_utf8", "save it as UTF-8"),
            )
            .into());
        }
        let end = blocks.rest.iter().position(|b| *b == b'\n');
        let end = end.map_or(blocks.rest.len(), |at| at + 1);
        let line: Vec<u8> = blocks.rest.drain(..end).collect();
        blocks.delimiter = delimiter_of(&line);
        let mut header = rows(&line, blocks.delimiter);
        let mut record = csv::StringRecord::new();
        if !header.read_record(&mut record).unwrap_or(false) {
            return Err(message::fault(
                name,
                None,
                message!("fault.file_empty", "the file is empty"),
                message!("fix.csv_header", "give a CSV with a header line"),
            )
            .into());
        }
        blocks.header = record.iter().map(|h| h.trim().to_lowercase()).collect();
        blocks.lines = 1;
        Ok(blocks)
    }

    fn fill(&mut self) -> Result<()> {
        let start = self.rest.len();
        let wanted = BLOCK.max(start + BLOCK / 2);
        self.rest.resize(wanted, 0);
        let mut end = start;
        while end < wanted {
            match self.source.read(&mut self.rest[end..]) {
                Ok(0) => {
                    self.is_done = true;
                    break;
                }
                Ok(n) => end += n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => {
                    files::read(&self.path)?;
                    return Err(unreadable(&self.name).into());
                }
            }
        }
        self.rest.truncate(end);
        Ok(())
    }

    /// The next block, `None` at the end of the file.
    fn next(&mut self) -> Result<Option<Block>> {
        loop {
            if self.rest.len() < BLOCK && !self.is_done {
                self.fill()?;
            }
            if self.rest.is_empty() {
                return Ok(None);
            }
            let end = match self.is_done && self.rest.len() <= 2 * BLOCK {
                true => self.rest.len(),
                false => last_line_end(&self.rest),
            };
            if end == 0 && !self.is_done {
                self.fill()?;
                continue;
            }
            let end = if end == 0 { self.rest.len() } else { end };
            let rest = self.rest.split_off(end);
            let bytes = std::mem::replace(&mut self.rest, rest);
            let block = Block {
                lines: self.lines,
                rows: self.rows,
                delimiter: self.delimiter,
                bytes,
            };
            let (lines, rows) = counts(&block.bytes, block.delimiter);
            self.lines += lines;
            self.rows += rows;
            return Ok(Some(block));
        }
    }

    /// Whether the first point with coordinates could be longitude and latitude.
    fn first_is_degrees(&mut self, columns: &Columns) -> Result<bool> {
        if self.rest.is_empty() && !self.is_done {
            self.fill()?;
        }
        let mut reader = rows(&self.rest, self.delimiter);
        let mut record = csv::ByteRecord::new();
        while reader.read_byte_record(&mut record).unwrap_or(false) {
            let number = |at: usize| number(record.get(at).unwrap_or_default()).known();
            if let (Some(x), Some(y)) = (number(columns.x), number(columns.y)) {
                return Ok(x.abs() <= 360.0 && y.abs() <= 90.0);
            }
        }
        Ok(true)
    }
}

fn unreadable(name: &str) -> Message {
    message::fault(
        name,
        None,
        message!("cli.locate.unreadable", "it cannot be read"),
        message!("cli.locate.again", "give a file that can be read"),
    )
}

/// Where the last line ends that does not lie within quotes; 0 if none does.
fn last_line_end(bytes: &[u8]) -> usize {
    if !bytes.contains(&b'"') {
        return bytes
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
    }
    let (mut quoted, mut end) = (false, 0);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => end = at + 1,
            _ => {}
        }
    }
    end
}

/// Lines of a block, and rows: lines that are not empty, or what the quotes make of them.
fn counts(bytes: &[u8], delimiter: u8) -> (u64, u64) {
    let lines = bytes.split(|b| *b == b'\n');
    let (mut n, mut rows_in) = (0, 0);
    for line in lines {
        n += 1;
        rows_in += u64::from(!matches!(line, b"" | b"\r"));
    }
    let lines = n - 1;
    if bytes.contains(&b'"') {
        let mut reader = rows(bytes, delimiter);
        let mut record = csv::ByteRecord::new();
        rows_in = 0;
        while reader.read_byte_record(&mut record).unwrap_or(false) {
            rows_in += 1;
        }
    }
    (lines, rows_in)
}

fn rows(bytes: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(bytes)
}

/// A coordinate as people write it.
fn number(bytes: &[u8]) -> Value<f64> {
    let bytes = bytes.trim_ascii();
    let plain = !bytes.is_empty()
        && bytes
            .iter()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'e' | b'E' | b'+'));
    let text = String::from_utf8_lossy(bytes);
    let read = match plain.then(|| text.parse::<f64>()) {
        Some(Ok(value)) if value.is_finite() => Value::Known(value),
        _ => parse_number(&text),
    };
    match read {
        Value::Known(value) if is_sentinel(value) => Value::Missing,
        read => read,
    }
}

struct Search<'a> {
    file: &'a str,
    locator: Locator<'a>,
    zones: &'a Zones,
    projector: Option<Projector>,
    is_geographic: bool,
    columns: Columns,
    json: bool,
}

/// What the points came to.
#[derive(Clone, Debug, Default)]
struct Tally {
    points: u64,
    found: u64,
    /// Points that lie in a polygon if longitude and latitude change places.
    swapped: u64,
    /// Points that are no longitude and latitude though they should be, and the first of them.
    no_degrees: u64,
    first_no_degrees: Option<(u64, [f64; 2])>,
    /// Rows without coordinates, and the line of the first.
    missing: u64,
    first_missing: Option<u64>,
}

impl Search<'_> {
    fn run(&self, blocks: &mut Blocks) -> Result<Tally> {
        let mut total = Tally::default();
        let at_once = BLOCKS_A_THREAD * rayon::current_num_threads();
        output::write(if self.json { b"[" } else { b"id,x,y,code\n" });
        loop {
            let mut wave = Vec::new();
            while wave.len() < at_once {
                match blocks.next()? {
                    Some(block) => wave.push(block),
                    None => break,
                }
            }
            if wave.is_empty() {
                break;
            }
            let done: Vec<Result<(Vec<u8>, Tally), Message>> = wave
                .into_par_iter()
                .map(|block| self.block(block))
                .collect();
            for block in done {
                let (text, tally) = block?;
                let text = match text.strip_prefix(b",") {
                    Some(first) if self.json && total.points == 0 => first,
                    _ => text.as_slice(),
                };
                output::write(text);
                total.add(&tally);
            }
        }
        if self.json {
            output::write(b"\n]\n");
        }
        Ok(total)
    }

    fn block(&self, block: Block) -> Result<(Vec<u8>, Tally), Message> {
        let mut reader = rows(&block.bytes, block.delimiter);
        let mut record = csv::ByteRecord::new();
        let mut text = Vec::with_capacity(block.bytes.len() * 3 / 2);
        let mut tally = Tally::default();
        let mut found = Vec::new();
        let mut row = block.rows;
        loop {
            let more = reader.read_byte_record(&mut record).map_err(|e| {
                let line = e
                    .position()
                    .map_or(0, |at| line_of_record(&block.bytes, at, None));
                self.fault(
                    block.lines + line,
                    message!("cli.locate.no_row", "it is no row of a CSV"),
                )
            })?;
            if !more {
                break;
            }
            row += 1;
            let position = record.position();
            let line =
                block.lines + position.map_or(0, |at| line_of_record(&block.bytes, at, None));
            let place = self.place(&record, line)?;
            found.clear();
            match place {
                Some(place) => self.search(place, line, &mut found, &mut tally),
                None => {
                    tally.missing += 1;
                    tally.first_missing.get_or_insert(line);
                }
            }
            tally.points += 1;
            tally.found += u64::from(!found.is_empty());
            self.tell(&record, row, place, &found, &mut text);
        }
        Ok((text, tally))
    }

    fn fault(&self, line: u64, problem: Message) -> Message {
        let place = message!("place.line", "line {line}", line = line);
        let remedy = message!("fix.mend_value", "mend the value");
        message::fault(self.file, Some(place), problem, remedy)
    }

    /// The coordinates of a row, `None` if it has none.
    fn place(&self, record: &csv::ByteRecord, line: u64) -> Result<Option<[f64; 2]>, Message> {
        let mut place = [0.0; 2];
        for (value, at) in place.iter_mut().zip([self.columns.x, self.columns.y]) {
            let bytes = record.get(at).unwrap_or_default();
            match number(bytes) {
                Value::Known(number) => *value = number,
                Value::Missing => return Ok(None),
                Value::Unclear => {
                    let problem = message!(
                        "cli.locate.unclear",
                        "the coordinate '{value}' is no number that can be read",
                        value = String::from_utf8_lossy(bytes).into_owned()
                    );
                    return Err(self.fault(line, problem));
                }
            }
        }
        Ok(Some(place))
    }

    fn search(&self, [x, y]: [f64; 2], line: u64, found: &mut Vec<usize>, tally: &mut Tally) {
        let is_degrees =
            |x: f64, y: f64| !self.is_geographic || (x.abs() <= 360.0 && y.abs() <= 90.0);
        if is_degrees(x, y) {
            self.holders(x, y, found);
        } else {
            tally.no_degrees += 1;
            tally.first_no_degrees.get_or_insert((line, [x, y]));
        }
        if found.is_empty() && is_degrees(y, x) {
            self.holders(y, x, found);
            tally.swapped += u64::from(!found.is_empty());
            found.clear();
        }
    }

    fn holders(&self, x: f64, y: f64, found: &mut Vec<usize>) {
        let place = match &self.projector {
            Some(projector) => projector.convert(x, y).ok(),
            None => Some([x, y]),
        };
        let Some([x, y]) = place else {
            return;
        };
        self.locator.locate(x, y, found);
        if found.is_empty() && self.zones.is_geographic() {
            // The layer may be written on beyond 180°, and the point as well.
            for turned in [x + 360.0, x - 360.0] {
                self.locator.locate(turned, y, found);
                if !found.is_empty() {
                    return;
                }
            }
        }
    }

    fn tell(
        &self,
        record: &csv::ByteRecord,
        row: u64,
        place: Option<[f64; 2]>,
        found: &[usize],
        text: &mut Vec<u8>,
    ) {
        let id = self.columns.id.and_then(|at| record.get(at));
        let id = id.map(<[u8]>::trim_ascii).filter(|id| !id.is_empty());
        let id = match id {
            Some(id) => String::from_utf8_lossy(id),
            None => row.to_string().into(),
        };
        let numbers = [self.columns.x, self.columns.y].map(|at| record.get(at).unwrap_or_default());
        let codes = || found.iter().map(|at| self.zones.codes.get(*at));
        match self.json {
            true => {
                text.extend_from_slice(b",\n  { \"id\": ");
                string(&id, text);
                for (axis, (name, written)) in ["x", "y"].into_iter().zip(numbers).enumerate() {
                    let _ = write!(text, ", \"{name}\": ");
                    match place {
                        Some(place) => plain_number(written, place[axis], text),
                        None => text.extend_from_slice(b"null"),
                    }
                }
                text.extend_from_slice(b", \"codes\": [");
                for (k, code) in codes().enumerate() {
                    if k > 0 {
                        text.extend_from_slice(b", ");
                    }
                    string(code, text);
                }
                text.extend_from_slice(b"] }");
            }
            false => {
                cell(&id, text);
                for (axis, written) in numbers.into_iter().enumerate() {
                    text.push(b',');
                    if let Some(place) = place {
                        plain_number(written, place[axis], text);
                    }
                }
                text.push(b',');
                match found {
                    [] => {}
                    [one] => cell(self.zones.codes.get(*one), text),
                    _ => cell(&codes().collect::<Vec<_>>().join(" "), text),
                }
                text.push(b'\n');
            }
        }
    }
}

/// A number as it was written where programs read that, else as it was understood.
fn plain_number(written: &[u8], value: f64, text: &mut Vec<u8>) {
    let written = written.trim_ascii();
    let digits = written.strip_prefix(b"-").unwrap_or(written);
    let is_plain = match digits.iter().position(|b| *b == b'.') {
        None => {
            !digits.is_empty()
                && digits.iter().all(u8::is_ascii_digit)
                && (digits.len() == 1 || digits[0] != b'0')
        }
        Some(at) => {
            let (whole, fraction) = (&digits[..at], &digits[at + 1..]);
            !whole.is_empty()
                && (whole.len() == 1 || whole[0] != b'0')
                && !fraction.is_empty()
                && whole.iter().chain(fraction).all(u8::is_ascii_digit)
        }
    };
    if is_plain {
        text.extend_from_slice(written);
    } else {
        let _ = write!(text, "{value}");
    }
}

fn cell(value: &str, text: &mut Vec<u8>) {
    let plain = value
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b' '));
    match plain {
        true => text.extend_from_slice(value.as_bytes()),
        false => text.extend_from_slice(tables::quoted(value).as_bytes()),
    }
}

fn string(value: &str, text: &mut Vec<u8>) {
    let _ = serde_json::to_writer(text, value);
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.points += other.points;
        self.found += other.found;
        self.swapped += other.swapped;
        self.no_degrees += other.no_degrees;
        self.first_no_degrees = self.first_no_degrees.or(other.first_no_degrees);
        self.missing += other.missing;
        self.first_missing = self.first_missing.or(other.first_missing);
    }

    /// What a person should know of points that were found in part.
    fn notes(&self, file: &str) -> Vec<Message> {
        let mut notes = Vec::new();
        if let Some(line) = self.first_missing {
            notes.push(message!(
                "cli.locate.missing",
                "{file}: {n} rows have no coordinates, the first in line {line}",
                file = file,
                n = self.missing,
                line = line
            ));
        }
        let outside = self.points - self.found - self.missing;
        if outside > 0 && self.found > 0 {
            notes.push(message!(
                "cli.locate.outside",
                "{file}: {n} of {points} points lie in no polygon",
                file = file,
                n = outside,
                points = self.points
            ));
        }
        if self.swapped > 0 && self.found > 0 {
            notes.push(message!(
                "cli.locate.some_swapped",
                "{file}: {n} of them would lie in one with longitude and latitude in the other order",
                file = file,
                n = self.swapped
            ));
        }
        notes
    }

    /// Why no point was found.
    fn nowhere(&self, file: &str, zones: &Zones) -> Message {
        if self.points == 0 {
            return message::fault(
                file,
                None,
                message!("fault.no_row", "the table has no row"),
                message!("fix.one_row", "give at least one row"),
            );
        }
        if self.swapped > 0 {
            return message::fault(
                file,
                None,
                message!(
                    "cli.locate.swapped",
                    "no point lies in a polygon, and {n} would with longitude and latitude in the other order",
                    n = self.swapped
                ),
                message!(
                    "cli.locate.swap",
                    "name the columns lon and lat the other way round"
                ),
            );
        }
        if let Some((line, [x, y])) = self.first_no_degrees {
            return message::fault(
                file,
                Some(message!("place.line", "line {line}", line = line)),
                message!(
                    "cli.locate.no_degrees",
                    "({x}, {y}) is no longitude and latitude",
                    x = x,
                    y = y
                ),
                message!(
                    "cli.locate.name_crs",
                    "name the coordinate reference system of the points with --points-crs"
                ),
            );
        }
        message::fault(
            file,
            None,
            message!(
                "cli.locate.nowhere",
                "none of the {n} points lies in a polygon (the polygons are in {crs})",
                n = self.points,
                crs = zones.crs()
            ),
            message!(
                "cli.locate.check_crs",
                "check the order of the coordinates and their coordinate reference system (--points-crs)"
            ),
        )
    }
}
