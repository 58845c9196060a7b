//! The nested partition of the sheet: 3 streets, 63 villages and communities, 190 grids, 2590 units.
//!
//! Each level is cut from the one above by straight lines across a rectangle, so that it tiles by
//! construction. A cut is also a line of the city: a road or a canal runs along it.

use crate::plan::{self, DIKE_FOOT, SOUTH_BORDER, WEST_BORDER};
use crate::rng::{Rng, apportion};
use crate::warp::{SHEET_EAST, SHEET_NORTH};

/// Grids of the district.
pub(crate) const N_GRIDS: usize = 190;
/// Smallest units of the district.
pub(crate) const N_UNITS: usize = 2590;
/// Cuts lie on this lattice of the sheet [m].
pub(crate) const LATTICE: i32 = 10;

/// A rectangle of the sheet [m].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// West edge.
    pub(crate) west: i32,
    /// South edge.
    pub(crate) south: i32,
    /// East edge.
    pub(crate) east: i32,
    /// North edge.
    pub(crate) north: i32,
}

impl Block {
    /// Extent west to east [m].
    pub(crate) fn width(&self) -> i32 {
        self.east - self.west
    }

    /// Extent south to north [m].
    pub(crate) fn height(&self) -> i32 {
        self.north - self.south
    }

    /// Centre.
    pub(crate) fn center(&self) -> (f64, f64) {
        (
            0.5 * f64::from(self.west + self.east),
            0.5 * f64::from(self.south + self.north),
        )
    }

    fn halves(&self, northward: bool, at: i32) -> (Self, Self) {
        if northward {
            (Self { east: at, ..*self }, Self { west: at, ..*self })
        } else {
            (Self { north: at, ..*self }, Self { south: at, ..*self })
        }
    }
}

/// What a cut separates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Streets (subdistricts).
    Street,
    /// Villages and communities.
    Village,
    /// Grids.
    Grid,
    /// Smallest units.
    Unit,
}

/// A straight line between two parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// What it separates.
    pub(crate) level: Level,
    /// True for a line of constant u.
    pub(crate) northward: bool,
    /// The constant coordinate [m].
    pub(crate) at: i32,
    /// Start along the line [m].
    pub(crate) from: i32,
    /// End along the line [m].
    pub(crate) to: i32,
}

/// A part of one level.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Where it lies.
    pub(crate) block: Block,
    /// Position of the part of the level above that holds it.
    pub(crate) parent: usize,
}

/// All levels and all cuts.
#[derive(Debug)]
pub(crate) struct Partition {
    /// The three streets: Jiangnan, Waihai, Lile.
    pub(crate) streets: Vec<Part>,
    /// Villages and communities, by street.
    pub(crate) villages: Vec<Part>,
    /// Grids, by village, from north to south and west to east.
    pub(crate) grids: Vec<Part>,
    /// Units, by grid, in the same order.
    pub(crate) units: Vec<Part>,
    /// Lines between parts.
    pub(crate) cuts: Vec<Cut>,
}

/// Villages of each street, in the order of [`Partition::streets`].
pub(crate) const VILLAGES_OF_STREET: [usize; 3] = [14, 21, 28];

impl Partition {
    /// Cuts the district.
    pub(crate) fn new(seed: u64) -> Self {
        let mut cutter = Cutter {
            rng: Rng::new(seed, 1),
            cuts: Vec::new(),
        };
        let whole = Block {
            west: 0,
            south: 0,
            east: SHEET_EAST,
            north: SHEET_NORTH,
        };
        let (south, north) = cutter.cut(whole, Level::Street, false, SOUTH_BORDER);
        let (north_west, north_east) = cutter.cut(north, Level::Street, true, WEST_BORDER);
        let streets: Vec<Part> = [north_west, north_east, south]
            .into_iter()
            .map(|block| Part { block, parent: 0 })
            .collect();

        let unit_weight = Weight::new(plan::unit_density);
        // A village of fields is larger than one of the city, but not by as much as its units are.
        let village_weight = Weight::new(|u, v| plan::unit_density(u, v).powf(0.55));
        let mut villages = Vec::new();
        for (parent, street) in streets.iter().enumerate() {
            let blocks = cutter.villages(street.block, VILLAGES_OF_STREET[parent], &village_weight);
            villages.extend(
                in_reading_order(blocks)
                    .into_iter()
                    .map(|block| Part { block, parent }),
            );
        }

        let units_of_village = share(N_UNITS, &villages, &unit_weight, 8, 1.0);
        let grids_of_village = share(N_GRIDS, &villages, &unit_weight, 1, 0.8);
        let mut grids = Vec::new();
        let mut units_of_grid = Vec::new();
        for (parent, village) in villages.iter().enumerate() {
            let blocks = cutter.grids(village.block, grids_of_village[parent], &unit_weight);
            let parts: Vec<Part> = in_reading_order(blocks)
                .into_iter()
                .map(|block| Part { block, parent })
                .collect();
            units_of_grid.extend(share(
                units_of_village[parent],
                &parts,
                &unit_weight,
                2,
                1.0,
            ));
            grids.extend(parts);
        }

        let mut units = Vec::new();
        for (parent, grid) in grids.iter().enumerate() {
            let mut blocks = Vec::new();
            cutter.split(
                grid.block,
                units_of_grid[parent],
                &unit_weight,
                Level::Unit,
                &mut blocks,
            );
            units.extend(
                in_reading_order(blocks)
                    .into_iter()
                    .map(|block| Part { block, parent }),
            );
        }
        Self {
            streets,
            villages,
            grids,
            units,
            cuts: cutter.cuts,
        }
    }
}

