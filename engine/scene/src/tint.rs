//! Which polygon of a layer each pixel of the ground belongs to, and the picture made of it.

use geo::{MultiPolygon, Polygon};

/// A square raster of polygon numbers over the ground.
#[derive(Clone, Debug, PartialEq)]
pub struct TintRaster {
    /// Pixels along a side.
    pub n: usize,
    /// Western edge, local metres.
    pub west: f64,
    /// Northern edge, local metres.
    pub north: f64,
    /// Side of the square [m].
    pub side: f64,
    /// Number of the polygon plus one, row by row from the north-west; 0 is none.
    ids: Vec<u16>,
}

impl TintRaster {
    /// Draws polygons by the centres of pixels; where they overlap the later one wins.
    pub fn new<'a>(
        n: usize,
        west: f64,
        north: f64,
        side: f64,
        polygons: impl Iterator<Item = &'a MultiPolygon<f64>>,
    ) -> Self {
        let mut raster = Self {
            n,
            west,
            north,
            side,
            ids: vec![0; n * n],
        };
        for (k, polygon) in polygons.enumerate().take(usize::from(u16::MAX - 1)) {
            for part in polygon {
                raster.fill(part, k as u16 + 1);
            }
        }
        raster
    }

    /// The number of the polygon at a place.
    pub fn at(&self, x: f64, y: f64) -> Option<usize> {
        let pixel = self.side / self.n as f64;
        let (col, row) = ((x - self.west) / pixel, (self.north - y) / pixel);
        let inside = |v: f64| v >= 0.0 && v < self.n as f64;
        if !(inside(col) && inside(row)) {
            return None;
        }
        let id = self.ids[row as usize * self.n + col as usize];
        (id > 0).then(|| usize::from(id) - 1)
    }

    /// The picture: RGBA, the colour of each pixel's polygon, transparent where it has none.
    pub fn bake(&self, colour: impl Fn(usize) -> [u8; 4]) -> Vec<u8> {
        let highest = usize::from(self.ids.iter().copied().max().unwrap_or(0));
        let colours: Vec<[u8; 4]> = (0..highest).map(colour).collect();
        let mut out = Vec::with_capacity(self.ids.len() * 4);
        for id in &self.ids {
            out.extend(match usize::from(*id) {
                0 => [0; 4],
                k => colours[k - 1],
            });
        }
        out
    }

    fn fill(&mut self, polygon: &Polygon<f64>, id: u16) {
        let pixel = self.side / self.n as f64;
        let rings: Vec<Vec<[f64; 2]>> = std::iter::once(polygon.exterior())
            .chain(polygon.interiors())
            .map(|ring| {
                ring.coords()
                    .map(|c| [(c.x - self.west) / pixel, (self.north - c.y) / pixel])
                    .collect()
            })
            .collect();
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for p in rings.iter().flatten() {
            low = low.min(p[1]);
            high = high.max(p[1]);
        }
        if !(low.is_finite() && high.is_finite()) {
            return;
        }
        let rows = (low - 0.5).ceil().clamp(0.0, self.n as f64) as usize
            ..(high - 0.5).ceil().clamp(0.0, self.n as f64) as usize;
        let mut crossings = Vec::new();
        for row in rows {
            let y = row as f64 + 0.5;
            crossings.clear();
            for ring in &rings {
                for pair in ring.windows(2) {
                    let ([x0, y0], [x1, y1]) = (pair[0], pair[1]);
                    if (y0 <= y) != (y1 <= y) {
                        crossings.push(x0 + (y - y0) / (y1 - y0) * (x1 - x0));
                    }
                }
            }
            crossings.sort_unstable_by(f64::total_cmp);
            for span in crossings.chunks_exact(2) {
                let clamp = |x: f64| (x - 0.5).ceil().clamp(0.0, self.n as f64) as usize;
                let (a, b) = (clamp(span[0]), clamp(span[1]));
                if a < b {
                    self.ids[row * self.n + a..row * self.n + b].fill(id);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::polygon;

    #[test]
    fn neighbours_share_no_pixel_and_leave_none() {
        let west =
            polygon![(x: 0.0, y: 0.0), (x: 43.7, y: 0.0), (x: 60.2, y: 100.0), (x: 0.0, y: 100.0)];
        let east = polygon![(x: 43.7, y: 0.0), (x: 100.0, y: 0.0), (x: 100.0, y: 100.0), (x: 60.2, y: 100.0)];
        let layers = [MultiPolygon::new(vec![west]), MultiPolygon::new(vec![east])];
        let raster = TintRaster::new(50, 0.0, 100.0, 100.0, layers.iter());
        assert!(!raster.ids.contains(&0));
        let first = raster.ids.iter().filter(|i| **i == 1).count();
        // Area of the trapezium: (43.7 + 60.2) / 2 × 100 m² in pixels of 4 m².
        assert!((first as f64 - 5195.0 / 4.0).abs() < 30.0);
        assert_eq!(raster.at(10.0, 50.0), Some(0));
        assert_eq!(raster.at(90.0, 50.0), Some(1));
        assert_eq!(raster.at(-1.0, 50.0), None);
    }

    #[test]
    fn holes_stay_transparent() {
        let ring = polygon!(
            exterior: [(x: 10.0, y: 10.0), (x: 90.0, y: 10.0), (x: 90.0, y: 90.0), (x: 10.0, y: 90.0)],
            interiors: [[(x: 30.0, y: 30.0), (x: 70.0, y: 30.0), (x: 70.0, y: 70.0), (x: 30.0, y: 70.0)]],
        );
        let raster = TintRaster::new(
            10,
            0.0,
            100.0,
            100.0,
            [MultiPolygon::new(vec![ring])].iter(),
        );
        let picture = raster.bake(|_| [1, 2, 3, 4]);
        assert_eq!(picture.len(), 400);
        assert_eq!(
            picture.chunks(4).filter(|p| *p == [1, 2, 3, 4]).count(),
            64 - 16
        );
    }
}
