//! What an ensemble leaves: tables, rasters, frames, a plume.

use std::path::{Path, PathBuf};

use geo::MultiPolygon;
use serde::{Deserialize, Serialize};
use stormgrid_formats::frames::FrameGrid;

use super::EnsembleSpec;
use super::aggregate::{DepthFields, Probabilities, ProbabilityRow, depth_fields, probabilities};
use super::member::storm_table;
use super::percentile::{P10, P50, P90, quantile};
use super::pool::{MemberState, MemberStatus};
use crate::ProjectError;
use crate::figures::{PERMANENT_WATER_M, permanent_water};
use crate::forecast::PreparedGround;
use crate::forecast::terrain;
use crate::results::{MODELLED_FILE, depth_geotiff, geotiff, modelled_geotiff, pretty};
use crate::storm::{SitePoint, StormTable};
use crate::tables::{self, Cell};
use crate::twin::LoadedTwin;
use stormgrid_core::message;

/// One quantity over time, the percentiles of the members.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// Of which one member in ten stays below.
    pub p10: Vec<f64>,
    /// The middle.
    pub p50: Vec<f64>,
    /// Which one member in ten exceeds.
    pub p90: Vec<f64>,
}

/// The bands of a plume.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Level at the river mouths [m above the terrain's datum].
    pub sea_level_m: Band,
    /// Rain [mm h⁻¹].
    pub rain_mm_h: Band,
    /// Wind, 10-minute mean at 10 m [m s⁻¹].
    pub wind_mps: Band,
}

/// A member of a plume.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlumeMember {
    /// Its number.
    pub n: u32,
    /// Level at the river mouths [m above the terrain's datum].
    pub sea_level_m: Vec<f64>,
    /// Rain at the site [mm h⁻¹].
    pub rain_mm_h: Vec<f64>,
    /// Wind at the site [m s⁻¹].
    pub wind_mps: Vec<f64>,
    /// The centre of the storm, longitude and latitude [°]; `None` outside the track's time.
    pub center: Vec<Option<[f64; 2]>>,
}

/// Sea level, rain and wind at the site over time, member by member.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plume {
    /// Seconds after the run's start.
    pub time_s: Vec<f64>,
    /// Percentiles over the members at each time.
    pub percentiles: Percentiles,
    /// The members.
    pub members: Vec<PlumeMember>,
}

