//! Warnings of forecasts: against brute force over the rasters, at a virtual gauge, against the schema of CAP 1.2.

mod brute_force;
mod fixture;
mod possible;
mod schema;
mod underpass;
