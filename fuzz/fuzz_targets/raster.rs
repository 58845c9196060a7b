//! GeoTIFF and ESRI ASCII grids; what is accepted is the same after it was written as GeoTIFF.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stormgrid_fuzz::targets::raster(bytes));
