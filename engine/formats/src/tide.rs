//! Harmonic constants of tide stations as CSV (TICON-4), and the datums of their gauges.

use std::collections::{HashMap, HashSet};

use stormgrid_core::message;
use stormgrid_core::message::Message;

use stormgrid_core::value::{Value, is_sentinel, parse_number};

use crate::FormatError;
use crate::error::line;
use crate::series::{Row, Table, mend_value};
use crate::track::text::decode;

/// One harmonic constant.
#[derive(Clone, Debug, PartialEq)]
pub struct HarmonicConstant {
    /// Name of the constituent, for example `M2`.
    pub name: String,
    /// Amplitude [m].
    pub amplitude: f64,
    /// Phase lag relative to Greenwich [rad].
    pub phase: f64,
}

/// A tide station.
#[derive(Clone, Debug, PartialEq)]
pub struct Station {
    /// Identifier in the source.
    pub id: String,
    /// Name.
    pub name: String,
    /// Latitude [°].
    pub lat_deg: f64,
    /// Longitude [°].
    pub lon_deg: f64,
    /// Its constants.
    pub constants: Vec<HarmonicConstant>,
    /// Constituents whose amplitude is not known: blank, or written as a sentinel.
    pub unknown: Vec<String>,
    /// Why it cannot be used: a line of it that would make its tide wrong.
    pub fault: Option<FormatError>,
}

/// Columns of amplitudes and the metres of their unit.
const AMPLITUDES: [(&str, f64); 3] = [
    ("amplitude_m", 1.0),
    ("amplitude_cm", 0.01),
    ("amplitude_ft", 0.3048),
];

/// Greatest sum of amplitudes that is believed [m]: Burntcoat Head, with the greatest tide there is, has 10.
const MOST_TIDE_M: f64 = 15.0;

/// Reads `station_id,name,lat,lon,constituent,amplitude_m,phase_deg_gmt`; `amplitude_cm` and `amplitude_ft` say another
/// unit.
///
/// A station with a faulty line has a fault; the others can be used. Faults are a constituent that a station has
/// twice, for its tide would count double; amplitudes below 0, above 20 m, or above 15 m in sum; phases beyond a
/// turn; positions off the Earth.
///
/// # Errors
///
/// What is no text, and rows that are none of the table.
pub fn read_constituents(bytes: &[u8], file: &str) -> Result<Vec<Station>, FormatError> {
    let (text, _) = decode(bytes, file)?;
    let mut table = Table::read(text.as_bytes(), file)?;
    let amplitude = AMPLITUDES
        .into_iter()
        .find_map(|(name, unit)| Some((table.optional(&[name])?, unit)));
    let (amplitude, unit) = match amplitude {
        Some(found) => found,
        None => (table.column(&["amplitude_m"])?, 1.0),
    };
    let columns = Columns {
        id: table.column(&["station_id"])?,
        name: table.column(&["name"])?,
        lat: table.column(&["lat"])?,
        lon: table.column(&["lon"])?,
        constituent: table.column(&["constituent"])?,
        amplitude,
        unit,
        phase: table.column(&["phase_deg_gmt"])?,
    };
    let mut stations: Vec<Station> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut seen: HashSet<(usize, String)> = HashSet::new();
    while let Some(row) = table.next_row()? {
        let id = row.text(columns.id);
        let index = *known.entry(id.to_owned()).or_insert_with(|| {
            stations.push(columns.station(&row, file));
            stations.len() - 1
        });
        let name = row.text(columns.constituent).to_owned();
        let station = &mut stations[index];
        let constant = match seen.insert((index, name.to_uppercase())) {
            true => columns.constant(&row, file, name),
            false => Err(twice(&row, file, id, &name)),
        };
        match constant {
            Ok(Ok(constant)) => station.constants.push(constant),
            Ok(Err(unknown)) => station.unknown.push(unknown),
            Err(fault) => station.fault = station.fault.take().or(Some(fault)),
        }
    }
    for station in &mut stations {
        let sum: f64 = station.constants.iter().map(|c| c.amplitude).sum();
        if sum > MOST_TIDE_M && station.fault.is_none() {
            let problem = message!(
                "fault.tide.sum",
                "the amplitudes of {station} add up to {sum} m, more than any tide",
                station = &station.name,
                sum = format!("{sum:.1}")
            );
            let remedy = message!("fix.unit", "check the unit");
            station.fault = Some(FormatError::malformed(file, "", problem, remedy));
        }
    }
    Ok(stations)
}

