//! Loads a twin folder: every layer read, checked and brought into the site frame.

use std::path::{Path, PathBuf};

use geo::{Centroid, MultiPolygon};
use serde::Serialize;
use stormgrid_core::area::geodesic_area_m2;
use stormgrid_core::finding::Finding;
use stormgrid_core::frame::{Geodetic, SiteFrame};
use stormgrid_core::ids::FeatureIdx;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_crs::{Crs, Projector};
use stormgrid_formats::attributes::Attributes;
use stormgrid_formats::chunk::{city_chunk, encode_city, encode_terrain};
use stormgrid_formats::manifest::{self, Manifest};
use stormgrid_formats::scenario::NumberOrRaster;
use stormgrid_sim::exposure::{Assets, Facility, Road, Zone};
use stormgrid_twin::{
    Building, FeatureData, GeometryKind, Grid, LayerData, Outline, PathLine, PointAsset, Position,
    RoadSegment, Site, Twin,
};

use crate::city::{self, BuildingSource};
use crate::evacuation::SHELTER;
use crate::fields::{self, Quantity};
use crate::ground::{DEFAULT_MANNING, Ground, Roughness};
use crate::impact::{ZoneSource, exposed, facility};
use crate::input_report::{LayerReport, fault_report};
use crate::storm::Bilingual;
use crate::vectors::{self, Frame};
use crate::{ProjectError, files, messages, point_layer, twin_faults, without_effect};

/// Identifier of the layer of buildings.
pub const BUILDINGS: &str = "buildings";

/// Side of the squares that the city is cut into for the viewer [m].
const CHUNK_SIDE_M: f64 = 700.0;

/// Name of the manifest in a twin's folder.
pub const MANIFEST: &str = "twin.toml";

/// A layer as the viewer and its lists see it.
#[derive(Clone, Debug)]
pub struct LayerFile {
    /// Identifier: the file's name without its ending.
    pub id: String,
    /// Title for people, if the manifest gives one.
    pub title: Option<Bilingual>,
    /// What the features are made of.
    pub geometry: GeometryKind,
    /// Rung of the ladder, of grids.
    pub level: Option<String>,
    /// What the points are.
    pub kind: Option<String>,
    /// How many features.
    pub count: usize,
    /// The GeoJSON file.
    pub path: PathBuf,
    /// Outlines as in the file, in the order of the features; empty of points and lines.
    pub outlines: Vec<MultiPolygon<f64>>,
}

/// A part of the city, ready to be sent.
#[derive(Clone, Debug)]
pub struct CityPart {
    /// Number, from 0.
    pub id: u32,
    /// Box: x0, y0, z0, x1, y1, z1 [local m].
    pub bounds: [f64; 6],
    /// How many buildings.
    pub buildings: usize,
    /// How many triangles.
    pub triangles: usize,
    /// The message.
    pub bytes: Vec<u8>,
}

/// What of a twin to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// Everything.
    All,
    /// Elevation and roughness: enough for a flood with cells too coarse for buildings.
    Ground,
    /// The same and the buildings' footprints.
    GroundAndBuildings,
}

/// A twin with everything loaded.
pub struct LoadedTwin {
    /// Its folder.
    pub dir: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// Entities, index, queries.
    pub twin: Twin,
    /// The site frame.
    pub frame: Frame,
    /// Longitude, latitude from local metres needs this.
    to_degrees: Projector,
    /// Elevation and roughness, local metres.
    pub ground: Ground,
    /// Grids, points and roads, in the manifest's order.
    pub layers: Vec<LayerFile>,
    /// The city for the viewer.
    pub city: Vec<CityPart>,
    /// What was assumed, left out or is unknown in its layers.
    pub findings: Vec<Finding>,
}

/// A line of `stormgrid check`.
#[derive(Clone, Debug, Serialize)]
pub struct LayerSummary {
    /// Identifier.
    pub id: String,
    /// What it is; serialized as its English.
    #[serde(serialize_with = "message::as_english")]
    pub what: Message,
    /// How many features or cells.
    pub count: usize,
    /// Sum of the people, where the features tell them.
    pub people: Option<f64>,
}

