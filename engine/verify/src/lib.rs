//! The flood solver against closed forms and published cases.
//!
//! A [`Case`] runs [`stormgrid_sim::flood`] on a problem whose answer is known, once for each scheme
//! that it concerns, and leaves a [`Record`]: rows with the number found, the gate it must keep and
//! what is published about others, and the curves of its plot. One file holds one family of cases;
//! its header tells law, source and tolerance.
//!
//! A gate that local inertial misses because its equations lack the advection of momentum is told
//! as missed *by design*. A miss of the finite volumes whose cause is known is *open*, with the
//! cause; any other miss is a failure.
//!
//! `textbook.rs` holds a plain scheme of first and second order in f64, which shares no code with
//! the solver: where a gate is missed it tells what is the method's and what is ours.
//!
//! What is left out: reading and writing files. [`Lab`] takes the bytes of measured data, and
//! [`page`] and [`svg`] return text.
//!
//! ```
//! let case = stormgrid_verify::case("stoker").expect("a case of that name");
//! let report = stormgrid_verify::verify(case, None);
//! assert!(report.passes());
//! ```

mod agency;
mod building;
mod bump;
mod dam_break;
mod flume;
mod lake;
mod macdonald;
mod monai;
mod norms;
pub mod page;
mod rain;
mod record;
mod run;
pub mod svg;
mod symmetry;
mod textbook;
mod thacker;
mod volume;
mod wave;

use serde::Serialize;
use stormgrid_core::raster::RasterError;
use stormgrid_sim::flood::{FloodError, Scheme};

pub use monai::Lab;
pub use record::{Curve, Gate, Pen, Record, Row, Verdict, number};
pub use run::{Cost, Dice, Run, domain};

