//! Each kind of BMP and TIFF is decoded right, or refused with a reason.
#![allow(clippy::unwrap_used)]
mod common;

use common::files::{Tiff, bmp_file, bmp_with};
use common::*;
use image::ImageEncoder;
use photo::{Error, Format, Options, Output, make_variants};

const WIDTHS: [u32; 2] = [100, 203];

fn drawing() -> Drawing {
    Drawing::new(203, 150)
}

fn rgb_tiff(drawing: &Drawing) -> Tiff {
    let size = (drawing.width as u32, drawing.height as u32);
    Tiff::new(size, 2, 8, 3, drawing.rgb.as_flattened().to_vec())
}

#[track_caller]
fn shows(file: &[u8], wanted: &Drawing, format: Format) {
    let picture = assert_looks_like(file, wanted, &WIDTHS, 32.0);
    assert_eq!(picture.header.format, format);
}

/// The rows of a picture in a BMP, each padded to four bytes.
fn bmp_rows<T: Copy>(
    drawing: &Drawing,
    rows_up: bool,
    pixel: impl Fn([u8; 3]) -> T,
    bytes: impl Fn(&[T]) -> Vec<u8>,
) -> Vec<u8> {
    let mut rows: Vec<&[[u8; 3]]> = drawing.rgb.chunks(drawing.width).collect();
    if rows_up {
        rows.reverse();
    }
    let row = |row: &&[[u8; 3]]| {
        let mut row = bytes(&row.iter().map(|&rgb| pixel(rgb)).collect::<Vec<T>>());
        row.resize(row.len().next_multiple_of(4), 0);
        row
    };
    rows.iter().flat_map(row).collect()
}

fn bmp24(drawing: &Drawing, rows_up: bool) -> Vec<u8> {
    let data = bmp_rows(
        drawing,
        rows_up,
        |[r, g, b]| [b, g, r],
        |row| row.as_flattened().to_vec(),
    );
    let height = drawing.height as i32;
    bmp_file(
        (drawing.width as u32, if rows_up { height } else { -height }),
        24,
        0,
        &[],
        &data,
    )
}

#[test]
fn a_bmp_of_24_bits_is_right_in_both_directions() {
    let drawing = drawing();
    shows(&bmp24(&drawing, true), &drawing, Format::Bmp);
    shows(&bmp24(&drawing, false), &drawing, Format::Bmp);
}

#[test]
fn a_bmp_of_16_or_32_bits_is_right() {
    let drawing = drawing();
    let size = (drawing.width as u32, drawing.height as i32);
    let data = bmp_rows(
        &drawing,
        true,
        |[r, g, b]| [b, g, r, 0],
        |row| row.as_flattened().to_vec(),
    );
    shows(&bmp_file(size, 32, 0, &[], &data), &drawing, Format::Bmp);
    let five = |c: u8| u16::from(c >> 3);
    let mut coarse = drawing.clone();
    for c in coarse.rgb.as_flattened_mut() {
        *c = ((u32::from(*c >> 3) * 255 + 15) / 31) as u8;
    }
    let data = bmp_rows(
        &drawing,
        true,
        |[r, g, b]| (five(r) << 10 | five(g) << 5 | five(b)).to_le_bytes(),
        |row| row.as_flattened().to_vec(),
    );
    shows(&bmp_file(size, 16, 0, &[], &data), &coarse, Format::Bmp);
}

