//! Rasters that people have: what their files leave unsaid is told, and what cannot be is refused.
//!
//! Inputs and right values: `shared/data/inputs/README.md` (rasterio 1.4.4, GDAL 3.10.3), or built here.

use stormgrid_core::finding::Kind;
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_formats::elevation::{self, GeoRaster, Sidecars, write_geotiff};

fn shared(name: &str) -> Option<Vec<u8>> {
    let folder = stormgrid_tests::shared_data("inputs")?;
    Some(std::fs::read(folder.join(name)).expect("a file of the reference data"))
}

fn geometry(n_cols: usize, n_rows: usize) -> RasterGeometry {
    RasterGeometry::new(n_cols, n_rows, 405_000.0, 2_498_000.0, 10.0, 10.0).expect("valid")
}

/// A GeoTIFF of heights; it names -1 as no data, which none of the heights here is.
fn tiff(values: &[f32]) -> Vec<u8> {
    let raster = Raster::new(geometry(values.len(), 1), values.to_vec()).expect("valid");
    write_geotiff(&raster, Some("EPSG:4547"), -1.0).expect("written")
}

fn known(read: &GeoRaster) -> Vec<Option<f64>> {
    let values = read.raster.values().iter();
    values.map(|v| v.is_finite().then_some(*v)).collect()
}

fn heights(values: &[f32]) -> Result<GeoRaster, String> {
    let read = elevation::read(&tiff(values), "e.tif").expect("sound");
    read.into_heights("e.tif").map_err(|e| e.to_string())
}

fn has(read: &GeoRaster, kind: Kind, part: &str) -> bool {
    let mut findings = read.findings.iter();
    findings.any(|f| f.kind == kind && f.text.to_string().contains(part))
}

/// R01, R02, R11, R13, R20, R21: number of cells with a value, their sum, and the CRS, as rasterio has them.
#[test]
fn the_cases_of_the_folder_are_read_as_rasterio_reads_them() {
    for (name, cells, sum, highest) in [
        ("r01_mask.tif", 200, 1000.0, 5.0),
        ("r02_sparse.tif", 64 * 64, 20_480.0, 5.0),
        ("r11_miniswhite.tif", 400, 5700.0, 29.0),
        (
            "r11b_miniswhite_f32.tif",
            400,
            1_139.999_998_964_369_3,
            5.699_999_809_265_137,
        ),
        ("r11c_miniswhite_i16.tif", 400, 11_400.0, 57.0),
        ("r13_gcp.tif", 400, 2000.0, 5.0),
        ("r20_untagged.tif", 384, 1920.0, 5.0),
        ("r21_esri_pe.tif", 400, 2000.0, 5.0),
    ] {
        let Some(bytes) = shared(name) else { return };
        let read = elevation::read(&bytes, name).expect("sound");
        let found: Vec<f64> = known(&read).into_iter().flatten().collect();
        assert_eq!(found.len(), cells, "{name}");
        assert!((found.iter().sum::<f64>() - sum).abs() < 1e-9, "{name}");
        assert_eq!(
            found.iter().copied().fold(f64::MIN, f64::max),
            highest,
            "{name}"
        );
        assert_eq!(read.crs.as_deref(), Some("EPSG:4547"), "{name}");
        assert_eq!(
            [read.raster.geometry().dx, read.raster.geometry().dy],
            [10.0, 10.0],
            "{name}"
        );
        assert!(
            (read.raster.geometry().west - 405_000.0).abs() < 1e-6,
            "{name}"
        );
        assert!(
            (read.raster.geometry().north - 2_498_000.0).abs() < 1e-6,
            "{name}"
        );
    }
}

#[test]
fn the_masked_half_of_r01_has_no_data() {
    let Some(bytes) = shared("r01_mask.tif") else {
        return;
    };
    let read = elevation::read(&bytes, "r01_mask.tif").expect("sound");
    for row in 0..20 {
        assert!((0..10).all(|col| read.raster.get(row, col).is_nan()));
        assert!((10..20).all(|col| read.raster.get(row, col).is_finite()));
    }
}

/// The definition that GDAL reads of r21b: transverse Mercator on GRS 80, 113.1° E, 500 km.
#[test]
fn a_user_defined_projection_is_handed_on_as_text() {
    let Some(bytes) = shared("r21b_city_tm.tif") else {
        return;
    };
    let read = elevation::read(&bytes, "r21b_city_tm.tif").expect("sound");
    let crs = read.crs.expect("a definition");
    for part in [
        "PROJCS[",
        "PROJECTION[\"Transverse_Mercator\"]",
        "PARAMETER[\"central_meridian\",113.1]",
        "PARAMETER[\"false_easting\",500000]",
        "PARAMETER[\"scale_factor\",1]",
        "6378137,298.257222101",
        "UNIT[\"unit\",1]",
    ] {
        assert!(crs.contains(part), "{part} in {crs}");
    }
    assert_eq!(read.unit_m, Some(1.0));
    // What a run writes names it again.
    let raster = Raster::filled(geometry(2, 2), 1.0_f32);
    let bytes = write_geotiff(&raster, Some(&crs), -9999.0).expect("written");
    let again = elevation::read(&bytes, "e.tif").expect("sound");
    assert_eq!(again.crs.as_deref(), Some(crs.as_str()));
}

