//! The parameters of a CRS as PROJ names them, and the same as well-known text.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use proj4rs::Proj;

/// Parameters of a PROJ string, by name: `proj`, `lat_0`, `ellps`.
///
/// Flags without a value have an empty one; what does not bear on the coordinates (`no_defs`, `type`, `wktext`) is
/// dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Parameters(BTreeMap<String, String>);

/// One projection: its name in PROJ and in well-known text, and its parameters in both.
struct Projection {
    proj: &'static str,
    wkt: &'static str,
    parameters: &'static [(&'static str, &'static str, f64)],
}

/// Projections that can be written as well-known text: those that city surveys use.
const PROJECTIONS: &[Projection] = &[
    Projection {
        proj: "tmerc",
        wkt: "Transverse_Mercator",
        parameters: &[
            ("lat_0", "latitude_of_origin", 0.0),
            ("lon_0", "central_meridian", 0.0),
            ("k", "scale_factor", 1.0),
        ],
    },
    Projection {
        proj: "lcc",
        wkt: "Lambert_Conformal_Conic_2SP",
        parameters: &[
            ("lat_1", "standard_parallel_1", 0.0),
            ("lat_2", "standard_parallel_2", 0.0),
            ("lat_0", "latitude_of_origin", 0.0),
            ("lon_0", "central_meridian", 0.0),
        ],
    },
    Projection {
        proj: "merc",
        wkt: "Mercator_1SP",
        parameters: &[
            ("lon_0", "central_meridian", 0.0),
            ("k", "scale_factor", 1.0),
        ],
    },
    Projection {
        proj: "aea",
        wkt: "Albers_Conic_Equal_Area",
        parameters: &[
            ("lat_1", "standard_parallel_1", 0.0),
            ("lat_2", "standard_parallel_2", 0.0),
            ("lat_0", "latitude_of_center", 0.0),
            ("lon_0", "longitude_of_center", 0.0),
        ],
    },
    Projection {
        proj: "laea",
        wkt: "Lambert_Azimuthal_Equal_Area",
        parameters: &[
            ("lat_0", "latitude_of_center", 0.0),
            ("lon_0", "longitude_of_center", 0.0),
        ],
    },
    Projection {
        proj: "sterea",
        wkt: "Oblique_Stereographic",
        parameters: &[
            ("lat_0", "latitude_of_origin", 0.0),
            ("lon_0", "central_meridian", 0.0),
            ("k", "scale_factor", 1.0),
        ],
    },
    Projection {
        proj: "cass",
        wkt: "Cassini_Soldner",
        parameters: &[
            ("lat_0", "latitude_of_origin", 0.0),
            ("lon_0", "central_meridian", 0.0),
        ],
    },
];

/// Lambert's conic with one parallel, which PROJ tells by a missing `lat_2`.
const LAMBERT_1SP: Projection = Projection {
    proj: "lcc",
    wkt: "Lambert_Conformal_Conic_1SP",
    parameters: &[
        ("lat_0", "latitude_of_origin", 0.0),
        ("lon_0", "central_meridian", 0.0),
        ("k", "scale_factor", 1.0),
    ],
};

