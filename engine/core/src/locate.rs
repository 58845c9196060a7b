//! Which polygon of a layer holds a point, for millions of points.
//!
//! The box of the layer is cut into equal cells. A cell that lies inside a polygon names it, and answers at once; a cell
//! that an outline passes through names the polygons whose outlines do, which are asked exactly, each through bands of
//! its edges. The answer is that of [`crate::index::polygon_holds`] over all polygons, half-open and exact.

use geo::{Coord, Rect};

use crate::index::crosses_to_the_east;
use crate::polygons::{PolygonSet, bounds_of};

/// The index of a layer for points.
#[derive(Debug)]
pub struct Locator<'a> {
    set: &'a PolygonSet,
    grid: Option<Grid>,
    /// For each cell 0, or a tag, or, with [`LISTED`], a position in `nodes`.
    cells: Vec<u32>,
    nodes: Vec<Node>,
    polygon_of_part: Vec<u32>,
    bands: Vec<Bands>,
    band_ends: Vec<u32>,
    band_edges: Vec<u32>,
}

/// Cells for each edge [-], and the most of all: 16 MiB.
const CELLS_PER_EDGE: usize = 2;
const MOST_CELLS: usize = 1 << 22;
/// Parts with fewer edges are asked edge by edge.
const FEW_EDGES: usize = 16;
/// Marks a cell whose entries stand in a list.
const LISTED: u32 = 1 << 31;

/// One more entry of a cell.
#[derive(Clone, Copy, Debug)]
struct Node {
    tag: u32,
    /// Position of the next one, counted from 1; 0 for none.
    next: u32,
}

/// Bands of equal height over a part, each with the edges that reach into it.
#[derive(Clone, Copy, Debug, Default)]
struct Bands {
    /// Position of the first in `band_ends`.
    first: u32,
    /// How many; 0 if the part is asked edge by edge.
    count: u32,
    south: f64,
    per_unit: f64,
}

impl Bands {
    /// The band of an ordinate: it never decreases northwards, which is all that exactness needs.
    fn of(&self, y: f64) -> usize {
        (((y - self.south) * self.per_unit) as usize).min(self.count as usize - 1)
    }
}

/// Equal cells over a box.
#[derive(Clone, Copy, Debug)]
struct Grid {
    bounds: Rect,
    n: [usize; 2],
    per_unit: [f64; 2],
}

impl Grid {
    fn new(bounds: Rect, edges: usize) -> Self {
        let target = (CELLS_PER_EDGE * edges).clamp(64, MOST_CELLS) as f64;
        let (width, height) = (bounds.width(), bounds.height());
        // No cell is narrower than what coordinates resolve.
        let finest = |extent: f64, far: f64| (extent / (far * 1e-12)).clamp(1.0, 1e6);
        let far_x = bounds.min().x.abs().max(bounds.max().x.abs());
        let far_y = bounds.min().y.abs().max(bounds.max().y.abs());
        let aspect = (width / height).clamp(1e-6, 1e6);
        let n_x = (target * aspect).sqrt().min(finest(width, far_x)).max(1.0);
        let n_y = (target / n_x).min(finest(height, far_y)).max(1.0);
        let (n_x, n_y) = (n_x.floor(), n_y.floor());
        let per = |n: f64, extent: f64| if extent > 0.0 { n / extent } else { 0.0 };
        Self {
            bounds,
            n: [n_x as usize, n_y as usize],
            per_unit: [per(n_x, width), per(n_y, height)],
        }
    }

    fn column(&self, x: f64) -> usize {
        (((x - self.bounds.min().x) * self.per_unit[0]) as usize).min(self.n[0] - 1)
    }

    fn row(&self, y: f64) -> usize {
        (((y - self.bounds.min().y) * self.per_unit[1]) as usize).min(self.n[1] - 1)
    }

    fn holds(&self, x: f64, y: f64) -> bool {
        let (low, high) = (self.bounds.min(), self.bounds.max());
        x >= low.x && x <= high.x && y >= low.y && y <= high.y
    }

    fn centre(&self, column: usize, row: usize) -> Coord {
        let at = |low: f64, k: usize, per_unit: f64| match per_unit > 0.0 {
            true => low + (k as f64 + 0.5) / per_unit,
            false => low,
        };
        Coord {
            x: at(self.bounds.min().x, column, self.per_unit[0]),
            y: at(self.bounds.min().y, row, self.per_unit[1]),
        }
    }

