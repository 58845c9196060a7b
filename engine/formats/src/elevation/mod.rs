//! Elevation and other rasters of one value per cell: GeoTIFF and ESRI ASCII grid.
//!
//! [`read`] gives the values of any quantity in the unit of the file, NaN where there is no data, however the file
//! says so: a number, a mask, alpha, chunks that were never written, or a number that stands for it though the file
//! does not say so. [`GeoRaster::into_heights`] makes metres of heights and refuses what the Earth does not have.

mod ascii;
mod chunks;
mod directory;
mod geographic;
mod geotiff;
mod keys;
mod missing;
mod placement;
mod sidecar;
mod write;

use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::raster::{Raster, RasterGeometry};

use crate::FormatError;

pub use sidecar::Sidecars;
pub use write::write_geotiff;

/// A raster with what its file says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct GeoRaster {
    /// The values, in the unit of the file; NaN where the file has no data.
    pub raster: Raster<f64>,
    /// The CRS: `EPSG:n` (`EPSG:n+v` with a vertical system), or well-known text where it has no code; `None` if neither the file nor one beside it
    /// names one.
    pub crs: Option<String>,
    /// Metres in a unit of the coordinates, where the file says it; that of a CRS with a code is known to
    /// `stormgrid_crs`.
    pub unit_m: Option<f64>,
    /// Metres in a unit of the coordinates of the file, where [`GeoRaster::scaled`] has brought them to metres; else 1.
    pub source_unit_m: f64,
    /// The unit of length of the values, where the file says one that is known.
    pub vertical_unit: Option<LengthUnit>,
    /// The unit of the values in the words of the file, whatever the quantity.
    pub unit: Option<String>,
    /// The file's vertical system points down: its values are depths, not heights.
    pub depths: bool,
    /// What a person should know about the file though it was read.
    pub findings: Vec<Finding>,
}

/// A unit of length.
#[derive(Clone, Debug, PartialEq)]
pub struct LengthUnit {
    /// Its name in English, as the EPSG register has it.
    pub name: String,
    /// Metres in it.
    pub metres: f64,
}

/// Reads a raster: a GeoTIFF if it begins like one, an ESRI ASCII grid otherwise.
///
/// GeoTIFF: one band (and alpha) of 1 to 64 bit integers or 16 to 64 bit floats, strips or tiles, sparse or not,
/// uncompressed, LZW, deflate, PackBits or Zstandard, any predictor, either byte order, BigTIFF, at most 2²⁹ cells;
/// scale and offset in GDAL's metadata are applied. Memory stays within a fixed multiple of what the compressed
/// strips can hold.
pub fn read(bytes: &[u8], file: &str) -> Result<GeoRaster, FormatError> {
    read_beside(bytes, file, &Sidecars::default())
}

/// Reads a raster with the files that lie beside it.
pub fn read_beside(
    bytes: &[u8],
    file: &str,
    beside: &Sidecars<'_>,
) -> Result<GeoRaster, FormatError> {
    match bytes {
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => {
            geotiff::read(bytes, file, beside)
        }
        [] => Err(FormatError::malformed(
            file,
            "",
            message!("fault.raster.empty", "the file is empty"),
            message!("fix.raster.empty", "give a GeoTIFF or an ESRI ASCII grid"),
        )),
        _ => ascii::read(bytes, file, beside),
    }
}

impl GeoRaster {
    /// The findings as sentences with the name of the file.
    pub fn warnings(&self) -> Vec<Message> {
        self.findings.iter().map(Finding::message).collect()
    }

    /// The share of the cells that hold a value.
    pub fn known_share(&self) -> f64 {
        let values = self.raster.values();
        values.iter().filter(|v| v.is_finite()).count() as f64 / values.len() as f64
    }

