//! Depth, level and speed over time at points.

use std::fmt::Write;
use std::path::Path;

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
    /// Reads gauges: GeoJSON points, or a CSV with `id,x,y` in the frame of the run.
    ///
    /// Refuses a gauge outside the raster.
    pub fn read(
        path: &Path,
        geometry: &RasterGeometry,
        frame: Option<&Frame>,
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
            _ => series::read_points(&files::read(path)?, &file)?
                .into_iter()
                .map(|p| (p.id, [p.x, p.y]))
                .collect(),
        };
        let places = named
            .into_iter()
            .map(|(id, at)| match geometry.cell_at(at[0], at[1]) {
                Some((row, col)) => Ok((id, geometry.index(row, col).index())),
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
