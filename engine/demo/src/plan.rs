//! What the city is like at each place of the sheet: water, dikes, hills, land use, density.
//!
//! All lengths are metres on the sheet (see [`crate::warp`]); heights are metres above the datum.

use crate::rng::smooth_noise;
use crate::warp::{SHEET_EAST, SHEET_NORTH};

/// West waterline of the main river.
pub(crate) const RIVER_WEST: f64 = 9800.0;
/// East waterline of the main river, beyond the district.
pub(crate) const RIVER_EAST: f64 = 10_440.0;
/// South waterline of the northern channel.
pub(crate) const CHANNEL_SOUTH: f64 = 10_640.0;
/// North waterline of the northern channel, beyond the district.
pub(crate) const CHANNEL_NORTH: f64 = 10_900.0;
/// Waterlines of the tidal Lile river, south and north.
pub(crate) const LILE: (f64, f64) = (2920.0, 3080.0);
/// Where the street of the south meets the two streets of the north; also the raised trunk road.
pub(crate) const SOUTH_BORDER: i32 = 4300;
/// Where the two northern streets meet.
pub(crate) const WEST_BORDER: i32 = 3800;
/// Foot of the river dike: land ends here, and water grids begin.
pub(crate) const DIKE_FOOT: i32 = 9780;

/// The modelled ground ends here: east and north behind the far banks, elsewhere at the district.
const GROUND_EAST: f64 = 10_520.0;
const GROUND_NORTH: f64 = 10_980.0;
/// How far rivers are modelled beyond the district where they enter and leave.
pub(crate) const RIVER_REACH: f64 = 250.0;

/// A line of raised earth, straight on the sheet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dike {
    /// Chinese and English name.
    pub(crate) name: (&'static str, &'static str),
    /// True for a line of constant u, false for one of constant v.
    pub(crate) northward: bool,
    /// The constant coordinate.
    pub(crate) at: f64,
    /// Range of the other coordinate.
    pub(crate) from: f64,
    /// End of the range.
    pub(crate) to: f64,
    /// Height of the crest above the datum.
    pub(crate) crest: f64,
    /// Half the width of the crest.
    pub(crate) half_crest: f64,
    /// False for embankments inside the polders, which canals pass through.
    pub(crate) keeps_sea_out: bool,
}

const fn dike(
    name: (&'static str, &'static str),
    northward: bool,
    at: f64,
    range: (f64, f64),
    crest: f64,
) -> Dike {
    Dike {
        name,
        northward,
        at,
        from: range.0,
        to: range.1,
        crest,
        half_crest: 6.0,
        keeps_sea_out: true,
    }
}

const fn embankment(
    name: (&'static str, &'static str),
    northward: bool,
    at: f64,
    range: (f64, f64),
    crest: f64,
    half_crest: f64,
) -> Dike {
    Dike {
        name,
        northward,
        at,
        from: range.0,
        to: range.1,
        crest,
        half_crest,
        keeps_sea_out: false,
    }
}

/// Dikes and embankments.
pub(crate) const DIKES: [Dike; 11] = [
    dike(
        ("外海大堤", "Waihai dike"),
        true,
        9760.0,
        (3110.0, 10_600.0),
        5.2,
    ),
    dike(
        ("礼东围大堤", "Lidong dike"),
        true,
        9760.0,
        (-400.0, 2890.0),
        4.6,
    ),
    dike(
        ("北街水道南堤", "North channel dike"),
        false,
        10_600.0,
        (-400.0, 9760.0),
        4.8,
    ),
    dike(
        ("礼乐河北堤", "Lile north dike"),
        false,
        3110.0,
        (-400.0, 9760.0),
        4.4,
    ),
    dike(
        ("礼乐河南堤", "Lile south dike"),
        false,
        2890.0,
        (-400.0, 9760.0),
        4.2,
    ),
    dike(
        ("东岸堤", "East bank dike"),
        true,
        10_480.0,
        (-400.0, 11_500.0),
        6.5,
    ),
    dike(
        ("北岸堤", "North bank dike"),
        false,
        10_940.0,
        (-400.0, 9760.0),
        6.5,
    ),
    dike(
        ("北岸东堤", "North bank river dike"),
        true,
        9760.0,
        (10_940.0, 11_500.0),
        6.5,
    ),
    embankment(
        ("五邑路堤", "Wuyi road embankment"),
        false,
        4300.0,
        (0.0, 9760.0),
        3.4,
        18.0,
    ),
    embankment(
        ("中隔堤", "Middle inner dike"),
        true,
        5200.0,
        (0.0, 2890.0),
        2.6,
        5.0,
    ),
    embankment(
        ("东隔堤", "East inner dike"),
        true,
        7600.0,
        (0.0, 2890.0),
        2.3,
        5.0,
    ),
];

