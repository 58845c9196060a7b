//! Manifests of twins.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stormgrid_fuzz::targets::manifest(bytes));