#[test]
fn a_bmp_with_a_palette_is_right_packed_or_not() {
    let gray = drawing().gray();
    let size = (gray.width as u32, gray.height as i32);
    let palette: Vec<[u8; 4]> = (0..=255).map(|i| [i, i, i, 0]).collect();
    let data = bmp_rows(&gray, true, |[r, ..]| r, <[u8]>::to_vec);
    shows(&bmp_file(size, 8, 0, &palette, &data), &gray, Format::Bmp);
    // Runs of one pixel, with the escapes for end of row and end of picture.
    let packed: Vec<u8> = gray
        .rgb
        .chunks(gray.width)
        .rev()
        .flat_map(|row| {
            row.iter()
                .flat_map(|&[c, ..]| [1, c])
                .chain([0, 0])
                .collect::<Vec<u8>>()
        })
        .chain([0, 1])
        .collect();
    shows(&bmp_file(size, 8, 1, &palette, &packed), &gray, Format::Bmp);
    let mut two = gray;
    for p in &mut two.rgb {
        *p = if p[0] > 127 { [250, 240, 10] } else { [20, 60, 200] };
    }
    let bits = |row: &[[u8; 3]]| {
        let bytes = row.chunks(8).map(|eight| {
            let bit = |(i, p): (usize, &[u8; 3])| u8::from(p[0] == 250) << (7 - i);
            eight.iter().enumerate().map(bit).sum()
        });
        bytes.collect()
    };
    let data = bmp_rows(&two, true, |p| p, bits);
    let (picture, variants) = variants_of(
        &bmp_file(size, 1, 0, &[[200, 60, 20, 0], [10, 240, 250, 0]], &data),
        &[203],
    )
    .unwrap();
    assert_eq!(picture.header.format, Format::Bmp);
    assert!(decoded(&variants[0]).cast(&two) < 1.5);
}

/// A BMP with a header of version 5 and masks for red, green, blue and alpha.
fn bmp_v5(drawing: &Drawing, alpha: impl Fn(usize) -> u8) -> Vec<u8> {
    let mut info = vec![0; 124];
    let mut put = |at: usize, value: u32| info[at..at + 4].copy_from_slice(&value.to_le_bytes());
    put(0, 124);
    put(4, drawing.width as u32);
    put(8, (drawing.height as u32).wrapping_neg());
    put(12, 1 | 32 << 16);
    put(16, 3);
    for (i, mask) in [0xff_0000, 0xff00, 0xff, 0xff00_0000].into_iter().enumerate() {
        put(40 + 4 * i, mask);
    }
    let pixels = drawing.rgb.iter().enumerate();
    let data: Vec<u8> = pixels.flat_map(|(i, &[r, g, b])| [b, g, r, alpha(i)]).collect();
    bmp_with(&info, &[], &data)
}

#[test]
fn alpha_in_a_bmp_shows_the_background_unless_it_is_zero_everywhere() {
    let drawing = drawing();
    let (alpha, wanted) = faded(&drawing);
    shows(&bmp_v5(&drawing, |i| alpha[i]), &wanted, Format::Bmp);
    shows(&bmp_v5(&drawing, |_| 0), &drawing, Format::Bmp);
}

/// A gradient of alpha, and the drawing with it over white.
fn faded(drawing: &Drawing) -> (Vec<u8>, Drawing) {
    let alpha: Vec<u8> = (0..drawing.rgb.len())
        .map(|i| (i % drawing.width * 255 / (drawing.width - 1)) as u8)
        .collect();
    let mut wanted = drawing.clone();
    for (p, &a) in wanted.rgb.iter_mut().zip(&alpha) {
        let a = u32::from(a);
        *p = p.map(|c| ((u32::from(c) * a + 255 * (255 - a)) / 255) as u8);
    }
    (alpha, wanted)
}

#[test]
fn a_tiff_of_8_or_16_bits_is_right_in_both_byte_orders() {
    let drawing = drawing();
    let size = (drawing.width as u32, drawing.height as u32);
    shows(&rgb_tiff(&drawing).file(), &drawing, Format::Tiff);
    shows(&rgb_tiff(&drawing).big_endian().file(), &drawing, Format::Tiff);
    let wide = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let samples = drawing.rgb.as_flattened().iter();
        samples.flat_map(|&c| bytes(u16::from(c) << 8 | 99)).collect()
    };
    let little = Tiff::new(size, 2, 16, 3, wide(u16::to_le_bytes)).file();
    let big = Tiff::new(size, 2, 16, 3, wide(u16::to_be_bytes)).big_endian().file();
    shows(&little, &drawing, Format::Tiff);
    assert_eq!(
        variants_of(&little, &WIDTHS).unwrap().1,
        variants_of(&big, &WIDTHS).unwrap().1
    );
}

