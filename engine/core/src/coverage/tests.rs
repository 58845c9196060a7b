use super::*;
use proptest::prelude::*;

fn gap(report: &CoverageReport) -> f64 {
    report.gap_area_m2.expect("gaps were looked for")
}

fn polygon(id: &str, points: &[(f64, f64)]) -> Polygonal {
    let ring = LineString::from(points.to_vec());
    Polygonal {
        id: id.to_owned(),
        polygon: MultiPolygon::new(vec![Polygon::new(ring, vec![])]),
    }
}

/// n × n cells with jittered corners: a sound coverage.
fn jittered(n: usize, jitter: &[f64]) -> Vec<Polygonal> {
    let corner = |i: usize, j: usize| {
        let k = (j * (n + 1) + i) * 2;
        let shift = |k: usize| 30.0 * (jitter[k % jitter.len()] - 0.5);
        (i as f64 * 100.0 + shift(k), j as f64 * 100.0 + shift(k + 1))
    };
    (0..n * n)
        .map(|c| {
            let (i, j) = (c % n, c / n);
            polygon(
                &format!("{i}-{j}"),
                &[
                    corner(i, j),
                    corner(i + 1, j),
                    corner(i + 1, j + 1),
                    corner(i, j + 1),
                    corner(i, j),
                ],
            )
        })
        .collect()
}

#[test]
fn an_added_square_metre_is_an_overlap_and_a_missing_one_a_gap() {
    let mut layer = jittered(4, &[0.5]);
    // Corner (200, 200): cell 1-1 grows by 1 m² into 2-1, cell 2-2 draws back by 1 m².
    layer[5] = polygon(
        "1-1",
        &[
            (100.0, 100.0),
            (200.0, 100.0),
            (200.0, 150.0),
            (201.0, 150.0),
            (201.0, 151.0),
            (200.0, 151.0),
            (200.0, 200.0),
            (100.0, 200.0),
            (100.0, 100.0),
        ],
    );
    layer[10] = polygon(
        "2-2",
        &[
            (200.0, 200.0),
            (250.0, 200.0),
            (250.0, 201.0),
            (251.0, 201.0),
            (251.0, 200.0),
            (300.0, 200.0),
            (300.0, 300.0),
            (200.0, 300.0),
            (200.0, 200.0),
        ],
    );
    let report = check_coverage(&layer, CoordinateUnit::Metres, None);
    assert!((report.overlap_area_m2 - 1.0).abs() < 1e-3, "{report:?}");
    assert!((gap(&report) - 1.0).abs() < 1e-3, "{report:?}");
    let places: Vec<[f64; 2]> = report
        .defects
        .iter()
        .filter_map(|d| match d {
            Defect::Gap { at, .. } | Defect::Overlap { at, .. } => Some(*at),
            _ => None,
        })
        .collect();
    assert_eq!(places.len(), 2);
    assert!((places[0][0] - 200.5).abs() < 0.5 && (places[0][1] - 150.5).abs() < 0.5);
    assert!((places[1][0] - 250.5).abs() < 0.5 && (places[1][1] - 200.5).abs() < 0.5);
}

#[test]
fn a_vertex_in_the_middle_of_a_neighbours_edge_is_no_defect() {
    let layer = [
        polygon(
            "west",
            &[
                (0.0, 0.0),
                (10.0, 0.0),
                (10.0, 5.0),
                (10.0, 10.0),
                (0.0, 10.0),
                (0.0, 0.0),
            ],
        ),
        polygon(
            "east",
            &[
                (10.0, 0.0),
                (20.0, 0.0),
                (20.0, 10.0),
                (10.0, 10.0),
                (10.0, 0.0),
            ],
        ),
    ];
    assert!(
        check_coverage(&layer, CoordinateUnit::Metres, None)
            .defects
            .is_empty()
    );
}

#[test]
fn the_same_polygon_twice_overlaps_wholly() {
    let a = polygon(
        "a",
        &[
            (0.0, 0.0),
            (10.0, 0.0),
            (10.0, 10.0),
            (0.0, 10.0),
            (0.0, 0.0),
        ],
    );
    let b = Polygonal {
        id: "b".into(),
        ..a.clone()
    };
    let report = check_coverage(&[a, b], CoordinateUnit::Metres, None);
    assert!((report.overlap_area_m2 - 100.0).abs() < 1e-6, "{report:?}");
}

