//! No picture that is accepted takes more memory than the bound: the worst of each kind, in a process of its own.
//!
//! Files that claim much and hold little are written by hand here: no encoder has the patience.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use photo::{Options, Output, Refused, make_ladder};
use std::process::Command;

/// Megabytes of the whole process, with all sizes as JPEG and as WebP. `template.yaml` gives the function 1769, which
/// leaves room for the upload and for what is not measured here.
const BOUND: u64 = 1200;

/// What a child process is told to make.
const CASE: &str = "MADANG_WORST_PICTURE";

/// The worst pictures, and what becomes of them.
type Case = (&'static str, fn() -> Vec<u8>, Result<(), &'static str>);

const CASES: &[Case] = &[
    ("progressive inks", || jpeg(0xc2, (10_000, 10_000), 4), Ok(())),
    ("progressive colours", || jpeg(0xc2, (10_000, 10_000), 3), Ok(())),
    ("a tall progressive one", || jpeg(0xc2, (3_333, 30_000), 3), Ok(())),
    ("inks in one scan", || jpeg(0xc0, (10_000, 10_000), 4), Ok(())),
    ("an interlaced png", || png((10_000, 10_000), 1), Ok(())),
    ("a png in rows", || png((10_000, 10_000), 0), Ok(())),
    ("a webp without loss", || webp((16_383, 6_103)), Ok(())),
    ("tall noise", || noise((3_328, 30_000)), Ok(())),
    ("a gif", || gif((10_000, 10_000)), Ok(())),
    ("a png of few bytes", || png_claim(30_000), Err("too many")),
    ("a jpeg of few bytes", || jpeg_claim(65_500), Err("too many")),
    ("a png that never ends", png_bomb, Ok(())),
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
            // The effort changes the time, and no buffer.
            Output::WebP { quality: 80, effort: 0 },
        ],
        threads: 2,
        ..Options::default()
    };
    let made = make_ladder(file, &options, &mut |_| {});
    made.map(drop).map_err(|refused: Refused| refused.to_string())
}

/// Megabytes that this process had in memory at most.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1000
}

/// A JPEG of noise, of the same rows of blocks again and again: as many tokens as so few bytes can become.
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

/// A gray JPEG in which each block has one bit a coefficient scan: no difference, and, in one scan, an end.
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
    // One code of one bit: a difference of no bits, or the block's end.
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

fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut crc = u32::MAX;
    for &byte in name.iter().chain(body) {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    [&(body.len() as u32).to_be_bytes(), name, body, &(!crc).to_be_bytes()].concat()
}

/// Zeros packed by deflate: the first, and matches of 258 with the byte before them, 13 bits each.
fn zeros(count: u64) -> Vec<u8> {
    let (mut out, mut buffer, mut bits) = (vec![0x78, 1], 0u64, 0);
    let mut put = |out: &mut Vec<u8>, value: u64, length: u32| {
        buffer |= value << bits;
        bits += length;
        while bits >= 8 {
            out.push(buffer as u8);
            buffer >>= 8;
            bits -= 8;
        }
    };
    // One block of fixed codes; these are sent from their upper bit on.
    put(&mut out, 0b011, 3);
    let literal = |out: &mut Vec<u8>, put: &mut dyn FnMut(&mut Vec<u8>, u64, u32)| put(out, 0b0000_1100, 8);
    literal(&mut out, &mut put);
    for _ in 0..(count - 1) / 258 {
        put(&mut out, 0b1010_0011, 8);
        put(&mut out, 0, 5);
    }
    for _ in 0..(count - 1) % 258 {
        literal(&mut out, &mut put);
    }
    put(&mut out, 0, 7);
    put(&mut out, 0, 7);
    // Adler-32 of zeros: the sum is one, and one for each of them.
    let sum = (count % 65_521) as u32;
    out.extend((sum << 16 | 1).to_be_bytes());
    out
}

fn png_head((width, height): (u32, u32), interlaced: u8) -> Vec<u8> {
    // Sixteen bits, red, green, blue, alpha.
    let header = [
        &width.to_be_bytes()[..],
        &height.to_be_bytes(),
        &[16, 6, 0, 0, interlaced],
    ]
    .concat();
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header)].concat()
}

/// Clear pixels of eight bytes.
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

/// A small picture whose data unpack to a gigabyte.
fn png_bomb() -> Vec<u8> {
    [
        png_head((64, 64), 0),
        chunk(b"IDAT", &zeros(1 << 30)),
        chunk(b"IEND", &[]),
    ]
    .concat()
}

/// A lossless WebP of one colour: all five codes have one symbol, so that no pixel takes a bit.
fn webp((width, height): (u64, u64)) -> Vec<u8> {
    let mut bits = (width - 1) | (height - 1) << 14 | 1 << 28;
    // Behind the version: no transform, no colour cache, no groups of codes; then five times "one symbol, of one bit, 0".
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

fn gif((width, height): (u16, u16)) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = gif::Encoder::new(&mut out, width, height, &[0, 0, 0, 9, 9, 9]).unwrap();
    let pixels = vec![0; usize::from(width) * usize::from(height)];
    let frame = gif::Frame::from_indexed_pixels(width, height, pixels, Some(0));
    encoder.write_frame(&frame).unwrap();
    drop(encoder);
    out
}

/// A picture of one pixel, and a million frames behind it.
fn gif_of_many() -> Vec<u8> {
    let one = gif((1, 1));
    // Without the last byte: the trailer.
    let head = 6 + 7 + 6;
    let frame = &one[head..one.len() - 1];
    [&one[..head], &frame.repeat(1_000_000), b";"].concat()
}
