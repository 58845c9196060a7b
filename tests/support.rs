//! What the suites share: where the repository and the shared reference data lie.

use std::path::PathBuf;

/// The repository's root.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder of reference data that is not part of the repository: `$STORMGRID_SHARED`, or
/// `shared` beside the checkout. `None`, with the reason printed, when it is missing: the test
/// that asked skips.
pub fn shared_data() -> Option<PathBuf> {
    let folder = std::env::var_os("STORMGRID_SHARED")
        .map_or_else(|| repository().join("../shared"), PathBuf::from)
        .join("data");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: the reference data folder `shared/data` is not beside the checkout");
    None
}
