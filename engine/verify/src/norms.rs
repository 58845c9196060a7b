//! Distances between what is computed and what is known.

/// Σ|a − b| / Σ|b|: the L1 norm of the error over that of the exact values.
pub fn l1(ours: &[f64], exact: &[f64]) -> f64 {
    let error: f64 = ours.iter().zip(exact).map(|(a, b)| (a - b).abs()).sum();
    error / exact.iter().map(|b| b.abs()).sum::<f64>()
}

/// √(mean (a − b)²).
pub fn rmse(ours: &[f64], exact: &[f64]) -> f64 {
    let square: f64 = ours.iter().zip(exact).map(|(a, b)| (a - b).powi(2)).sum();
    (square / ours.len() as f64).sqrt()
}

/// The greater number; NaN wins, so that no error hides.
pub fn greater(a: f64, b: f64) -> f64 {
    if b > a || b.is_nan() { b } else { a }
}

/// Order of convergence from errors on grids each twice as fine as the one before: the slope of
/// the straight line through log₂ of the errors.
pub fn order(errors: &[f64]) -> f64 {
    let middle = (errors.len() as f64 - 1.0) / 2.0;
    let (mut up, mut across) = (0.0, 0.0);
    for (k, error) in errors.iter().enumerate() {
        let t = k as f64 - middle;
        up -= t * error.log2();
        across += t * t;
    }
    up / across
}

/// The root of a function that changes its sign between two places.
pub fn root(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let rises = f(low) < 0.0;
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if (f(middle) < 0.0) == rises {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// x where y first falls below a threshold for good, from the right.
pub fn front(x: &[f64], y: &[f64], threshold: f64) -> f64 {
    let last = y.iter().rposition(|&y| y > threshold);
    last.map_or(f64::NAN, |k| match (x.get(k + 1), y.get(k + 1)) {
        (Some(x1), Some(y1)) => x[k] + (x1 - x[k]) * (y[k] - threshold) / (y[k] - y1),
        _ => x[k],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halving_the_error_is_order_one() {
        assert!((order(&[0.4, 0.2, 0.1]) - 1.0).abs() < 1e-12);
        assert!((order(&[0.4, 0.1]) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_root_is_found_on_either_slope() {
        assert!((root(0.0, 3.0, |x| x * x - 2.0) - 2.0_f64.sqrt()).abs() < 1e-12);
        assert!((root(0.0, 3.0, |x| 2.0 - x * x) - 2.0_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn a_front_lies_between_two_cells() {
        let found = front(&[0.0, 1.0, 2.0, 3.0], &[1.0, 1.0, 0.0, 0.0], 0.25);
        assert!((found - 1.75).abs() < 1e-12);
    }
}