impl LoadedTwin {
    /// Loads a twin from its folder.
    pub fn load(dir: &Path) -> Result<Self, ProjectError> {
        Self::load_parts(dir, Parts::All)
    }

    /// Loads what a computation needs from a twin's folder.
    pub fn load_parts(dir: &Path, wanted: Parts) -> Result<Self, ProjectError> {
        Self::load_with(dir, wanted, None).map(|(twin, _)| twin)
    }

    /// Loads a twin as far as it can be read: a layer that cannot is left out, and its fault is told. Of a ground that
    /// cannot be read one cell without data is left. Such a twin is for a check alone, not for numbers.
    ///
    /// # Errors
    ///
    /// Without manifest or site frame nothing can be read.
    pub fn load_readable(dir: &Path) -> Result<(Self, Vec<LayerReport>), ProjectError> {
        Self::load_with(dir, Parts::All, Some(Vec::new()))
    }

    /// - `faults`: where faults of layers go; none ends the loading with the first
    fn load_with(
        dir: &Path,
        wanted: Parts,
        faults: Option<Vec<LayerReport>>,
    ) -> Result<(Self, Vec<LayerReport>), ProjectError> {
        let path = dir.join(MANIFEST);
        let manifest = Manifest::read(&files::read(&path)?, &files::name(&path))?;
        let [lon, lat] = manifest.site.origin;
        let manifest_name = files::name(&path);
        let crs_error = |e| ProjectError::crs(&manifest_name, e);
        refuse_degrees(&manifest_name, &manifest.site.crs)?;
        let origin = Projector::new("EPSG:4490", &manifest.site.crs)
            .map_err(crs_error)?
            .convert(lon, lat)
            .map_err(crs_error)?;
        let frame = Frame {
            crs: site_crs(&manifest.site.crs, &manifest_name)?.to_string(),
            origin,
        };
        let to_degrees = Projector::new(&frame.crs, "EPSG:4490").map_err(crs_error)?;
        let mut loader = Loader {
            dir,
            frame: &frame,
            findings: Vec::new(),
            layers: Vec::new(),
            data: Vec::new(),
            faults,
        };
        let ground = loader.ground(&manifest.terrain).map(Some);
        let ground = loader.or_fault("terrain", &manifest.terrain.elevation, ground)?;
        let ground = ground.map_or_else(no_ground, Ok)?;
        let buildings = match wanted {
            Parts::Ground => Vec::new(),
            Parts::GroundAndBuildings | Parts::All => loader.buildings(&manifest.city)?,
        };
        let city = match wanted {
            Parts::All => parts(&buildings),
            Parts::Ground | Parts::GroundAndBuildings => Vec::new(),
        };
        loader.push_buildings(buildings);
        if wanted == Parts::All {
            for grids in &manifest.grids {
                let read = loader.grids(grids);
                loader.or_fault(&stem(Path::new(&grids.source)), &grids.source, read)?;
            }
            for points in &manifest.points {
                let read = loader.points(points, &ground);
                loader.or_fault(&stem(Path::new(&points.source)), &points.source, read)?;
            }
            if let Some(roads) = &manifest.roads {
                let read = loader.roads(roads);
                loader.or_fault(&stem(Path::new(&roads.source)), &roads.source, read)?;
            }
        }
        let Loader {
            findings,
            layers,
            data,
            mut faults,
            ..
        } = loader;
        refuse_same_ids(&manifest_name, &layers)?;
        let site = Site {
            name: manifest.site.name.clone(),
            frame: SiteFrame {
                crs: frame.crs.clone(),
                origin_easting: origin[0],
                origin_northing: origin[1],
            },
            origin_lon: lon,
            origin_lat: lat,
        };
        let twin = Self {
            dir: dir.to_path_buf(),
            twin: Twin::new(site, data),
            manifest,
            to_degrees,
            frame,
            ground,
            layers,
            city,
            findings,
        };
        match (twin_faults::refuse(&twin), &mut faults) {
            (Err(error), Some(faults)) => {
                faults.push(fault_report("twin", &manifest_name, &error));
            }
            (refused, _) => refused?,
        }
        Ok((twin, faults.unwrap_or_default()))
    }