#[test]
fn a_boundary_shows_what_is_missing_at_the_rim() {
    let layer = [polygon(
        "a",
        &[(0.0, 0.0), (9.0, 0.0), (9.0, 10.0), (0.0, 10.0), (0.0, 0.0)],
    )];
    let outer = polygon(
        "o",
        &[
            (0.0, 0.0),
            (10.0, 0.0),
            (10.0, 10.0),
            (0.0, 10.0),
            (0.0, 0.0),
        ],
    )
    .polygon;
    let report = check_coverage(&layer, CoordinateUnit::Metres, Some(&outer));
    assert!((gap(&report) - 10.0).abs() < 1e-6, "{report:?}");
}

#[test]
fn rings_that_bound_nothing_are_named() {
    let layer = [
        polygon(
            "bow",
            &[(0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0), (0.0, 0.0)],
        ),
        polygon(
            "nan",
            &[(0.0, 0.0), (f64::NAN, 2.0), (2.0, 0.0), (0.0, 0.0)],
        ),
        polygon(
            "nan",
            &[(0.0, 0.0), (1e300, 2.0), (2.0, f64::INFINITY), (0.0, 0.0)],
        ),
    ];
    let report = check_coverage(&layer, CoordinateUnit::Metres, None);
    assert_eq!(
        report
            .defects
            .iter()
            .filter(|d| matches!(d, Defect::Ring { .. }))
            .count(),
        3
    );
    assert!(
        report
            .defects
            .contains(&Defect::SameCode { id: "nan".into() })
    );
}

proptest! {
    #[test]
    fn a_jittered_partition_is_sound(jitter in prop::collection::vec(0.0..1.0_f64, 50), n in 2..8_usize) {
        let report = check_coverage(&jittered(n, &jitter), CoordinateUnit::Metres, None);
        prop_assert_eq!(gap(&report), 0.0);
        prop_assert_eq!(report.overlap_area_m2, 0.0);
        prop_assert!(report.defects.is_empty(), "{:?}", report.defects);
    }

    #[test]
    fn a_moved_corner_opens_a_gap_or_an_overlap(
        jitter in prop::collection::vec(0.0..1.0_f64, 50), dx in 2.0..20.0_f64, dy in 2.0..20.0_f64,
    ) {
        let mut layer = jittered(4, &jitter);
        let mut ring = layer[5].polygon.0[0].exterior().0.clone();
        ring[2].x += dx;
        ring[2].y += dy;
        layer[5].polygon = MultiPolygon::new(vec![Polygon::new(LineString::new(ring), vec![])]);
        let report = check_coverage(&layer, CoordinateUnit::Metres, None);
        prop_assert!(gap(&report) + report.overlap_area_m2 > 1.0, "{:?}", report);
    }

    #[test]
    fn no_polygons_make_it_panic(
        rings in prop::collection::vec(prop::collection::vec((-3i8..4, -3i8..4), 0..9), 0..6),
    ) {
        let layer: Vec<Polygonal> = rings.iter().enumerate().map(|(i, r)| {
            let points: Vec<(f64, f64)> = r.iter().map(|(x, y)| (f64::from(*x), f64::from(*y))).collect();
            polygon(&i.to_string(), &points)
        }).collect();
        let _ = check_coverage(&layer, CoordinateUnit::Metres, None);
    }
}

fn square(id: &str, x: f64, y: f64, side: f64) -> Polygonal {
    let (e, n) = (x + side, y + side);
    polygon(id, &[(x, y), (e, y), (e, n), (x, n), (x, y)])
}

#[test]
fn an_island_in_a_gap_is_not_missing() {
    // Eight squares around an empty ninth, and a smaller square in its middle.
    let mut layer: Vec<Polygonal> = jittered(3, &[0.5]);
    layer.remove(4);
    layer.push(square("island", 140.0, 140.0, 20.0));
    let report = check_coverage(&layer, CoordinateUnit::Metres, None);
    assert!(
        (gap(&report) - (10_000.0 - 400.0)).abs() < 1e-6,
        "{report:?}"
    );
    assert_eq!(report.defects.len(), 1);
}

