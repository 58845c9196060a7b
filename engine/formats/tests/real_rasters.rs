//! Real GeoTIFFs against what GDAL says of them.
//!
//! Reference: GDAL 3.6.2, `gdalinfo -stats FILE` (size, minimum, maximum, mean of valid cells).

use stormgrid_formats::elevation;

struct Case {
    file: &'static str,
    size: [usize; 2],
    crs: Option<&'static str>,
    minimum: f64,
    maximum: f64,
    mean: f64,
}

const CASES: &[Case] = &[
    Case {
        file: "merewether_2007/dem_1m.tif",
        size: [321, 416],
        crs: Some("EPSG:32756"),
        minimum: 16.473_100_662_231,
        maximum: 51.969_299_316_406,
        mean: 28.159_260_689_358,
    },
    Case {
        file: "monai_lab/bathymetry.tif",
        size: [393, 244],
        crs: None,
        minimum: -0.135_350_003_838_54,
        maximum: 0.125,
        mean: -0.048_295_736_370_725,
    },
    Case {
        file: "cairns_coast/topobathy_270m.tif",
        size: [1584, 1188],
        crs: Some("EPSG:32755"),
        minimum: -2153.0,
        maximum: 1599.0,
        mean: -621.456_969_946_73,
    },
    Case {
        file: "pearl_river_region/etopo5_south_china_sea.tif",
        size: [303, 243],
        crs: Some("EPSG:4326"),
        minimum: -9394.0,
        maximum: 3048.0,
        mean: -1_761.267_353_895_9,
    },
];

#[test]
fn rasters_are_read_as_gdal_reads_them() {
    let Some(folder) = stormgrid_tests::shared_data("terrain") else {
        return;
    };
    for case in CASES {
        let bytes = std::fs::read(folder.join(case.file)).expect("a file of the reference data");
        let read = elevation::read(&bytes, case.file).expect("a sound GeoTIFF");
        let geometry = read.raster.geometry();
        assert_eq!(
            [geometry.n_cols, geometry.n_rows],
            case.size,
            "{}",
            case.file
        );
        assert_eq!(read.crs.as_deref(), case.crs, "{}", case.file);
        let valid: Vec<f64> = read
            .raster
            .values()
            .iter()
            .copied()
            .filter(|v| v.is_finite())
            .collect();
        let low = valid.iter().copied().fold(f64::INFINITY, f64::min);
        let high = valid.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mean = valid.iter().sum::<f64>() / valid.len() as f64;
        for (found, expected) in [(low, case.minimum), (high, case.maximum), (mean, case.mean)] {
            // gdalinfo prints three decimals of the mean.
            assert!(
                (found - expected).abs() < 1.1e-3,
                "{}: {found} where GDAL has {expected}",
                case.file
            );
        }
        println!(
            "{}: {} valid cells, {low} to {high}, mean {mean}",
            case.file,
            valid.len()
        );
    }
}
