//! Everything that is drawn, without a renderer: what came, what is shown, what a pointer meets.
//!
//! The plugins compare [`Revisions`] with what they drew last and copy what has changed.

use std::collections::BTreeSet;

use stormgrid_core::raster::Raster;
use stormgrid_formats::chunk::{CityChunk, WaterFrame};

use crate::camera::{Camera, FIELD_OF_VIEW, Flight, View};
use crate::city::City;
use crate::drape::RibbonMesh;
use crate::input::Input;
use crate::layers::Layer;
use crate::split::{Half, Split};
use crate::terrain::Terrain;
use crate::tint::TintRaster;
use crate::water::Water;

/// Pixels along a side of the picture that tints the ground.
const TINT_PIXELS: usize = 1024;

/// What is highlighted.
#[derive(Clone, Debug, PartialEq)]
pub enum Selection {
    /// A building by its position in the city.
    Building(u32),
    /// A polygon of a layer by its code.
    Grid {
        /// The layer.
        layer: String,
        /// The polygon.
        code: String,
    },
    /// A place on the ground, local metres.
    Point([f64; 2]),
}

/// What is under a point of the canvas.
#[derive(Clone, Debug, PartialEq)]
pub struct Pick {
    /// The building, `None` for the ground.
    pub building: Option<u32>,
    /// Where, local metres.
    pub at: [f64; 3],
    /// Layer and code of the polygons that hold the place.
    pub grids: Vec<(String, String)>,
    /// Water there at the time shown [m], that of the half clicked; `None` without frames.
    pub depth: Option<f32>,
    /// The half of the canvas, `None` while it is not divided.
    pub half: Option<Half>,
}

/// Counters that grow when a part of the picture changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revisions {
    /// The ground.
    pub terrain: u64,
    /// Lines of layers.
    pub layers: u64,
    /// The tint of the ground.
    pub tint: u64,
    /// The water of each half.
    pub water: [u64; 2],
    /// What is highlighted.
    pub selection: u64,
    /// What is visible.
    pub visible: u64,
}

/// Something that the page should hear of.
#[derive(Clone, Debug, PartialEq)]
pub enum Happened {
    /// A click: what it met.
    Picked(Option<Pick>),
    /// The camera came to rest.
    ViewChanged(View),
    /// A turn around the site has ended: the time of each frame [ms].
    Orbited(Vec<f64>),
}

/// A turn around the target to measure frames.
#[derive(Clone, Debug)]
struct Orbit {
    home: Camera,
    frames: u32,
    times: Vec<f64>,
    drawn: u32,
}

/// The model behind the picture.
#[derive(Debug)]
pub struct SceneModel {
    /// The ground.
    pub terrain: Option<Terrain>,
    /// The buildings.
    pub city: City,
    /// The layers in the order in which they came.
    pub layers: Vec<Layer>,
    /// The camera.
    pub camera: Camera,
    /// What is pressed.
    pub input: Input,
    /// No flights, only jumps.
    pub reduced_motion: bool,
    /// The water of each half; the first alone is drawn while the canvas is not divided.
    pub(crate) waters: [Water; 2],
    pub(crate) split: Option<Split>,
    /// The half whose picture the pointers hold.
    pub(crate) held: Half,
    free: Option<[f64; 4]>,
    selection: Option<Selection>,
    visible: BTreeSet<String>,
    tint: Option<(TintRaster, Vec<[u8; 4]>)>,
    revisions: Revisions,
    flight: Option<Flight>,
    orbit: Option<Orbit>,
    water_stale: [bool; 2],
    moved: bool,
    happened: Vec<Happened>,
    /// Frames that must still be drawn.
    to_draw: u32,
}

impl Default for SceneModel {
    fn default() -> Self {
        Self {
            terrain: None,
            city: City::default(),
            layers: Vec::new(),
            camera: Camera::default(),
            input: Input::default(),
            reduced_motion: false,
            waters: Default::default(),
            split: None,
            held: Half::A,
            free: None,
            selection: None,
            visible: ["water", "buildings", "grids", "exposure", "roads"]
                .map(String::from)
                .into(),
            tint: None,
            revisions: Revisions::default(),
            flight: None,
            orbit: None,
            water_stale: [false; 2],
            moved: false,
            happened: Vec::new(),
            to_draw: 0,
        }
    }
}