struct Columns {
    id: usize,
    name: usize,
    lat: usize,
    lon: usize,
    constituent: usize,
    amplitude: usize,
    /// Metres of the unit of the amplitudes.
    unit: f64,
    phase: usize,
}

impl Columns {
    /// The station of a row, without constants.
    fn station(&self, row: &Row<'_>, file: &str) -> Station {
        let number = |column| parse_number(row.text(column)).known();
        let lat_deg = number(self.lat).filter(|lat| lat.abs() <= 90.0);
        let lon_deg = number(self.lon).filter(|lon| (-180.0..=360.0).contains(lon));
        let nowhere = || {
            let problem = message!(
                "fault.nowhere",
                "latitude {lat}, longitude {lon} is no place",
                lat = row.text(self.lat),
                lon = row.text(self.lon)
            );
            let remedy = message!(
                "fix.degrees",
                "give latitude and longitude in degrees, north and east positive"
            );
            FormatError::malformed(file, line(row.line), problem, remedy)
        };
        let fault = lat_deg.zip(lon_deg).is_none().then(nowhere);
        Station {
            id: row.text(self.id).to_owned(),
            name: row.text(self.name).to_owned(),
            lat_deg: lat_deg.unwrap_or(f64::NAN),
            lon_deg: lon_deg.unwrap_or(f64::NAN),
            constants: Vec::new(),
            unknown: Vec::new(),
            fault,
        }
    }

    /// The constant of a row, or its name if its amplitude is not known.
    fn constant(
        &self,
        row: &Row<'_>,
        file: &str,
        name: String,
    ) -> Result<Result<HarmonicConstant, String>, FormatError> {
        let wrong = |problem: Message, remedy: Message| {
            FormatError::malformed(file, line(row.line), problem, remedy)
        };
        let number = |column: usize| match parse_number(row.text(column)) {
            Value::Known(value) => Ok(Some(value)),
            Value::Missing => Ok(None),
            Value::Unclear => Err(wrong(
                message!(
                    "fault.what_is",
                    "{what} is '{text}'",
                    what = Message::plain(if column == self.phase {
                        "phase"
                    } else {
                        "amplitude"
                    }),
                    text = row.text(column).chars().take(24).collect::<String>()
                ),
                mend_value(),
            )),
        };
        let height = number(self.amplitude)?.filter(|v| !is_sentinel(*v) && !NONE.contains(v));
        let Some(height) = height.map(|height| height * self.unit) else {
            return Ok(Err(name));
        };
        if !(0.0..=20.0).contains(&height) {
            let problem = message!(
                "fault.tide.amplitude",
                "an amplitude of {height} m is outside 0 to 20 m",
                height = height
            );
            return Err(wrong(problem, message!("fix.unit", "check the unit")));
        }
        let lag = number(self.phase)?.filter(|lag| lag.abs() <= 360.0);
        let Some(lag) = lag else {
            let problem = message!(
                "fault.tide.phase",
                "a phase of {lag} degrees is outside -360 to 360",
                lag = row.text(self.phase)
            );
            return Err(wrong(
                problem,
                message!("fix.tide.phase", "give degrees relative to Greenwich"),
            ));
        };
        Ok(Ok(HarmonicConstant {
            name,
            amplitude: height,
            phase: lag.to_radians(),
        }))
    }
}

/// Amplitudes that stand for none, beside the sentinels of all values.
const NONE: [f64; 4] = [-9.0, -99.0, -999.0, 999.0];

fn twice(row: &Row<'_>, file: &str, station: &str, constituent: &str) -> FormatError {
    let problem = message!(
        "fault.tide.twice",
        "station {station} has {constituent} twice",
        station = station,
        constituent = constituent
    );
    FormatError::malformed(
        file,
        line(row.line),
        problem,
        message!("fix.remove_one", "remove one of them"),
    )
}

