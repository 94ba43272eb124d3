//! Writes JPEGs of every kind that T.81 allows for, and of some that it does not, as a list of parts to change.
use super::Drawing;
use std::f64::consts::PI;

/// A component: its identifier, its sampling factors, its quantization table, and a sample for each pixel.
#[derive(Clone)]
pub struct Component {
    pub id: u8,
    pub factors: (usize, usize),
    pub table: u8,
    pub samples: Vec<f64>,
}

/// A scan: its components, the band and the shift of its coefficients (T.81, B.2.3).
#[derive(Clone, Debug)]
pub struct Scan {
    pub components: Vec<usize>,
    pub band: (u8, u8),
    pub shift: (u8, u8),
}

/// A scan of all coefficients.
pub fn all(components: &[usize]) -> Scan {
    scan(components, (0, 63), (0, 0))
}

pub fn scan(components: &[usize], band: (u8, u8), shift: (u8, u8)) -> Scan {
    Scan {
        components: components.to_vec(),
        band,
        shift,
    }
}

/// A picture to write.
#[derive(Clone)]
pub struct Jpeg {
    pub width: usize,
    pub height: usize,
    /// The marker of the frame header: 0xc0 is baseline, 0xc2 progressive.
    pub kind: u8,
    pub components: Vec<Component>,
    pub scans: Vec<Scan>,
    /// The steps of each quantization table, all alike.
    pub steps: [u8; 4],
    /// MCUs between restart markers, 0 for none.
    pub interval: usize,
}

impl Jpeg {
    /// YCbCr, with these sampling factors for each component, in one scan.
    pub fn ycc(drawing: &Drawing, factors: [(usize, usize); 3]) -> Self {
        let ycc = |[r, g, b]: [f64; 3]| {
            let y = 0.299 * r + 0.587 * g + 0.114 * b;
            vec![y, 128.0 + (b - y) / 1.772, 128.0 + (r - y) / 1.402]
        };
        Self::of(drawing, &factors, ycc)
    }

    /// Components of the drawing in one scan. `channels` makes the samples of a pixel.
    pub fn of(drawing: &Drawing, factors: &[(usize, usize)], channels: impl Fn([f64; 3]) -> Vec<f64>) -> Self {
        let pixels: Vec<_> = drawing.rgb.iter().map(|p| channels(p.map(f64::from))).collect();
        let component = |(i, &factors): (usize, &(usize, usize))| Component {
            id: i as u8 + 1,
            factors,
            table: 0,
            samples: pixels.iter().map(|p| p[i]).collect(),
        };
        let components: Vec<_> = factors.iter().enumerate().map(component).collect();
        Self {
            width: drawing.width,
            height: drawing.height,
            kind: 0xc0,
            scans: vec![all(&(0..components.len()).collect::<Vec<_>>())],
            components,
            steps: [2; 4],
            interval: 0,
        }
    }

    /// A progressive picture in these scans.
    pub fn progressive(mut self, scans: Vec<Scan>) -> Self {
        (self.kind, self.scans) = (0xc2, scans);
        self
    }

    pub fn in_scans(mut self, scans: Vec<Scan>) -> Self {
        self.scans = scans;
        self
    }

    fn densest(&self) -> (usize, usize) {
        let factors = || self.components.iter().map(|c| c.factors);
        (
            factors().map(|f| f.0).max().unwrap(),
            factors().map(|f| f.1).max().unwrap(),
        )
    }

    /// Columns and rows of MCUs.
    fn mcus(&self) -> (usize, usize) {
        let (h, v) = self.densest();
        (self.width.div_ceil(8 * h), self.height.div_ceil(8 * v))
    }