/// Frames drawn after a change: meshes reach the screen one or two frames after they were made.
const SETTLE: u32 = 4;

impl SceneModel {
    /// Height of the ground, 0 without any [m].
    pub fn ground(&self, x: f64, y: f64) -> f64 {
        self.terrain.as_ref().map_or(0.0, |t| t.height_or_low(x, y))
    }

    /// What has changed how often.
    pub fn revisions(&self) -> Revisions {
        self.revisions
    }

    /// What is highlighted.
    pub fn selection(&self) -> Option<&Selection> {
        self.selection.as_ref()
    }

    /// Names of what is visible.
    pub fn visible(&self) -> &BTreeSet<String> {
        &self.visible
    }

    /// Whether something is visible.
    pub fn shows(&self, name: &str) -> bool {
        self.visible.contains(name)
    }

    /// Takes the ground; layers are laid on it anew.
    pub fn set_terrain(&mut self, heights: &Raster<f32>) {
        self.terrain = Some(Terrain::new(heights));
        for water in &mut self.waters {
            water.forget_ground();
        }
        self.water_stale = [true; 2];
        self.revisions.terrain += 1;
        self.revisions.layers += 1;
        self.revisions.selection += 1;
        self.retint();
        self.wake();
    }

    /// Adds buildings; `false` when the chunk has no place in the world.
    pub fn add_city(&mut self, chunk: CityChunk) -> bool {
        self.wake();
        self.city.add(chunk).is_some()
    }

    /// Adds or replaces a layer.
    pub fn set_layer(&mut self, layer: Layer) {
        match self.layers.iter_mut().find(|l| l.id == layer.id) {
            Some(old) => *old = layer,
            None => self.layers.push(layer),
        }
        self.revisions.layers += 1;
        self.revisions.selection += 1;
        self.wake();
    }

    /// Removes a layer.
    pub fn remove_layer(&mut self, id: &str) {
        self.layers.retain(|l| l.id != id);
        self.revisions.layers += 1;
        self.revisions.selection += 1;
        self.wake();
    }

    /// Tints the polygons of a layer; no codes remove the tint. `false` when there is no such layer.
    pub fn set_exposure<'a>(
        &mut self,
        layer: &str,
        colours: impl Iterator<Item = (&'a str, [u8; 4])>,
    ) -> bool {
        let Some(layer) = self.layers.iter().find(|l| l.id == layer) else {
            return false;
        };
        let known: std::collections::HashMap<&str, usize> = layer
            .codes
            .iter()
            .enumerate()
            .map(|(k, c)| (c.as_str(), k))
            .collect();
        let mut of_feature = vec![[0; 4]; layer.codes.len()];
        let mut any = false;
        for (code, colour) in colours {
            if let Some(k) = known.get(code) {
                of_feature[*k] = colour;
                any |= colour[3] > 0;
            }
        }
        self.tint = match &self.terrain {
            Some(terrain) if any => {
                let g = terrain.geometry();
                let side = (g.n_cols.max(g.n_rows)) as f64 * g.dx;
                let polygons = layer.polygons().iter();
                let raster = TintRaster::new(TINT_PIXELS, g.west, g.north, side, polygons);
                Some((raster, of_feature))
            }
            _ => None,
        };
        self.retint();
        self.wake();
        true
    }

    /// The picture that tints the ground, and where it lies: west, north, side [m].
    pub fn tint_picture(&self) -> Option<(Vec<u8>, usize, [f64; 3])> {
        let (raster, colours) = self.tint.as_ref()?;
        let clear = [0; 4];
        let picture = raster.bake(|k| colours.get(k).copied().unwrap_or(clear));
        Some((picture, raster.n, [raster.west, raster.north, raster.side]))
    }

    fn retint(&mut self) {
        self.revisions.tint += 1;
    }

    /// Shows these and hides the rest.
    pub fn set_visible(&mut self, names: impl Iterator<Item = String>) {
        self.visible = names.collect();
        self.revisions.visible += 1;
        self.wake();
    }

