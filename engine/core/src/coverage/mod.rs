//! Whether polygons tile the ground: no gaps, no overlaps (不留空白、不交叉重叠).
//!
//! Coordinates are rounded to an integer lattice; from there on the matching of edges is exact.
//! In a sound coverage every edge between two polygons occurs once in each direction. Only where
//! that fails are areas computed.

use geo::{
    Area, BooleanOps, Coord, Euclidean, InteriorPoint, Length, LineString, MultiPolygon, Polygon,
    Rect,
};
use serde::Serialize;

use crate::area::{geodesic_area_m2, signed_ring_area_m2};
use crate::date_line;
use crate::message;
use crate::message::Message;
use crate::polygons::PolygonSet;
use crate::ring::{RingCheck, RingFault, lies_inside};

mod faces;
mod lattice;
mod nesting;
mod overlaps;

use faces::{Face, Faces, faces};
use lattice::{Edge, Point, loose_edges, settled};

pub use nesting::{NestingFault, check_nesting};

/// One polygon of a layer, with its code.
#[derive(Clone, Debug, PartialEq)]
pub struct Polygonal {
    /// The code that reports name.
    pub id: String,
    /// Its area.
    pub polygon: MultiPolygon<f64>,
}

/// What coordinates are, and so how areas are told in square metres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoordinateUnit {
    /// Longitude, latitude in degrees; areas on the ellipsoid; lattice of 10⁻⁹ degrees (0.1 mm).
    Degrees,
    /// Metres of a projection; areas in the plane; lattice of 0.1 mm.
    Metres,
    /// Another unit of a projection; areas in the plane; lattice of a ten-thousandth of the unit.
    Projected {
        /// Nanometres in the unit: 304 800 000 for a foot.
        nanometres: u64,
    },
}

impl CoordinateUnit {
    fn per_lattice_step(self) -> f64 {
        match self {
            Self::Degrees => 1e9,
            Self::Metres | Self::Projected { .. } => 1e4,
        }
    }

    /// Whether a coordinate makes sense and, as a number of lattice steps, is exact in every sum here.
    fn can_hold(self, c: Coord) -> bool {
        match self {
            Self::Degrees => c.x.abs() <= 540.0 && c.y.abs() <= 90.0,
            Self::Metres | Self::Projected { .. } => c.x.abs() <= 1e9 && c.y.abs() <= 1e9,
        }
    }

    /// Metres in one unit, roughly, for the width of slivers.
    fn metres(self) -> f64 {
        match self {
            Self::Degrees => 111_000.0,
            Self::Metres => 1.0,
            Self::Projected { nanometres } => nanometres as f64 * 1e-9,
        }
    }
}

/// A place where the layer is no coverage.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Defect {
    /// Ground inside the layer that no polygon holds.
    Gap {
        /// Its area [m²].
        area_m2: f64,
        /// A point in it, in the layer's coordinates.
        at: [f64; 2],
        /// Narrower than a tenth of a metre on average.
        sliver: bool,
    },
    /// Ground that two polygons hold.
    Overlap {
        /// One polygon.
        a: String,
        /// The other.
        b: String,
        /// Its area [m²].
        area_m2: f64,
        /// A point in it, in the layer's coordinates.
        at: [f64; 2],
        /// Narrower than a tenth of a metre on average.
        sliver: bool,
    },
    /// A ring that bounds no area.
    Ring {
        /// The polygon.
        id: String,
        /// Position of the ring in it, from 0; the shell comes first.
        ring: usize,
        /// What is wrong; serialized as its English.
        #[serde(serialize_with = "message::as_english")]
        fault: Message,
        /// Where, if it has a place.
        at: Option<[f64; 2]>,
    },
    /// Two polygons with the same code.
    SameCode {
        /// The code.
        id: String,
    },
}

/// How many defects of each kind there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DefectCounts {
    /// Rings that bound no area.
    pub rings: usize,
    /// Pairs of polygons that hold the same ground.
    pub overlaps: usize,
    /// Pieces of ground that no polygon holds.
    pub gaps: usize,
    /// Codes that more than one polygon has.
    pub same_codes: usize,
}

