//! Real tracks and tide tables against what their README says of them and a count of their rows.
//!
//! Reference: `shared/data/typhoon/README.md` and `shared/data/obs/README.md` (storms, Hato at
//! 06 UTC 23 August 2017, constituents a station); fixes counted with `wc -l FILE` less the header.

use stormgrid_core::storm::Averaging;
use stormgrid_core::time::Instant;
use stormgrid_formats::{tide, track};

/// Bytes of a file of the reference data; `None`, with a printed reason, where there are none.
fn reference(path: &str) -> Option<Vec<u8>> {
    let folder = stormgrid_tests::shared_data("")?;
    Some(std::fs::read(folder.join(path)).expect("a file of the reference data"))
}

#[test]
fn every_storm_of_every_agency_is_read() {
    let cases = [
        (
            "tracks_jma_10min.csv",
            14,
            Averaging::TenMinute,
            75.0,
            965.0,
        ),
        (
            "tracks_jtwc_1min.csv",
            14,
            Averaging::OneMinute,
            85.0,
            964.0,
        ),
    ];
    let noon = Instant::parse("2017-08-23T06:00:00Z").expect("an instant");
    for (file, storms, averaging, knots, hectopascal) in cases {
        let Some(bytes) = reference(&format!("typhoon/{file}")) else {
            return;
        };
        let read = track::read(&bytes, file).expect("a sound track");
        assert_eq!(read.tracks.len(), storms, "{file}");
        let rows = bytes.iter().filter(|b| **b == b'\n').count() - 1;
        let fixes: usize = read.tracks.iter().map(|t| t.fixes.len()).sum();
        assert_eq!(fixes, rows, "{file}");
        let hato = read
            .tracks
            .iter()
            .find(|t| t.intl_id == "1713")
            .expect("Hato");
        assert_eq!((hato.name.as_str(), hato.averaging), ("HATO", averaging));
        let fix = hato.fixes.iter().find(|f| f.time == noon).expect("a fix");
        // One knot is 1852 m an hour.
        let speed = fix.vmax.expect("a wind");
        assert!(
            (speed - knots * 1852.0 / 3600.0).abs() < 1e-9,
            "{file}: {speed}"
        );
        let pressure = fix.pmin.expect("a pressure");
        assert!(
            (pressure - 100.0 * hectopascal).abs() < 1e-6,
            "{file}: {pressure}"
        );
    }
}

#[test]
fn radii_are_read_of_the_storms_that_have_them() {
    let Some(bytes) = reference("typhoon/tracks_jtwc_radii.csv") else {
        return;
    };
    let tracks = track::read(&bytes, "radii.csv")
        .expect("a sound file")
        .tracks;
    let mut names: Vec<&str> = tracks.iter().map(|t| t.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["HATO", "HIGOS", "MANGKHUT", "PAKHAR", "VICENTE"]);
    assert!(
        tracks
            .iter()
            .all(|t| t.fixes.iter().any(|f| f.rmw.is_some()))
    );
}

#[test]
fn four_stations_have_fifty_constituents_each() {
    let Some(bytes) = reference("obs/tide_constituents.csv") else {
        return;
    };
    let stations = tide::read_constituents(&bytes, "tide.csv").expect("a sound table");
    let found: Vec<_> = stations
        .iter()
        .map(|s| (s.name.as_str(), s.constants.len()))
        .collect();
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found.iter().all(|(_, n)| *n == 50), "{found:?}");
    let Some(bytes) = reference("obs/tide_datums.csv") else {
        return;
    };
    let levels = tide::read_mean_levels(&bytes, "datums.csv").expect("a sound table");
    // Quarry Bay, 2006 to 2025: mean sea level 1.46 m above the gauge's zero.
    let quarry_bay = levels.iter().find(|(id, _)| id.contains("hong_kong"));
    assert!((quarry_bay.expect("Quarry Bay").1 - 1.46).abs() < 0.005);
}

#[test]
fn the_deck_of_mangkhut_is_that_of_the_table() {
    let (Some(deck), Some(table)) = (
        reference("typhoon/bwp262018.dat"),
        reference("typhoon/tracks_jtwc_radii.csv"),
    ) else {
        return;
    };
    let deck = track::read(&deck, "bwp262018.dat").expect("a sound deck");
    let table = track::read(&table, "radii.csv").expect("a sound table");
    let [track] = deck.tracks.as_slice() else {
        panic!("one storm, not {}", deck.tracks.len());
    };
    assert_eq!(
        (track.name.as_str(), track.agency.as_str()),
        ("MANGKHUT", "JTWC")
    );
    let known = table
        .tracks
        .iter()
        .find(|t| t.name == "MANGKHUT")
        .expect("in the table");
    let mut compared = 0;
    for fix in &known.fixes {
        let Some(same) = track.fixes.iter().find(|f| f.time == fix.time) else {
            panic!("no fix at {}", fix.time.to_rfc3339());
        };
        assert_eq!(
            (same.lat_deg, same.lon_deg, same.vmax, same.rmw),
            (fix.lat_deg, fix.lon_deg, fix.vmax, fix.rmw)
        );
        for radius in &fix.radii {
            let found = same
                .radii
                .iter()
                .find(|r| r.wind == radius.wind)
                .expect("the same winds");
            let given = |q: [Option<f64>; 4]| q.map(|r| r.unwrap_or(0.0));
            assert_eq!(given(found.quadrants), given(radius.quadrants));
            compared += 1;
        }
    }
    assert!(compared > 20, "{compared} radii compared");
}
