//! Terrain for the viewer; what is accepted is the same after it was written, within a step of its heights.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stormgrid_fuzz::targets::terrain_chunk(bytes));
