//! Gates and pumps of a twin, `[structures]` of `forecast.toml`.
//!
//! - `gates`: GeoJSON points with `width_m` (opening along the dike), `crest_m` (top of the closed leaf above the
//!   datum), `state` (`open` or `closed`, closed without it) and, if known, `sill_m`. A gate stands in a dike of
//!   `[terrain] dikes`. A closed gate is a levee of its crest across a gap in the ground; an open one lets
//!   water through a dike that has no gap, from the lowest ground on one side to that on the other.
//! - `pumps`: GeoJSON points with `rate_m3_s`; `to_lon` and `to_lat` say where it delivers. A pump draws from the
//!   lowest ground within 30 m that is not open water; without a place it delivers to the nearest open water
//!   within 150 m, and beyond the model where there is none. Open water is what lies below the initial level
//!   in one piece with the sea or a river. A pump starts 0.2 m above the usual level at its intake and stops at it.

use geo::LineString;
use stormgrid_core::ids::CellIdx;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::raster::RasterGeometry;
use stormgrid_core::series::Series;
use stormgrid_formats::attributes::Attributes;
use stormgrid_sim::flood::{
    BoundaryPlace, Crest, End, Law, PumpRate, Setup, Structure, Switch, Way, crests_along,
};

use super::GateState;
use crate::error::at as at_place;
use crate::forecast::FORECAST_FILE;
use crate::forecast_file::ForecastFile;
use crate::twin::LoadedTwin;
use crate::{ProjectError, files, vectors};

/// A change of a gate names it within this distance [m].
const GATE_REACH_M: f64 = 100.0;
/// A gate stands in a dike no farther off than this [m].
const DIKE_REACH_M: f64 = 60.0;
/// Lowest ground beside a dike is looked for as far as this [m]: dikes with slopes of 1:4 are
/// some forty metres wide.
const SIDE_REACH_M: f64 = 80.0;
/// A pump's intake is looked for within this radius [m].
const INTAKE_M: f64 = 30.0;
/// Open water to deliver to is looked for within this radius [m].
const DELIVERY_M: f64 = 150.0;
/// Water above the usual level at which a pump starts [m].
const START_M: f64 = 0.2;
/// Ground this much below a gate's crest is a gap [m].
const GAP_M: f64 = 0.2;

/// A gate, local metres.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    pub(super) code: String,
    at: [f64; 2],
    width: f64,
    crest: f64,
    sill: Option<f64>,
    pub(super) state: GateState,
}

/// A pump, local metres.
#[derive(Clone, Debug)]
pub(super) struct Pump {
    pub(super) code: String,
    pub(super) at: [f64; 2],
    pub(super) to: Option<[f64; 2]>,
    pub(super) rate: f64,
}

fn gate_place(code: &str) -> Message {
    message!("place.gate", "gate {code}", code = code)
}

fn off_buildings() -> Message {
    message!(
        "fix.off_buildings",
        "move it off buildings and into the terrain"
    )
}

/// The gates that `forecast.toml` names.
pub(super) fn gates(twin: &LoadedTwin, file: &ForecastFile) -> Result<Vec<Gate>, ProjectError> {
    let Some(name) = &file.structures.gates else {
        return Ok(Vec::new());
    };
    let path = twin.dir.join(name);
    let source = files::name(&path);
    let mut gates = Vec::new();
    let mut attributes = Attributes::new(&source, &[]);
    for (feature, at) in vectors::points(&path, &twin.frame)? {
        let code = feature
            .text("code")
            .unwrap_or_else(|| (feature.index + 1).to_string());
        let wrong = |problem: Message, remedy: Message| {
            Err(ProjectError::input(
                at_place(&source, gate_place(&code)),
                problem,
                remedy,
            ))
        };
        let width = attributes.quantity(&feature, &["width_m"])?;
        let crest = attributes.quantity(&feature, &["crest_m"])?;
        let (Some(width), Some(crest)) = (width, crest) else {
            return wrong(
                message!("fault.gate.lacks", "it lacks width_m or crest_m"),
                message!(
                    "fix.gate.lacks",
                    "give both in metres, the crest above the datum"
                ),
            );
        };
        if !(0.1..=500.0).contains(&width) || !(-50.0..=200.0).contains(&crest) {
            return wrong(
                message!(
                    "fault.gate.size",
                    "width {width} m, crest {crest} m",
                    width = width,
                    crest = crest
                ),
                message!(
                    "fix.gate.size",
                    "give a width up to 500 m and a crest above the datum"
                ),
            );
        }
        let state = match feature.text("state").as_deref() {
            None | Some("closed") => GateState::Closed,
            Some("open") => GateState::Open,
            Some(other) => {
                return wrong(
                    message!("fault.gate.state", "its state is '{state}'", state = other),
                    message!("fix.gate.state", "give open or closed"),
                );
            }
        };
        gates.push(Gate {
            at,
            width,
            crest,
            sill: attributes.quantity(&feature, &["sill_m"])?,
            state,
            code,
        });
    }
    Ok(gates)
}