/// A stretch of a dike that is lower than the rest.
pub(crate) struct LowStretch {
    /// Position in [`DIKES`].
    pub(crate) dike: usize,
    /// Range along the dike.
    pub(crate) from: f64,
    /// End of the range.
    pub(crate) to: f64,
    /// Height of the crest there.
    pub(crate) crest: f64,
    /// True for a gate that stands open: a gap without a ramp.
    pub(crate) open_gate: bool,
    /// Chinese and English name.
    pub(crate) name: (&'static str, &'static str),
}

/// Two dikes are lower than their design on a stretch, and one gate stands open. The highest
/// astronomical tide at Macau, 1.44 m above mean sea level, stays below the low stretches.
pub(crate) const LOW_STRETCHES: [LowStretch; 3] = [
    LowStretch {
        dike: 0,
        from: 6950.0,
        to: 7550.0,
        crest: 1.95,
        open_gate: false,
        name: ("外海大堤低段", "low stretch of the Waihai dike"),
    },
    LowStretch {
        dike: 3,
        from: 2600.0,
        to: 3900.0,
        crest: 1.75,
        open_gate: false,
        name: ("礼乐河北堤低段", "low stretch of the Lile north dike"),
    },
    LowStretch {
        dike: 4,
        from: 8410.0,
        to: 8430.0,
        crest: 1.10,
        open_gate: true,
        name: ("礼乐河南堤缺口", "gap in the Lile south dike"),
    },
];

impl Dike {
    /// Height of the crest at a place along the dike.
    fn crest_at(&self, index: usize, along: f64) -> f64 {
        let mut crest = self.crest;
        for low in LOW_STRETCHES.iter().filter(|low| low.dike == index) {
            let outside = (low.from - along).max(along - low.to).max(0.0);
            let raised = low.crest + (self.crest - low.crest) * (outside / low.ramp()).min(1.0);
            crest = crest.min(raised);
        }
        crest
    }

    /// Surface of the dike's body at a place; `None` beside its ends.
    fn surface(&self, index: usize, u: f64, v: f64, stretch: f64) -> Option<f64> {
        let (across, along) = if self.northward { (u, v) } else { (v, u) };
        let beyond = (self.from - along).max(along - self.to);
        let from_line = (across - self.at).abs();
        if beyond > self.half_crest || from_line > 120.0 {
            return None;
        }
        let from_crest = (from_line * stretch - self.half_crest).max(0.0);
        // Slopes of 1:4, on the gentle side of what earth dikes have, so that a 5 m cell sees them.
        Some(self.crest_at(index, along) - 0.25 * from_crest)
    }
}

/// A stretch of a dike of one crest height.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DikePiece {
    /// Chinese and English name.
    pub(crate) name: (&'static str, &'static str),
    /// True for a line of constant u.
    pub(crate) northward: bool,
    /// The constant coordinate.
    pub(crate) at: f64,
    /// Range of the other coordinate, on the modelled ground.
    pub(crate) from: f64,
    /// End of the range.
    pub(crate) to: f64,
    /// Height of the crest above the datum.
    pub(crate) crest: f64,
    /// Half the width of the crest.
    pub(crate) half_crest: f64,
    /// dike, embankment or gate.
    pub(crate) kind: &'static str,
}

