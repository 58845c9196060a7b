//! Buildings: lots within blocks, footprints along the local streets, floors, people, addresses.

use crate::ground::Ground;
use crate::landuse::{LandUse, NAMED_ESTATE, Painted};
use crate::names::{self, VillageName};
use crate::parks::Parks;
use crate::partition::{Block, Partition};
use crate::rng::{Rng, apportion};
use crate::warp::Warp;

/// People of the district (census of 2020).
pub(crate) const PEOPLE: u64 = 364_700;
/// People of an average household.
const HOUSEHOLD_SIZE: f64 = 2.7;
/// Floors that the seventh house of the named estate has at least.
const NAMED_FLOORS: u32 = 7;

/// What a building is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum BuildingUse {
    Residential,
    VillageHouse,
    Commercial,
    Industrial,
    School,
    Hospital,
    Public,
}

impl BuildingUse {
    /// Name in the data.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Residential => "residential",
            Self::VillageHouse => "village_house",
            Self::Commercial => "commercial",
            Self::Industrial => "industrial",
            Self::School => "school",
            Self::Hospital => "hospital",
            Self::Public => "public",
        }
    }

    /// Height of a floor [m].
    fn floor_height(self) -> f64 {
        match self {
            Self::Residential => 3.0,
            Self::VillageHouse => 3.2,
            Self::Commercial => 4.2,
            Self::Industrial => 6.0,
            Self::School => 3.8,
            Self::Hospital => 4.0,
            Self::Public => 4.5,
        }
    }
}

/// A building of the city.
#[derive(Clone, Debug)]
pub(crate) struct Building {
    /// Unit that holds all of its footprint.
    pub(crate) unit: usize,
    /// Park compound that holds all of its footprint.
    pub(crate) compound: Option<usize>,
    /// Footprint in the site frame [m], counter-clockwise, not closed.
    pub(crate) ring: Vec<[f64; 2]>,
    /// Middle of the lot on the sheet [m].
    pub(crate) place: (f64, f64),
    /// Height of the ground floor above the datum [m].
    pub(crate) base: f64,
    /// Height of the roof above the datum [m].
    pub(crate) top: f64,
    /// Floors above ground.
    pub(crate) floors: u32,
    /// What it is for.
    pub(crate) use_: BuildingUse,
    /// Dwellings.
    pub(crate) dwellings: u32,
    /// Households that live in it.
    pub(crate) households: u32,
    /// People who live in it.
    pub(crate) people: u32,
    /// Name, such as 翠园里7号.
    pub(crate) name: String,
    /// Full address.
    pub(crate) address: String,
}

/// A building before it has a number, a name and people.
struct Draft {
    lot: Lot,
    notch: f64,
    floors: u32,
    use_: BuildingUse,
    dwellings_per_floor: u32,
    suffix: &'static str,
}

/// A rectangle of the sheet for one building, clear of its neighbours [m].
#[derive(Clone, Copy, Debug)]
struct Lot {
    center: (f64, f64),
    half: (f64, f64),
}

/// What the buildings of a unit need to know.
pub(crate) struct Site<'a> {
    pub(crate) warp: &'a Warp,
    pub(crate) partition: &'a Partition,
    pub(crate) uses: &'a [LandUse],
    pub(crate) painted: &'a Painted,
    pub(crate) ground: &'a Ground<'a>,
    pub(crate) parks: &'a Parks,
    pub(crate) villages: &'a [VillageName],
    pub(crate) named_estate: usize,
    pub(crate) seed: u64,
}

/// All buildings, unit by unit, with all people in them.
pub(crate) fn build(site: &Site<'_>) -> Vec<Building> {
    let mut buildings = Vec::new();
    let mut n_names = 0;
    for unit in 0..site.partition.units.len() {
        let mut rng = Rng::new(site.seed, 0x5000_0000 + unit as u64);
        let compounds = site.parks.of_unit(unit);
        if compounds.is_empty() {
            let block = site.partition.units[unit].block;
            let drafts = site.drafts(unit, &block, &mut rng);
            site.finish(unit, None, drafts, &mut n_names, &mut rng, &mut buildings);
        }
        for &compound in compounds {
            let block = site.parks.compounds[compound].block;
            let drafts = site.drafts(unit, &block, &mut rng);
            site.finish(
                unit,
                Some(compound),
                drafts,
                &mut n_names,
                &mut rng,
                &mut buildings,
            );
        }
    }
    settle(&mut buildings, site.seed);
    buildings
}

