//! Numbers and flags as people write them: what is understood is understood the same after it was written.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stormgrid_fuzz::targets::number(bytes));