    /// Longitude and latitude of a local place [°]; `None` where the projection has none.
    pub fn lonlat(&self, x: f64, y: f64) -> Option<[f64; 2]> {
        self.to_degrees
            .convert(x + self.frame.origin[0], y + self.frame.origin[1])
            .ok()
    }

    /// The middle of the ground.
    pub fn middle(&self) -> Geodetic {
        let c = self.ground.elevation.geometry().bounds().center();
        self.lonlat(c.x, c.y)
            .and_then(|[lon, lat]| Geodetic::from_degrees(lon, lat).ok())
            .unwrap_or(Geodetic {
                lat: self.manifest.site.origin[1].to_radians(),
                lon: self.manifest.site.origin[0].to_radians(),
                height: 0.0,
            })
    }

    /// Ground height [m] at a local place.
    pub fn ground_at(&self, x: f64, y: f64) -> Option<f64> {
        self.ground.elevation.interpolate(x, y)
    }

    /// Whether the terrain has data at a local place; elsewhere nothing is known of the water.
    pub fn has_ground(&self, x: f64, y: f64) -> bool {
        let sample = self.ground.elevation.sample(x, y);
        sample.is_some_and(f64::is_finite)
    }

    /// The terrain on cells of a size [m], as the viewer's message.
    pub fn terrain_message(&self, cell_size: f64) -> Result<Vec<u8>, ProjectError> {
        let geometry = self.ground.geometry_at(cell_size)?;
        let raster = self.ground.elevation_on(geometry, &[]);
        Ok(encode_terrain(&raster.map(|z| z as f32)))
    }

    /// A raster's geometry moved from local metres to the site's CRS, for files.
    pub fn in_crs(&self, local: RasterGeometry) -> RasterGeometry {
        RasterGeometry {
            west: local.west + self.frame.origin[0],
            north: local.north + self.frame.origin[1],
            ..local
        }
    }

    /// All grid layers as zones, local metres.
    pub fn zone_sources(&self) -> Vec<ZoneSource> {
        self.twin
            .layers()
            .iter()
            .filter(|layer| layer.geometry == GeometryKind::Polygon)
            .map(|layer| {
                let grids: Vec<&Grid> = self.twin.all::<Grid>(layer).collect();
                let outlines = self.twin.all::<Outline>(layer);
                ZoneSource {
                    id: layer.id.clone(),
                    names: grids.iter().map(|g| g.name.clone()).collect(),
                    zones: grids
                        .iter()
                        .zip(outlines)
                        .map(|(grid, outline)| Zone {
                            code: grid.code.clone(),
                            geometry: outline.0.clone(),
                            area_m2: Some(grid.area_m2),
                            people: grid.people,
                            households: grid.households,
                        })
                        .collect(),
                }
            })
            .collect()
    }

    /// Buildings, roads and facilities as exposure needs them, local metres.
    pub fn assets(&self) -> Assets {
        let mut assets = Assets::default();
        for layer in self.twin.layers() {
            match layer.geometry {
                GeometryKind::Building => {
                    let outlines = self.twin.all::<Outline>(layer);
                    let all = self.twin.all::<Building>(layer).zip(outlines);
                    assets.buildings.extend(all.map(|(b, o)| exposed(b, &o.0)));
                }
                GeometryKind::Line => {
                    let segments = self.twin.all::<RoadSegment>(layer);
                    let all = segments.zip(self.twin.all::<PathLine>(layer));
                    assets.roads.extend(all.map(|(segment, line)| Road {
                        line: line.0.clone(),
                        bridge: segment.bridge,
                    }));
                }
                GeometryKind::Point => assets.facilities.extend(self.facilities(layer)),
                GeometryKind::Polygon => {}
            }
        }
        assets
    }

    fn facilities(&self, layer: &stormgrid_twin::Layer) -> Vec<Facility> {
        let kinds = self.twin.all::<PointAsset>(layer);
        kinds
            .zip(self.twin.all::<Position>(layer))
            .filter(|(point, _)| is_facility(point))
            .map(|(point, at)| facility(&point.kind, [at.0[0], at.0[1]]))
            .collect()
    }

