//! The `stormgrid` program.
//!
//! Exit status: 0 done, 1 the input is at fault (one sentence on the error output), 2 usage.

mod args;
mod check;
mod demo;
mod ensemble;
mod grids;
mod hindcast;
mod rehearse;
mod run;
mod typhoon;
mod verify;
mod warnings;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, CityCommand, Command, GridsCommand};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("STORMGRID_LOG")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn")),
        )
        .with_writer(std::io::stderr)
        .init();
    let outcome = match arguments.command {
        Command::Demo(options) => demo::demo(&options),
        Command::Serve(options) => demo::serve(&options),
        Command::Simulate(options) => run::simulate(&options),
        Command::Forecast(options) => run::forecast(&options),
        Command::Typhoon(options) => typhoon::typhoon(&options),
        Command::Grids(GridsCommand::Check(options)) => grids::check(&options),
        Command::Grids(GridsCommand::Locate(options)) => grids::locate(&options),
        Command::City(CityCommand::Info(options)) => check::city_info(&options),
        Command::Check(options) => check::check(&options),
        Command::Hindcast(options) => hindcast::hindcast(&options),
        Command::Verify(options) => verify::verify(&options),
        Command::Warnings(command) => warnings::warnings(&command),
        Command::Compare(options) => rehearse::compare(&options),
        Command::Plan(options) => rehearse::plan(&options),
        Command::Advisory(options) => rehearse::advisory(&options),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            let text = format!("{error:#}");
            let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            eprintln!("error: {one_line}");
            ExitCode::FAILURE
        }
    }
}
