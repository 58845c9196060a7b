//! Members side by side, each in a process of its own.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::member::MemberRecord;
use crate::messages;
use crate::{ProjectError, files};
use stormgrid_core::message;
use stormgrid_core::message::{Bilingual, Message};

/// How often a member is tried: once, and once again if it fails.
const ATTEMPTS: u32 = 2;

/// How often processes and the caller are looked at.
const POLL: Duration = Duration::from_millis(20);

/// Bytes of a process's error output that are kept.
const MOST_COMPLAINT: u64 = 8192;

/// Steps of the progress that a process tells.
const PROGRESS_STEPS: f64 = 10_000.0;

/// What a member's line of progress begins with; a share between 0 and 1 follows.
pub const PROGRESS_WORD: &str = "progress ";

/// What a member's line on its error output begins with when it fails; the sentence in both languages follows, as
/// JSON.
pub const COMPLAINT_WORD: &str = "complaint ";

/// Where a member stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// Waits for a worker.
    Queued,
    /// Is being computed.
    Running,
    /// Is finished.
    Done,
    /// Failed twice; `message` says how.
    Failed,
}

/// A member of an ensemble under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberStatus {
    /// Its number; 0 is the control.
    pub n: u32,
    /// Its name, SHA-256 of its specification.
    pub key: String,
    /// Where it stands.
    pub state: MemberState,
    /// Share that is done, 0 to 1.
    pub share: f64,
    /// How often it was begun; 0 if its results were there already.
    pub attempts: u32,
    /// What went wrong the last time.
    pub message: Option<Bilingual>,
    /// SHA-256 of its results.
    pub digest: Option<String>,
}

/// How members are run.
pub(super) struct Pool<'a> {
    /// The program.
    pub(super) program: &'a Path,
    /// The twin's folder.
    pub(super) twin: &'a Path,
    /// The folder that holds the members' folders.
    pub(super) store: &'a Path,
    /// How many at once, at least 1.
    pub(super) workers: usize,
    /// Threads of each.
    pub(super) threads: usize,
}

/// A member's process.
struct Running {
    at: usize,
    child: Child,
    share: Arc<AtomicU32>,
    complaint: Arc<Mutex<String>>,
    readers: Vec<std::thread::JoinHandle<()>>,
}