/// All dikes, cut where their crest changes.
pub(crate) fn dike_pieces() -> Vec<DikePiece> {
    let mut pieces = Vec::new();
    for (index, dike) in DIKES.iter().enumerate() {
        let end = if dike.northward {
            f64::from(SHEET_NORTH) + 180.0 + RIVER_REACH
        } else {
            f64::from(SHEET_EAST)
        };
        let kind = if dike.keeps_sea_out {
            "dike"
        } else {
            "embankment"
        };
        let (first, last) = (dike.from.max(-RIVER_REACH), dike.to.min(end));
        let piece = |from: f64, to: f64, crest: f64, name, kind| DikePiece {
            name,
            northward: dike.northward,
            at: dike.at,
            from,
            to,
            crest,
            half_crest: dike.half_crest,
            kind,
        };
        let mut from = first;
        for low in LOW_STRETCHES.iter().filter(|low| low.dike == index) {
            pieces.push(piece(from, low.from, dike.crest, dike.name, kind));
            let low_kind = if low.open_gate { "gate" } else { kind };
            pieces.push(piece(low.from, low.to, low.crest, low.name, low_kind));
            from = low.to;
        }
        pieces.push(piece(from, last, dike.crest, dike.name, kind));
    }
    pieces
}

impl LowStretch {
    /// Length over which the crest falls at either end.
    fn ramp(&self) -> f64 {
        if self.open_gate { 6.0 } else { 40.0 }
    }
}

/// Middles of the gaps that open gates leave in dikes.
pub(crate) fn open_gates() -> Vec<(f64, f64)> {
    let gaps = LOW_STRETCHES.iter().filter(|low| low.open_gate);
    gaps.map(|low| {
        let (across, along) = (DIKES[low.dike].at, 0.5 * (low.from + low.to));
        if DIKES[low.dike].northward {
            (across, along)
        } else {
            (along, across)
        }
    })
    .collect()
}

/// Height to which the dike whose line runs through a place was designed.
pub(crate) fn design_crest(u: f64, v: f64) -> Option<f64> {
    let on_line = |dike: &&Dike| {
        let (across, along) = if dike.northward { (u, v) } else { (v, u) };
        dike.keeps_sea_out && across == dike.at && (dike.from..=dike.to).contains(&along)
    };
    DIKES.iter().find(on_line).map(|dike| dike.crest)
}

/// Highest dike surface at a place among those that keep the sea out, or those that do not.
pub(crate) fn dike_surface(u: f64, v: f64, stretch: f64, keeps_sea_out: bool) -> f64 {
    DIKES
        .iter()
        .enumerate()
        .filter(|(_, dike)| dike.keeps_sea_out == keeps_sea_out)
        .filter_map(|(index, dike)| dike.surface(index, u, v, stretch))
        .fold(f64::NEG_INFINITY, f64::max)
}

/// True within 30 m of a dike's crest line or 12 m of an embankment's crest.
pub(crate) fn on_dike(u: f64, v: f64) -> bool {
    DIKES.iter().any(|dike| {
        let (across, along) = if dike.northward { (u, v) } else { (v, u) };
        let half = if dike.keeps_sea_out {
            32.0
        } else {
            dike.half_crest + 14.0
        };
        (dike.from..=dike.to).contains(&along) && (across - dike.at).abs() < half
    })
}

/// Bed of the rivers at a place, `None` on land.
pub(crate) fn river_bed(u: f64, v: f64, seed: u64) -> Option<f64> {
    let from_bank = |x: f64, low: f64, high: f64| (x - low).min(high - x);
    let main = from_bank(u, RIVER_WEST, RIVER_EAST);
    let north = from_bank(v, CHANNEL_SOUTH, CHANNEL_NORTH);
    let lile = from_bank(v, LILE.0, LILE.1);
    let west_of_river = u < 0.5 * (RIVER_WEST + RIVER_EAST);
    let dig = |inside: f64, depth: f64, slope: f64| 0.2 - (inside * slope).min(depth + 0.2);
    let mut bed: Option<f64> = None;
    let mut take = |z: f64| bed = Some(bed.map_or(z, |b: f64| b.min(z)));
    if main > 0.0 {
        let shoal = 1.4 * smooth_noise(u / 260.0, v / 700.0, seed ^ 11);
        take(dig(main, 8.0 + shoal, 0.09));
    }
    if north > 0.0 && west_of_river {
        take(dig(north, 5.0, 0.10));
    }
    if lile > 0.0 && west_of_river {
        take(dig(lile, 4.2, 0.13));
    }
    bed
}

