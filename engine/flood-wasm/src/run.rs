//! A run that advances slice by slice.

use std::ops::ControlFlow;

use stormgrid_core::ids::CellIdx;
use stormgrid_core::raster::{Raster, RasterError};
use stormgrid_core::series::Series;
use stormgrid_core::units::RainRate;
use stormgrid_formats::frames::FrameGrid;
use stormgrid_formats::setup_message::{
    BUILDING, SetupMessage, SetupMessageError, decode_setup, series_of,
};
use stormgrid_sim::flood::{
    Boundary, BoundaryKind, BoundaryPlace, Domain, Flood, FloodError, Inflow, Initial, Manning,
    Rain, Scheme, Setup,
};

/// Why a run cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum LocalRunError {
    /// The message.
    #[error(transparent)]
    Message(#[from] SetupMessageError),
    /// The scheme has no such name.
    #[error("there is no scheme {0}; take finite_volume, finite_volume_2 or local_inertial")]
    Scheme(String),
    /// A length of time that is none.
    #[error("{what} is {value} s; it must lie between 1 s and 30 days")]
    Time {
        /// Which.
        what: &'static str,
        /// Its value [s].
        value: f64,
    },
    /// A cell that is not in the raster.
    #[error("{what} names cell {cell} of {n_cells}")]
    Cell {
        /// Who.
        what: &'static str,
        /// Which cell.
        cell: u32,
        /// How many there are.
        n_cells: usize,
    },
    /// The frames.
    #[error("the frames of the run: {0}")]
    Frames(#[from] RasterError),
    /// The solver.
    #[error("the flood cannot be computed: {0}")]
    Flood(FloodError),
}

/// A run and how far it is.
pub struct LocalRun {
    flood: Flood,
    frames: FrameGrid,
    duration: f64,
    interval: f64,
    next_frame: u32,
}

/// Depth at the start from which a cell is a river, pond or canal [m], as the server's figures have it.
const PERMANENT_WATER_M: f64 = 0.05;

const LONGEST: f64 = 30.0 * 86_400.0;

impl LocalRun {
    /// Prepares the run of a setup message (`SGS1`).
    ///
    /// # Errors
    ///
    /// A message that is none, values out of range, a domain without a cell that can hold water.
    pub fn new(message: &[u8]) -> Result<Self, LocalRunError> {
        let message = decode_setup(message)?;
        let header = &message.header;
        for (what, value) in [
            ("the length of the run", header.duration_s),
            ("the interval of frames", header.output_interval_s),
        ] {
            if !(1.0..=LONGEST).contains(&value) {
                return Err(LocalRunError::Time { what, value });
            }
        }
        let geometry = header.geometry()?;
        let bed = message.elevation.iter().map(|&z| f64::from(z)).collect();
        let bed_below = header.initial_level_m - PERMANENT_WATER_M;
        let bed: Vec<f64> = bed;
        let rivers: Vec<bool> = bed.iter().map(|&z| z <= bed_below).collect();
        let frames = FrameGrid::new(geometry, &Raster::new(geometry, bed)?)?
            .with_permanent_water(&rivers, Some(bed_below));
        let (duration, interval) = (header.duration_s, header.output_interval_s);
        Ok(Self {
            flood: Flood::new(setup_of(message)?).map_err(LocalRunError::Flood)?,
            frames,
            duration,
            interval,
            next_frame: 0,
        })
    }

    /// Goes on by at most so many steps, not beyond the next frame; whether that was reached.
    ///
    /// # Errors
    ///
    /// A run that has blown up: cell, time and cause.
    pub fn advance(&mut self, steps: u32) -> Result<bool, LocalRunError> {
        let target = self.next_time();
        let mut left = steps;
        let mut on_step = |_: &_| {
            left = left.saturating_sub(1);
            match left {
                0 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        };
        self.flood
            .advance_to(target, &mut on_step)
            .map_err(LocalRunError::Flood)?;
        Ok(self.flood.time_s() >= target)
    }

    /// The frame that [`Self::advance`] has reached, as an `SGW1` message; the next one is then the
    /// following.
    pub fn take_frame(&mut self) -> Vec<u8> {
        let (depth, level) = (self.flood.depth(), self.flood.level());
        self.next_frame += 1;
        self.frames.encode(self.flood.time_s(), &depth, &level)
    }

    /// Whether the last frame has been taken.
    pub fn is_done(&self) -> bool {
        self.next_frame > 0 && self.time_of(self.next_frame - 1) >= self.duration
    }

    /// Frames of the whole run.
    pub fn n_frames(&self) -> u32 {
        (self.duration / self.interval).ceil() as u32 + 1
    }

    /// The solver.
    pub fn flood(&self) -> &Flood {
        &self.flood
    }

    /// Length of the run [s].
    pub fn duration_s(&self) -> f64 {
        self.duration
    }

    fn next_time(&self) -> f64 {
        self.time_of(self.next_frame)
    }

    fn time_of(&self, frame: u32) -> f64 {
        (f64::from(frame) * self.interval).min(self.duration)
    }
}

fn setup_of(message: SetupMessage) -> Result<Setup, LocalRunError> {
    let SetupMessage {
        header,
        elevation,
        class,
    } = message;
    let geometry = header.geometry()?;
    let n_cells = elevation.len();
    let cell_of = |what, cell: u32| match (cell as usize) < n_cells {
        true => Ok(CellIdx(cell)),
        false => Err(LocalRunError::Cell {
            what,
            cell,
            n_cells,
        }),
    };
    let mut boundaries = Vec::new();
    for held in &header.boundaries {
        let cells = held.cells.iter().map(|&cell| cell_of("a boundary", cell));
        boundaries.push(Boundary {
            place: BoundaryPlace::Cells(cells.collect::<Result<_, _>>()?),
            kind: match &held.level_m {
                Some(level) => BoundaryKind::Level(series_of("the sea level", level)?),
                None => BoundaryKind::Free,
            },
        });
    }
    let mut inflows = Vec::new();
    for inflow in &header.inflows {
        let cells = inflow.cells.iter();
        let cells = cells.map(|&(cell, weight)| Ok((cell_of("an inflow", cell)?, weight)));
        inflows.push(Inflow {
            cells: cells.collect::<Result<_, LocalRunError>>()?,
            discharge: series_of("an inflow", &inflow.discharge_m3_s)?,
        });
    }
    let coefficient = |&class: &u8| match class {
        BUILDING => 0.0,
        class => header.manning[usize::from(class)] as f32,
    };
    let has_buildings = class.contains(&BUILDING);
    let mut setup = Setup::new(Domain {
        geometry,
        manning: match (header.manning.as_slice(), has_buildings) {
            (&[n], false) => Manning::Uniform(n),
            _ => Manning::Field(class.iter().map(coefficient).collect()),
        },
        blocked: match has_buildings {
            true => class.iter().map(|&class| class == BUILDING).collect(),
            false => Vec::new(),
        },
        elevation: elevation.into_iter().map(f64::from).collect(),
    });
    setup.options.scheme = Scheme::ALL
        .into_iter()
        .find(|scheme| scheme.name() == header.scheme)
        .ok_or(LocalRunError::Scheme(header.scheme))?;
    setup.initial = Initial::Level(header.initial_level_m);
    if !header.rain_mm_h.is_empty() {
        let rain = series_of("the rain", &header.rain_mm_h)?;
        let rate = |&mm_h: &f64| RainRate::from_mm_h(mm_h).as_mps();
        setup.rain = Rain::Series(Series {
            value: rain.value.iter().map(rate).collect(),
            time_s: rain.time_s,
        });
    }
    if !header.parts.is_empty() {
        setup.cover = vec![1.0; geometry.n_cells()];
        for &(cell, part) in &header.parts {
            setup.cover[cell_of("a cell with ground in a part", cell)?.index()] = part;
        }
    }
    setup.boundaries = boundaries;
    setup.inflows = inflows;
    Ok(setup)
}
