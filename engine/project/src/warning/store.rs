//! The journal of warnings on disk.
//!
//! `journal.jsonl` holds one action a line and is only ever appended to; a line is on the disk before the action
//! counts. Each line ends with the SHA-256 of the hash of the line before and its own text, so that a line that was
//! changed, removed or put in is found when the journal is opened; only the loss of the last lines is not, for which
//! the newest hash is told to whoever wants to keep it elsewhere. A line that a crash cut off is set aside, not
//! deleted. The CAP files beside the journal are made from it and are made again where they are missing.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stormgrid_core::time::Instant;
use stormgrid_formats::cap::is_sendable;
use stormgrid_sim::classes::Colour;

use super::book::{Action, Book, State, View};
use super::channel::HEADLINE;
use super::lifted::Lifted;
use super::message::{cap_message, draft_warnings, new_id};
use super::record::{Content, Kind, Warning};
use super::rules::{ClockRule, Rules};
use super::situation::{Situation, contents};
use super::text;
use crate::error::{at, line as line_of};
use crate::storm::Bilingual;
use crate::twin::LoadedTwin;
use crate::{ProjectError, files};
use stormgrid_core::message;
use stormgrid_core::message::Message;

/// Name of the journal in its folder.
const JOURNAL: &str = "journal.jsonl";

/// What stands before the hash at the end of a line.
const HASH_FIELD: &str = ",\"hash\":\"";

/// Hexadecimal digits of a hash.
const HASH_DIGITS: usize = 64;

/// Longest identifier of a client's request [bytes].
const LONGEST_CLIENT: usize = 100;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum WarningError {
    /// There is no such warning.
    #[error("there is no warning '{id}'")]
    Unknown {
        /// The identifier.
        id: String,
    },
    /// It may not be done now.
    #[error("{}", .0.en)]
    Refused(Bilingual),
    /// Files.
    #[error(transparent)]
    Project(#[from] ProjectError),
}

/// What an update changes; what is missing stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Places and texts of a new run, with its name and digest.
    pub content: Option<(String, String, Content)>,
    /// Another colour.
    pub colour: Option<Colour>,
    /// Another headline.
    pub headline: Option<Bilingual>,
    /// Another description.
    pub description: Option<Bilingual>,
    /// Another instruction.
    pub instruction: Option<Bilingual>,
    /// Another end.
    pub expires: Option<Instant>,
    /// Why.
    pub reason: Option<String>,
}

impl Change {
    /// The same change with the places and texts of a newer run: those that the rules give the audience of a
    /// warning in the colour of this change, or of the warning.
    ///
    /// - `run`, `digest`: the run and its digest
    /// - `situation`: that run as the rules see it
    ///
    /// # Errors
    ///
    /// No such warning; the new run gives none of that colour.
    pub fn with_run(
        mut self,
        store: &Store,
        twin: &LoadedTwin,
        id: &str,
        (run, digest): (&str, &str),
        situation: &Situation,
    ) -> Result<Self, WarningError> {
        let before = store.book.warning(id).ok_or_else(|| unknown(id))?;
        let colour = self.colour.unwrap_or(before.content.colour);
        let audience = before.content.audience;
        let found = contents(twin, situation, &store.rules).into_iter();
        let possible = before.content.possible;
        let fitting = found
            .filter(|c| c.audience == audience && c.colour == colour && c.possible == possible);
        // Of several parts the one that has most of the warning's places.
        let content = fitting
            .rev()
            .max_by_key(|c| c.shared_with(&before.content))
            .ok_or_else(|| WarningError::Refused(text::message("alert.refused.none_of_colour")))?;
        self.content = Some((run.to_owned(), digest.to_owned(), content));
        Ok(self)
    }
}

/// Longest description and instruction that a person writes [characters].
const LONGEST_TEXT: usize = 2_000;

/// Whether a text of a person can be sent: something, not too much, and no character that XML cannot hold.
fn is_told(told: &str, most: usize) -> bool {
    !told.trim().is_empty() && told.chars().count() <= most && told.chars().all(is_sendable)
}

