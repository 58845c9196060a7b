//! Levees and walls: crests on the faces between cells.
//!
//! Where a crest stands above the beds on both of its sides the flux through the face is that over a
//! weir, free or drowned after Villemonte, and none as long as no water reaches the crest. A crest
//! that is lower is no obstacle, and the face stays as it is.

use std::collections::BTreeMap;

use stormgrid_core::ids::CellIdx;
use stormgrid_core::raster::RasterGeometry;
use stormgrid_core::units::GRAVITY;

use super::hydraulics::{BROAD_CREST, weir_discharge};
use super::params::Side;
use super::prepare::Layout;
use super::riemann::{Fluxes, Velocities, ram};
use super::state::{FACES, Scratch, TILE, Tile, WALL, face, rimmed};

/// A levee or wall on one face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crest {
    /// A cell beside the face.
    pub cell: CellIdx,
    /// On which side of the cell the face lies.
    pub side: Side,
    /// Elevation of the crest [m], same datum as the bed.
    pub height: f64,
}

/// A face that water leaves through and never comes in by: that between a cell and the one beyond a free side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Outlet {
    /// The cell inside.
    pub cell: CellIdx,
    /// On which side of it the face lies.
    pub side: Side,
}

/// What stands on a face.
#[derive(Clone, Copy, Debug)]
enum On {
    /// A crest of a height [m].
    Crest(f64),
    /// An outlet; positive where the water leaves eastwards or southwards.
    Outlet(f32),
}

/// A crest in a tile.
#[derive(Clone, Copy, Debug)]
pub(super) struct FaceCrest {
    /// Place in a plane of scratch.
    face: u16,
    /// Cells west (north) and east (south) of it, by place in the rimmed tile.
    low: u16,
    high: u16,
    /// Crest above the beds of the two cells [m].
    above: [f32; 2],
    /// Of an outlet the sign of the discharge that leaves through it; such a face is a wall for the other direction alone.
    leaves: Option<f32>,
}

/// The crests of a tile, those that it shares with its neighbours included, in the order of their
/// places.
#[derive(Debug, Default)]
pub(super) struct Crests {
    x: Vec<FaceCrest>,
    y: Vec<FaceCrest>,
}

/// Puts the crests of a setup on the tiles. Of several on a face the highest counts, and a crest before an outlet.
pub(super) fn raise_crests(
    crests: impl Iterator<Item = Crest>,
    outlets: &[Outlet],
    layout: &Layout,
    tiles: &mut [Tile],
) {
    let face_of = |cell: CellIdx, side: Side| {
        let row = cell.index() / layout.n_cols + layout.pad_rows;
        let col = cell.index() % layout.n_cols + layout.pad_cols;
        match side {
            Side::East => (row, col, false),
            Side::West => (row, col - 1, false),
            Side::South => (row, col, true),
            Side::North => (row - 1, col, true),
        }
    };
    let mut faces = BTreeMap::new();
    for outlet in outlets {
        let leaves = match outlet.side {
            Side::East | Side::South => 1.0,
            Side::West | Side::North => -1.0,
        };
        faces.insert(face_of(outlet.cell, outlet.side), On::Outlet(leaves));
    }
    for crest in crests {
        let on = faces
            .entry(face_of(crest.cell, crest.side))
            .or_insert(On::Crest(crest.height));
        *on = match *on {
            On::Crest(height) => On::Crest(height.max(crest.height)),
            On::Outlet(_) => On::Crest(crest.height),
        };
    }
    let side = TILE as isize;
    for (&(row, col, south), &on) in &faces {
        let (of_row, of_col) = ((row / TILE) as isize, (col / TILE) as isize);
        for tile_row in of_row - 1..=of_row + 1 {
            for tile_col in of_col - 1..=of_col + 1 {
                let (r, c) = (
                    row as isize - tile_row * side,
                    col as isize - tile_col * side,
                );
                let exists = (0..layout.n_tile_rows as isize).contains(&tile_row)
                    && (0..layout.n_tile_cols as isize).contains(&tile_col);
                let first_row = if south { -2 } else { -1 };
                let read = (first_row..=side).contains(&r) && (-2..=side + 1).contains(&c);
                if !exists || !read {
                    continue;
                }
                let index = tile_row as usize * layout.n_tile_cols + tile_col as usize;
                put(&mut tiles[index], [r, c], south, on, layout);
            }
        }
    }
    for tile in tiles {
        tile.crests.x.sort_unstable_by_key(|crest| crest.face);
        tile.crests.y.sort_unstable_by_key(|crest| crest.face);
    }
}

