//! Roads, canals, dikes and everything that stands at a point: gates, pumps, speakers, cameras,
//! sensors, lamps, schools, shelters, hospitals.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stormgrid_core::geo::{Geometry, Point};

use crate::DemoError;
use crate::buildings::{Building, BuildingUse, Site};
use crate::landuse::{Course, LandUse, Line, LineKind, RoadClass, Side};
use crate::layers::{Feature, Layer, feature, line_feature, properties};
use crate::names;
use crate::place::Placer;
use crate::plan;
use crate::rng::{Rng, apportion};
use crate::streets::{self, Span};
use crate::territory::Codes;
use crate::texts;

const N_SPEAKERS: u64 = 336;
const N_CAMERAS: usize = 1000;
const N_LAMPS: usize = 564;
const N_GATES: usize = 6;
const N_PUMPS: usize = 24;
const N_RAIN_SENSORS: usize = 24;
const N_LEVEL_SENSORS: usize = 48;

/// Longest piece of a road that is one feature [m of sheet].
const PIECE: i32 = 400;
/// A vertex at least each so many metres of sheet.
const VERTEX_EVERY: i32 = 50;
/// Room between a canal's usual water and a bridge over it [m].
const CLEARANCE: f64 = 1.5;
/// Height of a bridge's deck above its underside [m].
const GIRDER: f64 = 0.5;

/// What the asset layers are made from.
pub(crate) struct Source<'a> {
    pub(crate) site: &'a Site<'a>,
    pub(crate) lines: &'a [Line],
    pub(crate) buildings: &'a [Building],
    pub(crate) placer: &'a Placer<'a>,
    pub(crate) codes: &'a Codes,
}

/// All asset layers.
pub(crate) fn layers(source: &Source<'_>) -> Result<Vec<Layer>, DemoError> {
    let gates = source.gates();
    Ok(vec![
        Layer {
            path: "assets/roads.geojson",
            features: source.roads()?,
        },
        Layer {
            path: "assets/canals.geojson",
            features: source.canals()?,
        },
        Layer {
            path: "assets/dikes.geojson",
            features: source.dikes()?,
        },
        Layer {
            path: "assets/gates.geojson",
            features: source.gate_features(&gates)?,
        },
        Layer {
            path: "assets/pumps.geojson",
            features: source.pumps(&gates)?,
        },
        Layer {
            path: "assets/sensors.geojson",
            features: source.sensors(&gates)?,
        },
        Layer {
            path: "assets/speakers.geojson",
            features: source.speakers()?,
        },
        Layer {
            path: "assets/cameras.geojson",
            features: source.cameras()?,
        },
        Layer {
            path: "assets/lamps.geojson",
            features: source.lamps()?,
        },
        Layer {
            path: "assets/schools.geojson",
            features: source.schools()?,
        },
        Layer {
            path: "assets/shelters.geojson",
            features: source.shelters()?,
        },
        Layer {
            path: "assets/hospitals.geojson",
            features: source.hospitals()?,
        },
    ])
}

/// Names of the two streets' border roads, which carry the street lamps.
const LAMP_ROADS: [&str; 2] = ["五邑路", "S273省道"];

