//! Coordinate reference systems: from one to another, point by point.
//!
//! Two engines do the same work. proj4rs, in Rust, serves the hot paths and the browser. PROJ is the
//! judge: [`reference`] asks it natively, and a test holds the two within a millimetre over Jiangmen.
//!
//! # Conventions
//!
//! - x comes before y: longitude before latitude in degrees, easting before northing in metres,
//!   whatever the order of axes in the register says.
//! - CGCS2000 (EPSG:4490) and WGS 84 are treated as equal; PROJ itself gives no better than a ballpark
//!   for the step between them.
//! - Heights are not touched: of a compound CRS only the horizontal part counts.
//!
//! ```
//! let to_metres = stormgrid_crs::Projector::new("EPSG:4490", "EPSG:4547")?;
//! let [easting, northing] = to_metres.convert(113.08, 22.58)?;
//! assert!((easting - 405_387.092).abs() < 0.001 && (northing - 2_498_318.005).abs() < 0.001);
//! # Ok::<(), stormgrid_crs::CrsError>(())
//! ```

mod compound;
mod definitions;
mod parameters;
#[cfg(not(target_family = "wasm"))]
mod reference;
mod wkt;

pub use definitions::{Crs, horizontal_code, vertical_part, vertical_unit_m};
#[cfg(not(target_family = "wasm"))]
pub use reference::reference;

use proj4rs::Proj;
use stormgrid_core::message;
use stormgrid_core::message::Message;

/// Why coordinates cannot be converted.
#[derive(Debug, Clone, PartialEq)]
pub enum CrsError {
    /// The text names no CRS that is known here.
    Unknown {
        /// What was given.
        text: String,
    },
    /// The CRS is known, and points cannot be converted from or to it here: its projection, its unit of angle or
    /// its kind of coordinates.
    Unprojectable {
        /// What was given.
        text: String,
    },
    /// A point outside the area in which the projection is defined.
    OutOfArea {
        /// First coordinate.
        x: f64,
        /// Second coordinate.
        y: f64,
        /// CRS that it was given in.
        from: String,
        /// CRS that was asked for.
        to: String,
    },
    /// PROJ cannot be asked, for example because its database is not installed.
    Reference {
        /// CRS given.
        from: String,
        /// CRS asked for.
        to: String,
        /// What PROJ says.
        reason: String,
    },
}

impl CrsError {
    /// The sentence, for both languages.
    pub fn message(&self) -> Message {
        match self {
            Self::Unknown { text } => message!(
                "fault.crs.unknown",
                "'{text}' is not a coordinate reference system known here; write for example EPSG:4547",
                text = text
            ),
            Self::Unprojectable { text } => message!(
                "fault.crs.unprojectable",
                "the coordinate reference system '{text}' cannot be used here (its projection or its unit is not known); reproject the data, for example to EPSG:4547",
                text = text
            ),
            Self::OutOfArea { x, y, from, to } => message!(
                "fault.crs.area",
                "the point ({x}, {y}) cannot be converted from {from} to {to}; check the order of the axes and the CRS named in the file",
                x = *x,
                y = *y,
                from = from,
                to = to
            ),
            Self::Reference { from, to, reason } => message!(
                "fault.crs.proj",
                "PROJ cannot convert from {from} to {to}: {reason}",
                from = from,
                to = to,
                reason = Message::english(reason)
            ),
        }
    }
}

impl std::fmt::Display for CrsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.message().fmt(f)
    }
}

impl std::error::Error for CrsError {}

/// Converts points from one CRS to another. Cheap to use, safe to share between threads.
#[derive(Debug)]
pub struct Projector {
    from: Crs,
    to: Crs,
    source: Proj,
    target: Proj,
}

impl Projector {
    /// A conversion between two CRS, each as [`Crs::parse`] reads it: `EPSG:4547`, `urn:ogc:def:crs:EPSG::4547`,
    /// `https://www.opengis.net/def/crs/EPSG/0/4547`, well-known text or a PROJ string.
    pub fn new(from: &str, to: &str) -> Result<Self, CrsError> {
        Self::between(Crs::parse(from)?, Crs::parse(to)?)
    }

    /// A conversion between two CRS.
    pub fn between(from: Crs, to: Crs) -> Result<Self, CrsError> {
        Ok(Self {
            source: from.proj()?,
            target: to.proj()?,
            from,
            to,
        })
    }

    /// The CRS that points are converted from.
    pub fn from_crs(&self) -> &Crs {
        &self.from
    }

    /// The CRS that points are converted to.
    pub fn to_crs(&self) -> &Crs {
        &self.to
    }

    /// Converts one point: degrees for geographic CRS, the CRS's unit for projected ones.
    pub fn convert(&self, x: f64, y: f64) -> Result<[f64; 2], CrsError> {
        let out_of_area = || CrsError::OutOfArea {
            x,
            y,
            from: self.from.name().to_owned(),
            to: self.to.name().to_owned(),
        };
        if !(x.is_finite() && y.is_finite()) {
            return Err(out_of_area());
        }
        if self.from == self.to {
            return Ok([x, y]);
        }
        let mut point = if self.source.is_latlong() {
            if x.abs() > 360.0 || y.abs() > 90.0 {
                return Err(out_of_area());
            }
            (x.to_radians(), y.to_radians(), 0.0)
        } else {
            (x, y, 0.0)
        };
        proj4rs::transform::transform(&self.source, &self.target, &mut point)
            .map_err(|_| out_of_area())?;
        let (x, y) = if self.target.is_latlong() {
            (point.0.to_degrees(), point.1.to_degrees())
        } else {
            (point.0, point.1)
        };
        if x.is_finite() && y.is_finite() {
            Ok([x, y])
        } else {
            Err(out_of_area())
        }
    }

