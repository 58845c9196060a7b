//! Two runs side by side.

use std::path::Path;

use serde::Serialize;
use stormgrid_core::message;
use stormgrid_core::message::{Bilingual, Message};
use stormgrid_core::raster::Raster;
use stormgrid_formats::elevation::{self, write_geotiff};
use stormgrid_formats::parse;

use crate::ProjectError;
use crate::figures::FLOODED;
use crate::files::{self, SUMMARY_FILE};
use crate::forecast::Forecast;
use crate::results::Summary;
use crate::tables::{NamedRow, quoted};

/// Which run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// Identifier, or the folder's name.
    pub id: String,
    /// Title.
    pub title: Bilingual,
}

/// A number of both runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// Of the first.
    pub a: f64,
    /// Of the second.
    pub b: f64,
}

/// Sums over the layer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Totals {
    /// People known to be in reach of the water.
    pub people_reached: Pair,
    /// People of whom nothing is known.
    pub people_unknown: Pair,
    /// Zones whose number of people is not known, or of which nothing is modelled, so that they are in no sum.
    pub zones_unknown: Pair,
    /// Area of the zones under 0.15 m or more [m²].
    pub flooded_area_m2: Pair,
    /// Buildings reached.
    pub buildings_reached: Pair,
    /// Length of road under 0.30 m or more [m].
    pub roads_cut_m: Pair,
    /// Direct damage, in the currency of the runs.
    pub damage: Pair,
    /// Zones under 0.15 m or more somewhere.
    pub zones_hit: Pair,
}

/// What water does to a zone in one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ZoneState {
    /// Greatest depth [m]; null if nothing is modelled, as are share and area.
    pub depth_max_m: Option<f64>,
    /// Share of the zone under 0.15 m or more [-].
    pub flooded_share: Option<f64>,
    /// Area of the zone under 0.15 m or more [m²].
    pub flooded_area_m2: Option<f64>,
    /// People known to be in reach of the water; null if that is not known.
    pub people_reached: Option<f64>,
    /// People of whom nothing is known; null if the number of people is not known.
    pub people_unknown: Option<f64>,
    /// Buildings reached.
    pub buildings_reached: f64,
    /// Length of road under 0.30 m or more [m].
    pub road_cut_m: f64,
    /// Direct damage.
    pub damage: f64,
    /// First arrival [s after the run's start]; null if dry.
    pub arrival_s: Option<f64>,
}

/// Second run less first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Of the greatest depth [m]; null, as all others, where one of them is not known.
    pub depth_max_m: Option<f64>,
    /// Of the flooded share [-].
    pub flooded_share: Option<f64>,
    /// Of the people reached.
    pub people_reached: Option<f64>,
    /// Of the arrival [s], negative if the water comes earlier in the second run; null where it does not
    /// come in both.
    pub arrival_s: Option<f64>,
}

/// A zone in both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparedRow {
    /// The zone's code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// In the first run.
    pub a: ZoneState,
    /// In the second run.
    pub b: ZoneState,
    /// Second less first.
    pub difference: Difference,
}

/// Two runs side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The first run.
    pub a: Compared,
    /// The second run.
    pub b: Compared,
    /// The layer of zones.
    pub layer: String,
    /// Sums over the layer.
    pub totals: Totals,
    /// Zones, in the layer's order.
    pub rows: Vec<ComparedRow>,
}

/// A zone with its code and name, in one run.
struct Zone {
    code: String,
    name: String,
    state: ZoneState,
}

impl Zone {
    fn of(named: &NamedRow) -> Self {
        let row = &named.row;
        Self {
            code: row.code.clone(),
            name: named.name.clone(),
            state: ZoneState {
                depth_max_m: row.depth_max_m,
                flooded_share: row.share_at(FLOODED),
                flooded_area_m2: row.flooded_area_m2.map(|areas| areas[FLOODED]),
                people_reached: row.people_reached,
                people_unknown: row.people_unknown,
                buildings_reached: f64::from(row.buildings_reached),
                road_cut_m: row.road_cut_m,
                damage: row.damage,
                arrival_s: row.arrival_s,
            },
        }
    }
}

/// Compares two finished forecasts by a layer; `None` if one of them has no such layer.
pub fn compare(
    (a, first): (Compared, &Forecast),
    (b, second): (Compared, &Forecast),
    layer: &str,
) -> Option<Comparison> {
    let zones = |forecast: &Forecast| -> Option<Vec<Zone>> {
        let (_, rows) = forecast.impacts.layers.iter().find(|(id, _)| id == layer)?;
        Some(rows.iter().map(Zone::of).collect())
    };
    Some(compared(a, b, layer, zones(first)?, zones(second)?))
}

