//! One R-tree over everything that has a place: buildings, grids, roads, points.

use geo::{Coord, LineString, MultiPolygon, Polygon};
use rstar::{AABB, Envelope, PointDistance, RTree, RTreeObject, SelectionFunction};

use crate::ids::FeatureIdx;

/// What a query returns: a feature of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndexedItem {
    /// Position of the layer in the twin.
    pub layer: u16,
    /// Position of the feature in the layer.
    pub feature: FeatureIdx,
}

/// Where a feature lies, in local metres.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A point, z up.
    Point([f64; 3]),
    /// A line on the ground.
    Line(LineString<f64>),
    /// An area on the ground.
    Area(MultiPolygon<f64>),
    /// A building: its footprint between two heights [m].
    Prism {
        /// Outline on the ground.
        footprint: MultiPolygon<f64>,
        /// Height of the floor [m].
        base: f64,
        /// Height of the roof [m], not below the base.
        top: f64,
    },
}

/// The spatial index of a twin, built once and never changed.
///
/// Features with a coordinate that is not finite are left out; readers refuse them before.
#[derive(Debug, Clone)]
pub struct SpatialIndex {
    tree: RTree<Entry>,
}

impl SpatialIndex {
    /// Builds the index in bulk, O(n log n).
    pub fn build(items: Vec<(IndexedItem, Shape)>) -> Self {
        let entries = items
            .into_iter()
            .filter_map(|(item, shape)| Entry::new(item, shape))
            .collect();
        Self {
            tree: RTree::bulk_load(entries),
        }
    }

    /// How many features are indexed.
    pub fn len(&self) -> usize {
        self.tree.size()
    }

    /// Whether nothing is indexed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Areas and footprints that hold the point, in the order of layer and feature.
    ///
    /// Containment is half-open: a point on a border shared by two polygons of a coverage belongs
    /// to exactly one of them.
    pub fn containing(&self, x: f64, y: f64) -> Vec<IndexedItem> {
        if !(x.is_finite() && y.is_finite()) {
            return Vec::new();
        }
        let mut found: Vec<IndexedItem> = self
            .tree
            .locate_in_envelope_intersecting(AABB::from_point([x, y]))
            .filter(|e| e.area().is_some_and(|a| polygon_holds(a, x, y)))
            .map(|e| e.item)
            .collect();
        found.sort_unstable();
        found
    }

    /// Features whose box meets the given box, in the order of layer and feature.
    pub fn in_box(&self, min: [f64; 2], max: [f64; 2]) -> Vec<IndexedItem> {
        let mut found: Vec<IndexedItem> = self
            .tree
            .locate_in_envelope_intersecting(AABB::from_corners(min, max))
            .map(|e| e.item)
            .collect();
        found.sort_unstable();
        found
    }

    /// The `k` features nearest to a point that `accept` takes, with their horizontal distance [m].
    ///
    /// A point inside an area is at distance zero. Equal distances come in the order of layer and
    /// feature.
    pub fn nearest(
        &self,
        x: f64,
        y: f64,
        k: usize,
        accept: impl Fn(&IndexedItem) -> bool,
    ) -> Vec<(IndexedItem, f64)> {
        if !(x.is_finite() && y.is_finite()) {
            return Vec::new();
        }
        let mut found: Vec<(IndexedItem, f64)> = Vec::new();
        for (entry, squared) in self.tree.nearest_neighbor_iter_with_distance_2([x, y]) {
            // Ties with the last one are gathered before the cut, so that the order is defined.
            if found.len() >= k && found.last().is_none_or(|(_, far)| squared.sqrt() > *far) {
                break;
            }
            if accept(&entry.item) {
                found.push((entry.item, squared.sqrt()));
            }
        }
        found.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        found.truncate(k);
        found
    }

    /// The first prism that a ray meets, and where: the distance in lengths of `direction`.
    ///
    /// `origin` and `direction` are local, x east, y north, z up. A ray that begins inside a prism
    /// meets it at distance zero.
    pub fn ray(
        &self,
        origin: [f64; 3],
        direction: [f64; 3],
        accept: impl Fn(&IndexedItem) -> bool,
    ) -> Option<(IndexedItem, f64)> {
        if !origin.iter().chain(&direction).all(|v| v.is_finite()) || direction == [0.0; 3] {
            return None;
        }
        self.tree
            .locate_with_selection_function(AlongRay { origin, direction })
            .filter(|e| accept(&e.item))
            .filter_map(|e| Some((e.item, e.ray_distance(origin, direction)?)))
            .min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)))
    }
}

