//! Exact shares of raster cells in polygons, and lengths of lines in cells.

use geo::{Coord, LineString, MultiPolygon};

use crate::ids::CellIdx;
use crate::raster::RasterGeometry;

/// A cell that meets a polygon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoveredCell {
    /// The cell.
    pub cell: CellIdx,
    /// Share of the cell's area inside the polygon [-], above 0, at most 1.
    pub fraction: f64,
}

/// The share of every cell that lies inside polygons, in the order of the cells.
///
/// Exact up to rounding: Σ fraction · cell area is the polygons' area inside the raster. Overlapping
/// parts of a multipolygon count once for each. Rings that are not finite give nothing.
///
/// Each edge adds the signed area between itself and the western rim, row by row (the trapezoid
/// rule of Green's theorem, split at cell borders), so the cost is that of the cells touched.
pub fn covered_fractions(
    geometry: &RasterGeometry,
    polygon: &MultiPolygon<f64>,
) -> Vec<CoveredCell> {
    let finite = |c: &Coord| c.x.is_finite() && c.y.is_finite();
    let rings: Vec<(&LineString<f64>, f64)> = polygon
        .iter()
        .flat_map(|p| {
            std::iter::once((p.exterior(), 1.0)).chain(p.interiors().iter().map(|r| (r, -1.0)))
        })
        .collect();
    if !rings.iter().all(|(r, _)| r.coords().all(finite)) {
        return Vec::new();
    }
    let Some(window) = Window::around(geometry, rings.iter().flat_map(|(r, _)| r.coords())) else {
        return Vec::new();
    };
    let mut sums = vec![0.0; window.n_rows * (window.n_cols + 1)];
    for (ring, sign) in rings {
        // Rings may wind either way; what counts is inside or outside.
        let sign = sign * signed_area(ring).signum();
        for edge in ring.lines() {
            window.add_edge(edge.start, edge.end, sign, &mut sums);
        }
    }
    window.collect(geometry, &sums)
}

/// The length of a line inside each cell that it meets [m], in the order of the cells.
pub fn covered_lengths(geometry: &RasterGeometry, line: &LineString<f64>) -> Vec<(CellIdx, f64)> {
    let mut found: Vec<(CellIdx, f64)> = Vec::new();
    for edge in line.lines() {
        let (a, b) = (unit(geometry, edge.start), unit(geometry, edge.end));
        let length = (edge.end.x - edge.start.x).hypot(edge.end.y - edge.start.y);
        if !length.is_finite() {
            continue;
        }
        for w in cuts(a, b, geometry.n_cols, geometry.n_rows).windows(2) {
            let middle = 0.5 * (w[0] + w[1]);
            let (col, row) = (a.x + middle * (b.x - a.x), a.y + middle * (b.y - a.y));
            let inside = (0.0..geometry.n_cols as f64).contains(&col)
                && (0.0..geometry.n_rows as f64).contains(&row);
            if inside && w[1] > w[0] {
                found.push((
                    geometry.index(row as usize, col as usize),
                    (w[1] - w[0]) * length,
                ));
            }
        }
    }
    found.sort_by_key(|(cell, _)| *cell);
    found.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    found
}

/// In cells from the north-west corner: x = column, y = row, downwards.
fn unit(geometry: &RasterGeometry, c: Coord) -> Coord {
    Coord {
        x: (c.x - geometry.west) / geometry.dx,
        y: (geometry.north - c.y) / geometry.dy,
    }
}

/// Twice the signed area of a ring, relative to its first vertex.
fn signed_area(ring: &LineString<f64>) -> f64 {
    let Some(&o) = ring.coords().next() else {
        return 0.0;
    };
    ring.lines()
        .map(|l| (l.start.x - o.x) * (l.end.y - o.y) - (l.end.x - o.x) * (l.start.y - o.y))
        .sum()
}

/// Parameters in [0, 1] where a segment in cell units crosses cell borders inside the raster.
fn cuts(a: Coord, b: Coord, n_cols: usize, n_rows: usize) -> Vec<f64> {
    let mut at = vec![0.0, 1.0];
    for (from, to, n) in [(a.x, b.x, n_cols), (a.y, b.y, n_rows)] {
        let (low, high) = (
            from.min(to).max(0.0).ceil(),
            from.max(to).min(n as f64).floor(),
        );
        let mut k = low;
        while k <= high && from != to {
            at.push(((k - from) / (to - from)).clamp(0.0, 1.0));
            k += 1.0;
        }
    }
    at.sort_by(f64::total_cmp);
    at
}

/// The cells around a polygon.
struct Window {
    first_row: usize,
    first_col: usize,
    n_rows: usize,
    n_cols: usize,
    geometry: RasterGeometry,
}

