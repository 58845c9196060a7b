//! What a program that was killed left half-written.
//!
//! Whoever writes puts the number of its process into the name: a folder in the making is `.NAME.part-PID`, the one that
//! it takes the place of `.NAME.old-PID` for a moment, a file in the making `STEM.part-PID`. What bears the number of a
//! process that lives stays. Where the system does not tell of processes, what was written to within the last hour stays.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::files::bytes_below;

/// Age from which nobody is taken to write any more, where processes cannot be looked up.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);

/// Names that are told one by one.
const MOST_TOLD: usize = 5;

/// What a folder or file beside its place is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aside {
    /// It is in the making, or on its way out.
    Part,
    /// It was there before, and comes back if nothing took its place.
    Old,
}

impl Aside {
    const ALL: [Self; 2] = [Self::Part, Self::Old];

    fn word(self) -> &'static str {
        match self {
            Self::Part => ".part-",
            Self::Old => ".old-",
        }
    }

    /// Where this process puts a folder's contents that are not in their place.
    pub(crate) fn folder_of(self, target: &Path) -> PathBuf {
        let name = target.file_name().map(|n| n.to_string_lossy().into_owned());
        let name = name.unwrap_or_else(|| "run".to_owned());
        let process = std::process::id();
        target.with_file_name(format!(".{name}{}{process}", self.word()))
    }

    /// What a name is that was made so, of what, and by which process.
    fn read(name: &str) -> Option<(Self, &str, u32)> {
        Self::ALL.into_iter().find_map(|aside| {
            let (of, process) = name.rsplit_once(aside.word())?;
            let plain = !of.is_empty() && process.bytes().all(|b| b.is_ascii_digit());
            Some((aside, of, process.parse().ok().filter(|_| plain)?))
        })
    }
}

/// What was removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Names of the folders and files.
    pub names: Vec<String>,
    /// What they took on the disk [bytes].
    pub bytes: u64,
}

impl Swept {
    /// Whether there was nothing.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.names.extend(other.names);
        self.bytes += other.bytes;
        self
    }
}

