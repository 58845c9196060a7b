//! State of the storm between the fixes of its track.

use stormgrid_core::frame::Geodetic;
use stormgrid_core::storm::{Averaging, Fix, Track, WindRadius};
use stormgrid_core::time::Instant;
use stormgrid_core::units::KNOT;

use super::params::ParametersError;
use super::profile::coriolis;
use super::relations::{
    pressure_from_wind, rmw_chavas_knaff, rmw_from_r50, rmw_vickery_wadhera, ten_minute_factor,
    wind_from_pressure,
};

/// Mean radius of the Earth [m] (IUGG). A sphere is within 0.6 % of the ellipsoid, far below the
/// accuracy of a fix (0.1°).
pub(crate) const EARTH_RADIUS: f64 = 6_371_008.8;

/// Where a number of the state comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateSource {
    /// Given by the track, interpolated in time.
    Track,
    /// From the radius of a weaker wind (34 or 50 kt), interpolated in time.
    WindRadii,
    /// Computed from the other numbers by a regression.
    Regression,
}

/// The storm at one instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State {
    /// The instant.
    pub time: Instant,
    /// Centre; height is zero.
    pub center: Geodetic,
    /// Pressure at the centre [Pa].
    pub central_pressure: f64,
    /// Greatest wind, 10-minute mean at 10 m [m s⁻¹].
    pub vmax: f64,
    /// Radius of maximum wind [m].
    pub rmw: f64,
    /// Where the radius comes from.
    pub rmw_source: StateSource,
    /// A wind far out, 10-minute mean [m s⁻¹], and the mean radius at which it blows [m], if the track tells.
    pub outer: Option<[f64; 2]>,
    /// Change of the central pressure in time [Pa s⁻¹], negative while the storm deepens.
    pub pressure_tendency: f64,
    /// Velocity of the centre, east and north [m s⁻¹].
    pub velocity: [f64; 2],
}

/// A fix with its gaps filled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) time: Instant,
    center: Geodetic,
    central_pressure: f64,
    vmax: f64,
    rmw: Option<f64>,
    /// The radius is an estimate from the radii of weaker winds.
    estimated: bool,
    /// Wind far out and its radius.
    outer: Option<[f64; 2]>,
    velocity: [f64; 2],
}

/// A gale as a 10-minute mean [m s⁻¹]: the wind whose radius ties the outer profile, between JTWC's 34 kt as a
/// 1-minute mean (16.3) and that as a 10-minute one (17.5).
const GALE: f64 = 16.9;
const GALE_WITHIN: f64 = 0.8;

/// Makes nodes from a track: winds as 10-minute means, gaps filled.
///
/// - A pressure that is missing is interpolated in time between its neighbours, at the ends held;
///   if the track has none at all it comes from the wind (Atkinson & Holliday 1977).
/// - A wind that is missing comes from the pressure by the same relation.
/// - A radius that is missing is interpolated if others are given, else left to the regression.
pub(super) fn nodes_of(track: &Track) -> Result<Vec<Node>, ParametersError> {
    let no_intensity = || ParametersError::NoIntensity {
        name: track.name.clone(),
    };
    for (index, pair) in track.fixes.windows(2).enumerate() {
        if pair[1].time <= pair[0].time {
            return Err(ParametersError::TimeOrder {
                name: track.name.clone(),
                index: index + 1,
                time: pair[1].time.to_rfc3339(),
            });
        }
    }
    let factor = ten_minute_factor(track.averaging);
    let times: Vec<f64> = track
        .fixes
        .iter()
        .map(|fix| fix.time.unix_seconds() as f64)
        .collect();
    let vmax: Vec<Option<f64>> = track
        .fixes
        .iter()
        .map(|fix| fix.vmax.map(|v| v * factor))
        .collect();
    let mut pressure: Vec<Option<f64>> = track.fixes.iter().map(|fix| fix.pmin).collect();
    if pressure.iter().all(Option::is_none) {
        pressure = vmax.iter().map(|v| v.map(pressure_from_wind)).collect();
    }
    let pressure = filled(&times, &pressure).ok_or_else(no_intensity)?;
    // Where any fix has a radius of maximum wind, the gaps lie between those; else weaker winds tell.
    let given: Vec<Option<f64>> = track.fixes.iter().map(|fix| fix.rmw).collect();
    let estimated = given.iter().all(Option::is_none);
    let radii = match estimated {
        false => given,
        true => track
            .fixes
            .iter()
            .zip(&vmax)
            .map(|(fix, vmax)| rmw_from_radii(fix, factor, (*vmax)?))
            .collect(),
    };
    let radii = filled(&times, &radii);
    let mut nodes: Vec<Node> = track
        .fixes
        .iter()
        .enumerate()
        .map(|(i, fix)| Node {
            time: fix.time,
            center: Geodetic {
                lat: fix.lat_deg.to_radians(),
                lon: fix.lon_deg.to_radians(),
                height: 0.0,
            },
            central_pressure: pressure[i],
            vmax: vmax[i].unwrap_or_else(|| wind_from_pressure(pressure[i])),
            rmw: radii.as_ref().map(|r| r[i]),
            estimated,
            outer: gale_of(fix, factor),
            velocity: [0.0; 2],
        })
        .collect();
    set_velocities(&mut nodes);
    Ok(nodes)
}