    /// Converts points in place, vertex by vertex; stops at the first that cannot be converted.
    pub fn convert_many(&self, points: &mut [[f64; 2]]) -> Result<(), CrsError> {
        for point in points {
            *point = self.convert(point[0], point[1])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PROJ 9.1.1 `cs2cs EPSG:4326 EPSG:4547` and `… EPSG:3857`, six decimals of a metre.
    const CS2CS: [[f64; 6]; 5] = [
        [
            113.08,
            22.58,
            405_387.091_837,
            2_498_318.005_058,
            12_588_008.018_903,
            2_581_305.146_722,
        ],
        [
            113.00,
            22.50,
            397_100.030_670,
            2_489_510.973_869,
            12_579_102.459_640,
            2_571_663.047_174,
        ],
        [
            113.15,
            22.65,
            412_630.518_560,
            2_506_027.615_210,
            12_595_800.383_259,
            2_589_746.576_863,
        ],
        [
            112.95,
            22.40,
            391_877.117_544,
            2_478_471.237_571,
            12_573_536.485_100,
            2_559_618.259_501,
        ],
        [
            114.20,
            22.75,
            520_542.103_007,
            2_516_865.876_480,
            12_712_685.848_592,
            2_601_813.234_179,
        ],
    ];

    #[test]
    fn conversions_agree_with_published_values() {
        for (crs, at) in [("EPSG:4547", 2), ("EPSG:3857", 4)] {
            let there = Projector::new("EPSG:4326", crs).expect("known");
            let back = Projector::new(crs, "EPSG:4326").expect("known");
            for row in CS2CS {
                let [x, y] = there.convert(row[0], row[1]).expect("inside");
                assert!(
                    (x - row[at]).abs() < 1e-5 && (y - row[at + 1]).abs() < 1e-5,
                    "{crs} {row:?}: {x} {y}"
                );
                let [lon, lat] = back.convert(x, y).expect("inside");
                assert!((lon - row[0]).abs() < 1e-11 && (lat - row[1]).abs() < 1e-11);
            }
        }
    }

    #[test]
    fn points_off_the_earth_are_refused() {
        let there = Projector::new("EPSG:4490", "EPSG:4547").expect("known");
        for (x, y) in [
            (f64::NAN, 22.0),
            (113.0, f64::INFINITY),
            (22.0, 113.0),
            (1e9, 22.0),
        ] {
            assert!(
                matches!(there.convert(x, y), Err(CrsError::OutOfArea { .. })),
                "({x}, {y})"
            );
        }
    }

    #[test]
    fn a_projector_is_shared_between_threads() {
        let there = Projector::new("EPSG:4490", "EPSG:4547").expect("known");
        let alone = there.convert(113.08, 22.58).expect("inside");
        std::thread::scope(|scope| {
            let threads = [0; 4].map(|_| scope.spawn(|| there.convert(113.08, 22.58)));
            for t in threads {
                assert_eq!(t.join().expect("no panic"), Ok(alone));
            }
        });
    }

    /// The greatest distance between the two engines on a grid of 21 × 21 points [m].
    #[cfg(not(target_family = "wasm"))]
    fn apart(to: &str, west: f64, east: f64, south: f64, north: f64) -> f64 {
        let hot = Projector::new("EPSG:4326", to).expect("known");
        let at = |low: f64, high: f64, k: u32| low + (high - low) * f64::from(k) / 20.0;
        let grid: Vec<[f64; 2]> = (0..441)
            .map(|k| [at(west, east, k % 21), at(south, north, k / 21)])
            .collect();
        let mut judged = grid.clone();
        reference("EPSG:4326", to, &mut judged).expect("PROJ is built with this crate");
        let mut converted = grid;
        hot.convert_many(&mut converted).expect("inside");
        converted
            .iter()
            .zip(&judged)
            .map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1]))
            .fold(0.0, f64::max)
    }

    #[cfg(not(target_family = "wasm"))]
    #[test]
    fn both_engines_agree_within_a_millimetre_over_jiangmen() {
        for to in ["EPSG:4547", "EPSG:4546", "EPSG:3857", "EPSG:32649"] {
            let apart = apart(to, 112.5, 113.5, 21.5, 23.0);
            assert!(apart < 0.001, "{to}: {apart} m apart");
        }
    }

    #[cfg(not(target_family = "wasm"))]
    #[test]
    fn both_engines_agree_within_a_millimetre_at_the_rims_of_utm_zones() {
        for (to, west, south) in [
            ("EPSG:32756", 150.0, -35.0),
            ("EPSG:32631", 0.0, 50.0),
            ("EPSG:32755", 144.0, -44.0),
        ] {
            let apart = apart(to, west, west + 6.0, south, south + 5.0);
            assert!(apart < 0.001, "{to}: {apart} m apart");
        }
    }

    /// Here the datum shifts: PROJ takes the best published parameters, the table those of its day.
    /// A metre is what city models of these countries are placed to.
    #[cfg(not(target_family = "wasm"))]
    #[test]
    fn both_engines_agree_within_a_metre_in_the_netherlands_and_switzerland() {
        for (to, west, south) in [("EPSG:28992", 4.3, 51.9), ("EPSG:2056", 7.4, 46.9)] {
            let apart = apart(to, west, west + 1.0, south, south + 0.5);
            assert!(apart < 1.0, "{to}: {apart} m apart");
        }
    }

    #[cfg(not(target_family = "wasm"))]
    #[test]
    fn what_the_register_does_not_know_is_told_in_one_sentence() {
        let error = reference("EPSG:4326", "EPSG:1", &mut [[113.0, 22.5]]).expect_err("no CRS");
        let text = error.to_string();
        assert!(text.contains("EPSG:1"), "{text}");
    }
}
