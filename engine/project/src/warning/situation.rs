//! What a forecast means for grids, schools and roads, and the drafts that the rules make of it.

use std::collections::{BTreeMap, BTreeSet};

use geo::{BoundingRect, Distance, Euclidean, Intersects, LineString, MultiPolygon, Point};
use stormgrid_core::storm::Averaging;
use stormgrid_core::time::Instant;
use stormgrid_sim::classes::{Colour, CycloneClass, rain_signal, wind_signal};
use stormgrid_sim::typhoon::ten_minute_factor;

use super::message::{cap_message, draft_warnings, is_small};
use super::possible::PossiblePlaces;
use super::record::{Chances, Content, GridTarget, RoadTarget, SchoolTarget, StormFacts};
use super::rules::{Audience, Measures, Rules};
use super::{area, text};
use crate::ensemble::Ensemble;
use crate::evacuation::the_run;
use crate::figures::road_closing;
use crate::files::RunFolder;
use crate::forecast::Forecast;
use crate::results::pretty;
use crate::storm::{Bilingual, StormTable};
use crate::twin::LoadedTwin;
use crate::{ProjectError, files};
use stormgrid_core::message;
use stormgrid_twin::network::{Closures, RoadLine, RoadNetwork};

/// Ratio of a gust over land to the 10-minute mean, where a track tells no gusts [-].
///
/// Source: Harper, Kepert & Ginger (2010), WMO/TD-1555, table 1.1: 3 s gust in 10 minutes, in-land, 1.66.
const GUST_FACTOR: f64 = 1.66;

/// Depth from which water counts as having come to a grid, as the tables of probabilities call it [m].
pub(super) const REACHED_M: f64 = 0.15;

/// A grid and what the water does to it.
#[derive(Clone, Debug)]
pub struct GridState {
    pub(super) target: GridTarget,
    pub(super) depth_m: f64,
    pub(super) share: f64,
    pub(super) arrives: bool,
    pub(super) outline: MultiPolygon<f64>,
}

/// A school and what the water does to it.
#[derive(Clone, Debug)]
pub struct SchoolState {
    pub(super) target: SchoolTarget,
    pub(super) at: Point<f64>,
    pub(super) grid: Option<usize>,
}

/// A road segment and what the water does to it.
#[derive(Clone, Debug)]
pub struct RoadState {
    pub(super) target: RoadTarget,
    pub(super) line: LineString<f64>,
    pub(super) grids: Vec<usize>,
}

/// A forecast as the rules see it.
#[derive(Clone, Debug)]
pub struct Situation {
    start: Instant,
    duration_s: f64,
    storm: StormFacts,
    region: String,
    place: String,
    pub(super) grids: Vec<GridState>,
    pub(super) schools: Vec<SchoolState>,
    /// Segments at which drivers are warned.
    pub(super) roads: Vec<RoadState>,
    chances: Option<Chances>,
    possible: PossiblePlaces,
    /// Grids of which nothing is known.
    unknown: usize,
}

/// Which message a place goes into: the worst colour last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Frame {
    audience: Audience,
    colour: Colour,
    /// Only members of the ensemble reach its places.
    possible: bool,
}

