//! The GeoKeys of a GeoTIFF: its CRS, as a code of the register or as well-known text, and its units.
//!
//! Source: OGC 19-008r4, OGC GeoTIFF Standard 1.1, clause 7 and annexes B and C; the string `ESRI PE String = ` is
//! what GDAL and ArcGIS write where the keys cannot hold a CRS.

use std::fmt::Write;

use stormgrid_core::message;

use super::LengthUnit;
use super::chunks::explain;
use super::directory::Directory;
use crate::FormatError;

/// Tag of the directory of keys.
const GEO_KEY_DIRECTORY: u16 = 34735;
/// Tag of the keys' floating point values.
const GEO_DOUBLE_PARAMS: u16 = 34736;
/// Tag of the keys' texts.
const GEO_ASCII_PARAMS: u16 = 34737;
/// What a code says for "not in the register".
const USER_DEFINED: u16 = 32767;
/// What stands before well-known text in a citation.
pub(super) const ESRI_PE: &str = "ESRI PE String = ";

/// The keys of a file.
#[derive(Debug, Default)]
pub(super) struct GeoKeys {
    entries: Vec<[u16; 4]>,
    doubles: Vec<f64>,
    texts: String,
}

/// A parameter of a projection: the name in well-known text, the keys that may hold it, and what it is without one.
type Parameter = (&'static str, &'static [u16], f64);

const LATITUDE: Parameter = ("latitude_of_origin", &[3081, 3085, 3089], 0.0);
const LONGITUDE: Parameter = ("central_meridian", &[3080, 3084, 3088, 3095], 0.0);
const CENTER_LATITUDE: Parameter = ("latitude_of_center", &[3089, 3081], 0.0);
const CENTER_LONGITUDE: Parameter = ("longitude_of_center", &[3088, 3080], 0.0);
const SCALE: Parameter = ("scale_factor", &[3092, 3093], 1.0);
const PARALLEL_1: Parameter = ("standard_parallel_1", &[3078], 0.0);
const PARALLEL_2: Parameter = ("standard_parallel_2", &[3079], 0.0);
const EASTING: Parameter = ("false_easting", &[3082, 3086, 3090], 0.0);
const NORTHING: Parameter = ("false_northing", &[3083, 3087, 3091], 0.0);

/// Projections by their code in ProjCoordTransGeoKey: the name in well-known text and the parameters.
///
/// Source: GeoTIFF 1.1, table C.1; the names are those of GDAL's well-known text.
const PROJECTIONS: &[(u16, &str, &[Parameter])] = &[
    (
        1,
        "Transverse_Mercator",
        &[LATITUDE, LONGITUDE, SCALE, EASTING, NORTHING],
    ),
    (
        7,
        "Mercator_1SP",
        &[LATITUDE, LONGITUDE, SCALE, EASTING, NORTHING],
    ),
    (
        8,
        "Lambert_Conformal_Conic_2SP",
        &[
            PARALLEL_1, PARALLEL_2, LATITUDE, LONGITUDE, EASTING, NORTHING,
        ],
    ),
    (
        9,
        "Lambert_Conformal_Conic_1SP",
        &[LATITUDE, LONGITUDE, SCALE, EASTING, NORTHING],
    ),
    (
        10,
        "Lambert_Azimuthal_Equal_Area",
        &[CENTER_LATITUDE, CENTER_LONGITUDE, EASTING, NORTHING],
    ),
    (
        11,
        "Albers_Conic_Equal_Area",
        &[
            PARALLEL_1,
            PARALLEL_2,
            ("latitude_of_center", &[3081, 3085, 3089], 0.0),
            ("longitude_of_center", &[3080, 3084, 3088], 0.0),
            EASTING,
            NORTHING,
        ],
    ),
    (
        15,
        "Polar_Stereographic",
        &[
            LATITUDE,
            ("central_meridian", &[3095, 3080], 0.0),
            SCALE,
            EASTING,
            NORTHING,
        ],
    ),
    (
        16,
        "Oblique_Stereographic",
        &[LATITUDE, LONGITUDE, SCALE, EASTING, NORTHING],
    ),
    (
        18,
        "Cassini_Soldner",
        &[LATITUDE, LONGITUDE, EASTING, NORTHING],
    ),
];

