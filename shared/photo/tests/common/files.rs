//! Writes BMP and TIFF files of any kind, and chunks of PNG.

/// Contents of a TIFF.
#[derive(Clone)]
pub struct Tiff {
    pub big_endian: bool,
    pub tiled: bool,
    /// The data follow the directory.
    pub data_last: bool,
    /// Tag, type (1: byte, 3: two bytes, 4: four bytes, 7: any bytes) and values.
    pub tags: Vec<(u16, u16, Vec<u32>)>,
    /// Tags whose values are at a given place in the file: tag, type, count, place.
    pub elsewhere: Vec<(u16, u16, u32, u32)>,
    pub data: Vec<u8>,
}

impl Tiff {
    /// Little-endian, one strip, no compression.
    pub fn new((width, height): (u32, u32), photometric: u32, bits: u32, samples: u32, data: Vec<u8>) -> Self {
        let tags = vec![
            (256, 4, vec![width]),
            (257, 4, vec![height]),
            (258, 3, vec![bits; samples as usize]),
            (259, 3, vec![1]),
            (262, 3, vec![photometric]),
            (273, 4, vec![0]),
            (277, 3, vec![samples]),
            (278, 4, vec![height]),
            (279, 4, vec![data.len() as u32]),
        ];
        Self {
            big_endian: false,
            tiled: false,
            data_last: false,
            tags,
            elsewhere: vec![],
            data,
        }
    }

    /// RGBA of 16 bits, compressed with deflate.
    pub fn rgba16(width: u32, height: u32, deflated: Vec<u8>) -> Self {
        Self::new((width, height), 2, 16, 4, deflated)
            .with(259, 3, &[8])
            .with(338, 3, &[2])
    }

    /// Adds or replaces a tag.
    pub fn with(mut self, tag: u16, kind: u16, values: &[u32]) -> Self {
        self.tags.retain(|known| known.0 != tag);
        self.tags.push((tag, kind, values.to_vec()));
        self
    }

    /// Writes the file in big-endian order. The data stay as they are.
    pub fn big_endian(mut self) -> Self {
        self.big_endian = true;
        self
    }

    fn put(&self, out: &mut Vec<u8>, value: u32, size: usize) {
        if self.big_endian {
            out.extend_from_slice(&value.to_be_bytes()[4 - size..]);
        } else {
            out.extend_from_slice(&value.to_le_bytes()[..size]);
        }
    }

    /// The file.
    pub fn file(&self) -> Vec<u8> {
        if self.data_last {
            let length = self.laid_out(0, &[]).len() as u32;
            return [self.laid_out(length, &[]), self.data.clone()].concat();
        }
        self.laid_out(8, &self.data)
    }

    fn laid_out(&self, data_at: u32, data: &[u8]) -> Vec<u8> {
        let mut out = if self.big_endian {
            b"MM\0*".to_vec()
        } else {
            b"II*\0".to_vec()
        };
        self.put(&mut out, 0, 4);
        out.extend_from_slice(data);
        let mut tags = self.tags.clone();
        if self.tiled {
            tags.extend([(324, 4, vec![0]), (325, 4, vec![self.data.len() as u32])]);
        }
        tags.sort_by_key(|tag| tag.0);
        let mut entries = Vec::new();
        for (tag, kind, values) in &mut tags {
            if matches!(*tag, 273 | 324) {
                *values = vec![data_at];
            }
            let size = [0, 1, 1, 2, 4, 8, 1, 1][usize::from(*kind)];
            self.put(&mut entries, u32::from(*tag), 2);
            self.put(&mut entries, u32::from(*kind), 2);
            self.put(&mut entries, values.len() as u32, 4);
            let mut raw = Vec::new();
            values.iter().for_each(|value| self.put(&mut raw, *value, size));
            if raw.len() > 4 {
                self.put(&mut entries, out.len() as u32, 4);
                out.extend_from_slice(&raw);
            } else {
                raw.resize(4, 0);
                entries.extend_from_slice(&raw);
            }
        }
        for &(tag, kind, count, place) in &self.elsewhere {
            self.put(&mut entries, u32::from(tag), 2);
            self.put(&mut entries, u32::from(kind), 2);
            self.put(&mut entries, count, 4);
            self.put(&mut entries, place, 4);
        }
        let mut at = Vec::new();
        self.put(&mut at, out.len() as u32, 4);
        out[4..8].copy_from_slice(&at);
        self.put(&mut out, (tags.len() + self.elsewhere.len()) as u32, 2);
        out.extend_from_slice(&entries);
        out.extend_from_slice(&[0; 4]);
        out
    }
}