/// Whether polygons hold a point, by the parity of edges crossed to the east, decided exactly.
///
/// Half-open: of two polygons that share an edge vertex by vertex, exactly one holds a point on it.
pub fn polygon_holds(area: &MultiPolygon<f64>, x: f64, y: f64) -> bool {
    area.iter().any(|polygon| {
        std::iter::once(polygon.exterior())
            .chain(polygon.interiors())
            .map(|ring| crossings(ring, x, y))
            .sum::<usize>()
            % 2
            == 1
    })
}

fn crossings(ring: &LineString<f64>, x: f64, y: f64) -> usize {
    ring.0
        .windows(2)
        .filter(|w| crosses_to_the_east(w[0], w[1], x, y))
        .count()
}

/// Whether the ray from a point to the east crosses an edge; half-open, and decided exactly.
#[inline]
pub(crate) fn crosses_to_the_east(start: Coord, end: Coord, x: f64, y: f64) -> bool {
    if (start.y > y) == (end.y > y) {
        return false;
    }
    // Edges wholly to the east or west are decided by their boxes: most are.
    if x < start.x.min(end.x) {
        return true;
    }
    if x > start.x.max(end.x) {
        return false;
    }
    // Always seen from the lower end, so that both owners of an edge decide alike.
    let (low, high) = if start.y < end.y {
        (start, end)
    } else {
        (end, start)
    };
    orientation(low, high, Coord { x, y }) > 0.0
}

/// Positive if `c` lies left of the line from `a` to `b`; the sign is exact.
fn orientation(a: Coord, b: Coord, c: Coord) -> f64 {
    let at = |p: Coord| robust::Coord { x: p.x, y: p.y };
    robust::orient2d(at(a), at(b), at(c))
}

#[derive(Debug, Clone)]
struct Entry {
    item: IndexedItem,
    shape: Shape,
    envelope: AABB<[f64; 2]>,
}

impl Entry {
    fn new(item: IndexedItem, shape: Shape) -> Option<Self> {
        let corners: Vec<[f64; 2]> = match &shape {
            Shape::Point(p) => vec![[p[0], p[1]]],
            Shape::Line(line) => line.coords().map(|c| [c.x, c.y]).collect(),
            Shape::Area(area)
            | Shape::Prism {
                footprint: area, ..
            } => area
                .iter()
                .flat_map(|p| p.exterior().coords())
                .map(|c| [c.x, c.y])
                .collect(),
        };
        let finite = corners.iter().flatten().all(|v| v.is_finite());
        (finite && !corners.is_empty()).then(|| Self {
            item,
            envelope: AABB::from_points(&corners),
            shape,
        })
    }

    fn area(&self) -> Option<&MultiPolygon<f64>> {
        match &self.shape {
            Shape::Area(area)
            | Shape::Prism {
                footprint: area, ..
            } => Some(area),
            Shape::Point(_) | Shape::Line(_) => None,
        }
    }

    /// Where a ray enters the prism: inside its footprint and between its heights.
    fn ray_distance(&self, o: [f64; 3], d: [f64; 3]) -> Option<f64> {
        let Shape::Prism {
            footprint,
            base,
            top,
        } = &self.shape
        else {
            return None;
        };
        let (mut enter, mut leave) = (0.0, f64::INFINITY);
        if d[2] == 0.0 {
            if o[2] < *base || o[2] > *top {
                return None;
            }
        } else {
            let (a, b) = ((base - o[2]) / d[2], (top - o[2]) / d[2]);
            enter = a.min(b).max(0.0);
            leave = a.max(b);
        }
        if enter > leave {
            return None;
        }
        let mut cuts: Vec<f64> = footprint.iter().flat_map(|p| ray_cuts(p, o, d)).collect();
        cuts.extend([enter, leave.min(1e12)]);
        cuts.retain(|t| (enter..=leave).contains(t));
        cuts.sort_by(f64::total_cmp);
        // Between two neighbouring cuts the ray is inside or outside as its middle is.
        cuts.windows(2)
            .find(|w| {
                let middle = 0.5 * (w[0] + w[1]);
                w[1] > w[0] && polygon_holds(footprint, o[0] + middle * d[0], o[1] + middle * d[1])
            })
            .map(|w| w[0])
    }
}

