//! The image pyramid: strips of the source pass from each size to the next smaller one, and to the encoders of each.
use crate::color::ColorTransform;
use crate::encode_webp::WebpEncoder;
use crate::jpeg::encode::Encoder;
use crate::native::simd::Isa;
use crate::orientation::{OrientationBuffer, lead};
use crate::resize::level::{Level, Shape, Strip};
use crate::{Format, Options, Output, Thumbnail, Variant};

/// The output that a level makes of its strips, besides the next smaller level.
enum LevelOutput {
    /// A variant in one or more formats.
    Variant(Vec<VariantEncoder>),
    Thumbnail(Thumbnail),
}

/// An encoder of one file.
enum VariantEncoder {
    Jpeg(Box<Encoder>),
    WebP(Box<WebpEncoder>),
}

impl VariantEncoder {
    /// `None` when the format does not allow this size.
    fn new(output: Output, shape: Shape, options: &Options) -> Option<Self> {
        match output {
            Output::Jpeg { quality } => Some(Self::Jpeg(Box::new(Encoder::new(shape, quality)))),
            Output::WebP { quality, effort } => {
                let collector = WebpEncoder::new(shape, quality, effort, options.background)?;
                Some(Self::WebP(Box::new(collector)))
            }
        }
    }

    fn strip(&mut self, strip: &Strip, isa: Isa) {
        match self {
            Self::Jpeg(encoder) => encoder.strip(strip, isa),
            Self::WebP(collector) => collector.strip(strip, isa),
        }
    }

    /// The finished file. `None` when libwebp is out of memory.
    fn finish(self, isa: Isa) -> Option<(Format, Vec<u8>)> {
        match self {
            Self::Jpeg(encoder) => Some((Format::Jpeg, encoder.finish(isa))),
            Self::WebP(collector) => Some((Format::WebP, collector.finish()?)),
        }
    }
}

/// The pyramid. Orientation and colors are corrected at the largest variant, which has far fewer pixels than the
/// source.
pub struct Pyramid {
    /// From the source to the largest variant: several levels when the source is much larger.
    source_levels: Vec<Level>,
    /// Applied to the strips of the largest variant.
    color_transform: Option<ColorTransform>,
    /// Holds the largest variant until it can be read upright. `None` when the source is stored upright.
    orientation_buffer: Option<OrientationBuffer>,
    /// The largest variant, upright.
    largest: (Shape, LevelOutput),
    smaller: Vec<(Level, LevelOutput)>,
    pub isa: Isa,
}

/// Widths and heights of the variants, the largest first.
fn sizes(width: u32, height: u32, widths: &[u32]) -> Vec<(u32, u32)> {
    let mut widths: Vec<u32> = widths.iter().map(|&w| w.clamp(1, width)).collect();
    widths.sort_unstable_by(|a, b| b.cmp(a));
    widths.dedup();
    widths.into_iter().map(|w| (w, scaled(height, w, width))).collect()
}

/// `side * part / whole`, rounded, at least 1.
fn scaled(side: u32, part: u32, whole: u32) -> u32 {
    let (side, part, whole) = (u64::from(side), u64::from(part), u64::from(whole));
    ((2 * side * part + whole) / (2 * whole)).max(1) as u32
}

/// The levels from one size to another, which gets columns and rows before it (`lead`). A large step is made in halves:
/// otherwise a filter needs hundreds of rows at once.
fn levels(from: Shape, (width, height): (usize, usize), lead: (usize, usize)) -> Vec<Level> {
    let (mut from, mut levels) = (from, Vec::new());
    while from.width > 4 * width * from.luma || from.height > 4 * height * from.luma {
        let half = |side: usize, end: usize| {
            let wanted = side.div_ceil(2 * from.luma);
            if wanted > end { wanted } else { side.div_ceil(from.luma) }
        };
        let level = Level::new(&from, half(from.width, width), half(from.height, height));
        from = level.shape;
        levels.push(level);
    }
    levels.push(Level::with_lead(&from, (width, height), lead));
    levels
}