fn less(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.zip(b).map(|(a, b)| a - b)
}

/// Zones are matched by their codes; one that only one run has is left out.
fn compared(
    a: Compared,
    b: Compared,
    layer: &str,
    first: Vec<Zone>,
    second: Vec<Zone>,
) -> Comparison {
    let of_second: std::collections::BTreeMap<&str, &Zone> =
        second.iter().map(|z| (z.code.as_str(), z)).collect();
    let rows: Vec<ComparedRow> = first
        .iter()
        .filter_map(|zone| {
            let (x, y) = (zone.state, of_second.get(zone.code.as_str())?.state);
            Some(ComparedRow {
                code: zone.code.clone(),
                name: zone.name.clone(),
                a: x,
                b: y,
                difference: Difference {
                    depth_max_m: less(y.depth_max_m, x.depth_max_m),
                    flooded_share: less(y.flooded_share, x.flooded_share),
                    people_reached: less(y.people_reached, x.people_reached),
                    arrival_s: less(y.arrival_s, x.arrival_s),
                },
            })
        })
        .collect();
    let sum = |value: fn(&ZoneState) -> f64| Pair {
        a: rows.iter().map(|row| value(&row.a)).sum(),
        b: rows.iter().map(|row| value(&row.b)).sum(),
    };
    Comparison {
        totals: Totals {
            people_reached: sum(|z| z.people_reached.unwrap_or(0.0)),
            people_unknown: sum(|z| z.people_unknown.unwrap_or(0.0)),
            zones_unknown: sum(|z| {
                let known = z.depth_max_m.is_some() && z.people_unknown.is_some();
                f64::from(u8::from(!known))
            }),
            flooded_area_m2: sum(|z| z.flooded_area_m2.unwrap_or(0.0)),
            buildings_reached: sum(|z| z.buildings_reached),
            roads_cut_m: sum(|z| z.road_cut_m),
            damage: sum(|z| z.damage),
            zones_hit: sum(|z| f64::from(u8::from(z.flooded_area_m2 > Some(0.0)))),
        },
        a,
        b,
        layer: layer.to_owned(),
        rows,
    }
}

/// The comparison as CSV.
pub fn comparison_csv(comparison: &Comparison) -> Vec<u8> {
    let mut text = String::from("code,name");
    let columns = [
        "depth_max_m",
        "flooded_share",
        "people_reached",
        "arrival_s",
    ];
    for run in ["a", "b", "difference"] {
        for column in columns {
            text.push_str(&format!(",{run}_{column}"));
        }
    }
    text.push_str("\r\n");
    let optional =
        |v: Option<f64>, decimals: usize| v.map(|v| format!("{v:.decimals$}")).unwrap_or_default();
    for row in &comparison.rows {
        text.push_str(&format!("{},{}", quoted(&row.code), quoted(&row.name)));
        let (a, b, d) = (&row.a, &row.b, &row.difference);
        for (depth, share, people, arrival) in [
            (
                a.depth_max_m,
                a.flooded_share,
                a.people_reached,
                a.arrival_s,
            ),
            (
                b.depth_max_m,
                b.flooded_share,
                b.people_reached,
                b.arrival_s,
            ),
            (
                d.depth_max_m,
                d.flooded_share,
                d.people_reached,
                d.arrival_s,
            ),
        ] {
            text.push_str(&format!(
                ",{},{},{},{}",
                optional(depth, 3),
                optional(share, 4),
                optional(people, 1),
                optional(arrival, 0)
            ));
        }
        text.push_str("\r\n");
    }
    text.into_bytes()
}

/// Compares two run folders by a layer. With `out` it leaves `compare.json`, `compare.csv` and
/// `difference.tif` there: greatest depth of the second run less that of the first [m], dry counted as
/// zero, no data where both stay dry.
pub fn compare_folders(
    first: &Path,
    second: &Path,
    layer: &str,
    out: Option<&Path>,
) -> Result<Comparison, ProjectError> {
    let comparison = compared(
        of_folder(first)?,
        of_folder(second)?,
        layer,
        zones_of_folder(first, layer)?,
        zones_of_folder(second, layer)?,
    );
    if let Some(out) = out {
        let folder = files::RunFolder::begin(out)?;
        folder.write("difference.tif", &difference_tif(first, second)?)?;
        folder.write("compare.json", &crate::results::pretty(&comparison)?)?;
        folder.write("compare.csv", &comparison_csv(&comparison))?;
        // What marks the folder as one of ours, so that the next comparison may replace it.
        folder.write(SUMMARY_FILE, &crate::results::pretty(&comparison.totals)?)?;
        folder.finish()?;
    }
    Ok(comparison)
}

