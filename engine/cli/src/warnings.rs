//! `warnings`: drafts of a run folder, and what named persons do with them, file by file.

use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::time::Instant;
use stormgrid_project::files;
use stormgrid_project::warning::{Change, Rules, State, Store, View, Warning};

use crate::args::{StoreArguments, WarningsCommand};
use crate::failure::Result;
use crate::language::{Language, padded};

fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Instant::from_unix_seconds(since.map_or(0, |d| d.as_secs() as i64))
}

fn open(arguments: &StoreArguments) -> Result<Store> {
    let rules = match &arguments.rules {
        Some(path) => Rules::read(&files::read_text(path)?, &path.display().to_string())?,
        None => Rules::read("", "the rules")?,
    };
    Ok(Store::open(&arguments.store, rules)?)
}

/// Does what was asked and tells the warnings that it concerns.
pub fn warnings(command: &WarningsCommand, language: Language) -> Result<ExitCode> {
    let now = now();
    let (store, ids, json) = match command {
        WarningsCommand::Drafts { run, at } => {
            let mut store = open(at)?;
            let ids = take(&mut store, run, now)?;
            (store, ids, at.json)
        }
        WarningsCommand::List { at } => {
            let store = open(at)?;
            let ids = store
                .book()
                .views(now, store.rules())
                .into_iter()
                .map(|v| v.id)
                .collect();
            (store, ids, at.json)
        }
        WarningsCommand::Approve { id, by, at } => {
            let mut store = open(at)?;
            let id = store.approve(id, by, None, now)?;
            (store, vec![id], at.json)
        }
        WarningsCommand::Update { id, by, reason, at } => {
            let mut store = open(at)?;
            let change = Change {
                reason: reason.clone(),
                ..Change::default()
            };
            let id = store.update(id, by, change, None, now)?;
            (store, vec![id], at.json)
        }
        WarningsCommand::Cancel { id, by, reason, at } => {
            let mut store = open(at)?;
            let id = store.cancel(id, by, reason, None, now)?;
            (store, vec![id], at.json)
        }
        WarningsCommand::Discard { id, by, reason, at } => {
            let mut store = open(at)?;
            let id = store.discard(id, by, reason, None, now)?;
            (store, vec![id], at.json)
        }
    };
    let views: Vec<View> = ids
        .iter()
        .map(|id| store.view(id, now))
        .collect::<Result<_, _>>()?;
    if json {
        println!("{}", serde_json::to_string_pretty(&views)?);
        return Ok(ExitCode::SUCCESS);
    }
    for view in &views {
        // Both texts in both languages: who approves a warning approves both.
        let state = padded(&language.tell(&state(view.state)), 10);
        println!("{}  {state}  {}", view.id, view.headline.zh);
        println!("{:33}{:10}  {}", "", "", view.headline.en);
    }
    let (lines, head) = store.head();
    let line = message!(
        "cli.warnings.total",
        "{n} warnings; the journal is whole: {lines} lines, newest hash {head}",
        n = views.len(),
        lines = lines,
        head = head
    );
    println!("{}", language.tell(&line));
    Ok(ExitCode::SUCCESS)
}

/// Where a warning stands; in English the word of the journal.
fn state(state: State) -> Message {
    match state {
        State::Draft => message!("cli.warnings.draft", "draft"),
        State::Issued => message!("cli.warnings.issued", "issued"),
        State::Superseded => message!("cli.warnings.superseded", "superseded"),
        State::Cancelled => message!("cli.warnings.cancelled", "cancelled"),
        State::Expired => message!("cli.warnings.expired", "expired"),
        State::Discarded => message!("cli.warnings.discarded", "discarded"),
    }
}

/// Takes the drafts of a run folder into the journal.
fn take(store: &mut Store, run: &Path, now: Instant) -> Result<Vec<String>> {
    let path = run.join("warnings/drafts.json");
    let drafts = serde_json::from_slice(&files::read(&path)?);
    let drafts: Vec<Warning> = drafts.map_err(|error| {
        message!(
            "cli.warnings.no_drafts",
            "{file}: it holds no drafts of warnings; run the forecast again: {detail}",
            file = path.display().to_string(),
            detail = Message::english(error)
        )
    })?;
    let Some(first) = drafts.first() else {
        return Ok(Vec::new());
    };
    let (digest, start) = (first.digest.clone(), first.content.start);
    let name = run
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let contents = drafts.into_iter().map(|draft| draft.content).collect();
    Ok(store.draft(contents, &name, &digest, start, now)?)
}
