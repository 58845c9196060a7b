//! Harmonic constants of tide stations as CSV (TICON-4), and the datums of their gauges.

use std::collections::{HashMap, HashSet};

use stormgrid_core::message;
use stormgrid_core::message::Message;

use crate::FormatError;
use crate::error::line;
use crate::series::Table;

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
}

/// Reads `station_id,name,lat,lon,constituent,amplitude_m,phase_deg_gmt`.
///
/// Refused: a constituent that a station has twice, for its tide would count double; amplitudes above
/// 20 m; phases beyond a turn; positions off the Earth.
pub fn read_constituents(bytes: &[u8], file: &str) -> Result<Vec<Station>, FormatError> {
    let mut table = Table::read(bytes, file)?;
    let columns = [
        "station_id",
        "name",
        "lat",
        "lon",
        "constituent",
        "amplitude_m",
        "phase_deg_gmt",
    ];
    let [id, name, lat, lon, constituent, amplitude, phase] = columns.map(|c| table.column(&[c]));
    let (id, name, lat, lon) = (id?, name?, lat?, lon?);
    let (constituent, amplitude, phase) = (constituent?, amplitude?, phase?);
    let mut stations: Vec<Station> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut seen: HashSet<(usize, String)> = HashSet::new();
    while let Some(row) = table.next_row()? {
        let wrong = |problem: Message, remedy: Message| {
            FormatError::malformed(file, line(row.line), problem, remedy)
        };
        let (height, lag) = (row.number(amplitude)?, row.number(phase)?);
        if !(0.0..=20.0).contains(&height) {
            let problem = message!(
                "fault.tide.amplitude",
                "an amplitude of {height} m is outside 0 to 20 m",
                height = height
            );
            return Err(wrong(problem, message!("fix.unit", "check the unit")));
        }
        if lag.abs() > 360.0 {
            let problem = message!(
                "fault.tide.phase",
                "a phase of {lag} degrees is outside -360 to 360",
                lag = lag
            );
            return Err(wrong(
                problem,
                message!("fix.tide.phase", "give degrees relative to Greenwich"),
            ));
        }
        let constant = HarmonicConstant {
            name: row.text(constituent).to_owned(),
            amplitude: height,
            phase: lag.to_radians(),
        };
        let index = match known.get(row.text(id)) {
            Some(index) => *index,
            None => {
                let (lat_deg, lon_deg) = (row.number(lat)?, row.number(lon)?);
                if lat_deg.abs() > 90.0 || !(-180.0..=360.0).contains(&lon_deg) {
                    let problem = message!(
                        "fault.nowhere",
                        "latitude {lat}, longitude {lon} is no place",
                        lat = lat_deg,
                        lon = lon_deg
                    );
                    return Err(wrong(
                        problem,
                        message!(
                            "fix.degrees",
                            "give latitude and longitude in degrees, north and east positive"
                        ),
                    ));
                }
                known.insert(row.text(id).to_owned(), stations.len());
                stations.push(Station {
                    id: row.text(id).to_owned(),
                    name: row.text(name).to_owned(),
                    lat_deg,
                    lon_deg,
                    constants: Vec::new(),
                });
                stations.len() - 1
            }
        };
        if !seen.insert((index, constant.name.clone())) {
            let problem = message!(
                "fault.tide.twice",
                "station {station} has {constituent} twice",
                station = row.text(id),
                constituent = &constant.name
            );
            return Err(wrong(
                problem,
                message!("fix.remove_one", "remove one of them"),
            ));
        }
        stations[index].constants.push(constant);
    }
    Ok(stations)
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
    fn faults_are_named_with_their_line() {
        let fault = |rows: &str| {
            let head = "station_id,name,lat,lon,constituent,amplitude_m,phase_deg_gmt";
            read_constituents(format!("{head}\n{rows}").as_bytes(), "t.csv")
                .expect_err("faulty")
                .to_string()
        };
        let row = "a,Macau,22.2,113.5,M2,0.4,10\n";
        assert!(fault(&row.repeat(2)).contains("line 3: station a has M2 twice"));
        assert!(fault(&row.replace("0.4", "46.4")).contains("line 2: an amplitude of 46.4 m"));
        assert!(fault(&row.replace(",10", ",1000")).contains("line 2: a phase of 1000"));
        assert!(fault(&row.replace("22.2,", "222,")).contains("is no place"));
    }
}
