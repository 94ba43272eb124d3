//! Medians and tails of samples.

/// Returns the quantile `share` of the samples (nearest rank); 0.5 is the median.
///
/// # Panics
/// If there are no samples.
#[must_use]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rank among thousands"
)]
pub fn quantile(samples: &[f64], share: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// Returns the minimum and the maximum.
#[must_use]
pub fn range(samples: &[f64]) -> (f64, f64) {
    let least = samples.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (least, greatest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_samples_by_nearest_rank() {
        let samples: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        let close = |share, expected: f64| (quantile(&samples, share) - expected).abs() < f64::EPSILON;
        assert!(close(0.5, 50.0) && close(0.99, 99.0) && close(1.0, 100.0) && close(0.0, 1.0));
        assert!((quantile(&[7.0], 0.99) - 7.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_range_is_the_minimum_and_the_maximum() {
        assert_eq!(range(&[2.0, 1.0, 3.0]), (1.0, 3.0));
    }
}
