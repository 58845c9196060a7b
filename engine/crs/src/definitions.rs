//! Names of coordinate reference systems and what they mean.

use std::fmt;

use proj4rs::Proj;

use crate::CrsError;

/// A horizontal CRS of the EPSG register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Crs {
    code: u16,
}

/// Compound CRS that city models name, and their horizontal part.
const COMPOUND: &[(u16, u16)] = &[
    (5554, 25831), // ETRS89 / UTM 31N + DHHN92
    (5555, 25832),
    (5556, 25833),
    (6697, 6668),  // JGD2011 + height
    (7405, 27700), // OSGB36 / British National Grid + ODN
    (7415, 28992), // Amersfoort / RD New + NAP
    (7423, 4258),  // ETRS89 + EVRF2007
];

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
    /// Reads `EPSG:4547`, an OGC URN or an OGC address; a compound CRS gives its horizontal part.
    pub fn parse(text: &str) -> Result<Self, CrsError> {
        horizontal_code(text)
            .map(|code| Self { code })
            .ok_or_else(|| CrsError::Unknown {
                text: text.chars().take(80).collect(),
            })
    }

    /// The code in the EPSG register.
    pub fn epsg(self) -> u16 {
        self.code
    }

    /// Whether its coordinates are longitude and latitude.
    pub fn is_geographic(self) -> bool {
        self.proj().is_ok_and(|p| p.is_latlong())
    }

    /// Metres in a unit of its coordinates; `None` for degrees.
    pub fn linear_unit_m(&self) -> Option<f64> {
        let proj = self.proj().ok()?;
        (!proj.is_latlong()).then(|| proj.to_meter())
    }

    pub(crate) fn proj(self) -> Result<Proj, CrsError> {
        let unknown = || CrsError::Unknown {
            text: self.to_string(),
        };
        match definition(self.code) {
            Some(text) => Proj::from_proj_string(&text).map_err(|_| unknown()),
            None => registered(self.code).ok_or_else(unknown),
        }
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EPSG:{}", self.code)
    }
}

/// The code of the horizontal CRS that a text names, `None` if it names none.
pub fn horizontal_code(text: &str) -> Option<u16> {
    let text = text.trim();
    let upper = text.to_ascii_uppercase();
    if upper.ends_with("CRS84") || upper.ends_with("CRS84H") {
        return Some(4326);
    }
    let at = upper.find("EPSG")?;
    let code: u16 = text[at..]
        .rsplit([':', '/'])
        .find(|part| !part.is_empty())?
        .parse()
        .ok()?;
    Some(
        COMPOUND
            .iter()
            .find(|(compound, _)| *compound == code)
            .map_or(code, |(_, horizontal)| *horizontal),
    )
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
fn registered(_: u16) -> Option<Proj> {
    None
}

#[cfg(not(target_family = "wasm"))]
fn registered(code: u16) -> Option<Proj> {
    Proj::from_epsg_code(code).ok()
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
            assert_eq!(Crs::parse(text).map(Crs::epsg), Ok(4547), "{text}");
        }
        assert_eq!(
            horizontal_code("https://www.opengis.net/def/crs/EPSG/0/7415"),
            Some(28992)
        );
        assert_eq!(horizontal_code("urn:ogc:def:crs:OGC:1.3:CRS84"), Some(4326));
    }

    #[test]
    fn what_names_no_crs_is_refused() {
        for text in [
            "",
            "4547",
            "EPSG",
            "EPSG:",
            "EPSG:99999999",
            "EPSG:x",
            "GCJ-02",
        ] {
            assert!(Crs::parse(text).is_err(), "{text}");
        }
        assert!(crate::Projector::new("EPSG:4490", "EPSG:1").is_err());
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
