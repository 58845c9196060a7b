//! The second layer: 25 grids of industrial parks with 683 firms' units (厂企最小单元).

use crate::landuse::LandUse;
use crate::partition::{Block, Partition, subdivide};
use crate::plan;
use crate::rng::{Rng, apportion};

/// Park grids.
pub(crate) const N_PARK_GRIDS: usize = 25;
/// Firms' units in the parks.
pub(crate) const N_PARK_UNITS: usize = 683;

/// A firm's compound: a unit of the park layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compound {
    /// Where it lies.
    pub(crate) block: Block,
    /// Its park grid.
    pub(crate) grid: usize,
    /// The territorial unit that it is a part of.
    pub(crate) unit: usize,
}

/// The park layer: compounds by park grid.
pub(crate) struct Parks {
    /// All compounds, those of one grid together.
    pub(crate) compounds: Vec<Compound>,
    /// Compounds of each territorial unit, by position.
    of_unit: Vec<Vec<usize>>,
}

impl Parks {
    /// Groups the units of the industrial areas and cuts them into compounds.
    pub(crate) fn new(partition: &Partition, uses: &[LandUse], seed: u64) -> Self {
        let mut by_area = vec![Vec::new(); plan::N_INDUSTRIAL_AREAS];
        for (index, unit) in partition.units.iter().enumerate() {
            let (u, v) = unit.block.center();
            // Gardens within a park are part of it: the layer has no holes. What lies south of the
            // trunk road keeps clear of it, or two parks would enclose ground between them.
            let inside = matches!(uses[index], LandUse::Industry | LandUse::Garden)
                && unit.block.north != plan::SOUTH_BORDER;
            if let (true, Some(area)) = (inside, plan::industrial_area(u, v)) {
                by_area[area].push(index);
            }
        }
        let sizes: Vec<f64> = by_area.iter().map(|units| units.len() as f64).collect();
        let grids_of_area = apportion(N_PARK_GRIDS as u64, &sizes);
        let mut groups = Vec::new();
        for (units, n) in by_area.into_iter().zip(grids_of_area) {
            group(partition, units, n as usize, &mut groups);
        }

        let members: Vec<(usize, usize)> = groups
            .iter()
            .enumerate()
            .flat_map(|(grid, units)| units.iter().map(move |&unit| (grid, unit)))
            .collect();
        let areas: Vec<f64> = members
            .iter()
            .map(|&(_, unit)| {
                let b = partition.units[unit].block;
                f64::from(b.width()) * f64::from(b.height())
            })
            .collect();
        let extra = apportion(
            (N_PARK_UNITS - members.len().min(N_PARK_UNITS)) as u64,
            &areas,
        );
        let mut rng = Rng::new(seed, 0x4000);
        let mut compounds: Vec<Compound> = Vec::new();
        for (&(grid, unit), extra) in members.iter().zip(extra) {
            let mut blocks = Vec::new();
            subdivide(
                partition.units[unit].block,
                1 + extra as usize,
                &mut rng,
                &mut blocks,
            );
            compounds.extend(
                blocks
                    .into_iter()
                    .map(|block| Compound { block, grid, unit }),
            );
        }
        compounds.sort_by_key(|c| (c.grid, -c.block.north, c.block.west));
        let mut of_unit = vec![Vec::new(); partition.units.len()];
        for (index, compound) in compounds.iter().enumerate() {
            of_unit[compound.unit].push(index);
        }
        Self { compounds, of_unit }
    }

    /// Compounds within a territorial unit.
    pub(crate) fn of_unit(&self, unit: usize) -> &[usize] {
        &self.of_unit[unit]
    }
}

/// Splits units into `n` groups of neighbours, across the longer side each time.
fn group(partition: &Partition, mut units: Vec<usize>, n: usize, out: &mut Vec<Vec<usize>>) {
    if n <= 1 || units.len() < 2 {
        out.push(units);
        return;
    }
    let center = |unit: usize| {
        let (u, v) = partition.units[unit].block.center();
        [u, v]
    };
    let spread = |k: usize| {
        let values = units.iter().map(|&unit| center(unit)[k]);
        let high = values.clone().fold(f64::MIN, f64::max);
        high - values.fold(f64::MAX, f64::min)
    };
    let k = usize::from(spread(1) > spread(0));
    units.sort_by(|&a, &b| center(a)[k].total_cmp(&center(b)[k]).then(a.cmp(&b)));
    let first = (units.len() * (n / 2) + n / 2) / n;
    let rest = units.split_off(first.max(1));
    group(partition, units, n / 2, out);
    group(partition, rest, n - n / 2, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parks_have_their_numbers() {
        let seed = 20_170_823;
        let partition = Partition::new(seed);
        let uses = crate::landuse::assign(&partition, 0, seed);
        let parks = Parks::new(&partition, &uses, seed);
        assert_eq!(parks.compounds.len(), N_PARK_UNITS);
        let mut grids: Vec<usize> = parks.compounds.iter().map(|c| c.grid).collect();
        grids.dedup();
        assert_eq!(grids.len(), N_PARK_GRIDS);
    }
}
