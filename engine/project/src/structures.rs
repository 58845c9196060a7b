//! `[[structure]]` of a scenario as the solver wants it.

use stormgrid_core::finding::{Finding, Kind as FindingKind};
use stormgrid_core::ids::CellIdx;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::series::Series;
use stormgrid_formats::attributes::Attributes;
use stormgrid_formats::scenario::{Structure as Given, StructureKind as Kind};
use stormgrid_sim::flood::{
    BROAD_CREST, Barrel, Crest, Curve, Domain, End, Law, PumpRate, Reservoir, Section, Structure,
    Switch, Way, crests_along,
};

use crate::ground::cells_in_disc;
use crate::simulate::Places;
use crate::timeline::Numbers;
use crate::vectors;
use crate::{ProjectError, files};
use stormgrid_core::message::Said;

/// Manning's n of a culvert of concrete [s m⁻¹ᐟ³].
///
/// Source: Chow (1959), Open-Channel Hydraulics, table 5-6.
const CONCRETE: f64 = 0.013;

/// Entrance loss of a square edge [-].
///
/// Source: FHWA (2012), HDS 5, table C.2.
const SQUARE_EDGE: f64 = 0.5;

/// Structures of a scenario.
#[derive(Debug, Default)]
pub(crate) struct Structures {
    /// What moves water, and its number in the scenario, from 1.
    pub moving: Vec<(usize, Structure)>,
    /// Levees.
    pub crests: Vec<Crest>,
}

/// Reads what the structures of a scenario name and places them on the cells.
pub(crate) fn read(
    places: &Places<'_>,
    given: &[Given],
    domain: &Domain,
) -> Result<Structures, ProjectError> {
    let mut structures = Structures::default();
    for (k, given) in given.iter().enumerate() {
        let builder = Builder {
            places,
            given,
            domain,
            number: k + 1,
        };
        if given.kind == Kind::Levee {
            structures.crests.extend(builder.levee()?);
        } else {
            structures.moving.push((k + 1, builder.structure()?));
        }
    }
    Ok(structures)
}

/// The word of scenario files for a kind.
pub(crate) fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Levee => "levee",
        Kind::Weir => "weir",
        Kind::Breach => "breach",
        Kind::Gate => "gate",
        Kind::Pump => "pump",
        Kind::Culvert => "culvert",
        Kind::Drain => "drain",
        Kind::Reservoir => "reservoir",
    }
}

struct Builder<'a> {
    places: &'a Places<'a>,
    given: &'a Given,
    domain: &'a Domain,
    number: usize,
}

fn terrain_place() -> Message {
    message!(
        "fix.terrain.place",
        "give easting and northing in the terrain's CRS"
    )
}

