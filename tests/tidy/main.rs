//! The tree keeps its own rules: who may use whom, no machine's paths, one message catalogue.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use stormgrid_tests::repository;

/// Who may use whom, besides itself: the arrows of ARCHITECTURE.md.
const ARROWS: &[(&str, &[&str])] = &[
    ("stormgrid_core", &[]),
    ("stormgrid_crs", &["stormgrid_core"]),
    ("stormgrid_sim", &["stormgrid_core"]),
    ("stormgrid_formats", &["stormgrid_core"]),
    ("stormgrid_twin", &["stormgrid_core", "stormgrid_sim"]),
    (
        "stormgrid_project",
        &[
            "stormgrid_core",
            "stormgrid_crs",
            "stormgrid_formats",
            "stormgrid_sim",
            "stormgrid_twin",
        ],
    ),
    (
        "stormgrid_demo",
        &["stormgrid_core", "stormgrid_crs", "stormgrid_formats"],
    ),
    (
        "stormgrid_server",
        &[
            "stormgrid_core",
            "stormgrid_formats",
            "stormgrid_project",
            "stormgrid_twin",
        ],
    ),
    (
        "stormgrid_verify",
        &["stormgrid_core", "stormgrid_formats", "stormgrid_sim"],
    ),
    (
        "stormgrid_flood_wasm",
        &["stormgrid_core", "stormgrid_formats", "stormgrid_sim"],
    ),
    (
        "stormgrid",
        &[
            "stormgrid_core",
            "stormgrid_crs",
            "stormgrid_demo",
            "stormgrid_formats",
            "stormgrid_project",
            "stormgrid_server",
            "stormgrid_sim",
            "stormgrid_twin",
            "stormgrid_verify",
        ],
    ),
    (
        "stormgrid_scene",
        &["stormgrid_core", "stormgrid_formats", "stormgrid_twin"],
    ),
    (
        "stormgrid_viewer",
        &[
            "stormgrid_core",
            "stormgrid_crs",
            "stormgrid_formats",
            "stormgrid_scene",
        ],
    ),
];

/// Crates that stay free of files, network, clocks, async and the game engine.
const PURE: &[&str] = &["stormgrid_core", "stormgrid_sim", "stormgrid_formats"];

#[test]
fn crates_use_only_whom_they_may() {
    for (package, dependencies) in workspace_dependencies() {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == package) else {
            continue;
        };
        for dependency in dependencies.iter().filter(|d| d.starts_with("stormgrid")) {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{package} uses {dependency}, which ARCHITECTURE.md does not allow"
            );
        }
    }
}

#[test]
fn pure_crates_know_no_runtime_and_no_engine() {
    for (package, dependencies) in workspace_dependencies() {
        if PURE.contains(&package.as_str()) {
            for heavy in [
                "tokio", "axum", "bevy", "bevy_ecs", "bevy_app", "rusqlite", "proj",
            ] {
                assert!(
                    !dependencies.contains(heavy),
                    "{package} depends on {heavy}"
                );
            }
        }
    }
    for package in PURE {
        let folder = repository()
            .join("engine")
            .join(package.trim_start_matches("stormgrid_"))
            .join("src");
        for (path, text) in sources(&folder) {
            for word in [
                "std::fs",
                "std::net",
                "std::env",
                "SystemTime",
                "Instant::now",
            ] {
                assert!(
                    !text.contains(word),
                    "{path} uses {word}; the pure crates take such things as arguments"
                );
            }
        }
    }
}

#[test]
fn default_members_never_compile_the_renderer() {
    let tree = cargo(&[
        "tree",
        "--locked",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--no-dedupe",
    ]);
    for renderer in ["bevy_render", "bevy_pbr", "bevy_winit", "wgpu"] {
        let found = tree
            .lines()
            .any(|line| line.split(' ').next() == Some(renderer));
        assert!(!found, "the default members pull in {renderer}");
    }
    assert!(
        tree.lines().any(|line| line.starts_with("bevy_ecs ")),
        "the tree of dependencies was not read"
    );
}

