//! Formulas of design storms.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stormgrid_fuzz::targets::formulas(bytes));
