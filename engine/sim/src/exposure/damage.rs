//! Direct damage: depth-damage curves and what a square metre is worth, both as data.

use serde::{Deserialize, Serialize};

/// What a building is used for, as far as damage curves tell uses apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occupancy {
    /// Dwellings and their contents.
    #[default]
    Residential,
    /// Offices, shops, schools, hospitals, hotels and their contents.
    Commercial,
    /// Factories, warehouses, laboratories and their contents.
    Industrial,
}

/// Damaged share of a value against the depth of water; linear between its points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DamageCurve {
    /// Name that reports carry beside the number.
    pub name: String,
    /// Depth above the ground floor [m], strictly increasing.
    pub depth_m: Vec<f64>,
    /// Damaged share [-], 0 to 1, one per depth.
    pub fraction: Vec<f64>,
}

/// Depth below which a film of water does no damage [m]; CLIMADA inserts the same point.
const FILM_DEPTH: f64 = 0.05;

/// Depths of the tables below [m].
///
/// Source: Huizinga, de Moel & Szewczyk (2017), EUR 28552 EN, doi:10.2760/16510, chapter 3.
const JRC_DEPTHS: [f64; 9] = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0];

/// The curves of the same report for Asia, at [`JRC_DEPTHS`].
const JRC_ASIA: [(Occupancy, &str, [f64; 9]); 3] = [
    (
        Occupancy::Residential,
        "JRC 2017 residential, Asia",
        [0.0, 0.327, 0.494, 0.617, 0.721, 0.870, 0.931, 0.984, 1.0],
    ),
    (
        Occupancy::Commercial,
        "JRC 2017 commercial, Asia",
        [0.0, 0.377, 0.538, 0.659, 0.763, 0.883, 0.942, 0.981, 1.0],
    ),
    (
        Occupancy::Industrial,
        "JRC 2017 industrial, Asia",
        [0.0, 0.283, 0.482, 0.629, 0.717, 0.857, 0.909, 0.955, 1.0],
    ),
];

impl DamageCurve {
    /// The JRC curve for Asia of a use, with a point (0.05 m, 0) so that a film does no damage.
    pub fn jrc_asia(occupancy: Occupancy) -> Self {
        let (_, name, fractions) = JRC_ASIA
            .into_iter()
            .find(|row| row.0 == occupancy)
            .expect("the table has a row for every occupancy");
        let mut depth_m = JRC_DEPTHS.to_vec();
        let mut fraction = fractions.to_vec();
        depth_m.insert(1, FILM_DEPTH);
        fraction.insert(1, 0.0);
        Self {
            name: name.to_owned(),
            depth_m,
            fraction,
        }
    }

    /// Damaged share at a depth above the ground floor [m]; held constant beyond the last point,
    /// zero for NaN.
    pub fn fraction_at(&self, depth: f64) -> f64 {
        let after = self.depth_m.partition_point(|&d| d <= depth);
        if depth.is_nan() || after == 0 {
            return 0.0;
        }
        match (self.depth_m.get(after), self.fraction.get(after)) {
            (Some(&d1), Some(&f1)) => {
                let (d0, f0) = (self.depth_m[after - 1], self.fraction[after - 1]);
                f0 + (f1 - f0) * (depth - d0) / (d1 - d0)
            }
            _ => self.fraction.last().copied().unwrap_or(0.0),
        }
    }
}

/// Curve and value of one use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OccupancyValue {
    /// Which buildings this is for.
    pub occupancy: Occupancy,
    /// Share of the value lost against depth.
    pub curve: DamageCurve,
    /// Greatest damage to structure and contents [currency m⁻² of floor].
    pub value_per_m2: f64,
}

/// What water costs: curves and values by use, all replaceable by local figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Valuation {
    /// Currency and price level, for example `EUR 2010`.
    pub currency: String,
    /// One entry per use; a use without an entry suffers no damage.
    pub by_occupancy: Vec<OccupancyValue>,
    /// Number of storeys that the curve's range covers; a taller building loses no more floor
    /// than this. The JRC curves reach 1 at 6 m, the height of about two storeys.
    pub storeys_at_risk: u32,
}

/// Gross domestic product of China in 2010 [US$ 2010 per head], World Bank NY.GDP.PCAP.CD,
/// rounded to ten.
const GDP_PER_HEAD_CHINA_2010: f64 = 4550.0;

/// Share of a construction cost that is the depreciated value of a standing building [-].
/// Source: Huizinga et al. (2017), section 4.2.
const DEPRECIATED_SHARE: f64 = 0.6;

/// Share of a concrete or masonry building that water cannot damage [-]. Same source.
const UNDAMAGEABLE_SHARE: f64 = 0.4;

