//! Where the numbers of a run lie: tiles with a rim, strips that neighbours read, scratch rows.

use super::crests::Crests;
use super::infiltration::Soil;
use super::params::Side;
use super::riemann::{Fluxes, Free, Velocities};
use super::second::States;
use super::weather::Lifted;

/// Cells along the side of a tile. With the two cells of rim that a step needs on one side and
/// three on the other a row of faces is 64 long: whole vectors of 4, 8 or 16.
pub(super) const TILE: usize = 60;

/// Width of the rim of a tile, filled from its neighbours before each step.
pub(super) const RIM: usize = 3;

/// Row length of a tile with its rim.
pub(super) const PITCH: usize = TILE + 2 * RIM;

/// Length of a row of a tile with its rim in whole vectors of eight.
pub(super) const WHOLE: usize = PITCH.next_multiple_of(8);

/// Faces in a row of scratch, the first one west of column −1.
pub(super) const FACES: usize = 64;

/// Bed of an obstacle and of ground outside the domain above the datum [m]: no water reaches it.
pub(super) const WALL: f32 = 1e9;

/// Place of a cell in a tile with its rim; rows and columns from −3.
pub(super) fn rimmed(row: isize, col: isize) -> usize {
    (row + RIM as isize) as usize * PITCH + (col + RIM as isize) as usize
}

/// Place of a face east (south) of a cell in a plane of scratch; rows and columns from −2.
pub(super) fn face(row: isize, col: isize) -> usize {
    FACES + (row + 2) as usize * FACES + (col + 2) as usize
}

/// `N` numbers from `start`, as an array.
#[inline(always)]
pub(super) fn run<T, const N: usize>(values: &[T], start: usize) -> &[T; N] {
    values[start..]
        .first_chunk()
        .expect("planes are longer than any row in them")
}

/// `N` numbers from `start`, to be written.
#[inline(always)]
pub(super) fn run_mut<T, const N: usize>(values: &mut [T], start: usize) -> &mut [T; N] {
    values[start..]
        .first_chunk_mut()
        .expect("planes are longer than any row in them")
}

/// A cell whose depth a boundary sets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Control {
    /// Row and column in the tile.
    pub row: u8,
    pub col: u8,
    /// Position of the boundary in the setup.
    pub boundary: u16,
    pub rule: Rule,
    /// An open cell beside it, by place in the rimmed tile: its velocity is taken.
    pub beside: Option<u16>,
}

/// How the depth of a controlled cell follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Rule {
    /// From the boundary's level.
    Level,
    /// That of the cell at this place of the rimmed tile.
    Copy(u16),
    /// Always empty.
    Empty,
}

/// A cell on which an inflow falls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tap {
    pub row: u8,
    pub col: u8,
    /// Position in the run's list of discharges.
    pub source: u16,
    /// Share of the discharge.
    pub share: f64,
    /// The side of the domain through which it comes, if it is a boundary's.
    pub side: Option<Side>,
}

/// Volumes that went through one source in one tile, in f64 [m of depth × cells].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Booked {
    pub inward: f64,
    pub outward: f64,
}

impl Booked {
    pub fn add(&mut self, change: f64) {
        if change > 0.0 {
            self.inward += change;
        } else {
            self.outward -= change;
        }
    }
}

