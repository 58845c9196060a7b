//! The ground that a flood runs over: elevation, roughness, dikes, obstacles, on cells of a size.

use std::collections::BTreeMap;

use geo::{LineString, MultiPolygon, unary_union};
use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::ids::CellIdx;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_core::zonal::{covered_fractions, covered_lengths};
use stormgrid_sim::flood::Manning;

use crate::ProjectError;
use crate::forecast::terrain;

/// Elevation and roughness on the same or different cells, in one frame.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Elevation [m, up]; NaN outside.
    pub elevation: Raster<f64>,
    /// Manning's n [s m⁻¹ᐟ³].
    pub roughness: Roughness,
}

/// Manning's n.
#[derive(Clone, Debug)]
pub enum Roughness {
    /// One value.
    Uniform(f64),
    /// A raster; NaN falls back on [`DEFAULT_MANNING`].
    Raster(Raster<f64>),
}

/// Manning's n where nothing is said [s m⁻¹ᐟ³]: built-up ground with gaps (Chow 1959, table 5-6,
/// between "short grass" and "scattered brush").
pub const DEFAULT_MANNING: f64 = 0.035;

/// Share of ground below which a cell counts as none [-]: what rounding leaves of edges.
const LEAST_COVER: f64 = 1e-6;

/// Share of a cell from which a footprint closes it to the water [-].
const CLOSED_SHARE: f64 = 0.5;

/// Largest error of the share that a union of footprints covers [-]: its vertices are rounded.
const UNION_ERROR: f64 = 1e-6;

/// A crest that stands above the ground around it, a dike or a road on an embankment.
#[derive(Clone, Debug)]
pub struct Crest {
    /// Centre line [m].
    pub line: LineString<f64>,
    /// Height of the crest [m].
    pub height: f64,
}

impl Ground {
    /// The geometry of the same ground in cells of another size [m]; the own size if they agree.
    ///
    /// The cells fill the box of the cells with data exactly: where the size does not divide it they are a little
    /// larger or smaller, so that no ground is made at the edges and none is lost.
    pub fn geometry_at(&self, cell_size: f64) -> Result<RasterGeometry, ProjectError> {
        let own = *self.elevation.geometry();
        if (own.dx - cell_size).abs() < 1e-9 && (own.dy - cell_size).abs() < 1e-9 {
            return Ok(own);
        }
        let data = self.elevation.data_window();
        let data = data.map_or(own, |[rows, cols]| RasterGeometry {
            n_rows: rows.len(),
            n_cols: cols.len(),
            west: own.west + cols.start as f64 * own.dx,
            north: own.north - rows.start as f64 * own.dy,
            ..own
        });
        data.filled_with(cell_size).map_err(|e| {
            ProjectError::input(
                terrain(),
                message!(
                    "fault.ground.cells",
                    "cells of {size} m cannot be made: {problem}",
                    size = cell_size,
                    problem = Message::english(e)
                ),
                message!("fix.ground.cells", "choose another cell size"),
            )
        })
    }

    /// Elevation on other cells [m]: the area-weighted mean, raised to the crests that cross a cell
    /// where cells are too coarse to hold them.
    ///
    /// A crest counts in every cell that its line passes through, so that a dike stays closed.
    pub fn elevation_on(&self, geometry: RasterGeometry, crests: &[Crest]) -> Raster<f64> {
        if geometry == *self.elevation.geometry() {
            return self.elevation.clone();
        }
        let mut mean = self.elevation.resampled_mean(geometry);
        let cover = self.cover_on(geometry);
        for (z, cover) in mean.values_mut().iter_mut().zip(&cover) {
            if *cover < LEAST_COVER {
                *z = f64::NAN;
            }
        }
        for crest in crests {
            for (cell, length) in covered_lengths(&geometry, &crest.line) {
                let z = &mut mean.values_mut()[cell.index()];
                if length > 0.0 && z.is_finite() {
                    *z = z.max(crest.height);
                }
            }
        }
        mean
    }

    /// Share of each of other cells that has ground; empty where all that have any are whole.
    pub fn cover_on(&self, geometry: RasterGeometry) -> Vec<f64> {
        let own = self.elevation.geometry();
        let whole = !self.elevation.values().iter().any(|z| z.is_nan());
        let within = geometry.west >= own.west - 1e-9 * own.dx
            && geometry.east() <= own.east() + 1e-9 * own.dx
            && geometry.south() >= own.south() - 1e-9 * own.dy
            && geometry.north <= own.north + 1e-9 * own.dy;
        if geometry == *own || (whole && within) {
            return Vec::new();
        }
        let cover = self.elevation.resampled_cover(geometry).into_values();
        match cover.iter().any(|&share| share > 0.0 && share < 1.0) {
            true => cover,
            false => Vec::new(),
        }
    }