impl Parameters {
    /// Reads a PROJ string. Names for the same thing become one: `k_0` is `k`, `utm` is `tmerc`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut found = Self::default();
        for token in text.split_whitespace() {
            let token = token.strip_prefix('+').unwrap_or(token);
            let (name, value) = token.split_once('=').unwrap_or((token, ""));
            match name {
                "no_defs" | "type" | "wktext" | "" => {}
                // A file of definitions beside the program is none of ours.
                "init" => return None,
                "k_0" => found.set("k", value),
                _ => found.set(name, value),
            }
        }
        found.zone_of_utm()?;
        found.get("proj").is_some().then_some(found)
    }

    /// UTM as the transverse Mercator that it is.
    fn zone_of_utm(&mut self) -> Option<()> {
        if self.get("proj") != Some("utm") {
            return Some(());
        }
        let zone: u8 = self.get("zone")?.parse().ok()?;
        if !(1..=60).contains(&zone) {
            return None;
        }
        let south = self.0.remove("south").is_some();
        self.0.remove("zone");
        self.set("proj", "tmerc");
        self.set_number("lat_0", 0.0);
        self.set_number("lon_0", 6.0 * f64::from(zone) - 183.0);
        self.set_number("k", 0.9996);
        self.set_number("x_0", 500_000.0);
        self.set_number("y_0", if south { 1e7 } else { 0.0 });
        Some(())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.get(name)?.parse().ok()
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn set_number(&mut self, name: &str, value: f64) {
        self.0.insert(name.to_owned(), value.to_string());
    }

    /// Takes ellipsoid, shift and prime meridian from another CRS.
    pub(crate) fn set_datum_of(&mut self, other: &Self) {
        const DATUM: [&str; 9] = [
            "datum", "ellps", "a", "b", "rf", "R", "towgs84", "nadgrids", "pm",
        ];
        for name in DATUM {
            self.0.remove(name);
            if let Some(value) = other.get(name) {
                self.set(name, value);
            }
        }
    }

    /// The same projection with coordinates in metres; PROJ gives false origins in metres whatever the unit.
    pub(crate) fn in_metres(&self) -> Self {
        let mut same = self.clone();
        same.0.remove("to_meter");
        same.set("units", "m");
        same
    }

    pub(crate) fn proj(&self) -> Option<Proj> {
        Proj::from_proj_string(&self.to_string()).ok()
    }

    /// Whether two sets of parameters give the same coordinates, to a tenth of a millimetre.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let (Some(a), Some(b)) = (self.proj(), other.proj()) else {
            return self == other;
        };
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-11 * a.abs().max(b.abs()).max(1.0);
        let axes = |p: &Proj| p.ellipse_parameters();
        let numbers = |p: &Proj| {
            [
                p.longitude_of_origin() + p.from_greenwich(),
                p.latitude_of_origin(),
                p.false_easting(),
                p.false_northing(),
                p.scaling_factor(),
                p.to_meter(),
            ]
        };
        // GRS 80 and WGS 84 differ by 0.1 mm at the pole.
        let ellipsoid =
            (axes(&a).0 - axes(&b).0).abs() < 2e-4 && (axes(&a).1 - axes(&b).1).abs() < 2e-4;
        let parallel = |p: &Self, name: &str| p.number(name).unwrap_or(0.0);
        self.get("proj") == other.get("proj")
            && ellipsoid
            && self.shift() == other.shift()
            && numbers(&a)
                .iter()
                .zip(numbers(&b))
                .all(|(a, b)| close(*a, b))
            && (["lat_1", "lat_2", "lat_ts", "alpha", "gamma", "lonc"]
                .iter()
                .all(|name| close(parallel(self, name), parallel(other, name)))
                || a.is_latlong())
    }

    /// The shift to WGS 84; none, zeros and the datums that are WGS 84 within a metre are the same.
    fn shift(&self) -> Option<String> {
        if matches!(self.get("datum"), Some("WGS84" | "NAD83")) {
            return None;
        }
        if let Some(shift) = self.get("towgs84") {
            let zero = shift.split(',').all(|v| v.trim().parse() == Ok(0.0));
            return (!zero).then(|| shift.to_owned());
        }
        self.get("datum")
            .or_else(|| self.get("nadgrids").filter(|g| *g != "@null"))
            .map(str::to_owned)
    }

    /// Whether the datum is another than WGS 84 and the way from one to the other is not known.
    pub(crate) fn lacks_shift(&self) -> bool {
        let grids = matches!(self.get("datum"), Some("NAD27"))
            || self.get("nadgrids").is_some_and(|g| g != "@null");
        let unknown = self.get("towgs84").is_none() && self.get("datum").is_none();
        let own_ellipsoid = self
            .proj()
            .is_some_and(|p| (p.ellipse_parameters().0 - 6_378_137.0).abs() > 0.5);
        grids || (unknown && own_ellipsoid)
    }

    /// The same as well-known text (WKT 1), which GIS programs read; `None` for a projection that is not in
    /// the table.
    pub(crate) fn wkt(&self, name: &str) -> Option<String> {
        let proj = self.proj()?;
        let geographic = self.geographic_wkt(&proj);
        if proj.is_latlong() {
            return Some(geographic);
        }
        let kind = self.get("proj")?;
        let projection = match (kind, self.number("lat_2")) {
            ("lcc", None) => &LAMBERT_1SP,
            _ => PROJECTIONS.iter().find(|p| p.proj == kind)?,
        };
        // A cone with one parallel that is not its origin has no name in well-known text.
        if projection.wkt == LAMBERT_1SP.wkt && self.number("lat_1") != self.number("lat_0") {
            return None;
        }
        if self.get("lat_ts").is_some_and(|v| v.parse() != Ok(0.0)) {
            return None;
        }
        let unit = proj.to_meter();
        let mut text = format!(
            "PROJCS[\"{}\",{geographic},PROJECTION[\"{}\"]",
            name.replace('"', "'"),
            projection.wkt
        );
        let of_projection = projection
            .parameters
            .iter()
            .map(|(own, name, default)| (*name, self.number(own).unwrap_or(*default)));
        let origin = [
            ("false_easting", proj.false_easting() / unit),
            ("false_northing", proj.false_northing() / unit),
        ];
        for (parameter, value) in of_projection.chain(origin) {
            // Writing to a string cannot fail.
            let _ = write!(text, ",PARAMETER[\"{parameter}\",{value}]");
        }
        let unit_name = if unit == 1.0 { "metre" } else { "unit" };
        let _ = write!(text, ",UNIT[\"{unit_name}\",{unit}]]");
        Some(text)
    }

    fn geographic_wkt(&self, proj: &Proj) -> String {
        let (a, b) = proj.ellipse_parameters();
        let flattening = match self.number("rf") {
            Some(rf) => rf,
            None if (a - b).abs() < 1e-9 => 0.0,
            None => a / (a - b),
        };
        let shift = match (self.get("towgs84"), self.get("datum")) {
            (Some(shift), _) => format!(",TOWGS84[{shift}]"),
            (None, Some("WGS84" | "NAD83")) => ",TOWGS84[0,0,0,0,0,0,0]".to_owned(),
            _ => String::new(),
        };
        let meridian = proj.from_greenwich().to_degrees();
        format!(
            "GEOGCS[\"unknown\",DATUM[\"unknown\",SPHEROID[\"unknown\",{a},{flattening}]{shift}],PRIMEM[\"unknown\",{meridian}],UNIT[\"degree\",0.0174532925199433]]"
        )
    }
}

impl fmt::Display for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The projection first, as people write it.
        let rest = self.0.iter().filter(|(name, _)| *name != "proj");
        let first = self.get("proj").map(|p| ("proj", p));
        let all = first
            .into_iter()
            .chain(rest.map(|(name, value)| (name.as_str(), value.as_str())));
        for (k, (name, value)) in all.enumerate() {
            let space = if k > 0 { " " } else { "" };
            match value.is_empty() {
                true => write!(f, "{space}+{name}")?,
                false => write!(f, "{space}+{name}={value}")?,
            }
        }
        f.write_str(" +no_defs")
    }
}
