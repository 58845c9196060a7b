//! The one door for rasters: terrain, roughness, level, depth, discharge, rain, soil and the sea floor come in here.
//!
//! A raster is asked for its CRS, the range of its values, what stands for no value, and how much of the ground it
//! covers. It is brought into the CRS of the ground where it has another; what is assumed for ground that it does not
//! cover is told with the share; one that does not meet the ground at all is a fault.

use std::path::Path;

use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_core::value::is_sentinel;
use stormgrid_crs::{Crs, Projector};
use stormgrid_formats::elevation::GeoRaster;

use crate::ground::DEFAULT_MANNING;
use crate::{ProjectError, files, geo_raster};

/// Most places within a cell, along one side, at which a raster in another CRS is asked.
const MOST_PLACES: f64 = 4.0;

/// What a raster tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// Ground [m].
    Elevation,
    /// Sea floor and land around it [m].
    SeaFloor,
    /// Manning's n [s m⁻¹ᐟ³].
    Roughness,
    /// Water level [m].
    Level,
    /// Water depth [m].
    Depth,
    /// Unit discharge [m² s⁻¹].
    Discharge,
    /// Rain [mm h⁻¹].
    Rain,
    /// Infiltration rate or conductivity [mm h⁻¹].
    SoilRate,
    /// Curve number [-].
    CurveNumber,
    /// Suction at the wetting front [mm].
    Suction,
    /// Moisture deficit [-].
    Deficit,
}

impl Quantity {
    /// What people call it.
    fn name(self) -> Message {
        match self {
            Self::Elevation => message!("field.elevation", "elevation [m]"),
            Self::SeaFloor => message!("field.sea_floor", "sea floor [m]"),
            Self::Roughness => message!("field.roughness", "Manning's n"),
            Self::Level => message!("field.level", "water level [m]"),
            Self::Depth => message!("field.depth", "water depth [m]"),
            Self::Discharge => message!("field.discharge", "unit discharge [m²/s]"),
            Self::Rain => message!("field.rain", "rain [mm/h]"),
            Self::SoilRate => message!("field.soil_rate", "infiltration [mm/h]"),
            Self::CurveNumber => message!("field.curve_number", "curve number"),
            Self::Suction => message!("field.suction", "suction [mm]"),
            Self::Deficit => message!("field.deficit", "moisture deficit"),
        }
    }

    /// Least and greatest value that can be.
    fn limits(self) -> [f64; 2] {
        match self {
            // The shore of the Dead Sea lies at -440 m, Qomolangma at 8849 m.
            Self::Elevation | Self::Level => [-500.0, 9000.0],
            // The Challenger Deep lies at -10 935 m.
            Self::SeaFloor => [-11_000.0, 9000.0],
            Self::Roughness => [0.005, 1.0],
            Self::Depth => [0.0, 11_000.0],
            Self::Discharge => [-1e4, 1e4],
            Self::Rain => [0.0, 2000.0],
            // Coarse gravel takes 3600 mm/h.
            Self::SoilRate => [0.0, 3600.0],
            Self::CurveNumber => [1.0, 100.0],
            Self::Suction => [0.0, 10_000.0],
            Self::Deficit => [0.0, 1.0],
        }
    }

    /// Whether a number stands for none: sentinels, and what is negative where nothing can be.
    fn is_unknown(self, value: f64) -> bool {
        let negative = match self {
            Self::Elevation | Self::SeaFloor | Self::Level | Self::Discharge => false,
            Self::Roughness => value <= 0.0,
            _ => value < 0.0,
        };
        negative || is_sentinel(value)
    }

    /// What is assumed of ground without a value; `None` where nothing can be.
    fn elsewhere(self) -> Option<Message> {
        match self {
            Self::Roughness => Some(message!(
                "field.else.roughness",
                "Manning's n is taken as {n}",
                n = DEFAULT_MANNING
            )),
            Self::Level | Self::Depth => {
                Some(message!("field.else.dry", "the ground is taken as dry"))
            }
            Self::Discharge => Some(message!("field.else.rest", "the water is taken as at rest")),
            Self::Rain => Some(message!("field.else.rain", "no rain is taken to fall")),
            _ => None,
        }
    }
}

