//! JPEGs of several scans, progressive or not. All coefficients are in memory, two bytes each.
//!
//! A scan with missing data is an error. Other decoders, libjpeg among them, silently fill the gap.
use super::Tables;
use super::bits::Reader;
use super::huffman::{BAD, Decoder, LONG, Meaning, STOP};
use super::markers::{Component, Frame, SOS, ScanComponent, ScanHeader, Segments, advice};
use super::scan::{BlockPair, Decoders, McuRow, PLACE, RIGHT, block};
use crate::Error;
use crate::native::simd::{Isa, Kernel, Lanes};

/// Encoders write about ten scans, and a scan may visit all blocks. So many blocks of all scans together are read: a
/// scan a coefficient of the largest picture.
const MOST_BLOCKS: usize = 200_000_000;

/// A scan takes as long as so many blocks before it reads any.
const SCAN_COST: usize = 10_000;

/// The coefficients of a picture, by rows of MCUs.
pub struct Coefficients {
    rows: std::vec::IntoIter<McuRow>,
}

impl Coefficients {
    /// All zero.
    pub fn new(frame: &Frame) -> Self {
        let (across, down) = frame.mcus();
        let pairs = |c: &Component| vec![[0; 128]; c.v * (across * c.h).div_ceil(2)];
        let row = |_| frame.components().iter().map(pairs).collect();
        let rows: Vec<McuRow> = (0..down).map(row).collect();
        Self { rows: rows.into_iter() }
    }

    /// Takes the next row out.
    pub fn next(&mut self) -> Option<McuRow> {
        self.rows.next()
    }

    /// Reads all scans: the first has the header `header`, and `segments` is behind that. Returns the quantization table
    /// of each component.
    pub fn read<'a>(
        &mut self,
        bytes: &'a [u8],
        mut segments: Segments<'a>,
        mut header: ScanHeader,
        mut tables: Tables<'a>,
        frame: &Frame,
        isa: Isa,
    ) -> Result<Vec<[u16; 64]>, Error> {
        let (mut known, mut cost) = (Known::new(frame), 0);
        loop {
            cost += SCAN_COST + header.blocks(frame);
            if cost > MOST_BLOCKS {
                return Err(Error::Unsupported(advice!("a JPEG of too many scans")));
            }
            known.begin(&header, &tables, frame)?;
            let data = bytes.get(segments.at()..).unwrap_or(&[]);
            let pass = Pass::new(&header, &tables, frame, data)?;
            let behind = isa.run(Read {
                pass,
                frame,
                rows: self.rows.as_mut_slice(),
            })?;
            segments.resume(segments.at() + behind);
            loop {
                let segment = match segments.next() {
                    Some(Ok(segment)) => segment,
                    // A whole picture needs no end of image.
                    Some(Err(error)) if !known.all() => return Err(error),
                    _ => return Ok(known.quants()),
                };
                Frame::read(&mut Some(*frame), &segment)?;
                tables.read(&segment)?;
                if segment.marker == SOS {
                    header = ScanHeader::parse(&segment, frame)?;
                    break;
                }
            }
        }
    }
}

/// The components, as far as the scans so far have told.
struct Known(Vec<KnownComponent>);

struct KnownComponent {
    /// The table at the first scan of the component: later ones in its place do not count (T.81, B.2.4.1).
    quant: Option<[u16; 64]>,
    /// For each coefficient, in zigzag order, the lower bits that are still missing. `None` before its first scan.
    missing: [Option<u8>; 64],
}

impl Known {
    fn new(frame: &Frame) -> Self {
        let component = |_: &Component| KnownComponent {
            quant: None,
            missing: [None; 64],
        };
        Self(frame.components().iter().map(component).collect())
    }