    /// How much wider than its cell a place is taken, so that rounding never loses one.
    fn margin(&self) -> Coord {
        let of = |per_unit: f64, low: f64, high: f64| {
            let cell = if per_unit > 0.0 { 1.0 / per_unit } else { 0.0 };
            1e-6 * cell + 1e-15 * low.abs().max(high.abs())
        };
        let (low, high) = (self.bounds.min(), self.bounds.max());
        Coord {
            x: of(self.per_unit[0], low.x, high.x),
            y: of(self.per_unit[1], low.y, high.y),
        }
    }
}

/// Neighbouring columns of a row that an outline may pass through.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Run {
    row: u32,
    from: u32,
    to: u32,
}

impl<'a> Locator<'a> {
    /// Builds the index, O(edges + cells). Parts with a coordinate that is not finite are left out.
    pub fn new(set: &'a PolygonSet) -> Self {
        let edges = set.coords().len();
        let mut locator = Self {
            set,
            grid: bounds_of(set.coords()).map(|bounds| Grid::new(bounds, edges)),
            cells: Vec::new(),
            nodes: Vec::new(),
            polygon_of_part: Vec::with_capacity(set.n_parts()),
            bands: Vec::with_capacity(set.n_parts()),
            band_ends: Vec::new(),
            band_edges: Vec::new(),
        };
        for polygon in 0..set.len() {
            let parts = set.parts(polygon);
            locator
                .polygon_of_part
                .extend(parts.map(|_| polygon as u32));
        }
        for part in 0..set.n_parts() {
            let bands = locator.bands_of(part);
            locator.bands.push(bands);
        }
        if let Some(grid) = locator.grid {
            locator.cells = vec![0; grid.n[0] * grid.n[1]];
            let mut runs = Vec::new();
            for part in 0..set.n_parts() {
                locator.enter(part, &grid, &mut runs);
            }
        }
        locator
    }

    /// The box of the layer, `None` if it has no vertex.
    pub fn bounds(&self) -> Option<Rect> {
        self.grid.map(|grid| grid.bounds)
    }

    /// Writes the polygons that hold a point into `found`, in their order.
    pub fn locate(&self, x: f64, y: f64, found: &mut Vec<usize>) {
        found.clear();
        let Some(grid) = self.grid.filter(|grid| grid.holds(x, y)) else {
            return;
        };
        let cell = self.cells[grid.row(y) * grid.n[0] + grid.column(x)];
        if cell & LISTED == 0 {
            if cell != 0 && self.is_in(cell, x, y) {
                found.push(self.polygon(cell));
            }
            return;
        }
        let mut at = cell & !LISTED;
        while at != 0 {
            let node = self.nodes[at as usize - 1];
            if self.is_in(node.tag, x, y) {
                found.push(self.polygon(node.tag));
            }
            at = node.next;
        }
        found.sort_unstable();
        found.dedup();
    }

    fn polygon(&self, tag: u32) -> usize {
        self.polygon_of_part[(tag >> 1) as usize - 1] as usize
    }

    fn is_in(&self, tag: u32, x: f64, y: f64) -> bool {
        tag & 1 == 1 || self.part_holds((tag >> 1) as usize - 1, x, y)
    }

    fn part_holds(&self, part: usize, x: f64, y: f64) -> bool {
        let coords = self.set.coords();
        let bands = &self.bands[part];
        if bands.count > 0 {
            if y < bands.south {
                return false;
            }
            let band = bands.first as usize + bands.of(y);
            let from = if band == 0 {
                0
            } else {
                self.band_ends[band - 1]
            };
            let edges = &self.band_edges[from as usize..self.band_ends[band] as usize];
            let crossed = |k: &&u32| {
                let k = **k as usize;
                crosses_to_the_east(coords[k], coords[k + 1], x, y)
            };
            return edges.iter().filter(crossed).count() % 2 == 1;
        }
        let rings = self.set.rings_of_part(part);
        let crossings = rings.map(|ring| {
            let edges = self.set.ring(ring).windows(2);
            edges
                .filter(|w| crosses_to_the_east(w[0], w[1], x, y))
                .count()
        });
        crossings.sum::<usize>() % 2 == 1
    }

