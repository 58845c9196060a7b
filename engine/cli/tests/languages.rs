//! The program speaks Chinese or English, as `--lang` or the environment says; what programs read does not depend on
//! it.
//!
//! The expected English is what the program printed before it knew Chinese.

#[expect(dead_code, reason = "the server is of no use here")]
mod common;
#[path = "../../../tests/language.rs"]
mod language;

use std::path::Path;
use std::process::{Command, Output};

use common::Place;
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_formats::elevation::write_geotiff;

const ADVISORY: &str = r#"{"name": "HATO", "agency": "CMA", "base_time": "2017-08-22T12:00:00Z", "averaging_min": 2,
 "wind_unit": "m/s", "fixes": [
 {"lead_h": 0, "lat": 20.9, "lon": 116.5, "wind": 33, "pressure_hpa": 975},
 {"lead_h": 12, "lat": 21.6, "lon": 114.6, "wind": 42, "pressure_hpa": 955},
 {"lead_h": 24, "lat": 22.6, "lon": 112.0, "wind": 33}]}"#;

const NOTE_ZH: &str = "说明：hato.json：HATO 的 3 个位置中有 1 个没有给出气压，取前后插值\n说明：hato.json：没有给出 HATO 的最大风速半径，由气压和纬度推算（Vickery 与 Wadhera，2008），误差约三分之一\n";

const NOTE_EN: &str = "note: hato.json: 1 of 3 fixes of HATO give no pressure: it is interpolated there\n\
    note: hato.json: no radius of maximum wind is given for HATO; it is estimated from pressure \
    and latitude (Vickery and Wadhera 2008), to about a third\n";

/// A ring that crosses itself, and two polygons with one code, one of them over the other.
const GRIDS: &str = r#"{"type":"FeatureCollection","features":[
    {"type":"Feature","properties":{"code":"A"},"geometry":{"type":"Polygon","coordinates":[[[113,22],[113.1,22.1],[113.1,22],[113,22.1],[113,22]]]}},
    {"type":"Feature","properties":{"code":"B"},"geometry":{"type":"Polygon","coordinates":[[[114,22],[114.1,22],[114.1,22.1],[114,22.1],[114,22]]]}},
    {"type":"Feature","properties":{"code":"B"},"geometry":{"type":"Polygon","coordinates":[[[114.1,22],[114.2,22],[114.2,22.1],[114.1,22.1],[114.1,22]]]}}]}"#;

const SCENARIO: &str = "[run]\nstart = \"2017-08-23T00:00:00+08:00\"\nduration_s = 60\n[terrain]\n\
    elevation = \"dem.tif\"\n[rain]\nrate_mm_h = 50\n";

/// A folder with the inputs.
fn bench() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let geometry = RasterGeometry::new(40, 30, 400_000.0, 2_500_000.0, 5.0, 5.0).expect("valid");
    let raster = Raster::from_fn(geometry, |r, c| (r + c) as f32 * 0.1);
    let dem = write_geotiff(&raster, Some("EPSG:4547"), -9999.0).expect("written");
    let half = dem[..dem.len() / 2].to_vec();
    let files: [(&str, &[u8]); 9] = [
        ("hato.json", ADVISORY.as_bytes()),
        ("points.csv", "id,lon,lat\n甲,113.5,22.2\n".as_bytes()),
        ("far.csv", "id,lon,lat\n甲,513.5,22.2\n".as_bytes()),
        ("grids.geojson", GRIDS.as_bytes()),
        (
            "none.geojson",
            br#"{"type":"FeatureCollection","features":[]}"#,
        ),
        ("run.toml", SCENARIO.as_bytes()),
        ("dem.tif", &dem),
        ("half.tif", &half),
        ("broken.geojson", b"{\"type\": FeatureCollection}"),
    ];
    for (name, bytes) in files {
        std::fs::write(dir.path().join(name), bytes).expect("written");
    }
    let half = SCENARIO.replace("dem.tif", "half.tif");
    std::fs::write(dir.path().join("half.toml"), half).expect("written");
    let typo = SCENARIO.replace("duration_s", "duraton_s");
    std::fs::write(dir.path().join("typo.toml"), typo).expect("written");
    dir
}

