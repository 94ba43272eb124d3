//! Color conversion: from embedded profiles and CMYK to sRGB, and between RGB and YCbCr.
use crate::jpeg::dct::{HIGHEST, LOWEST};
use crate::native::simd::{Kernel, Lanes, Row};
use crate::resize::level::{Shape, Strip};
use moxcms::{ColorProfile, DataColorSpace, Layout, ToneReprCurve, Transform8BitExecutor, TransformOptions};
use std::sync::Arc;

/// A conversion to sRGB.
pub enum ColorTransform {
    /// The new value of each gray.
    Gray(Box<[u8; 256]>),
    Rgb(Arc<Transform8BitExecutor>),
    /// CMYK by a profile, or, without one, as ideal inks.
    Cmyk(Option<Arc<Transform8BitExecutor>>),
}

/// The conversion from an ICC profile; `None` when the profile is sRGB, broken, or not for this kind of picture.
pub fn color_transform(profile: &[u8], gray: bool) -> Option<ColorTransform> {
    transform_from(&ColorProfile::new_from_slice(profile).ok()?, gray)
}

/// The conversion from a parsed profile; `None` when it is sRGB or not for this kind of picture.
pub fn transform_from(profile: &ColorProfile, gray: bool) -> Option<ColorTransform> {
    let (space, layout) = if gray {
        (DataColorSpace::Gray, Layout::Gray)
    } else {
        (DataColorSpace::Rgb, Layout::Rgb)
    };
    if profile.color_space != space {
        return None;
    }
    if gray && profile.pcs == DataColorSpace::Lab {
        return lightness_curve(profile).map(ColorTransform::Gray);
    }
    let srgb = ColorProfile::new_srgb();
    let mut profile = profile.clone();
    if profile.lut_a_to_b_perceptual.is_none() && profile.lut_a_to_b_colorimetric.is_none() {
        // Without a table, the matrix gives XYZ whatever the header says.
        profile.pcs = DataColorSpace::Xyz;
    }
    let transform = profile
        .create_transform_8bit(layout, &srgb, Layout::Rgb, TransformOptions::default())
        .ok()?;
    if gray {
        return gray_curve(&*transform).map(ColorTransform::Gray);
    }
    let step = |i: usize| (i % 9 * 31) as u8;
    let probe: Vec<u8> = (0..729).flat_map(|i| [step(i), step(i / 9), step(i / 81)]).collect();
    let mut seen = vec![0; probe.len()];
    transform.transform(&probe, &mut seen).ok()?;
    // Rounding moves sRGB itself by up to two steps.
    let moved = probe.iter().zip(&seen).any(|(a, b)| a.abs_diff(*b) > 2);
    moved.then_some(ColorTransform::Rgb(transform))
}

/// The results for all grays.
fn gray_curve(transform: &Transform8BitExecutor) -> Option<Box<[u8; 256]>> {
    let probe: Vec<u8> = (0..=255).collect();
    let mut seen = vec![0; 768];
    transform.transform(&probe, &mut seen).ok()?;
    Some(Box::new(std::array::from_fn(|i| seen[3 * i])))
}

/// The curve of a gray profile whose connection space is Lab: it gives the lightness L*, where `moxcms` takes it for
/// linear light (ICC.1:2022, F.2).
fn lightness_curve(profile: &ColorProfile) -> Option<Box<[u8; 256]>> {
    let mut linear = ColorProfile::new_srgb();
    let identity = Some(ToneReprCurve::Lut(Vec::new()));
    linear.cicp = None;
    (linear.red_trc, linear.green_trc, linear.blue_trc) = (identity.clone(), identity.clone(), identity);
    let mut profile = profile.clone();
    profile.pcs = DataColorSpace::Xyz;
    let transform = profile.create_transform_8bit(Layout::Gray, &linear, Layout::Rgb, TransformOptions::default());
    let lightness = gray_curve(&*transform.ok()?)?;
    Some(Box::new(lightness.map(|lightness| {
        let f = (f32::from(lightness) / 2.55 + 16.0) / 116.0;
        let light = if f > 6.0 / 29.0 {
            f.powi(3)
        } else {
            (f - 16.0 / 116.0) * 108.0 / 841.0
        };
        let encoded = if light > 0.003_130_8 {
            1.055 * light.powf(1.0 / 2.4) - 0.055
        } else {
            12.92 * light
        };
        byte(encoded * 255.0)
    })))
}

/// The conversion from CMYK.
pub fn cmyk_transform(profile: Option<&[u8]>) -> ColorTransform {
    let profile = profile.and_then(|profile| ColorProfile::new_from_slice(profile).ok());
    let cmyk = profile.filter(|profile| profile.color_space == DataColorSpace::Cmyk);
    let transform = cmyk.and_then(|profile| {
        let (srgb, options) = (ColorProfile::new_srgb(), TransformOptions::default());
        profile
            .create_transform_8bit(Layout::Rgba, &srgb, Layout::Rgb, options)
            .ok()
    });
    ColorTransform::Cmyk(transform)
}

fn byte(sample: f32) -> u8 {
    // `as` saturates.
    (sample + 0.5) as u8
}

