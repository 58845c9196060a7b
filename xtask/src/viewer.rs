//! The browser's side: viewer and solver as WebAssembly, their JavaScript faces, the page, and
//! compressed copies.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::process::Command;

/// Builds the viewer and returns its folder, `target/viewer`.
pub fn build() -> Result<PathBuf> {
    // In one go: what both use is then built once, with the same features.
    Command::new("cargo")
        .args(WEB_BUILD)
        .args(["-p", "stormgrid_viewer", "-p", FLOOD])
        .run()?;
    let built = crate::target_dir().join(WEB_FOLDER);
    let glue = crate::target_dir().join("viewer-glue");
    bind(&built, "stormgrid_viewer", &glue)?;
    bind(&built, FLOOD, &glue)?;
    let folder = crate::target_dir().join("viewer");
    Command::new("npm")
        .args(["run", "--silent", "build"])
        .folder(crate::root().join("viewer-wasm/page"))
        .env("VIEWER_GLUE", glue.to_string_lossy())
        .env("VIEWER_OUT", folder.to_string_lossy())
        .run()?;
    Ok(folder)
}

/// Builds the solver for the browser without vector instructions, to be measured against; its folder.
pub fn build_scalar_flood() -> Result<PathBuf> {
    let folder = crate::target_dir().join("scalar");
    Command::new("cargo")
        .args(WEB_BUILD)
        .args(["-p", FLOOD, "--target-dir"])
        .arg(folder.to_string_lossy())
        .env("RUSTFLAGS", "-C target-feature=-simd128")
        .run()?;
    let glue = folder.join("glue");
    bind(&folder.join(WEB_FOLDER), FLOOD, &glue)?;
    Ok(glue)
}

/// The solver's package, and the name of its wasm file.
const FLOOD: &str = "stormgrid_flood_wasm";

const WEB_BUILD: [&str; 6] = [
    "build",
    "--locked",
    "--profile",
    "web",
    "--target",
    "wasm32-unknown-unknown",
];

const WEB_FOLDER: &str = "wasm32-unknown-unknown/web";

/// Writes the JavaScript face of a wasm file, unless it is newer than the wasm already.
fn bind(built: &Path, name: &str, out: &Path) -> Result<()> {
    let wasm = built.join(format!("{name}.wasm"));
    let modified = |p: &Path| p.metadata().and_then(|m| m.modified()).ok();
    let done = modified(&out.join(format!("{name}_bg.wasm")));
    if done.is_some() && done > modified(&wasm) {
        return Ok(());
    }
    Bindgen::new()
        .input_path(&wasm)
        .out_name(name)
        .web(true)?
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        // Without it the page's init() has no default address for the wasm file.
        .omit_default_module_path(false)
        .generate(out)
        .with_context(|| format!("cannot write the JavaScript face of {}", wasm.display()))
}
