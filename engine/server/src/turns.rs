//! Whose turn it is: one computation at a time, what people ask for before what nobody waits for.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};

use crate::jobs::locked;

/// A computation that waits for its turn.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// When a computation has its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// In the order in which people ask.
    Asked,
    /// When nothing else is to be done. While it is computed, what people ask for goes in between.
    Idle,
}

#[derive(Default)]
struct Waiting {
    asked: VecDeque<Job>,
    idle: VecDeque<Job>,
    closed: bool,
}

/// What waits.
#[derive(Default)]
pub(crate) struct Turns {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

impl Turns {
    /// Puts a computation behind those of its kind.
    pub(crate) fn add(&self, job: Job, turn: Turn) {
        let mut waiting = locked(&self.waiting);
        match turn {
            Turn::Asked => waiting.asked.push_back(job),
            Turn::Idle => waiting.idle.push_back(job),
        }
        self.changed.notify_one();
    }

    /// The next one; waits for it. `None` once closed.
    pub(crate) fn next(&self) -> Option<Job> {
        let mut waiting = locked(&self.waiting);
        loop {
            if waiting.closed {
                return None;
            }
            let asked = waiting.asked.pop_front();
            if let Some(job) = asked.or_else(|| waiting.idle.pop_front()) {
                return Some(job);
            }
            waiting = self
                .changed
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Computes what people have asked for in the meantime; for one that is computed while idle.
    pub(crate) fn let_through(&self) {
        loop {
            let Some(job) = locked(&self.waiting).asked.pop_front() else {
                return;
            };
            job();
        }
    }

    /// Nothing waits any more, and nothing is given out.
    pub(crate) fn close(&self) {
        let mut waiting = locked(&self.waiting);
        waiting.closed = true;
        let given_up = (
            std::mem::take(&mut waiting.asked),
            std::mem::take(&mut waiting.idle),
        );
        drop(waiting);
        self.changed.notify_all();
        drop(given_up);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    type Done = Arc<Mutex<Vec<&'static str>>>;

    /// A computation that leaves its name.
    fn job(done: &Done, name: &'static str) -> Job {
        let done = Arc::clone(done);
        Box::new(move || locked(&done).push(name))
    }

    #[test]
    fn people_come_before_idleness_and_in_their_order() {
        let (turns, done) = (Turns::default(), Done::default());
        turns.add(job(&done, "refinement"), Turn::Idle);
        turns.add(job(&done, "first"), Turn::Asked);
        turns.add(job(&done, "finer"), Turn::Idle);
        turns.add(job(&done, "second"), Turn::Asked);
        for _ in 0..4 {
            turns.next().expect("one waits")();
        }
        assert_eq!(*locked(&done), ["first", "second", "refinement", "finer"]);
    }

    #[test]
    fn what_is_asked_goes_in_between() {
        let (turns, done) = (Arc::new(Turns::default()), Done::default());
        let (through, own) = (Arc::clone(&turns), Arc::clone(&done));
        let refinement = move || {
            locked(&own).push("begins");
            through.let_through();
            locked(&own).push("ends");
        };
        turns.add(Box::new(refinement), Turn::Idle);
        let running = turns.next().expect("it waits");
        turns.add(job(&done, "asked"), Turn::Asked);
        turns.add(job(&done, "idle"), Turn::Idle);
        running();
        assert_eq!(*locked(&done), ["begins", "asked", "ends"]);
    }

    #[test]
    fn closing_ends_whoever_waits() {
        let (turns, done) = (Arc::new(Turns::default()), Done::default());
        let waits = Arc::clone(&turns);
        let thread = std::thread::spawn(move || waits.next().is_none());
        turns.close();
        assert!(thread.join().expect("no panic"));
        turns.add(job(&done, "late"), Turn::Asked);
        assert!(turns.next().is_none() && locked(&done).is_empty());
    }
}