    /// What cells of a run that differ from what was asked for, or that have ground in a part, mean for its numbers.
    ///
    /// - `file`: the terrain's
    /// - `asked`: the size of the cells that was asked for [m]
    /// - `level`: water level at the start [m]
    pub(crate) fn notes_on(
        file: &str,
        geometry: &RasterGeometry,
        asked: Option<f64>,
        (elevation, cover): (&[f64], &[f64]),
        level: Option<f64>,
    ) -> Vec<Finding> {
        let mut notes = Vec::new();
        let differ = |size: f64| geometry.dx != size || geometry.dy != size;
        if let Some(size) = asked.filter(|size| differ(*size)) {
            let text = message!(
                "note.ground.cells",
                "cells are {dx} m by {dy} m rather than {size} m, so that they fill the ground",
                dx = rounded(geometry.dx),
                dy = rounded(geometry.dy),
                size = size
            );
            notes.push(Finding::new(Kind::Note, file, text));
        }
        let known = elevation.iter().zip(cover).filter(|(z, _)| z.is_finite());
        let parts: Vec<(f64, f64)> = known
            .filter(|(_, c)| **c < 1.0)
            .map(|(z, c)| (*z, *c))
            .collect();
        if parts.is_empty() {
            return notes;
        }
        let area: f64 = parts.iter().map(|(_, cover)| cover).sum::<f64>() * geometry.cell_area();
        let text = message!(
            "note.ground.parts",
            "{n} cells have ground in a part, {area} m² in all; rain and soil count there by that part, and their water spreads over the whole cell",
            n = parts.len(),
            area = rounded(area)
        );
        notes.push(Finding::new(Kind::Note, file, text).times(parts.len()));
        let more = level.map_or(0.0, |level| {
            let water = parts
                .iter()
                .map(|(z, cover)| (level - z).max(0.0) * (1.0 - cover));
            water.sum::<f64>() * geometry.cell_area()
        });
        if more > 0.0 {
            let text = message!(
                "note.ground.level",
                "the level at the start fills such cells whole: {volume} m³ more than over their ground",
                volume = rounded(more)
            );
            notes.push(Finding::new(Kind::Assumed, file, text).times(parts.len()));
        }
        notes
    }

    /// Roughness on other cells.
    pub fn manning_on(&self, geometry: RasterGeometry) -> Manning {
        match &self.roughness {
            Roughness::Uniform(n) => Manning::Uniform(*n),
            Roughness::Raster(raster) => {
                let own = if geometry == *raster.geometry() {
                    raster.clone()
                } else {
                    raster.resampled_mean(geometry)
                };
                let or_default = |n: f64| if n.is_finite() { n } else { DEFAULT_MANNING };
                Manning::Field(own.values().iter().map(|&n| or_default(n) as f32).collect())
            }
        }
    }
}

/// A number to four digits, for notes.
fn rounded(value: f64) -> f64 {
    let digits = 3.0 - value.abs().max(1e-9).log10().floor();
    let scale = 10f64.powf(digits);
    (value * scale).round() / scale
}

/// Whether an area touches a cell that has ground.
pub(crate) fn touches(geometry: &RasterGeometry, known: &[bool], area: &MultiPolygon<f64>) -> bool {
    let cells = covered_fractions(geometry, area);
    cells
        .iter()
        .any(|c| c.fraction > 0.0 && known[c.cell.index()])
}

/// Share of each cell that has ground [-].
///
/// - `elevation`: a value a cell; NaN is no ground
/// - `cover`: the share of each cell that the terrain covers; empty where cells that have any ground are whole
pub fn share_of_ground<T: Copy + Into<f64>>(elevation: &[T], cover: &[f64]) -> Vec<f32> {
    let share = |(i, &z): (usize, &T)| match z.into().is_finite() {
        true => cover.get(i).copied().unwrap_or(1.0) as f32,
        false => 0.0,
    };
    elevation.iter().enumerate().map(share).collect()
}

/// Cells of which footprints together cover at least half: they are closed to the water.
///
/// Ground under several footprints (a building and its parts, a layer delivered twice) counts once.
pub fn blocked_cells<'a>(
    geometry: &RasterGeometry,
    footprints: impl IntoIterator<Item = &'a MultiPolygon<f64>>,
) -> Vec<bool> {
    let footprints: Vec<&MultiPolygon<f64>> = footprints.into_iter().collect();
    let mut sum = vec![0.0_f64; geometry.n_cells()];
    let mut largest = sum.clone();
    for footprint in &footprints {
        for cell in covered_fractions(geometry, footprint) {
            let i = cell.cell.index();
            sum[i] += cell.fraction;
            largest[i] = largest[i].max(cell.fraction);
        }
    }
    let mut blocked: Vec<bool> = largest.iter().map(|&share| share >= CLOSED_SHARE).collect();
    let unclear = |i: usize| sum[i] >= CLOSED_SHARE && largest[i] < CLOSED_SHARE;
    let mut over: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (nr, footprint) in footprints.iter().enumerate() {
        for cell in covered_fractions(geometry, footprint) {
            if unclear(cell.cell.index()) {
                over.entry(cell.cell.index()).or_default().push(nr);
            }
        }
    }
    let mut groups: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
    for (cell, footprints) in over {
        groups.entry(footprints).or_default().push(cell);
    }
    for (members, cells) in groups {
        let union = unary_union(members.iter().flat_map(|&nr| &footprints[nr].0));
        for cell in covered_fractions(geometry, &union) {
            let i = cell.cell.index();
            if cells.binary_search(&i).is_ok() {
                blocked[i] = cell.fraction >= CLOSED_SHARE - UNION_ERROR;
            }
        }
    }
    blocked
}

