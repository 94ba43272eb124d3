//! From a picture's own colours to sRGB, and from pixels to planes.
use crate::photo::jpeg::dct::{HIGHEST, LOWEST};
use crate::photo::lanes::{Kernel, Lanes, Row};
use crate::photo::resize::level::{Shape, Strip};
use moxcms::{ColorProfile, DataColorSpace, Layout, Transform8BitExecutor, TransformOptions};
use std::sync::Arc;

/// Changes colours at the largest size of the ladder, after the source's many pixels have become few.
pub enum Recolour {
    /// What each gray becomes.
    Gray(Box<[u8; 256]>),
    /// RGB to sRGB.
    Rgb(Arc<Transform8BitExecutor>),
}

/// What a profile asks for with a picture of so many components; `None` when it is sRGB, or does not fit.
pub fn recolour(profile: &[u8], gray: bool) -> Option<Recolour> {
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
        return Some(Recolour::Gray(curve));
    }
    // Two steps of 255 are what rounding makes of sRGB itself.
    let moved = probe.iter().zip(&seen).any(|(a, b)| a.abs_diff(*b) > 2);
    moved.then_some(Recolour::Rgb(transform))
}

/// CMYK to sRGB by a profile.
pub fn from_cmyk(profile: &[u8]) -> Option<Arc<Transform8BitExecutor>> {
    let profile = ColorProfile::new_from_slice(profile)
        .ok()
        .filter(|p| p.color_space == DataColorSpace::Cmyk)?;
    profile
        .create_transform_8bit(
            Layout::Rgba,
            &ColorProfile::new_srgb(),
            Layout::Rgb,
            TransformOptions::default(),
        )
        .ok()
}

/// A sample as a number from 0 to 255.
fn byte(sample: f32) -> u8 {
    // `as` saturates, which is what is wanted.
    (sample + 0.5) as u8
}

impl Recolour {
    /// Changes one strip.
    pub fn strip(&self, strip: &mut Strip, shape: &Shape) {
        match self {
            Self::Gray(curve) => {
                for sample in strip.luma.iter_mut().flatten().flatten() {
                    let gray = (i32::from(*sample) - i32::from(LOWEST) + 32) >> 6;
                    *sample = (i16::from(curve[gray.clamp(0, 255) as usize]) - 128) * 64;
                }
            }
            Self::Rgb(transform) => {
                let width = shape.width.next_multiple_of(32).min(strip.luma.len() * 16);
                let (mut before, mut after) = (vec![0; 3 * width * 2], vec![0; 3 * width * 2]);
                for y in (0..16).step_by(2) {
                    for (x, pixel) in before.chunks_exact_mut(3).enumerate() {
                        pixel.copy_from_slice(&strip.rgb(x % width, y + x / width));
                    }
                    // Only a wrong length could fail here.
                    if transform.transform(&before, &mut after).is_ok() {
                        strip.set_rgb(&after, width, y);
                    }
                }
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
    /// Y, Cb, Cr.
    Ycc,
}

impl Pixels {
    /// Bytes a pixel.
    pub fn size(self) -> usize {
        if self == Self::Gray { 1 } else { 3 }
    }
}

/// Writes one row of pixels into the rows of the planes' tiles, `height` rows a tile, row `at`.
pub struct Spread<'a> {
    /// The pixels.
    pub bytes: &'a [u8],
    /// What they are.
    pub pixels: Pixels,
    /// One plane for gray, else three.
    pub planes: [&'a mut [Row]; 3],
    /// For each plane: its tiles' height and the row.
    pub places: [(usize, usize); 3],
}

impl Kernel for Spread<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self {
            bytes,
            pixels,
            planes: [first, second, third],
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
        let tiles = first
            .chunks_exact_mut(places[0].0)
            .zip(second.chunks_exact_mut(places[1].0));
        for (((a, b), c), bytes) in tiles.zip(third.chunks_exact_mut(places[2].0)).zip(bytes.chunks(48)) {
            let (a, b, c) = (&mut a[places[0].1], &mut b[places[1].1], &mut c[places[2].1]);
            for (i, pixel) in bytes.as_chunks::<3>().0.iter().enumerate().take(16) {
                let [x, y, z] = match pixels {
                    Pixels::Ycc => pixel.map(sample),
                    _ => ycc(*pixel).map(|v| v.clamp(LOWEST.into(), HIGHEST.into()) as i16),
                };
                (a[i], b[i], c[i]) = (x, y, z);
            }
        }
    }
}