impl fmt::Display for Swept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.names.len().min(MOST_TOLD);
        let names = self.names[..told].join(", ");
        write!(
            f,
            "what ended programs left half-written is removed, {} bytes: {names}",
            self.bytes
        )?;
        match self.names.len() - told {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// Removes what lies half-written in a folder. To be called before this process writes anything there itself.
pub fn sweep(dir: &Path) -> Swept {
    sweep_where(dir, &|_| true)
}

/// The same, in the folders below as well.
pub fn sweep_below(dir: &Path) -> Swept {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let folders = folders.filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    folders
        .map(|entry| sweep_below(&entry.path()))
        .fold(sweep(dir), Swept::and)
}

/// Removes what lies half-written beside one folder or file that is about to be written.
pub fn sweep_of(target: &Path) -> Swept {
    let told = |part: Option<&std::ffi::OsStr>| part.map(|n| n.to_string_lossy().into_owned());
    let (Some(name), stem) = (told(target.file_name()), told(target.file_stem())) else {
        return Swept::default();
    };
    let hidden = format!(".{name}");
    let dir = target.parent().filter(|dir| !dir.as_os_str().is_empty());
    sweep_where(dir.unwrap_or(Path::new(".")), &|of| {
        of == hidden || Some(of) == stem.as_deref()
    })
}

/// Removes a folder so that it is there whole or not at all, whenever this is broken off.
///
/// # Errors
///
/// What the system says.
pub fn remove_folder(folder: &Path) -> std::io::Result<()> {
    let leaving = Aside::Part.folder_of(folder);
    if leaving.exists() {
        fs::remove_dir_all(&leaving)?;
    }
    fs::rename(folder, &leaving)?;
    fs::remove_dir_all(&leaving)
}

fn sweep_where(dir: &Path, is_wanted: &dyn Fn(&str) -> bool) -> Swept {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let mut swept = Swept::default();
    for name in names {
        let Some((aside, of, process)) = Aside::read(&name) else {
            continue;
        };
        let path = dir.join(&name);
        let Ok(meta) = fs::symlink_metadata(&path) else {
            continue;
        };
        let place = of.strip_prefix('.').map(|of| dir.join(of));
        // Folders of ours are hidden, files are not earlier ones: anything else is somebody's own.
        let is_ours = match meta.is_dir() {
            true => place.is_some(),
            false => meta.is_file() && aside == Aside::Part,
        };
        if !is_ours || !is_wanted(of) || !is_abandoned(&path, process) {
            continue;
        }
        let bytes = match meta.is_dir() {
            true => bytes_below(&path),
            false => meta.len(),
        };
        let back = place.filter(|place| aside == Aside::Old && !place.exists());
        let removed = match (back, meta.is_dir()) {
            (Some(place), _) => {
                // It frees nothing and is not told; where it cannot be moved it stays as it is.
                let _ = fs::rename(&path, place);
                continue;
            }
            (None, true) => fs::remove_dir_all(&path),
            (None, false) => fs::remove_file(&path),
        };
        if removed.is_ok() {
            swept.names.push(name);
            swept.bytes += bytes;
        }
    }
    swept
}

/// Whether nobody writes there any more. Our own number is that of an earlier process: we have not begun yet.
fn is_abandoned(path: &Path, process: u32) -> bool {
    if process == std::process::id() {
        return true;
    }
    match lives(process) {
        Some(lives) => !lives,
        None => last_change(path)
            .and_then(|time| SystemTime::now().duration_since(time).ok())
            .is_some_and(|age| age >= ABANDONED_AFTER),
    }
}

/// Whether a process can still write; none where the system does not tell.
fn lives(process: u32) -> Option<bool> {
    let all = Path::new("/proc");
    if !cfg!(target_os = "linux") || !all.join("self/stat").exists() {
        return None;
    }
    let of = all.join(process.to_string());
    let Ok(stat) = fs::read_to_string(of.join("stat")) else {
        return Some(of.exists());
    };
    // The state follows the name in brackets; one that has ended and that nobody waits for is Z.
    let state = stat.rsplit_once(')').map(|(_, rest)| rest.trim_start());
    Some(!state.is_some_and(|state| state.starts_with(['Z', 'X'])))
}

/// When anything there was written to last.
fn last_change(path: &Path) -> Option<SystemTime> {
    let own = fs::symlink_metadata(path).and_then(|m| m.modified()).ok()?;
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let below = entries.filter_map(|entry| last_change(&entry.path()));
    Some(below.fold(own, SystemTime::max))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number that no process has: Linux counts to 2²² at most.
    const NOBODY: u32 = 999_999_999;

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).expect("readable").flatten();
        let mut names: Vec<String> = entries
            .map(|e| e.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    fn lay(dir: &Path, name: &str) {
        fs::create_dir_all(dir.join(name).join("frames")).expect("made");
        fs::write(dir.join(name).join("frames/0"), [0; 50]).expect("written");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_dead_process_wrote_goes_and_what_a_living_one_writes_stays() {
        let place = tempfile::tempdir().expect("a folder");
        let dir = place.path();
        let mut living = std::process::Command::new("sleep")
            .arg("600")
            .spawn()
            .expect("starts");
        let mut dead = std::process::Command::new("true").spawn().expect("starts");
        let (of_living, of_dead) = (living.id(), dead.id());
        dead.wait().expect("ended");
        for process in [of_living, of_dead] {
            lay(dir, &format!(".run.part-{process}"));
            fs::write(dir.join(format!("key.part-{process}")), [0; 7]).expect("written");
        }
        // Somebody's own: not hidden, not a number, a link.
        lay(dir, &format!("mine.part-{of_dead}"));
        lay(dir, ".run.part-two");
        std::os::unix::fs::symlink(dir, dir.join(format!(".link.part-{of_dead}"))).expect("linked");
        let swept = sweep(dir);
        let left = names(dir);
        living.kill().expect("killed");
        // One that has ended and is not waited for writes nothing either.
        while lives(of_living) == Some(true) {
            std::thread::yield_now();
        }
        let again = sweep(dir);
        living.wait().expect("ended");
        assert_eq!(swept.bytes, 57);
        assert_eq!(
            swept.names,
            [
                format!(".run.part-{of_dead}"),
                format!("key.part-{of_dead}")
            ]
        );
        let mut expected = vec![
            format!(".link.part-{of_dead}"),
            format!(".run.part-{of_living}"),
            ".run.part-two".to_owned(),
            format!("key.part-{of_living}"),
            format!("mine.part-{of_dead}"),
        ];
        expected.sort();
        assert_eq!(left, expected);
        assert_eq!(again.names.len(), 2, "{again}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_what_is_of_the_target_goes_and_what_it_replaced_comes_back() {
        let place = tempfile::tempdir().expect("a folder");
        let dir = place.path();
        for name in [".out.part", ".out.old", ".other.part", ".there.old"] {
            lay(dir, &format!("{name}-{NOBODY}"));
        }
        lay(dir, "there");
        fs::write(dir.join(format!("out.part-{NOBODY}")), b"x").expect("written");
        let swept = sweep_of(&dir.join("out"));
        assert_eq!(
            swept.names,
            [format!(".out.part-{NOBODY}"), format!("out.part-{NOBODY}")]
        );
        assert!(
            dir.join("out/frames/0").is_file(),
            "it was replaced by nothing"
        );
        let below = sweep_below(dir);
        let expected = [
            format!(".other.part-{NOBODY}"),
            format!(".there.old-{NOBODY}"),
        ];
        assert_eq!(below.names, expected);
        assert_eq!(names(dir), ["out", "there"]);
    }

    #[test]
    fn what_is_swept_is_told_in_a_line() {
        let names: Vec<String> = (0..7).map(|n| n.to_string()).collect();
        let told = Swept { names, bytes: 70 }.to_string();
        let what = "what ended programs left half-written is removed";
        assert_eq!(told, format!("{what}, 70 bytes: 0, 1, 2, 3, 4 and 2 more"));
    }

    #[test]
    fn a_folder_is_removed_whole() {
        let place = tempfile::tempdir().expect("a folder");
        lay(place.path(), "run");
        // An earlier try that was broken off.
        lay(place.path(), &format!(".run.part-{}", std::process::id()));
        remove_folder(&place.path().join("run")).expect("removed");
        assert!(names(place.path()).is_empty());
    }
}
