//! Names of coordinate reference systems and what they mean.

use std::fmt;

use proj4rs::Proj;

use crate::compound::horizontal_part;
use crate::parameters::Parameters;
use crate::{CrsError, wkt};

/// A horizontal CRS: one of the EPSG register, or one that a file defines.
///
/// Two are equal if they name the same code or definition; whether they give the same coordinates says
/// [`Crs::is_same`].
#[derive(Clone, Debug)]
pub struct Crs {
    code: Option<u16>,
    name: String,
    text: String,
    parameters: Parameters,
}

/// Geographic systems whose coordinates are grads: they are refused, as no program here turns them.
///
/// Source: the EPSG dataset v11.022, `geodetic_crs` by the unit 9105 of their axes.
const IN_GRADS: [u16; 8] = [4807, 4810, 4811, 4816, 4819, 4821, 4901, 4902];

/// PROJ strings of the systems that the browser knows besides the zones of [`definition`]; used
/// natively too, so that both give the same numbers.
///
/// Source: the EPSG register as of crs-definitions 0.6.0.
const DEFINITIONS: &[(u16, &str)] = &[
    (
        3857,
        "+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +units=m +nadgrids=@null +no_defs",
    ),
    (4326, "+proj=longlat +datum=WGS84 +no_defs"),
    (
        2056,
        "+proj=somerc +lat_0=46.95240555555556 +lon_0=7.439583333333333 +k_0=1 +x_0=2600000 +y_0=1200000 +ellps=bessel +towgs84=674.374,15.056,405.346,0,0,0,0 +units=m +no_defs",
    ),
    (
        28992,
        "+proj=sterea +lat_0=52.15616055555555 +lon_0=5.38763888888889 +k=0.9999079 +x_0=155000 +y_0=463000 +ellps=bessel +towgs84=565.2369,50.0087,465.658,-0.406857,0.350733,-1.87035,4.0812 +units=m +no_defs",
    ),
    (
        4490,
        "+proj=longlat +ellps=GRS80 +towgs84=0,0,0,0,0,0,0 +no_defs",
    ),
];

impl Crs {
    /// Reads `EPSG:4547`, an OGC URN or an OGC address, well-known text (of ESRI too) or a PROJ string; a compound
    /// CRS gives its horizontal part.
    ///
    /// # Errors
    ///
    /// A text that names no CRS, a code that is not in the register known here, one without horizontal
    /// coordinates, and a projection that is not known here.
    pub fn parse(text: &str) -> Result<Self, CrsError> {
        let text = text.trim().trim_start_matches('\u{feff}').trim();
        if text.contains('[') {
            return Self::from_wkt(text);
        }
        if text.contains("proj=") {
            // proj4rs cuts numbers at bytes.
            if !text.is_ascii() {
                return Err(unknown(text));
            }
            let parameters = Parameters::parse(text).ok_or_else(|| unknown(text))?;
            return Self::defined(parameters, "user-defined", text);
        }
        horizontal_code(text)
            .ok_or_else(|| unknown(text))
            .and_then(|code| Self::registered(code, text))
    }

    /// Reads the text of a `.prj` file.
    pub fn from_prj(bytes: &[u8]) -> Result<Self, CrsError> {
        Self::parse(&String::from_utf8_lossy(bytes))
    }

    fn registered(code: u16, text: &str) -> Result<Self, CrsError> {
        let parameters = register(code).ok_or_else(|| unknown(text))?;
        let proj = parameters.proj().ok_or_else(|| unprojectable(text))?;
        if proj.is_geocent() || IN_GRADS.contains(&code) {
            return Err(unprojectable(text));
        }
        let name = format!("EPSG:{code}");
        Ok(Self {
            code: Some(code),
            text: name.clone(),
            name,
            parameters,
        })
    }

    fn from_wkt(text: &str) -> Result<Self, CrsError> {
        let described = wkt::read(text).ok_or_else(|| unknown(text))?;
        if let Some(code) = described.code
            && let Ok(crs) = Self::registered(horizontal_part(code).unwrap_or(code), text)
        {
            return Ok(crs);
        }
        let mut parameters = described
            .parameters
            .ok_or_else(|| unprojectable(&described.name))?;
        // The register knows the shift of a datum, which the text seldom tells.
        if parameters.get("towgs84").is_none()
            && let Some(base) = described.base.and_then(register)
        {
            parameters.set_datum_of(&base);
        }
        Self::defined(parameters, &described.name, text)
    }