/// The pumps that `forecast.toml` names.
pub(super) fn pumps(twin: &LoadedTwin, file: &ForecastFile) -> Result<Vec<Pump>, ProjectError> {
    let Some(name) = &file.structures.pumps else {
        return Ok(Vec::new());
    };
    let path = twin.dir.join(name);
    let source = files::name(&path);
    let points = vectors::points(&path, &twin.frame)?;
    let bring = twin.frame.from_crs("EPSG:4490", &source)?;
    let mut attributes = Attributes::new(&source, &[]);
    let pump = |(feature, at): vectors::Framed<_, [f64; 2]>| {
        let code = feature
            .text("code")
            .unwrap_or_else(|| (feature.index + 1).to_string());
        let rate = attributes.quantity(&feature, &["rate_m3_s"])?;
        let rate = rate.filter(|r| (0.0..=1000.0).contains(r));
        let Some(rate) = rate else {
            return Err(ProjectError::input(
                &source,
                message!(
                    "fault.pump.rate",
                    "pump {code} has no rate_m3_s between 0 and 1000",
                    code = &code
                ),
                message!(
                    "fix.pump.rate",
                    "give what it lifts in cubic metres a second"
                ),
            ));
        };
        let lon = attributes.quantity(&feature, &["to_lon"])?;
        let to = match (lon, attributes.quantity(&feature, &["to_lat"])?) {
            (None, None) => None,
            (Some(lon), Some(lat)) => Some((lon, lat)),
            _ => {
                return Err(ProjectError::input(
                    &source,
                    message!(
                        "fault.pump.to",
                        "pump {code} has one of to_lon and to_lat alone",
                        code = &code
                    ),
                    message!(
                        "fix.pump.to",
                        "give both, or neither where it lifts out of the area"
                    ),
                ));
            }
        };
        let to = to.map(|(lon, lat)| bring.point(lon, lat)).transpose()?;
        Ok(Pump { code, at, to, rate })
    };
    points.into_iter().map(pump).collect()
}

/// The position among the twin's gates of the one at a place.
pub(super) fn gate_near(
    twin: &LoadedTwin,
    at: [f64; 2],
    lonlat: [f64; 2],
    what: &Message,
) -> Result<usize, ProjectError> {
    let file = ForecastFile::read(&twin.dir.join(FORECAST_FILE))?;
    nearest_gate(&gates(twin, &file)?, at, lonlat, what)
}

/// The position of the gate nearest to a place, within reach.
pub(super) fn nearest_gate(
    gates: &[Gate],
    at: [f64; 2],
    lonlat: [f64; 2],
    what: &Message,
) -> Result<usize, ProjectError> {
    let far = |gate: &Gate| (gate.at[0] - at[0]).hypot(gate.at[1] - at[1]);
    let nearest = gates
        .iter()
        .enumerate()
        .min_by(|a, b| far(a.1).total_cmp(&far(b.1)));
    match nearest {
        None => Err(ProjectError::input(
            what,
            message!("fault.gate.none", "the twin's forecast.toml names no gates"),
            message!(
                "fix.gate.none",
                "name their file as gates in its section [structures]"
            ),
        )),
        Some((_, gate)) if far(gate) > GATE_REACH_M => Err(ProjectError::input(
            what,
            message!(
                "fault.gate.far",
                "no gate stands within {reach} m of [{lon}, {lat}]; {code} is nearest, {far} m off",
                reach = GATE_REACH_M,
                lon = lonlat[0],
                lat = lonlat[1],
                code = &gate.code,
                far = format!("{:.0}", far(gate))
            ),
            message!("fix.gate.far", "give the place of a gate of the twin"),
        )),
        Some((index, _)) => Ok(index),
    }
}

