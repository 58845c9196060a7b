//! Changes applied to storm, sea, rain, ground and people.

use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_sim::exposure::Assets;
use stormgrid_sim::flood::{Flood, Setup};
use stormgrid_sim::typhoon::{Parameters, TyphoonModel};
use stormgrid_twin::{Building, GeometryKind, Outline, Position};

use super::fixtures::{Built, Pump, Site, gates, nearest_gate, pumps};
use super::{Change, boxed, holds, local};
use crate::ProjectError;
use crate::forecast_file::ForecastFile;
use crate::impact::ZoneSource;
use crate::messages::text;
use crate::results::StructureEntry;
use crate::storm::{Forcing, Storm};
use crate::twin::LoadedTwin;
use crate::vectors;

/// Kilometres of a degree of latitude on a sphere of 6371 km.
const KM_PER_DEGREE: f64 = 111.194_926_64;

/// The storm on its shifted track.
pub(crate) fn moved_storm(
    mut storm: Storm,
    changes: &[Change],
    parameters: Parameters,
) -> Result<Storm, ProjectError> {
    let (mut east, mut north, mut later) = (0.0, 0.0, 0.0);
    for change in changes {
        if let Change::ShiftTrack {
            east_km,
            north_km,
            hours,
        } = change
        {
            east += east_km;
            north += north_km;
            later += hours;
        }
    }
    if [east, north, later] == [0.0; 3] {
        return Ok(storm);
    }
    for fix in &mut storm.track.fixes {
        fix.lon_deg += east / (KM_PER_DEGREE * fix.lat_deg.to_radians().cos());
        fix.lat_deg += north / KM_PER_DEGREE;
        fix.time = fix.time.plus_seconds(later * 3600.0);
    }
    storm.model = TyphoonModel::new(&storm.track, parameters).map_err(|e| {
        ProjectError::input(
            "shift_track",
            e.message(),
            message!("fix.change.shift", "shift it by less"),
        )
    })?;
    storm.notes.push(text(
        "note.change.shift",
        &[
            ("east", east.to_string()),
            ("north", north.to_string()),
            ("later", later.to_string()),
        ],
    ));
    Ok(storm)
}

/// Changes the sea and the rain.
pub(crate) fn on_forcing(forcing: &mut Forcing, changes: &[Change]) {
    for change in changes {
        match change {
            Change::SeaLevel { add_m } => {
                forcing.sea.level.value.iter_mut().for_each(|v| *v += add_m);
                let slots = [("metres", add_m.to_string())];
                forcing.notes.push(text("note.change.sea", &slots));
            }
            Change::Rain { factor } => {
                forcing.rain_factor *= factor;
                let slots = [("factor", factor.to_string())];
                forcing.notes.push(text("note.change.rain", &slots));
            }
            _ => {}
        }
    }
}

/// What stands on the ground of a run.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    names: Vec<(&'static str, String)>,
}

impl Standing {
    /// What the structures did.
    pub(crate) fn entries(&self, flood: &Flood) -> Vec<StructureEntry> {
        let told = self.names.iter().zip(flood.structures()).enumerate();
        told.map(|(k, ((kind, name), report))| StructureEntry {
            structure: k + 1,
            kind: (*kind).to_owned(),
            name: Some(name.clone()),
            forward_m3: report.forward_m3,
            backward_m3: report.backward_m3,
            discharge_m3_s: report.discharge_m3_s,
            held_m3: report.held_m3,
        })
        .collect()
    }
}