/// True where the ground is modelled: the district, the far banks, and the rivers a little beyond.
pub(crate) fn is_modelled(u: f64, v: f64) -> bool {
    let in_river = u > DIKES[0].at - 25.0 && u < GROUND_EAST;
    let (north, lile) = (
        v > DIKES[2].at - 25.0 && v < GROUND_NORTH,
        v > DIKES[4].at - 25.0 && v < DIKES[3].at + 25.0,
    );
    let along = -RIVER_REACH..=f64::from(SHEET_NORTH) + 180.0 + RIVER_REACH;
    let inside = (0.0..=GROUND_EAST).contains(&u) && (0.0..=GROUND_NORTH).contains(&v);
    inside
        || (in_river && along.contains(&v))
        || ((north || lile) && (-RIVER_REACH..=GROUND_EAST).contains(&u))
}

struct Bump {
    center: (f64, f64),
    radius: (f64, f64),
    height: f64,
}

const fn bump(center: (f64, f64), radius: (f64, f64), height: f64) -> Bump {
    Bump {
        center,
        radius,
        height,
    }
}

impl Bump {
    fn at(&self, u: f64, v: f64) -> f64 {
        let (x, y) = (
            (u - self.center.0) / self.radius.0,
            (v - self.center.1) / self.radius.1,
        );
        self.height * (-(x * x + y * y)).exp()
    }
}

/// Town centres: the old core in the north-west, the towns of Waihai and Lile, two new quarters.
const TOWNS: [Bump; 6] = [
    bump((2000.0, 8700.0), (1900.0, 1600.0), 1.15),
    bump((7500.0, 8800.0), (1300.0, 1100.0), 0.8),
    bump((4500.0, 2150.0), (900.0, 620.0), 0.75),
    bump((6000.0, 7300.0), (1500.0, 700.0), 0.5),
    bump((1700.0, 6300.0), (1100.0, 700.0), 0.55),
    bump((2200.0, 3700.0), (1000.0, 450.0), 0.45),
];

/// How urban a place is, 0 (fields) to 1 (city centre).
pub(crate) fn urbanity(u: f64, v: f64) -> f64 {
    let town: f64 = TOWNS.iter().map(|town| town.at(u, v)).sum();
    town.min(1.0) * (1.0 - hill_share(u, v))
}

/// Industrial land: (west, south, east, north).
const INDUSTRY: [(f64, f64, f64, f64); 4] = [
    (4300.0, 4420.0, 9000.0, 6500.0),
    (500.0, 4420.0, 3300.0, 5500.0),
    (6200.0, 3250.0, 9300.0, 4120.0),
    (7900.0, 6900.0, 9500.0, 7800.0),
];

/// Number of industrial areas.
pub(crate) const N_INDUSTRIAL_AREAS: usize = INDUSTRY.len();

/// The industrial area of a place, if any.
pub(crate) fn industrial_area(u: f64, v: f64) -> Option<usize> {
    INDUSTRY
        .iter()
        .position(|&(w, s, e, n)| (w..e).contains(&u) && (s..n).contains(&v))
}

/// True on industrial land.
pub(crate) fn is_industrial(u: f64, v: f64) -> bool {
    industrial_area(u, v).is_some()
}

/// Hills: centre, radius where they meet the plain, height of the top above it.
const HILLS: [((f64, f64), f64, f64); 2] = [
    ((4450.0, 8900.0), 1000.0, 122.0),
    ((750.0, 7050.0), 640.0, 70.0),
];

/// Height of the hills above the plain.
pub(crate) fn hill_height(u: f64, v: f64, seed: u64) -> f64 {
    HILLS
        .iter()
        .map(|&((cu, cv), radius, height)| {
            let ragged = 1.0
                + 0.20 * smooth_noise(u / 420.0, v / 420.0, seed ^ 21)
                + 0.07 * smooth_noise(u / 140.0, v / 140.0, seed ^ 22);
            let t = ((u - cu).hypot(v - cv) / (radius * ragged)).min(1.0);
            let spur = 1.0 + 0.18 * smooth_noise(u / 230.0, v / 230.0, seed ^ 23);
            height * spur * (1.0 - t * t).powi(2)
        })
        .sum()
}

/// 1 on hills, 0 on the plain, by the hills' mean outline (a density, not the terrain).
fn hill_share(u: f64, v: f64) -> f64 {
    HILLS
        .iter()
        .map(|&((cu, cv), radius, _)| {
            let t = (u - cu).hypot(v - cv) / radius;
            ((1.05 - t) / 0.2).clamp(0.0, 1.0)
        })
        .fold(0.0, f64::max)
}