impl Change {
    /// Texts of a person with the most characters that each may have.
    fn texts<'a>(&'a self, rules: &'a Rules) -> impl Iterator<Item = (&'a String, usize)> {
        let headline = rules.channels.get(HEADLINE);
        let [zh, en] = headline.map_or([LONGEST_TEXT; 2], |c| [c.zh, c.en]);
        let both = |text: &'a Option<Bilingual>, [zh, en]: [usize; 2]| {
            let text = text.iter();
            text.flat_map(move |text| [(&text.zh, zh), (&text.en, en)])
        };
        both(&self.headline, [zh, en])
            .chain(both(&self.description, [LONGEST_TEXT; 2]))
            .chain(both(&self.instruction, [LONGEST_TEXT; 2]))
    }
}

/// A line of the journal without its hash.
#[derive(Serialize, Deserialize)]
struct Line {
    seq: u64,
    time: Instant,
    prev: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    action: Action,
}

/// The journal, opened by one program at a time.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    file: File,
    length: u64,
    seq: u64,
    hash: String,
    book: Book,
    rules: Rules,
    /// Set when the file may end in half a line that could not be taken back.
    broken: bool,
}

fn hash_of(prev: &str, text: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(prev.as_bytes());
    hash.update(text.as_bytes());
    format!("{:x}", hash.finalize())
}

