//! Classes of storms and rain, and the thresholds of weather signals, as tables.

use stormgrid_core::series::Series;

/// Class of a tropical cyclone by its greatest 2-minute mean wind near the centre.
///
/// Source: GB/T 19201-2006, table 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CycloneClass {
    /// Below tropical depression.
    Low,
    /// 热带低压, from 10.8 m/s.
    TropicalDepression,
    /// 热带风暴, from 17.2 m/s.
    TropicalStorm,
    /// 强热带风暴, from 24.5 m/s.
    SevereTropicalStorm,
    /// 台风, from 32.7 m/s.
    Typhoon,
    /// 强台风, from 41.5 m/s.
    SevereTyphoon,
    /// 超强台风, from 51.0 m/s.
    SuperTyphoon,
}

/// Lower bounds of the classes above `Low` [m s⁻¹, 2-minute mean].
const CYCLONE_BOUNDS: [(f64, CycloneClass); 6] = [
    (51.0, CycloneClass::SuperTyphoon),
    (41.5, CycloneClass::SevereTyphoon),
    (32.7, CycloneClass::Typhoon),
    (24.5, CycloneClass::SevereTropicalStorm),
    (17.2, CycloneClass::TropicalStorm),
    (10.8, CycloneClass::TropicalDepression),
];

impl CycloneClass {
    /// Class of a wind, a 2-minute mean [m s⁻¹]. The standard's table goes by tenths, and so does this.
    pub fn of_wind(two_minute: f64) -> Self {
        let tenths = (two_minute * 10.0).round() / 10.0;
        CYCLONE_BOUNDS
            .into_iter()
            .find(|(bound, _)| tenths >= *bound)
            .map_or(Self::Low, |(_, class)| class)
    }

    /// Name in Chinese and English.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Low => ("低压", "low"),
            Self::TropicalDepression => ("热带低压", "tropical depression"),
            Self::TropicalStorm => ("热带风暴", "tropical storm"),
            Self::SevereTropicalStorm => ("强热带风暴", "severe tropical storm"),
            Self::Typhoon => ("台风", "typhoon"),
            Self::SevereTyphoon => ("强台风", "severe typhoon"),
            Self::SuperTyphoon => ("超强台风", "super typhoon"),
        }
    }
}

/// Colour of a signal, in rising order.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    /// 蓝色, IV.
    Blue,
    /// 黄色, III.
    Yellow,
    /// 橙色, II.
    Orange,
    /// 红色, I.
    Red,
}

/// Rainstorm signals: hours, rain within them [mm], colour; the worst first.
///
/// Source: 气象灾害预警信号及防御指南 (CMA, 2007), rainstorm.
const RAIN_SIGNALS: [(f64, f64, Colour); 4] = [
    (3.0, 100.0, Colour::Red),
    (3.0, 50.0, Colour::Orange),
    (6.0, 50.0, Colour::Yellow),
    (12.0, 50.0, Colour::Blue),
];

/// Rainstorm signal of a rain [m s⁻¹ against s], or `None`.
pub fn rain_signal(rain: &Series) -> Option<Colour> {
    let signal = |&(hours, mm, colour): &(f64, f64, Colour)| {
        (greatest_sum(rain, hours * 3600.0) * 1e3 >= mm - 1e-9).then_some(colour)
    };
    RAIN_SIGNALS.iter().find_map(signal)
}

/// Greatest depth that falls within a window of a given length [m].
///
/// The sum over a window is piecewise quadratic between the times at which either end meets a value of the
/// series; it is looked at there.
pub fn greatest_sum(rain: &Series, window: f64) -> f64 {
    let (Some(&first), Some(&last)) = (rain.time_s.first(), rain.time_s.last()) else {
        return 0.0;
    };
    let mut depth = vec![0.0];
    for k in 1..rain.time_s.len() {
        let step = rain.time_s[k] - rain.time_s[k - 1];
        depth.push(depth[k - 1] + 0.5 * step * (rain.value[k] + rain.value[k - 1]));
    }
    let fallen = |t: f64| {
        let t = t.clamp(first, last);
        let k = rain
            .time_s
            .partition_point(|x| *x <= t)
            .clamp(1, rain.time_s.len())
            - 1;
        depth[k] + 0.5 * (t - rain.time_s[k]) * (rain.value[k] + rain.at(t))
    };
    let ends = rain.time_s.iter().flat_map(|&t| [t, t + window]);
    ends.map(|end| fallen(end) - fallen(end - window))
        .fold(0.0, f64::max)
}

/// Beaufort force of a mean wind [m s⁻¹], 0 to 17.
///
/// Source: GB/T 28591-2012, table 1.
pub fn beaufort(wind: f64) -> u8 {
    const LOWER: [f64; 17] = [
        0.3, 1.6, 3.4, 5.5, 8.0, 10.8, 13.9, 17.2, 20.8, 24.5, 28.5, 32.7, 37.0, 41.5, 46.2, 51.0,
        56.1,
    ];
    let tenths = (wind * 10.0).round() / 10.0;
    LOWER.iter().filter(|bound| tenths >= **bound).count() as u8
}

/// Typhoon signals: hours ahead, mean wind and gust in Beaufort, colour; the worst first.
///
/// Source: 气象灾害预警信号及防御指南 (CMA, 2007), typhoon.
const WIND_SIGNALS: [(f64, u8, u8, Colour); 4] = [
    (6.0, 12, 14, Colour::Red),
    (12.0, 10, 12, Colour::Orange),
    (24.0, 8, 10, Colour::Yellow),
    (24.0, 6, 8, Colour::Blue),
];

