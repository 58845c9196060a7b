//! The one door for rasters: terrain, roughness, level, depth, discharge, rain, soil and the sea floor come in here.
//!
//! A raster is asked for its CRS, the range of its values, what stands for no value, and how much of the ground it
//! covers. It is brought into the CRS of the ground where it has another; what is assumed for ground that it does not
//! cover is told with the share; one that does not meet the ground at all is a fault.

use std::path::Path;

use stormgrid_core::area::geodesic_length_m;
use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_core::units::{m2_s_of_unit, mm_h_of_unit};
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
    /// Share of each that has ground [-]; empty where all that have any are whole.
    pub ground: &'a [f64],
    /// Metres in a unit of the coordinates of the terrain's file, in which a raster without a CRS lies.
    pub unit_m: f64,
}

/// A raster in the frame of the ground, NaN where nothing is known.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// The values.
    pub raster: Raster<f64>,
    /// Share of each cell's ground that has a value [0 to 1].
    pub cover: Vec<f64>,
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
    refuse_degrees_under_metres(&read, &file)?;
    let mut findings = std::mem::take(&mut read.findings);
    clean(&mut read.raster, Quantity::Elevation, &file, &mut findings)?;
    if !read.raster.values().iter().any(|z| z.is_finite()) {
        return Err(ProjectError::input(
            &file,
            message!("fault.terrain.empty", "none of its cells has a height"),
            message!("fix.terrain.empty", "check what it names as no data"),
        ));
    }
    findings.extend(told_far_heights(&read.raster, &file));
    findings.extend(told_map_scale(&read, &file));
    Ok((read, findings))
}

/// Least step between the heights of some cells and those of all others that is told [m].
const FAR_STEP_M: f64 = 50.0;

/// Greatest share of the cells that lie beyond it [-].
const FEW_CELLS: f64 = 0.05;

/// Tells of cells far below or above all others: holes and towers of a number that stands for no data.
///
/// The step is at least [`FAR_STEP_M`], and wider than what lies on either side of it.
fn told_far_heights(raster: &Raster<f64>, file: &str) -> Option<Finding> {
    let heights = || raster.values().iter().copied().filter(|z| z.is_finite());
    let low = heights().fold(f64::INFINITY, f64::min);
    let high = heights().fold(f64::NEG_INFINITY, f64::max);
    if high - low < FAR_STEP_M {
        return None;
    }
    // Ends of the heights in each of many bins; the step lies between two that hold some.
    const BINS: usize = 4096;
    let mut bins = vec![(f64::INFINITY, f64::NEG_INFINITY, 0_usize); BINS];
    for z in heights() {
        let bin = ((z - low) / (high - low) * BINS as f64) as usize;
        let bin = &mut bins[bin.min(BINS - 1)];
        *bin = (bin.0.min(z), bin.1.max(z), bin.2 + 1);
    }
    let held: Vec<_> = bins.into_iter().filter(|bin| bin.2 > 0).collect();
    let all: usize = held.iter().map(|bin| bin.2).sum();
    let step = |k: usize| held[k + 1].0 - held[k].1;
    let widest = (0..held.len() - 1).max_by(|a, b| step(*a).total_cmp(&step(*b)))?;
    let below: usize = held[..=widest].iter().map(|bin| bin.2).sum();
    let far = step(widest) >= FAR_STEP_M
        && step(widest) >= (held[widest].1 - low).max(high - held[widest + 1].0);
    let is_low = 2 * below < all;
    let n = if is_low { below } else { all - below };
    let span = match is_low {
        true => held[widest].1 - low,
        false => high - held[widest + 1].0,
    };
    // One number in many cells is no ground either.
    let is_few = n as f64 <= FEW_CELLS * all as f64 || span == 0.0;
    if !far || !is_few {
        return None;
    }
    let is_beyond = |z: &f64| z.is_finite() && (*z <= held[widest].1) == is_low;
    let first = raster.values().iter().position(is_beyond)?;
    let n_cols = raster.geometry().n_cols;
    let text = message!(
        "note.terrain.far",
        "{n} cells lie {step} m or more from the heights of all others, such as {z} m; they are taken as ground: if the number stands for no data, let the file say so",
        n = n,
        step = format!("{:.0}", step(widest)),
        z = raster.values()[first]
    );
    let place = message!(
        "place.cell",
        "row {row}, column {col}",
        row = first / n_cols + 1,
        col = first % n_cols + 1
    );
    Some(Finding::new(Kind::Assumed, file, text).at(place).times(n))
}