impl Store {
    /// Opens the journal of a folder, or begins it.
    ///
    /// # Errors
    ///
    /// A line that was changed, with its number; another program that has it open; what the system says.
    pub fn open(dir: &Path, rules: Rules) -> Result<Self, ProjectError> {
        fs::create_dir_all(dir).map_err(|e| ProjectError::write(dir, &e))?;
        let path = dir.join(JOURNAL);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let mut file = file.map_err(|e| ProjectError::write(&path, &e))?;
        if file.try_lock().is_err() {
            return Err(ProjectError::input(
                &files::name(&path),
                message!("fault.alert.open", "another program has it open"),
                message!(
                    "fix.alert.open",
                    "end that program first, or use its server"
                ),
            ));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(|e| ProjectError::read(&path, &e))?;
        let whole = bytes
            .iter()
            .rposition(|&b| b == b'\n')
            .map_or(0, |at| at + 1);
        let mut store = Self {
            dir: dir.to_path_buf(),
            file,
            length: whole as u64,
            seq: 0,
            hash: String::new(),
            book: Book::default(),
            rules,
            broken: false,
        };
        for (number, line) in bytes[..whole].split_inclusive(|&b| b == b'\n').enumerate() {
            store.read_line(line).map_err(|problem| {
                ProjectError::input(
                    at(files::name(&path), line_of(number + 1)),
                    problem,
                    message!(
                        "fix.alert.backup",
                        "take the journal from a backup; nothing is written to this one"
                    ),
                )
            })?;
        }
        if whole < bytes.len() {
            store.set_aside(&bytes[whole..])?;
        }
        // The entry of the folder too must be on the disk before the first warning counts.
        File::open(dir)
            .and_then(|d| d.sync_all())
            .map_err(|e| ProjectError::write(dir, &e))?;
        store.write_missing()?;
        Ok(store)
    }

    fn read_line(&mut self, line: &[u8]) -> Result<(), Message> {
        let changed = || message!("fault.alert.changed", "it was changed after it was written");
        let text = std::str::from_utf8(line)
            .map_err(|_| changed())?
            .trim_end_matches('\n');
        let tail = HASH_FIELD.len() + HASH_DIGITS + "\"}".len();
        let at = text
            .len()
            .checked_sub(tail)
            .filter(|&at| text.is_char_boundary(at))
            .ok_or_else(changed)?;
        let (body, tail) = text.split_at(at);
        let hash = tail
            .strip_prefix(HASH_FIELD)
            .and_then(|t| t.strip_suffix("\"}"))
            .ok_or_else(changed)?;
        if hash != hash_of(&self.hash, body) {
            return Err(changed());
        }
        let line: Line = serde_json::from_str(&format!("{body}}}"))
            .map_err(|e| stormgrid_formats::parse::json_problem(&e))?;
        if line.prev != self.hash || line.seq != self.seq + 1 {
            return Err(changed());
        }
        self.book.check(&line.action).map_err(|e| {
            message!(
                "fault.alert.impossible",
                "it is not possible: {problem}",
                problem = Message::Own(e)
            )
        })?;
        self.book
            .apply(line.time, line.client.as_deref(), line.action);
        self.seq = line.seq;
        self.hash = hash.to_owned();
        Ok(())
    }

    /// Keeps the half line that a crash left, and cuts the journal before it.
    fn set_aside(&mut self, torn: &[u8]) -> Result<(), ProjectError> {
        let free = (1u32..)
            .map(|n| self.dir.join(format!("torn-{n}.txt")))
            .find(|p| !p.exists());
        let path = free.unwrap_or_else(|| self.dir.join("torn.txt"));
        let kept =
            File::create_new(&path).and_then(|mut f| f.write_all(torn).and_then(|()| f.sync_all()));
        kept.map_err(|e| ProjectError::write(&path, &e))?;
        let journal = self.dir.join(JOURNAL);
        let cut = self
            .file
            .set_len(self.length)
            .and_then(|()| self.file.sync_all());
        cut.map_err(|e| ProjectError::write(&journal, &e))
    }

    /// Appends an action; it counts once it is on the disk.
    fn append(
        &mut self,
        now: Instant,
        client: Option<&str>,
        action: Action,
    ) -> Result<(), WarningError> {
        self.book.check(&action).map_err(WarningError::Refused)?;
        let journal = self.dir.join(JOURNAL);
        if self.broken {
            return Err(ProjectError::Write {
                path: files::name(&journal),
                reason: message!(
                    "fault.alert.half",
                    "an earlier write failed half-way; restart the program"
                ),
            }
            .into());
        }
        let line = Line {
            seq: self.seq + 1,
            time: now,
            prev: self.hash.clone(),
            client: client.map(str::to_owned),
            action,
        };
        let text = serde_json::to_string(&line).map_err(|e| ProjectError::Write {
            path: files::name(&journal),
            reason: Message::english(e),
        })?;
        let body = text.strip_suffix('}').unwrap_or(&text);
        let hash = hash_of(&self.hash, body);
        let bytes = format!("{body}{HASH_FIELD}{hash}\"}}\n");
        let written = self
            .file
            .seek(SeekFrom::Start(self.length))
            .and_then(|_| self.file.write_all(bytes.as_bytes()))
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            self.broken = self.file.set_len(self.length).is_err();
            return Err(ProjectError::write(&journal, &error).into());
        }
        self.length += bytes.len() as u64;
        self.seq = line.seq;
        self.hash = hash;
        self.book.apply(now, client, line.action);
        Ok(())
    }

    /// All warnings.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// The rules.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The hash of the newest line: who keeps it elsewhere can tell later that no line is missing.
    pub fn head(&self) -> (u64, &str) {
        (self.seq, &self.hash)
    }

    /// A warning as clients see it.
    pub fn view(&self, id: &str, now: Instant) -> Result<View, WarningError> {
        self.book
            .view(id, now, &self.rules)
            .ok_or_else(|| unknown(id))
    }

    /// The CAP message of a warning: as it was sent, or as a draft.
    pub fn cap(&self, id: &str, now: Instant) -> Result<String, WarningError> {
        let warning = self.book.warning(id).ok_or_else(|| unknown(id))?;
        Ok(match self.book.sent(id) {
            Some(sent) => cap_message(warning, sent, false, &self.rules)?,
            None => cap_message(warning, exercise_time(warning, now), true, &self.rules)?,
        })
    }

