//! What each smallest unit is used for, and the lines (roads, canals) between units.

use crate::partition::{Cut, Level, Partition};
use crate::plan;
use crate::rng::{Rng, smooth_noise};
use crate::warp::Warp;

/// Use of a unit's ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LandUse {
    /// River, channel.
    Water,
    /// Wooded hill.
    Hill,
    /// Fields, orchards.
    Farm,
    /// Fish ponds between bunds.
    Ponds,
    /// Old village of low houses.
    Village,
    /// Low town houses, three to six floors.
    TownHouses,
    /// Estate of slab blocks, six to nine floors.
    Slabs,
    /// Estate of towers, eleven to thirty-three floors.
    Towers,
    /// Shops, offices, markets.
    Commercial,
    /// Factories and dormitories.
    Industry,
    /// A school.
    School,
    /// A hospital.
    Hospital,
    /// Town hall, library, stadium.
    Public,
    /// Public garden.
    Garden,
}

impl LandUse {
    /// True where people live in the buildings.
    pub(crate) fn is_urban(self) -> bool {
        matches!(
            self,
            Self::TownHouses
                | Self::Slabs
                | Self::Towers
                | Self::Commercial
                | Self::School
                | Self::Hospital
                | Self::Public
                | Self::Garden
        )
    }

    /// Name in the data.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Water => "water",
            Self::Hill => "hill",
            Self::Farm => "farm",
            Self::Ponds => "fish_ponds",
            Self::Village => "village",
            Self::TownHouses => "town_houses",
            Self::Slabs => "estate",
            Self::Towers => "tower_estate",
            Self::Commercial => "commercial",
            Self::Industry => "industry",
            Self::School => "school",
            Self::Hospital => "hospital",
            Self::Public => "public",
            Self::Garden => "garden",
        }
    }

    /// Manning's roughness n [s m⁻¹ᐟ³].
    ///
    /// Source: Chow (1959), Open-Channel Hydraulics, table 5-6: field crops 0.040, light brush
    /// 0.06; built-up blocks as in common flood models, 0.05 to 0.06.
    pub(crate) fn manning(self) -> f32 {
        match self {
            Self::Water => 0.025,
            Self::Ponds => 0.030,
            Self::Farm | Self::Garden => 0.040,
            Self::Hill => 0.080,
            Self::Village | Self::TownHouses => 0.060,
            _ => 0.050,
        }
    }
}

/// Unit with the estate 翠园里, in the community that is closest to the old core.
pub(crate) const NAMED_ESTATE: &str = "翠园里";

/// Land use of every unit.
pub(crate) fn assign(partition: &Partition, named_estate: usize, seed: u64) -> Vec<LandUse> {
    let mut uses: Vec<LandUse> = partition
        .units
        .iter()
        .enumerate()
        .map(|(index, unit)| {
            let (u, v) = unit.block.center();
            let mut rng = Rng::new(seed, 0x1000 + index as u64);
            let size = unit.block.width().min(unit.block.height());
            use_at(u, v, size, &mut rng, seed)
        })
        .collect();
    uses[named_estate] = LandUse::Slabs;
    spread(partition, &mut uses, LandUse::School, 14, 1, seed);
    spread(partition, &mut uses, LandUse::Hospital, 48, 7, seed);
    spread(partition, &mut uses, LandUse::Public, 40, 3, seed);
    uses[named_estate] = LandUse::Slabs;
    uses
}

fn use_at(u: f64, v: f64, size: i32, rng: &mut Rng, seed: u64) -> LandUse {
    if plan::in_river(u, v) {
        return LandUse::Water;
    }
    if plan::on_hill(u, v) {
        return LandUse::Hill;
    }
    if plan::is_industrial(u, v) {
        return if rng.chance(0.94) {
            LandUse::Industry
        } else {
            LandUse::Garden
        };
    }
    let town = plan::urbanity(u, v);
    if town < 0.22 {
        let watery =
            smooth_noise(u / 900.0, v / 900.0, seed ^ 41) + if v < 2700.0 { 0.55 } else { -0.35 };
        let near_village = smooth_noise(u / 420.0, v / 420.0, seed ^ 42);
        return if near_village > 0.38 && size >= 80 {
            LandUse::Village
        } else if watery > 0.35 {
            LandUse::Ponds
        } else {
            LandUse::Farm
        };
    }
    if town < 0.36 && rng.chance(0.3) {
        return LandUse::Village;
    }
    let towers = 0.08 + 0.16 * town + if town < 0.7 { 0.08 } else { 0.0 };
    let draw = rng.unit();
    if size >= 90 && draw < towers {
        LandUse::Towers
    } else if draw < towers + 0.34 {
        LandUse::Slabs
    } else if draw < towers + 0.34 + 0.06 + 0.08 * town {
        LandUse::Commercial
    } else if draw < towers + 0.34 + 0.11 + 0.08 * town {
        LandUse::Garden
    } else {
        LandUse::TownHouses
    }
}