/// Share by which areas of a map may differ from those on the ground before that is told [-].
const SCALE_TOLERANCE: f64 = 0.01;

/// Tells where the map's metres are not those of the ground, as those of Web Mercator.
fn told_map_scale(read: &GeoRaster, file: &str) -> Option<Finding> {
    let crs = read.crs.as_deref()?;
    let to_degrees = Projector::new(crs, "EPSG:4326").ok()?;
    let g = read.raster.geometry();
    let middle = g.bounds().center();
    let place = |x: f64, y: f64| {
        let [x, y] = to_degrees.convert(middle.x + x, middle.y + y).ok()?;
        Some(geo::Coord { x, y })
    };
    let ground = |a, b| geodesic_length_m(&geo::LineString::new(vec![a, b]));
    let step = 0.5 * g.dx.max(g.dy);
    let east = ground(place(-step, 0.0)?, place(step, 0.0)?);
    let north = ground(place(0.0, -step)?, place(0.0, step)?);
    let share = (2.0 * step).powi(2) / (east * north);
    let text = message!(
        "note.terrain.map_scale",
        "areas in its CRS {crs} are {times} times those on the ground; areas and volumes are told as they are in the CRS: project it to one that keeps areas here, for example the zone of UTM or CGCS2000",
        crs = shown(crs),
        times = format!("{share:.3}")
    );
    ((share - 1.0).abs() > SCALE_TOLERANCE).then(|| Finding::new(Kind::Assumed, file, text))
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
    findings.extend(in_unit(&mut read, quantity, &file)?);
    clean(&mut read.raster, quantity, &file, &mut findings)?;
    let (raster, cover) = in_frame(read, &file, over, &mut findings)?;
    let cover = share_of_ground(cover, over);
    findings.extend(told_cover(&cover, quantity, &file, over)?);
    Ok(Field {
        raster,
        cover,
        findings,
    })
}

/// Least share of a cell's ground whose mean stands for all of it where nothing can be assumed [-].
const MOST_OF_A_CELL: f64 = 0.5;

/// Share of a cell that rounding of edges may leave without a value [-].
const EDGE: f64 = 1e-3;

/// Shares of cells as shares of the ground in them; 0 where there is none.
fn share_of_ground(mut cover: Vec<f64>, over: &Over<'_>) -> Vec<f64> {
    for (cell, share) in cover.iter_mut().enumerate() {
        let ground = over.ground.get(cell).copied().unwrap_or(1.0);
        *share = match *share / ground {
            _ if !over.known[cell] => 0.0,
            share if share > 1.0 - EDGE => 1.0,
            share => share,
        };
    }
    cover
}

