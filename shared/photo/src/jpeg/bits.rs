//! Reads the bits of an entropy-coded scan, handles restart markers, and notices when data are missing.
use super::huffman::{Decoder, FAST};
use super::input::{Input, WINDOW};
use crate::Error;

/// A bit buffer: `count` valid bits at the top of `buffer`; `at` is the position of the next byte in the window.
#[derive(Clone, Copy, Default)]
pub struct Bits {
    pub buffer: u64,
    count: u32,
    at: usize,
}

impl Bits {
    /// Fills the buffer to 56 bits or more.
    #[inline(always)]
    pub fn refill(&mut self, window: &[u8; WINDOW + 8]) {
        let at = self.at & (WINDOW - 1);
        let mut word = [0; 8];
        word.copy_from_slice(&window[at..at + 8]);
        self.buffer |= u64::from_be_bytes(word) >> self.count;
        self.at += ((63 - self.count) >> 3) as usize;
        self.count |= 56;
    }

    /// Looks up the next code.
    #[inline(always)]
    pub fn peek(&self, table: &Decoder) -> u32 {
        table.fast[(self.buffer >> (64 - FAST)) as usize]
    }

    /// Consumes a code and its value, and returns the value.
    #[inline(always)]
    pub fn take(&mut self, entry: u32) -> i32 {
        let value = self.buffer << (entry >> 16 & 63);
        self.skip(entry & 63);
        // A value that begins with 0 is the complement of the magnitude of a negative number.
        let negative = !((value as i64 >> 63) as u64);
        let amount = (value ^ negative) >> 1 >> (entry >> 8 & 63);
        (amount ^ negative).wrapping_sub(negative) as i32
    }

    /// Consumes up to 31 bits as a number.
    #[inline(always)]
    pub fn number(&mut self, count: u32) -> u32 {
        let number = self.buffer >> 1 >> (63 - count);
        self.skip(count);
        number as u32
    }

    /// Consumes one bit; refills the buffer when it is empty.
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

/// So many bytes at the end of a file may be stray. More mean that the picture was cut and the rest filled.
const STRAY: usize = 16;

/// Reads the bits of a scan.
pub struct Reader<'a> {
    pub input: Input<'a>,
    pub bits: Bits,
    interval: usize,
    until_restart: usize,
}

impl<'a> Reader<'a> {
    /// `data` begins behind the header of the scan. `interval` is the restart interval, 0 for none.
    pub fn new(data: &'a [u8], interval: usize) -> Self {
        Self {
            input: Input::new(data),
            bits: Bits::default(),
            interval,
            until_restart: if interval == 0 { usize::MAX } else { interval },
        }
    }

    /// Prepares for the next MCU: refills the window, and reads a restart marker when one is due. True after a restart.
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

    /// Refills the window. Fails when more bits were consumed than there are.
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

    /// The reason for an invalid block. Zeros follow the data: an invalid code there means that data are missing.
    #[cold]
    pub fn unsound(&mut self) -> Error {
        match self.replenish() {
            Err(error) => error,
            Ok(()) => Error::Corrupt("an invalid Huffman code or run"),
        }
    }

    /// Reads a restart marker. Its number is not checked: when an interval is lost, data are missing at the end.
    #[cold]
    fn restart(&mut self) -> Result<(), Error> {
        self.end()?;
        loop {
            match self.input.marker() {
                None | Some(0xd9) => return Err(Error::Truncated),
                Some(0xd0..=0xd7) => break,
                // A marker without a meaning here.
                Some(..0xc0) => self.skip_segment(),
                Some(_) => return Err(Error::Corrupt("a missing restart marker")),
            }
        }
        self.input.next_segment();
        // An interval is never empty: the marker is there twice.
        while self.input.end() == 0 && matches!(self.input.marker(), Some(0xd0..=0xd7)) {
            self.input.next_segment();
        }
        self.bits = Bits::default();
        self.until_restart = self.interval;
        Ok(())
    }

    /// Checks that the scan is complete. Returns the position of the marker behind it, or of the end of the file.
    pub fn finish(&mut self) -> Result<usize, Error> {
        self.replenish()?;
        let unread = self.input.end().saturating_sub(self.bits.at);
        let near_end = self.input.ended() && unread < STRAY;
        self.skip_rest();
        match self.input.marker() {
            Some(_) => Ok(self.input.next() - 2),
            None if near_end => Ok(self.input.next()),
            None => Err(Error::Truncated),
        }
    }

    /// Skips what follows a marker, up to the next one.
    fn skip_segment(&mut self) {
        self.input.next_segment();
        self.bits = Bits::default();
        self.skip_rest();
    }

    /// Checks that no bits are missing, and skips the rest before the next marker.
    fn end(&mut self) -> Result<(), Error> {
        self.replenish()?;
        self.skip_rest();
        Ok(())
    }

    fn skip_rest(&mut self) {
        while !self.input.ended() {
            self.bits.at = self.input.fill(self.input.end());
        }
    }
}
