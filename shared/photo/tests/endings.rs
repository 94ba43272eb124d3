//! What follows a whole picture does not matter. A picture whose own data are cut is refused.
#![allow(clippy::unwrap_used)]
mod common;

use common::files::{Png, png_chunk, zlib};
use common::*;
use photo::Error;

fn rgb_rows() -> Vec<u8> {
    squares(&SQUARES).rgb.into_flattened()
}

fn png() -> Png {
    Png::new(SQUARES_SIZE, 2, 8, &rgb_rows())
}

/// A chunk whose checksum is wrong.
fn wrong(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut chunk = png_chunk(name, body);
    let last = chunk.len() - 1;
    chunk[last] ^= 0x55;
    chunk
}

fn interlaced() -> Png {
    Png::interlaced(SQUARES_SIZE, &squares(&SQUARES).rgb)
}

#[track_caller]
fn is_taken(name: &str, file: &[u8]) {
    assert_squares(name, file, &SQUARES, 3);
}

#[track_caller]
fn is_refused(name: &str, file: &[u8]) {
    let result = full_size(file).map(|drawing| drawing.rgb.len());
    assert!(
        matches!(result, Err(Error::Truncated | Error::Corrupt(_))),
        "{name}: {result:?}"
    );
}

#[test]
fn a_png_is_taken_without_its_end_or_with_more_behind_it() {
    for png in [png(), interlaced()] {
        let file = png.file();
        for missing in 1..=12 {
            is_taken(&format!("{missing} bytes less"), &file[..file.len() - missing]);
        }
        is_taken("without the checksum of the data", &file[..file.len() - 16]);
        for (name, after) in [
            ("nothing", vec![]),
            ("an end with a wrong checksum", wrong(b"IEND", b"")),
            ("text that is cut off", png_chunk(b"tEXt", &[65; 500])[..100].to_vec()),
            ("a claim of two gigabytes", b"\x7f\xff\xff\xfftEXtabc".to_vec()),
            ("zeros", vec![0; 1000]),
            ("letters", [png.after.clone(), b"letters".repeat(50)].concat()),
            ("another PNG", [png.after.clone(), file.clone()].concat()),
        ] {
            is_taken(name, &Png { after, ..png.clone() }.file());
        }
    }
    let hunted = include_bytes!("pictures/p-no-iend.png");
    let whole = [&hunted[..], &png_chunk(b"IEND", b"")].concat();
    assert_eq!(full_size(hunted).unwrap().rgb, full_size(&whole).unwrap().rgb);
}

#[test]
fn an_interlaced_png_of_any_size_is_right_without_its_end() {
    for (width, height) in (1..=9).flat_map(|width| (1..=9).map(move |height| (width, height))) {
        let drawing = Drawing::new(width, height);
        let mut png = Png::interlaced((width as u32, height as u32), &drawing.rgb);
        png.after = vec![];
        let (got, wanted) = (full_size(&png.file()).unwrap(), full_size(&drawing.png()).unwrap());
        assert_eq!(got.rgb, wanted.rgb, "{width} x {height}");
    }
}

#[test]
fn a_png_whose_rows_are_not_all_there_is_refused() {
    for png in [png(), interlaced()] {
        let file = png.file();
        for percent in [20, 50, 80, 95, 99] {
            is_refused(&format!("cut at {percent} %"), &file[..file.len() * percent / 100]);
        }
    }
    let rows = rgb_rows();
    let short: Vec<u8> = rows[..rows.len() - 192]
        .chunks(192)
        .flat_map(|row| [&[0], row].concat())
        .collect();
    let short = Png {
        data: zlib(&short),
        ..png()
    };
    is_refused("a row less", &short.file());
    is_refused("a row less and no end", &Png { after: vec![], ..short }.file());
}

