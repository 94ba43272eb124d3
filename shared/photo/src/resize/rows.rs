//! The rows of a plane that a filter still needs, in tiles of sixteen columns: each access is one SIMD register.
use crate::native::simd::Row;

/// A sliding window over the rows of a plane.
pub struct Rows {
    pub tiles: usize,
    /// Rows that a tile can hold.
    height: usize,
    data: Vec<Row>,
    /// Number of the first row in the window.
    first: usize,
    /// Rows in the window.
    len: usize,
}

impl Rows {
    /// For a plane of `width` samples and a window of `height` rows.
    pub fn new(width: usize, height: usize) -> Self {
        let tiles = width.div_ceil(16);
        Self {
            tiles,
            height,
            data: vec![[0; 16]; tiles * height],
            first: 0,
            len: 0,
        }
    }

    /// One past the last row in the window.
    pub fn end(&self) -> usize {
        self.first + self.len
    }

    /// Rows `from..from + count` of a tile.
    #[inline(always)]
    pub fn tile(&self, tile: usize, from: usize, count: usize) -> &[Row] {
        &self.data[tile * self.height + from - self.first..][..count]
    }

    /// Drops the rows before `row` unless `room` more rows fit.
    fn make_room(&mut self, row: usize, room: usize) {
        if self.len + room <= self.height {
            return;
        }
        let gone = row.min(self.end()) - self.first;
        for tile in self.data.chunks_exact_mut(self.height) {
            tile.copy_within(gone..self.len, 0);
        }
        self.first += gone;
        self.len -= gone;
    }

    /// Makes room for `count` more rows; may drop rows before `needed`. Returns the tiles, their height, and the first
    /// free row.
    pub fn space(&mut self, count: usize, needed: usize) -> (&mut [Row], usize, usize) {
        self.make_room(needed, count);
        if self.len + count > self.height {
            self.grow(self.len + count);
        }
        (&mut self.data, self.height, self.len)
    }

    /// Enlarges the window, for a source that gives more rows at once than planned.
    fn grow(&mut self, height: usize) {
        let mut data = vec![[0; 16]; self.tiles * height];
        for (new, old) in data.chunks_exact_mut(height).zip(self.data.chunks_exact(self.height)) {
            new[..self.len].copy_from_slice(&old[..self.len]);
        }
        (self.data, self.height) = (data, height);
    }

    /// All tiles, to change rows that are written and not yet counted.
    pub fn tail(&mut self) -> &mut [Row] {
        &mut self.data
    }

    /// Counts rows that were written into the space.
    pub fn advance(&mut self, count: usize) {
        self.len += count;
    }
}