/// The ground that fields are laid over.
#[derive(Clone, Copy)]
pub(crate) struct Over<'a> {
    /// Its CRS; `None` if its raster names none.
    pub crs: Option<&'a str>,
    /// Easting and northing of its frame's origin.
    pub origin: [f64; 2],
    /// Its cells in that frame.
    pub geometry: RasterGeometry,
    /// Which of them have ground.
    pub known: &'a [bool],
}

/// A raster in the frame of the ground, NaN where nothing is known.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// The values.
    pub raster: Raster<f64>,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// Reads the raster that defines the ground: a projected CRS in metres or none, heights that can be.
///
/// # Errors
///
/// Cells in degrees, heights that cannot be, a raster without any height.
pub(crate) fn read_terrain(path: &Path) -> Result<(GeoRaster, Vec<Finding>), ProjectError> {
    let file = files::name(path);
    let mut read = geo_raster::read_ground(path)?;
    if is_geographic(&read) {
        return Err(degrees(&file));
    }
    let mut findings = std::mem::take(&mut read.findings);
    clean(&mut read.raster, Quantity::Elevation, &file, &mut findings)?;
    if !read.raster.values().iter().any(|z| z.is_finite()) {
        return Err(ProjectError::input(
            &file,
            message!("fault.terrain.empty", "none of its cells has a height"),
            message!("fix.terrain.empty", "check what it names as no data"),
        ));
    }
    Ok((read, findings))
}

/// Reads a relief of sea and land in longitude and latitude.
pub(crate) fn read_sea_floor(path: &Path) -> Result<(GeoRaster, Vec<Finding>), ProjectError> {
    let file = files::name(path);
    let mut read = geo_raster::read_heights(path)?;
    let mut findings = std::mem::take(&mut read.findings);
    clean(&mut read.raster, Quantity::SeaFloor, &file, &mut findings)?;
    Ok((read, findings))
}

/// Reads a raster and lays it over the ground.
///
/// # Errors
///
/// Values that cannot be, a CRS that is not known, no value on the ground, and of what the soil takes up
/// a part of the ground without one.
pub(crate) fn read(
    path: &Path,
    quantity: Quantity,
    over: &Over<'_>,
) -> Result<Field, ProjectError> {
    let file = files::name(path);
    let mut read = match quantity {
        Quantity::Level | Quantity::Depth => geo_raster::read_heights(path)?,
        _ => geo_raster::read(path)?,
    };
    let mut findings = std::mem::take(&mut read.findings);
    clean(&mut read.raster, quantity, &file, &mut findings)?;
    let raster = in_frame(read, &file, over, &mut findings)?;
    let (n, known) = covered(&raster, over);
    if n == 0 {
        return Err(ProjectError::input(
            &file,
            message!(
                "fault.field.apart",
                "it has no value of {what} on the ground",
                what = quantity.name()
            ),
            message!("fix.check_crs", "check the coordinates and the CRS"),
        ));
    }
    if n < known {
        let share = percent(n, known);
        let Some(rest) = quantity.elsewhere() else {
            return Err(ProjectError::input(
                &file,
                message!(
                    "fault.field.part",
                    "it has values of {what} for {share} % of the ground only",
                    what = quantity.name(),
                    share = share
                ),
                message!(
                    "fix.field.part",
                    "give a raster that covers all of the ground"
                ),
            ));
        };
        let text = message!(
            "note.field.part",
            "it has values of {what} for {share} % of the ground; elsewhere {rest}",
            what = quantity.name(),
            share = share,
            rest = rest
        );
        findings.push(Finding::new(Kind::Assumed, &file, text).times(known - n));
    }
    Ok(Field { raster, findings })
}