    /// The file in parts: start of image, tables, frame, each scan with its data, end of image.
    pub fn parts(&self) -> Vec<Vec<u8>> {
        let mut parts = vec![vec![0xff, 0xd8]];
        parts.extend((0..4).map(|table| quantization(table, self.steps[usize::from(table)])));
        let [w1, w0] = (self.width as u16).to_be_bytes();
        let [h1, h0] = (self.height as u16).to_be_bytes();
        let mut frame = vec![8, h1, h0, w1, w0, self.components.len() as u8];
        for component in &self.components {
            let (h, v) = component.factors;
            frame.extend([component.id, (h << 4 | v) as u8, component.table]);
        }
        parts.push(segment(self.kind, &frame));
        parts.push(segment(0xc4, &[dc_table(0), ac_table(0)].concat()));
        if self.interval > 0 {
            parts.push(restart_interval(self.interval));
        }
        let blocks: Vec<_> = self.components.iter().map(|c| self.blocks(c)).collect();
        parts.extend(self.scans.iter().map(|scan| self.scan(scan, &blocks)));
        parts.push(vec![0xff, 0xd9]);
        parts
    }

    pub fn file(&self) -> Vec<u8> {
        self.parts().concat()
    }

    /// The file with stray bytes in front of each part but the first.
    pub fn with_stray(&self, stray: &[u8]) -> Vec<u8> {
        self.parts().join(stray)
    }

    /// The quantized blocks of a component, in zigzag order, with those that fill the last MCUs. A row has `h` times as
    /// many as there are MCUs.
    fn blocks(&self, component: &Component) -> Vec<[i32; 64]> {
        let ((h, v), (across, down)) = (component.factors, self.mcus());
        let densest = self.densest();
        let size = (
            (self.width * h).div_ceil(densest.0),
            (self.height * v).div_ceil(densest.1),
        );
        let ratio = (densest.0 as f64 / h as f64, densest.1 as f64 / v as f64);
        let rows = averaged(&component.samples, self.height, size.1, ratio.1, self.width, 1);
        let samples = averaged(&rows, self.width, size.0, ratio.0, 1, size.1);
        let sample = |x: usize, y: usize| samples[y.min(size.1 - 1) * size.0 + x.min(size.0 - 1)] - 128.0;
        let step = f64::from(self.steps[usize::from(component.table)]);
        let basis: Vec<f64> = (0..64)
            .map(|i| {
                let (x, u) = (i / 8, i % 8);
                let scale = if u == 0 { 0.125f64.sqrt() } else { 0.5 };
                scale * ((2 * x + 1) as f64 * u as f64 * PI / 16.0).cos()
            })
            .collect();
        let mut blocks = Vec::new();
        for (by, bx) in (0..down * v).flat_map(|y| (0..across * h).map(move |x| (y, x))) {
            let mut half = [0.0; 64];
            for (y, u) in (0..64).map(|i| (i / 8, i % 8)) {
                half[y * 8 + u] = (0..8).map(|x| sample(bx * 8 + x, by * 8 + y) * basis[x * 8 + u]).sum();
            }
            blocks.push(ZIGZAG.map(|place| {
                let (v, u) = (place / 8, place % 8);
                let sum: f64 = (0..8).map(|y| half[y * 8 + u] * basis[y * 8 + v]).sum();
                (sum / step).round() as i32
            }));
        }
        blocks
    }

    /// A scan with its header.
    fn scan(&self, scan: &Scan, blocks: &[Vec<[i32; 64]>]) -> Vec<u8> {
        let mut header = vec![scan.components.len() as u8];
        for &component in &scan.components {
            header.extend([self.components[component].id, 0]);
        }
        header.extend([scan.band.0, scan.band.1, scan.shift.0 << 4 | scan.shift.1]);
        let mut out = segment(0xda, &header);
        let mut pass = Pass {
            bits: Bits::default(),
            previous: [0; 4],
            run: 0,
            scan,
            progressive: self.kind == 0xc2,
        };
        let mut units = Vec::new();
        let (mcus, densest) = (self.mcus(), self.densest());
        if let [only] = scan.components[..] {
            let (h, v) = self.components[only].factors;
            let columns = (self.width * h).div_ceil(densest.0).div_ceil(8);
            let rows = (self.height * v).div_ceil(densest.1).div_ceil(8);
            units.extend((0..rows).flat_map(|y| (0..columns).map(move |x| vec![(0, y * mcus.0 * h + x)])));
        } else {
            for (my, mx) in (0..mcus.1).flat_map(|y| (0..mcus.0).map(move |x| (y, x))) {
                let mut unit = Vec::new();
                for (channel, &component) in scan.components.iter().enumerate() {
                    let (h, v) = self.components[component].factors;
                    for (y, x) in (0..v).flat_map(|y| (0..h).map(move |x| (y, x))) {
                        unit.push((channel, (my * v + y) * mcus.0 * h + mx * h + x));
                    }
                }
                units.push(unit);
            }
        }
        for (i, unit) in units.iter().enumerate() {
            if self.interval > 0 && i > 0 && i % self.interval == 0 {
                out.extend(pass.end());
                out.extend([0xff, 0xd0 + (i / self.interval - 1) as u8 % 8]);
            }
            for &(channel, block) in unit {
                pass.block(channel, &blocks[scan.components[channel]][block]);
            }
        }
        out.extend(pass.end());
        out
    }
}

