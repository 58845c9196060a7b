//! GeoJSON layers brought into the frame where they are needed, vertex by vertex.

use std::path::Path;

use geo::{Coord, CoordsIter, LineString, MapCoords, MultiLineString, MultiPolygon, Point};
use stormgrid_core::finding::Finding;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::raster::Raster;
use stormgrid_core::zonal::{covered_fractions, covered_lengths};
use stormgrid_crs::{Crs, Projector};
use stormgrid_formats::attributes::Described;
use stormgrid_formats::vector::{self, Feature, Form, Layer, Rings};
use stormgrid_twin::GeometryKind;

use crate::error::at;
use crate::geo_raster::told_datum;
use crate::{ProjectError, files};

/// The CRS of GeoJSON that names none (RFC 7946).
const GEOJSON_CRS: &str = "EPSG:4326";

/// A frame in metres: a projected CRS less an origin.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The CRS.
    pub crs: String,
    /// Easting and northing that become 0, 0 [m].
    pub origin: [f64; 2],
}

impl Frame {
    /// The CRS itself.
    pub fn of_crs(crs: &str) -> Self {
        Self {
            crs: crs.to_owned(),
            origin: [0.0, 0.0],
        }
    }

    /// Brings points of a CRS here, or fails at the first that cannot be.
    pub fn from_crs(&self, crs: &str, file: &str) -> Result<Bring, ProjectError> {
        let projector = Projector::new(crs, &self.crs).map_err(|e| ProjectError::crs(file, e))?;
        Ok(Bring {
            projector,
            origin: self.origin,
            file: file.to_owned(),
        })
    }
}

/// Brings points from the CRS of one file into a [`Frame`].
pub struct Bring {
    projector: Projector,
    origin: [f64; 2],
    file: String,
}

impl Bring {
    /// One point.
    pub fn point(&self, x: f64, y: f64) -> Result<[f64; 2], ProjectError> {
        let [east, north] = self
            .projector
            .convert(x, y)
            .map_err(|e| ProjectError::crs(&self.file, e))?;
        Ok([east - self.origin[0], north - self.origin[1]])
    }

    fn coord(&self, c: Coord<f64>) -> Result<Coord<f64>, ProjectError> {
        let [x, y] = self.point(c.x, c.y)?;
        Ok(Coord { x, y })
    }

    /// An area.
    pub fn area(&self, area: &MultiPolygon<f64>) -> Result<MultiPolygon<f64>, ProjectError> {
        area.try_map_coords(|c| self.coord(c))
    }

    /// Lines.
    pub fn lines(
        &self,
        lines: &MultiLineString<f64>,
    ) -> Result<MultiLineString<f64>, ProjectError> {
        lines.try_map_coords(|c| self.coord(c))
    }
}

/// A feature in the file's coordinates, and its geometry in the frame.
pub type Framed<G, L = G> = (Feature<G>, L);

/// A layer whose geometries were brought into a frame.
#[derive(Clone, Debug)]
pub struct FramedLayer<G, L = G> {
    /// The features in the order of the file.
    pub features: Vec<Framed<G, L>>,
    /// The CRS that the file names.
    pub named: Option<String>,
    /// The CRS that the file names, or that GeoJSON without one has.
    pub crs: String,
    /// What was assumed and left out.
    pub findings: Vec<Finding>,
    /// How the file is written.
    pub form: Form,
}

impl<G, L> FramedLayer<G, L> {
    /// Iterates over the features.
    pub fn iter(&self) -> std::slice::Iter<'_, Framed<G, L>> {
        self.features.iter()
    }

    /// How many features there are.
    pub fn len(&self) -> usize {
        self.features.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.features.is_empty()
    }

    /// Whether the file's coordinates are longitude and latitude.
    pub fn is_geographic(&self) -> bool {
        is_geographic(&self.crs)
    }
}

impl<G, L> IntoIterator for FramedLayer<G, L> {
    type Item = Framed<G, L>;
    type IntoIter = std::vec::IntoIter<Framed<G, L>>;

    fn into_iter(self) -> Self::IntoIter {
        self.features.into_iter()
    }
}

/// Whether a CRS has longitude and latitude; none that is unknown has.
pub(crate) fn is_geographic(crs: &str) -> bool {
    Crs::parse(crs).is_ok_and(|crs| crs.is_geographic())
}

/// Polygons of a file, with their geometry in the file's coordinates and in the frame.
pub fn polygons(
    path: &Path,
    frame: &Frame,
) -> Result<FramedLayer<MultiPolygon<f64>>, ProjectError> {
    let file = files::name(path);
    let layer = vector::read_polygons(&files::read(path)?, &file, Rings::Refuse)?;
    framed(layer, &file, frame, |bring, area| bring.area(area))
}

/// Points of a file, in the frame.
pub fn points(
    path: &Path,
    frame: &Frame,
) -> Result<FramedLayer<Point<f64>, [f64; 2]>, ProjectError> {
    let file = files::name(path);
    let layer = vector::read_points(&files::read(path)?, &file)?;
    framed(layer, &file, frame, |bring, at| bring.point(at.x(), at.y()))
}

