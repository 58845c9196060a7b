//! The rain of a scenario or a forecast as the solver wants it.

use std::sync::Arc;

use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::frame::Geodetic;
use stormgrid_core::message;
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_core::series::Series;
use stormgrid_core::time::Instant;
use stormgrid_core::units::RainRate;
use stormgrid_crs::Projector;
use stormgrid_formats::rainfall::{self, Formulas};
use stormgrid_formats::scenario::{self, Design};
use stormgrid_formats::series::{self, Beyond, Ends};
use stormgrid_sim::flood::{Bends, Rain, RainDetail, RainField, RainFunction};
use stormgrid_sim::rain::{
    DesignStorm, Gauge, IntensityFormula, RainModel, Spread, rain_at, rain_between,
};
use stormgrid_sim::typhoon::TyphoonModel;

use crate::fields::{self, Quantity};
use crate::simulate::Reader;
use crate::timeline::{self, Numbers};
use crate::vectors::Frame;
use crate::{ProjectError, files};

/// Interval of the straight lines that a typhoon's rain is cut into [s]. In that time a storm moves by some 3 km, a
/// small part of the width of its rain.
const FIELD_REFRESH_S: f64 = 300.0;

/// Values of rain rasters that are kept [-]: 4 GB.
const MOST_VALUES: usize = 1 << 29;

/// Length of the blocks of a design storm [s].
const BLOCK_S: f64 = 60.0;

/// Steps in which the greatest rain is looked for [s].
const SEARCH_S: f64 = 300.0;

/// Distance beyond which no gauge tells of a place [m]: its file has another CRS, or swapped axes.
const FAR_M: f64 = 200_000.0;

/// Distance from the ground beyond which a gauge's rain need not be that of the ground [m]: showers are smaller.
const AFAR_M: f64 = 20_000.0;

/// Formulas that the program brings along.
const FORMULAS: &str = include_str!("../../../data/rain/formulas.toml");

/// Where and when it rains.
pub(crate) struct Place<'a> {
    /// Finds the files.
    pub reader: &'a Reader,
    /// The frame of the cells; a raster without a CRS has none.
    pub frame: Option<&'a Frame>,
    /// The cells of the run, in that frame.
    pub geometry: &'a RasterGeometry,
    /// Which of them have ground.
    pub known: &'a [bool],
    /// Share of each that has ground; empty where all that have any are whole.
    pub cover: &'a [f64],
    /// Metres in a unit of the coordinates of the terrain's file.
    pub unit_m: f64,
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

fn mps(mm_h: f64) -> f64 {
    RainRate::from_mm_h(mm_h).as_mps()
}

fn of_files(place: &Place<'_>, rain: &scenario::Rain) -> Result<Rain, ProjectError> {
    let reader = place.reader;
    if let Some(name) = &rain.raster {
        let frames = vec![(0.0, raster(place, name)?)];
        let factor = match &rain.series {
            Some(name) => Some(reader.series(None, Some(name), Numbers::Factor, rain.ends())?),
            None => None,
        };
        return of_rasters(place, name, frames, factor);
    }
    if let Some(name) = &rain.rasters {
        return of_raster_list(place, name, rain.ends());
    }
    if let Some(name) = &rain.gauges {
        return of_gauges(place, name, rain.spread.unwrap_or_default(), rain.ends());
    }
    if let Some(design) = &rain.design {
        let storm = design_storm(place.reader, design)?;
        let begin = design.peak_s.map_or(0.0, |peak| peak - storm.peak_time());
        let series = placed(&storm, begin);
        place.reader.found(told_of_storm(&series, place));
        return Ok(Rain::Series(series));
    }
    Ok(match (&rain.series, rain.rate_mm_h) {
        (Some(name), _) => {
            let mut series = reader.series(None, Some(name), Numbers::Rain, rain.ends())?;
            series.value.iter_mut().for_each(|v| *v = mps(*v));
            Rain::Series(series)
        }
        (None, Some(rate)) if rate > 0.0 => Rain::Uniform(mps(rate)),
        (None, _) => Rain::None,
    })
}

