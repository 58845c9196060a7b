//! From a setup to tiles.

use std::collections::{BTreeMap, VecDeque};

use stormgrid_core::ids::CellIdx;
use stormgrid_core::units::GRAVITY;

use super::compact::{NEVER, Roughness};
use super::crests::{Crest, Outlet, raise_crests};
use super::error::FloodError;
use super::infiltration::lay_soil;
use super::links::Links;
use super::params::{
    Boundary, BoundaryKind, BoundaryPlace, ELEVATION_LIMIT, Initial, Manning, Scheme, Setup, Side,
};
use super::state::{Booked, Control, PITCH, RIM, Rule, TILE, Tap, Tile, WALL, face, rimmed};

/// What a cell of the padded grid is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Outside, obstacle or padding.
    Wall,
    /// Holds water.
    Open,
    /// Its depth is set by this boundary.
    Held(u16),
}

/// A role a cell, in two bytes each.
struct Roles(Vec<u16>);

impl Roles {
    fn get(&self, at: usize) -> Role {
        match self.0[at] {
            0 => Role::Wall,
            1 => Role::Open,
            held => Role::Held(held - 2),
        }
    }

    fn set(&mut self, at: usize, role: Role) {
        self.0[at] = match role {
            Role::Wall => 0,
            Role::Open => 1,
            Role::Held(boundary) => boundary + 2,
        };
    }
}

/// Least slope of the surface over a free edge [-], so that water leaves flat ground too.
const FREE_SLOPE: f64 = 1e-3;

/// The grid of the domain with a ring around it, cut into tiles.
///
/// The ring holds the cells beyond open sides. Two cells of padding stand in the north and west,
/// or three, so that a cell of the ring always lies in the tile of its neighbour inside.
pub(super) struct Layout {
    /// Rows and columns of the domain.
    pub n_rows: usize,
    pub n_cols: usize,
    /// Rows and columns before the domain.
    pub pad_rows: usize,
    pub pad_cols: usize,
    pub n_tile_rows: usize,
    pub n_tile_cols: usize,
    /// Elevation of the datum [m].
    pub datum: f64,
    /// All beds and levels are multiples of this [m]: their differences are exact in f32.
    pub quantum: f64,
}

impl Layout {
    fn new(setup: &Setup) -> Result<Self, FloodError> {
        let g = &setup.domain.geometry;
        let pad = |n: usize| if (n + 2).is_multiple_of(TILE) { 3 } else { 2 };
        let known = || setup.domain.elevation.iter().filter(|z| z.is_finite());
        // Floods lie low: the lower quartile as datum keeps their numbers small.
        let mut counts = vec![0_usize; 2 * ELEVATION_LIMIT as usize + 1];
        known().for_each(|z| counts[(z.round() + ELEVATION_LIMIT) as usize] += 1);
        let quartile = known().count() / 4;
        let mut below = 0;
        let low = counts.iter().position(|count| {
            below += count;
            below > quartile
        });
        let datum = low.ok_or(FloodError::NoOpenCell)? as f64 - ELEVATION_LIMIT;
        let reach = known()
            .map(|z| (z - datum).abs())
            .fold(1.0, f64::max)
            .log2()
            .ceil();
        // Slopes halve differences: two more digits keep the halves exact under water deeper than that.
        let digits = match setup.options.scheme {
            Scheme::SecondOrder => 20.0,
            _ => 22.0,
        };
        Ok(Self {
            n_rows: g.n_rows,
            n_cols: g.n_cols,
            pad_rows: pad(g.n_rows),
            pad_cols: pad(g.n_cols),
            n_tile_rows: (g.n_rows + pad(g.n_rows) + 1).div_ceil(TILE),
            n_tile_cols: (g.n_cols + pad(g.n_cols) + 1).div_ceil(TILE),
            datum,
            quantum: (reach - digits).exp2(),
        })
    }

    /// An elevation above the datum, on the quantum [m].
    pub fn relative(&self, elevation: f64) -> f32 {
        (((elevation - self.datum) / self.quantum).round() * self.quantum) as f32
    }

    fn rows(&self) -> usize {
        self.n_rows + self.pad_rows + 1
    }

    fn cols(&self) -> usize {
        self.n_cols + self.pad_cols + 1
    }

    /// Tile and place in it of a cell of the domain.
    pub fn locate(&self, row: usize, col: usize) -> (usize, usize, usize) {
        self.locate_padded(row + self.pad_rows, col + self.pad_cols)
    }

    fn locate_padded(&self, row: usize, col: usize) -> (usize, usize, usize) {
        let tile = row / TILE * self.n_tile_cols + col / TILE;
        (tile, row % TILE, col % TILE)
    }
}

/// The padded grid as plain fields.
struct Ground<'a> {
    layout: &'a Layout,
    role: Roles,
    /// Above the datum; `WALL` where nothing flows.
    z: Vec<f32>,
    /// Manning's n as it is kept.
    n: Vec<u16>,
    h: Vec<f32>,
    /// Unit discharge eastwards and southwards.
    q: [Vec<f32>; 2],
    /// How many cells' rain falls on each cell; empty without roofs and where all cells are whole.
    rain_share: Vec<f64>,
    /// Share of each cell that has ground; empty where all are whole.
    cover: Vec<f64>,
    /// Cells of the domain without ground; empty where nobody asks.
    gaps: Vec<bool>,
    /// Cells without ground that hold a boundary's water, by position in the domain.
    ghosts: Vec<usize>,
    /// For cells beyond a free side: the cell inside.
    copies: BTreeMap<usize, usize>,
    /// Walls between a cell of no data that a free side drains into and the cells beside it that it is not beyond of.
    walls: Vec<Crest>,
    /// The faces that the free sides drain through where the ground ends before the edge.
    outlets: Vec<Outlet>,
    /// The cell inside of each cell beyond a side, both by place in the padded grid: its water moves as that inside.
    insides: BTreeMap<usize, usize>,
    /// By boundary: sets a level.
    sets_level: Vec<bool>,
    scheme: Scheme,
}