impl Builder<'_> {
    fn wrong(&self, problem: impl Into<Said>, remedy: Message) -> ProjectError {
        let problem = message!(
            "place.structure",
            "[[structure]] {n}: {problem}",
            n = self.number,
            problem = problem.into().0
        );
        ProjectError::input(&self.places.reader.file, problem, remedy)
    }

    fn disc(&self, at: [f64; 2]) -> Result<Vec<(CellIdx, f64)>, ProjectError> {
        let radius = self.given.radius_m.unwrap_or(0.0);
        let cells = cells_in_disc(&self.places.geometry, at, radius);
        if cells.is_empty() {
            return Err(self.wrong(
                message!(
                    "fault.structure.outside",
                    "[{x}, {y}] lies outside the terrain",
                    x = at[0],
                    y = at[1]
                ),
                terrain_place(),
            ));
        }
        Ok(cells)
    }

    fn open(&self, mut cells: Vec<(CellIdx, f64)>) -> Result<End, ProjectError> {
        let holds_water = |&(cell, _): &(CellIdx, f64)| {
            let cell = cell.index();
            let blocked = self.domain.blocked.get(cell).copied().unwrap_or(false);
            !blocked && self.domain.elevation[cell].is_finite()
        };
        cells.retain(holds_water);
        for (cell, weight) in &mut cells {
            *weight = weight.min(self.places.ground_share(*cell));
        }
        if cells.is_empty() {
            return Err(self.wrong(
                message!("fault.structure.dry", "none of its cells can hold water"),
                message!(
                    "fix.structure.dry",
                    "move it off buildings and into the terrain, or give it a radius_m"
                ),
            ));
        }
        Ok(End::Cells(cells))
    }

    /// The first end; beyond the domain if no place is given.
    fn from(&self) -> Result<End, ProjectError> {
        match (self.given.at, &self.given.polygon) {
            (Some(at), _) => self.open(self.disc(at)?),
            (None, Some(name)) => self.open(self.places.cells(name)?),
            (None, None) => Ok(End::Outside(None)),
        }
    }

    fn to(&self) -> Result<End, ProjectError> {
        if let Some(to) = self.given.to {
            return self.open(self.disc(to)?);
        }
        let outside = (self.given.outside_m, self.given.outside_series.as_deref());
        match outside {
            (None, None) => Ok(End::Outside(None)),
            (value, name) => {
                let series = self.series_of(value, name, Numbers::Metres)?;
                Ok(End::Outside(Some(series)))
            }
        }
    }

    fn series_of(
        &self,
        value: Option<f64>,
        name: Option<&str>,
        numbers: Numbers,
    ) -> Result<Series, ProjectError> {
        let reader = self.places.reader;
        reader.series(value, name, numbers, self.given.ends())
    }

    fn series(
        &self,
        value: Option<f64>,
        name: Option<&String>,
        numbers: Numbers,
    ) -> Result<Series, ProjectError> {
        let series = self.series_of(value, name.map(String::as_str), numbers)?;
        match series.value.is_empty() {
            true => Err(self.wrong(
                message!("fault.structure.number", "a number or a series is missing"),
                message!(
                    "fix.structure.number",
                    "give the number, or the file of the series"
                ),
            )),
            false => Ok(series),
        }
    }

    fn curve(&self, what: &str, points: &[[f64; 2]]) -> Result<Curve, ProjectError> {
        let points = points.iter().map(|&[x, y]| (x, y)).collect();
        Curve::new(points).ok_or_else(|| {
            self.wrong(
                message!(
                    "fault.structure.curve",
                    "the points of its {what} do not rise",
                    what = what
                ),
                message!(
                    "fix.structure.curve",
                    "put them in order, each first number once"
                ),
            )
        })
    }

    fn way(&self) -> Way {
        match self.given.flap {
            Some(true) => Way::Forward,
            _ => Way::Both,
        }
    }

    fn switch(&self) -> Result<Option<Switch>, ProjectError> {
        let (Some(on), Some(off)) = (self.given.on_m, self.given.off_m) else {
            return Ok(None);
        };
        let watch = self.given.watch.map(|at| match self.places.ground_at(at) {
            Some(cell) => Ok(cell),
            None => Err(self.wrong(
                message!(
                    "fault.structure.watch",
                    "watch lies outside the terrain or where it has no data"
                ),
                terrain_place(),
            )),
        });
        let watch = watch.transpose()?;
        Ok(Some(Switch { on, off, watch }))
    }

    fn structure(&self) -> Result<Structure, ProjectError> {
        let (from, to) = (self.from()?, self.to()?);
        self.tell_if_one_cell(&from, &to);
        let law = match self.given.kind {
            Kind::Weir | Kind::Breach | Kind::Levee => self.weir()?,
            Kind::Gate => self.gate()?,
            Kind::Pump => Law::Pump {
                rate: match &self.given.curve {
                    Some(points) => PumpRate::Curve(self.curve("curve", points)?),
                    None => PumpRate::Series(self.series(
                        self.given.rate_m3_s,
                        self.given.series.as_ref(),
                        Numbers::Discharge,
                    )?),
                },
                switch: self.switch()?,
            },
            Kind::Culvert => self.culvert(&from, &to)?,
            Kind::Drain => self.drain(&from)?,
            Kind::Reservoir => Law::Reservoir(self.reservoir()?),
        };
        Ok(Structure { from, to, law })
    }

    fn weir(&self) -> Result<Law, ProjectError> {
        let g = self.given;
        let (crest, width) = match (g.start_s, g.opening_s) {
            (Some(start), Some(opening)) => {
                let ramp = |from: f64, to: f64| {
                    Series::new(vec![start, start + opening], vec![from, to]).map_err(|e| {
                        self.wrong(
                            e.to_string(),
                            message!("fix.structure.times", "mend start_s and opening_s"),
                        )
                    })
                };
                let crest = g.crest_m.unwrap_or_default();
                (
                    ramp(crest, g.floor_m.unwrap_or(crest))?,
                    ramp(0.0, g.width_m.unwrap_or_default())?,
                )
            }
            _ => (
                self.series(g.crest_m, g.crest_series.as_ref(), Numbers::Metres)?,
                self.series(g.width_m, g.width_series.as_ref(), Numbers::Metres)?,
            ),
        };
        Ok(Law::Weir {
            crest,
            width,
            coefficient: g.coefficient.unwrap_or(BROAD_CREST),
            way: self.way(),
        })
    }

    fn gate(&self) -> Result<Law, ProjectError> {
        Ok(Law::Gate {
            // The scenario's reader has made sure that both are given.
            sill: self.given.sill_m.unwrap_or_default(),
            width: self.given.width_m.unwrap_or_default(),
            opening: self.series(
                self.given.opening_m,
                self.given.opening_series.as_ref(),
                Numbers::Metres,
            )?,
            switch: self.switch()?,
            way: self.way(),
        })
    }

    fn culvert(&self, from: &End, to: &End) -> Result<Law, ProjectError> {
        let g = self.given;
        let section = match (g.diameter_m, g.width_m, g.height_m) {
            (None, Some(width), Some(height)) => Section::Box { width, height },
            (diameter, ..) => Section::Pipe {
                diameter: diameter.unwrap_or_default(),
            },
        };
        let apart = match (g.at, g.to) {
            (Some(a), Some(b)) => (a[0] - b[0]).hypot(a[1] - b[1]),
            _ => 0.0,
        };
        Ok(Law::Culvert {
            barrel: Barrel {
                section,
                length: g.length_m.unwrap_or(apart),
                manning: g.manning.unwrap_or(CONCRETE),
                entrance_loss: g.entrance_loss.unwrap_or(SQUARE_EDGE),
            },
            barrels: g.barrels.unwrap_or(1.0),
            inverts: g.inverts_m.unwrap_or([self.ground(from), self.ground(to)]),
            way: self.way(),
        })
    }

    /// The lowest ground of an end [m].
    fn ground(&self, end: &End) -> f64 {
        let End::Cells(cells) = end else { return 0.0 };
        let beds = cells
            .iter()
            .map(|(cell, _)| self.domain.elevation[cell.index()]);
        beds.filter(|bed| bed.is_finite())
            .fold(f64::INFINITY, f64::min)
    }

    fn drain(&self, from: &End) -> Result<Law, ProjectError> {
        let g = self.given;
        let covered: f64 = match from {
            End::Cells(cells) => cells.iter().map(|(_, weight)| weight).sum(),
            End::Outside(_) => 0.0,
        };
        let by_area = g.capacity_mm_h.map(|rate| {
            let area = covered * self.places.geometry.cell_area();
            rate / 3.6e6 * area
        });
        let capacity = self.series(
            g.capacity_m3_s.or(by_area),
            g.series.as_ref(),
            Numbers::Discharge,
        )?;
        Ok(Law::Drain { capacity })
    }

    fn reservoir(&self) -> Result<Reservoir, ProjectError> {
        let g = self.given;
        let level = g.level_m.unwrap_or_default();
        let none = [[level, 0.0]];
        let optional = |value: Option<f64>, name: Option<&String>| match (value, name) {
            (None, None) => Ok(None),
            _ => self.series(value, name, Numbers::Discharge).map(Some),
        };
        Ok(Reservoir {
            storage: self.curve("storage", g.storage.as_deref().unwrap_or(&none))?,
            initial_level: level,
            inflow: optional(g.inflow_m3_s, g.inflow_series.as_ref())?,
            rule: self.curve("rule", g.rule.as_deref().unwrap_or(&none))?,
            schedule: optional(None, g.series.as_ref())?,
            intake: g.crest_m.zip(g.width_m),
        })
    }

    fn levee(&self) -> Result<Vec<Crest>, ProjectError> {
        let geometry = &self.places.geometry;
        let mut crests = Vec::new();
        if let Some(points) = &self.given.line {
            let line: Vec<[f64; 3]> = points
                .iter()
                .map(|p| [p[0], p[1], self.given.crest_m.unwrap_or_else(|| p[2])])
                .collect();
            crests.extend(crests_along(geometry, &line));
        }
        if let Some(source) = &self.given.source {
            let path = self.places.reader.path(source);
            let file = files::name(&path);
            let mut attributes = Attributes::new(&file, &[]);
            let layer = vectors::lines(&path, &self.places.frame()?)?;
            self.places.reader.found(layer.findings.iter().cloned());
            let (all, mut outside) = (layer.len(), 0);
            for (feature, lines) in layer {
                let own = attributes.quantity(&feature, &["crest_m"])?;
                let Some(crest) = own.or(self.given.crest_m) else {
                    return Err(self.wrong(
                        message!(
                            "fault.structure.crest",
                            "a line of {source} has no property 'crest_m'",
                            source = source
                        ),
                        message!(
                            "fix.structure.crest",
                            "give every line its crest, or crest_m in the section"
                        ),
                    ));
                };
                let before = crests.len();
                for line in lines {
                    let line: Vec<_> = line.coords().map(|c| [c.x, c.y, crest]).collect();
                    crests.extend(crests_along(geometry, &line));
                }
                outside += usize::from(crests.len() == before);
            }
            if outside < all {
                self.places.on_ground(source, all, outside)?;
            }
        }
        // A face between two cells without ground holds nothing back.
        let stands = |crest: &Crest| self.places.is_beside_ground(crest.cell);
        match crests.iter().any(stands) {
            false => Err(self.wrong(
                message!(
                    "fault.structure.line",
                    "its line meets no face between two cells of the terrain"
                ),
                message!("fix.check_crs", "check the coordinates and the CRS"),
            )),
            true => {
                self.tell_if_buried(&crests);
                Ok(crests)
            }
        }
    }

    /// Tells of a structure whose ends lie in the same cell.
    fn tell_if_one_cell(&self, from: &End, to: &End) {
        let (End::Cells(from), End::Cells(to)) = (from, to) else {
            return;
        };
        if from
            .iter()
            .all(|(cell, _)| to.iter().any(|(other, _)| other == cell))
        {
            let text = message!(
                "note.structure.one_cell",
                "[[structure]] {number}: both ends lie in one cell, so that it moves no water; take smaller cells",
                number = self.number
            );
            let file = &self.places.reader.file;
            let told = Finding::new(FindingKind::Assumed, file, text);
            self.places.reader.found([told]);
        }
    }

    /// Tells of a levee that stands nowhere above the ground beside it.
    fn tell_if_buried(&self, crests: &[Crest]) {
        let ground = |crest: &Crest| self.places.ground_height(crest.cell);
        let rises = |crest: &Crest| ground(crest).is_nan() || crest.height > ground(crest);
        if crests.iter().any(rises) {
            return;
        }
        let text = message!(
            "note.structure.buried",
            "[[structure]] {number}: its crest lies nowhere above the ground beside it and holds nothing back",
            number = self.number
        );
        let file = &self.places.reader.file;
        self.places
            .reader
            .found([Finding::new(FindingKind::Assumed, file, text)]);
    }
}
