//! One function a reader: it panics where the reader does not keep its promise.

/// A target with its name.
pub type Target = (&'static str, fn(&[u8]));

/// All targets, by name.
pub const TARGETS: [Target; 23] = [
    ("cap", cap),
    ("city", city),
    ("city_chunk", city_chunk),
    ("crs", crs),
    ("formulas", formulas),
    ("gauges", gauges),
    ("lines", lines),
    ("manifest", manifest),
    ("mean_levels", mean_levels),
    ("named_points", named_points),
    ("number", number),
    ("observations", observations),
    ("points", points),
    ("polygons", polygons),
    ("raster", raster),
    ("raster_list", raster_list),
    ("scenario", scenario),
    ("series", series),
    ("setup_message", setup_message),
    ("terrain_chunk", terrain_chunk),
    ("tide", tide),
    ("track", track),
    ("water_chunk", water_chunk),
];

/// Messages in CAP 1.2; what is accepted and sound is the same after it was written.
pub fn cap(bytes: &[u8]) {
    use stormgrid_formats::cap::{check, read, write};

    let Ok(alert) = crate::bounded(bytes, 0, |bytes| read(bytes, "a")) else {
        return;
    };
    // A character by its number may be one that no message can carry; the writer leaves it out.
    if check(&alert, "a").is_err() || bytes.windows(2).any(|pair| pair == b"&#") {
        return;
    }
    let written = write(&alert).expect("a sound message can be written");
    let again = read(written.as_bytes(), "a").expect("a message that was written can be read");
    assert_eq!(again, alert);
}

/// CityJSON and CityJSONSeq; what is accepted is read the same twice, and its buildings are found without a panic.
pub fn city(bytes: &[u8]) {
    use stormgrid_formats::cityjson::{LodChoice, buildings, info, read};

    let Ok(model) = crate::bounded(bytes, 0, |bytes| read(bytes, "a")) else {
        return;
    };
    let again = read(bytes, "a").expect("the same bytes are read again");
    assert_eq!(format!("{model:?}"), format!("{again:?}"));
    let _ = info(&model);
    let _ = buildings(&model, "a", LodChoice::Highest, &|at: [f64; 3]| {
        Ok::<_, stormgrid_formats::FormatError>(at)
    });
}

/// Parts of the city for the viewer; what is accepted is the same after it was written.
pub fn city_chunk(bytes: &[u8]) {
    use stormgrid_formats::chunk::{decode_city, encode_city};

    let Ok(found) = crate::bounded(bytes, 0, decode_city) else {
        return;
    };
    let again = decode_city(&encode_city(&found)).expect("what was written can be read");
    assert_eq!(format!("{again:?}"), format!("{found:?}"));
}

/// Names and definitions of coordinate reference systems.
pub fn crs(bytes: &[u8]) {
    use stormgrid_crs::Crs;

    let text = String::from_utf8_lossy(bytes);
    let first = crate::bounded(bytes, 0, |_| Crs::parse(&text));
    let again = Crs::parse(&text);
    assert_eq!(format!("{first:?}"), format!("{again:?}"));
}

/// Formulas of design storms.
pub fn formulas(bytes: &[u8]) {
    use stormgrid_formats::rainfall::Formulas;

    crate::same_from_windows(bytes, |bytes| Formulas::read(bytes, "a"));
}

/// Records of rain gauges.
pub fn gauges(bytes: &[u8]) {
    use stormgrid_core::time::Instant;
    use stormgrid_formats::rainfall::read_gauges;

    let start = Instant::parse("2017-08-23T00:00:00Z").expect("a time");
    crate::same_from_windows(bytes, |bytes| read_gauges(bytes, "a", start));
}

/// Lines as GeoJSON; what is accepted is the same after it was written.
pub fn lines(bytes: &[u8]) {
    use stormgrid_formats::vector::{read_lines, write};

    let read = |bytes: &[u8]| read_lines(bytes, "a");
    let Ok(layer) = crate::bounded(bytes, 0, read) else {
        return;
    };
    let written = write(&layer.features, None, serde_json::Map::new())
        .expect("a layer that was read can be written");
    let again = read(&written).expect("a layer that was written can be read");
    assert_eq!(told(&again.features), told(&layer.features));
}

/// Manifests of twins.
pub fn manifest(bytes: &[u8]) {
    use stormgrid_formats::manifest::Manifest;

    crate::same_from_windows(bytes, |bytes| Manifest::read(bytes, "a"));
}

/// Mean levels of gauges.
pub fn mean_levels(bytes: &[u8]) {
    use stormgrid_formats::tide::read_mean_levels;

    crate::same_from_windows(bytes, |bytes| read_mean_levels(bytes, "a"));
}

/// Points as CSV.
pub fn named_points(bytes: &[u8]) {
    use stormgrid_formats::series::read_points;

    crate::same_from_windows(bytes, |bytes| read_points(bytes, "a"));
}

/// Numbers and flags as people write them: what is understood is understood the same after it was written.
pub fn number(bytes: &[u8]) {
    use stormgrid_core::value::{Value, parse_flag, parse_number};

    let text = String::from_utf8_lossy(bytes);
    if let Value::Known(value) = crate::bounded(bytes, 0, |_| parse_number(&text)) {
        assert_eq!(parse_number(&format!("{value:?}")), Value::Known(value));
        assert_eq!(
            parse_number(&format!(" {text}\u{3000}")),
            Value::Known(value)
        );
    }
    let _ = parse_flag(&text);
}

/// Observed levels.
pub fn observations(bytes: &[u8]) {
    use stormgrid_formats::observations::read;

    crate::same_from_windows(bytes, |bytes| read(bytes, "a"));
}

/// What features hold; not where they stood in the file, which changes where some without a shape were left out.
fn told<G: std::fmt::Debug>(features: &[stormgrid_formats::vector::Feature<G>]) -> Vec<String> {
    let of = |f: &stormgrid_formats::vector::Feature<G>| {
        format!("{:?} {:?} {:?}", f.id, f.properties, f.geometry)
    };
    features.iter().map(of).collect()
}

/// Points as GeoJSON; what is accepted is the same after it was written.
pub fn points(bytes: &[u8]) {
    use stormgrid_formats::vector::{read_points, write};

    let read = |bytes: &[u8]| read_points(bytes, "a");
    let Ok(layer) = crate::bounded(bytes, 0, read) else {
        return;
    };
    let written = write(&layer.features, None, serde_json::Map::new())
        .expect("a layer that was read can be written");
    let again = read(&written).expect("a layer that was written can be read");
    assert_eq!(told(&again.features), told(&layer.features));
}

/// Polygons as GeoJSON; what is accepted is the same after it was written.
pub fn polygons(bytes: &[u8]) {
    use stormgrid_formats::vector::{Rings, read_polygons, write};

    let read = |bytes: &[u8]| read_polygons(bytes, "a", Rings::Refuse);
    let Ok(layer) = crate::bounded(bytes, 0, read) else {
        return;
    };
    let written = write(&layer.features, None, serde_json::Map::new())
        .expect("a layer that was read can be written");
    let again = read(&written).expect("a layer that was written can be read");
    assert_eq!(told(&again.features), told(&layer.features));
}

/// GeoTIFF and ESRI ASCII grids; what is accepted is the same after it was written as GeoTIFF.
pub fn raster(bytes: &[u8]) {
    use stormgrid_formats::elevation::{read, write_geotiff};

    // A raster may hold what its strips hold when unpacked: deflate reaches 1032 to 1.
    let packed = bytes.len().min(1 << 16) * 1032;
    let Ok(found) = crate::bounded(bytes, packed, |bytes| read(bytes, "a")) else {
        return;
    };
    let single = found.raster.map(|v| v as f32);
    // A file that names its own "no data" may hold -9999 as a height.
    let written = write_geotiff(&single, found.crs.as_deref(), f32::MIN)
        .expect("a raster that was read can be written");
    let again = read(&written, "a").expect("a raster that was written can be read");
    assert_eq!(again.raster.geometry(), found.raster.geometry());
    for (a, b) in again.raster.values().iter().zip(single.values()) {
        assert!(
            *a as f32 == *b || (a.is_nan() && b.is_nan()),
            "{a} after writing {b}"
        );
    }
}

/// Lists of rasters over time.
pub fn raster_list(bytes: &[u8]) {
    use stormgrid_formats::series::read_rasters;

    crate::same_from_windows(bytes, |bytes| read_rasters(bytes, "a"));
}

/// Scenarios.
pub fn scenario(bytes: &[u8]) {
    use stormgrid_formats::scenario::Scenario;

    crate::same_from_windows(bytes, |bytes| Scenario::read(bytes, "a"));
}

/// Series; what is accepted is the same after it was written.
pub fn series(bytes: &[u8]) {
    use stormgrid_formats::series::{Quantity, read};

    crate::same_from_windows(bytes, |bytes| {
        read(bytes, "a", &Quantity::ANY).map(|f| f.series)
    });
    let Ok(series) = read(bytes, "a", &Quantity::ANY).map(|f| f.series) else {
        return;
    };
    let rows = series
        .time_s
        .iter()
        .zip(&series.value)
        .map(|(t, v)| format!("{t:?},{v:?}\n"));
    let written = format!("time_s,value\n{}", rows.collect::<String>());
    let again = read(written.as_bytes(), "a", &Quantity::ANY)
        .map(|f| f.series)
        .expect("a series that was written can be read");
    assert_eq!(again.time_s, series.time_s);
    assert_eq!(again.value, series.value);
}

/// Set-ups of a flood for the browser; what is accepted is the same after it was written.
pub fn setup_message(bytes: &[u8]) {
    use stormgrid_formats::setup_message::{decode_setup, encode_setup};

    let Ok(found) = crate::bounded(bytes, 0, decode_setup) else {
        return;
    };
    let again = decode_setup(&encode_setup(&found)).expect("what was written can be read");
    assert_eq!(format!("{again:?}"), format!("{found:?}"));
}

/// Terrain for the viewer; what is accepted is the same after it was written, within a step of its heights.
pub fn terrain_chunk(bytes: &[u8]) {
    use stormgrid_formats::chunk::{decode_terrain, encode_terrain};

    let Ok(found) = crate::bounded(bytes, 0, decode_terrain) else {
        return;
    };
    let finite = found.values().iter().filter(|v| v.is_finite());
    let (low, high) = finite.fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), v| {
        (l.min(*v), h.max(*v))
    });
    // Heights that f32 cannot tell apart any more are no terrain.
    let most = low.abs().max(high.abs());
    if most.is_nan() || most >= 1e6 {
        return;
    }
    let again = decode_terrain(&encode_terrain(&found)).expect("what was written can be read");
    let step = ((high - low) / 65_534.0).max(1e-6) + 1e-6 * low.abs().max(high.abs());
    for (a, b) in again.values().iter().zip(found.values()) {
        assert!(
            (a - b).abs() <= step || (a.is_nan() && !b.is_finite()),
            "{a} after writing {b}"
        );
    }
}

/// Tidal constants.
pub fn tide(bytes: &[u8]) {
    use stormgrid_formats::tide::read_constituents;

    crate::same_from_windows(bytes, |bytes| read_constituents(bytes, "a"));
}

/// Typhoon tracks of every format.
pub fn track(bytes: &[u8]) {
    use stormgrid_formats::track::read;

    crate::same_from_windows(bytes, |bytes| read(bytes, "a"));
}

/// Frames of water for the viewer; what is accepted is the same after it was written.
pub fn water_chunk(bytes: &[u8]) {
    use stormgrid_formats::chunk::{decode_water, encode_water};

    let Ok(found) = crate::bounded(bytes, 0, decode_water) else {
        return;
    };
    let again = decode_water(&encode_water(&found)).expect("what was written can be read");
    assert_eq!(format!("{again:?}"), format!("{found:?}"));
}
