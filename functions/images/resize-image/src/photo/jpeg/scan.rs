//! Entropy decoding of a baseline scan: bytes in, rows of coefficient blocks out. The critical path of the whole ladder.
use super::feed::{Feed, WINDOW};
use super::huffman::{BAD, Decoder, FAST, LONG, STOP};
use crate::photo::Refused;
use crate::photo::lanes::{Kernel, Lanes};

/// Two blocks side by side: coefficient `u * 16 + v`, the right block's 8 higher (u counts across, v down).
pub type BlockPair = [i16; 128];

/// Where in a [`BlockPair`] each coefficient of the zigzag goes; what a damaged run reaches beyond 63 goes to the end.
const PLACE: [u8; 128] = {
    let mut place = [7 * 16 + 7; 128];
    let mut k = 0;
    while k < 64 {
        place[k] = (ZIGZAG[k] % 8) * 16 + ZIGZAG[k] / 8;
        k += 1;
    }
    place
};

/// [`PLACE`] in the right block of a pair.
static RIGHT: [u8; 128] = {
    let mut place = PLACE;
    let mut k = 0;
    while k < 128 {
        place[k] += 8;
        k += 1;
    }
    place
};

/// Row-major place (8 v + u) of each coefficient in the order of the file.
pub const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// What the scan needs to know of one component.
pub struct Channel {
    /// Blocks across in one MCU.
    pub h: usize,
    /// Blocks down in one MCU.
    pub v: usize,
    /// Its DC table.
    pub dc: usize,
    /// Its AC table.
    pub ac: usize,
}

/// The tables of one kind, by their numbers.
type Decoders = [Option<Box<Decoder>>; 4];

/// One row of MCUs: for each component the pairs of blocks, row by row.
pub type McuRow = Vec<Vec<BlockPair>>;

/// A scan on its way.
pub struct Scan<'a> {
    feed: Feed<'a>,
    bits: Bits,
    channels: Vec<Channel>,
    dc: Decoders,
    ac: Decoders,
    previous: [i32; 3],
    /// MCUs in a row.
    across: usize,
    interval: usize,
    until_restart: usize,
    restarts: u8,
}

/// The bit buffer: `count` valid bits at the top of `buffer`, the next byte to read at `at` in the window.
#[derive(Clone, Copy, Default)]
struct Bits {
    buffer: u64,
    count: u32,
    at: usize,
}

impl Bits {
    /// Brings the buffer to 56 bits or more.
    #[inline(always)]
    fn refill(&mut self, window: &[u8; WINDOW + 8]) {
        let at = self.at & (WINDOW - 1);
        let mut word = [0; 8];
        word.copy_from_slice(&window[at..at + 8]);
        self.buffer |= u64::from_be_bytes(word) >> self.count;
        self.at += ((63 - self.count) >> 3) as usize;
        self.count |= 56;
    }

    /// Looks the next code up.
    #[inline(always)]
    fn peek(&self, table: &Decoder) -> u32 {
        table.fast[(self.buffer >> (64 - FAST)) as usize]
    }

    /// Takes a code and its value away and gives the value.
    #[inline(always)]
    fn take(&mut self, entry: u32) -> i32 {
        let value = self.buffer << (entry >> 16 & 63);
        self.buffer <<= entry & 63;
        self.count = self.count.wrapping_sub(entry & 63);
        // A value that begins with a zero is the complement of a negative number's amount.
        let negative = !((value as i64 >> 63) as u64);
        let amount = (value ^ negative) >> 1 >> (entry >> 8 & 63);
        (amount ^ negative).wrapping_sub(negative) as i32
    }
}

impl<'a> Scan<'a> {
    /// Starts at the first byte after the scan's header.
    pub fn new(
        data: &'a [u8],
        channels: Vec<Channel>,
        (dc, ac): (Decoders, Decoders),
        across: usize,
        interval: usize,
    ) -> Self {
        let (feed, bits) = (Feed::new(data), Bits::default());
        let until_restart = if interval == 0 { usize::MAX } else { interval };
        Self {
            feed,
            bits,
            channels,
            dc,
            ac,
            previous: [0; 3],
            across,
            interval,
            until_restart,
            restarts: 0,
        }
    }