    /// Road segments with their lines, local metres, in the order of [`LoadedTwin::assets`].
    pub fn road_segments(&self) -> Vec<(&RoadSegment, &geo::LineString<f64>)> {
        let layers = self.twin.layers().iter();
        let lines = layers.filter(|layer| layer.geometry == GeometryKind::Line);
        let of_layer = |layer| {
            let paths = self.twin.all::<PathLine>(layer).map(|path| &path.0);
            self.twin.all::<RoadSegment>(layer).zip(paths)
        };
        lines.flat_map(of_layer).collect()
    }

    /// Schools and hospitals with their places, local metres, in the order of [`LoadedTwin::assets`].
    pub fn facility_assets(&self) -> Vec<(&PointAsset, [f64; 2])> {
        let layers = self.twin.layers().iter();
        let points = layers.filter(|layer| layer.geometry == GeometryKind::Point);
        let of_layer = |layer| {
            let places = self.twin.all::<Position>(layer);
            let all = self.twin.all::<PointAsset>(layer).zip(places);
            all.filter(|(point, _)| is_facility(point))
        };
        let place = |(point, at): (_, &Position)| (point, [at.0[0], at.0[1]]);
        points.flat_map(of_layer).map(place).collect()
    }

    /// Footprints of all buildings, local metres.
    pub fn footprints(&self) -> Vec<&MultiPolygon<f64>> {
        self.twin
            .building_layer()
            .map_or_else(Vec::new, |(_, layer)| {
                self.twin.all::<Outline>(layer).map(|o| &o.0).collect()
            })
    }

    /// What the twin holds, layer by layer.
    pub fn summary(&self) -> Vec<LayerSummary> {
        let g = self.ground.elevation.geometry();
        let mut lines = vec![LayerSummary {
            id: "terrain".to_owned(),
            what: message!(
                "what.cells",
                "{cols} x {rows} cells of {size} m",
                cols = g.n_cols,
                rows = g.n_rows,
                size = g.dx
            ),
            count: g.n_cells(),
            people: None,
        }];
        for layer in self.twin.layers() {
            let (what, people) = match layer.geometry {
                GeometryKind::Building => {
                    let people = self.twin.all::<Building>(layer);
                    let sum = people.filter_map(|b| b.people).map(f64::from).sum();
                    (message!("what.buildings", "buildings"), Some(sum))
                }
                GeometryKind::Polygon => {
                    let people = self.twin.all::<Grid>(layer).filter_map(|g| g.people);
                    let level = word("level", layer.level.as_deref().unwrap_or("area"));
                    let what = message!("what.polygons", "polygons, level {level}", level = level);
                    (what, Some(people.sum()))
                }
                GeometryKind::Line => (message!("what.line_features", "lines"), None),
                GeometryKind::Point => {
                    let kind = word("layer", layer.kind.as_deref().unwrap_or("point"));
                    let what = message!("what.points", "points, kind {kind}", kind = kind);
                    (what, None)
                }
            };
            lines.push(LayerSummary {
                id: layer.id.clone(),
                what,
                count: layer.entities.len(),
                people: people.filter(|p| *p > 0.0),
            });
        }
        lines
    }
}

/// A word of a manifest: as it is written there in English, by its name in Chinese where the catalogue has one.
pub(crate) fn word(group: &str, word: &str) -> Message {
    let known = messages::known(&format!("{group}.{word}"));
    Message::own(known.map_or_else(|| word.to_owned(), |name| name.zh), word)
}

/// Whether exposure tells a point by itself.
fn is_facility(point: &PointAsset) -> bool {
    matches!(point.kind.as_str(), "school" | "hospital")
}

