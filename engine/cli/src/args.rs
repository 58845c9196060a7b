//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::language::Language;

/// Flood forecasts for a city's digital twin: typhoon, rain, sea, flood, and who is reached.
#[derive(Debug, Parser)]
#[command(name = "stormgrid", version, max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Language of what is told; without it STORMGRID_LANG, LC_ALL, LC_MESSAGES or LANG decides
    #[arg(long, global = true, value_name = "LANG")]
    pub lang: Option<Language>,
}

/// What the program does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes the demo city if it is missing, forecasts Typhoon Hato and serves the viewer
    #[command(after_help = "Example:\n  stormgrid demo --port 9000 --no-open")]
    Demo(DemoArguments),
    /// Serves a twin on 127.0.0.1
    #[command(after_help = "Example:\n  stormgrid serve demo-twin --port 9000")]
    Serve(ServeArguments),
    /// Runs one flood from a scenario file
    #[command(after_help = "Example:\n  stormgrid simulate merewether.toml --out run --threads 2")]
    Simulate(SimulateArguments),
    /// Runs a typhoon over a twin: sea, rain, flood, exposure per grid
    #[command(after_help = "Example:\n  stormgrid forecast demo-twin --cell-size 20 --out run")]
    Forecast(Box<ForecastArguments>),
    /// Wind, pressure and rain of a typhoon at points
    #[command(
        after_help = "Example:\n  stormgrid typhoon tracks_jma_10min.csv --storm HATO --at points.csv --out wind.csv"
    )]
    Typhoon(TyphoonArguments),
    /// Checks grid coverages and finds the grid of a point
    #[command(subcommand)]
    Grids(GridsCommand),
    /// Looks into city models
    #[command(subcommand)]
    City(CityCommand),
    /// Checks every layer of a twin: what was read, assumed, left out, and what is not known; status 1 on what would
    /// make a number wrong
    #[command(after_help = "Example:\n  stormgrid check demo-twin --strict")]
    Check(CheckArguments),
    /// Runs the flood solver on cases whose answer is known; status 1 if a gate is missed, unless by
    /// design
    #[command(
        after_help = "Example:\n  stormgrid verify --case stoker --plots plots\n\nA gate that local_inertial misses because its equations lack the advection of momentum is missed by design."
    )]
    Verify(VerifyArguments),
    /// Past storms against observed levels, surges and winds: a table
    #[command(after_help = "Example:\n  stormgrid hindcast --data data --storm HATO")]
    Hindcast(HindcastArguments),
    /// Drafts of warnings from a forecast, and what named persons do with them
    #[command(subcommand)]
    Warnings(WarningsCommand),
    /// Compares two runs: rows per grid, sums, a difference map
    #[command(after_help = "Example:\n  stormgrid compare run-a run-b --out difference")]
    Compare(CompareArguments),
    /// Who leaves when, by which roads, to which shelter
    #[command(after_help = "Example:\n  stormgrid plan demo-twin run --out plan")]
    Plan(PlanArguments),
    /// Checks an advisory: its positions as understood, and what was assumed
    #[command(after_help = "Example:\n  stormgrid advisory hato.json")]
    Advisory(AdvisoryArguments),
}

/// Subcommands of `warnings`.
#[derive(Debug, Subcommand)]
pub enum WarningsCommand {
    /// Takes the drafts of a forecast's folder into the journal
    #[command(after_help = "Example:\n  stormgrid warnings drafts run --store warnings")]
    Drafts {
        /// Folder of a forecast
        run: PathBuf,
        /// The journal
        #[command(flatten)]
        at: StoreArguments,
    },
    /// Checks the journal and lists all warnings
    #[command(after_help = "Example:\n  stormgrid warnings list --store warnings --json")]
    List {
        /// The journal
        #[command(flatten)]
        at: StoreArguments,
    },
    /// Issues a draft in the name of a person
    #[command(
        after_help = "Example:\n  stormgrid warnings approve 44070400000000_20170822200000_0 --by 张三"
    )]
    Approve {
        /// The draft
        id: String,
        /// Name of the person
        #[arg(long, value_name = "NAME")]
        by: String,
        /// The journal
        #[command(flatten)]
        at: StoreArguments,
    },
    /// Issues a warning again as an update
    Update {
        /// The warning
        id: String,
        /// Name of the person
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
        /// The journal
        #[command(flatten)]
        at: StoreArguments,
    },
    /// Takes a warning and its whole chain back
    Cancel {
        /// The newest warning of the chain
        id: String,
        /// Name of the person
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Why
        #[arg(long)]
        reason: String,
        /// The journal
        #[command(flatten)]
        at: StoreArguments,
    },
    /// Throws a draft away
    Discard {
        /// The draft
        id: String,
        /// Name of the person
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Why
        #[arg(long)]
        reason: String,
        /// The journal
        #[command(flatten)]
        at: StoreArguments,
    },
}

