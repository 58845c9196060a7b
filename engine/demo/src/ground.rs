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
    /// Direction of the way out from the middle, as a unit step along u or v.
    outlet: (f64, f64),
}

/// Half the length of the dip's flat floor along the road [m].
const FLOOR_HALF: f64 = 18.0;
/// Length of the ramp at either end [m].
const RAMP: f64 = 34.0;
/// Half the width of the dip across the road [m].
const FLOOR_WIDTH_HALF: f64 = 8.0;
/// Width of the walls beside the dip [m].
const WALL: f64 = 6.0;
/// Width of the level rim around the dip [m].
const RIM_WIDTH: f64 = 6.0;
/// From the rim on the ground rises outwards, so that the rain of more than the dip itself runs
/// into it: reach beyond the rim [m].
const BOWL_REACH: f64 = 80.0;
/// Slope of that ground [-].
const BOWL_SLOPE: f64 = 0.004;
/// Half the width of the one way out, which lies at the rim's height [m].
const OUTLET_HALF: f64 = 6.0;
/// How far the outlet reaches from the middle of the dip [m].
const OUTLET_REACH: f64 = 150.0;
/// The ground at the outlet's end is lower than the rim by at least this much [m].
const OUTLET_FALL: f64 = 0.10;

/// A wanted underpass: Chinese and English name, sheet place to look near, rim depth [m].
type Wanted = ((&'static str, &'static str), (f64, f64), f64);

const WANTED: [Wanted; 4] = [
    (
        ("S273 金居路口", "S273 Jinju junction"),
        (3800.0, 5300.0),
        0.70,
    ),
    (
        ("江海路下穿", "Jianghai road underpass"),
        (1500.0, 7700.0),
        1.10,
    ),
    (
        ("东宁路下穿", "Dongning road underpass"),
        (7000.0, 6200.0),
        0.90,
    ),
    (
        ("麻园路下穿", "Mayuan road underpass"),
        (7300.0, 8300.0),
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
                let stretch = warp.stretch(center.0, center.1);
                let (outlet, low) = ground.lowest_way_out(center, stretch);
                let natural = ground.height_without_underpasses(center.0, center.1);
                ground.underpasses.push(Underpass {
                    name,
                    line,
                    center,
                    rim_depth,
                    rim: natural.max(low + OUTLET_FALL),
                    outlet,
                });
            }
        }
        ground
    }

    /// The underpasses.
    pub(crate) fn underpasses(&self) -> &[Underpass] {
        &self.underpasses
    }

    /// The one of four directions in which the ground is lowest at the outlet's end, and its height.
    fn lowest_way_out(&self, center: (f64, f64), stretch: f64) -> ((f64, f64), f64) {
        let reach = OUTLET_REACH / stretch;
        let mut best = ((1.0, 0.0), f64::MAX);
        for (du, dv) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
            let low = self.height_without_underpasses(center.0 + du * reach, center.1 + dv * reach);
            if low < best.1 {
                best = ((du, dv), low);
            }
        }
        best
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
            // On the lattice of the cuts, wherever the road begins.
            let first = (line.from + 99).div_euclid(10) * 10;
            for along in (first..line.to - 90).step_by(10) {
                let (u, v) = line.place(f64::from(along));
                let clear = (-16..=16).all(|k| {
                    let away = 10.0 * f64::from(k);
                    let (au, av) = line.place(f64::from(along) + away);
                    let (bu, bv) = if line.northward {
                        (u + away, v)
                    } else {
                        (u, v + away)
                    };
                    [(au, av), (bu, bv)].iter().all(|&(u, v)| {
                        self.painted.canal_gap(u, v) > 20.0
                            && !plan::on_dike(u, v)
                            && !plan::on_hill(u, v)
                            && self.uses[self.painted.unit(u, v)] != LandUse::Ponds
                    })
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
        if du.abs() > 240.0 || dv.abs() > 240.0 {
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
        let beyond = (along - FLOOR_HALF - RAMP)
            .max(across - FLOOR_WIDTH_HALF - WALL)
            .max(0.0);
        if beyond < RIM_WIDTH {
            return underpass.rim;
        }
        let (ahead, aside) = (
            (du * underpass.outlet.0 + dv * underpass.outlet.1) * stretch,
            (du * underpass.outlet.1 - dv * underpass.outlet.0).abs() * stretch,
        );
        if aside < OUTLET_HALF && (0.0..OUTLET_REACH).contains(&ahead) {
            return z.min(underpass.rim);
        }
        if beyond < BOWL_REACH {
            z.max(underpass.rim + BOWL_SLOPE * (beyond - RIM_WIDTH))
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
        let wet = to_bund(u, 60.0)
            .min(to_bund(v, 100.0))
            .min(inside - 9.0)
            .min(self.painted.road_gap(u, v) - 2.0);
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

#[cfg(test)]
mod tests {
    use std::collections::BinaryHeap;

    use super::*;
    use crate::{landuse, streets};

    /// Depth of the water in a dip when it runs over: the lowest way out less the bottom, on a
    /// lattice of 2 m over 400 m around the middle (Barnes et al. 2014, priority flood).
    fn spill_depth(ground: &Ground<'_>, warp: &Warp, center: (f64, f64)) -> f64 {
        let n = 201i32;
        let middle = warp.xy(center.0, center.1);
        let height = |i: i32, j: i32| {
            let (x, y) = (
                middle[0] + 2.0 * f64::from(i - n / 2),
                middle[1] + 2.0 * f64::from(j - n / 2),
            );
            let [u, v] = warp.uv(x, y, [center.0, center.1]);
            ground.height(u, v).unwrap()
        };
        let order = |z: f64| std::cmp::Reverse((z * 1e6) as i64);
        let mut level = vec![f64::NAN; (n * n) as usize];
        let mut heap = BinaryHeap::new();
        for k in 0..n {
            for (i, j) in [(k, 0), (k, n - 1), (0, k), (n - 1, k)] {
                heap.push((order(height(i, j)), i, j));
            }
        }
        while let Some((std::cmp::Reverse(micrometres), i, j)) = heap.pop() {
            let cell = (j * n + i) as usize;
            if !level[cell].is_nan() {
                continue;
            }
            let here = micrometres as f64 * 1e-6;
            level[cell] = here;
            for (a, b) in [(i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)] {
                if (0..n).contains(&a)
                    && (0..n).contains(&b)
                    && level[(b * n + a) as usize].is_nan()
                {
                    heap.push((order(here.max(height(a, b))), a, b));
                }
            }
        }
        level[(n / 2 * n + n / 2) as usize] - height(n / 2, n / 2)
    }

    #[test]
    fn underpasses_hold_as_much_water_as_they_say() {
        let seed = crate::DemoOptions::default().seed;
        let warp = Warp::new();
        let partition = Partition::new(seed);
        let uses = landuse::assign(&partition, 0, seed);
        let lines = streets::lines(&partition, &uses, seed);
        let painted = Painted::new(&partition, &lines, &warp);
        let ground = Ground::new(seed, &warp, &partition, &uses, &lines, &painted);
        let depths: Vec<f64> = ground
            .underpasses()
            .iter()
            .map(|place| spill_depth(&ground, &warp, place.center))
            .collect();
        assert_eq!(depths.len(), 4);
        for (place, depth) in ground.underpasses().iter().zip(&depths) {
            assert!(
                (depth - place.rim_depth).abs() < 0.02,
                "{}: {depth}",
                place.name.0
            );
        }
        assert!((depths[0] - 0.70).abs() < 0.02);
    }
}