/// Ellipsoids by code: semi-major axis [m] and inverse flattening. Source: EPSG v11.022, table `ellipsoid`.
const ELLIPSOIDS: &[(u16, f64, f64)] = &[
    (7001, 6_377_563.396, 299.324_964_6),
    (7004, 6_377_397.155, 299.152_812_8),
    (7008, 6_378_206.4, 294.978_698_213_897_9),
    (7012, 6_378_249.145, 293.465),
    (7019, 6_378_137.0, 298.257_222_101),
    (7022, 6_378_388.0, 297.0),
    (7024, 6_378_245.0, 298.3),
    (7030, 6_378_137.0, 298.257_223_563),
    (7049, 6_378_140.0, 298.257),
    (1024, 6_378_137.0, 298.257_222_101),
];

/// Units of length by code: name and metres. Source: EPSG v11.022, table `unit_of_measure`.
const LENGTHS: &[(u16, &str, f64)] = &[
    (9001, "metre", 1.0),
    (9002, "foot", 0.3048),
    (9003, "US survey foot", 1200.0 / 3937.0),
    (9005, "Clarke's foot", 0.304_797_265_4),
    (9014, "fathom", 1.8288),
    (9030, "nautical mile", 1852.0),
    (9031, "German legal metre", 1.000_001_359_7),
    (9036, "kilometre", 1000.0),
    (9040, "British yard (Sears 1922)", 0.914_398_414_616_029),
    (9041, "British foot (Sears 1922)", 0.304_799_471_538_676),
    (9084, "Indian yard", 0.914_398_530_744_44),
    (9094, "Gold Coast foot", 0.304_799_710_181_509),
    (9301, "British chain (Sears 1922 truncated)", 20.116_756),
];

/// Vertical systems whose heights are in feet: code and metres. Source: EPSG v11.022, tables `vertical_crs`, `axis`.
const VERTICAL_IN_FEET: &[(u16, &str, f64)] = &[
    (5614, "foot", 0.3048),
    (5702, "US survey foot", 1200.0 / 3937.0),
    (5754, "British foot (1936)", 0.304_800_749_1),
    (6130, "foot", 0.3048),
    (6131, "foot", 0.3048),
    (6132, "foot", 0.3048),
    (6358, "US survey foot", 1200.0 / 3937.0),
    (6359, "US survey foot", 1200.0 / 3937.0),
    (6360, "US survey foot", 1200.0 / 3937.0),
    (8050, "foot", 0.3048),
    (8051, "foot", 0.3048),
    (8052, "US survey foot", 1200.0 / 3937.0),
    (8053, "US survey foot", 1200.0 / 3937.0),
    (8228, "foot", 0.3048),
    (8897, "foot", 0.3048),
];

/// Vertical systems whose axis points down: their values are depths. Source: as [`VERTICAL_IN_FEET`].
#[rustfmt::skip]
const DEPTHS: &[u16] = &[
    5336, 5612, 5614, 5706, 5715, 5734, 5739, 5789, 5831, 5861, 5862, 5863, 5864, 5865, 5866, 5867, 5873, 6357,
    6358, 6359, 7976, 8051, 8053, 8358, 8378, 8897, 9287, 9288, 9672, 10150, 10151, 10349, 10364, 10370, 10371,
    10372, 10373, 10374, 10375, 10376, 10377, 10378, 10379, 10547, 10548, 10549, 10550, 10551, 10552, 10649,
    10650, 10678,
];