/// Reads mean sea level above the gauge's zero [m] by station id, from columns `station_id` and `msl`.
pub fn read_mean_levels(bytes: &[u8], file: &str) -> Result<Vec<(String, f64)>, FormatError> {
    let mut table = Table::read(bytes, file)?;
    let (id, level) = (table.column(&["station_id"])?, table.column(&["msl"])?);
    let mut levels = Vec::new();
    while let Some(row) = table.next_row()? {
        levels.push((row.text(id).to_owned(), row.number(level)?));
    }
    Ok(levels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_grouped_by_station() {
        let text = "station_id,name,lat,lon,constituent,amplitude_m,phase_deg_gmt\n\
            a,Macau,22.167,113.55,M2,0.46449,56.366\na,Macau,22.167,113.55,N2,0.09524,44.128\nb,HK,22.3,114.2,M2,0.4,10\n";
        let stations = read_constituents(text.as_bytes(), "t.csv").expect("valid");
        assert_eq!(stations.len(), 2);
        assert_eq!(stations[0].constants.len(), 2);
        assert!((stations[0].constants[0].phase.to_degrees() - 56.366).abs() < 1e-9);
    }

    #[test]
    fn amplitudes_have_the_unit_of_their_column() {
        for (column, value) in [
            ("amplitude_m", "0.3048"),
            ("amplitude_cm", "30,48"),
            ("amplitude_ft", "1"),
        ] {
            let text = format!(
                "\u{feff}station_id,name,lat,lon,constituent,{column},phase_deg_gmt\r\na,M,22,113,M2,\"{value}\",\u{ff11}0\r\n"
            );
            let found = read_constituents(text.as_bytes(), "t.csv").expect("valid");
            let constant = &found[0].constants[0];
            assert!((constant.amplitude - 0.3048).abs() < 1e-12, "{column}");
            assert!((constant.phase.to_degrees() - 10.0).abs() < 1e-9);
        }
        let local = b"station_id,name,lat,lon,constituent,amplitude_m,phase_deg_local\n";
        assert!(read_constituents(local, "t.csv").is_err());
    }

    #[test]
    fn faults_are_named_with_their_line() {
        let head = "station_id,name,lat,lon,constituent,amplitude_m,phase_deg_gmt";
        let stations = |rows: &str| {
            let text = format!("{head}\n{rows}b,HK,22.3,114.2,M2,0.4,10\n");
            read_constituents(text.as_bytes(), "t.csv").expect("a table")
        };
        let fault = |rows: &str| {
            let found = stations(rows);
            // A faulty station does not cost the others.
            assert_eq!((found.len(), &found[1].fault), (2, &None));
            found[0].fault.as_ref().expect("faulty").to_string()
        };
        let row = "a,Macau,22.2,113.5,M2,0.4,10\n";
        assert!(fault(&row.repeat(2)).contains("line 3: station a has M2 twice"));
        assert!(fault(&row.replace("0.4", "46.4")).contains("line 2: an amplitude of 46.4 m"));
        assert!(fault(&row.replace(",10", ",1000")).contains("line 2: a phase of 1000"));
        assert!(fault(&row.replace("22.2,", "222,")).contains("is no place"));
        assert!(fault(&row.replace("0.4", "-0.4")).contains("an amplitude of -0.4 m"));
        assert!(fault(&row.replace("0.4", "\"1,200\"")).contains("amplitude is '1,200'"));
        assert!(fault(&(row.to_owned() + &row.replace("M2", "m2"))).contains("has m2 twice"));
        let many: String = (0..5)
            .map(|k| row.replace("M2,0.4", &format!("X{k},4")))
            .collect();
        assert!(fault(&many).contains("add up to 20.0 m"));
        for none in ["", "-9999", "9999", "-99", "NaN", "1e20"] {
            let found = &stations(&row.replace("0.4", none))[0];
            assert_eq!(
                (found.unknown.as_slice(), found.constants.len()),
                (["M2".to_owned()].as_slice(), 0),
                "{none}"
            );
            assert_eq!(found.fault, None);
        }
    }
}