/// Lets all people move in: in proportion to dwellings, some houses fuller than others.
fn settle(buildings: &mut [Building], seed: u64) {
    let mut rng = Rng::new(seed, 0x6000);
    let weights: Vec<f64> = buildings
        .iter()
        .map(|b| f64::from(b.dwellings) * rng.range(0.7, 1.0))
        .collect();
    for (building, people) in buildings.iter_mut().zip(apportion(PEOPLE, &weights)) {
        building.people = people as u32;
        let households = (people as f64 / HOUSEHOLD_SIZE).round().max(1.0) as u32;
        building.households = match people {
            0 => 0,
            _ => households.min(building.dwellings).max(1),
        };
    }
}

impl Site<'_> {
    fn drafts(&self, unit: usize, block: &Block, rng: &mut Rng) -> Vec<Draft> {
        let Some(inner) = self.inner(block) else {
            return Vec::new();
        };
        let mut drafts = match self.uses[unit] {
            LandUse::Village => village(&inner, rng),
            LandUse::TownHouses => town_houses(&inner, rng),
            LandUse::Slabs if unit == self.named_estate => named_estate(&inner, rng),
            LandUse::Slabs => slabs(&inner, rng),
            LandUse::Towers => towers(&inner, rng),
            LandUse::Commercial => commercial(&inner, rng),
            LandUse::Industry => industry(&inner, rng),
            LandUse::School => school(&inner, rng),
            LandUse::Hospital => hospital(&inner, rng),
            LandUse::Public => public(&inner, rng),
            _ => Vec::new(),
        };
        drafts.retain(|draft| !self.lot_is_barred(&draft.lot));
        drafts
    }

    /// The block without the strips along its sides where roads, canals and dikes are.
    fn inner(&self, block: &Block) -> Option<Inner> {
        let (west, south) = (f64::from(block.west), f64::from(block.south));
        let (east, north) = (f64::from(block.east), f64::from(block.north));
        let barred = |u: f64, v: f64| self.painted.is_barred(u, v);
        let barred_places = |depth: f64, side: usize| {
            let at = |k: i32| {
                let t = 0.1 * f64::from(k);
                let (along_u, along_v) = (west + t * (east - west), south + t * (north - south));
                let (u, v) = match side {
                    0 => (west + depth, along_v),
                    1 => (along_u, south + depth),
                    2 => (east - depth, along_v),
                    _ => (along_u, north - depth),
                };
                barred(u, v)
            };
            (1..10).filter(|&k| at(k)).count()
        };
        let mut inset = [4.0; 4];
        for (side, depth) in inset.iter_mut().enumerate() {
            while *depth < 60.0 && barred_places(*depth, side) > 2 {
                *depth += 2.0;
            }
        }
        let inner = Inner {
            west: west + inset[0],
            south: south + inset[1],
            east: east - inset[2],
            north: north - inset[3],
        };
        (inner.width() > 10.0 && inner.height() > 10.0).then_some(inner)
    }

    fn lot_is_barred(&self, lot: &Lot) -> bool {
        let steps = |half: f64| (2.0 * half / 4.0).ceil().max(1.0) as i32;
        let (n_u, n_v) = (steps(lot.half.0), steps(lot.half.1));
        (0..=n_u).any(|i| {
            (0..=n_v).any(|j| {
                let u = lot.center.0 + lot.half.0 * (2.0 * f64::from(i) / f64::from(n_u) - 1.0);
                let v = lot.center.1 + lot.half.1 * (2.0 * f64::from(j) / f64::from(n_v) - 1.0);
                self.painted.is_barred(u, v)
            })
        })
    }

    fn finish(
        &self,
        unit: usize,
        compound: Option<usize>,
        drafts: Vec<Draft>,
        n_names: &mut usize,
        rng: &mut Rng,
        out: &mut Vec<Building>,
    ) {
        if drafts.is_empty() {
            return;
        }
        let grid = self.partition.units[unit].parent;
        let village = self.partition.grids[grid].parent;
        let street = self.partition.villages[village].parent;
        let estate = self.estate_name(unit, *n_names, rng);
        *n_names += 1;
        let place = format!(
            "江门市{}{}{}",
            names::DISTRICT_NAME,
            names::STREETS[street].1,
            self.villages[village].name
        );
        let mut number = 0;
        for draft in drafts {
            let Some(ring) = self.footprint(&draft.lot, draft.notch) else {
                continue;
            };
            number += 1;
            let floors = match (unit == self.named_estate, number) {
                (true, 7) => draft.floors.max(NAMED_FLOORS),
                _ => draft.floors,
            };
            let base = self.base(&draft.lot);
            let name = format!("{estate}{number}号{}", draft.suffix);
            out.push(Building {
                unit,
                compound,
                ring,
                place: draft.lot.center,
                base,
                top: base + f64::from(floors) * draft.use_.floor_height(),
                floors,
                use_: draft.use_,
                dwellings: draft.dwellings_per_floor * floors,
                households: 0,
                people: 0,
                address: format!("{place}{name}"),
                name,
            });
        }
    }

    fn estate_name(&self, unit: usize, n: usize, rng: &mut Rng) -> String {
        if unit == self.named_estate {
            return NAMED_ESTATE.to_owned();
        }
        match self.uses[unit] {
            LandUse::Village => names::lane(n, rng),
            LandUse::Industry => names::firm(n, rng),
            _ => names::estate(n, rng),
        }
    }

    /// Lowest ground of the lot, to the centimetre: no building hangs in the air.
    fn base(&self, lot: &Lot) -> f64 {
        let corners = [
            (-1.0, -1.0),
            (1.0, -1.0),
            (1.0, 1.0),
            (-1.0, 1.0),
            (0.0, 0.0),
        ];
        let lowest = corners
            .iter()
            .filter_map(|(a, b)| {
                self.ground
                    .height(lot.center.0 + a * lot.half.0, lot.center.1 + b * lot.half.1)
            })
            .fold(f64::MAX, f64::min);
        (lowest * 100.0).round() / 100.0
    }

    /// The largest right-angled footprint along the local street that stays in the bent lot;
    /// `notch` cuts that share of length and width from one corner.
    fn footprint(&self, lot: &Lot, notch: f64) -> Option<Vec<[f64; 2]>> {
        let [x, y] = self.warp.xy(lot.center.0, lot.center.1);
        let t = self.warp.tangents(lot.center.0, lot.center.1);
        let length = |a: [f64; 2]| a[0].hypot(a[1]);
        let (p, q) = (length(t.along_u), length(t.along_v));
        let sin = (t.along_u[0] * t.along_v[1] - t.along_u[1] * t.along_v[0]) / (p * q);
        let cos = (t.along_u[0] * t.along_v[0] + t.along_u[1] * t.along_v[1]) / (p * q);
        // The lot is a parallelogram; a rectangle along its first side fits if its half width is
        // the parallelogram's half height, and its half length gives way to the slant.
        let half_width = 0.97 * q * lot.half.1 * sin;
        let half_length = 0.97 * p * lot.half.0 - half_width * (cos / sin).abs();
        if half_length < 2.5 || half_width < 2.5 {
            return None;
        }
        let (ex, ey) = (t.along_u[0] / p, t.along_u[1] / p);
        let (a, b) = (half_length, half_width);
        let corner = |s: f64, r: f64| {
            // Millimetres, so that the files hold what was meant.
            let place = [x + s * ex - r * ey, y + s * ey + r * ex];
            place.map(|c| (c * 1000.0).round() / 1000.0)
        };
        let mut ring = vec![corner(-a, -b), corner(a, -b)];
        if notch > 0.0 {
            let (ca, cb) = (a - 2.0 * a * notch, b - 2.0 * b * notch);
            ring.extend([corner(a, cb), corner(ca, cb), corner(ca, b)]);
        } else {
            ring.push(corner(a, b));
        }
        ring.push(corner(-a, b));
        Some(ring)
    }
}