fn put(tile: &mut Tile, [row, col]: [isize; 2], south: bool, on: On, layout: &Layout) {
    let (crest, leaves) = match on {
        On::Crest(height) => (layout.relative(height), None),
        On::Outlet(leaves) => (f32::INFINITY, Some(leaves)),
    };
    if tile.is_land() {
        return;
    }
    let low = rimmed(row, col);
    let high = if south {
        rimmed(row + 1, col)
    } else {
        rimmed(row, col + 1)
    };
    let beds = [tile.z[low], tile.z[high]];
    if beds.iter().any(|&bed| bed >= WALL || bed >= crest) {
        return;
    }
    let list = if south {
        &mut tile.crests.y
    } else {
        &mut tile.crests.x
    };
    list.push(FaceCrest {
        face: face(row, col) as u16,
        low: low as u16,
        high: high as u16,
        above: beds.map(|bed| crest - bed),
        leaves,
    });
}

/// Replaces the fluxes of the local-inertial scheme through the faces with crests.
pub(super) fn over_crests(tile: &Tile, scratch: &mut Scratch) {
    for (crests, faces) in [
        (&tile.crests.x, &mut scratch.x),
        (&tile.crests.y, &mut scratch.y),
    ] {
        for crest in crests {
            let face = &mut faces[usize::from(crest.face)];
            if !crest.lets_out(*face) {
                *face = crest.discharge(tile.beside(crest));
            }
        }
    }
}

/// Replaces the fluxes of the finite-volume scheme through the faces with crests in a row of
/// eastern (`south` false) or southern faces.
///
/// - `low`, `high`: velocities of the cells on both sides, the rim included
/// - `shift`: place among the velocities of the cell on the high side of the first face
///
/// A cell feels a wall that lets through what goes over it: it rebounds with what its velocity
/// exceeds the mean velocity of that water. The water carries its momentum from the cell that it
/// leaves, and arrives with the mean velocity over the crest.
pub(super) fn flux_over_crests(
    out: &mut Fluxes,
    tile: &Tile,
    row: isize,
    south: bool,
    low: &Velocities,
    high: &Velocities,
    shift: usize,
) {
    let list = if south {
        &tile.crests.y
    } else {
        &tile.crests.x
    };
    let first = face(row, -2) as u16;
    let start = list.partition_point(|crest| crest.face < first);
    let row_of = list[start..]
        .iter()
        .take_while(|crest| usize::from(crest.face - first) < FACES);
    for crest in row_of {
        let i = usize::from(crest.face - first);
        if crest.lets_out(out.mass[i]) {
            continue;
        }
        let (a, b) = (i + 1, i + shift);
        let depths = tile.beside(crest);
        let mass = crest.discharge(depths);
        let across = |v: &Velocities, at: usize| if south { v.y[at] } else { v.x[at] };
        let along = |v: &Velocities, at: usize| if south { v.x[at] } else { v.y[at] };
        let [h1, h2] = depths;
        let (u1, u2) = (across(low, a), across(high, b));
        let from_low = mass > 0.0;
        let over = match from_low {
            true => h1 - crest.above[0],
            false => h2 - crest.above[1],
        };
        let jet = if mass == 0.0 { 0.0 } else { mass / over };
        let carried = |u: f32, gives: bool| mass * if gives { u } else { jet };
        let hit_low = h1 * ram(excess(u1, mass, h1), low.celerity[a]);
        let hit_high = h2 * ram(excess(-u2, -mass, h2), high.celerity[b]);
        out.mass[i] = mass;
        out.low[i] = carried(u1, from_low) + hit_low;
        out.high[i] = carried(u2, !from_low) + hit_high;
        out.along[i] = mass
            * match from_low {
                true => along(low, a),
                false => along(high, b),
            };
    }
}

