//! Black stays black, white stays white, and every kind of sample is expanded as it should be.
#![allow(clippy::unwrap_used)]
mod common;

use common::files::{Png, Tiff, bmp_file};
use common::*;
use jpeg_encoder::SamplingFactor::{F_1_1, F_2_2};
use photo::{Format, Options, Output, make_variants};

const SIZE: (u32, u32) = (40, 24);

fn flat(value: u8) -> Drawing {
    Drawing {
        width: 40,
        height: 24,
        rgb: vec![[value; 3]; 40 * 24],
    }
}

/// A flat gray in every format and layout.
fn flat_files(value: u8) -> Vec<(&'static str, Vec<u8>)> {
    let count = (SIZE.0 * SIZE.1) as usize;
    let png = |color, depth, pixel: &[u8]| Png::new(SIZE, color, depth, &pixel.repeat(count)).file();
    let mut gif = Vec::new();
    let mut encoder = gif::Encoder::new(&mut gif, 40, 24, &[value; 6]).unwrap();
    encoder
        .write_frame(&gif::Frame::from_indexed_pixels(40, 24, vec![0; count], None))
        .unwrap();
    drop(encoder);
    vec![
        ("RGB", png(2, 8, &[value; 3])),
        ("gray", png(0, 8, &[value])),
        ("RGBA", png(6, 8, &[value, value, value, 255])),
        ("gray and alpha", png(4, 8, &[value, 255])),
        ("RGB of 16 bits", png(2, 16, &[value; 6])),
        ("gray of 16 bits", png(0, 16, &[value; 2])),
        ("JPEG", flat(value).jpeg(F_2_2, 0, false)),
        ("JPEG 4:4:4", flat(value).jpeg(F_1_1, 0, false)),
        ("gray JPEG", flat(value).gray_jpeg()),
        ("GIF", gif),
        ("BMP", bmp_file((40, 24), 24, 0, &[], &[value].repeat(count * 3))),
        ("TIFF", Tiff::new(SIZE, 2, 8, 3, vec![value; count * 3]).file()),
        (
            "TIFF of 16 bits",
            Tiff::new(SIZE, 1, 16, 1, vec![value; count * 2]).file(),
        ),
    ]
}

#[test]
fn black_and_white_are_exact_in_every_format_at_every_quality_of_use() {
    for value in [0, 255] {
        for (name, file) in flat_files(value) {
            for quality in [75, 80, 85, 90, 92, 95, 100] {
                for output in [Output::Jpeg { quality }, Output::WebP { quality, effort: 2 }] {
                    let options = Options {
                        widths: vec![40, 17],
                        outputs: vec![output],
                        ..Options::default()
                    };
                    make_variants(&file, &options, &mut |variant| {
                        let got = decoded(&variant);
                        // Lossy WebP has no exact black.
                        let most = u8::from(variant.format == Format::WebP);
                        let off = got.rgb.iter().flatten().find(|channel| channel.abs_diff(value) > most);
                        assert_eq!(off, None, "{name} {output:?} at {}", variant.width);
                    })
                    .unwrap();
                }
            }
        }
    }
    let hunted = full_size(include_bytes!("pictures/f-000.png")).unwrap();
    assert!(hunted.rgb.iter().all(|pixel| *pixel == [0; 3]));
}

#[test]
fn flat_grays_are_exact_at_the_highest_quality() {
    for value in [1, 2, 15, 16, 17, 100, 127, 128, 129, 200, 234, 235, 236, 253, 254] {
        // The other encoder's JPEGs are not exact.
        for (name, file) in flat_files(value).into_iter().filter(|(name, _)| !name.contains("JPEG")) {
            let got = full_size(&file).unwrap();
            assert_eq!(
                got.rgb.iter().find(|pixel| **pixel != [value; 3]),
                None,
                "{name} {value}"
            );
        }
    }
}

