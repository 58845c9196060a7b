//! Mean levels of gauges.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stormgrid_fuzz::targets::mean_levels(bytes));