/// Lets the bed go on with its slope for one cell beyond each cell of a free side: a wall there would
/// keep the last cell's surface from following its slope. That cell stays empty, and what falls
/// into it is not counted: it has left through the free side already.
fn slope_on(tile: &mut Tile) {
    let pitch = PITCH as isize;
    for control in tile.controls.clone() {
        let Rule::Copy(inner) = control.rule else {
            continue;
        };
        let here = rimmed(control.row.into(), control.col.into());
        // One step from the cell inside to the one outside, along a row or along a column.
        let step = here as isize - inner as isize;
        let (down, right) = match step.abs() == pitch {
            true => (step / pitch, 0),
            false => (0, step),
        };
        let (row, col) = (control.row as isize + down, control.col as isize + right);
        let beyond = rimmed(row, col);
        if tile.z[beyond] < WALL {
            continue;
        }
        tile.z[beyond] = tile.z[here] - (tile.z[usize::from(inner)] - tile.z[here]);
        if down == 0 {
            tile.closed_x.push(face(row, col.min(col - right)) as u16);
        } else {
            tile.closed_y.push(face(row.min(row - down), col) as u16);
        }
        // Only cells that the step computes can be held.
        if (0..tile.rows as isize).contains(&row) && (0..TILE as isize).contains(&col) {
            tile.controls.push(Control {
                row: row as u8,
                col: col as u8,
                boundary: control.boundary,
                rule: Rule::Empty,
                beside: None,
            });
        }
    }
}

/// What a run begins with.
pub(super) struct Prepared {
    pub layout: Layout,
    pub tiles: Vec<Tile>,
    pub links: Links,
    pub roughness: Roughness,
    /// Cells without ground that stand for the water of a boundary, by position in the domain.
    pub ghosts: Vec<usize>,
}

/// Builds the tiles of a run.
///
/// Each field of the setup is let go as soon as it has been read, so that the memory of two sets of
/// fields is never needed at once.
pub(super) fn prepare(setup: &mut Setup) -> Result<Prepared, FloodError> {
    setup.validate()?;
    let layout = Layout::new(setup)?;
    let roughness = Roughness::up_to(match &setup.domain.manning {
        Manning::Uniform(n) => *n,
        Manning::Field(values) => values.iter().copied().fold(0.0, f32::max).into(),
    });
    let mut ground = Ground::new(setup, &layout, roughness)?;
    if !ground.role.0.contains(&1) {
        return Err(FloodError::NoOpenCell);
    }
    let n_lines = setup.inflows.len() + setup.boundaries.len();
    let mut tiles: Vec<Tile> = (0..layout.n_tile_rows * layout.n_tile_cols)
        .map(|index| ground.tile(index, n_lines))
        .collect();
    ground.hand_over(&mut tiles);
    let role = |row: usize, col: usize| ground.role.get(ground.at(row as isize, col as isize));
    lay_soil(setup, &layout, &mut tiles, &|row, col| {
        role(row, col) == Role::Open
    });
    raise_crests(
        setup.crests.iter().chain(&ground.walls).copied(),
        &ground.outlets,
        &layout,
        &mut tiles,
    );
    let links = Links::new(setup, &layout, &role)?;
    for (number, inflow) in setup.inflows.iter().enumerate() {
        let cells: Vec<_> = inflow
            .cells
            .iter()
            .map(|&(cell, weight)| {
                let cell = cell.index();
                (cell / layout.n_cols, cell % layout.n_cols, weight)
            })
            .collect();
        ground
            .tap(&mut tiles, number, &cells, None, n_lines)
            .ok_or(FloodError::NowhereToFlow {
                what: "inflow",
                number: number + 1,
            })?;
    }
    for (number, boundary) in setup.boundaries.iter().enumerate() {
        if let BoundaryKind::Discharge(_) = boundary.kind {
            let cells: Vec<_> = ground
                .cells_with_ground(&boundary.place)
                .into_iter()
                .map(|(row, col)| (row, col, 1.0))
                .collect();
            let source = setup.inflows.len() + number;
            let side = match boundary.place {
                BoundaryPlace::Side(side) => Some(side),
                BoundaryPlace::Cells(_) => None,
            };
            ground
                .tap(&mut tiles, source, &cells, side, n_lines)
                .ok_or(FloodError::NowhereToFlow {
                    what: "discharge boundary",
                    number: number + 1,
                })?;
        }
    }
    let ghosts = std::mem::take(&mut ground.ghosts);
    drop(ground);
    Ok(Prepared {
        layout,
        tiles,
        links,
        roughness,
        ghosts,
    })
}

/// Height of a wall that no water reaches, above the datum of a run [m].
const WALL_ABOVE_M: f64 = 1e5;

/// A cell in which a boundary sets the water, −1 and n naming the ring, and the cell inside beside it.
struct Outer {
    at: (isize, isize),
    inside: (usize, usize),
}

/// Step from a cell of the side to the one outside.
fn outward(side: Side) -> (isize, isize) {
    match side {
        Side::North => (-1, 0),
        Side::South => (1, 0),
        Side::West => (0, -1),
        Side::East => (0, 1),
    }
}