/// Of all subcommands of `warnings`.
#[derive(Debug, Args)]
pub struct StoreArguments {
    /// Folder of the journal and of the issued messages
    #[arg(long, value_name = "DIR", default_value = "warnings")]
    pub store: PathBuf,
    /// Rules over those of the program, TOML, as in a twin's warnings.toml
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// Prints JSON
    #[arg(long)]
    pub json: bool,
}

/// Subcommands of `grids`.
#[derive(Debug, Subcommand)]
pub enum GridsCommand {
    /// Gaps, overlaps, slivers and invalid rings, with place and area; status 1 if any
    #[command(
        after_help = "Example:\n  stormgrid grids check units.geojson --parent grids.geojson"
    )]
    Check(GridsCheckArguments),
    /// The grid of each point
    #[command(
        after_help = "Example:\n  stormgrid grids locate grids.geojson points.csv\n\nThe points are a CSV with the columns lon, lat (or x, y) and, if wanted, id. They are converted to the coordinate reference system of the polygons."
    )]
    Locate(GridsLocateArguments),
}

/// Subcommands of `city`.
#[derive(Debug, Subcommand)]
pub enum CityCommand {
    /// What is in a CityJSON or CityJSONSeq file
    #[command(after_help = "Example:\n  stormgrid city info delft.city.json --json")]
    Info(CityInfoArguments),
}

/// Of `demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Port on 127.0.0.1
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Does not open a browser
    #[arg(long)]
    pub no_open: bool,
    /// Folder of the demo city; made if missing
    #[arg(long, value_name = "DIR", default_value = "stormgrid-demo")]
    pub dir: PathBuf,
    /// Folder of the viewer [default: `viewer` beside the program, or STORMGRID_VIEWER]
    #[arg(long, value_name = "DIR")]
    pub viewer: Option<PathBuf>,
    /// Threads of the solver; 0 takes what the machine has
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub threads: usize,
    /// Gigabytes that kept runs, ensembles and members may take; beyond them members of finished ensembles go, then the
    /// oldest that are neither pinned nor warned about
    #[arg(long, default_value_t = 20.0, value_name = "GB", value_parser = gigabytes)]
    pub disk_budget: f64,
    /// Ends after the first forecast instead of serving on: for tests
    #[arg(long)]
    pub exit_after_forecast: bool,
}

/// Of `serve`.
#[derive(Debug, Args)]
pub struct ServeArguments {
    /// Folder of the twin
    pub twin: PathBuf,
    /// Port on 127.0.0.1
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Folder of the viewer [default: `viewer` beside the program, or STORMGRID_VIEWER]
    #[arg(long, value_name = "DIR")]
    pub viewer: Option<PathBuf>,
    /// Threads of the solver; 0 takes what the machine has
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub threads: usize,
    /// Gigabytes that kept runs, ensembles and members may take; beyond them members of finished ensembles go, then the
    /// oldest that are neither pinned nor warned about
    #[arg(long, default_value_t = 20.0, value_name = "GB", value_parser = gigabytes)]
    pub disk_budget: f64,
}

/// A size of a disk [GB].
fn gigabytes(text: &str) -> Result<f64, String> {
    let size = text.parse().ok().filter(|gb| (0.0..=1e6).contains(gb));
    size.ok_or_else(|| "give a number of gigabytes from 0 to 1000000".to_owned())
}

/// Of `simulate`.
#[derive(Debug, Args)]
pub struct SimulateArguments {
    /// The scenario, TOML
    pub scenario: PathBuf,
    /// Folder for the results; must be empty, missing, or an earlier run
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Threads; 0 takes what the machine has. The result does not depend on it
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub threads: usize,
    /// Writes the depth of every output time, too
    #[arg(long)]
    pub frames: bool,
    /// Sets the run down in this file at every output time
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// Goes on from a checkpoint of the same scenario
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
    /// Prints the summary as JSON
    #[arg(long)]
    pub json: bool,
}