/// Runs the program in an environment that names a language by these variables alone.
fn run(at: &Path, set: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stormgrid"));
    command.current_dir(at).args(arguments);
    clear(&mut command);
    command.env_remove("STORMGRID_VIEWER");
    command.envs(set.iter().copied());
    command.output().expect("the program starts")
}

fn clear(command: &mut Command) {
    for name in [
        "STORMGRID_LANG",
        "STORMGRID_LOG",
        "LC_ALL",
        "LC_MESSAGES",
        "LANG",
    ] {
        command.env_remove(name);
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

#[test]
fn faults_are_one_chinese_sentence() {
    let dir = bench();
    let typhoon = ["typhoon", "hato.json", "--out", "wind.csv", "--at"];
    let cases: [(&[&str], &str); 14] = [
        (
            &["check", "nowhere"],
            "错误：无法读取 nowhere/twin.toml：没有这个文件或文件夹",
        ),
        (
            &["simulate", "typo.toml", "--out", "o"],
            "错误：typo.toml，第 3 行：[run] 中没有“duraton_s”这一项；是否应为“duration_s”？",
        ),
        (
            &["simulate", "run.toml", "--out", "."],
            "错误：. 不为空，且不是本程序先前的结果；请另指定结果文件夹，或将其清空",
        ),
        (
            &[&typhoon[..], &["far.csv"]].concat(),
            "错误：far.csv，点 甲：经度 513.5、纬度 22.2 不是地球上的位置；先写经度（-180 到 180），再写纬度（-90 到 90）",
        ),
        (
            &["typhoon", "hato.json", "--at", "points.csv", "--out", "."],
            "错误：无法写入 .：这是一个文件夹",
        ),
        (
            &[
                "typhoon",
                "hato.json",
                "--storm",
                "PAKHAR",
                "--at",
                "points.csv",
                "--out",
                "w.csv",
            ],
            "错误：hato.json：其中没有台风 PAKHAR；请从以下名称中选择：HATO (2017, CMA)",
        ),
        (
            &["grids", "check", "none.geojson"],
            "错误：none.geojson：其中没有多边形；请重新导出该图层",
        ),
        (
            &["grids", "check", "grids.geojson", "--id", "bianma"],
            "错误：grids.geojson：第 0 个要素没有属性“bianma”；请用 --id 指明编码所在的属性",
        ),
        (
            &["warnings", "approve", "x", "--by", "张三"],
            "错误：没有预警“x”",
        ),
        (
            &["warnings", "drafts", "run"],
            "错误：无法读取 run/warnings/drafts.json：没有这个文件或文件夹",
        ),
        (
            &["compare", "a", "b"],
            "错误：无法读取 a/summary.json：没有这个文件或文件夹",
        ),
        (
            &["verify", "--case", "nix"],
            "错误：没有这个算例；可用的算例有：lake_at_rest",
        ),
        (
            &["serve", "nowhere"],
            "错误：程序所在的文件夹中没有网页；请用 `cargo xtask viewer` 生成，或用 --viewer 指明其文件夹",
        ),
        (
            &["demo", "--dir", "hato.json", "--viewer", "."],
            "错误：hato.json 不为空，不在其中写入演示城市；请将其移走，或另指定文件夹",
        ),
    ];
    for (arguments, expected) in cases {
        let output = run(dir.path(), &[("LANG", "zh_CN.UTF-8")], arguments);
        let said = err(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        // A note of the track may come first.
        let said = said.replace(NOTE_ZH, "");
        assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
        assert!(said.starts_with(expected), "{arguments:?}: {said}");
    }
    assert!(!dir.path().join("wind.csv").exists());
}

#[test]
fn faults_of_files_are_told_in_both_languages() {
    let dir = bench();
    let cases: [(&str, &[&str], &str); 2] = [
        (
            "half.tif",
            &["simulate", "half.toml", "--out", "o"],
            "GeoTIFF 提前结束；文件被截断：请重新复制或下载",
        ),
        (
            "broken.geojson",
            &["grids", "check", "broken.geojson"],
            "不是有效的 JSON；请修正或重新导出文件（加 --lang en 可显示英文说明）",
        ),
    ];
    for (file, arguments, expected) in cases {
        let zh = err(&run(dir.path(), &[("LANG", "zh_CN")], arguments));
        assert!(
            zh.starts_with(&format!("错误：{file}")) && zh.trim_end().ends_with(expected),
            "{zh}"
        );
        assert_eq!(zh.lines().count(), 1, "{zh}");
        let output = run(dir.path(), &[], arguments);
        let en = err(&output);
        assert_eq!(output.status.code(), Some(1));
        let detail = en.strip_prefix(&format!("error: {file}"));
        let detail = detail.expect("the same file").trim();
        assert!(detail.len() > 20 && detail.is_ascii(), "{en}");
    }
}

#[test]
fn the_option_goes_before_the_environment() {
    let dir = bench();
    let speaks = |set: &[(&str, &str)], arguments: &[&str]| {
        let output = run(dir.path(), set, arguments);
        assert_eq!(output.status.code(), Some(1));
        match err(&output) {
            said if said.starts_with("错误：无法读取 nowhere/twin.toml：") => "zh",
            said if said.starts_with("error: nowhere/twin.toml cannot be read: ") => "en",
            said => panic!("{said}"),
        }
    };
    let check = ["check", "nowhere"];
    assert_eq!(speaks(&[], &check), "en");
    assert_eq!(speaks(&[("LANG", "zh_CN.UTF-8")], &check), "zh");
    assert_eq!(speaks(&[("LANG", "de_DE.UTF-8")], &check), "en");
    assert_eq!(
        speaks(&[("LANG", "zh_CN"), ("LC_MESSAGES", "en_US")], &check),
        "en"
    );
    assert_eq!(
        speaks(&[("LC_MESSAGES", "en_US"), ("LC_ALL", "zh_CN")], &check),
        "zh"
    );
    assert_eq!(
        speaks(&[("LC_ALL", "zh_CN"), ("STORMGRID_LANG", "en")], &check),
        "en"
    );
    let zh = [("STORMGRID_LANG", "zh")];
    assert_eq!(speaks(&zh, &["--lang", "en", "check", "nowhere"]), "en");
    assert_eq!(speaks(&[], &["check", "nowhere", "--lang", "zh"]), "zh");
    let unknown = run(dir.path(), &[], &["check", "nowhere", "--lang", "fr"]);
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn a_table_of_winds_is_told_in_both_languages_and_is_the_same() {
    let dir = bench();
    let arguments = |table| {
        let given = ["typhoon", "hato.json", "--at", "points.csv", "--out"];
        [&given[..], &[table]].concat()
    };
    let zh = run(dir.path(), &[("LANG", "zh")], &arguments("zh.csv"));
    let en = run(dir.path(), &[], &arguments("en.csv"));
    assert_eq!(
        out(&zh),
        "CMA 天鸽：1 个点，25 个时刻，水面以上 10 m 的 10 分钟平均风\n"
    );
    assert_eq!(err(&zh), NOTE_ZH);
    assert_eq!(
        out(&en),
        "CMA HATO: 1 points, 25 times, 10-minute means at 10 m over water\n"
    );
    assert_eq!(err(&en), NOTE_EN);
    let table = |name| std::fs::read_to_string(dir.path().join(name)).expect("a table");
    assert_eq!(table("zh.csv"), table("en.csv"));
    assert_eq!(table("zh.csv").lines().count(), 26);
}

#[test]
fn an_advisory_is_told_in_both_languages() {
    let dir = bench();
    let zh = run(dir.path(), &[], &["advisory", "hato.json", "--lang", "zh"]);
    let fixes = "2017-08-22T12:00:00Z  北纬 20.90 东经 116.50  33.0 m/s  975 hPa\n\
                 2017-08-23T00:00:00Z  北纬 21.60 东经 114.60  42.0 m/s  955 hPa\n\
                 2017-08-23T12:00:00Z  北纬 22.60 东经 112.00  33.0 m/s  - hPa\n";
    assert_eq!(out(&zh), format!("{fixes}{NOTE_ZH}"));
    let en = run(dir.path(), &[], &["advisory", "hato.json"]);
    let fixes = "2017-08-22T12:00:00Z  20.90 N 116.50 E  33.0 m/s  975 hPa\n\
                 2017-08-23T00:00:00Z  21.60 N 114.60 E  42.0 m/s  955 hPa\n\
                 2017-08-23T12:00:00Z  22.60 N 112.00 E  33.0 m/s  - hPa\n";
    assert_eq!(out(&en), format!("{fixes}{NOTE_EN}"));
}

#[test]
fn layers_of_a_twin_are_told_in_both_languages() {
    let place = Place::new(600);
    let check = |lang: &str| {
        let mut command = place.command(&["check", "twin", "--lang", lang]);
        out(&command.output().expect("the program starts"))
    };
    assert_eq!(
        check("zh"),
        "test (EPSG:4547)\n\
         \x20 terrain         10000  100 × 100 个单元，边长 10 m · dem.tif · EPSG:4547 · m · 100% 在地形范围内\n\
         \x20 buildings           1  建筑，60 人 · houses.geojson · EPSG:4547 · 100% 在地形范围内\n\
         \x20 grids               2  面，层级：网格，100 人 · grids.geojson · EPSG:4547 · 100% 在地形范围内\n\
         \x20 roads               1  线 · roads.geojson · EPSG:4547 · 100% 在地形范围内\n\
         \x20 track               3  台风位置 · track.csv\n\
         \x20 tide                1  潮汐与海底地形 · tide.csv\n\
         \x20 boundary          200  边界单元 · sea.geojson\n\
         \x20 预报：TEST，自 2017-08-23T01:00:00Z 起，0.16666666666666666 h\n\
         没有错误\n"
    );
    assert_eq!(
        check("en"),
        "test (EPSG:4547)\n\
         \x20 terrain         10000  100 x 100 cells of 10 m · dem.tif · EPSG:4547 · m · 100 % on the ground\n\
         \x20 buildings           1  buildings, 60 people · houses.geojson · EPSG:4547 · 100 % on the ground\n\
         \x20 grids               2  polygons, level grid, 100 people · grids.geojson · EPSG:4547 · 100 % on the ground\n\
         \x20 roads               1  lines · roads.geojson · EPSG:4547 · 100 % on the ground\n\
         \x20 track               3  positions of the storm · track.csv\n\
         \x20 tide                1  tide and sea floor · tide.csv\n\
         \x20 boundary          200  cells of a boundary · sea.geojson\n\
         \x20 forecast: TEST, from 2017-08-23T01:00:00Z, 0.16666666666666666 h\n\
         no faults\n"
    );
}

#[test]
fn a_coverage_is_told_in_both_languages_and_to_programs_in_one() {
    let dir = bench();
    let check = |lang: &str, more: &[&str]| {
        let arguments = [&["grids", "check", "grids.geojson", "--lang", lang], more].concat();
        let output = run(dir.path(), &[], &arguments);
        assert_eq!(output.status.code(), Some(1));
        out(&output)
    };
    let zh = check("zh", &[]);
    let lines: Vec<&str> = zh.lines().collect();
    assert!(
        lines[0].starts_with("grids.geojson：3 个多边形，12 个顶点，"),
        "{zh}"
    );
    assert_eq!(lines[1], "空白：0.0000 m2；重叠：0.0000 m2；问题：2 处");
    assert_eq!(
        lines[2..],
        [
            "  有两个多边形的编码同为 B",
            "  A：环 0 在 (113.05, 22.05) 处自相交（边 0 与边 2），位于 (113.05, 22.05)"
        ]
    );
    let en = check("en", &[]);
    let lines: Vec<&str> = en.lines().collect();
    assert!(
        lines[0].starts_with("grids.geojson: 3 polygons, 12 vertices, "),
        "{en}"
    );
    assert_eq!(
        lines[1..],
        [
            "gaps: 0.0000 m2; overlaps: 0.0000 m2; defects: 2",
            "  two polygons have the code B",
            "  A: ring 0 crosses itself at (113.05, 22.05), edges 0 and 2 at (113.05, 22.05)"
        ]
    );
    let json = check("zh", &["--json"]);
    assert_eq!(json, check("en", &["--json"]));
    assert!(
        json.contains("\"crosses itself at (113.05, 22.05), edges 0 and 2\""),
        "{json}"
    );
}

#[test]
fn a_run_is_told_in_both_languages_with_one_digest() {
    let dir = bench();
    let simulate = |lang: &str| {
        let arguments = ["simulate", "run.toml", "--out", lang, "--lang", lang];
        let output = run(dir.path(), &[], &arguments);
        assert!(output.status.success(), "{}", err(&output));
        out(&output).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let (zh, en) = (simulate("zh"), simulate("en"));
    assert_eq!((zh.len(), en.len()), (5, 5));
    assert!(zh[0].contains("：1200 个单元，边长 5 m，"), "{zh:?}");
    assert!(en[0].contains(": 1200 cells of 5 m, "), "{en:?}");
    assert!(zh[1].starts_with("水量：流入 25 m3，流出 0 m3，蓄存 25 m3，误差 "));
    assert!(en[1].starts_with("water: 25 m3 in, 0 m3 out, 25 m3 stored, error "));
    assert!(zh[2].starts_with("用时：") && zh[2].ends_with(" 个线程"));
    assert!(en[2].starts_with("time: ") && en[2].ends_with(" threads"));
    assert!(zh[3].starts_with("digest: "));
    assert_eq!(zh[3], en[3]);
    assert_eq!(
        (zh[4].as_str(), en[4].as_str()),
        ("结果：zh", "results: en")
    );
    for line in [&zh[1], &zh[2]] {
        assert_eq!(language::faults(line, "x"), Vec::<String>::new());
    }
}

#[test]
fn an_ensemble_is_told_in_chinese_and_its_members_are_understood() {
    let place = Place::new(600);
    let ensemble = |lang: &str| {
        let mut command = place.command(&["forecast", "twin", "--members", "2", "--out", "out"]);
        // The members inherit it.
        command.env("STORMGRID_LANG", lang);
        let output = command.output().expect("the program starts");
        assert!(output.status.success(), "{}", err(&output));
        out(&output).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let zh = ensemble("zh");
    assert_eq!(
        zh[0],
        "TEST：2 个成员完成 2 个，网格 20 m，其中 0 个此前已算完"
    );
    assert!(zh[1].starts_with("用时：") && zh[1].contains(" s，各成员的处理器时间 "));
    assert_eq!(zh[3], "结果：out");
    let en = ensemble("en");
    assert_eq!(
        en[0],
        "TEST: 2 of 2 members with 20 m cells, 2 of them computed before"
    );
    assert!(en[1].starts_with("time: ") && en[1].ends_with(" s of processor time of the members"));
    assert_eq!(en[3], "results: out");
    assert!(zh[2].starts_with("digest: "));
    assert_eq!(zh[2], en[2]);
}
