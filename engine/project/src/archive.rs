//! What a server remembers over a restart: a card for each thing that it was asked for, beside the folders of what
//! was finished.
//!
//! A card is replaced whole and synced to the disk at each change of state. Cards and the list of what was given up are
//! the only files that are ever rewritten; folders come from [`crate::files::RunFolder`] and are there whole or not at
//! all. Whatever is neither a card nor a folder of one is left alone and named.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stormgrid_core::message;
use stormgrid_formats::parse::json_problem;

use crate::forecast::FORECAST_FILE;
use crate::forecast_file::ForecastFile;
use crate::leftover::{self, Swept};
use crate::twin::{LoadedTwin, MANIFEST};
use crate::{ProjectError, files};

/// Folder of the cards.
const CARDS: &str = ".cards";

/// Ending of a card.
const ENDING: &str = ".json";

/// Name of the list of what was given up, beside the cards.
const GONE: &str = "given-up";

/// Most names that the list holds: the oldest fall off, and may be given again.
const MOST_GONE: usize = 2000;

/// What a folder is called that was moved out of the way, before its number.
const BROKEN: &str = ".broken-";

/// Something that was given up to make room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Gone {
    id: String,
    /// When, RFC 3339.
    time: String,
}

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
    /// What was given up, the oldest first.
    gone: Mutex<Vec<Gone>>,
    /// Locked as long as the program lives.
    _lock: File,
}