/// What a velocity towards a face exceeds that of the water that goes through it.
fn excess(u: f32, mass: f32, depth: f32) -> f32 {
    let through = if depth > 0.0 { mass / depth } else { 0.0 };
    let (least, most) = if through > 0.0 {
        (0.0, through)
    } else {
        (through, 0.0)
    };
    if u > most {
        u - most
    } else if u < least {
        u - least
    } else {
        0.0
    }
}

impl FaceCrest {
    /// Whether it is an outlet, and this discharge leaves through it.
    fn lets_out(&self, discharge: f32) -> bool {
        self.leaves.is_some_and(|sign| discharge * sign >= 0.0)
    }

    /// Unit discharge over the crest, positive towards the high side [m² s⁻¹].
    ///
    /// Villemonte's law rises without bound in slope where the two levels meet. No more flows than
    /// a long wave carries that levels them, √(g h) Δη, so that steps do not swing about it.
    ///
    /// - `depths`: of the cells on the low and the high side [m]
    fn discharge(&self, depths: [f32; 2]) -> f32 {
        let over = [depths[0] - self.above[0], depths[1] - self.above[1]];
        let (up, down, sign) = match over[0] > over[1] {
            true => (0, 1, 1.0),
            false => (1, 0, -1.0),
        };
        if over[up] <= 0.0 || over[up] == over[down] {
            return 0.0;
        }
        let (head, tail) = (f64::from(over[up]), f64::from(over[down]));
        let weir = weir_discharge(head, tail, BROAD_CREST);
        let wave = (GRAVITY * f64::from(depths[up])).sqrt() * (head - tail);
        let bounded = if tail > 0.0 && wave < weir {
            wave
        } else {
            weir
        };
        sign * bounded as f32
    }
}

impl Tile {
    /// Depths on both sides of a crest [m].
    fn beside(&self, crest: &FaceCrest) -> [f32; 2] {
        [crest.low, crest.high].map(|place| self.h[usize::from(place)])
    }
}

impl Crests {
    pub fn is_empty(&self) -> bool {
        self.x.is_empty() && self.y.is_empty()
    }

    /// Columns of the cells of a row that have a crest on one of their faces.
    pub fn beside(&self, row: isize) -> impl Iterator<Item = isize> {
        let of_row = |list: &[FaceCrest], row: isize| -> Vec<isize> {
            let place = |crest: &FaceCrest| usize::from(crest.face);
            let [first, end] = [row, row + 1].map(|row| match row {
                ..-2 => 0,
                _ => list.partition_point(|crest| place(crest) < face(row, -2)),
            });
            // Through an outlet the water goes on as it comes.
            let within = list[first..end]
                .iter()
                .filter(|crest| crest.leaves.is_none());
            within
                .map(|crest| (place(crest) - face(row, -2)) as isize - 2)
                .collect()
        };
        let across = of_row(&self.x, row)
            .into_iter()
            .flat_map(|col| [col, col + 1]);
        let along = [row - 1, row].into_iter().filter(|row| *row >= -2);
        let along: Vec<isize> = along.flat_map(|row| of_row(&self.y, row)).collect();
        across.chain(along)
    }
}