impl Window {
    fn around<'a>(
        geometry: &RasterGeometry,
        coords: impl Iterator<Item = &'a Coord>,
    ) -> Option<Self> {
        let mut low = [f64::INFINITY; 2];
        let mut high = [f64::NEG_INFINITY; 2];
        for c in coords {
            let u = unit(geometry, *c);
            low = [low[0].min(u.x), low[1].min(u.y)];
            high = [high[0].max(u.x), high[1].max(u.y)];
        }
        let (n_cols, n_rows) = (geometry.n_cols as f64, geometry.n_rows as f64);
        if !(low[0] < n_cols && low[1] < n_rows && high[0] > 0.0 && high[1] > 0.0) {
            return None;
        }
        let (first_col, first_row) = (low[0].max(0.0) as usize, low[1].max(0.0) as usize);
        Some(Self {
            first_row,
            first_col,
            n_rows: (high[1].min(n_rows).ceil() as usize).max(first_row + 1) - first_row,
            n_cols: (high[0].min(n_cols).ceil() as usize).max(first_col + 1) - first_col,
            geometry: *geometry,
        })
    }

    /// Adds the area east of an edge, cell by cell, to what each row accumulates from the west.
    ///
    /// `sums[row][col]` holds differences: the running sum along the row is the covered share.
    fn add_edge(&self, start: Coord, end: Coord, sign: f64, sums: &mut [f64]) {
        let (first_col, first_row) = (self.first_col as f64, self.first_row as f64);
        let shift = |c: Coord| {
            let u = unit(&self.geometry, c);
            Coord {
                x: u.x - first_col,
                y: u.y - first_row,
            }
        };
        let (a, b) = (shift(start), shift(end));
        if a.y == b.y {
            return;
        }
        let (width, height) = (self.n_cols as f64, self.n_rows as f64);
        let stride = self.n_cols + 1;
        for w in cuts(a, b, self.n_cols, self.n_rows).windows(2) {
            let at = |t: f64| Coord {
                x: a.x + t * (b.x - a.x),
                y: a.y + t * (b.y - a.y),
            };
            let (p, q) = (at(w[0]), at(w[1]));
            let middle = at(0.5 * (w[0] + w[1]));
            if !(0.0..height).contains(&middle.y) || middle.x >= width {
                continue;
            }
            let row = middle.y as usize;
            // Rows count southward, and the western border of a counter-clockwise ring runs south: it adds.
            let drop = sign * (q.y - p.y).clamp(-1.0, 1.0);
            if middle.x < 0.0 {
                sums[row * stride] += drop;
                continue;
            }
            let col = middle.x as usize;
            let east_share = (col as f64 + 1.0 - 0.5 * (p.x + q.x)).clamp(0.0, 1.0);
            sums[row * stride + col] += drop * east_share;
            sums[row * stride + col + 1] += drop * (1.0 - east_share);
        }
    }

    fn collect(&self, geometry: &RasterGeometry, sums: &[f64]) -> Vec<CoveredCell> {
        let mut cells = Vec::new();
        for (row, line) in sums.chunks_exact(self.n_cols + 1).enumerate() {
            let mut share = 0.0;
            for (col, difference) in line[..self.n_cols].iter().enumerate() {
                share += difference;
                // What rounding leaves of nothing is nothing.
                if share > 1e-12 {
                    let cell = geometry.index(self.first_row + row, self.first_col + col);
                    cells.push(CoveredCell {
                        cell,
                        fraction: share,
                    });
                }
            }
        }
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Area, Polygon};
    use proptest::prelude::*;

    fn geometry() -> RasterGeometry {
        RasterGeometry::new(12, 9, 100.0, 90.0, 10.0, 10.0).expect("valid")
    }

    fn ring(points: &[(f64, f64)]) -> MultiPolygon<f64> {
        MultiPolygon::new(vec![Polygon::new(
            LineString::from(points.to_vec()),
            vec![],
        )])
    }

    #[test]
    fn a_square_over_four_cells_takes_a_quarter_of_each() {
        let cells = covered_fractions(
            &geometry(),
            &ring(&[(115.0, 45.0), (125.0, 45.0), (125.0, 55.0), (115.0, 55.0)]),
        );
        assert_eq!(cells.len(), 4);
        assert!(cells.iter().all(|c| (c.fraction - 0.25).abs() < 1e-12));
    }

    #[test]
    fn the_whole_raster_is_covered_once() {
        let cells = covered_fractions(
            &geometry(),
            &ring(&[(0.0, -50.0), (900.0, -50.0), (900.0, 500.0), (0.0, 500.0)]),
        );
        assert_eq!(cells.len(), 108);
        assert!(cells.iter().all(|c| (c.fraction - 1.0).abs() < 1e-12));
    }

    #[test]
    fn holes_are_taken_off() {
        let yard = Polygon::new(
            LineString::from(vec![
                (110.0, 10.0),
                (150.0, 10.0),
                (150.0, 50.0),
                (110.0, 50.0),
            ]),
            vec![LineString::from(vec![
                (120.0, 20.0),
                (140.0, 20.0),
                (140.0, 40.0),
                (120.0, 40.0),
            ])],
        );
        let cells = covered_fractions(&geometry(), &MultiPolygon::new(vec![yard]));
        let area: f64 = cells.iter().map(|c| c.fraction * 100.0).sum();
        assert!((area - 1200.0).abs() < 1e-9);
        assert_eq!(cells.len(), 12);
    }

    #[test]
    fn a_diagonal_has_its_length_in_each_cell() {
        let line = LineString::from(vec![(100.0, 90.0), (130.0, 60.0)]);
        let cells = covered_lengths(&geometry(), &line);
        assert_eq!(cells.len(), 3);
        assert!(
            cells
                .iter()
                .all(|(_, l)| (l - 200.0_f64.sqrt()).abs() < 1e-9)
        );
    }

    fn hostile() -> impl Strategy<Value = f64> {
        prop_oneof![
            6 => 80.0..240.0_f64,
            1 => prop_oneof![
                Just(f64::NAN), Just(f64::INFINITY), Just(-1e308), Just(1e308), Just(1e17), Just(5e-324), Just(100.0),
            ],
        ]
    }

    proptest! {
        #[test]
        fn no_coordinates_make_it_panic(points in prop::collection::vec((hostile(), hostile()), 0..9)) {
            let g = geometry();
            let cells = covered_fractions(&g, &ring(&points));
            prop_assert!(cells.iter().all(|c| c.cell.index() < g.n_cells() && c.fraction.is_finite()));
            let lengths = covered_lengths(&g, &LineString::from(points));
            prop_assert!(lengths.iter().all(|(c, l)| c.index() < g.n_cells() && l.is_finite() && *l >= 0.0));
        }

        #[test]
        fn lengths_add_up_to_the_line(points in prop::collection::vec((100.0..220.0_f64, 0.0..90.0_f64), 2..12)) {
            let line = LineString::from(points);
            let whole: f64 = line.lines().map(|l| l.dx().hypot(l.dy())).sum();
            let sum: f64 = covered_lengths(&geometry(), &line).iter().map(|(_, l)| l).sum();
            prop_assert!((sum - whole).abs() < 1e-9 * whole.max(1.0), "{sum} {whole}");
        }

        #[test]
        fn fractions_add_up_to_the_polygons_area(
            // No step of half a turn or more, so that the star does not cross itself.
            angles in prop::collection::vec(0.5..1.0_f64, 4..20),
            radii in prop::collection::vec(1.0..30.0_f64, 20),
            cx in 135.0..185.0_f64, cy in 35.0..55.0_f64,
        ) {
            let total: f64 = angles.iter().sum();
            let mut turn = 0.0;
            let star: Vec<(f64, f64)> = angles.iter().zip(&radii).map(|(a, r)| {
                turn += a / total * std::f64::consts::TAU;
                (cx + r * turn.cos(), cy + r * turn.sin())
            }).collect();
            let polygon = ring(&star);
            let cells = covered_fractions(&geometry(), &polygon);
            let sum: f64 = cells.iter().map(|c| c.fraction * 100.0).sum();
            prop_assert!((sum - polygon.unsigned_area()).abs() < 1e-7 * polygon.unsigned_area().max(1.0));
            prop_assert!(cells.iter().all(|c| c.fraction > 0.0 && c.fraction < 1.0 + 1e-9));
            prop_assert!(cells.windows(2).all(|w| w[0].cell < w[1].cell));
        }

        #[test]
        fn two_halves_share_every_cell(cut in 100.0..220.0_f64, tilt in -30.0..30.0_f64) {
            let g = geometry();
            let (top, bottom) = (cut + tilt, cut - tilt);
            let west = ring(&[(50.0, 0.0), (bottom, 0.0), (top, 90.0), (50.0, 90.0)]);
            let east = ring(&[(bottom, 0.0), (300.0, 0.0), (300.0, 90.0), (top, 90.0)]);
            let mut share = vec![0.0; g.n_cells()];
            for part in [west, east] {
                for c in covered_fractions(&g, &part) {
                    share[c.cell.index()] += c.fraction;
                }
            }
            prop_assert!(share.iter().all(|s| (s - 1.0).abs() < 1e-9));
        }
    }
}