#[test]
fn samples_of_16_bits_are_rounded() {
    for sample in [
        0u16, 127, 128, 129, 255, 256, 0x7f7f, 0x7fff, 0x8000, 0x80ff, 0xfeff, 0xff00, 0xffff,
    ] {
        let wanted = (f64::from(sample) / 257.0).round() as u8;
        let count = (SIZE.0 * SIZE.1) as usize;
        let png = |color, channels| {
            let pixel = sample.to_be_bytes().repeat(channels);
            Png::new(SIZE, color, 16, &pixel.repeat(count)).file()
        };
        let tiff = |photometric, channels| {
            let pixel = sample.to_le_bytes().repeat(channels);
            Tiff::new(SIZE, photometric, 16, channels as u32, pixel.repeat(count)).file()
        };
        for (name, file) in [
            ("gray", png(0, 1)),
            ("RGB", png(2, 3)),
            ("gray TIFF", tiff(1, 1)),
            ("TIFF", tiff(2, 3)),
        ] {
            let got = full_size(&file).unwrap();
            assert_eq!(got.rgb[0], [wanted; 3], "{name} {sample:#x}");
        }
    }
}

#[test]
fn one_two_and_four_bits_of_gray_span_black_to_white() {
    for depth in [1u8, 2, 4] {
        let levels = 1u32 << depth;
        // Each level is a column of sixteen pixels.
        let width = levels * 16;
        let row: Vec<u8> = (0..width)
            .collect::<Vec<_>>()
            .chunks(8 / usize::from(depth))
            .map(|pixels| pixels.iter().fold(0, |byte, x| byte << depth | (x / 16) as u8))
            .collect();
        let png = Png::new((width, 16), 0, depth, &row.repeat(16));
        let transparent = png.clone().before(b"tRNS", &[0, 0]);
        for (name, file, first) in [("opaque", png.file(), 0), ("with a key", transparent.file(), 255)] {
            let got = full_size(&file).unwrap();
            for level in 0..levels {
                let seen = got.rgb[(8 * width + level * 16 + 8) as usize];
                let gray = if level == 0 {
                    first
                } else {
                    (level * 255 / (levels - 1)) as u8
                };
                assert!(
                    seen[0].abs_diff(gray) <= 1,
                    "{name}, {depth} bits, level {level}: {seen:?}"
                );
            }
        }
    }
}

#[test]
fn a_palette_of_any_depth_has_its_transparency() {
    for depth in [4u8, 8] {
        let numbers = square_numbers();
        let rows: Vec<u8> = numbers
            .chunks(8 / usize::from(depth))
            .map(|pixels| {
                pixels
                    .iter()
                    .fold(0u16, |byte, &number| byte << depth | u16::from(number)) as u8
            })
            .collect();
        let png = Png::new(SQUARES_SIZE, 3, depth, &rows).before(b"PLTE", SQUARES.as_flattened());
        assert_squares("opaque", &png.file(), &SQUARES, 3);
        let alphas = [0, 128, 255, 77];
        let mut wanted = SQUARES;
        for (color, alpha) in wanted.iter_mut().zip(alphas) {
            *color = color.map(|c| ((u32::from(c) * alpha + 255 * (255 - alpha) + 127) / 255) as u8);
        }
        let png = png.before(b"tRNS", &alphas.map(|alpha| alpha as u8));
        assert_squares("with alpha", &png.file(), &wanted, 3);
    }
}

#[test]
fn a_transparent_key_matches_all_bits_of_a_sample() {
    let rgb = squares(&SQUARES).rgb.into_flattened();
    let keyed = |depth: u8, low: u8, key: u16| {
        let rows = match depth {
            8 => rgb.clone(),
            _ => rgb.iter().flat_map(|&sample| [sample, low]).collect(),
        };
        Png::new(SQUARES_SIZE, 2, depth, &rows).before(b"tRNS", key.to_be_bytes().repeat(3).as_slice())
    };
    let mut without_gray = SQUARES;
    without_gray[2] = [255; 3];
    assert_squares("8 bits", &keyed(8, 0, 128).file(), &without_gray, 3);
    assert_squares("16 bits", &keyed(16, 7, 0x8007).file(), &without_gray, 3);
    assert_squares("16 bits, another low byte", &keyed(16, 7, 0x8008).file(), &SQUARES, 3);
}