/// F05b: the decoder held the texts of tags to the size of the cells.
#[test]
fn the_smallest_raster_keeps_its_crs() {
    for cells in [1, 2, 10] {
        let read = elevation::read(&tiff(&vec![2.0; cells]), "e.tif").expect("sound");
        assert_eq!(read.crs.as_deref(), Some("EPSG:4547"));
    }
}

#[test]
fn numbers_for_no_data_are_unknown_and_told_with_their_count() {
    for sentinel in [
        -9999.0,
        -32767.0,
        -32768.0,
        9999.0,
        1e20,
        -3.4e38,
        f32::MIN,
        -3276.8,
        -327.68,
        99999.0,
    ] {
        let read = elevation::read(&tiff(&[2.0, sentinel, 3.0, sentinel]), "e.tif").expect("sound");
        assert_eq!(
            known(&read),
            [Some(2.0), None, Some(3.0), None],
            "{sentinel}"
        );
        assert!(
            has(&read, Kind::Unknown, "2 cells"),
            "{sentinel}: {:?}",
            read.findings
        );
        assert_eq!(read.findings[0].count, 2);
    }
}

/// A sea floor may be 9999 m deep, and a summit is no sentinel because it ends in nines.
#[test]
fn numbers_that_do_not_stand_alone_are_values() {
    let trench = [-9995.0, -9999.0, -10_003.0, -9990.0];
    assert_eq!(
        heights(&trench).map(|h| known(&h)),
        Ok(trench.map(|v| Some(f64::from(v))).to_vec())
    );
    let slope = [-300.0, -327.68, -340.0];
    assert_eq!(heights(&slope).map(|h| h.findings), Ok(vec![]));
}

#[test]
fn heights_that_the_earth_does_not_have_are_refused() {
    // A fathom of resampled -9999, heights in millimetres, nothing at all.
    for (values, part) in [
        (
            vec![2.0, 3.0, -4711.0],
            "1 cells hold heights that cannot be",
        ),
        (vec![2000.0, 30_000.0, 2500.0], "reach from 2000 to 30000 m"),
        (vec![2.0, -15_000.0, 3.0], "gdal_translate -a_nodata"),
        (vec![-1.0, -1.0], "no cell holds a value"),
    ] {
        let fault = heights(&values).expect_err("impossible");
        assert!(
            fault.starts_with("e.tif: ") && fault.contains(part),
            "{fault}"
        );
    }
    // A sea floor that falls away is one.
    let shelf: Vec<f32> = (0..60).map(|k| 5.0 - k as f32 * 90.0).collect();
    assert!(heights(&shelf).is_ok());
}

#[test]
fn the_place_of_a_raster_is_in_it_or_beside_it() {
    let plain = {
        // A TIFF whose tags of place are renamed to ones that nobody reads.
        let mut bytes = tiff(&[2.0, 3.0]);
        for tag in [33550_u16, 33922] {
            let at = bytes
                .windows(2)
                .position(|w| w == tag.to_le_bytes())
                .expect("written");
            bytes[at..at + 2].copy_from_slice(&(tag - 1000).to_le_bytes());
        }
        bytes
    };
    let fault = elevation::read(&plain, "e.tif")
        .expect_err("without a place")
        .to_string();
    assert!(fault.contains("does not say where it lies"), "{fault}");
    let beside = Sidecars {
        world: Some(b"10.0\r\n0\r\n0\r\n-10,0\r\n405005\r\n2497995\r\n"),
        ..Sidecars::default()
    };
    let read = elevation::read_beside(&plain, "e.tif", &beside).expect("placed");
    assert_eq!(*read.raster.geometry(), geometry(2, 1));
    let aux = b"<PAMDataset><GeoTransform>  4.05e+05, 10, 0, 2.498e+06, 0, -10</GeoTransform><PAMRasterBand band=\"1\"><NoDataValue>3</NoDataValue><UnitType>ft</UnitType></PAMRasterBand></PAMDataset>";
    let beside = Sidecars {
        aux: Some(aux),
        ..Sidecars::default()
    };
    let read = elevation::read_beside(&plain, "e.tif", &beside).expect("placed");
    assert_eq!(*read.raster.geometry(), geometry(2, 1));
    assert_eq!(read.vertical_unit.as_ref().map(|u| u.metres), Some(0.3048));
    let read = read.into_heights("e.tif").expect("sound");
    assert_eq!(read.raster.get(0, 0), 2.0 * 0.3048);
    assert!(has(&read, Kind::Note, "converted to metres"));
}

