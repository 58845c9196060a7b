//! Physics against closed forms and published cases. Each file's header gives the law, its source,
//! the tolerance and why it is that; each test prints the error that it measured.

mod basin;
mod cases;
mod catchment;
mod dam_break;
mod environment_agency;
mod lake_at_rest;
mod local_steps;
mod plane_rain;
mod wave;