/// Gives every `every`-th lived-in unit another use, so that such places are spread like people.
fn spread(
    partition: &Partition,
    uses: &mut [LandUse],
    to: LandUse,
    every: usize,
    offset: usize,
    seed: u64,
) {
    let mut rng = Rng::new(seed, 0x2000 + every as u64);
    let mut seen = offset;
    for (unit, use_) in partition.units.iter().zip(uses) {
        let block = unit.block;
        let large_enough = block.width().min(block.height()) >= 80;
        let lived_in = matches!(
            *use_,
            LandUse::TownHouses | LandUse::Slabs | LandUse::Towers | LandUse::Village
        );
        if !(lived_in && large_enough) {
            continue;
        }
        seen += 1;
        if seen.is_multiple_of(every) && rng.chance(0.95) {
            *use_ = to;
        }
    }
}

/// Class of a road.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RoadClass {
    /// Between streets.
    Trunk,
    /// Between villages and communities.
    Primary,
    /// Between grids.
    Secondary,
    /// Between urban units.
    Residential,
    /// Between fields.
    Track,
}

impl RoadClass {
    /// Name in the data, as OpenStreetMap uses it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Trunk => "trunk",
            Self::Primary => "primary",
            Self::Secondary => "secondary",
            Self::Residential => "residential",
            Self::Track => "track",
        }
    }

    /// Width between the kerbs [m].
    pub(crate) fn width(self) -> f64 {
        match self {
            Self::Trunk => 32.0,
            Self::Primary => 22.0,
            Self::Secondary => 13.0,
            Self::Residential => 7.0,
            Self::Track => 4.5,
        }
    }

    /// Height of the roadway above the plain [m]; city streets lie in the plain.
    fn raise(self, urban: bool) -> f64 {
        match (self, urban) {
            (Self::Trunk, _) => 0.50,
            (Self::Primary, false) => 0.40,
            (Self::Primary, true) => 0.15,
            (Self::Secondary, false) => 0.30,
            (Self::Track, _) => 0.15,
            _ => 0.0,
        }
    }
}

/// What runs along a stretch of a cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum LineKind {
    /// A road.
    Road(RoadClass),
    /// A canal (涌) of the given width [m].
    Canal(f64),
}

/// A side of a line: towards lesser or greater coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// West of a northward line, south of another.
    Low,
    /// East of a northward line, north of another.
    High,
}

/// Where a line runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// Along a cut, or on from one.
    Cut,
    /// Beside the canal of a cut.
    Bank(Side),
    /// Along the foot of a dike; the road's name.
    Levee(&'static str),
    /// Over the Lile river.
    RiverBridge,
}

/// A road or a canal, straight on the sheet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line {
    /// Road or canal.
    pub(crate) kind: LineKind,
    /// Where it runs.
    pub(crate) course: Course,
    /// Position of the cut in the partition that it follows or comes from.
    pub(crate) cut: usize,
    /// True for a line of constant u.
    pub(crate) northward: bool,
    /// The constant coordinate [m].
    pub(crate) at: i32,
    /// Start along the line [m].
    pub(crate) from: i32,
    /// End along the line [m].
    pub(crate) to: i32,
}

impl Line {
    /// Place on the sheet at a distance along the line.
    pub(crate) fn place(&self, along: f64) -> (f64, f64) {
        let across = f64::from(self.at);
        if self.northward {
            (across, along)
        } else {
            (along, across)
        }
    }
}

/// Roads and canals along the cuts, without the parts where nothing can run; not yet joined.
pub(crate) fn lines(partition: &Partition, seed: u64) -> Vec<Line> {
    let mut lines = Vec::new();
    for (index, cut) in partition.cuts.iter().enumerate() {
        let mut rng = Rng::new(seed, 0x3000_0000 + index as u64);
        if let Some(kind) = kind_of(cut, &mut rng) {
            push_usable(cut, index, kind, &mut lines);
        }
    }
    lines
}

