//! The same storm in files with odd lines, other storms beside it, other line ends: the same wind.

use crate::program::Folder;
use crate::rows::{Figure, Row, hold};

/// Rows of the table.
pub const ROWS: usize = 7 * 5;

const OWN: &str = "name,agency,time_utc,lat,lon,vmax_kt,pmin_hpa\n\
TESTA,JMA,2017-08-22T12:00:00Z,20.7,115.4,70,970\n\
TESTA,JMA,2017-08-22T18:00:00Z,21.1,114.7,75,965\n\
TESTA,JMA,2017-08-23T00:00:00Z,21.5,114.0,75,965\n";
const OWN_OTHER: &str = "OTHER,JMA,2015-08-22T12:00:00Z,10.7,135.4,50,990\nOTHER,JMA,2015-08-22T18:00:00Z,11.1,134.7,55,985\n";
const OWN_ODD: &str = "OTHER,JMA,2015-08-23T00:00:00Z,95.0,135.4,50,990\n";

const IBTRACS: &str = "SID,SEASON,NUMBER,BASIN,SUBBASIN,NAME,ISO_TIME,NATURE,LAT,LON,WMO_WIND,WMO_PRES,TOKYO_LAT,TOKYO_LON,TOKYO_WIND,TOKYO_PRES\n \
,Year, , , , ,, ,degrees_north,degrees_east,kts,mb,degrees_north,degrees_east,kts,mb\n\
2017231N16128,2017,61,WP,MM,TESTA,2017-08-22 12:00:00,TS,20.7,115.4, , ,20.7,115.4,70,970\n\
2017231N16128,2017,61,WP,MM,TESTA,2017-08-22 18:00:00,TS,21.1,114.7, , ,21.1,114.7,75,965\n\
2017231N16128,2017,61,WP,MM,TESTA,2017-08-23 00:00:00,TS,21.5,114.0, , ,21.5,114.0,75,965\n";
const IBTRACS_OTHER: &str = "2015231N16128,2015,11,WP,MM,OTHER,2015-08-22 12:00:00,TS,10.7,135.4, , ,10.7,135.4,50,990\n\
2015231N16128,2015,11,WP,MM,OTHER,2015-08-22 18:00:00,TS,11.1,134.7, , ,11.1,134.7,55,985\n";
const IBTRACS_ODD: &str =
    "2015231N16128,2015,11,WP,MM,OTHER,2015-08-23 00:00:00,TS,91.5,135.4, , ,91.5,135.4,50,990\n";

const ATCF: &str = "WP, 15, 2017082212,   , BEST,   0, 207N, 1154E,  70,  970, TY,   0,    ,    0,    0,    0,    0, 1008,  200,  20,   0,   0,   W,   0,    ,   0,   0,      TESTA, D,\n\
WP, 15, 2017082218,   , BEST,   0, 211N, 1147E,  75,  965, TY,   0,    ,    0,    0,    0,    0, 1008,  200,  20,   0,   0,   W,   0,    ,   0,   0,      TESTA, D,\n\
WP, 15, 2017082300,   , BEST,   0, 215N, 1140E,  75,  965, TY,   0,    ,    0,    0,    0,    0, 1008,  200,  20,   0,   0,   W,   0,    ,   0,   0,      TESTA, D,\n";
const ATCF_OTHER: &str = "WP, 03, 2015082212,   , BEST,   0, 107N, 1354E,  50,  990, TS,   0,    ,    0,    0,    0,    0, 1008,  200,  20,   0,   0,   W,   0,    ,   0,   0,      OTHER, D,\n\
WP, 03, 2015082218,   , BEST,   0, 111N, 1347E,  55,  985, TS,   0,    ,    0,    0,    0,    0, 1008,  200,  20,   0,   0,   W,   0,    ,   0,   0,      OTHER, D,\n";
const ATCF_ODD: &str = "WP, 03, 2015082300,   , BEST,   0,   0 ,    0 ,   0,    0, TS,   0,    ,    0,    0,    0,    0, 1008,  200,  20,   0,   0,   W,   0,    ,   0,   0,      OTHER, D,\n";

const CMA: &str = "66666 1713    3 0015 1713 0 6             TESTA                         20180101\n\
2017082212 3 207 1154  970      36\n2017082218 4 211 1147  965      39\n2017082300 4 215 1140  965      39\n";
const CMA_OTHER: &str = "66666 1503    2 0003 1503 0 6             OTHER                         20160101\n\
2015082212 2 107 1354  990      25\n2015082218 2 111 1347  985      28\n";
const CMA_ODD: &str = "2015082300 2 999 1354  990      25\n";

const JMA: &str = "66666 1713  003 0015 1713 0 6               TESTA               20180101\n\
17082212 002 4 207 1154  970     070     00000 0000 00000 0000\n\
17082218 002 4 211 1147  965     075     00000 0000 00000 0000\n\
17082300 002 4 215 1140  965     075     00000 0000 00000 0000\n";
const JMA_OTHER: &str = "66666 1503  002 0003 1503 0 6               OTHER               20160101\n\
15082212 002 3 107 1354  990     050     00000 0000 00000 0000\n\
15082218 002 3 111 1347  985     055     00000 0000 00000 0000\n";
const JMA_ODD: &str = "15082300 002 3 999 1354  990     050     00000 0000 00000 0000\n";

fn wind(folder: &Folder, bytes: Vec<u8>, storm: &str) -> Result<Figure, String> {
    folder.write("track.txt", bytes);
    let _ = std::fs::remove_file(folder.path("wind.csv"));
    let command = [
        "typhoon",
        "track.txt",
        "--storm",
        storm,
        "--at",
        "points.csv",
        "--out",
        "wind.csv",
    ];
    let outcome = folder.run(&command, "en");
    match outcome.status {
        0 => Ok(std::fs::read_to_string(folder.path("wind.csv"))
            .unwrap_or_default()
            .into()),
        status => Err(format!("status {status}: {}", outcome.said.trim())),
    }
}

#[test]
fn a_storm_has_the_same_wind_whatever_else_its_file_holds() {
    let folder = Folder::new();
    folder.write("points.csv", "id,lon,lat\na,114.2,22.3\nb,113.5,22.0\n");
    let mut rows = Vec::new();
    for (format, text, other, odd) in [
        ("own", OWN, OWN_OTHER, OWN_ODD),
        ("IBTrACS", IBTRACS, IBTRACS_OTHER, IBTRACS_ODD),
        ("ATCF", ATCF, ATCF_OTHER, ATCF_ODD),
        ("CMA", CMA, CMA_OTHER, CMA_ODD),
        ("JMA", JMA, JMA_OTHER, JMA_ODD),
    ] {
        let base = wind(&folder, text.as_bytes().to_vec(), "TESTA").expect("the base is read");
        let windows = text.replace('\n', "\r\n");
        let dresses = [
            ("Windows line ends", windows.clone()),
            ("a byte order mark", format!("\u{feff}{text}")),
            ("both", format!("\u{feff}{windows}")),
            ("blank lines at the end", format!("{text}\n\n")),
            ("no line end at the end", text.trim_end().to_owned()),
            ("another storm behind", format!("{text}{other}")),
            (
                "another storm with an odd line",
                format!("{text}{other}{odd}"),
            ),
        ];
        for (dress, text) in dresses {
            rows.push(Row {
                name: format!("{format}, {dress}"),
                figure: "wind",
                want: base.clone(),
                got: wind(&folder, text.into_bytes(), "TESTA"),
                within: 0.0,
            });
        }
    }
    hold("storms", &rows, ROWS);
}