/// Lines of a file, each part by itself, in the frame.
pub fn lines(
    path: &Path,
    frame: &Frame,
) -> Result<FramedLayer<MultiLineString<f64>, Vec<LineString<f64>>>, ProjectError> {
    let file = files::name(path);
    let layer = vector::read_lines(&files::read(path)?, &file)?;
    framed(layer, &file, frame, |bring, lines| {
        bring.lines(lines).map(|lines| lines.0)
    })
}

fn framed<G: CoordsIter<Scalar = f64>, L>(
    layer: Layer<G>,
    file: &str,
    frame: &Frame,
    convert: impl Fn(&Bring, &G) -> Result<L, ProjectError>,
) -> Result<FramedLayer<G, L>, ProjectError> {
    let named = layer.crs;
    let crs = named.clone().unwrap_or_else(|| GEOJSON_CRS.to_owned());
    let bring = frame.from_crs(&crs, file)?;
    let degrees = is_geographic(&crs);
    let mut findings = layer.findings;
    findings.extend(told_other_datum(&crs, frame, file));
    let features = layer.features.into_iter().map(|feature| {
        let odd = |c: &Coord<f64>| c.x.abs() > 360.0 || c.y.abs() > 90.0;
        if degrees && let Some(c) = feature.geometry.coords_iter().find(odd) {
            return Err(no_degrees(file, &feature, c, &crs));
        }
        let local = convert(&bring, &feature.geometry)?;
        Ok((feature, local))
    });
    Ok(FramedLayer {
        features: features.collect::<Result<_, ProjectError>>()?,
        named,
        crs,
        findings,
        form: layer.form,
    })
}

/// Tells of a datum whose shift is not known, where the frame has another.
pub(crate) fn told_other_datum(crs: &str, frame: &Frame, file: &str) -> Option<Finding> {
    let own = Crs::parse(crs).ok()?;
    let of_frame = Crs::parse(&frame.crs).ok()?;
    let same = own.is_same(&of_frame);
    told_datum(&own, file).filter(|_| !same)
}

/// A position that is no longitude and latitude in a file that says it is: its axes are swapped, or it is in metres.
fn no_degrees<G>(file: &str, feature: &Feature<G>, c: Coord<f64>, crs: &str) -> ProjectError {
    let place = at(file, feature.place());
    if c.x.abs() <= 90.0 && c.y.abs() <= 180.0 {
        return ProjectError::input(
            place,
            message!(
                "fault.vector.swapped",
                "({x}, {y}) is no longitude and latitude, but latitude and longitude: the axes are swapped",
                x = c.x,
                y = c.y
            ),
            write_longitude_first(),
        );
    }
    ProjectError::input(
        place,
        message!(
            "fault.vector.no_degrees",
            "({x}, {y}) is no longitude and latitude, which coordinates of {crs} are",
            x = c.x,
            y = c.y,
            crs = crs
        ),
        message!(
            "fix.vector.no_degrees",
            "name the CRS that the coordinates are in as a member 'crs' of the file, or export it in longitude and latitude"
        ),
    )
}

fn write_longitude_first() -> Message {
    message!(
        "fix.vector.swapped",
        "write the longitude first, as GeoJSON asks for"
    )
}

/// The CRS of longitude and latitude in which layers are handed on.
const LONLAT: &str = "EPSG:4490";

/// A layer's file as one FeatureCollection in longitude and latitude, whatever form and CRS the file has.
///
/// A file that is one already is handed on as it is.
pub fn as_geojson(path: &Path, geometry: GeometryKind) -> Result<Vec<u8>, ProjectError> {
    let frame = Frame::of_crs(LONLAT);
    match geometry {
        GeometryKind::Polygon | GeometryKind::Building => {
            rewritten(path, polygons(path, &frame)?, |area| area)
        }
        GeometryKind::Line => rewritten(path, lines(path, &frame)?, MultiLineString::new),
        GeometryKind::Point => rewritten(path, points(path, &frame)?, |[x, y]| Point::new(x, y)),
    }
}

fn rewritten<G, L, W>(
    path: &Path,
    layer: FramedLayer<G, L>,
    geometry: impl Fn(L) -> W,
) -> Result<Vec<u8>, ProjectError>
where
    for<'g> vector::GeometryValue: From<&'g W>,
{
    if layer.form == Form::Collection && layer.findings.is_empty() && layer.is_geographic() {
        return files::read(path);
    }
    let features: Vec<Feature<W>> = layer
        .into_iter()
        .map(|(feature, local)| Feature {
            id: feature.id,
            properties: feature.properties,
            geometry: geometry(local),
            index: feature.index,
        })
        .collect();
    Ok(vector::write(&features, None, serde_json::Map::new())?)
}

/// Where a geometry lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// On ground of known height, with some of it at least.
    OnGround,
    /// Within the raster, on cells without data alone.
    NoData,
    /// Outside of the raster.
    Outside,
}

/// A geometry that can be looked for on the ground.
pub trait Lies {
    /// Where it lies.
    fn lie(&self, ground: &Raster<f64>) -> Lie;
}