    /// Takes drafts in. One that is there already, of the same run with the same result, is not made again.
    ///
    /// - `run`, `digest`: name and digest of the run
    /// - `start`: when the run begins
    pub fn draft(
        &mut self,
        contents: Vec<Content>,
        run: &str,
        digest: &str,
        start: Instant,
        now: Instant,
    ) -> Result<Vec<String>, WarningError> {
        let offset = match self.rules.message.clock {
            ClockRule::Run => start.seconds_since(now) as i64,
            ClockRule::Wall => 0,
        };
        let time = now.plus_seconds(offset as f64);
        let mut ids = Vec::new();
        for mut warning in draft_warnings(contents, run, digest, time, &self.rules) {
            if let Some(known) = self.book.of_key(&warning.key) {
                ids.push(known.to_owned());
                continue;
            }
            warning.id = new_id(&self.book.ids(), &warning.content.region, time, &self.rules);
            warning.clock_offset_s = offset;
            ids.push(warning.id.clone());
            let warning = Box::new(warning);
            self.append(now, None, Action::Draft { warning })?;
        }
        Ok(ids)
    }

    /// Issues a draft in the name of a person.
    pub fn approve(
        &mut self,
        id: &str,
        by: &str,
        client: Option<&str>,
        now: Instant,
    ) -> Result<String, WarningError> {
        if let Some(done) = self.done_before(client)? {
            return Ok(done);
        }
        let warning = self.book.warning(id).ok_or_else(|| unknown(id))?;
        let action = Action::Approve {
            id: id.to_owned(),
            by: by.trim().to_owned(),
            sent: exercise_time(warning, now),
        };
        self.append(now, client, action)?;
        self.hand_out(id, now)?;
        Ok(id.to_owned())
    }

    /// Replaces an issued warning by a new message, issued at once in the name of a person. Returns the new one.
    pub fn update(
        &mut self,
        id: &str,
        by: &str,
        change: Change,
        client: Option<&str>,
        now: Instant,
    ) -> Result<String, WarningError> {
        if let Some(done) = self.done_before(client)? {
            return Ok(done);
        }
        for (told, most) in change.texts(&self.rules) {
            if !is_told(told, most) {
                let most = text::same(most);
                return Err(WarningError::Refused(text::filled(
                    "alert.refused.text",
                    &[("most", &most)],
                )));
            }
        }
        let before = self.book.warning(id).ok_or_else(|| unknown(id))?;
        let (run, digest, mut content) = match change.content {
            Some(new) => new,
            None => (
                before.run.clone(),
                before.digest.clone(),
                before.content.clone(),
            ),
        };
        if content.audience != before.content.audience {
            return Err(WarningError::Refused(text::message(
                "alert.refused.audience",
            )));
        }
        if let Some(colour) = change.colour
            && colour != content.colour
        {
            content.colour = colour;
            text::tell(&mut content, &self.rules);
        }
        content.headline = change.headline.unwrap_or(content.headline);
        content.description = change.description.unwrap_or(content.description);
        content.instruction = change.instruction.unwrap_or(content.instruction);
        content.expires = change.expires.unwrap_or(content.expires);
        let (warning, sent) = self.next(
            id,
            before,
            Kind::Update,
            run,
            digest,
            content,
            change.reason,
            now,
        );
        let lifted = Lifted::by_update(&self.book, id, &warning.content).map(Box::new);
        let warning = Warning { lifted, ..warning };
        let new = warning.id.clone();
        let action = Action::Update {
            id: id.to_owned(),
            by: by.trim().to_owned(),
            sent,
            warning: Box::new(warning),
        };
        self.append(now, client, action)?;
        self.hand_out(&new, now)?;
        Ok(new)
    }

