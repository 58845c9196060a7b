//! The rain of a scenario or a forecast as the solver wants it.

use std::sync::Arc;

use stormgrid_core::frame::Geodetic;
use stormgrid_core::message;
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_core::series::Series;
use stormgrid_core::time::Instant;
use stormgrid_core::units::RainRate;
use stormgrid_crs::Projector;
use stormgrid_formats::rainfall::{self, Formulas};
use stormgrid_formats::scenario::{self, Design};
use stormgrid_formats::series;
use stormgrid_sim::flood::{Rain, RainFunction};
use stormgrid_sim::rain::{
    DesignStorm, Gauge, IntensityFormula, RainModel, Spread, rain_at, rain_between,
};
use stormgrid_sim::typhoon::TyphoonModel;

use crate::simulate::Reader;
use crate::vectors::Frame;
use crate::{ProjectError, files};

/// Cells along the side of a tile of the solver: rain is linear within it.
const TILE: f64 = 60.0;

/// Interval at which a raster times a series, or a burst, is evaluated [s].
const FACTOR_REFRESH_S: f64 = 30.0;

/// Interval at which gauges and a typhoon's rain are evaluated [s].
const FIELD_REFRESH_S: f64 = 600.0;

/// Length of the blocks of a design storm [s].
const BLOCK_S: f64 = 60.0;

/// Steps in which the greatest rain is looked for [s].
const SEARCH_S: f64 = 300.0;

/// Longest refresh of gauges [s]: reports come every five minutes at best.
const GAUGE_REFRESH_S: f64 = 300.0;

/// Formulas that the program brings along.
const FORMULAS: &str = include_str!("../../../data/rain/formulas.toml");

/// Where and when it rains.
pub(crate) struct Place<'a> {
    /// Finds the files.
    pub reader: &'a Reader,
    /// The frame of the cells; a raster without a CRS has none.
    pub frame: Option<&'a Frame>,
    /// The cells, in that frame.
    pub geometry: &'a RasterGeometry,
    /// Start of the run.
    pub start: Instant,
    /// Its length [s].
    pub duration_s: f64,
}

/// The rain that a file asks for, the burst nested into it.
///
/// - `typhoon`: the storm and the relation that is used where the file asks for the typhoon's rain or for none
pub(crate) fn rain(
    place: &Place<'_>,
    given: &scenario::Rain,
    typhoon: Option<(Arc<TyphoonModel>, RainModel)>,
) -> Result<Rain, ProjectError> {
    let rain = match (given.is_given(), typhoon) {
        (false, Some((model, relation))) => of_typhoon(place, model, relation)?,
        (true, Some((model, relation))) if given.typhoon.is_some() => {
            let relation = match given.typhoon {
                Some(scenario::TyphoonRain::RCliper) => RainModel::RCliper,
                Some(scenario::TyphoonRain::Ipet) => RainModel::Ipet,
                None => relation,
            };
            of_typhoon(place, model, relation)?
        }
        _ => of_files(place, given)?,
    };
    match &given.burst {
        Some(burst) => nested(place, rain, burst),
        None => Ok(rain),
    }
}

/// The rate of a rain at a time and a place [m s⁻¹].
pub(crate) fn rate(rain: &Rain, time: f64, [x, y]: [f64; 2]) -> f64 {
    match rain {
        Rain::None => 0.0,
        Rain::Uniform(rate) => *rate,
        Rain::Series(series) => series.at(time),
        Rain::Field { rate, .. } => rate(time, x, y),
    }
}

/// A rain times a factor.
pub(crate) fn times(rain: &Rain, factor: f64) -> Rain {
    match rain {
        Rain::None => Rain::None,
        Rain::Uniform(rate) => Rain::Uniform(factor * rate),
        Rain::Series(series) => Rain::Series(Series {
            time_s: series.time_s.clone(),
            value: series.value.iter().map(|rate| factor * rate).collect(),
        }),
        Rain::Field { rate, refresh_s } => {
            let rate = Arc::clone(rate);
            Rain::Field {
                rate: Arc::new(move |time, x, y| factor * rate(time, x, y)),
                refresh_s: *refresh_s,
            }
        }
    }
}

fn mps(mm_h: f64) -> f64 {
    RainRate::from_mm_h(mm_h).as_mps()
}

