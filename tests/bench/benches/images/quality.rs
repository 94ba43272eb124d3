//! SSIM (Wang et al., 2004) over windows of 7 by 7 pixels, scikit-image's default.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

const SIDE: usize = 7;

/// Returns the minimum over all widths of our SSIM minus theirs. `sizes` lists `width side columns`, ours before
/// theirs; the files are in `folder`.
pub fn worst_difference(folder: &Path, sizes: &str) -> Result<f64> {
    let mut worst = f64::INFINITY;
    for pair in sizes.lines().collect::<Vec<_>>().chunks(2) {
        let [us, them] = pair else { bail!("{sizes}") };
        worst = worst.min(similarity(folder, us)? - similarity(folder, them)?);
    }
    Ok(worst)
}

/// Returns the SSIM of one side's variant, given its line `width side columns`.
fn similarity(folder: &Path, line: &str) -> Result<f64> {
    let [name, side, columns] = line.split(' ').collect::<Vec<_>>()[..] else {
        bail!("{line}");
    };
    let read = |kind: &str| {
        let path = folder.join(format!("{name}.{kind}"));
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let (made, reference) = (read(side)?, read(&format!("{side}-reference"))?);
    ensure!(made.len() == reference.len(), "{line}");
    Ok(ssim(&reference, &made, columns.parse()?))
}

/// Returns the mean SSIM of two pictures of the same size.
fn ssim(a: &[u8], b: &[u8], columns: usize) -> f64 {
    let rows = a.len() / columns;
    let count = (SIDE * SIDE) as f64;
    let (c1, c2) = ((0.01f64 * 255.0).powi(2), (0.03f64 * 255.0).powi(2));
    let (mut sum, mut windows) = (0.0, 0.0f64);
    for y in 0..=rows.saturating_sub(SIDE) {
        for x in 0..=columns.saturating_sub(SIDE) {
            let mut sums = [0.0f64; 5];
            for line in (y..(y + SIDE).min(rows)).map(|y| y * columns) {
                let window = line + x..line + (x + SIDE).min(columns);
                for (&p, &q) in a[window.clone()].iter().zip(&b[window]) {
                    let (p, q) = (f64::from(p), f64::from(q));
                    for (sum, part) in sums.iter_mut().zip([p, q, p * p, q * q, p * q]) {
                        *sum += part;
                    }
                }
            }
            let [p, q, pp, qq, pq] = sums.map(|sum| sum / count);
            let sample = count / (count - 1.0);
            let (vp, vq, cov) = (sample * (pp - p * p), sample * (qq - q * q), sample * (pq - p * q));
            sum += (2.0 * p * q + c1) * (2.0 * cov + c2) / ((p * p + q * q + c1) * (vp + vq + c2));
            windows += 1.0;
        }
    }
    sum / windows.max(1.0)
}