    /// Takes in what the header of a scan says.
    fn begin(&mut self, header: &ScanHeader, tables: &Tables, frame: &Frame) -> Result<(), Error> {
        for channel in &header.channels {
            let known = &mut self.0[channel.component];
            if known.quant.is_none() {
                known.quant = Some(tables.quant(&frame.components()[channel.component])?);
            }
            let (band, low) = if frame.progressive {
                (header.band, header.shift.1)
            } else {
                ((0, 63), 0)
            };
            let range = known.missing.iter_mut().take(band.1 + 1).skip(band.0);
            range.for_each(|missing| *missing = Some(low));
        }
        Ok(())
    }

    /// Whether no bit of any coefficient is missing.
    fn all(&self) -> bool {
        let missing = self.0.iter().flat_map(|component| component.missing);
        missing.into_iter().all(|missing| missing == Some(0))
    }

    /// The quantization tables. A component without a scan is zero by any table.
    fn quants(&self) -> Vec<[u16; 64]> {
        self.0
            .iter()
            .map(|component| component.quant.unwrap_or([1; 64]))
            .collect()
    }
}

/// The part of the coefficients that a scan adds to its blocks (T.81, G.1.1.1).
#[derive(Clone, Copy)]
enum ScanKind {
    /// All coefficients, of a JPEG that is not progressive.
    Everything,
    /// The upper bits of the DC coefficient.
    FirstDc,
    /// The next bit of the DC coefficient.
    MoreDc,
    /// The upper bits of a band of AC coefficients.
    FirstAc,
    /// The next bit of a band of AC coefficients.
    MoreAc,
}

/// One scan.
struct Pass<'a> {
    reader: Reader<'a>,
    channels: Vec<ScanComponent>,
    dc: Decoders,
    ac: Decoders,
    kind: ScanKind,
    /// First and last coefficient, in zigzag order.
    band: (usize, usize),
    /// Lower bits that later scans add.
    low: u32,
    previous: [i32; 4],
    /// Blocks left in a run of ends of band (EOBRUN).
    eob_run: u32,
}

impl<'a> Pass<'a> {
    fn new(header: &ScanHeader, tables: &Tables, frame: &Frame, data: &'a [u8]) -> Result<Self, Error> {
        let ((first, last), (high, low)) = (header.band, header.shift);
        let kind = match (frame.progressive, first, high) {
            (false, ..) => ScanKind::Everything,
            (_, 0, 0) => ScanKind::FirstDc,
            (_, 0, _) => ScanKind::MoreDc,
            (_, _, 0) => ScanKind::FirstAc,
            _ => ScanKind::MoreAc,
        };
        let sound = match kind {
            // It covers all coefficients, whatever its header says: some writers leave these bytes zero.
            ScanKind::Everything => true,
            _ if low > 13 || high > 0 && high != low + 1 => false,
            ScanKind::FirstDc | ScanKind::MoreDc => last == 0,
            ScanKind::FirstAc | ScanKind::MoreAc => (first..64).contains(&last) && header.channels.len() == 1,
        };
        if !sound {
            return Err(Error::Corrupt("a scan of invalid coefficients"));
        }
        let (mut dc, mut ac) = Default::default();
        if matches!(kind, ScanKind::Everything | ScanKind::FirstDc) {
            dc = tables.dc_decoders(&header.channels)?;
        }
        if matches!(kind, ScanKind::Everything) {
            ac = tables.ac_decoders(&header.channels, Meaning::Ac)?;
        }
        if matches!(kind, ScanKind::FirstAc | ScanKind::MoreAc) {
            ac = tables.ac_decoders(&header.channels, Meaning::Symbol)?;
        }
        Ok(Self {
            reader: Reader::new(data, tables.interval),
            channels: header.channels.clone(),
            dc,
            ac,
            kind,
            band: header.band,
            low: low.into(),
            previous: [0; 4],
            eob_run: 0,
        })
    }

    /// Prepares for the next MCU.
    #[inline(always)]
    fn step(&mut self) -> Result<(), Error> {
        if self.reader.step()? {
            (self.previous, self.eob_run) = ([0; 4], 0);
        }
        Ok(())
    }

