//! Raster files as a run uses them: with what lies beside them, their CRS understood, in metres.

use std::path::{Path, PathBuf};

use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_crs::Crs;
use stormgrid_formats::elevation::{self, GeoRaster, Sidecars};

use crate::{ProjectError, files};

/// Reads a raster of any quantity, with a projection file, a world file, GDAL's metadata and a mask beside it.
///
/// A CRS that is not understood is refused. Cells of a CRS in feet come in metres, with the same projection in metres
/// as their CRS; what the file leaves open is among the findings.
pub(crate) fn read(path: &Path) -> Result<GeoRaster, ProjectError> {
    let file = files::name(path);
    let (read, crs) = understood(read_bytes(path, &file)?, &file)?;
    in_metres(read, crs, &file)
}

/// Reads heights, levels or depths: the same in metres, and refused where they cannot be.
pub(crate) fn read_heights(path: &Path) -> Result<GeoRaster, ProjectError> {
    let file = files::name(path);
    let (read, crs) = understood(read_bytes(path, &file)?, &file)?;
    in_metres(read.into_heights(&file)?, crs, &file)
}

/// Reads the ground that water runs over: heights on cells that are in metres.
pub(crate) fn read_ground(path: &Path) -> Result<GeoRaster, ProjectError> {
    let read = read_heights(path)?;
    if read.looks_like_degrees() {
        let size = read.raster.geometry().dx;
        return Err(ProjectError::input(
            &files::name(path),
            message!(
                "fault.terrain.like_degrees",
                "it names no CRS, and its cells of {size} units and its place look like degrees, while the flood needs metres",
                size = size
            ),
            message!(
                "fix.terrain.degrees",
                "project the raster, for example to EPSG:4547"
            ),
        ));
    }
    Ok(read)
}

fn read_bytes(path: &Path, file: &str) -> Result<GeoRaster, ProjectError> {
    let bytes = files::read(path)?;
    let [prj, world, aux, mask] = [
        sidecar(path, &["prj"], &[])?,
        sidecar(path, &["tfw", "tifw", "wld", "tfwx"], &[])?,
        sidecar(path, &[], &["aux.xml"])?,
        sidecar(path, &[], &["msk"])?,
    ];
    let beside = Sidecars {
        prj: prj.as_deref(),
        world: world.as_deref(),
        aux: aux.as_deref(),
        mask: mask.as_deref(),
    };
    Ok(elevation::read_beside(&bytes, file, &beside)?)
}

/// The first file beside a raster with one of these endings: in place of its own, or after its name.
fn sidecar(path: &Path, instead: &[&str], after: &[&str]) -> Result<Option<Vec<u8>>, ProjectError> {
    let own = path.as_os_str();
    let appended = after.iter().flat_map(|ending| {
        [(*ending).to_owned(), ending.to_uppercase()].map(|ending| {
            let mut name = own.to_owned();
            name.push(".");
            name.push(ending);
            PathBuf::from(name)
        })
    });
    let replaced = instead.iter().flat_map(|ending| {
        [(*ending).to_owned(), ending.to_uppercase()].map(|ending| path.with_extension(ending))
    });
    replaced
        .chain(appended)
        .find(|candidate| candidate != path && candidate.is_file())
        .map(|found| files::read(&found))
        .transpose()
}

/// The raster with its CRS and the unit of its coordinates, if both are understood and agree.
fn understood(mut read: GeoRaster, file: &str) -> Result<(GeoRaster, Option<Crs>), ProjectError> {
    let Some(text) = read.crs.take() else {
        return Ok((read, None));
    };
    let crs = Crs::parse(&text).map_err(|e| ProjectError::crs(file, e))?;
    let of_crs = crs.linear_unit_m();
    if let (Some(said), Some(of_crs)) = (read.unit_m, of_crs)
        && (said / of_crs - 1.0).abs() > 1e-9
    {
        return Err(ProjectError::input(
            file,
            message!(
                "fault.raster.two_units",
                "its unit of length is {said} m and that of its CRS {crs} is {of_crs} m",
                said = said,
                crs = crs.name(),
                of_crs = of_crs
            ),
            message!(
                "fix.raster.two_units",
                "export it again with one of them, or project it to a CRS in metres"
            ),
        ));
    }
    if crs.lacks_datum_shift() {
        read.findings.push(Finding::new(
            Kind::Assumed,
            file,
            message!(
                "note.raster.datum",
                "the shift from the datum of its CRS {crs} to WGS 84 is not known; none is applied, which may move things by some hundred metres against layers in another datum",
                crs = crs.name()
            ),
        ));
    }
    if let Some(vertical) = stormgrid_crs::vertical_part(&text) {
        read.findings.push(Finding::new(
            Kind::Note,
            file,
            message!(
                "note.raster.vertical",
                "its heights are above the datum {vertical}; they are taken as they are",
                vertical = vertical
            ),
        ));
    }
    read.unit_m = of_crs;
    read.crs = Some(crs.to_string());
    Ok((read, Some(crs)))
}

/// The raster with its cells in metres, or in degrees as they are.
fn in_metres(mut read: GeoRaster, crs: Option<Crs>, file: &str) -> Result<GeoRaster, ProjectError> {
    let Some(unit) = read.unit_m.filter(|unit| (unit - 1.0).abs() > 1e-12) else {
        return Ok(read);
    };
    let metric = crs
        .map(|crs| crs.in_metres())
        .transpose()
        .map_err(|e| ProjectError::crs(file, e))?;
    read.findings.push(told_scale(file, unit));
    Ok(read.scaled(unit, metric.map(|crs| crs.to_string()), file)?)
}

fn told_scale(file: &str, unit: f64) -> Finding {
    Finding::new(
        Kind::Note,
        file,
        message!(
            "note.raster.scaled",
            "its coordinates are in a unit of {unit} m; cells and places are converted to metres",
            unit = unit
        ),
    )
}
