//! What JavaScript sees of a run.

use wasm_bindgen::prelude::*;

use crate::run::{LocalRun, LocalRunError};

/// A flood run in the browser. Times in seconds after the run's start; errors are sentences.
#[wasm_bindgen]
pub struct BrowserRun(LocalRun);

fn sentence(error: &LocalRunError) -> JsError {
    JsError::new(&error.to_string())
}

#[wasm_bindgen]
impl BrowserRun {
    /// Prepares the run of a setup message (`SGS1`).
    #[wasm_bindgen(constructor)]
    pub fn new(message: &[u8]) -> Result<Self, JsError> {
        LocalRun::new(message).map(Self).map_err(|e| sentence(&e))
    }

    /// Goes on by at most so many steps, not beyond the next frame; whether that was reached.
    pub fn advance(&mut self, steps: u32) -> Result<bool, JsError> {
        self.0.advance(steps).map_err(|e| sentence(&e))
    }

    /// The frame that was reached, as an `SGW1` message.
    pub fn take_frame(&mut self) -> Vec<u8> {
        self.0.take_frame()
    }

    /// Whether the last frame has been taken.
    pub fn is_done(&self) -> bool {
        self.0.is_done()
    }

    /// Frames of the whole run.
    pub fn n_frames(&self) -> u32 {
        self.0.n_frames()
    }

    /// How far the run is.
    pub fn time_s(&self) -> f64 {
        self.0.flood().time_s()
    }

    /// Length of the run.
    pub fn duration_s(&self) -> f64 {
        self.0.duration_s()
    }

    /// Cells that can hold water.
    pub fn open_cells(&self) -> f64 {
        self.0.flood().stats().open_cells as f64
    }

    /// Steps so far.
    pub fn steps(&self) -> f64 {
        self.0.flood().stats().steps as f64
    }

    /// Cells times steps so far.
    pub fn cell_updates(&self) -> f64 {
        self.0.flood().stats().cell_updates as f64
    }

    /// |in − out − stored| / in, of all water so far.
    pub fn volume_error_rel(&self) -> f64 {
        self.0.flood().ledger().error_rel
    }

    /// Depths row by row from the north-west corner [m]; NaN where no water can be.
    pub fn depth(&self) -> Vec<f32> {
        self.0.flood().depth()
    }

    /// SHA-256 of state and maxima, as the program prints it.
    pub fn digest(&self) -> String {
        self.0.flood().digest()
    }
}
