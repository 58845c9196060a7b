//! Elevation and other rasters of one value per cell: GeoTIFF and ESRI ASCII grid.

mod ascii;
mod geographic;
mod geotiff;

use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::raster::Raster;

use crate::FormatError;

pub use geotiff::write_geotiff;

/// A raster with the CRS that its file names.
#[derive(Clone, Debug, PartialEq)]
pub struct GeoRaster {
    /// The values; NaN where the file has no data.
    pub raster: Raster<f64>,
    /// The CRS as `EPSG:n`; `None` if the file names none.
    pub crs: Option<String>,
    /// What a person should know about the file though it was read.
    pub warnings: Vec<Message>,
}

/// Reads a raster: a GeoTIFF if it begins like one, an ESRI ASCII grid otherwise.
///
/// GeoTIFF: one band of 8 to 64 bit integers or 32 or 64 bit floats, strips or tiles, uncompressed,
/// LZW or deflate, any predictor, north up, at most 2²⁹ cells; scale and offset in GDAL's metadata are
/// applied. Memory stays within a fixed multiple of what the compressed strips can hold.
pub fn read(bytes: &[u8], file: &str) -> Result<GeoRaster, FormatError> {
    match bytes {
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => geotiff::read(bytes, file),
        [] => Err(FormatError::malformed(
            file,
            "",
            "the file is empty",
            "give a GeoTIFF or an ESRI ASCII grid",
        )),
        _ => ascii::read(bytes, file),
    }
}

/// What to say of a raster without a CRS.
fn no_crs(file: &str) -> Message {
    message!(
        "note.raster.no_crs",
        "{file} names no coordinate reference system; its coordinates are taken as they are",
        file = file
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
        assert!(read.warnings.is_empty());
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
        let read = read(&tiff(&entries, &tail), "e.tif").expect("sound");
        assert!((read.raster.get(0, 0) - -2.0).abs() < 1e-12);
        // No-data is told in the numbers as stored.
        assert!(read.raster.get(2, 3).is_nan());
    }

    #[test]
    fn declared_sizes_are_held_against_the_bytes() {
        let fault = |entries: &[(u16, u16, u32, u32)]| {
            read(&tiff(entries, &[7; 12]), "e.tif")
                .expect_err("faulty")
                .to_string()
        };
        let start = 8 + 2 + 9 * 12 + 4;
        let sound = read(&tiff(&header(4, 3, 1, [start, 12]), &[7; 12]), "e.tif").expect("sound");
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
