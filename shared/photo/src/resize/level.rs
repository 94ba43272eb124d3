//! One level of the pyramid: takes rows of a larger picture, gives strips of a smaller one.
use super::filter::Filter;
use super::rows::Rows;
use crate::jpeg::dct::{HIGHEST, LOWEST};
use crate::native::simd::{Isa, Kernel, Lanes, Row, each};

pub type Tile = [Row; 16];

/// Size and sampling of a picture in planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub width: usize,
    pub height: usize,
    /// Pixels that a luma sample covers, across and down: 2 for a source that is decoded at half its size.
    pub luma: usize,
    /// Pixels that a chroma sample covers, across and down; `None` for gray.
    pub chroma: Option<(usize, usize)>,
    /// There is a fourth plane of the size of luma: alpha, or black of CMYK.
    pub fourth: bool,
}

impl Shape {
    /// The same kind of picture in this size and in 4:2:0, which the encoders take.
    pub fn halved(self, width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            luma: 1,
            chroma: self.chroma.map(|_| (2, 2)),
            fourth: self.fourth,
        }
    }

    pub fn luma_size(&self) -> (usize, usize) {
        (self.width.div_ceil(self.luma), self.height.div_ceil(self.luma))
    }

    pub fn chroma_size(&self) -> Option<(usize, usize)> {
        self.chroma
            .map(|(h, v)| (self.width.div_ceil(h), self.height.div_ceil(v)))
    }
}

/// Sixteen rows of a picture in 4:2:0.
#[derive(Default)]
pub struct Strip {
    /// From the top.
    pub index: usize,
    /// Beyond the edges of the picture, the last samples are repeated.
    pub luma: Vec<Tile>,
    /// The first eight rows of a tile are Cb, the last eight Cr. Empty for gray.
    pub chroma: Vec<Tile>,
    /// Empty when there is no fourth plane.
    pub fourth: Vec<Tile>,
}

impl Strip {
    pub fn new(shape: &Shape) -> Self {
        let luma = shape.width.div_ceil(16);
        let chroma = shape.chroma_size().map_or(0, |(width, _)| width.div_ceil(16));
        let tiles = |count| vec![[[0; 16]; 16]; count];
        Self {
            index: 0,
            luma: tiles(luma),
            chroma: tiles(chroma),
            fourth: tiles(if shape.fourth { luma } else { 0 }),
        }
    }
}

struct Axes {
    across: Filter,
    down: Filter,
}

impl Axes {
    /// A source sample covers `step` of its pixels, an output `scale` of them.
    fn new(source: &Shape, step: (usize, usize), to: (usize, usize), scale: (f64, f64), lead: (f64, f64)) -> Self {
        let filter = |pixels: usize, step: usize, to, scale: f64, lead| {
            let from = (pixels.div_ceil(step), pixels as f64 / step as f64);
            Filter::lanczos3(from, to, scale / step as f64, lead)
        };
        Self {
            across: filter(source.width, step.0, to.0, scale.0, lead.0),
            down: filter(source.height, step.1, to.1, scale.1, lead.1),
        }
    }
}

/// One level of the pyramid.
pub struct Level {
    /// The shape of the smaller picture.
    pub shape: Shape,
    /// Planes of the larger picture: luma, Cb and Cr unless it is gray, then the fourth plane if there is one.
    pub planes: Vec<Rows>,
    luma: Axes,
    chroma: Option<Axes>,
    columns: Vec<Row>,
    strip: Strip,
    next: usize,
}

impl Level {
    /// From `source` to `width` by `height`.
    pub fn new(source: &Shape, width: usize, height: usize) -> Self {
        Self::with_lead(source, (width, height), (0, 0))
    }

    /// Like [`Level::new`], with columns and rows (`lead`) before the picture, which repeat its edge.
    pub fn with_lead(source: &Shape, (width, height): (usize, usize), lead: (usize, usize)) -> Self {
        let scale = (source.width as f64 / width as f64, source.height as f64 / height as f64);
        let (width, height) = (width + lead.0, height + lead.1);
        let shape = source.halved(width, height);
        let lead = (lead.0 as f64, lead.1 as f64);
        let luma = Axes::new(source, (source.luma, source.luma), (width, height), scale, lead);
        let chroma = source.chroma.zip(shape.chroma_size()).map(|(step, to)| {
            // An output sample covers two by two pixels.
            let scale = (scale.0 * 2.0, scale.1 * 2.0);
            Axes::new(source, step, to, scale, (lead.0 / 2.0, lead.1 / 2.0))
        });
        let fine = || Rows::new(source.luma_size().0, 2 * luma.down.reach(16) + 32);
        let mut planes = vec![fine()];
        if let (Some(axes), Some((width, _))) = (&chroma, source.chroma_size()) {
            planes.extend([0; 2].map(|_| Rows::new(width, 2 * axes.down.reach(8) + 32)));
        }
        if source.fourth {
            planes.push(fine());
        }
        let strip = Strip::new(&shape);
        Self {
            shape,
            planes,
            luma,
            chroma,
            columns: vec![[0; 16]; source.width.next_multiple_of(16)],
            strip,
            next: 0,
        }
    }