/// West to east, then north to south, as grid codes are numbered (DB11, DB6101/T 3185-2024).
fn in_reading_order(mut blocks: Vec<Block>) -> Vec<Block> {
    blocks.sort_by_key(|block| (-block.north, block.west));
    blocks
}

/// Whole numbers for the parts in proportion to weight^`power`, at least `least` each.
fn share(total: usize, parts: &[Part], weight: &Weight, least: usize, power: f64) -> Vec<usize> {
    let weights: Vec<f64> = parts
        .iter()
        .map(|part| weight.of(&part.block).powf(power))
        .collect();
    let rest = total.saturating_sub(least * parts.len());
    apportion(rest as u64, &weights)
        .into_iter()
        .map(|extra| least + extra as usize)
        .collect()
}

struct Cutter {
    rng: Rng,
    cuts: Vec<Cut>,
}

impl Cutter {
    fn cut(&mut self, block: Block, level: Level, northward: bool, at: i32) -> (Block, Block) {
        let (from, to) = if northward {
            (block.south, block.north)
        } else {
            (block.west, block.east)
        };
        self.cuts.push(Cut {
            level,
            northward,
            at,
            from,
            to,
        });
        block.halves(northward, at)
    }

    /// Villages of a street; in the south the Lile river is a border.
    fn villages(&mut self, street: Block, n: usize, weight: &Weight) -> Vec<Block> {
        let mut blocks = Vec::new();
        let axis = 3000;
        if street.south < axis && axis < street.north {
            let (south, north) = self.cut(street, Level::Village, false, axis);
            let parts = apportion(n as u64, &[weight.of(&south), weight.of(&north)]);
            self.split(
                south,
                parts[0] as usize,
                weight,
                Level::Village,
                &mut blocks,
            );
            self.split(
                north,
                parts[1] as usize,
                weight,
                Level::Village,
                &mut blocks,
            );
        } else {
            self.split(street, n, weight, Level::Village, &mut blocks);
        }
        blocks
    }

    /// Grids of a village; on the main river the water is a grid of its own.
    fn grids(&mut self, village: Block, n: usize, weight: &Weight) -> Vec<Block> {
        let mut blocks = Vec::new();
        let on_river = village.east == SHEET_EAST && n >= 2 && village.west < DIKE_FOOT - 300;
        if on_river {
            let (land, water) = self.cut(village, Level::Grid, true, DIKE_FOOT);
            self.split(land, n - 1, weight, Level::Grid, &mut blocks);
            blocks.push(water);
        } else {
            self.split(village, n, weight, Level::Grid, &mut blocks);
        }
        blocks
    }

    /// Cuts a block in two, again and again, until there are `n` parts of about the same weight.
    fn split(
        &mut self,
        block: Block,
        n: usize,
        weight: &Weight,
        level: Level,
        out: &mut Vec<Block>,
    ) {
        if n <= 1 {
            out.push(block);
            return;
        }
        let ratio = f64::from(block.width()) / f64::from(block.height());
        let northward = if (0.8..1.25).contains(&ratio) {
            self.rng.chance(0.5)
        } else {
            ratio > 1.0
        };
        let first = if n >= 5 {
            ((n as f64 * self.rng.range(0.40, 0.60)).round() as usize).clamp(1, n - 1)
        } else {
            n / 2
        };
        let jitter = self.rng.range(-0.02, 0.02);
        let at = weight.cut_at(&block, northward, first as f64 / n as f64 + jitter);
        let (a, b) = self.cut(block, level, northward, at);
        self.split(a, first, weight, level, out);
        self.split(b, n - first, weight, level, out);
    }
}

/// Cuts a block into `n` parts of about the same area, on the lattice.
pub(crate) fn subdivide(block: Block, n: usize, rng: &mut Rng, out: &mut Vec<Block>) {
    let northward = block.width() >= block.height();
    let (low, high) = if northward {
        (block.west, block.east)
    } else {
        (block.south, block.north)
    };
    if n <= 1 || high - low < 2 * LATTICE {
        out.push(block);
        return;
    }
    let first = if n.is_multiple_of(2) || rng.chance(0.5) {
        n / 2
    } else {
        n.div_ceil(2)
    };
    let length = f64::from(high - low) * first as f64 / n as f64;
    let at = (low + (length / f64::from(LATTICE)).round() as i32 * LATTICE)
        .clamp(low + LATTICE, high - LATTICE);
    let (a, b) = block.halves(northward, at);
    subdivide(a, first, rng, out);
    subdivide(b, n - first, rng, out);
}

