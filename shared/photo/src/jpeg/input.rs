//! The bytes of a scan without their stuffing, in a window that slides over the file; markers end a segment.

/// Bytes in the window.
pub const WINDOW: usize = 1 << 15;

/// More than one MCU can take, and the zeros that stand behind the end of a segment.
const SLACK: usize = 4096;

/// Slides over the scan's data.
pub struct Input<'a> {
    data: &'a [u8],
    /// The next byte of the file.
    next: usize,
    window: Box<[u8; WINDOW + 8]>,
    /// Bytes in the window that are data.
    end: usize,
    /// The segment's last byte is in the window.
    ended: bool,
    marker: Option<u8>,
}

impl<'a> Input<'a> {
    /// A input whose window holds the head of the first segment.
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

    /// The data, then zeros.
    #[inline(always)]
    pub fn window(&self) -> &[u8; WINDOW + 8] {
        &self.window
    }

    /// Bytes of data in the window.
    pub fn end(&self) -> usize {
        self.end
    }

    /// Whether the segment ends in the window.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// The marker that ended the segment; `None` when the file did.
    pub fn marker(&self) -> Option<u8> {
        self.marker
    }

    /// The next byte of the file, behind the marker when that was reached.
    pub fn next(&self) -> usize {
        self.next
    }

    /// From here on an MCU might need more than there is.
    #[inline(always)]
    pub fn low_water(&self) -> usize {
        if self.ended {
            self.end
        } else {
            self.end.saturating_sub(SLACK)
        }
    }

    /// Starts with the segment behind the marker.
    pub fn next_segment(&mut self) {
        (self.end, self.ended, self.marker) = (0, false, None);
        self.fill(0);
    }

    /// Drops what lies before `at`, reads on, and says where `at` is now.
    pub fn fill(&mut self, at: usize) -> usize {
        let at = at.min(self.end);
        // Eight bytes before `at` may already be in a bit buffer: they are not needed again.
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
                // A plain byte: the piece was cut off by the room in the window.
                _ => {}
            }
        }
        self.window[self.end..].fill(0);
        0
    }
}
