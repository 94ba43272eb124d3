//! No accepted picture takes more memory than the limit. Each of the worst pictures is made in its own process.
//!
//! The files are written by hand: encoders do not write such files.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod common;

use common::files::{Tiff, bmp_file, png_chunk as chunk};
use photo::{Error, Options, Output, make_variants};
use std::process::Command;

/// Megabytes of the whole process, with each size as JPEG and as WebP. The function has 1769 MB, which leaves room for
/// the upload and for the rest of the function.
const BOUND: u64 = 1200;

/// Names the case of a child process.
const CASE: &str = "MADANG_WORST_PICTURE";

/// A name, a file, and the expected result.
type Case = (&'static str, fn() -> Vec<u8>, Result<(), &'static str>);

const CASES: &[Case] = &[
    ("progressive cmyk", || jpeg(0xc2, (10_000, 10_000), 4), Ok(())),
    ("progressive colors", || jpeg(0xc2, (10_000, 10_000), 3), Ok(())),
    ("a tall progressive one", || jpeg(0xc2, (3_333, 30_000), 3), Ok(())),
    ("cmyk in one scan", || jpeg(0xc0, (10_000, 10_000), 4), Ok(())),
    ("an interlaced png", || png((10_000, 10_000), 1), Ok(())),
    ("a png in rows", || png((10_000, 10_000), 0), Ok(())),
    ("a webp without loss", || webp((16_383, 6_103)), Ok(())),
    ("tall noise", || noise((3_328, 30_000)), Ok(())),
    ("a gif", || gif((1_666, 30_000)), Ok(())),
    ("a tiff", || tiff((1_666, 30_000)), Ok(())),
    ("a bmp", || bmp((1_666, 30_000)), Ok(())),
    (
        "a gif that is larger than what is decoded whole",
        || gif((10_000, 10_000)),
        Err("too many"),
    ),
    ("a tiff of a wide tile", tiff_of_a_wide_tile, Err("tiles")),
    ("a tiff of many strips", tiff_of_many_strips, Err("strips")),
    ("a png of few bytes", || png_claim(30_000), Err("too many")),
    ("a jpeg of few bytes", || jpeg_claim(65_500), Err("too many")),
    ("a png that never ends", png_bomb, Ok(())),
    ("a png of text", png_of_text, Ok(())),
    ("a gif of a million frames", gif_of_many, Ok(())),
];

#[test]
fn the_worst_pictures_stay_under_the_bound() {
    if let Ok(case) = std::env::var(CASE) {
        let (_, file, _) = CASES.iter().find(|(name, ..)| *name == case).unwrap();
        let made = make(&file());
        println!("{case}: {made:?}, {} MB", peak());
        return;
    }
    for (name, _, outcome) in CASES {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_worst_pictures_stay_under_the_bound", "--nocapture"])
            .env(CASE, name)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        let line = said
            .lines()
            .find(|line| line.contains(" MB"))
            .unwrap_or_else(|| panic!("{name}: {said} {}", String::from_utf8_lossy(&child.stderr)));
        println!("{line}");
        let megabytes = line.rsplit(' ').nth(1).and_then(|number| number.parse::<u64>().ok());
        assert!(megabytes.is_some_and(|megabytes| megabytes < BOUND), "{line}");
        match outcome {
            Ok(()) => assert!(line.contains("Ok"), "{line}"),
            Err(reason) => assert!(line.contains(reason) && megabytes < Some(100), "{line}"),
        }
    }
}

fn make(file: &[u8]) -> Result<(), String> {
    let options = Options {
        outputs: vec![
            Output::Jpeg { quality: 80 },
            // The effort changes the time, not the memory.
            Output::WebP { quality: 80, effort: 0 },
        ],
        threads: 2,
        ..Options::default()
    };
    let made = make_variants(file, &options, &mut |_| {});
    made.map(drop).map_err(|error: Error| error.to_string())
}

/// Peak memory of this process in megabytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1000
}

/// A JPEG that repeats the same rows of noise: the most tokens for its size.
fn noise((width, height): (u16, u16)) -> Vec<u8> {
    let mut state = 1u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let gray: Vec<u8> = (0..usize::from(width) * 16).map(|_| random()).collect();
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 12);
    encoder.set_restart_interval(width.div_ceil(8));
    encoder.encode(&gray, width, 16, jpeg_encoder::ColorType::Luma).unwrap();
    let at = |marker: u8| file.windows(2).position(|w| w == [0xff, marker]).unwrap();
    let (frame, scan, restart) = (at(0xc0), at(0xda), at(0xd0));
    let data = scan + 2 + usize::from(u16::from_be_bytes([file[scan + 2], file[scan + 3]]));
    let mut out = file[..data].to_vec();
    out[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    for row in 0..height / 8 {
        out.extend_from_slice(&file[data..restart]);
        out.extend([0xff, 0xd0 + (row % 8) as u8]);
    }
    out.extend([0xff, 0xd9]);
    assert!(out.len() < 30 << 20, "{}", out.len());
    out
}

