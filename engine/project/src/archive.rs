//! What a server remembers over a restart: a card for each thing that it was asked for, beside the folders of what
//! was finished.
//!
//! A card is replaced whole and synced to the disk at each change of state. It is the only file that is ever
//! rewritten; folders come from [`crate::files::RunFolder`] and are there whole or not at all. Whatever is neither a
//! card nor a folder of one is left alone and named.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stormgrid_core::message;
use stormgrid_formats::parse::json_problem;

use crate::forecast::FORECAST_FILE;
use crate::forecast_file::ForecastFile;
use crate::twin::{LoadedTwin, MANIFEST};
use crate::{ProjectError, files};

/// Folder of the cards.
const CARDS: &str = ".cards";

/// Ending of a card.
const ENDING: &str = ".json";

/// Which files of a twin something was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TwinState {
    /// SHA-256 over the buildings, grids, points and roads: results name them by their place in their layer.
    pub places: String,
    /// SHA-256 over these, the ground, the forecast and the rules: the same gives the same run.
    pub all: String,
}

impl TwinState {
    /// That of a twin on disk.
    ///
    /// # Errors
    ///
    /// A file that cannot be read.
    pub fn of(twin: &LoadedTwin) -> Result<Self, ProjectError> {
        let layers = twin.layers.iter().map(|layer| layer.path.clone());
        let city = twin.manifest.city.iter();
        let city = city.map(|part| twin.dir.join(&part.source));
        let mut places = String::new();
        for path in layers.chain(city) {
            places.push_str(&files::sha256_of_file(&path)?);
        }
        let places = files::sha256(places.as_bytes());
        let mut all = places.clone();
        let mut names = vec![
            MANIFEST.to_owned(),
            FORECAST_FILE.to_owned(),
            twin.manifest.terrain.elevation.clone(),
        ];
        if let Some(stormgrid_formats::scenario::NumberOrRaster::Raster(name)) =
            &twin.manifest.terrain.roughness
        {
            names.push(name.clone());
        }
        if let Ok(file) = ForecastFile::read(&twin.dir.join(FORECAST_FILE)) {
            names.extend(file.files().into_iter().map(str::to_owned));
            names.push(file.storm.track.clone());
        }
        names.extend([
            crate::hazards::RULES_FILE.to_owned(),
            "warnings.toml".to_owned(),
        ]);
        for name in names {
            let path = twin.dir.join(&name);
            let digest = match path.is_file() {
                true => files::sha256_of_file(&path)?,
                false => "none".to_owned(),
            };
            all.push_str(&format!("\n{name} {digest}"));
        }
        Ok(Self {
            places,
            all: files::sha256(all.as_bytes()),
        })
    }
}

/// Cards and folders in one place, held by one program at a time.
#[derive(Debug)]
pub struct Archive {
    dir: PathBuf,
    /// Locked as long as the program lives.
    _lock: File,
}

