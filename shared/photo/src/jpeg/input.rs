//! The bytes of a scan without stuffed zeros, in a window that slides over the file. A marker ends a segment.

/// Size of the window in bytes.
pub const WINDOW: usize = 1 << 15;

/// More bytes than one MCU takes. As many zeros follow the end of a segment.
const SLACK: usize = 4096;

/// The data of a scan.
pub struct Input<'a> {
    data: &'a [u8],
    /// Position of the next byte to read from `data`.
    next: usize,
    window: Box<[u8; WINDOW + 8]>,
    /// Bytes of data in the window; zeros follow.
    end: usize,
    /// The segment ends in the window.
    ended: bool,
    marker: Option<u8>,
}

impl<'a> Input<'a> {
    /// The window holds the beginning of the first segment.
    pub fn new(data: &'a [u8]) -> Self {
        let window = Box::new([0; WINDOW + 8]);
        let mut input = Self {
            data,
            next: 0,
            window,
            end: 0,
            ended: false,
            marker: None,
        };
        input.fill(0);
        input
    }

    #[inline(always)]
    pub fn window(&self) -> &[u8; WINDOW + 8] {
        &self.window
    }

    pub fn end(&self) -> usize {
        self.end
    }

    pub fn ended(&self) -> bool {
        self.ended
    }

    /// The marker behind the segment; `None` at the end of the file.
    pub fn marker(&self) -> Option<u8> {
        self.marker
    }

    /// Position of the next byte in the data: behind the marker once the segment has ended.
    pub fn next(&self) -> usize {
        self.next
    }

    /// The position from which an MCU may need more than the window holds.
    #[inline(always)]
    pub fn low_water(&self) -> usize {
        if self.ended {
            self.end
        } else {
            self.end.saturating_sub(SLACK)
        }
    }

    /// Goes on with the segment behind the marker.
    pub fn next_segment(&mut self) {
        (self.end, self.ended, self.marker) = (0, false, None);
        self.fill(0);
    }

    /// Drops the bytes before `at` and refills the window. Returns the new position of `at`.
    pub fn fill(&mut self, at: usize) -> usize {
        let at = at.min(self.end);
        // The bytes before `at` are in the bit buffer already.
        self.window.copy_within(at..self.end, 0);
        self.end -= at;
        let room = WINDOW - SLACK;
        while self.end < room && !self.ended {
            let rest = &self.data[self.next..];
            let piece = &rest[..rest.len().min(room - self.end)];
            let plain = memchr::memchr(0xff, piece).unwrap_or(piece.len());
            self.window[self.end..self.end + plain].copy_from_slice(&piece[..plain]);
            self.end += plain;
            self.next += plain;
            match self.data[self.next..] {
                [] => self.ended = true,
                [0xff, 0, ..] if self.end < room => {
                    self.window[self.end] = 0xff;
                    self.end += 1;
                    self.next += 2;
                }
                [0xff, 0, ..] => {}
                [0xff, 0xff, ..] => self.next += 1,
                [0xff, marker, ..] => {
                    self.next += 2;
                    (self.ended, self.marker) = (true, Some(marker));
                }
                [0xff] => {
                    self.next += 1;
                    self.ended = true;
                }
                // A plain byte: the window is full.
                _ => {}
            }
        }
        self.window[self.end..].fill(0);
        0
    }
}