/// The faces along a line, without gaps: from corner to corner of cells, as near to the line as
/// corners lie. Heights are those of the line beside the middle of each face.
///
/// - `line`: points x, y in the raster's frame and the height there [m]
///
/// Parts beyond the raster give no face.
pub fn crests_along(geometry: &RasterGeometry, line: &[[f64; 3]]) -> Vec<Crest> {
    let g = geometry;
    // In units of cells, columns eastwards and rows southwards from the north-west corner.
    let on_grid = |p: &[f64; 3]| [(p[0] - g.west) / g.dx, (g.north - p[1]) / g.dy];
    let mut crests = Vec::new();
    for ends in line.windows(2) {
        let (a, b) = (on_grid(&ends[0]), on_grid(&ends[1]));
        let nearest = |p: [f64; 2]| p.map(|v| v.round().clamp(-1e6, 1e6) as i64);
        let (mut at, end) = (nearest(a), nearest(b));
        let along = [b[0] - a[0], b[1] - a[1]];
        let length2 = (along[0] * along[0] + along[1] * along[1]).max(1e-12);
        let share = |p: [f64; 2]| {
            let dot = (p[0] - a[0]) * along[0] + (p[1] - a[1]) * along[1];
            (dot / length2).clamp(0.0, 1.0)
        };
        let distance = |p: [f64; 2]| ((p[0] - a[0]) * along[1] - (p[1] - a[1]) * along[0]).abs();
        while at != end {
            let next = |axis: usize| {
                let mut next = at;
                next[axis] += (end[axis] - at[axis]).signum();
                next
            };
            let real = |p: [i64; 2]| p.map(|v| v as f64);
            let axis = if at[0] == end[0] {
                1
            } else if at[1] == end[1] {
                0
            } else {
                usize::from(distance(real(next(1))) < distance(real(next(0))))
            };
            let to = next(axis);
            let middle = [0, 1].map(|k| 0.5 * (at[k] + to[k]) as f64);
            let t = share(middle);
            let height = ends[0][2] * (1.0 - t) + ends[1][2] * t;
            let (col, row) = (at[0].min(to[0]), at[1].min(to[1]));
            crests.extend(crest_at(g, row, col, axis == 0, height));
            at = to;
        }
    }
    crests
}