/// True where the plain gives way to a hill.
pub(crate) fn on_hill(u: f64, v: f64) -> bool {
    hill_share(u, v) > 0.5
}

/// True on open water of rivers, between the waterlines.
pub(crate) fn in_river(u: f64, v: f64) -> bool {
    u > RIVER_WEST || v > CHANNEL_SOUTH || (v > LILE.0 && v < LILE.1)
}

/// Smallest units of governance wanted per km² of sheet.
pub(crate) fn unit_density(u: f64, v: f64) -> f64 {
    if in_river(u, v) {
        return 0.8;
    }
    let hill = hill_share(u, v);
    let land = if is_industrial(u, v) {
        17.0
    } else {
        let town = urbanity(u, v);
        13.0 + 78.0 * town * town.sqrt()
    };
    land * (1.0 - hill) + 2.0 * hill
}

/// Ground of the plain without hills, canals, roads and ponds.
pub(crate) fn plain(u: f64, v: f64, seed: u64) -> f64 {
    let step = |x: f64, from: f64, to: f64| {
        let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
        t * t * (3.0 - 2.0 * t)
    };
    let wide = smooth_noise(u / 1150.0, v / 1150.0, seed ^ 31);
    let fine = smooth_noise(u / 310.0, v / 310.0, seed ^ 32);
    let south = 0.95 + 0.30 * wide;
    let middle = 2.15 + 0.35 * wide;
    let north = 3.0 + 0.45 * wide + 0.9 * urbanity(u, v);
    let east_polder = 1.25 + 0.25 * wide;
    let mut z = south + (middle - south) * step(v, 4150.0, 4700.0);
    z += (north - z) * step(v, 6100.0, 7000.0);
    let lowland = step(u, 8250.0, 8750.0) * step(v, 4300.0, 4500.0) * (1.0 - 0.45 * urbanity(u, v));
    z += (east_polder - z) * lowland;
    let lile_town = TOWNS[2].at(u, v) + TOWNS[5].at(u, v);
    z + 0.5 * lile_town + 0.14 * fine
}

/// True on the sheet's district.
pub(crate) fn in_district(u: f64, v: f64) -> bool {
    (0.0..=f64::from(SHEET_EAST)).contains(&u) && (0.0..=f64::from(SHEET_NORTH)).contains(&v)
}

/// A strip of water across a river where the model begins or ends.
pub(crate) struct Strip {
    /// Code of the feature.
    pub(crate) code: &'static str,
    /// File within the twin's folder.
    pub(crate) path: &'static str,
    /// Chinese and English name.
    pub(crate) name: (&'static str, &'static str),
    /// sea or inflow.
    pub(crate) kind: &'static str,
    /// West, south, east, north.
    pub(crate) extent: (f64, f64, f64, f64),
}

/// Width of the strips: two of the coarsest cells in use.
const STRIP: f64 = 100.0;

/// Where rivers leave to the sea, and where the main river comes in.
pub(crate) fn boundary_strips() -> [Strip; 4] {
    let north_end = f64::from(SHEET_NORTH) + 180.0 + RIVER_REACH;
    [
        Strip {
            code: "sea-1",
            path: "boundary/river_south.geojson",
            name: ("西江出口", "main river, southern end"),
            kind: "sea",
            extent: (RIVER_WEST, -RIVER_REACH, RIVER_EAST, STRIP - RIVER_REACH),
        },
        Strip {
            code: "sea-2",
            path: "boundary/lile_west.geojson",
            name: ("礼乐河西口", "Lile river, western end"),
            kind: "sea",
            extent: (-RIVER_REACH, LILE.0, STRIP - RIVER_REACH, LILE.1),
        },
        Strip {
            code: "sea-3",
            path: "boundary/channel_west.geojson",
            name: ("北街水道西口", "northern channel, western end"),
            kind: "sea",
            extent: (
                -RIVER_REACH,
                CHANNEL_SOUTH,
                STRIP - RIVER_REACH,
                CHANNEL_NORTH,
            ),
        },
        Strip {
            code: "inflow-1",
            path: "boundary/river_north.geojson",
            name: ("西江来水", "main river, northern end"),
            kind: "inflow",
            extent: (RIVER_WEST, north_end - STRIP, RIVER_EAST, north_end),
        },
    ]
}
