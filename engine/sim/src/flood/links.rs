//! Structures at work: what each moves in a step, and the books of it.
//!
//! Discharges follow from the state before a step and act on the state after it, one structure after
//! the other in the order of the setup and in f64: the result does not depend on the threads. What a
//! structure takes it has: never more than the cells hold, and never more than half of what would
//! level its two ends, so that no step overshoots. What f32 rounds off on the way stays in the
//! structure until the next step.

use stormgrid_core::series::Series;
use stormgrid_core::units::GRAVITY;

use super::compact::{keep_rest, rest_of};
use super::error::FloodError;
use super::hydraulics::{BROAD_CREST, gate_discharge, weir_discharge};
use super::kernel::carry;
use super::params::Setup;
use super::prepare::{Layout, Role};
use super::state::{RIM, Strips, TILE, Tile, rimmed};
use super::structures::{End, Law, PumpRate, Reservoir, Structure, StructureReport, Switch, Way};

/// No step moves more than this share of what would level the two ends of a structure [-].
const TOWARDS_LEVEL: f64 = 0.5;

/// What the structures need to know of a step.
#[derive(Clone, Copy)]
pub(super) struct LinkStep {
    /// Simulation time in the middle of the step, which schedules are read at [s].
    pub time: f64,
    /// Its length [s].
    pub dt: f64,
    /// Area of a cell [m²].
    pub area: f64,
    /// Depth at or below which a cell is dry [m].
    pub depth_dry: f64,
    /// Depth at or below which a cell's water does not leave it [m].
    pub depth_still: f64,
    /// Cells from an edge within which water wakes the tile beyond.
    pub reach: usize,
    /// Whether cells carry discharges, which lose the share of the water that is taken.
    pub moving: bool,
    /// For what rounding keeps out of the depths.
    pub dither: u32,
}

impl LinkStep {
    /// Mean of a schedule over the step.
    fn mean_of(&self, series: &Series) -> f64 {
        series.mean(self.time - 0.5 * self.dt, self.time + 0.5 * self.dt)
    }
}

/// All structures of a run.
#[derive(Debug, Default)]
pub(super) struct Links {
    links: Vec<Link>,
    datum: f64,
}

#[derive(Debug)]
struct Link {
    ends: [Reach; 2],
    /// Where a switch reads the level, if not at the first end.
    watch: Option<Site>,
    state: LinkState,
}

/// What a structure remembers.
#[derive(Clone, Debug, Default)]
pub(super) struct LinkState {
    /// Its switch is on.
    pub on: bool,
    /// Discharge in the coming step, from the first end to the second [m³ s⁻¹].
    pub discharge: f64,
    /// Taken from cells and not yet given to others [m of depth × cells].
    pub under_way: f64,
    /// Water in a reservoir [m³].
    pub held: f64,
    /// Volumes moved forward and back [m³].
    pub moved: [f64; 2],
    /// Volumes that entered and left the domain [m³].
    pub crossed: [f64; 2],
}

/// An end on the tiles.
#[derive(Debug)]
struct Reach {
    sites: Vec<Site>,
    /// The cells belong to a boundary: their level counts and nothing is booked in them.
    held: bool,
}

/// A cell of an end.
#[derive(Clone, Copy, Debug)]
struct Site {
    tile: u32,
    row: u8,
    col: u8,
    /// Share of the end, all together 1.
    share: f64,
}

impl Site {
    fn place(self) -> usize {
        rimmed(self.row.into(), self.col.into())
    }

    fn depth(self, tiles: &[Tile]) -> f64 {
        f64::from(tiles[self.tile as usize].h[self.place()])
    }

    fn bed(self, tiles: &[Tile]) -> f64 {
        f64::from(tiles[self.tile as usize].z[self.place()])
    }
}

impl Reach {
    fn new(
        end: &End,
        layout: &Layout,
        role: &dyn Fn(usize, usize) -> Role,
        number: usize,
    ) -> Result<Self, FloodError> {
        let End::Cells(cells) = end else {
            return Ok(Self {
                sites: Vec::new(),
                held: true,
            });
        };
        let at = |cell: usize| (cell / layout.n_cols, cell % layout.n_cols);
        let of = |wanted: &dyn Fn(Role) -> bool| -> Vec<_> {
            let places = cells
                .iter()
                .map(|&(cell, weight)| (at(cell.index()), weight));
            let fit = |&((row, col), weight): &((usize, usize), f64)| {
                weight > 0.0 && wanted(role(row, col))
            };
            places.filter(fit).collect()
        };
        let open = of(&|role| role == Role::Open);
        let held = open.is_empty();
        let chosen = match held {
            true => of(&|role| matches!(role, Role::Held(_))),
            false => open,
        };
        if chosen.is_empty() {
            return Err(FloodError::NowhereToFlow {
                what: "structure",
                number,
            });
        }
        let total: f64 = chosen.iter().map(|(_, weight)| weight).sum();
        let site = |&((row, col), weight): &((usize, usize), f64)| {
            let (tile, row, col) = layout.locate(row, col);
            Site {
                tile: tile as u32,
                row: row as u8,
                col: col as u8,
                share: weight / total,
            }
        };
        Ok(Self {
            sites: chosen.iter().map(site).collect(),
            held,
        })
    }