/// The cells that structures are placed on.
pub(super) struct Site<'a> {
    pub(super) geometry: RasterGeometry,
    elevation: &'a [f64],
    blocked: &'a [bool],
    level: f64,
    /// Cells of open water.
    outer: Vec<bool>,
}

/// Gates, pumps and levees as the solver takes them.
#[derive(Debug, Default)]
pub(super) struct Built {
    pub(super) crests: Vec<Crest>,
    pub(super) structures: Vec<Structure>,
    /// Kind and name of each structure.
    pub(super) names: Vec<(&'static str, String)>,
}

impl<'a> Site<'a> {
    /// - `level`: of rivers and canals at the start [m]
    pub(super) fn new(setup: &'a Setup, level: f64) -> Self {
        let mut site = Self {
            geometry: setup.domain.geometry,
            elevation: &setup.domain.elevation,
            blocked: &setup.domain.blocked,
            level,
            outer: vec![false; setup.domain.elevation.len()],
        };
        let held = setup.boundaries.iter().flat_map(|b| match &b.place {
            BoundaryPlace::Cells(cells) => cells.clone(),
            _ => Vec::new(),
        });
        let fed = setup.inflows.iter().flat_map(|i| &i.cells);
        let mut open: Vec<CellIdx> = held.chain(fed.map(|(cell, _)| *cell)).collect();
        let (n_rows, n_cols) = (site.geometry.n_rows, site.geometry.n_cols);
        while let Some(cell) = open.pop() {
            let wet = site.holds_water(cell) && site.elevation[cell.index()] < level;
            if !wet || std::mem::replace(&mut site.outer[cell.index()], true) {
                continue;
            }
            let (row, col) = (cell.index() / n_cols, cell.index() % n_cols);
            if row > 0 {
                open.push(site.geometry.index(row - 1, col));
            }
            if row + 1 < n_rows {
                open.push(site.geometry.index(row + 1, col));
            }
            if col > 0 {
                open.push(site.geometry.index(row, col - 1));
            }
            if col + 1 < n_cols {
                open.push(site.geometry.index(row, col + 1));
            }
        }
        site
    }

    fn holds_water(&self, cell: CellIdx) -> bool {
        self.elevation[cell.index()].is_finite()
            && !self.blocked.get(cell.index()).copied().unwrap_or(false)
    }

    /// Cells that can hold water with their centre within a radius of a place, and the place's own.
    fn around(&self, at: [f64; 2], radius: f64) -> Vec<(CellIdx, [f64; 2])> {
        let cells = crate::ground::cells_in_disc(&self.geometry, at, radius);
        cells
            .into_iter()
            .filter(|(cell, _)| self.holds_water(*cell))
            .map(|(cell, _)| (cell, self.center(cell)))
            .collect()
    }

    fn center(&self, cell: CellIdx) -> [f64; 2] {
        let n_cols = self.geometry.n_cols;
        let c = self
            .geometry
            .center(cell.index() / n_cols, cell.index() % n_cols);
        [c.x, c.y]
    }

    /// The lowest of some cells; of equal ones the first.
    fn lowest(&self, cells: impl Iterator<Item = CellIdx>) -> Option<CellIdx> {
        cells.min_by(|a, b| {
            let bed = |cell: &CellIdx| self.elevation[cell.index()];
            bed(a).total_cmp(&bed(b)).then(a.cmp(b))
        })
    }

    /// Ground at a place, the highest of the cells around it [m].
    fn crest_at(&self, at: [f64; 2]) -> f64 {
        let reach = 1.1 * self.geometry.dx.max(self.geometry.dy);
        let cells = self.around(at, reach);
        let beds = cells.iter().map(|(cell, _)| self.elevation[cell.index()]);
        beds.fold(f64::NEG_INFINITY, f64::max)
    }