/// Averages along one axis: `outer` times `from` elements of `inner` values. Each of the `to` results covers `ratio`
/// elements.
fn averaged(data: &[f64], from: usize, to: usize, ratio: f64, inner: usize, outer: usize) -> Vec<f64> {
    let mut out = vec![0.0; outer * to * inner];
    for (i, o) in (0..to).flat_map(|i| (0..outer).map(move |o| (i, o))) {
        let (begin, end) = (i as f64 * ratio, (i + 1) as f64 * ratio);
        for at in begin as usize..end.ceil() as usize {
            let share = ((at + 1) as f64).min(end) - (at as f64).max(begin);
            let source = &data[(o * from + at.min(from - 1)) * inner..][..inner];
            for (sum, value) in out[(o * to + i) * inner..][..inner].iter_mut().zip(source) {
                *sum += value * share / ratio;
            }
        }
    }
    out
}

/// A marker segment.
pub fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u16 + 2).to_be_bytes();
    [&[0xff, marker], &length[..], body].concat()
}

/// A quantization table of one step.
pub fn quantization(table: u8, step: u8) -> Vec<u8> {
    segment(0xdb, &[vec![table], vec![step; 64]].concat())
}

pub fn restart_interval(interval: usize) -> Vec<u8> {
    segment(0xdd, &(interval as u16).to_be_bytes())
}

/// Twelve codes of four bits.
pub fn dc_table(table: u8) -> Vec<u8> {
    let mut counts = [0; 16];
    counts[3] = 12;
    [&[table], &counts[..], &(0..12).collect::<Vec<u8>>()].concat()
}

/// 128 codes of nine bits, then 128 of ten bits.
pub fn ac_table(table: u8) -> Vec<u8> {
    let mut counts = [0; 16];
    (counts[8], counts[9]) = (128, 128);
    [&[0x10 | table], &counts[..], &(0..=255).collect::<Vec<u8>>()].concat()
}

const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// Entropy-coded bits, the highest first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    buffer: u32,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u32, length: u32) {
        for i in (0..length).rev() {
            self.buffer = self.buffer << 1 | (value >> i & 1);
            self.count += 1;
            if self.count == 8 {
                self.bytes.push(self.buffer as u8);
                if self.buffer as u8 == 0xff {
                    self.bytes.push(0);
                }
                (self.buffer, self.count) = (0, 0);
            }
        }
    }

    /// The size of a value, as in T.81, F.1.2.1.
    fn size(value: i32) -> u32 {
        32 - value.unsigned_abs().leading_zeros()
    }

    fn value(&mut self, value: i32, size: u32) {
        let bits = if value < 0 { value - 1 } else { value };
        self.put(bits as u32 & ((1 << size) - 1), size);
    }

    fn dc(&mut self, difference: i32) {
        let size = Self::size(difference);
        self.put(size, 4);
        self.value(difference, size);
    }

    fn ac(&mut self, symbol: u32) {
        if symbol < 128 {
            self.put(symbol, 9);
        } else {
            self.put(256 + symbol - 128, 10);
        }
    }
}