/// The summary of a run folder.
pub(crate) fn summary_of(folder: &Path) -> Result<Summary, ProjectError> {
    let path = folder.join(SUMMARY_FILE);
    serde_json::from_slice(&files::read(&path)?).map_err(|e| {
        ProjectError::input(
            &files::name(&path),
            parse::json_problem(&e),
            message!(
                "fix.compare.folder",
                "name a folder that `stormgrid forecast` has written"
            ),
        )
    })
}

fn of_folder(folder: &Path) -> Result<Compared, ProjectError> {
    let name = folder.file_name().map(|n| n.to_string_lossy().into_owned());
    Ok(Compared {
        id: name.unwrap_or_else(|| files::name(folder)),
        title: summary_of(folder)?.title,
    })
}

/// Rows of an exposure table by the names of their columns.
fn zones_of_folder(folder: &Path, layer: &str) -> Result<Vec<Zone>, ProjectError> {
    if layer.is_empty() || layer.contains(['/', '\\', '.']) {
        return Err(ProjectError::input(
            message!("place.layer", "layer '{layer}'", layer = layer),
            message!("fault.compare.layer", "it is no name of a layer"),
            message!(
                "fix.compare.layer",
                "name a layer of grids of the twin, for example grids"
            ),
        ));
    }
    let path = folder.join(format!("exposure/{layer}.geojson"));
    let file = files::name(&path);
    let wrong = |problem: Message| {
        ProjectError::input(
            &file,
            problem,
            message!(
                "fix.run.rewrite",
                "let `stormgrid forecast` write the run again"
            ),
        )
    };
    let value: serde_json::Value =
        serde_json::from_slice(&files::read(&path)?).map_err(|e| wrong(parse::json_problem(&e)))?;
    let features = value["features"].as_array();
    let features = features
        .ok_or_else(|| wrong(message!("fault.compare.features", "it holds no features")))?;
    let zone = |feature: &serde_json::Value| {
        let row = &feature["properties"];
        let number = |name: &str| {
            row[name].as_f64().ok_or_else(|| {
                wrong(message!(
                    "fault.compare.number",
                    "a feature has no number '{name}'",
                    name = name
                ))
            })
        };
        // Null where it is not known; a column that is not there at all is of another table.
        let known = |name: &str| match &row[name] {
            serde_json::Value::Null if row.get(name).is_some() => Ok(None),
            _ => number(name).map(Some),
        };
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        Ok(Zone {
            code: text("code"),
            name: text("name"),
            state: ZoneState {
                depth_max_m: known("depth_max_m")?,
                flooded_share: known("flooded_share_15cm")?,
                flooded_area_m2: known("flooded_area_m2_15cm")?,
                people_reached: known("people_reached")?,
                people_unknown: known("people_unknown")?,
                buildings_reached: number("buildings_reached")?,
                road_cut_m: number("road_cut_m")?,
                damage: number("damage")?,
                arrival_s: row["arrival_s"].as_f64(),
            },
        })
    };
    features.iter().map(zone).collect()
}

fn difference_tif(first: &Path, second: &Path) -> Result<Vec<u8>, ProjectError> {
    let read = |folder: &Path| {
        let path = folder.join("depth_max.tif");
        let file = files::name(&path);
        Ok::<_, ProjectError>(elevation::read(&files::read(&path)?, &file)?)
    };
    let (a, b) = (read(first)?, read(second)?);
    let geometry = *a.raster.geometry();
    if geometry != *b.raster.geometry() {
        return Err(ProjectError::input(
            &files::name(second),
            message!(
                "fault.compare.cells",
                "its cells are not those of the other run"
            ),
            message!("fix.compare.cells", "run both with the same --cell-size"),
        ));
    }
    let pairs = a.raster.values().iter().zip(b.raster.values());
    let values: Vec<f32> = pairs
        .map(|(&a, &b)| match a.is_nan() && b.is_nan() {
            true => f32::NAN,
            false => {
                let or_dry = |d: f64| if d.is_nan() { 0.0 } else { d };
                (or_dry(b) - or_dry(a)) as f32
            }
        })
        .collect();
    let raster = Raster::new(geometry, values).map_err(|e| {
        ProjectError::input(
            message!("thing.difference", "the difference"),
            e.to_string(),
            message!("fix.compare.again", "run both again"),
        )
    })?;
    Ok(write_geotiff(&raster, a.crs.as_deref(), -9999.0)?)
}
