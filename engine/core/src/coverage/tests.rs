    use super::*;
    use proptest::prelude::*;

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
        assert!((report.gap_area_m2 - 1.0).abs() < 1e-3, "{report:?}");
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
        assert!((report.gap_area_m2 - 10.0).abs() < 1e-6, "{report:?}");
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
            prop_assert_eq!(report.gap_area_m2, 0.0);
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
            prop_assert!(report.gap_area_m2 + report.overlap_area_m2 > 1.0, "{:?}", report);
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