/// Whether two names mean one horizontal CRS.
pub(crate) fn same_crs(a: &str, b: &str) -> bool {
    match (Crs::parse(a), Crs::parse(b)) {
        (Ok(a), Ok(b)) => a.is_same(&b),
        _ => a.trim() == b.trim(),
    }
}

/// A share in percent that is 100 only if it is whole and 0 only if it is none.
pub(crate) fn percent(part: usize, whole: usize) -> String {
    let share = 100.0 * part as f64 / (whole as f64).max(1.0);
    match share {
        s if s > 0.0 && s < 0.1 => "< 0.1".to_owned(),
        s if s < 100.0 => format!("{:.1}", (s * 10.0).floor() / 10.0),
        _ => "100".to_owned(),
    }
}

/// Whether cells are in degrees: the CRS says so, or there is none and the numbers do.
fn is_geographic(read: &GeoRaster) -> bool {
    match read.crs.as_deref().map(Crs::parse) {
        Some(crs) => crs.is_ok_and(|crs| crs.is_geographic()),
        None => read.looks_like_degrees(),
    }
}

fn degrees(file: &str) -> ProjectError {
    ProjectError::input(
        file,
        message!(
            "fault.terrain.degrees",
            "its cells are in degrees, and the flood needs metres"
        ),
        message!(
            "fix.terrain.degrees",
            "project the raster, for example to EPSG:4547"
        ),
    )
}

/// Takes what stands for no value away, and refuses what cannot be.
fn clean(
    raster: &mut Raster<f64>,
    quantity: Quantity,
    file: &str,
    findings: &mut Vec<Finding>,
) -> Result<(), ProjectError> {
    let n_cols = raster.geometry().n_cols;
    let place = |cell: usize| {
        message!(
            "place.cell",
            "row {row}, column {col}",
            row = cell / n_cols + 1,
            col = cell % n_cols + 1
        )
    };
    let (mut count, mut first) = (0, None);
    let [low, high] = quantity.limits();
    for (cell, value) in raster.values_mut().iter_mut().enumerate() {
        if value.is_nan() || (low..=high).contains(value) && !quantity.is_unknown(*value) {
            continue;
        }
        if !quantity.is_unknown(*value) {
            let problem = message!(
                "fault.field.value",
                "{what} is {value} in {place}, outside {low} to {high}",
                what = quantity.name(),
                value = *value,
                place = place(cell),
                low = low,
                high = high
            );
            let remedy = message!(
                "fix.field.value",
                "mend the cell, its unit, or make it no data"
            );
            return Err(ProjectError::input(file, problem, remedy));
        }
        first.get_or_insert((cell, *value));
        count += 1;
        *value = f64::NAN;
    }
    if let Some((cell, value)) = first {
        let text = message!(
            "note.field.sentinel",
            "{n} cells hold a number that stands for none, such as {value}; they count as no data",
            n = count,
            value = value
        );
        let finding = Finding::new(Kind::Unknown, file, text);
        findings.push(finding.at(place(cell)).times(count));
    }
    Ok(())
}