    /// The crests of a levee along a line.
    ///
    /// - `height`: its crest [m], from the highest ground around each place of the line
    pub(super) fn levee(&self, line: &[[f64; 2]], height: impl Fn(f64) -> f64) -> Vec<Crest> {
        let step = 0.5 * self.geometry.dx.min(self.geometry.dy);
        let mut points: Vec<[f64; 3]> = Vec::new();
        for ends in line.windows(2) {
            let (a, b) = (ends[0], ends[1]);
            let length = (b[0] - a[0]).hypot(b[1] - a[1]);
            let n = (length / step).ceil().clamp(1.0, 1e5) as usize;
            for k in 0..=n {
                let t = k as f64 / n as f64;
                let at = [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
                let ground = self.crest_at(at);
                if ground.is_finite() {
                    points.push([at[0], at[1], height(ground)]);
                }
            }
        }
        crests_along(&self.geometry, &points)
    }

    /// Puts a gate into its dike.
    pub(super) fn gate(
        &self,
        gate: &Gate,
        dikes: &[LineString<f64>],
        built: &mut Built,
    ) -> Result<(), ProjectError> {
        let wrong = |problem: Message, remedy: Message| {
            Err(ProjectError::input(gate_place(&gate.code), problem, remedy))
        };
        let Some((foot, along)) = nearest_on(dikes, gate.at, DIKE_REACH_M) else {
            return wrong(
                message!("fault.gate.no_dike", "no dike lies within 60 m of it"),
                message!(
                    "fix.gate.no_dike",
                    "move it onto a line of the dikes that [terrain] of forecast.toml names"
                ),
            );
        };
        let on_dike = |t: f64| [foot[0] + t * along[0], foot[1] + t * along[1]];
        let half = 0.5 * gate.width;
        let cell = self.geometry.dx.max(self.geometry.dy);
        let gap = self.gap(&on_dike, half, gate.crest);
        match gate.state {
            GateState::Closed if gap => {
                let reach = half + 10.0 + 2.0 * cell;
                let line = [on_dike(-reach), on_dike(reach)];
                built.crests.extend(self.levee(&line, |_| gate.crest));
            }
            GateState::Open if !gap => {
                let side = |sign: f64| {
                    let cells = self.around(foot, SIDE_REACH_M.max(4.0 * cell));
                    let beside = cells.into_iter().filter(|(_, c)| {
                        let d = [c[0] - foot[0], c[1] - foot[1]];
                        let across = sign * (d[1] * along[0] - d[0] * along[1]);
                        let lateral = (d[0] * along[0] + d[1] * along[1]).abs();
                        across > 0.5 * cell && lateral <= half.max(1.5 * cell)
                    });
                    self.lowest(beside.map(|(cell, _)| cell))
                };
                let (Some(a), Some(b)) = (side(1.0), side(-1.0)) else {
                    return wrong(
                        message!("fault.gate.edge", "there is no ground on one side of it"),
                        message!("fix.gate.edge", "move it into the terrain"),
                    );
                };
                let beds = [a, b].map(|cell| self.elevation[cell.index()]);
                let sill = gate.sill.unwrap_or(f64::NEG_INFINITY);
                let sill = sill.max(beds[0]).max(beds[1]);
                built.structures.push(Structure {
                    from: self.end(a, gate.width),
                    to: self.end(b, gate.width),
                    law: Law::Gate {
                        sill,
                        width: gate.width,
                        opening: Series::constant((gate.crest - sill).max(0.5)),
                        switch: None,
                        way: Way::Both,
                    },
                });
                built.names.push(("gate", gate.code.clone()));
            }
            GateState::Closed | GateState::Open => {}
        }
        Ok(())
    }

    /// Whether the ground on the dike's line has a gap within half a width.
    fn gap(&self, on_dike: &dyn Fn(f64) -> [f64; 2], half: f64, crest: f64) -> bool {
        let n = (2.0 * half / self.geometry.dx.min(self.geometry.dy))
            .ceil()
            .max(2.0) as usize;
        (0..=n).any(|k| {
            let [x, y] = on_dike(half * (2.0 * k as f64 / n as f64 - 1.0));
            let cell = self.geometry.cell_at(x, y);
            cell.is_some_and(|(row, col)| {
                self.elevation[self.geometry.index(row, col).index()] < crest - GAP_M
            })
        })
    }

    /// The cell and those around it that lie hardly higher.
    fn end(&self, cell: CellIdx, width: f64) -> End {
        let bed = self.elevation[cell.index()];
        let near = self.around(self.center(cell), 0.5 * width);
        let low = near
            .into_iter()
            .filter(|(other, _)| self.elevation[other.index()] <= bed + 0.3)
            .map(|(other, _)| (other, 1.0));
        End::Cells(low.collect())
    }

    /// Puts a pump where it draws.
    ///
    /// - `name`: what messages and the summary call it
    pub(super) fn pump(
        &self,
        pump: &Pump,
        name: &Message,
        built: &mut Built,
    ) -> Result<(), ProjectError> {
        let reach = INTAKE_M.max(1.5 * self.geometry.dx);
        let near = self.around(pump.at, reach);
        let inland = near
            .iter()
            .map(|(cell, _)| *cell)
            .filter(|c| !self.outer[c.index()]);
        // A pump on a pier has nothing but open water around it, and draws from that.
        let intake = self
            .lowest(inland)
            .or_else(|| self.lowest(near.iter().map(|(cell, _)| *cell)));
        let Some(intake) = intake else {
            return Err(ProjectError::input(
                name,
                message!(
                    "fault.pump.dry",
                    "there is no open ground within 30 m to draw from"
                ),
                off_buildings(),
            ));
        };
        let to = match pump.to {
            Some(to) => {
                let there = self.around(to, self.geometry.dx);
                let Some(cell) = self.lowest(there.iter().map(|(cell, _)| *cell)) else {
                    return Err(ProjectError::input(
                        name,
                        message!(
                            "fault.pump.outlet",
                            "the place that it delivers to holds no water"
                        ),
                        off_buildings(),
                    ));
                };
                End::Cells(vec![(cell, 1.0)])
            }
            None => self.delivery(pump.at),
        };
        let bed = self.elevation[intake.index()];
        let usual = bed.max(self.level);
        let water = self.level > bed;
        built.structures.push(Structure {
            from: self.end(intake, 10.0),
            to,
            law: Law::Pump {
                rate: PumpRate::Series(Series::constant(pump.rate)),
                switch: Some(Switch {
                    on: usual + START_M,
                    off: if water { usual } else { usual + 0.02 },
                    watch: None,
                }),
            },
        });
        built.names.push(("pump", name.to_string()));
        Ok(())
    }

    /// The nearest open water; beyond the model where there is none near.
    fn delivery(&self, at: [f64; 2]) -> End {
        let far = |c: &[f64; 2]| (c[0] - at[0]).hypot(c[1] - at[1]);
        let cells = self.around(at, DELIVERY_M);
        let outer = cells
            .into_iter()
            .filter(|(cell, _)| self.outer[cell.index()]);
        let nearest = outer.min_by(|a, b| far(&a.1).total_cmp(&far(&b.1)).then(a.0.cmp(&b.0)));
        match nearest {
            Some((cell, _)) => End::Cells(vec![(cell, 1.0)]),
            None => End::Outside(None),
        }
    }
}

/// The place on the nearest of some lines, and the line's direction there; none beyond `reach` [m].
fn nearest_on(lines: &[LineString<f64>], at: [f64; 2], reach: f64) -> Option<([f64; 2], [f64; 2])> {
    let mut best: Option<(f64, [f64; 2], [f64; 2])> = None;
    for segment in lines.iter().flat_map(LineString::lines) {
        let d = segment.delta();
        let length = d.x.hypot(d.y);
        if length <= 0.0 {
            continue;
        }
        let unit = [d.x / length, d.y / length];
        let to = [at[0] - segment.start.x, at[1] - segment.start.y];
        let t = (to[0] * unit[0] + to[1] * unit[1]).clamp(0.0, length);
        let foot = [segment.start.x + t * unit[0], segment.start.y + t * unit[1]];
        let gap = (foot[0] - at[0]).hypot(foot[1] - at[1]);
        if gap <= reach && best.is_none_or(|(least, ..)| gap < least) {
            best = Some((gap, foot, unit));
        }
    }
    best.map(|(_, foot, unit)| (foot, unit))
}