/// A JPEG of empty blocks, each of one bit or two.
fn jpeg(kind: u8, (width, height): (u16, u16), components: u8) -> Vec<u8> {
    let segment = |marker: u8, body: &[u8]| {
        let length = (body.len() as u16 + 2).to_be_bytes();
        [&[0xff, marker], &length[..], body].concat()
    };
    let [w1, w0] = width.to_be_bytes();
    let [h1, h0] = height.to_be_bytes();
    let mut frame = vec![8, h1, h0, w1, w0, components];
    let mut scan = vec![components];
    for id in 1..=components {
        frame.extend([id, 0x11, 0]);
        scan.extend([id, 0]);
    }
    scan.extend([0, if kind == 0xc2 { 0 } else { 63 }, 0]);
    let quant = [vec![0], vec![1; 64]].concat();
    // One code of one bit: a difference of zero, or end of block.
    let table = |class: u8| [vec![class, 1], vec![0; 15], vec![0]].concat();
    let blocks = usize::from(width).div_ceil(8) * usize::from(height).div_ceil(8) * usize::from(components);
    let bits = if kind == 0xc2 { blocks } else { 2 * blocks };
    [
        vec![0xff, 0xd8],
        segment(0xdb, &quant),
        segment(kind, &frame),
        segment(0xc4, &table(0)),
        segment(0xc4, &table(0x10)),
        segment(0xda, &scan),
        vec![0; bits.div_ceil(8)],
        vec![0xff, 0xd9],
    ]
    .concat()
}

fn jpeg_claim(side: u16) -> Vec<u8> {
    let mut file = jpeg(0xc0, (8, 8), 3);
    let frame = file.windows(2).position(|w| w == [0xff, 0xc0]).unwrap();
    file[frame + 5..frame + 7].copy_from_slice(&side.to_be_bytes());
    file[frame + 7..frame + 9].copy_from_slice(&side.to_be_bytes());
    file
}

/// Zeros, compressed with deflate: one literal, then matches of 258 bytes, of 13 bits each.
fn zeros(count: u64) -> Vec<u8> {
    let mut out = Bits {
        bytes: vec![0x78, 1],
        ..Bits::default()
    };
    // One block of fixed codes, whose highest bit comes first.
    out.put(0b011, 3);
    out.put(0b0000_1100, 8);
    for _ in 0..(count - 1) / 258 {
        out.put(0b1010_0011, 8);
        out.put(0, 5);
    }
    for _ in 0..(count - 1) % 258 {
        out.put(0b0000_1100, 8);
    }
    out.put(0, 7);
    out.put(0, 7);
    let mut out = out.bytes;
    // Adler-32 of zeros.
    let sum = (count % 65_521) as u32;
    out.extend((sum << 16 | 1).to_be_bytes());
    out
}

fn png_head((width, height): (u32, u32), interlaced: u8) -> Vec<u8> {
    // RGBA of 16 bits.
    let header = [
        &width.to_be_bytes()[..],
        &height.to_be_bytes(),
        &[16, 6, 0, 0, interlaced],
    ]
    .concat();
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header)].concat()
}

/// A PNG of transparent pixels.
fn png((width, height): (u32, u32), interlaced: u8) -> Vec<u8> {
    let passes: &[(u32, u32, u32, u32)] = match interlaced {
        0 => &[(0, 0, 1, 1)],
        _ => &[
            (0, 0, 8, 8),
            (4, 0, 8, 8),
            (0, 4, 4, 8),
            (2, 0, 4, 4),
            (0, 2, 2, 4),
            (1, 0, 2, 2),
            (0, 1, 1, 2),
        ],
    };
    let pass = |&(x, y, dx, dy): &(u32, u32, u32, u32)| {
        let (columns, rows) = ((width - x).div_ceil(dx), (height - y).div_ceil(dy));
        u64::from(rows) * (1 + 8 * u64::from(columns))
    };
    let data = zeros(passes.iter().map(pass).sum());
    [
        png_head((width, height), interlaced),
        chunk(b"IDAT", &data),
        chunk(b"IEND", &[]),
    ]
    .concat()
}

fn png_claim(side: u32) -> Vec<u8> {
    [
        png_head((side, side), 0),
        chunk(b"IDAT", &zeros(1000)),
        chunk(b"IEND", &[]),
    ]
    .concat()
}

/// A small picture whose data decompress to a gigabyte.
fn png_bomb() -> Vec<u8> {
    [
        png_head((64, 64), 0),
        chunk(b"IDAT", &zeros(1 << 30)),
        chunk(b"IEND", &[]),
    ]
    .concat()
}