impl Pyramid {
    /// Width and height of the largest variant, in the orientation of the source.
    pub fn largest_size(width: u32, height: u32, orientation: u8, options: &Options) -> (usize, usize) {
        let sideways = orientation > 4;
        let (w, h) = if sideways { (height, width) } else { (width, height) };
        let largest = sizes(w, h, &options.widths).first().copied().unwrap_or((w, h));
        let (w, h) = (largest.0 as usize, largest.1 as usize);
        if sideways { (h, w) } else { (w, h) }
    }

    pub fn new(source: Shape, orientation: u8, color_transform: Option<ColorTransform>, options: &Options) -> Self {
        let sideways = orientation > 4;
        let (w, h) = (source.width as u32, source.height as u32);
        let (width, height) = if sideways { (h, w) } else { (w, h) };
        let mut sizes = sizes(width, height, &options.widths);
        if sizes.is_empty() {
            sizes.push((width, height));
        }
        let (w, h) = sizes[sizes.len() - 1];
        let longest = w.max(h).max(32);
        sizes.push((scaled(w, 32, longest).min(w), scaled(h, 32, longest).min(h)));
        let sizes: Vec<_> = sizes.into_iter().map(|(w, h)| (w as usize, h as usize)).collect();

        let (w, h) = sizes[0];
        let lead = source.chroma.map_or((0, 0), |_| lead(orientation, (w, h)));
        let source_levels = levels(source, if sideways { (h, w) } else { (w, h) }, lead);
        // The transform turns CMYK into colors: no black is left.
        let fourth = source.fourth && !matches!(color_transform, Some(ColorTransform::Cmyk(_)));
        let shape = Shape { fourth, ..source };
        let orientation_buffer = (orientation > 1).then(|| OrientationBuffer::new(shape.halved(w, h), orientation));
        let variant = |shape| {
            let outputs = options.outputs.iter();
            LevelOutput::Variant(
                outputs
                    .filter_map(|&output| VariantEncoder::new(output, shape, options))
                    .collect(),
            )
        };
        let mut from = shape.halved(w, h);
        let largest = (from, variant(from));
        let mut smaller = Vec::new();
        for (i, &(w, h)) in sizes.iter().enumerate().skip(1) {
            for level in levels(from, (w, h), (0, 0)) {
                from = level.shape;
                let reached = (from.width, from.height) == (w, h);
                let output = if reached && i < sizes.len() - 1 {
                    variant(from)
                } else {
                    // A level between two sizes has no output: its thumbnail has no pixels.
                    let (width, height) = if reached { (w as u32, h as u32) } else { (0, 0) };
                    LevelOutput::Thumbnail(Thumbnail {
                        width,
                        height,
                        rgb: Vec::new(),
                    })
                };
                smaller.push((level, output));
            }
        }
        Self {
            source_levels,
            color_transform,
            orientation_buffer,
            largest,
            smaller,
            isa: Isa::detect(),
        }
    }

    /// The level that takes the rows of the source.
    pub fn source(&mut self) -> &mut Level {
        &mut self.source_levels[0]
    }

    /// Passes all complete strips on to the encoders.
    pub fn process(&mut self) {
        let Self {
            source_levels,
            color_transform,
            orientation_buffer,
            largest,
            smaller,
            isa,
        } = self;
        reduce_source(source_levels, *isa, &mut |strip, shape| {
            if let Some(color_transform) = color_transform {
                color_transform.apply(strip, shape);
            }
            match orientation_buffer {
                Some(orientation_buffer) => orientation_buffer.put(strip),
                None => {
                    largest.1.strip(strip, &largest.0, *isa);
                    reduce_further(smaller, strip, &largest.0, *isa);
                }
            }
        });
    }

