//! Prediction of the tide from harmonic constants.

use stormgrid_core::series::Series;
use stormgrid_core::time::Instant;

use super::astronomy::{Longitudes, NodeAngles};
use super::constituents::Constituent;

/// A harmonic constant of a station.
#[derive(Clone, Debug, PartialEq)]
pub struct HarmonicConstant {
    /// Name as TICON, NOAA, the IHO or UTide write it, for example `M2`, `LAM2`, `2MK3` or `M(2)`; case does not matter.
    pub name: String,
    /// Amplitude H, not negative [m].
    pub amplitude: f64,
    /// Phase lag g behind the equilibrium argument at Greenwich [rad], as TICON-4 counts it: that of SA from h without
    /// the solar perigee, that of M1 from the Doodson number 155.555 without a quarter turn. Constants that follow
    /// Schureman (1958), NOAA's among them, need 90° taken off the lag of M1.
    pub phase: f64,
}

/// The tide of one station.
#[derive(Clone, Debug)]
pub struct TidePredictor {
    mean_level: f64,
    waves: Vec<(Constituent, f64, f64)>,
    unused: Vec<HarmonicConstant>,
    repeated: Vec<HarmonicConstant>,
}

impl TidePredictor {
    /// Binds harmonic constants to a mean level.
    ///
    /// - `mean_level`: mean sea level above the datum wanted [m]
    ///
    /// Constants with a name that is not known, or with numbers that are not finite, are kept
    /// aside in [`Self::unused`]; those of a wave that an earlier one has, under whatever name, in
    /// [`Self::repeated`].
    pub fn new(constants: &[HarmonicConstant], mean_level: f64) -> Self {
        let mut tide = Self {
            mean_level,
            waves: Vec::new(),
            unused: Vec::new(),
            repeated: Vec::new(),
        };
        for constant in constants {
            let finite = constant.amplitude.is_finite() && constant.phase.is_finite();
            match Constituent::named(&constant.name).filter(|_| finite) {
                None => tide.unused.push(constant.clone()),
                Some(wave) if tide.waves.iter().any(|(w, ..)| w.is_wave_of(&wave)) => {
                    tide.repeated.push(constant.clone());
                }
                Some(wave) => tide.waves.push((wave, constant.amplitude, constant.phase)),
            }
        }
        tide
    }

    /// Constants of waves that are there already, for example RHO beside RHO1; the prediction leaves them out.
    pub fn repeated(&self) -> &[HarmonicConstant] {
        &self.repeated
    }

    /// Sum of the amplitudes that the prediction uses [m].
    pub fn amplitude(&self) -> f64 {
        self.waves.iter().map(|(_, amplitude, _)| amplitude).sum()
    }

    /// Constants that the prediction leaves out.
    pub fn unused(&self) -> &[HarmonicConstant] {
        &self.unused
    }

    /// Mean sea level above the datum [m].
    pub fn mean_level(&self) -> f64 {
        self.mean_level
    }

    /// Level at an instant [m above the datum]: Z₀ + Σ f H cos(V + u - g).
    ///
    /// Source: Schureman (1958), eq. 305.
    pub fn level(&self, time: Instant) -> f64 {
        let longitudes = Longitudes::at(time);
        let angles = NodeAngles::at(&longitudes);
        let tide: f64 = self
            .waves
            .iter()
            .map(|(constituent, amplitude, phase)| {
                let (f, u) = constituent.nodal(&angles);
                f * amplitude * (constituent.argument(&longitudes) + u - phase).cos()
            })
            .sum();
        self.mean_level + tide
    }

    /// Level over time [m against s after `start`], at 0, `step`, … to `duration` or just beyond.
    pub fn series(&self, start: Instant, duration: f64, step: f64) -> Series {
        let step = step.max(1.0);
        let n_steps = (duration / step).ceil().max(1.0) as usize;
        let time_s: Vec<f64> = (0..=n_steps).map(|i| i as f64 * step).collect();
        let value = time_s
            .iter()
            .map(|&t| self.level(start.plus_seconds(t)))
            .collect();
        Series { time_s, value }
    }
}