#[test]
fn gaps_that_touch_in_corners_are_told_apart() {
    // A chessboard of 5 x 5: the white fields that do not lie at the rim are gaps.
    let layer: Vec<Polygonal> = jittered(5, &[0.5]).into_iter().step_by(2).collect();
    let report = check_coverage(&layer, CoordinateUnit::Metres, None);
    assert_eq!(report.defects.len(), 4, "{report:?}");
    assert!((gap(&report) - 40_000.0).abs() < 1e-6);
}

#[test]
fn one_coverage_upon_another_overlaps_everywhere() {
    let lower = jittered(4, &[0.5]);
    let mut upper = lower.clone();
    for p in &mut upper {
        p.id.push('u');
        p.polygon = geo::MapCoords::map_coords(&p.polygon, |c| Coord {
            x: c.x + 50.0,
            y: c.y + 50.0,
        });
    }
    let report = check_coverage(&[lower, upper].concat(), CoordinateUnit::Metres, None);
    assert!(
        (report.overlap_area_m2 - 350.0 * 350.0).abs() < 1e-6,
        "{report:?}"
    );
    assert_eq!(gap(&report), 0.0);
}

#[test]
fn a_square_metre_is_found_in_degrees() {
    // At 22.5° N a square metre is about 9.7e-6° by 9.0e-6°.
    let cell = |id: &str, x: f64| square(id, 113.0 + x, 22.5, 0.01);
    let (dx, dy) = (9.723e-6, 9.029e-6);
    let bulge = polygon(
        "west",
        &[
            (113.0, 22.5),
            (113.01, 22.5),
            (113.01, 22.505),
            (113.01 + dx, 22.505),
            (113.01 + dx, 22.505 + dy),
            (113.01, 22.505 + dy),
            (113.01, 22.51),
            (113.0, 22.51),
            (113.0, 22.5),
        ],
    );
    let report = check_coverage(
        &[bulge.clone(), cell("east", 0.01)],
        CoordinateUnit::Degrees,
        None,
    );
    assert!((report.overlap_area_m2 - 1.0).abs() < 0.01, "{report:?}");
    let around = square("around", 112.99, 22.49, 0.03).polygon;
    let hole = bulge.polygon.0[0].exterior().clone();
    let ring = Polygonal {
        id: "ring".into(),
        polygon: MultiPolygon::new(vec![Polygon::new(
            around.0[0].exterior().clone(),
            vec![hole],
        )]),
    };
    let report = check_coverage(&[ring, cell("inner", 0.0)], CoordinateUnit::Degrees, None);
    assert!((gap(&report) - 1.0).abs() < 0.01, "{report:?}");
    assert_eq!(report.defects.len(), 1);
}

#[test]
fn holes_outside_their_shells_and_far_places_are_named() {
    let shell = |x: f64| square("", x, 0.0, 10.0).polygon.0[0].exterior().clone();
    let odd = Polygonal {
        id: "odd".into(),
        polygon: MultiPolygon::new(vec![Polygon::new(shell(0.0), vec![shell(50.0)])]),
    };
    let twice = Polygonal {
        id: "twice".into(),
        polygon: MultiPolygon::new(vec![
            Polygon::new(shell(100.0), vec![]),
            square("", 102.0, 2.0, 3.0).polygon.0[0].clone(),
        ]),
    };
    let report = check_coverage(&[odd, twice], CoordinateUnit::Metres, None);
    assert_eq!(report.defects.len(), 2, "{report:?}");
    let metres_as_degrees = check_coverage(
        &[square("m", 405_387.0, 2_498_318.0, 100.0)],
        CoordinateUnit::Degrees,
        None,
    );
    assert!(matches!(
        &metres_as_degrees.defects[..],
        [Defect::Ring { .. }]
    ));
}

#[test]
fn a_layer_of_a_million_vertices_is_checked_in_one_go() {
    // 55 x 55 cells whose borders have 80 vertices a side: as many as all grids of a large city.
    let (n, steps) = (55, 80);
    let wave = |v: f64| 20.0 * (v / 700.0).sin();
    let place = |x: f64, y: f64| (x + wave(y), y + wave(x));
    let layer: Vec<Polygonal> = (0..n * n)
        .map(|c| {
            let (x0, y0) = ((c % n) as f64 * 100.0, (c / n) as f64 * 100.0);
            let along = |k: usize| 100.0 * (k % steps) as f64 / steps as f64;
            let mut ring: Vec<(f64, f64)> = (0..4 * steps)
                .map(|k| match k / steps {
                    0 => place(x0 + along(k), y0),
                    1 => place(x0 + 100.0, y0 + along(k)),
                    2 => place(x0 + 100.0 - along(k), y0 + 100.0),
                    _ => place(x0, y0 + 100.0 - along(k)),
                })
                .collect();
            ring.push(ring[0]);
            polygon(&c.to_string(), &ring)
        })
        .collect();
    let report = check_coverage(&layer, CoordinateUnit::Metres, None);
    assert_eq!(report.vertices, n * n * 4 * steps);
    assert_eq!((gap(&report), report.overlap_area_m2), (0.0, 0.0));
    assert!(gap(&report).is_sign_positive() && report.overlap_area_m2.is_sign_positive());
    assert!(report.defects.is_empty());
}