    /// A frame of water; returns the frames that made way for it.
    pub fn set_water_frame(&mut self, half: Half, index: u32, frame: WaterFrame) -> Vec<u32> {
        let gone = self.waters[half as usize].set_frame(index, frame);
        self.water_changed(half);
        gone
    }

    /// The time between frames of the run [s].
    pub fn set_water_interval(&mut self, half: Half, seconds: f64) {
        self.waters[half as usize].set_interval(seconds);
        self.water_changed(half);
    }

    /// Forgets the water.
    pub fn clear_water(&mut self, half: Half) {
        self.waters[half as usize].clear();
        self.water_changed(half);
    }

    /// Asks for the water of a time [s after the run's start].
    pub fn set_time(&mut self, half: Half, seconds: f64) {
        if self.water(half).time() != seconds {
            self.waters[half as usize].set_time(seconds);
            self.water_changed(half);
        }
    }

    fn water_changed(&mut self, half: Half) {
        self.water_stale[half as usize] = true;
        self.wake();
    }

    /// Water at buildings [m].
    pub fn set_building_depths(&mut self, depths: impl Iterator<Item = (u32, f32)>) {
        self.city.set_depths(depths);
        self.wake();
    }

    /// Highlights something.
    pub fn select(&mut self, selection: Option<Selection>) {
        if self.selection == selection {
            return;
        }
        self.city.select(match &selection {
            Some(Selection::Building(index)) => Some(*index),
            _ => None,
        });
        self.selection = selection;
        self.revisions.selection += 1;
        self.wake();
    }

    /// The outline of the selected polygon on the ground, or a ring around the selected place.
    pub fn selection_ribbons(&self) -> RibbonMesh {
        let ground = |x: f64, y: f64| self.ground(x, y);
        match &self.selection {
            Some(Selection::Grid { layer, code }) => self
                .layers
                .iter()
                .find(|l| l.id == *layer)
                .and_then(|l| l.find(code).map(|k| l.outline(k, &ground)))
                .unwrap_or_default(),
            Some(Selection::Point([x, y])) => {
                let ring: Vec<[f64; 2]> = (0..=24)
                    .map(|k| {
                        let (s, c) = (f64::from(k) / 24.0 * std::f64::consts::TAU).sin_cos();
                        [x + 12.0 * c, y + 12.0 * s]
                    })
                    .collect();
                let mut mesh = RibbonMesh::default();
                for pair in crate::drape::drape(&ring, ground).windows(2) {
                    mesh.push(pair[0], pair[1]);
                }
                mesh
            }
            _ => RibbonMesh::default(),
        }
    }

    /// The canvas has another size [CSS px].
    pub fn resize(&mut self, width: f64, height: f64) {
        if width > 0.0 && height > 0.0 && self.camera.viewport != [width, height] {
            self.camera.viewport = [width, height];
            self.wake();
        }
    }

    /// Puts the camera somewhere, at once.
    pub fn set_view(&mut self, view: &View) {
        self.flight = None;
        self.camera = self.camera.with_view(view, |x, y| self.ground(x, y));
        self.camera_moved();
    }

    /// The part of the canvas that nothing covers [CSS px: left, top, right, bottom], `None` for all
    /// of it: there appears what is flown to.
    pub fn set_free(&mut self, part: Option<[f64; 4]>) {
        self.free = part.filter(|p| p.iter().all(|v| v.is_finite()) && p[2] > p[0] && p[3] > p[1]);
    }

    fn free(&self) -> [f64; 4] {
        let [w, h] = self.camera.viewport;
        self.free.unwrap_or([0.0, 0.0, w, h])
    }

    /// Flies so that the view's target appears in the middle of the free part of the canvas.
    pub fn show(&mut self, view: &View, seconds: Option<f64>) {
        let mut to = self.camera.with_view(view, |x, y| self.ground(x, y));
        to.centre_in(self.free());
        self.fly_to(&to.view(), seconds);
    }

    /// Flies somewhere; `seconds` as long as the way asks for without it.
    pub fn fly_to(&mut self, view: &View, seconds: Option<f64>) {
        let to = self.camera.with_view(view, |x, y| self.ground(x, y));
        let seconds = match seconds {
            _ if self.reduced_motion => 0.0,
            Some(seconds) if seconds.is_finite() => seconds,
            _ => Flight::duration(&self.camera, &to),
        };
        self.flight = Some(Flight::new(self.camera, to, seconds));
        self.wake();
    }

