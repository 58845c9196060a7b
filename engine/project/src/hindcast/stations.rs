//! Where the observations were made.

use stormgrid_core::frame::Geodetic;
use stormgrid_sim::typhoon::Surface;

/// A tide station that observations name.
pub(super) struct Station {
    pub name: &'static str,
    /// Longitude, latitude [°].
    pub at: [f64; 2],
    /// Harmonic station whose tide stands for its own.
    pub tide: &'static str,
    /// Mean sea level above the datum of its levels [m].
    pub mean_level: f64,
    /// Whether that height is assumed rather than known.
    pub datum_assumed: bool,
    /// What a reader must know.
    pub note: &'static str,
}

/// Mean sea level at Quarry Bay above Hong Kong's chart datum [m], 2006 to 2025 (TICON-4).
const HONG_KONG: f64 = 1.463;

/// The same at Macau above the zero of its harmonic constants [m].
const MACAU: f64 = 1.821;

const fn station(name: &'static str, at: [f64; 2], tide: &'static str, mean_level: f64) -> Station {
    Station {
        name,
        at,
        tide,
        mean_level,
        datum_assumed: true,
        note: "",
    }
}

/// Stations of the observations. Positions: Hong Kong Observatory, and the table of thresholds (a few km).
pub(super) const STATIONS: [Station; 11] = [
    Station {
        datum_assumed: false,
        ..station("Quarry Bay", [114.213, 22.291], "Hong Kong", HONG_KONG)
    },
    Station {
        datum_assumed: false,
        note: "at the end of a narrow harbour that the cells do not hold",
        ..station("Tai Po Kau", [114.184, 22.4425], "Hong Kong", HONG_KONG)
    },
    Station {
        datum_assumed: false,
        ..station("Shek Pik", [113.894, 22.220], "Hong Kong", HONG_KONG)
    },
    Station {
        note: "the gauge failed before the peak",
        ..station("Barra (Macau)", [113.53, 22.185], "Macau", MACAU)
    },
    station("Ilha Verde dock (Macau)", [113.535, 22.21], "Macau", MACAU),
    Station {
        note: "the press's word for its reference is ambiguous",
        ..station("Macau Inner Harbour", [113.535, 22.197], "Macau", MACAU)
    },
    station("Chiwan", [113.88, 22.47], "Hong Kong", 0.0),
    Station {
        note: "river mouth",
        ..station("Hengmen", [113.52, 22.57], "Macau", 0.0)
    },
    Station {
        note: "inner estuary",
        ..station("Nansha", [113.57, 22.75], "Macau", 0.0)
    },
    Station {
        note: "inner estuary",
        ..station("Sishengwei", [113.60, 22.93], "Macau", 0.0)
    },
    station("Sanzao", [113.40, 22.03], "Macau", 0.0),
];

/// A place of observed winds or pressures.
pub(super) struct Mast {
    pub name: &'static str,
    /// Longitude, latitude [°].
    pub at: [f64; 2],
    pub surface: Surface,
}

const fn mast(name: &'static str, at: [f64; 2], surface: Surface) -> Mast {
    Mast { name, at, surface }
}

/// Masts of the observations; positions to a few km.
pub(super) const MASTS: [Mast; 6] = [
    mast("Guishan island (Zhuhai)", [113.82, 22.14], Surface::Water),
    mast("Guishan (Zhuhai)", [113.82, 22.14], Surface::Water),
    mast("Huangmaozhou (Zhuhai)", [113.66, 21.82], Surface::Water),
    mast("Tuoning islands (Huizhou)", [114.64, 22.42], Surface::Water),
    mast("Macau", [113.55, 22.16], Surface::Water),
    mast(
        "Duruan, Pengjiang (Jiangmen)",
        [113.03, 22.62],
        Surface::Land,
    ),
];

/// A 3-second gust over a mean of 10 minutes: on islands and coasts with the wind off the sea, and over land.
///
/// Source: Harper, Kepert & Ginger (2010), WMO/TD 1555, table 1.1, G(3, 600).
pub(super) fn gust_factor(surface: Surface) -> f64 {
    match surface {
        Surface::Water => 1.38,
        Surface::Land => 1.66,
    }
}

pub(super) fn place([lon, lat]: [f64; 2]) -> Option<Geodetic> {
    Geodetic::from_degrees(lon, lat).ok()
}