    /// The positions of the first vertices of a part's edges.
    fn edges_of(&self, part: usize) -> impl Iterator<Item = usize> + use<'a> {
        let set = self.set;
        set.rings_of_part(part).flat_map(move |ring| {
            let span = set.ring_span(ring);
            span.start..span.end.saturating_sub(1).max(span.start)
        })
    }

    fn bands_of(&mut self, part: usize) -> Bands {
        let coords = self.set.coords();
        let n = self.edges_of(part).count();
        let bounds = self.set.bounds(self.set.rings_of_part(part));
        let Some(bounds) = bounds.filter(|b| n > FEW_EDGES && b.height() > 0.0) else {
            return Bands::default();
        };
        let climbed: f64 = self
            .edges_of(part)
            .map(|k| (coords[k + 1].y - coords[k].y).abs())
            .sum();
        if !climbed.is_finite() {
            return Bands::default();
        }
        // So many that an edge stands in four bands at most, on average.
        let most = 3.0 * n as f64 * bounds.height() / climbed;
        let count = (n as f64 / 4.0).min(most).clamp(1.0, 65536.0);
        let bands = Bands {
            first: self.band_ends.len() as u32,
            count: count as u32,
            south: bounds.min().y,
            per_unit: count.floor() / bounds.height(),
        };
        let reach = |k: usize| {
            let (a, b) = (coords[k].y, coords[k + 1].y);
            bands.of(a.min(b))..=bands.of(a.max(b))
        };
        let mut counts = vec![0_u32; bands.count as usize];
        for band in self.edges_of(part).flat_map(reach) {
            counts[band] += 1;
        }
        let mut next = Vec::with_capacity(counts.len());
        let mut end = self.band_edges.len() as u32;
        for count in counts {
            next.push(end);
            end += count;
            self.band_ends.push(end);
        }
        self.band_edges.resize(end as usize, 0);
        for k in self.edges_of(part) {
            for band in reach(k) {
                self.band_edges[next[band] as usize] = k as u32;
                next[band] += 1;
            }
        }
        bands
    }

    /// Enters a part into the cells that its outline passes through, and into those inside it.
    fn enter(&mut self, part: usize, grid: &Grid, runs: &mut Vec<Run>) {
        let coords = self.set.coords();
        let rings = self.set.rings_of_part(part);
        let vertices = rings.flat_map(|ring| self.set.ring(ring));
        if !vertices
            .into_iter()
            .all(|c| c.x.is_finite() && c.y.is_finite())
        {
            return;
        }
        runs.clear();
        for k in self.edges_of(part) {
            mark(grid, coords[k], coords[k + 1], runs);
        }
        runs.sort_unstable();
        let tag = (part as u32 + 1) << 1;
        let mut before: Option<Run> = None;
        for run in runs.iter() {
            let mut from = run.from;
            if let Some(last) = before.filter(|last| last.row == run.row) {
                if run.from > last.to + 1 {
                    let centre = grid.centre(last.to as usize + 1, run.row as usize);
                    if self.part_holds(part, centre.x, centre.y) {
                        self.put(grid, run.row, last.to + 1, run.from - 1, tag | 1);
                    }
                }
                from = from.max(last.to + 1);
            }
            if from <= run.to {
                self.put(grid, run.row, from, run.to, tag);
                before = Some(*run);
            }
        }
    }

    fn put(&mut self, grid: &Grid, row: u32, from: u32, to: u32, tag: u32) {
        let start = row as usize * grid.n[0];
        for cell in start + from as usize..=start + to as usize {
            let entry = self.cells[cell];
            if entry == 0 {
                self.cells[cell] = tag;
                continue;
            }
            let next = match entry & LISTED {
                0 => {
                    self.nodes.push(Node {
                        tag: entry,
                        next: 0,
                    });
                    self.nodes.len() as u32
                }
                _ => entry & !LISTED,
            };
            self.nodes.push(Node { tag, next });
            self.cells[cell] = self.nodes.len() as u32 | LISTED;
        }
    }
}