impl Archive {
    /// Opens it, or begins it.
    ///
    /// # Errors
    ///
    /// Another program that has it open; what the system says.
    pub fn open(dir: &Path) -> Result<Self, ProjectError> {
        let cards = dir.join(CARDS);
        fs::create_dir_all(&cards).map_err(|e| ProjectError::write(&cards, &e))?;
        let path = cards.join("lock");
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| ProjectError::write(&path, &e))?;
        if lock.try_lock().is_err() {
            return Err(ProjectError::input(
                &files::name(dir),
                message!(
                    "fault.kept.other_server",
                    "another server keeps its runs there"
                ),
                message!("fix.kept.other_server", "use that server, or end it first"),
            ));
        }
        Ok(Self {
            dir: dir.to_path_buf(),
            _lock: lock,
        })
    }

    /// Where the results of something are.
    pub fn folder(&self, id: &str) -> PathBuf {
        self.dir.join(id)
    }

    fn card(&self, id: &str) -> PathBuf {
        self.dir.join(CARDS).join(format!("{id}{ENDING}"))
    }

    /// Whether a name has a card or a folder already.
    pub fn is_taken(&self, id: &str) -> bool {
        self.card(id).exists() || self.folder(id).exists()
    }

    /// Sets a card down; it is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn put<T: Serialize>(&self, id: &str, card: &T) -> Result<(), ProjectError> {
        let path = self.card(id);
        let bytes = crate::results::pretty(card)?;
        let staging = self.dir.join(CARDS).join(format!("{id}.part"));
        let write = || {
            let mut file = File::create(&staging)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&staging, &path)
        };
        write().map_err(|e| ProjectError::write(&path, &e))
    }

    /// All cards by their names, in the order of these; one that cannot be read says why.
    ///
    /// # Errors
    ///
    /// The folder of cards cannot be read.
    pub fn cards<T: DeserializeOwned>(
        &self,
    ) -> Result<Vec<(String, Result<T, ProjectError>)>, ProjectError> {
        let dir = self.dir.join(CARDS);
        let mut found = Vec::new();
        for name in names(&dir)? {
            let Some(id) = name.strip_suffix(ENDING) else {
                continue;
            };
            let path = dir.join(&name);
            let card = files::read(&path).and_then(|bytes| {
                serde_json::from_slice(&bytes).map_err(|e| {
                    let remedy = message!(
                        "fix.kept.card",
                        "ask for the run again; the card is left as it is"
                    );
                    ProjectError::input(&files::name(&path), json_problem(&e), remedy)
                })
            });
            found.push((id.to_owned(), card));
        }
        Ok(found)
    }

    /// Names of what no card tells of: results that another program put there, and what a program that was cut off
    /// had half written.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn strangers(&self) -> Result<Vec<String>, ProjectError> {
        let mut found = names(&self.dir)?;
        found.retain(|name| name != CARDS && !self.card(name).is_file());
        Ok(found)
    }

    /// Bytes that the results of something take.
    pub fn bytes(&self, id: &str) -> u64 {
        bytes_below(&self.folder(id))
    }

    /// Forgets something for good: its results, then its card.
    ///
    /// # Errors
    ///
    /// What the system says; the card stays then.
    pub fn remove(&self, id: &str) -> Result<(), ProjectError> {
        let (folder, card) = (self.folder(id), self.card(id));
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|e| ProjectError::write(&folder, &e))?;
        }
        fs::remove_file(&card).map_err(|e| ProjectError::write(&card, &e))
    }

    /// Moves results that cannot be read out of the way of new ones; where they are now, if there were any.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn set_aside(&self, id: &str) -> Result<Option<PathBuf>, ProjectError> {
        let folder = self.folder(id);
        if !folder.exists() {
            return Ok(None);
        }
        let aside = (1..)
            .map(|n| self.dir.join(format!("{id}.broken-{n}")))
            .find(|path| !path.exists())
            .unwrap_or_default();
        fs::rename(&folder, &aside).map_err(|e| ProjectError::write(&folder, &e))?;
        Ok(Some(aside))
    }
}

fn names(dir: &Path) -> Result<Vec<String>, ProjectError> {
    let unread = |e: std::io::Error| ProjectError::read(dir, &e);
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(unread)? {
        names.push(
            entry
                .map_err(unread)?
                .file_name()
                .to_string_lossy()
                .into_owned(),
        );
    }
    names.sort();
    Ok(names)
}

fn bytes_below(path: &Path) -> u64 {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => bytes_below(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_come_back_and_one_program_holds_them() {
        let place = tempfile::tempdir().expect("a folder");
        let dir = place.path().join("runs");
        let archive = Archive::open(&dir).expect("opened");
        archive.put("b-12.5m", &2).expect("written");
        archive.put("a", &1).expect("written");
        archive.put("a", &3).expect("written");
        fs::write(dir.join(".cards/c.json"), "{").expect("written");
        let refused = Archive::open(&dir).expect_err("locked").to_string();
        assert!(refused.contains("another server"), "{refused}");
        drop(archive);
        let archive = Archive::open(&dir).expect("opened again");
        let cards: Vec<(String, Option<i32>)> = archive
            .cards::<i32>()
            .expect("readable")
            .into_iter()
            .map(|(id, card)| (id, card.ok()))
            .collect();
        let expected = [("a", Some(3)), ("b-12.5m", Some(2)), ("c", None)];
        assert_eq!(cards, expected.map(|(id, card)| (id.to_owned(), card)));
    }

    #[test]
    fn what_no_card_tells_of_is_named_and_stays() {
        let place = tempfile::tempdir().expect("a folder");
        let archive = Archive::open(place.path()).expect("opened");
        for name in ["mine/frames", "other", ".mine.part-7"] {
            fs::create_dir_all(place.path().join(name)).expect("made");
        }
        fs::write(place.path().join("mine/frames/0"), [0; 70]).expect("written");
        archive.put("mine", &()).expect("written");
        assert_eq!(
            archive.strangers().expect("readable"),
            [".mine.part-7", "other"]
        );
        assert_eq!(archive.bytes("mine"), 70);
        assert!(archive.is_taken("other") && !archive.is_taken("none"));
        let aside = archive.set_aside("mine").expect("moved").expect("there");
        assert!(aside.join("frames/0").is_file() && !archive.folder("mine").exists());
        archive.remove("mine").expect("removed");
        assert!(!archive.is_taken("mine") && aside.is_dir());
    }
}