impl<'a> Ground<'a> {
    fn new(
        setup: &mut Setup,
        layout: &'a Layout,
        roughness: Roughness,
    ) -> Result<Self, FloodError> {
        let n = layout.rows() * layout.cols();
        let mut ground = Self {
            layout,
            role: Roles(vec![0; n]),
            z: vec![WALL; n],
            n: Vec::new(),
            h: Vec::new(),
            q: [Vec::new(), Vec::new()],
            rain_share: Vec::new(),
            cover: setup.cover.clone(),
            gaps: Vec::new(),
            ghosts: Vec::new(),
            copies: BTreeMap::new(),
            insides: BTreeMap::new(),
            walls: Vec::new(),
            outlets: Vec::new(),
            sets_level: setup
                .boundaries
                .iter()
                .map(|b| matches!(b.kind, BoundaryKind::Level(_)))
                .collect(),
            scheme: setup.options.scheme,
        };
        let mut blocked = std::mem::take(&mut setup.domain.blocked);
        let elevation = std::mem::take(&mut setup.domain.elevation);
        ground.each_cell(|ground, cell, at| {
            let is_blocked = blocked.get(cell).copied().unwrap_or(false);
            if elevation[cell].is_nan() {
                // No roof there either.
                if let Some(blocked) = blocked.get_mut(cell) {
                    *blocked = false;
                }
            } else if !is_blocked {
                ground.role.set(at, Role::Open);
                ground.z[at] = layout.relative(elevation[cell]);
            }
        });
        if !setup.boundaries.is_empty() && elevation.iter().any(|z| z.is_nan()) {
            ground.gaps = elevation.iter().map(|z| z.is_nan()).collect();
        }
        drop(elevation);

        ground.h = vec![0.0; n];
        ground.fill(&std::mem::replace(&mut setup.initial, Initial::Dry));
        let manning = std::mem::replace(&mut setup.domain.manning, Manning::Uniform(0.0));
        ground.n = vec![0; n];
        ground.each_cell(|ground, cell, at| {
            if ground.role.get(at) == Role::Open {
                ground.n[at] = roughness.keep(match &manning {
                    Manning::Uniform(n) => *n,
                    Manning::Field(values) => values[cell].into(),
                });
            }
        });
        drop(manning);
        if let Some(discharge) = setup.initial_discharge.take() {
            ground.q = [vec![0.0; n], vec![0.0; n]];
            ground.move_water(&discharge, setup.options.scheme);
        }
        for (number, boundary) in setup.boundaries.iter().enumerate() {
            ground.hold(setup, number, boundary)?;
        }
        if blocked.contains(&true) || !ground.cover.is_empty() {
            ground.shed_rain(&blocked);
        }
        Ok(ground)
    }

    /// Calls with every cell of the domain and its place in the padded fields.
    fn each_cell(&mut self, mut visit: impl FnMut(&mut Self, usize, usize)) {
        for row in 0..self.layout.n_rows {
            for col in 0..self.layout.n_cols {
                let at = self.at(row as isize, col as isize);
                visit(self, row * self.layout.n_cols + col, at);
            }
        }
    }

    /// Place of a cell of the domain in the padded fields; −1 and n name the ring.
    fn at(&self, row: isize, col: isize) -> usize {
        let row = row + self.layout.pad_rows as isize;
        let col = col + self.layout.pad_cols as isize;
        row as usize * self.layout.cols() + col as usize
    }

    fn fill(&mut self, initial: &Initial) {
        for row in 0..self.layout.n_rows {
            for col in 0..self.layout.n_cols {
                let at = self.at(row as isize, col as isize);
                if self.role.get(at) != Role::Open {
                    continue;
                }
                let cell = row * self.layout.n_cols + col;
                let above = |level: f64| match level.is_nan() {
                    true => 0.0,
                    false => self.layout.relative(level) - self.z[at],
                };
                let depth = match initial {
                    Initial::Dry => 0.0,
                    Initial::Level(level) => above(*level),
                    Initial::LevelField(levels) => above(levels[cell]),
                    Initial::Depth(depths) => (depths[cell] * self.cover_of(cell)) as f32,
                };
                self.h[at] = if depth > 0.0 { depth } else { 0.0 };
            }
        }
    }

    /// Sets the water in motion: in the cells, or on the faces east and south of them.
    fn move_water(&mut self, [east, north]: &[Vec<f64>; 2], scheme: Scheme) {
        let (rows, cols) = (self.layout.n_rows, self.layout.n_cols);
        let wet = |ground: &Self, row: usize, col: usize| {
            row < rows && col < cols && ground.h[ground.at(row as isize, col as isize)] > 0.0
        };
        for row in 0..rows {
            for col in 0..cols {
                if !wet(self, row, col) {
                    continue;
                }
                let [here, right, below] = [(row, col), (row, col + 1), (row + 1, col)];
                let value = |field: &[f64], (r, c): (usize, usize)| match field[r * cols + c] {
                    q if q.is_nan() => 0.0,
                    q => q,
                };
                let q =
                    match scheme {
                        Scheme::FiniteVolume | Scheme::SecondOrder => {
                            [value(east, here), -value(north, here)]
                        }
                        Scheme::LocalInertial => [(right, east, 0.5), (below, north, -0.5)].map(
                            |(beyond, field, half)| match wet(self, beyond.0, beyond.1) {
                                true => half * (value(field, here) + value(field, beyond)),
                                false => 0.0,
                            },
                        ),
                    };
                let at = self.at(row as isize, col as isize);
                self.q[0][at] = q[0] as f32;
                self.q[1][at] = q[1] as f32;
            }
        }
    }

    /// Share of a cell of the domain that has ground.
    fn cover_of(&self, cell: usize) -> f64 {
        self.cover.get(cell).copied().unwrap_or(1.0)
    }