#[test]
fn one_right_checksum_vouches_for_the_data_of_a_png() {
    for png in [png(), interlaced()] {
        let (front, after) = (png.front(), png.after.clone());
        let mut other_sum = png.data.clone();
        let last = other_sum.len() - 1;
        other_sum[last] ^= 0x55;
        let mut damaged = png.data.clone();
        damaged[1000] ^= 0x55;
        let file = |chunk: Vec<u8>| [front.clone(), chunk, after.clone()].concat();
        is_taken("a wrong checksum of the chunk", &file(wrong(b"IDAT", &png.data)));
        is_taken("a wrong checksum of the data", &file(png_chunk(b"IDAT", &other_sum)));
        let (first, second) = png.data.split_at(700);
        let two = [wrong(b"IDAT", first), png_chunk(b"IDAT", second)].concat();
        is_taken("a wrong checksum of the first of two chunks", &file(two));
        let without_sum = &png.data[..png.data.len() - 4];
        is_taken("no checksum of the data", &file(png_chunk(b"IDAT", without_sum)));
        is_refused(
            "damaged data",
            &file([&png_chunk(b"IDAT", &damaged)[..4], &wrong(b"IDAT", &damaged)[4..]].concat()),
        );
    }
}

#[test]
fn other_chunks_of_a_png_with_a_wrong_checksum_are_skipped_or_refused_as_in_browsers() {
    let png = png();
    let with = |before: Vec<u8>| Png { before, ..png.clone() }.file();
    for (name, chunk) in [
        ("text", wrong(b"tEXt", b"a\0b")),
        ("a gamma", wrong(b"gAMA", &100_000u32.to_be_bytes())),
        (
            "a profile that is no profile",
            png_chunk(b"iCCP", &[b"p\0\0", &zlib(&[7; 200])[..]].concat()),
        ),
        ("a profile that is not compressed", png_chunk(b"iCCP", b"p\0\0letters")),
        ("significant bits out of range", png_chunk(b"sBIT", &[16; 3])),
        ("an unknown chunk", png_chunk(b"abCd", b"xyz")),
        ("a palette to reduce the colors to", png_chunk(b"PLTE", &[1, 2, 3])),
    ] {
        is_taken(name, &with(chunk));
    }
    is_refused("an unknown chunk that is critical", &with(png_chunk(b"ABCD", b"xyz")));
    let mut header = png.file();
    header[32] ^= 0x55;
    is_refused("a header with a wrong checksum", &header);
}

/// An animation of the squares and a second frame.
fn apng() -> (Vec<u8>, Vec<u8>) {
    let control = |number: u32, size: (u32, u32)| {
        let fields = [number, size.0, size.1, 0, 0].map(u32::to_be_bytes);
        png_chunk(b"fcTL", &[fields.as_flattened(), &[0, 1, 0, 10, 0, 0]].concat())
    };
    let png = png().before(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]);
    let first = Png {
        before: [png.before.clone(), control(0, SQUARES_SIZE)].concat(),
        after: vec![],
        ..png.clone()
    };
    let second = [
        control(1, SQUARES_SIZE),
        png_chunk(b"fdAT", &[&[0, 0, 0, 2], &png.data[..]].concat()),
    ]
    .concat();
    (first.file(), second)
}

#[test]
fn a_frame_of_an_animated_png_behind_the_first_may_be_cut_or_damaged() {
    let (first, second) = apng();
    is_taken("whole", &[&first[..], &second, &png().after].concat());
    for cut in [5, 20, 37, 45, 1000, second.len() - 1] {
        is_taken(
            &format!("second frame cut at {cut}"),
            &[&first[..], &second[..cut]].concat(),
        );
    }
    let mut damaged = second.clone();
    damaged[12] = 0xff;
    is_taken("second frame damaged", &[&first[..], &damaged, &png().after].concat());
    is_refused("first frame cut", &first[..first.len() - 500]);
}