/// Schemes of the flood solver.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum SchemeName {
    /// Shallow-water equations by finite volumes
    FiniteVolume,
    /// The same to second order: sharper fronts, about twice the cost
    #[value(name = "finite_volume_2")]
    FiniteVolume2,
    /// Without the advection of momentum; about three times faster
    LocalInertial,
}

impl From<SchemeName> for stormgrid_project::Scheme {
    fn from(name: SchemeName) -> Self {
        match name {
            SchemeName::FiniteVolume => Self::FiniteVolume,
            SchemeName::FiniteVolume2 => Self::SecondOrder,
            SchemeName::LocalInertial => Self::LocalInertial,
        }
    }
}

/// Models of a typhoon's wind.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum WindModel {
    /// Gradient wind brought down to 10 m
    #[value(name = "holland1980")]
    Holland1980,
    /// The same form with the surface shape of 2008
    #[value(name = "holland2008")]
    Holland2008,
    /// Tied to 17 m/s at 300 km
    #[value(name = "holland2010")]
    Holland2010,
    /// Emanuel and Rotunno 2011
    #[value(name = "emanuel_rotunno")]
    EmanuelRotunno,
    /// Willoughby, Darling and Rahn 2006
    #[value(name = "willoughby")]
    Willoughby,
}

impl From<WindModel> for stormgrid_sim::typhoon::Profile {
    fn from(name: WindModel) -> Self {
        match name {
            WindModel::Holland1980 => Self::Holland80,
            WindModel::Holland2008 => Self::Holland08,
            WindModel::Holland2010 => Self::Holland10,
            WindModel::EmanuelRotunno => Self::EmanuelRotunno,
            WindModel::Willoughby => Self::Willoughby,
        }
    }
}

/// How the storm's motion enters the wind.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum AsymmetryName {
    /// The velocity, fading beyond the radius of maximum wind
    Fading,
    /// Half the speed, strongest 70° right of the motion (McConochie 2004)
    RightForward,
    /// The velocity in proportion to the wind (GeoClaw)
    Proportional,
    /// The speed by a cosine, strongest 70° right of the motion (Hubbert 1991)
    Cosine,
    /// None
    Symmetric,
}

impl From<AsymmetryName> for stormgrid_sim::typhoon::Asymmetry {
    fn from(name: AsymmetryName) -> Self {
        match name {
            AsymmetryName::Fading => Self::Fading,
            AsymmetryName::RightForward => Self::RightForward,
            AsymmetryName::Proportional => Self::Proportional,
            AsymmetryName::Cosine => Self::Cosine,
            AsymmetryName::Symmetric => Self::Symmetric,
        }
    }
}

/// Models of a typhoon's rain.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum RainName {
    /// Climatology by wind and distance
    RCliper,
    /// By pressure deficit and radius, stronger right of the track
    Ipet,
}

impl From<RainName> for stormgrid_sim::rain::RainModel {
    fn from(name: RainName) -> Self {
        match name {
            RainName::RCliper => Self::RCliper,
            RainName::Ipet => Self::Ipet,
        }
    }
}