    fn defined(parameters: Parameters, name: &str, text: &str) -> Result<Self, CrsError> {
        let proj = parameters.proj().ok_or_else(|| unprojectable(name))?;
        if proj.is_geocent() || !proj.has_inverse() || !proj.is_normalized_axis() {
            return Err(unprojectable(name));
        }
        let name = match name.trim() {
            "" => "user-defined",
            name => name,
        };
        Ok(Self {
            code: None,
            name: name.chars().take(80).collect(),
            text: parameters.wkt(name).unwrap_or_else(|| text.to_owned()),
            parameters,
        })
    }

    /// The code in the EPSG register; `None` for one that a file defines.
    pub fn epsg(&self) -> Option<u16> {
        self.code
    }

    /// `EPSG:4547`, or the name that the definition bears: for people. `Display` writes what [`Crs::parse`] reads.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether its coordinates are longitude and latitude.
    pub fn is_geographic(&self) -> bool {
        self.proj().is_ok_and(|p| p.is_latlong())
    }

    /// Metres in a unit of its coordinates; `None` for degrees.
    pub fn linear_unit_m(&self) -> Option<f64> {
        let proj = self.proj().ok()?;
        (!proj.is_latlong()).then(|| proj.to_meter())
    }

    /// The same projection with coordinates in metres.
    ///
    /// # Errors
    ///
    /// A geographic CRS, and a projection that cannot be written as well-known text, so that no result could name it.
    pub fn in_metres(&self) -> Result<Self, CrsError> {
        match self.linear_unit_m() {
            Some(1.0) => Ok(self.clone()),
            None => Err(unprojectable(&self.name)),
            Some(_) => {
                let name = format!("{} (metre)", self.name);
                let parameters = self.parameters.in_metres();
                let text = parameters
                    .wkt(&name)
                    .ok_or_else(|| unprojectable(&self.name))?;
                Self::defined(parameters, &name, &text)
            }
        }
    }

    /// Whether both give the same coordinates, however they are named.
    pub fn is_same(&self, other: &Self) -> bool {
        self == other || self.parameters.is_same(&other.parameters)
    }

    /// Whether its datum is another than WGS 84 and the shift between them is not known here: coordinates that are
    /// converted from or to another datum may lie some hundred metres off.
    pub fn lacks_datum_shift(&self) -> bool {
        self.parameters.lacks_shift()
    }

    pub(crate) fn proj(&self) -> Result<Proj, CrsError> {
        self.parameters
            .proj()
            .ok_or_else(|| unprojectable(&self.name))
    }

    /// As PROJ reads it.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn for_proj(&self) -> String {
        match self.code {
            Some(code) => format!("EPSG:{code}"),
            None => format!("{} +type=crs", self.parameters),
        }
    }
}

impl PartialEq for Crs {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code && (self.code.is_some() || self.parameters == other.parameters)
    }
}

impl Eq for Crs {}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn unknown(text: &str) -> CrsError {
    CrsError::Unknown {
        text: text.chars().take(80).collect(),
    }
}

fn unprojectable(text: &str) -> CrsError {
    CrsError::Unprojectable {
        text: text.chars().take(80).collect(),
    }
}

/// The code of the horizontal CRS that a text names, `None` if it names none.
///
/// A compound CRS names two, the horizontal one first: `urn:ogc:def:crs,crs:EPSG::4547,crs:EPSG::5737`,
/// `…/crs-compound?1=…/4547&2=…/5737`, `EPSG:4547+5737`.
pub fn horizontal_code(text: &str) -> Option<u16> {
    let first = text.trim().to_ascii_uppercase();
    // A number alone is a code of the register.
    if (4..=5).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_digit()) {
        let code: u16 = first.parse().ok()?;
        return Some(horizontal_part(code).unwrap_or(code));
    }
    // Parts are told apart by commas in a URN, by `&2=` in an address and by `+` in a short name.
    let first = first.split("&2=").next()?;
    let first = first.split_once("?1=").map_or(first, |(_, part)| part);
    let first = first.split('+').next()?;
    let first = first
        .split(',')
        .find(|part| part.contains("EPSG") || part.contains("CRS84"))?
        .trim();
    if first.ends_with("CRS84") || first.ends_with("CRS84H") {
        return Some(4326);
    }
    let at = first.find("EPSG")?;
    // Old names of OGC end with `epsg.xml#4547`.
    let code: u16 = first[at..]
        .rsplit([':', '/', '#'])
        .map(str::trim)
        .find(|part| !part.is_empty())?
        .parse()
        .ok()?;
    Some(horizontal_part(code).unwrap_or(code))
}

