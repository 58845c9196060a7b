//! Triangle meshes of buildings.

use geo::{MultiPolygon, Polygon};

/// Triangles in three dimensions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TriangleMesh {
    /// Vertices [m], x east, y north, z up.
    pub positions: Vec<[f64; 3]>,
    /// Vertex indices, counter-clockwise seen from outside.
    pub triangles: Vec<[u32; 3]>,
}

impl TriangleMesh {
    /// Adds another mesh.
    pub fn append(&mut self, other: &Self) {
        let base = self.positions.len() as u32;
        self.positions.extend_from_slice(&other.positions);
        self.triangles
            .extend(other.triangles.iter().map(|t| t.map(|i| i + base)));
    }

    /// Adds one planar face: a shell and its holes, each without the closing vertex.
    ///
    /// Returns whether any triangle came of it; a face without area gives none.
    pub fn push_face(&mut self, rings: &[Vec<[f64; 3]>]) -> bool {
        let triangles = triangulate_face(rings);
        let base = self.positions.len() as u32;
        if triangles.is_empty() {
            return false;
        }
        self.positions.extend(rings.iter().flatten());
        self.triangles
            .extend(triangles.iter().map(|t| t.map(|i| i + base)));
        true
    }

    /// The box around the vertices, `None` without any.
    pub fn bounds(&self) -> Option<([f64; 3], [f64; 3])> {
        let first = *self.positions.first()?;
        Some(
            self.positions
                .iter()
                .fold((first, first), |(mut low, mut high), p| {
                    for axis in 0..3 {
                        low[axis] = low[axis].min(p[axis]);
                        high[axis] = high[axis].max(p[axis]);
                    }
                    (low, high)
                }),
        )
    }
}

/// Newell's normal of a ring, not normalised: its length is twice the ring's area [m²].
///
/// Source: Sutherland, Sproull & Schumacker (1974), Computing Surveys 6(1), 1–55, after M. Newell.
pub fn newell_normal(ring: &[[f64; 3]]) -> [f64; 3] {
    let mut normal = [0.0; 3];
    for (i, a) in ring.iter().enumerate() {
        let b = ring[(i + 1) % ring.len()];
        normal[0] += (a[1] - b[1]) * (a[2] + b[2]);
        normal[1] += (a[2] - b[2]) * (a[0] + b[0]);
        normal[2] += (a[0] - b[0]) * (a[1] + b[1]);
    }
    normal
}