impl DefectCounts {
    /// All of them.
    pub fn total(&self) -> usize {
        self.rings + self.overlaps + self.gaps + self.same_codes
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CoverageReport {
    /// Polygons checked.
    pub polygons: usize,
    /// Vertices checked, closing ones not counted.
    pub vertices: usize,
    /// Sum of the polygons' areas [m²].
    pub area_m2: f64,
    /// Sum of the gaps [m²]; exactly 0 where every edge matches. `None` where outlines cross so often that gaps were not
    /// looked for.
    pub gap_area_m2: Option<f64>,
    /// Sum of the overlaps [m²]; exactly 0 where every edge matches.
    pub overlap_area_m2: f64,
    /// How many defects there are, listed or not.
    pub counts: DefectCounts,
    /// Pieces of the layer that touch no other. Ground between them that opens to the outside is no gap.
    pub pieces: usize,
    /// A vertex of a second piece, if there is one.
    pub second_piece_at: Option<[f64; 2]>,
    /// Defects with their places, rings first, then overlaps and gaps by size: of each kind the [`MOST_LISTED`] largest.
    pub defects: Vec<Defect>,
}

/// Most defects of a kind that a report lists [-]; the counts have all.
pub const MOST_LISTED: usize = 10_000;

/// Average width below which a gap or an overlap is called a sliver [m].
const SLIVER_WIDTH: f64 = 0.1;

/// Average width up to which a gap or an overlap is rounding of vertices and no defect [lattice steps]: 0.2 mm.
const ROUNDING_WIDTH: f64 = 2.0;

/// Area below which a computed gap or overlap is rounding of the lattice [m²].
const AREA_NOISE: f64 = 1e-4;

/// Checks one layer.
///
/// A gap is ground enclosed by the layer that no polygon holds, or, where a `boundary` is given, any
/// of its ground that no polygon holds. Without a boundary a gap that opens to the outside cannot be
/// told from the shape of the layer; the number of its pieces tells where the layer falls apart. A polygon with a faulty
/// ring is named and otherwise left out, so that its ground may appear as a gap.
pub fn check_coverage(
    polygons: &[Polygonal],
    unit: CoordinateUnit,
    boundary: Option<&MultiPolygon<f64>>,
) -> CoverageReport {
    let mut set: PolygonSet = polygons.iter().map(|p| &p.polygon).collect();
    check_layer(&mut set, |i| polygons[i].id.as_str(), unit, boundary)
}

/// Checks one layer that stands in flat arrays; shells of sound polygons are turned counter-clockwise in it, holes
/// clockwise.
///
/// - `id`: the code of a polygon
pub fn check_layer<'a>(
    set: &mut PolygonSet,
    id: impl Fn(usize) -> &'a str,
    unit: CoordinateUnit,
    boundary: Option<&MultiPolygon<f64>>,
) -> CoverageReport {
    let n = set.len();
    let vertices = (0..set.n_rings()).map(|r| set.ring(r).len().saturating_sub(1));
    let vertices = vertices.sum();
    let mut counts = DefectCounts::default();
    let mut defects = repeated_codes(n, &id, &mut counts);
    let mut check = RingCheck::default();
    let mut sound = Vec::with_capacity(n);
    for polygon in 0..n {
        if is_sound(set, polygon, id(polygon), unit, &mut check, &mut defects) {
            orient(set, polygon, unit);
            sound.push(polygon as u32);
        }
    }
    counts.rings = defects.len() - counts.same_codes.min(MOST_LISTED);
    let joined = unit == CoordinateUnit::Degrees && date_line::join(set);
    let bounded = boundary
        .and_then(|boundary| bounded_edges(set, &sound, boundary, unit, &mut check, &mut defects));
    let edges = loose_edges(set, rings_of(set, &sound), unit);
    let area_m2 = area_of(&edges, unit);
    let settled_edges = settled(edges);
    let drawn = settled_edges
        .as_ref()
        .map(|edges| faces(edges, |winding| winding != 1));
    let held_twice = drawn.as_ref().map(|drawn| {
        let twice = drawn.faces.iter().filter(|f| f.winding > 1);
        twice.map(bounds_of_face).collect::<Vec<_>>()
    });
    let overlaps = overlaps::find(set, &sound, held_twice.as_deref(), unit);
    let is_gap = |face: &&Face| match &bounded {
        Some(_) => face.winding < 0,
        None => face.winding == 0,
    };
    let looked_at = match &bounded {
        Some(edges) => edges
            .clone()
            .and_then(settled)
            .map(|e| faces(&e, |w| w < 0)),
        None => None,
    };
    let gaps: Option<Vec<Defect>> = match boundary {
        Some(_) => looked_at.as_ref(),
        None => drawn.as_ref(),
    }
    .map(|drawn| {
        let gaps = drawn.faces.iter().filter(is_gap);
        by_size(gaps.filter_map(|face| gap(face, unit)).collect())
    });
    let total = |defects: &[Defect]| defects.iter().map(defect_area).fold(0.0, |a, b| a + b);
    let pieces = drawn.as_ref().map_or(1, |d: &Faces| d.pieces.len());
    let second = drawn.as_ref().and_then(|d| d.pieces.get(1).copied());
    counts.overlaps = overlaps.count;
    counts.gaps = gaps.as_ref().map_or(0, Vec::len);
    let gap_area_m2 = gaps.as_deref().map(total);
    defects.extend(overlaps.largest.iter().map(|o| o.defect(&id)));
    defects.extend(gaps.into_iter().flatten().take(MOST_LISTED));
    let mut second = second.map(|p| on_ground(p, unit).into());
    if joined {
        let places = defects
            .iter_mut()
            .filter_map(place_of)
            .chain(second.as_mut());
        places
            .filter(|at| at[0] > 180.0)
            .for_each(|at| at[0] -= 360.0);
    }
    CoverageReport {
        polygons: n,
        vertices,
        area_m2,
        gap_area_m2,
        overlap_area_m2: overlaps.area_m2,
        counts,
        pieces,
        second_piece_at: second,
        defects,
    }
}

fn place_of(defect: &mut Defect) -> Option<&mut [f64; 2]> {
    match defect {
        Defect::Gap { at, .. } | Defect::Overlap { at, .. } => Some(at),
        Defect::Ring { at, .. } => at.as_mut(),
        Defect::SameCode { .. } => None,
    }
}

fn rings_of<'a>(
    set: &'a PolygonSet,
    polygons: &'a [u32],
) -> impl Iterator<Item = usize> + Clone + 'a {
    polygons.iter().flat_map(|p| set.rings(*p as usize))
}

