//! JPEG encoder: keeps the symbols of all strips, and writes them with optimal Huffman tables at the end.
use super::dct::{Quant, for_forward, forward_pair};
use super::huffman::Encoder as Codes;
use super::scan::ZIGZAG;
use crate::native::simd::{Isa, Kernel, Lanes, Row};
use crate::resize::level::{Shape, Strip, Tile};

/// The luma table of Annex K, row by row.
const LUMA: [u8; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
    87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
];
/// The upper left part of the chroma table of Annex K. All other entries are 99.
const CHROMA: [[u8; 4]; 4] = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]];

/// Luma and chroma tables for a quality from 1 to 100, scaled as in libjpeg.
fn tables(quality: u8) -> [[u16; 64]; 2] {
    let quality = u32::from(quality.clamp(1, 100));
    let percent = if quality < 50 {
        5000 / quality
    } else {
        200 - 2 * quality
    };
    let scaled = |base: u8| ((u32::from(base) * percent + 50) / 100).clamp(1, 255) as u16;
    let chroma = |i: usize| {
        if i / 8 < 4 && i % 8 < 4 {
            CHROMA[i / 8][i % 8]
        } else {
            99
        }
    };
    [LUMA.map(scaled), std::array::from_fn(|i| scaled(chroma(i)))]
}

/// A symbol and the bits of its value: table number and symbol in the upper half, bits in the lower half.
type Token = u32;

/// A list of tokens. The newest are in an array, where appending is a single store.
struct Tokens {
    done: Vec<Token>,
    fresh: Box<[Token; ROOM]>,
    count: usize,
}

/// Tokens in the array, and the most tokens of one block.
const ROOM: usize = 4096;
const BLOCK: usize = 68;

impl Tokens {
    /// Makes room for a block. Returns the index of its first token.
    #[inline(always)]
    fn start(&mut self) -> usize {
        if self.count > ROOM - BLOCK {
            self.settle();
        }
        self.count
    }

    /// Moves the tokens of the array to the list.
    #[inline(never)]
    fn settle(&mut self) {
        self.done.extend_from_slice(&self.fresh[..self.count.min(ROOM)]);
        self.count = 0;
    }
}

/// Index of the first symbol of each table among the 1024 symbols of all four.
const DC: [u32; 2] = [0, 512];
const AC: [u32; 2] = [256, 768];

/// An encoder of one picture.
pub struct Encoder {
    shape: Shape,
    tables: [[u16; 64]; 2],
    quants: [Quant; 2],
    previous: [i32; 3],
    tokens: Tokens,
    counts: Box<[u32; 1024]>,
}

impl Encoder {
    /// Chroma must be 4:2:0 or absent.
    pub fn new(shape: Shape, quality: u8) -> Self {
        let tables = tables(quality);
        let quants = [for_forward(&tables[0]), for_forward(&tables[1])];
        let tokens = Vec::with_capacity(shape.width * shape.height / 3);
        Self {
            shape,
            tables,
            quants,
            previous: [0; 3],
            tokens: Tokens {
                done: tokens,
                fresh: Box::new([0; ROOM]),
                count: 0,
            },
            counts: Box::new([0; 1024]),
        }
    }

    pub fn strip(&mut self, strip: &Strip, isa: Isa) {
        isa.run(Tokenize { encoder: self, strip });
    }

