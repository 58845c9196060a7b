//! Series; what is accepted is the same after it was written.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stormgrid_fuzz::targets::series(bytes));
