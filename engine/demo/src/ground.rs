//! The ground: height and roughness at every place.

use rayon::prelude::*;
use stormgrid_core::raster::{Raster, RasterError, RasterGeometry};

use crate::landuse::{LandUse, Line, LineKind, Painted, RoadClass};
use crate::partition::Partition;
use crate::plan;
use crate::rng::smooth_noise;
use crate::warp::{SHEET_EAST, SHEET_NORTH, SheetFinder, Warp};

/// Bed of canals and fish ponds above the datum [m]; they hold water at the usual level.
const CANAL_BED: f64 = -1.0;
/// Bed of fish ponds above the datum [m].
const POND_BED: f64 = -0.9;
/// Crest of the bunds between fish ponds above the datum [m].
const BUND_CREST: f64 = 1.15;

/// A place where a road dips, and rain collects.
#[derive(Clone, Debug)]
pub(crate) struct Underpass {
    /// Chinese and English name.
    pub(crate) name: (&'static str, &'static str),
    /// The line whose road dips, by position in the lines.
    pub(crate) line: usize,
    /// Middle of the dip on the sheet [m].
    pub(crate) center: (f64, f64),
    /// Water stands this deep when it starts to run over the rim [m].
    pub(crate) rim_depth: f64,
    /// Height of the rim above the datum [m].
    pub(crate) rim: f64,
}

/// Half the length of the dip's flat floor along the road [m].
const FLOOR_HALF: f64 = 18.0;
/// Length of the ramp at either end [m].
const RAMP: f64 = 34.0;
/// Half the width of the dip across the road [m].
const FLOOR_WIDTH_HALF: f64 = 8.0;
/// Width of the walls beside the dip [m].
const WALL: f64 = 6.0;
/// Width of the rim around the dip that is levelled [m].
const RIM_WIDTH: f64 = 12.0;

/// Wanted underpasses: name, sheet place to look near, rim depth [m].
const WANTED: [((&str, &str), (f64, f64), f64); 4] = [
    (
        ("S273 金居路口", "S273 Jinju junction"),
        (5600.0, 4300.0),
        0.70,
    ),
    (
        ("江海路下穿", "Jianghai road underpass"),
        (3800.0, 7600.0),
        1.10,
    ),
    (
        ("东宁路下穿", "Dongning road underpass"),
        (7000.0, 6200.0),
        0.90,
    ),
    (
        ("礼东路下穿", "Lidong road underpass"),
        (3000.0, 3600.0),
        0.80,
    ),
];

/// Everything that decides the height of a place.
pub(crate) struct Ground<'a> {
    seed: u64,
    warp: &'a Warp,
    partition: &'a Partition,
    uses: &'a [LandUse],
    painted: &'a Painted,
    underpasses: Vec<Underpass>,
    lines: &'a [Line],
}

impl<'a> Ground<'a> {
    /// Chooses the underpasses and is ready to answer.
    pub(crate) fn new(
        seed: u64,
        warp: &'a Warp,
        partition: &'a Partition,
        uses: &'a [LandUse],
        lines: &'a [Line],
        painted: &'a Painted,
    ) -> Self {
        let mut ground = Self {
            seed,
            warp,
            partition,
            uses,
            painted,
            underpasses: Vec::new(),
            lines,
        };
        for (name, near, rim_depth) in WANTED {
            if let Some((line, center)) = ground.site_of_underpass(near) {
                let rim = ground.height_without_underpasses(center.0, center.1);
                ground.underpasses.push(Underpass {
                    name,
                    line,
                    center,
                    rim_depth,
                    rim,
                });
            }
        }
        ground
    }

    /// The underpasses.
    pub(crate) fn underpasses(&self) -> &[Underpass] {
        &self.underpasses
    }