    /// Flies so that a feature fills the view; `false` when it is unknown.
    pub fn fly_to_feature(&mut self, layer: &str, code: &str) -> bool {
        let bounds = self
            .layers
            .iter()
            .find(|l| l.id == layer)
            .and_then(|l| l.find(code).and_then(|k| l.bounds(k)));
        let Some([west, south, east, north]) = bounds else {
            return false;
        };
        let [left, top, right, bottom] = self.free();
        let share = (right - left).min(bottom - top) / self.camera.viewport[1];
        let half = 0.5 * (east - west).max(north - south).max(80.0);
        let range = 1.5 * half / ((0.5 * FIELD_OF_VIEW).tan() * share);
        let view = View {
            x: 0.5 * (west + east),
            y: 0.5 * (south + north),
            z: None,
            range,
            heading_deg: self.camera.heading.to_degrees(),
            pitch_deg: self.camera.pitch.to_degrees().max(40.0),
        };
        self.show(&view, None);
        true
    }

    /// The whole site from the south.
    pub fn home(&mut self) {
        if let Some(terrain) = &self.terrain {
            let b = terrain.geometry().bounds();
            let view = View {
                x: b.center().x,
                y: b.center().y,
                z: None,
                range: 1.15 * b.width().max(b.height()),
                heading_deg: 0.0,
                pitch_deg: 48.0,
            };
            self.show(&view, None);
        }
    }

    /// A pointer, wheel or key has moved the camera.
    pub fn camera_moved(&mut self) {
        self.flight = None;
        let mut camera = self.camera;
        if let Some(terrain) = &self.terrain {
            // Not so far from the site that nobody finds back.
            let b = terrain.geometry().bounds();
            let margin = 0.5 * b.width().max(b.height());
            camera.target[0] = camera.target[0].clamp(b.min().x - margin, b.max().x + margin);
            camera.target[1] = camera.target[1].clamp(b.min().y - margin, b.max().y + margin);
        }
        camera.limit(|x, y| self.ground(x, y));
        self.camera = camera;
        self.moved = true;
        self.wake();
    }

    /// Begins a turn around the target in so many frames.
    pub fn begin_orbit(&mut self, frames: u32) {
        self.flight = None;
        self.orbit = Some(Orbit {
            home: self.orbit.take().map_or(self.camera, |o| o.home),
            frames: frames.max(1),
            times: Vec::new(),
            drawn: 0,
        });
        self.wake();
    }

    /// What is under a point of the canvas [CSS px]; `None` for the sky.
    pub fn pick(&self, x: f64, y: f64) -> Option<Pick> {
        let (half, [x, y]) = self.whole_from_canvas([x, y]);
        let (origin, direction) = self.camera.ray(x, y);
        let building = self
            .shows("buildings")
            .then(|| self.city.ray(origin, direction))
            .flatten();
        let ground = self.terrain.as_ref().and_then(|t| t.ray(origin, direction));
        let (building, at) = match (building, ground) {
            (Some((index, t)), g) if g.is_none_or(|(_, far)| t < far) => {
                (Some(index), [0, 1, 2].map(|k| origin[k] + t * direction[k]))
            }
            (_, Some((at, _))) => (None, at),
            (_, None) => return None,
        };
        let grids = self
            .layers
            .iter()
            .filter_map(|l| {
                l.code_at(at[0], at[1])
                    .map(|code| (l.id.clone(), code.to_owned()))
            })
            .collect();
        Some(Pick {
            building,
            at,
            grids,
            depth: self.water(half).depth(at[0], at[1]),
            half: self.split().map(|_| half),
        })
    }

    /// A click: tells the page what it met.
    pub fn click(&mut self, at: [f64; 2]) {
        let pick = self.pick(at[0], at[1]);
        self.happened.push(Happened::Picked(pick));
        self.wake();
    }

