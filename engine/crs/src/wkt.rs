//! Well-known text of coordinate reference systems: WKT 1 of OGC and of ESRI, and WKT 2.
//!
//! Of a compound system the horizontal part counts. A system that names its code in the EPSG register is that one;
//! another is made of its parameters, if its projection is known here.
//!
//! Source: OGC 01-009, OGC 18-010r7 (WKT 2), and the names that ArcGIS and GDAL write.

use crate::parameters::Parameters;

/// Texts longer than this are no CRS [bytes].
const LONGEST: usize = 64 << 10;
/// Brackets in brackets.
const DEEPEST: usize = 24;

/// What a text says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Described {
    /// The name of the horizontal system.
    pub(crate) name: String,
    /// Its code in the EPSG register.
    pub(crate) code: Option<u16>,
    /// The code of the geographic system under it.
    pub(crate) base: Option<u16>,
    /// Its parameters; `None` where the projection, its unit or one of its parameters is not known here.
    pub(crate) parameters: Option<Parameters>,
    /// The name of the vertical part of a compound system.
    pub(crate) vertical: Option<String>,
    /// Metres in the unit of the vertical part.
    pub(crate) vertical_unit_m: Option<f64>,
}

/// One `NAME[…]` of a text.
#[derive(Debug, Default)]
struct Node {
    keyword: String,
    words: Vec<String>,
    children: Vec<Node>,
}

/// Reads a text; `None` if it is no well-known text of a horizontal or compound system.
pub(crate) fn read(text: &str) -> Option<Described> {
    if text.len() > LONGEST {
        return None;
    }
    let mut rest = text.trim();
    let root = node(&mut rest, 0)?;
    // ESRI writes the vertical system of a projection file behind the horizontal one.
    rest = rest.trim_start().strip_prefix(',').unwrap_or_default();
    let beside = node(&mut rest, 0);
    let parts = root.children.iter().chain(&beside);
    let part = parts.into_iter().find(|c| c.keyword.starts_with("VERT"));
    let horizontal = match root.keyword.as_str() {
        "COMPD_CS" | "COMPOUNDCRS" => root.children.iter().find(|c| is_horizontal(c))?,
        "BOUNDCRS" => root.child("SOURCECRS")?.children.first()?,
        _ => &root,
    };
    is_horizontal(horizontal).then(|| describe(horizontal, part))
}

fn is_horizontal(node: &Node) -> bool {
    matches!(
        node.keyword.as_str(),
        "PROJCS" | "PROJCRS" | "PROJECTEDCRS" | "GEOGCS" | "GEOGCRS" | "GEOGRAPHICCRS" | "GEODCRS"
    )
}

fn describe(node: &Node, vertical: Option<&Node>) -> Described {
    let projected = node.keyword.starts_with("PROJ");
    let base = match projected {
        true => node.any(&["GEOGCS", "BASEGEOGCRS", "BASEGEODCRS"]),
        false => Some(node),
    };
    let geographic = base.and_then(datum);
    Described {
        name: node.words.first().cloned().unwrap_or_default(),
        code: node.epsg().or_else(|| web_mercator(node)),
        base: base.and_then(|b| b.epsg().or_else(|| known_datum(b))),
        parameters: match projected {
            true => geographic.and_then(|datum| projection(node, datum)),
            false => geographic.map(|mut datum| {
                datum.set("proj", "longlat");
                datum
            }),
        },
        vertical: vertical.and_then(|v| v.words.first().cloned()),
        vertical_unit_m: vertical
            .and_then(|v| v.unit(&["UNIT", "LENGTHUNIT"]).or_else(|| v.axis_unit())),
    }
}

/// The code of Web Mercator, which is a sphere's projection on an ellipsoid and known by its name.
fn web_mercator(node: &Node) -> Option<u16> {
    let conversion = node.child("CONVERSION").unwrap_or(node);
    let method = plain(conversion.any(&["PROJECTION", "METHOD"])?.words.first()?);
    matches!(
        method.as_str(),
        "mercator_auxiliary_sphere" | "popular_visualisation_pseudo_mercator"
    )
    .then_some(3857)
}