/// Triangulates a planar face with holes by ear cutting on the plane of its shell.
///
/// The indices count through all rings in order; the winding of the shell is kept. A face with
/// fewer than three vertices, without area, or with a coordinate that is not finite gives nothing.
pub fn triangulate_face(rings: &[Vec<[f64; 3]>]) -> Vec<[u32; 3]> {
    let Some(shell) = rings.first() else {
        return Vec::new();
    };
    let finite = rings.iter().flatten().flatten().all(|v| v.is_finite());
    if shell.len() < 3 || !finite {
        return Vec::new();
    }
    // Relative to the first vertex: projected coordinates of millions of metres would eat the digits.
    let origin = shell[0];
    let local = |p: &[f64; 3]| [p[0] - origin[0], p[1] - origin[1], p[2] - origin[2]];
    let normal = newell_normal(&shell.iter().map(local).collect::<Vec<_>>());
    let [nx, ny, nz] = normal.map(f64::abs);
    if nx.max(ny).max(nz) <= 0.0 || !(nx + ny + nz).is_finite() {
        return Vec::new();
    }
    // The two axes kept are in cyclic order, so that a positive normal stays counter-clockwise.
    let (u, v, facing) = if nz >= nx && nz >= ny {
        (0, 1, normal[2])
    } else if nx >= ny {
        (1, 2, normal[0])
    } else {
        (2, 0, normal[1])
    };
    let mut flat = Vec::new();
    let mut holes: Vec<u32> = Vec::new();
    for (k, ring) in rings.iter().enumerate() {
        if k > 0 {
            holes.push(flat.len() as u32);
        }
        flat.extend(ring.iter().map(|p| {
            let p = local(p);
            [p[u], p[v]]
        }));
    }
    let mut indices: Vec<u32> = Vec::new();
    earcut::Earcut::new().earcut(flat.iter().copied(), &holes, &mut indices);
    let signed = |t: [u32; 3]| {
        let [a, b, c] = t.map(|i| flat[i as usize]);
        (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    };
    indices
        .chunks_exact(3)
        .map(|t| [t[0], t[1], t[2]])
        .filter(|t| signed(*t) != 0.0)
        .map(|t| {
            if (signed(t) > 0.0) == (facing > 0.0) {
                t
            } else {
                [t[0], t[2], t[1]]
            }
        })
        .collect()
}

/// The closed prism over a footprint from `base` to `top` [m]: floor, roof and walls, normals outward.
///
/// A polygon with a coordinate that is not finite gives nothing.
pub fn extrude(footprint: &MultiPolygon<f64>, base: f64, top: f64) -> TriangleMesh {
    let mut mesh = TriangleMesh::default();
    let finite = |c: geo::Coord| c.x.is_finite() && c.y.is_finite();
    for polygon in footprint {
        // Winding is not defined there, and asking for it panics.
        if !geo::CoordsIter::coords_iter(polygon).all(finite) {
            continue;
        }
        extrude_polygon(polygon, base, top, &mut mesh);
    }
    mesh
}

fn extrude_polygon(polygon: &Polygon<f64>, base: f64, top: f64, mesh: &mut TriangleMesh) {
    let oriented = geo::orient::Orient::orient(polygon, geo::orient::Direction::Default);
    let rings: Vec<Vec<[f64; 2]>> = std::iter::once(oriented.exterior())
        .chain(oriented.interiors())
        .map(|ring| ring.coords().skip(1).map(|c| [c.x, c.y]).collect())
        .collect();
    let at = |z: f64| -> Vec<Vec<[f64; 3]>> {
        rings
            .iter()
            .map(|ring| ring.iter().map(|p| [p[0], p[1], z]).collect())
            .collect()
    };
    mesh.push_face(&at(top));
    let mut floor = at(base);
    for ring in &mut floor {
        ring.reverse();
    }
    mesh.push_face(&floor);
    for ring in &rings {
        for (i, a) in ring.iter().enumerate() {
            let b = ring[(i + 1) % ring.len()];
            mesh.push_face(&[vec![
                [a[0], a[1], base],
                [b[0], b[1], base],
                [b[0], b[1], top],
                [a[0], a[1], top],
            ]]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{LineString, polygon};
    use proptest::prelude::*;

    /// Volume by the divergence theorem: positive when every face looks outward.
    fn volume(mesh: &TriangleMesh) -> f64 {
        mesh.triangles
            .iter()
            .map(|t| {
                let [a, b, c] = t.map(|i| mesh.positions[i as usize]);
                (a[0] * (b[1] * c[2] - b[2] * c[1])
                    + a[1] * (b[2] * c[0] - b[0] * c[2])
                    + a[2] * (b[0] * c[1] - b[1] * c[0]))
                    / 6.0
            })
            .sum()
    }

    #[test]
    fn a_prism_encloses_its_volume() {
        let yard = polygon!(
            exterior: [(x: 0.0, y: 0.0), (x: 20.0, y: 0.0), (x: 20.0, y: 10.0), (x: 0.0, y: 10.0)],
            interiors: [[(x: 5.0, y: 3.0), (x: 15.0, y: 3.0), (x: 15.0, y: 7.0), (x: 5.0, y: 7.0)]],
        );
        let mesh = extrude(&MultiPolygon::new(vec![yard]), 2.0, 8.0);
        assert!((volume(&mesh) - (200.0 - 40.0) * 6.0).abs() < 1e-9);
    }

    #[test]
    fn winding_of_the_drawing_does_not_matter_to_a_prism() {
        let clockwise = Polygon::new(
            LineString::from(vec![
                (0.0, 0.0),
                (0.0, 1.0),
                (1.0, 1.0),
                (1.0, 0.0),
                (0.0, 0.0),
            ]),
            vec![],
        );
        assert!(
            (volume(&extrude(&MultiPolygon::new(vec![clockwise]), 0.0, 1.0)) - 1.0).abs() < 1e-12
        );
    }

    #[test]
    fn a_wall_far_from_the_origin_is_two_triangles() {
        let wall = vec![vec![
            [405_387.1, 2_498_318.0, 0.0],
            [405_397.1, 2_498_318.0, 0.0],
            [405_397.1, 2_498_318.0, 9.0],
            [405_387.1, 2_498_318.0, 9.0],
        ]];
        assert_eq!(triangulate_face(&wall).len(), 2);
    }

    #[test]
    fn faces_without_area_give_nothing() {
        assert!(triangulate_face(&[]).is_empty());
        assert!(triangulate_face(&[vec![[0.0; 3]; 4]]).is_empty());
        assert!(
            triangulate_face(&[vec![[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]]).is_empty()
        );
        assert!(
            triangulate_face(&[vec![[f64::NAN, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
                .is_empty()
        );
    }

    fn hostile() -> impl Strategy<Value = f64> {
        prop_oneof![
            6 => -9.0..9.0_f64,
            3 => (-3i8..4).prop_map(f64::from),
            1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-1e308), Just(1e200), Just(5e-324)],
        ]
    }

    proptest! {
        #[test]
        fn a_star_on_any_plane_is_covered_by_its_triangles(
            radii in prop::collection::vec(1.0..30.0_f64, 3..30),
            u in prop::array::uniform3(-1.0..1.0_f64), v in prop::array::uniform3(-1.0..1.0_f64),
        ) {
            let cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
            prop_assume!(cross.iter().map(|c| c * c).sum::<f64>() > 1e-3);
            let n = radii.len() as f64;
            let ring: Vec<[f64; 3]> = radii.iter().enumerate().map(|(i, r)| {
                let (sin, cos) = (i as f64 / n * std::f64::consts::TAU).sin_cos();
                [0, 1, 2].map(|k| 4e5 + r * (cos * u[k] + sin * v[k]))
            }).collect();
            let local: Vec<[f64; 3]> = ring.iter().map(|p| p.map(|c| c - 4e5)).collect();
            let expected = newell_normal(&local);
            let mut sum = [0.0; 3];
            for t in triangulate_face(&[ring]) {
                let normal = newell_normal(&t.map(|i| local[i as usize]));
                for k in 0..3 {
                    sum[k] += normal[k];
                }
            }
            let length = expected.iter().map(|c| c * c).sum::<f64>().sqrt();
            for k in 0..3 {
                prop_assert!((sum[k] - expected[k]).abs() < 1e-6 * length, "{sum:?} {expected:?}");
            }
        }

        #[test]
        fn no_rings_make_it_panic(
            rings in prop::collection::vec(prop::collection::vec((hostile(), hostile(), hostile()), 0..9), 0..4),
        ) {
            let faces: Vec<Vec<[f64; 3]>> = rings.iter()
                .map(|r| r.iter().map(|p| [p.0, p.1, p.2]).collect()).collect();
            let vertices = rings.iter().map(Vec::len).sum::<usize>() as u32;
            prop_assert!(triangulate_face(&faces).iter().flatten().all(|i| *i < vertices));
            let mut lines = rings.iter().map(|r| r.iter().map(|p| (p.0, p.1)).collect::<LineString<f64>>());
            let shell = lines.next().unwrap_or_else(|| LineString::new(vec![]));
            let mesh = extrude(&MultiPolygon::new(vec![Polygon::new(shell, lines.collect())]), 0.0, 3.0);
            prop_assert!(mesh.triangles.iter().flatten().all(|i| (*i as usize) < mesh.positions.len()));
        }
    }
}