#[test]
fn blending_is_exact_for_opaque_and_transparent_pixels() {
    let rgb = squares(&SQUARES).rgb;
    for (alpha, wanted) in [(255, SQUARES), (0, [[255; 3]; 12])] {
        let rows: Vec<u8> = rgb.iter().flat_map(|&[r, g, b]| [r, g, b, alpha]).collect();
        let plain = squares(&wanted).rgb.into_flattened();
        assert_eq!(
            full_size(&Png::new(SQUARES_SIZE, 6, 8, &rows).file()).unwrap().rgb,
            full_size(&Png::new(SQUARES_SIZE, 2, 8, &plain).file()).unwrap().rgb
        );
    }
}

#[test]
fn a_variant_one_pixel_high_or_wide_has_the_mean_of_the_colors() {
    // Three stripes of strong colors: a sample of chroma covers one row of the variant, not two.
    let colors = [[215, 40, 220], [190, 40, 120], [150, 50, 30]];
    let mean: [f64; 3] = std::array::from_fn(|c| colors.iter().map(|color| f64::from(color[c])).sum::<f64>() / 3.0);
    for length in [4000, 2001] {
        let stripes = Drawing {
            width: length,
            height: 3,
            rgb: colors.iter().flat_map(|&color| vec![color; length]).collect(),
        };
        let columns = Drawing {
            width: 3,
            height: length,
            rgb: stripes.stored(5).rgb,
        };
        for (name, file, width, size) in [
            ("wide PNG", stripes.png(), 140, (140, 1)),
            ("wide JPEG", stripes.jpeg(F_1_1, 0, false), 140, (140, 1)),
            (
                "turned JPEG",
                oriented(&columns.jpeg(F_1_1, 0, false), 6),
                140,
                (140, 1),
            ),
            ("tall PNG", columns.png(), 1, (1, (length as f64 / 3.0).round() as u32)),
        ] {
            let (_, variants) = variants_of(&file, &[width]).unwrap();
            assert_eq!((variants[0].width, variants[0].height), size, "{name}");
            let got = decoded(&variants[0]);
            for c in 0..3 {
                let seen = got.rgb.iter().map(|pixel| f64::from(pixel[c])).sum::<f64>() / got.rgb.len() as f64;
                // At half its size, the third row of a JPEG is half outside the picture.
                assert!(
                    (seen - mean[c]).abs() < 9.0,
                    "{name}: channel {c} is {seen:.0} instead of {:.0}",
                    mean[c]
                );
            }
        }
    }
    let (_, variants) = variants_of(include_bytes!("pictures/z-4000x3.jpg"), &[140]).unwrap();
    assert_eq!((variants[0].width, variants[0].height), (140, 1));
}

#[test]
fn the_longest_sides_make_variants_of_at_least_one_pixel() {
    let limit = Options::default().limits.side;
    for (size, variant) in [
        ((limit, 1), (140, 1)),
        ((1, limit), (1, limit)),
        ((1, 1), (1, 1)),
        ((limit, 3), (140, 1)),
    ] {
        let png = Png::new(size, 0, 8, &vec![90; (size.0 * size.1) as usize]).file();
        let (picture, variants) = variants_of(&png, &[140]).unwrap();
        assert_eq!((picture.width, picture.height), size);
        assert_eq!((variants[0].width, variants[0].height), variant);
        assert_eq!(decoded(&variants[0]).rgb[0], [90; 3]);
        assert!(picture.thumbnail.width > 0 && picture.thumbnail.height > 0);
    }
}