    /// The same of the cells of a tile, row by row; empty where all are whole.
    fn cover_of_tile(&self, index: usize) -> Vec<f64> {
        let layout = self.layout;
        let corner = (
            index / layout.n_tile_cols * TILE,
            index % layout.n_tile_cols * TILE,
        );
        let cell = |k: usize| {
            let row = (corner.0 + k / TILE).checked_sub(layout.pad_rows)?;
            let col = (corner.1 + k % TILE).checked_sub(layout.pad_cols)?;
            (row < layout.n_rows && col < layout.n_cols).then_some(row * layout.n_cols + col)
        };
        let cover = |k: usize| cell(k).map_or(1.0, |cell| self.cover_of(cell));
        let covers: Vec<f64> = (0..TILE * TILE).map(cover).collect();
        match covers.iter().all(|&share| share == 1.0) {
            true => Vec::new(),
            false => covers,
        }
    }

    /// Whether a cell of the domain has no ground.
    fn is_gap(&self, row: usize, col: usize) -> bool {
        let cell = row * self.layout.n_cols + col;
        self.gaps.get(cell).copied().unwrap_or(false)
    }

    /// Along each row or column inwards from a side: the first cell that has ground.
    fn first_from(&self, side: Side) -> Vec<(usize, usize)> {
        let (rows, cols) = (self.layout.n_rows, self.layout.n_cols);
        let lane = |k: usize| -> Option<(usize, usize)> {
            let (n, cell): (usize, &dyn Fn(usize) -> (usize, usize)) = match side {
                Side::North => (rows, &|i| (i, k)),
                Side::South => (rows, &|i| (rows - 1 - i, k)),
                Side::West => (cols, &|i| (k, i)),
                Side::East => (cols, &|i| (k, cols - 1 - i)),
            };
            (0..n).map(cell).find(|&(row, col)| !self.is_gap(row, col))
        };
        let lanes = match side {
            Side::North | Side::South => cols,
            Side::West | Side::East => rows,
        };
        (0..lanes).filter_map(lane).collect()
    }

    /// Cells with ground beside a cell of the domain.
    fn beside(&self, row: usize, col: usize) -> Vec<(usize, usize)> {
        let around = [
            (row.wrapping_sub(1), col),
            (row, col.wrapping_sub(1)),
            (row, col + 1),
            (row + 1, col),
        ];
        let inside = |&(r, c): &(usize, usize)| r < self.layout.n_rows && c < self.layout.n_cols;
        let cells = around.into_iter().filter(inside);
        cells.filter(|&(r, c)| !self.is_gap(r, c)).collect()
    }

    /// Cells with ground at a place; where a cell that is named has none, those beside it.
    fn cells_with_ground(&self, place: &BoundaryPlace) -> Vec<(usize, usize)> {
        let cells = match place {
            BoundaryPlace::Side(side) => return self.first_from(*side),
            BoundaryPlace::Cells(cells) => cells,
        };
        let cols = self.layout.n_cols;
        let named = cells.iter().map(|c| (c.index() / cols, c.index() % cols));
        let (on, off): (Vec<_>, Vec<_>) = named.partition(|&(row, col)| !self.is_gap(row, col));
        let mut found = on;
        for (row, col) in off {
            found.extend(self.beside(row, col));
        }
        let mut seen = std::collections::BTreeSet::new();
        found.retain(|&cell| seen.insert(cell));
        found
    }

    /// Where a boundary sets the water: cells of the domain, cells of the ring, or cells without ground; each with
    /// the cell inside that it stands beside, itself where it has ground.
    fn outer_cells(&self, place: &BoundaryPlace) -> Vec<Outer> {
        let open = |row: usize, col: usize| self.role.get(self.at(row as isize, col as isize));
        match place {
            BoundaryPlace::Side(side) => {
                let (down, right) = outward(*side);
                let firsts = self.first_from(*side).into_iter();
                let firsts = firsts.filter(|&(row, col)| open(row, col) != Role::Wall);
                firsts
                    .map(|(row, col)| Outer {
                        at: (row as isize + down, col as isize + right),
                        inside: (row, col),
                    })
                    .collect()
            }
            BoundaryPlace::Cells(cells) => {
                let cols = self.layout.n_cols;
                let named = cells.iter().map(|c| (c.index() / cols, c.index() % cols));
                // Ground first: what it holds need not be held beside it again.
                let (off, on): (Vec<_>, Vec<_>) = named.partition(|&(r, c)| self.is_gap(r, c));
                let on = on
                    .into_iter()
                    .filter(|&(row, col)| open(row, col) != Role::Wall);
                let mut outer: Vec<Outer> = on
                    .map(|(row, col)| Outer {
                        at: (row as isize, col as isize),
                        inside: (row, col),
                    })
                    .collect();
                let held: std::collections::BTreeSet<_> = outer.iter().map(|o| o.inside).collect();
                for (row, col) in off {
                    let shores = self.beside(row, col).into_iter();
                    let shores = shores.filter(|cell| !held.contains(cell));
                    let shores = shores.filter(|&(r, c)| open(r, c) == Role::Open);
                    let z = |&(r, c): &(usize, usize)| self.z[self.at(r as isize, c as isize)];
                    outer.extend(
                        shores
                            .min_by(|a, b| z(a).total_cmp(&z(b)))
                            .map(|inside| Outer {
                                at: (row as isize, col as isize),
                                inside,
                            }),
                    );
                }
                outer
            }
        }
    }