    /// A double click: flies there, twice as near.
    pub fn double_click(&mut self, at: [f64; 2]) {
        if let Some(pick) = self.pick(at[0], at[1]) {
            let view = View {
                x: pick.at[0],
                y: pick.at[1],
                z: Some(pick.at[2]),
                range: self.camera.range * 0.5,
                heading_deg: self.camera.heading.to_degrees(),
                pitch_deg: self.camera.pitch.to_degrees(),
            };
            self.show(&view, None);
        }
    }

    /// Something must be drawn.
    pub fn wake(&mut self) {
        self.wake_for(SETTLE);
    }

    /// So many frames must be drawn at least.
    pub fn wake_for(&mut self, frames: u32) {
        self.to_draw = self.to_draw.max(frames);
    }

    /// Whether a frame must be drawn.
    pub fn is_awake(&self) -> bool {
        self.to_draw > 0
    }

    /// Whether the camera is on its way: a flight, a turn, a held key, or a move not yet told.
    pub fn is_moving(&self) -> bool {
        self.flight.is_some() || self.orbit.is_some() || self.input.is_moving() || self.moved
    }

    /// Goes on by one frame that took `dt` seconds: flight, keys, orbit, water.
    pub fn advance(&mut self, dt: f64) {
        self.to_draw = self.to_draw.saturating_sub(1);
        // A hidden page comes back after minutes: that is no flight of minutes.
        let step = dt.clamp(0.0, 0.25);
        if let Some(mut orbit) = self.orbit.take() {
            if orbit.drawn > 0 {
                orbit.times.push(dt * 1000.0);
            }
            if orbit.drawn >= orbit.frames {
                self.camera = orbit.home;
                self.happened.push(Happened::Orbited(orbit.times));
            } else {
                orbit.drawn += 1;
                let turn = std::f64::consts::TAU / f64::from(orbit.frames);
                self.camera.heading = orbit.home.heading + turn * f64::from(orbit.drawn);
                self.orbit = Some(orbit);
            }
            self.wake();
        } else if let Some(mut flight) = self.flight.take() {
            let viewport = self.camera.viewport;
            let (camera, arrived) = flight.advance(step);
            self.camera = Camera { viewport, ..camera };
            let mut above = self.camera;
            above.limit(|x, y| self.ground(x, y));
            self.camera = above;
            self.flight = (!arrived).then_some(flight);
            self.moved = true;
            self.wake();
        } else if self.input.is_moving() {
            self.input.advance(step, &mut self.camera);
            self.camera_moved();
        } else if self.moved {
            self.moved = false;
            self.happened
                .push(Happened::ViewChanged(self.camera.view()));
        }
        let terrain = self.terrain.as_ref();
        let mut risen = false;
        for (k, water) in self.waters.iter_mut().enumerate() {
            if std::mem::take(&mut self.water_stale[k]) {
                water.update(|x, y| terrain.is_none_or(|t| t.height(x, y).is_some()));
                self.revisions.water[k] += 1;
                risen = true;
            }
        }
        if risen {
            self.wake();
        }
        if self.city.is_dirty() {
            self.wake();
        }
    }

