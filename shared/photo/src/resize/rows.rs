//! The part of a plane that a filter still needs, in tiles of sixteen columns, so that every access is one whole register.
use crate::native::simd::Row;

/// A sliding window over the rows of a plane.
pub struct Rows {
    /// Tiles across.
    pub tiles: usize,
    /// Rows a tile can hold.
    height: usize,
    /// Tile by tile, row by row.
    data: Vec<Row>,
    /// The plane's row that stands first.
    first: usize,
    /// Rows that are there.
    len: usize,
}

impl Rows {
    /// For a plane `width` wide of which up to `height` rows must fit.
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

    /// One past the last row that is there.
    pub fn end(&self) -> usize {
        self.first + self.len
    }

    /// Rows `from..from + count` of a tile.
    #[inline(always)]
    pub fn tile(&self, tile: usize, from: usize, count: usize) -> &[Row] {
        &self.data[tile * self.height + from - self.first..][..count]
    }

    /// Forgets the rows before `row` when fewer than `room` more would fit.
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

    /// Room for `count` rows behind the last; rows before `needed` may go. Gives the tiles, their height, and the place.
    pub fn space(&mut self, count: usize, needed: usize) -> (&mut [Row], usize, usize) {
        self.make_room(needed, count);
        if self.len + count > self.height {
            self.grow(self.len + count);
        }
        (&mut self.data, self.height, self.len)
    }

    /// A taller window; only a source that kind more rows at once than planned asks for it.
    fn grow(&mut self, height: usize) {
        let mut data = vec![[0; 16]; self.tiles * height];
        for (new, old) in data.chunks_exact_mut(height).zip(self.data.chunks_exact(self.height)) {
            new[..self.len].copy_from_slice(&old[..self.len]);
        }
        (self.data, self.height) = (data, height);
    }

    /// All tiles, for what has been written behind the last row and is not counted yet.
    pub fn tail(&mut self) -> &mut [Row] {
        &mut self.data
    }

    /// Says that `count` rows have been written into the space.
    pub fn advance(&mut self, count: usize) {
        self.len += count;
    }
}