/// ESRI's default, and numbers that are compared as text: R17, R18.
#[test]
fn no_data_of_an_ascii_grid_is_found_in_any_spelling() {
    let rows = "2 -9999\n3 4\n";
    for head in [
        "",
        "NODATA_value -9999\n",
        "nodata_value -9999.0\n",
        "NODATA -9.999e3\n",
        "NODATA_VALUE\t-9999,00\n",
    ] {
        let text = format!("ncols 2\nnrows 2\nxllcorner 0\nyllcorner 0\ncellsize 10\n{head}{rows}");
        let read = elevation::read(text.as_bytes(), "e.asc").expect("sound");
        assert_eq!(
            known(&read),
            [Some(2.0), None, Some(3.0), Some(4.0)],
            "{head}"
        );
        assert_eq!(
            has(&read, Kind::Unknown, "1 cells hold -9999"),
            head.is_empty(),
            "{head}"
        );
    }
    let rounded = "ncols 2\nnrows 1\nxllcorner 0\nyllcorner 0\ncellsize 10\nNODATA_value -3.40282346639e+38\n-3.4028235e+38 1.#QNAN\n";
    let read = elevation::read(rounded.as_bytes(), "e.asc").expect("sound");
    assert_eq!(known(&read), [None, None]);
}

#[test]
fn ascii_grids_are_read_as_programs_write_them() {
    let text = "NCOLS\t2\r\nNROWS\t2\r\nXLLCENTER\t405005,0\r\nYLLCENTER\t2497985,0\r\nDX\t10\r\nDY\t10\r\n1,5\t2,25\r\n\r\n-1.5E+0;1e1\r\n";
    let read = elevation::read(text.as_bytes(), "e.asc").expect("sound");
    assert_eq!(*read.raster.geometry(), geometry(2, 2));
    assert_eq!(
        known(&read),
        [Some(1.5), Some(2.25), Some(-1.5), Some(10.0)]
    );
    for (bytes, name) in [
        (&b"DSAA\n2 2\n0 1\n0 1\n0 1\n1 1\n1 1\n"[..], "Surfer"),
        (b"DSBB\0\0\0\0", "Surfer"),
        (b"CDF\x01....", "netCDF"),
        (b"\x89HDF\r\n", "HDF5"),
        (b"\x1f\x8b\x08....", "gzip"),
    ] {
        let fault = elevation::read(bytes, "e.asc")
            .expect_err("another format")
            .to_string();
        assert!(fault.contains(name) && fault.contains("GeoTIFF"), "{fault}");
    }
}

/// A `.prj` of ESRI beside an ASCII grid gives its CRS.
#[test]
fn a_projection_file_beside_a_grid_names_its_crs() {
    let text = "ncols 1\nnrows 1\nxllcorner 0\nyllcorner 0\ncellsize 10\n2\n";
    let beside = Sidecars {
        prj: Some(b"\xef\xbb\xbfPROJCS[\"x\",UNIT[\"Meter\",1.0]]\r\n"),
        ..Sidecars::default()
    };
    let read = elevation::read_beside(text.as_bytes(), "e.asc", &beside).expect("sound");
    assert_eq!(
        read.crs.as_deref(),
        Some("PROJCS[\"x\",UNIT[\"Meter\",1.0]]")
    );
    assert_eq!(read.findings, []);
    let alone = elevation::read(text.as_bytes(), "e.asc").expect("sound");
    assert!(has(
        &alone,
        Kind::Assumed,
        "names no coordinate reference system"
    ));
}

/// R15, and flumes of laboratories, whose cells are as small.
#[test]
fn degrees_without_a_crs_are_told_from_a_laboratory() {
    let grid = |x: f64, y: f64, size: f64| {
        let text = format!(
            "ncols 20\nnrows 20\nxllcorner {x}\nyllcorner {y}\ncellsize {size}\n{}",
            "1 ".repeat(400)
        );
        elevation::read(text.as_bytes(), "e.asc")
            .expect("sound")
            .looks_like_degrees()
    };
    assert!(grid(113.05, 22.55, 0.000278));
    assert!(grid(-74.0, 40.7, 1.0 / 10_800.0));
    assert!(grid(100.0, 10.0, 0.05));
    for (x, y, size) in [
        (0.0, 0.0, 0.014),
        (0.0, 0.0, 0.05),
        (405_000.0, 2_498_000.0, 10.0),
        (0.0, 0.0, 10.0),
    ] {
        assert!(!grid(x, y, size), "{x} {y} {size}");
    }
}