/// The CRS of a site, the horizontal part of a compound one; its coordinates must be metres.
fn site_crs(text: &str, manifest: &str) -> Result<Crs, ProjectError> {
    let crs = Crs::parse(text).map_err(|e| ProjectError::crs(manifest, e))?;
    if crs.linear_unit_m() == Some(1.0) {
        return Ok(crs);
    }
    Err(ProjectError::input(
        manifest,
        message!(
            "fault.twin.crs_metres",
            "the coordinates of the site's CRS {crs} are not in metres",
            crs = crs.name()
        ),
        message!(
            "fix.twin.crs_metres",
            "take a projected CRS in metres, for example EPSG:4547"
        ),
    ))
}

/// Reads the layers one after another.
struct Loader<'a> {
    dir: &'a Path,
    frame: &'a Frame,
    findings: Vec<Finding>,
    layers: Vec<LayerFile>,
    data: Vec<LayerData>,
    /// Where faults of layers go; none ends the loading with the first.
    faults: Option<Vec<LayerReport>>,
}

/// What is left of a ground that cannot be read: one cell without data.
fn no_ground() -> Result<Ground, ProjectError> {
    let geometry = RasterGeometry::new(1, 1, 0.0, 0.0, 1.0, 1.0);
    let geometry = geometry
        .map_err(|e| ProjectError::input(MANIFEST, e.to_string(), "export the raster again"))?;
    Ok(Ground {
        elevation: Raster::filled(geometry, f64::NAN),
        roughness: Roughness::Uniform(DEFAULT_MANNING),
    })
}

