//! Harmonic constants of tide stations as CSV (TICON-4), and the datums of their gauges.

use crate::FormatError;
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
    while let Some(row) = table.next_row()? {
        let height = row.number(amplitude)?;
        if !(0.0..=20.0).contains(&height) {
            let problem = format!("an amplitude of {height} m is outside 0 to 20 m");
            return Err(FormatError::malformed(
                file,
                format!("line {}", row.line),
                problem,
                "check the unit",
            ));
        }
        let constant = HarmonicConstant {
            name: row.text(constituent).to_owned(),
            amplitude: height,
            phase: row.number(phase)?.to_radians(),
        };
        match stations.iter_mut().find(|s| s.id == row.text(id)) {
            Some(station) => station.constants.push(constant),
            None => stations.push(Station {
                id: row.text(id).to_owned(),
                name: row.text(name).to_owned(),
                lat_deg: row.number(lat)?,
                lon_deg: row.number(lon)?,
                constants: vec![constant],
            }),
        }
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
}