/// The cells that an edge may pass through, a run for each row, never too few.
fn mark(grid: &Grid, a: Coord, b: Coord, runs: &mut Vec<Run>) {
    let margin = grid.margin();
    let (low, high) = if a.y <= b.y { (a, b) } else { (b, a) };
    let (first, last) = (grid.row(low.y - margin.y), grid.row(high.y + margin.y));
    let (dx, dy) = (high.x - low.x, high.y - low.y);
    let wider = margin.x + 1e-14 * dx.abs();
    for row in first..=last {
        let (mut from, mut to) = (low.x.min(high.x), low.x.max(high.x));
        if first != last && dy > 0.0 {
            let height = 1.0 / grid.per_unit[1];
            let south = grid.bounds.min().y + row as f64 * height - margin.y;
            let at = |y: f64| low.x + ((y - low.y) / dy).clamp(0.0, 1.0) * dx;
            let (s, n) = (at(south), at(south + height + 2.0 * margin.y));
            (from, to) = (s.min(n), s.max(n));
        }
        runs.push(Run {
            row: row as u32,
            from: grid.column(from - wider) as u32,
            to: grid.column(to + wider) as u32,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::polygon_holds;
    use geo::{LineString, MultiPolygon, Polygon};
    use proptest::prelude::*;

    fn polygon(ring: Vec<(f64, f64)>) -> Polygon<f64> {
        Polygon::new(LineString::from(ring), vec![])
    }

    fn holders(set: &[MultiPolygon<f64>], x: f64, y: f64) -> Vec<usize> {
        (0..set.len())
            .filter(|i| polygon_holds(&set[*i], x, y))
            .collect()
    }

    /// Blobs of many vertices that overlap, some with a hole, some of two parts.
    fn blobs(seeds: &[(f64, f64, f64, u8)]) -> Vec<MultiPolygon<f64>> {
        let ring = |x: f64, y: f64, r: f64, n: usize, wave: f64| {
            let at = |k: usize| {
                let turn = std::f64::consts::TAU * (k % n) as f64 / n as f64;
                let r = r * (1.0 + 0.3 * (wave * turn).sin());
                (x + r * turn.cos(), y + r * turn.sin())
            };
            LineString::from((0..=n).map(at).collect::<Vec<_>>())
        };
        let blob = |&(x, y, r, kind): &(f64, f64, f64, u8)| {
            let shell = ring(x, y, r, 3 + 13 * usize::from(kind), f64::from(kind));
            let holes = match kind % 3 {
                0 => vec![ring(x, y, 0.4 * r, 30, 0.0)],
                _ => vec![],
            };
            let mut parts = vec![Polygon::new(shell, holes)];
            if kind % 4 == 1 {
                parts.push(polygon(vec![(x, y), (x + r, y), (x + r, y + r), (x, y)]));
            }
            MultiPolygon::new(parts)
        };
        seeds.iter().map(blob).collect()
    }

    proptest! {
        #[test]
        fn the_answer_is_that_of_brute_force(
            seeds in prop::collection::vec((0.0..10.0_f64, 0.0..10.0_f64, 0.1..4.0_f64, 0u8..9), 0..12),
            points in prop::collection::vec((-1.0..11.0_f64, -1.0..11.0_f64), 200),
            (dx, dy) in (-1e6..1e6_f64, -1e6..1e6_f64), scale in prop_oneof![Just(1.0), Just(1e-6), Just(1e4)],
        ) {
            let layer: Vec<_> = blobs(&seeds).iter().map(|p| geo::MapCoords::map_coords(p, |c| Coord {
                x: c.x * scale + dx, y: c.y * scale + dy,
            })).collect();
            let set: PolygonSet = layer.iter().collect();
            let locator = Locator::new(&set);
            let mut found = Vec::new();
            // Also the vertices themselves and the middles of edges: the half-open rule holds there.
            let free = points.iter().map(|(x, y)| (x * scale + dx, y * scale + dy));
            let vertices = set.coords().iter().map(|c| (c.x, c.y));
            let middles = set.coords().windows(2).map(|w| (0.5 * (w[0].x + w[1].x), 0.5 * (w[0].y + w[1].y)));
            for (x, y) in free.chain(vertices).chain(middles) {
                locator.locate(x, y, &mut found);
                prop_assert_eq!(&found, &holders(&layer, x, y), "({}, {})", x, y);
            }
        }

        #[test]
        fn no_rings_make_it_panic(
            rings in prop::collection::vec(prop::collection::vec((hostile(), hostile()), 0..30), 0..6),
            x in hostile(), y in hostile(),
        ) {
            let layer: Vec<_> = rings.into_iter().map(|r| MultiPolygon::new(vec![polygon(r)])).collect();
            let set: PolygonSet = layer.iter().collect();
            let mut found = Vec::new();
            Locator::new(&set).locate(x, y, &mut found);
            prop_assert!(found.len() <= layer.len());
        }
    }

    fn hostile() -> impl Strategy<Value = f64> {
        prop_oneof![
            4 => -4.0..4.0_f64,
            2 => (-3i8..4).prop_map(f64::from),
            1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-1e308), Just(1e200), Just(5e-324)],
        ]
    }

    #[test]
    fn every_point_of_a_chequerboard_has_its_square() {
        let n = 60;
        let layer: Vec<MultiPolygon<f64>> = (0..n * n)
            .map(|k| {
                let (x, y) = (f64::from(k % n), f64::from(k / n));
                let ring = vec![
                    (x, y),
                    (x + 1.0, y),
                    (x + 1.0, y + 1.0),
                    (x, y + 1.0),
                    (x, y),
                ];
                MultiPolygon::new(vec![polygon(ring)])
            })
            .collect();
        let set: PolygonSet = layer.iter().collect();
        let locator = Locator::new(&set);
        let mut found = Vec::new();
        for k in 0..4 * n * n {
            let (x, y) = (f64::from(k % (2 * n)) / 2.0, f64::from(k / (2 * n)) / 2.0);
            locator.locate(x, y, &mut found);
            let square = (y.floor() * f64::from(n) + x.floor()) as usize;
            assert_eq!(found, [square], "({x}, {y})");
        }
    }
}