fn kind_of(cut: &Cut, rng: &mut Rng) -> Option<LineKind> {
    let middle = 0.5 * f64::from(cut.from + cut.to);
    let across = f64::from(cut.at);
    let (u, v) = if cut.northward {
        (across, middle)
    } else {
        (middle, across)
    };
    let town = plan::urbanity(u, v);
    let long = cut.to - cut.from >= 500;
    let industrial = plan::is_industrial(u, v);
    match cut.level {
        Level::Street => Some(LineKind::Road(RoadClass::Trunk)),
        Level::Village if long && rng.chance(if town > 0.5 { 0.22 } else { 0.45 }) => {
            Some(LineKind::Canal(24.0))
        }
        Level::Village => Some(LineKind::Road(RoadClass::Primary)),
        Level::Grid if long && town < 0.4 && rng.chance(0.35) => Some(LineKind::Canal(14.0)),
        Level::Grid => Some(LineKind::Road(RoadClass::Secondary)),
        Level::Unit if town > 0.2 || industrial => Some(LineKind::Road(RoadClass::Residential)),
        Level::Unit if rng.chance(0.5) => Some(LineKind::Road(RoadClass::Track)),
        Level::Unit => None,
    }
}

/// Step along a line at which it is asked whether it may be there [m].
const STEP: i32 = 10;

fn push_usable(cut: &Cut, index: usize, kind: LineKind, out: &mut Vec<Line>) {
    let line = Line {
        kind,
        course: Course::Cut,
        cut: index,
        northward: cut.northward,
        at: cut.at,
        from: cut.from,
        to: cut.to,
    };
    let canal = matches!(kind, LineKind::Canal(_));
    let fits = |along: i32| {
        let (u, v) = line.place(f64::from(along) + 0.5 * f64::from(STEP));
        let far_water = u > f64::from(plan::DIKE_FOOT) - 20.0 || v > plan::CHANNEL_SOUTH - 40.0;
        let on_lile = v > plan::LILE.0 - 40.0 && v < plan::LILE.1 + 40.0;
        let in_the_way = far_water || plan::on_hill(u, v) || on_lile;
        // In the old core a canal runs under its road.
        let covered = canal && plan::urbanity(u, v) > 0.97;
        match (in_the_way, covered) {
            (true, _) => None,
            (false, true) => Some(LineKind::Road(RoadClass::Primary)),
            (false, false) => Some(kind),
        }
    };
    let mut start: Option<(i32, LineKind)> = None;
    let mut along = cut.from;
    while along < cut.to {
        let here = fits(along);
        if let Some((from, kind)) = start.filter(|(_, kind)| Some(*kind) != here) {
            push_long(Line { kind, ..line }, from, along, out);
            start = None;
        }
        start = start.or(here.map(|kind| (along, kind)));
        along += STEP;
    }
    if let Some((from, kind)) = start {
        push_long(Line { kind, ..line }, from, cut.to, out);
    }
}

fn push_long(line: Line, from: i32, to: i32, out: &mut Vec<Line>) {
    if to - from >= 40 {
        out.push(Line { from, to, ..line });
    }
}

/// Cell of the sheet's raster [m].
const CELL: f64 = 5.0;
/// Farthest distance from a line's edge that matters to the ground [m].
const REACH: f64 = 24.0;

/// Lines painted on a raster of the sheet: distances and road heights.
pub(crate) struct Painted {
    n_cols: usize,
    n_rows: usize,
    /// Distance from the nearest canal's edge, negative inside [m].
    canal_gap: Vec<f32>,
    /// Distance from the nearest road's edge, negative on it [m].
    road_gap: Vec<f32>,
    /// Height that roads add [m].
    raise: Vec<f32>,
    /// Unit at each cell.
    unit: Vec<u16>,
}

impl Painted {
    /// Paints all lines and the units' numbers.
    pub(crate) fn new(partition: &Partition, lines: &[Line], warp: &Warp) -> Self {
        let n_cols = (f64::from(crate::warp::SHEET_EAST) / CELL) as usize;
        let n_rows = (f64::from(crate::warp::SHEET_NORTH) / CELL) as usize;
        let n = n_cols * n_rows;
        let mut painted = Self {
            n_cols,
            n_rows,
            canal_gap: vec![REACH as f32; n],
            road_gap: vec![REACH as f32; n],
            raise: vec![0.0; n],
            unit: vec![0; n],
        };
        for (index, unit) in partition.units.iter().enumerate() {
            let b = unit.block;
            for row in (b.south as usize / 5)..(b.north as usize / 5) {
                let cells = row * n_cols + b.west as usize / 5..row * n_cols + b.east as usize / 5;
                painted.unit[cells].fill(index as u16);
            }
        }
        for line in lines {
            painted.paint(line, warp);
        }
        painted
    }