#[test]
fn every_crate_takes_the_workspace_lints() {
    for path in tracked().iter().filter(|p| p.ends_with("/Cargo.toml")) {
        let text = read(path);
        assert!(
            text.contains("[lints]\nworkspace = true"),
            "{path} does not take the workspace's lints"
        );
    }
}

#[test]
fn nothing_tracked_names_a_machine_or_a_registry() {
    // Assembled, so that this file does not name them itself.
    let banned = [
        ["/wo", "rk/"].concat(),
        ["/ro", "ot/"].concat(),
        ["/ho", "me/"].concat(),
        ["registry.npm", "js.org"].concat(),
        ["static.crates", ".io"].concat(),
        ["pypi", ".org"].concat(),
        ["deb.debian", ".org"].concat(),
    ];
    for path in tracked() {
        // Lock files of npm may name where a package came from; ours must not.
        let text = read(&path);
        for word in &banned {
            assert!(!text.contains(word.as_str()), "{path} contains `{word}`");
        }
    }
}

#[test]
fn no_unfinished_business_is_tracked() {
    let banned = [
        ["todo", "!("].concat(),
        ["unimplemented", "!("].concat(),
        ["#[ign", "ore"].concat(),
        ["dbg", "!("].concat(),
    ];
    for path in tracked()
        .iter()
        .filter(|p| p.ends_with(".rs") || p.ends_with(".ts"))
    {
        let text = read(path);
        for word in &banned {
            assert!(!text.contains(word.as_str()), "{path} contains `{word}`");
        }
    }
}

#[test]
fn every_message_is_in_chinese_and_english() {
    let text = read("assets/messages.json");
    let catalogue: BTreeMap<String, BTreeMap<String, String>> = serde_json::from_str(&text)
        .expect("assets/messages.json is an object of { zh, en } objects");
    assert!(
        catalogue.len() > 20,
        "the catalogue holds {} messages",
        catalogue.len()
    );
    for (key, message) in &catalogue {
        for language in ["zh", "en"] {
            let filled = message
                .get(language)
                .is_some_and(|text| !text.trim().is_empty());
            assert!(filled, "message `{key}` has no `{language}` text");
        }
        let slots = |language: &str| -> BTreeSet<String> {
            let text = &message[language];
            text.match_indices('{')
                .filter_map(|(at, _)| {
                    text[at..]
                        .find('}')
                        .map(|end| text[at..=at + end].to_owned())
                })
                .collect()
        };
        assert_eq!(
            slots("zh"),
            slots("en"),
            "message `{key}` has different slots in its two languages"
        );
    }
    for path in tracked()
        .iter()
        .filter(|p| p.starts_with("viewer-wasm/page/") && p.ends_with(".ts"))
    {
        let source = read(path);
        for (at, _) in source.match_indices("t(\"") {
            let boundary = at == 0 || !source.as_bytes()[at - 1].is_ascii_alphanumeric();
            let key = source[at + 3..].split('"').next().unwrap_or_default();
            if boundary {
                assert!(
                    catalogue.contains_key(key),
                    "{path} shows message `{key}`, which the catalogue lacks"
                );
            }
        }
    }
}

/// Where a crate writes the English beside a key, it is the catalogue's; keys that are asked for are there.
#[test]
fn texts_of_the_engine_are_those_of_the_catalogue() {
    let catalogue: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_str(&read("assets/messages.json")).expect("an object of objects");
    let mut seen = 0;
    for path in tracked().iter().filter(|p| is_source(p)) {
        let source = code(path);
        for (at, call) in CALLS
            .iter()
            .flat_map(|call| source.match_indices(call).map(move |(at, _)| (at, *call)))
        {
            let before = source[..at].chars().next_back();
            let method = before.is_some_and(|c| c.is_alphanumeric() || c == '.' || c == '_');
            let Some((key, rest)) = literal(&source[at + call.len()..]) else {
                continue;
            };
            // Keys have a dot; other functions of these names take names of columns.
            if method || !key.contains('.') {
                continue;
            }
            seen += 1;
            let known = catalogue.get(&key);
            let known =
                known.unwrap_or_else(|| panic!("{path} tells `{key}`, which the catalogue lacks"));
            if call == "message!(" {
                let english = literal(rest.trim_start_matches(',')).map(|(english, _)| english);
                assert_eq!(
                    english.as_ref(),
                    Some(&known["en"]),
                    "{path} and the catalogue differ in the English of `{key}`"
                );
            }
        }
    }
    assert!(seen > 300, "{seen} texts were found");
}