    /// Values that are heights above a level, in metres.
    ///
    /// # Errors
    ///
    /// Depths in place of heights, no value at all, a unit that is none of length, heights outside of -11 000 to 9000 m, and numbers below
    /// -500 m that leave a gap of 1000 m to the others, as holes of an unnamed "no data" do and a sea floor does not.
    pub fn into_heights(mut self, file: &str) -> Result<Self, FormatError> {
        if self.depths {
            return Err(FormatError::unsupported(
                file,
                "",
                message!(
                    "fault.raster.depths",
                    "a raster of depths (its vertical system points down) in place of heights"
                ),
                message!(
                    "fix.raster.depths",
                    "turn its sign and give it a vertical system that points up"
                ),
            ));
        }
        let foot_based = self.unit_m.is_some_and(|m| (m - 1.0).abs() > 1e-9);
        match (&self.vertical_unit, &self.unit) {
            (Some(unit), _) if unit.metres != 1.0 => {
                let metres = unit.metres;
                self.findings.push(Finding::new(
                    Kind::Note,
                    file,
                    message!(
                        "note.raster.height_unit",
                        "its values are in the unit {unit}; they are converted to metres (times {metres})",
                        unit = &unit.name,
                        metres = metres
                    ),
                ));
                let geometry = *self.raster.geometry();
                let values = self.raster.into_values();
                let values = values.into_iter().map(|v| v * metres).collect();
                self.raster = rebuilt(geometry, values, file)?;
                self.vertical_unit = Some(LengthUnit {
                    name: "metre".into(),
                    metres: 1.0,
                });
            }
            (None, Some(unit)) if !unit.is_empty() => return Err(keys::unknown_unit(file, unit)),
            (None, _) if foot_based => self.findings.push(Finding::new(
                Kind::Assumed,
                file,
                message!(
                    "note.raster.height_unit_assumed",
                    "its coordinates are not in metres and it does not name the unit of its heights; they are taken as metres"
                ),
            )),
            _ => {}
        }
        missing::check_heights(self.raster.values(), file)?;
        Ok(self)
    }

    /// The same cells with coordinates in metres: coordinates and cell size are multiplied by the metres of a unit,
    /// and `crs` is the same projection in metres.
    pub fn scaled(
        mut self,
        unit_m: f64,
        crs: Option<String>,
        file: &str,
    ) -> Result<Self, FormatError> {
        let g = *self.raster.geometry();
        let geometry = RasterGeometry::new(
            g.n_cols,
            g.n_rows,
            g.west * unit_m,
            g.north * unit_m,
            g.dx * unit_m,
            g.dy * unit_m,
        )
        .map_err(|e| impossible_geometry(file, &e))?;
        self.raster = rebuilt(geometry, self.raster.into_values(), file)?;
        self.crs = crs;
        self.unit_m = Some(1.0);
        self.source_unit_m *= unit_m;
        Ok(self)
    }

    /// Whether a raster without a CRS looks like one in longitude and latitude: it lies within their bounds, and its
    /// cells are of whole arc-seconds or it lies farther from (0, 0) than it is wide. Models of a laboratory in
    /// metres do not.
    pub fn looks_like_degrees(&self) -> bool {
        /// Cell sizes of published elevation [″].
        const ARC_SECONDS: [f64; 17] = [
            1.0 / 9.0,
            1.0 / 3.0,
            0.4,
            0.5,
            1.0,
            2.0,
            3.0,
            5.0,
            6.0,
            7.5,
            10.0,
            15.0,
            30.0,
            60.0,
            120.0,
            150.0,
            300.0,
        ];
        let g = self.raster.geometry();
        let inside = g.west >= -180.5 && g.east() <= 360.5 && g.south() >= -90.5 && g.north <= 90.5;
        let of_seconds = ARC_SECONDS
            .iter()
            .any(|s| (g.dx * 3600.0 / s - 1.0).abs() < 2e-3);
        let far = g.west.abs().min(g.east().abs()) >= g.east() - g.west;
        self.crs.is_none() && inside && g.dx < 0.1 && (of_seconds || far)
    }
}

fn rebuilt(
    geometry: RasterGeometry,
    values: Vec<f64>,
    file: &str,
) -> Result<Raster<f64>, FormatError> {
    Raster::new(geometry, values).map_err(|e| impossible_geometry(file, &e))
}