/// Brings a raster into the frame of the ground: moved where it has its CRS, sampled where it has another.
fn in_frame(
    read: GeoRaster,
    file: &str,
    over: &Over<'_>,
    findings: &mut Vec<Finding>,
) -> Result<Raster<f64>, ProjectError> {
    let other = match (&read.crs, over.crs) {
        (Some(own), Some(ground)) if !same_crs(own, ground) => Some((own.clone(), ground)),
        (Some(_), Some(_)) | (None, None) => None,
        (Some(own), None) => {
            let text = message!(
                "note.field.ground_no_crs",
                "its CRS is {crs} and the terrain names none; the terrain is taken to have the same",
                crs = own
            );
            findings.push(Finding::new(Kind::Assumed, file, text));
            None
        }
        (None, Some(ground)) if read.looks_like_degrees() => {
            let text = message!(
                "note.field.degrees",
                "it names no coordinate reference system and its numbers are degrees; EPSG:4326 is taken"
            );
            findings.push(Finding::new(Kind::Assumed, file, text));
            Some(("EPSG:4326".to_owned(), ground))
        }
        (None, Some(ground)) => {
            let text = message!(
                "note.field.no_crs",
                "it names no coordinate reference system; that of the terrain, {crs}, is taken",
                crs = ground
            );
            findings.push(Finding::new(Kind::Assumed, file, text));
            None
        }
    };
    let Some((own, ground)) = other else {
        let g = *read.raster.geometry();
        let local = RasterGeometry {
            west: g.west - over.origin[0],
            north: g.north - over.origin[1],
            ..g
        };
        return Raster::new(local, read.raster.into_values()).map_err(|e| {
            ProjectError::input(
                file,
                Message::english(e),
                message!("fix.field.export", "export the raster again"),
            )
        });
    };
    let projector = Projector::new(ground, &own).map_err(|e| ProjectError::crs(file, e))?;
    let text = message!(
        "note.field.reprojected",
        "it was brought from {from} to {to}",
        from = &own,
        to = ground
    );
    findings.push(Finding::new(Kind::Note, file, text));
    Ok(sampled(&read.raster, &projector, over))
}

/// A raster in another CRS on the cells of the ground: the mean of its cells at places spread over each cell.
fn sampled(raster: &Raster<f64>, projector: &Projector, over: &Over<'_>) -> Raster<f64> {
    let g = over.geometry;
    let convert = |x: f64, y: f64| {
        projector
            .convert(x + over.origin[0], y + over.origin[1])
            .ok()
    };
    let side = places_along(raster.geometry(), &g, &convert);
    Raster::from_fn(g, |row, col| {
        if !over.known[row * g.n_cols + col] {
            return f64::NAN;
        }
        let (mut sum, mut n) = (0.0, 0_u32);
        for k in 0..side * side {
            let within = |k: usize| (k as f64 + 0.5) / side as f64;
            let x = g.west + (col as f64 + within(k % side)) * g.dx;
            let y = g.north - (row as f64 + within(k / side)) * g.dy;
            let found = convert(x, y).and_then(|[x, y]| raster.sample(x, y));
            if let Some(value) = found.filter(|v| v.is_finite()) {
                sum += value;
                n += 1;
            }
        }
        if n > 0 { sum / f64::from(n) } else { f64::NAN }
    })
}

/// Places along the side of a cell of the ground, so that none of the raster's cells within it is missed.
fn places_along(
    raster: &RasterGeometry,
    ground: &RasterGeometry,
    convert: &dyn Fn(f64, f64) -> Option<[f64; 2]>,
) -> usize {
    let middle = ground.bounds().center();
    let apart = |x: f64, y: f64| -> Option<f64> {
        let [x0, y0] = convert(middle.x, middle.y)?;
        let [x1, y1] = convert(middle.x + x, middle.y + y)?;
        Some(((x1 - x0) / raster.dx).hypot((y1 - y0) / raster.dy))
    };
    let cells = [apart(ground.dx, 0.0), apart(0.0, ground.dy)];
    let most = cells.into_iter().flatten().fold(2.0, f64::max);
    most.ceil().clamp(2.0, MOST_PLACES) as usize
}

/// How many cells of the ground have a value at their middle, and how many there are.
fn covered(raster: &Raster<f64>, over: &Over<'_>) -> (usize, usize) {
    let g = over.geometry;
    let (mut n, mut known) = (0, 0);
    for cell in (0..g.n_cells()).filter(|&cell| over.known[cell]) {
        known += 1;
        let at = g.center(cell / g.n_cols, cell % g.n_cols);
        n += usize::from(raster.sample(at.x, at.y).is_some_and(f64::is_finite));
    }
    (n, known)
}