/// Tells of buildings that close no cell: the water passes where they stand.
pub(crate) fn too_small<'a>(
    geometry: &RasterGeometry,
    footprints: impl Iterator<Item = &'a MultiPolygon<f64>>,
    blocked: &[bool],
    file: &str,
) -> Option<Finding> {
    let (mut n, mut all) = (0, 0);
    for footprint in footprints {
        let cells = covered_fractions(geometry, footprint);
        let closes = cells.iter().any(|cell| blocked[cell.cell.index()]);
        all += usize::from(!cells.is_empty());
        n += usize::from(!closes && !cells.is_empty());
    }
    let text = message!(
        "note.buildings.small",
        "{n} of {all} buildings cover less than half of every cell that they touch, and hold no water back there; smaller cells show them",
        n = n,
        all = all
    );
    (n > 0).then(|| Finding::new(Kind::Assumed, file, text).times(n))
}

/// Cells of an area with their covered share, those of at least `least` of it.
pub fn cells_of(
    geometry: &RasterGeometry,
    area: &MultiPolygon<f64>,
    least: f64,
) -> Vec<(CellIdx, f64)> {
    covered_fractions(geometry, area)
        .into_iter()
        .filter(|c| c.fraction >= least)
        .map(|c| (c.cell, c.fraction))
        .collect()
}

/// Cells whose centre lies within a radius of a place, all of weight 1; the cell of the place
/// itself if the circle holds no centre.
pub fn cells_in_disc(geometry: &RasterGeometry, at: [f64; 2], radius: f64) -> Vec<(CellIdx, f64)> {
    let Some((row, col)) = geometry.cell_at(at[0], at[1]) else {
        return Vec::new();
    };
    let (rows, cols) = (
        (radius / geometry.dy).ceil() as usize + 1,
        (radius / geometry.dx).ceil() as usize + 1,
    );
    let mut cells = Vec::new();
    for r in row.saturating_sub(rows)..=(row + rows).min(geometry.n_rows - 1) {
        for c in col.saturating_sub(cols)..=(col + cols).min(geometry.n_cols - 1) {
            let center = geometry.center(r, c);
            if (center.x - at[0]).hypot(center.y - at[1]) <= radius {
                cells.push((geometry.index(r, c), 1.0));
            }
        }
    }
    if cells.is_empty() {
        cells.push((geometry.index(row, col), 1.0));
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Polygon, polygon};

    fn geometry() -> RasterGeometry {
        RasterGeometry::new(10, 10, 0.0, 100.0, 10.0, 10.0).expect("valid")
    }

    #[test]
    fn a_cell_is_closed_when_houses_cover_half_of_it() {
        let house = |x0: f64, x1: f64| -> MultiPolygon<f64> {
            let ring: Polygon<f64> =
                polygon![(x: x0, y: 90.0), (x: x1, y: 90.0), (x: x1, y: 100.0), (x: x0, y: 100.0)];
            ring.into()
        };
        let blocked = blocked_cells(&geometry(), &[house(0.0, 14.0), house(16.5, 20.0)]);
        assert!(blocked[0] && blocked[1] && !blocked[2]);
        let half = blocked_cells(&geometry(), &[house(0.0, 14.0)]);
        assert!(half[0] && !half[1]);
        let twice = [house(10.0, 14.0), house(10.0, 14.0), house(12.0, 14.5)];
        assert!(!blocked_cells(&geometry(), &twice)[1]);
        let beside = [house(10.0, 14.0), house(10.0, 14.0), house(13.0, 15.0)];
        assert!(blocked_cells(&geometry(), &beside)[1]);
    }

    #[test]
    fn a_disc_has_the_area_of_a_disc() {
        let fine = RasterGeometry::new(100, 100, 0.0, 100.0, 1.0, 1.0).expect("valid");
        let cells = cells_in_disc(&fine, [50.0, 50.0], 10.0);
        let area = cells.len() as f64;
        assert!((area - std::f64::consts::PI * 100.0).abs() < 10.0, "{area}");
        assert_eq!(cells_in_disc(&geometry(), [50.0, 50.0], 0.1).len(), 1);
        assert!(cells_in_disc(&geometry(), [500.0, 50.0], 10.0).is_empty());
    }

    #[test]
    fn a_dike_survives_coarse_cells() {
        let ground = Ground {
            elevation: Raster::filled(geometry(), 1.0),
            roughness: Roughness::Uniform(0.03),
        };
        let dike = Crest {
            line: LineString::from(vec![(55.0, 0.0), (55.0, 100.0)]),
            height: 4.0,
        };
        let coarse = ground.geometry_at(50.0).expect("valid");
        let with = ground.elevation_on(coarse, &[dike]);
        assert_eq!(with.get(0, 1), 4.0);
        assert_eq!(with.get(0, 0), 1.0);
    }
}