    /// Gives a boundary its cells: those named, or the ring beyond a side. Where the ground ends before them, the
    /// cells without ground that lie beside its first cells.
    fn hold(
        &mut self,
        setup: &Setup,
        number: usize,
        boundary: &Boundary,
    ) -> Result<(), FloodError> {
        let (level, what) = match &boundary.kind {
            BoundaryKind::Discharge(_) => return Ok(()),
            BoundaryKind::Level(series) => {
                (Some(self.layout.relative(series.at(0.0))), "level boundary")
            }
            BoundaryKind::Free => (None, "free boundary"),
            BoundaryKind::Wall => (None, "wall"),
        };
        let wall = matches!(boundary.kind, BoundaryKind::Wall);
        let held = Role::Held(number as u16);
        let outer = self.outer_cells(&boundary.place);
        if outer.is_empty() {
            return Err(FloodError::NowhereToFlow {
                what,
                number: number + 1,
            });
        }
        for Outer { at: (r, c), inside } in outer {
            let (row, col) = inside;
            let (at, inside) = (self.at(r, c), self.at(row as isize, col as isize));
            if wall {
                self.role.set(at, Role::Wall);
                (self.z[at], self.h[at]) = (WALL, 0.0);
                continue;
            }
            self.role.set(at, held);
            self.copies.remove(&at);
            let side = match boundary.place {
                BoundaryPlace::Side(side) => Some(side),
                BoundaryPlace::Cells(_) => None,
            };
            if side.is_some() {
                self.insides.insert(at, inside);
            }
            if at != inside {
                self.n[at] = self.n[inside];
                self.z[at] = self.z[inside];
                self.haunt(r, c);
            }
            if let (Some(side), None) = (side, level) {
                self.z[at] = self.free_bed(setup, row, col, side);
                self.copies.insert(at, inside);
                let (down, right) = outward(side);
                // The slope goes on for one cell more.
                self.haunt(r + down, c + right);
                self.wall_off([r, c], inside, false);
                self.wall_off([r + down, c + right], at, true);
                if self.is_in_domain(r, c) {
                    self.outlets.push(Outlet {
                        cell: CellIdx::from(row * self.layout.n_cols + col),
                        side,
                    });
                }
            }
            self.h[at] = match level {
                Some(level) if level > self.z[at] => level - self.z[at],
                Some(_) => 0.0,
                None if side.is_some() => self.h[inside],
                None => 0.0,
            };
        }
        Ok(())
    }

    /// Whether a cell lies in the domain, not in the ring beyond a side.
    fn is_in_domain(&self, row: isize, col: isize) -> bool {
        let (rows, cols) = (self.layout.n_rows as isize, self.layout.n_cols as isize);
        (0..rows).contains(&row) && (0..cols).contains(&col)
    }

    /// Walls a cell of no data off from the cells beside it but the one inside: its water is a copy of that of the cell
    /// inside, without end, and must not run into others.
    ///
    /// - `inside`: the one cell that it stays open to, by place in the padded grid
    /// - `gaps_too`: whether cells without ground are walled off as well: the second cell beyond a free side is empty, and
    ///   would drain those that hold others' water
    fn wall_off(&mut self, [row, col]: [isize; 2], inside: usize, gaps_too: bool) {
        if !self.is_in_domain(row, col) {
            return;
        }
        let cols = self.layout.n_cols as isize;
        for side in [Side::North, Side::South, Side::West, Side::East] {
            let (down, right) = outward(side);
            // The cell on whose side this one lies.
            let (r, c) = (row - down, col - right);
            if !self.is_in_domain(r, c)
                || (!gaps_too && self.is_gap(r as usize, c as usize))
                || self.at(r, c) == inside
            {
                continue;
            }
            self.walls.push(Crest {
                cell: CellIdx::from((r * cols + c) as usize),
                side,
                height: WALL_ABOVE_M + self.layout.datum,
            });
        }
    }

    /// Notes a cell of the domain without ground that takes a boundary's water.
    fn haunt(&mut self, row: isize, col: isize) {
        if self.is_in_domain(row, col) && self.is_gap(row as usize, col as usize) {
            let cell = row as usize * self.layout.n_cols + col as usize;
            self.ghosts.push(cell);
        }
    }

    /// Bed beyond a free side: the slope of the last two cells goes on, downwards at least 0.1 %.
    fn free_bed(&self, setup: &Setup, row: usize, col: usize, side: Side) -> f32 {
        let (down, right) = outward(side);
        let (row, col) = (row as isize, col as isize);
        let g = &setup.domain.geometry;
        let spacing = if right == 0 { g.dy } else { g.dx };
        let here = f64::from(self.z[self.at(row, col)]);
        let behind = self.at(row - down, col - right);
        let drop = match self.role.get(behind) {
            Role::Wall => 0.0,
            _ => f64::from(self.z[behind]) - here,
        };
        let bed = here - drop.max(FREE_SLOPE * spacing);
        self.layout.relative(bed + self.layout.datum)
    }

    /// Sends the rain of every blocked cell to the nearest cell that can hold water, counted in
    /// steps from cell to cell over the obstacle; among equals the first in reading order.
    fn shed_rain(&mut self, blocked: &[bool]) {
        let (rows, cols) = (self.layout.n_rows, self.layout.n_cols);
        self.rain_share = vec![0.0; self.z.len()];
        let mut receiver = vec![u32::MAX; rows * cols];
        let mut queue = VecDeque::new();
        for row in 0..rows {
            for col in 0..cols {
                let at = self.at(row as isize, col as isize);
                if self.role.get(at) != Role::Wall {
                    receiver[row * cols + col] = at as u32;
                    queue.push_back((row, col));
                }
                if self.role.get(at) == Role::Open {
                    self.rain_share[at] = self.cover_of(row * cols + col);
                }
            }
        }
        let is_blocked = |cell: usize| blocked.get(cell).copied().unwrap_or(false);
        while let Some((row, col)) = queue.pop_front() {
            let to = receiver[row * cols + col];
            let around = [
                (row.wrapping_sub(1), col),
                (row, col.wrapping_sub(1)),
                (row, col + 1),
                (row + 1, col),
            ];
            for (r, c) in around {
                if r >= rows || c >= cols {
                    continue;
                }
                let cell = r * cols + c;
                if is_blocked(cell) && receiver[cell] == u32::MAX {
                    receiver[cell] = to;
                    queue.push_back((r, c));
                    if self.role.get(to as usize) == Role::Open {
                        self.rain_share[to as usize] += self.cover_of(cell);
                    }
                }
            }
        }
    }