/// Words for units of length in GDAL's metadata and `.prj` files: the words, and the unit.
const LENGTH_WORDS: &[(&[&str], &str, f64)] = &[
    (
        &["m", "metre", "meter", "metres", "meters", "米"],
        "metre",
        1.0,
    ),
    (
        &[
            "ft",
            "foot",
            "feet",
            "international foot",
            "foot_intl",
            "英尺",
        ],
        "foot",
        0.3048,
    ),
    (
        &[
            "us-ft",
            "ftus",
            "us survey foot",
            "us_survey_foot",
            "us survey feet",
            "foot_us",
            "sfoot",
            "us foot",
        ],
        "US survey foot",
        1200.0 / 3937.0,
    ),
    (&["km", "kilometre", "kilometer"], "kilometre", 1000.0),
    (&["dm", "decimetre", "decimeter"], "decimetre", 0.1),
    (
        &[
            "cm",
            "centimetre",
            "centimeter",
            "centimetres",
            "centimeters",
        ],
        "centimetre",
        0.01,
    ),
    (
        &[
            "mm",
            "millimetre",
            "millimeter",
            "millimetres",
            "millimeters",
        ],
        "millimetre",
        0.001,
    ),
    (&["fathom", "fathoms"], "fathom", 1.8288),
    (&["yd", "yard", "yards"], "yard", 0.9144),
];

/// The unit of length that a word names.
pub(super) fn length_unit(word: &str) -> Option<LengthUnit> {
    let word = word.trim().to_lowercase();
    LENGTH_WORDS
        .iter()
        .find(|(words, ..)| words.contains(&word.as_str()))
        .map(|(_, name, metres)| LengthUnit {
            name: (*name).to_owned(),
            metres: *metres,
        })
}

impl GeoKeys {
    /// The keys of a directory; none where the file has no keys.
    pub(super) fn read(directory: &Directory<'_>, file: &str) -> Result<Self, FormatError> {
        let broken = |fault| explain(file, fault);
        let Some(list) = directory.list(GEO_KEY_DIRECTORY).map_err(broken)? else {
            return Ok(Self::default());
        };
        let at = |k: usize| list.get(k).unwrap_or(0) as u16;
        // A directory may declare fewer keys than its tag has room for.
        let n = (list.len() / 4).min(usize::from(at(3)) + 1);
        Ok(Self {
            entries: (1..n)
                .map(|k| [at(4 * k), at(4 * k + 1), at(4 * k + 2), at(4 * k + 3)])
                .collect(),
            doubles: directory
                .doubles(GEO_DOUBLE_PARAMS)
                .map_err(broken)?
                .unwrap_or_default(),
            texts: directory
                .text(GEO_ASCII_PARAMS)
                .map_err(broken)?
                .unwrap_or_default(),
        })
    }

    fn entry(&self, key: u16, tag: u16) -> Option<&[u16; 4]> {
        self.entries.iter().find(|e| e[0] == key && e[1] == tag)
    }

    /// The value of a short key; `None` where it is missing or 0, which is "undefined".
    pub(super) fn code(&self, key: u16) -> Option<u16> {
        self.entry(key, 0).map(|e| e[3]).filter(|code| *code != 0)
    }

    fn double(&self, key: u16) -> Option<f64> {
        let entry = self.entry(key, GEO_DOUBLE_PARAMS)?;
        self.doubles
            .get(usize::from(entry[3]))
            .copied()
            .filter(|v| v.is_finite())
    }

    fn text(&self, key: u16) -> Option<&str> {
        let entry = self.entry(key, GEO_ASCII_PARAMS)?;
        let start = usize::from(entry[3]);
        let end = start + usize::from(entry[2]);
        let text = self
            .texts
            .get(start..end.min(self.texts.len()))
            .unwrap_or_default();
        Some(text.trim_end_matches(['|', '\0']))
    }

    /// Whether the corner that places the file is the middle of a cell.
    pub(super) fn pixel_is_point(&self) -> bool {
        self.code(1025) == Some(2)
    }

