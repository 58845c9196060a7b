//! Times of the last frames.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bevy::prelude::*;

/// How many frames are remembered.
const REMEMBERED: usize = 240;

/// What the frames cost, shared with whoever asks.
#[derive(Resource, Clone, Default)]
pub struct FrameTimes(Arc<Mutex<Times>>);

/// What there is to draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Entities with a mesh.
    pub entities: usize,
    /// Those of them in the last picture.
    pub visible: usize,
    /// Triangles of all meshes.
    pub triangles: usize,
}

#[derive(Default)]
struct Times {
    recent_ms: VecDeque<f64>,
    drawn: u64,
    meshes: Drawn,
    /// Whether the frame before was drawn right before this one.
    running: bool,
}

impl FrameTimes {
    /// Times between consecutive frames [ms], oldest first.
    pub fn recent_ms(&self) -> Vec<f64> {
        self.with(|t| t.recent_ms.iter().copied().collect())
    }

    /// Frames since the start.
    pub fn drawn(&self) -> u64 {
        self.with(|t| t.drawn)
    }

    /// What there is to draw.
    pub fn meshes(&self) -> Drawn {
        self.with(|t| t.meshes)
    }

    pub(super) fn push(&self, ms: f64) {
        self.with(|t| {
            t.drawn += 1;
            if t.running {
                if t.recent_ms.len() >= REMEMBERED {
                    t.recent_ms.pop_front();
                }
                t.recent_ms.push_back(ms);
            }
        });
    }

    pub(super) fn close(&self, meshes: Drawn, running: bool) {
        self.with(|t| {
            (t.meshes, t.running) = (meshes, running);
        });
    }

    fn with<R>(&self, f: impl FnOnce(&mut Times) -> R) -> R {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
