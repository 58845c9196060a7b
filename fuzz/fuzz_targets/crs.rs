//! Names and definitions of coordinate reference systems.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stormgrid_fuzz::targets::crs(bytes));
