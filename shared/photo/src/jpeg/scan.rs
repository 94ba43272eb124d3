//! Entropy decoding of a baseline scan into rows of coefficients. The critical path of the whole engine.
use super::bits::{Bits, Reader};
use super::huffman::{BAD, Decoder, LONG, Meaning, STOP};
use super::input::WINDOW;
use crate::Error;
use crate::native::simd::{Kernel, Lanes};

/// Two blocks side by side. Coefficient (u across, v down) has the index `u * 16 + v`, 8 more in the right block.
pub type BlockPair = [i16; 128];

/// Index in a [`BlockPair`] of each coefficient of the zigzag. Indices from 64 on, of damaged runs, go to the last one.
pub const PLACE: [u8; 128] = {
    let mut place = [7 * 16 + 7; 128];
    let mut k = 0;
    while k < 64 {
        place[k] = (ZIGZAG[k] % 8) * 16 + ZIGZAG[k] / 8;
        k += 1;
    }
    place
};

/// [`PLACE`] for the right block of a pair.
pub static RIGHT: [u8; 128] = {
    let mut place = PLACE;
    let mut k = 0;
    while k < 128 {
        place[k] += 8;
        k += 1;
    }
    place
};

/// Row-major index (8 v + u) of each coefficient in the order of the file.
pub const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// One component of the scan.
pub struct Channel {
    /// Columns of blocks in an MCU.
    pub h: usize,
    /// Rows of blocks in an MCU.
    pub v: usize,
    /// Number of the DC table.
    pub dc: usize,
    /// Number of the AC table.
    pub ac: usize,
}

/// Huffman tables by their numbers, as far as a scan uses them.
pub type Decoders = [Option<Box<Decoder>>; 4];

/// A row of MCUs: for each component, its pairs of blocks, row by row.
pub type McuRow = Vec<Vec<BlockPair>>;

/// A scan of all components.
pub struct Scan<'a> {
    pub reader: Reader<'a>,
    channels: Vec<Channel>,
    dc: Decoders,
    ac: Decoders,
    previous: [i32; 4],
    /// MCUs in a row.
    across: usize,
}

impl<'a> Scan<'a> {
    pub fn new(reader: Reader<'a>, channels: Vec<Channel>, (dc, ac): (Decoders, Decoders), across: usize) -> Self {
        Self {
            reader,
            channels,
            dc,
            ac,
            previous: [0; 4],
            across,
        }
    }

    /// A row for [`DecodeRow`], all zero.
    pub fn row(&self) -> McuRow {
        let pairs = |c: &Channel| c.v * (self.across * c.h).div_ceil(2);
        self.channels.iter().map(|c| vec![[0; 128]; pairs(c)]).collect()
    }
}

/// Decodes one row of MCUs into `row`, which must be zero.
pub struct DecodeRow<'s, 'a>(pub &'s mut Scan<'a>, pub &'s mut McuRow);

impl Kernel for DecodeRow<'_, '_> {
    type Output = Result<(), Error>;

    #[inline(always)]
    fn run<V: Lanes>(self) -> Self::Output {
        let Self(scan, row) = self;
        for mcu in 0..scan.across {
            if scan.reader.step()? {
                scan.previous = [0; 4];
            }
            let (window, mut bits) = (scan.reader.input.window(), scan.reader.bits);
            let mut sound = true;
            for ((channel, pairs), previous) in scan.channels.iter().zip(row.iter_mut()).zip(&mut scan.previous) {
                let (Some(dc), Some(ac)) = (&scan.dc[channel.dc & 3], &scan.ac[channel.ac & 3]) else {
                    return Err(Error::Corrupt("a Huffman table is missing"));
                };
                let stride = pairs.len() / channel.v;
                for down in 0..channel.v {
                    for x in mcu * channel.h..(mcu + 1) * channel.h {
                        let Some(pair) = pairs.get_mut(down * stride + x / 2) else {
                            continue;
                        };
                        sound &= block(&mut bits, window, dc, ac, previous, pair, (x & 1) * 8);
                    }
                }
            }
            scan.reader.bits = bits;
            if !sound {
                return Err(scan.reader.unsound());
            }
        }
        Ok(())
    }
}

/// Decodes one block; false when it is invalid.
#[inline(always)]
pub fn block(
    bits: &mut Bits,
    window: &[u8; WINDOW + 8],
    dc: &Decoder,
    ac: &Decoder,
    previous: &mut i32,
    pair: &mut BlockPair,
    half: usize,
) -> bool {
    bits.refill(window);
    let mut entry = bits.peek(dc);
    if entry & STOP != 0 {
        entry = if entry == LONG {
            dc.slow(bits.buffer, Meaning::Dc)
        } else {
            entry
        };
        if entry & STOP != 0 {
            return false;
        }
    }
    *previous = previous.wrapping_add(bits.take(entry));
    pair[half & 8] = *previous as i16;
    let place = if half == 0 { &PLACE } else { &RIGHT };
    let mut k = 1usize;
    // 56 bits are enough for two codes with their values: an AC code has at most 26 bits, a DC code 27.
    loop {
        for second in [true, false] {
            let mut entry = bits.peek(ac);
            if entry & STOP != 0 {
                if entry == LONG {
                    entry = ac.slow(bits.buffer, Meaning::Ac);
                }
                if entry & STOP != 0 {
                    // End of block, unless the code is invalid.
                    bits.take(entry & !STOP);
                    return entry & BAD != BAD;
                }
            }
            let value = bits.take(entry);
            k += (entry >> 24) as usize;
            pair[usize::from(place[k & 127]) & 127] = value as i16;
            k += 1;
            if k >= 64 {
                return k == 64;
            }
            if second {
                bits.refill(window);
            }
        }
    }
}