/// Coordinates that files should not hold.
fn hostile() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-3i8..4).prop_map(f64::from),
        1 => prop_oneof![
            Just(f64::NAN), Just(f64::INFINITY), Just(-1e308), Just(1e18), Just(9e8), Just(5e-324), Just(-0.0),
        ],
        2 => -4.0..4.0_f64,
    ]
}

proptest! {
    #[test]
    fn no_coordinates_make_it_panic(
        rings in prop::collection::vec(prop::collection::vec((hostile(), hostile()), 0..9), 0..6),
        with_holes in any::<bool>(), degrees in any::<bool>(),
    ) {
        let lines: Vec<LineString<f64>> = rings.iter().map(|r| LineString::from(r.clone())).collect();
        let area = |shell: &LineString<f64>, holes: &[LineString<f64>]| Polygonal {
            id: "p".into(),
            polygon: MultiPolygon::new(vec![Polygon::new(shell.clone(), holes.to_vec())]),
        };
        let layer: Vec<Polygonal> = match lines.split_first() {
            Some((shell, holes)) if with_holes => vec![area(shell, holes)],
            _ => lines.iter().map(|l| area(l, &[])).collect(),
        };
        let unit = if degrees { CoordinateUnit::Degrees } else { CoordinateUnit::Metres };
        let boundary = layer.first().map(|p| p.polygon.clone());
        let report = check_coverage(&layer, unit, boundary.as_ref());
        prop_assert!(report.gap_area_m2.is_none_or(|gap| gap >= 0.0) && report.overlap_area_m2 >= 0.0);
    }

    /// Gaps, overlaps and the union add up: Σ areas − overlaps + gaps = the boundary's area, where no
    /// three polygons meet in the same ground and nothing reaches out of the boundary.
    #[test]
    fn what_is_missing_and_what_is_double_balance(
        x in 0.0..60.0_f64, y in 0.0..60.0_f64, side in 1.0..40.0_f64, u in 0.0..60.0_f64, v in 0.0..60.0_f64,
    ) {
        let layer = [square("a", x, y, side), square("b", u, v, 40.0)];
        let outer = square("o", 0.0, 0.0, 100.0).polygon;
        let report = check_coverage(&layer, CoordinateUnit::Metres, Some(&outer));
        let balance = report.area_m2 - report.overlap_area_m2 + gap(&report);
        prop_assert!((balance - 10_000.0).abs() < 0.1, "{report:?}");
    }
}

/// A partition of a box by jittered corners that neighbours share, written with so many decimals.
fn wide_partition(n: usize, span: f64, jitter: &[f64], decimals: usize) -> Vec<Polygonal> {
    let cell = span / n as f64;
    let rounded = |v: f64| -> f64 { format!("{v:.decimals$}").parse().expect("a number") };
    let corner = |i: usize, j: usize| {
        let k = (j * (n + 1) + i) * 2;
        let shift = |k: usize| 0.4 * cell * (jitter[k % jitter.len()] - 0.5);
        (
            rounded(86.9 + i as f64 * cell + shift(k)),
            rounded(21.2 + j as f64 * cell + shift(k + 1)),
        )
    };
    let ring = |i, j| {
        [
            corner(i, j),
            corner(i + 1, j),
            corner(i + 1, j + 1),
            corner(i, j + 1),
            corner(i, j),
        ]
    };
    (0..n * n)
        .map(|c| polygon(&c.to_string(), &ring(c % n, c / n)))
        .collect()
}

