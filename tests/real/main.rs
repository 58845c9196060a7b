//! Real events from true files, against what was measured there. The files lie outside the
//! repository; without them a test says so and passes.

mod hindcast;
mod merewether;