/// The loose edges of a layer and of a boundary turned against it; `None` if the boundary is faulty.
fn bounded_edges(
    set: &PolygonSet,
    sound: &[u32],
    boundary: &MultiPolygon<f64>,
    unit: CoordinateUnit,
    check: &mut RingCheck,
    defects: &mut Vec<Defect>,
) -> Option<Option<Vec<Edge>>> {
    let mut both = set.clone();
    both.push(boundary);
    let last = set.len();
    if !is_sound(&both, last, "boundary", unit, check, defects) {
        return Some(None);
    }
    orient(&mut both, last, unit);
    for ring in both.rings(last) {
        both.ring_mut(ring).reverse();
    }
    let polygons: Vec<u32> = sound.iter().copied().chain([last as u32]).collect();
    Some(Some(loose_edges(&both, rings_of(&both, &polygons), unit)))
}

/// The sum of the areas of the polygons whose loose edges these are [m²]: along matched edges they cancel.
fn area_of(edges: &[Edge], unit: CoordinateUnit) -> f64 {
    match unit {
        CoordinateUnit::Metres | CoordinateUnit::Projected { .. } => {
            let origin = edges.first().map_or([0, 0], |e| e.from);
            let area = |e: &Edge| i128::from(e.weight) * lattice::cross(origin, e.from, e.to);
            let step = unit.metres() / unit.per_lattice_step();
            0.5 * edges.iter().map(area).sum::<i128>() as f64 * step * step
        }
        CoordinateUnit::Degrees => {
            let loops = lattice::loops(edges);
            let area =
                |ring: &Vec<Point>| signed_ring_area_m2(ring.iter().map(|p| on_ground(*p, unit)));
            loops.iter().map(area).fold(0.0, |a, b| a + b)
        }
    }
}

fn on_ground(p: Point, unit: CoordinateUnit) -> Coord {
    let steps = unit.per_lattice_step();
    Coord {
        x: p[0] as f64 / steps,
        y: p[1] as f64 / steps,
    }
}

/// The box of a face, in the coordinates of the layer.
fn bounds_of_face(face: &Face) -> [Point; 2] {
    let points = face.rings.iter().flatten();
    points.fold([[i64::MAX; 2], [i64::MIN; 2]], |[low, high], p| {
        [
            [low[0].min(p[0]), low[1].min(p[1])],
            [high[0].max(p[0]), high[1].max(p[1])],
        ]
    })
}

/// Whether the rings of a polygon bound an area; reports those that do not.
fn is_sound(
    set: &PolygonSet,
    polygon: usize,
    id: &str,
    unit: CoordinateUnit,
    check: &mut RingCheck,
    defects: &mut Vec<Defect>,
) -> bool {
    let before = defects.len();
    for (k, ring) in set.rings(polygon).enumerate() {
        defects.extend(fault_of_ring(id, k, set.ring(ring), unit, check));
    }
    if defects.len() == before {
        defects.extend(fault_between_rings(set, polygon, id, check));
    }
    defects.len() == before
}