impl Loader<'_> {
    /// What was read, or what the layer is without it where faults are collected.
    fn or_fault<T: Default>(
        &mut self,
        id: &str,
        source: &str,
        read: Result<T, ProjectError>,
    ) -> Result<T, ProjectError> {
        match (read, &mut self.faults) {
            (Err(error), Some(faults)) => {
                faults.push(fault_report(id, source, &error));
                Ok(T::default())
            }
            (read, _) => read,
        }
    }

    /// The terrain in the site's CRS, moved to local metres.
    fn terrain(&mut self, name: &str) -> Result<Raster<f64>, ProjectError> {
        let path = self.dir.join(name);
        let file = files::name(&path);
        let (read, findings) = fields::read_terrain(&path)?;
        self.findings.extend(findings);
        if let Some(crs) = read
            .crs
            .filter(|crs| !fields::same_crs(crs, &self.frame.crs))
        {
            return Err(ProjectError::input(
                &file,
                message!(
                    "fault.raster.crs",
                    "its CRS is {own} and that of the site is {site}",
                    own = crs,
                    site = &self.frame.crs
                ),
                message!(
                    "fix.raster.crs",
                    "project the raster to {site}",
                    site = &self.frame.crs
                ),
            ));
        }
        let geometry = *read.raster.geometry();
        let local = RasterGeometry {
            west: geometry.west - self.frame.origin[0],
            north: geometry.north - self.frame.origin[1],
            ..geometry
        };
        Raster::new(local, read.raster.into_values()).map_err(|e| {
            ProjectError::input(
                &file,
                Message::english(e),
                message!("fix.field.export", "export the raster again"),
            )
        })
    }

    fn ground(&mut self, terrain: &manifest::Terrain) -> Result<Ground, ProjectError> {
        let elevation = self.terrain(&terrain.elevation)?;
        let roughness = match &terrain.roughness {
            Some(NumberOrRaster::Number(n)) => Roughness::Uniform(*n),
            Some(NumberOrRaster::Raster(name)) => {
                let known: Vec<bool> = elevation.values().iter().map(|z| z.is_finite()).collect();
                let over = fields::Over {
                    crs: Some(&self.frame.crs),
                    origin: self.frame.origin,
                    geometry: *elevation.geometry(),
                    known: &known,
                    ground: &[],
                    unit_m: 1.0,
                };
                let field = fields::read(&self.dir.join(name), Quantity::Roughness, &over)?;
                self.findings.extend(field.findings);
                Roughness::Raster(field.raster)
            }
            None => Roughness::Uniform(DEFAULT_MANNING),
        };
        Ok(Ground {
            elevation,
            roughness,
        })
    }

    fn buildings(
        &mut self,
        sources: &[manifest::City],
    ) -> Result<Vec<BuildingSource>, ProjectError> {
        let mut all = Vec::new();
        for source in sources {
            let city = city::read(&self.dir.join(&source.source), self.frame);
            let city = self.or_fault(BUILDINGS, &source.source, city)?;
            self.findings.extend(city.findings);
            all.extend(city.buildings);
        }
        Ok(all)
    }

    fn push_buildings(&mut self, buildings: Vec<BuildingSource>) {
        let features = buildings
            .into_iter()
            .map(|b| FeatureData::Building(b.building, Outline(b.footprint)));
        self.data.push(LayerData {
            id: BUILDINGS.to_owned(),
            geometry: GeometryKind::Building,
            level: None,
            kind: None,
            features: features.collect(),
        });
    }

    fn push(&mut self, file: LayerFile, features: Vec<FeatureData>) {
        self.data.push(LayerData {
            id: file.id.clone(),
            geometry: file.geometry,
            level: file.level.clone(),
            kind: file.kind.clone(),
            features,
        });
        self.layers.push(file);
    }

    fn grids(&mut self, grids: &manifest::Grids) -> Result<(), ProjectError> {
        let path = self.dir.join(&grids.source);
        let file = files::name(&path);
        let (mut outlines, mut codes) = (Vec::new(), Vec::new());
        let mut features = Vec::new();
        let layer = vectors::polygons(&path, self.frame)?;
        let in_degrees = layer.is_geographic();
        let mut attributes = Attributes::new(&file, &[]);
        self.findings.extend(layer.findings.iter().cloned());
        for (feature, area) in layer {
            let Some(code) = feature.text(&grids.id) else {
                return Err(ProjectError::input(
                    &file,
                    message!(
                        "fault.feature.property",
                        "feature {index} has no property '{name}'",
                        index = feature.index,
                        name = &grids.id
                    ),
                    message!(
                        "fix.feature.code",
                        "name the property with the code as id of the layer"
                    ),
                ));
            };
            codes.push(code.clone());
            let kind = grids.kind.as_deref();
            let kind = kind.and_then(|k| feature.text(k).or_else(|| Some(k.to_owned())));
            let grid = Grid {
                name: feature.text("name").unwrap_or_else(|| code.clone()),
                code,
                level: grids.level.clone(),
                kind: kind.or_else(|| feature.text("kind")),
                parent: feature.text("parent"),
                people: attributes.count(&feature, &["people"])?,
                households: attributes.count(&feature, &["households"])?,
                area_m2: match in_degrees {
                    true => geodesic_area_m2(&feature.geometry),
                    false => geo::Area::unsigned_area(&area),
                },
            };
            features.push(FeatureData::Grid(grid, Outline(area)));
            outlines.push(feature.geometry);
        }
        self.findings.extend(attributes.findings());
        let codes = codes.iter().map(String::as_str);
        let polygons = codes.zip(&outlines);
        self.findings
            .extend(without_effect::overlaps(polygons, in_degrees, &file));
        let file = LayerFile {
            id: stem(&path),
            title: grids.title.as_ref().map(bilingual),
            geometry: GeometryKind::Polygon,
            level: Some(grids.level.clone()),
            kind: grids.kind.clone(),
            count: features.len(),
            path,
            outlines,
        };
        self.push(file, features);
        Ok(())
    }

    fn points(&mut self, points: &manifest::Points, ground: &Ground) -> Result<(), ProjectError> {
        let path = self.dir.join(&points.source);
        let name = files::name(&path);
        let layer = vectors::points(&path, self.frame)?;
        self.findings.extend(layer.findings.iter().cloned());
        self.findings.extend(point_layer::same_codes(&layer, &name));
        if points.kind == SHELTER {
            self.findings
                .extend(point_layer::places_unknown(&layer, &name)?);
        }
        let features: Vec<FeatureData> = layer
            .into_iter()
            .map(|(feature, at)| {
                let point = PointAsset {
                    code: point_layer::code(&feature),
                    name: feature.text("name").unwrap_or_default(),
                    kind: feature.text("kind").unwrap_or_else(|| points.kind.clone()),
                };
                // Off the ground nothing is known of the height.
                let z = ground.elevation.interpolate(at[0], at[1]);
                FeatureData::Point(point, Position([at[0], at[1], z.unwrap_or(f64::NAN)]))
            })
            .collect();
        let file = LayerFile {
            id: stem(&path),
            title: points.title.as_ref().map(bilingual),
            geometry: GeometryKind::Point,
            level: None,
            kind: Some(points.kind.clone()),
            count: features.len(),
            path,
            outlines: Vec::new(),
        };
        self.push(file, features);
        Ok(())
    }

    fn roads(&mut self, roads: &manifest::Roads) -> Result<(), ProjectError> {
        let path = self.dir.join(&roads.source);
        let file = files::name(&path);
        let mut features = Vec::new();
        let layer = vectors::lines(&path, self.frame)?;
        self.findings.extend(layer.findings.iter().cloned());
        let mut attributes = Attributes::new(&file, &[]);
        for (feature, lines) in layer {
            let (bridge, no_bridge) = attributes.crossing(&feature)?;
            for line in lines {
                let code = feature.text("code").or_else(|| feature.id.clone());
                let road = RoadSegment {
                    code: code.unwrap_or_else(|| (features.len() + 1).to_string()),
                    name: feature.text("name").unwrap_or_default(),
                    class: feature.text("class").unwrap_or_default(),
                    bridge,
                    no_bridge,
                };
                features.push(FeatureData::Road(road, PathLine(line)));
            }
        }
        let file = LayerFile {
            id: stem(&path),
            title: roads.title.as_ref().map(bilingual),
            geometry: GeometryKind::Line,
            level: None,
            kind: Some("road".to_owned()),
            count: features.len(),
            path,
            outlines: Vec::new(),
        };
        self.push(file, features);
        Ok(())
    }
}