/// Cell of the weight table [m].
const WEIGHT_CELL: i32 = 50;

/// A density on the sheet, summed so that a rectangle's weight costs four look-ups.
struct Weight {
    sums: Vec<f64>,
    n_cols: usize,
}

impl Weight {
    fn new(density: impl Fn(f64, f64) -> f64) -> Self {
        let n_cols = (SHEET_EAST / WEIGHT_CELL) as usize;
        let n_rows = (SHEET_NORTH / WEIGHT_CELL) as usize;
        let mut sums = vec![0.0; (n_cols + 1) * (n_rows + 1)];
        let cell = f64::from(WEIGHT_CELL);
        for row in 0..n_rows {
            let mut in_row = 0.0;
            for col in 0..n_cols {
                in_row += density((col as f64 + 0.5) * cell, (row as f64 + 0.5) * cell);
                sums[(row + 1) * (n_cols + 1) + col + 1] =
                    sums[row * (n_cols + 1) + col + 1] + in_row;
            }
        }
        Self { sums, n_cols }
    }

    /// Weight south-west of a place, linear within cells.
    fn below(&self, u: i32, v: i32) -> f64 {
        let stride = self.n_cols + 1;
        let n_rows = self.sums.len() / stride - 1;
        let (x, y) = (
            f64::from(u) / f64::from(WEIGHT_CELL),
            f64::from(v) / f64::from(WEIGHT_CELL),
        );
        let (i, j) = (
            (x as usize).min(self.n_cols - 1),
            (y as usize).min(n_rows - 1),
        );
        let (fx, fy) = (x - i as f64, y - j as f64);
        let at = |di: usize, dj: usize| self.sums[(j + dj) * stride + i + di];
        let south = at(0, 0) + (at(1, 0) - at(0, 0)) * fx;
        let north = at(0, 1) + (at(1, 1) - at(0, 1)) * fx;
        south + (north - south) * fy
    }

    fn of(&self, block: &Block) -> f64 {
        self.below(block.east, block.north) + self.below(block.west, block.south)
            - self.below(block.west, block.north)
            - self.below(block.east, block.south)
    }

    /// Place on the lattice that leaves `fraction` of the weight before it, with both sides at
    /// least a quarter as long as wide where the block allows it.
    fn cut_at(&self, block: &Block, northward: bool, fraction: f64) -> i32 {
        let (low, high) = if northward {
            (block.west, block.east)
        } else {
            (block.south, block.north)
        };
        let wanted = fraction * self.of(block);
        let first = |at: i32| self.of(&block.halves(northward, at).0);
        let (mut a, mut b) = (low / LATTICE, high / LATTICE);
        while b - a > 1 {
            let middle = (a + b) / 2;
            if first(middle * LATTICE) < wanted {
                a = middle;
            } else {
                b = middle;
            }
        }
        let across = if northward {
            block.height()
        } else {
            block.width()
        };
        let margin = (across / 4).min((high - low) / 3).max(LATTICE);
        let at = (b * LATTICE).clamp(low + margin, high - margin);
        ((at + LATTICE / 2) / LATTICE * LATTICE).clamp(low + LATTICE, high - LATTICE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(parts: &[Part]) -> i64 {
        parts
            .iter()
            .map(|p| i64::from(p.block.width()) * i64::from(p.block.height()))
            .sum()
    }

    #[test]
    fn every_level_has_its_number_and_tiles_the_sheet() {
        let partition = Partition::new(7);
        let whole = i64::from(SHEET_EAST) * i64::from(SHEET_NORTH);
        assert_eq!(partition.villages.len(), 63);
        assert_eq!(partition.grids.len(), N_GRIDS);
        assert_eq!(partition.units.len(), N_UNITS);
        for level in [
            &partition.streets,
            &partition.villages,
            &partition.grids,
            &partition.units,
        ] {
            assert_eq!(area(level), whole);
            assert!(
                level
                    .iter()
                    .all(|p| p.block.width() > 0 && p.block.height() > 0)
            );
        }
    }

    #[test]
    fn parts_lie_within_their_parent() {
        let partition = Partition::new(3);
        for (inner, outer) in [
            (&partition.units, &partition.grids),
            (&partition.grids, &partition.villages),
            (&partition.villages, &partition.streets),
        ] {
            for part in inner {
                let (a, b) = (part.block, outer[part.parent].block);
                let within = a.west >= b.west
                    && a.east <= b.east
                    && a.south >= b.south
                    && a.north <= b.north;
                assert!(within, "{a:?} in {b:?}");
            }
        }
    }

    #[test]
    fn units_are_blocks_not_slivers() {
        let partition = Partition::new(20_170_823);
        let narrow = partition
            .units
            .iter()
            .filter(|p| p.block.width().min(p.block.height()) < 30)
            .count();
        assert_eq!(narrow, 0);
    }
}