/// Everything that an ensemble tells.
pub(super) struct Made {
    pub(super) probabilities: Probabilities,
    pub(super) plume: Plume,
    pub(super) frames: Vec<(&'static str, Vec<u8>)>,
    /// The files, in the order of writing.
    pub(super) files: Vec<(String, Vec<u8>)>,
}

/// Makes the results of the members that are done.
pub(super) fn make(
    twin: &LoadedTwin,
    spec: &EnsembleSpec,
    ground: &PreparedGround,
    members: &[MemberStatus],
    folders: &[PathBuf],
    each: &mut dyn FnMut() -> Result<(), ProjectError>,
) -> Result<Made, ProjectError> {
    let folders: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
    let probabilities = probabilities(twin, ground, &folders, each)?;
    let fields = depth_fields(&ground.geometry, &folders)?;
    let numbers = members
        .iter()
        .filter(|m| m.state == MemberState::Done)
        .map(|m| m.n);
    let mut plume = Plume::default();
    for (n, folder) in numbers.zip(&folders) {
        plume.add(n, &storm_table(folder)?);
    }
    plume.finish();
    let frames = frames(twin, spec, ground, &fields)?;
    let mut files = Vec::new();
    for layer in &probabilities.layers {
        let name = format!("probability/{}", layer.layer);
        files.push((format!("{name}.csv"), probability_csv(&layer.rows)));
        if let Some(file) = twin.layers.iter().find(|l| l.id == layer.layer) {
            let bytes = probability_geojson(&layer.rows, &file.outlines)?;
            files.push((format!("{name}.geojson"), bytes));
        }
    }
    files.push((
        "probability/buildings.csv".to_owned(),
        buildings_csv(&probabilities),
    ));
    files.push((
        "probability/roads.csv".to_owned(),
        roads_csv(&probabilities),
    ));
    let (geometry, crs) = (twin.in_crs(ground.geometry), twin.frame.crs.as_str());
    for (name, depth) in [
        ("depth_p10.tif", &fields.p10),
        ("depth_p50.tif", &fields.p50),
        ("depth_p90.tif", &fields.p90),
        ("depth_worst.tif", &fields.worst),
    ] {
        files.push((name.to_owned(), depth_geotiff(depth, geometry, Some(crs))?));
    }
    files.push((
        MODELLED_FILE.to_owned(),
        modelled_geotiff(ground.cells(), geometry, Some(crs))?,
    ));
    let ground_only = on_dry_ground(ground, &fields);
    // Where it is 0 the file has a 0; without ground nothing is known.
    let shown: Vec<bool> = ground.ground.iter().map(|share| *share > 0.0).collect();
    files.push((
        "probability_15cm.tif".to_owned(),
        geotiff(&ground_only, &shown, geometry, Some(crs))?,
    ));
    for (name, bytes) in &frames {
        files.push((format!("frames/{name}.sgw"), bytes.clone()));
    }
    files.push(("plume.json".to_owned(), pretty(&plume)?));
    Ok(Made {
        probabilities,
        plume,
        frames,
        files,
    })
}

fn frames(
    twin: &LoadedTwin,
    spec: &EnsembleSpec,
    ground: &PreparedGround,
    fields: &DepthFields,
) -> Result<Vec<(&'static str, Vec<u8>)>, ProjectError> {
    let grid = FrameGrid::new(ground.geometry, &twin.ground.elevation).map_err(|e| {
        ProjectError::input(
            terrain(),
            e.to_string(),
            message!("fix.smaller", "use a smaller one"),
        )
    })?;
    let grid = grid.with_permanent_water(
        &permanent_water(&ground.initial_depth),
        Some(ground.initial_level_m - f64::from(PERMANENT_WATER_M)),
    );
    let of_depth = |depth: &[f32]| {
        let level: Vec<f32> = ground
            .elevation
            .iter()
            .zip(depth)
            .map(|(&z, &d)| z as f32 + d)
            .collect();
        grid.encode(spec.duration_s, depth, &level)
    };
    Ok(vec![
        ("p50", of_depth(&fields.p50)),
        ("p90", of_depth(&fields.p90)),
        ("worst", of_depth(&fields.worst)),
        (
            "probability",
            grid.encode_share(spec.duration_s, &on_dry_ground(ground, fields)),
        ),
    ])
}

/// Probability of 0.15 m where the ground is dry at the start, 0 in rivers and ponds: nobody asks whether they
/// will be wet.
fn on_dry_ground(ground: &PreparedGround, fields: &DepthFields) -> Vec<f32> {
    let water = permanent_water(&ground.initial_depth);
    let all = fields.probability.iter().zip(water);
    all.map(|(&p, water)| if water { 0.0 } else { p }).collect()
}

impl Plume {
    fn add(&mut self, n: u32, storm: &StormTable) {
        if self.time_s.is_empty() {
            self.time_s = storm.site.iter().map(|p| p.time_s).collect();
        }
        let column =
            |of: fn(&SitePoint) -> f64| storm.site.iter().map(|p| rounded(of(p))).collect();
        self.members.push(PlumeMember {
            n,
            sea_level_m: column(|p| p.sea_level_m),
            rain_mm_h: column(|p| p.rain_mm_h),
            wind_mps: column(|p| p.wind_mps),
            center: storm
                .site
                .iter()
                .map(|p| Some([rounded(p.lon?), rounded(p.lat?)]))
                .collect(),
        });
    }

