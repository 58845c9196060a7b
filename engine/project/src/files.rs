//! Reading files, and run folders that appear whole or not at all.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use stormgrid_core::message;

use crate::ProjectError;
use crate::leftover::Aside;

/// Largest file that is read [bytes]: more is a mistake or would not fit into memory.
const LARGEST_FILE: u64 = 8 << 30;

/// The file whose presence marks a folder as a run of ours.
pub const SUMMARY_FILE: &str = "summary.json";

/// Reads a whole file.
pub fn read(path: &Path) -> Result<Vec<u8>, ProjectError> {
    let meta = fs::metadata(path).map_err(|e| ProjectError::read(path, &e))?;
    if meta.is_dir() {
        let error = std::io::Error::from(std::io::ErrorKind::IsADirectory);
        return Err(ProjectError::read(path, &error));
    }
    if meta.len() > LARGEST_FILE {
        return Err(ProjectError::Read {
            path: path.display().to_string(),
            reason: message!(
                "fault.io.large",
                "it has {bytes} bytes, and at most {most} are read",
                bytes = meta.len(),
                most = LARGEST_FILE
            ),
        });
    }
    fs::read(path).map_err(|e| ProjectError::read(path, &e))
}

/// Reads a text file in UTF-8.
pub fn read_text(path: &Path) -> Result<String, ProjectError> {
    String::from_utf8(read(path)?).map_err(|_| ProjectError::Read {
        path: path.display().to_string(),
        reason: message!("fault.not_utf8", "it is not UTF-8 text"),
    })
}

/// Writes a file so that it is there whole or as it was before.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), ProjectError> {
    let staging = path.with_extension(format!("part-{}", std::process::id()));
    fs::write(&staging, bytes)
        .and_then(|()| fs::rename(&staging, path))
        .map_err(|e| ProjectError::write(path, &e))
}

/// SHA-256, lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of a file, read in pieces.
pub fn sha256_of_file(path: &Path) -> Result<String, ProjectError> {
    let mut file = fs::File::open(path).map_err(|e| ProjectError::read(path, &e))?;
    let mut hash = Sha256::new();
    std::io::copy(&mut file, &mut hash).map_err(|e| ProjectError::read(path, &e))?;
    Ok(hex(&hash.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn collect_digests(
    folder: &Path,
    prefix: &str,
    found: &mut BTreeMap<String, String>,
) -> Result<(), ProjectError> {
    let unread = |e: std::io::Error| ProjectError::read(folder, &e);
    for entry in fs::read_dir(folder).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
        let name = format!("{prefix}{}", name.unwrap_or_default());
        if path.is_dir() {
            collect_digests(&path, &format!("{name}/"), found)?;
        } else {
            found.insert(name, sha256_of_file(&path)?);
        }
    }
    Ok(())
}

/// Bytes that the files of a folder take, those of its folders included.
pub(crate) fn bytes_below(path: &Path) -> u64 {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => bytes_below(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

/// How messages call a file.
pub fn name(path: &Path) -> String {
    path.display().to_string()
}

/// A folder of results in the making: written beside its place, moved there at the end, removed if
/// dropped before.
#[derive(Debug)]
pub struct RunFolder {
    target: PathBuf,
    staging: PathBuf,
    finished: bool,
}

impl RunFolder {
    /// Begins a folder of results.
    ///
    /// Refuses a target that holds anything but an earlier run; an earlier run stays in place until
    /// this one is finished.
    pub fn begin(target: &Path) -> Result<Self, ProjectError> {
        if target.exists() {
            let mut entries = fs::read_dir(target).map_err(|e| ProjectError::read(target, &e))?;
            if entries.next().is_some() && !target.join(SUMMARY_FILE).is_file() {
                return Err(ProjectError::Occupied {
                    path: target.display().to_string(),
                });
            }
        }
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => PathBuf::from("."),
        };
        fs::create_dir_all(&parent).map_err(|e| ProjectError::write(&parent, &e))?;
        let staging = Aside::Part.folder_of(target);
        if staging.exists() {
            fs::remove_dir_all(&staging).map_err(|e| ProjectError::write(&staging, &e))?;
        }
        fs::create_dir(&staging).map_err(|e| ProjectError::write(&staging, &e))?;
        Ok(Self {
            target: target.to_path_buf(),
            staging,
            finished: false,
        })
    }

    /// Writes a file, named relative to the folder.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), ProjectError> {
        let path = self.staging.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|e| ProjectError::write(parent, &e))?;
        }
        fs::write(&path, bytes).map_err(|e| ProjectError::write(&path, &e))
    }

    /// SHA-256 of every file written so far, by its name relative to the folder, lower-case hexadecimal.
    pub fn digests(&self) -> Result<BTreeMap<String, String>, ProjectError> {
        let mut found = BTreeMap::new();
        collect_digests(&self.staging, "", &mut found)?;
        Ok(found)
    }

    /// Moves the folder to its place; an earlier run there is removed only now.
    pub fn finish(mut self) -> Result<(), ProjectError> {
        let old = Aside::Old.folder_of(&self.target);
        if self.target.exists() {
            fs::rename(&self.target, &old).map_err(|e| ProjectError::write(&self.target, &e))?;
        }
        fs::rename(&self.staging, &self.target)
            .map_err(|e| ProjectError::write(&self.target, &e))?;
        self.finished = true;
        if old.exists() {
            fs::remove_dir_all(&old).map_err(|e| ProjectError::write(&old, &e))?;
        }
        Ok(())
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        if !self.finished {
            // Nobody is left to be told: the folder is hidden, and whoever writes there next sweeps it.
            let _ = fs::remove_dir_all(&self.staging);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_breaks_off_leaves_nothing_behind() {
        let dir = tempfile::tempdir().expect("a folder");
        let target = dir.path().join("out");
        let folder = RunFolder::begin(&target).expect("begun");
        folder.write("frames/0001.sgw", b"x").expect("written");
        drop(folder);
        assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 0);
    }

    #[test]
    fn a_finished_run_replaces_an_earlier_one_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a folder");
        let target = dir.path().join("out");
        for text in ["one", "two"] {
            let folder = RunFolder::begin(&target).expect("begun");
            folder
                .write(SUMMARY_FILE, text.as_bytes())
                .expect("written");
            folder.finish().expect("moved");
        }
        assert_eq!(
            fs::read_to_string(target.join(SUMMARY_FILE)).expect("there"),
            "two"
        );
        assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 1);
        let photos = dir.path().join("photos");
        fs::create_dir(&photos).expect("made");
        fs::write(photos.join("a.jpg"), b"").expect("written");
        assert!(matches!(
            RunFolder::begin(&photos),
            Err(ProjectError::Occupied { .. })
        ));
    }
}