    /// Reads one block of a component.
    #[inline(always)]
    fn visit(&mut self, channel: usize, pair: &mut BlockPair, half: usize) -> Result<(), Error> {
        const MISSING: Error = Error::Corrupt("a Huffman table is missing");
        let choice = self.channels[channel];
        let (dc, ac) = (&self.dc[choice.dc & 3], &self.ac[choice.ac & 3]);
        let (window, bits) = (self.reader.input.window(), &mut self.reader.bits);
        let place = if half == 0 { &PLACE } else { &RIGHT };
        let previous = &mut self.previous[channel & 3];
        let sound = match self.kind {
            ScanKind::Everything => {
                let (Some(dc), Some(ac)) = (dc, ac) else {
                    return Err(MISSING);
                };
                block(bits, window, dc, ac, previous, pair, half)
            }
            ScanKind::FirstDc => {
                let Some(dc) = dc else { return Err(MISSING) };
                bits.refill(window);
                let mut entry = bits.peek(dc);
                if entry == LONG {
                    entry = dc.slow(bits.buffer, Meaning::Dc);
                }
                if entry & STOP == 0 {
                    *previous = previous.wrapping_add(bits.take(entry));
                    pair[half & 8] = (*previous << self.low) as i16;
                }
                entry & STOP == 0
            }
            ScanKind::MoreDc => {
                if bits.bit(window) {
                    pair[half & 8] |= 1 << self.low;
                }
                true
            }
            ScanKind::FirstAc | ScanKind::MoreAc => {
                let Some(ac) = ac else { return Err(MISSING) };
                let band = Band {
                    place,
                    first: self.band.0,
                    last: self.band.1,
                    low: self.low,
                };
                if matches!(self.kind, ScanKind::FirstAc) {
                    band.begin(bits, window, ac, pair, &mut self.eob_run)
                } else {
                    band.refine(bits, window, ac, pair, &mut self.eob_run)
                }
            }
        };
        if sound { Ok(()) } else { Err(self.reader.unsound()) }
    }
}

/// The coefficients that a scan adds, and their precision.
struct Band<'a> {
    place: &'a [u8; 128],
    first: usize,
    last: usize,
    low: u32,
}

type Window = [u8; super::input::WINDOW + 8];