/// Ellipsoid, shift and prime meridian of a geographic system whose angles are degrees.
fn datum(geographic: &Node) -> Option<Parameters> {
    let degrees = geographic
        .unit(&["UNIT", "ANGLEUNIT"])
        .is_none_or(|unit| (unit - 1f64.to_radians()).abs() < 1e-9);
    if !degrees {
        return None;
    }
    let mut found = Parameters::default();
    let datum = geographic.any(&["DATUM", "ENSEMBLE", "GEODETICDATUM"]);
    if let Some(ellipsoid) = datum.and_then(|d| d.any(&["SPHEROID", "ELLIPSOID"])) {
        let a = ellipsoid.number(0)?;
        let rf = ellipsoid.number(1)?;
        let unit = ellipsoid.unit(&["LENGTHUNIT", "UNIT"]).unwrap_or(1.0);
        if !(a > 0.0 && (rf == 0.0 || rf > 1.0)) {
            return None;
        }
        found.set_number("a", a * unit);
        match rf == 0.0 {
            true => found.set_number("b", a * unit),
            false => found.set_number("rf", rf),
        }
    } else if geographic.epsg().is_none() {
        return None;
    }
    if let Some(shift) = datum.and_then(|d| d.child("TOWGS84")) {
        found.set("towgs84", &shift.words.join(","));
    }
    if let Some(meridian) = geographic.any(&["PRIMEM", "PRIMEMERIDIAN"]) {
        let degrees = meridian.number(0)?;
        let unit = meridian.unit(&["ANGLEUNIT", "UNIT"]);
        let degrees = unit.map_or(degrees, |u| (degrees * u).to_degrees());
        if degrees != 0.0 {
            found.set_number("pm", degrees);
        }
    }
    Some(found)
}

/// The register's geographic system of a datum that ESRI and GDAL name without a code.
fn known_datum(geographic: &Node) -> Option<u16> {
    let datum = geographic.any(&["DATUM", "ENSEMBLE", "GEODETICDATUM"])?;
    let name = plain(datum.words.first()?);
    let name = name.strip_prefix("d_").unwrap_or(&name);
    const KNOWN: &[(&str, u16)] = &[
        ("wgs_1984", 4326),
        ("world_geodetic_system_1984", 4326),
        ("china_2000", 4490),
        ("beijing_1954", 4214),
        ("hong_kong_1980", 4611),
        ("etrs_1989", 4258),
        ("european_terrestrial_reference_system_1989", 4258),
        ("north_american_1983", 4269),
        ("north_american_datum_1983", 4269),
        ("north_american_1927", 4267),
        ("north_american_datum_1927", 4267),
        ("osgb_1936", 4277),
        ("amersfoort", 4289),
        ("deutsches_hauptdreiecksnetz", 4314),
        ("gda_1994", 4283),
        ("geocentric_datum_of_australia_1994", 4283),
        ("pulkovo_1942", 4284),
    ];
    KNOWN.iter().find(|k| k.0 == name).map(|k| k.1)
}

/// How the methods of the texts are called in PROJ. Names are in lower case with one `_` between words.
const METHODS: &[(&[&str], &str)] = &[
    (&["transverse_mercator", "gauss_kruger"], "tmerc"),
    (
        &[
            "lambert_conformal_conic",
            "lambert_conformal_conic_2sp",
            "lambert_conic_conformal_2sp",
            "lambert_conformal_conic_1sp",
            "lambert_conic_conformal_1sp",
        ],
        "lcc",
    ),
    (
        &[
            "mercator",
            "mercator_1sp",
            "mercator_2sp",
            "mercator_variant_a",
            "mercator_variant_b",
        ],
        "merc",
    ),
    (
        &["albers", "albers_conic_equal_area", "albers_equal_area"],
        "aea",
    ),
    (&["lambert_azimuthal_equal_area"], "laea"),
    (
        &[
            "polar_stereographic",
            "polar_stereographic_variant_a",
            "polar_stereographic_variant_b",
            "stereographic_north_pole",
            "stereographic_south_pole",
        ],
        "stere",
    ),
    (&["oblique_stereographic", "double_stereographic"], "sterea"),
    (&["cassini", "cassini_soldner"], "cass"),
];

/// How the parameters of the texts are called in PROJ.
const PARAMETERS: &[(&[&str], &str)] = &[
    (
        &[
            "latitude_of_origin",
            "latitude_of_center",
            "latitude_of_natural_origin",
            "latitude_of_false_origin",
            "latitude_of_projection_centre",
        ],
        "lat_0",
    ),
    (
        &[
            "central_meridian",
            "longitude_of_center",
            "longitude_of_origin",
            "longitude_of_natural_origin",
            "longitude_of_false_origin",
            "longitude_of_projection_centre",
        ],
        "lon_0",
    ),
    (&["scale_factor", "scale_factor_at_natural_origin"], "k"),
    (
        &[
            "false_easting",
            "easting_at_false_origin",
            "easting_at_projection_centre",
        ],
        "x_0",
    ),
    (
        &[
            "false_northing",
            "northing_at_false_origin",
            "northing_at_projection_centre",
        ],
        "y_0",
    ),
    (
        &["standard_parallel_1", "latitude_of_1st_standard_parallel"],
        "lat_1",
    ),
    (
        &["standard_parallel_2", "latitude_of_2nd_standard_parallel"],
        "lat_2",
    ),
    (&["latitude_of_standard_parallel"], "lat_ts"),
];

