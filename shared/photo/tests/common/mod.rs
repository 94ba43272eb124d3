//! Draws pictures for the tests, and compares variants with them.
#![allow(dead_code)]
pub mod files;
pub mod jpeg;

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use photo::{Error, Format, Options, Output, Picture, Variant};

/// A picture in RGB.
#[derive(Clone)]
pub struct Drawing {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<[u8; 3]>,
}

impl Drawing {
    /// Gradients, waves, edges and a little noise: like a photo, and different in each corner.
    pub fn new(width: usize, height: usize) -> Self {
        let mut state = 12345u32;
        let mut rgb = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                state = state.wrapping_mul(1664525).wrapping_add(1013904223);
                let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
                let wave = ((u * 13.0).sin() * (v * 9.0 + u * 3.0).cos() * 30.0) + (state >> 29) as f32;
                let box_ = if (0.1..0.35).contains(&u) && (0.55..0.9).contains(&v) {
                    70.0
                } else {
                    0.0
                };
                let pixel = [
                    40.0 + 150.0 * u + wave,
                    60.0 + 120.0 * v + wave + box_,
                    170.0 - 110.0 * u * v + wave,
                ];
                rgb.push(pixel.map(|c| c as u8));
            }
        }
        Self { width, height, rgb }
    }

    pub fn gray(mut self) -> Self {
        for p in &mut self.rgb {
            *p = [((u32::from(p[0]) * 299 + u32::from(p[1]) * 587 + u32::from(p[2]) * 114 + 500) / 1000) as u8; 3];
        }
        self
    }

    /// A JPEG of high quality.
    pub fn jpeg(&self, sampling: SamplingFactor, restart: u16, progressive: bool) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out, 95);
        encoder.set_sampling_factor(sampling);
        encoder.set_progressive(progressive);
        encoder.set_chroma_subsampling_method(jpeg_encoder::ChromaSubsamplingMethod::Average);
        if restart > 0 {
            encoder.set_restart_interval(restart);
        }
        encoder
            .encode(
                self.rgb.as_flattened(),
                self.width as u16,
                self.height as u16,
                ColorType::Rgb,
            )
            .unwrap();
        out
    }

    /// A lossless PNG.
    pub fn png(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(self.rgb.as_flattened()).unwrap();
        writer.finish().unwrap();
        out
    }

    /// A lossy WebP. The engine writes it; `variants_as_webp_are_what_was_drawn` checks that with another decoder.
    pub fn webp(&self, quality: u8) -> Vec<u8> {
        let options = Options {
            widths: vec![self.width as u32],
            outputs: vec![Output::WebP { quality, effort: 2 }],
            ..Options::default()
        };
        let mut file = Vec::new();
        photo::make_variants(&self.png(), &options, &mut |variant| file = variant.bytes).unwrap();
        file
    }

    pub fn gray_jpeg(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let luma: Vec<u8> = self.rgb.iter().map(|p| p[0]).collect();
        Encoder::new(&mut out, 95)
            .encode(&luma, self.width as u16, self.height as u16, ColorType::Luma)
            .unwrap();
        out
    }

    /// The picture as stored with this orientation.
    pub fn stored(&self, orientation: u8) -> Self {
        let (w, h) = if orientation > 4 {
            (self.height, self.width)
        } else {
            (self.width, self.height)
        };
        let mut rgb = Vec::with_capacity(w * h);
        for (y, x) in (0..h).flat_map(|y| (0..w).map(move |x| (y, x))) {
            let (sx, sy) = match orientation {
                1 => (x, y),
                2 => (w - 1 - x, y),
                3 => (w - 1 - x, h - 1 - y),
                4 => (x, h - 1 - y),
                5 => (y, x),
                6 => (h - 1 - y, x),
                7 => (h - 1 - y, w - 1 - x),
                _ => (y, w - 1 - x),
            };
            rgb.push(self.rgb[sy * self.width + sx]);
        }
        Self {
            width: w,
            height: h,
            rgb,
        }
    }

    /// Lanczos3 in floating point.
    pub fn resized(&self, width: usize, height: usize) -> Self {
        let planes: Vec<f64> = self.rgb.iter().flatten().map(|&c| f64::from(c)).collect();
        let rows = lanczos(&planes, self.height, height, self.width * 3, 1);
        let all = lanczos(&rows, self.width, width, 3, height);
        let (rgb, _) = all.as_chunks::<3>();
        Self {
            width,
            height,
            rgb: rgb
                .iter()
                .map(|p| p.map(|c| c.clamp(0.0, 255.0).round() as u8))
                .collect(),
        }
    }

    /// Peak signal-to-noise ratio of luma against another picture of the same size.
    pub fn psnr(&self, other: &Self) -> f64 {
        assert_eq!((self.width, self.height), (other.width, other.height));
        let luma = |p: &[u8; 3]| 0.299 * f64::from(p[0]) + 0.587 * f64::from(p[1]) + 0.114 * f64::from(p[2]);
        let sum: f64 = self
            .rgb
            .iter()
            .zip(&other.rgb)
            .map(|(a, b)| (luma(a) - luma(b)).powi(2))
            .sum();
        10.0 * (255.0f64.powi(2) / (sum / self.rgb.len() as f64).max(1e-3)).log10()
    }

    /// Largest difference of the mean colors.
    pub fn cast(&self, other: &Self) -> f64 {
        let mean = |d: &Self, c: usize| d.rgb.iter().map(|p| f64::from(p[c])).sum::<f64>() / d.rgb.len() as f64;
        (0..3)
            .map(|c| (mean(self, c) - mean(other, c)).abs())
            .fold(0.0, f64::max)
    }
}