fn lie_of_place(ground: &Raster<f64>, x: f64, y: f64) -> Lie {
    match ground.sample(x, y) {
        Some(z) if z.is_finite() => Lie::OnGround,
        Some(_) => Lie::NoData,
        None => Lie::Outside,
    }
}

fn lie_of_cells(
    ground: &Raster<f64>,
    cells: impl Iterator<Item = stormgrid_core::ids::CellIdx>,
) -> Lie {
    let mut lie = Lie::Outside;
    for cell in cells {
        if ground.values()[cell.index()].is_finite() {
            return Lie::OnGround;
        }
        lie = Lie::NoData;
    }
    lie
}

impl Lies for [f64; 2] {
    fn lie(&self, ground: &Raster<f64>) -> Lie {
        lie_of_place(ground, self[0], self[1])
    }
}

impl Lies for MultiPolygon<f64> {
    fn lie(&self, ground: &Raster<f64>) -> Lie {
        // A vertex on the ground spares the area.
        if self
            .coords_iter()
            .any(|c| [c.x, c.y].lie(ground) == Lie::OnGround)
        {
            return Lie::OnGround;
        }
        let cells = covered_fractions(ground.geometry(), self);
        lie_of_cells(ground, cells.into_iter().map(|c| c.cell))
    }
}

impl Lies for LineString<f64> {
    fn lie(&self, ground: &Raster<f64>) -> Lie {
        if self
            .coords()
            .any(|c| [c.x, c.y].lie(ground) == Lie::OnGround)
        {
            return Lie::OnGround;
        }
        let cells = covered_lengths(ground.geometry(), self);
        lie_of_cells(ground, cells.into_iter().map(|(cell, _)| cell))
    }
}

impl Lies for Vec<LineString<f64>> {
    fn lie(&self, ground: &Raster<f64>) -> Lie {
        let lies: Vec<Lie> = self.iter().map(|line| line.lie(ground)).collect();
        let has = |lie: Lie| lies.contains(&lie);
        match (has(Lie::OnGround), has(Lie::NoData)) {
            (true, _) => Lie::OnGround,
            (false, true) => Lie::NoData,
            (false, false) => Lie::Outside,
        }
    }
}

/// How many features lie on the ground, and how many do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnGround {
    /// On ground of known height, with some of them at least.
    pub inside: usize,
    /// Outside of the raster.
    pub outside: usize,
    /// On cells without data alone.
    pub unknown: usize,
}

impl OnGround {
    /// How many features there are.
    pub fn n(&self) -> usize {
        self.inside + self.outside + self.unknown
    }

    /// Whether there are features, and none of them lies on the ground.
    pub fn is_off(&self) -> bool {
        self.inside == 0 && self.n() > 0
    }
}

/// Looks for the geometries of a layer, in the frame of the ground, on its cells.
pub fn on_ground<'a, L: Lies + 'a>(
    geometries: impl IntoIterator<Item = &'a L>,
    ground: &Raster<f64>,
) -> OnGround {
    let mut found = OnGround::default();
    for geometry in geometries {
        match geometry.lie(ground) {
            Lie::OnGround => found.inside += 1,
            Lie::NoData => found.unknown += 1,
            Lie::Outside => found.outside += 1,
        }
    }
    found
}

/// Places of a file that are looked at for what a layer that lies elsewhere has wrong.
const LOOKED_AT: usize = 100;

/// What to do about a layer of which nothing lies on the ground: whether its axes are swapped, or its numbers are
/// degrees, can be seen.
pub fn off_ground_remedy<G: CoordsIter<Scalar = f64>, L>(
    layer: &FramedLayer<G, L>,
    frame: &Frame,
    ground: &Raster<f64>,
) -> Message {
    let places: Vec<Coord<f64>> = layer
        .iter()
        .flat_map(|(feature, _)| feature.geometry.coords_iter())
        .take(LOOKED_AT)
        .collect();
    let lies = |crs: &str, swapped: Axes| {
        let Ok(bring) = frame.from_crs(crs, "") else {
            return false;
        };
        places.iter().any(|c| {
            let (x, y) = match swapped {
                Axes::Swapped => (c.y, c.x),
                Axes::AsWritten => (c.x, c.y),
            };
            let place = bring.point(x, y);
            place.is_ok_and(|at| at.lie(ground) == Lie::OnGround)
        })
    };
    if lies(&layer.crs, Axes::Swapped) {
        return message!(
            "fix.vector.swapped_ground",
            "its axes look swapped: with x and y exchanged it lies on the ground; write the longitude, or the easting, first"
        );
    }
    if !layer.is_geographic() && lies(GEOJSON_CRS, Axes::AsWritten) {
        return message!(
            "fix.vector.degrees_ground",
            "its coordinates are longitude and latitude, but the file names {crs}: remove its member 'crs'",
            crs = &layer.crs
        );
    }
    message!("fix.check_crs", "check the coordinates and the CRS")
}

/// The order in which a pair of coordinates is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Axes {
    AsWritten,
    Swapped,
}