impl Archive {
    /// Opens it, or begins it. A removal that was cut off is brought to its end.
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
        // Without the list a name that is gone is one that never was: no reason not to start.
        let gone = fs::read(cards.join(GONE)).unwrap_or_default();
        let gone: Vec<Gone> = serde_json::from_slice(&gone).unwrap_or_default();
        let mut archive = Self {
            dir: dir.to_path_buf(),
            gone: Mutex::default(),
            _lock: lock,
        };
        // A card without a folder is what a removal leaves that was cut off. With one, somebody has put it back.
        let gone = gone.into_iter();
        let gone: Vec<Gone> = gone
            .filter(|gone| !archive.folder(&gone.id).exists())
            .collect();
        for gone in &gone {
            let card = archive.card(&gone.id);
            if card.is_file() {
                // Where it cannot be removed it is listed as before.
                let _ = fs::remove_file(card);
            }
        }
        archive.gone = Mutex::new(gone);
        Ok(archive)
    }

    /// Removes what programs that were killed left half-written, here and in the folders that have a card. To be
    /// called before anything is written.
    pub fn sweep(&self) -> Swept {
        let cards = self.dir.join(CARDS);
        let known = names(&self.dir).unwrap_or_default().into_iter();
        let known = known.filter(|name| self.card(name).is_file());
        known
            .map(|id| leftover::sweep_below(&self.folder(&id)))
            .fold(leftover::sweep(&cards), Swept::and)
            .and(leftover::sweep(&self.dir))
    }

    /// Where the results of something are.
    pub fn folder(&self, id: &str) -> PathBuf {
        self.dir.join(id)
    }

    fn card(&self, id: &str) -> PathBuf {
        self.dir.join(CARDS).join(format!("{id}{ENDING}"))
    }

    /// Whether a name has a card or a folder already, or had them: a warning may still tell of it.
    pub fn is_taken(&self, id: &str) -> bool {
        self.card(id).exists() || self.folder(id).exists() || self.given_up(id).is_some()
    }

    /// When something was given up to make room, RFC 3339; none where it was not.
    pub fn given_up(&self, id: &str) -> Option<String> {
        let gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        let found = gone.iter().rev().find(|gone| gone.id == id);
        found.map(|gone| gone.time.clone())
    }

    /// Sets a card down; it is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn put<T: Serialize>(&self, id: &str, card: &T) -> Result<(), ProjectError> {
        self.write(&format!("{id}{ENDING}"), card)
    }

    fn write<T: Serialize>(&self, name: &str, told: &T) -> Result<(), ProjectError> {
        let (cards, process) = (self.dir.join(CARDS), std::process::id());
        let path = cards.join(name);
        let bytes = crate::results::pretty(told)?;
        let staging = cards.join(format!("{name}.part-{process}"));
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

    /// Names of what no card tells of: results that another program put there, or is writing.
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
        files::bytes_below(&self.folder(id))
    }

    /// Bytes that all of it takes: cards, their folders, and what was set aside; strangers are not ours.
    pub fn kept_bytes(&self) -> u64 {
        let names = names(&self.dir).unwrap_or_default().into_iter();
        let ours = names
            .filter(|name| name == CARDS || name.contains(BROKEN) || self.card(name).is_file());
        ours.map(|name| self.bytes(&name)).sum()
    }

    /// Gives something up to make room: its results, then its card; that it was there is remembered.
    ///
    /// - `time`: now, RFC 3339
    ///
    /// # Errors
    ///
    /// What the system says; it stays on the list then.
    pub fn give_up(&self, id: &str, time: String) -> Result<(), ProjectError> {
        let mut gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        let id = id.to_owned();
        gone.push(Gone { id, time });
        let too_many = gone.len().saturating_sub(MOST_GONE);
        gone.drain(..too_many);
        // The list first: if this is cut off, the next start goes on with it.
        let done = self.write(GONE, &*gone).and_then(|()| {
            let id = gone.last().map_or("", |gone| &gone.id);
            self.remove(id)
        });
        if done.is_err() {
            gone.pop();
            // The disk refuses already; the first error says why.
            let _ = self.write(GONE, &*gone);
        }
        done
    }

    /// Forgets something for good: its results, then its card.
    fn remove(&self, id: &str) -> Result<(), ProjectError> {
        let (folder, card) = (self.folder(id), self.card(id));
        if folder.exists() {
            leftover::remove_folder(&folder).map_err(|e| ProjectError::write(&folder, &e))?;
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
            .map(|n| self.dir.join(format!("{id}{BROKEN}{n}")))
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
        archive.give_up("mine", "now".to_owned()).expect("removed");
        assert!(aside.is_dir() && archive.cards::<()>().expect("readable").is_empty());
    }

    #[test]
    fn what_was_given_up_is_remembered_and_its_name_not_given_again() {
        let place = tempfile::tempdir().expect("a folder");
        let archive = Archive::open(place.path()).expect("opened");
        for name in ["old", "new"] {
            fs::create_dir_all(place.path().join(name)).expect("made");
            fs::write(place.path().join(name).join("0"), [0; 70]).expect("written");
            archive.put(name, &()).expect("written");
        }
        fs::create_dir_all(place.path().join("new.broken-1")).expect("made");
        fs::create_dir_all(place.path().join("holiday")).expect("made");
        fs::write(place.path().join("new.broken-1/0"), [0; 30]).expect("written");
        fs::write(place.path().join("holiday/0"), [0; 5000]).expect("written");
        let kept = archive.kept_bytes();
        assert!((170..1000).contains(&kept), "{kept}");
        archive.give_up("old", "t".to_owned()).expect("removed");
        assert!(archive.give_up("none", "t".to_owned()).is_err());
        // As if this had been cut off before the card went.
        archive.put("old", &()).expect("written");
        drop(archive);
        let archive = Archive::open(place.path()).expect("opened again");
        assert_eq!(archive.given_up("old").as_deref(), Some("t"));
        assert!(archive.is_taken("old") && !archive.is_taken("none"));
        assert_eq!(archive.cards::<()>().expect("readable").len(), 1);
        // What somebody has put back from a backup stays.
        archive.put("old", &()).expect("written");
        fs::create_dir_all(place.path().join("old")).expect("made");
        drop(archive);
        let archive = Archive::open(place.path()).expect("opened again");
        assert_eq!(archive.cards::<()>().expect("readable").len(), 2);
        assert!(archive.folder("old").exists() && archive.given_up("old").is_none());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn half_written_folders_and_files_are_swept_where_they_can_be() {
        let place = tempfile::tempdir().expect("a folder");
        let dir = place.path();
        let archive = Archive::open(dir).expect("opened");
        archive.put("e", &()).expect("written");
        for name in [".r.part-999999999", "e/frames", "holiday"] {
            fs::create_dir_all(dir.join(name)).expect("made");
        }
        let files = ["e/result", "e/frames/p50", "holiday/mine", ".cards/e.json"];
        let files = files.map(|name| dir.join(format!("{name}.part-999999999")));
        for path in &files {
            fs::write(path, [0; 10]).expect("written");
        }
        let swept = archive.sweep();
        assert_eq!((swept.names.len(), swept.bytes), (4, 30), "{swept}");
        let left = files.map(|path| path.exists());
        assert_eq!(
            left,
            [false, false, true, false],
            "strangers are left alone"
        );
    }
}