/// A block of cells with everything it needs for a step.
///
/// Fields with a rim are `PITCH × PITCH`, the others `TILE × TILE`. A tile without a cell that
/// can hold water has empty fields.
#[derive(Debug, Default)]
pub(super) struct Tile {
    /// Rows in use, counted from the north; the last tiles of a column may have fewer than 60.
    pub rows: usize,
    /// Tiles around, clockwise from the north-west: NW, N, NE, E, SE, S, SW, W.
    pub around: [Option<u32>; 8],
    /// Bed above the datum, with rim [m].
    pub z: Vec<f32>,
    /// Manning's n as it is kept, with rim.
    pub n: Vec<u16>,
    /// Depth, with rim [m].
    pub h: Vec<f32>,
    /// Unit discharge, positive east, with rim [m² s⁻¹]: at the eastern faces in the local-inertial
    /// scheme, in the cells in the finite-volume one.
    pub qx: Vec<f32>,
    /// Unit discharge, positive south: at the southern faces or in the cells, likewise.
    pub qy: Vec<f32>,
    /// What rounding kept out of `h`, as it is kept.
    pub rest: Vec<u16>,
    /// Greatest depth [m].
    pub depth_max: Vec<f32>,
    /// Greatest speed and worst hazard class, as they are kept.
    pub worst: Vec<u16>,
    /// In ticks.
    pub arrival: Vec<u16>,
    pub duration: Vec<u16>,
    /// How many cells' rain falls on each cell: 1 in the open, more beside roofs, less where a part of it has
    /// ground, 0 elsewhere. Empty where no roof sheds rain and all cells are whole.
    pub rain_share: Vec<f64>,
    /// Share of each cell that has ground; empty where all are whole.
    pub cover: Vec<f64>,
    pub controls: Vec<Control>,
    pub taps: Vec<Tap>,
    /// Cells with an unlimited supply, by place in a scratch plane, the rim included.
    pub unlimited: Vec<u16>,
    /// Faces between two controlled cells, by place in a scratch plane: nothing flows.
    pub closed_x: Vec<u16>,
    pub closed_y: Vec<u16>,
    /// Faces beyond a controlled cell that repeat the discharge of the face before it, so that the
    /// average over neighbours does not brake an open edge: (place in the rimmed tile, place in scratch).
    pub repeat_x: Vec<(u16, u16)>,
    pub repeat_y: Vec<(u16, u16)>,
    /// Cells that can hold water and are not controlled.
    pub open_cells: u32,

    /// Computed in the coming step.
    pub active: bool,
    /// Its step is 2^level times that of the fastest tile.
    pub level: u8,
    /// Fluxes through its edges in the steps since a slower neighbour last stepped.
    pub sums: Option<Box<EdgeSums>>,
    /// Mean fluxes through the edges to faster neighbours over the coming step.
    pub given: Option<Box<EdgeSums>>,
    /// Steps in a row at whose start no water could move here.
    pub still: u8,
    /// Greatest depth [m].
    pub h_max: f32,
    /// Smallest depth/outflow of the last step; local-inertial.
    pub slack: f32,
    /// Greatest speed of a signal after the last step [m s⁻¹]; finite-volume.
    pub signal_max: f32,
    /// Water that could cross the edge: north, east, south, west.
    pub edge_wet: [bool; 4],
    /// Wet cells at the last look.
    pub wet_cells: u32,
    /// A depth is not a number.
    pub broken: bool,
    /// Rain that fell [m × cells].
    pub rain: f64,
    /// Levees and walls on its faces.
    pub crests: Crests,
    /// The bed as the pressure of the air lifts it, if it does.
    pub lifted: Lifted,
    /// What takes up water, if anything does.
    pub soil: Option<Soil>,
    /// Water that the soil took up [m × cells].
    pub infiltrated: f64,
    /// By line of the ledger after rain: inflows, then boundaries; empty if the tile has neither.
    pub booked: Vec<Booked>,
}

impl Tile {
    pub fn is_land(&self) -> bool {
        self.h.is_empty()
    }

    /// The bed that the water feels, with rim: lifted by the pressure of the air, if there is any [m].
    pub fn bed(&self) -> &[f32] {
        match self.lifted.z.is_empty() {
            true => &self.z,
            false => &self.lifted.z,
        }
    }

    /// Depth of a cell of the tile [m].
    pub fn depth(&self, row: usize, col: usize) -> f32 {
        self.h[rimmed(row as isize, col as isize)]
    }
}