fn of_files(place: &Place<'_>, rain: &scenario::Rain) -> Result<Rain, ProjectError> {
    let reader = place.reader;
    if let Some(name) = &rain.raster {
        let frames = vec![(0.0, raster(place, name)?)];
        let factor = match &rain.series {
            Some(name) => reader.series(None, Some(name))?,
            None => Series::constant(1.0),
        };
        return Ok(of_rasters(place, frames, factor, FACTOR_REFRESH_S));
    }
    if let Some(name) = &rain.rasters {
        let path = reader.path(name);
        let list = series::read_rasters(&files::read(&path)?, &files::name(&path))?;
        let gaps = list.windows(2).map(|pair| pair[1].0 - pair[0].0);
        let refresh = gaps.fold(3600.0, f64::min).max(1.0);
        let frames = list
            .iter()
            .map(|(time, name)| Ok((*time, raster(place, name)?)))
            .collect::<Result<_, ProjectError>>()?;
        return Ok(of_rasters(place, frames, Series::constant(1.0), refresh));
    }
    if let Some(name) = &rain.gauges {
        return of_gauges(place, name, rain.spread.unwrap_or_default());
    }
    if let Some(design) = &rain.design {
        let storm = design_storm(place.reader, design)?;
        let begin = design.peak_s.map_or(0.0, |peak| peak - storm.peak_time());
        return Ok(Rain::Series(placed(&storm, begin)));
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
fn raster(place: &Place<'_>, name: &str) -> Result<Raster<f64>, ProjectError> {
    let domain = place.geometry;
    let rate = place
        .reader
        .raster(name)?
        .map(|v| match v.is_finite() && v > 0.0 {
            true => mps(v),
            false => 0.0,
        });
    let g = rate.geometry();
    let [east, north] = place.frame.map_or([0.0; 2], |frame| frame.origin);
    let apart = g.west > domain.east() + east
        || g.east() < domain.west + east
        || g.south() > domain.north + north
        || g.north < domain.south() + north;
    if apart {
        return Err(ProjectError::input(
            &files::name(&place.reader.path(name)),
            message!("fault.rain.outside", "it lies outside the terrain"),
            message!(
                "fix.rain.outside",
                "give a raster of rates in the terrain's CRS"
            ),
        ));
    }
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
    .map_err(|e| {
        ProjectError::input(
            name,
            e.to_string(),
            message!("fix.rain.raster", "give another raster"),
        )
    })?;
    Ok(rate.resampled_mean(coarse))
}

/// Each raster from its time until the next, none before the first, times a factor.
fn of_rasters(
    place: &Place<'_>,
    frames: Vec<(f64, Raster<f64>)>,
    factor: Series,
    refresh_s: f64,
) -> Rain {
    let [east, north] = place.frame.map_or([0.0; 2], |frame| frame.origin);
    let rate: RainFunction = Arc::new(move |time, x, y| {
        let after = frames.partition_point(|(start, _)| *start <= time);
        let Some((_, raster)) = after.checked_sub(1).and_then(|k| frames.get(k)) else {
            return 0.0;
        };
        let g = raster.geometry();
        // The corners of the outer tiles lie beyond the raster.
        let x = (x + east).clamp(g.west + 0.5 * g.dx, g.east() - 0.5 * g.dx);
        let y = (y + north).clamp(g.south() + 0.5 * g.dy, g.north - 0.5 * g.dy);
        raster.interpolate(x, y).unwrap_or(0.0) * factor.at(time)
    });
    Rain::Field { rate, refresh_s }
}

fn of_gauges(
    place: &Place<'_>,
    name: &str,
    spread: scenario::Spread,
) -> Result<Rain, ProjectError> {
    let path = place.reader.path(name);
    let file = files::name(&path);
    let read = rainfall::read_gauges(&files::read(&path)?, &file, place.start)?;
    let bring = match (read.geographic, place.frame) {
        (false, _) => None,
        (true, Some(frame)) => Some(frame.from_crs("EPSG:4490", &file)?),
        (true, None) => {
            return Err(ProjectError::input(
                &file,
                message!(
                    "fault.rain.no_crs",
                    "its gauges are in longitude and latitude, and the terrain names no CRS"
                ),
                message!(
                    "fix.rain.no_crs",
                    "give the raster a CRS, or x and y in its frame"
                ),
            ));
        }
    };
    let origin = place.frame.map_or([0.0; 2], |frame| frame.origin);
    let mut gauges = Vec::new();
    for gauge in read.gauges {
        let at = match &bring {
            Some(bring) => bring.point(gauge.at[0], gauge.at[1])?,
            None => std::array::from_fn(|k| gauge.at[k] - origin[k]),
        };
        let rates = gauge.rates.into_iter();
        gauges.push(Gauge {
            at,
            rate: rates.map(|(t, rate)| (t, rate.map(mps))).collect(),
        });
    }
    let spread = match spread {
        scenario::Spread::InverseDistance => Spread::InverseDistance,
        scenario::Spread::Nearest => Spread::Nearest,
    };
    let rate: RainFunction =
        Arc::new(move |time, x, y| rain_between(&gauges, spread, time, [x, y]));
    Ok(Rain::Field {
        rate,
        refresh_s: GAUGE_REFRESH_S,
    })
}

fn of_typhoon(
    place: &Place<'_>,
    model: Arc<TyphoonModel>,
    relation: RainModel,
) -> Result<Rain, ProjectError> {
    let file = &place.reader.file;
    let Some(frame) = place.frame else {
        return Err(ProjectError::input(
            file,
            message!(
                "fault.rain.no_frame",
                "the terrain names no coordinate reference system, so that no storm can be laid over it"
            ),
            message!("fix.give_crs", "give the raster a CRS"),
        ));
    };
    let projector =
        Projector::new(&frame.crs, "EPSG:4490").map_err(|e| ProjectError::crs(file, e))?;
    let (origin, start) = (frame.origin, place.start);
    let rate: RainFunction = Arc::new(move |time_s, x, y| {
        // A corner of a tile may lie outside the projection's area only if the whole raster
        // does; that was refused when the terrain was read.
        let Ok([lon, lat]) = projector.convert(x + origin[0], y + origin[1]) else {
            return 0.0;
        };
        Geodetic::from_degrees(lon, lat).map_or(0.0, |at| {
            rain_at(&model, relation, at, start.plus_seconds(time_s))
        })
    });
    Ok(Rain::Field {
        rate,
        refresh_s: FIELD_REFRESH_S,
    })
}

/// The design storm that a file asks for.
fn design_storm(reader: &Reader, design: &Design) -> Result<DesignStorm, ProjectError> {
    let (formulas, file) = match &design.formulas {
        Some(name) => {
            let path = reader.path(name);
            let file = files::name(&path);
            (Formulas::read(&files::read(&path)?, &file)?, file)
        }
        None => {
            let file = "the program's formulas".to_owned();
            (Formulas::read(FORMULAS.as_bytes(), &file)?, file)
        }
    };
    let years = design.return_period_years;
    let found = formulas.find(design.formula.as_deref(), years, &file)?;
    let formula = IntensityFormula {
        name: found.name.en.clone(),
        a1: found.a1,
        c: found.c,
        b_min: found.b_min,
        n: found.n,
    };
    DesignStorm::new(formula, years, design.duration_s, design.peak_share).map_err(|e| {
        ProjectError::input(
            &reader.file,
            e.message(),
            message!("fix.rain.design", "mend the numbers of the design storm"),
        )
    })
}

/// A design storm that begins at a time.
fn placed(storm: &DesignStorm, begin: f64) -> Series {
    let mut series = storm.series(BLOCK_S);
    series.time_s.iter_mut().for_each(|t| *t += begin);
    series
}

/// The greater of a rain and a burst at each time and place.
fn nested(place: &Place<'_>, rain: Rain, burst: &Design) -> Result<Rain, ProjectError> {
    let storm = design_storm(place.reader, burst)?;
    let middle = place.geometry.bounds().center();
    let peak = burst.peak_s.unwrap_or_else(|| {
        let steps = (place.duration_s / SEARCH_S).ceil() as usize;
        let times = (0..=steps).map(|k| (k as f64 * SEARCH_S).min(place.duration_s));
        let rates = times.map(|t| (rate(&rain, t, [middle.x, middle.y]), t));
        let greatest = rates.fold((f64::NEG_INFINITY, 0.0), |best, at| {
            if at.0 > best.0 { at } else { best }
        });
        greatest.1
    });
    let inner = placed(&storm, peak - storm.peak_time());
    let rate: RainFunction =
        Arc::new(move |time, x, y| rate(&rain, time, [x, y]).max(inner.at(time)));
    Ok(Rain::Field {
        rate,
        refresh_s: FACTOR_REFRESH_S,
    })
}
