//! `twin.toml`: the layers of a twin. Paths in it are relative to its folder.

use serde::{Deserialize, Serialize};
use stormgrid_core::message;

use crate::scenario::NumberOrRaster;
use crate::{FormatError, text, toml_text};

/// The manifest of a twin.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name, frame, notice.
    pub site: Site,
    /// The ground.
    pub terrain: Terrain,
    /// City models.
    #[serde(default)]
    pub city: Vec<City>,
    /// Grid layers, each a coverage of its own.
    #[serde(default)]
    pub grids: Vec<Grids>,
    /// Point layers.
    #[serde(default)]
    pub points: Vec<Points>,
    /// Roads.
    pub roads: Option<Roads>,
}

/// A text in Chinese and English.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bilingual {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// `[site]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Name of the place.
    pub name: String,
    /// Projected CRS of the site frame.
    pub crs: String,
    /// Longitude, latitude of the origin [°].
    pub origin: [f64; 2],
    /// Whether the data are invented.
    #[serde(default)]
    pub synthetic: bool,
    /// What every user must be told about the data.
    pub notice: Option<Bilingual>,
}

/// `[terrain]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terrain {
    /// Elevation raster [m, up].
    pub elevation: String,
    /// Manning's n, a number or a raster [s m⁻¹ᐟ³].
    pub roughness: Option<NumberOrRaster>,
}

/// `[[city]]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct City {
    /// CityJSON, CityJSONSeq or GeoJSON footprints.
    pub source: String,
}

/// `[[grids]]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grids {
    /// GeoJSON polygons.
    pub source: String,
    /// Level in the hierarchy: city, county, town, village, grid, unit, park_grid, park_unit.
    pub level: String,
    /// Property with the code.
    #[serde(default = "code")]
    pub id: String,
    /// Kind of the grids, or the name of the property that holds it.
    pub kind: Option<String>,
    /// Title for people.
    pub title: Option<Bilingual>,
}

fn code() -> String {
    "code".into()
}

/// `[[points]]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Points {
    /// GeoJSON points.
    pub source: String,
    /// What they are: camera, sensor, speaker, school, shelter, hospital, pump, gate, …
    pub kind: String,
    /// Title for people.
    pub title: Option<Bilingual>,
}

/// `[roads]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roads {
    /// GeoJSON lines.
    pub source: String,
    /// Title for people.
    pub title: Option<Bilingual>,
}

impl Manifest {
    /// Reads and checks a manifest.
    pub fn read(bytes: &[u8], file: &str) -> Result<Self, FormatError> {
        // Notepad saves UTF-8 with a byte order mark, or UTF-16.
        let decoded = text::decode(bytes, file)?;
        if decoded.finding.is_some() {
            return Err(FormatError::malformed(
                file,
                "",
                message!("fault.manifest.encoding", "this is not UTF-8 text"),
                message!("fix.text.utf8", "save the file as UTF-8"),
            ));
        }
        let manifest: Self = toml_text::read(&decoded.text, file)?;
        let [lon, lat] = manifest.site.origin;
        stormgrid_core::frame::Geodetic::from_degrees(lon, lat).map_err(|e| {
            FormatError::malformed(
                file,
                "[site] origin",
                e.to_string(),
                message!("fix.manifest.origin", "give [longitude, latitude]"),
            )
        })?;
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = "[site]\nname = \"江海区\"\ncrs = \"EPSG:4547\"\norigin = [113.10, 22.56]\n[terrain]\nelevation = \"e.tif\"\n";

    #[test]
    fn layers_are_read() {
        let text = format!(
            "{SITE}[[grids]]\nsource = \"g.geojson\"\nlevel = \"grid\"\n[[points]]\nsource = \"c.geojson\"\nkind = \"camera\"\n"
        );
        let manifest = Manifest::read(text.as_bytes(), "twin.toml").expect("valid");
        assert_eq!(
            (
                manifest.grids[0].id.as_str(),
                manifest.points[0].kind.as_str()
            ),
            ("code", "camera")
        );
    }

    #[test]
    fn a_manifest_is_read_as_editors_save_it() {
        let plain = Manifest::read(SITE.as_bytes(), "twin.toml").expect("valid");
        let marked = format!("\u{feff}{}", SITE.replace('\n', "\r\n"));
        let wide = marked.encode_utf16().flat_map(u16::to_le_bytes);
        for bytes in [marked.clone().into_bytes(), wide.collect()] {
            assert_eq!(Manifest::read(&bytes, "twin.toml").expect("valid"), plain);
        }
        // Python 3: '江'.encode('gbk').
        let gbk = [b"# \xbd\xad\n", SITE.as_bytes()].concat();
        assert!(Manifest::read(&gbk, "twin.toml").is_err());
    }

    #[test]
    fn faults_are_named() {
        let fault = |text: String| {
            Manifest::read(text.as_bytes(), "twin.toml")
                .expect_err("faulty")
                .to_string()
        };
        assert!(
            fault(SITE.replace("[113.10, 22.56]", "[22.56, 113.10]"))
                .contains("longitude comes first")
        );
        assert!(fault(format!("{SITE}[[grid]]\nsource = \"x\"\n")).contains("unknown key 'grid'"));
        assert!(
            fault(SITE.replace("elevation", "elevatoin")).contains("did you mean 'elevation'?")
        );
    }
}