    fn finish(&mut self) {
        let (times, members) = (self.time_s.len(), &self.members);
        let band = |of: fn(&PlumeMember) -> &[f64]| {
            let mut band = Band::default();
            for k in 0..times {
                let mut values: Vec<f64> = members
                    .iter()
                    .filter_map(|m| of(m).get(k).copied())
                    .collect();
                values.sort_by(f64::total_cmp);
                band.p10.push(rounded(quantile(&values, P10)));
                band.p50.push(rounded(quantile(&values, P50)));
                band.p90.push(rounded(quantile(&values, P90)));
            }
            band
        };
        self.percentiles = Percentiles {
            sea_level_m: band(|m| &m.sea_level_m),
            rain_mm_h: band(|m| &m.rain_mm_h),
            wind_mps: band(|m| &m.wind_mps),
        };
    }
}

/// Four decimals: a tenth of a millimetre, ten metres on the ground.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// Columns of a row. Thresholds are in centimetres: `probability_15cm`.
fn flat(row: &ProbabilityRow) -> Vec<(String, Cell)> {
    let text = |name: &str, value: &str| (name.to_owned(), Cell::Text(value.to_owned()));
    let number = |name: &str, value: f64| (name.to_owned(), Cell::Number(value));
    let optional = |name: &str, value: Option<f64>| {
        (name.to_owned(), value.map_or(Cell::Missing, Cell::Number))
    };
    let mut cells = vec![
        text("code", &row.code),
        text("name", &row.name),
        optional("people", row.people),
        number("modelled_share", row.modelled_share),
    ];
    for (depth, &p) in &row.probability {
        let cm = depth.parse::<f64>().map_or(0.0, |d| (d * 100.0).round());
        cells.push(optional(&format!("probability_{cm}cm"), p));
    }
    cells.extend([
        optional("flooded_share_mean_15cm", row.flooded_share_mean),
        optional("depth_p10_m", row.depth_p10_m),
        optional("depth_p50_m", row.depth_p50_m),
        optional("depth_p90_m", row.depth_p90_m),
        optional("depth_worst_m", row.depth_worst_m),
        optional("people_p50", row.people_p50),
        optional("people_p90", row.people_p90),
        optional("people_worst", row.people_worst),
        optional("arrival_p10_s", row.arrival_p10_s),
        optional("arrival_p50_s", row.arrival_p50_s),
    ]);
    cells
}

/// The zones of a layer as CSV.
pub fn probability_csv(rows: &[ProbabilityRow]) -> Vec<u8> {
    tables::csv_of(rows.iter().map(flat))
}

/// The zones of a layer as GeoJSON.
pub fn probability_geojson(
    rows: &[ProbabilityRow],
    outlines: &[MultiPolygon<f64>],
) -> Result<Vec<u8>, ProjectError> {
    let rows = rows.iter().map(|row| (row.code.clone(), flat(row)));
    tables::geojson_of(rows, outlines, None)
}

fn buildings_csv(all: &Probabilities) -> Vec<u8> {
    tables::csv_of(all.buildings.iter().map(|b| {
        vec![
            ("id".to_owned(), Cell::Text(b.id.clone())),
            (
                "name".to_owned(),
                Cell::Text(b.name.clone().unwrap_or_default()),
            ),
            ("probability_15cm".to_owned(), Cell::optional(b.probability)),
            ("depth_mean_m".to_owned(), Cell::optional(b.depth_mean_m)),
        ]
    }))
}

fn roads_csv(all: &Probabilities) -> Vec<u8> {
    tables::csv_of(all.roads.iter().map(|r| {
        let arrival = |time: Option<f64>| time.map_or(Cell::Missing, Cell::Number);
        vec![
            ("code".to_owned(), Cell::Text(r.id.clone())),
            ("name".to_owned(), Cell::Text(r.name.clone())),
            (
                "probability_15cm".to_owned(),
                Cell::optional(r.probability_slow),
            ),
            ("probability_30cm".to_owned(), Cell::optional(r.probability)),
            ("arrival_p10_s".to_owned(), arrival(r.arrival_p10_s)),
            ("arrival_p50_s".to_owned(), arrival(r.arrival_p50_s)),
        ]
    }))
}