/// A block's ground for buildings [m].
#[derive(Clone, Copy, Debug)]
struct Inner {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl Inner {
    fn width(&self) -> f64 {
        self.east - self.west
    }

    fn height(&self) -> f64 {
        self.north - self.south
    }

    /// Lots of about `wanted` size in rows that fill the block, each `gap` clear of the next.
    fn lots(&self, wanted: (f64, f64), gap: (f64, f64)) -> Vec<Lot> {
        let count =
            |length: f64, size: f64, gap: f64| (((length + gap) / (size + gap)) as usize).max(1);
        let (n_u, n_v) = (
            count(self.width(), wanted.0, gap.0),
            count(self.height(), wanted.1, gap.1),
        );
        let pitch = (
            (self.width() + gap.0) / n_u as f64,
            (self.height() + gap.1) / n_v as f64,
        );
        // Wider pitches leave wider gaps, not wider houses.
        let half = (
            0.5 * (pitch.0 - gap.0).min(1.25 * wanted.0),
            0.5 * (pitch.1 - gap.1).min(1.25 * wanted.1),
        );
        let mut lots = Vec::with_capacity(n_u * n_v);
        for j in (0..n_v).rev() {
            for i in 0..n_u {
                let center = (
                    self.west + (i as f64 + 0.5) * pitch.0 - 0.5 * gap.0,
                    self.south + (j as f64 + 0.5) * pitch.1 - 0.5 * gap.1,
                );
                lots.push(Lot { center, half });
            }
        }
        lots
    }
}

fn shrink(lot: Lot, share: f64) -> Lot {
    Lot {
        half: (lot.half.0 * share, lot.half.1 * share),
        ..lot
    }
}

fn village(inner: &Inner, rng: &mut Rng) -> Vec<Draft> {
    // Houses stand close around the middle of the block; the rest is gardens and fields.
    let reach = (
        rng.range(0.5, 0.8) * inner.width().min(230.0),
        rng.range(0.5, 0.8) * inner.height().min(230.0),
    );
    let middle = (
        0.5 * (inner.west + inner.east) + rng.range(-0.1, 0.1) * inner.width(),
        0.5 * (inner.south + inner.north) + rng.range(-0.1, 0.1) * inner.height(),
    );
    let filled = rng.range(0.62, 0.85);
    inner
        .lots((12.0, 13.5), (3.0, 6.0))
        .into_iter()
        .filter_map(|lot| {
            let du = (lot.center.0 - middle.0) / (0.5 * reach.0);
            let dv = (lot.center.1 - middle.1) / (0.5 * reach.1);
            let stands = rng.chance(filled) && du * du + dv * dv < 1.15;
            let size = rng.range(0.82, 1.0);
            let floors = rng.whole(1, 4);
            let notch = if rng.chance(0.25) {
                rng.range(0.25, 0.45)
            } else {
                0.0
            };
            stands.then(|| Draft {
                lot: shrink(lot, size),
                notch,
                floors,
                use_: BuildingUse::VillageHouse,
                dwellings_per_floor: 1,
                suffix: "",
            })
        })
        .collect()
}

fn town_houses(inner: &Inner, rng: &mut Rng) -> Vec<Draft> {
    inner
        .lots((18.0, 17.0), (4.5, 9.0))
        .into_iter()
        .filter_map(|lot| {
            let stands = rng.chance(0.86);
            let size = rng.range(0.86, 1.0);
            let floors = rng.whole(3, 6);
            let shop = rng.chance(0.08);
            let notch = if rng.chance(0.2) {
                rng.range(0.2, 0.4)
            } else {
                0.0
            };
            stands.then(|| Draft {
                lot: shrink(lot, size),
                notch,
                floors,
                use_: if shop {
                    BuildingUse::Commercial
                } else {
                    BuildingUse::Residential
                },
                dwellings_per_floor: if shop { 0 } else { 1 },
                suffix: "",
            })
        })
        .collect()
}

fn rows(
    inner: &Inner,
    wanted: (f64, f64),
    gap: (f64, f64),
    floors: (u32, u32),
    per_floor: u32,
    rng: &mut Rng,
) -> Vec<Draft> {
    let usual = rng.whole(floors.0, floors.1);
    inner
        .lots(wanted, gap)
        .into_iter()
        .map(|lot| {
            let notch = if rng.chance(0.15) {
                rng.range(0.2, 0.35)
            } else {
                0.0
            };
            let here = if rng.chance(0.75) {
                usual
            } else {
                rng.whole(floors.0, floors.1)
            };
            Draft {
                lot,
                notch,
                floors: here,
                use_: BuildingUse::Residential,
                dwellings_per_floor: per_floor,
                suffix: "",
            }
        })
        .collect()
}

fn slabs(inner: &Inner, rng: &mut Rng) -> Vec<Draft> {
    let length = rng.range(34.0, 52.0);
    rows(inner, (length, 12.5), (10.0, 16.0), (6, 9), 4, rng)
}

fn named_estate(inner: &Inner, rng: &mut Rng) -> Vec<Draft> {
    rows(inner, (24.0, 12.0), (6.0, 11.0), (6, 8), 4, rng)
}

fn towers(inner: &Inner, rng: &mut Rng) -> Vec<Draft> {
    let (low, high) = if rng.chance(0.5) { (11, 18) } else { (18, 33) };
    rows(inner, (25.0, 21.0), (22.0, 24.0), (low, high), 4, rng)
}

fn commercial(inner: &Inner, rng: &mut Rng) -> Vec<Draft> {
    inner
        .lots((40.0, 34.0), (12.0, 12.0))
        .into_iter()
        .map(|lot| {
            let size = rng.range(0.8, 1.0);
            let floors = if rng.chance(0.25) {
                rng.whole(9, 26)
            } else {
                rng.whole(2, 7)
            };
            let notch = if rng.chance(0.4) {
                rng.range(0.25, 0.45)
            } else {
                0.0
            };
            Draft {
                lot: shrink(lot, size),
                notch,
                floors,
                use_: BuildingUse::Commercial,
                dwellings_per_floor: 0,
                suffix: "商厦",
            }
        })
        .collect()
}

fn industry(inner: &Inner, rng: &mut Rng) -> Vec<Draft> {
    let hall = (rng.range(48.0, 85.0), rng.range(28.0, 46.0));
    let mut lots = inner.lots(hall, (12.0, 12.0));
    // One lot in a compound of several is the workers' dormitory.
    let dormitory = (lots.len() >= 2 && rng.chance(0.5)).then(|| lots.len() - 1);
    if let Some(last) = dormitory {
        lots[last].half.1 = lots[last].half.1.min(7.5);
        lots[last].half.0 = lots[last].half.0.min(24.0);
    }
    lots.into_iter()
        .enumerate()
        .map(|(index, lot)| {
            let size = rng.range(0.88, 1.0);
            if dormitory == Some(index) {
                return Draft {
                    lot,
                    notch: 0.0,
                    floors: rng.whole(4, 6),
                    use_: BuildingUse::Residential,
                    dwellings_per_floor: 6,
                    suffix: "宿舍",
                };
            }
            Draft {
                lot: shrink(lot, size),
                notch: if rng.chance(0.2) {
                    rng.range(0.2, 0.4)
                } else {
                    0.0
                },
                floors: if rng.chance(0.7) { 1 } else { rng.whole(2, 4) },
                use_: BuildingUse::Industrial,
                dwellings_per_floor: 0,
                suffix: "厂房",
            }
        })
        .collect()
}

/// A few large buildings on one side of the block, open ground on the other.
fn campus(
    inner: &Inner,
    floors: (u32, u32),
    use_: BuildingUse,
    suffix: &'static str,
    rng: &mut Rng,
) -> Vec<Draft> {
    let built = Inner {
        north: inner.south + 0.62 * inner.height(),
        ..*inner
    };
    built
        .lots((44.0, 16.0), (10.0, 14.0))
        .into_iter()
        .take(6)
        .map(|lot| Draft {
            lot,
            notch: if rng.chance(0.4) {
                rng.range(0.3, 0.5)
            } else {
                0.0
            },
            floors: rng.whole(floors.0, floors.1),
            use_,
            dwellings_per_floor: 0,
            suffix,
        })
        .collect()
}

fn school(inner: &Inner, rng: &mut Rng) -> Vec<Draft> {
    campus(inner, (3, 5), BuildingUse::School, "教学楼", rng)
}

fn hospital(inner: &Inner, rng: &mut Rng) -> Vec<Draft> {
    campus(inner, (5, 14), BuildingUse::Hospital, "医疗楼", rng)
}

fn public(inner: &Inner, rng: &mut Rng) -> Vec<Draft> {
    campus(inner, (2, 6), BuildingUse::Public, "公共楼", rng)
}
