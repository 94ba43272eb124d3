//! Lanczos3 filters with weights in Q15.
use std::sync::LazyLock;

/// A filter in one direction.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Source samples for one output.
    pub taps: usize,
    /// For each output, its first source sample.
    pub starts: Vec<usize>,
    /// `taps` weights for each output. Their sum is one, as near as 16 bits allow.
    pub weights: Vec<i16>,
}

/// Entries of the table for each sample. Linear interpolation between them is exact to a millionth.
const STEPS: f64 = 1024.0;

/// One half of the kernel. Computing sines would take longer than filtering a small level.
static KERNEL: LazyLock<Vec<f32>> = LazyLock::new(|| {
    let value = |i: usize| {
        let p = i as f64 / STEPS * std::f64::consts::PI;
        if i == 0 {
            1.0
        } else {
            3.0 * p.sin() * (p / 3.0).sin() / (p * p)
        }
    };
    (0..3072).map(|i| value(i) as f32).chain([0.0; 2]).collect()
});

fn lanczos(kernel: &[f32], x: f64) -> f32 {
    let at = (x.abs() * STEPS).min(3072.0);
    let (low, part) = (at as usize, at.fract() as f32);
    kernel[low] + (kernel[low + 1] - kernel[low]) * part
}

impl Filter {
    /// From `from` samples, whose last one may end behind the picture, which is `length` samples long, to `to` outputs.
    /// One output covers `scale` samples: less than one for chroma that is coarser than 4:2:0. The first output lies
    /// `lead` outputs before the picture.
    pub fn lanczos3((from, length): (usize, f64), to: usize, scale: f64, lead: f64) -> Self {
        let kernel = &**KERNEL;
        let windows: Vec<(usize, Vec<i16>)> = (0..to)
            .map(|i| {
                // Only the part inside the picture counts: chroma covers two pixels, and at the edges of a picture with
                // odd sides one of them is outside.
                let inside = |output: f64| ((output - lead) * scale).clamp(0.0, length);
                let (low, high) = (inside(i as f64), inside(i as f64 + 1.0));
                let width = (high - low).max(1.0);
                let (reach, narrow) = (3.0 * width, 1.0 / width);
                let center = f64::midpoint(low, high).clamp(0.5, from as f64 - 0.5);
                let first = ((center - reach + 0.5).max(0.0) as usize).min(from - 1);
                let last = ((center + reach + 0.5) as usize).clamp(first + 1, from);
                let raw: Vec<f32> = (first..last)
                    .map(|s| lanczos(kernel, (s as f64 + 0.5 - center) * narrow))
                    .collect();
                let weights = round(&raw);
                let lead = weights.iter().take_while(|w| **w == 0).count();
                let trail = weights.iter().rev().take_while(|w| **w == 0).count();
                (first + lead, weights[lead..weights.len() - trail].to_vec())
            })
            .collect();
        let taps = windows.iter().map(|(_, w)| w.len()).max().unwrap_or(1);
        let mut filter = Self {
            taps,
            starts: Vec::with_capacity(to),
            weights: vec![0; taps * to],
        };
        for ((first, window), weights) in windows.iter().zip(filter.weights.chunks_exact_mut(taps)) {
            let start = (*first).min(from - taps);
            weights[first - start..][..window.len()].copy_from_slice(window);
            filter.starts.push(start);
        }
        filter
    }

    /// First sample and weights of one output. Behind the end, those of the last output.
    #[inline(always)]
    pub fn window(&self, output: usize) -> (usize, &[i16]) {
        let output = output.min(self.starts.len() - 1);
        (self.starts[output], &self.weights[output * self.taps..][..self.taps])
    }

    /// Number of source samples that the outputs before `end` need.
    pub fn needs(&self, end: usize) -> usize {
        self.starts[end.min(self.starts.len()) - 1] + self.taps
    }

    /// The most source samples that `count` consecutive outputs span.
    pub fn reach(&self, count: usize) -> usize {
        (0..self.starts.len())
            .step_by(count)
            .map(|i| self.needs(i + count) - self.starts[i])
            .max()
            .unwrap_or(0)
    }
}

/// Weights in Q15. Their sum is exactly one; a single weight is 1/32768 less, for one does not fit into 16 bits.
fn round(raw: &[f32]) -> Vec<i16> {
    let unit = 32768.0 / raw.iter().sum::<f32>();
    let mut weights: Vec<i32> = raw.iter().map(|w| (w * unit).round_ties_even() as i32).collect();
    let missing = 32768 - weights.iter().sum::<i32>();
    if let Some(largest) = weights.iter_mut().max() {
        *largest += missing;
    }
    weights.into_iter().map(|w| w.clamp(-32767, 32767) as i16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_one_and_windows_stay_inside() {
        for (from, to) in [
            (4032, 1920),
            (1920, 1440),
            (7, 7),
            (20000, 20000),
            (1, 1),
            (9, 2),
            (5000, 1),
        ] {
            let filter = Filter::lanczos3((from, from as f64), to, from as f64 / to as f64, 0.0);
            for i in 0..to {
                let (start, weights) = filter.window(i);
                assert!(start + weights.len() <= from);
                let sum: i32 = weights.iter().map(|&w| i32::from(w)).sum();
                assert!((32767..=32768).contains(&sum), "{from} {to} {i}: {sum}");
            }
            assert_eq!(filter.needs(to), from.min(filter.starts[to - 1] + filter.taps));
        }
    }

    #[test]
    fn the_edges_of_odd_sides_take_only_what_is_inside() {
        // One row of chroma for three rows of 4:4:4, of which it covers six: all three count alike.
        let filter = Filter::lanczos3((3, 3.0), 1, 6.0, 0.0);
        let (start, weights) = filter.window(0);
        assert_eq!((start, weights[0], weights.len()), (0, weights[2], 3));
        // The first of two outputs starts one sample before the picture, the last ends one after it.
        for (lead, edge, sample) in [(0.5, 0, 0), (0.0, 1, 2)] {
            let filter = Filter::lanczos3((3, 3.0), 2, 2.0, lead);
            let (start, weights) = filter.window(edge);
            let most = weights.iter().enumerate().max_by_key(|(_, weight)| **weight).unwrap();
            assert_eq!((start + most.0, *most.1), (sample, 32767));
        }
    }

    #[test]
    fn the_same_size_changes_nothing() {
        let filter = Filter::lanczos3((40, 40.0), 40, 1.0, 0.0);
        assert_eq!((filter.taps, filter.window(7)), (1, (7, &[32767i16][..])));
    }
}