/// A GIF of the squares, and where the data of the first frame end.
fn gif(frames: usize) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = gif::Encoder::new(&mut file, 64, 48, SQUARES.as_flattened()).unwrap();
    for number in 0..frames {
        let indices = square_numbers()
            .iter()
            .map(|index| (index + number as u8) % 12)
            .collect::<Vec<_>>();
        encoder
            .write_frame(&gif::Frame::from_indexed_pixels(64, 48, indices, None))
            .unwrap();
    }
    drop(encoder);
    file
}

#[test]
fn a_gif_is_taken_without_its_end_or_with_more_behind_it() {
    let file = gif(1);
    is_taken("whole", &file);
    is_taken("without the trailer", &file[..file.len() - 1]);
    is_taken("without the end of the frame", &file[..file.len() - 2]);
    for after in [&b"letters"[..], &[0; 100], b"\x3b\x3b", b"\x21\xfe\x50abc"] {
        is_taken("with more", &[&file[..], after].concat());
        is_taken(
            "with more instead of the trailer",
            &[&file[..file.len() - 1], after].concat(),
        );
    }
    for percent in [50, 90, 97] {
        is_refused("cut", &file[..file.len() * percent / 100]);
    }
}

#[test]
fn a_frame_of_a_gif_behind_the_first_may_be_cut_or_damaged() {
    let (one, two) = (gif(1), gif(2));
    for cut in one.len() - 1..two.len() {
        is_taken(&format!("cut at {cut}"), &two[..cut]);
    }
    let mut damaged = two;
    damaged[one.len() + 20..].fill(0xff);
    is_taken("damaged", &damaged);
}

/// Lossy, lossless with alpha, and animated: with the end of the data of the first picture.
fn webps() -> Vec<(&'static str, Vec<u8>, usize)> {
    let lossy = squares(&SQUARES).webp(95);
    let mut lossless = Vec::new();
    let rgba: Vec<u8> = squares(&SQUARES)
        .rgb
        .iter()
        .flat_map(|&[r, g, b]| [r, g, b, 255])
        .collect();
    image::codecs::webp::WebPEncoder::new_lossless(&mut lossless)
        .encode(&rgba, 64, 48, image::ExtendedColorType::Rgba8)
        .unwrap();
    let chunk = |name: &[u8], body: &[u8]| {
        let mut chunk = [name, &(body.len() as u32).to_le_bytes(), body].concat();
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    };
    let frame = chunk(
        b"ANMF",
        &[&[0, 0, 0, 0, 0, 0, 63, 0, 0, 47, 0, 0, 100, 0, 0, 0], &lossless[12..]].concat(),
    );
    let head = [
        chunk(b"VP8X", &[0x12, 0, 0, 0, 63, 0, 0, 47, 0, 0]),
        chunk(b"ANIM", &[0; 6]),
    ]
    .concat();
    let animated = chunk(b"RIFF", &[b"WEBP", &head[..], &frame, &frame].concat());
    let ends = (lossy.len(), lossless.len(), 12 + head.len() + frame.len());
    vec![
        ("lossy", lossy, ends.0),
        ("lossless", lossless, ends.1),
        ("animated", animated, ends.2),
    ]
}

#[test]
fn a_webp_is_taken_whatever_size_its_front_claims_and_whatever_follows() {
    for (name, file, end) in webps() {
        is_taken(name, &file);
        is_taken(name, &[&file[..], b"j"].concat());
        is_taken(name, &[&file[..], &b"letters".repeat(9)].concat());
        let right = file.len() as u32 - 8;
        for size in [
            0,
            1,
            100,
            right - 10,
            right - 1,
            right + 1,
            right + 2,
            right + 1000,
            u32::MAX - 9,
            u32::MAX,
        ] {
            let mut file = file.clone();
            file[4..8].copy_from_slice(&size.to_le_bytes());
            is_taken(&format!("{name} that claims {size} bytes"), &file);
        }
        for cut in end..file.len() {
            is_taken(&format!("{name} cut at {cut}"), &file[..cut]);
        }
        for cut in [end - 8, end * 3 / 4, end / 2] {
            is_refused(&format!("{name} cut at {cut}"), &file[..cut]);
        }
    }
}