/// Where the ray's track on the ground crosses the edges of a polygon.
fn ray_cuts(polygon: &Polygon<f64>, o: [f64; 3], d: [f64; 3]) -> Vec<f64> {
    std::iter::once(polygon.exterior())
        .chain(polygon.interiors())
        .flat_map(|ring| ring.lines())
        .filter_map(|edge| {
            let (ex, ey) = (edge.end.x - edge.start.x, edge.end.y - edge.start.y);
            let cross = d[0] * ey - d[1] * ex;
            let (fx, fy) = (edge.start.x - o[0], edge.start.y - o[1]);
            let along_edge = (fx * d[1] - fy * d[0]) / cross;
            (cross != 0.0 && (0.0..=1.0).contains(&along_edge)).then(|| (fx * ey - fy * ex) / cross)
        })
        .collect()
}

impl RTreeObject for Entry {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.envelope
    }
}

impl PointDistance for Entry {
    fn distance_2(&self, point: &[f64; 2]) -> f64 {
        let [x, y] = *point;
        let to_ring = |ring: &LineString<f64>| {
            ring.lines()
                .map(|l| segment_distance_2(l.start, l.end, x, y))
                .fold(f64::INFINITY, f64::min)
        };
        match &self.shape {
            Shape::Point(p) => (p[0] - x).powi(2) + (p[1] - y).powi(2),
            Shape::Line(line) => to_ring(line),
            Shape::Area(area)
            | Shape::Prism {
                footprint: area, ..
            } => {
                if polygon_holds(area, x, y) {
                    return 0.0;
                }
                area.iter()
                    .flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()))
                    .map(to_ring)
                    .fold(f64::INFINITY, f64::min)
            }
        }
    }
}

