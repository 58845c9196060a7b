//! Soil, rain as rasters, wind and pressure of a scenario as the solver wants them.

use std::sync::Arc;

use stormgrid_core::frame::Geodetic;
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_core::series::Series;
use stormgrid_core::time::Instant;
use stormgrid_core::units::RainRate;
use stormgrid_crs::Projector;
use stormgrid_formats::scenario::{self, Method, NumberOrRaster};
use stormgrid_formats::series;
use stormgrid_sim::flood::{Infiltration, PerCell, Rain, RainFunction, Weather};
use stormgrid_sim::typhoon::{Air, Surface, coriolis};

use crate::simulate::{Places, Reader};
use crate::{ProjectError, files, storm};

/// Cells along the side of a tile of the solver: rain is linear within it.
const TILE: f64 = 60.0;

/// Interval at which a raster times a series is evaluated [s].
const FACTOR_REFRESH_S: f64 = 30.0;

/// Interval at which wind and pressure are evaluated [s]; they are linear in between.
const AIR_REFRESH_S: f64 = 300.0;

/// The soil of a scenario.
pub(crate) fn infiltration(
    places: &Places<'_>,
    given: &scenario::Infiltration,
) -> Result<Infiltration, ProjectError> {
    let cells = |value: &Option<NumberOrRaster>, unit: f64| -> Result<PerCell, ProjectError> {
        Ok(match value {
            Some(NumberOrRaster::Raster(name)) => {
                let values = places.on_cells(name)?;
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
            rate: cells(&given.rate_mm_h, mm_h)?,
        },
        Method::Scs => Infiltration::CurveNumber {
            curve_number: cells(&given.curve_number, 1.0)?,
        },
        Method::GreenAmpt => Infiltration::GreenAmpt {
            conductivity: cells(&given.conductivity_mm_h, mm_h)?,
            suction: cells(&given.suction_mm, 1e-3)?,
            deficit: cells(&given.moisture_deficit, 1.0)?,
        },
    })
}

/// The rain of a scenario.
pub(crate) fn rain(
    reader: &Reader,
    rain: &scenario::Rain,
    domain: &RasterGeometry,
) -> Result<Rain, ProjectError> {
    let mps = |mm_h: f64| RainRate::from_mm_h(mm_h).as_mps();
    if let Some(name) = &rain.raster {
        let frames = vec![(0.0, rain_raster(reader, name, domain)?)];
        let factor = match &rain.series {
            Some(name) => reader.series(None, Some(name))?,
            None => Series::constant(1.0),
        };
        return Ok(rain_of_rasters(frames, factor, FACTOR_REFRESH_S));
    }
    if let Some(name) = &rain.rasters {
        let path = reader.path(name);
        let list = series::read_rasters(&files::read(&path)?, &files::name(&path))?;
        let gaps = list.windows(2).map(|pair| pair[1].0 - pair[0].0);
        let refresh = gaps.fold(3600.0, f64::min).max(1.0);
        let frames = list
            .iter()
            .map(|(time, name)| Ok((*time, rain_raster(reader, name, domain)?)))
            .collect::<Result<_, ProjectError>>()?;
        return Ok(rain_of_rasters(frames, Series::constant(1.0), refresh));
    }
    Ok(match (&rain.series, rain.rate_mm_h) {
        (Some(name), _) => {
            let mut series = reader.series(None, Some(name))?;
            series.value.iter_mut().for_each(|v| *v = mps(*v));
            Rain::Series(series)
        }
        (None, Some(rate)) if rate > 0.0 => Rain::Uniform(mps(rate)),
        (None, _) => Rain::None,
    })
}

/// A raster of rates [m s⁻¹], not finer than the tiles that it is seen through.
fn rain_raster(
    reader: &Reader,
    name: &str,
    domain: &RasterGeometry,
) -> Result<Raster<f64>, ProjectError> {
    let raster = reader.raster(name)?;
    let rate = raster.map(|v| match v.is_finite() && v > 0.0 {
        true => RainRate::from_mm_h(v).as_mps(),
        false => 0.0,
    });
    let g = rate.geometry();
    let (side_x, side_y) = (TILE * domain.dx, TILE * domain.dy);
    if g.dx >= side_x && g.dy >= side_y {
        return Ok(rate);
    }
    let n = |length: f64, side: f64| (length / side).ceil().max(1.0) as usize;
    let (width, height) = (g.n_cols as f64 * g.dx, g.n_rows as f64 * g.dy);
    let coarse = RasterGeometry::new(
        n(width, side_x),
        n(height, side_y),
        g.west,
        g.north,
        side_x,
        side_y,
    )
    .map_err(|e| ProjectError::input(name, e.to_string(), "give another raster"))?;
    Ok(rate.resampled_mean(coarse))
}

/// Each raster from its time until the next, none before the first, times a factor.
fn rain_of_rasters(frames: Vec<(f64, Raster<f64>)>, factor: Series, refresh_s: f64) -> Rain {
    let rate: RainFunction = Arc::new(move |time, x, y| {
        let after = frames.partition_point(|(start, _)| *start <= time);
        let Some((_, raster)) = after.checked_sub(1).and_then(|k| frames.get(k)) else {
            return 0.0;
        };
        let g = raster.geometry();
        // The corners of the outer tiles lie beyond the raster.
        let x = x.clamp(g.west + 0.5 * g.dx, g.east() - 0.5 * g.dx);
        let y = y.clamp(g.south() + 0.5 * g.dy, g.north - 0.5 * g.dy);
        raster.interpolate(x, y).unwrap_or(0.0) * factor.at(time)
    });
    Rain::Field { rate, refresh_s }
}

/// Wind, pressure and rotation of a storm over the terrain.
pub(crate) fn weather(
    places: &Places<'_>,
    given: &scenario::Typhoon,
    start: Instant,
) -> Result<Weather, ProjectError> {
    let reader = places.reader;
    let radii = given.radii.as_ref().map(|name| reader.path(name));
    let path = reader.path(&given.track);
    let storm::Storm { model, .. } = storm::read_storm(&storm::Choice {
        radii: radii.as_deref(),
        name: given.name.as_deref(),
        ..storm::Choice::of(&path)
    })?;
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