/// A raster of rates [m s⁻¹] in the frame of the run, cut to its cells; not finer than these.
fn raster(place: &Place<'_>, name: &str) -> Result<Raster<f64>, ProjectError> {
    let cells = place.geometry;
    let over = fields::Over {
        crs: place.frame.map(|frame| frame.crs.as_str()),
        origin: place.frame.map_or([0.0; 2], |frame| frame.origin),
        geometry: *cells,
        known: place.known,
        ground: place.cover,
        unit_m: place.unit_m,
    };
    let read = fields::read(&place.reader.path(name), Quantity::Rain, &over)?;
    place.reader.found(read.findings);
    let rate = read
        .raster
        .map(|v| if v.is_finite() { mps(v) } else { 0.0 });
    let g = *rate.geometry();
    if g == *cells {
        // One that came from another CRS tells of a part of a cell.
        let part = |row, col| rate.get(row, col) * read.cover[row * g.n_cols + col];
        return Ok(Raster::from_fn(g, part));
    }
    if g.dx < cells.dx || g.dy < cells.dy {
        // Beyond its edge it does not rain: its own cells do not stand for the whole of such a cell.
        let mean = rate.resampled_mean(*cells);
        let cover = rate.resampled_cover(*cells);
        return Ok(Raster::from_fn(*cells, |row, col| {
            match cover.get(row, col) {
                share if share > 0.0 => mean.get(row, col) * share,
                _ => 0.0,
            }
        }));
    }
    let along = |low: f64, high: f64, size: f64, n: usize| {
        let first = (low / size).floor().clamp(0.0, (n - 1) as f64) as usize;
        first..((high / size).ceil().clamp(0.0, n as f64) as usize).max(first + 1)
    };
    let rows = along(
        g.north - cells.north,
        g.north - cells.south(),
        g.dy,
        g.n_rows,
    );
    let cols = along(cells.west - g.west, cells.east() - g.west, g.dx, g.n_cols);
    Ok(rate.window([rows, cols]))
}

/// Rasters with their times. Each lasts until the next; the last as long as the one before it.
fn of_raster_list(place: &Place<'_>, name: &str, said: Ends) -> Result<Rain, ProjectError> {
    let path = place.reader.path(name);
    let file = files::name(&path);
    let list = series::read_raster_list(&files::read(&path)?, &file)?;
    let ends = said.or(list.ends);
    let times: Vec<f64> = list.rasters.iter().map(|(time, _)| *time).collect();
    let (Some(&first), Some(&last)) = (times.first(), times.last()) else {
        return Ok(Rain::None);
    };
    let end = match times.len() {
        1 => last,
        n => last + (last - times[n - 2]),
    };
    timeline::must_reach(&file, [first, end], ends, place.duration_s)?;
    let mut frames = Vec::new();
    for (time, name) in &list.rasters {
        frames.push((*time, raster(place, name)?));
    }
    if let (Some(Beyond::Hold), Some(first)) = (ends.before, frames.first_mut()) {
        first.0 = first.0.min(0.0);
    }
    if ends.after == Some(Beyond::Zero) && end < place.duration_s {
        let dry = RasterGeometry {
            n_cols: 1,
            n_rows: 1,
            ..*place.geometry
        };
        frames.push((end, Raster::filled(dry, 0.0)));
    }
    of_rasters(place, &file, frames, None)
}

/// Each raster from its time until the next, none before the first, times a factor.
fn of_rasters(
    place: &Place<'_>,
    file: &str,
    frames: Vec<(f64, Raster<f64>)>,
    factor: Option<Series>,
) -> Result<Rain, ProjectError> {
    let kept: usize = frames
        .iter()
        .map(|(_, frame)| frame.geometry().n_cells())
        .sum();
    if kept > MOST_VALUES {
        return Err(ProjectError::input(
            file,
            message!(
                "fault.rain.large",
                "its rasters hold {n} values over the ground, and at most {most} are kept",
                n = kept,
                most = MOST_VALUES
            ),
            message!("fix.rain.large", "give fewer or coarser rasters"),
        ));
    }
    let bends: Vec<f64> = frames.iter().map(|(time, _)| *time).collect();
    let [half_x, half_y] = [0.5 * place.geometry.dx, 0.5 * place.geometry.dy];
    let rate: RainFunction = Arc::new(move |time, x, y| {
        let after = frames.partition_point(|(start, _)| *start <= time);
        let Some((_, raster)) = after.checked_sub(1).and_then(|k| frames.get(k)) else {
            return 0.0;
        };
        mean_rate(raster, [x - half_x, x + half_x], [y - half_y, y + half_y])
    });
    Ok(Rain::Field(RainField {
        rate,
        bends: Bends::At(bends.into()),
        detail: RainDetail::Cells,
        factor,
        least: None,
    }))
}