    /// The first row of a plane that is still needed.
    pub fn needed(&self, plane: usize) -> usize {
        let (axes, step) = match &self.chroma {
            Some(axes) if matches!(plane, 1 | 2) => (axes, 8),
            _ => (&self.luma, 16),
        };
        axes.down.window(self.next * step).0
    }

    /// The next strip; `None` until its source rows are complete.
    pub fn poll(&mut self, isa: Isa) -> Option<&mut Strip> {
        let row = self.next * 16;
        let fourth = self.planes.get(3);
        let fine = fourth.map_or(usize::MAX, Rows::end).min(self.planes[0].end());
        if row >= self.shape.height || fine < self.luma.down.needs(row + 16) {
            return None;
        }
        if let (Some(axes), [_, cb, cr, ..]) = (&self.chroma, &self.planes[..]) {
            if cb.end().min(cr.end()) < axes.down.needs(row / 2 + 8) {
                return None;
            }
            let windows = std::array::from_fn(|i| ([cb, cr][i / 8], row / 2 + i % 8));
            isa.run(Resample {
                windows,
                axes,
                columns: &mut self.columns,
                out: &mut self.strip.chroma,
            });
        }
        for (plane, out) in [
            (self.planes.first(), &mut self.strip.luma),
            (self.planes.get(3), &mut self.strip.fourth),
        ] {
            let Some(rows) = plane else { continue };
            isa.run(Resample {
                windows: std::array::from_fn(|i| (rows, row + i)),
                axes: &self.luma,
                columns: &mut self.columns,
                out,
            });
        }
        self.strip.index = self.next;
        self.next += 1;
        Some(&mut self.strip)
    }

    pub fn push(&mut self, strip: &Strip, from: &Shape) {
        let rows = (from.height - strip.index * 16).min(16);
        self.push_plane(0, rows, |tile| strip.luma.get(tile).and_then(|t| t.get(..rows)));
        if let Some((_, height)) = from.chroma_size() {
            let rows = (height - strip.index * 8).min(8);
            self.push_plane(1, rows, |tile| strip.chroma.get(tile).and_then(|t| t.get(..rows)));
            self.push_plane(2, rows, |tile| strip.chroma.get(tile).and_then(|t| t.get(8..8 + rows)));
        }
        if from.fourth {
            self.push_plane(3, rows, |tile| strip.fourth.get(tile).and_then(|t| t.get(..rows)));
        }
    }

    fn push_plane<'s>(&mut self, plane: usize, rows: usize, tile: impl Fn(usize) -> Option<&'s [Row]>) {
        let needed = self.needed(plane);
        let (tiles, height, at) = self.planes[plane].space(rows, needed);
        for (i, to) in tiles.chunks_exact_mut(height).enumerate() {
            if let Some(from) = tile(i) {
                to[at..at + rows].copy_from_slice(from);
            }
        }
        self.planes[plane].advance(rows);
    }
}

/// Filters sixteen rows: down first, then, transposed, across.
struct Resample<'a> {
    /// For each row, its source plane and its number.
    windows: [(&'a Rows, usize); 16],
    axes: &'a Axes,
    columns: &'a mut [Row],
    out: &'a mut [Tile],
}

impl Kernel for Resample<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self {
            windows,
            axes,
            columns,
            out,
        } = self;
        let taps = axes.down.taps;
        let windows = windows.map(|(rows, output)| {
            let (start, weights) = axes.down.window(output);
            (rows, start, weights)
        });
        let tiles = windows[0].0.tiles;
        for (tile, columns) in columns.chunks_exact_mut(16).take(tiles).enumerate() {
            let square = V::transpose_square(each!(V, 16, i => {
                let (rows, start, weights) = windows[i];
                weighted::<V>(rows.tile(tile, start, taps), weights)
            }));
            for (column, value) in columns.iter_mut().zip(square) {
                value.store(column);
            }
        }
        let (low, high) = (V::splat(LOWEST), V::splat(HIGHEST));
        for (tile, out) in out.iter_mut().enumerate() {
            let square = V::transpose_square(each!(V, 16, i => {
                let (start, weights) = axes.across.window(tile * 16 + i);
                weighted::<V>(&columns[start..start + axes.across.taps], weights).max(low).min(high)
            }));
            for (row, value) in out.iter_mut().zip(square) {
                value.store(row);
            }
        }
    }
}

/// The weighted sum of rows.
#[inline(always)]
fn weighted<V: Lanes>(rows: &[Row], weights: &[i16]) -> V {
    let mut sum = V::splat(0);
    let ((rows, last_rows), (weights, last_weights)) = (rows.as_chunks::<4>(), weights.as_chunks::<4>());
    for (row, weight) in rows.iter().zip(weights) {
        for i in 0..4 {
            sum = sum.add(V::load(&row[i]).scale(V::splat(weight[i])));
        }
    }
    for (row, &weight) in last_rows.iter().zip(last_weights) {
        sum = sum.add(V::load(row).scale(V::splat(weight)));
    }
    sum
}