proptest! {
    /// The clipper counted in 32 bits: the outside of a layer wider than 107 km was told as a gap.
    #[test]
    fn a_sound_partition_of_any_width_is_sound(
        jitter in prop::collection::vec(0.0..1.0_f64, 60), n in 2..7_usize, span in 1.0..20.0_f64, decimals in 6..16_usize,
    ) {
        let layer = wide_partition(n, span, &jitter, decimals);
        let report = check_coverage(&layer, CoordinateUnit::Degrees, None);
        prop_assert_eq!(report.counts.total(), 0, "{:?}", report.defects);
        prop_assert_eq!((gap(&report), report.overlap_area_m2, report.pieces), (0.0, 0.0, 1));
        let metres: Vec<Polygonal> = layer.iter().map(|p| Polygonal {
            id: p.id.clone(),
            polygon: geo::MapCoords::map_coords(&p.polygon, |c| Coord { x: c.x * 1.1e5, y: c.y * 1.1e5 }),
        }).collect();
        let report = check_coverage(&metres, CoordinateUnit::Metres, None);
        prop_assert_eq!(report.counts.total(), 0, "{:?}", report.defects);
        let summed: f64 = metres.iter().map(|p| p.polygon.unsigned_area()).sum();
        prop_assert!((report.area_m2 / summed - 1.0).abs() < 1e-8);
    }

    /// A vertex on a slanted edge, rounded to the digits that a double has, lies beside the edge.
    #[test]
    fn a_rounded_vertex_on_a_slanted_edge_is_no_defect(
        share in 0.01..0.99_f64, dx in 1e-4..30.0_f64, dy in -10.0..10.0_f64, decimals in 9..16_usize,
    ) {
        let rounded = |v: f64| -> f64 { format!("{v:.decimals$}").parse().expect("a number") };
        let (x0, y0, x1, y1) = (rounded(80.0), rounded(30.0), rounded(80.0 + dx), rounded(30.0 + dy));
        let (x, y) = (rounded(x0 + share * (x1 - x0)), rounded(y0 + share * (y1 - y0)));
        let (south, north) = (10.0, 55.0);
        let layer = [
            polygon("south", &[(x0, south), (x1, south), (x1, y1), (x0, y0), (x0, south)]),
            polygon("west", &[(x0, y0), (x, y), (x, north), (x0, north), (x0, y0)]),
            polygon("east", &[(x, y), (x1, y1), (x1, north), (x, north), (x, y)]),
        ];
        let report = check_coverage(&layer, CoordinateUnit::Degrees, None);
        prop_assert_eq!(report.counts.total(), 0, "{:?}", report.defects);
    }

    /// Where two squares overlap, and what four bars enclose, has its area at any distance from the origin.
    #[test]
    fn areas_are_exact_far_away(x in -9e8..9e8_f64, y in -9e8..9e8_f64, side in 50_000.0..400_000.0_f64) {
        let (x, y, side) = (x.round(), y.round(), side.round());
        let bar = |id: &str, x: f64, y: f64, w: f64, h: f64| {
            polygon(id, &[(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)])
        };
        let layer = [
            bar("s", x, y, side, 10.0),
            bar("n", x, y + side, side, 10.0),
            bar("w", x, y, 10.0, side + 10.0),
            bar("e", x + side - 10.0, y, 10.0, side + 10.0),
        ];
        let report = check_coverage(&layer, CoordinateUnit::Metres, None);
        prop_assert!((gap(&report) - (side - 20.0) * (side - 10.0)).abs() < 1.0, "{report:?}");
        prop_assert!((report.overlap_area_m2 - 400.0).abs() < 0.01, "{report:?}");
        prop_assert_eq!((report.counts.gaps, report.counts.overlaps), (1, 4));
    }
}

#[test]
fn an_open_gap_parts_the_layer_in_two_pieces() {
    let strip = |id, y: f64, h: f64| {
        polygon(
            id,
            &[
                (113.0, y),
                (113.01, y),
                (113.01, y + h),
                (113.0, y + h),
                (113.0, y),
            ],
        )
    };
    let layer = [strip("A", 22.5, 0.005), strip("B", 22.5051, 0.0049)];
    let report = check_coverage(&layer, CoordinateUnit::Degrees, None);
    assert_eq!((report.counts.total(), report.pieces), (0, 2));
    assert_eq!(report.second_piece_at, Some([113.0, 22.5051]));
}