/// Typhoon signal for a mean wind and a gust [m s⁻¹] that come in some hours, or `None`.
pub fn wind_signal(mean: f64, gust: f64, hours_ahead: f64) -> Option<Colour> {
    let (mean, gust) = (beaufort(mean), beaufort(gust));
    WIND_SIGNALS
        .iter()
        .find(|(hours, least, least_gust, _)| {
            hours_ahead <= *hours && (mean >= *least || gust >= *least_gust)
        })
        .map(|signal| signal.3)
}

/// Grade of the rain of a day.
///
/// Source: GB/T 28592-2012, table 1, 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RainGrade {
    /// Less than 0.1 mm.
    None,
    /// 小雨.
    Light,
    /// 中雨, from 10 mm.
    Moderate,
    /// 大雨, from 25 mm.
    Heavy,
    /// 暴雨, from 50 mm.
    Rainstorm,
    /// 大暴雨, from 100 mm.
    HeavyRainstorm,
    /// 特大暴雨, from 250 mm.
    ExtraordinaryRainstorm,
}

impl RainGrade {
    /// Grade of a 24-hour depth [mm].
    pub fn of_day(mm: f64) -> Self {
        let tenths = (mm * 10.0).round() / 10.0;
        [
            (250.0, Self::ExtraordinaryRainstorm),
            (100.0, Self::HeavyRainstorm),
            (50.0, Self::Rainstorm),
            (25.0, Self::Heavy),
            (10.0, Self::Moderate),
            (0.1, Self::Light),
        ]
        .into_iter()
        .find(|(bound, _)| tenths >= *bound)
        .map_or(Self::None, |(_, grade)| grade)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cyclones_are_classed_by_the_table() {
        use CycloneClass::*;
        for (wind, class) in [
            (10.7, Low),
            (10.8, TropicalDepression),
            (17.1, TropicalDepression),
            (17.2, TropicalStorm),
            (24.4, TropicalStorm),
            (24.5, SevereTropicalStorm),
            (32.6, SevereTropicalStorm),
            (32.7, Typhoon),
            (41.4, Typhoon),
            (41.5, SevereTyphoon),
            (50.9, SevereTyphoon),
            (51.0, SuperTyphoon),
        ] {
            assert_eq!(CycloneClass::of_wind(wind), class, "{wind}");
        }
        // Lower bounds of the classes are those of Beaufort 6, 8, 10, 12, 14 and 16.
        let forces: Vec<u8> = CYCLONE_BOUNDS.iter().rev().map(|b| beaufort(b.0)).collect();
        assert_eq!(forces, [6, 8, 10, 12, 14, 16]);
    }

    /// Rain of a depth [mm] that falls evenly within some hours of a day.
    fn rain(mm: f64, hours: f64) -> Series {
        let rate = mm * 1e-3 / (hours * 3600.0);
        let (from, to) = (6.0 * 3600.0, (6.0 + hours) * 3600.0);
        Series::new(
            vec![0.0, from, from + 1e-6, to, to + 1e-6, 86_400.0],
            vec![0.0, 0.0, rate, rate, 0.0, 0.0],
        )
        .expect("in order")
    }

    #[test]
    fn rain_signals_follow_the_table() {
        for (mm, hours, expected) in [
            (100.1, 3.0, Some(Colour::Red)),
            (99.0, 3.0, Some(Colour::Orange)),
            (50.1, 3.0, Some(Colour::Orange)),
            (49.0, 3.0, None),
            (50.1, 6.0, Some(Colour::Yellow)),
            (50.1, 12.0, Some(Colour::Blue)),
            (49.0, 12.0, None),
        ] {
            assert_eq!(
                rain_signal(&rain(mm, hours)),
                expected,
                "{mm} mm in {hours} h"
            );
        }
        assert!((greatest_sum(&rain(60.0, 2.0), 3600.0) * 1e3 - 30.0).abs() < 1e-3);
    }

    #[test]
    fn wind_signals_follow_the_table() {
        let at = |force: u8| {
            [
                0.0, 0.3, 1.6, 3.4, 5.5, 8.0, 10.8, 13.9, 17.2, 20.8, 24.5, 28.5, 32.7, 37.0, 41.5,
            ][usize::from(force)]
        };
        for (mean, gust, hours, expected) in [
            (12, 12, 6.0, Some(Colour::Red)),
            (12, 12, 7.0, Some(Colour::Orange)),
            (11, 14, 6.0, Some(Colour::Red)),
            (10, 10, 12.0, Some(Colour::Orange)),
            (8, 8, 24.0, Some(Colour::Yellow)),
            (6, 7, 24.0, Some(Colour::Blue)),
            (5, 8, 24.0, Some(Colour::Blue)),
            (5, 7, 24.0, None),
            (12, 14, 25.0, None),
        ] {
            assert_eq!(
                wind_signal(at(mean), at(gust), hours),
                expected,
                "{mean} {gust} {hours}"
            );
        }
    }

    #[test]
    fn days_of_rain_are_graded() {
        use RainGrade::*;
        for (mm, grade) in [
            (0.04, None),
            (9.9, Light),
            (10.0, Moderate),
            (24.9, Moderate),
            (25.0, Heavy),
            (50.0, Rainstorm),
            (99.9, Rainstorm),
            (100.0, HeavyRainstorm),
            (250.0, ExtraordinaryRainstorm),
        ] {
            assert_eq!(RainGrade::of_day(mm), grade, "{mm}");
        }
    }
}