/// Turns shells counter-clockwise and holes clockwise.
fn orient(set: &mut PolygonSet, polygon: usize, unit: CoordinateUnit) {
    for part in set.parts(polygon) {
        for (k, ring) in set.rings_of_part(part).enumerate() {
            let coords = set.ring_mut(ring);
            let points = coords.iter().map(|c| lattice::point(*c, unit));
            if (lattice::doubled_area(points) > 0) != (k == 0) {
                coords.reverse();
            }
        }
    }
}

fn fault_of_ring(
    id: &str,
    ring: usize,
    coords: &[Coord],
    unit: CoordinateUnit,
    check: &mut RingCheck,
) -> Option<Defect> {
    let defect = |fault: Message, at| {
        Some(Defect::Ring {
            id: id.to_owned(),
            ring,
            fault,
            at,
        })
    };
    let finite = |c: &Coord| c.x.is_finite() && c.y.is_finite();
    let far = coords
        .iter()
        .position(|c| finite(c) && !unit.can_hold(*c))
        .map(|vertex| (vertex, coords[vertex]));
    if let Some((vertex, c)) = far {
        let fault = match unit {
            CoordinateUnit::Degrees => message!(
                "fault.ring.degrees",
                "vertex {vertex}, ({x}, {y}), is no longitude and latitude; check the CRS"
            ),
            CoordinateUnit::Metres | CoordinateUnit::Projected { .. } => message!(
                "fault.ring.far",
                "vertex {vertex}, ({x}, {y}), is too far away to be a place"
            ),
        };
        let fault = fault.with("vertex", vertex).with("x", c.x).with("y", c.y);
        return defect(fault, Some([c.x, c.y]));
    }
    if let Some(fault) = check.fault(coords) {
        let at = match &fault {
            RingFault::Crossing { at, .. } => Some([at.x, at.y]),
            _ => None,
        };
        return defect(fault.message(), at);
    }
    if unit == CoordinateUnit::Degrees {
        let width = crate::polygons::bounds_of(coords).map_or(0.0, |b| b.width());
        if width > 180.0 {
            let fault = message!(
                "fault.ring.wide",
                "is {width} degrees of longitude wide, and more than 180 cannot be told from the other side of the Earth; cut it",
                width = width
            );
            return defect(fault, None);
        }
    }
    None
}

/// Holes outside their shells, rings that cross, parts that lie on each other.
fn fault_between_rings(
    set: &PolygonSet,
    polygon: usize,
    id: &str,
    check: &mut RingCheck,
) -> Option<Defect> {
    let rings: Vec<&[Coord]> = set.rings(polygon).map(|ring| set.ring(ring)).collect();
    if rings.len() < 2 {
        return None;
    }
    let defect = |ring: usize, fault: Message, at: Option<Coord>| {
        Some(Defect::Ring {
            id: id.to_owned(),
            ring,
            fault,
            at: at.map(|c| [c.x, c.y]),
        })
    };
    if let Some(([first, ring], at)) = check.crossing_between(&rings) {
        let fault = message!(
            "fault.ring.rings",
            "crosses ring {first} or runs along it",
            first = first
        );
        return defect(ring, fault, Some(at));
    }
    let ring = misplaced(set, polygon)?;
    let fault = message!(
        "fault.ring.nested",
        "has a hole outside its shell, or parts that lie on each other"
    );
    let at = rings[ring].first().copied();
    defect(ring, fault, at)
}

/// The first ring that lies where it must not: a hole outside its shell or inside another hole, a part upon another.
/// Rings that do not cross are either apart or one inside the other.
fn misplaced(set: &PolygonSet, polygon: usize) -> Option<usize> {
    let first = set.rings(polygon).start;
    let ring = |ring: usize| set.ring(ring);
    for part in set.parts(polygon) {
        let mut rings = set.rings_of_part(part);
        let shell = rings.next()?;
        if let Some(outside) = rings
            .clone()
            .find(|hole| !lies_inside(ring(*hole), ring(shell)))
        {
            return Some(outside - first);
        }
        let holes: Vec<usize> = rings.collect();
        let nested =
            |a: usize, b: usize| lies_inside(ring(b), ring(a)) || lies_inside(ring(a), ring(b));
        if let Some(k) = first_of_pairs(set, &holes, nested) {
            return Some(k - first);
        }
    }
    let shells: Vec<usize> = set
        .parts(polygon)
        .map(|part| set.rings_of_part(part).start)
        .collect();
    let part_of = |shell: usize| {
        set.parts(polygon)
            .find(|p| set.rings_of_part(*p).start == shell)
    };
    let upon = |inner: usize, outer: usize| {
        let mut rings = part_of(outer)
            .into_iter()
            .flat_map(|part| set.rings_of_part(part));
        rings
            .next()
            .is_some_and(|shell| lies_inside(ring(inner), ring(shell)))
            && !rings.any(|hole| lies_inside(ring(inner), ring(hole)))
    };
    first_of_pairs(set, &shells, |a, b| upon(a, b) || upon(b, a)).map(|shell| shell - first)
}