/// Of `forecast`.
#[derive(Debug, Args)]
pub struct ForecastArguments {
    /// Folder of the twin
    pub twin: PathBuf,
    /// Another track than that of the twin's forecast.toml: our CSV, IBTrACS, ATCF, CMA or JMA best track,
    /// advisory as JSON
    #[arg(long, value_name = "FILE")]
    pub track: Option<PathBuf>,
    /// Which storm of that track: name, name and year, number or identifier, as of `typhoon`
    #[arg(long, value_name = "NAME")]
    pub storm: Option<String>,
    /// Agency whose track it is, where the file holds several: JMA, CMA, JTWC
    #[arg(long, value_name = "NAME")]
    pub agency: Option<String>,
    /// Folder for the results; must be empty, missing, or an earlier run
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Cell size [m]; without it 20, of a forecast and its ensemble alike
    #[arg(long, value_name = "M")]
    pub cell_size: Option<f64>,
    /// Scheme of the flood solver; without it finite_volume below 15 m cells, else local_inertial; of a
    /// forecast and its ensemble alike
    #[arg(long, value_name = "SCHEME")]
    pub scheme: Option<SchemeName>,
    /// Length [s]; that of forecast.toml without it
    #[arg(long, value_name = "S")]
    pub duration: Option<f64>,
    /// Threads; 0 takes what the machine has. The result does not depend on it
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub threads: usize,
    /// An advisory, JSON, instead of the twin's track; the run begins with it if it does not cover the start
    /// in forecast.toml
    #[arg(long, value_name = "FILE", conflicts_with = "track")]
    pub advisory: Option<PathBuf>,
    /// Changes to rehearse, a JSON list: gate, pump, levee, evacuate, shift_track, sea_level, rain
    #[arg(long, value_name = "FILE")]
    pub changes: Option<PathBuf>,
    /// The run that the changes are compared with, for the record
    #[arg(long, value_name = "NAME")]
    pub copy_of: Option<String>,
    /// Title of the run
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Prints the summary as JSON
    #[arg(long)]
    pub json: bool,
    /// Runs this many members, the forecast itself and others with the errors that forecasts have, each in
    /// a process of its own; results that are in DIR already are taken as they are
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(stormgrid_project::ensemble::MOST_MEMBERS)))]
    pub members: Option<u32>,
    /// Seed of the members' errors
    #[arg(long, default_value_t = 1, value_name = "S", requires = "members")]
    pub seed: u64,
    /// Members at once; 0 takes as many as the machine has cores. The result does not depend on it
    #[arg(long, default_value_t = 0, value_name = "W", requires = "members")]
    pub workers: usize,
    /// When the forecast was issued, for example 2017-08-22T20:00:00+08:00: its errors grow from there
    #[arg(long, value_name = "TIME", requires = "members")]
    pub issued: Option<String>,
    /// Other errors than the published ones; form as of data/ensemble/errors.json
    #[arg(long, value_name = "JSON", requires = "members")]
    pub errors: Option<PathBuf>,
    /// Runs one member of an ensemble: a file of DIR/members
    #[arg(long, value_name = "JSON", conflicts_with_all = ["members", "track", "storm", "agency", "cell_size", "duration", "scheme"])]
    pub member_spec: Option<PathBuf>,
}

/// Of `compare`.
#[derive(Debug, Args)]
pub struct CompareArguments {
    /// Folder of the first run
    pub first: PathBuf,
    /// Folder of the second run
    pub second: PathBuf,
    /// Layer of grids whose rows are compared
    #[arg(long, default_value = "grids", value_name = "LAYER")]
    pub layer: String,
    /// Folder for difference.tif, compare.csv and compare.json
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Prints the comparison as JSON
    #[arg(long)]
    pub json: bool,
}

/// Of `plan`.
#[derive(Debug, Args)]
pub struct PlanArguments {
    /// Folder of the twin
    pub twin: PathBuf,
    /// Folder of a forecast of it
    pub run: PathBuf,
    /// Folder for plan.json, plan.csv and plan.geojson
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Speed on the roads [m/s]; people on foot by default
    #[arg(long, default_value_t = 1.1, value_name = "M/S")]
    pub speed: f64,
    /// Minutes before the water in which people are to be in their shelter
    #[arg(long, default_value_t = 60.0, value_name = "MIN")]
    pub lead: f64,
    /// Prints the plan as JSON
    #[arg(long)]
    pub json: bool,
}

/// Of `advisory`.
#[derive(Debug, Args)]
pub struct AdvisoryArguments {
    /// The advisory, JSON, or any other track of one storm
    pub file: PathBuf,
    /// Prints the positions and notes as JSON
    #[arg(long)]
    pub json: bool,
}

