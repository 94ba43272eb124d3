//! From a picture's own colors to sRGB, and from pixels to planes.
use crate::jpeg::Cmyk;
use crate::jpeg::dct::{HIGHEST, LOWEST};
use crate::native::simd::{Kernel, Lanes, Row};
use crate::resize::level::{Shape, Strip};
use moxcms::{ColorProfile, DataColorSpace, Layout, Transform8BitExecutor, TransformOptions};
use std::sync::Arc;

/// Changes colors at the largest size of the ladder, after the source's many pixels have become few.
pub enum ColorTransform {
    /// What each gray becomes.
    Gray(Box<[u8; 256]>),
    /// RGB to sRGB.
    Rgb(Arc<Transform8BitExecutor>),
    /// A print's cmyk to sRGB, by its profile or as if they were ideal.
    Cmyk(Cmyk, Option<Arc<Transform8BitExecutor>>),
}

/// What a profile asks for with a picture of so many components; `None` when it is sRGB, or does not fit.
pub fn color_transform(profile: &[u8], gray: bool) -> Option<ColorTransform> {
    let profile = ColorProfile::new_from_slice(profile).ok()?;
    let (space, layout) = if gray {
        (DataColorSpace::Gray, Layout::Gray)
    } else {
        (DataColorSpace::Rgb, Layout::Rgb)
    };
    if profile.color_space != space {
        return None;
    }
    let srgb = ColorProfile::new_srgb();
    let transform = profile
        .create_transform_8bit(layout, &srgb, Layout::Rgb, TransformOptions::default())
        .ok()?;
    let step = |i: usize| (i % 9 * 31) as u8;
    let probe: Vec<u8> = if gray {
        (0..=255).collect()
    } else {
        (0..729).flat_map(|i| [step(i), step(i / 9), step(i / 81)]).collect()
    };
    let mut seen = vec![0; if gray { 768 } else { probe.len() }];
    transform.transform(&probe, &mut seen).ok()?;
    if gray {
        let curve = Box::new(std::array::from_fn(|i| seen[3 * i]));
        return Some(ColorTransform::Gray(curve));
    }
    // Two steps of 255 are what rounding makes of sRGB itself.
    let moved = probe.iter().zip(&seen).any(|(a, b)| a.abs_diff(*b) > 2);
    moved.then_some(ColorTransform::Rgb(transform))
}

/// What makes colors of a print's cmyk.
pub fn cmyk_transform(stored: Cmyk, profile: Option<&[u8]>) -> ColorTransform {
    let profile = profile.and_then(|profile| ColorProfile::new_from_slice(profile).ok());
    let cmyk = profile.filter(|profile| profile.color_space == DataColorSpace::Cmyk);
    let transform = cmyk.and_then(|profile| {
        let (srgb, options) = (ColorProfile::new_srgb(), TransformOptions::default());
        profile
            .create_transform_8bit(Layout::Rgba, &srgb, Layout::Rgb, options)
            .ok()
    });
    ColorTransform::Cmyk(stored, transform)
}

/// A sample as a number from 0 to 255.
fn byte(sample: f32) -> u8 {
    // `as` saturates, which is what is wanted.
    (sample + 0.5) as u8
}

impl ColorTransform {
    /// Changes one strip.
    pub fn strip(&self, strip: &mut Strip, shape: &Shape) {
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
            Self::Cmyk(cmyk, transform) => {
                let ink = |strip: &Strip, x, y, pixel: &mut [u8]| {
                    let black = strip.fourth(x, y);
                    let black = if cmyk.inverted_black { 255 - black } else { black };
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
    /// One pixel in RGB.
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

    /// One sample of the fourth plane, as a number from 0 to 255.
    pub fn fourth(&self, x: usize, y: usize) -> u8 {
        let sample = self.fourth.get(x / 16).map_or(HIGHEST, |tile| tile[y][x % 16]);
        ((i32::from(sample) - i32::from(LOWEST) + 32) >> 6).clamp(0, 255) as u8
    }

    /// Two rows after the other: takes their pixels, `size` bytes each, changes them to RGB, and sets them.
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
            // Only a wrong length could fail here.
            if change(&before, &mut after) {
                self.set_rgb(&after, width, y);
            }
        }
    }

    /// Sets rows `y` and `y + 1` from RGB.
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

/// RGB to Y, Cb and Cr on the ladder's scale.
#[inline(always)]
fn ycc([r, g, b]: [u8; 3]) -> [i32; 3] {
    let (r, g, b) = (i32::from(r), i32::from(g), i32::from(b));
    [
        ((19595 * r + 38470 * g + 7471 * b + 512) >> 10) + i32::from(LOWEST),
        (-11058 * r - 21710 * g + 32768 * b + 512) >> 10,
        (32768 * r - 27439 * g - 5329 * b + 512) >> 10,
    ]
}

/// How a row of pixels is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pixels {
    /// One byte.
    Gray,
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue as they show over the background, and how opaque they are.
    Rgba,
}

impl Pixels {
    /// Bytes a pixel.
    pub fn size(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// Writes one row of pixels into the rows of the planes' tiles.
pub struct WriteRow<'a> {
    /// The pixels.
    pub bytes: &'a [u8],
    /// What they are.
    pub pixels: Pixels,
    /// As many planes as the pixels have bytes; empty ones besides.
    pub planes: [&'a mut [Row]; 4],
    /// For each plane: its tiles' height and the row.
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

/// Writes the colors of pixels of `SIZE` bytes.
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

/// Makes Y, Cb and Cr of planes that are red, green and blue, in place.
pub struct RgbToYcc<'a> {
    /// The planes.
    pub planes: [&'a mut [Row]; 3],
    /// For each plane: its tiles' height and the first row.
    pub places: [(usize, usize); 3],
    /// How many rows.
    pub count: usize,
    /// Each sample stands for 255 less itself.
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
        // 255 less a sample, on a scale around 128.
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