/// Packings that no kept library here brings are refused by their name.
#[test]
fn unknown_packings_are_named() {
    let sound = tiff(&[2.0, 3.0]);
    // Compression, SHORT, one value: deflate as the writer has it.
    let entry = [
        259_u16.to_le_bytes(),
        3_u16.to_le_bytes(),
        1_u16.to_le_bytes(),
        [0, 0],
    ]
    .concat();
    let at = sound.windows(8).position(|w| w == entry).expect("written") + 8;
    for (code, name) in [
        (34887_u16, "LERC"),
        (7, "JPEG"),
        (50001, "WebP"),
        (34925, "LZMA"),
        (4711, "4711"),
    ] {
        let mut bytes = sound.clone();
        bytes[at..at + 2].copy_from_slice(&code.to_le_bytes());
        let fault = elevation::read(&bytes, "e.tif")
            .expect_err("not read")
            .to_string();
        assert!(
            fault.contains(&format!("packed with {name} is not supported")),
            "{fault}"
        );
    }
}

/// A GeoTIFF with keys of a vertical system and a unit in place of those of the CRS alone.
fn with_keys(keys: &[[u16; 4]]) -> Vec<u8> {
    let mut bytes = tiff(&[10.0, 20.0]);
    let own: Vec<u8> = [1_u16, 1, 0, 3]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let at = bytes.windows(8).position(|w| w == own).expect("written");
    let end = bytes.len() as u32;
    // The directory of keys moves to the end of the file.
    let entry = bytes
        .windows(12)
        .position(|w| w[..2] == 34735_u16.to_le_bytes() && w[8..] == (at as u32).to_le_bytes())
        .expect("written");
    bytes[entry + 4..entry + 8].copy_from_slice(&(4 * (keys.len() as u32 + 1)).to_le_bytes());
    bytes[entry + 8..entry + 12].copy_from_slice(&end.to_le_bytes());
    let head = [1, 1, 0, keys.len() as u16];
    bytes.extend(
        head.iter()
            .chain(keys.iter().flatten())
            .flat_map(|v| v.to_le_bytes()),
    );
    bytes
}

/// Codes and units: EPSG v11.022.
#[test]
fn the_vertical_system_of_a_raster_is_asked() {
    let read = |extra: &[[u16; 4]]| {
        let keys = [
            &[[1024, 0, 1, 1], [1025, 0, 1, 1], [3072, 0, 1, 4547]],
            extra,
        ]
        .concat();
        elevation::read(&with_keys(&keys), "e.tif").expect("sound")
    };
    // NAVD 88 in US survey feet, by its code and by its unit.
    for keys in [[[4096, 0, 1, 6360]], [[4099, 0, 1, 9003]]] {
        let heights = read(&keys).into_heights("e.tif").expect("heights");
        assert!(
            (heights.raster.get(0, 1) - 20.0 * 1200.0 / 3937.0).abs() < 1e-12,
            "{keys:?}"
        );
        assert!(has(&heights, Kind::Note, "US survey foot"), "{keys:?}");
    }
    let yellow_sea = read(&[[4096, 0, 1, 5737]]);
    assert_eq!(yellow_sea.crs.as_deref(), Some("EPSG:4547+5737"));
    assert_eq!(
        yellow_sea
            .into_heights("e.tif")
            .expect("heights")
            .raster
            .get(0, 1),
        20.0
    );
    // Mean sea level depth points down.
    let fault = read(&[[4096, 0, 1, 5715]])
        .into_heights("e.tif")
        .expect_err("depths");
    assert!(fault.to_string().contains("depths"), "{fault}");
    let fault = elevation::read(&with_keys(&[[4099, 0, 1, 9099]]), "e.tif").expect_err("a unit");
    assert!(fault.to_string().contains("9099"), "{fault}");
}

/// Cause: the writer took the last code of a compound name, which is the vertical one.
#[test]
fn a_compound_name_is_written_as_its_horizontal_part() {
    let raster = Raster::filled(geometry(2, 2), 1.0_f32);
    for crs in [
        "EPSG:4547+5737",
        "urn:ogc:def:crs,crs:EPSG::4547,crs:EPSG::5737",
    ] {
        let bytes = write_geotiff(&raster, Some(crs), -9999.0).expect("written");
        let read = elevation::read(&bytes, "e.tif").expect("sound");
        assert_eq!(read.crs.as_deref(), Some("EPSG:4547"), "{crs}");
    }
}