/// One pass over the blocks of a scan.
struct Pass<'a> {
    bits: Bits,
    previous: [i32; 4],
    /// Blocks that end their band before any code.
    run: u32,
    scan: &'a Scan,
    progressive: bool,
}

impl Pass<'_> {
    fn block(&mut self, channel: usize, block: &[i32; 64]) {
        let Scan {
            band: (first, last),
            shift: (high, low),
            ..
        } = *self.scan;
        if !self.progressive {
            self.dc(channel, block[0]);
            return self.sequential(block);
        }
        match (first, high) {
            (0, 0) => self.dc(channel, block[0] >> low),
            (0, _) => self.bits.put((block[0] >> low & 1) as u32, 1),
            (_, 0) => self.begin(&block[first.into()..=last.into()], low),
            _ => self.refine(&block[first.into()..=last.into()], low),
        }
    }

    fn dc(&mut self, channel: usize, value: i32) {
        self.bits.dc(value - self.previous[channel]);
        self.previous[channel] = value;
    }

    fn sequential(&mut self, block: &[i32; 64]) {
        let last = block.iter().rposition(|c| *c != 0).unwrap_or(0);
        let mut run = 0;
        for &value in &block[1..=last] {
            run = self.coefficient(run, value);
        }
        if last < 63 {
            self.bits.ac(0);
        }
    }

    /// Writes a coefficient behind a run of zeros, and returns the run behind it.
    fn coefficient(&mut self, mut run: u32, value: i32) -> u32 {
        if value == 0 {
            return run + 1;
        }
        while run > 15 {
            self.bits.ac(0xf0);
            run -= 16;
        }
        let size = Bits::size(value);
        self.bits.ac(run << 4 | size);
        self.bits.value(value, size);
        0
    }

    fn begin(&mut self, band: &[i32], low: u8) {
        let shifted = |value: i32| value.signum() * (value.abs() >> low);
        let Some(last) = band.iter().rposition(|c| shifted(*c) != 0) else {
            return self.skip();
        };
        self.flush();
        let mut run = 0;
        for &value in &band[..=last] {
            run = self.coefficient(run, shifted(value));
        }
        if last + 1 < band.len() {
            self.skip();
        }
    }

    /// Counts a block that ends here.
    fn skip(&mut self) {
        self.run += 1;
        if self.run == 0x7fff {
            self.flush();
        }
    }

    /// Writes the run of blocks that end.
    fn flush(&mut self) {
        if self.run > 0 {
            let size = 31 - self.run.leading_zeros();
            self.bits.ac(size << 4);
            self.bits.put(self.run & ((1 << size) - 1), size);
            self.run = 0;
        }
    }

    fn refine(&mut self, band: &[i32], low: u8) {
        let magnitude = |value: i32| value.abs() >> low;
        let last = band.iter().rposition(|c| magnitude(*c) == 1);
        let (mut run, mut corrections) = (0u32, Vec::new());
        for (k, &value) in band.iter().enumerate() {
            let size = magnitude(value);
            if size == 0 {
                run += 1;
                continue;
            }
            while run > 15 && last.is_some_and(|last| k <= last) {
                self.bits.ac(0xf0);
                self.corrections(&mut corrections);
                run -= 16;
            }
            if size > 1 {
                corrections.push(size as u32 & 1);
                continue;
            }
            self.bits.ac(run << 4 | 1);
            self.bits.put(u32::from(value > 0), 1);
            self.corrections(&mut corrections);
            run = 0;
        }
        if run > 0 || !corrections.is_empty() {
            self.bits.ac(0);
            self.corrections(&mut corrections);
        }
    }

    fn corrections(&mut self, corrections: &mut Vec<u32>) {
        corrections.drain(..).for_each(|bit| self.bits.put(bit, 1));
    }

    /// Ends an interval. Returns its bytes.
    fn end(&mut self) -> Vec<u8> {
        self.flush();
        let missing = (8 - self.bits.count) % 8;
        self.bits.put((1 << missing) - 1, missing);
        self.previous = [0; 4];
        std::mem::take(&mut self.bits.bytes)
    }
}
