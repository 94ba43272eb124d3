//! From the rows of a decoder to rows for the pyramid: transparent pixels are blended over the background, in sRGB.
use crate::color::{ColorTransform, Pixels};
use crate::{Options, Output};

/// The channels of a decoded row, a byte each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    Gray,
    GrayAlpha,
    Rgb,
    Rgba,
}

impl Layout {
    pub fn is_gray(self) -> bool {
        matches!(self, Self::Gray | Self::GrayAlpha)
    }

    pub fn channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::GrayAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }

    pub fn has_alpha(self) -> bool {
        matches!(self, Self::GrayAlpha | Self::Rgba)
    }
}

/// Flattens rows.
pub struct Flatten {
    layout: Layout,
    transform: Option<ColorTransform>,
    background: [u8; 3],
    keeps_alpha: bool,
    colors: Vec<u8>,
    row: Vec<u8>,
}

impl Flatten {
    /// For rows of this layout, whose colors need this conversion.
    pub fn new(layout: Layout, transform: Option<ColorTransform>, options: &Options) -> Self {
        let has_alpha = |output: &Output| matches!(output, Output::WebP { .. });
        Self {
            layout,
            transform,
            background: options.background,
            keeps_alpha: options.outputs.iter().any(has_alpha),
            colors: Vec::new(),
            row: Vec::new(),
        }
    }

    /// The layout of the flat rows.
    pub fn pixels(&self) -> Pixels {
        let [r, g, b] = self.background;
        match self.layout {
            Layout::Gray => Pixels::Gray,
            Layout::GrayAlpha | Layout::Rgba if self.keeps_alpha => Pixels::Rgba,
            Layout::GrayAlpha if r == g && g == b => Pixels::Gray,
            _ => Pixels::Rgb,
        }
    }

    /// The conversion that is left to the pyramid, which applies it to fewer pixels. Blending needs converted colors:
    /// rows with alpha are converted here.
    pub fn take_transform(&mut self) -> Option<ColorTransform> {
        if self.layout.has_alpha() {
            None
        } else {
            self.transform.take()
        }
    }

    /// Flattens one row.
    pub fn flat<'a>(&'a mut self, row: &'a [u8]) -> &'a [u8] {
        if !self.layout.has_alpha() {
            return row;
        }
        let (pixels, background) = (self.pixels(), self.background);
        self.row.clear();
        if let Some(transform) = &self.transform {
            let colors = &mut self.colors;
            colors.clear();
            if self.layout == Layout::Rgba {
                colors.extend(
                    row.as_chunks::<4>()
                        .0
                        .iter()
                        .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]),
                );
                transform.apply_to_row(colors);
                for (&color, &[.., alpha]) in colors.as_chunks::<3>().0.iter().zip(row.as_chunks::<4>().0) {
                    push(&mut self.row, blend_over(color, alpha, background), alpha, pixels);
                }
            } else {
                colors.extend(row.as_chunks::<2>().0.iter().map(|pixel| pixel[0]));
                transform.apply_to_row(colors);
                for (&gray, &[_, alpha]) in colors.iter().zip(row.as_chunks::<2>().0) {
                    push(&mut self.row, blend_over([gray; 3], alpha, background), alpha, pixels);
                }
            }
        } else if self.layout == Layout::Rgba {
            for &[r, g, b, alpha] in row.as_chunks::<4>().0 {
                push(&mut self.row, blend_over([r, g, b], alpha, background), alpha, pixels);
            }
        } else {
            for &[gray, alpha] in row.as_chunks::<2>().0 {
                push(&mut self.row, blend_over([gray; 3], alpha, background), alpha, pixels);
            }
        }
        &self.row
    }
}

fn push(row: &mut Vec<u8>, [r, g, b]: [u8; 3], alpha: u8, pixels: Pixels) {
    row.extend_from_slice(&[r, g, b, alpha][..pixels.size()]);
}

/// Blends a pixel over the background.
fn blend_over(pixel: [u8; 3], alpha: u8, background: [u8; 3]) -> [u8; 3] {
    let alpha = u32::from(alpha);
    std::array::from_fn(|i| {
        ((u32::from(pixel[i]) * alpha + u32::from(background[i]) * (255 - alpha) + 127) / 255) as u8
    })
}

/// The nearest sample of 8 bits.
pub fn upper(sample: u16) -> u8 {
    ((u32::from(sample) * 255 + 32895) >> 16) as u8
}