impl ColorTransform {
    /// Converts pixels of RGB, or samples of gray.
    pub fn apply_to_row(&self, row: &mut Vec<u8>) {
        match self {
            Self::Gray(curve) => row.iter_mut().for_each(|gray| *gray = curve[usize::from(*gray)]),
            Self::Rgb(transform) => {
                let mut after = vec![0; row.len()];
                // It fails only for a wrong length.
                if transform.transform(row, &mut after).is_ok() {
                    *row = after;
                }
            }
            // No decoder of rows gives CMYK.
            Self::Cmyk(..) => {}
        }
    }

    /// Converts one strip.
    pub fn apply(&self, strip: &mut Strip, shape: &Shape) {
        match self {
            Self::Gray(curve) => {
                for sample in strip.luma.iter_mut().flatten().flatten() {
                    let gray = (i32::from(*sample) - i32::from(LOWEST) + 32) >> 6;
                    *sample = (i16::from(curve[gray.clamp(0, 255) as usize]) - 128) * 64;
                }
            }
            Self::Rgb(transform) => strip.each_two_rows(
                shape,
                3,
                |strip, x, y, pixel| {
                    pixel.copy_from_slice(&strip.rgb(x, y));
                },
                |before, after| transform.transform(before, after).is_ok(),
            ),
            Self::Cmyk(transform) => {
                let ink = |strip: &Strip, x, y, pixel: &mut [u8]| {
                    let black = 255 - strip.fourth(x, y);
                    let [c, m, y] = strip.rgb(x, y);
                    pixel.copy_from_slice(&[c, m, y, black]);
                };
                let light = |before: &[u8], after: &mut [u8]| match transform {
                    Some(transform) => transform.transform(before, after).is_ok(),
                    None => {
                        let pixels = before.as_chunks::<4>().0.iter();
                        for (&[c, m, y, k], rgb) in pixels.zip(after.as_chunks_mut::<3>().0) {
                            let light = |ink: u8| ((255 - u32::from(ink)) * (255 - u32::from(k)) + 127) / 255;
                            *rgb = [c, m, y].map(|ink| light(ink) as u8);
                        }
                        true
                    }
                };
                strip.each_two_rows(shape, 4, ink, light);
            }
        }
    }
}

impl Strip {
    pub fn rgb(&self, x: usize, y: usize) -> [u8; 3] {
        let value = |sample: i16| f32::from(sample) / 64.0;
        let luma = 128.0 + value(self.luma[x / 16][y][x % 16]);
        let chroma = |row: usize| {
            self.chroma
                .get(x / 32)
                .map_or(0.0, |tile| value(tile[row + y / 2][x / 2 % 16]))
        };
        let (cb, cr) = (chroma(0), chroma(8));
        [
            luma + 1.402 * cr,
            luma - 0.344_136 * cb - 0.714_136 * cr,
            luma + 1.772 * cb,
        ]
        .map(byte)
    }

    pub fn fourth(&self, x: usize, y: usize) -> u8 {
        let sample = self.fourth.get(x / 16).map_or(HIGHEST, |tile| tile[y][x % 16]);
        ((i32::from(sample) - i32::from(LOWEST) + 32) >> 6).clamp(0, 255) as u8
    }

    /// Converts two rows at a time: reads pixels of `size` bytes with `take`, converts them to RGB with `change`,
    /// writes them.
    fn each_two_rows(
        &mut self,
        shape: &Shape,
        size: usize,
        take: impl Fn(&Self, usize, usize, &mut [u8]),
        change: impl Fn(&[u8], &mut [u8]) -> bool,
    ) {
        let width = shape.width.next_multiple_of(32).min(self.luma.len() * 16);
        let (mut before, mut after) = (vec![0; size * width * 2], vec![0; 3 * width * 2]);
        for y in (0..16).step_by(2) {
            for (x, pixel) in before.chunks_exact_mut(size).enumerate() {
                take(self, x % width, y + x / width, pixel);
            }
            // It fails only for a wrong length.
            if change(&before, &mut after) {
                self.set_rgb(&after, width, y);
            }
        }
    }

    fn set_rgb(&mut self, rgb: &[u8], width: usize, y: usize) {
        let pixel = |x: usize, row: usize| {
            let at = 3 * (row * width + x);
            ycc([rgb[at], rgb[at + 1], rgb[at + 2]])
        };
        for x in (0..width).step_by(2) {
            let four = [pixel(x, 0), pixel(x + 1, 0), pixel(x, 1), pixel(x + 1, 1)];
            for (i, [luma, ..]) in four.into_iter().enumerate() {
                self.luma[x / 16][y + i / 2][x % 16 + i % 2] = luma as i16;
            }
            let Some(tile) = self.chroma.get_mut(x / 32) else {
                continue;
            };
            for (component, row) in [(1, 0), (2, 8)] {
                let sum: i32 = four.iter().map(|p| p[component]).sum();
                tile[row + y / 2][x / 2 % 16] = ((sum + 2) >> 2) as i16;
            }
        }
    }
}

