//! Simulation: typhoon → sea and rain → flood → exposure. Pure numbers: no I/O, no clock, no Bevy.

pub mod classes;
pub mod ensemble;
pub mod exposure;
pub mod flood;
pub mod rain;
pub mod sea;
pub mod typhoon;