fn find<'t>(table: &[(&[&str], &'t str)], name: &str) -> Option<&'t str> {
    table
        .iter()
        .find(|(names, _)| names.contains(&name))
        .map(|(_, proj)| *proj)
}

/// The parameters of a projected system on a datum.
fn projection(node: &Node, datum: Parameters) -> Option<Parameters> {
    let conversion = node.child("CONVERSION").unwrap_or(node);
    let method = plain(conversion.any(&["PROJECTION", "METHOD"])?.words.first()?);
    let proj = find(METHODS, &method)?;
    let unit = node
        .unit(&["UNIT", "LENGTHUNIT"])
        .or_else(|| node.axis_unit())
        .unwrap_or(1.0);
    let mut found = datum;
    found.set("proj", proj);
    let given = conversion
        .children
        .iter()
        .filter(|c| c.keyword == "PARAMETER");
    for parameter in given {
        let name = plain(parameter.words.first()?);
        let value = parameter.number(0)?;
        let Some(own) = find(PARAMETERS, &name) else {
            // ESRI writes parameters that are 0 where they have no say.
            if value == 0.0 {
                continue;
            }
            return None;
        };
        let value = match own {
            "x_0" | "y_0" => value * parameter.unit(&["LENGTHUNIT", "UNIT"]).unwrap_or(unit),
            "k" => value,
            _ => match parameter.unit(&["ANGLEUNIT", "UNIT"]) {
                Some(angle) => (value * angle).to_degrees(),
                None => value,
            },
        };
        found.set_number(own, tidy(value));
    }
    match (unit - 1.0).abs() < 1e-12 {
        true => found.set("units", "m"),
        false => found.set_number("to_meter", unit),
    }
    of_method(&method, found)
}

/// A value that a change of units has left a rounding away from a short decimal number.
fn tidy(value: f64) -> f64 {
    let short = (value * 1e9).round() / 1e9;
    if (short - value).abs() < 1e-11 * value.abs().max(1.0) {
        short
    } else {
        value
    }
}

/// What PROJ says in other parameters than the method of the text.
fn of_method(method: &str, mut found: Parameters) -> Option<Parameters> {
    match method {
        "lambert_conformal_conic_1sp" | "lambert_conic_conformal_1sp" => {
            let origin = found.number("lat_0").unwrap_or(0.0);
            found.set_number("lat_1", origin);
        }
        "lambert_conformal_conic" if found.get("lat_1").is_none() => {
            let origin = found.number("lat_0").unwrap_or(0.0);
            found.set_number("lat_1", origin);
        }
        "mercator" | "mercator_2sp" | "mercator_variant_b" => {
            if let Some(parallel) = found.number("lat_1") {
                found.set_number("lat_ts", parallel);
            }
        }
        "stereographic_north_pole" | "stereographic_south_pole" => {
            let north = method == "stereographic_north_pole";
            let parallel = found.number("lat_1").or(found.number("lat_0"));
            found.set_number("lat_ts", parallel?);
            found.set_number("lat_0", if north { 90.0 } else { -90.0 });
        }
        "polar_stereographic"
        | "polar_stereographic_variant_a"
        | "polar_stereographic_variant_b" => {
            let parallel = found.number("lat_ts").or(found.number("lat_0"))?;
            found.set_number("lat_0", 90f64.copysign(parallel));
            if parallel.abs() < 90.0 {
                found.set_number("lat_ts", parallel);
            }
        }
        _ => {}
    }
    Some(found)
}

/// A name in lower case with one `_` between words.
fn plain(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join("_")
}

impl Node {
    fn child(&self, keyword: &str) -> Option<&Self> {
        self.children.iter().find(|c| c.keyword == keyword)
    }

    fn any(&self, keywords: &[&str]) -> Option<&Self> {
        self.children
            .iter()
            .find(|c| keywords.contains(&c.keyword.as_str()))
    }

    /// The number after the name.
    fn number(&self, k: usize) -> Option<f64> {
        let value: f64 = self.words.get(k + 1)?.parse().ok()?;
        value.is_finite().then_some(value)
    }

