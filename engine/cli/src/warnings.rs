//! `warnings`: drafts of a run folder, and what named persons do with them, file by file.

use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use stormgrid_core::time::Instant;
use stormgrid_project::files;
use stormgrid_project::warning::{Change, Rules, Store, View, Warning};

use crate::args::{StoreArguments, WarningsCommand};

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
pub fn warnings(command: &WarningsCommand) -> Result<ExitCode> {
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
        let state = serde_json::to_value(view.state)?;
        println!(
            "{}  {:10}  {}",
            view.id,
            state.as_str().unwrap_or_default(),
            view.headline.zh
        );
        println!("{:33}{:10}  {}", "", "", view.headline.en);
    }
    let (lines, head) = store.head();
    println!(
        "{} warnings; the journal is whole: {lines} lines, newest hash {head}",
        views.len()
    );
    Ok(ExitCode::SUCCESS)
}

/// Takes the drafts of a run folder into the journal.
fn take(store: &mut Store, run: &Path, now: Instant) -> Result<Vec<String>> {
    let path = run.join("warnings/drafts.json");
    let drafts: Vec<Warning> = serde_json::from_slice(&files::read(&path)?).with_context(|| {
        format!(
            "{}: it holds no drafts of warnings; run the forecast again",
            path.display()
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
