//! What a twin cannot be with, seen over its layers: they lie on its ground, and a code stands for one polygon.

use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_formats::vector::repeated;
use stormgrid_twin::{GeometryKind, Grid, Layer, Outline, PathLine, Position};

use crate::error::Thing;
use crate::twin::{LayerFile, LoadedTwin, MANIFEST};
use crate::vectors::{self, OnGround, off_ground_remedy, on_ground};
use crate::{ProjectError, files};

/// Refuses a twin whose numbers would be wrong, whatever is computed on it.
pub(crate) fn refuse(twin: &LoadedTwin) -> Result<(), ProjectError> {
    origin_near_ground(twin)?;
    for layer in twin.twin.layers() {
        let file = twin.layers.iter().find(|file| file.id == layer.id);
        if layer.geometry == GeometryKind::Polygon {
            one_polygon_a_code(twin, layer)?;
        }
        if lies(twin, layer).is_off() {
            return Err(off_ground(twin, layer, file));
        }
    }
    Ok(())
}

/// Two polygons of one code: plans, lists and sums would take one for the other.
fn one_polygon_a_code(twin: &LoadedTwin, layer: &Layer) -> Result<(), ProjectError> {
    let codes = twin.twin.all::<Grid>(layer).map(|g| Some(g.code.clone()));
    refuse_same_codes(codes.enumerate(), file_of(twin, layer))
}

/// Refuses polygons of one code at positions of a file.
pub(crate) fn refuse_same_codes(
    codes: impl IntoIterator<Item = (usize, Option<String>)>,
    file: impl Into<Thing>,
) -> Result<(), ProjectError> {
    let Some(found) = repeated(codes) else {
        return Ok(());
    };
    let [first, second] = found.features;
    Err(ProjectError::input(
        file,
        message!(
            "fault.grids.same_code",
            "features {first} and {second} both have the code '{code}' ({n} repeat one before them)",
            first = first,
            second = second,
            code = &found.text,
            n = found.count
        ),
        message!(
            "fix.grids.same_code",
            "give each a code of its own: plans, lists and sums by code would mix them"
        ),
    ))
}

fn file_of(twin: &LoadedTwin, layer: &Layer) -> Message {
    let own = twin.layers.iter().find(|file| file.id == layer.id);
    let city = || {
        let sources = twin.manifest.city.iter();
        let names: Vec<String> = sources
            .map(|c| files::name(&twin.dir.join(&c.source)))
            .collect();
        Message::plain(names.join(", "))
    };
    own.map_or_else(city, |file| Message::plain(files::name(&file.path)))
}

fn lies(twin: &LoadedTwin, layer: &Layer) -> OnGround {
    let ground = &twin.ground.elevation;
    match layer.geometry {
        GeometryKind::Polygon | GeometryKind::Building => {
            on_ground(twin.twin.all::<Outline>(layer).map(|o| &o.0), ground)
        }
        GeometryKind::Line => on_ground(twin.twin.all::<PathLine>(layer).map(|l| &l.0), ground),
        GeometryKind::Point => {
            let places: Vec<[f64; 2]> = twin
                .twin
                .all::<Position>(layer)
                .map(|at| [at.0[0], at.0[1]])
                .collect();
            on_ground(&places, ground)
        }
    }
}

fn off_ground(twin: &LoadedTwin, layer: &Layer, file: Option<&LayerFile>) -> ProjectError {
    let (frame, ground) = (&twin.frame, &twin.ground.elevation);
    let default = || message!("fix.check_crs", "check the coordinates and the CRS");
    // The file is read again for its own coordinates; that costs nothing but in this case.
    let remedy = file.and_then(|file| match file.geometry {
        GeometryKind::Polygon => {
            let layer = vectors::polygons(&file.path, frame).ok()?;
            Some(off_ground_remedy(&layer, frame, ground))
        }
        GeometryKind::Line => {
            let layer = vectors::lines(&file.path, frame).ok()?;
            Some(off_ground_remedy(&layer, frame, ground))
        }
        GeometryKind::Point => {
            let layer = vectors::points(&file.path, frame).ok()?;
            Some(off_ground_remedy(&layer, frame, ground))
        }
        GeometryKind::Building => None,
    });
    ProjectError::input(
        file_of(twin, layer),
        message!(
            "fault.layer.off_ground",
            "none of its {n} features lies on the ground of {terrain}",
            n = layer.entities.len(),
            terrain = &twin.manifest.terrain.elevation
        ),
        remedy.unwrap_or_else(default),
    )
}

/// Widths of the ground that the origin of the site frame may lie away from it [-], and the least distance that is
/// let pass [m]: an origin on the other side of the country is a slip of the pen.
const ORIGIN_WIDTHS: f64 = 2.0;
const ORIGIN_LEAST_M: f64 = 20_000.0;

fn origin_near_ground(twin: &LoadedTwin) -> Result<(), ProjectError> {
    let bounds = twin.ground.elevation.geometry().bounds();
    // The origin is 0, 0 of the frame.
    let away = |low: f64, high: f64| low.max(-high).max(0.0);
    let distance = away(bounds.min().x, bounds.max().x).hypot(away(bounds.min().y, bounds.max().y));
    let size = bounds.width().max(bounds.height());
    if distance <= (ORIGIN_WIDTHS * size).max(ORIGIN_LEAST_M) {
        return Ok(());
    }
    let [lon, lat] = twin.manifest.site.origin;
    Err(ProjectError::input(
        &files::name(&twin.dir.join(MANIFEST)),
        message!(
            "fault.site.origin",
            "the origin {lon}, {lat} of [site] lies {km} km from the ground of {terrain}",
            lon = lon,
            lat = lat,
            km = format!("{:.0}", distance / 1000.0),
            terrain = &twin.manifest.terrain.elevation
        ),
        message!(
            "fix.site.origin",
            "give longitude and latitude of a place on the ground, and check the CRS of the terrain"
        ),
    ))
}