fn segment_distance_2(a: Coord, b: Coord, x: f64, y: f64) -> f64 {
    let (ex, ey) = (b.x - a.x, b.y - a.y);
    let squared = ex * ex + ey * ey;
    let t = if squared > 0.0 {
        (((x - a.x) * ex + (y - a.y) * ey) / squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (a.x + t * ex - x).powi(2) + (a.y + t * ey - y).powi(2)
}

/// Selects the boxes that the ray's track on the ground passes through.
struct AlongRay {
    origin: [f64; 3],
    direction: [f64; 3],
}

impl AlongRay {
    fn meets(&self, envelope: &AABB<[f64; 2]>) -> bool {
        let (low, high) = (envelope.lower(), envelope.upper());
        let (mut enter, mut leave) = (0.0_f64, f64::INFINITY);
        for axis in 0..2 {
            let (o, d) = (self.origin[axis], self.direction[axis]);
            if d == 0.0 {
                if o < low[axis] || o > high[axis] {
                    return false;
                }
            } else {
                let (a, b) = ((low[axis] - o) / d, (high[axis] - o) / d);
                enter = enter.max(a.min(b));
                leave = leave.min(a.max(b));
            }
        }
        enter <= leave
    }
}

impl SelectionFunction<Entry> for AlongRay {
    fn should_unpack_parent(&self, envelope: &AABB<[f64; 2]>) -> bool {
        envelope.area() >= 0.0 && self.meets(envelope)
    }

    fn should_unpack_leaf(&self, leaf: &Entry) -> bool {
        self.meets(&leaf.envelope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn square(x: f64, y: f64, size: f64) -> MultiPolygon<f64> {
        MultiPolygon::new(vec![Polygon::new(
            LineString::from(vec![
                (x, y),
                (x + size, y),
                (x + size, y + size),
                (x, y + size),
                (x, y),
            ]),
            vec![],
        )])
    }

    fn item(i: usize) -> IndexedItem {
        IndexedItem {
            layer: 0,
            feature: FeatureIdx::from(i),
        }
    }

    #[test]
    fn a_point_on_a_shared_border_belongs_to_one_polygon() {
        let index = SpatialIndex::build(
            (0..9)
                .map(|i| {
                    (
                        item(i),
                        Shape::Area(square((i % 3) as f64, (i / 3) as f64, 1.0)),
                    )
                })
                .collect(),
        );
        for (x, y) in [
            (1.0, 0.5),
            (0.5, 1.0),
            (1.0, 1.0),
            (2.0, 2.0),
            (1.0, 2.0),
            (1.7, 1.0),
        ] {
            assert_eq!(index.containing(x, y).len(), 1, "({x}, {y})");
        }
    }

    #[test]
    fn a_ray_meets_the_nearer_house_and_passes_over_the_lower_one() {
        let house = |i, x, top| {
            (
                item(i),
                Shape::Prism {
                    footprint: square(x, 0.0, 10.0),
                    base: 0.0,
                    top,
                },
            )
        };
        let index = SpatialIndex::build(vec![house(0, 100.0, 5.0), house(1, 200.0, 50.0)]);
        let low = index
            .ray([0.0, 5.0, 2.0], [1.0, 0.0, 0.0], |_| true)
            .expect("hit");
        assert_eq!((low.0, low.1.round()), (item(0), 100.0));
        let over = index
            .ray([0.0, 5.0, 20.0], [1.0, 0.0, 0.0], |_| true)
            .expect("hit");
        assert_eq!((over.0, over.1.round()), (item(1), 200.0));
        let roof = index
            .ray([105.0, 5.0, 100.0], [0.0, 0.0, -1.0], |_| true)
            .expect("hit");
        assert_eq!((roof.0, roof.1), (item(0), 95.0));
        assert!(
            index
                .ray([0.0, 5.0, 2.0], [-1.0, 0.0, 0.0], |_| true)
                .is_none()
        );
        assert!(
            index
                .ray([0.0, 5.0, f64::NAN], [1.0, 0.0, 0.0], |_| true)
                .is_none()
        );
    }

    /// Corners of n × n cells, moved by up to a third of a cell.
    fn jittered(n: usize, jitter: &[(f64, f64)]) -> Vec<MultiPolygon<f64>> {
        let corner = |i: usize, j: usize| {
            let (dx, dy) = jitter[(j * (n + 1) + i) % jitter.len()];
            (i as f64 + dx, j as f64 + dy)
        };
        (0..n * n)
            .map(|c| {
                let (i, j) = (c % n, c / n);
                let ring = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1), (i, j)];
                let points: Vec<_> = ring.iter().map(|(i, j)| corner(*i, *j)).collect();
                MultiPolygon::new(vec![Polygon::new(LineString::from(points), vec![])])
            })
            .collect()
    }

    fn hostile() -> impl Strategy<Value = f64> {
        prop_oneof![
            3 => -4.0..4.0_f64,
            3 => (-3i8..4).prop_map(f64::from),
            1 => prop_oneof![
                Just(f64::NAN), Just(f64::INFINITY), Just(-1e308), Just(1e200), Just(5e-324), Just(-0.0),
            ],
        ]
    }

    proptest! {
        #[test]
        fn every_point_of_a_partition_belongs_to_one_polygon(
            jitter in prop::collection::vec((-0.3..0.3_f64, -0.3..0.3_f64), 40),
            points in prop::collection::vec((0.5..4.5_f64, 0.5..4.5_f64), 50),
            shares in prop::collection::vec(0.0..1.0_f64, 20),
        ) {
            let cells = jittered(5, &jitter);
            let index = SpatialIndex::build(
                cells.iter().enumerate().map(|(i, c)| (item(i), Shape::Area(c.clone()))).collect(),
            );
            // Also the corners, and points that rounding puts on the borders or right beside them.
            let ring = &cells[12].0[0].exterior().0;
            let on_border = ring.windows(2).flat_map(|w| shares.iter().map(|t| {
                (w[0].x + t * (w[1].x - w[0].x), w[0].y + t * (w[1].y - w[0].y))
            }));
            let corners = ring.iter().map(|c| (c.x, c.y));
            for (x, y) in points.iter().copied().chain(on_border).chain(corners) {
                let found = index.containing(x, y);
                let brute: Vec<_> = (0..25).filter(|i| polygon_holds(&cells[*i], x, y)).map(item).collect();
                prop_assert_eq!(&found, &brute);
                prop_assert!(found.len() == 1, "({x}, {y}): {found:?}");
            }
        }

        #[test]
        fn the_nearest_points_are_those_of_brute_force(
            places in prop::collection::vec((-9i8..9, -9i8..9), 1..80),
            x in -9i8..9, y in -9i8..9, k in 1..10_usize,
        ) {
            let point = |p: (i8, i8)| [f64::from(p.0), f64::from(p.1), 0.0];
            let index = SpatialIndex::build(
                places.iter().enumerate().map(|(i, p)| (item(i), Shape::Point(point(*p)))).collect(),
            );
            let odd = |i: &IndexedItem| i.feature.index() % 2 == 1;
            let mut expected: Vec<_> = places.iter().enumerate().map(|(i, p)| {
                (item(i), f64::from(p.0 - x).hypot(f64::from(p.1 - y)))
            }).filter(|(i, _)| odd(i)).collect();
            expected.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
            expected.truncate(k);
            let found = index.nearest(f64::from(x), f64::from(y), k, odd);
            prop_assert_eq!(found.len(), expected.len());
            for (a, b) in found.iter().zip(&expected) {
                prop_assert!(a.0 == b.0 && (a.1 - b.1).abs() < 1e-12, "{a:?} {b:?}");
            }
        }

        #[test]
        fn a_ray_enters_the_box_that_the_slab_rule_names(
            houses in prop::collection::vec((0.0..100.0_f64, 0.0..100.0_f64, 1.0..20.0_f64, 1.0..30.0_f64), 1..40),
            o in prop::array::uniform3(-50.0..150.0_f64), d in prop::array::uniform3(-1.0..1.0_f64),
        ) {
            let index = SpatialIndex::build(houses.iter().enumerate().map(|(i, &(x, y, side, top))| {
                (item(i), Shape::Prism { footprint: square(x, y, side), base: 0.0, top })
            }).collect());
            let slab = |&(x, y, side, top): &(f64, f64, f64, f64)| {
                let (mut enter, mut leave) = (0.0_f64, f64::INFINITY);
                for (axis, low, high) in [(0, x, x + side), (1, y, y + side), (2, 0.0, top)] {
                    let (a, b) = ((low - o[axis]) / d[axis], (high - o[axis]) / d[axis]);
                    enter = enter.max(a.min(b));
                    leave = leave.min(a.max(b));
                }
                (enter < leave).then_some(enter)
            };
            let expected = houses.iter().filter_map(slab).min_by(f64::total_cmp);
            let found = index.ray(o, d, |_| true).map(|(_, t)| t);
            match (found, expected) {
                (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-6, "{a} {b}"),
                (a, b) => prop_assert_eq!(a, b),
            }
        }

        #[test]
        fn no_shapes_and_no_questions_make_it_panic(
            rings in prop::collection::vec(prop::collection::vec((hostile(), hostile()), 0..6), 0..20),
            (x, y, z) in (hostile(), hostile(), hostile()), (u, v) in (hostile(), hostile()),
        ) {
            let items = rings.iter().enumerate().map(|(i, r)| {
                let line = LineString::from(r.clone());
                let area = MultiPolygon::new(vec![Polygon::new(line.clone(), vec![])]);
                let shape = match i % 4 {
                    0 => Shape::Line(line),
                    1 => Shape::Area(area),
                    2 => Shape::Prism { footprint: area, base: v, top: u },
                    _ => Shape::Point(r.first().map_or([x, y, z], |p| [p.0, p.1, 0.0])),
                };
                (item(i), shape)
            });
            let index = SpatialIndex::build(items.collect());
            prop_assert!(index.containing(x, y).len() <= rings.len());
            prop_assert!(index.in_box([x, y], [u, v]).len() <= rings.len());
            prop_assert!(index.nearest(x, y, 3, |_| true).len() <= 3);
            let _ = index.ray([x, y, z], [u, v, -1.0], |_| true);
        }

        #[test]
        fn queries_answer_as_brute_force_does(
            places in prop::collection::vec((0.0..100.0_f64, 0.0..100.0_f64, 0.5..20.0_f64), 1..60),
            x in -5.0..120.0_f64, y in -5.0..120.0_f64, k in 1..8_usize,
        ) {
            let shapes: Vec<_> = places.iter().map(|&(px, py, s)| square(px, py, s)).collect();
            let index = SpatialIndex::build(
                shapes.iter().enumerate().map(|(i, s)| (item(i), Shape::Area(s.clone()))).collect(),
            );
            let inside: Vec<_> = places.iter().enumerate()
                .filter(|(_, (px, py, s))| (*px..px + s).contains(&x) && (*py..py + s).contains(&y))
                .map(|(i, _)| item(i)).collect();
            prop_assert_eq!(index.containing(x, y), inside);
            let mut distances: Vec<f64> = places.iter().map(|(px, py, s)| {
                let dx = (px - x).max(x - px - s).max(0.0);
                let dy = (py - y).max(y - py - s).max(0.0);
                dx.hypot(dy)
            }).collect();
            distances.sort_by(f64::total_cmp);
            let found = index.nearest(x, y, k, |_| true);
            prop_assert_eq!(found.len(), k.min(places.len()));
            for (hit, expected) in found.iter().zip(&distances) {
                prop_assert!((hit.1 - expected).abs() < 1e-9);
            }
        }
    }
}