/// What ground without a value means: told with its share, or refused.
fn told_cover(
    cover: &[f64],
    quantity: Quantity,
    file: &str,
    over: &Over<'_>,
) -> Result<Option<Finding>, ProjectError> {
    let (mut with, mut all, mut short, mut least) = (0.0, 0.0, 0, 1.0_f64);
    for cell in (0..cover.len()).filter(|&cell| over.known[cell]) {
        let ground = over.ground.get(cell).copied().unwrap_or(1.0);
        all += ground;
        with += ground * cover[cell];
        short += usize::from(cover[cell] < 1.0);
        least = least.min(cover[cell]);
    }
    if with == 0.0 {
        return Err(ProjectError::input(
            file,
            message!(
                "fault.field.apart",
                "it has no value of {what} on the ground",
                what = quantity.name()
            ),
            message!(
                "fix.field.apart",
                "check its coordinates and CRS, and what it holds for no data"
            ),
        ));
    }
    if short == 0 {
        return Ok(None);
    }
    let share = percent_of(with, all);
    let rest = match quantity.elsewhere() {
        Some(rest) => rest,
        None if least >= MOST_OF_A_CELL => message!(
            "field.else.mean",
            "the mean of the part of the cell that has values is taken"
        ),
        None => {
            return Err(ProjectError::input(
                file,
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
        }
    };
    let text = message!(
        "note.field.part",
        "it has values of {what} for {share} % of the ground; elsewhere {rest}",
        what = quantity.name(),
        share = share,
        rest = rest
    );
    Ok(Some(Finding::new(Kind::Assumed, file, text).times(short)))
}

/// A CRS for people: its name rather than its well-known text.
fn shown(crs: &str) -> String {
    Crs::parse(crs).map_or_else(|_| crs.to_owned(), |crs| crs.name().to_owned())
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
    percent_of(part as f64, (whole as f64).max(1.0))
}

fn percent_of(part: f64, whole: f64) -> String {
    match 100.0 * part / whole {
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

/// Refuses cells in degrees whose file names a CRS in metres: they would be millimetres wide, and their steps too.
fn refuse_degrees_under_metres(read: &GeoRaster, file: &str) -> Result<(), ProjectError> {
    /// Widest cells that are taken for degrees.
    const CELL: f64 = 0.01;
    let (Some(crs), g) = (&read.crs, read.raster.geometry()) else {
        return Ok(());
    };
    let inside = g.west >= -180.0 && g.east() <= 360.0 && g.south() >= -90.0 && g.north <= 90.0;
    if !inside || g.dx > CELL || g.dy > CELL || read.source_unit_m != 1.0 {
        return Ok(());
    }
    Err(ProjectError::input(
        file,
        message!(
            "fault.terrain.degrees_as_metres",
            "its CRS {crs} is in metres, and its cells of {size} units and its place look like degrees",
            crs = shown(crs),
            size = g.dx
        ),
        message!(
            "fix.terrain.degrees_as_metres",
            "name the CRS that its numbers are in, then project it to {crs}",
            crs = shown(crs)
        ),
    ))
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

/// Brings values into the unit of their quantity where the file names another; tells of it.
///
/// Heights, levels and depths came in metres.
///
/// # Errors
///
/// A unit that is none of the quantity.
fn in_unit(
    read: &mut GeoRaster,
    quantity: Quantity,
    file: &str,
) -> Result<Option<Finding>, ProjectError> {
    let Some(unit) = read.unit.as_deref().filter(|unit| !unit.trim().is_empty()) else {
        return Ok(None);
    };
    let (wanted, factor) = match quantity {
        Quantity::Rain | Quantity::SoilRate => ("mm/h", mm_h_of_unit(unit)),
        Quantity::Suction => {
            let metres = read.vertical_unit.as_ref().map(|unit| unit.metres);
            ("mm", metres.map(|metres| 1000.0 * metres))
        }
        Quantity::Discharge => ("m²/s", m2_s_of_unit(unit)),
        _ => return Ok(None),
    };
    let Some(factor) = factor else {
        return Err(ProjectError::input(
            file,
            message!(
                "fault.field.unit",
                "its values are in the unit '{unit}', which is none of {what}",
                unit = unit,
                what = quantity.name()
            ),
            message!(
                "fix.field.unit",
                "give values in {unit}, or mend the unit that the file names",
                unit = wanted
            ),
        ));
    };
    if factor == 1.0 {
        return Ok(None);
    }
    let text = message!(
        "note.field.unit",
        "its values are in '{unit}'; they are converted to {wanted} (times {factor})",
        unit = unit,
        wanted = wanted,
        factor = factor
    );
    for value in read.raster.values_mut() {
        // What stands for no value stands for none in any unit.
        if !is_sentinel(*value) {
            *value *= factor;
        }
    }
    Ok(Some(Finding::new(Kind::Note, file, text)))
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
) -> Result<(Raster<f64>, Vec<f64>), ProjectError> {
    let unplaced = read.crs.is_none();
    let other = match (&read.crs, over.crs) {
        (Some(own), Some(ground)) if !same_crs(own, ground) => Some((own.clone(), ground)),
        (Some(_), Some(_)) | (None, None) => None,
        (Some(own), None) => {
            let text = message!(
                "note.field.ground_no_crs",
                "its CRS is {crs} and the terrain names none; the terrain is taken to have the same",
                crs = shown(own)
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
                crs = shown(ground)
            );
            findings.push(Finding::new(Kind::Assumed, file, text));
            None
        }
    };
    let Some((own, ground)) = other else {
        let g = *read.raster.geometry();
        let unit = if unplaced { over.unit_m } else { 1.0 };
        let local = RasterGeometry {
            west: g.west * unit - over.origin[0],
            north: g.north * unit - over.origin[1],
            dx: g.dx * unit,
            dy: g.dy * unit,
            ..g
        };
        let raster = Raster::new(local, read.raster.into_values()).map_err(|e| {
            ProjectError::input(
                file,
                Message::english(e),
                message!("fix.field.export", "export the raster again"),
            )
        })?;
        let cover = match local == over.geometry {
            true => {
                let values = raster.values().iter();
                values.map(|v| f64::from(u8::from(v.is_finite()))).collect()
            }
            false => raster.resampled_cover(over.geometry).into_values(),
        };
        return Ok((raster, cover));
    };
    let projector = Projector::new(ground, &own).map_err(|e| ProjectError::crs(file, e))?;
    let text = message!(
        "note.field.reprojected",
        "it was brought from {from} to {to}",
        from = shown(&own),
        to = shown(ground)
    );
    findings.push(Finding::new(Kind::Note, file, text));
    Ok(sampled(&read.raster, &projector, over))
}

/// A raster in another CRS on the cells of the ground: the mean of its cells at places spread over each cell, and the
/// share of these places that have a value.
fn sampled(
    raster: &Raster<f64>,
    projector: &Projector,
    over: &Over<'_>,
) -> (Raster<f64>, Vec<f64>) {
    let g = over.geometry;
    let convert = |x: f64, y: f64| {
        projector
            .convert(x + over.origin[0], y + over.origin[1])
            .ok()
    };
    let side = places_along(raster.geometry(), &g, &convert);
    let mut cover = vec![0.0; g.n_cells()];
    let sampled = Raster::from_fn(g, |row, col| {
        let cell = row * g.n_cols + col;
        if !over.known[cell] {
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
        cover[cell] = f64::from(n) / (side * side) as f64;
        if n > 0 { sum / f64::from(n) } else { f64::NAN }
    });
    (sampled, cover)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 x 10 cells of ground that rises from 2 to 12 m, some of them at another height.
    fn ground(odd: f64, n: usize) -> Raster<f64> {
        let geometry = RasterGeometry::new(100, 10, 0.0, 100.0, 10.0, 10.0).expect("valid");
        Raster::from_fn(geometry, |row, col| match row * 100 + col < n {
            true => odd,
            false => 2.0 + 0.1 * col as f64,
        })
    }

    #[test]
    fn cells_far_from_all_others_are_told() {
        for (odd, n, told) in [
            (-99.0, 3, Some(3)),
            (-99.0, 300, Some(300)),
            (8888.0, 1, Some(1)),
            (-5.0, 3, None),
            (40.0, 30, None),
            (2.0, 0, None),
        ] {
            let found = told_far_heights(&ground(odd, n), "dem.tif");
            assert_eq!(found.map(|finding| finding.count), told, "{n} at {odd} m");
        }
        // Half a plain and half a table mountain: ground on both sides.
        let geometry = RasterGeometry::new(100, 10, 0.0, 100.0, 10.0, 10.0).expect("valid");
        let mountain = Raster::from_fn(geometry, |row, col| {
            0.5 * row as f64 + if col < 50 { 0.0 } else { 300.0 }
        });
        assert_eq!(told_far_heights(&mountain, "dem.tif"), None);
    }

    #[test]
    fn a_field_covers_cells_by_area() {
        let fine = RasterGeometry::new(8, 4, 0.0, 20.0, 5.0, 5.0).expect("valid");
        // Every other column of cells half as wide as those of the ground.
        let raster = Raster::from_fn(fine, |_, col| match col % 2 {
            0 => 1.0,
            _ => f64::NAN,
        });
        let geometry = RasterGeometry::new(4, 2, 0.0, 20.0, 10.0, 10.0).expect("valid");
        let known = [true, true, true, true, false, true, true, true];
        let over = Over {
            crs: None,
            origin: [0.0; 2],
            geometry,
            known: &known,
            ground: &[1.0, 0.5, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0],
            unit_m: 1.0,
        };
        let cover = share_of_ground(raster.resampled_cover(geometry).into_values(), &over);
        assert_eq!(cover, [0.5, 1.0, 0.5, 0.5, 0.0, 0.5, 0.5, 0.5]);
        let told = told_cover(&cover, Quantity::Rain, "r.tif", &over).expect("told");
        let text = told.expect("a finding").message().to_string();
        assert!(text.contains("53.8 %"), "{text}");
        assert!(told_cover(&[0.4; 8], Quantity::SoilRate, "i.tif", &over).is_err());
        assert!(told_cover(&[0.0; 8], Quantity::Rain, "r.tif", &over).is_err());
        let whole = told_cover(&[1.0; 8], Quantity::Rain, "r.tif", &over);
        assert_eq!(whole.expect("told"), None);
    }
}