    pub fn finish(mut self, isa: Isa) -> Vec<u8> {
        self.tokens.settle();
        let classes: &[u32] = if self.shape.chroma.is_none() {
            &[0, 256]
        } else {
            &[0, 256, 512, 768]
        };
        let mut words = Box::new([0u32; 1024]);
        let mut out = Vec::with_capacity(self.tokens.done.len() + 1024);
        out.extend_from_slice(b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
        for (number, table) in self.tables.iter().take(classes.len() / 2).enumerate() {
            out.extend_from_slice(&[0xff, 0xdb, 0, 67, number as u8]);
            out.extend(ZIGZAG.iter().map(|&i| table[usize::from(i)] as u8));
        }
        let components = if self.shape.chroma.is_none() { 1 } else { 3 };
        out.extend_from_slice(&[0xff, 0xc0, 0, 8 + 3 * components, 8]);
        out.extend_from_slice(&(self.shape.height as u16).to_be_bytes());
        out.extend_from_slice(&(self.shape.width as u16).to_be_bytes());
        out.push(components);
        for id in 1..=components {
            let sampling = if id == 1 && components == 3 { 0x22 } else { 0x11 };
            out.extend_from_slice(&[id, sampling, u8::from(id > 1)]);
        }
        for &class in classes {
            let from = class as usize;
            let table = Codes::optimal(&self.counts[from..from + 256]);
            out.extend_from_slice(&[0xff, 0xc4]);
            out.extend_from_slice(&(19 + table.symbols.len() as u16).to_be_bytes());
            out.push((class >> 9) as u8 | ((class >> 8 & 1) << 4) as u8);
            out.extend_from_slice(&table.counts);
            out.extend_from_slice(&table.symbols);
            for (symbol, (code, length)) in table.codes().into_iter().enumerate() {
                let size = symbol as u32 & 15;
                // The code, shifted by the size of its value (27 bits at most), and the length of both above it.
                words[from + symbol] = u32::from(code) << size | (u32::from(length) + size) << 27;
            }
        }
        out.extend_from_slice(&[0xff, 0xda, 0, 6 + 2 * components, components]);
        for id in 1..=components {
            out.extend_from_slice(&[id, if id == 1 { 0 } else { 0x11 }]);
        }
        out.extend_from_slice(&[0, 63, 0]);
        isa.run(Write {
            tokens: &self.tokens.done,
            words: &words,
            out: &mut out,
        });
        out.extend_from_slice(&[0xff, 0xd9]);
        out
    }
}

/// Turns the blocks of a strip into tokens.
struct Tokenize<'a> {
    encoder: &'a mut Encoder,
    strip: &'a Strip,
}

impl Kernel for Tokenize<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self { encoder, strip } = self;
        let Encoder {
            shape,
            quants,
            previous,
            tokens,
            counts,
            ..
        } = encoder;
        let mut blocks = [[[0; 16]; 8]; 2];
        if strip.chroma.is_empty() {
            // A single component is not interleaved: only blocks inside the picture are coded, row by row.
            let rows = (shape.height - strip.index * 16).div_ceil(8).min(2);
            for half in 0..rows {
                for (i, tile) in strip.luma.iter().enumerate() {
                    let masks = forward_pair::<V>(half_tile(tile, half), &quants[0], &mut blocks[0]);
                    let shown = (shape.width - i * 16).div_ceil(8);
                    for (side, mask) in masks.into_iter().enumerate().take(shown) {
                        tokenize(&blocks[0], mask, side * 8, 0, &mut previous[0], tokens, counts);
                    }
                }
            }
            return;
        }
        let mut chroma = [[[0; 16]; 8]; 2];
        let mut chroma_masks = [[0; 2]; 2];
        for (i, tile) in strip.luma.iter().enumerate() {
            let [upper, lower] = &mut blocks;
            let masks = [
                forward_pair::<V>(half_tile(tile, 0), &quants[0], upper),
                forward_pair::<V>(half_tile(tile, 1), &quants[0], lower),
            ];
            for (block, side) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                tokenize(
                    &blocks[block],
                    masks[block][side],
                    side * 8,
                    0,
                    &mut previous[0],
                    tokens,
                    counts,
                );
            }
            if i % 2 == 0 {
                let Some(tile) = strip.chroma.get(i / 2) else { continue };
                let [cb, cr] = &mut chroma;
                chroma_masks[0] = forward_pair::<V>(half_tile(tile, 0), &quants[1], cb);
                chroma_masks[1] = forward_pair::<V>(half_tile(tile, 1), &quants[1], cr);
            }
            for half in 0..2 {
                let (mask, side) = (chroma_masks[half][i % 2], i % 2 * 8);
                tokenize(&chroma[half], mask, side, 1, &mut previous[1 + half], tokens, counts);
            }
        }
    }
}

/// Rows 0 to 7 or 8 to 15.
#[inline(always)]
fn half_tile(tile: &Tile, half: usize) -> &[Row; 8] {
    &tile.as_chunks::<8>().0[half]
}

