//! Structures that move water between two places: what a run is given of them.

use stormgrid_core::ids::CellIdx;
use stormgrid_core::series::Series;

use super::error::FloodError;
use super::hydraulics::{BROAD_CREST, Barrel, Curve, Section};
use super::params::{finite_within, series_within};

/// One end of a structure.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// Cells and their weights (positive, any sum). The level is the mean over those that are wet.
    /// Cells that a level boundary holds are outside: what enters them has left.
    Cells(Vec<(CellIdx, f64)>),
    /// Beyond the domain, at this water level [m]; `None` is always lower than any water.
    Outside(Option<Series>),
}

/// Which way water may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// With the levels.
    #[default]
    Both,
    /// From the first end to the second only, as through a flap.
    Forward,
}

/// On and off by a water level. Started at `on`, stopped at `off`; off at the start unless the level
/// is beyond `on`. With `on` below `off` it runs while the water is low.
#[derive(Clone, Debug, PartialEq)]
pub struct Switch {
    /// Level that starts it [m].
    pub on: f64,
    /// Level that stops it [m], different from `on`.
    pub off: f64,
    /// Where the level is read; `None` is the structure's first end.
    pub watch: Option<CellIdx>,
}

/// What a structure does.
#[derive(Clone, Debug, PartialEq)]
pub enum Law {
    /// A box or a pipe under a road; [`Barrel::discharge`].
    Culvert {
        /// Its barrel.
        barrel: Barrel,
        /// Number of barrels side by side, positive.
        barrels: f64,
        /// Inverts at the first and the second end [m].
        inverts: [f64; 2],
        /// Which way.
        way: Way,
    },
    /// A pump, as long as there is water.
    Pump {
        /// What it lifts.
        rate: PumpRate,
        /// When it runs; always without one.
        switch: Option<Switch>,
    },
    /// A weir, or a breach that opens: crest and width follow their series. Free or drowned after
    /// Villemonte.
    Weir {
        /// Crest [m] over time.
        crest: Series,
        /// Width [m] over time, not negative.
        width: Series,
        /// C in q = C h^(3/2) [m^½ s⁻¹], 0.5 to 3; 1.705 is a broad crest.
        coefficient: f64,
        /// Which way.
        way: Way,
    },
    /// A gate over a sill.
    Gate {
        /// Sill [m].
        sill: f64,
        /// Width [m], positive.
        width: f64,
        /// Opening over time [m], not negative.
        opening: Series,
        /// Opens and shuts it by a level; follows `opening` alone without one.
        switch: Option<Switch>,
        /// Which way.
        way: Way,
    },
    /// A drain: takes the capacity from its cells, shared by their weights, as far as there is
    /// water in each.
    Drain {
        /// Capacity [m³ s⁻¹] over time, not negative.
        capacity: Series,
    },
    /// A reservoir outside the domain. It stores what its catchment and its intake bring and gives
    /// the second end what its rule releases, never more than it holds.
    Reservoir(Reservoir),
}

/// What a pump lifts.
#[derive(Clone, Debug, PartialEq)]
pub enum PumpRate {
    /// A discharge over time [m³ s⁻¹], not negative.
    Series(Series),
    /// Discharge [m³ s⁻¹] by the level of the second end above the first [m].
    Curve(Curve),
}

/// A reservoir or retention basin.
#[derive(Clone, Debug, PartialEq)]
pub struct Reservoir {
    /// Volume [m³] by level [m], both increasing; the first point is its dead storage.
    pub storage: Curve,
    /// Level at the start [m].
    pub initial_level: f64,
    /// Discharge from its catchment [m³ s⁻¹], not negative.
    pub inflow: Option<Series>,
    /// Discharge released [m³ s⁻¹] by level [m]: outlet and spillway.
    pub rule: Curve,
    /// Discharge released besides [m³ s⁻¹], over time.
    pub schedule: Option<Series>,
    /// Crest [m] and width [m] of a side weir from the structure's first end.
    pub intake: Option<(f64, f64)>,
}

/// Something that moves water from one end to the other, or back.
#[derive(Clone, Debug, PartialEq)]
pub struct Structure {
    /// First end. That of a reservoir is its intake.
    pub from: End,
    /// Second end.
    pub to: End,
    /// What happens between.
    pub law: Law,
}

/// What a structure has done.
#[derive(Clone, Debug, PartialEq)]
pub struct StructureReport {
    /// Discharge of the last step from the first end to the second [m³ s⁻¹].
    pub discharge_m3_s: f64,
    /// Volume moved that way [m³].
    pub forward_m3: f64,
    /// Volume moved back [m³].
    pub backward_m3: f64,
    /// Whether its switch is on; true without a switch.
    pub on: bool,
    /// Water in a reservoir [m³].
    pub held_m3: Option<f64>,
}