/// Radius of maximum wind from the radius of 34 kt, or else of 50 kt, of a fix [m].
///
/// - `factor`: of the track's winds to 10-minute means; `vmax`: greatest wind as such a mean [m s⁻¹]
fn rmw_from_radii(fix: &Fix, factor: f64, vmax: f64) -> Option<f64> {
    if let Some([wind, radius]) = gale_of(fix, factor) {
        // The relation was made for 1-minute means.
        let one_minute = ten_minute_factor(Averaging::OneMinute);
        let f = coriolis(fix.lat_deg.to_radians());
        return rmw_chavas_knaff(vmax / one_minute, wind / one_minute, radius, f);
    }
    let storm = 50.0 * KNOT;
    let found = fix.radii.iter().find(|r| (r.wind - storm).abs() < 0.5)?;
    Some(rmw_from_r50(found.mean()?))
}

/// A gale as a 10-minute mean and its mean radius at a fix.
fn gale_of(fix: &Fix, factor: f64) -> Option<[f64; 2]> {
    fix.radii.iter().find_map(|radius| {
        let gale = (radius.wind * factor - GALE).abs() < GALE_WITHIN;
        Some([radius.wind * factor, radius.mean()?]).filter(|_| gale)
    })
}

/// The same track without its radii of maximum wind, so that they are estimated from weaker winds: a bulletin's
/// radius of maximum wind is often a guess, that of gales an analysis.
pub fn without_rmw(track: &Track) -> Track {
    let mut bare = track.clone();
    for fix in &mut bare.fixes {
        fix.rmw = None;
    }
    bare
}

/// The same track with radii of maximum wind taken from another agency's file.
///
/// A fix gets the other track's radius of maximum wind and its mean radius of 34 kt, interpolated in time;
/// before the first and after the last of them a fix keeps what it had. JMA's best track has no radii, JTWC's has.
pub fn with_rmw_of(track: &Track, radii: &Track) -> Track {
    let known: Vec<(f64, f64)> = radii
        .fixes
        .iter()
        .filter_map(|fix| fix.rmw.map(|r| (fix.time.unix_seconds() as f64, r)))
        .collect();
    let gale = 34.0 * KNOT;
    let gales: Vec<(f64, f64)> = radii
        .fixes
        .iter()
        .filter_map(|fix| {
            let found = fix.radii.iter().find(|r| (r.wind - gale).abs() < 0.25)?;
            Some((fix.time.unix_seconds() as f64, found.mean()?))
        })
        .collect();
    let within = |known: &[(f64, f64)], t: f64| {
        let covers =
            known.first().is_some_and(|k| k.0 <= t) && known.last().is_some_and(|k| t <= k.0);
        covers.then(|| interpolated(known, t))
    };
    // The same wind as this track would tell it.
    let wind = gale * ten_minute_factor(radii.averaging) / ten_minute_factor(track.averaging);
    let mut merged = track.clone();
    for fix in &mut merged.fixes {
        let t = fix.time.unix_seconds() as f64;
        if let Some(rmw) = within(&known, t) {
            fix.rmw = Some(rmw);
        }
        if let (Some(radius), true) = (within(&gales, t), fix.radii.is_empty()) {
            fix.radii.push(WindRadius {
                wind,
                quadrants: [Some(radius); 4],
            });
        }
    }
    merged
}