/// A warned place of one colour before it is put into a message.
#[derive(Clone, Copy)]
enum Place<'a> {
    Grid(&'a GridState),
    School(&'a SchoolState),
    Road(&'a RoadState),
}

impl Place<'_> {
    /// The place's code among those of its kind.
    fn code(&self) -> &str {
        match self {
            Self::Grid(grid) => &grid.target.code,
            Self::School(school) => &school.target.code,
            Self::Road(road) => &road.target.id,
        }
    }

    /// Where it is, about [local m].
    fn at(&self) -> Point<f64> {
        let at = match self {
            Self::Grid(grid) => grid
                .outline
                .bounding_rect()
                .map(|b| Point::from(b.center())),
            Self::School(school) => Some(school.at),
            Self::Road(road) => road.line.points().next(),
        };
        at.unwrap_or_default()
    }
}

impl Situation {
    /// Brings a forecast, the places of its twin and the rules together.
    ///
    /// # Errors
    ///
    /// A layer of grids that the twin lacks; no code of the region.
    pub fn of(twin: &LoadedTwin, forecast: &Forecast, rules: &Rules) -> Result<Self, ProjectError> {
        let grids = grids(twin, forecast, rules)?;
        let roads = roads(twin, forecast, rules, &grids);
        let schools = schools(twin, forecast, rules, &grids, &roads);
        let start = Instant::parse(&forecast.summary.start).map_err(|e| {
            ProjectError::input(
                the_run(),
                e.message(),
                message!("fix.run.again", "run the forecast again"),
            )
        })?;
        let from_code = || {
            let code = &grids.first()?.target.code;
            let six = code.get(..6)?;
            six.bytes()
                .all(|b| b.is_ascii_digit())
                .then(|| six.to_owned())
        };
        let region = rules.message.region.clone().or_else(from_code).ok_or_else(|| {
            ProjectError::input(
                &files::name(&twin.dir),
                message!("fault.alert.region", "no GB/T 2260 code of the region is known, and the grids' codes do not begin with one"),
                message!("fix.alert.region", "set region in the table [message] of its warnings.toml"),
            )
        })?;
        Ok(Self {
            start,
            duration_s: forecast.summary.duration_s,
            storm: storm_facts(&forecast.storm, forecast.summary.duration_s),
            region,
            place: twin.manifest.site.name.clone(),
            grids,
            schools,
            roads,
            chances: None,
            possible: PossiblePlaces::default(),
            unknown: unknown_grids(forecast, rules),
        })
    }

    /// The same with the chances that an ensemble of the same twin gives the places, and with the places that the
    /// run leaves dry and members of the ensemble reach.
    pub fn with_chances(
        mut self,
        twin: &LoadedTwin,
        id: &str,
        ensemble: &Ensemble,
        rules: &Rules,
    ) -> Self {
        self.possible = PossiblePlaces::of(twin, &self, ensemble, rules);
        let grids = ensemble.rows_of(&rules.message.layer).into_values();
        let reached = REACHED_M.to_string();
        let grids =
            grids.filter_map(|row| Some((row.code.clone(), (*row.probability.get(&reached)?)?)));
        let mut of: BTreeMap<String, f64> = grids.collect();
        let closed: BTreeMap<&str, f64> = ensemble
            .roads
            .iter()
            .filter_map(|road| Some((road.id.as_str(), road.probability?)))
            .collect();
        for school in &self.schools {
            let approaches = school.target.closed_roads.iter();
            let approaches = approaches.filter_map(|id| closed.get(id.as_str()).copied());
            let grid = school
                .target
                .grid
                .iter()
                .filter_map(|code| of.get(code).copied());
            let chance = approaches.chain(grid).reduce(f64::max);
            of.extend(chance.map(|chance| (school.target.code.clone(), chance)));
        }
        of.extend(
            ensemble
                .roads
                .iter()
                .filter_map(|road| Some((road.id.clone(), road.probability_slow?))),
        );
        let possible = self.possible.schools.iter();
        of.extend(possible.map(|(school, chance)| (school.target.code.clone(), *chance)));
        self.chances = Some(Chances {
            ensemble: id.to_owned(),
            members: ensemble.members_done,
            of,
        });
        self
    }

    fn chance(&self, code: &str) -> Option<f64> {
        let chances = self.chances.as_ref()?;
        Some(chances.of.get(code).copied().unwrap_or(0.0))
    }

    /// When the run begins.
    pub fn start(&self) -> Instant {
        self.start
    }

    /// Places of each audience with the colour that the rules give them, storm signals included. What only members
    /// of an ensemble reach has the colour of `[members]`, whatever the signal, unless the rules warn it anyhow.
    fn coloured(&self, rules: &Rules) -> BTreeMap<Frame, Vec<Place<'_>>> {
        let mut found: BTreeMap<_, Vec<Place<'_>>> = BTreeMap::new();
        let mut put = |audience, measures: &Measures, place| {
            if let Some(colour) = rules.colour(audience, measures) {
                let frame = Frame {
                    audience,
                    colour: rules.raised(audience, colour, self.storm.signal),
                    possible: false,
                };
                found.entry(frame).or_default().push(place);
            }
        };
        for grid in &self.grids {
            let measures = Measures {
                depth_m: grid.depth_m,
                people: grid.target.people,
                share: grid.share,
                roads_closed: 0,
                chance: self.chance(&grid.target.code),
            };
            put(Audience::Residents, &measures, Place::Grid(grid));
        }
        for school in &self.schools {
            let measures = Measures {
                depth_m: school.target.depth_m,
                people: 0.0,
                share: school.grid.map_or(0.0, |g| self.grids[g].share),
                roads_closed: school.target.closed_roads.len(),
                chance: self.chance(&school.target.code),
            };
            put(Audience::PupilsParents, &measures, Place::School(school));
        }
        for road in &self.roads {
            let measures = Measures {
                depth_m: road.target.depth_m,
                chance: self.chance(&road.target.id),
                ..Measures::default()
            };
            put(Audience::Drivers, &measures, Place::Road(road));
        }
        let PossiblePlaces {
            grids,
            schools,
            roads,
        } = &self.possible;
        let grids = grids
            .iter()
            .map(|(g, _)| (Audience::Residents, Place::Grid(g)));
        let schools = schools.iter();
        let schools = schools.map(|(s, _)| (Audience::PupilsParents, Place::School(s)));
        let roads = roads.iter().map(|r| (Audience::Drivers, Place::Road(r)));
        let warned: BTreeSet<(Audience, String)> = found
            .iter()
            .flat_map(|(frame, places)| {
                places.iter().map(|p| (frame.audience, p.code().to_owned()))
            })
            .collect();
        for (audience, place) in grids.chain(schools).chain(roads) {
            if warned.contains(&(audience, place.code().to_owned())) {
                continue;
            }
            let frame = Frame {
                audience,
                colour: rules.members.colour,
                possible: true,
            };
            found.entry(frame).or_default().push(place);
        }
        found
    }
}

