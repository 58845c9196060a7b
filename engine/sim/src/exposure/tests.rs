//! Exposure against closed forms and against counting fine points.

use proptest::prelude::*;
use stormgrid_core::geo::{LineString, MultiPolygon, Polygon};
use stormgrid_core::ids::FeatureIdx;
use stormgrid_core::raster::RasterGeometry;

use super::*;

/// 30 × 20 cells of 10 m, north-west corner at (1000, 2000).
fn geometry() -> RasterGeometry {
    RasterGeometry::new(30, 20, 1000.0, 2000.0, 10.0, 10.0).expect("valid")
}

fn polygon(points: &[(f64, f64)]) -> MultiPolygon<f64> {
    MultiPolygon::new(vec![Polygon::new(
        LineString::from(points.to_vec()),
        vec![],
    )])
}

fn rectangle(x0: f64, y0: f64, x1: f64, y1: f64) -> MultiPolygon<f64> {
    polygon(&[(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
}

fn zone(code: &str, geometry: MultiPolygon<f64>) -> Zone {
    Zone {
        code: code.to_owned(),
        geometry,
        area_m2: None,
        people: Some(1000.0),
        households: Some(300.0),
    }
}

fn building(footprint: MultiPolygon<f64>, floors: u32, people: f64) -> Building {
    Building {
        footprint,
        floors,
        people,
        households: people / 3.0,
        occupancy: Occupancy::Residential,
    }
}

/// Fields of a run, from a depth at each cell centre.
struct Run {
    depth: Vec<f32>,
    speed: Vec<f32>,
    hazard: Vec<u8>,
    arrival: Vec<f32>,
    duration: Vec<f32>,
}

impl Run {
    fn of(depth_at: impl Fn(f64, f64) -> f64) -> Self {
        let g = geometry();
        let depth: Vec<f32> = (0..g.n_cells())
            .map(|i| {
                let c = g.center(i / g.n_cols, i % g.n_cols);
                depth_at(c.x, c.y) as f32
            })
            .collect();
        let wet = |d: &f32| *d >= 0.05;
        Self {
            speed: depth.iter().map(|d| d * 0.5).collect(),
            hazard: depth
                .iter()
                .map(|&d| {
                    HazardClass::of(f64::from(d), f64::from(d) * 0.5).map_or(0, HazardClass::number)
                })
                .collect(),
            arrival: depth
                .iter()
                .enumerate()
                .map(|(i, d)| if wet(d) { i as f32 } else { f32::NAN })
                .collect(),
            duration: depth
                .iter()
                .map(|d| if *d > 0.15 { 600.0 } else { 0.0 })
                .collect(),
            depth,
        }
    }

    fn maxima(&self) -> Maxima<'_> {
        Maxima {
            depth: &self.depth,
            speed: &self.speed,
            hazard: &self.hazard,
            arrival_s: &self.arrival,
            duration_s: &self.duration,
        }
    }
}

fn prepared(blocked: &[bool], assets: Assets) -> PreparedAssets {
    on_cells(&[], blocked, assets)
}

fn on_cells(ground: &[f32], blocked: &[bool], assets: Assets) -> PreparedAssets {
    let cells = Cells { ground, blocked };
    PreparedAssets::new(geometry(), cells, assets, Settings::default()).expect("fits")
}

/// Shares of a row of a zone with ground.
fn shares(row: &ExposureRow) -> [f64; 5] {
    row.flooded_share.expect("modelled")
}

fn rows(assets: &PreparedAssets, zones: Vec<Zone>, run: &Run) -> Vec<ExposureRow> {
    let layer = ZoneLayer::prepare(assets, zones).expect("zones have area");
    let exposure = assets
        .exposure(&run.maxima(), &Valuation::jrc_china())
        .expect("fits");
    layer.rows(assets, &run.maxima(), &exposure).expect("fits")
}

#[test]
fn a_half_flooded_zone_off_the_cells_is_half_flooded() {
    // Water 0.4 m deep west of x = 1100, a cell border; the zone's middle lies on it.
    let run = Run::of(|x, _| if x < 1100.0 { 0.4 } else { 0.0 });
    let row = &rows(
        &prepared(&[], Assets::default()),
        vec![zone("a", rectangle(1063.7, 1851.3, 1136.3, 1893.9))],
        &run,
    )[0];
    for (share, expected) in shares(row).iter().zip([0.5, 0.5, 0.5, 0.0, 0.0]) {
        assert!((share - expected).abs() < 1e-12, "{share}");
    }
    assert!((row.area_m2 - 72.6 * 42.6).abs() < 1e-6);
    assert!((row.flooded_area_m2.expect("modelled")[0] - 0.5 * row.area_m2).abs() < 1e-9);
    assert!((row.modelled_share - 1.0).abs() < 1e-12);
    assert!((row.depth_mean_m.expect("modelled") - f64::from(0.4_f32)).abs() < 1e-12);
    assert_eq!(row.people_method, PeopleMethod::Area);
    assert!((row.people_reached.expect("known") - 500.0).abs() < 1e-9);
    assert_eq!(row.hazard_max, Some(HazardClass::H2));
}

#[test]
fn a_zone_half_outside_the_raster_says_so() {
    let run = Run::of(|_, _| 1.0);
    let row = &rows(
        &prepared(&[], Assets::default()),
        vec![zone("a", rectangle(950.0, 1850.0, 1050.0, 1900.0))],
        &run,
    )[0];
    assert!((row.modelled_share - 0.5).abs() < 1e-12);
    assert!((shares(row)[4] - 0.5).abs() < 1e-12);
    // All 500 of the known half are reached; nothing is known of the others.
    assert!((row.people_reached.expect("known") - 500.0).abs() < 1e-9);
    assert!((row.people_unknown.expect("counted") - 500.0).abs() < 1e-9);
}

/// Ground in the west of x = 1100 alone.
fn western_ground() -> Vec<f32> {
    let g = geometry();
    (0..g.n_cells())
        .map(|i| f32::from(u8::from(i % g.n_cols < 10)))
        .collect()
}

/// perrygeo/python-rasterstats#105: cells without data counted as ground of the zone.
#[test]
fn cells_without_ground_are_not_dry_ground() {
    let run = Run::of(|x, _| if x < 1100.0 { 0.4 } else { 0.0 });
    let assets = on_cells(&western_ground(), &[], Assets::default());
    let found = rows(
        &assets,
        vec![
            zone("half", rectangle(1050.0, 1850.0, 1150.0, 1900.0)),
            zone("none", rectangle(1150.0, 1850.0, 1250.0, 1900.0)),
            zone("away", rectangle(6150.0, 1850.0, 6250.0, 1900.0)),
            zone("dry", rectangle(1000.0, 1850.0, 1050.0, 1900.0)),
            Zone {
                people: None,
                ..zone("uncounted", rectangle(1050.0, 1850.0, 1100.0, 1900.0))
            },
        ],
        &run,
    );
    let half = &found[0];
    assert_eq!(half.modelled_share, 0.5);
    assert!((shares(half)[1] - 0.5).abs() < 1e-12);
    assert!((half.people_reached.expect("known") - 500.0).abs() < 1e-9);
    assert!((half.people_unknown.expect("counted") - 500.0).abs() < 1e-9);
    for row in &found[1..3] {
        assert_eq!(
            row.modelled_share.to_bits(),
            0.0_f64.to_bits(),
            "{}",
            row.code
        );
        assert_eq!((row.depth_max_m, row.flooded_share), (None, None));
        assert_eq!(
            (row.people_reached, row.people_unknown),
            (None, Some(1000.0))
        );
        assert_eq!((row.speed_max_mps, row.duration_s), (None, None));
    }
    assert_eq!(found[3].people_unknown, Some(0.0));
    assert_eq!((found[4].people, found[4].people_reached), (None, None));
    assert_eq!(found[4].people_unknown, None);
    let layer = ZoneLayer::prepare(
        &assets,
        vec![zone("none", rectangle(1150.0, 1850.0, 1250.0, 1900.0))],
    );
    let frames = layer.expect("valid").frame(&assets, &run.depth, &[]);
    assert_eq!(frames.expect("fits")[0], ZoneFrame::default());
}

/// A building, road or school where the model has no ground has no depth, and never that of the nearest ground.
#[test]
fn assets_without_ground_are_unknown_and_not_dry() {
    let run = Run::of(|x, _| if x < 1100.0 { 0.6 } else { 0.0 });
    let school = |x| Facility {
        x,
        y: 1875.0,
        kind: FacilityKind::School,
    };
    let road = |from: f64, to: f64, bridge| Road {
        line: LineString::from(vec![(from, 1875.0), (to, 1875.0)]),
        bridge,
    };
    let assets = Assets {
        buildings: vec![
            building(rectangle(1061.0, 1861.0, 1069.0, 1869.0), 2, 30.0),
            building(rectangle(1095.0, 1861.0, 1105.0, 1869.0), 2, 30.0),
            building(rectangle(1101.0, 1861.0, 1109.0, 1869.0), 2, 60.0),
            building(rectangle(1401.0, 1861.0, 1409.0, 1869.0), 2, 0.0),
        ],
        roads: vec![
            road(1080.0, 1120.0, false),
            road(1110.0, 1130.0, false),
            road(1110.0, 1130.0, true),
        ],
        facilities: vec![school(1095.0), school(1101.0), school(1500.0)],
    };
    let prepared = on_cells(&western_ground(), &[], assets);
    let found = prepared
        .exposure(&run.maxima(), &Valuation::jrc_china())
        .expect("fits");
    let depth = Some(f64::from(0.6_f32));
    let of_buildings = found.buildings.iter().map(|b| (b.modelled, b.depth_max_m));
    assert_eq!(
        of_buildings.collect::<Vec<_>>(),
        [(true, depth), (true, depth), (false, None), (false, None)]
    );
    let parts: Vec<f64> = found.buildings.iter().map(|b| b.modelled_share).collect();
    assert_eq!((parts[0], parts[2], parts[3]), (1.0, 0.0, 0.0));
    assert!((parts[1] - 0.5).abs() < 1e-12);
    assert_eq!(found.buildings[2].damage, None);
    let of_roads = found.roads.iter().map(|r| r.depth_max_m);
    assert_eq!(of_roads.collect::<Vec<_>>(), [depth, None, Some(0.0)]);
    assert!((found.roads[0].unknown_m - 20.0).abs() < 1e-9);
    assert_eq!(
        (found.roads[2].unknown_m, found.roads[2].length_m),
        (0.0, 20.0)
    );
    let of_schools = found.facilities.iter().map(|f| f.depth_max_m);
    assert_eq!(of_schools.collect::<Vec<_>>(), [depth, None, None]);

    let zones = vec![zone("a", rectangle(1050.0, 1850.0, 1150.0, 1900.0))];
    let row = &rows(&prepared, zones, &run)[0];
    // 60 of 120 residents live where nothing is known, and all others are reached.
    assert!((row.people_reached.expect("known") - 500.0).abs() < 1e-9);
    assert!((row.people_unknown.expect("counted") - 500.0).abs() < 1e-9);
    assert_eq!((row.buildings_reached, row.buildings_unknown), (2, 1));
    assert_eq!(
        (row.schools, row.schools_reached, row.schools_unknown),
        (2, 1, 1)
    );
    assert!((row.road_length_m - 80.0).abs() < 1e-9);
    assert!((row.road_unknown_m - 40.0).abs() < 1e-9);
    assert!((row.road_cut_m - 20.0).abs() < 1e-9);
}

/// A cell that is ground in part counts in part.
#[test]
fn a_cell_with_ground_in_part_counts_in_part() {
    let run = Run::of(|_, _| 1.0);
    let quarter = vec![0.25_f32; geometry().n_cells()];
    let assets = on_cells(&quarter, &[], Assets::default());
    let zones = vec![zone("a", rectangle(1050.0, 1850.0, 1150.0, 1900.0))];
    let row = &rows(&assets, zones, &run)[0];
    assert!((row.modelled_share - 0.25).abs() < 1e-12);
    assert!((row.flooded_area_m2.expect("modelled")[4] - 1250.0).abs() < 1e-9);
}

#[test]
fn an_ellipsoidal_area_scales_the_flooded_area_alone() {
    let run = Run::of(|_, _| 1.0);
    let mut told = zone("a", rectangle(1050.0, 1850.0, 1150.0, 1900.0));
    told.area_m2 = Some(5001.0);
    let row = &rows(&prepared(&[], Assets::default()), vec![told], &run)[0];
    assert!((row.flooded_area_m2.expect("modelled")[0] - 5001.0).abs() < 1e-9);
    assert!((shares(row)[0] - 1.0).abs() < 1e-12);
}

#[test]
fn dry_ground_gives_an_empty_row() {
    let run = Run::of(|_, _| f64::NAN);
    let assets = Assets {
        buildings: vec![building(rectangle(1060.0, 1860.0, 1075.0, 1875.0), 3, 9.0)],
        roads: vec![Road {
            line: LineString::from(vec![(1050.0, 1870.0), (1250.0, 1870.0)]),
            bridge: false,
        }],
        facilities: vec![],
    };
    let row = &rows(
        &prepared(&[], assets),
        vec![zone("a", rectangle(1050.0, 1850.0, 1150.0, 1900.0))],
        &run,
    )[0];
    assert_eq!(shares(row), [0.0; 5]);
    assert_eq!((row.hazard_max, row.arrival_s), (None, None));
    assert_eq!(
        (row.people_reached, row.damage, row.road_cut_m),
        (Some(0.0), 0.0, 0.0)
    );
    assert_eq!((row.buildings, row.buildings_reached), (1, 0));
    assert!((row.road_length_m - 100.0).abs() < 1e-9);
}

#[test]
fn water_at_the_wall_reaches_a_building_whose_cells_are_blocked() {
    // A 3 × 3 cell block, aligned with the cells and closed to the water; 1 m on its east side only.
    let g = geometry();
    let blocked: Vec<bool> = (0..g.n_cells())
        .map(|i| (5..8).contains(&(i / g.n_cols)) && (5..8).contains(&(i % g.n_cols)))
        .collect();
    let run = Run::of(|x, y| {
        let inside = (1050.0..1080.0).contains(&x) && (1920.0..1950.0).contains(&y);
        if inside {
            f64::NAN
        } else if x > 1080.0 {
            1.0
        } else {
            0.0
        }
    });
    let assets = Assets {
        buildings: vec![
            building(rectangle(1050.0, 1920.0, 1080.0, 1950.0), 6, 30.0),
            // Deep inside the block: the nearest open ground is two cells away.
            building(rectangle(1062.0, 1932.0, 1068.0, 1938.0), 1, 3.0),
            // Far west of the water.
            building(rectangle(1012.0, 1932.0, 1018.0, 1938.0), 1, 3.0),
        ],
        ..Assets::default()
    };
    let prepared = prepared(&blocked, assets);
    let exposure = prepared
        .exposure(&run.maxima(), &Valuation::jrc_china())
        .expect("fits");
    let depths = exposure
        .buildings
        .iter()
        .map(|b| b.depth_max_m.expect("modelled"));
    let depths: Vec<f64> = depths.collect();
    assert_eq!(depths, [1.0, 1.0, 0.0]);
    assert_eq!(exposure.buildings[0].floors_reached, 1);
    assert_eq!(exposure.buildings[2].damage, Some(0.0));
    // 0.494 at 1 m, 900 m² of footprint, two storeys at risk.
    let expected = 0.494 * Valuation::jrc_china().by_occupancy[0].value_per_m2 * 900.0 * 2.0;
    assert!((exposure.buildings[0].damage.expect("modelled") - expected).abs() < 1e-6 * expected);
    assert_eq!(prepared.building_depths(&run.depth), depths);
}

#[test]
fn floors_are_reached_at_their_levels() {
    let settings = Settings::default();
    for (depth, floors, reached) in [
        (0.0, 5, 0),
        (0.149, 5, 0),
        (0.15, 5, 1),
        (3.149, 5, 1),
        (3.15, 5, 2),
        (6.2, 5, 3),
        (6.2, 2, 2),
        (1.0, 0, 1),
        (f64::NAN, 5, 0),
    ] {
        assert_eq!(
            floors_reached(depth, floors, &settings),
            reached,
            "{depth} of {floors}"
        );
    }
}

#[test]
fn people_follow_the_buildings_and_keep_the_zone_s_sum() {
    // Buildings hold 90 of the zone's 1000 people; the flooded one 30 of them: a third is reached.
    let run = Run::of(|x, _| if x < 1100.0 { 0.5 } else { 0.0 });
    let assets = Assets {
        buildings: vec![
            building(rectangle(1061.0, 1861.0, 1069.0, 1869.0), 2, 30.0),
            building(rectangle(1141.0, 1861.0, 1149.0, 1869.0), 2, 60.0),
        ],
        facilities: vec![
            Facility {
                x: 1065.0,
                y: 1885.0,
                kind: FacilityKind::School,
            },
            Facility {
                x: 1145.0,
                y: 1885.0,
                kind: FacilityKind::School,
            },
            Facility {
                x: 1066.0,
                y: 1885.0,
                kind: FacilityKind::Hospital,
            },
            Facility {
                x: 1067.0,
                y: 1885.0,
                kind: FacilityKind::Other,
            },
        ],
        roads: vec![],
    };
    let row = &rows(
        &prepared(&[], assets),
        vec![zone("a", rectangle(1050.0, 1850.0, 1150.0, 1900.0))],
        &run,
    )[0];
    assert_eq!(row.people_method, PeopleMethod::Buildings);
    assert!((row.people_reached.expect("known") - 1000.0 / 3.0).abs() < 1e-9);
    assert!((row.households_reached.expect("known") - 100.0).abs() < 1e-9);
    assert_eq!(
        (row.buildings, row.buildings_reached, row.floors_reached),
        (2, 1, 1)
    );
    assert_eq!((row.schools, row.schools_reached), (2, 1));
    assert_eq!((row.hospitals, row.hospitals_reached), (1, 1));
    assert_eq!(row.damage_curve, Valuation::jrc_china().curve_names());
}

#[test]
fn nothing_reached_is_zero_and_not_minus_zero() {
    let run = Run::of(|_, _| 0.0);
    let assets = Assets {
        buildings: vec![building(rectangle(1061.0, 1861.0, 1069.0, 1869.0), 2, 30.0)],
        facilities: vec![],
        roads: vec![],
    };
    let row = &rows(
        &prepared(&[], assets),
        vec![zone("a", rectangle(1050.0, 1850.0, 1150.0, 1900.0))],
        &run,
    )[0];
    for value in [
        row.people_reached.expect("known"),
        row.households_reached.expect("known"),
        row.damage,
        row.road_length_m,
    ] {
        assert_eq!(value.to_bits(), 0.0_f64.to_bits());
    }
}

#[test]
fn a_bridge_stays_above_the_water_and_counts_as_road() {
    let run = Run::of(|_, _| 3.0);
    let line = || LineString::from(vec![(1060.0, 1875.0), (1180.0, 1875.0)]);
    let road = |bridge| Road {
        line: line(),
        bridge,
    };
    let assets = Assets {
        roads: vec![road(true), road(false)],
        ..Assets::default()
    };
    let prepared = prepared(&[], assets);
    let found = prepared
        .exposure(&run.maxima(), &Valuation::jrc_china())
        .expect("fits");
    let [bridge, street] = &found.roads[..] else {
        panic!("two roads")
    };
    assert_eq!((bridge.depth_max_m, bridge.arrival_s), (Some(0.0), None));
    assert_eq!(bridge.flooded_m, [0.0; 3]);
    assert_eq!(street.depth_max_m, Some(3.0));
    assert!(street.flooded_m.iter().all(|m| (m - 120.0).abs() < 1e-9));
    assert_eq!(bridge.length_m, street.length_m);
    assert_eq!(
        prepared.road_depths(&vec![2.0; run.depth.len()]),
        [0.0, 2.0]
    );
    let rows = rows(
        &prepared,
        vec![zone("all", rectangle(1040.0, 1860.0, 1200.0, 1890.0))],
        &run,
    );
    assert!((rows[0].road_length_m - 240.0).abs() < 1e-9);
    assert!((rows[0].road_cut_m - 120.0).abs() < 1e-9);
}

#[test]
fn roads_are_cut_where_the_water_is_and_shared_at_the_border() {
    // 0.2 m west of 1100, 0.4 m from there to 1150, dry east of it; two zones meet at 1120.
    let run = Run::of(|x, _| {
        if x < 1100.0 {
            0.2
        } else if x < 1150.0 {
            0.4
        } else {
            0.0
        }
    });
    let assets = Assets {
        roads: vec![Road {
            line: LineString::from(vec![(1060.0, 1875.0), (1180.0, 1875.0)]),
            bridge: false,
        }],
        ..Assets::default()
    };
    let prepared = prepared(&[], assets);
    let exposure = prepared
        .exposure(&run.maxima(), &Valuation::jrc_china())
        .expect("fits");
    let road = &exposure.roads[0];
    for (found, expected) in road.flooded_m.iter().zip([90.0, 50.0, 0.0]) {
        assert!((found - expected).abs() < 1e-9, "{found}");
    }
    assert!((road.length_m - 120.0).abs() < 1e-9);
    assert!((road.depth_max_m.expect("known") - f64::from(0.4_f32)).abs() < 1e-12);
    let rows = rows(
        &prepared,
        vec![
            zone("west", rectangle(1040.0, 1860.0, 1120.0, 1890.0)),
            zone("east", rectangle(1120.0, 1860.0, 1200.0, 1890.0)),
        ],
        &run,
    );
    assert!((rows[0].road_length_m - 60.0).abs() < 1e-9);
    assert!((rows[0].road_cut_m - 20.0).abs() < 1e-9);
    assert!((rows[1].road_cut_m - 30.0).abs() < 1e-9);
}

#[test]
fn a_frame_and_the_maxima_of_one_state_agree() {
    let run = Run::of(|x, y| ((x - 1000.0) / 300.0 - (y - 1800.0) / 400.0).max(0.0));
    let assets = prepared(
        &[],
        Assets {
            buildings: vec![building(rectangle(1261.0, 1811.0, 1279.0, 1829.0), 3, 12.0)],
            ..Assets::default()
        },
    );
    let zones = || {
        vec![zone(
            "a",
            polygon(&[(1203.0, 1805.0), (1290.0, 1821.0), (1237.0, 1899.0)]),
        )]
    };
    let row = &rows(&assets, zones(), &run)[0];
    let layer = ZoneLayer::prepare(&assets, zones()).expect("valid");
    let frame = layer
        .frame(&assets, &run.depth, &assets.building_depths(&run.depth))
        .expect("fits")[0];
    assert!((frame.flooded_share.expect("modelled") - shares(row)[1]).abs() < 1e-12);
    assert_eq!(frame.depth_max_m, row.depth_max_m);
    assert_eq!(frame.people_reached, row.people_reached);
    assert_eq!(frame.buildings_reached, row.buildings_reached);
    assert!(frame.people_reached > Some(0.0));
    assert_eq!(layer.codes().collect::<Vec<_>>(), ["a"]);
    assert_eq!(layer.buildings(FeatureIdx(0)), [FeatureIdx(0)]);
}

#[test]
fn fields_of_another_size_and_empty_zones_are_refused() {
    let assets = prepared(&[], Assets::default());
    let mut run = Run::of(|_, _| 1.0);
    run.hazard.pop();
    let error = assets.exposure(&run.maxima(), &Valuation::jrc_china());
    assert_eq!(
        error.expect_err("refused").to_string(),
        "field 'hazard' has 599 values for a raster of 600 cells"
    );
    assert!(
        PreparedAssets::new(
            geometry(),
            Cells {
                ground: &[],
                blocked: &[true]
            },
            Assets::default(),
            Settings::default()
        )
        .is_err()
    );
    let line = polygon(&[(1000.0, 1900.0), (1100.0, 1900.0), (1000.0, 1900.0)]);
    assert!(matches!(
        ZoneLayer::prepare(&assets, vec![zone("thin", line)]),
        Err(ExposureError::EmptyZone { .. })
    ));
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let run = Run::of(|x, y| ((x * 0.013).sin() + (y * 0.017).cos()).max(0.0));
    let assets = || Assets {
        buildings: (0..200)
            .map(|i| {
                let (x, y) = (
                    1003.0 + f64::from(i % 20) * 14.0,
                    1805.0 + f64::from(i / 20) * 18.0,
                );
                building(rectangle(x, y, x + 9.0, y + 7.0), 3, f64::from(i))
            })
            .collect(),
        roads: (0..20)
            .map(|i| Road {
                line: LineString::from(vec![
                    (1000.0, 1805.0 + f64::from(i) * 9.0),
                    (1300.0, 1990.0 - f64::from(i) * 8.0),
                ]),
                bridge: i == 7,
            })
            .collect(),
        facilities: vec![],
    };
    let zones = || {
        (0..30)
            .map(|i| {
                let (x, y) = (
                    1000.0 + f64::from(i % 6) * 49.7,
                    1801.0 + f64::from(i / 6) * 39.1,
                );
                zone(&format!("z{i}"), rectangle(x, y, x + 49.7, y + 39.1))
            })
            .collect()
    };
    let with_threads = |threads: usize| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("a pool")
            .install(|| rows(&prepared(&[], assets()), zones(), &run))
    };
    let one = with_threads(1);
    assert_eq!(one, with_threads(2));
    assert_eq!(one, with_threads(5));
    assert!(one.iter().any(|row| row.buildings_reached > 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Triangles against 0.25 m points: the share flooded and the mean depth.
    #[test]
    fn shares_are_those_of_counted_points(
        a in (1010.0f64..1290.0, 1810.0f64..1990.0),
        b in (1010.0f64..1290.0, 1810.0f64..1990.0),
        c in (1010.0f64..1290.0, 1810.0f64..1990.0),
    ) {
        let twice_area = ((b.0 - a.0) * (c.1 - a.1) - (c.0 - a.0) * (b.1 - a.1)).abs();
        prop_assume!(twice_area > 4000.0);
        let run = Run::of(|x, y| if (x * 0.05).sin() * (y * 0.04).cos() > 0.0 { 0.35 } else { 0.02 });
        let row = &rows(&prepared(&[], Assets::default()), vec![zone("t", polygon(&[a, b, c]))], &run)[0];
        let g = geometry();
        let side = |p: (f64, f64), q: (f64, f64), x: f64, y: f64| (q.0 - p.0) * (y - p.1) - (q.1 - p.1) * (x - p.0);
        let (mut inside, mut wet) = (0_u32, 0_u32);
        let step = 0.25;
        for i in 0..1200 {
            for j in 0..800 {
                let (x, y) = (1000.0 + (f64::from(i) + 0.5) * step, 1800.0 + (f64::from(j) + 0.5) * step);
                let s = [side(a, b, x, y), side(b, c, x, y), side(c, a, x, y)];
                if s.iter().all(|v| *v > 0.0) || s.iter().all(|v| *v < 0.0) {
                    inside += 1;
                    let (row, col) = g.cell_at(x, y).expect("inside the raster");
                    wet += u32::from(run.depth[row * g.n_cols + col] > 0.3);
                }
            }
        }
        // Points of 0.25 m miss at most half a point's width along the rim of wet pieces.
        let expected = f64::from(wet) / f64::from(inside);
        let rim = 1200.0 * step / (0.5 * twice_area);
        prop_assert!((shares(row)[2] - expected).abs() < 0.5 * rim + 1e-3,
            "{} for {expected}", shares(row)[2]);
        prop_assert!((0.5 * twice_area - f64::from(inside) * step * step).abs() < 0.02 * twice_area);
    }

    /// A coverage of two zones has the flooded area, people and buildings of their union.
    #[test]
    fn zones_of_a_coverage_add_up(cut in 1030.0f64..1270.0, lean in -25.0f64..25.0, level in 0.1f64..1.5) {
        let run = Run::of(|x, y| (level - (x - 1000.0) / 400.0 - (y - 1800.0) / 900.0).max(0.0));
        let assets = Assets {
            buildings: (0..40).map(|i| {
                let (x, y) = (1005.0 + f64::from(i % 10) * 29.0, 1811.0 + f64::from(i / 10) * 44.0);
                building(rectangle(x, y, x + 11.0, y + 12.0), 4, 10.0)
            }).collect(),
            roads: vec![Road { line: LineString::from(vec![(1005.0, 1830.0), (1295.0, 1970.0)]), bridge: false }],
            facilities: vec![],
        };
        let prepared = prepared(&[], assets);
        let west = polygon(&[(1000.0, 1800.0), (cut - lean, 1800.0), (cut + lean, 2000.0), (1000.0, 2000.0)]);
        let east = polygon(&[(cut - lean, 1800.0), (1300.0, 1800.0), (1300.0, 2000.0), (cut + lean, 2000.0)]);
        let parts = rows(&prepared, vec![zone("w", west), zone("e", east)], &run);
        let whole = &rows(&prepared, vec![zone("a", rectangle(1000.0, 1800.0, 1300.0, 2000.0))], &run)[0];
        for k in 0..5 {
            let sum: f64 = parts.iter().map(|r| r.flooded_area_m2.expect("modelled")[k]).sum();
            let of_whole = whole.flooded_area_m2.expect("modelled")[k];
            prop_assert!((sum - of_whole).abs() < 1e-6 * whole.area_m2);
        }
        let count = |f: fn(&ExposureRow) -> u32| parts.iter().map(f).sum::<u32>();
        prop_assert_eq!(count(|r| r.buildings), whole.buildings);
        prop_assert_eq!(count(|r| r.buildings_reached), whole.buildings_reached);
        let road: f64 = parts.iter().map(|r| r.road_cut_m).sum();
        prop_assert!((road - whole.road_cut_m).abs() < 1e-6);
        let damage: f64 = parts.iter().map(|r| r.damage).sum();
        prop_assert!((damage - whole.damage).abs() < 1e-6 * whole.damage.max(1.0));
    }
}
