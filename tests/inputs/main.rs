//! Inputs as people really have them, run through the real program.
//!
//! Two kinds of tables. The *cases* (`cases.toml`) are files of `shared/data/inputs` with the value that is right and
//! how it was worked out; they are skipped, and counted as skipped, where that folder is missing. The *metamorphic*
//! tables build an input of their own in many dresses that must give one figure: a closed form where there is one.

mod cases;
mod grids;
mod ground;
mod program;
mod rain;
mod rows;
mod space;
mod storms;
mod tiff;

/// The least number of metamorphic rows.
const LEAST_ROWS: usize = 150;

const _: () =
    assert!(rain::ROWS + ground::ROWS + grids::ROWS + space::ROWS + storms::ROWS >= LEAST_ROWS);