    /// Shares an inflow among its open cells; `None` if there is none.
    fn tap(
        &self,
        tiles: &mut [Tile],
        source: usize,
        cells: &[(usize, usize, f64)],
        side: Option<Side>,
        n_lines: usize,
    ) -> Option<()> {
        let open = |&&(row, col, weight): &&(usize, usize, f64)| {
            weight > 0.0 && self.role.get(self.at(row as isize, col as isize)) == Role::Open
        };
        let total: f64 = cells.iter().filter(open).map(|c| c.2).sum();
        for &(row, col, weight) in cells.iter().filter(open) {
            let (tile, row, col) = self.layout.locate(row, col);
            tiles[tile].booked.resize(n_lines, Booked::default());
            tiles[tile].taps.push(Tap {
                row: row as u8,
                col: col as u8,
                source: source as u16,
                share: weight / total,
                side,
            });
        }
        (total > 0.0).then_some(())
    }

    fn tile(&self, index: usize, n_lines: usize) -> Tile {
        let layout = self.layout;
        let (tile_row, tile_col) = (index / layout.n_tile_cols, index % layout.n_tile_cols);
        let global = |row: isize, col: isize| self.of_tile(index, row, col);
        let role = |row, col| global(row, col).map_or(Role::Wall, |at| self.role.get(at));
        let side = TILE as isize;
        let neighbour = |down: isize, right: isize| {
            let (r, c) = (tile_row as isize + down, tile_col as isize + right);
            let inside = (0..layout.n_tile_rows as isize).contains(&r)
                && (0..layout.n_tile_cols as isize).contains(&c);
            inside.then(|| (r as usize * layout.n_tile_cols + c as usize) as u32)
        };
        let mut tile = Tile {
            rows: (layout.rows() - tile_row * TILE).min(TILE),
            around: [
                neighbour(-1, -1),
                neighbour(-1, 0),
                neighbour(-1, 1),
                neighbour(0, 1),
                neighbour(1, 1),
                neighbour(1, 0),
                neighbour(1, -1),
                neighbour(0, -1),
            ],
            ..Tile::default()
        };
        if !self.holds_water(index) {
            return tile;
        }
        let held = |row, col| matches!(role(row, col), Role::Held(_));
        let cells = || (0..side).flat_map(|row| (0..side).map(move |col| (row, col)));
        tile.open_cells = cells().filter(|&(r, c)| role(r, c) == Role::Open).count() as u32;
        if cells().any(|(row, col)| held(row, col)) {
            tile.booked.resize(n_lines, Booked::default());
        }
        tile.slack = 1e30;
        self.controls(&mut tile, &global);
        tile
    }

    /// Moves the fields of the ground into the tiles, one after the other, so that the memory of two
    /// sets of fields is never needed at once.
    fn hand_over(&mut self, tiles: &mut [Tile]) {
        let wet: Vec<bool> = (0..tiles.len())
            .map(|index| self.holds_water(index))
            .collect();
        let mut each = |ground: &Self, fill: &dyn Fn(&Self, usize, &mut Tile)| {
            for (index, tile) in tiles
                .iter_mut()
                .enumerate()
                .filter(|(index, _)| wet[*index])
            {
                fill(ground, index, tile);
            }
        };
        each(self, &|ground, index, tile| {
            tile.z = ground.plane(&ground.z, index, WALL);
            if ground.scheme.is_finite_volume() {
                slope_on(tile);
            }
        });
        self.z = Vec::new();
        each(self, &|ground, index, tile| {
            tile.n = ground.plane(&ground.n, index, 0);
        });
        self.n = Vec::new();
        each(self, &|ground, index, tile| {
            tile.h = ground.plane(&ground.h, index, 0.0);
        });
        self.h = Vec::new();
        each(self, &|ground, index, tile| {
            let [qx, qy] = ground.q.each_ref().map(|q| match q.is_empty() {
                true => vec![0.0; PITCH * PITCH],
                false => ground.plane(q, index, 0.0),
            });
            (tile.qx, tile.qy) = (qx, qy);
        });
        self.q = [Vec::new(), Vec::new()];
        if !self.rain_share.is_empty() {
            each(self, &|ground, index, tile| {
                let inner = ground.inside(&ground.rain_share, index);
                if inner.iter().any(|&share| share != 0.0 && share != 1.0) {
                    tile.rain_share = inner;
                }
            });
        }
        if !self.cover.is_empty() {
            each(self, &|ground, index, tile| {
                tile.cover = ground.cover_of_tile(index);
            });
        }
        self.rain_share = Vec::new();
        each(self, &|_, _, tile| {
            tile.rest = vec![0; TILE * TILE];
            tile.depth_max = (0..TILE)
                .flat_map(|row| tile.h[rimmed(row as isize, 0)..][..TILE].iter().copied())
                .collect();
            tile.h_max = tile
                .depth_max
                .iter()
                .fold(0.0, |a, &h| if h > a { h } else { a });
            tile.worst = vec![0; TILE * TILE];
            tile.arrival = vec![NEVER; TILE * TILE];
            tile.duration = vec![0; TILE * TILE];
            tile.signal_max = Self::signal(tile);
        });
    }

    /// Whether a tile has a cell that can hold water.
    fn holds_water(&self, index: usize) -> bool {
        let side = TILE as isize;
        (0..side).any(|row| {
            (0..side).any(|col| {
                let at = self.of_tile(index, row, col);
                at.is_some_and(|at| self.role.get(at) != Role::Wall)
            })
        })
    }

