//! Fields and balances that a run gives out.

use sha2::{Digest, Sha256};
use stormgrid_core::ids::CellIdx;
use stormgrid_core::raster::RasterGeometry;
use stormgrid_core::units::GRAVITY;

use super::compact::{NEVER, class_of, rest_of, speed_of};
use super::infiltration::Infiltration;
use super::observe::speed2;
use super::params::Scheme;
use super::report::{Ledger, LedgerLine, Maxima, Source};
use super::run::Flood;
use super::state::{Booked, TILE, Tile, WALL, rimmed};
use super::structures::StructureReport;

impl Flood {
    /// Where the cells lie.
    pub fn geometry(&self) -> &RasterGeometry {
        &self.setup.domain.geometry
    }

    /// Depth [m]; NaN outside the domain and in obstacles.
    pub fn depth(&self) -> Vec<f32> {
        self.gather(f32::NAN, |tile, row, col| tile.depth(row, col))
    }

    /// Water level [m, the bed's datum]; NaN where it is dry, outside the domain and in obstacles.
    pub fn level(&self) -> Vec<f32> {
        self.gather(f32::NAN, |tile, row, col| {
            let place = rimmed(row as isize, col as isize);
            match tile.h[place] > 0.0 {
                true => {
                    let above = f64::from(tile.z[place]) + f64::from(tile.h[place]);
                    (above + self.layout.datum) as f32
                }
                false => f32::NAN,
            }
        })
    }

    /// Speed [m s⁻¹]: the mean discharge of opposite faces over the depth, 0 below 1 cm of water;
    /// NaN outside the domain and in obstacles.
    pub fn speed(&self) -> Vec<f32> {
        let o = &self.setup.options;
        let froude2_g = (o.froude_max * o.froude_max * GRAVITY) as f32;
        self.gather(f32::NAN, |tile, row, col| {
            let [west, east, north, south] = match o.scheme {
                Scheme::LocalInertial => self.around(tile, row, col),
                Scheme::FiniteVolume | Scheme::SecondOrder => {
                    let place = rimmed(row as isize, col as isize);
                    let (x, y) = (tile.qx[place], tile.qy[place]);
                    [x, x, y, y]
                }
            };
            speed2(tile.depth(row, col), west, east, north, south, froude2_g).sqrt()
        })
    }

    /// Depth in one cell [m]; NaN outside the domain and in obstacles. Panics beyond the raster.
    pub fn depth_at(&self, cell: CellIdx) -> f32 {
        let n_cols = self.layout.n_cols;
        let (tile, row, col) = self
            .layout
            .locate(cell.index() / n_cols, cell.index() % n_cols);
        let tile = &self.tiles[tile];
        match holds_water(tile, row, col) && !self.ghosts.contains(&cell.index()) {
            true => tile.depth(row, col),
            false => f32::NAN,
        }
    }

    /// Greatest depth since the start [m]; NaN outside the domain and in obstacles.
    pub fn depth_max(&self) -> Vec<f32> {
        self.gather(f32::NAN, |tile, r, c| tile.depth_max[r * TILE + c])
    }

    /// Greatest values since the start.
    pub fn maxima(&self) -> Maxima {
        let plain = |row: usize, col: usize| row * TILE + col;
        let clock = self.clock;
        Maxima {
            depth_max: self.gather(f32::NAN, |tile, r, c| tile.depth_max[plain(r, c)]),
            speed_max: self.gather(f32::NAN, |tile, r, c| speed_of(tile.worst[plain(r, c)])),
            hazard_max: self.gather(0, |tile, r, c| class_of(tile.worst[plain(r, c)])),
            arrival_s: self.gather(f32::NAN, |tile, r, c| match tile.arrival[plain(r, c)] {
                NEVER => f32::NAN,
                ticks => clock.seconds(ticks),
            }),
            duration_s: self.gather(f32::NAN, |tile, r, c| {
                clock.seconds(tile.duration[plain(r, c)])
            }),
        }
    }

