//! The `stormgrid` program.
//!
//! Exit status: 0 done, 1 the input is at fault (one sentence on the error output), 2 usage.
//!
//! What people read is Chinese or English, as `--lang` or the environment says; the help is English.

#[macro_use]
mod output;

mod args;
mod check;
mod demo;
mod ensemble;
mod failure;
mod grids;
mod hindcast;
mod language;
mod points;
mod rehearse;
mod run;
mod typhoon;
mod verify;
mod warnings;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, CityCommand, Command, GridsCommand};
use language::Language;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("STORMGRID_LOG")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn")),
        )
        .with_writer(std::io::stderr)
        .init();
    let language = arguments.lang.unwrap_or_else(Language::of_environment);
    let outcome = match arguments.command {
        Command::Demo(options) => demo::demo(&options, language),
        Command::Serve(options) => demo::serve(&options, language),
        Command::Simulate(options) => run::simulate(&options, language),
        Command::Forecast(options) => run::forecast(&options, language),
        Command::Typhoon(options) => typhoon::typhoon(&options, language),
        Command::Grids(GridsCommand::Check(options)) => grids::check(&options, language),
        Command::Grids(GridsCommand::Locate(options)) => points::locate(&options, language),
        Command::City(CityCommand::Info(options)) => check::city_info(&options, language),
        Command::Check(options) => check::check(&options, language),
        Command::Hindcast(options) => hindcast::hindcast(&options, language),
        Command::Verify(options) => verify::verify(&options, language),
        Command::Warnings(command) => warnings::warnings(&command, language),
        Command::Compare(options) => rehearse::compare(&options, language),
        Command::Plan(options) => rehearse::plan(&options, language),
        Command::Advisory(options) => rehearse::advisory(&options, language),
    };
    output::flush();
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("{}", failure.told(language));
            ExitCode::FAILURE
        }
    }
}