/// Construction cost = a · (GDP per head)^b [EUR 2010 m⁻²], and contents as a share of structure.
/// Same source: a, b, contents.
const COST_BY_GDP: [(Occupancy, f64, f64, f64); 3] = [
    (Occupancy::Residential, 24.078, 0.3852, 0.5),
    (Occupancy::Commercial, 33.642, 0.3574, 1.0),
    (Occupancy::Industrial, 30.824, 0.3249, 1.5),
];

impl Valuation {
    /// JRC curves for Asia with the values that the same report derives from China's GDP of 2010.
    ///
    /// The prices are those of 2010 for the country's mean: an order of magnitude, to rank places
    /// by; a local table of values replaces it.
    pub fn jrc_china() -> Self {
        let by_occupancy = COST_BY_GDP
            .into_iter()
            .map(|(occupancy, a, b, contents)| {
                let cost = a * GDP_PER_HEAD_CHINA_2010.powf(b);
                OccupancyValue {
                    occupancy,
                    curve: DamageCurve::jrc_asia(occupancy),
                    value_per_m2: cost
                        * DEPRECIATED_SHARE
                        * (1.0 - UNDAMAGEABLE_SHARE)
                        * (1.0 + contents),
                }
            })
            .collect();
        Self {
            currency: "EUR 2010".to_owned(),
            by_occupancy,
            storeys_at_risk: 2,
        }
    }

    /// Direct damage to one building [currency].
    ///
    /// - `depth`: depth of water at the building's wall [m]
    /// - `footprint_area`: [m²]
    /// - `floors`: storeys above ground
    pub fn damage(
        &self,
        occupancy: Occupancy,
        depth: f64,
        footprint_area: f64,
        floors: u32,
    ) -> f64 {
        let storeys = f64::from(floors.clamp(1, self.storeys_at_risk.max(1)));
        self.entry(occupancy).map_or(0.0, |entry| {
            entry.curve.fraction_at(depth) * entry.value_per_m2 * footprint_area * storeys
        })
    }

    /// Name of the curve used for a use, `None` if the use has none.
    pub fn curve_name(&self, occupancy: Occupancy) -> Option<&str> {
        self.entry(occupancy).map(|entry| entry.curve.name.as_str())
    }

    /// Names of all curves, joined for a table's head.
    pub fn curve_names(&self) -> String {
        let names: Vec<&str> = self
            .by_occupancy
            .iter()
            .map(|entry| entry.curve.name.as_str())
            .collect();
        names.join("; ")
    }

    fn entry(&self, occupancy: Occupancy) -> Option<&OccupancyValue> {
        self.by_occupancy
            .iter()
            .find(|entry| entry.occupancy == occupancy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USES: [Occupancy; 3] = [
        Occupancy::Residential,
        Occupancy::Commercial,
        Occupancy::Industrial,
    ];

    #[test]
    fn curves_pass_through_the_printed_points() {
        let curve = DamageCurve::jrc_asia(Occupancy::Residential);
        for (depth, fraction) in [(0.5, 0.327), (1.5, 0.617), (6.0, 1.0), (9.0, 1.0)] {
            assert!((curve.fraction_at(depth) - fraction).abs() < 1e-12);
        }
        assert!((curve.fraction_at(0.75) - (0.327 + 0.494) / 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_film_does_no_damage_and_depth_never_heals() {
        for occupancy in USES {
            let curve = DamageCurve::jrc_asia(occupancy);
            assert_eq!(curve.fraction_at(FILM_DEPTH), 0.0);
            assert_eq!(curve.fraction_at(-1.0), 0.0);
            assert_eq!(curve.fraction_at(f64::NAN), 0.0);
            for i in 0..700 {
                let depth = f64::from(i) * 0.01;
                assert!(curve.fraction_at(depth + 0.01) >= curve.fraction_at(depth));
            }
        }
    }

    #[test]
    fn a_tower_loses_no_more_than_its_lower_storeys() {
        let value = Valuation::jrc_china();
        let tower = value.damage(Occupancy::Residential, 7.0, 100.0, 30);
        let house = value.damage(Occupancy::Residential, 7.0, 100.0, 2);
        assert_eq!(tower, house);
        assert_eq!(
            house,
            2.0 * value.damage(Occupancy::Residential, 7.0, 100.0, 1)
        );
    }

    #[test]
    fn residential_value_is_the_product_of_the_report_s_factors() {
        // 24.078 · 4550^0.3852 = 617.57 with bc; × 0.6 × 0.6 × 1.5 = 333.49.
        let value = Valuation::jrc_china().by_occupancy[0].value_per_m2;
        assert!((value - 333.49).abs() < 0.01, "{value}");
    }
}
