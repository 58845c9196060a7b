//! The polygons of a layer in flat arrays: 16 bytes a vertex and a few a ring, so that a layer of a million
//! polygons fits where nested vectors would not.

use std::ops::Range;

use geo::{Coord, LineString, MultiPolygon, Polygon, Rect};

/// Polygons, each of one or more parts, each of a shell and holes, in the order of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolygonSet {
    coords: Vec<Coord>,
    ring_ends: Vec<u32>,
    part_ends: Vec<u32>,
    polygon_ends: Vec<u32>,
}

impl PolygonSet {
    /// A set without polygons.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a vertex to the ring that is being written; the closing vertex is written too.
    pub fn push_vertex(&mut self, vertex: Coord) {
        self.coords.push(vertex);
    }

    /// Ends a ring. The first ring of a part is its shell.
    pub fn end_ring(&mut self) {
        self.ring_ends.push(self.coords.len() as u32);
    }

    /// Ends a part; one without rings is none.
    pub fn end_part(&mut self) {
        let rings = self.ring_ends.len() as u32;
        if rings > self.part_ends.last().copied().unwrap_or(0) {
            self.part_ends.push(rings);
        }
    }

    /// Ends a polygon; one without parts keeps its place.
    pub fn end_polygon(&mut self) {
        self.polygon_ends.push(self.part_ends.len() as u32);
    }

    /// Adds a whole polygon.
    pub fn push(&mut self, polygon: &MultiPolygon<f64>) {
        for part in polygon {
            for ring in std::iter::once(part.exterior()).chain(part.interiors()) {
                self.coords.extend_from_slice(&ring.0);
                self.end_ring();
            }
            self.end_part();
        }
        self.end_polygon();
    }

    /// How many polygons there are.
    pub fn len(&self) -> usize {
        self.polygon_ends.len()
    }

    /// Whether there is no polygon.
    pub fn is_empty(&self) -> bool {
        self.polygon_ends.is_empty()
    }

    /// How many parts all polygons have.
    pub fn n_parts(&self) -> usize {
        self.part_ends.len()
    }

    /// How many rings all polygons have.
    pub fn n_rings(&self) -> usize {
        self.ring_ends.len()
    }

    /// All vertices, closing ones included.
    pub fn coords(&self) -> &[Coord] {
        &self.coords
    }

    /// All vertices, to be moved in place.
    pub fn coords_mut(&mut self) -> &mut [Coord] {
        &mut self.coords
    }

    /// The parts of a polygon.
    pub fn parts(&self, polygon: usize) -> Range<usize> {
        span(&self.polygon_ends, polygon)
    }

    /// The rings of a part, its shell first.
    pub fn rings_of_part(&self, part: usize) -> Range<usize> {
        span(&self.part_ends, part)
    }

    /// The rings of a polygon, through all of its parts.
    pub fn rings(&self, polygon: usize) -> Range<usize> {
        let parts = self.parts(polygon);
        let start = |part: usize| match part {
            0 => 0,
            _ => self.part_ends[part - 1] as usize,
        };
        start(parts.start)..start(parts.end)
    }

    /// Where the vertices of a ring stand in [`PolygonSet::coords`].
    pub fn ring_span(&self, ring: usize) -> Range<usize> {
        span(&self.ring_ends, ring)
    }

    /// The vertices of a ring.
    pub fn ring(&self, ring: usize) -> &[Coord] {
        &self.coords[self.ring_span(ring)]
    }

    /// The vertices of a ring, to be moved in place.
    pub fn ring_mut(&mut self, ring: usize) -> &mut [Coord] {
        let span = self.ring_span(ring);
        &mut self.coords[span]
    }

    /// One polygon in the form of the `geo` crate.
    pub fn polygon(&self, polygon: usize) -> MultiPolygon<f64> {
        MultiPolygon::new(
            self.parts(polygon)
                .map(|part| {
                    let mut rings = self
                        .rings_of_part(part)
                        .map(|ring| LineString::new(self.ring(ring).to_vec()));
                    let shell = rings.next().unwrap_or_else(|| LineString::new(Vec::new()));
                    Polygon::new(shell, rings.collect())
                })
                .collect(),
        )
    }

    /// The box around the vertices of a range of rings that are finite, `None` if there are none.
    pub fn bounds(&self, rings: Range<usize>) -> Option<Rect> {
        let start = match rings.start {
            0 => 0,
            ring => self.ring_ends[ring - 1] as usize,
        };
        let end = match rings.end {
            0 => 0,
            ring => self.ring_ends[ring - 1] as usize,
        };
        bounds_of(&self.coords[start..end])
    }
}

impl<'a> FromIterator<&'a MultiPolygon<f64>> for PolygonSet {
    fn from_iter<I: IntoIterator<Item = &'a MultiPolygon<f64>>>(polygons: I) -> Self {
        let mut set = Self::new();
        for polygon in polygons {
            set.push(polygon);
        }
        set
    }
}

fn span(ends: &[u32], index: usize) -> Range<usize> {
    let start = match index {
        0 => 0,
        _ => ends[index - 1] as usize,
    };
    start..ends[index] as usize
}

/// The box around the vertices that are finite.
pub(crate) fn bounds_of(coords: &[Coord]) -> Option<Rect> {
    let mut finite = coords.iter().filter(|c| c.x.is_finite() && c.y.is_finite());
    let first = *finite.next()?;
    let (low, high) = finite.fold((first, first), |(low, high), c| {
        let least = Coord {
            x: low.x.min(c.x),
            y: low.y.min(c.y),
        };
        let most = Coord {
            x: high.x.max(c.x),
            y: high.y.max(c.y),
        };
        (least, most)
    });
    Some(Rect::new(low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polygons_come_back_as_they_went_in() {
        let ring =
            |x: f64| LineString::from(vec![(x, 0.0), (x + 1.0, 0.0), (x + 1.0, 1.0), (x, 0.0)]);
        let one = MultiPolygon::new(vec![
            Polygon::new(ring(0.0), vec![ring(0.25), ring(0.5)]),
            Polygon::new(ring(5.0), vec![]),
        ]);
        let none = MultiPolygon::new(vec![]);
        let two = MultiPolygon::new(vec![Polygon::new(ring(9.0), vec![])]);
        let set: PolygonSet = [&one, &none, &two].into_iter().collect();
        assert_eq!((set.len(), set.n_parts(), set.n_rings()), (3, 3, 5));
        for (i, polygon) in [one, none, two].iter().enumerate() {
            assert_eq!(set.polygon(i), *polygon);
        }
        assert_eq!(
            (set.rings(0), set.rings(1), set.rings(2)),
            (0..4, 4..4, 4..5)
        );
        let bounds = set.bounds(set.rings(2)).expect("finite");
        assert_eq!((bounds.min().x, bounds.max().x), (9.0, 10.0));
        assert_eq!(set.bounds(set.rings(1)), None);
    }
}