/// The vertical part that the name of a compound CRS adds, for people; `None` for a horizontal CRS alone.
pub fn vertical_part(text: &str) -> Option<String> {
    if text.contains('[') {
        return wkt::read(text)?.vertical;
    }
    let rest = text
        .split_once("&2=")
        .or_else(|| text.split_once('+').filter(|_| !text.contains("proj=")))
        .or_else(|| text.rsplit_once(",crs:"))
        .map(|(_, part)| part.trim())?;
    let code = rest.rsplit([':', '/']).find(|part| !part.is_empty())?;
    Some(format!("EPSG:{code}"))
}

/// Metres in the unit of heights that well-known text of a compound CRS names; `None` where it names none.
pub fn vertical_unit_m(text: &str) -> Option<f64> {
    text.contains('[')
        .then(|| wkt::read(text)?.vertical_unit_m)?
}

/// The parameters of a code: by formula or table, so that browser and program give the same numbers, or by the
/// register.
fn register(code: u16) -> Option<Parameters> {
    match definition(code) {
        Some(text) => Parameters::parse(&text),
        None => from_register(code),
    }
}

/// Systems given by formula: CGCS2000 Gauss-Krüger zones of three degrees and UTM.
fn definition(code: u16) -> Option<String> {
    let transverse = |lon: i32, k: f64, x: f64, y: f64, datum: &str| {
        Some(format!(
            "+proj=tmerc +lat_0=0 +lon_0={lon} +k={k} +x_0={x} +y_0={y} {datum} +units=m +no_defs"
        ))
    };
    const GRS80: &str = "+ellps=GRS80 +towgs84=0,0,0,0,0,0,0";
    match code {
        // CGCS2000 / 3-degree Gauss-Kruger CM 75E (EPSG:4534) to CM 135E (EPSG:4554).
        4534..=4554 => transverse(
            75 + 3 * (i32::from(code) - 4534),
            1.0,
            500_000.0,
            0.0,
            GRS80,
        ),
        // WGS 84 / UTM zones.
        32601..=32660 => transverse(
            6 * (i32::from(code) - 32600) - 183,
            0.9996,
            500_000.0,
            0.0,
            "+datum=WGS84",
        ),
        32701..=32760 => transverse(
            6 * (i32::from(code) - 32700) - 183,
            0.9996,
            500_000.0,
            1e7,
            "+datum=WGS84",
        ),
        _ => DEFINITIONS
            .iter()
            .find(|(known, _)| *known == code)
            .map(|(_, text)| (*text).to_owned()),
    }
}

/// The whole register weighs 5 MB: it stays out of the browser.
#[cfg(target_family = "wasm")]
fn from_register(_: u16) -> Option<Parameters> {
    None
}

