//! Soil, wind and pressure of a scenario as the solver wants them.

use std::sync::Arc;

use stormgrid_core::frame::Geodetic;
use stormgrid_core::time::Instant;
use stormgrid_core::units::RainRate;
use stormgrid_crs::Projector;
use stormgrid_formats::scenario::{self, Method, NumberOrRaster};
use stormgrid_sim::flood::{Infiltration, PerCell, Weather};
use stormgrid_sim::typhoon::{Air, Surface, TyphoonModel, coriolis};

use crate::fields::Quantity;
use crate::simulate::Places;
use crate::{ProjectError, storm};

/// Interval at which wind and pressure are evaluated [s]; they are linear in between.
const AIR_REFRESH_S: f64 = 300.0;

/// The soil of a scenario.
pub(crate) fn infiltration(
    places: &Places<'_>,
    given: &scenario::Infiltration,
) -> Result<Infiltration, ProjectError> {
    let cells = |value: &Option<NumberOrRaster>,
                 quantity: Quantity,
                 unit: f64|
     -> Result<PerCell, ProjectError> {
        Ok(match value {
            Some(NumberOrRaster::Raster(name)) => {
                let [values, _] = places.on_cells(name, quantity)?;
                PerCell::Field(values.into_iter().map(|v| (v * unit) as f32).collect())
            }
            Some(NumberOrRaster::Number(value)) => PerCell::Uniform(value * unit),
            // The scenario's reader has made sure that it is given.
            None => PerCell::Uniform(0.0),
        })
    };
    let mm_h = RainRate::from_mm_h(1.0).as_mps();
    Ok(match given.method {
        Method::None => Infiltration::None,
        Method::Constant => Infiltration::Constant {
            rate: cells(&given.rate_mm_h, Quantity::SoilRate, mm_h)?,
        },
        Method::Scs => Infiltration::CurveNumber {
            curve_number: cells(&given.curve_number, Quantity::CurveNumber, 1.0)?,
        },
        Method::GreenAmpt => Infiltration::GreenAmpt {
            conductivity: cells(&given.conductivity_mm_h, Quantity::SoilRate, mm_h)?,
            suction: cells(&given.suction_mm, Quantity::Suction, 1e-3)?,
            deficit: cells(&given.moisture_deficit, Quantity::Deficit, 1.0)?,
        },
    })
}

/// The storm of a scenario.
pub(crate) fn typhoon(
    places: &Places<'_>,
    given: &scenario::Typhoon,
) -> Result<Arc<TyphoonModel>, ProjectError> {
    let reader = places.reader;
    let radii = given.radii.as_ref().map(|name| reader.path(name));
    let path = reader.path(&given.track);
    let storm = storm::read_storm(&storm::Choice {
        radii: radii.as_deref(),
        name: given.name.as_deref(),
        agency: given.agency.as_deref(),
        ..storm::Choice::of(&path)
    })?;
    Ok(Arc::new(storm.model))
}

/// Wind, pressure and rotation of a storm over the terrain.
pub(crate) fn weather(
    places: &Places<'_>,
    model: &Arc<TyphoonModel>,
    start: Instant,
) -> Result<Weather, ProjectError> {
    let reader = places.reader;
    let model = Arc::clone(model);
    let crs = places.frame()?.crs;
    let projector =
        Projector::new(&crs, "EPSG:4490").map_err(|e| ProjectError::crs(&reader.file, e))?;
    let g = &places.geometry;
    let middle = [0.5 * (g.west + g.east()), 0.5 * (g.north + g.south())];
    let [_, lat_deg] = projector
        .convert(middle[0], middle[1])
        .map_err(|e| ProjectError::crs(&reader.file, e))?;
    let lat = lat_deg.to_radians();
    let calm = Air {
        u: 0.0,
        v: 0.0,
        pressure: f64::NAN,
    };
    let air = move |time_s: f64, x: f64, y: f64| {
        let Ok([lon, lat]) = projector.convert(x, y) else {
            return calm;
        };
        Geodetic::from_degrees(lon, lat).map_or(calm, |at| {
            model.air(at, start.plus_seconds(time_s), Surface::Water)
        })
    };
    Ok(Weather {
        air: Some(Arc::new(air)),
        refresh_s: AIR_REFRESH_S,
        coriolis: coriolis(lat).copysign(lat),
        ..Weather::default()
    })
}