/// Mean rate over a box; nothing falls beyond the raster.
fn mean_rate(raster: &Raster<f64>, x: [f64; 2], y: [f64; 2]) -> f64 {
    let g = raster.geometry();
    let inside = x[0] >= g.west && x[1] <= g.east() && y[0] >= g.south() && y[1] <= g.north;
    if inside {
        return raster.mean_over(x, y);
    }
    let clip = |[low, high]: [f64; 2], [from, to]: [f64; 2]| [low.max(from), high.min(to)];
    let (part_x, part_y) = (clip(x, [g.west, g.east()]), clip(y, [g.south(), g.north]));
    let (width, height) = (part_x[1] - part_x[0], part_y[1] - part_y[0]);
    if width <= 0.0 || height <= 0.0 {
        return 0.0;
    }
    raster.mean_over(part_x, part_y) * (width / (x[1] - x[0])) * (height / (y[1] - y[0]))
}

fn of_gauges(
    place: &Place<'_>,
    name: &str,
    spread: scenario::Spread,
    said: Ends,
) -> Result<Rain, ProjectError> {
    let path = place.reader.path(name);
    let file = files::name(&path);
    let read = rainfall::read_gauges(&files::read(&path)?, &file, place.start)?;
    if let Some(line) = read.first_unknown {
        let text = message!(
            "note.rain.unknown",
            "{n} reports have no rate; the other gauges stand for them",
            n = read.unknown
        );
        let finding = Finding::new(Kind::Unknown, &file, text);
        let line = message!("place.line", "line {line}", line = line);
        place.reader.found([finding.at(line).times(read.unknown)]);
    }
    let ends = said.or(read.ends);
    place
        .reader
        .found(told_of_gauges(&read, &file, ends, place.duration_s));
    let gauges = placed_gauges(place, &file, read)?;
    let gauges = reporting_throughout(place, &file, gauges, ends)?;
    let spread = match spread {
        scenario::Spread::InverseDistance => Spread::InverseDistance,
        scenario::Spread::Nearest => Spread::Nearest,
    };
    if let [gauge] = gauges.as_slice() {
        // One gauge tells of all places alike.
        let known = gauge
            .rate
            .iter()
            .filter_map(|(t, rate)| Some((*t, (*rate)?)));
        let (time_s, value) = known.unzip();
        return Ok(Rain::Series(Series { time_s, value }));
    }
    let bends = bends_of(&gauges);
    let rate: RainFunction =
        Arc::new(move |time, x, y| rain_between(&gauges, spread, time, [x, y]));
    Ok(Rain::Field(RainField {
        rate,
        bends: Bends::At(bends.into()),
        detail: RainDetail::Cells,
        factor: None,
        least: None,
    }))
}

/// The times of all reports, in order.
fn bends_of(gauges: &[Gauge]) -> Vec<f64> {
    let reports = gauges.iter().flat_map(|gauge| &gauge.rate);
    let mut times: Vec<f64> = reports.map(|(time, _)| *time).collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    times
}

