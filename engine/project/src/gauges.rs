//! Depth, level and speed over time at points.

use std::fmt::Write;
use std::path::Path;

use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_core::raster::RasterGeometry;
use stormgrid_formats::series;

use crate::tables::quoted;
use crate::vectors::{self, Frame};
use crate::{ProjectError, files};

/// Gauges and what they have recorded.
#[derive(Clone, Debug)]
pub struct Gauges {
    places: Vec<(String, usize)>,
    rows: String,
}

impl Gauges {
    /// Tells of gauges in cells that a building closes.
    ///
    /// - `blocked`: which cells are closed; may be empty
    pub(crate) fn within(&self, blocked: &[bool], file: &str) -> Option<Finding> {
        let is_closed = |(_, cell): &&(String, usize)| blocked.get(*cell) == Some(&true);
        let closed = || self.places.iter().filter(is_closed);
        let (first, _) = closed().next()?;
        let text = message!(
            "note.gauge.in_building",
            "{n} gauges stand in cells that buildings close, the first of them {id}; they record no water",
            n = closed().count(),
            id = first
        );
        Some(Finding::new(Kind::Assumed, file, text).times(closed().count()))
    }

    /// Reads gauges: GeoJSON points, or a CSV with `id,x,y` in the frame of the run.
    ///
    /// Refuses a gauge outside the raster, or on a cell without ground.
    ///
    /// - `known`: which cells have ground
    /// - `unit_m`: metres in a unit of the coordinates of a CSV
    pub fn read(
        path: &Path,
        geometry: &RasterGeometry,
        known: &[bool],
        frame: Option<&Frame>,
        unit_m: f64,
    ) -> Result<Self, ProjectError> {
        let file = files::name(path);
        let is_csv = path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("csv"));
        let named: Vec<(String, [f64; 2])> = match frame {
            Some(frame) if !is_csv => vectors::points(path, frame)?
                .into_iter()
                .map(|(feature, at)| {
                    let id = feature.id.clone();
                    let id = id.or_else(|| feature.text("id").or_else(|| feature.text("code")));
                    (id.unwrap_or_else(|| (feature.index + 1).to_string()), at)
                })
                .collect(),
            _ => {
                let read = series::read_points(&files::read(path)?, &file)?;
                let bring = match (read.geographic, frame) {
                    (true, Some(frame)) => Some(frame.from_crs("EPSG:4490", &file)?),
                    _ => None,
                };
                let place = |p: series::NamedPoint| {
                    let at = match &bring {
                        Some(bring) => bring.point(p.x, p.y)?,
                        None => [p.x, p.y].map(|v| v * unit_m),
                    };
                    Ok((p.id, at))
                };
                let points = read.points.into_iter().map(place);
                points.collect::<Result<_, ProjectError>>()?
            }
        };
        let mut ids: Vec<&str> = named.iter().map(|(id, _)| id.as_str()).collect();
        ids.sort_unstable();
        if let Some(pair) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(ProjectError::input(
                &file,
                message!(
                    "fault.gauge.twice",
                    "two gauges have the id {id}",
                    id = pair[0]
                ),
                message!("fix.gauge.twice", "give each an id of its own"),
            ));
        }
        let places = named
            .into_iter()
            .map(|(id, at)| match geometry.cell_at(at[0], at[1]) {
                Some((row, col)) if known[geometry.index(row, col).index()] => {
                    Ok((id, geometry.index(row, col).index()))
                }
                Some(_) => Err(ProjectError::input(
                    &file,
                    message!(
                        "fault.gauge.no_ground",
                        "gauge {id} at ({x}, {y}) lies where the terrain has no data",
                        id = &id,
                        x = at[0],
                        y = at[1]
                    ),
                    message!("fix.gauge.outside", "move or remove it"),
                )),
                None => Err(ProjectError::input(
                    &file,
                    message!(
                        "fault.gauge.outside",
                        "gauge {id} at ({x}, {y}) lies outside the terrain",
                        id = &id,
                        x = at[0],
                        y = at[1]
                    ),
                    message!("fix.gauge.outside", "move or remove it"),
                )),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            places,
            rows: String::from("time_s,id,depth_m,level_m,speed_mps\r\n"),
        })
    }

    /// Records one instant; a dry gauge has no level.
    ///
    /// - `depth` [m], `level` [m], `speed` [m s⁻¹]: of all cells
    pub fn record(&mut self, time_s: f64, depth: &[f32], level: &[f32], speed: &[f32]) {
        for (id, cell) in &self.places {
            let id = quoted(id);
            let (depth, speed) = (depth[*cell], speed[*cell]);
            let _ = if depth > 0.0 {
                let level = level[*cell];
                write!(
                    self.rows,
                    "{time_s},{id},{depth:.4},{level:.4},{speed:.4}\r\n"
                )
            } else {
                write!(self.rows, "{time_s},{id},0,,0\r\n")
            };
        }
    }

    /// The records as CSV.
    pub fn csv(&self) -> Vec<u8> {
        self.rows.clone().into_bytes()
    }
}
