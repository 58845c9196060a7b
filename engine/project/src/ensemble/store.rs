//! The folder in which members lie, each by its key: what it takes, and what is given up of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::files::bytes_below;
use crate::{ProjectError, leftover};

/// Letters of a key: a SHA-256, lower-case hexadecimal.
const KEY_LENGTH: usize = 64;

/// The members of a store by their keys, and what each takes with its specification [bytes]; one that failed has only
/// that. Other files and folders are not members.
pub fn members(store: &Path) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(store).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let key = name.strip_suffix(".json").unwrap_or(&name);
        let is_key = key.len() == KEY_LENGTH && key.bytes().all(|b| b.is_ascii_hexdigit());
        let Some(meta) = entry.metadata().ok().filter(|_| is_key) else {
            continue;
        };
        let bytes = match meta.is_dir() {
            true => bytes_below(&entry.path()),
            false => meta.len(),
        };
        *found.entry(key.to_owned()).or_insert(0) += bytes;
    }
    found
}

/// Removes members, each whole or not at all, and their specifications.
///
/// # Errors
///
/// What the system says of the first that cannot be removed; those before it are gone.
pub fn remove<'a>(
    store: &Path,
    keys: impl IntoIterator<Item = &'a String>,
) -> Result<(), ProjectError> {
    for key in keys {
        let (folder, spec) = (store.join(key), store.join(format!("{key}.json")));
        if folder.exists() {
            leftover::remove_folder(&folder).map_err(|e| ProjectError::write(&folder, &e))?;
        }
        if spec.exists() {
            fs::remove_file(&spec).map_err(|e| ProjectError::write(&spec, &e))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_counted_and_removed_with_what_they_were_asked_for() {
        let place = tempfile::tempdir().expect("a folder");
        let store = place.path();
        let keys: Vec<String> = ["a", "b", "c"].map(|c| c.repeat(KEY_LENGTH)).to_vec();
        for (key, bytes) in keys.iter().zip([10, 20]) {
            fs::create_dir_all(store.join(key)).expect("made");
            fs::write(store.join(key).join("depth"), vec![0; bytes]).expect("written");
        }
        for key in &keys {
            fs::write(store.join(format!("{key}.json")), b"{}").expect("written");
        }
        fs::create_dir(store.join("holiday")).expect("made");
        let found: Vec<(String, u64)> = members(store).into_iter().collect();
        let expected = keys.iter().cloned().zip([12, 22, 2]);
        assert_eq!(found, expected.collect::<Vec<_>>());
        remove(store, &keys[..2]).expect("removed");
        let left: Vec<String> = members(store).into_keys().collect();
        assert_eq!(left, keys[2..]);
        assert_eq!(fs::read_dir(store).expect("readable").count(), 2);
    }
}