    /// The nearest place on a main road that is clear of canals, dikes' ends and line ends.
    fn site_of_underpass(&self, near: (f64, f64)) -> Option<(usize, (f64, f64))> {
        let mut best: Option<(f64, usize, (f64, f64))> = None;
        for (index, line) in self.lines.iter().enumerate() {
            let main = matches!(
                line.kind,
                LineKind::Road(RoadClass::Trunk | RoadClass::Primary)
            );
            if !main {
                continue;
            }
            for along in (line.from + 90..line.to - 90).step_by(10) {
                let (u, v) = line.place(f64::from(along));
                let clear = (-8..=8).all(|k| {
                    let (u, v) = line.place(f64::from(along) + 10.0 * f64::from(k));
                    self.painted.canal_gap(u, v) > 20.0
                });
                let taken = self
                    .underpasses
                    .iter()
                    .any(|other| (other.center.0 - u).hypot(other.center.1 - v) < 400.0);
                let distance = (u - near.0).hypot(v - near.1);
                if clear && !taken && best.is_none_or(|(d, _, _)| distance < d) {
                    best = Some((distance, index, (u, v)));
                }
            }
        }
        best.map(|(_, line, center)| (line, center))
    }

    /// Height of the ground above the datum [m]; `None` where none is modelled.
    pub(crate) fn height(&self, u: f64, v: f64) -> Option<f64> {
        plan::is_modelled(u, v).then(|| {
            let z = self.height_without_underpasses(u, v);
            self.underpasses
                .iter()
                .fold(z, |z, underpass| self.dip(underpass, u, v, z))
        })
    }

    fn dip(&self, underpass: &Underpass, u: f64, v: f64, z: f64) -> f64 {
        let (du, dv) = (u - underpass.center.0, v - underpass.center.1);
        if du.abs() > 150.0 || dv.abs() > 150.0 {
            return z;
        }
        let stretch = self.warp.stretch(underpass.center.0, underpass.center.1);
        let northward = self.lines[underpass.line].northward;
        let (along, across) = if northward { (dv, du) } else { (du, dv) };
        let (along, across) = (along.abs() * stretch, across.abs() * stretch);
        // 0 on the floor, 1 at the rim, more outside.
        let ramp = (along - FLOOR_HALF) / RAMP;
        let wall = (across - FLOOR_WIDTH_HALF) / WALL;
        let out = ramp.max(wall).max(0.0);
        if out < 1.0 {
            let share = out * out * (3.0 - 2.0 * out);
            return underpass.rim - underpass.rim_depth * (1.0 - share);
        }
        let beyond = ((along - FLOOR_HALF - RAMP) / RIM_WIDTH)
            .max((across - FLOOR_WIDTH_HALF - WALL) / RIM_WIDTH);
        // The rim is level all round, so that the dip holds its depth and no more.
        if beyond < 0.5 {
            underpass.rim
        } else if beyond < 1.5 {
            underpass.rim + (z - underpass.rim) * (beyond - 0.5)
        } else {
            z
        }
    }

    fn height_without_underpasses(&self, u: f64, v: f64) -> f64 {
        let stretch = self.warp.stretch(u, v);
        let river = plan::river_bed(u, v, self.seed);
        let mut z = match river {
            Some(bed) => bed,
            None => self.land(u, v, stretch),
        };
        z = z.max(plan::dike_surface(u, v, stretch, true));
        z
    }

    fn land(&self, u: f64, v: f64, stretch: f64) -> f64 {
        let mut z = plan::plain(u, v, self.seed);
        if !plan::in_district(u, v) {
            return z;
        }
        z += plan::hill_height(u, v, self.seed);
        z = self.used(u, v, z);
        z += self.painted.raise(u, v);
        z = z.max(plan::dike_surface(u, v, stretch, false));
        let gap = self.painted.canal_gap(u, v);
        if gap < 20.0 {
            // Banks of 1:2.
            z = z.min(CANAL_BED + 0.5 * gap.max(0.0));
        }
        z
    }

    /// What people made of the ground within a unit: pads under houses, ponds between bunds.
    fn used(&self, u: f64, v: f64, z: f64) -> f64 {
        let index = self.painted.unit(u, v);
        let b = self.partition.units[index].block;
        let inside = (u - f64::from(b.west))
            .min(f64::from(b.east) - u)
            .min(v - f64::from(b.south))
            .min(f64::from(b.north) - v);
        let pad = |height: f64, margin: f64| height * ((inside - margin) / 10.0).clamp(0.0, 1.0);
        match self.uses[index] {
            LandUse::Village => z + pad(0.45, 4.0),
            LandUse::Industry => z + pad(0.25, 5.0),
            LandUse::Ponds => self.pond(u, v, z, inside),
            use_ if use_.is_urban() => z + pad(0.18, 4.0),
            _ => z + 0.05 * smooth_noise(u / 60.0, v / 60.0, self.seed ^ 51),
        }
    }

