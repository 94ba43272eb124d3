//! WebP encoder: collects the strips of a variant, for libwebp encodes whole pictures only.
use crate::jpeg::dct::LOWEST;
use crate::native::libwebp::{self, Planar};
use crate::native::simd::{Isa, Kernel, Lanes, Row};
use crate::resize::level::{Shape, Strip, Tile};

/// Collects the strips of one variant.
pub struct WebpEncoder {
    picture: Planar,
    quality: u8,
    effort: u8,
    /// YCbCr of the background that transparent pixels are blended over, on the scale of the pyramid.
    background: [f32; 3],
}

impl WebpEncoder {
    /// `None` when the size is larger than a WebP can be.
    pub fn new(shape: Shape, quality: u8, effort: u8, background: [u8; 3]) -> Option<Self> {
        let (width, height) = (shape.width, shape.height);
        if width.max(height) > libwebp::LONGEST {
            return None;
        }
        let halved = width.div_ceil(2) * height.div_ceil(2);
        let [r, g, b] = background.map(f32::from);
        let luma = 0.299 * r + 0.587 * g + 0.114 * b;
        let background = [luma - 128.0, 0.5 / 0.886 * (b - luma), 0.5 / 0.701 * (r - luma)];
        let picture = Planar {
            width,
            height,
            y: vec![0; width * height],
            // A gray picture has no chroma strips: 128 is neutral.
            u: vec![128; halved],
            v: vec![128; halved],
            alpha: vec![0; if shape.fourth { width * height } else { 0 }],
        };
        Some(Self {
            picture,
            quality,
            effort,
            background: background.map(|part| part * 64.0),
        })
    }

    pub fn strip(&mut self, strip: &Strip, isa: Isa) {
        // A CMYK picture has a fourth plane too: it is no alpha.
        let clear = if self.picture.alpha.is_empty() {
            None
        } else {
            self.unblended(strip)
        };
        let strip = clear.as_ref().unwrap_or(strip);
        let Planar {
            width,
            height,
            y,
            u,
            v,
            alpha,
        } = &mut self.picture;
        let halved = width.div_ceil(2);
        for (row, to) in y.chunks_exact_mut(*width).skip(strip.index * 16).take(16).enumerate() {
            isa.run(ToBytes(LUMA, &strip.luma, row, to));
        }
        let chroma = u.chunks_exact_mut(halved).zip(v.chunks_exact_mut(halved));
        for (row, (u, v)) in chroma.skip(strip.index * 8).take(8).enumerate() {
            isa.run(ToBytes(CHROMA, &strip.chroma, row, u));
            isa.run(ToBytes(CHROMA, &strip.chroma, row + 8, v));
        }
        if !alpha.is_empty() {
            let rows = *height;
            let rows = alpha.chunks_exact_mut(*width).take(rows);
            for (row, to) in rows.skip(strip.index * 16).take(16).enumerate() {
                isa.run(ToBytes(WHOLE, &strip.fourth, row, to));
            }
        }
    }

    /// The strip with the background taken out of its colors again; `None` when the strip is opaque.
    fn unblended(&self, strip: &Strip) -> Option<Strip> {
        let opaque = |sample: i16| f32::from(sample - LOWEST) / (255.0 * 64.0);
        if strip
            .fourth
            .as_flattened()
            .as_flattened()
            .iter()
            .all(|&s| opaque(s) >= 1.0)
        {
            return None;
        }
        let unblend = |sample: &mut i16, opaque: f32, behind: f32| {
            let color = behind + (f32::from(*sample) - behind) / opaque.max(1.0 / 510.0);
            *sample = color.clamp(f32::from(LOWEST), 127.0 * 64.0) as i16;
        };
        let mut clear = Strip {
            index: strip.index,
            luma: strip.luma.clone(),
            chroma: strip.chroma.clone(),
            fourth: strip.fourth.clone(),
        };
        let [luma, cb, cr] = self.background;
        for (tile, cover) in clear.luma.iter_mut().zip(&strip.fourth) {
            let samples = tile.as_flattened_mut().iter_mut();
            for (sample, &cover) in samples.zip(cover.as_flattened()) {
                unblend(sample, opaque(cover), luma);
            }
        }
        for (tile, covers) in clear.chroma.iter_mut().zip(strip.fourth.chunks(2)) {
            for (x, y) in (0..128).map(|i| (i % 16, i / 16)) {
                // The right half of the last chroma tile may have no luma: it lies outside the picture.
                let Some(cover) = covers.get(x / 8) else { continue };
                let (x2, y2) = (x % 8 * 2, y * 2);
                let four = [
                    cover[y2][x2],
                    cover[y2][x2 + 1],
                    cover[y2 + 1][x2],
                    cover[y2 + 1][x2 + 1],
                ];
                let mean = four.map(opaque).iter().sum::<f32>() / 4.0;
                unblend(&mut tile[y][x], mean, cb);
                unblend(&mut tile[y + 8][x], mean, cr);
            }
        }
        Some(clear)
    }

    /// The finished file; `None` when libwebp fails.
    pub fn finish(mut self) -> Option<Vec<u8>> {
        if self.picture.alpha.iter().all(|&alpha| alpha == 255) {
            self.picture.alpha.clear();
        }
        libwebp::encode(&mut self.picture, self.quality, self.effort)
    }
}

/// A conversion from samples to bytes: a factor in Q15 and an offset. libwebp takes the limited range of BT.601.
type Range = (i16, i16);
const fn range(steps: f64, middle: i16) -> Range {
    ((steps / 255.0 * 32768.0 / 2.0 + 0.5) as i16, middle)
}
/// 16 to 235: 128 of the full range becomes 125.93.
const LUMA: Range = range(219.0, (16 * 64) + 7036);
/// 16 to 240 around 128.
const CHROMA: Range = range(224.0, 128 * 64);
/// 0 to 255.
const WHOLE: Range = range(255.0, 128 * 64);

/// Converts one row of tiles to bytes.
struct ToBytes<'a>(Range, &'a [Tile], usize, &'a mut [u8]);

impl Kernel for ToBytes<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self((factor, middle), tiles, row, to) = self;
        let (factor, middle) = (i32::from(factor), i32::from(middle));
        let byte = |sample: i16| ((((i32::from(sample) * factor) >> 14) + middle + 32) >> 6).clamp(0, 255) as u8;
        for (tile, to) in tiles.iter().zip(to.chunks_mut(16)) {
            let samples: &Row = &tile[row & 15];
            for (to, &sample) in to.iter_mut().zip(samples) {
                *to = byte(sample);
            }
        }
    }
}