fn impossible_geometry(file: &str, error: &stormgrid_core::raster::RasterError) -> FormatError {
    FormatError::malformed(file, "", error.to_string(), "export it again")
}

/// A CRS that lies beside a raster.
struct CrsBeside {
    /// Well-known text, or a code.
    text: String,
    /// The unit of heights that it names.
    vertical_unit: Option<LengthUnit>,
}

/// The projection file beside a raster: well-known text, or the keys and values of ArcInfo.
fn crs_beside(beside: &Sidecars<'_>) -> Option<CrsBeside> {
    let text = String::from_utf8_lossy(beside.prj?);
    let text = text.trim_start_matches('\u{feff}').trim();
    let plain = || CrsBeside {
        text: text.to_owned(),
        vertical_unit: None,
    };
    (!text.is_empty()).then(|| arcinfo(text).unwrap_or_else(plain))
}

/// A projection file of ArcInfo in geographic coordinates or a zone of UTM.
///
/// Source: ESRI, ARC/INFO, PROJECT: keys `Projection`, `Zone`, `Datum`, `Units`, `Zunits`, `Xshift`, `Yshift`.
fn arcinfo(text: &str) -> Option<CrsBeside> {
    let mut projection = None;
    let (mut zone, mut datum, mut units) = (None, "WGS84".to_owned(), String::new());
    let mut vertical_unit = None;
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let key = words.next().unwrap_or_default().to_lowercase();
        let value = words.next().unwrap_or_default().to_uppercase();
        match key.as_str() {
            "projection" => projection = Some(value),
            "zone" => zone = value.parse::<i32>().ok(),
            "datum" => datum = value,
            "units" => units = value,
            "zunits" => vertical_unit = keys::length_unit(&value.to_lowercase()),
            "xshift" | "yshift" if value.parse().is_ok_and(|shift: f64| shift != 0.0) => {
                return None;
            }
            _ => {}
        }
    }
    let code = match (projection?.as_str(), datum.as_str(), zone) {
        ("GEOGRAPHIC", "WGS84" | "WGS_1984", _) => 4326,
        ("UTM", "WGS84" | "WGS_1984", Some(zone @ 1..=60)) => 32600 + zone,
        ("UTM", "WGS84" | "WGS_1984", Some(zone @ -60..=-1)) => 32700 - zone,
        ("UTM", "NAD83", Some(zone @ 1..=23)) => 26900 + zone,
        _ => return None,
    };
    (code == 4326 || units.is_empty() || units.starts_with("MET")).then(|| CrsBeside {
        text: format!("EPSG:{code}"),
        vertical_unit,
    })
}

/// Whether a stored number is the file's "no data": equal or, of floats, equal within the
/// rounding of 32 bits; all that is greater than 1e30 of its sign is where it is.
fn is_no_data(value: f64, no_data: f64, float: bool) -> bool {
    if !float {
        return value == no_data;
    }
    if value == no_data || value as f32 == no_data as f32 {
        return true;
    }
    if no_data.abs() >= 1e30 {
        return value.abs() >= 1e30 && (value < 0.0) == (no_data < 0.0);
    }
    (value - no_data).abs() <= 1e-6 * no_data.abs()
}

