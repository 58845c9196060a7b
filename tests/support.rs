//! What the suites share: where the repository and the shared reference data lie, and how a test says that it was skipped.

use std::io::Write;
use std::path::PathBuf;

/// The variable that names the file in which skipped tests write their names.
const SKIPPED: &str = "STORMGRID_SKIPPED";

/// The repository's root.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A folder of the reference data that is not part of the repository, by its path below `data`: in `$STORMGRID_SHARED`, or
/// in `shared` beside the checkout. `None` where it is missing.
pub fn shared_folder(path: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("STORMGRID_SHARED")
        .map_or_else(|| repository().join("../shared"), PathBuf::from)
        .join("data")
        .join(path);
    folder.is_dir().then_some(folder)
}

/// As [`shared_folder`], for a test that cannot do without: where it is missing, the test is told as skipped.
pub fn shared_data(path: &str) -> Option<PathBuf> {
    let folder = shared_folder(path);
    if folder.is_none() {
        skip(&format!(
            "the reference data folder `shared/data/{path}` is not beside the checkout"
        ));
    }
    folder
}

/// Tells that the running test is skipped, and why. The harness of the standard library knows no such state: it counts the
/// test as passed, and `cargo xtask test` moves those that are told here.
pub fn skip(reason: &str) {
    println!("skipped: {reason}");
    let Some(path) = std::env::var_os(SKIPPED) else {
        return;
    };
    let thread = std::thread::current();
    let program = std::env::current_exe().unwrap_or_default();
    let line = format!(
        "{}: {}: {reason}\n",
        program.file_name().unwrap_or_default().to_string_lossy(),
        thread.name().unwrap_or("a test")
    );
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .expect("a file for the names of skipped tests");
    file.write_all(line.as_bytes()).expect("written");
}