/// Why a case came to no end.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// The solver gave up.
    #[error(transparent)]
    Flood(#[from] FloodError),
    /// The case asks for a raster that cannot be.
    #[error(transparent)]
    Raster(#[from] RasterError),
    /// A gauge stands beside the raster.
    #[error("the place ({x}, {y}) is outside the raster")]
    Outside {
        /// x [m].
        x: f64,
        /// y [m].
        y: f64,
    },
    /// Measured data cannot be read.
    #[error("{file}: {reason}")]
    Lab {
        /// Name of the file.
        file: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

/// What a case computes.
#[derive(Clone, Copy)]
enum Work {
    /// From its own numbers alone.
    Alone(fn(&mut Record) -> Result<(), CaseError>),
    /// From data measured in the wave tank of Monai.
    WithLab(fn(&mut Record, &Lab) -> Result<(), CaseError>),
}

/// A problem whose answer is known.
pub struct Case {
    /// For the command line and for file names.
    pub name: &'static str,
    /// What it is, in a line.
    pub title: &'static str,
    /// Where the answer comes from.
    pub source: &'static str,
    /// Labels of the axes of its plot; `None` without a plot.
    pub axes: Option<[&'static str; 2]>,
    schemes: &'static [Scheme],
    work: Work,
}

/// What a case gave.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Name of the case.
    pub case: &'static str,
    /// What it is.
    pub title: &'static str,
    /// Where the answer comes from.
    pub source: &'static str,
    /// Labels of the axes of its plot.
    pub axes: Option<[&'static str; 2]>,
    /// Why it was not run.
    pub skipped: Option<&'static str>,
    /// The numbers.
    pub rows: Vec<Row>,
    /// The curves of its plot; a curve that all schemes share stands here once.
    pub curves: Vec<Curve>,
}

impl Report {
    /// Whether no gate is missed, but for those missed by design.
    pub fn passes(&self) -> bool {
        let missed = |row: &Row| matches!(row.verdict, Verdict::Fail | Verdict::Open);
        !self.rows.iter().any(missed)
    }
}

/// The case of that name.
pub fn case(name: &str) -> Option<&'static Case> {
    CASES.iter().find(|case| case.name == name)
}

/// Runs a case with the schemes that it concerns.
pub fn verify(case: &Case, lab: Option<&Lab>) -> Report {
    let mut report = Report {
        case: case.name,
        title: case.title,
        source: case.source,
        axes: case.axes,
        skipped: None,
        rows: Vec::new(),
        curves: Vec::new(),
    };
    for &scheme in case.schemes {
        let mut record = Record::new(case.name, scheme);
        let outcome = match (case.work, lab) {
            (Work::Alone(work), _) => work(&mut record),
            (Work::WithLab(work), Some(lab)) => work(&mut record, lab),
            (Work::WithLab(_), None) => {
                report.skipped = Some("the measured data are not there; name their folder");
                return report;
            }
        };
        record.close(outcome);
        report.rows.append(&mut record.rows);
        for curve in record.curves {
            if report.curves.iter().all(|known| known.label != curve.label) {
                report.curves.push(curve);
            }
        }
    }
    report
}

const BOTH: &[Scheme] = &[
    Scheme::FiniteVolume,
    Scheme::SecondOrder,
    Scheme::LocalInertial,
];
const PROFILE: Option<[&str; 2]> = Some(["x [m]", "level [m]"]);
const DEPTH: Option<[&str; 2]> = Some(["x [m]", "depth [m]"]);

/// All cases, in the order of the table.
pub const CASES: &[Case] = &[
    Case {
        name: "lake_at_rest",
        title: "A lake at rest over random beds and over an emerged bump",
        source: "Delestre et al. (2013), SWASHES, 3.1",
        axes: None,
        schemes: BOTH,
        work: Work::Alone(lake::at_rest),
    },
    Case {
        name: "symmetry",
        title: "Mirrored and turned input gives mirrored and turned output, bit by bit",
        source: "a property of the equations",
        axes: None,
        schemes: BOTH,
        work: Work::Alone(symmetry::symmetry),
    },
    Case {
        name: "volume",
        title: "Water is neither made nor lost",
        source: "a property of the equations",
        axes: None,
        schemes: BOTH,
        work: Work::Alone(volume::volume),
    },
    Case {
        name: "ritter",
        title: "Dam break onto a dry bed",
        source: "Ritter (1892); SWASHES, 4.1.2",
        axes: DEPTH,
        schemes: BOTH,
        work: Work::Alone(dam_break::ritter),
    },
    Case {
        name: "stoker",
        title: "Dam break onto a wet bed, in the laboratory",
        source: "Stoker (1957); SWASHES, 4.1.1",
        axes: DEPTH,
        schemes: BOTH,
        work: Work::Alone(dam_break::stoker),
    },
    Case {
        name: "stoker_large",
        title: "Dam break onto a wet bed, 10 m high",
        source: "Stoker (1957)",
        axes: DEPTH,
        schemes: BOTH,
        work: Work::Alone(dam_break::stoker_large),
    },
    Case {
        name: "dressler",
        title: "Dam break onto a dry bed with friction",
        source: "after Dressler (1952), J. Res. NBS 49, 217–225, for Manning's law",
        axes: DEPTH,
        schemes: BOTH,
        work: Work::Alone(dam_break::dressler),
    },
    Case {
        name: "simple_wave",
        title: "A smooth simple wave before it breaks",
        source: "the method of characteristics; Stoker (1957), chapter 10",
        axes: DEPTH,
        schemes: BOTH,
        work: Work::Alone(wave::simple),
    },
    Case {
        name: "thacker_1d",
        title: "A plane surface swinging in a parabola",
        source: "Thacker (1981); SWASHES, 4.2.1",
        axes: PROFILE,
        schemes: BOTH,
        work: Work::Alone(thacker::planar_1d),
    },
    Case {
        name: "thacker_radial",
        title: "A round surface swinging in a paraboloid",
        source: "Thacker (1981); SWASHES, 4.2.2",
        axes: PROFILE,
        schemes: BOTH,
        work: Work::Alone(thacker::radial),
    },
    Case {
        name: "thacker_planar",
        title: "A plane surface circling in a paraboloid",
        source: "Thacker (1981); SWASHES, 4.2.2",
        axes: PROFILE,
        schemes: BOTH,
        work: Work::Alone(thacker::planar_2d),
    },
    Case {
        name: "bump_subcritical",
        title: "Subcritical flow over a bump",
        source: "SWASHES, 3.1.3",
        axes: PROFILE,
        schemes: BOTH,
        work: Work::Alone(bump::subcritical),
    },
    Case {
        name: "bump_transcritical",
        title: "Transcritical flow over a bump",
        source: "SWASHES, 3.1.4",
        axes: PROFILE,
        schemes: BOTH,
        work: Work::Alone(bump::transcritical),
    },
    Case {
        name: "bump_shock",
        title: "Transcritical flow over a bump with a hydraulic jump",
        source: "SWASHES, 3.1.5",
        axes: PROFILE,
        schemes: BOTH,
        work: Work::Alone(bump::shock),
    },
    Case {
        name: "macdonald",
        title: "A subcritical channel with friction",
        source: "MacDonald et al. (1997), J. Hydraul. Eng. 123, 1041–1045; SWASHES, 3.2.1",
        axes: PROFILE,
        schemes: BOTH,
        work: Work::Alone(macdonald::macdonald),
    },
    Case {
        name: "turned_channel",
        title: "Uniform flow in channels that leave the axes of the cells",
        source: "Manning's law; the walls take no friction",
        axes: None,
        schemes: BOTH,
        work: Work::Alone(flume::turned),
    },
    Case {
        name: "wave_on_plane",
        title: "A wave that runs onto a dry plane and keeps its shape",
        source: "Hunter et al. (2005), Adv. Water Resour. 28, 975–991",
        axes: DEPTH,
        schemes: BOTH,
        work: Work::Alone(wave::on_plane),
    },
    Case {
        name: "rain_on_plane",
        title: "Rain on a plane: the kinematic wave",
        source: "Henderson & Wooding (1964), J. Geophys. Res. 69, 1531–1540",
        axes: Some(["time [s]", "discharge [m² s⁻¹]"]),
        schemes: BOTH,
        work: Work::Alone(rain::plane),
    },
    Case {
        name: "v_catchment",
        title: "Rain on a tilted V",
        source: "Di Giammarco, Todini & Lamberti (1996), J. Hydrol. 175, 267–291",
        axes: Some(["time [min]", "discharge [m³ s⁻¹]"]),
        schemes: BOTH,
        work: Work::Alone(rain::v_catchment),
    },
    Case {
        name: "ea1",
        title: "EA test 1: a disconnected pond",
        source: "Néelz & Pender (2013), SC120002",
        axes: Some(["time [h]", "level [m]"]),
        schemes: BOTH,
        work: Work::Alone(agency::pond),
    },
    Case {
        name: "ea2",
        title: "EA test 2: filling of depressions",
        source: "Néelz & Pender (2013), SC120002",
        axes: PROFILE,
        schemes: BOTH,
        work: Work::Alone(agency::depressions),
    },
    Case {
        name: "ea3",
        title: "EA test 3: momentum over an obstruction",
        source: "Néelz & Pender (2013), SC120002",
        axes: PROFILE,
        schemes: BOTH,
        work: Work::Alone(agency::momentum),
    },
    Case {
        name: "ea4",
        title: "EA test 4: a breach onto a plain",
        source: "Néelz & Pender (2013), SC120002",
        axes: DEPTH,
        schemes: BOTH,
        work: Work::Alone(agency::breach),
    },
    Case {
        name: "ea6a",
        title: "EA test 6A: dam break against a building, in the laboratory",
        source: "Soares-Frazão & Zech (2007), J. Hydraul. Res. 45 (extra), 27–36",
        axes: Some(["time [s]", "depth [m]"]),
        schemes: BOTH,
        work: Work::Alone(building::flume),
    },
    Case {
        name: "ea6b",
        title: "EA test 6B: dam break against a building, 20 times as large",
        source: "Néelz & Pender (2013), SC120002",
        axes: Some(["time [s]", "depth [m]"]),
        schemes: BOTH,
        work: Work::Alone(building::town),
    },
    Case {
        name: "monai",
        title: "Run-up of a tsunami in the wave tank of Monai",
        source: "3rd International Workshop on Long-Wave Runup Models (2004), problem 2",
        axes: Some(["time [s]", "level [cm]"]),
        schemes: BOTH,
        work: Work::WithLab(monai::monai),
    },
];