    /// Place in the padded grid of a row and column of a tile, its rim included.
    fn of_tile(&self, index: usize, row: isize, col: isize) -> Option<usize> {
        let layout = self.layout;
        let row = (index / layout.n_tile_cols * TILE) as isize + row;
        let col = (index % layout.n_tile_cols * TILE) as isize + col;
        let inside = (0..layout.rows() as isize).contains(&row)
            && (0..layout.cols() as isize).contains(&col);
        inside.then(|| row as usize * layout.cols() + col as usize)
    }

    /// A field of the padded grid on the cells of a tile, row by row; 0 beyond it.
    fn inside(&self, field: &[f64], index: usize) -> Vec<f64> {
        let cells = (0..TILE * TILE).map(|k| ((k / TILE) as isize, (k % TILE) as isize));
        let value = |(row, col)| self.of_tile(index, row, col).map_or(0.0, |at| field[at]);
        cells.map(value).collect()
    }

    /// A field of the padded grid on a tile and its rim.
    fn plane<T: Copy>(&self, field: &[T], index: usize, elsewhere: T) -> Vec<T> {
        let mut plane = vec![elsewhere; PITCH * PITCH];
        let (rim, side) = (RIM as isize, TILE as isize);
        for row in -rim..side + rim {
            for col in -rim..side + rim {
                if let Some(at) = self.of_tile(index, row, col) {
                    plane[rimmed(row, col)] = field[at];
                }
            }
        }
        plane
    }

    /// Greatest speed of a signal in a tile [m s⁻¹].
    fn signal(tile: &Tile) -> f32 {
        let cells = tile.h.iter().zip(tile.qx.iter().zip(&tile.qy));
        cells
            .filter(|(h, _)| **h > 0.0)
            .fold(0.0, |a, (h, (qx, qy))| {
                let swift = qx.abs().max(qy.abs()) / h;
                a.max(swift + (GRAVITY as f32 * h).sqrt())
            })
    }

    /// Lists the controlled cells of a tile and the faces around them.
    fn controls(&self, tile: &mut Tile, global: &dyn Fn(isize, isize) -> Option<usize>) {
        let side = TILE as isize;
        let role = |row, col| global(row, col).map_or(Role::Wall, |at| self.role.get(at));
        let is_held = |row, col| matches!(role(row, col), Role::Held(_));
        for row in -2..=side {
            for col in -2..=side {
                if !is_held(row, col) {
                    continue;
                }
                if row >= -1 && col >= -1 {
                    tile.unlimited.push(face(row, col) as u16);
                }
                if is_held(row, col + 1) && row >= -1 {
                    tile.closed_x.push(face(row, col) as u16);
                }
                if is_held(row + 1, col) && col >= -1 {
                    tile.closed_y.push(face(row, col) as u16);
                }
            }
        }
        for row in 0..side {
            for col in 0..side {
                let Role::Held(boundary) = role(row, col) else {
                    continue;
                };
                let at = global(row, col).expect("a held cell lies in the grid");
                let rule = match self.copies.get(&at) {
                    // The cell inside is one step away in the same tile, by the choice of padding.
                    Some(&inside) => Rule::Copy(self.inner(at, inside, row, col)),
                    None if self.sets_level[usize::from(boundary)] => Rule::Level,
                    None => Rule::Empty,
                };
                let around = [(0, -1), (0, 1), (-1, 0), (1, 0)];
                let open = around
                    .into_iter()
                    .find(|(down, right)| role(row + down, col + right) == Role::Open);
                let beside = match self.insides.get(&at) {
                    Some(&inside) => Some(self.inner(at, inside, row, col)),
                    None => open.map(|(down, right)| rimmed(row + down, col + right) as u16),
                };
                tile.controls.push(Control {
                    row: row as u8,
                    col: col as u8,
                    boundary,
                    rule,
                    beside,
                });
            }
        }
        // A face whose one side is held and whose other is open drives the face beyond the held cell; between two of them
        // neither does, so that no direction is better than another.
        for row in 0..side {
            for col in 0..side {
                let pair = |a: Role, b: Role| matches!((a, b), (Role::Held(_), Role::Open));
                let shut = |a: Role, b: Role| a != Role::Open && b != Role::Open;
                let x = [-1, 0, 1, 2].map(|k| role(row, col + k));
                let driver = match (pair(x[1], x[0]), pair(x[2], x[3])) {
                    (true, false) if shut(x[1], x[2]) => Some(face(row, col - 1)),
                    (false, true) if shut(x[1], x[2]) => Some(face(row, col + 1)),
                    _ => None,
                };
                tile.repeat_x
                    .extend(driver.map(|from| (rimmed(row, col) as u16, from as u16)));
                let y = [-1, 0, 1, 2].map(|k| role(row + k, col));
                let driver = match (pair(y[1], y[0]), pair(y[2], y[3])) {
                    (true, false) if shut(y[1], y[2]) => Some(face(row - 1, col)),
                    (false, true) if shut(y[1], y[2]) => Some(face(row + 1, col)),
                    _ => None,
                };
                tile.repeat_y
                    .extend(driver.map(|from| (rimmed(row, col) as u16, from as u16)));
            }
        }
    }