/// What the rules make of a situation: one message for each audience and colour, the worst first, and one for each
/// audience of what only members of an ensemble reach. What would be larger than a message may be is told in several,
/// by place; no place is in two of them.
pub fn contents(twin: &LoadedTwin, situation: &Situation, rules: &Rules) -> Vec<Content> {
    let coloured = situation.coloured(rules);
    let mut all: Vec<Content> = coloured
        .into_iter()
        .flat_map(|(frame, places)| in_parts(twin, situation, rules, frame, places))
        .collect();
    all.sort_by_key(|content| {
        let worst_first = std::cmp::Reverse(content.colour);
        (worst_first, content.possible, content.audience)
    });
    all
}

/// One message, or as many as it takes for each to be small enough: the places are divided across their longer side.
fn in_parts(
    twin: &LoadedTwin,
    situation: &Situation,
    rules: &Rules,
    frame: Frame,
    mut places: Vec<Place<'_>>,
) -> Vec<Content> {
    let whole = content(twin, situation, rules, frame, &places);
    if places.len() < 2 || fits(&whole, situation, rules) {
        return vec![whole];
    }
    let side = |of: fn(Point<f64>) -> f64| {
        let all = places.iter().map(|place| of(place.at()));
        let low = all.clone().fold(f64::INFINITY, f64::min);
        all.fold(f64::NEG_INFINITY, f64::max) - low
    };
    let along = match side(|p| p.x()) >= side(|p| p.y()) {
        true => |p: Point<f64>| p.x(),
        false => |p: Point<f64>| p.y(),
    };
    places.sort_by(|a, b| {
        let by_place = along(a.at()).total_cmp(&along(b.at()));
        by_place.then_with(|| a.code().cmp(b.code()))
    });
    let rest = places.split_off(places.len() / 2);
    [places, rest]
        .into_iter()
        .flat_map(|half| in_parts(twin, situation, rules, frame, half))
        .collect()
}

/// Whether a content can be sent as one message. One that cannot be written is not divided; whoever writes it is told
/// why.
fn fits(content: &Content, situation: &Situation, rules: &Rules) -> bool {
    let drafts = draft_warnings(vec![content.clone()], "", "", situation.start, rules);
    drafts
        .iter()
        .all(|draft| is_small(draft, situation.start, rules, ROOM_BYTES).unwrap_or(true))
}

/// Room that a draft leaves for the name and digest of its run, references and a reason [bytes].
const ROOM_BYTES: usize = 6_000;

