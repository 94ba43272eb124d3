//! Turns a picture upright: a buffer for the largest variant of a source that is stored rotated or mirrored.
use crate::jpeg::dct::LOWEST;
use crate::resize::level::{Shape, Strip, Tile};

/// Whether an orientation mirrors the columns and the rows of the upright picture.
fn mirrored(orientation: u8) -> (bool, bool) {
    (
        matches!(orientation, 2 | 3 | 6 | 7),
        matches!(orientation, 3 | 4 | 7 | 8),
    )
}

/// Columns and rows to put before a picture of this upright size, both in the orientation of the source.
///
/// A sample of chroma covers two columns and two rows, counted from the start. Counted from the end of a side of odd
/// length, the pairs are others: one more column or row makes them the same.
pub fn lead(orientation: u8, upright: (usize, usize)) -> (usize, usize) {
    let (columns, rows) = mirrored(orientation);
    let (columns, rows) = (
        usize::from(columns) * (upright.0 & 1),
        usize::from(rows) * (upright.1 & 1),
    );
    if orientation > 4 {
        (rows, columns)
    } else {
        (columns, rows)
    }
}

struct Plane {
    width: usize,
    height: usize,
    /// Columns and rows beyond the upright plane that the source has.
    extra: (usize, usize),
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
        let plane = |(width, height), extra| Plane {
            width,
            height,
            extra,
            samples: vec![0; width * height],
        };
        let size = (shape.width, shape.height);
        let (x, y) = lead(orientation, size);
        let extra = match shape.chroma {
            None => (0, 0),
            Some(_) if orientation > 4 => (y, x),
            Some(_) => (x, y),
        };
        let chroma = || Some(plane(shape.chroma_size()?, (0, 0)));
        let planes = [
            Some(plane(size, extra)),
            chroma(),
            chroma(),
            shape.fourth.then(|| plane(size, extra)),
        ];
        Self {
            shape,
            orientation,
            planes: planes.into_iter().flatten().collect(),
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
        let (width, height) = (self.width + self.extra.0, self.height + self.extra.1);
        let (columns, rows) = (columns.min(width.saturating_sub(x)), rows.min(height.saturating_sub(y)));
        let (mirrored, upside_down) = mirrored(orientation);
        for (i, line) in bytes.iter_mut().enumerate().take(rows) {
            let row = if upside_down { height - 1 - y - i } else { y + i };
            let line = &mut line[..columns];
            let first = if mirrored { width - x - columns } else { x };
            if mirrored {
                line.reverse();
            }
            let shown = columns.min(self.width.saturating_sub(first));
            if row < self.height && shown > 0 {
                self.samples[row * self.width + first..][..shown].copy_from_slice(&line[..shown]);
            }
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
