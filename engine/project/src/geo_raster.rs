//! Raster files as a run uses them: with what lies beside them, their CRS understood, in metres.

use std::path::{Path, PathBuf};

use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_crs::Crs;
use stormgrid_formats::elevation::{self, GeoRaster, LengthUnit, Sidecars};

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
    read.findings.extend(told_datum(&crs, file));
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
    if read.vertical_unit.is_none()
        && let Some(metres) = stormgrid_crs::vertical_unit_m(&text)
    {
        read.vertical_unit = Some(LengthUnit {
            name: format!("{metres} m"),
            metres,
        });
    }
    read.unit_m = of_crs;
    read.crs = Some(crs.to_string());
    Ok((read, Some(crs)))
}

/// Tells of a CRS whose datum's shift is not known.
pub(crate) fn told_datum(crs: &Crs, file: &str) -> Option<Finding> {
    let text = message!(
        "note.raster.datum",
        "the shift from the datum of its CRS {crs} to WGS 84 is not known; none is applied, which may move things by some hundred metres against layers in another datum",
        crs = crs.name()
    );
    crs.lacks_datum_shift()
        .then(|| Finding::new(Kind::Assumed, file, text))
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

#[cfg(test)]
mod tests {
    use stormgrid_core::raster::{Raster, RasterGeometry};
    use stormgrid_formats::elevation::write_geotiff;

    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    /// 4 x 3 cells of 10 units, all at 2.
    fn tiff(crs: &str) -> Vec<u8> {
        let geometry = RasterGeometry::new(4, 3, 984_250.0, 194_300.0, 10.0, 10.0).expect("valid");
        write_geotiff(&Raster::filled(geometry, 2.0), Some(crs), -9999.0).expect("written")
    }

    fn told(read: &GeoRaster, kind: Kind, part: &str) -> bool {
        let mut findings = read.findings.iter();
        findings.any(|f| f.kind == kind && f.text.to_string().contains(part))
    }

    /// Cause: cells of a CRS in feet were taken as metres, ten times their area.
    #[test]
    fn cells_of_a_crs_in_feet_come_in_metres() {
        let dir = folder();
        let path = dir.path().join("feet.tif");
        std::fs::write(&path, tiff("EPSG:2263")).expect("written");
        let read = read_ground(&path).expect("sound");
        let foot: f64 = 1200.0 / 3937.0;
        let g = read.raster.geometry();
        assert!((g.cell_area() - 100.0 * foot * foot).abs() < 1e-9, "{g:?}");
        assert!(
            (g.west - 984_250.0 * foot).abs() < 1e-6 && (g.north - 194_300.0 * foot).abs() < 1e-6
        );
        assert!(told(&read, Kind::Note, "converted to metres"));
        assert!(told(&read, Kind::Assumed, "unit of its heights"));
        // The corner lies where pyproj 3.7 puts it: EPSG:2263 to EPSG:4269.
        let crs = read.crs.expect("a definition");
        let to_degrees = stormgrid_crs::Projector::new(&crs, "EPSG:4269").expect("known");
        let [lon, lat] = to_degrees.convert(g.west, g.north).expect("inside");
        assert!(
            (lon + 74.0).abs() < 1e-7 && (lat - 40.7).abs() < 2e-5,
            "{lon} {lat}"
        );
    }

    #[test]
    fn what_lies_beside_a_raster_is_read() {
        let dir = folder();
        let grid = dir.path().join("dem.asc");
        std::fs::write(
            &grid,
            "ncols 1\nnrows 1\nxllcorner 405000\nyllcorner 2498000\ncellsize 10\n2\n",
        )
        .expect("written");
        assert_eq!(read(&grid).expect("sound").crs, None);
        let prj = r#"PROJCS["CGCS2000_3_Degree_GK_CM_114E",GEOGCS["GCS",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],PARAMETER["Central_Meridian",114.0],UNIT["Meter",1.0]]"#;
        std::fs::write(dir.path().join("dem.prj"), prj).expect("written");
        let crs = Crs::parse(&read(&grid).expect("sound").crs.expect("a CRS")).expect("known");
        assert!(crs.is_same(&Crs::parse("EPSG:4547").expect("known")));
        std::fs::write(
            dir.path().join("dem.prj"),
            prj.replace("Gauss_Kruger", "Bonne"),
        )
        .expect("written");
        let fault = read(&grid).expect_err("unknown").to_string();
        assert!(
            fault.contains("dem.asc") && fault.contains("CGCS2000_3_Degree"),
            "{fault}"
        );
    }

    #[test]
    fn ground_in_degrees_without_a_crs_is_refused() {
        let dir = folder();
        let grid = dir.path().join("srtm.asc");
        let text =
            "ncols 2\nnrows 1\nxllcorner 113.05\nyllcorner 22.55\ncellsize 0.000277778\n2 3\n";
        std::fs::write(&grid, text).expect("written");
        assert!(read(&grid).is_ok());
        let fault = read_ground(&grid).expect_err("degrees").to_string();
        assert!(
            fault.contains("0.000277778") && fault.contains("EPSG:4547"),
            "{fault}"
        );
    }

    #[test]
    fn a_code_that_is_in_no_register_is_refused() {
        let dir = folder();
        let path = dir.path().join("e.tif");
        std::fs::write(&path, tiff("EPSG:9999")).expect("written");
        let fault = read(&path).expect_err("no such CRS").to_string();
        assert!(
            fault.contains("e.tif") && fault.contains("EPSG:9999"),
            "{fault}"
        );
    }
}