/// Fluxes through the faces of a tile's edge in the order of [`Edge`]: water, momentum as the low and
/// as the high cell feel it, momentum along; an edge that is not in use is `false`.
#[derive(Debug)]
pub(super) struct EdgeSums {
    pub used: [bool; 4],
    pub fluxes: [[[f32; TILE]; 4]; 4],
}

impl EdgeSums {
    pub fn zero() -> Self {
        Self {
            used: [false; 4],
            fluxes: [[[0.0; TILE]; 4]; 4],
        }
    }
}

/// Edges of a tile: north, east, south, west, as positions in [`EdgeSums`].
pub(super) const EDGES: [Edge; 4] = [
    Edge {
        direction: 1,
        opposite: 2,
    },
    Edge {
        direction: 3,
        opposite: 3,
    },
    Edge {
        direction: 5,
        opposite: 0,
    },
    Edge {
        direction: 7,
        opposite: 1,
    },
];

/// An edge of a tile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// Position of the neighbour in [`Tile::around`].
    pub direction: usize,
    /// Position of the same edge among the neighbour's.
    pub opposite: usize,
}

/// The outermost three rows and columns of a tile, as its neighbours see them: depth and both
/// discharges, north and south (3 × 60 each), then row by row what is at its western and at its
/// eastern end, three of each.
#[derive(Debug, Default)]
pub(super) struct Strips {
    values: Vec<f32>,
}

const FIELDS: usize = 3;
const STRIP: usize = RIM * TILE;
/// Where the columns begin: after the northern and southern strips of all fields.
const COLUMNS: usize = FIELDS * 2 * STRIP;
/// What a row has at one end.
const END: usize = FIELDS * RIM;

impl Strips {
    /// The strips of a tile; empty for land.
    pub fn of(tile: &Tile) -> Self {
        let mut strips = Self::default();
        if !tile.is_land() {
            strips.values = vec![0.0; COLUMNS + 2 * TILE * END];
            strips.publish(tile);
        }
        strips
    }

    /// Copies a tile's outermost rows and columns.
    pub fn publish(&mut self, tile: &Tile) {
        let planes = [&tile.h, &tile.qx, &tile.qy];
        let (rows, columns) = self.values.split_at_mut(COLUMNS);
        for (rows, plane) in rows.chunks_exact_mut(2 * STRIP).zip(planes) {
            for k in 0..RIM {
                let north = rimmed(k as isize, 0);
                let south = rimmed((TILE - RIM + k) as isize, 0);
                rows[k * TILE..][..TILE].copy_from_slice(&plane[north..][..TILE]);
                rows[STRIP + k * TILE..][..TILE].copy_from_slice(&plane[south..][..TILE]);
            }
        }
        let (west, east) = columns.split_at_mut(TILE * END);
        let ends = west.chunks_exact_mut(END).zip(east.chunks_exact_mut(END));
        for (row, (west, east)) in ends.enumerate() {
            let start = rimmed(row as isize, 0);
            for (field, plane) in planes.into_iter().enumerate() {
                *run_mut::<f32, RIM>(west, field * RIM) = *run(plane, start);
                *run_mut::<f32, RIM>(east, field * RIM) = *run(plane, start + TILE - RIM);
            }
        }
    }
}

/// Fills the northern and southern rim of a tile, the corners included, from the strips of the tiles
/// around it; [`fill_row_ends`] does the rest.
pub(super) fn fill_rim(tile: &mut Tile, strips: &[Strips]) {
    const LAST: isize = TILE as isize;
    let around = tile.around;
    let strip = |direction: usize, field: usize, which: usize| -> Option<&[f32]> {
        let values = &strips[around[direction]? as usize].values;
        (!values.is_empty()).then(|| &values[(2 * field + which) * STRIP..][..STRIP])
    };
    let [north, south] = [0, 1];
    for (field, plane) in [&mut tile.h, &mut tile.qx, &mut tile.qy]
        .into_iter()
        .enumerate()
    {
        let mut rows = |from: Option<&[f32]>, row: isize, col: isize, first: usize, n: usize| {
            if let Some(from) = from {
                for k in 0..RIM {
                    let to = rimmed(row + k as isize, col);
                    plane[to..][..n].copy_from_slice(&from[k * TILE + first..][..n]);
                }
            }
        };
        rows(strip(0, field, south), -3, -3, TILE - RIM, RIM);
        rows(strip(1, field, south), -3, 0, 0, TILE);
        rows(strip(2, field, south), -3, LAST, 0, RIM);
        rows(strip(4, field, north), LAST, LAST, 0, RIM);
        rows(strip(5, field, north), LAST, 0, 0, TILE);
        rows(strip(6, field, north), LAST, -3, TILE - RIM, RIM);
    }
}