impl Source<'_> {
    fn road_name(&self, line: &Line) -> String {
        match (line.course, line.kind) {
            (Course::Levee(name), _) => return name.to_owned(),
            (Course::RiverBridge, _) => return names::river_bridge(line.cut),
            (Course::Bank(side), _) => {
                return names::bank(line.cut, line.northward, side == Side::High);
            }
            (Course::Cut, _) => {}
        }
        match line.kind {
            LineKind::Road(RoadClass::Trunk) if line.northward => LAMP_ROADS[1].to_owned(),
            LineKind::Road(RoadClass::Trunk) => LAMP_ROADS[0].to_owned(),
            LineKind::Road(class) => {
                names::road(line.cut, line.northward, class == RoadClass::Primary)
            }
            LineKind::Canal(_) => names::canal(line.cut),
        }
    }

    /// Places where a line is cut into features: each 400 m, at underpasses and at the ends of bridges.
    fn pieces(&self, index: usize, line: &Line, spans: &[Span]) -> Vec<(i32, i32)> {
        let mut stops: Vec<i32> = (line.from..line.to).step_by(PIECE as usize).collect();
        stops.push(line.to);
        for underpass in self
            .site
            .ground
            .underpasses()
            .iter()
            .filter(|p| p.line == index)
        {
            let along = if line.northward {
                underpass.center.1
            } else {
                underpass.center.0
            };
            stops.extend([along as i32 - 60, along as i32 + 60]);
        }
        stops.retain(|&s| spans.iter().all(|span| s <= span.from || s >= span.to));
        stops.extend(spans.iter().flat_map(|span| [span.from, span.to]));
        stops.retain(|&s| s >= line.from && s <= line.to);
        stops.sort_unstable();
        stops.dedup();
        stops.windows(2).map(|pair| (pair[0], pair[1])).collect()
    }

    fn roads(&self) -> Result<Vec<Feature>, DemoError> {
        let mut features = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            let LineKind::Road(class) = line.kind else {
                continue;
            };
            let spans = streets::spans(line, self.lines);
            let junctions = streets::junctions(line, self.lines);
            for (from, to) in self.pieces(index, line, &spans) {
                let middle = line.place(0.5 * f64::from(from + to));
                let underpass = self.site.ground.underpasses().iter().find(|p| {
                    p.line == index && (p.center.0 - middle.0).hypot(p.center.1 - middle.1) < 50.0
                });
                let bridge = spans.contains(&Span { from, to });
                let mut object = json!({
                    "code": format!("R{:05}", features.len() + 1), "name": self.road_name(line),
                    "class": class.name(), "width_m": class.width(), "underpass": underpass.is_some(),
                    "bridge": bridge,
                });
                if let Value::Object(map) = &mut object {
                    if let Some(place) = underpass {
                        map.insert("underpass_name".to_owned(), place.name.0.into());
                        map.insert("underpass_name_en".to_owned(), place.name.1.into());
                        map.insert("rim_depth_m".to_owned(), place.rim_depth.into());
                    }
                    if bridge {
                        map.insert("deck_m".to_owned(), self.deck(line, from, to).into());
                    }
                }
                let places = along(line, from, to, &junctions);
                features.push(line_feature(self.placer, object, &places)?);
            }
        }
        Ok(features)
    }

    /// Height of a bridge's deck above the datum [m]: clear of the usual water and of the ground under it.
    fn deck(&self, line: &Line, from: i32, to: i32) -> f64 {
        let heights = (from..=to).step_by(5).map(|at| {
            let (u, v) = line.place(f64::from(at));
            self.height(u, v)
        });
        let ground = heights.fold(texts::INITIAL_LEVEL_M + CLEARANCE, f64::max);
        ((ground + GIRDER) * 100.0).round() / 100.0
    }

    fn canals(&self) -> Result<Vec<Feature>, DemoError> {
        let canals = self.lines.iter().filter_map(|line| match line.kind {
            LineKind::Canal(width) => Some((line, width)),
            LineKind::Road(_) => None,
        });
        canals
            .enumerate()
            .map(|(n, (line, width))| {
                let object = json!({
                    "code": format!("C{:03}", n + 1), "name": self.road_name(line), "width_m": width,
                });
                let places = along(line, line.from, line.to, &[]);
                line_feature(self.placer, object, &places)
            })
            .collect()
    }

    fn dikes(&self) -> Result<Vec<Feature>, DemoError> {
        let mut features = Vec::new();
        for piece in plan::dike_pieces() {
            let place = |t: f64| {
                if piece.northward {
                    (piece.at, t)
                } else {
                    (t, piece.at)
                }
            };
            let steps = ((piece.to - piece.from) / f64::from(VERTEX_EVERY))
                .ceil()
                .max(1.0) as usize;
            let places: Vec<(f64, f64)> = (0..=steps)
                .map(|k| place(piece.from + (piece.to - piece.from) * k as f64 / steps as f64))
                .collect();
            let object = json!({
                "code": format!("D{:02}", features.len() + 1), "name": piece.name.0, "name_en": piece.name.1,
                "crest_m": piece.crest, "crest_width_m": 2.0 * piece.half_crest, "kind": piece.kind,
            });
            features.push(line_feature(self.placer, object, &places)?);
        }
        Ok(features)
    }

    /// The gap that a gate leaves, and where canals meet sea dikes; six in all, spread over the dikes.
    fn gates(&self) -> Vec<(f64, f64)> {
        let mut crossings: Vec<(usize, (f64, f64))> = Vec::new();
        for line in self
            .lines
            .iter()
            .filter(|l| matches!(l.kind, LineKind::Canal(_)))
        {
            for (index, dike) in plan::DIKES.iter().enumerate() {
                if !dike.keeps_sea_out || dike.northward == line.northward {
                    continue;
                }
                let along_canal = dike.at;
                let along_dike = f64::from(line.at);
                let near = f64::from(line.from) - 60.0..=f64::from(line.to) + 60.0;
                if near.contains(&along_canal) && (dike.from..=dike.to).contains(&along_dike) {
                    let place = if dike.northward {
                        (dike.at, along_dike)
                    } else {
                        (along_dike, dike.at)
                    };
                    crossings.push((index, place));
                }
            }
        }
        // One from each dike in turn, so that no dike has them all.
        let mut of_dike: BTreeMap<usize, Vec<(f64, f64)>> = BTreeMap::new();
        for (dike, place) in crossings {
            of_dike.entry(dike).or_default().push(place);
        }
        let mut gates = plan::open_gates();
        while gates.len() < N_GATES && of_dike.values().any(|places| !places.is_empty()) {
            for places in of_dike.values_mut() {
                if gates.len() < N_GATES && !places.is_empty() {
                    gates.push(places.remove(places.len() / 2));
                }
            }
        }
        gates
    }

    fn gate_features(&self, gates: &[(f64, f64)]) -> Result<Vec<Feature>, DemoError> {
        gates
            .iter()
            .enumerate()
            .map(|(n, &(u, v))| {
                let open = plan::open_gates().contains(&(u, v));
                let object = json!({
                    "code": format!("G{:02}", n + 1), "name": format!("{}号水闸", n + 1), "kind": "gate",
                    "width_m": if open { 20.0 } else { 12.0 },
                    "state": if open { "open" } else { "closed" },
                    "crest_m": plan::design_crest(u, v).unwrap_or_else(|| self.height(u, v)),
                });
                self.point(object, u, v)
            })
            .collect()
    }

    fn pumps(&self, gates: &[(f64, f64)]) -> Result<Vec<Feature>, DemoError> {
        let mut rng = Rng::new(self.site.seed, 0x8001);
        let mut places: Vec<(f64, f64)> = gates.to_vec();
        places.extend(self.site.ground.underpasses().iter().map(|p| p.center));
        let canals: Vec<&Line> = self
            .lines
            .iter()
            .filter(|l| matches!(l.kind, LineKind::Canal(_)))
            .collect();
        while places.len() < N_PUMPS && !canals.is_empty() {
            let line = canals[rng.below(canals.len())];
            places.push(line.place(rng.range(f64::from(line.from), f64::from(line.to))));
        }
        (0..places.len())
            .map(|n| {
                let (u, v) = places[n];
                let rate = if n < gates.len() { 8.0 } else { (rng.range(1.0, 4.0) * 10.0).round() / 10.0 };
                let object = json!({
                    "code": format!("P{:02}", n + 1), "name": format!("{}号泵站", n + 1), "kind": "pump",
                    "rate_m3_s": rate,
                });
                self.point(object, u + 12.0, v)
            })
            .collect()
    }

    fn sensors(&self, gates: &[(f64, f64)]) -> Result<Vec<Feature>, DemoError> {
        let mut rng = Rng::new(self.site.seed, 0x8002);
        let mut levels: Vec<((f64, f64), &str)> = gates.iter().map(|&g| (g, "水闸水位")).collect();
        levels.extend(
            self.site
                .ground
                .underpasses()
                .iter()
                .map(|p| (p.center, "下穿水位")),
        );
        let rivers = [
            (9900.0, 1200.0),
            (9900.0, 5400.0),
            (9900.0, 9300.0),
            (2600.0, 10_700.0),
            (1800.0, 3000.0),
            (6900.0, 3000.0),
        ];
        levels.extend(rivers.map(|place| (place, "河道水位")));
        let canals: Vec<&Line> = self
            .lines
            .iter()
            .filter(|l| matches!(l.kind, LineKind::Canal(_)))
            .collect();
        while levels.len() < N_LEVEL_SENSORS && !canals.is_empty() {
            let line = canals[rng.below(canals.len())];
            levels.push((
                line.place(rng.range(f64::from(line.from), f64::from(line.to))),
                "内河水位",
            ));
        }
        let mut features = Vec::new();
        for (n, ((u, v), name)) in levels.into_iter().enumerate() {
            let object = json!({
                "code": format!("W{:03}", n + 1), "name": format!("{name}{}", n + 1), "kind": "sensor",
                "quantity": "water_level", "unit": "m", "ground_m": self.height(u, v),
            });
            features.push(self.point(object, u, v)?);
        }
        let land: Vec<usize> = (0..self.site.partition.villages.len()).collect();
        for n in 0..N_RAIN_SENSORS {
            let village = land[n * land.len() / N_RAIN_SENSORS];
            let (u, v) = self.site.partition.villages[village].block.center();
            let object = json!({
                "code": format!("Y{:03}", n + 1), "name": format!("{}雨量站", self.site.villages[village].name),
                "kind": "sensor", "quantity": "rain", "unit": "mm/h",
            });
            features.push(self.point(object, u, v)?);
        }
        Ok(features)
    }

    fn speakers(&self) -> Result<Vec<Feature>, DemoError> {
        let partition = self.site.partition;
        let mut people = vec![0.0; partition.grids.len()];
        for b in self.buildings {
            people[partition.units[b.unit].parent] += f64::from(b.people);
        }
        let inhabited = people.iter().filter(|p| **p > 0.0).count() as u64;
        let more = apportion(N_SPEAKERS - inhabited.min(N_SPEAKERS), &people);
        let mut rng = Rng::new(self.site.seed, 0x8003);
        let mut features = Vec::new();
        for (grid, part) in partition.grids.iter().enumerate() {
            if people[grid] == 0.0 {
                continue;
            }
            for _ in 0..=more[grid] {
                let b = part.block;
                let u = f64::from(b.west) + rng.range(0.15, 0.85) * f64::from(b.width());
                let v = f64::from(b.south) + rng.range(0.15, 0.85) * f64::from(b.height());
                let object = json!({
                    "code": format!("S{:03}", features.len() + 1), "name": format!("小喇叭{}", features.len() + 1),
                    "kind": "speaker", "grid": self.codes.grids[grid], "range_m": 250.0,
                });
                features.push(self.point(object, u, v)?);
            }
        }
        Ok(features)
    }

    fn cameras(&self) -> Result<Vec<Feature>, DemoError> {
        let mut rng = Rng::new(self.site.seed, 0x8004);
        let roads: Vec<&Line> = self
            .lines
            .iter()
            .filter(|l| matches!(l.kind, LineKind::Road(c) if c != RoadClass::Track))
            .collect();
        let kinds = [
            "road",
            "road",
            "community",
            "community",
            "school",
            "waterlogging",
            "river",
        ];
        let mut features = Vec::new();
        while features.len() < N_CAMERAS && !roads.is_empty() {
            let line = roads[rng.below(roads.len())];
            let (u, v) = line.place(rng.range(f64::from(line.from), f64::from(line.to)));
            let n = features.len() + 1;
            let tangents = self.site.warp.tangents(u, v);
            let ahead = if line.northward {
                tangents.along_v
            } else {
                tangents.along_u
            };
            let street = ahead[0].atan2(ahead[1]).to_degrees();
            let bearing =
                street + rng.range(-25.0, 25.0) + if rng.chance(0.5) { 180.0 } else { 0.0 };
            let dome = rng.chance(0.2);
            let object = json!({
                // GB/T 28181, rule A: 8 digits of place, 2 of industry, 3 of device type, 7 of serial.
                "code": format!("4407040000132{n:07}"), "name": format!("{}监控{n}", self.road_name(line)),
                "kind": "camera", "category": kinds[rng.below(kinds.len())],
                "bearing_deg": (bearing.rem_euclid(360.0) * 10.0).round() / 10.0,
                "fov_deg": if dome { 120.0 } else { f64::from(rng.whole(50, 90)) },
                "range_m": f64::from(rng.whole(5, 15)) * 10.0, "height_m": f64::from(rng.whole(4, 8)),
                "ai": n <= 100,
            });
            features.push(self.point(object, u, v)?);
        }
        Ok(features)
    }

    /// Lamps along the two trunk roads at even distances.
    fn lamps(&self) -> Result<Vec<Feature>, DemoError> {
        let trunks: Vec<&Line> = self
            .lines
            .iter()
            .filter(|l| l.kind == LineKind::Road(RoadClass::Trunk))
            .collect();
        let lengths: Vec<f64> = trunks.iter().map(|l| f64::from(l.to - l.from)).collect();
        let counts = apportion(N_LAMPS as u64, &lengths);
        let mut features = Vec::new();
        for ((line, n), length) in trunks.into_iter().zip(counts).zip(lengths) {
            for k in 0..n {
                let along = f64::from(line.from) + (k as f64 + 0.5) / n as f64 * length;
                let (u, v) = line.place(along);
                let object = json!({
                    "code": format!("L{:04}", features.len() + 1), "name": format!("路灯{}", features.len() + 1),
                    "kind": "lamp", "road": self.road_name(line), "along_m": along.round(), "state": "on",
                });
                features.push(self.point(object, u, v)?);
            }
        }
        Ok(features)
    }

    /// Units of a use with the middle of their first building and how many floors they have.
    fn campuses(
        &self,
        land_use: LandUse,
        building_use: BuildingUse,
    ) -> Vec<(usize, &Building, u32)> {
        let mut sites: BTreeMap<usize, (&Building, u32)> = BTreeMap::new();
        for b in self.buildings.iter().filter(|b| b.use_ == building_use) {
            if self.site.uses[b.unit] == land_use {
                sites.entry(b.unit).or_insert((b, 0)).1 += b.floors;
            }
        }
        sites
            .into_iter()
            .map(|(unit, (b, floors))| (unit, b, floors))
            .collect()
    }

    fn village_name(&self, unit: usize) -> &'static str {
        let partition = self.site.partition;
        self.site.villages[partition.grids[partition.units[unit].parent].parent].name
    }

    fn schools(&self) -> Result<Vec<Feature>, DemoError> {
        let mut rng = Rng::new(self.site.seed, 0x8005);
        let campuses = self.campuses(LandUse::School, BuildingUse::School);
        let mut features = Vec::new();
        for (n, (unit, building, floors)) in campuses.into_iter().enumerate() {
            let kind = [("小学", 6), ("幼儿园", 3), ("中学", 9)][rng.below(3)];
            let object = json!({
                "code": format!("E{:03}", n + 1), "name": format!("{}第{}{}", self.village_name(unit), n + 1, kind.0),
                "kind": "school", "pupils": floors * kind.1 * rng.whole(8, 12), "unit": self.codes.units[unit],
            });
            features.push(self.point(object, building.place.0, building.place.1)?);
        }
        Ok(features)
    }

    fn shelters(&self) -> Result<Vec<Feature>, DemoError> {
        let schools = self.campuses(LandUse::School, BuildingUse::School);
        let halls = self.campuses(LandUse::Public, BuildingUse::Public);
        let mut features = Vec::new();
        for (unit, building, floors) in schools.into_iter().step_by(2).chain(halls) {
            let n = features.len() + 1;
            let object = json!({
                "code": format!("B{n:03}"), "name": format!("{}应急避难场所", self.village_name(unit)),
                "kind": "shelter", "places": floors * 40, "unit": self.codes.units[unit],
            });
            features.push(self.point(object, building.place.0, building.place.1)?);
        }
        Ok(features)
    }

    fn hospitals(&self) -> Result<Vec<Feature>, DemoError> {
        let campuses = self.campuses(LandUse::Hospital, BuildingUse::Hospital);
        let mut features = Vec::new();
        for (n, (unit, building, floors)) in campuses.into_iter().enumerate() {
            let object = json!({
                "code": format!("H{:02}", n + 1), "name": format!("{}医院", self.village_name(unit)),
                "kind": "hospital", "beds": floors * 12, "unit": self.codes.units[unit],
            });
            features.push(self.point(object, building.place.0, building.place.1)?);
        }
        Ok(features)
    }

    fn height(&self, u: f64, v: f64) -> f64 {
        let z = self.site.ground.height(u, v).unwrap_or_default();
        (z * 100.0).round() / 100.0
    }

    fn point(&self, object: Value, u: f64, v: f64) -> Result<Feature, DemoError> {
        let [lon, lat] = self.placer.lonlat_of_sheet(u, v)?;
        Ok(feature(
            properties(object),
            Geometry::Point(Point::new(lon, lat)),
        ))
    }
}

/// Vertices along a piece of a line, so that it bends with the sheet, and at the junctions within it.
fn along(line: &Line, from: i32, to: i32, junctions: &[i32]) -> Vec<(f64, f64)> {
    let n = ((to - from) / VERTEX_EVERY).max(1);
    let mut at: Vec<f64> = (0..=n)
        .map(|k| f64::from(from) + f64::from(to - from) * f64::from(k) / f64::from(n))
        .collect();
    let within = junctions.iter().filter(|&&j| from < j && j < to);
    at.extend(within.map(|&j| f64::from(j)));
    at.sort_by(f64::total_cmp);
    at.dedup();
    at.into_iter().map(|along| line.place(along)).collect()
}
