//! Child processes: run, watch, end in time.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A command with its arguments, run in the repository's root unless told otherwise.
pub struct Command {
    program: String,
    arguments: Vec<String>,
    folder: PathBuf,
    environment: Vec<(String, String)>,
    limit: Option<Duration>,
}

impl Command {
    /// A command by the name of its program.
    pub fn new(program: impl Into<String>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            folder: crate::root(),
            environment: Vec::new(),
            limit: None,
        }
    }

    /// One more argument.
    pub fn arg(&mut self, argument: impl Into<String>) -> &mut Self {
        self.arguments.push(argument.into());
        self
    }

    /// More arguments.
    pub fn args<S: AsRef<str>>(&mut self, arguments: impl IntoIterator<Item = S>) -> &mut Self {
        self.arguments
            .extend(arguments.into_iter().map(|a| a.as_ref().to_owned()));
        self
    }

    /// The folder to run in.
    pub fn folder(&mut self, folder: impl Into<PathBuf>) -> &mut Self {
        self.folder = folder.into();
        self
    }

    /// An environment variable for the child.
    pub fn env(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Ends the child, and all that it started, after this time.
    pub fn limit(&mut self, limit: Duration) -> &mut Self {
        self.limit = Some(limit);
        self
    }

    /// As a person would type it.
    pub fn line(&self) -> String {
        std::iter::once(&self.program)
            .chain(&self.arguments)
            .cloned()
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Runs with the terminal's own input and output; fails on a status other than 0.
    pub fn run(&mut self) -> Result<()> {
        let status = self.std().status().with_context(|| {
            format!(
                "cannot start `{}`; is it installed and on the PATH?",
                self.program
            )
        })?;
        if !status.success() {
            bail!("`{}` ended with {status}", self.line());
        }
        Ok(())
    }

    /// Runs quietly and returns what was printed, if it could be run and succeeded.
    pub fn output(&mut self) -> Option<String> {
        let output = self
            .std()
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs, hands on every line that it prints, and tells whether it succeeded in time.
    pub fn watch(&mut self, mut on_line: impl FnMut(&str)) -> Result<bool> {
        let mut command = self.std();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().with_context(|| {
            format!(
                "cannot start `{}`; is it installed and on the PATH?",
                self.program
            )
        })?;
        let (sender, lines) = mpsc::channel::<String>();
        forward(child.stdout.take(), sender.clone());
        forward(child.stderr.take(), sender);
        let started = Instant::now();
        loop {
            let rest = self.limit.map_or(Duration::from_secs(3600), |l| {
                l.saturating_sub(started.elapsed())
            });
            match lines.recv_timeout(rest) {
                Ok(line) => on_line(&line),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    end_group(&mut child);
                    on_line(&format!(
                        "ended after {} s: `{}`",
                        started.elapsed().as_secs(),
                        self.line()
                    ));
                    return Ok(false);
                }
            }
        }
        Ok(child.wait()?.success())
    }

    fn std(&self) -> std::process::Command {
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.folder);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

fn forward(stream: Option<impl std::io::Read + Send + 'static>, sender: mpsc::Sender<String>) {
    let Some(stream) = stream else { return };
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut bytes = Vec::new();
        while matches!(reader.read_until(b'\n', &mut bytes), Ok(n) if n > 0) {
            let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            bytes.clear();
            if sender.send(line).is_err() {
                break;
            }
        }
    });
}

/// Ends the child and its own children by the id of their process group.
fn end_group(child: &mut Child) {
    #[cfg(unix)]
    {
        let _ = std::process::Command::new("kill")
            .args(["-KILL", "--", &format!("-{}", child.id())])
            .status();
    }
    let _ = child.kill();
    let _ = child.wait();
}