    fn pond(&self, u: f64, v: f64, z: f64, inside: f64) -> f64 {
        // Ponds of about 55 m x 95 m, bunds 6 m wide with slopes of 1:1.5.
        let to_bund = |x: f64, size: f64| {
            let t = x.rem_euclid(size);
            t.min(size - t) - 3.0
        };
        let wet = to_bund(u, 60.0).min(to_bund(v, 100.0)).min(inside - 9.0);
        let bund = BUND_CREST.max(z.min(BUND_CREST + 0.3));
        if wet <= 0.0 {
            bund
        } else {
            (bund - wet / 1.5).max(POND_BED)
        }
    }

    /// Manning's roughness at a place [s m⁻¹ᐟ³].
    pub(crate) fn manning(&self, u: f64, v: f64) -> f32 {
        if plan::in_river(u, v) || !plan::in_district(u, v) {
            return LandUse::Water.manning();
        }
        if self.painted.canal_gap(u, v) < 0.0 {
            return 0.030;
        }
        if self.painted.road_gap(u, v) < 0.0 {
            // Asphalt: Chow (1959), table 5-6.
            return 0.016;
        }
        self.uses[self.painted.unit(u, v)].manning()
    }
}

/// The smallest raster of square cells around the modelled ground, its edges on whole hundreds of
/// metres of the CRS.
///
/// - `origin`: easting and northing of the site's origin [m]
pub(crate) fn raster_geometry(
    warp: &Warp,
    origin: [f64; 2],
    cell: f64,
) -> Result<RasterGeometry, RasterError> {
    let (mut low, mut high) = ([f64::MAX; 2], [f64::MIN; 2]);
    let reach = plan::RIVER_REACH as i32 + 40;
    for u in (-reach..=SHEET_EAST + 340).step_by(20) {
        for v in (-reach..=SHEET_NORTH + 460).step_by(20) {
            let (u, v) = (f64::from(u), f64::from(v));
            if plan::is_modelled(u, v) {
                let xy = warp.xy(u, v);
                for k in 0..2 {
                    low[k] = low[k].min(origin[k] + xy[k]);
                    high[k] = high[k].max(origin[k] + xy[k]);
                }
            }
        }
    }
    let outwards = 40.0;
    let [west, south] = low.map(|x| ((x - outwards) / 100.0).floor() * 100.0);
    let [east, north] = high.map(|x| ((x + outwards) / 100.0).ceil() * 100.0);
    RasterGeometry::new(
        ((east - west) / cell).ceil() as usize,
        ((north - south) / cell).ceil() as usize,
        west,
        north,
        cell,
        cell,
    )
}

/// Elevation [m, rounded to centimetres, NaN where there is no ground] and roughness rasters.
///
/// - `geometry`: in the CRS
/// - `origin`: easting and northing of the site's origin [m]
pub(crate) fn rasters(
    ground: &Ground<'_>,
    geometry: RasterGeometry,
    origin: [f64; 2],
) -> Result<(Raster<f32>, Raster<f32>), RasterError> {
    let on_site = RasterGeometry {
        west: geometry.west - origin[0],
        north: geometry.north - origin[1],
        ..geometry
    };
    let finder = &SheetFinder::new(ground.warp, &on_site);
    let cells: Vec<(f32, f32)> = (0..geometry.n_rows)
        .into_par_iter()
        .flat_map_iter(|row| {
            (0..geometry.n_cols).map(move |col| {
                let center = on_site.center(row, col);
                let [u, v] = finder.uv(center.x, center.y);
                match ground.height(u, v) {
                    Some(z) => ((((z * 100.0).round()) / 100.0) as f32, ground.manning(u, v)),
                    None => (f32::NAN, f32::NAN),
                }
            })
        })
        .collect();
    let (heights, roughness) = cells.into_iter().unzip();
    Ok((
        Raster::new(geometry, heights)?,
        Raster::new(geometry, roughness)?,
    ))
}
