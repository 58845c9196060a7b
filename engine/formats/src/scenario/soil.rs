//! `infiltration` in `[terrain]`.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};

use stormgrid_core::message;
use stormgrid_core::message::Message;

use super::NumberOrRaster;

/// How water sinks into the soil.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Not at all.
    #[default]
    None,
    /// At a constant rate.
    Constant,
    /// By the curve number of the SCS.
    Scs,
    /// By Green & Ampt.
    GreenAmpt,
}

/// `infiltration = { method = …, … }`, or the bare word `"none"`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Infiltration {
    /// The law.
    pub method: Method,
    /// Constant: rate [mm h⁻¹].
    pub rate_mm_h: Option<NumberOrRaster>,
    /// SCS: curve number, 1 to 100.
    pub curve_number: Option<NumberOrRaster>,
    /// Green & Ampt: saturated conductivity [mm h⁻¹].
    pub conductivity_mm_h: Option<NumberOrRaster>,
    /// Green & Ampt: suction at the wetting front [mm].
    pub suction_mm: Option<NumberOrRaster>,
    /// Green & Ampt: moisture that the soil can still take up [-].
    pub moisture_deficit: Option<NumberOrRaster>,
}

impl Infiltration {
    /// Whether the keys fit the method: the problem, in words, if not.
    pub fn check(&self) -> Result<(), Message> {
        let keys = [
            ("rate_mm_h", &self.rate_mm_h, Method::Constant),
            ("curve_number", &self.curve_number, Method::Scs),
            (
                "conductivity_mm_h",
                &self.conductivity_mm_h,
                Method::GreenAmpt,
            ),
            ("suction_mm", &self.suction_mm, Method::GreenAmpt),
            (
                "moisture_deficit",
                &self.moisture_deficit,
                Method::GreenAmpt,
            ),
        ];
        for (key, value, method) in keys {
            if value.is_some() && method != self.method {
                return Err(message!(
                    "fault.soil.key",
                    "{key} does not belong to this method of infiltration",
                    key = key
                ));
            }
            if value.is_none() && method == self.method {
                return Err(message!(
                    "fault.soil.needs",
                    "this method of infiltration needs {key}",
                    key = key
                ));
            }
        }
        Ok(())
    }
}

/// Reads a table, or a bare word.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Infiltration, D::Error> {
    struct Either;
    impl<'de> Visitor<'de> for Either {
        type Value = Infiltration;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "a table with a method, or \"none\"")
        }

        fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Infiltration, E> {
            match word {
                "none" => Ok(Infiltration::default()),
                _ => Err(E::custom(
                    "infiltration needs a table such as { method = \"scs\", curve_number = 80 }",
                )),
            }
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Infiltration, A::Error> {
            Infiltration::deserialize(MapAccessDeserializer::new(map))
        }
    }
    deserializer.deserialize_any(Either)
}