    fn unit(&self, keywords: &[&str]) -> Option<f64> {
        self.any(keywords)?.number(0).filter(|u| *u > 0.0)
    }

    /// In WKT 2 each axis may bear the unit.
    fn axis_unit(&self) -> Option<f64> {
        self.child("AXIS")?.unit(&["LENGTHUNIT", "UNIT"])
    }

    /// The code in the EPSG register.
    fn epsg(&self) -> Option<u16> {
        let id = self.any(&["AUTHORITY", "ID"])?;
        let [authority, code, ..] = &id.words[..] else {
            return None;
        };
        authority
            .eq_ignore_ascii_case("EPSG")
            .then(|| code.trim().parse().ok())?
    }
}

/// One node from the beginning of a text, which is left after it.
fn node(rest: &mut &str, depth: usize) -> Option<Node> {
    let at = rest.find(['[', '(', ',', ']', ')', '"'])?;
    let (keyword, tail) = rest.split_at(at);
    let close = match tail.chars().next()? {
        '[' => ']',
        '(' => ')',
        _ => return None,
    };
    if depth > DEEPEST {
        return None;
    }
    let mut node = Node {
        keyword: keyword.trim().to_uppercase(),
        ..Node::default()
    };
    *rest = &tail[1..];
    loop {
        *rest = rest.trim_start();
        let next = rest.chars().next()?;
        if next == close {
            *rest = &rest[1..];
            return Some(node);
        }
        match next {
            ',' => *rest = &rest[1..],
            '"' => node.words.push(quoted(rest)?),
            _ => {
                let end = rest.find(['[', '(', ',', ']', ')', '"'])?;
                if rest[end..].starts_with(['[', '(']) {
                    node.children.push(self::node(rest, depth + 1)?);
                } else if end == 0 || rest[end..].starts_with('"') {
                    return None;
                } else {
                    node.words.push(rest[..end].trim().to_owned());
                    *rest = &rest[end..];
                }
            }
        }
    }
}

