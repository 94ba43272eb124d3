//! Turns a picture upright: a buffer for the largest variant of a source that is stored rotated or mirrored.
use crate::jpeg::dct::LOWEST;
use crate::resize::level::{Shape, Strip, Tile};

struct Plane {
    width: usize,
    height: usize,
    samples: Vec<u8>,
}

/// The picture in planes of bytes: 1.5 bytes a pixel, or 2.5 with alpha.
pub struct OrientationBuffer {
    shape: Shape,
    orientation: u8,
    planes: Vec<Plane>,
}

impl OrientationBuffer {
    /// `shape` is the upright one.
    pub fn new(shape: Shape, orientation: u8) -> Self {
        let plane = |(width, height)| Plane {
            width,
            height,
            samples: vec![0; width * height],
        };
        let sizes = [
            Some((shape.width, shape.height)),
            shape.chroma_size(),
            shape.chroma_size(),
            shape.fourth.then_some((shape.width, shape.height)),
        ];
        Self {
            shape,
            orientation,
            planes: sizes.into_iter().flatten().map(plane).collect(),
        }
    }

    /// Takes a strip in the orientation of the source.
    pub fn put(&mut self, strip: &Strip) {
        let orientation = self.orientation;
        for (i, tile) in strip.luma.iter().enumerate() {
            self.planes[0].put(tile, (i * 16, strip.index * 16), 16, orientation);
        }
        if let Some(plane) = self.planes.get_mut(3) {
            for (i, tile) in strip.fourth.iter().enumerate() {
                plane.put(tile, (i * 16, strip.index * 16), 16, orientation);
            }
        }
        if let [_, cb, cr, ..] = &mut self.planes[..] {
            for (i, tile) in strip.chroma.iter().enumerate() {
                let at = (i * 16, strip.index * 8);
                cb.put(tile, at, 8, orientation);
                let mut lower = *tile;
                lower.copy_within(8.., 0);
                cr.put(&lower, at, 8, orientation);
            }
        }
    }

    /// The upright picture in strips, from the top.
    pub fn strips(&self) -> Strips<'_> {
        Strips {
            buffer: self,
            strip: Strip::new(&self.shape),
            next: 0,
        }
    }
}

impl Plane {
    /// Writes up to 16 columns and `rows` rows, whose place in the source is `at`.
    fn put(&mut self, tile: &Tile, at: (usize, usize), rows: usize, orientation: u8) {
        // Orientations 5 to 8 are 1 to 4 after a transposition.
        let sideways = orientation > 4;
        let mut bytes = [[0u8; 16]; 16];
        for y in 0..16 {
            for x in 0..16 {
                let sample = if sideways { tile[x][y] } else { tile[y][x] };
                bytes[y][x] = ((i32::from(sample) - i32::from(LOWEST) + 32) >> 6).clamp(0, 255) as u8;
            }
        }
        let (x, y) = if sideways { (at.1, at.0) } else { at };
        let (columns, rows) = if sideways { (rows, 16) } else { (16, rows) };
        let (columns, rows) = (
            columns.min(self.width.saturating_sub(x)),
            rows.min(self.height.saturating_sub(y)),
        );
        let mirrored = matches!(orientation, 2 | 3 | 6 | 7);
        let upside_down = matches!(orientation, 3 | 4 | 7 | 8);
        for (i, line) in bytes.iter_mut().enumerate().take(rows) {
            let row = if upside_down { self.height - 1 - y - i } else { y + i };
            let line = &mut line[..columns];
            let first = if mirrored { self.width - x - columns } else { x };
            if mirrored {
                line.reverse();
            }
            self.samples[row * self.width + first..][..columns].copy_from_slice(line);
        }
    }

    /// Reads a row into tiles. Beyond the edges, the last sample and the last row are repeated.
    fn read(&self, row: usize, tiles: &mut [Tile], to: usize) {
        let row = &self.samples[row.min(self.height - 1) * self.width..][..self.width];
        let sample = |byte: u8| (i16::from(byte) - 128) * 64;
        for (tile, bytes) in tiles.iter_mut().zip(row.chunks(16)) {
            let line = &mut tile[to];
            line.fill(sample(bytes[bytes.len() - 1]));
            for (to, &byte) in line.iter_mut().zip(bytes) {
                *to = sample(byte);
            }
        }
    }
}

pub struct Strips<'a> {
    buffer: &'a OrientationBuffer,
    strip: Strip,
    next: usize,
}

impl Strips<'_> {
    pub fn for_each(mut self, mut take: impl FnMut(&Strip)) {
        while self.next * 16 < self.buffer.shape.height {
            self.strip.index = self.next;
            for y in 0..16 {
                self.buffer.planes[0].read(self.next * 16 + y, &mut self.strip.luma, y);
            }
            if let Some(plane) = self.buffer.planes.get(3) {
                for y in 0..16 {
                    plane.read(self.next * 16 + y, &mut self.strip.fourth, y);
                }
            }
            if let [_, cb, cr, ..] = &self.buffer.planes[..] {
                for y in 0..8 {
                    cb.read(self.next * 8 + y, &mut self.strip.chroma, y);
                    cr.read(self.next * 8 + y, &mut self.strip.chroma, 8 + y);
                }
            }
            self.next += 1;
            take(&self.strip);
        }
    }
}