#[cfg(not(target_family = "wasm"))]
fn from_register(code: u16) -> Option<Parameters> {
    crs_definitions::from_code(code).and_then(|def| Parameters::parse(def.proj4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crs_has_many_spellings() {
        for text in [
            "EPSG:4547",
            "epsg:4547",
            " EPSG:4547 ",
            "urn:ogc:def:crs:EPSG::4547",
            "urn:ogc:def:crs:EPSG:6.9:4547",
            "https://www.opengis.net/def/crs/EPSG/0/4547",
        ] {
            assert_eq!(
                Crs::parse(text).map(|crs| crs.epsg()),
                Ok(Some(4547)),
                "{text}"
            );
        }
        assert_eq!(
            horizontal_code("https://www.opengis.net/def/crs/EPSG/0/7415"),
            Some(28992)
        );
        assert_eq!(horizontal_code("urn:ogc:def:crs:OGC:1.3:CRS84"), Some(4326));
    }

    /// Cause: the last code of a compound name was taken, which is the vertical one.
    #[test]
    fn of_a_compound_name_the_horizontal_part_counts() {
        for text in [
            "urn:ogc:def:crs,crs:EPSG::4547,crs:EPSG::5737",
            "urn:ogc:def:crs,crs:EPSG:6.12:4547,crs:EPSG:6.12:5737",
            "http://www.opengis.net/def/crs-compound?1=http://www.opengis.net/def/crs/EPSG/0/4547&2=http://www.opengis.net/def/crs/EPSG/0/5737",
            "https://www.opengis.net/def/crs-compound?1=https://www.opengis.net/def/crs/EPSG/0/4547/&2=https://www.opengis.net/def/crs/EPSG/0/5737/",
            "EPSG:4547+5737",
            "EPSG:4547+EPSG:5737",
        ] {
            assert_eq!(
                Crs::parse(text).map(|crs| crs.epsg()),
                Ok(Some(4547)),
                "{text}"
            );
            assert_eq!(vertical_part(text).as_deref(), Some("EPSG:5737"), "{text}");
        }
        assert_eq!(vertical_part("EPSG:4547"), None);
        // Codes that are compound themselves, by the register: pyproj 3.7, `sub_crs_list`.
        assert_eq!(
            Crs::parse("EPSG:5972").map(|crs| crs.epsg()),
            Ok(Some(25832))
        );
    }

    /// Cause: a code was taken as it stood, and feet or nothing at all were taken for metres.
    #[test]
    fn a_code_must_be_in_the_register() {
        let fault = Crs::parse("EPSG:9999")
            .expect_err("no such code")
            .to_string();
        assert!(fault.contains("EPSG:9999"), "{fault}");
        // Geocentric, grads and a vertical system have no metres to lay a raster on.
        for text in ["EPSG:4978", "EPSG:4807", "EPSG:5737"] {
            assert!(Crs::parse(text).is_err(), "{text}");
        }
    }

    /// Units of the register: pyproj 3.7, `axis_info[0].unit_conversion_factor`.
    #[cfg(not(target_family = "wasm"))]
    #[test]
    fn a_crs_in_feet_says_so_and_has_a_twin_in_metres() {
        for (text, unit) in [
            ("EPSG:4547", Some(1.0)),
            ("EPSG:2263", Some(1200.0 / 3937.0)),
            ("EPSG:2222", Some(0.3048)),
            ("EPSG:4490", None),
        ] {
            let found = Crs::parse(text).expect("known").linear_unit_m();
            let same = match (found, unit) {
                (Some(a), Some(b)) => (a / b - 1.0).abs() < 1e-9,
                (a, b) => a == b,
            };
            assert!(same, "{text}: {found:?}");
        }
        // pyproj 3.7: EPSG:4269 to EPSG:2263 at (-74, 40.7) gives (984250, 194305.3389411525) US survey feet.
        let metric = Crs::parse("EPSG:2263")
            .and_then(|crs| crs.in_metres())
            .expect("a cone");
        assert_eq!(metric.linear_unit_m(), Some(1.0));
        let there = crate::Projector::new("EPSG:4269", &metric.to_string()).expect("known");
        let [x, y] = there.convert(-74.0, 40.7).expect("inside");
        let foot = 1200.0 / 3937.0;
        let off = (x - 984_250.0 * foot).hypot(y - 194_305.338_941_152_5 * foot);
        assert!(off < 0.002, "{x} {y}");
    }

    #[test]
    fn what_names_no_crs_is_refused() {
        for text in [
            "",
            "123",
            "EPSG",
            "EPSG:",
            "EPSG:99999999",
            "EPSG:x",
            "GCJ-02",
        ] {
            assert!(Crs::parse(text).is_err(), "{text}");
        }
        assert!(crate::Projector::new("EPSG:4490", "EPSG:1").is_err());
        for text in [
            "4547",
            "EPSG: 4547",
            "http://www.opengis.net/gml/srs/epsg.xml#4547",
        ] {
            assert_eq!(horizontal_code(text), Some(4547), "{text}");
        }
    }

    #[test]
    fn degrees_and_metres_are_told_apart() {
        for (text, geographic) in [
            ("EPSG:4490", true),
            ("EPSG:4326", true),
            ("EPSG:4547", false),
            ("EPSG:32756", false),
            ("EPSG:2056", false),
        ] {
            assert_eq!(
                Crs::parse(text).expect("known").is_geographic(),
                geographic,
                "{text}"
            );
        }
    }
}