/// The gauges in the frame of the run [m; m s⁻¹].
fn placed_gauges(
    place: &Place<'_>,
    file: &str,
    read: rainfall::GaugeRecords,
) -> Result<Vec<Gauge>, ProjectError> {
    let bring = match (read.geographic, place.frame) {
        (false, _) => None,
        (true, Some(frame)) => Some(frame.from_crs("EPSG:4490", file)?),
        (true, None) => {
            return Err(ProjectError::input(
                file,
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
            None => std::array::from_fn(|k| gauge.at[k] * place.unit_m - origin[k]),
        };
        let rates = gauge.rates.into_iter();
        gauges.push(Gauge {
            at,
            rate: rates.map(|(t, rate)| (t, rate.map(mps))).collect(),
        });
    }
    let middle = place.geometry.bounds().center();
    let distance = |g: &Gauge| (g.at[0] - middle.x).hypot(g.at[1] - middle.y);
    let nearest = gauges.iter().map(distance).fold(f64::INFINITY, f64::min);
    if nearest > FAR_M {
        return Err(ProjectError::input(
            file,
            message!(
                "fault.rain.far",
                "its nearest gauge lies {km} km from the ground",
                km = format!("{:.0}", nearest / 1000.0)
            ),
            message!("fix.check_crs", "check the coordinates and the CRS"),
        ));
    }
    let g = place.geometry;
    let half = 0.5 * (g.east() - g.west).hypot(g.north - g.south());
    if nearest > half + AFAR_M {
        let text = message!(
            "note.rain.afar",
            "its nearest gauge lies {km} km from the middle of the ground; its rain is taken for that of the ground",
            km = format!("{:.0}", nearest / 1000.0)
        );
        place
            .reader
            .found([Finding::new(Kind::Assumed, file, text)]);
    }
    Ok(gauges)
}

/// The gauges with what is said of the time beyond their reports; refused where no gauge reports for a while.
fn reporting_throughout(
    place: &Place<'_>,
    file: &str,
    mut gauges: Vec<Gauge>,
    ends: Ends,
) -> Result<Vec<Gauge>, ProjectError> {
    let known = |gauge: &Gauge| -> Vec<f64> {
        let known = gauge.rate.iter().filter(|(_, rate)| rate.is_some());
        known.map(|(time, _)| *time).collect()
    };
    gauges.retain(|gauge| !known(gauge).is_empty());
    let times: Vec<f64> = gauges.iter().flat_map(known).collect();
    let first = times.iter().copied().fold(f64::INFINITY, f64::min);
    let last = times.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if times.is_empty() {
        return Err(ProjectError::input(
            file,
            message!("fault.rain.none", "none of its gauges reports a rate"),
            message!("fix.rain.none", "give rates"),
        ));
    }
    timeline::must_reach(file, [first, last], ends, place.duration_s)?;
    for gauge in &mut gauges {
        extend(gauge, ends, place.duration_s);
    }
    let bends = bends_of(&gauges);
    let silent = |pair: &&[f64]| {
        let middle = 0.5 * (pair[0] + pair[1]);
        (0.0..place.duration_s).contains(&middle)
            && gauges.iter().all(|gauge| gauge.at_time(middle).is_none())
    };
    if let Some(gap) = bends.windows(2).find(silent) {
        return Err(ProjectError::input(
            file,
            message!(
                "fault.rain.silent",
                "no gauge reports between {from} s and {to} s after the start",
                from = gap[0],
                to = gap[1]
            ),
            message!("fix.rain.silent", "give a rate there, 0 if it was dry"),
        ));
    }
    Ok(gauges)
}

/// Lets a gauge tell of what lies beyond its reports as somebody says.
fn extend(gauge: &mut Gauge, ends: Ends, duration_s: f64) {
    while gauge.rate.last().is_some_and(|(_, rate)| rate.is_none()) {
        gauge.rate.pop();
    }
    let unknown = gauge.rate.iter().take_while(|(_, rate)| rate.is_none());
    let lead = unknown.count();
    gauge.rate.drain(..lead);
    let last = gauge.rate.last().copied();
    if let Some((last, rate)) = last.filter(|(last, _)| *last < duration_s) {
        match ends.after {
            Some(Beyond::Zero) => {
                gauge.rate.push((last.next_up(), Some(0.0)));
                gauge.rate.push((duration_s, Some(0.0)));
            }
            Some(Beyond::Hold) => gauge.rate.push((duration_s, rate)),
            None => {}
        }
    }
    let first = gauge.rate.first().copied();
    if let Some((first, rate)) = first.filter(|(first, _)| *first > 0.0) {
        match ends.before {
            Some(Beyond::Zero) => {
                gauge.rate.insert(0, (first.next_down(), Some(0.0)));
                gauge.rate.insert(0, (0.0, Some(0.0)));
            }
            Some(Beyond::Hold) => gauge.rate.insert(0, (0.0, rate)),
            None => {}
        }
    }
}

/// Tells of gauges for which others stand in a part of the run, and of those at one place.
fn told_of_gauges(
    read: &rainfall::GaugeRecords,
    file: &str,
    ends: Ends,
    duration_s: f64,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let span = |gauge: &rainfall::GaugeRecord| {
        let known = || gauge.rates.iter().filter(|(_, rate)| rate.is_some());
        Some([known().next()?.0, known().next_back()?.0])
    };
    let is_short = |[first, last]: [f64; 2]| {
        first > 0.0 && ends.before.is_none() || last < duration_s && ends.after.is_none()
    };
    let spans = read.gauges.iter().map(|gauge| (gauge, span(gauge)));
    let short: Vec<_> = spans
        .filter(|(_, span)| span.is_none_or(is_short))
        .collect();
    if let Some((gauge, span)) = short.first() {
        let [from, to] = span.unwrap_or_default();
        let text = message!(
            "note.rain.part",
            "{n} gauges do not report throughout the run, the first of them {id} from {from} s to {to} s; beyond that the other gauges stand for it",
            n = short.len(),
            id = &gauge.id,
            from = from,
            to = to
        );
        findings.push(Finding::new(Kind::Assumed, file, text).times(short.len()));
    }
    let mut places: Vec<[f64; 2]> = read.gauges.iter().map(|gauge| gauge.at).collect();
    places.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let twice = places.windows(2).filter(|pair| pair[0] == pair[1]).count();
    if twice > 0 {
        let text = message!(
            "note.rain.one_place",
            "{n} gauges lie at the place of another; their mean counts there",
            n = twice
        );
        findings.push(Finding::new(Kind::Duplicate, file, text).times(twice));
    }
    findings
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
    Ok(Rain::Field(RainField {
        rate,
        bends: Bends::Every(FIELD_REFRESH_S),
        detail: RainDetail::Tiles,
        factor: None,
        least: None,
    }))
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

/// A design storm that begins at a time: its blocks as they are, so that their sum is that of the formula.
fn placed(storm: &DesignStorm, begin: f64) -> Series {
    let mut series = storm.blocks(BLOCK_S);
    series.time_s.iter_mut().for_each(|t| *t += begin);
    series
}

/// Tells of a design storm that the run does not see to its end.
fn told_of_storm(storm: &Series, place: &Place<'_>) -> Option<Finding> {
    let (from, to) = (*storm.time_s.first()?, *storm.time_s.last()?);
    let all = storm.integral(from, to);
    let seen = storm.integral(from.max(0.0), to.min(place.duration_s).max(from.max(0.0)));
    let text = message!(
        "note.rain.storm_cut",
        "{share} % of the design storm falls within the run; it lasts from {from} s to {to} s after the start",
        share = format!("{:.0}", 100.0 * seen / all),
        from = from.round() as i64,
        to = to.round() as i64
    );
    (seen < 0.999 * all).then(|| Finding::new(Kind::Assumed, &place.reader.file, text))
}

/// The greater of a rain and a burst at each time and place.
fn nested(place: &Place<'_>, rain: Rain, burst: &Design) -> Result<Rain, ProjectError> {
    let storm = design_storm(place.reader, burst)?;
    let middle = place.geometry.bounds().center();
    let peak = burst.peak_s.unwrap_or_else(|| {
        let steps = (place.duration_s / SEARCH_S).ceil() as usize;
        let times = (0..=steps).map(|k| (k as f64 * SEARCH_S).min(place.duration_s));
        let rates = times.map(|t| (rain.rate(t, middle.x, middle.y), t));
        let greatest = rates.fold((f64::NEG_INFINITY, 0.0), |best, at| {
            if at.0 > best.0 { at } else { best }
        });
        greatest.1
    });
    let inner = placed(&storm, peak - storm.peak_time());
    place.reader.found(told_of_storm(&inner, place));
    let field = match rain {
        Rain::Field(field) => field,
        // The same everywhere: one value a tile is enough.
        Rain::None => same_everywhere(Series::constant(0.0)),
        Rain::Uniform(rate) => same_everywhere(Series::constant(rate)),
        Rain::Series(series) => same_everywhere(series),
    };
    Ok(Rain::Field(RainField {
        least: Some(inner),
        ..field
    }))
}

fn same_everywhere(series: Series) -> RainField {
    RainField {
        bends: Bends::At(series.time_s.clone().into()),
        rate: Arc::new(move |time, _, _| series.at(time)),
        detail: RainDetail::Tiles,
        factor: None,
        least: None,
    }
}