    /// Finishes all files, the largest first.
    pub fn finish(mut self, threads: usize) -> (Vec<Variant>, Thumbnail) {
        let Self {
            orientation_buffer,
            largest: (shape, output),
            smaller,
            isa,
            ..
        } = &mut self;
        let (shape, isa) = (*shape, *isa);
        if let Some(orientation_buffer) = orientation_buffer.take() {
            let orientation_buffer = &orientation_buffer;
            parallel(
                threads,
                || {
                    orientation_buffer
                        .strips()
                        .for_each(|strip| output.strip(strip, &shape, isa))
                },
                || {
                    orientation_buffer
                        .strips()
                        .for_each(|strip| reduce_further(smaller, strip, &shape, isa))
                },
            );
        }
        let finish = |shape: Shape, output: LevelOutput, variants: &mut Vec<Variant>| match output {
            LevelOutput::Variant(writers) => {
                let (width, height) = (shape.width as u32, shape.height as u32);
                let files = writers.into_iter().filter_map(|writer| writer.finish(isa));
                variants.extend(files.map(|(format, bytes)| Variant {
                    format,
                    width,
                    height,
                    bytes,
                }));
                None
            }
            LevelOutput::Thumbnail(thumbnail) => Some(thumbnail),
        };
        let (largest, smaller) = (self.largest, self.smaller);
        let (mut variants, (rest, thumbnail)) = parallel(
            threads,
            || {
                let mut variants = Vec::new();
                finish(largest.0, largest.1, &mut variants);
                variants
            },
            || {
                let (mut variants, mut thumbnail) = (Vec::new(), Thumbnail::default());
                for (level, output) in smaller {
                    thumbnail = finish(level.shape, output, &mut variants).unwrap_or(thumbnail);
                }
                (variants, thumbnail)
            },
        );
        variants.extend(rest);
        (variants, thumbnail)
    }
}

/// Runs two closures, on two threads when `threads` allows it.
fn parallel<A, B: Send>(threads: usize, here: impl FnOnce() -> A, there: impl FnOnce() -> B + Send) -> (A, B) {
    if threads < 2 {
        return (here(), there());
    }
    std::thread::scope(|scope| {
        let there = scope.spawn(there);
        (
            here(),
            there.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        )
    })
}

/// Reduces the source to strips of the largest variant.
fn reduce_source(source_levels: &mut [Level], isa: Isa, out: &mut dyn FnMut(&mut Strip, &Shape)) {
    let Some((level, rest)) = source_levels.split_first_mut() else {
        return;
    };
    let shape = level.shape;
    while let Some(strip) = level.poll(isa) {
        match rest.first_mut() {
            Some(next) => {
                next.push(strip, &shape);
                reduce_source(rest, isa, out);
            }
            None => out(strip, &shape),
        }
    }
}

/// Reduces a strip to all smaller sizes.
fn reduce_further(smaller: &mut [(Level, LevelOutput)], strip: &Strip, from: &Shape, isa: Isa) {
    let Some(((level, output), rest)) = smaller.split_first_mut() else {
        return;
    };
    level.push(strip, from);
    let shape = level.shape;
    while let Some(strip) = level.poll(isa) {
        output.strip(strip, &shape, isa);
        reduce_further(rest, strip, &shape, isa);
    }
}

impl LevelOutput {
    fn strip(&mut self, strip: &Strip, shape: &Shape, isa: Isa) {
        match self {
            Self::Variant(writers) => writers.iter_mut().for_each(|writer| writer.strip(strip, isa)),
            Self::Thumbnail(thumbnail) if thumbnail.width > 0 => {
                for y in 0..(shape.height - strip.index * 16).min(16) {
                    thumbnail.rgb.extend((0..shape.width).flat_map(|x| strip.rgb(x, y)));
                }
            }
            Self::Thumbnail(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_above_the_source_is_given_once_at_the_sources() {
        assert_eq!(sizes(1000, 500, &[140, 1440, 1920, 1000]), [(1000, 500), (140, 70)]);
        assert_eq!(sizes(1, 20_000, &[140, 320]), [(1, 20_000)]);
        assert_eq!(sizes(20_000, 1, &[140]), [(140, 1)]);
    }
}