/// Resizes along one axis: `outer` times `from` elements of `inner` values.
fn lanczos(data: &[f64], from: usize, to: usize, inner: usize, outer: usize) -> Vec<f64> {
    let scale = from as f64 / to as f64;
    let kernel = |x: f64| {
        let p = x * std::f64::consts::PI;
        if x.abs() < 1e-9 {
            1.0
        } else if x.abs() < 3.0 {
            3.0 * p.sin() * (p / 3.0).sin() / (p * p)
        } else {
            0.0
        }
    };
    let mut out = vec![0.0; outer * to * inner];
    for i in 0..to {
        let centre = (i as f64 + 0.5) * scale;
        let first = (centre - 3.0 * scale).max(0.0) as usize;
        let last = ((centre + 3.0 * scale) as usize + 1).min(from);
        let weights: Vec<f64> = (first..last)
            .map(|s| kernel((s as f64 + 0.5 - centre) / scale))
            .collect();
        let total: f64 = weights.iter().sum();
        for o in 0..outer {
            for (s, w) in (first..last).zip(&weights) {
                let source = &data[(o * from + s) * inner..][..inner];
                for (sum, value) in out[(o * to + i) * inner..][..inner].iter_mut().zip(source) {
                    *sum += value * w / total;
                }
            }
        }
    }
    out
}

/// Twelve flat squares of sixteen pixels: black, white, gray, and colors.
pub const SQUARES: [[u8; 3]; 12] = [
    [0, 0, 0],
    [255, 255, 255],
    [128, 128, 128],
    [200, 40, 30],
    [30, 180, 60],
    [40, 60, 210],
    [240, 220, 40],
    [64, 64, 64],
    [220, 120, 200],
    [20, 150, 170],
    [255, 0, 0],
    [16, 16, 16],
];

/// The size of a picture of squares.
pub const SQUARES_SIZE: (u32, u32) = (64, 48);

/// For each pixel of a picture of squares, the number of its square.
pub fn square_numbers() -> Vec<u8> {
    let (width, height) = SQUARES_SIZE;
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| y / 16 * 4 + x / 16));
    pixels.map(|number| number as u8).collect()
}

/// The picture of squares, with these colors.
pub fn squares(colors: &[[u8; 3]; 12]) -> Drawing {
    Drawing {
        width: 64,
        height: 48,
        rgb: square_numbers()
            .iter()
            .map(|&number| colors[usize::from(number)])
            .collect(),
    }
}

/// The variant of the source's own size, nearly without loss.
pub fn full_size(photo: &[u8]) -> Result<Drawing, Error> {
    let options = Options {
        widths: vec![u32::MAX],
        outputs: vec![Output::Jpeg { quality: 100 }],
        ..Options::default()
    };
    let mut variants = Vec::new();
    photo::make_variants(photo, &options, &mut |variant| variants.push(variant))?;
    Ok(decoded(&variants[0]))
}

/// Asserts that a picture shows squares of these colors, within `most` steps.
#[track_caller]
pub fn assert_squares(name: &str, photo: &[u8], colors: &[[u8; 3]; 12], most: u8) {
    let got = full_size(photo).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    assert_eq!((got.width, got.height), (64, 48), "{name}");
    for (i, wanted) in colors.iter().enumerate() {
        let seen = got.rgb[(i / 4 * 16 + 8) * 64 + i % 4 * 16 + 8];
        let far = seen.iter().zip(wanted).any(|(a, b)| a.abs_diff(*b) > most);
        assert!(!far, "{name}: square {i} is {seen:?} instead of {wanted:?}");
    }
}