/// State between two nodes; `None` outside the track.
pub(super) fn state_at(nodes: &[Node], time: Instant) -> Option<State> {
    let after = nodes.partition_point(|node| node.time <= time);
    let from = nodes.get(after.checked_sub(1)?)?;
    let to = match nodes.get(after) {
        Some(to) => to,
        None if from.time == time => from,
        None => return None,
    };
    let span = to.time.seconds_since(from.time);
    let s = if span > 0.0 {
        time.seconds_since(from.time) / span
    } else {
        0.0
    };
    let mix = |a: f64, b: f64| a + (b - a) * s;
    let center = great_circle(from.center, to.center, s);
    let central_pressure = mix(from.central_pressure, to.central_pressure);
    let given = from.rmw.zip(to.rmw).map(|(a, b)| mix(a, b));
    Some(State {
        time,
        center,
        central_pressure,
        vmax: mix(from.vmax, to.vmax),
        // The regression needs the deficit, which the model knows; it fills this in.
        rmw: given.unwrap_or(f64::NAN),
        rmw_source: match given {
            Some(_) if from.estimated => StateSource::WindRadii,
            Some(_) => StateSource::Track,
            None => StateSource::Regression,
        },
        outer: match (from.outer, to.outer) {
            (Some(a), Some(b)) => Some([mix(a[0], b[0]), mix(a[1], b[1])]),
            (one, other) => one.or(other),
        },
        pressure_tendency: match span > 0.0 {
            true => (to.central_pressure - from.central_pressure) / span,
            false => 0.0,
        },
        velocity: [
            mix(from.velocity[0], to.velocity[0]),
            mix(from.velocity[1], to.velocity[1]),
        ],
    })
}

impl State {
    /// Fills the radius of maximum wind by Vickery & Wadhera (2008) where the track has none.
    pub(super) fn with_radius(mut self, deficit: f64) -> Self {
        if self.rmw_source == StateSource::Regression {
            self.rmw = rmw_vickery_wadhera(deficit, self.center.lat_deg());
        }
        self
    }
}

/// Point at share `s` of the great circle from `a` to `b`.
fn great_circle(a: Geodetic, b: Geodetic, s: f64) -> Geodetic {
    let (p, q) = (unit_vector(a), unit_vector(b));
    let sine = cross(p, q).iter().map(|c| c * c).sum::<f64>().sqrt();
    let cosine: f64 = p.iter().zip(&q).map(|(x, y)| x * y).sum();
    let angle = sine.atan2(cosine);
    if angle < 1e-12 {
        return a;
    }
    let (wa, wb) = (((1.0 - s) * angle).sin() / sine, (s * angle).sin() / sine);
    let [x, y, z]: [f64; 3] = std::array::from_fn(|i| wa * p[i] + wb * q[i]);
    Geodetic {
        lat: z.atan2(x.hypot(y)),
        lon: y.atan2(x),
        height: 0.0,
    }
}

fn unit_vector(at: Geodetic) -> [f64; 3] {
    let (sin_lat, cos_lat) = at.lat.sin_cos();
    let (sin_lon, cos_lon) = at.lon.sin_cos();
    [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

/// Velocity at each node by a central difference over its neighbours, one-sided at the ends; in
/// between it is interpolated, so that the wind has no jump at a fix.
fn set_velocities(nodes: &mut [Node]) {
    let last = nodes.len().saturating_sub(1);
    let places: Vec<(Instant, Geodetic)> = nodes.iter().map(|n| (n.time, n.center)).collect();
    for (i, node) in nodes.iter_mut().enumerate() {
        let (before, after) = (places[i.saturating_sub(1)], places[(i + 1).min(last)]);
        let seconds = after.0.seconds_since(before.0);
        if seconds > 0.0 {
            let turn = std::f64::consts::TAU;
            let east = (after.1.lon - before.1.lon + 0.5 * turn).rem_euclid(turn) - 0.5 * turn;
            node.velocity = [
                EARTH_RADIUS * node.center.lat.cos() * east / seconds,
                EARTH_RADIUS * (after.1.lat - before.1.lat) / seconds,
            ];
        }
    }
}

/// Values with gaps filled by linear interpolation, ends held; `None` if nothing is known.
fn filled(times: &[f64], values: &[Option<f64>]) -> Option<Vec<f64>> {
    let known: Vec<(f64, f64)> = times
        .iter()
        .zip(values)
        .filter_map(|(&t, v)| v.map(|v| (t, v)))
        .collect();
    if known.is_empty() {
        return None;
    }
    Some(times.iter().map(|&t| interpolated(&known, t)).collect())
}

/// Linear interpolation in a table of ascending times that is not empty, ends held.
fn interpolated(known: &[(f64, f64)], t: f64) -> f64 {
    let after = known.partition_point(|k| k.0 <= t);
    match (
        after.checked_sub(1).and_then(|i| known.get(i)),
        known.get(after),
    ) {
        (Some(a), Some(b)) => a.1 + (b.1 - a.1) * (t - a.0) / (b.0 - a.0),
        (Some(end), None) | (None, Some(end)) => end.1,
        (None, None) => f64::NAN,
    }
}