    /// Metres in the horizontal unit, where the file says it.
    pub(super) fn unit_m(&self, file: &str) -> Result<Option<f64>, FormatError> {
        match self.code(3076) {
            None => Ok(None),
            Some(USER_DEFINED) => match self.double(3077) {
                Some(size) if size > 0.0 => Ok(Some(size)),
                _ => Err(unknown_unit(file, "32767")),
            },
            Some(code) => length(code)
                .map(|unit| Some(unit.metres))
                .ok_or_else(|| unknown_unit(file, &code.to_string())),
        }
    }

    /// The unit of the values as heights, where the file says it.
    pub(super) fn vertical_unit(&self, file: &str) -> Result<Option<LengthUnit>, FormatError> {
        match self.code(4099) {
            None | Some(USER_DEFINED) => Ok(self.vertical().and_then(|code| {
                let known = VERTICAL_IN_FEET.iter().find(|v| v.0 == code);
                known.map(|(_, name, metres)| LengthUnit {
                    name: (*name).to_owned(),
                    metres: *metres,
                })
            })),
            Some(code) => length(code)
                .map(Some)
                .ok_or_else(|| unknown_unit(file, &code.to_string())),
        }
    }

    /// The code of the vertical system.
    fn vertical(&self) -> Option<u16> {
        self.code(4096).filter(|code| *code != USER_DEFINED)
    }

    /// Whether the values are depths below the datum of their vertical system, positive down.
    pub(super) fn are_depths(&self) -> bool {
        self.vertical().is_some_and(|code| DEPTHS.contains(&code))
    }

    /// The CRS: `EPSG:n` (`EPSG:n+v` with a vertical system), or well-known text where the register has no code for it; `None` if the file names none.
    pub(super) fn crs(&self, file: &str) -> Result<Option<String>, FormatError> {
        let registered = |key| self.code(key).filter(|code| *code != USER_DEFINED);
        if let Some(code) = registered(3072) {
            let vertical = self
                .vertical()
                .map_or_else(String::new, |v| format!("+{v}"));
            return Ok(Some(format!("EPSG:{code}{vertical}")));
        }
        let citation = [3073, 1026, 2049]
            .iter()
            .filter_map(|key| self.text(*key))
            .find_map(|text| text.split_once(ESRI_PE));
        if let Some((_, text)) = citation {
            return Ok(Some(text.trim().to_owned()));
        }
        let projected = self.code(1024) == Some(1)
            || [3072, 3074, 3075].iter().any(|k| self.code(*k).is_some());
        if projected {
            return self.projected(file).map(Some);
        }
        if self.code(1024) == Some(3) {
            return Err(self.no_definition(file));
        }
        match self.code(2048) {
            Some(code) if code != USER_DEFINED => Ok(Some(format!("EPSG:{code}"))),
            Some(_) => Ok(Some(
                self.geographic().ok_or_else(|| self.no_definition(file))?,
            )),
            None => Ok(None),
        }
    }

    /// The CRS is there, but the keys do not define it in a way that is known here.
    fn no_definition(&self, file: &str) -> FormatError {
        let name = [3073, 1026, 2049]
            .iter()
            .filter_map(|key| self.text(*key))
            .find(|text| !text.is_empty())
            .unwrap_or("32767");
        FormatError::unsupported(
            file,
            "",
            message!(
                "fault.raster.user_crs",
                "a user-defined coordinate reference system ('{name}') whose projection is not known here",
                name = name.chars().take(80).collect::<String>()
            ),
            message!(
                "fix.raster.user_crs",
                "reproject the raster to a system of the EPSG register, for example with gdalwarp -t_srs EPSG:4547"
            ),
        )
    }

    fn projected(&self, file: &str) -> Result<String, FormatError> {
        let wrong = || self.no_definition(file);
        let geographic = self.base().ok_or_else(wrong)?;
        let unit = self.unit_m(file)?.unwrap_or(1.0);
        let (projection, parameters) = match self.code(3075) {
            Some(code) if code != USER_DEFINED => self.projection(code).ok_or_else(wrong)?,
            _ => self.code(3074).and_then(utm).ok_or_else(wrong)?,
        };
        let name = self.text(1026).unwrap_or("unknown").replace('"', "'");
        let mut wkt = format!("PROJCS[\"{name}\",{geographic},PROJECTION[\"{projection}\"]");
        for (parameter, value) in parameters {
            // Writing to a string cannot fail.
            let _ = write!(wkt, ",PARAMETER[\"{parameter}\",{value}]");
        }
        let _ = write!(wkt, ",UNIT[\"unit\",{unit}]]");
        Ok(wkt)
    }