    /// Takes a chain back in the name of a person. The message goes to all that the chain has reached. Returns it.
    pub fn cancel(
        &mut self,
        id: &str,
        by: &str,
        reason: &str,
        client: Option<&str>,
        now: Instant,
    ) -> Result<String, WarningError> {
        if let Some(done) = self.done_before(client)? {
            return Ok(done);
        }
        let before = self.book.warning(id).ok_or_else(|| unknown(id))?;
        let mut content = self.book.reached(id).unwrap_or(&before.content).clone();
        text::tell_cancel(&mut content, reason);
        let (run, digest) = (before.run.clone(), before.digest.clone());
        let (warning, sent) = self.next(
            id,
            before,
            Kind::Cancel,
            run,
            digest,
            content,
            Some(reason.to_owned()),
            now,
        );
        let new = warning.id.clone();
        let action = Action::Cancel {
            id: id.to_owned(),
            by: by.trim().to_owned(),
            reason: reason.to_owned(),
            sent,
            warning: Box::new(warning),
        };
        self.append(now, client, action)?;
        self.hand_out(&new, now)?;
        Ok(new)
    }

    /// Throws a draft away in the name of a person.
    pub fn discard(
        &mut self,
        id: &str,
        by: &str,
        reason: &str,
        client: Option<&str>,
        now: Instant,
    ) -> Result<String, WarningError> {
        if let Some(done) = self.done_before(client)? {
            return Ok(done);
        }
        self.book.warning(id).ok_or_else(|| unknown(id))?;
        let action = Action::Discard {
            id: id.to_owned(),
            by: by.trim().to_owned(),
            reason: reason.to_owned(),
        };
        self.append(now, client, action)?;
        Ok(id.to_owned())
    }

    /// The next message of a chain and when it is sent.
    fn next(
        &self,
        id: &str,
        before: &Warning,
        kind: Kind,
        run: String,
        digest: String,
        content: Content,
        reason: Option<String>,
        now: Instant,
    ) -> (Warning, Instant) {
        let sent = exercise_time(before, now);
        let new = new_id(&self.book.ids(), &content.region, sent, &self.rules);
        let warning = Warning {
            key: new.clone(),
            id: new,
            run,
            digest,
            kind,
            clock_offset_s: before.clock_offset_s,
            content,
            references: self.book.references(id),
            reason,
            lifted: None,
        };
        (warning, sent)
    }

    /// What an earlier request with the same identifier led to.
    fn done_before(&self, client: Option<&str>) -> Result<Option<String>, WarningError> {
        match client {
            Some(client) if client.is_empty() || client.len() > LONGEST_CLIENT => {
                Err(WarningError::Refused(text::message("alert.refused.client")))
            }
            client => Ok(client
                .and_then(|c| self.book.of_client(c))
                .map(str::to_owned)),
        }
    }

    fn cap_path(&self, id: &str) -> PathBuf {
        self.dir.join(format!("{id}.xml"))
    }

    /// Writes an issued message as a file and posts it where the rules say so. What the other program does with it
    /// changes nothing here but the history.
    fn hand_out(&mut self, id: &str, now: Instant) -> Result<(), WarningError> {
        let xml = self.cap(id, now)?;
        files::replace(&self.cap_path(id), xml.as_bytes())?;
        if let Some(webhook) = self.rules.webhook.clone() {
            let fault = webhook.post(&xml).err();
            let action = Action::Post {
                id: id.to_owned(),
                url: webhook.url().to_owned(),
                fault,
            };
            self.append(now, None, action)?;
        }
        Ok(())
    }

    /// Files that a crash between journal and file has left out.
    fn write_missing(&self) -> Result<(), ProjectError> {
        for (warning, sent) in self.book.issued() {
            let path = self.cap_path(&warning.id);
            if !path.is_file() {
                let xml = cap_message(warning, sent, false, &self.rules)?;
                files::replace(&path, xml.as_bytes())?;
            }
        }
        Ok(())
    }

    /// Identifiers of warnings in a state at a time of the clock.
    pub fn in_state(&self, state: State, now: Instant) -> Vec<String> {
        let ids = self.book.ids().into_iter();
        ids.filter(|id| self.book.state(id, now) == Some(state))
            .collect()
    }
}

fn unknown(id: &str) -> WarningError {
    WarningError::Unknown {
        id: id.chars().take(60).collect(),
    }
}

/// The time of the exercise that a warning belongs to.
fn exercise_time(warning: &Warning, now: Instant) -> Instant {
    now.plus_seconds(warning.clock_offset_s as f64)
}