    fn paint(&mut self, line: &Line, warp: &Warp) {
        let middle = line.place(0.5 * f64::from(line.from + line.to));
        let stretch = warp.stretch(middle.0, middle.1);
        let urban = plan::urbanity(middle.0, middle.1) > 0.3;
        let half = match line.kind {
            LineKind::Road(class) => 0.5 * class.width(),
            LineKind::Canal(width) => 0.5 * width,
        };
        let reach = ((half + REACH) / stretch / CELL).ceil() as i64;
        let at = (f64::from(line.at) / CELL) as i64;
        let (across_end, along_end) = if line.northward {
            (self.n_cols as i64, self.n_rows as i64)
        } else {
            (self.n_rows as i64, self.n_cols as i64)
        };
        let along_cells =
            (i64::from(line.from) / 5).max(0)..(i64::from(line.to) / 5).min(along_end);
        for across in (at - reach).max(0)..(at + reach).min(across_end) {
            let from_line = ((across as f64 + 0.5) * CELL - f64::from(line.at)).abs() * stretch;
            let gap = (from_line - half) as f32;
            for along in along_cells.clone() {
                let cell = if line.northward {
                    along as usize * self.n_cols + across as usize
                } else {
                    across as usize * self.n_cols + along as usize
                };
                match line.kind {
                    LineKind::Canal(_) => self.canal_gap[cell] = self.canal_gap[cell].min(gap),
                    LineKind::Road(class) => {
                        self.road_gap[cell] = self.road_gap[cell].min(gap);
                        let shoulder = (1.0 - f64::from(gap.max(0.0)) / 8.0).max(0.0);
                        let raise = (class.raise(urban) * shoulder) as f32;
                        self.raise[cell] = self.raise[cell].max(raise);
                    }
                }
            }
        }
    }

    fn blend(&self, values: &[f32], u: f64, v: f64) -> f64 {
        let x = (u / CELL - 0.5).clamp(0.0, (self.n_cols - 1) as f64 - 1e-6);
        let y = (v / CELL - 0.5).clamp(0.0, (self.n_rows - 1) as f64 - 1e-6);
        let (i, j) = (x as usize, y as usize);
        let (fx, fy) = (x - i as f64, y - j as f64);
        let at = |di: usize, dj: usize| {
            let col = (i + di).min(self.n_cols - 1);
            let row = (j + dj).min(self.n_rows - 1);
            f64::from(values[row * self.n_cols + col])
        };
        let south = at(0, 0) + (at(1, 0) - at(0, 0)) * fx;
        let north = at(0, 1) + (at(1, 1) - at(0, 1)) * fx;
        south + (north - south) * fy
    }

    /// Distance from the nearest canal's edge, negative inside, at most some 24 m.
    pub(crate) fn canal_gap(&self, u: f64, v: f64) -> f64 {
        self.blend(&self.canal_gap, u, v)
    }

    /// Distance from the nearest road's edge, negative on it, at most some 24 m.
    pub(crate) fn road_gap(&self, u: f64, v: f64) -> f64 {
        self.blend(&self.road_gap, u, v)
    }

    /// Height that roads add to the ground [m].
    pub(crate) fn raise(&self, u: f64, v: f64) -> f64 {
        self.blend(&self.raise, u, v)
    }

    /// The unit at a place of the district.
    pub(crate) fn unit(&self, u: f64, v: f64) -> usize {
        let col = ((u / CELL) as usize).min(self.n_cols - 1);
        let row = ((v / CELL) as usize).min(self.n_rows - 1);
        usize::from(self.unit[row * self.n_cols + col])
    }

    /// True where no building may stand: water, roads, canals, dikes, hills.
    pub(crate) fn is_barred(&self, u: f64, v: f64) -> bool {
        plan::in_river(u, v)
            || plan::on_hill(u, v)
            || plan::on_dike(u, v)
            || self.road_gap(u, v) < 2.0
            || self.canal_gap(u, v) < 6.0
    }
}