/// EXIF data with an orientation.
pub fn exif_data(orientation: u8) -> Vec<u8> {
    [
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".as_slice(),
        &[orientation, 0, 0, 0, 0, 0, 0, 0],
    ]
    .concat()
}

/// Inserts an application segment behind the first marker of a JPEG.
pub fn with_segment(jpeg: &[u8], marker: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xff, marker], &length, body, &jpeg[2..]].concat()
}

pub fn oriented(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    with_segment(jpeg, 0xe1, &[b"Exif\0\0".as_slice(), &exif_data(orientation)].concat())
}

/// Makes the variants with one thread and with two, which must give the same.
pub fn variants_of(photo: &[u8], widths: &[u32]) -> Result<(Picture, Vec<Variant>), Error> {
    let made = [1, 2].map(|threads| {
        let options = Options {
            widths: widths.to_vec(),
            outputs: vec![Output::Jpeg { quality: 92 }],
            threads,
            ..Options::default()
        };
        let mut variants = Vec::new();
        photo::make_variants(photo, &options, &mut |variant| variants.push(variant)).map(|picture| (picture, variants))
    });
    let [one, two] = made;
    assert_eq!(one, two);
    one
}

/// Decodes a variant with the `image` crate; transparent pixels show white.
pub fn decoded(variant: &Variant) -> Drawing {
    if variant.format == Format::WebP {
        let (drawing, alpha) = decoded_webp(&variant.bytes);
        let over = |c: u8, a: u8| ((u32::from(c) * u32::from(a) + 255 * (255 - u32::from(a))) / 255) as u8;
        let rgb = drawing.rgb.iter().zip(&alpha).map(|(p, &a)| p.map(|c| over(c, a)));
        return Drawing {
            rgb: rgb.collect(),
            ..drawing
        };
    }
    let drawing = decoded_jpeg(&variant.bytes);
    assert_eq!(
        (drawing.width, drawing.height),
        (variant.width as usize, variant.height as usize)
    );
    drawing
}

/// Decodes a JPEG with the `image` crate.
pub fn decoded_jpeg(file: &[u8]) -> Drawing {
    let decoder = image::codecs::jpeg::JpegDecoder::new(std::io::Cursor::new(file)).unwrap();
    let picture = image::DynamicImage::from_decoder(decoder).unwrap().into_rgb8();
    Drawing {
        width: picture.width() as usize,
        height: picture.height() as usize,
        rgb: picture.pixels().map(|pixel| pixel.0).collect(),
    }
}

/// Colors and alpha of a WebP, decoded with the `image` crate.
pub fn decoded_webp(file: &[u8]) -> (Drawing, Vec<u8>) {
    let decoder = image::codecs::webp::WebPDecoder::new(std::io::Cursor::new(file)).unwrap();
    let picture = image::DynamicImage::from_decoder(decoder).unwrap().into_rgba8();
    let pixels = picture.pixels().map(|pixel| pixel.0);
    let alpha = pixels.clone().map(|[.., alpha]| alpha).collect();
    let drawing = Drawing {
        width: picture.width() as usize,
        height: picture.height() as usize,
        rgb: pixels.map(|[r, g, b, _]| [r, g, b]).collect(),
    };
    (drawing, alpha)
}

/// Asserts that each variant shows the drawing: PSNR of luma at least `floor`, mean colors within 1.5 steps.
#[track_caller]
pub fn assert_looks_like(photo: &[u8], drawing: &Drawing, widths: &[u32], floor: f64) -> Picture {
    let (picture, variants) = variants_of(photo, widths).unwrap();
    assert_eq!(
        (picture.width as usize, picture.height as usize),
        (drawing.width, drawing.height)
    );
    assert!(!variants.is_empty());
    for variant in &variants {
        let (w, h) = (drawing.width as f64, drawing.height as f64);
        assert_eq!(
            f64::from(variant.height),
            (h * f64::from(variant.width) / w).round().max(1.0)
        );
        let got = decoded(variant);
        let wanted = drawing.resized(got.width, got.height);
        let (psnr, cast) = (got.psnr(&wanted), got.cast(&wanted));
        assert!(psnr >= floor, "{psnr:.2} dB at {}", variant.width);
        assert!(cast < 1.5, "colors off by {cast:.2} at {}", variant.width);
    }
    picture
}
