//! Points as CSV.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stormgrid_fuzz::targets::named_points(bytes));