/// A small picture behind as much text as a file can hold.
fn png_of_text() -> Vec<u8> {
    let png = png((64, 64), 0);
    let text = [b"Comment\0".as_slice(), &vec![0xe9; 29 << 20]].concat();
    [&png[..33], &chunk(b"tEXt", &text), &png[33..]].concat()
}

/// A lossless WebP of one color: each code has one symbol, so pixels take no bits.
fn webp((width, height): (u64, u64)) -> Vec<u8> {
    let mut bits = (width - 1) | (height - 1) << 14 | 1 << 28;
    // Behind the version: no transform, no color cache, no groups of codes; then five times "one symbol, of one bit, 0".
    let mut at = 32 + 3;
    for _ in 0..5 {
        bits |= 1 << at;
        at += 4;
    }
    let mut body = vec![0x2f];
    body.extend(bits.to_le_bytes());
    body.resize(16, 0);
    let chunk = [b"VP8L", &(body.len() as u32).to_le_bytes()[..], &body].concat();
    [b"RIFF", &(chunk.len() as u32 + 4).to_le_bytes()[..], b"WEBP", &chunk].concat()
}

/// A GIF of one color: each code is for one pixel more than the code before it.
fn gif((width, height): (u16, u16)) -> Vec<u8> {
    const CLEAR: u64 = 4;
    let mut data = Bits::default();
    let mut left = u64::from(width) * u64::from(height);
    data.put(CLEAR, 3);
    let (mut next, mut length) = (6, 3);
    let mut run = 1;
    while left > 0 {
        // Code 0 is one pixel. A code from 6 on is for as many pixels as its number less four.
        let count = left.min(run);
        data.put(if count == 1 { 0 } else { count + 4 }, length);
        left -= count;
        if run > 1 {
            next += 1;
            length += u32::from(next == 1 << length && length < 12);
        }
        run += 1;
        if next == 4096 {
            data.put(CLEAR, length);
            (next, length, run) = (6, 3, 1);
        }
    }
    data.put(5, length);
    data.put(0, 7);
    let [w0, w1] = width.to_le_bytes();
    let [h0, h1] = height.to_le_bytes();
    let blocks = data.bytes.chunks(255);
    let blocks = blocks.flat_map(|block| [&[block.len() as u8], block].concat());
    [
        &[b"GIF89a", &[w0, w1, h0, h1, 0x80, 0, 0][..], &[0, 0, 0, 9, 9, 9]].concat()[..],
        &[0x2c, 0, 0, 0, 0, w0, w1, h0, h1, 0, 2],
        &blocks.collect::<Vec<u8>>(),
        b"\0;",
    ]
    .concat()
}

/// Writes bits, the lowest of each number first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    buffer: u64,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u64, length: u32) {
        self.buffer |= value << self.count;
        self.count += length;
        while self.count >= 8 {
            self.bytes.push(self.buffer as u8);
            self.buffer >>= 8;
            self.count -= 8;
        }
    }
}

/// A TIFF of transparent pixels of eight bytes, in one strip.
fn tiff((width, height): (u32, u32)) -> Vec<u8> {
    Tiff::rgba16(width, height, zeros(8 * u64::from(width) * u64::from(height))).file()
}

/// A TIFF of one pixel in a tile of four billion.
fn tiff_of_a_wide_tile() -> Vec<u8> {
    let mut tiff = Tiff::rgba16(1, 1, zeros(1 << 30));
    tiff.tags.retain(|tag| !matches!(tag.0, 273 | 278 | 279));
    tiff.tags.extend([(322, 4, vec![0xffff_fff0]), (323, 4, vec![16])]);
    tiff.tiled = true;
    tiff.file()
}

/// A TIFF of millions of strips.
fn tiff_of_many_strips() -> Vec<u8> {
    const STRIPS: u32 = 7 << 20;
    let mut tiff = Tiff::new((1, STRIPS), 1, 8, 1, vec![1; STRIPS as usize]).with(278, 4, &[1]);
    for tag in [273, 279] {
        // Tags of type byte, whose values are the data.
        tiff.elsewhere.push((tag, 1, STRIPS, 8));
        tiff.tags.retain(|known| known.0 != tag);
    }
    tiff.file()
}

/// A BMP of one color in run lengths.
fn bmp((width, height): (u32, u32)) -> Vec<u8> {
    let mut row = [255, 0].repeat(width as usize / 255);
    row.extend([(width % 255) as u8, 0, 0, 0]);
    let data = row.repeat(height as usize);
    bmp_file((width, height as i32), 8, 1, &[[9, 9, 9, 0]; 256], &data)
}

/// A million frames of one pixel.
fn gif_of_many() -> Vec<u8> {
    let one = gif((1, 1));
    // Without the trailer, which is the last byte.
    let head = 6 + 7 + 6;
    let frame = &one[head..one.len() - 1];
    [&one[..head], &frame.repeat(1_000_000), b";"].concat()
}
