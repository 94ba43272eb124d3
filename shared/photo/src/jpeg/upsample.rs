//! Brings components of different sizes to the size of the picture, for samplings that cameras do not use.
use super::dct::Inverse;
use super::markers::{Component, Frame};
use super::scan::McuRow;
use super::{Colors, Plane};
use crate::native::simd::{Isa, Row};
use crate::resize::level::Level;
use std::collections::VecDeque;

/// Interpolates linearly between samples, as libjpeg does for the usual samplings.
#[derive(Clone)]
pub struct Upsampler {
    components: Vec<Lines>,
    height: usize,
    /// The next row of the picture.
    next: usize,
}

/// The lines of a component that are still needed, each as wide as the picture.
#[derive(Clone)]
struct Lines {
    /// For each pixel of a row.
    across: Vec<Between>,
    down: Ratio,
    lines: VecDeque<Vec<i16>>,
    /// Number of the first line.
    first: usize,
    /// One row of blocks.
    tiles: Vec<Row>,
}

/// Samples for a number of pixels.
#[derive(Clone, Copy)]
struct Ratio {
    samples: usize,
    pixels: usize,
    /// The last sample of the component.
    last: usize,
}

impl Ratio {
    fn new(samples: usize, pixels: usize, side: u32) -> Self {
        let last = (side as usize * samples).div_ceil(pixels).max(1) - 1;
        Self { samples, pixels, last }
    }

    /// The samples around the center of a pixel.
    fn around(self, pixel: usize) -> Between {
        let whole = 2 * self.pixels;
        // The center of the first pixels may be before that of the first sample.
        let at = ((2 * pixel + 1) * self.samples).saturating_sub(self.pixels);
        Between {
            first: (at / whole).min(self.last),
            second: (at / whole + 1).min(self.last),
            share: (at % whole * ONE / whole) as i32,
        }
    }
}

/// A point between two samples.
#[derive(Clone, Copy)]
struct Between {
    first: usize,
    second: usize,
    /// The share of the second sample, of [`ONE`].
    share: i32,
}

const ONE: usize = 1 << 12;

impl Between {
    fn mix(self, first: i16, second: i16) -> i16 {
        let (first, second) = (i32::from(first), i32::from(second));
        (first + (((second - first) * self.share + ONE as i32 / 2) >> 12)) as i16
    }
}

impl Upsampler {
    pub fn new(frame: &Frame) -> Self {
        let (h, v) = frame.densest();
        let columns = |ratio: Ratio| (0..frame.width as usize).map(move |x| ratio.around(x));
        let lines = |component: &Component| Lines {
            across: columns(Ratio::new(component.h, h, frame.width)).collect(),
            down: Ratio::new(component.v, v, frame.height),
            lines: VecDeque::new(),
            first: 0,
            tiles: Vec::new(),
        };
        Self {
            components: frame.components().iter().map(lines).collect(),
            height: frame.height as usize,
            next: 0,
        }
    }

    /// Transforms a row of MCUs, and writes the rows that are complete into the planes of a level. Sets the row to zero.
    pub fn fill(&mut self, row: &mut McuRow, planes: &[Plane], colors: Colors, level: &mut Level, isa: Isa) {
        for ((pairs, plane), component) in row.iter_mut().zip(planes).zip(&mut self.components) {
            let across = pairs.len() / plane.down;
            component.tiles.resize(across * 8, [0; 16]);
            for pairs in pairs.chunks_exact_mut(across) {
                isa.run(Inverse {
                    pairs,
                    quant: &plane.quant,
                    tiles: &mut component.tiles,
                    height: 8,
                    at: 0,
                });
                (0..8).for_each(|y| component.push(y));
            }
        }
        while self.next < self.height && self.components.iter().all(|component| component.reaches(self.next)) {
            let mut places = [(1, 0); 4];
            for (i, component) in self.components.iter_mut().enumerate() {
                let needed = level.needed(i);
                let (tiles, height, at) = level.planes[i].space(1, needed);
                places[i & 3] = (height, at);
                component.write(self.next, tiles.iter_mut().skip(at).step_by(height));
            }
            colors.to_ycc(level, places, 1, isa);
            level.planes.iter_mut().for_each(|plane| plane.advance(1));
            self.next += 1;
        }
    }
}

impl Lines {
    /// Takes one line of the tiles, unless it is below the picture.
    fn push(&mut self, y: usize) {
        if self.first + self.lines.len() > self.down.last {
            return;
        }
        let sample = |x: usize| self.tiles[x / 16 * 8 + y][x % 16];
        let across = self.across.iter();
        let line = across.map(|between| between.mix(sample(between.first), sample(between.second)));
        self.lines.push_back(line.collect());
    }

    /// Whether there are enough lines for a row of the picture.
    fn reaches(&self, row: usize) -> bool {
        self.down.around(row).second < self.first + self.lines.len()
    }

    /// Writes a row of the picture, and drops the lines that no later row needs.
    fn write<'a>(&mut self, row: usize, tiles: impl Iterator<Item = &'a mut Row>) {
        let between = self.down.around(row);
        while self.first < between.first {
            self.lines.pop_front();
            self.first += 1;
        }
        let line = |number: usize| self.lines[number - self.first].chunks(16);
        for (tile, (above, below)) in tiles.zip(line(between.first).zip(line(between.second))) {
            for (to, (&above, &below)) in tile.iter_mut().zip(above.iter().zip(below)) {
                *to = between.mix(above, below);
            }
        }
    }
}