#[test]
fn a_gray_tiff_is_right_whether_zero_is_black_or_white() {
    let gray = drawing().gray();
    let size = (gray.width as u32, gray.height as u32);
    let luma: Vec<u8> = gray.rgb.iter().map(|p| p[0]).collect();
    shows(&Tiff::new(size, 1, 8, 1, luma.clone()).file(), &gray, Format::Tiff);
    let inverted = luma.iter().map(|c| 255 - c).collect();
    shows(&Tiff::new(size, 0, 8, 1, inverted).file(), &gray, Format::Tiff);
    let wide = luma.iter().flat_map(|&c| [77, c]).collect();
    shows(&Tiff::new(size, 1, 16, 1, wide).file(), &gray, Format::Tiff);
    // One bit a pixel, as in a fax: 1 is black.
    let bits = |row: &[u8]| -> Vec<u8> {
        let bytes = row.chunks(8).map(|eight| {
            eight
                .iter()
                .enumerate()
                .map(|(i, c)| u8::from(*c < 128) << (7 - i))
                .sum()
        });
        bytes.collect()
    };
    let fax = luma.chunks(gray.width).flat_map(bits).collect();
    let mut two = gray;
    for p in &mut two.rgb {
        *p = [if p[0] < 128 { 0 } else { 255 }; 3];
    }
    let (_, variants) = variants_of(&Tiff::new(size, 0, 1, 1, fax).file(), &[203]).unwrap();
    assert!(decoded(&variants[0]).psnr(&two) > 25.0);
}

#[test]
fn alpha_in_a_tiff_shows_the_background_multiplied_in_advance_or_not() {
    let drawing = drawing();
    let size = (drawing.width as u32, drawing.height as u32);
    let (alpha, wanted) = faded(&drawing);
    let pixels = |multiplied: bool| -> Vec<u8> {
        let pixels = drawing.rgb.iter().zip(&alpha);
        pixels
            .flat_map(|(rgb, &a)| {
                let times = |c: u8| {
                    if multiplied {
                        (u32::from(c) * u32::from(a) / 255) as u8
                    } else {
                        c
                    }
                };
                [times(rgb[0]), times(rgb[1]), times(rgb[2]), a]
            })
            .collect()
    };
    for (kind, multiplied) in [(1, true), (2, false)] {
        let file = Tiff::new(size, 2, 8, 4, pixels(multiplied))
            .with(338, 3, &[kind])
            .file();
        shows(&file, &wanted, Format::Tiff);
        let options = Options {
            widths: vec![203],
            outputs: vec![Output::WebP { quality: 92, effort: 4 }],
            ..Options::default()
        };
        make_variants(&file, &options, &mut |variant| {
            let (_, covers) = decoded_webp(&variant.bytes);
            assert!(
                covers
                    .iter()
                    .zip(&alpha)
                    .all(|(got, wanted)| got.abs_diff(*wanted) <= 1)
            );
        })
        .unwrap();
    }
}

#[test]
fn all_orientations_of_a_tiff_stand_upright() {
    let drawing = drawing();
    for orientation in 1..=8 {
        let stored = rgb_tiff(&drawing.stored(orientation)).with(274, 3, &[orientation.into()]);
        let picture = assert_looks_like(&stored.file(), &drawing, &WIDTHS, 32.0);
        assert_eq!(picture.header.orientation, orientation);
    }
}

#[test]
fn the_profile_of_a_tiff_is_applied() {
    let p3 = moxcms::ColorProfile::new_display_p3();
    let drawing = drawing();
    let mut wanted = drawing.clone();
    let layout = moxcms::Layout::Rgb;
    let srgb = moxcms::ColorProfile::new_srgb();
    let transform = p3
        .create_transform_8bit(layout, &srgb, layout, Default::default())
        .unwrap();
    transform
        .transform(drawing.rgb.as_flattened(), wanted.rgb.as_flattened_mut())
        .unwrap();
    let profile: Vec<u32> = p3.encode().unwrap().into_iter().map(u32::from).collect();
    let picture = assert_looks_like(
        &rgb_tiff(&drawing).with(34675, 7, &profile).file(),
        &wanted,
        &WIDTHS,
        32.0,
    );
    assert!(picture.header.profile);
}

