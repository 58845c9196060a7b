//! Titles of layers where the manifest gives none.

use stormgrid_project::storm::Bilingual;

/// Words for levels and kinds: key, Chinese, English.
const WORDS: [(&str, &str, &str); 18] = [
    ("city", "市", "Cities"),
    ("county", "区县", "Counties"),
    ("town", "镇街", "Towns and streets"),
    ("village", "村（社区）", "Villages and communities"),
    ("grid", "网格", "Grids"),
    ("unit", "最小单元", "Units"),
    ("park_grid", "园区网格", "Park grids"),
    ("park_unit", "园区单元", "Park units"),
    ("road", "道路", "Roads"),
    ("camera", "摄像头", "Cameras"),
    ("sensor", "传感器", "Sensors"),
    ("speaker", "小喇叭", "Speakers"),
    ("school", "学校", "Schools"),
    ("shelter", "避难场所", "Shelters"),
    ("hospital", "医院", "Hospitals"),
    ("pump", "泵站", "Pumps"),
    ("gate", "水闸", "Gates"),
    ("lamp", "路灯", "Street lamps"),
];

/// The title of a layer by its level or kind; its identifier where neither is known.
pub fn title(key: Option<&str>, id: &str) -> Bilingual {
    WORDS
        .iter()
        .find(|(word, ..)| Some(*word) == key)
        .map_or_else(
            || Bilingual::new(id, id),
            |(_, zh, en)| Bilingual::new(*zh, *en),
        )
}