/// The second of the first two rings that are `amiss`, among those whose boxes meet.
fn first_of_pairs(
    set: &PolygonSet,
    rings: &[usize],
    amiss: impl Fn(usize, usize) -> bool,
) -> Option<usize> {
    let boxed = |ring: &usize| Some((*ring, set.bounds(*ring..*ring + 1)?));
    let mut boxes: Vec<(usize, Rect)> = rings.iter().filter_map(boxed).collect();
    boxes.sort_by(|a, b| a.1.min().x.total_cmp(&b.1.min().x));
    for (k, (a, around)) in boxes.iter().enumerate() {
        let near = boxes[k + 1..]
            .iter()
            .take_while(|(_, b)| b.min().x <= around.max().x)
            .filter(|(_, b)| b.min().y <= around.max().y && b.max().y >= around.min().y);
        for (b, _) in near {
            if amiss(*a, *b) {
                return Some(*a.max(b));
            }
        }
    }
    None
}

fn defect_area(defect: &Defect) -> f64 {
    match defect {
        Defect::Gap { area_m2, .. } | Defect::Overlap { area_m2, .. } => *area_m2,
        Defect::Ring { .. } | Defect::SameCode { .. } => 0.0,
    }
}

fn repeated_codes<'a>(
    n: usize,
    id: &impl Fn(usize) -> &'a str,
    counts: &mut DefectCounts,
) -> Vec<Defect> {
    let mut order: Vec<u32> = (0..n as u32).collect();
    order.sort_unstable_by_key(|i| id(*i as usize));
    let mut defects = Vec::new();
    for group in order.chunk_by(|a, b| id(*a as usize) == id(*b as usize)) {
        if group.len() < 2 {
            continue;
        }
        counts.same_codes += 1;
        if defects.len() < MOST_LISTED {
            let id = id(group[0] as usize).to_owned();
            defects.push(Defect::SameCode { id });
        }
    }
    defects
}

fn gap(face: &Face, unit: CoordinateUnit) -> Option<Defect> {
    let mut rings = face.rings.iter().map(|ring| {
        let closed = ring.iter().chain(ring.first());
        LineString::new(closed.map(|p| on_ground(*p, unit)).collect())
    });
    let shell = rings.next()?;
    let ground = MultiPolygon::new(vec![Polygon::new(shell, rings.collect())]);
    let area_m2 = match unit {
        CoordinateUnit::Degrees => geodesic_area_m2(&ground),
        CoordinateUnit::Metres | CoordinateUnit::Projected { .. } => {
            0.5 * face.doubled_area() as f64 * (unit.metres() / unit.per_lattice_step()).powi(2)
        }
    };
    let (area_m2, at, sliver) = measure(&ground, area_m2, unit)?;
    Some(Defect::Gap {
        area_m2,
        at,
        sliver,
    })
}

/// Area, a point inside, and whether it is a sliver; `None` if it is rounding.
fn measure(
    ground: &MultiPolygon<f64>,
    area_m2: f64,
    unit: CoordinateUnit,
) -> Option<(f64, [f64; 2], bool)> {
    let perimeter: f64 = ground
        .iter()
        .flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()))
        .map(|ring| Euclidean.length(ring))
        .sum::<f64>()
        * unit.metres();
    let width = 2.0 * area_m2 / perimeter.max(1e-9);
    let rounding = ROUNDING_WIDTH * unit.metres() / unit.per_lattice_step();
    if area_m2 < AREA_NOISE || width < rounding {
        return None;
    }
    let largest = ground
        .iter()
        .max_by(|a, b| a.unsigned_area().total_cmp(&b.unsigned_area()))?;
    let inside = largest.interior_point()?;
    Some((area_m2, [inside.x(), inside.y()], width < SLIVER_WIDTH))
}

fn by_size(mut defects: Vec<Defect>) -> Vec<Defect> {
    defects.sort_by(|a, b| defect_area(b).total_cmp(&defect_area(a)));
    defects
}

#[cfg(test)]
mod tests;