/// What takes a key of the catalogue first.
const CALLS: [&str; 4] = ["message!(", "Message::key(", "text(", "not_found("];

/// What the server says to people stands in the catalogue, both languages of it.
#[test]
fn the_server_has_no_chinese_of_its_own() {
    for path in tracked()
        .iter()
        .filter(|p| p.starts_with("engine/server/src/"))
    {
        for (number, line) in code(path).lines().enumerate() {
            let told = line.split("//").next().unwrap_or_default();
            let chinese = told.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            assert!(!chinese, "{path}, line {}: {line}", number + 1);
        }
    }
}

#[test]
fn the_papers_of_the_project_are_there() {
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "LICENSE",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "Cargo.lock",
    ] {
        assert!(repository().join(name).is_file(), "{name} is missing");
    }
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(repository())
        .output()
        .expect("cargo can be started");
    assert!(
        output.status.success(),
        "cargo {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}

/// Normal and build dependencies of every workspace member, by name.
fn workspace_dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata: serde_json::Value = serde_json::from_str(&cargo(&[
        "metadata",
        "--locked",
        "--no-deps",
        "--format-version",
        "1",
    ]))
    .expect("JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    assert!(packages.len() >= ARROWS.len());
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"]
                .as_array()
                .expect("a list")
                .iter()
                .filter(|d| d["kind"] != "dev")
                .map(|d| d["name"].as_str().expect("a name").to_owned())
                .collect();
            (
                package["name"].as_str().expect("a name").to_owned(),
                dependencies,
            )
        })
        .collect()
}

fn tracked() -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(repository())
        .output()
        .expect("git can be started");
    let list = String::from_utf8(output.stdout).expect("paths are UTF-8");
    let paths: Vec<String> = list
        .split('\0')
        .filter(|p| !p.is_empty())
        .map(str::to_owned)
        .collect();
    assert!(paths.len() > 30, "git lists {} files", paths.len());
    paths
        .into_iter()
        .filter(|p| repository().join(p).is_file())
        .collect()
}

/// Whether a file is a source of the engine, tests left out.
fn is_source(path: &str) -> bool {
    path.starts_with("engine/")
        && path.contains("/src/")
        && path.ends_with(".rs")
        && !path.contains("/tests")
}

/// A source without its comments and the tests in it, line by line.
fn code(path: &str) -> String {
    let text = read(path);
    let code = text
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default();
    let lines = code
        .lines()
        .map(|line| match line.trim_start().starts_with("//") {
            true => "",
            false => line,
        });
    lines.collect::<Vec<_>>().join("\n")
}

/// The string that a text begins with, and what follows it.
fn literal(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start().strip_prefix('"')?;
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            c => value.push(c),
        }
    }
    None
}

/// The text of a tracked file; binary files read as what of them is UTF-8.
fn read(path: &str) -> String {
    let bytes =
        std::fs::read(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    String::from_utf8_lossy(&bytes).into_owned()
}

fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)
        .expect("a folder of sources")
        .flatten()
    {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).expect("UTF-8 source");
            // Tests in a file may touch the world.
            let code = text
                .split("#[cfg(test)]")
                .next()
                .unwrap_or_default()
                .to_owned();
            found.push((path.display().to_string(), code));
        }
    }
    found
}
