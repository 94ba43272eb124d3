//! The colors of a PNG. As in browsers, the first of these that is usable decides: `cICP`, `iCCP`, `sRGB`, and `gAMA` with
//! `cHRM` (PNG, third edition, 4.3). A PNG without any of them is sRGB, and so is one with `cHRM` alone.
use crate::color::{ColorTransform, transform_from};
use moxcms::{
    Chromaticity, CicpColorPrimaries, CicpProfile, ColorPrimaries, ColorProfile, DataColorSpace, MatrixCoefficients,
    ToneReprCurve, TransferCharacteristics, XyY,
};
use png::{CodingIndependentCodePoints, Info, SourceChromaticities};

/// The conversion to sRGB that the pixels need.
pub fn transform(info: &Info, gray: bool) -> Option<ColorTransform> {
    if let Some(profile) = info.coding_independent_code_points.and_then(from_code_points) {
        return transform_from(&for_pixels(profile, gray), gray);
    }
    let embedded = info
        .icc_profile
        .as_deref()
        .and_then(|icc| ColorProfile::new_from_slice(icc).ok());
    let space = if gray {
        DataColorSpace::Gray
    } else {
        DataColorSpace::Rgb
    };
    if let Some(profile) = embedded.filter(|profile| profile.color_space == space) {
        return transform_from(&profile, gray);
    }
    if info.srgb.is_some() {
        return None;
    }
    let gamma = info.gama_chunk?.into_scaled();
    let profile = from_gamma(gamma, info.chrm_chunk)?;
    transform_from(&for_pixels(profile, gray), gray)
}

/// The profile for gray has only the curve.
fn for_pixels(profile: ColorProfile, gray: bool) -> ColorProfile {
    if !gray {
        return profile;
    }
    let mut of_gray = ColorProfile::new_gray_with_gamma(1.0);
    of_gray.gray_trc = profile.red_trc;
    of_gray
}

/// `None` for code points that are unspecified, reserved, of limited range, or that browsers do not know.
fn from_code_points(points: CodingIndependentCodePoints) -> Option<ColorProfile> {
    const XYZ: u8 = 10;
    let color_primaries = CicpColorPrimaries::try_from(points.color_primaries).ok()?;
    // It has no value for unspecified and reserved primaries.
    ColorPrimaries::try_from(color_primaries).ok()?;
    if !points.is_video_full_range_image || points.color_primaries == XYZ {
        return None;
    }
    let curve = Some(curve(points.transfer_function)?);
    let mut profile = ColorProfile::new_from_cicp(CicpProfile {
        color_primaries,
        transfer_characteristics: TransferCharacteristics::Srgb,
        matrix_coefficients: MatrixCoefficients::Identity,
        full_range: true,
    });
    profile.cicp = None;
    (profile.red_trc, profile.green_trc, profile.blue_trc) = (curve.clone(), curve.clone(), curve);
    Some(profile)
}

/// From samples to light, for a code point of H.273.
fn curve(transfer: u8) -> Option<ToneReprCurve> {
    match transfer {
        // Video is shown with the curve of a display (BT.1886), which is not the inverse of a camera's.
        1 | 6 | 11 | 14 | 15 => Some(ToneReprCurve::Parametric(vec![2.4])),
        // Logarithmic.
        9 | 10 => None,
        16 => Some(hdr_curve(perceptual_quantizer)),
        18 => Some(hdr_curve(hybrid_log_gamma)),
        other => TransferCharacteristics::try_from(other).ok()?.try_into().ok(),
    }
}

/// A curve that maps luminance in cd/m² to what an sRGB display shows: half of its light for the reference white of
/// 203 cd/m² (BT.2408), all of it from 1000 cd/m² on. Nearly what Chromium does for gray.
fn hdr_curve(luminance: fn(f64) -> f64) -> ToneReprCurve {
    const KNEE: f64 = 0.9;
    const PEAK: f64 = 1000.0 / 203.0;
    let shown = |sample: u32| {
        let light = luminance(f64::from(sample) / 255.0) / 203.0;
        let above = ((light - KNEE) / (PEAK - KNEE)).clamp(0.0, 1.0);
        // The slope at the knee is that below it.
        let slope = 0.5 * (PEAK - KNEE) / (1.0 - KNEE / 2.0);
        let bent = above * slope / (1.0 + (slope - 1.0) * above);
        light.min(KNEE) / 2.0 + (1.0 - KNEE / 2.0) * bent
    };
    ToneReprCurve::Lut(
        (0..=255)
            .map(|sample| (shown(sample) * 65535.0).round() as u16)
            .collect(),
    )
}

/// BT.2100, table 4.
fn perceptual_quantizer(sample: f64) -> f64 {
    let power = sample.powf(32.0 / 2523.0);
    let light = (power - 0.835_937_5).max(0.0) / (18.851_562_5 - 18.687_5 * power);
    10_000.0 * light.powf(8192.0 / 1305.0)
}

/// BT.2100, table 5, for gray on a display of 1000 cd/m².
fn hybrid_log_gamma(sample: f64) -> f64 {
    let scene = if sample <= 0.5 {
        sample * sample / 3.0
    } else {
        (((sample - 0.559_910_73) / 0.178_832_77).exp() + 0.284_668_92) / 12.0
    };
    1000.0 * scene.powf(1.2)
}

/// `gamma` and the numbers of `cHRM` are in units of 1/100000.
fn from_gamma(gamma: u32, chromaticities: Option<SourceChromaticities>) -> Option<ColorProfile> {
    /// The gamma that encoders write for sRGB: 1/2.2.
    const SRGB: u32 = 45455;
    let mut profile = ColorProfile::new_srgb();
    match chromaticities {
        None if gamma.abs_diff(SRGB) <= 5 => return None,
        None => profile.cicp = None,
        Some(chromaticities) => {
            let SourceChromaticities {
                white,
                red,
                green,
                blue,
            } = chromaticities;
            let point =
                |(x, y): (png::ScaledFloat, png::ScaledFloat)| Chromaticity::new(x.into_value(), y.into_value());
            let (white, red, green, blue) = (point(white), point(red), point(green), point(blue));
            // Twice the area of the triangle.
            let area = (green.x - red.x) * (blue.y - red.y) - (blue.x - red.x) * (green.y - red.y);
            if white.y < 0.01 || area.abs() < 0.001 {
                return None;
            }
            let white = XyY::new(white.x.into(), white.y.into(), 1.0);
            profile.update_rgb_colorimetry(white, ColorPrimaries { red, green, blue });
        }
    }
    let curve = Some(ToneReprCurve::Parametric(vec![100_000.0 / gamma as f32]));
    (profile.red_trc, profile.green_trc, profile.blue_trc) = (curve.clone(), curve.clone(), curve);
    Some(profile)
}