    /// Mean level of the wet cells, or the lowest bed where none is wet, above the datum [m].
    fn level(&self, tiles: &[Tile], depth_dry: f64) -> f64 {
        let (mut sum, mut shares, mut lowest) = (0.0, 0.0, f64::INFINITY);
        for site in &self.sites {
            let (bed, depth) = (site.bed(tiles), site.depth(tiles));
            lowest = if bed < lowest { bed } else { lowest };
            if depth > depth_dry {
                sum += site.share * (bed + depth);
                shares += site.share;
            }
        }
        if shares > 0.0 { sum / shares } else { lowest }
    }

    /// Water in the cells [m × cells].
    fn water(&self, tiles: &[Tile]) -> f64 {
        self.sites.iter().map(|site| site.depth(tiles)).sum()
    }
}

impl Links {
    /// Places the structures of a setup on its tiles.
    pub fn new(
        setup: &Setup,
        layout: &Layout,
        role: &dyn Fn(usize, usize) -> Role,
    ) -> Result<Self, FloodError> {
        let place = |(k, structure): (usize, &Structure)| {
            let reach = |end: &End| Reach::new(end, layout, role, k + 1);
            let switch = match &structure.law {
                Law::Pump { switch, .. } | Law::Gate { switch, .. } => switch.as_ref(),
                _ => None,
            };
            let watch = switch.and_then(|switch| switch.watch);
            let watch = watch.map(|cell| reach(&End::Cells(vec![(cell, 1.0)])));
            let held = match &structure.law {
                Law::Reservoir(r) => r.storage.at(r.initial_level),
                _ => 0.0,
            };
            Ok(Link {
                ends: [reach(&structure.from)?, reach(&structure.to)?],
                watch: watch.transpose()?.map(|reach| reach.sites[0]),
                state: LinkState {
                    on: switch.is_none(),
                    held,
                    ..LinkState::default()
                },
            })
        };
        let links = setup.structures.iter().enumerate().map(place);
        Ok(Self {
            links: links.collect::<Result<_, _>>()?,
            datum: layout.datum,
        })
    }

    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Sets the discharges of the coming step. Its length is not known yet: that of the last is taken.
    pub fn look(&mut self, setup: &Setup, tiles: &[Tile], step: &LinkStep) {
        for (link, structure) in self.links.iter_mut().zip(&setup.structures) {
            let levels = [0, 1].map(|k| link.level(k, structure, tiles, step, self.datum));
            link.turn(&structure.law, levels[0], tiles, self.datum);
            link.state.discharge = link.discharge(&structure.law, levels, step);
        }
    }

    /// Fastest rise of a cell under a structure in a span of time [m s⁻¹].
    pub fn rise_rate(&self, setup: &Setup, area: f64, [from, to]: [f64; 2]) -> f64 {
        let rate = |(link, structure): (&Link, &Structure)| {
            let scheduled = match &structure.law {
                Law::Pump {
                    rate: PumpRate::Series(series),
                    ..
                } => Some(series),
                Law::Reservoir(reservoir) => reservoir.schedule.as_ref(),
                _ => None,
            };
            let coming = scheduled.map_or(0.0, |series| series.max_between(from, to));
            let discharge = link.state.discharge;
            let into = &link.ends[usize::from(discharge > 0.0 || coming > 0.0)];
            let most = into.sites.iter().map(|site| site.share).fold(0.0, f64::max);
            discharge.abs().max(coming) * most / area
        };
        let links = self.links.iter().zip(&setup.structures);
        links.map(rate).fold(0.0, f64::max)
    }

    /// Moves the water of a step; tells the tiles that it touched.
    pub fn act(
        &mut self,
        setup: &Setup,
        tiles: &mut [Tile],
        strips: &mut [Strips],
        step: &LinkStep,
    ) {
        for (link, structure) in self.links.iter_mut().zip(&setup.structures) {
            link.act(structure, tiles, step, self.datum);
            for site in link.ends.iter().flat_map(|end| &end.sites) {
                let tile = &tiles[site.tile as usize];
                let near = |at: u8| !(RIM..TILE - RIM).contains(&usize::from(at));
                if near(site.row) || near(site.col) {
                    strips[site.tile as usize].publish(tile);
                }
            }
        }
    }