    fn projection(&self, code: u16) -> Option<(&'static str, Vec<(&'static str, f64)>)> {
        let (_, name, parameters) = PROJECTIONS.iter().find(|(c, ..)| *c == code)?;
        let values = parameters
            .iter()
            .map(|(parameter, keys, default)| {
                let value = keys.iter().find_map(|key| self.double(*key));
                (*parameter, value.unwrap_or(*default))
            })
            .collect();
        Some((name, values))
    }

    /// The geographic CRS under a projected one: by its code, which the register completes, or by its ellipsoid.
    fn base(&self) -> Option<String> {
        match self.code(2048).filter(|code| *code != USER_DEFINED) {
            Some(code) => Some(format!(
                "GEOGCS[\"unknown\",{}AUTHORITY[\"EPSG\",\"{code}\"]]",
                self.datum().map_or_else(String::new, |d| d + ",")
            )),
            None => self.geographic(),
        }
    }

    fn geographic(&self) -> Option<String> {
        let datum = self.datum()?;
        let meridian = self.double(2061).unwrap_or(0.0);
        // Degrees (9102 and its kin) or nothing: other angles are not written as well-known text here.
        if !matches!(self.code(2054), None | Some(9102 | 9122)) {
            return None;
        }
        Some(format!(
            "GEOGCS[\"unknown\",{datum},PRIMEM[\"unknown\",{meridian}],UNIT[\"degree\",0.0174532925199433]]"
        ))
    }

    fn datum(&self) -> Option<String> {
        let registered = |a_and_f: &(u16, f64, f64)| Some((a_and_f.1, a_and_f.2));
        let own = self.double(2057).map(|a| {
            let flattening = self.double(2059).or_else(|| {
                let b = self.double(2058)?;
                Some(if a == b { 0.0 } else { a / (a - b) })
            });
            (a, flattening.unwrap_or(0.0))
        });
        let (a, flattening) = own.or_else(|| {
            let code = self.code(2056)?;
            ELLIPSOIDS.iter().find(|e| e.0 == code).and_then(registered)
        })?;
        Some(format!(
            "DATUM[\"unknown\",SPHEROID[\"unknown\",{a},{flattening}]]"
        ))
    }
}

fn length(code: u16) -> Option<LengthUnit> {
    LENGTHS
        .iter()
        .find(|(c, ..)| *c == code)
        .map(|(_, name, metres)| LengthUnit {
            name: (*name).to_owned(),
            metres: *metres,
        })
}

/// A unit of length that is not known here.
pub(super) fn unknown_unit(file: &str, code: &str) -> FormatError {
    FormatError::unsupported(
        file,
        "",
        message!(
            "fault.raster.unit",
            "a raster in the unit of length {unit}",
            unit = code
        ),
        message!("fix.raster.unit", "convert it to metres"),
    )
}

/// Zones of UTM by the code of their conversion: 16001 to 16060 in the north, 16101 to 16160 in the south.
fn utm(code: u16) -> Option<(&'static str, Vec<(&'static str, f64)>)> {
    let (zone, northing) = match code {
        16001..=16060 => (code - 16000, 0.0),
        16101..=16160 => (code - 16100, 1e7),
        _ => return None,
    };
    Some((
        "Transverse_Mercator",
        vec![
            ("latitude_of_origin", 0.0),
            ("central_meridian", 6.0 * f64::from(zone) - 183.0),
            ("scale_factor", 0.9996),
            ("false_easting", 500_000.0),
            ("false_northing", northing),
        ],
    ))
}