/// A text in quotation marks; two of them stand for one.
fn quoted(rest: &mut &str) -> Option<String> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != '"' {
            text.push(c);
        } else if chars.peek().is_some_and(|(_, c)| *c == '"') {
            text.push('"');
            chars.next();
        } else {
            *rest = &rest[at + 1..];
            return Some(text);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::{Crs, Projector};

    /// `CRS("EPSG:4547").to_wkt("WKT1_ESRI")` of pyproj 3.7 (PROJ 9.5.1).
    const ESRI_4547: &str = r#"PROJCS["CGCS2000_3_Degree_GK_CM_114E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",114.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]"#;
    const ESRI_2227: &str = r#"PROJCS["NAD_1983_StatePlane_California_III_FIPS_0403_Feet",GEOGCS["GCS_North_American_1983",DATUM["D_North_American_1983",SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Lambert_Conformal_Conic"],PARAMETER["False_Easting",6561666.667],PARAMETER["False_Northing",1640416.667],PARAMETER["Central_Meridian",-120.5],PARAMETER["Standard_Parallel_1",38.4333333333333],PARAMETER["Standard_Parallel_2",37.0666666666667],PARAMETER["Latitude_Of_Origin",36.5],UNIT["US survey foot",0.304800609601219]]"#;
    const ESRI_3413: &str = r#"PROJCS["WGS_1984_NSIDC_Sea_Ice_Polar_Stereographic_North",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Stereographic_North_Pole"],PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",-45.0],PARAMETER["Standard_Parallel_1",70.0],UNIT["Meter",1.0]]"#;
    /// `to_wkt("WKT2_2019")` of EPSG:25832, its code and members of the ensemble taken out.
    const WKT2_25832: &str = r#"PROJCRS["ETRS89 / UTM zone 32N",BASEGEOGCRS["ETRS89",ENSEMBLE["European Terrestrial Reference System 1989 ensemble",MEMBER["European Terrestrial Reference Frame 1989"],ELLIPSOID["GRS 1980",6378137,298.257222101,LENGTHUNIT["metre",1]],ENSEMBLEACCURACY[0.1]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4258]],CONVERSION["UTM zone 32N",METHOD["Transverse Mercator",ID["EPSG",9807]],PARAMETER["Latitude of natural origin",0,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8801]],PARAMETER["Longitude of natural origin",9,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8802]],PARAMETER["Scale factor at natural origin",0.9996,SCALEUNIT["unity",1],ID["EPSG",8805]],PARAMETER["False easting",500000,LENGTHUNIT["metre",1],ID["EPSG",8806]],PARAMETER["False northing",0,LENGTHUNIT["metre",1],ID["EPSG",8807]]],CS[Cartesian,2],AXIS["(E)",east,ORDER[1],LENGTHUNIT["metre",1]],AXIS["(N)",north,ORDER[2],LENGTHUNIT["metre",1]],USAGE[SCOPE["mapping, \"\"engineering\"\""],AREA["Europe between 6°E and 12°E"]]]"#;

    /// Points of pyproj 3.7 (PROJ 9.5.1), `Transformer.from_crs(lonlat, crs, always_xy=True)`.
    #[test]
    fn texts_project_as_proj_does() {
        let wkt2 = WKT2_25832.replace(r#"\"\""#, r#""""#);
        for (text, from, at, expected) in [
            (
                "+proj=tmerc +lat_0=0 +lon_0=113.1 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m",
                "EPSG:4490",
                [113.05, 22.55],
                [494_857.038_063_444_85, 2_494_705.042_868_745_5],
            ),
            (
                ESRI_4547,
                "EPSG:4490",
                [113.08, 22.58],
                [405_387.091_837, 2_498_318.005_058],
            ),
            (
                ESRI_2227,
                "EPSG:4269",
                [-122.4, 37.77],
                [6_012_526.733_268_946, 2_108_410.946_795_645_6],
            ),
            (
                ESRI_3413,
                "EPSG:4326",
                [-40.0, 75.0],
                [142_401.981_162_236_77, -1_627_662.092_701_201_8],
            ),
            (
                &wkt2,
                "EPSG:4258",
                [9.2, 48.8],
                [514_686.982_510_442_85, 5_405_242.404_865_874],
            ),
        ] {
            let there = Projector::new(from, text).unwrap_or_else(|e| panic!("{e}: {text}"));
            let [x, y] = there.convert(at[0], at[1]).expect("inside");
            let off = (x - expected[0]).hypot(y - expected[1]);
            assert!(off < 0.002, "{text}: {x} {y}, {off} m off");
            // What is written is read as the same.
            let crs = Crs::parse(text).expect("known");
            let again = Crs::parse(&crs.to_string()).expect("written");
            assert!(crs.is_same(&again), "{crs}");
        }
    }

    #[test]
    fn a_definition_is_the_same_as_its_code() {
        let code = Crs::parse("EPSG:4547").expect("known");
        let text = Crs::parse(ESRI_4547).expect("known");
        assert_eq!(text.epsg(), None);
        assert!(code.is_same(&text) && text.is_same(&code));
        assert!(!code.is_same(&Crs::parse("EPSG:4546").expect("known")));
        let moved = ESRI_4547.replace("114.0", "114.1");
        assert!(!code.is_same(&Crs::parse(&moved).expect("known")));
        let named = format!(
            "{},AUTHORITY[\"EPSG\",\"4547\"]]",
            ESRI_4547.trim_end_matches(']').to_owned() + "]"
        );
        assert_eq!(Crs::parse(&named).expect("known").epsg(), Some(4547));
    }

    #[test]
    fn of_a_compound_text_the_horizontal_part_counts() {
        let text = format!(
            "COMPD_CS[\"x\",{ESRI_4547},VERT_CS[\"Yellow Sea 1985 height\",VERT_DATUM[\"Yellow Sea 1985\",2005],UNIT[\"metre\",1],AUTHORITY[\"EPSG\",\"5737\"]]]"
        );
        let crs = Crs::parse(&text).expect("known");
        assert!(crs.is_same(&Crs::parse("EPSG:4547").expect("known")));
        assert_eq!(
            crate::vertical_part(&text).as_deref(),
            Some("Yellow Sea 1985 height")
        );
    }

    #[test]
    fn what_is_not_known_is_refused_by_its_name() {
        for (from, to) in [
            ("\"Gauss_Kruger\"", "\"Bonne\""),
            ("0.0174532925199433", "0.01570796326794897"),
            ("\"Scale_Factor\"", "\"Azimuth\""),
        ] {
            let fault = Crs::parse(&ESRI_4547.replace(from, to)).expect_err("unknown");
            assert!(fault.to_string().contains("CGCS2000_3_Degree"), "{fault}");
        }
        for text in [
            "PROJCS[",
            "PROJCS[\"x\"",
            "LOCAL_CS[\"x\",UNIT[\"m\",1]]",
            "VERT_CS[\"x\"]",
            "]",
            "a[b[c[d",
        ] {
            assert!(Crs::parse(text).is_err(), "{text}");
        }
        assert!(Crs::parse(&"A[".repeat(40_000)).is_err());
    }
}
