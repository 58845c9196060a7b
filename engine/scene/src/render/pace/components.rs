//! Times of the last frames.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bevy::prelude::*;

/// How many frames are remembered.
const REMEMBERED: usize = 240;

/// What the frames cost, shared with whoever asks.
#[derive(Resource, Clone, Default)]
pub struct FrameTimes(Arc<Mutex<Times>>);

#[derive(Default)]
struct Times {
    recent_ms: VecDeque<f64>,
    drawn: u64,
    entities: usize,
    visible: usize,
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

    /// Entities with a mesh, and how many of them were in the last picture.
    pub fn meshes(&self) -> (usize, usize) {
        self.with(|t| (t.entities, t.visible))
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

    pub(super) fn close(&self, entities: usize, visible: usize, running: bool) {
        self.with(|t| {
            (t.entities, t.visible, t.running) = (entities, visible, running);
        });
    }

    fn with<R>(&self, f: impl FnOnce(&mut Times) -> R) -> R {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