/// What lies beyond the western and eastern end of a tile's rows.
pub(super) struct Ends<'a> {
    beyond: [Option<&'a [f32]>; 2],
}

impl<'a> Ends<'a> {
    pub fn of(tile: &Tile, strips: &'a [Strips]) -> Self {
        // The eastern columns of the tile in the west, the western ones of that in the east.
        let columns = |direction: usize, first: usize| {
            let values = &strips[tile.around[direction]? as usize].values;
            (!values.is_empty()).then(|| &values[COLUMNS + first..][..TILE * END])
        };
        Self {
            beyond: [columns(7, TILE * END), columns(3, 0)],
        }
    }
}

/// Fills the western and eastern rim of one row, just before it is used: its lines of memory are
/// then fetched once.
#[inline(always)]
pub(super) fn fill_row_ends(tile: &mut Tile, ends: &Ends<'_>, row: usize) {
    for (beyond, col) in ends.beyond.iter().zip([-3, TILE as isize]) {
        let Some(beyond) = beyond else { continue };
        let from: &[f32; END] = run(beyond, row * END);
        let to = rimmed(row as isize, col);
        *run_mut::<f32, RIM>(&mut tile.h, to) = *run(from, 0);
        *run_mut::<f32, RIM>(&mut tile.qx, to) = *run(from, RIM);
        *run_mut::<f32, RIM>(&mut tile.qy, to) = *run(from, 2 * RIM);
    }
}

/// Working rows of one thread; nothing in it outlives a step of a tile.
pub(super) struct Scratch {
    /// Unit discharge at eastern faces, rows −1 to 60.
    pub x: Vec<f32>,
    /// Unit discharge at southern faces, rows −2 to 60.
    pub y: Vec<f32>,
    /// Share of its outflow that a cell can pay, rows −1 to 60.
    pub share: Vec<f32>,
    /// For the finite-volume scheme.
    pub moving: Moving,
}

/// Working rows of the finite-volume scheme.
pub(super) struct Moving {
    /// Depth and velocities of the row at hand, of the one north and of the one south of it.
    pub before: Box<Velocities>,
    pub here: Box<Velocities>,
    pub next: Box<Velocities>,
    /// The row after the next; second order.
    pub beyond: Box<Velocities>,
    /// Slopes of the row at hand and of the one south of it; second order.
    pub slopes_here: Box<States>,
    pub slopes_next: Box<States>,
    pub free: Free,
    pub x: Fluxes,
    pub north: Box<Fluxes>,
    pub south: Box<Fluxes>,
}

impl Scratch {
    pub fn new() -> Self {
        let plane = vec![0.0; FACES * (TILE + 5)];
        Self {
            x: plane.clone(),
            y: plane.clone(),
            share: plane,
            moving: Moving {
                here: Box::new(Velocities::zero()),
                next: Box::new(Velocities::zero()),
                beyond: Box::new(Velocities::zero()),
                slopes_here: Box::new(States::zero()),
                slopes_next: Box::new(States::zero()),
                before: Box::new(Velocities::zero()),
                free: Free::zero(),
                x: Fluxes::zero(),
                north: Box::new(Fluxes::zero()),
                south: Box::new(Fluxes::zero()),
            },
        }
    }
}