/// What to say of a raster without a CRS.
fn no_crs(file: &str) -> Finding {
    Finding::new(
        Kind::Assumed,
        file,
        message!(
            "note.raster.no_crs",
            "it names no coordinate reference system; its coordinates are taken as they are"
        ),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use stormgrid_core::raster::RasterGeometry;

    use super::*;

    fn sample() -> Raster<f32> {
        let geometry =
            RasterGeometry::new(31, 17, 400_000.0, 2_500_000.0, 5.0, 5.0).expect("valid");
        let mut raster = Raster::from_fn(geometry, |r, c| (r * 31 + c) as f32 * 0.25 - 3.0);
        raster.set(3, 4, f32::NAN);
        raster
    }

    #[test]
    fn a_geotiff_survives_writing_and_reading() {
        let bytes = write_geotiff(&sample(), Some("EPSG:4547"), -9999.0).expect("written");
        let read = read(&bytes, "e.tif").expect("valid");
        assert_eq!(read.crs.as_deref(), Some("EPSG:4547"));
        assert_eq!(read.raster.geometry(), sample().geometry());
        assert!(read.raster.get(3, 4).is_nan());
        assert_eq!(read.raster.get(16, 30), f64::from(sample().get(16, 30)));
        assert_eq!(read.findings, []);
    }

    #[test]
    fn a_cut_off_geotiff_is_a_sentence() {
        let bytes = write_geotiff(&sample(), None, -9999.0).expect("written");
        for length in [8, 100, bytes.len() / 2, bytes.len() - 40] {
            let error = read(&bytes[..length], "e.tif")
                .expect_err("cut off")
                .to_string();
            assert!(
                error.starts_with("e.tif: ") && error.contains("again"),
                "{length}: {error}"
            );
        }
    }

    /// A little-endian TIFF of one strip, its entries as (tag, type, count, value or offset).
    fn tiff(entries: &[(u16, u16, u32, u32)], tail: &[u8]) -> Vec<u8> {
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        bytes.extend((entries.len() as u16).to_le_bytes());
        for (tag, kind, count, value) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend([0; 4]);
        bytes.extend(tail);
        bytes
    }

    /// A TIFF without tags of its place, with a world file of cells of 1 m beside it.
    fn read_placed(bytes: &[u8]) -> Result<GeoRaster, FormatError> {
        let beside = Sidecars {
            world: Some(b"1\n0\n0\n-1\n0.5\n9.5\n"),
            ..Sidecars::default()
        };
        read_beside(bytes, "e.tif", &beside)
    }

    fn header(width: u32, height: u32, bands: u32, strip: [u32; 2]) -> Vec<(u16, u16, u32, u32)> {
        vec![
            (256, 4, 1, width),
            (257, 4, 1, height),
            (258, 3, 1, 8),
            (259, 3, 1, 1),
            (262, 3, 1, 1),
            (273, 4, 1, strip[0]),
            (277, 3, 1, bands),
            (278, 4, 1, height),
            (279, 4, 1, strip[1]),
        ]
    }

    /// The decoder once held texts to the size of the cells and dropped the longer ones.
    #[test]
    fn a_raster_of_one_cell_keeps_its_no_data() {
        let geometry = RasterGeometry::new(1, 1, 0.0, 1.0, 1.0, 1.0).expect("valid");
        let bytes = write_geotiff(&Raster::filled(geometry, f32::NAN), None, f32::MIN);
        let read = read(&bytes.expect("written"), "e.tif").expect("valid");
        assert!(read.raster.get(0, 0).is_nan());
    }

    #[test]
    fn the_scale_in_gdals_metadata_is_applied() {
        let xml = b"<GDALMetadata><Item name=\"SCALE\" sample=\"0\" role=\"scale\">0.1</Item>\
            <Item name=\"OFFSET\" sample=\"0\" role=\"offset\">-5</Item></GDALMetadata>\0";
        let start = 8 + 2 + 11 * 12 + 4;
        let mut entries = header(4, 3, 1, [start, 12]);
        entries.push((42112, 2, xml.len() as u32, start + 12));
        entries.push((42113, 2, 2, u32::from(b'7')));
        let mut tail = vec![7_u8; 12];
        tail[0] = 30;
        tail.extend(xml);
        let read = read_placed(&tiff(&entries, &tail)).expect("sound");
        assert!((read.raster.get(0, 0) - -2.0).abs() < 1e-12);
        // No-data is told in the numbers as stored.
        assert!(read.raster.get(2, 3).is_nan());
    }

    #[test]
    fn declared_sizes_are_held_against_the_bytes() {
        let fault = |entries: &[(u16, u16, u32, u32)]| {
            read_placed(&tiff(entries, &[7; 12]))
                .expect_err("faulty")
                .to_string()
        };
        let start = 8 + 2 + 9 * 12 + 4;
        let sound = read_placed(&tiff(&header(4, 3, 1, [start, 12]), &[7; 12])).expect("sound");
        assert_eq!(sound.raster.values(), [7.0; 12]);
        let far = fault(&header(4, 3, 1, [start, 13]));
        assert!(far.contains("strip 0 ends at byte 135 of 134"), "{far}");
        let wide = fault(&header(1_000_000, 1_000_000, 1, [start, 12]));
        assert!(wide.contains("1000000 x 1000000 cells"), "{wide}");
        let sparse = fault(&header(400, 300, 1, [start, 12]));
        assert!(
            sparse.contains("120000 bytes of cells in 12 bytes"),
            "{sparse}"
        );
        let bands = fault(&header(2, 3, 2, [start, 12]));
        assert!(bands.contains("2 bands is not supported"), "{bands}");
    }

    #[test]
    fn an_ascii_grid_is_read_from_the_north() {
        let text = "ncols 3\nnrows 2\nxllcorner 10\nyllcorner 20\ncellsize 5\nNODATA_value -9999\n1 2 3\n4 -9999 6\n";
        let grid = read(text.as_bytes(), "e.asc").expect("valid").raster;
        assert_eq!((grid.geometry().west, grid.geometry().north), (10.0, 30.0));
        assert_eq!(grid.get(0, 2), 3.0);
        assert!(grid.get(1, 1).is_nan());
        let centred = text.replace("corner", "center");
        let grid = read(centred.as_bytes(), "e.asc").expect("valid").raster;
        assert_eq!((grid.geometry().west, grid.geometry().south()), (7.5, 17.5));
        // As GDAL writes it: no-data as nan, cells that are not square, here after a byte order mark.
        let oblong = "\u{feff}ncols 2\r\nnrows 2\r\nxllcorner 0\r\nyllcorner 0\r\ndx 5\r\ndy 10\r\nNODATA_value nan\r\n nan 2\r\n3 4\r\n";
        let grid = read(oblong.as_bytes(), "e.asc").expect("valid").raster;
        assert_eq!(
            (
                grid.geometry().dx,
                grid.geometry().dy,
                grid.geometry().north
            ),
            (5.0, 10.0, 20.0)
        );
        assert!(grid.get(0, 0).is_nan() && grid.get(1, 1) == 4.0);
    }

    #[test]
    fn faults_of_an_ascii_grid_are_named() {
        let fault = |text: &str| {
            read(text.as_bytes(), "e.asc")
                .expect_err("faulty")
                .to_string()
        };
        let head = "ncols 3\nnrows 2\nxllcorner 10\nyllcorner 20\ncellsize 5\n";
        assert!(fault(&format!("{head}1 2 3\n4 x 6\n")).contains("line 7: 'x' is not a number"));
        assert!(fault(&format!("{head}1 2 3\n4 5\n")).contains("declares 6 cells and 5 values"));
        assert!(
            fault("ncols 999999999\nnrows 999999999\nxllcorner 0\nyllcorner 0\ncellsize 5\n1\n")
                .contains("cannot be held")
        );
        assert!(
            fault("ncols 99999\nnrows 9999\nxllcorner 0\nyllcorner 0\ncellsize 5\n1\n")
                .contains("more than")
        );
        assert!(fault("hello\n").contains("line 1"));
        assert!(fault("").contains("empty"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), tiff in any::<bool>()) {
            let mut bytes = bytes;
            if tiff {
                bytes.splice(0..0, *b"II*\0\x08\0\0\0");
            }
            let _ = read(&bytes, "x");
        }

        #[test]
        fn no_mutation_makes_it_panic(changes in prop::collection::vec((any::<u16>(), any::<u8>()), 1..6)) {
            let mut bytes = write_geotiff(&sample(), Some("EPSG:4547"), -9999.0).expect("written");
            for (at, byte) in changes {
                let at = usize::from(at) % bytes.len();
                bytes[at] = byte;
            }
            let _ = read(&bytes, "x");
        }
    }
}
