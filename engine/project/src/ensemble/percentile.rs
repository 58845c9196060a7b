//! Order statistics of few numbers.

/// The percentiles that an ensemble tells, as shares.
pub const P10: f64 = 0.10;
/// The middle.
pub const P50: f64 = 0.50;
/// What one member in ten exceeds.
pub const P90: f64 = 0.90;
/// The worst that is credible: what one member in a hundred exceeds. With fewer than a hundred members it lies
/// between the two greatest; unlike the greatest alone it does not grow with the number of members.
pub const WORST: f64 = 0.99;

/// A quantile of numbers in ascending order, linear between them (Hyndman & Fan 1996, type 7).
///
/// - `sorted`: not empty, without NaN; `p`: 0 to 1
pub(super) fn quantile(sorted: &[f64], p: f64) -> f64 {
    let last = sorted.len() - 1;
    let at = p * last as f64;
    let below = (at.floor() as usize).min(last);
    let above = (below + 1).min(last);
    let (low, high) = (sorted[below], sorted[above]);
    low + (high - low) * (at - below as f64)
}

/// The time by which an event has come in a share of the members; `None` if it comes in fewer.
///
/// - `times`: of the members in which it comes, ascending [s]; `members`: how many there are
pub(super) fn by_then(times: &[f64], members: usize, p: f64) -> Option<f64> {
    let wanted = ((p * members as f64).ceil() as usize).max(1);
    times.get(wanted - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_definition() {
        // Hyndman & Fan (1996), type 7: position 1 + (n - 1) p.
        let numbers = [1.0, 2.0, 4.0, 8.0, 16.0];
        assert_eq!(quantile(&numbers, 0.0), 1.0);
        assert_eq!(quantile(&numbers, 0.5), 4.0);
        assert_eq!(quantile(&numbers, 0.25), 2.0);
        assert!((quantile(&numbers, 0.9) - 12.8).abs() < 1e-12);
        assert_eq!(quantile(&numbers, 1.0), 16.0);
        assert_eq!(quantile(&[3.0], 0.99), 3.0);
    }

    #[test]
    fn an_event_that_comes_too_seldom_has_no_time() {
        let times = [600.0, 900.0, 1200.0];
        assert_eq!(by_then(&times, 20, 0.10), Some(900.0));
        assert_eq!(by_then(&times, 20, 0.15), Some(1200.0));
        assert_eq!(by_then(&times, 20, 0.50), None);
        assert_eq!(by_then(&times, 3, 0.50), Some(900.0));
        assert_eq!(by_then(&[], 3, 0.01), None);
    }
}