#[test]
fn figures_of_eight_and_holes_that_leave_through_vertices_are_named() {
    let eight = polygon(
        "eight",
        &[
            (0.0, 0.0),
            (2.0, 2.0),
            (5.0, 5.0),
            (5.0, 2.0),
            (2.0, 2.0),
            (0.0, 2.0),
            (0.0, 0.0),
        ],
    );
    let mut shell = square("hole", 100.0, 0.0, 4.0);
    let hole = polygon(
        "",
        &[
            (101.0, 0.0),
            (102.0, -1.2),
            (103.0, 0.0),
            (102.0, 2.0),
            (101.0, 0.0),
        ],
    );
    let hole = hole.polygon.0[0].exterior().clone();
    shell.polygon = MultiPolygon::new(vec![Polygon::new(
        shell.polygon.0[0].exterior().clone(),
        vec![hole],
    )]);
    let report = check_coverage(&[eight, shell], CoordinateUnit::Metres, None);
    let places: Vec<_> = report
        .defects
        .iter()
        .map(|d| match d {
            Defect::Ring { id, ring, at, .. } => (id.as_str(), *ring, *at),
            _ => ("", 0, None),
        })
        .collect();
    assert_eq!(places[0], ("eight", 0, Some([2.0, 2.0])));
    assert_eq!((places[1].0, places[1].1), ("hole", 1));
    assert_eq!(places[1].2.map(|at| at[1]), Some(0.0));
}

#[test]
fn a_thousand_strips_across_a_thousand_overlap_a_million_times() {
    let strip = |k: usize| {
        let (at, across) = ((k % 1000) as f64, k < 1000);
        let (x, y, w, h) = if across {
            (0.0, at, 1000.0, 0.5)
        } else {
            (at, 0.0, 0.5, 999.5)
        };
        polygon(
            &k.to_string(),
            &[(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)],
        )
    };
    let layer: Vec<Polygonal> = (0..2000).map(strip).collect();
    let report = check_coverage(&layer, CoordinateUnit::Metres, None);
    assert_eq!(report.counts.overlaps, 1_000_000);
    assert_eq!(report.defects.len(), MOST_LISTED);
    assert!(
        (report.overlap_area_m2 - 250_000.0).abs() < 1e-3,
        "{}",
        report.overlap_area_m2
    );
    assert_eq!(
        report.gap_area_m2, None,
        "too many crossings to draw the gaps"
    );
}

/// Children of a square parent whose outline they follow with vertices of their own.
#[test]
fn children_make_up_their_parent_or_are_told() {
    let parents: PolygonSet = [square("p", 0.0, 0.0, 100.0), square("q", 100.0, 0.0, 100.0)]
        .iter()
        .map(|p| &p.polygon)
        .collect();
    let nested = |children: &[Polygonal], parent_of: &[Option<u32>]| {
        let mut set: PolygonSet = children.iter().map(|c| &c.polygon).collect();
        let report = check_layer(
            &mut set,
            |i| children[i].id.as_str(),
            CoordinateUnit::Metres,
            None,
        );
        assert_eq!(report.counts.total(), 0);
        check_nesting(
            &set,
            &mut parents.clone(),
            parent_of,
            CoordinateUnit::Metres,
        )
    };
    let mut layer = jittered(2, &[0.5]);
    layer = layer
        .iter()
        .map(|c| Polygonal {
            id: c.id.clone(),
            polygon: geo::MapCoords::map_coords(&c.polygon, |c| Coord {
                x: c.x / 2.0,
                y: c.y / 2.0,
            }),
        })
        .collect();
    layer.push(square("5", 100.0, 0.0, 100.0));
    let of = [Some(0), Some(0), Some(0), Some(0), Some(1)];
    assert_eq!(nested(&layer, &of), []);
    // The last child is missing, and one reaches 10 m out of its parent.
    layer.pop();
    layer[3] = polygon(
        "out",
        &[
            (50.0, 50.0),
            (100.0, 50.0),
            (100.0, 110.0),
            (50.0, 110.0),
            (50.0, 50.0),
        ],
    );
    let faults = nested(&layer, &of[..4]);
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!((faults[0].difference_m2 - 500.0).abs() < 1e-6);
    assert_eq!(faults[0].reaching, [(3, [100.0, 110.0])]);
    assert!((faults[1].difference_m2 + 10_000.0).abs() < 1e-6 && faults[1].reaching.is_empty());
}