    /// What changes during a run, link by link.
    pub fn states(&mut self) -> impl Iterator<Item = &mut LinkState> {
        self.links.iter_mut().map(|link| &mut link.state)
    }

    /// Water between two ends [m × cells].
    pub fn under_way(&self) -> f64 {
        self.links.iter().map(|link| link.state.under_way).sum()
    }

    /// Volumes that entered and left the domain through structures that lead out of it [m³], by
    /// position in the setup.
    pub fn crossed<'a>(&'a self, setup: &'a Setup) -> impl Iterator<Item = (usize, [f64; 2])> + 'a {
        let both = self.links.iter().zip(&setup.structures).enumerate();
        both.filter(|(_, (link, structure))| {
            let store = matches!(structure.law, Law::Reservoir(_));
            store || link.ends.iter().any(|end| end.held)
        })
        .map(|(k, (link, _))| (k, link.state.crossed))
    }

    pub fn reports(&self, setup: &Setup) -> Vec<StructureReport> {
        let report = |(link, structure): (&Link, &Structure)| StructureReport {
            discharge_m3_s: link.state.discharge,
            forward_m3: link.state.moved[0],
            backward_m3: link.state.moved[1],
            on: link.state.on,
            held_m3: matches!(structure.law, Law::Reservoir(_)).then_some(link.state.held),
        };
        self.links
            .iter()
            .zip(&setup.structures)
            .map(report)
            .collect()
    }
}

impl Link {
    /// Water level at an end [m].
    fn level(
        &self,
        end: usize,
        structure: &Structure,
        tiles: &[Tile],
        step: &LinkStep,
        datum: f64,
    ) -> f64 {
        match [&structure.from, &structure.to][end] {
            End::Outside(None) => f64::NEG_INFINITY,
            End::Outside(Some(series)) => series.at(step.time),
            End::Cells(_) => datum + self.ends[end].level(tiles, step.depth_dry),
        }
    }

    /// Lets the switch follow its level.
    fn turn(&mut self, law: &Law, from: f64, tiles: &[Tile], datum: f64) {
        let (Law::Pump {
            switch: Some(switch),
            ..
        }
        | Law::Gate {
            switch: Some(switch),
            ..
        }) = law
        else {
            return;
        };
        let level = match self.watch {
            Some(site) => datum + site.bed(tiles) + site.depth(tiles),
            None => from,
        };
        let Switch { on, off, .. } = *switch;
        let beyond = |limit: f64, rising: bool| {
            if rising {
                level >= limit
            } else {
                level <= limit
            }
        };
        if self.state.on {
            self.state.on = !beyond(off, off > on);
        } else {
            self.state.on = beyond(on, on > off);
        }
    }

    /// Discharge from the first end to the second [m³ s⁻¹].
    fn discharge(&self, law: &Law, levels: [f64; 2], step: &LinkStep) -> f64 {
        let time = step.time;
        match law {
            Law::Culvert {
                barrel,
                barrels,
                inverts: [a, b],
                way,
            } => both_ways(levels, *way, |up, down, turned| {
                let (inlet, outlet) = if turned { (*b, *a) } else { (*a, *b) };
                barrels * barrel.discharge(up, down, inlet, outlet)
            }),
            Law::Weir {
                crest,
                width,
                coefficient,
                way,
            } => {
                let (crest, width) = (crest.at(time), width.at(time));
                both_ways(levels, *way, |up, down, _| {
                    width * weir_discharge(up - crest, down - crest, *coefficient)
                })
            }
            Law::Gate {
                sill,
                width,
                opening,
                way,
                ..
            } => {
                let opening = if self.state.on { opening.at(time) } else { 0.0 };
                both_ways(levels, *way, |up, down, _| {
                    width * gate_discharge(up - sill, down - sill, opening)
                })
            }
            Law::Pump { .. } if !self.state.on => 0.0,
            Law::Pump { rate, .. } => match rate {
                PumpRate::Series(series) => step.mean_of(series),
                PumpRate::Curve(curve) => curve.at((levels[1] - levels[0]).max(-1e9)),
            },
            Law::Drain { capacity } => step.mean_of(capacity),
            Law::Reservoir(reservoir) => {
                let schedule = reservoir.schedule.as_ref();
                let scheduled = schedule.map_or(0.0, |series| step.mean_of(series));
                scheduled
                    + reservoir
                        .rule
                        .at(reservoir.storage.inverse(self.state.held))
            }
        }
    }

