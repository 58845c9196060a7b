//! A folder that appears whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::DemoError;

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// Path within the twin's folder, with `/` between its parts.
    pub path: String,
    /// Size [bytes].
    pub bytes: u64,
    /// SHA-256 of its content, lower-case hexadecimal.
    pub sha256: String,
}

/// A folder in the making: files go to a sibling of the target, which takes the target's name when
/// all of them are there. Dropped before, it leaves nothing.
pub(crate) struct FolderInMaking {
    target: PathBuf,
    temporary: PathBuf,
    written: Vec<WrittenFile>,
}

impl FolderInMaking {
    /// Refuses a target that has something in it.
    pub(crate) fn new(target: &Path) -> Result<Self, DemoError> {
        let occupied = match fs::read_dir(target) {
            Ok(mut entries) => entries.next().is_some(),
            Err(_) => target.exists(),
        };
        if occupied {
            return Err(DemoError::Occupied {
                dir: target.to_owned(),
            });
        }
        let name = target.file_name().ok_or_else(|| DemoError::NoName {
            dir: target.to_owned(),
        })?;
        let mut temporary_name = std::ffi::OsString::from(".");
        temporary_name.push(name);
        temporary_name.push(format!(".making-{}", std::process::id()));
        let made = Self {
            target: target.to_owned(),
            temporary: target.with_file_name(temporary_name),
            written: Vec::new(),
        };
        // The name holds this process's number, so what is there is left over from a dead one.
        let _ = fs::remove_dir_all(&made.temporary);
        fs::create_dir_all(&made.temporary).map_err(|e| DemoError::at(&made.temporary, e))?;
        Ok(made)
    }

    /// Writes a file and what folders it needs.
    pub(crate) fn write(&mut self, path: &str, content: &[u8]) -> Result<(), DemoError> {
        let full = self.temporary.join(path);
        if let Some(parent) = full.parent() {
            fs::create_dir_all(parent).map_err(|e| DemoError::at(parent, e))?;
        }
        fs::write(&full, content).map_err(|e| DemoError::at(&full, e))?;
        self.written.push(WrittenFile {
            path: path.to_owned(),
            bytes: content.len() as u64,
            sha256: hex(&Sha256::digest(content)),
        });
        Ok(())
    }

    /// Gives the folder its name.
    pub(crate) fn finish(mut self) -> Result<Vec<WrittenFile>, DemoError> {
        // An empty target folder makes way; a full one makes this and the renaming fail.
        match fs::remove_dir(&self.target) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(DemoError::at(&self.target, e));
            }
            _ => {}
        }
        fs::rename(&self.temporary, &self.target).map_err(|e| DemoError::at(&self.target, e))?;
        Ok(std::mem::take(&mut self.written))
    }
}

impl Drop for FolderInMaking {
    fn drop(&mut self) {
        // After the renaming there is nothing under this name; a failure here has no one to tell.
        let _ = fs::remove_dir_all(&self.temporary);
    }
}

/// Lower-case hexadecimal digits of bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropped_in_the_making_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("twin");
        let mut folder = FolderInMaking::new(&target).unwrap();
        folder.write("a/b.txt", b"half").unwrap();
        drop(folder);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_with_something_in_it_is_refused_and_kept() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("twin");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("mine.txt"), b"mine").unwrap();
        assert!(matches!(
            FolderInMaking::new(&target),
            Err(DemoError::Occupied { .. })
        ));
        assert_eq!(fs::read(target.join("mine.txt")).unwrap(), b"mine");
    }
}