    /// Rows of coefficients that [`DecodeRow`] can fill, all zero.
    pub fn row(&self) -> McuRow {
        let pairs = |c: &Channel| c.v * (self.across * c.h).div_ceil(2);
        self.channels.iter().map(|c| vec![[0; 128]; pairs(c)]).collect()
    }

    /// Reads on when the window runs low; refuses when more bits were taken than there are.
    #[cold]
    fn replenish(&mut self) -> Result<(), Refused> {
        if self.feed.ended() {
            let short = self.bits.at * 8 > self.feed.end() * 8 + self.bits.count as usize;
            return if short { Err(self.shortage()) } else { Ok(()) };
        }
        self.bits.at = self.feed.fill(self.bits.at);
        Ok(())
    }

    fn shortage(&self) -> Refused {
        match self.feed.marker() {
            None => Refused::Truncated,
            Some(0xd9) => Refused::Truncated,
            Some(_) => Refused::Corrupt("a marker in the middle of the picture"),
        }
    }

    /// Passes a restart marker, which must be the next one.
    #[cold]
    fn restart(&mut self) -> Result<(), Refused> {
        while !self.feed.ended() {
            self.bits.at = self.feed.fill(self.bits.at);
        }
        self.replenish()?;
        match self.feed.marker() {
            None | Some(0xd9) => return Err(Refused::Truncated),
            Some(m) if m == 0xd0 + self.restarts => {}
            Some(_) => return Err(Refused::Corrupt("another marker where a restart was due")),
        }
        self.feed.next_segment();
        self.bits = Bits::default();
        self.previous = [0; 3];
        self.restarts = (self.restarts + 1) & 7;
        self.until_restart = self.interval;
        Ok(())
    }

    /// Checks that the picture ended where the file says so.
    pub fn finish(&mut self) -> Result<(), Refused> {
        self.replenish()?;
        while !self.feed.ended() {
            self.bits.at = self.feed.fill(self.feed.end());
        }
        match self.feed.marker() {
            None => Err(Refused::Truncated),
            Some(_) => Ok(()),
        }
    }
}

/// Decodes one row of MCUs into `row`, which must be zero.
pub struct DecodeRow<'s, 'a>(pub &'s mut Scan<'a>, pub &'s mut McuRow);

impl Kernel for DecodeRow<'_, '_> {
    type Output = Result<(), Refused>;

    #[inline(always)]
    fn run<V: Lanes>(self) -> Self::Output {
        let Self(scan, row) = self;
        for mcu in 0..scan.across {
            if scan.until_restart == 0 {
                scan.restart()?;
            }
            if scan.bits.at >= scan.feed.low_water() {
                scan.replenish()?;
            }
            scan.until_restart -= 1;
            let window = scan.feed.window();
            let mut bits = scan.bits;
            let mut sound = true;
            for ((channel, pairs), previous) in scan.channels.iter().zip(row.iter_mut()).zip(&mut scan.previous) {
                let (Some(dc), Some(ac)) = (&scan.dc[channel.dc & 3], &scan.ac[channel.ac & 3]) else {
                    return Err(Refused::Corrupt("a Huffman table is missing"));
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
            scan.bits = bits;
            if !sound {
                // Zeros stand behind the end of the data: a bad code there is a missing one.
                scan.replenish()?;
                return Err(Refused::Corrupt("an impossible Huffman code or run"));
            }
        }
        Ok(())
    }
}

/// Decodes one block; false when it is impossible.
#[inline(always)]
fn block(
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
            dc.slow(bits.buffer, false)
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
    // 56 bits are enough for two codes with their values (at most 26 bits each); the DC's is at most 27.
    loop {
        for second in [true, false] {
            let mut entry = bits.peek(ac);
            if entry & STOP != 0 {
                if entry == LONG {
                    entry = ac.slow(bits.buffer, true);
                }
                if entry & STOP != 0 {
                    // The block's end, unless the code is impossible.
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