impl Structure {
    /// A broad-crested weir of fixed crest [m] and width [m].
    pub fn weir(from: End, to: End, crest: f64, width: f64) -> Self {
        let law = Law::Weir {
            crest: Series::constant(crest),
            width: Series::constant(width),
            coefficient: BROAD_CREST,
            way: Way::Both,
        };
        Self { from, to, law }
    }

    pub(super) fn validate(&self) -> Result<(), FloodError> {
        for end in [&self.from, &self.to] {
            match end {
                End::Cells(cells) => {
                    for &(_, weight) in cells {
                        finite_within("weight of a structure's cell", weight, 0.0, f64::MAX)?;
                    }
                }
                End::Outside(level) => {
                    if let Some(series) = level {
                        series_within("level outside a structure [m]", series, -1e5, 1e5)?;
                    }
                }
            }
        }
        match &self.law {
            Law::Culvert {
                barrel,
                barrels,
                inverts,
                way: _,
            } => {
                let sizes = match barrel.section {
                    Section::Box { width, height } => [width, height],
                    Section::Pipe { diameter } => [diameter, diameter],
                };
                for size in sizes {
                    finite_within("size of a culvert [m]", size, 0.01, 100.0)?;
                }
                finite_within("length of a culvert [m]", barrel.length, 0.0, 1e5)?;
                finite_within("Manning's n of a culvert", barrel.manning, 0.0, 1.0)?;
                let loss = barrel.entrance_loss;
                finite_within("entrance loss of a culvert", loss, 0.0, 10.0)?;
                finite_within("number of barrels", *barrels, 0.01, 1000.0)?;
                let [a, b] = *inverts;
                finite_within("invert of a culvert [m]", a, -2e4, 2e4)?;
                finite_within("invert of a culvert [m]", b, -2e4, 2e4)
            }
            Law::Pump { rate, switch } => {
                match rate {
                    PumpRate::Series(series) => discharge("rate of a pump [m3/s]", series)?,
                    PumpRate::Curve(curve) => {
                        for &(_, rate) in curve.points() {
                            finite_within("rate of a pump [m3/s]", rate, 0.0, 1e6)?;
                        }
                    }
                }
                valid_switch(switch.as_ref())
            }
            Law::Weir {
                crest,
                width,
                coefficient,
                way: _,
            } => {
                series_within("crest of a weir [m]", crest, -2e4, 2e4)?;
                series_within("width of a weir [m]", width, 0.0, 1e5)?;
                finite_within("coefficient of a weir", *coefficient, 0.5, 3.0)
            }
            Law::Gate {
                sill,
                width,
                opening,
                switch,
                way: _,
            } => {
                finite_within("sill of a gate [m]", *sill, -2e4, 2e4)?;
                finite_within("width of a gate [m]", *width, 0.01, 1e4)?;
                series_within("opening of a gate [m]", opening, 0.0, 1e3)?;
                valid_switch(switch.as_ref())
            }
            Law::Drain { capacity } => discharge("capacity of a drain [m3/s]", capacity),
            Law::Reservoir(reservoir) => reservoir.validate(),
        }
    }
}

impl Reservoir {
    fn validate(&self) -> Result<(), FloodError> {
        let points = self.storage.points();
        if points.len() < 2 || !self.storage.increases() {
            return Err(FloodError::Count {
                what: "rising points of a reservoir's storage curve",
                found: 1,
                expected: 2,
            });
        }
        let (lowest, highest) = (points[0].0, points[points.len() - 1].0);
        let level = self.initial_level;
        finite_within("initial level of a reservoir [m]", level, lowest, highest)?;
        finite_within("least volume of a reservoir [m3]", points[0].1, 0.0, 1e12)?;
        for series in self.inflow.iter().chain(&self.schedule) {
            discharge("discharge of a reservoir [m3/s]", series)?;
        }
        for &(_, rate) in self.rule.points() {
            finite_within("release of a reservoir [m3/s]", rate, 0.0, 1e7)?;
        }
        let (crest, width) = self.intake.unwrap_or((0.0, 0.0));
        finite_within("intake crest of a reservoir [m]", crest, -2e4, 2e4)?;
        finite_within("intake width of a reservoir [m]", width, 0.0, 1e5)
    }
}

fn discharge(what: &'static str, series: &Series) -> Result<(), FloodError> {
    series_within(what, series, 0.0, 1e7)
}

fn valid_switch(switch: Option<&Switch>) -> Result<(), FloodError> {
    let Some(switch) = switch else { return Ok(()) };
    finite_within("level of a switch [m]", switch.on, -2e4, 2e4)?;
    finite_within("level of a switch [m]", switch.off, -2e4, 2e4)?;
    let apart = (switch.on - switch.off).abs();
    finite_within("distance of a switch's levels [m]", apart, 1e-6, 1e5)
}