/// A BMP with a `BITMAPINFOHEADER`. A negative height means that the top row comes first.
pub fn bmp_file(size: (u32, i32), bits: u16, compression: u32, palette: &[[u8; 4]], data: &[u8]) -> Vec<u8> {
    let mut info = vec![];
    info.extend(40u32.to_le_bytes());
    info.extend(size.0.to_le_bytes());
    info.extend(size.1.to_le_bytes());
    info.extend(1u16.to_le_bytes());
    info.extend(bits.to_le_bytes());
    info.extend(compression.to_le_bytes());
    info.extend((data.len() as u32).to_le_bytes());
    info.extend([0; 8]);
    info.extend((palette.len() as u32).to_le_bytes());
    info.extend([0; 4]);
    bmp_with(&info, palette.as_flattened(), data)
}

/// A BMP with any second header.
pub fn bmp_with(info: &[u8], palette: &[u8], data: &[u8]) -> Vec<u8> {
    let at = (14 + info.len() + palette.len()) as u32;
    let length = at + data.len() as u32;
    [
        b"BM",
        &length.to_le_bytes()[..],
        &[0; 4],
        &at.to_le_bytes(),
        info,
        palette,
        data,
    ]
    .concat()
}

/// A chunk of a PNG with its checksum.
pub fn png_chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut crc = u32::MAX;
    for &byte in name.iter().chain(body) {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    [&(body.len() as u32).to_be_bytes(), name, body, &(!crc).to_be_bytes()].concat()
}

/// A zlib stream without compression, and its checksum at the end.
pub fn zlib(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut pieces = data.chunks(0xffff).peekable();
    while let Some(piece) = pieces.next() {
        let length = piece.len() as u16;
        out.push(u8::from(pieces.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend_from_slice(piece);
    }
    let (a, b) = data.iter().fold((1u32, 0u32), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65521;
        (a, (b + a) % 65521)
    });
    out.extend((b << 16 | a).to_be_bytes());
    out
}

/// Parts of a PNG.
#[derive(Clone)]
pub struct Png {
    pub size: (u32, u32),
    /// 0: gray, 2: RGB, 3: palette, 4: gray and alpha, 6: RGBA.
    pub color: u8,
    pub depth: u8,
    pub interlaced: bool,
    /// Chunks before the data.
    pub before: Vec<u8>,
    /// The data, compressed.
    pub data: Vec<u8>,
    /// What follows the data.
    pub after: Vec<u8>,
}

impl Png {
    /// From rows without filters, `stride` bytes each.
    pub fn new(size: (u32, u32), color: u8, depth: u8, rows: &[u8]) -> Self {
        let stride = rows.len() / size.1 as usize;
        let filtered: Vec<u8> = rows.chunks(stride).flat_map(|row| [&[0], row].concat()).collect();
        Self {
            size,
            color,
            depth,
            interlaced: false,
            before: vec![],
            data: zlib(&filtered),
            after: png_chunk(b"IEND", b""),
        }
    }

    /// RGB in the seven passes of Adam7.
    pub fn interlaced(size: (u32, u32), rgb: &[[u8; 3]]) -> Self {
        // First column, first row, and their steps.
        let passes = [
            (0, 0, 8, 8),
            (4, 0, 8, 8),
            (0, 4, 4, 8),
            (2, 0, 4, 4),
            (0, 2, 2, 4),
            (1, 0, 2, 2),
            (0, 1, 1, 2),
        ];
        let width = size.0 as usize;
        let mut rows = vec![];
        for (x, y, dx, dy) in passes.into_iter().filter(|pass| pass.0 < width) {
            for row in rgb.chunks(width).skip(y).step_by(dy) {
                rows.push(0);
                rows.extend(row.iter().skip(x).step_by(dx).flatten());
            }
        }
        Self {
            interlaced: true,
            data: zlib(&rows),
            ..Self::new(size, 2, 8, rgb.as_flattened())
        }
    }

    pub fn before(mut self, name: &[u8; 4], body: &[u8]) -> Self {
        self.before.extend(png_chunk(name, body));
        self
    }

    /// Signature, header and chunks before the data.
    pub fn front(&self) -> Vec<u8> {
        let (width, height) = self.size;
        let interlaced = u8::from(self.interlaced);
        let header = [
            &width.to_be_bytes()[..],
            &height.to_be_bytes(),
            &[self.depth, self.color, 0, 0, interlaced],
        ];
        [
            b"\x89PNG\r\n\x1a\n",
            &png_chunk(b"IHDR", &header.concat())[..],
            &self.before,
        ]
        .concat()
    }

    pub fn file(&self) -> Vec<u8> {
        [self.front(), png_chunk(b"IDAT", &self.data), self.after.clone()].concat()
    }
}