/// Of `typhoon`.
#[derive(Debug, Args)]
pub struct TyphoonArguments {
    /// The track: our CSV, IBTrACS, ATCF, CMA or JMA best track, advisory as JSON
    pub track: PathBuf,
    /// Points, CSV with lon, lat and, if wanted, id
    #[arg(long, value_name = "CSV")]
    pub at: PathBuf,
    /// The table to write: id, lon, lat, time_utc, wind, pressure, rain
    #[arg(long, value_name = "CSV")]
    pub out: PathBuf,
    /// Which storm, where the track file holds several: name (HATO, 天鸽), name and year ("HATO 2017"), number (1713,
    /// 15W, 1949-0003) or identifier (2017232N19130, WP152017); one that fits several is asked back
    #[arg(long, value_name = "NAME")]
    pub storm: Option<String>,
    /// Agency whose track it is, where the file holds several: JMA, CMA, JTWC
    #[arg(long, value_name = "NAME")]
    pub agency: Option<String>,
    /// Radii of maximum wind of the same storm by another agency
    #[arg(long, value_name = "FILE")]
    pub radii: Option<PathBuf>,
    /// Model of the wind
    #[arg(long, value_name = "NAME", default_value = "holland1980")]
    pub model: WindModel,
    /// How the storm's motion enters the wind
    #[arg(long, value_name = "NAME", default_value = "fading")]
    pub asymmetry: AsymmetryName,
    /// Model of the rain
    #[arg(long, value_name = "NAME", default_value = "r_cliper")]
    pub rain: RainName,
    /// Minutes between the rows of a point
    #[arg(long, default_value_t = 60, value_name = "MIN", value_parser = clap::value_parser!(u32).range(1..=1440))]
    pub step: u32,
}

/// Of `grids check`.
#[derive(Debug, Args)]
pub struct GridsCheckArguments {
    /// GeoJSON polygons, one coverage
    pub file: PathBuf,
    /// Property that holds the code
    #[arg(long, default_value = "code")]
    pub id: String,
    /// The layer above: each polygon must lie inside exactly one of it, and areas and people must
    /// add up
    #[arg(long, value_name = "FILE")]
    pub parent: Option<PathBuf>,
    /// Prints the report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Of `grids locate`.
#[derive(Debug, Args)]
pub struct GridsLocateArguments {
    /// GeoJSON polygons
    pub file: PathBuf,
    /// Points, CSV with lon, lat (or x, y) and, if wanted, id
    pub points: PathBuf,
    /// Coordinate reference system of the points, for example EPSG:4547 [default: longitude and latitude, EPSG:4490]
    #[arg(long, value_name = "CRS")]
    pub points_crs: Option<String>,
    /// Property that holds the code
    #[arg(long, default_value = "code")]
    pub id: String,
    /// Prints JSON instead of CSV
    #[arg(long)]
    pub json: bool,
}

/// Of `city info`.
#[derive(Debug, Args)]
pub struct CityInfoArguments {
    /// CityJSON or CityJSONSeq
    pub file: PathBuf,
    /// Prints JSON
    #[arg(long)]
    pub json: bool,
}

/// Of `check`.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Folder of the twin
    pub twin: PathBuf,
    /// Takes what was assumed or left out for a fault
    #[arg(long)]
    pub strict: bool,
    /// Prints JSON
    #[arg(long)]
    pub json: bool,
}

/// Of `hindcast`.
#[derive(Debug, Args)]
pub struct HindcastArguments {
    /// Folder of tracks, observations and sea floor: typhoon, obs, terrain/pearl_river_region
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// This storm alone, as of `typhoon`; may be given several times
    #[arg(long, value_name = "NAME")]
    pub storm: Vec<String>,
    /// Without the runs that tell what a miss hangs on: about a quarter of the time
    #[arg(long)]
    pub no_reasons: bool,
    /// Cell size of the sea [m]
    #[arg(long, default_value_t = 4000.0, value_name = "M")]
    pub cell_size: f64,
    /// Model of the wind
    #[arg(long, value_name = "NAME", default_value = "holland2010")]
    pub model: WindModel,
    /// Scheme of the flood solver
    #[arg(long, value_name = "SCHEME", default_value = "finite_volume")]
    pub scheme: SchemeName,
    /// Threads; 0 takes what the machine has. The result does not depend on it
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub threads: usize,
    /// Writes the table to this file, Markdown
    #[arg(long, value_name = "FILE")]
    pub page: Option<PathBuf>,
    /// Prints JSON
    #[arg(long)]
    pub json: bool,
}

/// Of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// Runs this case alone
    #[arg(long, value_name = "NAME")]
    pub case: Option<String>,
    /// Folder of measured data, with a folder `monai_lab`; a case that needs it is skipped without
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Prints rows and curves as JSON
    #[arg(long)]
    pub json: bool,
    /// Folder for a plot of each case, SVG
    #[arg(long, value_name = "DIR")]
    pub plots: Option<PathBuf>,
    /// Writes the table as Markdown to this file, and its plots to the folder of the same name
    /// beside it
    #[arg(long, value_name = "FILE")]
    pub page: Option<PathBuf>,
}