/// For each row `u` of a mask and each value of that byte: the coefficients in zigzag order, as bits.
static ORDER: [[u64; 256]; 8] = {
    let mut order = [[0; 256]; 8];
    let mut k = 0;
    while k < 64 {
        let (u, v) = (ZIGZAG[k] as usize % 8, ZIGZAG[k] as usize / 8);
        let mut byte = 0;
        while byte < 256 {
            if byte >> v & 1 == 1 {
                order[u][byte] |= 1 << k;
            }
            byte += 1;
        }
        k += 1;
    }
    order
};

/// Index of each coefficient of the zigzag in a pair of blocks.
const PLACE: [u8; 64] = {
    let mut place = [0; 64];
    let mut k = 0;
    while k < 64 {
        place[k] = ZIGZAG[k] % 8 * 16 + ZIGZAG[k] / 8;
        k += 1;
    }
    place
};

/// The number of bits of a value, and the bits.
#[inline(always)]
fn sized(value: i32) -> (u32, u32) {
    let size = 32 - value.unsigned_abs().leading_zeros();
    (size, (value + (value >> 31)) as u32 & ((1 << size) - 1))
}

/// Appends the tokens of one block and counts its symbols.
#[inline(always)]
fn tokenize(
    block: &[Row; 8],
    mask: u64,
    half: usize,
    class: usize,
    previous: &mut i32,
    tokens: &mut Tokens,
    counts: &mut [u32; 1024],
) {
    let mut n = tokens.start();
    let mut put = |symbol: u32, bits: u32| {
        counts[symbol as usize & 1023] += 1;
        tokens.fresh[n % ROOM] = symbol << 16 | bits;
        n += 1;
    };
    let block = block.as_flattened();
    let dc = i32::from(block[half & 8]);
    // Baseline allows differences of 11 bits.
    let dc = dc.clamp(-1024, 1023);
    let (size, bits) = sized(dc - *previous);
    *previous = dc;
    put(DC[class] | size, bits);
    let mut order = 0;
    for (u, table) in ORDER.iter().enumerate() {
        order |= table[(mask >> (8 * u)) as usize & 255];
    }
    order &= !1;
    let mut last = 0;
    while order != 0 {
        let k = order.trailing_zeros();
        order &= order - 1;
        let mut run = k - last - 1;
        last = k;
        while run > 15 {
            put(AC[class] | 0xf0, 0);
            run -= 16;
        }
        let value = i32::from(block[usize::from(PLACE[k as usize & 63]) + (half & 8)]);
        let (size, bits) = sized(value.clamp(-1023, 1023));
        put(AC[class] | run << 4 | size, bits);
    }
    if last != 63 {
        put(AC[class], 0);
    }
    tokens.count = n;
}

/// Writes the tokens as the bytes of the scan.
struct Write<'a> {
    tokens: &'a [Token],
    words: &'a [u32; 1024],
    out: &'a mut Vec<u8>,
}

impl Kernel for Write<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self { tokens, words, out } = self;
        // `count` bits are at the top of `buffer`.
        let (mut buffer, mut count) = (0u64, 0u32);
        for &token in tokens {
            let word = words[(token >> 16) as usize & 1023];
            let length = word >> 27;
            let bits = u64::from((word & 0x07ff_ffff) | (token & 0xffff));
            count += length;
            buffer |= bits << ((64 - count) & 63);
            if count >= 32 {
                put_word(out, (buffer >> 32) as u32);
                buffer <<= 32;
                count -= 32;
            }
        }
        // Ones fill the last byte.
        buffer |= u64::MAX >> count;
        for byte in buffer.to_be_bytes().into_iter().take(count.div_ceil(8) as usize) {
            put_byte(out, byte);
        }
    }
}

#[inline(always)]
fn put_word(out: &mut Vec<u8>, word: u32) {
    // A byte 0xff needs a stuffed zero: look for a zero byte in the complement.
    let inverse = !word;
    if inverse.wrapping_sub(0x0101_0101) & !inverse & 0x8080_8080 == 0 {
        out.extend_from_slice(&word.to_be_bytes());
    } else {
        for byte in word.to_be_bytes() {
            put_byte(out, byte);
        }
    }
}

#[inline(always)]
fn put_byte(out: &mut Vec<u8>, byte: u8) {
    out.push(byte);
    if byte == 0xff {
        out.push(0);
    }
}
