//! The browser viewer: WebAssembly, its JavaScript face, the page, and compressed copies.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::process::Command;

/// Builds the viewer and returns its folder, `target/viewer`.
pub fn build() -> Result<PathBuf> {
    Command::new("cargo")
        .args([
            "build",
            "--locked",
            "--profile",
            "web",
            "--target",
            "wasm32-unknown-unknown",
            "-p",
            "stormgrid_viewer",
        ])
        .run()?;
    let wasm = crate::target_dir().join("wasm32-unknown-unknown/web/stormgrid_viewer.wasm");
    let glue = crate::target_dir().join("viewer-glue");
    bind(&wasm, &glue)?;
    let folder = crate::target_dir().join("viewer");
    Command::new("npm")
        .args(["run", "--silent", "build"])
        .folder(crate::root().join("viewer-wasm/page"))
        .env("VIEWER_GLUE", glue.to_string_lossy())
        .env("VIEWER_OUT", folder.to_string_lossy())
        .run()?;
    Ok(folder)
}

/// Writes the JavaScript face of the wasm file, unless it is newer than the wasm already.
fn bind(wasm: &Path, out: &Path) -> Result<()> {
    let modified = |p: &Path| p.metadata().and_then(|m| m.modified()).ok();
    let done = modified(&out.join("stormgrid_viewer_bg.wasm"));
    if done.is_some() && done > modified(wasm) {
        return Ok(());
    }
    Bindgen::new()
        .input_path(wasm)
        .out_name("stormgrid_viewer")
        .web(true)?
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        // Without it the page's init() has no default address for the wasm file.
        .omit_default_module_path(false)
        .generate(out)
        .with_context(|| format!("cannot write the JavaScript face of {}", wasm.display()))
}
