//! What a fresh machine lacks: found, installed where that is allowed, named where it is not.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::process::Command;

/// What the native build needs: the C++ compiler, CMake and SQLite that PROJ is built with.
pub fn native() -> Result<()> {
    let mut missing = Vec::new();
    let compiler =
        std::env::var("CXX").is_ok() || ["c++", "g++", "clang++"].iter().any(|c| on_path(c));
    for (present, package) in [
        (compiler, "g++"),
        (on_path("cmake"), "cmake"),
        (on_path("sqlite3"), "sqlite3"),
        (has_header("sqlite3.h"), "libsqlite3-dev"),
        (on_path("pkg-config"), "pkg-config"),
    ] {
        if !present {
            missing.push(package);
        }
    }
    install(
        "PROJ, the map projection library, is built from source",
        &missing,
    )
}

/// What the viewer's build needs: the WebAssembly target, Node.js and the npm packages.
pub fn web() -> Result<()> {
    wasm_target()?;
    let node = Command::new("node").arg("--version").output();
    let major = node.as_deref().and_then(|v| {
        v.trim()
            .trim_start_matches('v')
            .split('.')
            .next()?
            .parse::<u32>()
            .ok()
    });
    match major {
        Some(major) if major >= 20 => {}
        Some(_) => bail!(
            "Node.js {} is too old for the viewer's page; install version 20 or newer",
            node.unwrap_or_default().trim()
        ),
        None => bail!(
            "Node.js is not installed; install version 20 or newer with npm, then run this again"
        ),
    }
    for folder in npm_folders() {
        npm_ci(&folder)?;
    }
    Ok(())
}

/// What the browser tests need: Chromium and a Chinese font.
pub fn browser() -> Result<()> {
    let mut missing = Vec::new();
    if chromium().is_none() {
        missing.push("chromium");
    }
    let fonts = Command::new("fc-list")
        .args([":lang=zh"])
        .output()
        .unwrap_or_default();
    if fonts.trim().is_empty() {
        missing.extend(["fonts-noto-cjk", "fontconfig"]);
    }
    install(
        "the browser tests drive Chromium and look at Chinese text",
        &missing,
    )
}

/// What the test of warnings installs the schema of CAP 1.2 with.
pub fn schemas() -> Result<()> {
    let mut missing = Vec::new();
    if !on_path("python3") {
        missing.push("python3-venv");
    }
    install(
        "warnings are held against the schema of CAP 1.2, which a Python package carries",
        &missing,
    )
}

/// A Python with the solvers that the benches run beside ours, in the build folder.
pub fn peers() -> Result<PathBuf> {
    let folder = crate::target_dir().join("peers");
    let python = folder.join("bin/python");
    if !python.exists() {
        Command::new("python3")
            .args(["-m", "venv", &folder.to_string_lossy()])
            .run()?;
        let list = crate::root().join("benches/peers/requirements.txt");
        Command::new(python.to_string_lossy())
            .args(["-m", "pip", "install", "--quiet", "--requirement"])
            .arg(list.to_string_lossy())
            .run()?;
    }
    Ok(python)
}

/// The browser that the tests drive: `$CHROMIUM`, or the first known name on the PATH.
pub fn chromium() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("CHROMIUM") {
        return Some(PathBuf::from(path));
    }
    ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .find_map(|name| find(name))
}

fn wasm_target() -> Result<()> {
    let installed = || {
        Command::new("rustc")
            .args([
                "--print",
                "target-libdir",
                "--target",
                "wasm32-unknown-unknown",
            ])
            .output()
            .is_some_and(|folder| Path::new(folder.trim()).exists())
    };
    if installed() {
        return Ok(());
    }
    eprintln!("installing the Rust target wasm32-unknown-unknown");
    let _ = Command::new("rustup")
        .args(["target", "add", "wasm32-unknown-unknown"])
        .run();
    if !installed() {
        // A toolchain that is only a link to another has no record of its parts; this repairs it.
        let _ = Command::new("rustup").args(["toolchain", "install"]).run();
    }
    if !installed() {
        bail!(
            "the Rust target for the browser is missing; run: rustup target add wasm32-unknown-unknown"
        );
    }
    Ok(())
}

fn npm_folders() -> Vec<PathBuf> {
    ["viewer-wasm/page", "tests/browser"]
        .iter()
        .map(|f| crate::root().join(f))
        .filter(|f| f.join("package-lock.json").exists())
        .collect()
}

/// `npm ci`, unless what it would install is there already.
fn npm_ci(folder: &Path) -> Result<()> {
    let modified = |p: PathBuf| p.metadata().and_then(|m| m.modified()).ok();
    let wanted = modified(folder.join("package-lock.json"));
    let present = modified(folder.join("node_modules/.package-lock.json"));
    if present.is_some() && present >= wanted {
        return Ok(());
    }
    Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .folder(folder)
        .run()
}

fn install(reason: &str, packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let list = packages.join(" ");
    let root = Command::new("id")
        .arg("-u")
        .output()
        .is_some_and(|id| id.trim() == "0");
    let sudo = !root && Command::new("sudo").args(["-n", "true"]).output().is_some();
    if !on_path("apt-get") || !(root || sudo) {
        let line = if on_path("apt-get") {
            format!("sudo apt-get update && sudo apt-get install -y {list}")
        } else {
            format!("(with your system's package manager) {list}")
        };
        bail!("{reason}, and this machine lacks: {list}; to install, run: {line}");
    }
    eprintln!("installing {list}: {reason}");
    let apt = |arguments: &[&str]| {
        let mut command = if root {
            Command::new("apt-get")
        } else {
            Command::new("sudo")
        };
        if !root {
            command.arg("apt-get");
        }
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(arguments)
            .run()
    };
    apt(&["update", "-qq"])?;
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(packages);
    apt(&arguments)
}

fn on_path(program: &str) -> bool {
    find(program).is_some()
}

fn find(program: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

fn has_header(name: &str) -> bool {
    let multiarch = Command::new("cc")
        .arg("-print-multiarch")
        .output()
        .unwrap_or_default();
    [
        "/usr/include",
        "/usr/local/include",
        "/opt/homebrew/include",
    ]
    .iter()
    .map(PathBuf::from)
    .chain([Path::new("/usr/include").join(multiarch.trim())])
    .any(|folder| folder.join(name).is_file())
}