/// A site frame is in metres.
fn refuse_degrees(manifest: &str, crs: &str) -> Result<(), ProjectError> {
    match vectors::is_geographic(crs) {
        false => Ok(()),
        true => Err(ProjectError::input(
            manifest,
            message!(
                "fault.site.degrees",
                "the site's CRS {crs} has longitude and latitude, and a site frame needs metres",
                crs = crs
            ),
            message!(
                "fix.site.degrees",
                "name a projected CRS, for example EPSG:4547 or the UTM zone of the place"
            ),
        )),
    }
}

fn bilingual(text: &manifest::Bilingual) -> Bilingual {
    Bilingual::new(&text.zh, &text.en)
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .map(|s| s.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn refuse_same_ids(manifest: &str, layers: &[LayerFile]) -> Result<(), ProjectError> {
    for (i, layer) in layers.iter().enumerate() {
        if layer.id == BUILDINGS || layers[..i].iter().any(|other| other.id == layer.id) {
            return Err(ProjectError::input(
                manifest,
                format!("two layers would be called '{}'", layer.id),
                "rename one of the files",
            ));
        }
    }
    Ok(())
}

/// Cuts the city into squares, row by row; a building belongs to the square of its middle.
fn parts(buildings: &[BuildingSource]) -> Vec<CityPart> {
    let mut squares: std::collections::BTreeMap<(i64, i64), Vec<usize>> = Default::default();
    for (i, building) in buildings.iter().enumerate() {
        let at = building.footprint.centroid().unwrap_or_default();
        let square = |v: f64| (v / CHUNK_SIDE_M).floor() as i64;
        squares
            .entry((square(at.y()), square(at.x())))
            .or_default()
            .push(i);
    }
    squares
        .into_values()
        .filter_map(|members| {
            let meshes: Vec<_> = members
                .iter()
                .map(|&i| (FeatureIdx::from(i), &buildings[i].mesh))
                .collect();
            let chunk = city_chunk(&meshes);
            let (low, high) = chunk.bounds()?;
            Some((chunk, low, high))
        })
        .enumerate()
        .map(|(id, (chunk, low, high))| CityPart {
            id: id as u32,
            bounds: [low[0], low[1], low[2], high[0], high[1], high[2]].map(f64::from),
            buildings: chunk.buildings.len(),
            triangles: chunk.triangles.len(),
            bytes: encode_city(&chunk),
        })
        .collect()
}