/// The crest on the lattice line east (`level`) or south of a corner.
fn crest_at(g: &RasterGeometry, row: i64, col: i64, level: bool, height: f64) -> Option<Crest> {
    let (rows, cols) = (g.n_rows as i64, g.n_cols as i64);
    let inside = |row: i64, col: i64| (0..rows).contains(&row) && (0..cols).contains(&col);
    let pair = match level {
        true => [(row - 1, col, Side::South), (row, col, Side::North)],
        false => [(row, col - 1, Side::East), (row, col, Side::West)],
    };
    let (row, col, side) = pair.into_iter().find(|&(r, c, _)| inside(r, c))?;
    let cell = CellIdx::from((row * cols + col) as usize);
    Some(Crest { cell, side, height })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flood::bench::{SCHEMES, advance, basin, start};
    use crate::flood::{
        Boundary, BoundaryKind, BoundaryPlace, Domain, Flood, Initial, Rain, Scheme, Setup,
    };
    use stormgrid_core::series::Series;

    /// Crests on all faces east of a column.
    fn dam(domain: &Domain, col: usize, height: f64) -> Vec<Crest> {
        let g = &domain.geometry;
        let x = g.west + (col + 1) as f64 * g.dx;
        let south = g.north - g.n_rows as f64 * g.dy;
        crests_along(g, &[[x, g.north, height], [x, south, height]])
    }

    fn setup(scheme: Scheme, domain: Domain, crests: Vec<Crest>) -> Setup {
        let mut setup = Setup::new(domain);
        setup.options.scheme = scheme;
        setup.crests = crests;
        setup
    }

    fn depth(flood: &Flood, cell: usize) -> f64 {
        f64::from(flood.depth_at(CellIdx::from(cell)))
    }

    #[test]
    fn a_wall_holds_what_does_not_reach_its_crest() {
        for scheme in SCHEMES {
            // Columns 57 and 117 are the last of their tiles.
            for col in [20, 57, 58, 117] {
                let domain = basin(130, 5, 10.0, |x, _| 0.3 * (0.01 * x).sin());
                let crests = dam(&domain, col, 2.5);
                assert_eq!(crests.len(), 5);
                let mut setup = setup(scheme, domain, crests);
                let level = |k: usize| if k % 130 <= col { 2.0 } else { 0.9 };
                setup.initial = Initial::LevelField((0..650).map(level).collect());
                let mut flood = start(setup);
                advance(&mut flood, 600.0);
                for (k, found) in flood.level().iter().enumerate() {
                    assert!((f64::from(*found) - level(k)).abs() < 1e-5);
                }
                let speed = flood.speed();
                assert!(speed.iter().all(|v| *v < 1e-6));
            }
        }
    }

    /// A tank of 100 m behind a wall of 2 m empties its upper 0.1 m as
    /// 1/√h = 1/√h₀ + C t / (2 · 100 m).
    #[test]
    fn a_tank_empties_over_a_wall() {
        for scheme in SCHEMES {
            let domain = basin(20, 4, 10.0, |x, _| if x < 100.0 { 0.0 } else { -5.0 });
            let crests = dam(&domain, 9, 2.0);
            let mut setup = setup(scheme, domain, crests);
            let level = |k: usize| if k % 20 < 10 { 2.1 } else { -9.0 };
            setup.initial = Initial::LevelField((0..80).map(level).collect());
            let mut flood = start(setup);
            for time in [200.0, 600.0, 1200.0] {
                advance(&mut flood, time);
                let root = 1.0 / 0.1_f64.sqrt() + BROAD_CREST * time / 200.0;
                let mean: f64 = (0..10).map(|col| depth(&flood, 20 + col)).sum::<f64>() / 10.0;
                let (found, expected) = (mean - 2.0, root.powi(-2));
                assert!(
                    (found / expected - 1.0).abs() < 0.03,
                    "{scheme:?} {found} {expected}"
                );
            }
            assert!(flood.ledger().error_rel < 1e-7);
        }
    }

    /// Two seas of 2.0 and 1.8 m with a wall of 1.5 m between: what crosses is Villemonte's, by the
    /// levels beside the wall.
    #[test]
    fn a_drowned_wall_passes_what_villemonte_says() {
        for scheme in SCHEMES {
            let domain = basin(40, 3, 10.0, |_, _| 0.0);
            let crests = dam(&domain, 19, 1.5);
            let mut setup = setup(scheme, domain, crests);
            let level = |k: usize| if k % 40 < 20 { 2.0 } else { 1.8 };
            setup.initial = Initial::LevelField((0..120).map(level).collect());
            for (side, level) in [(Side::West, 2.0), (Side::East, 1.8)] {
                setup.boundaries.push(Boundary {
                    place: BoundaryPlace::Side(side),
                    kind: BoundaryKind::Level(Series::constant(level)),
                });
            }
            let mut flood = start(setup);
            advance(&mut flood, 3000.0);
            let before = flood.ledger();
            advance(&mut flood, 3100.0);
            let after = flood.ledger();
            let found = (after.out_m3 - before.out_m3) / (100.0 * 30.0);
            let (head, tail) = (depth(&flood, 59) - 1.5, depth(&flood, 60) - 1.5);
            let expected =
                BROAD_CREST * head.powf(1.5) * (1.0 - (tail / head).powf(1.5)).powf(0.385);
            assert!(
                tail > 0.2 && (found / expected - 1.0).abs() < 0.02,
                "{scheme:?} {found} {expected}"
            );
            assert!(after.error_rel < 1e-7);
        }
    }

    /// Two lakes at the same level above a wall between them are at rest; at slightly different levels
    /// they come to rest without swinging.
    #[test]
    fn lakes_over_a_drowned_wall_come_to_rest() {
        for scheme in SCHEMES {
            for difference in [0.0, 0.01] {
                let domain = basin(20, 3, 10.0, |_, _| 0.0);
                let crests = dam(&domain, 9, 1.0);
                let mut setup = setup(scheme, domain, crests);
                let level = |k: usize| 2.0 + if k % 20 < 10 { difference } else { 0.0 };
                setup.initial = Initial::LevelField((0..60).map(level).collect());
                let mut flood = start(setup);
                advance(&mut flood, 1800.0);
                let apart = depth(&flood, 20) - depth(&flood, 39);
                assert!(apart.abs() < 0.1 * difference + 1e-6, "{scheme:?} {apart}");
            }
        }
    }

    #[test]
    fn a_crest_below_a_bed_is_no_obstacle() {
        for scheme in SCHEMES {
            let run = |with: bool| {
                let domain = basin(40, 3, 10.0, |_, _| 0.0);
                let crests = if with {
                    dam(&domain, 19, -0.5)
                } else {
                    Vec::new()
                };
                let mut setup = setup(scheme, domain, crests);
                let level = |k: usize| if k % 40 < 20 { 2.0 } else { 1.0 };
                setup.initial = Initial::LevelField((0..120).map(level).collect());
                let mut flood = start(setup);
                advance(&mut flood, 20.0);
                flood.digest()
            };
            assert_eq!(run(true), run(false));
        }
    }

    /// A ring of levees across tile corners that rain fills and overtops: balance, digest on any
    /// threads, and the mirror image of the mirrored case.
    #[test]
    fn levees_across_tiles_keep_balance_digest_and_symmetry() {
        for scheme in SCHEMES {
            let run = |threads: usize, mirrored: bool| {
                let domain = basin(140, 128, 10.0, |x, y| {
                    let x = if mirrored { 1400.0 - x } else { x };
                    1e-3 * x + 0.3 * (0.01 * y).sin()
                });
                let x = |x: f64| if mirrored { 1400.0 - x } else { x };
                let ring = [
                    [x(300.0), 250.0, 1.4],
                    [x(1000.0), 250.0, 1.6],
                    [x(1000.0), 990.0, 1.5],
                    [x(300.0), 990.0, 1.3],
                    [x(300.0), 250.0, 1.4],
                ];
                let crests = crests_along(&domain.geometry, &ring);
                assert_eq!(crests.len(), 2 * (70 + 74));
                let mut setup = setup(scheme, domain, crests);
                setup.options.threads = threads;
                // Tiles with steps of their own are not mirrored.
                setup.options.local_steps = false;
                setup.initial = Initial::Level(1.25);
                setup.rain = Rain::Uniform(4e-4);
                let mut flood = start(setup);
                advance(&mut flood, 120.0);
                advance(&mut flood, 480.0);
                assert!(
                    flood.ledger().error_rel < 1e-7,
                    "{:e}",
                    flood.ledger().error_rel
                );
                flood
            };
            let flood = run(1, false);
            assert_eq!(flood.digest(), run(2, false).digest());
            let mirror = run(1, true).depth();
            for (k, depth) in flood.depth().iter().enumerate() {
                assert_eq!(
                    *depth,
                    mirror[k / 140 * 140 + 139 - k % 140],
                    "{scheme:?} {k}"
                );
            }
        }
    }

    /// A slanting line cuts the grid in two: filling from one side never reaches the other.
    #[test]
    fn a_line_leaves_no_gap() {
        let g = RasterGeometry::new(40, 30, 100.0, 400.0, 10.0, 10.0).expect("valid");
        for line in [
            [[90.0, 135.0, 1.0], [510.0, 322.0, 3.0]],
            [[260.0, 410.0, 1.0], [333.0, 90.0, 3.0]],
            [[510.0, 95.0, 1.0], [90.0, 405.0, 3.0]],
        ] {
            let crests = crests_along(&g, &line);
            let shut = |a: (usize, usize), side: Side| {
                let cell = CellIdx::from(a.0 * 40 + a.1);
                crests.iter().any(|c| c.cell == cell && c.side == side)
            };
            let mut seen = vec![false; 1200];
            let mut stack = vec![(0_usize, 0_usize)];
            while let Some((r, c)) = stack.pop() {
                if std::mem::replace(&mut seen[r * 40 + c], true) {
                    continue;
                }
                let mut go = |r2: usize, c2: usize, side: Side, back: Side| {
                    if r2 < 30 && c2 < 40 && !shut((r, c), side) && !shut((r2, c2), back) {
                        stack.push((r2, c2));
                    }
                };
                go(r, c + 1, Side::East, Side::West);
                go(r, c.wrapping_sub(1), Side::West, Side::East);
                go(r + 1, c, Side::South, Side::North);
                go(r.wrapping_sub(1), c, Side::North, Side::South);
            }
            let reached = seen.iter().filter(|s| **s).count();
            assert!((50..1150).contains(&reached), "{reached}");
            assert!(crests.iter().all(|c| (1.0..=3.0).contains(&c.height)));
        }
    }
}
