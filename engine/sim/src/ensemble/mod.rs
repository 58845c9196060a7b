//! What a forecast is wrong by: members of an ensemble.
//!
//! # What is modelled
//!
//! A member is the storm as forecast plus one sample of the forecast's error: its position along and across
//! the track and its wind, both growing with the lead time; its radius of maximum wind, its rain, its surge,
//! the time of the tide and the level besides. How large these errors are is data, [`ErrorStatistics`]: mean
//! errors that forecasting centres publish, each with its source. From them follow standard deviations of
//! normal numbers, [`ByLead::sigma`].
//!
//! ```text
//! position(t) = track(t) + z₁ σ(t) ahead + z₂ σ(t) to the right       σ = mean distance / √(π/2)
//! wind(t)     = track(t) + z₃ σ(t)                                    σ = mean absolute error × √(π/2)
//! radius      = radius × exp(z₄ σ), rain and surge alike;  tide and level + z σ
//! ```
//!
//! # Conventions
//!
//! - Member 0 is the control: the forecast itself.
//! - The numbers of a member come from the seed and its own number alone ([`Draw::of`]): ChaCha8 with the
//!   member's number as its stream, and Box & Muller (1958) by the functions of the `libm` crate. They do not depend
//!   on how many members there are, nor on the machine.
//! - Across is positive to the right of the motion, along is positive ahead.
//!
//! # What is first order
//!
//! The errors are independent of each other, and one number stands for all lead times: errors of consecutive
//! lead times are perfectly correlated. Operational errors are less so (DeMaria et al. 2009, Wea. Forecasting 24,
//! 1573-1591); the spread at any one lead time is the published one.

mod draw;
mod perturb;
mod statistics;

pub use draw::Draw;
pub use perturb::{Perturbation, REFERENCE_LEAD_H, perturbed_track};
pub use statistics::{ByLead, ErrorStatistics, Spread, Statistic, StatisticsError};