/// Puts the twin's gates and pumps, and those of the changes, onto the ground.
pub(crate) fn on_setup(
    setup: &mut Setup,
    twin: &LoadedTwin,
    file: &ForecastFile,
    changes: &[Change],
) -> Result<Standing, ProjectError> {
    let mut gates = gates(twin, file)?;
    let pumps = pumps(twin, file)?;
    for (k, change) in changes.iter().enumerate() {
        if let Change::Gate { at, state } = change {
            let what = change.place(k + 1);
            let gate = nearest_gate(&gates, local(twin, *at, &what)?, *at, &what)?;
            gates[gate].state = *state;
        }
    }
    let dikes = match &file.terrain.dikes {
        Some(name) if !gates.is_empty() => {
            let lines = vectors::lines(&twin.dir.join(name), &twin.frame)?;
            lines.into_iter().flat_map(|(_, lines)| lines).collect()
        }
        _ => Vec::new(),
    };
    let mut built = Built::default();
    let site = Site::new(setup, file.water.initial_level_m);
    for gate in &gates {
        site.gate(gate, &dikes, &mut built)?;
    }
    for pump in &pumps {
        site.pump(pump, &Message::plain(&pump.code), &mut built)?;
    }
    for (k, change) in changes.iter().enumerate() {
        let what = change.place(k + 1);
        match change {
            Change::Pump { at, to, rate_m3_s } => {
                let pump = Pump {
                    code: what.to_string(),
                    at: local(twin, *at, &what)?,
                    to: to.map(|to| local(twin, to, &what)).transpose()?,
                    rate: *rate_m3_s,
                };
                site.pump(&pump, &what, &mut built)?;
            }
            Change::Levee {
                line,
                crest_m,
                raise_m,
            } => {
                let line: Vec<[f64; 2]> = line
                    .iter()
                    .map(|&at| local(twin, at, &what))
                    .collect::<Result<_, _>>()?;
                let crests = site.levee(&line, |ground| match (crest_m, raise_m) {
                    (Some(crest), _) => *crest,
                    (None, raise) => ground + raise.unwrap_or(0.0),
                });
                if crests.is_empty() {
                    return Err(ProjectError::input(
                        &what,
                        message!(
                            "fault.change.short",
                            "its line meets no face between two cells"
                        ),
                        message!("fix.change.short", "make it longer than a cell"),
                    ));
                }
                built.crests.extend(crests);
            }
            _ => {}
        }
    }
    setup.crests.extend(built.crests);
    setup.structures.extend(built.structures);
    Ok(Standing { names: built.names })
}

/// Assets and zones without the people who have been evacuated.
///
/// The people of a zone become fewer by the share of its residents who are gone.
pub(crate) fn without_evacuated(
    twin: &LoadedTwin,
    changes: &[Change],
    mut assets: Assets,
    mut zones: Vec<ZoneSource>,
) -> (Assets, Vec<ZoneSource>) {
    let codes = changes.iter().flat_map(|change| match change {
        Change::Evacuate { codes } => codes.as_slice(),
        _ => &[],
    });
    let outlines = codes.filter_map(|code| {
        let (feature, _) = twin.twin.grid_by_code(code)?;
        twin.twin.get::<Outline>(feature.layer, feature.idx)
    });
    let areas = boxed(outlines.map(|outline| &outline.0));
    let Some((_, buildings)) = twin.twin.building_layer().filter(|_| !areas.is_empty()) else {
        return (assets, zones);
    };
    let layers: Vec<usize> = (0..twin.twin.layers().len())
        .filter(|&l| twin.twin.layers()[l].geometry == GeometryKind::Polygon)
        .collect();
    // Residents of each zone, and those of them who are gone.
    let mut sums: Vec<Vec<[f64; 2]>> = zones
        .iter()
        .map(|z| vec![[0.0; 2]; z.zones.len()])
        .collect();
    let places = twin.twin.all::<Position>(buildings);
    for ((building, place), exposed) in twin
        .twin
        .all::<Building>(buildings)
        .zip(places)
        .zip(&mut assets.buildings)
    {
        let [x, y, _] = place.0;
        let people = f64::from(building.people.unwrap_or(0));
        let gone = holds(&areas, x, y);
        for item in twin.twin.index().containing(x, y) {
            if let Some(source) = layers.iter().position(|&l| l == usize::from(item.layer)) {
                let sum = &mut sums[source][item.feature.index()];
                sum[0] += people;
                sum[1] += if gone { people } else { 0.0 };
            }
        }
        if gone {
            exposed.people = 0.0;
            exposed.households = 0.0;
        }
    }
    for ((source, sums), &layer) in zones.iter_mut().zip(&sums).zip(&layers) {
        let inside = twin.twin.all::<Position>(&twin.twin.layers()[layer]);
        for ((zone, [residents, gone]), at) in source.zones.iter_mut().zip(sums).zip(inside) {
            let share = match *residents > 0.0 {
                true => gone / residents,
                // Nobody lives in a building of it: all are gone if its middle is.
                false => f64::from(u8::from(holds(&areas, at.0[0], at.0[1]))),
            };
            zone.people = zone.people.map(|people| people * (1.0 - share));
            zone.households = zone.households.map(|n| n * (1.0 - share));
        }
    }
    (assets, zones)
}
