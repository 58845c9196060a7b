//! Messages in CAP 1.2; what is accepted and sound is the same after it was written.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stormgrid_fuzz::targets::cap(bytes));