    fn act(&mut self, structure: &Structure, tiles: &mut [Tile], step: &LinkStep, datum: f64) {
        // What follows a schedule follows it over the step as long as it came to be.
        if let Law::Reservoir(_)
        | Law::Drain { .. }
        | Law::Pump {
            rate: PumpRate::Series(_),
            ..
        } = &structure.law
        {
            self.state.discharge = self.discharge(&structure.law, [0.0; 2], step);
        }
        if let Law::Reservoir(reservoir) = &structure.law {
            self.store(reservoir, tiles, step, datum);
            return;
        }
        if self.state.discharge == 0.0 {
            return;
        }
        let forward = self.state.discharge > 0.0;
        let (source, target) = if forward { (0, 1) } else { (1, 0) };
        let mut depth = self.state.discharge.abs() * step.dt / step.area;
        let sill = match &structure.law {
            Law::Pump { .. } | Law::Drain { .. } => None,
            Law::Culvert { inverts, .. } => Some(inverts[0].max(inverts[1])),
            Law::Weir { crest, .. } => Some(crest.at(step.time)),
            Law::Gate { sill, .. } => Some(*sill),
            Law::Reservoir(_) => None,
        };
        if let Some(sill) = sill {
            let up = self.level(source, structure, tiles, step, datum);
            let down = self.level(target, structure, tiles, step, datum);
            depth = depth.min(self.towards_level(up, down, sill, source, target));
        }
        let [a, b] = &self.ends;
        let (from, to) = if forward { (a, b) } else { (b, a) };
        let taken = match &structure.law {
            Law::Drain { .. } => drain(from, tiles, depth, step),
            _ => take(from, tiles, depth, step),
        };
        let given = match to.held {
            true => taken,
            false => {
                let given = give(to, tiles, taken + self.state.under_way, step);
                self.state.under_way += taken - given;
                given
            }
        };
        self.state.moved[usize::from(!forward)] += taken * step.area;
        if from.held && !to.held {
            self.state.crossed[0] += taken * step.area;
        } else if to.held && !from.held {
            self.state.crossed[1] += given * step.area;
        }
    }

    /// The most that a step may move from one end to the other [m × cells].
    fn towards_level(&self, up: f64, down: f64, sill: f64, source: usize, target: usize) -> f64 {
        let cells = |end: usize| match self.ends[end].held {
            true => f64::INFINITY,
            false => self.ends[end].sites.len() as f64,
        };
        let (drop, joint) = match down > sill {
            true => (up - down, 1.0 / (1.0 / cells(source) + 1.0 / cells(target))),
            false => (up - sill, cells(source)),
        };
        match drop > 0.0 {
            true => TOWARDS_LEVEL * drop * joint,
            false => 0.0,
        }
    }

    /// A step of a reservoir: catchment, intake, release.
    fn store(&mut self, reservoir: &Reservoir, tiles: &mut [Tile], step: &LinkStep, datum: f64) {
        let inflow = reservoir.inflow.as_ref();
        self.state.held += inflow.map_or(0.0, |series| step.mean_of(series) * step.dt);
        if let Some((crest, width)) = reservoir.intake {
            let intake = &self.ends[0];
            let outside = datum + intake.level(tiles, step.depth_dry);
            let inside = reservoir.storage.inverse(self.state.held);
            let rate = width * weir_discharge(outside - crest, inside - crest, BROAD_CREST);
            let most = self.towards_level(outside, inside, crest, 0, 0);
            if rate > 0.0 && !intake.sites.is_empty() {
                let taken = take(intake, tiles, (rate * step.dt / step.area).min(most), step);
                if !intake.held {
                    self.state.crossed[1] += taken * step.area;
                }
                self.state.moved[1] += taken * step.area;
                self.state.held += taken * step.area;
            }
        }
        let free = (self.state.held - reservoir.storage.points()[0].1).max(0.0);
        let released = (self.state.discharge * step.dt).min(free);
        self.state.held -= released;
        self.state.moved[0] += released;
        if !self.ends[1].held {
            let depth = released / step.area + self.state.under_way;
            let given = give(&self.ends[1], tiles, depth, step);
            self.state.under_way = depth - given;
            self.state.crossed[0] += released;
        }
    }
}

/// The discharge of a law that only knows an upper and a lower level, with its direction.
///
/// - `law`: of the upper level, the lower level, and whether the second end is the upper one
fn both_ways([from, to]: [f64; 2], way: Way, law: impl Fn(f64, f64, bool) -> f64) -> f64 {
    if from > to {
        law(from, to, false)
    } else if to > from && way == Way::Both {
        -law(to, from, true)
    } else {
        0.0
    }
}

