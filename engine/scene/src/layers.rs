//! Layers of polygons and lines over the ground.

use std::collections::HashSet;

use geo::{BoundingRect, LineString, MultiLineString, MultiPolygon};
use stormgrid_core::ids::FeatureIdx;
use stormgrid_core::index::{IndexedItem, Shape, SpatialIndex};

use crate::drape::{RibbonMesh, drape};

/// The shapes of a layer, local metres.
#[derive(Clone, Debug)]
pub enum Shapes {
    /// Areas, for example grids.
    Polygons(Vec<MultiPolygon<f64>>),
    /// Lines, for example roads.
    Lines(Vec<MultiLineString<f64>>),
}

/// How the lines of a layer are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineStyle {
    /// sRGB and opacity.
    pub colour: [u8; 4],
    /// Width on the screen, at least [CSS px].
    pub width_px: f32,
    /// Width on the ground [m]; 0 = on the screen only.
    pub width_m: f32,
    /// Drawn while the camera is nearer to its target than this [m].
    pub range_max: f64,
}

/// A layer as it is drawn and asked.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its name.
    pub id: String,
    /// The code of each feature.
    pub codes: Vec<String>,
    /// The shape of each feature.
    pub shapes: Shapes,
    /// How it looks.
    pub style: LineStyle,
    index: SpatialIndex,
}

impl Layer {
    /// A layer of as many codes as shapes.
    pub fn new(id: String, codes: Vec<String>, shapes: Shapes, style: LineStyle) -> Self {
        let items = match &shapes {
            Shapes::Polygons(polygons) => polygons
                .iter()
                .enumerate()
                .map(|(k, p)| {
                    let feature = FeatureIdx::from(k);
                    (IndexedItem { layer: 0, feature }, Shape::Area(p.clone()))
                })
                .collect(),
            Shapes::Lines(_) => Vec::new(),
        };
        Self {
            id,
            codes,
            index: SpatialIndex::build(items),
            shapes,
            style,
        }
    }

    /// Whether its features are areas.
    pub fn is_polygons(&self) -> bool {
        matches!(self.shapes, Shapes::Polygons(_))
    }

    /// The polygons, none in a layer of lines.
    pub fn polygons(&self) -> &[MultiPolygon<f64>] {
        match &self.shapes {
            Shapes::Polygons(polygons) => polygons,
            Shapes::Lines(_) => &[],
        }
    }

    /// The feature with a code.
    pub fn find(&self, code: &str) -> Option<usize> {
        self.codes.iter().position(|c| c == code)
    }

    /// The code of the polygon that holds a place.
    pub fn code_at(&self, x: f64, y: f64) -> Option<&str> {
        let hit = self.index.containing(x, y).into_iter().next()?;
        self.codes.get(hit.feature.index()).map(String::as_str)
    }

    /// The box around a feature: west, south, east, north.
    pub fn bounds(&self, feature: usize) -> Option<[f64; 4]> {
        let rect = match &self.shapes {
            Shapes::Polygons(p) => p.get(feature)?.bounding_rect()?,
            Shapes::Lines(l) => l.get(feature)?.bounding_rect()?,
        };
        Some([rect.min().x, rect.min().y, rect.max().x, rect.max().y])
    }

    /// All lines of the layer on the ground, each common border once.
    pub fn ribbons(&self, ground: &impl Fn(f64, f64) -> f64) -> RibbonMesh {
        let n = match &self.shapes {
            Shapes::Polygons(p) => p.len(),
            Shapes::Lines(l) => l.len(),
        };
        self.ribbons_of(0..n, ground)
    }

    /// The outline of one feature on the ground.
    pub fn outline(&self, feature: usize, ground: &impl Fn(f64, f64) -> f64) -> RibbonMesh {
        self.ribbons_of(feature..feature + 1, ground)
    }

    fn ribbons_of(
        &self,
        features: std::ops::Range<usize>,
        ground: &impl Fn(f64, f64) -> f64,
    ) -> RibbonMesh {
        let mut mesh = RibbonMesh::default();
        let mut drawn = HashSet::new();
        let mut push = |line: &LineString<f64>, once: bool| {
            for edge in line.lines() {
                let ends = [[edge.start.x, edge.start.y], [edge.end.x, edge.end.y]];
                if once && !drawn.insert(undirected(ends)) {
                    continue;
                }
                for pair in drape(&ends, ground).windows(2) {
                    mesh.push(pair[0], pair[1]);
                }
            }
        };
        match &self.shapes {
            Shapes::Polygons(polygons) => {
                for polygon in polygons[features].iter().flatten() {
                    push(polygon.exterior(), true);
                    polygon.interiors().iter().for_each(|r| push(r, true));
                }
            }
            Shapes::Lines(lines) => {
                for line in lines[features].iter().flatten() {
                    push(line, false);
                }
            }
        }
        mesh
    }
}

/// An edge in centimetres, its ends in a fixed order: the same from both of its polygons.
fn undirected(ends: [[f64; 2]; 2]) -> [[i64; 2]; 2] {
    let mut key = ends.map(|p| p.map(|v| (v * 100.0).round() as i64));
    key.sort_unstable();
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::Rect;

    fn layer() -> Layer {
        let square =
            |x: f64| MultiPolygon::new(vec![Rect::new((x, 0.0), (x + 100.0, 100.0)).to_polygon()]);
        Layer::new(
            "grids".into(),
            vec!["A".into(), "B".into()],
            Shapes::Polygons(vec![square(0.0), square(100.0)]),
            LineStyle {
                colour: [0; 4],
                width_px: 1.0,
                width_m: 0.0,
                range_max: f64::INFINITY,
            },
        )
    }

    #[test]
    fn a_common_border_is_drawn_once() {
        let flat = |_: f64, _: f64| 0.0;
        assert_eq!(layer().ribbons(&flat).indices.len() / 6, 7);
        assert_eq!(layer().outline(1, &flat).indices.len() / 6, 4);
    }

    #[test]
    fn a_place_belongs_to_one_polygon() {
        let layer = layer();
        assert_eq!(layer.code_at(50.0, 50.0), Some("A"));
        assert!(layer.code_at(100.0, 50.0).is_some());
        assert_eq!(layer.code_at(500.0, 50.0), None);
        assert_eq!(layer.bounds(1), Some([100.0, 0.0, 200.0, 100.0]));
        assert_eq!(layer.find("B"), Some(1));
    }
}
