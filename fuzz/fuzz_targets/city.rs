//! CityJSON and CityJSONSeq; what is accepted is read the same twice, and its buildings are found without a panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stormgrid_fuzz::targets::city(bytes));