    /// The balance of volumes, in f64 and from the cells themselves.
    ///
    /// Cells that a level boundary holds are not part of the domain: what crosses into them has left.
    pub fn ledger(&self) -> Ledger {
        let area = self.geometry().cell_area();
        let n_inflows = self.setup.inflows.len();
        let mut lines = vec![
            LedgerLine {
                source: Source::Initial,
                in_m3: self.initial_m3,
                out_m3: 0.0,
            },
            LedgerLine {
                source: Source::Rain,
                in_m3: self.tiles.iter().map(|tile| tile.rain).sum::<f64>() * area,
                out_m3: 0.0,
            },
        ];
        for line in 0..n_inflows + self.setup.boundaries.len() {
            let booked = self.tiles.iter().filter_map(|tile| tile.booked.get(line));
            let sum = booked.fold(Booked::default(), |sum, tile| Booked {
                inward: sum.inward + tile.inward,
                outward: sum.outward + tile.outward,
            });
            lines.push(LedgerLine {
                source: match line.checked_sub(n_inflows) {
                    Some(boundary) => Source::Boundary(boundary),
                    None => Source::Inflow(line),
                },
                in_m3: sum.inward * area,
                out_m3: sum.outward * area,
            });
        }
        if self.setup.infiltration != Infiltration::None {
            let taken: f64 = self.tiles.iter().map(|tile| tile.infiltrated).sum();
            lines.push(LedgerLine {
                source: Source::Infiltration,
                in_m3: 0.0,
                out_m3: taken * area,
            });
        }
        for (structure, [entered, left]) in self.links.crossed(&self.setup) {
            lines.push(LedgerLine {
                source: Source::Structure(structure),
                in_m3: entered,
                out_m3: left,
            });
        }
        let in_m3: f64 = lines.iter().map(|line| line.in_m3).sum();
        let out_m3: f64 = lines.iter().map(|line| line.out_m3).sum();
        let stored_m3 = self.stored_m3();
        let error = (in_m3 - out_m3 - stored_m3).abs();
        Ledger {
            lines,
            in_m3,
            out_m3,
            stored_m3,
            error_rel: if in_m3 > 0.0 { error / in_m3 } else { error },
        }
    }

    /// What each structure has done, in the order of the setup.
    pub fn structures(&self) -> Vec<StructureReport> {
        self.links.reports(&self.setup)
    }

    /// SHA-256 of the bits of depth, discharges and maxima, in hexadecimal.
    ///
    /// Equal for any number of threads, and for the same setup advanced to the same times.
    pub fn digest(&self) -> String {
        let maxima = self.maxima();
        let discharge = |south: bool| {
            self.gather(0.0, move |tile, row, col| {
                let plane = if south { &tile.qy } else { &tile.qx };
                plane[rimmed(row as isize, col as isize)]
            })
        };
        let mut hasher = Sha256::new();
        for field in [
            &self.depth(),
            &discharge(false),
            &discharge(true),
            &maxima.depth_max,
            &maxima.speed_max,
            &maxima.arrival_s,
            &maxima.duration_s,
        ] {
            for value in field {
                // One bit pattern for all that is not a number.
                let bits = if value.is_nan() {
                    u32::MAX
                } else {
                    value.to_bits()
                };
                hasher.update(bits.to_le_bytes());
            }
        }
        hasher.update(&maxima.hazard_max);
        hasher
            .finalize()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect()
    }

    /// Water in the cells of the domain, and between the ends of structures [m³].
    pub(super) fn stored_m3(&self) -> f64 {
        let mut total = self.links.under_way();
        for tile in self.tiles.iter().filter(|tile| !tile.is_land()) {
            let mut depth = 0.0;
            for row in 0..tile.rows {
                let start = rimmed(row as isize, 0);
                let cells = tile.h[start..][..TILE].iter();
                for (h, rest) in cells.zip(&tile.rest[row * TILE..]) {
                    depth += f64::from(*h) + f64::from(rest_of(*rest));
                }
            }
            for control in &tile.controls {
                depth -= f64::from(tile.depth(control.row.into(), control.col.into()));
            }
            total += depth;
        }
        total * self.geometry().cell_area()
    }

    /// Discharges at the four faces of a cell of a tile: west, east, north, south.
    fn around(&self, tile: &Tile, row: usize, col: usize) -> [f32; 4] {
        let here = rimmed(row as isize, col as isize);
        let beyond = |direction: usize| tile.around[direction].map(|k| &self.tiles[k as usize]);
        let last = TILE as isize - 1;
        let west = match (col, beyond(7)) {
            (0, Some(tile)) if !tile.is_land() => tile.qx[rimmed(row as isize, last)],
            (0, _) => 0.0,
            _ => tile.qx[here - 1],
        };
        let north = match (row, beyond(1)) {
            (0, Some(tile)) if !tile.is_land() => tile.qy[rimmed(last, col as isize)],
            (0, _) => 0.0,
            _ => tile.qy[rimmed(row as isize - 1, col as isize)],
        };
        [west, tile.qx[here], north, tile.qy[here]]
    }

    /// One value a cell of the raster; `elsewhere` where no water can be.
    fn gather<T: Copy>(&self, elsewhere: T, value: impl Fn(&Tile, usize, usize) -> T) -> Vec<T> {
        let mut values = Vec::with_capacity(self.geometry().n_cells());
        for row in 0..self.layout.n_rows {
            for col in 0..self.layout.n_cols {
                let (tile, r, c) = self.layout.locate(row, col);
                let tile = &self.tiles[tile];
                values.push(match holds_water(tile, r, c) {
                    true => value(tile, r, c),
                    false => elsewhere,
                });
            }
        }
        for &ghost in &self.ghosts {
            values[ghost] = elsewhere;
        }
        values
    }
}

fn holds_water(tile: &Tile, row: usize, col: usize) -> bool {
    !tile.is_land() && tile.z[rimmed(row as isize, col as isize)] < WALL
}
