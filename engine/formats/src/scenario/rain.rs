//! `[rain]` of a scenario or a forecast.

use serde::Deserialize;
use stormgrid_core::message;
use stormgrid_core::message::Message;

use crate::series::{Beyond, Ends};

/// `[rain]`: one of a rate, a series, a raster, a raster times a series, a series of rasters, gauges, a design
/// storm, the typhoon's; and a design storm nested into it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rain {
    /// The same rate throughout [mm h⁻¹].
    pub rate_mm_h: Option<f64>,
    /// CSV `time_s,rate_mm_h`; beside `raster` the factor that it is multiplied with.
    pub series: Option<String>,
    /// Raster of rates [mm h⁻¹].
    pub raster: Option<String>,
    /// CSV `time_s,raster`: rasters of rates [mm h⁻¹], each from its time until the next.
    pub rasters: Option<String>,
    /// CSV of gauges: `gauge,lon,lat,time,rate_mm_h`, or `x,y` and `time_s`.
    pub gauges: Option<String>,
    /// How a rate at a place follows from gauges.
    pub spread: Option<Spread>,
    /// What falls before the series, gauges or rasters begin.
    pub before: Option<Beyond>,
    /// What falls after they have ended.
    pub after: Option<Beyond>,
    /// A design storm.
    pub design: Option<Design>,
    /// The typhoon's own rain.
    pub typhoon: Option<TyphoonRain>,
    /// A design storm nested into the rain: the greater of the two at each time.
    pub burst: Option<Design>,
}

/// How a rate at a place follows from those at gauges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// Weighted by 1 over the square of the distance.
    #[default]
    InverseDistance,
    /// The nearest gauge's: Thiessen polygons.
    Nearest,
}

/// A relation for the rain of a typhoon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TyphoonRain {
    /// R-CLIPER.
    RCliper,
    /// IPET (2006).
    Ipet,
}

/// A design storm.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Design {
    /// Return period [years].
    pub return_period_years: f64,
    /// Name of its formula; the table's default without it.
    pub formula: Option<String>,
    /// A table of formulas, TOML; the program's own without it.
    pub formulas: Option<String>,
    /// Length [s].
    #[serde(default = "two_hours")]
    pub duration_s: f64,
    /// Place of the peak as a share of the length.
    #[serde(default = "usual_share")]
    pub peak_share: f64,
    /// Time of the peak after the start of the run [s]. Without it a storm begins with the run, and a burst
    /// peaks with the rain that it is nested into, at the middle of the site.
    pub peak_s: Option<f64>,
}

/// Usual length of a design storm in Chinese practice for drainage [s].
fn two_hours() -> f64 {
    7200.0
}

/// Usual in Guangdong.
fn usual_share() -> f64 {
    0.40
}

impl Rain {
    /// Whether a rain is given, a burst aside.
    pub fn is_given(&self) -> bool {
        self.forms() > 0
    }

    /// The files that it names, by path; those that a list of rasters names are not among them.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let named = [&self.series, &self.raster, &self.rasters, &self.gauges];
        let designs = self.design.iter().chain(&self.burst);
        let formulas = designs.filter_map(|design| design.formulas.as_deref());
        let named = named.into_iter().filter_map(|name| name.as_deref());
        named.chain(formulas)
    }

    /// What is said of the time beyond its series.
    pub fn ends(&self) -> Ends {
        Ends {
            before: self.before,
            after: self.after,
        }
    }

    fn forms(&self) -> usize {
        let given = |value: &Option<String>| value.is_some();
        let kinds = [
            self.rate_mm_h.is_some(),
            given(&self.series) && !given(&self.raster),
            given(&self.raster),
            given(&self.rasters),
            given(&self.gauges),
            self.design.is_some(),
            self.typhoon.is_some(),
        ];
        kinds.iter().filter(|given| **given).count()
    }

    /// Refuses more than one form, and numbers without sense.
    pub fn check(&self) -> Result<(), Message> {
        if self.forms() > 1 || (self.rasters.is_some() && self.series.is_some()) {
            return Err(message!(
                "fault.rain.forms",
                "more than one of rate_mm_h, series, raster, rasters, gauges, design and typhoon is given"
            ));
        }
        if self.spread.is_some() && self.gauges.is_none() {
            return Err(message!(
                "fault.rain.spread",
                "spread belongs to gauges, and none are given"
            ));
        }
        let timed = self.series.is_some() || self.gauges.is_some() || self.rasters.is_some();
        if !timed && self.ends() != Ends::default() {
            return Err(message!(
                "fault.rain.ends",
                "before and after belong to a series, gauges or rasters, and none are given"
            ));
        }
        let peaks = self
            .design
            .iter()
            .chain(&self.burst)
            .filter_map(|d| d.peak_s);
        for peak in peaks {
            if !(0.0..366.0 * 86_400.0).contains(&peak.abs()) {
                return Err(message!(
                    "fault.rain.peak",
                    "peak_s = {peak} is not within a year of the start",
                    peak = peak
                ));
            }
        }
        match self.rate_mm_h {
            Some(rate) if !(0.0..=1000.0).contains(&rate) => Err(message!(
                "fault.rain.constant",
                "rate_mm_h = {rate} is not between 0 and 1000",
                rate = rate
            )),
            _ => Ok(()),
        }
    }
}

/// What to do about a section that cannot be used.
pub fn one_form_of_rain() -> Message {
    message!(
        "fix.rain.form",
        "give one form of rain, with numbers that can be"
    )
}
