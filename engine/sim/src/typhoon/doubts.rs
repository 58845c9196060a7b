//! What in a track looks wrong: units, averaging, hemisphere, leaps.

use stormgrid_core::storm::Track;

use super::params::ParametersError;
use super::relations::{ten_minute_factor, wind_from_pressure};
use super::state::EARTH_RADIUS;

/// Fastest motion of a centre that is believed [m s⁻¹]: 150 km/h.
const FASTEST: f64 = 150.0 / 3.6;

/// Scatter of the relation of wind and pressure that is believed: knots taken for m/s lie at 1.94, m/s for
/// knots at 0.51.
const BELIEVED: (f64, f64) = (0.6, 1.55);

/// Pressure deficit below which the relation says nothing [Pa].
const LEAST_DEFICIT: f64 = 1_500.0;

/// Strongest ten-minute mean that is believed [m s⁻¹]: Tip of 1979 had 140 kt, 72 m/s, in the best track of
/// the JMA, the strongest of the western North Pacific.
const RECORD: f64 = 75.0;

/// Something a person should look at before the field is used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Doubt {
    /// Winds that do not fit the pressures: median of wind over the wind that the pressure lets expect.
    WindAgainstPressure {
        /// The median ratio [-].
        ratio: f64,
    },
    /// A wind beyond all that was ever measured: knots may be taken for m/s.
    BeyondRecord {
        /// The greatest wind as a mean over ten minutes [m s⁻¹].
        wind: f64,
    },
    /// No pressures: the unit of the winds cannot be checked.
    NoPressure,
    /// The storm lies south of the equator, where it turns clockwise.
    Southern,
    /// No radius of maximum wind, nor of another wind, is given.
    NoRadius,
    /// The radius of maximum wind is an estimate from radii of weaker winds.
    RadiusFromWeakerWinds,
}

/// What looks wrong in a track that can be used.
pub fn doubts(track: &Track) -> Vec<Doubt> {
    let mut found = Vec::new();
    let factor = ten_minute_factor(track.averaging);
    let mut ratios: Vec<f64> = track
        .fixes
        .iter()
        .filter_map(|fix| Some((fix.vmax? * factor, fix.pmin?)))
        .filter(|(_, pressure)| *pressure < 101_000.0 - LEAST_DEFICIT)
        .map(|(wind, pressure)| wind / wind_from_pressure(pressure))
        .collect();
    ratios.sort_by(f64::total_cmp);
    if let Some(&ratio) = ratios.get(ratios.len() / 2)
        && !(BELIEVED.0..=BELIEVED.1).contains(&ratio)
    {
        found.push(Doubt::WindAgainstPressure { ratio });
    }
    let winds = track.fixes.iter().filter_map(|fix| fix.vmax);
    let strongest = factor * winds.fold(0.0, f64::max);
    if strongest > RECORD {
        found.push(Doubt::BeyondRecord { wind: strongest });
    }
    if track.fixes.iter().all(|fix| fix.pmin.is_none()) {
        found.push(Doubt::NoPressure);
    }
    let south = track.fixes.iter().filter(|fix| fix.lat_deg < 0.0).count();
    if 2 * south > track.fixes.len() {
        found.push(Doubt::Southern);
    }
    if track.fixes.iter().all(|fix| fix.rmw.is_none()) {
        found.push(match track.fixes.iter().all(|fix| fix.radii.is_empty()) {
            true => Doubt::NoRadius,
            false => Doubt::RadiusFromWeakerWinds,
        });
    }
    found
}

/// Refuses a centre that moves faster than any storm, as with another hemisphere or with latitude and
/// longitude changed about.
pub(super) fn refuse_leaps(track: &Track) -> Result<(), ParametersError> {
    for (k, pair) in track.fixes.windows(2).enumerate() {
        let [a, b] = pair else { continue };
        let (lat_a, lat_b) = (a.lat_deg.to_radians(), b.lat_deg.to_radians());
        let dlon = (b.lon_deg - a.lon_deg).to_radians();
        let half = (0.5 * (lat_b - lat_a)).sin().powi(2)
            + lat_a.cos() * lat_b.cos() * (0.5 * dlon).sin().powi(2);
        let distance = 2.0 * EARTH_RADIUS * half.sqrt().min(1.0).asin();
        let seconds = b.time.seconds_since(a.time);
        if seconds > 0.0 && distance / seconds > FASTEST {
            return Err(ParametersError::Leap {
                name: track.name.clone(),
                index: k + 1,
                time: b.time.to_rfc3339(),
                km: distance / 1000.0,
                hours: seconds / 3600.0,
            });
        }
    }
    Ok(())
}