impl Band<'_> {
    /// The next run and size; `None` for an invalid code.
    #[inline(always)]
    fn symbol(bits: &mut super::bits::Bits, window: &Window, ac: &Decoder) -> Option<(u32, u32)> {
        bits.refill(window);
        let mut entry = bits.peek(ac);
        if entry == LONG {
            entry = ac.slow(bits.buffer, Meaning::Symbol);
        }
        if entry == BAD {
            return None;
        }
        bits.number(entry & 63);
        Some((entry >> 12 & 15, entry >> 8 & 15))
    }

    /// Reads the upper bits (G.1.2.2).
    #[inline(always)]
    fn begin(
        &self,
        bits: &mut super::bits::Bits,
        window: &Window,
        ac: &Decoder,
        pair: &mut BlockPair,
        eob_run: &mut u32,
    ) -> bool {
        if *eob_run > 0 {
            *eob_run -= 1;
            return true;
        }
        let mut k = self.first;
        while k <= self.last {
            let Some((run, size)) = Self::symbol(bits, window, ac) else {
                return false;
            };
            match (run, size) {
                (15, 0) => k += 16,
                (_, 0) => {
                    *eob_run = (1 << run) - 1 + bits.number(run);
                    return true;
                }
                (_, 11..) => return false,
                _ => {
                    k += run as usize;
                    if k > self.last {
                        return false;
                    }
                    let raw = bits.number(size) as i32;
                    // A value that begins with 0 is negative.
                    let value = if raw >> (size - 1) == 0 {
                        raw + 1 - (1 << size)
                    } else {
                        raw
                    };
                    pair[usize::from(self.place[k & 63]) & 127] = (value << self.low) as i16;
                    k += 1;
                }
            }
        }
        // A run of zeros may end with the band, but not behind it.
        k == self.last + 1
    }

    /// Reads the next bit (G.1.2.3).
    #[inline(always)]
    fn refine(
        &self,
        bits: &mut super::bits::Bits,
        window: &Window,
        ac: &Decoder,
        pair: &mut BlockPair,
        eob_run: &mut u32,
    ) -> bool {
        let one = 1i16 << self.low;
        let mut k = self.first;
        if *eob_run == 0 {
            while k <= self.last {
                let Some((mut run, size)) = Self::symbol(bits, window, ac) else {
                    return false;
                };
                let fresh = match (run, size) {
                    (15, 0) => 0,
                    (_, 0) => {
                        *eob_run = (1 << run) + bits.number(run);
                        break;
                    }
                    (_, 1) => {
                        if bits.number(1) == 1 {
                            one
                        } else {
                            -one
                        }
                    }
                    _ => return false,
                };
                // Skip `run` zero coefficients. Each nonzero one on the way gets its next bit.
                let mut placed = false;
                while k <= self.last && !placed {
                    let coefficient = &mut pair[usize::from(self.place[k & 63]) & 127];
                    if *coefficient != 0 {
                        correct(coefficient, one, bits.bit(window));
                    } else if run == 0 {
                        *coefficient = fresh;
                        placed = true;
                    } else {
                        run -= 1;
                    }
                    k += 1;
                }
                if !placed {
                    return false;
                }
            }
        }
        if *eob_run > 0 {
            *eob_run -= 1;
            for k in k..=self.last {
                let coefficient = &mut pair[usize::from(self.place[k & 63]) & 127];
                if *coefficient != 0 {
                    correct(coefficient, one, bits.bit(window));
                }
            }
        }
        true
    }
}

/// Adds the next bit to a coefficient.
#[inline(always)]
fn correct(coefficient: &mut i16, one: i16, bit: bool) {
    if bit && *coefficient & one == 0 {
        *coefficient = coefficient.wrapping_add(if *coefficient < 0 { -one } else { one });
    }
}

/// Reads one scan into the rows. Returns the position of the marker behind it.
struct Read<'a, 'b> {
    pass: Pass<'a>,
    frame: &'b Frame,
    rows: &'b mut [McuRow],
}

impl Kernel for Read<'_, '_> {
    type Output = Result<usize, Error>;

    #[inline(always)]
    fn run<V: Lanes>(self) -> Self::Output {
        let Self { mut pass, frame, rows } = self;
        let components = frame.components();
        if let [only] = pass.channels[..] {
            // A single component is not interleaved: only blocks inside the picture are coded, row by row.
            let component = &components[only.component];
            let (across, down) = frame.blocks(component);
            for y in 0..down {
                let pairs = &mut rows[y / component.v][only.component];
                let stride = pairs.len() / component.v;
                let pairs = &mut pairs[y % component.v * stride..][..stride];
                for x in 0..across {
                    pass.step()?;
                    pass.visit(0, &mut pairs[x / 2], (x & 1) * 8)?;
                }
            }
            return pass.reader.finish();
        }
        for row in rows {
            for mcu in 0..frame.mcus().0 {
                pass.step()?;
                for channel in 0..pass.channels.len() {
                    let at = pass.channels[channel].component;
                    let (component, pairs) = (&components[at], &mut row[at]);
                    let stride = pairs.len() / component.v;
                    for down in 0..component.v {
                        for x in mcu * component.h..(mcu + 1) * component.h {
                            pass.visit(channel, &mut pairs[down * stride + x / 2], (x & 1) * 8)?;
                        }
                    }
                }
            }
        }
        pass.reader.finish()
    }
}
