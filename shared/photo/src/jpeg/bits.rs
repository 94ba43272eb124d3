//! The bits of an entropy-coded scan, its restarts, and whether they are all there.
use super::huffman::{Decoder, FAST};
use super::input::{Input, WINDOW};
use crate::Error;

/// The bit buffer: `count` valid bits at the top of `buffer`, the next byte to read at `at` in the window.
#[derive(Clone, Copy, Default)]
pub struct Bits {
    /// The next bits, the first at the top.
    pub buffer: u64,
    count: u32,
    at: usize,
}

impl Bits {
    /// ScanKind the buffer to 56 bits or more.
    #[inline(always)]
    pub fn refill(&mut self, window: &[u8; WINDOW + 8]) {
        let at = self.at & (WINDOW - 1);
        let mut word = [0; 8];
        word.copy_from_slice(&window[at..at + 8]);
        self.buffer |= u64::from_be_bytes(word) >> self.count;
        self.at += ((63 - self.count) >> 3) as usize;
        self.count |= 56;
    }

    /// Looks the next code up.
    #[inline(always)]
    pub fn peek(&self, table: &Decoder) -> u32 {
        table.fast[(self.buffer >> (64 - FAST)) as usize]
    }

    /// Takes a code and its value away and gives the value.
    #[inline(always)]
    pub fn take(&mut self, entry: u32) -> i32 {
        let value = self.buffer << (entry >> 16 & 63);
        self.skip(entry & 63);
        // A value that begins with a zero is the complement of a negative number's amount.
        let negative = !((value as i64 >> 63) as u64);
        let amount = (value ^ negative) >> 1 >> (entry >> 8 & 63);
        (amount ^ negative).wrapping_sub(negative) as i32
    }

    /// Takes some bits as a number, at most 31.
    #[inline(always)]
    pub fn number(&mut self, count: u32) -> u32 {
        let number = self.buffer >> 1 >> (63 - count);
        self.skip(count);
        number as u32
    }

    /// Takes one bit, refilling the buffer when it runs low.
    #[inline(always)]
    pub fn bit(&mut self, window: &[u8; WINDOW + 8]) -> bool {
        if self.count == 0 {
            self.refill(window);
        }
        self.number(1) == 1
    }

    #[inline(always)]
    fn skip(&mut self, count: u32) {
        self.buffer <<= count;
        self.count = self.count.wrapping_sub(count);
    }
}

/// Reads a scan's bits, passes its restart markers, and refuses when they do not last.
pub struct Reader<'a> {
    /// The bytes.
    pub input: Input<'a>,
    /// The bits.
    pub bits: Bits,
    interval: usize,
    until_restart: usize,
    restarts: u8,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte after the scan's header; `interval` is 0 without restarts.
    pub fn new(data: &'a [u8], interval: usize) -> Self {
        Self {
            input: Input::new(data),
            bits: Bits::default(),
            interval,
            until_restart: if interval == 0 { usize::MAX } else { interval },
            restarts: 0,
        }
    }

    /// Before each MCU: passes a restart that is due, which is told, and sees to it that there are bits.
    #[inline(always)]
    pub fn step(&mut self) -> Result<bool, Error> {
        let restarted = self.until_restart == 0;
        if restarted {
            self.restart()?;
        }
        if self.bits.at >= self.input.low_water() {
            self.replenish()?;
        }
        self.until_restart -= 1;
        Ok(restarted)
    }

    /// Reads on when the window runs low; refuses when more bits were taken than there are.
    #[cold]
    fn replenish(&mut self) -> Result<(), Error> {
        if self.input.ended() {
            let short = self.bits.at * 8 > self.input.end() * 8 + self.bits.count as usize;
            return if short { Err(self.shortage()) } else { Ok(()) };
        }
        self.bits.at = self.input.fill(self.bits.at);
        Ok(())
    }

    fn shortage(&self) -> Error {
        match self.input.marker() {
            None => Error::Truncated,
            Some(0xd9) => Error::Truncated,
            Some(_) => Error::Corrupt("a marker in the middle of the picture"),
        }
    }

    /// Why a block was impossible: zeros stand behind the end of the data, so that a bad code there is a missing one.
    #[cold]
    pub fn unsound(&mut self) -> Error {
        match self.replenish() {
            Err(error) => error,
            Ok(()) => Error::Corrupt("an impossible Huffman code or run"),
        }
    }

    /// Passes a restart marker, which must be the next one.
    #[cold]
    fn restart(&mut self) -> Result<(), Error> {
        self.end()?;
        match self.input.marker() {
            None | Some(0xd9) => return Err(Error::Truncated),
            Some(m) if m == 0xd0 + self.restarts => {}
            Some(_) => return Err(Error::Corrupt("another marker where a restart was due")),
        }
        self.input.next_segment();
        self.bits = Bits::default();
        self.restarts = (self.restarts + 1) & 7;
        self.until_restart = self.interval;
        Ok(())
    }

    /// Checks that the scan ended where the file says so, and tells where in its data the marker behind it stands.
    pub fn finish(&mut self) -> Result<usize, Error> {
        self.end()?;
        match self.input.marker() {
            None => Err(Error::Truncated),
            Some(_) => Ok(self.input.next() - 2),
        }
    }

    /// Checks that there were bits enough, and passes what is left before the next marker, however much that is.
    fn end(&mut self) -> Result<(), Error> {
        self.replenish()?;
        while !self.input.ended() {
            self.bits.at = self.input.fill(self.input.end());
        }
        Ok(())
    }
}
