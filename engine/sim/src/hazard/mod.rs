//! Hazards of a storm besides the water's depth itself, each as numbers per zone.
//!
//! # What is modelled
//!
//! | module | what it finds |
//! |---|---|
//! | [`flood`] | worst hazard class, greatest depth, flooded share and people in reach |
//! | [`surge`] | how far the sea's still level stays below the crests between the sea and a zone |
//! | [`wind`] | greatest 10-minute mean and gust, and the share of building value that they destroy |
//! | [`landslide`] | how near the rain comes to published thresholds, and the slopes that it makes unstable |
//! | [`ponding`] | depth at the lowest points of roads |
//!
//! Which number means which colour is not decided here: that is a rule, and rules are data.
//!
//! # Conventions
//!
//! A measure grows with the danger. More rain, a higher sea, a stronger wind or a greater depth never
//! lowers one; tests hold that.
//!
//! # What is left out
//!
//! Falling objects, sea waves, debris flow run-out, slopes that people cut or filled, power and traffic.

pub mod flood;
pub mod landslide;
pub mod ponding;
pub mod surge;
pub mod wind;
