//! Elevation and other rasters of one value per cell: GeoTIFF and ESRI ASCII grid.

mod ascii;
mod geotiff;

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
    pub warnings: Vec<String>,
}

/// Reads a raster: a GeoTIFF if it begins like one, an ESRI ASCII grid otherwise.
///
/// GeoTIFF: one band of 8 to 64 bit integers or 32 or 64 bit floats, strips or tiles, uncompressed,
/// LZW or deflate, any predictor, north up.
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