/// RGB to YCbCr, on the scale of the pyramid (see `jpeg::dct`).
#[inline(always)]
fn ycc([r, g, b]: [u8; 3]) -> [i32; 3] {
    let (r, g, b) = (i32::from(r), i32::from(g), i32::from(b));
    [
        ((19595 * r + 38470 * g + 7471 * b + 512) >> 10) + i32::from(LOWEST),
        (-11058 * r - 21710 * g + 32768 * b + 512) >> 10,
        (32768 * r - 27439 * g - 5329 * b + 512) >> 10,
    ]
}

/// The layout of a row of pixels, a byte a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pixels {
    Gray,
    Rgb,
    /// The colors are already blended over the background.
    Rgba,
}

impl Pixels {
    pub fn size(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// Writes one row of pixels into planes.
pub struct WriteRow<'a> {
    pub bytes: &'a [u8],
    pub pixels: Pixels,
    /// A plane for each channel; the others are empty.
    pub planes: [&'a mut [Row]; 4],
    /// For each plane, the height of its tiles and the row to write.
    pub places: [(usize, usize); 4],
}

impl Kernel for WriteRow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self {
            bytes,
            pixels,
            planes: [first, second, third, fourth],
            places,
        } = self;
        let sample = |byte: u8| (i16::from(byte) - 128) * 64;
        if pixels == Pixels::Gray {
            for (tile, bytes) in first.chunks_exact_mut(places[0].0).zip(bytes.chunks(16)) {
                for (to, &byte) in tile[places[0].1].iter_mut().zip(bytes) {
                    *to = sample(byte);
                }
            }
            return;
        }
        if pixels == Pixels::Rgba {
            for (tile, bytes) in fourth.chunks_exact_mut(places[3].0).zip(bytes.chunks(64)) {
                for (to, pixel) in tile[places[3].1].iter_mut().zip(bytes.as_chunks::<4>().0) {
                    *to = sample(pixel[3]);
                }
            }
            return write_colors::<4>(bytes, [first, second, third], places);
        }
        write_colors::<3>(bytes, [first, second, third], places);
    }
}

/// Writes the colors of pixels of `SIZE` bytes as YCbCr.
#[inline(always)]
fn write_colors<const SIZE: usize>(bytes: &[u8], [first, second, third]: [&mut [Row]; 3], places: [(usize, usize); 4]) {
    let tiles = first
        .chunks_exact_mut(places[0].0)
        .zip(second.chunks_exact_mut(places[1].0));
    let tiles = tiles.zip(third.chunks_exact_mut(places[2].0));
    for (((a, b), c), bytes) in tiles.zip(bytes.chunks(16 * SIZE)) {
        let (a, b, c) = (&mut a[places[0].1], &mut b[places[1].1], &mut c[places[2].1]);
        for (i, pixel) in bytes.as_chunks::<SIZE>().0.iter().enumerate().take(16) {
            let ycc = ycc([pixel[0], pixel[1], pixel[2]]);
            let [x, y, z] = ycc.map(|v| v.clamp(LOWEST.into(), HIGHEST.into()) as i16);
            (a[i], b[i], c[i]) = (x, y, z);
        }
    }
}

/// Converts planes from RGB to YCbCr in place.
pub struct RgbToYcc<'a> {
    pub planes: [&'a mut [Row]; 3],
    /// For each plane, the height of its tiles and the first row.
    pub places: [(usize, usize); 3],
    /// Number of rows.
    pub count: usize,
    /// The planes are stored inverted: a sample is 255 less its value.
    pub inverted: bool,
}

impl Kernel for RgbToYcc<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        const fn q15(x: f64) -> i16 {
            (x * 32768.0 + 0.5) as i16
        }
        let Self {
            planes: [first, second, third],
            places: [(ha, a), (hb, b), (hc, c)],
            count,
            inverted,
        } = self;
        let (low, high) = (V::splat(LOWEST), V::splat(HIGHEST));
        // 255 less a sample, on a scale whose zero is 128.
        let minus_one = V::splat(-64);
        let tiles = first.chunks_exact_mut(ha).zip(second.chunks_exact_mut(hb));
        for ((first, second), third) in tiles.zip(third.chunks_exact_mut(hc)) {
            for i in 0..count {
                let (mut red, mut green, mut blue) =
                    (V::load(&first[a + i]), V::load(&second[b + i]), V::load(&third[c + i]));
                if inverted {
                    (red, green, blue) = (minus_one.sub(red), minus_one.sub(green), minus_one.sub(blue));
                }
                let y = red
                    .scale(V::splat(q15(0.299)))
                    .add(green.scale(V::splat(q15(0.587))))
                    .add(blue.scale(V::splat(q15(0.114))));
                let cb = blue.sub(y).scale(V::splat(q15(0.5 / 0.886)));
                let cr = red.sub(y).scale(V::splat(q15(0.5 / 0.701)));
                y.max(low).min(high).store(&mut first[a + i]);
                cb.max(low).min(high).store(&mut second[b + i]);
                cr.max(low).min(high).store(&mut third[c + i]);
            }
        }
    }
}