/// Takes water from the cells of an end, from each as much of it as it has of the whole; what was
/// taken [m × cells].
fn take(end: &Reach, tiles: &mut [Tile], depth: f64, step: &LinkStep) -> f64 {
    if end.held {
        return depth;
    }
    let water = end.water(tiles);
    if water <= 0.0 {
        return 0.0;
    }
    let share = (depth / water).min(1.0);
    let lower = |site: &Site| -change(*site, tiles, -(share * site.depth(tiles)) as f32, step);
    end.sites.iter().map(lower).sum()
}

/// Takes its share of `depth` from each cell of an end, as far as it has it [m × cells].
fn drain(end: &Reach, tiles: &mut [Tile], depth: f64, step: &LinkStep) -> f64 {
    if end.held {
        return depth;
    }
    let lower = |site: &Site| -change(*site, tiles, -(depth * site.share) as f32, step);
    end.sites.iter().map(lower).sum()
}

/// Gives water to the cells of an end; what they got in f32 [m × cells].
fn give(end: &Reach, tiles: &mut [Tile], depth: f64, step: &LinkStep) -> f64 {
    let raise = |site: &Site| change(*site, tiles, (depth * site.share) as f32, step);
    end.sites.iter().map(raise).sum()
}

/// Changes the depth of a cell, not below nothing, and what its tile knows of it; the change [m].
fn change(site: Site, tiles: &mut [Tile], wanted: f32, step: &LinkStep) -> f64 {
    let tile = &mut tiles[site.tile as usize];
    let (row, col) = (usize::from(site.row), usize::from(site.col));
    let (place, plain) = (site.place(), row * TILE + col);
    let held = tile.h[place];
    let change = if wanted < -held { -held } else { wanted };
    if change == 0.0 {
        return 0.0;
    }
    let (depth, rest) = carry(held, change + rest_of(tile.rest[plain]));
    tile.h[place] = depth;
    tile.rest[plain] = keep_rest(rest, step.dither);
    if step.moving && depth < held {
        let kept = depth / held;
        tile.qx[place] *= kept;
        tile.qy[place] *= kept;
    }
    let greater = |a: &mut f32, b: f32| *a = if b > *a { b } else { *a };
    greater(&mut tile.depth_max[plain], depth);
    greater(&mut tile.h_max, depth);
    if step.moving && depth > 0.0 {
        let (x, y) = (tile.qx[place].abs(), tile.qy[place].abs());
        let swift = if x > y { x } else { y } / depth;
        let celerity = (GRAVITY as f32 * depth).sqrt();
        greater(&mut tile.signal_max, swift + celerity);
    }
    // The tile and those beside it compute the next step.
    tile.still = 0;
    let wet = f64::from(depth) > step.depth_still;
    let (near, far) = (step.reach, TILE - step.reach);
    for (edge, touches) in [row < near, col >= far, row >= far, col < near]
        .into_iter()
        .enumerate()
    {
        tile.edge_wet[edge] |= touches && wet;
    }
    f64::from(change)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flood::bench::{SCHEMES, advance, basin, line, start};
    use crate::flood::hydraulics::{Barrel, Curve, Section};
    use crate::flood::{Flood, Initial, Rain, Scheme, Source};
    use stormgrid_core::ids::CellIdx;
    use stormgrid_core::series::Series;

    fn cells(range: std::ops::Range<usize>) -> End {
        End::Cells(range.map(|cell| (CellIdx::from(cell), 1.0)).collect())
    }

    /// A column of ten cells of 20 × 20 m, a wall in the sixth: two tanks of 2000 and 1600 m².
    fn tanks(scheme: Scheme, low: f64, high: f64) -> Setup {
        let mut domain = basin(10, 1, 20.0, |_, _| 0.0);
        domain.elevation[5] = f64::NAN;
        let mut setup = Setup::new(domain);
        setup.options.scheme = scheme;
        let level = |cell| if cell < 5 { low } else { high };
        setup.initial = Initial::LevelField((0..10).map(level).collect());
        setup
    }

    fn balanced(flood: &Flood) {
        let ledger = flood.ledger();
        assert!(ledger.error_rel < 1e-7, "{:e}", ledger.error_rel);
    }

    fn series(points: &[(f64, f64)]) -> Series {
        let (time, value) = points.iter().copied().unzip();
        Series::new(time, value).expect("valid")
    }

    /// A h' = −C w h^(3/2) from h₀: 1/√h = 1/√h₀ + C w t / (2 A).
    #[test]
    fn a_tank_empties_over_a_weir_as_the_integral_says() {
        for scheme in SCHEMES {
            let mut setup = tanks(scheme, 2.0, 0.0);
            setup.options.max_dt = 0.5;
            let outside = End::Outside(None);
            setup.structures = vec![Structure::weir(cells(0..5), outside, 1.0, 3.0)];
            let mut flood = start(setup);
            for time in [60.0, 300.0, 900.0] {
                advance(&mut flood, time);
                let expected = (1.0 + BROAD_CREST * 3.0 * time / (2.0 * 2000.0)).powi(-2);
                let found = f64::from(flood.depth_at(CellIdx::from(2))) - 1.0;
                assert!((found - expected).abs() < 4e-3, "{found} {expected}");
                let left = line(&flood.ledger(), Source::Structure(0)).out_m3;
                assert!((left / (2000.0 * (1.0 - expected)) - 1.0).abs() < 4e-3);
                balanced(&flood);
            }
        }
    }

    #[test]
    fn a_culvert_levels_two_tanks_and_does_not_overshoot() {
        for scheme in SCHEMES {
            let mut setup = tanks(scheme, 1.0, 3.0);
            let barrel = Barrel {
                section: Section::Pipe { diameter: 0.8 },
                length: 20.0,
                manning: 0.013,
                entrance_loss: 0.5,
            };
            setup.structures = vec![Structure {
                from: cells(0..5),
                to: cells(6..10),
                law: Law::Culvert {
                    barrel,
                    barrels: 2.0,
                    inverts: [0.0, 0.0],
                    way: Way::Both,
                },
            }];
            let mut flood = start(setup);
            advance(&mut flood, 1e-3);
            let expected = -2.0 * barrel.discharge(3.0, 1.0, 0.0, 0.0);
            assert!((flood.structures()[0].discharge_m3_s / expected - 1.0).abs() < 1e-3);
            let mut before = 2.0;
            for k in 1..=60 {
                advance(&mut flood, f64::from(k) * 60.0);
                let level = |cell| f64::from(flood.depth_at(CellIdx::from(cell)));
                let apart = level(9) - level(0);
                assert!(
                    apart < before + 1e-3 && apart > -1e-3,
                    "{apart} after {before}"
                );
                before = apart;
            }
            let joint = (2000.0 + 3.0 * 1600.0) / 3600.0;
            let mean = 0.5
                * f64::from(flood.depth_at(CellIdx::from(0)) + flood.depth_at(CellIdx::from(9)));
            assert!((mean - joint).abs() < 2e-3, "{mean} {joint}");
            assert!(before < 2e-3);
            balanced(&flood);
        }
    }

    #[test]
    fn a_flap_lets_nothing_back() {
        for scheme in SCHEMES {
            let mut setup = tanks(scheme, 1.0, 3.0);
            let mut weir = Structure::weir(cells(0..5), cells(6..10), 0.5, 5.0);
            if let Law::Weir { way, .. } = &mut weir.law {
                *way = Way::Forward;
            }
            setup.structures = vec![weir];
            let mut flood = start(setup);
            advance(&mut flood, 100.0);
            assert!((flood.depth_at(CellIdx::from(9)) - 3.0).abs() < 1e-5);
            assert_eq!(flood.structures()[0].backward_m3, 0.0);
        }
    }

    /// 0.5 m³/s from 2000 m² at 1.0 m down to 0.7 m: 600 m³ in 1200 s.
    #[test]
    fn a_pump_moves_its_rate_and_stops_at_its_level() {
        for scheme in SCHEMES {
            let mut setup = tanks(scheme, 1.0, 1.0);
            setup.structures = vec![Structure {
                from: cells(0..5),
                to: cells(6..10),
                law: Law::Pump {
                    rate: PumpRate::Series(Series::constant(0.5)),
                    switch: Some(Switch {
                        on: 0.9,
                        off: 0.7,
                        watch: Some(CellIdx::from(2)),
                    }),
                },
            }];
            let mut flood = start(setup);
            advance(&mut flood, 1000.0);
            let report = &flood.structures()[0];
            assert!((report.forward_m3 / 500.0 - 1.0).abs() < 1e-6 && report.on);
            advance(&mut flood, 2000.0);
            let report = &flood.structures()[0];
            assert!(
                (report.forward_m3 - 600.0).abs() < 8.0 && !report.on,
                "{report:?}"
            );
            let level = f64::from(flood.depth_at(CellIdx::from(8)));
            assert!((level - 1.0 - report.forward_m3 / 1600.0).abs() < 5e-3);
            balanced(&flood);
        }
    }

    #[test]
    fn a_pump_follows_its_curve_and_leaves_no_negative_depth() {
        for scheme in SCHEMES {
            let mut setup = tanks(scheme, 0.3, 1.3);
            let curve = Curve::new(vec![(0.0, 2.0), (2.0, 0.0)]).expect("rising heads");
            setup.structures = vec![Structure {
                from: cells(0..5),
                to: cells(6..10),
                law: Law::Pump {
                    rate: PumpRate::Curve(curve),
                    switch: None,
                },
            }];
            let mut flood = start(setup);
            advance(&mut flood, 1e-3);
            assert!((flood.structures()[0].discharge_m3_s - 1.0).abs() < 1e-3);
            advance(&mut flood, 5000.0);
            assert!(
                flood
                    .depth()
                    .iter()
                    .all(|h| h.is_nan() || (0.0..2.0).contains(h))
            );
            balanced(&flood);
        }
    }

    /// 20 mm/h on 3600 m², of which a drain of 0.004 m³/s takes 14.4 m³ in the hour.
    #[test]
    fn a_drain_takes_its_capacity_and_no_more_than_there_is() {
        for scheme in SCHEMES {
            let mut setup = tanks(scheme, 0.0, 0.0);
            setup.rain = Rain::Uniform(0.02 / 3600.0);
            let law = Law::Drain {
                capacity: Series::constant(0.004),
            };
            let (from, to) = (cells(0..5), End::Outside(None));
            setup.structures = vec![Structure { from, to, law }];
            let mut flood = start(setup);
            advance(&mut flood, 3600.0);
            let left = line(&flood.ledger(), Source::Structure(0)).out_m3;
            // The first rain falls at the fourth step.
            assert!((left - 14.4).abs() < 0.2, "{left}");
            assert!((flood.ledger().stored_m3 - (0.02 * 3600.0 - left)).abs() < 1e-4);
            flood.setup.rain = Rain::None;
            advance(&mut flood, 20_000.0);
            let left = line(&flood.ledger(), Source::Structure(0)).out_m3;
            assert!((left - 0.02 * 2000.0).abs() < 0.1, "{left}");
            balanced(&flood);
        }
    }

    /// A breach whose width grows from 0 to 10 m between 100 and 300 s, 1 m of water over its crest:
    /// C h^(3/2) times the integral of the width.
    #[test]
    fn a_breach_opens_in_time() {
        for scheme in SCHEMES {
            let mut setup = Setup::new(basin(130, 40, 20.0, |_, _| 0.0));
            setup.options.scheme = scheme;
            let law = Law::Weir {
                crest: Series::constant(2.0),
                width: series(&[(100.0, 0.0), (300.0, 10.0)]),
                coefficient: BROAD_CREST,
                way: Way::Both,
            };
            let (from, to) = (End::Outside(Some(Series::constant(3.0))), cells(2640..2644));
            setup.structures = vec![Structure { from, to, law }];
            let mut flood = start(setup);
            advance(&mut flood, 99.0);
            assert_eq!(flood.ledger().in_m3, 0.0);
            advance(&mut flood, 500.0);
            let expected = BROAD_CREST * (0.5 * 10.0 * 200.0 + 10.0 * 200.0);
            let entered = line(&flood.ledger(), Source::Structure(0)).in_m3;
            assert!(
                (entered / expected - 1.0).abs() < 5e-3,
                "{entered} {expected}"
            );
            balanced(&flood);
        }
    }

    #[test]
    fn a_gate_follows_its_schedule_and_its_level() {
        for scheme in SCHEMES {
            let mut setup = tanks(scheme, 2.0, 0.0);
            let gate = |switch| Structure {
                from: cells(0..5),
                to: End::Outside(Some(Series::constant(0.5))),
                law: Law::Gate {
                    sill: 0.0,
                    width: 2.0,
                    opening: series(&[(50.0, 0.0), (50.1, 0.2)]),
                    switch,
                    way: Way::Both,
                },
            };
            // Opens while the other tank is low: always here.
            let low = Switch {
                on: 0.5,
                off: 1.0,
                watch: Some(CellIdx::from(8)),
            };
            let high = Switch {
                on: 2.5,
                off: 1.0,
                watch: None,
            };
            setup.structures = vec![gate(None), gate(Some(low)), gate(Some(high))];
            let mut flood = start(setup);
            advance(&mut flood, 50.0);
            assert_eq!(flood.ledger().out_m3, 0.0);
            advance(&mut flood, 53.0);
            let reports = flood.structures();
            let expected = 2.0 * gate_discharge(2.0, 0.5, 0.2);
            assert!((reports[0].discharge_m3_s / expected - 1.0).abs() < 0.02);
            assert!((reports[1].discharge_m3_s / expected - 1.0).abs() < 0.02);
            assert_eq!(reports[2].forward_m3, 0.0);
            balanced(&flood);
        }
    }

    /// A linear reservoir, Q = V/k, runs out as exp(−t/k).
    #[test]
    fn a_reservoir_releases_by_its_rule() {
        for scheme in SCHEMES {
            let mut setup = tanks(scheme, 0.0, 0.0);
            setup.options.max_dt = 2.0;
            setup.structures = vec![Structure {
                from: End::Outside(None),
                to: cells(0..5),
                law: Law::Reservoir(Reservoir {
                    storage: Curve::new(vec![(10.0, 0.0), (20.0, 10_000.0)]).expect("rising"),
                    initial_level: 18.0,
                    inflow: None,
                    rule: Curve::new(vec![(10.0, 0.0), (20.0, 10.0)]).expect("rising"),
                    schedule: None,
                    intake: None,
                }),
            }];
            let mut flood = start(setup);
            advance(&mut flood, 1500.0);
            let expected = 8000.0 * (-1.5_f64).exp();
            let held = flood.structures()[0].held_m3.expect("a reservoir");
            assert!((held / expected - 1.0).abs() < 3e-3, "{held} {expected}");
            let ledger = flood.ledger();
            let given = line(&ledger, Source::Structure(0)).in_m3;
            assert!((given + held - 8000.0).abs() < 1e-6);
            assert!((ledger.stored_m3 - given).abs() < 1e-4);
            balanced(&flood);
        }
    }

    /// A retention basin beside full ground fills to the level outside or to its crest, and no water is lost.
    #[test]
    fn an_intake_fills_a_basin_up_to_the_level_outside() {
        for scheme in SCHEMES {
            let mut setup = tanks(scheme, 2.0, 0.0);
            setup.structures = vec![Structure {
                from: cells(0..5),
                to: End::Outside(None),
                law: Law::Reservoir(Reservoir {
                    storage: Curve::new(vec![(0.0, 0.0), (5.0, 5000.0)]).expect("rising"),
                    initial_level: 0.0,
                    inflow: None,
                    rule: Curve::new(vec![(0.0, 0.0)]).expect("a point"),
                    schedule: None,
                    intake: Some((0.8, 4.0)),
                }),
            }];
            let mut flood = start(setup);
            advance(&mut flood, 3000.0);
            let held = flood.structures()[0].held_m3.expect("a reservoir");
            let level = f64::from(flood.depth_at(CellIdx::from(1)));
            // 4000 m³ in 2000 m² beside 1000 m²: both at 4/3 m.
            assert!((level - 4.0 / 3.0).abs() < 0.01, "{level}");
            assert!((held - 4000.0 / 3.0).abs() < 10.0, "{held}");
            let left = line(&flood.ledger(), Source::Structure(0)).out_m3;
            assert!((left - held).abs() < 1e-6);
            balanced(&flood);
        }
    }

    #[test]
    fn structures_across_tiles_keep_balance_and_digest_on_any_threads() {
        let run = |scheme, threads| {
            let mut setup = Setup::new(basin(150, 130, 5.0, |x, y| {
                0.004 * x + 0.2 * (0.05 * y).sin()
            }));
            setup.options.scheme = scheme;
            setup.options.threads = threads;
            setup.initial = Initial::Level(0.8);
            setup.rain = Rain::Uniform(3e-5);
            let at = |row: usize, col: usize| cells(row * 150 + col..row * 150 + col + 3);
            let law = Law::Pump {
                rate: PumpRate::Series(Series::constant(1.5)),
                switch: None,
            };
            let (from, to) = (at(3, 4), at(120, 140));
            setup.structures = vec![
                Structure { from, to, law },
                // On the corner of four tiles, and off a cell that dries.
                Structure::weir(at(57, 55), at(60, 58), 0.3, 2.0),
                Structure::weir(at(100, 145), End::Outside(None), 2.9, 2.0),
            ];
            let mut flood = start(setup);
            for minute in 1..=5 {
                advance(&mut flood, 60.0 * f64::from(minute));
            }
            balanced(&flood);
            flood.digest()
        };
        for scheme in SCHEMES {
            assert_eq!(run(scheme, 1), run(scheme, 2));
        }
    }

    #[test]
    fn a_structure_without_a_cell_is_refused() {
        let mut setup = tanks(Scheme::FiniteVolume, 1.0, 1.0);
        setup.structures = vec![Structure::weir(cells(5..6), End::Outside(None), 0.0, 1.0)];
        let Err(error) = Flood::new(setup) else {
            panic!("a wall has no water")
        };
        assert!(
            error
                .to_string()
                .starts_with("structure 1 has no open cell")
        );
    }
}