    fn inner(&self, at: usize, inside: usize, row: isize, col: isize) -> u16 {
        let cols = self.layout.cols() as isize;
        let (at, inside) = (at as isize, inside as isize);
        let down = inside.div_euclid(cols) - at.div_euclid(cols);
        let right = inside.rem_euclid(cols) - at.rem_euclid(cols);
        rimmed(row + down, col + right) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flood::bench::{SCHEMES, advance, basin, start};
    use crate::flood::{Domain, Flood, Scheme};
    use stormgrid_core::series::Series;

    /// Ground at 1 m, 20 × 9 cells, with so many columns of no data on either side.
    fn collared(collar: usize) -> Domain {
        let mut domain = basin(20 + 2 * collar, 9, 10.0, |_, _| 1.0);
        let n_cols = 20 + 2 * collar;
        for (cell, z) in domain.elevation.iter_mut().enumerate() {
            if !(collar..collar + 20).contains(&(cell % n_cols)) {
                *z = f64::NAN;
            }
        }
        domain
    }

    fn boundary(place: BoundaryPlace, kind: BoundaryKind) -> Vec<Boundary> {
        vec![Boundary { place, kind }]
    }

    /// A sea over a masked collar comes in at the shore, as over the side of ground without a collar: at rest in
    /// the end at 3 m.
    #[test]
    fn a_level_beside_no_data_acts_on_the_first_cells_with_ground() {
        let level = || BoundaryKind::Level(Series::constant(3.0));
        for scheme in SCHEMES {
            for collar in [0, 3, 62] {
                let n_cols = 20 + 2 * collar;
                let cells = |k: &usize| k % n_cols < collar;
                let places = [
                    BoundaryPlace::Side(Side::West),
                    BoundaryPlace::Cells(
                        (0..9 * n_cols).filter(cells).map(CellIdx::from).collect(),
                    ),
                ];
                for place in places.into_iter().take(if collar == 0 { 1 } else { 2 }) {
                    let mut setup = Setup::new(collared(collar));
                    setup.options.scheme = scheme;
                    setup.boundaries = boundary(place, level());
                    let mut flood = start(setup);
                    advance(&mut flood, 7200.0);
                    let depth = flood.depth();
                    let n = depth.iter().filter(|h| h.is_finite()).count();
                    assert_eq!(
                        n, 180,
                        "{scheme:?} {collar}: no water is told of where there is no ground"
                    );
                    let off = depth
                        .iter()
                        .filter(|h| h.is_finite())
                        .map(|h| (h - 2.0).abs());
                    let off = off.fold(0.0, f32::max);
                    assert!(off < 0.05, "{scheme:?} {collar}: {off}");
                    assert!(flood.ledger().error_rel < 1e-6);
                }
            }
        }
    }

    /// A free side lets the same water out with a collar as without.
    #[test]
    fn a_free_side_beside_no_data_drains_as_one_at_the_edge() {
        for scheme in SCHEMES {
            let out = |collar: usize| {
                let mut setup = Setup::new(collared(collar));
                setup.options.scheme = scheme;
                setup.initial = Initial::Level(1.5);
                setup.boundaries = boundary(BoundaryPlace::Side(Side::East), BoundaryKind::Free);
                let mut flood = start(setup);
                advance(&mut flood, 300.0);
                flood.ledger().out_m3
            };
            let (edge, inside) = (out(0), out(5));
            assert!(
                edge > 500.0 && (inside / edge - 1.0).abs() < 0.01,
                "{scheme:?}: {inside} {edge}"
            );
        }
    }

    /// Along a slanting edge the cells that a free side drains into lie beside others' ground: none gets water from them.
    #[test]
    fn a_free_side_along_a_slanting_edge_makes_no_water() {
        for scheme in [Scheme::SecondOrder, Scheme::LocalInertial] {
            let mut domain = basin(40, 30, 10.0, |x, y| 0.002 * (x + y));
            for (cell, z) in domain.elevation.iter_mut().enumerate() {
                let (row, col) = (cell / 40, cell % 40);
                if row > 10 + col / 3 {
                    *z = f64::NAN;
                }
            }
            let mut setup = Setup::new(domain);
            setup.options.scheme = scheme;
            setup.initial = Initial::Level(3.0);
            setup.boundaries = boundary(BoundaryPlace::Side(Side::South), BoundaryKind::Free);
            let mut flood = start(setup);
            let before = flood.ledger().stored_m3;
            advance(&mut flood, 1200.0);
            let ledger = flood.ledger();
            assert!(ledger.out_m3 > 0.5 * before, "{scheme:?}: it drains");
            let gained = (ledger.out_m3 + ledger.stored_m3) / before - 1.0;
            assert!(gained.abs() < 1e-6, "{scheme:?}: {gained}");
        }
    }

    #[test]
    fn a_discharge_beside_no_data_enters_the_first_cells_with_ground() {
        for scheme in SCHEMES {
            for west in [true, false] {
                let mut setup = Setup::new(collared(2));
                setup.options.scheme = scheme;
                let place = match west {
                    true => BoundaryPlace::Side(Side::West),
                    false => {
                        BoundaryPlace::Cells((0..9).map(|r| CellIdx::from(r * 24 + 1)).collect())
                    }
                };
                let kind = BoundaryKind::Discharge(Series::constant(2.0));
                setup.boundaries = boundary(place, kind);
                let mut flood = start(setup);
                advance(&mut flood, 100.0);
                assert!((flood.ledger().stored_m3 / 200.0 - 1.0).abs() < 1e-5);
                let depth = flood.depth();
                assert!(depth[2] > 0.01 && depth[1].is_nan());
            }
        }
    }

    #[test]
    fn a_boundary_that_touches_no_ground_is_refused() {
        for kind in [
            BoundaryKind::Free,
            BoundaryKind::Wall,
            BoundaryKind::Level(Series::constant(3.0)),
            BoundaryKind::Discharge(Series::constant(3.0)),
        ] {
            let mut setup = Setup::new(collared(3));
            // The outermost column: two columns of no data lie between it and the ground.
            let cells = (0..9).map(|row| CellIdx::from(row * 26)).collect();
            setup.boundaries = boundary(BoundaryPlace::Cells(cells), kind);
            let error = Flood::new(setup).err().expect("nowhere to flow");
            assert!(
                matches!(error, FloodError::NowhereToFlow { number: 1, .. }),
                "{error}"
            );
        }
    }
}