impl Drop for Running {
    /// Ends the process, so that none outlives an ensemble that was broken off.
    fn drop(&mut self) {
        // It may have ended by itself; there is nobody to tell of either.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Pool<'_> {
    /// Runs every member whose results are not there yet. A member that fails is tried once more.
    ///
    /// - `observer`: called several times a second; [`ControlFlow::Break`] ends all processes at once and
    ///   leaves finished members as they are
    pub(super) fn run(
        &self,
        members: &mut [MemberStatus],
        observer: &mut dyn FnMut(&[MemberStatus]) -> ControlFlow<()>,
    ) -> Result<(), ProjectError> {
        for member in members.iter_mut() {
            if let Some(record) = MemberRecord::verified(&self.folder(member), &member.key) {
                done(member, record);
            }
        }
        let waiting = members.iter().enumerate();
        let waiting = waiting.filter(|(_, m)| m.state == MemberState::Queued);
        let mut waiting: VecDeque<usize> = waiting.map(|(i, _)| i).collect();
        let mut running: Vec<Running> = Vec::new();
        loop {
            while running.len() < self.workers.max(1) {
                let Some(at) = waiting.pop_front() else {
                    break;
                };
                let member = &mut members[at];
                member.attempts += 1;
                member.share = 0.0;
                match self.begin(at, member) {
                    Ok(process) => {
                        member.state = MemberState::Running;
                        running.push(process);
                    }
                    Err(error) => failed(member, at, &mut waiting, error.told()),
                }
            }
            let mut still = Vec::new();
            for mut process in running {
                let member = &mut members[process.at];
                let steps = process.share.load(Ordering::Relaxed);
                member.share = f64::from(steps) / PROGRESS_STEPS;
                match process.child.try_wait() {
                    Ok(None) => still.push(process),
                    Ok(Some(status)) => self.ended(member, process, status, &mut waiting),
                    Err(error) => {
                        let at = process.at;
                        drop(process);
                        failed(member, at, &mut waiting, messages::told(&unwatched(&error)));
                    }
                }
            }
            running = still;
            if observer(members).is_break() {
                drop(running);
                self.sweep(members);
                return Err(ProjectError::Cancelled);
            }
            if running.is_empty() && waiting.is_empty() {
                return Ok(());
            }
            std::thread::sleep(POLL);
        }
    }

    pub(super) fn folder(&self, member: &MemberStatus) -> PathBuf {
        self.store.join(&member.key)
    }

    fn begin(&self, at: usize, member: &MemberStatus) -> Result<Running, ProjectError> {
        let mut command = Command::new(self.program);
        command
            .arg("forecast")
            .arg(self.twin)
            .arg("--member-spec")
            .arg(self.store.join(format!("{}.json", member.key)))
            .arg("--out")
            .arg(self.folder(member))
            .args(["--threads", &self.threads.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // A terminal's Ctrl-C shall reach us alone: we end the members, in order.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(|e| {
            ProjectError::input(
                &files::name(self.program),
                message!(
                    "fault.member.start",
                    "it cannot be started: {detail}",
                    detail = Message::english(e)
                ),
                message!(
                    "fix.member.start",
                    "check the program and the machine's limits"
                ),
            )
        })?;
        let share = Arc::new(AtomicU32::new(0));
        let complaint = Arc::new(Mutex::new(String::new()));
        let mut readers = Vec::new();
        if let Some(out) = child.stdout.take() {
            let share = Arc::clone(&share);
            readers.push(std::thread::spawn(move || {
                for line in BufReader::new(out).lines().map_while(Result::ok) {
                    let told = line.strip_prefix(PROGRESS_WORD).map(str::parse::<f64>);
                    if let Some(Ok(told)) = told {
                        let steps = (told.clamp(0.0, 1.0) * PROGRESS_STEPS) as u32;
                        share.store(steps, Ordering::Relaxed);
                    }
                }
            }));
        }
        if let Some(mut err) = child.stderr.take() {
            let complaint = Arc::clone(&complaint);
            readers.push(std::thread::spawn(move || {
                let mut bytes = Vec::new();
                let _ = (&mut err).take(MOST_COMPLAINT).read_to_end(&mut bytes);
                let text = String::from_utf8_lossy(&bytes).trim().to_owned();
                *complaint.lock().unwrap_or_else(PoisonError::into_inner) = text;
                // What comes beyond is thrown away, so that the process does not wait for a reader.
                let _ = std::io::copy(&mut err, &mut std::io::sink());
            }));
        }
        Ok(Running {
            at,
            child,
            share,
            complaint,
            readers,
        })
    }

    fn ended(
        &self,
        member: &mut MemberStatus,
        mut process: Running,
        status: ExitStatus,
        waiting: &mut VecDeque<usize>,
    ) {
        for reader in process.readers.drain(..) {
            // A reader ends with the pipe; it has nothing that could fail.
            let _ = reader.join();
        }
        if status.success()
            && let Some(record) = MemberRecord::verified(&self.folder(member), &member.key)
        {
            done(member, record);
            return;
        }
        remove_leftovers(self.store, &member.key);
        let complaint = process.complaint.lock();
        let complaint = complaint.unwrap_or_else(PoisonError::into_inner);
        let how = match status.success() {
            true => message!(
                "member.not_whole",
                "it ended as if all was well, but its results are not whole"
            ),
            false => told(status),
        };
        let message = match said(&complaint) {
            Some(complaint) => message!(
                "member.complains",
                "{how}: {complaint}",
                how = how,
                complaint = complaint
            ),
            None => how,
        };
        failed(member, process.at, waiting, messages::told(&message));
    }

    /// Members that were begun and not finished wait again, and what they left goes.
    fn sweep(&self, members: &mut [MemberStatus]) {
        for member in members {
            if member.state == MemberState::Running {
                member.state = MemberState::Queued;
                remove_leftovers(self.store, &member.key);
            }
        }
    }
}

fn done(member: &mut MemberStatus, record: MemberRecord) {
    member.state = MemberState::Done;
    member.share = 1.0;
    member.digest = Some(record.digest);
}

fn failed(member: &mut MemberStatus, at: usize, waiting: &mut VecDeque<usize>, message: Bilingual) {
    member.message = Some(message);
    member.share = 0.0;
    if member.attempts < ATTEMPTS {
        member.state = MemberState::Queued;
        waiting.push_back(at);
    } else {
        member.state = MemberState::Failed;
    }
}

/// A process that the system no longer tells of.
fn unwatched(error: &std::io::Error) -> Message {
    message!(
        "member.unwatched",
        "it cannot be watched: {detail}",
        detail = Message::english(error)
    )
}

/// How a process ended, for a person.
fn told(status: ExitStatus) -> Message {
    if let Some(code) = status.code() {
        return message!("member.exit", "exit status {code}", code = code);
    }
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return message!("member.signal", "ended by signal {signal}", signal = signal);
    }
    message!("member.no_status", "ended without an exit status")
}

/// Why a member says that it failed: its sentence in both languages, or the last words of whatever broke it.
fn said(complaint: &str) -> Option<Message> {
    let own = complaint.lines().rev().find_map(|line| {
        let text = line.strip_prefix(COMPLAINT_WORD)?;
        serde_json::from_str(text).ok()
    });
    own.map(Message::Own).or_else(|| {
        let line = complaint.lines().last()?;
        let detail = Message::english(line);
        Some(message!("member.words", "{detail}", detail = detail))
    })
}

/// Removes the folder that a broken-off process was writing.
fn remove_leftovers(store: &Path, key: &str) {
    let begins = format!(".{key}.part-");
    let entries = std::fs::read_dir(store).into_iter().flatten().flatten();
    for entry in entries {
        if entry.file_name().to_string_lossy().starts_with(&begins) {
            // Hidden and harmless if it stays.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