#[test]
fn what_the_image_crate_writes_is_read() {
    let drawing = drawing();
    let (width, height) = (drawing.width as u32, drawing.height as u32);
    let kind = image::ExtendedColorType::Rgb8;
    let mut bmp = Vec::new();
    image::codecs::bmp::BmpEncoder::new(&mut bmp)
        .encode(drawing.rgb.as_flattened(), width, height, kind)
        .unwrap();
    shows(&bmp, &drawing, Format::Bmp);
    let mut tiff = std::io::Cursor::new(Vec::new());
    image::codecs::tiff::TiffEncoder::new(&mut tiff)
        .write_image(drawing.rgb.as_flattened(), width, height, kind)
        .unwrap();
    shows(&tiff.into_inner(), &drawing, Format::Tiff);
}

#[test]
fn of_many_pages_the_first_one_counts() {
    let drawing = drawing();
    let mut file = rgb_tiff(&drawing).file();
    // A zero behind the directory means that there is no other: point to a second one, with a page of one pixel.
    let place = file.len() - 4;
    let next = (file.len() as u32).to_le_bytes();
    file[place..].copy_from_slice(&next);
    let page = rgb_tiff(&Drawing::new(1, 1)).file();
    let directory = u32::from_le_bytes(page[4..8].try_into().unwrap()) as usize;
    file.extend_from_slice(&page[directory..]);
    shows(&file, &drawing, Format::Tiff);
}

#[test]
fn kinds_that_would_come_out_wrong_are_refused_with_advice() {
    let drawing = drawing();
    let plain = rgb_tiff(&drawing);
    let four = drawing.rgb.iter().flat_map(|&[r, g, b]| [r, g, b, 0]).collect();
    let cmyk = Tiff::new((203, 150), 5, 8, 4, four);
    let palette = Tiff::new((203, 150), 3, 8, 1, vec![0; 203 * 150]).with(320, 3, &[0; 768]);
    let floats = Tiff::new((203, 150), 2, 32, 3, vec![0; 203 * 150 * 12]).with(339, 3, &[3, 3, 3]);
    for (tiff, reason) in [
        (cmyk, "CMYK"),
        (palette, "palette"),
        (floats, "unsigned integers"),
        (plain.clone().with(259, 3, &[7]), "JPEG compression"),
        (plain.clone().with(262, 3, &[6]), "color space"),
        (plain.clone().with(262, 3, &[8]), "color space"),
        (plain.clone().with(277, 3, &[60_000]), "channels"),
        (plain.with(259, 3, &[50_000]), "unusual"),
    ] {
        let refused = variants_of(&tiff.file(), &WIDTHS).unwrap_err();
        assert!(matches!(refused, Error::Unsupported(_)), "{reason}: {refused:?}");
        assert!(refused.to_string().contains(reason), "{reason}: {refused}");
    }
    let mut big = rgb_tiff(&drawing).file();
    big[2] = b'+';
    assert_eq!(
        variants_of(&big, &WIDTHS).unwrap_err(),
        Error::Unsupported("a BigTIFF: save it as a plain TIFF, or as PNG")
    );
    let jpeg = bmp_file((203, 150), 0, 4, &[], &drawing.png());
    assert!(matches!(variants_of(&jpeg, &WIDTHS), Err(Error::Unsupported(_))));
}

#[test]
fn more_pixels_than_are_decoded_whole_are_refused_by_the_header() {
    let (width, height) = (10_000, 5_001);
    let too_many = Err(Error::TooManyPixels { width, height });
    let bmp = bmp_file((width, height as i32), 24, 0, &[], &[]);
    assert_eq!(variants_of(&bmp, &WIDTHS), too_many);
    let tiff = Tiff::new((width, height), 2, 8, 3, vec![]).file();
    assert_eq!(variants_of(&tiff, &WIDTHS), too_many);
}