    /// What the page should hear of since the last call.
    pub fn take_happened(&mut self) -> Vec<Happened> {
        std::mem::take(&mut self.happened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{LineStyle, Shapes};
    use geo::{MultiPolygon, Rect};
    use stormgrid_core::ids::FeatureIdx;
    use stormgrid_core::mesh::extrude;
    use stormgrid_core::raster::RasterGeometry;
    use stormgrid_formats::chunk::city_chunk;

    fn square(x: f64, y: f64, side: f64) -> MultiPolygon<f64> {
        MultiPolygon::new(vec![Rect::new((x, y), (x + side, y + side)).to_polygon()])
    }

    fn model() -> SceneModel {
        let mut model = SceneModel::default();
        let g = RasterGeometry::new(100, 100, -1000.0, 1000.0, 20.0, 20.0).expect("valid");
        model.set_terrain(&Raster::filled(g, 2.0));
        let house = extrude(&square(-20.0, -20.0, 40.0), 2.0, 32.0);
        assert!(model.add_city(city_chunk(&[(FeatureIdx(4), &house)])));
        model.set_layer(Layer::new(
            "grids".into(),
            vec!["W".into(), "E".into()],
            Shapes::Polygons(vec![
                square(-900.0, -450.0, 900.0),
                square(0.0, -450.0, 900.0),
            ]),
            LineStyle {
                colour: [0, 0, 0, 255],
                width_px: 1.0,
                width_m: 0.0,
                range_max: f64::INFINITY,
            },
        ));
        model.set_view(&View {
            x: 0.0,
            y: 0.0,
            z: None,
            range: 600.0,
            heading_deg: 0.0,
            pitch_deg: 50.0,
        });
        model
    }

    fn rest(model: &mut SceneModel) -> Vec<Happened> {
        for _ in 0..200 {
            model.advance(0.05);
            model.city.take_dirty();
        }
        assert!(!model.is_awake());
        model.take_happened()
    }

    #[test]
    fn a_pick_tells_building_ground_and_grids() {
        let model = model();
        let [w, h] = model.camera.viewport;
        let roof = model.camera.project([5.0, 5.0, 32.0]).expect("in front");
        let hit = model.pick(roof[0], roof[1]).expect("hits");
        assert_eq!(hit.building, Some(4));
        assert!((hit.at[2] - 32.0).abs() < 0.02);
        let ground = model.camera.project([-200.0, 30.0, 2.0]).expect("in front");
        let hit = model.pick(ground[0], ground[1]).expect("hits");
        assert_eq!(hit.building, None);
        assert_eq!(hit.grids, [("grids".to_string(), "W".to_string())]);
        assert!((hit.at[0] + 200.0).abs() < 0.01 && (hit.at[2] - 2.0).abs() < 1e-6);
        let mut flat = model;
        flat.camera.pitch = 0.05;
        assert_eq!(flat.pick(w / 2.0, 0.0 * h), None);
    }

    #[test]
    fn the_picture_comes_to_rest_and_the_page_hears_of_it_once() {
        let mut model = model();
        rest(&mut model);
        assert!(!model.is_moving());
        assert!(model.fly_to_feature("grids", "E"));
        assert!(model.is_moving());
        assert!(model.is_awake());
        let happened = rest(&mut model);
        let [Happened::ViewChanged(view)] = happened.as_slice() else {
            panic!("{happened:?}");
        };
        assert!((view.x - 450.0).abs() < 1e-6 && view.y.abs() < 1e-6);
        assert!(!model.fly_to_feature("grids", "none"));
        model.set_free(Some([400.0, 100.0, 700.0, 300.0]));
        assert!(model.fly_to_feature("grids", "E"));
        rest(&mut model);
        let z = model.ground(450.0, 0.0);
        let p = model.camera.project([450.0, 0.0, z]).expect("in front");
        assert!(
            (p[0] - 550.0).abs() < 1.0 && (p[1] - 200.0).abs() < 1.0,
            "{p:?}"
        );
    }

    #[test]
    fn an_orbit_measures_its_frames_and_comes_back() {
        let mut model = model();
        rest(&mut model);
        let home = model.camera;
        model.begin_orbit(12);
        let happened = rest(&mut model);
        assert_eq!(happened, [Happened::Orbited(vec![50.0; 12])]);
        assert_eq!(model.camera, home);
    }

    #[test]
    fn the_tint_takes_the_colours_of_known_codes() {
        let mut model = model();
        let red = [255, 0, 0, 128];
        assert!(model.set_exposure("grids", [("E", red), ("X", red)].into_iter()));
        let (picture, n, [west, north, side]) = model.tint_picture().expect("tinted");
        let pixel = |x: f64, y: f64| {
            let (c, r) = ((x - west) / side * n as f64, (north - y) / side * n as f64);
            let at = (r as usize * n + c as usize) * 4;
            [
                picture[at],
                picture[at + 1],
                picture[at + 2],
                picture[at + 3],
            ]
        };
        assert_eq!(pixel(450.0, 0.0), red);
        assert_eq!(pixel(-450.0, 0.0), [0; 4]);
        assert!(model.set_exposure("grids", std::iter::empty()));
        assert!(model.tint_picture().is_none());
        assert!(!model.set_exposure("none", std::iter::empty()));
    }

    #[test]
    fn the_camera_stays_near_the_site() {
        let mut model = model();
        model.camera.target = [1e7, 0.0, 0.0];
        model.camera_moved();
        assert!(model.camera.target[0] <= 2000.0);
    }
}
