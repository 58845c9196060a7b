//! Hazards as CSV and GeoJSON, and the files of a run.

use geo::MultiPolygon;
use serde_json::{Map, Value};
use stormgrid_formats::vector::{self, Feature};

use super::{HazardRow, Hazards, LayerHazards};
use crate::ProjectError;
use crate::files::RunFolder;
use crate::tables::quoted;
use crate::twin::LoadedTwin;
use stormgrid_core::message::Message;

/// Four decimals, without a minus before nothing.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4 + 0.0
}

impl LayerHazards {
    /// Columns of a row, in their order: code, name, the combined level, and of each hazard its level and measures.
    fn flat(&self, row: &HazardRow) -> Vec<(String, Value)> {
        let mut cells = vec![
            ("code".to_owned(), Value::from(row.code.as_str())),
            ("name".to_owned(), Value::from(row.name.as_str())),
            ("combined".to_owned(), Value::from(row.combined)),
        ];
        for hazard in &self.hazards {
            let id = &hazard.id;
            cells.push((
                format!("{id}_level"),
                Value::from(row.levels.get(id).copied()),
            ));
            for measure in &hazard.measures {
                let value = row
                    .values
                    .get(id)
                    .and_then(|v| v.get(&measure.id).copied().flatten());
                cells.push((format!("{id}_{}", measure.id), Value::from(value)));
            }
            cells.push((
                format!("{id}_onset_s"),
                Value::from(row.onset_s.get(id).copied()),
            ));
        }
        cells
    }

    /// The rows as CSV with a header; a value that does not exist is empty.
    pub fn csv(&self) -> Vec<u8> {
        let mut text = String::new();
        for (i, row) in self.rows.iter().enumerate() {
            let cells = self.flat(row);
            if i == 0 {
                let names: Vec<&str> = cells.iter().map(|(name, _)| name.as_str()).collect();
                text.push_str(&names.join(","));
                text.push_str("\r\n");
            }
            let values: Vec<String> = cells
                .iter()
                .map(|(_, value)| match value {
                    Value::String(text) => quoted(text),
                    Value::Null => String::new(),
                    other => other.to_string(),
                })
                .collect();
            text.push_str(&values.join(","));
            text.push_str("\r\n");
        }
        text.into_bytes()
    }

    /// The rows with their outlines, as these are in the zones' file.
    pub fn geojson(&self, outlines: &[MultiPolygon<f64>]) -> Result<Vec<u8>, ProjectError> {
        let features: Vec<Feature<MultiPolygon<f64>>> = self
            .rows
            .iter()
            .zip(outlines)
            .map(|(row, outline)| Feature {
                id: Some(row.code.clone()),
                properties: self.flat(row).into_iter().collect::<Map<_, _>>(),
                geometry: outline.clone(),
                index: 0,
            })
            .collect();
        Ok(vector::write(&features, None, Map::new())?)
    }
}

impl Hazards {
    /// The table of a layer.
    pub fn layer(&self, id: &str) -> Option<&LayerHazards> {
        self.layers.iter().find(|layer| layer.layer == id)
    }

    /// Low places of roads as CSV.
    pub fn road_spots_csv(&self) -> Vec<u8> {
        let mut text =
            String::from("road,name,underpass,lon,lat,rim_depth_m,depth_max_m,arrival_s,level\r\n");
        let number = |value: Option<f64>| value.map(|v| v.to_string()).unwrap_or_default();
        for spot in &self.road_spots {
            text.push_str(&format!(
                "{},{},{},{:.6},{:.6},{},{},{},{}\r\n",
                quoted(&spot.road),
                quoted(&spot.name),
                spot.underpass,
                spot.at[0],
                spot.at[1],
                number(spot.rim_depth_m),
                spot.depth_max_m,
                number(spot.arrival_s),
                spot.level,
            ));
        }
        text.into_bytes()
    }

    /// Writes `hazards.json`, and `hazards/LAYER.csv` and `.geojson`.
    pub(crate) fn write(&self, folder: &RunFolder, twin: &LoadedTwin) -> Result<(), ProjectError> {
        // Thousands of zones: spaces would double the file.
        let json = serde_json::to_vec(self).map_err(|e| ProjectError::Write {
            path: "hazards.json".to_owned(),
            reason: Message::english(e),
        })?;
        folder.write("hazards.json", &json)?;
        for layer in &self.layers {
            folder.write(&format!("hazards/{}.csv", layer.layer), &layer.csv())?;
            if let Some(file) = twin.layers.iter().find(|l| l.id == layer.layer) {
                let bytes = layer.geojson(&file.outlines)?;
                folder.write(&format!("hazards/{}.geojson", layer.layer), &bytes)?;
            }
        }
        folder.write("hazards/road_spots.csv", &self.road_spots_csv())
    }
}