fn content(
    twin: &LoadedTwin,
    situation: &Situation,
    rules: &Rules,
    frame: Frame,
    places: &[Place<'_>],
) -> Content {
    let Frame {
        audience,
        colour,
        possible,
    } = frame;
    let (mut schools, mut roads, mut areas) = (Vec::new(), Vec::new(), Vec::new());
    let mut hit: BTreeMap<&str, &GridState> = BTreeMap::new();
    let mut times = Vec::new();
    let end_s = situation.duration_s;
    for place in places {
        match place {
            Place::Grid(grid) => {
                hit.insert(&grid.target.code, grid);
                times.push(grid.target.time_s);
            }
            Place::School(school) => {
                times.push(school.target.time_s);
                hit.extend(
                    school
                        .grid
                        .map(|g| (situation.grids[g].target.code.as_str(), &situation.grids[g])),
                );
                // A school outside all grids is still inside the polygon.
                if school.grid.is_none() {
                    let at = LineString::from(vec![school.at, school.at + Point::new(1.0, 0.0)]);
                    areas.push(area::strip(&at, rules.school.approach_m));
                }
                schools.push(school.target.clone());
            }
            Place::Road(road) => {
                times.push(road.target.warned_s);
                let reach = rules.road.margin_m + rules.road.simplify_m;
                areas.push(area::strip(&road.line, reach));
                hit.extend(
                    road.grids
                        .iter()
                        .map(|&g| (situation.grids[g].target.code.as_str(), &situation.grids[g])),
                );
                roads.push(road.target.clone());
            }
        }
    }
    if audience != Audience::Drivers {
        areas.extend(hit.values().map(|grid| grid.outline.clone()));
    }
    let grids: Vec<GridTarget> = hit.values().map(|grid| grid.target.clone()).collect();
    let first = times.iter().copied().fold(end_s, f64::min);
    let last = match audience {
        Audience::Drivers if !possible => roads
            .iter()
            .map(|r| {
                r.reopens_s
                    .or(r.closes_s.map(|_| end_s))
                    .unwrap_or(r.warned_s)
            })
            .fold(first, f64::max),
        _ => end_s,
    };
    // Strips reach so much farther; other areas are borders that people know.
    let tolerance = match audience {
        Audience::Drivers => rules.road.simplify_m,
        _ => 0.0,
    };
    let mut content = Content {
        audience,
        colour,
        possible,
        storm: situation.storm.clone(),
        start: situation.start,
        onset: situation.start.plus_seconds(first.floor()),
        expires: situation.start.plus_seconds(last + rules.expiry.after_s),
        region: situation.region.clone(),
        place: situation.place.clone(),
        people: match audience {
            Audience::Residents => grids.iter().map(|g| g.people).sum(),
            _ => 0.0,
        },
        unknown: match audience {
            Audience::Residents => situation.unknown,
            _ => 0,
        },
        chances: situation.chances.as_ref().map(|chances| {
            let codes: Vec<&String> = match audience {
                Audience::Residents => grids.iter().map(|g| &g.code).collect(),
                Audience::PupilsParents => schools.iter().map(|s| &s.code).collect(),
                Audience::Drivers => roads.iter().map(|r| &r.id).collect(),
            };
            let chance = |code: &String| (code.clone(), situation.chance(code).unwrap_or(0.0));
            Chances {
                ensemble: chances.ensemble.clone(),
                members: chances.members,
                of: codes.into_iter().map(chance).collect(),
            }
        }),
        grids,
        schools,
        roads,
        polygon: area::rings_of(twin, &areas, tolerance),
        headline: Bilingual::new("", ""),
        description: Bilingual::new("", ""),
        instruction: Bilingual::new("", ""),
    };
    text::tell(&mut content, rules);
    content
}

/// How many grids of the layer that is warned the model knows nothing of.
fn unknown_grids(forecast: &Forecast, rules: &Rules) -> usize {
    let layers = forecast.impacts.layers.iter();
    let rows = layers.filter(|(id, _)| *id == rules.message.layer);
    let rows = rows.flat_map(|(_, rows)| rows);
    rows.filter(|named| !named.row.is_modelled()).count()
}

fn grids(
    twin: &LoadedTwin,
    forecast: &Forecast,
    rules: &Rules,
) -> Result<Vec<GridState>, ProjectError> {
    let wanted = &rules.message.layer;
    let rows = forecast.impacts.layers.iter().find(|(id, _)| id == wanted);
    let source = twin
        .zone_sources()
        .into_iter()
        .find(|source| &source.id == wanted);
    let (Some((_, rows)), Some(source)) = (rows, source) else {
        return Err(ProjectError::input(
            &files::name(&twin.dir),
            message!(
                "fault.alert.layer",
                "it has no layer of grids '{layer}' to warn",
                layer = wanted
            ),
            message!(
                "fix.alert.layer",
                "name one as layer in the table [message] of its warnings.toml"
            ),
        ));
    };
    let states = rows.iter().zip(source.zones).map(|(named, zone)| {
        let row = &named.row;
        GridState {
            target: GridTarget {
                code: row.code.clone(),
                name: named.name.clone(),
                depth_m: centimetres(row.depth_max_m.unwrap_or(0.0)),
                people: named.people_reached_whole.unwrap_or(0) as f64,
                time_s: row.arrival_s.unwrap_or(0.0).round(),
            },
            depth_m: row.depth_max_m.unwrap_or(0.0),
            share: row.share_at(1).unwrap_or(0.0),
            arrives: row.arrival_s.is_some(),
            outline: zone.geometry,
        }
    });
    Ok(states.collect())
}

fn roads(
    twin: &LoadedTwin,
    forecast: &Forecast,
    rules: &Rules,
    grids: &[GridState],
) -> Vec<RoadState> {
    let detours = detours(twin, forecast, rules);
    let segments = twin.road_segments();
    let depths = &forecast.impacts.assets.roads;
    let mut states = Vec::new();
    for (i, ((segment, line), exposure)) in segments.into_iter().zip(depths).enumerate() {
        if segment.bridge {
            continue;
        }
        let at = |depth| forecast.times.road(i, depth);
        let Some(warned_s) = at(rules.road.warn_depth_m).rises_s else {
            continue;
        };
        let closed = road_closing(&forecast.times, i, rules.close_depth_m());
        let within = |(_, grid): &(usize, &GridState)| grid.outline.intersects(line);
        states.push(RoadState {
            target: RoadTarget {
                id: segment.code.clone(),
                name: segment.name.clone(),
                depth_m: exposure.depth_max_m.unwrap_or(0.0),
                warned_s: warned_s.round(),
                closes_s: closed.closes_s,
                reopens_s: closed.reopens_s,
                detour_m: detours.get(&i).copied(),
            },
            line: line.clone(),
            grids: grids
                .iter()
                .enumerate()
                .filter(within)
                .map(|(g, _)| g)
                .collect(),
        });
    }
    states
}

/// Length of the way round each closed segment while it is closed [m], by its position; none where there is no
/// other way.
fn detours(twin: &LoadedTwin, forecast: &Forecast, rules: &Rules) -> BTreeMap<usize, f64> {
    let segments = twin.road_segments();
    let lines = segments
        .iter()
        .enumerate()
        .map(|(road, (_, line))| RoadLine { road, line });
    let network = RoadNetwork::build(&lines.collect::<Vec<_>>());
    let closed: Vec<(usize, f64, f64)> = (0..segments.len())
        .filter(|&road| !segments[road].0.bridge)
        .filter_map(|road| {
            let closing = road_closing(&forecast.times, road, rules.close_depth_m());
            let reopens_s = closing.reopens_s.unwrap_or(f64::INFINITY);
            Some((road, closing.closes_s?, reopens_s))
        })
        .collect();
    let closures = Closures::of_roads(&network, closed.iter().copied());
    let way = |&(road, _, _): &(usize, f64, f64)| {
        Some((road, network.detour_of_road(road, &closures)?.round()))
    };
    closed.iter().filter_map(way).collect()
}

fn schools(
    twin: &LoadedTwin,
    forecast: &Forecast,
    rules: &Rules,
    grids: &[GridState],
    roads: &[RoadState],
) -> Vec<SchoolState> {
    let exposures = &forecast.impacts.assets.facilities;
    let facilities = twin
        .facility_assets()
        .into_iter()
        .zip(exposures)
        .enumerate();
    let schools = facilities.filter(|(_, ((asset, _), _))| asset.kind == "school");
    let state = |(i, ((asset, at), exposure)): (
        usize,
        (
            (&stormgrid_twin::PointAsset, [f64; 2]),
            &stormgrid_sim::exposure::FacilityExposure,
        ),
    )| {
        let at = Point::new(at[0], at[1]);
        let code = twin.twin.grids_at(at.x(), at.y()).into_iter();
        let code = code.map(|(_, grid)| grid.code.as_str()).collect::<Vec<_>>();
        let grid = grids
            .iter()
            .position(|grid| code.contains(&grid.target.code.as_str()));
        let near =
            |road: &&RoadState| Euclidean.distance(&road.line, &at) <= rules.school.approach_m;
        let closed: Vec<&RoadState> = roads
            .iter()
            .filter(|r| r.target.closes_s.is_some())
            .filter(near)
            .collect();
        let of_approaches = closed
            .iter()
            .filter_map(|r| r.target.closes_s)
            .reduce(f64::min);
        let of_grid = grid
            .map(|g| &grids[g])
            .filter(|g| g.arrives)
            .map(|g| g.target.time_s);
        let time = forecast.times.facility(i, rules.road.warn_depth_m).rises_s;
        SchoolState {
            target: SchoolTarget {
                code: asset.code.clone(),
                name: asset.name.clone(),
                depth_m: exposure.depth_max_m.unwrap_or(0.0),
                time_s: time.or(of_approaches).or(of_grid).unwrap_or(0.0).round(),
                grid: grid.map(|g| grids[g].target.code.clone()),
                closed_roads: closed.iter().map(|r| r.target.id.clone()).collect(),
            },
            at,
            grid,
        }
    };
    schools.map(state).collect()
}

/// The storm's class and the worst of the signals that its wind and rain at the site would raise.
fn storm_facts(storm: &StormTable, duration_s: f64) -> StormFacts {
    let greatest = storm
        .track
        .iter()
        .filter(|p| (0.0..=duration_s).contains(&p.time_s));
    let greatest = greatest.filter_map(|p| p.vmax_mps).fold(0.0, f64::max);
    let two_minutes =
        greatest * ten_minute_factor(storm.averaging) / ten_minute_factor(Averaging::TwoMinute);
    let (zh, en) = CycloneClass::of_wind(two_minutes).names();
    let wind = storm
        .site
        .iter()
        .filter_map(|p| wind_signal(p.wind_mps, p.wind_mps * GUST_FACTOR, p.time_s / 3600.0));
    let rates = storm
        .site
        .iter()
        .map(|p| (p.time_s, p.rain_mm_h / 3.6e6))
        .unzip();
    let rain = stormgrid_core::series::Series::new(rates.0, rates.1).ok();
    let rain = rain.and_then(|series| rain_signal(&series));
    StormFacts {
        name: storm.name.clone(),
        class: Bilingual::new(zh, en),
        signal: wind.max().max(rain),
    }
}

pub(super) fn centimetres(depth_m: f64) -> f64 {
    (depth_m * 100.0).round() / 100.0
}

/// Writes the drafts of a forecast into its run folder: `warnings/drafts.json` and a CAP message of status Draft
/// for each. Their time is the run's start, so that the same run leaves the same files.
pub fn draft_files(
    folder: &RunFolder,
    twin: &LoadedTwin,
    forecast: &Forecast,
    rules: &Rules,
) -> Result<(), ProjectError> {
    let situation = Situation::of(twin, forecast, rules)?;
    let drafts = draft_warnings(
        contents(twin, &situation, rules),
        "",
        &forecast.summary.digest,
        situation.start,
        rules,
    );
    let mut parts: BTreeMap<String, u32> = BTreeMap::new();
    for draft in &drafts {
        let xml = cap_message(draft, situation.start, true, rules)?;
        let mut name = format!(
            "{}-{}",
            draft.content.audience.word(),
            super::rules::colour_word(draft.content.colour)
        );
        let part = parts.entry(name.clone()).or_default();
        *part += 1;
        if *part > 1 {
            name.push_str(&format!("-{part}"));
        }
        folder.write(&format!("warnings/{name}.cap.xml"), xml.as_bytes())?;
    }
    folder.write("warnings/drafts.json", &pretty(&drafts)?)
}
