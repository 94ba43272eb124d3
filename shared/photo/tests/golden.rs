//! Drawn pictures of each kind are decoded, resized and encoded right.
#![allow(clippy::unwrap_used)]
mod common;

use common::*;
use jpeg_encoder::SamplingFactor::{F_1_1, F_1_2, F_2_1, F_2_2, F_4_1};
use photo::{Format, Options, Output, make_variants};

const WIDTHS: [u32; 3] = [140, 320, 640];

fn png_of(drawing: &Drawing, color: png::ColorType, depth: png::BitDepth, data: &[u8], exif: Option<u8>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, drawing.width as u32, drawing.height as u32);
    encoder.set_color(color);
    encoder.set_depth(depth);
    let mut writer = encoder.write_header().unwrap();
    if let Some(orientation) = exif {
        writer
            .write_chunk(png::chunk::ChunkType(*b"eXIf"), &exif_data(orientation))
            .unwrap();
    }
    writer.write_image_data(data).unwrap();
    writer.finish().unwrap();
    out
}

fn rgb_png(drawing: &Drawing, exif: Option<u8>) -> Vec<u8> {
    png_of(
        drawing,
        png::ColorType::Rgb,
        png::BitDepth::Eight,
        drawing.rgb.as_flattened(),
        exif,
    )
}

fn webp_of(drawing: &Drawing, exif: Option<u8>) -> Vec<u8> {
    let (w, h) = (drawing.width as u32, drawing.height as u32);
    let file = drawing.webp(95);
    let Some(orientation) = exif else { return file };
    let chunk = |name: &[u8], body: &[u8]| {
        let mut chunk = [name, &(body.len() as u32).to_le_bytes(), body].concat();
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    };
    let size = |side: u32| (side - 1).to_le_bytes()[..3].to_vec();
    let extended = chunk(b"VP8X", &[vec![8, 0, 0, 0], size(w), size(h)].concat());
    let body = [
        b"WEBP".to_vec(),
        extended,
        file[12..].to_vec(),
        chunk(b"EXIF", &exif_data(orientation)),
    ]
    .concat();
    chunk(b"RIFF", &body)
}

#[test]
fn every_sampling_with_and_without_restarts_is_right_at_every_size() {
    for (w, h) in [(700, 500), (641, 333), (1283, 77), (97, 1001), (16, 16), (17, 9)] {
        let drawing = Drawing::new(w, h);
        for sampling in [F_1_1, F_1_2, F_2_1, F_2_2] {
            for restart in [0, 1, 7] {
                assert_looks_like(&drawing.jpeg(sampling, restart, false), &drawing, &WIDTHS, 33.0);
            }
        }
    }
}

#[test]
fn unusual_samplings_and_progressive_pictures_are_right() {
    let drawing = Drawing::new(701, 455);
    let unusual = [(F_4_1, false)];
    let progressive = [F_1_1, F_1_2, F_2_1, F_2_2, F_4_1].map(|sampling| (sampling, true));
    for (sampling, progressive) in unusual.into_iter().chain(progressive) {
        assert_looks_like(&drawing.jpeg(sampling, 0, progressive), &drawing, &WIDTHS, 32.0);
    }
    let drawing = drawing.gray();
    assert_looks_like(&drawing.gray_jpeg(), &drawing, &WIDTHS, 34.0);
}

#[test]
fn all_eight_orientations_stand_upright_in_every_format() {
    let drawing = Drawing::new(405, 303);
    for orientation in 1..=8 {
        let stored = drawing.stored(orientation);
        for sampling in [F_2_2, F_1_1] {
            let jpeg = oriented(&stored.jpeg(sampling, 0, false), orientation);
            let picture = assert_looks_like(&jpeg, &drawing, &[140, 320, 1000], 32.0);
            assert_eq!(picture.header.orientation, orientation);
        }
        let gray = oriented(&stored.clone().gray().gray_jpeg(), orientation);
        assert_looks_like(&gray, &drawing.clone().gray(), &[140], 33.0);
        assert_looks_like(&rgb_png(&stored, Some(orientation)), &drawing, &[140, 320], 32.0);
        assert_looks_like(&webp_of(&stored, Some(orientation)), &drawing, &[140, 320], 30.0);
    }
}

#[test]
fn widths_around_every_variant_are_exact_and_never_larger_than_the_source() {
    for width in [140usize, 320, 640, 1024, 1440, 1920]
        .into_iter()
        .flat_map(|w| [w - 1, w, w + 1])
    {
        let drawing = Drawing::new(width, 24);
        let (_, variants) = variants_of(&drawing.jpeg(F_2_2, 0, false), &[140, 320, 640, 1024, 1440, 1920]).unwrap();
        let mut wanted: Vec<u32> = [1920, 1440, 1024, 640, 320, 140]
            .map(|w: u32| w.min(width as u32))
            .to_vec();
        wanted.dedup();
        assert_eq!(variants.iter().map(|v| v.width).collect::<Vec<_>>(), wanted);
        assert_looks_like(&drawing.jpeg(F_2_2, 0, false), &drawing, &[width as u32], 35.0);
    }
}

#[test]
fn the_smallest_and_the_thinnest_pictures_come_through() {
    for (w, h) in [(1, 1), (1, 20_000), (20_000, 1), (2, 2), (3, 1), (8, 9)] {
        let drawing = Drawing::new(w, h);
        let (picture, variants) = variants_of(&drawing.jpeg(F_1_1, 0, false), &WIDTHS).unwrap();
        assert_eq!((picture.width as usize, picture.height as usize), (w, h));
        assert_eq!(variants[0].width as usize, w.min(640));
        variants.iter().for_each(|v| drop(decoded(v)));
        let thumbnail = picture.thumbnail;
        assert!(thumbnail.width.max(thumbnail.height) <= 32);
        assert_eq!(thumbnail.rgb.len(), (thumbnail.width * thumbnail.height * 3) as usize);
    }
}

#[test]
fn a_picture_far_larger_than_what_is_wanted_is_right() {
    let drawing = Drawing::new(4001, 1203);
    assert_looks_like(&drawing.jpeg(F_2_2, 0, false), &drawing, &[20, 140], 33.0);
}

#[test]
fn cmyk_without_a_profile_is_ink_on_paper() {
    let drawing = Drawing::new(333, 222);
    let cmyk: Vec<u8> = drawing
        .rgb
        .iter()
        .flat_map(|&[r, g, b]| [r, g, b, 255].map(|c| 255 - c))
        .collect();
    for kind in [jpeg_encoder::ColorType::Cmyk, jpeg_encoder::ColorType::CmykAsYcck] {
        let halved = (kind == jpeg_encoder::ColorType::CmykAsYcck).then_some(F_2_2);
        for sampling in [F_1_1].into_iter().chain(halved) {
            let mut out = Vec::new();
            let mut encoder = jpeg_encoder::Encoder::new(&mut out, 95);
            encoder.set_sampling_factor(sampling);
            encoder.encode(&cmyk, 333, 222, kind).unwrap();
            assert_looks_like(&out, &drawing, &[140, 320], 27.0);
            let options = Options {
                widths: vec![140],
                outputs: vec![Output::WebP { quality: 92, effort: 4 }],
                ..Options::default()
            };
            make_variants(&out, &options, &mut |variant| {
                let (got, covers) = decoded_webp(&variant.bytes);
                let wanted = drawing.resized(got.width, got.height);
                assert!(got.psnr(&wanted) > 27.0, "{:.2} dB", got.psnr(&wanted));
                assert!(covers.iter().all(|&cover| cover == 255), "black is no transparency");
            })
            .unwrap();
        }
    }
}

#[test]
fn png_of_every_depth_and_kind_is_right() {
    use png::{BitDepth, ColorType};
    let drawing = Drawing::new(350, 201);
    assert_looks_like(&rgb_png(&drawing, None), &drawing, &[140, 320], 33.0);
    let wide: Vec<u8> = drawing.rgb.iter().flatten().flat_map(|&c| [c, 99]).collect();
    let sixteen = png_of(&drawing, ColorType::Rgb, BitDepth::Sixteen, &wide, None);
    assert_looks_like(&sixteen, &drawing, &[140, 320], 33.0);
    let gray = drawing.clone().gray();
    let luma: Vec<u8> = gray.rgb.iter().map(|p| p[0]).collect();
    let one = png_of(&gray, ColorType::Grayscale, BitDepth::Eight, &luma, None);
    assert_looks_like(&one, &gray, &[140, 320], 34.0);
}

#[test]
fn a_png_that_is_nearly_all_text_is_right() {
    let drawing = Drawing::new(200, 100);
    let png = rgb_png(&drawing, None);
    let text = files::png_chunk(b"tEXt", &[b"Comment\0".as_slice(), &vec![0xe9; 29 << 20]].concat());
    assert_looks_like(&[&png[..33], &text, &png[33..]].concat(), &drawing, &[140, 200], 33.0);
}

#[test]
fn what_is_transparent_shows_the_background() {
    let drawing = Drawing::new(300, 200);
    let alpha = |i: usize| ((i % 300) * 255 / 299) as u8;
    let pixels: Vec<u8> = drawing
        .rgb
        .iter()
        .enumerate()
        .flat_map(|(i, &[r, g, b])| [r, g, b, alpha(i)])
        .collect();
    let mut wanted = drawing.clone();
    for (i, p) in wanted.rgb.iter_mut().enumerate() {
        let a = u32::from(alpha(i));
        *p = p.map(|c| ((u32::from(c) * a + 255 * (255 - a)) / 255) as u8);
    }
    let png = png_of(&drawing, png::ColorType::Rgba, png::BitDepth::Eight, &pixels, None);
    assert_looks_like(&png, &wanted, &[140, 300], 32.0);
    let mut webp = Vec::new();
    image::codecs::webp::WebPEncoder::new_lossless(&mut webp)
        .encode(&pixels, 300, 200, image::ExtendedColorType::Rgba8)
        .unwrap();
    assert_looks_like(&webp, &wanted, &[140, 300], 32.0);
}

#[test]
fn display_p3_becomes_srgb_and_srgb_stays_as_it_is() {
    let p3 = moxcms::ColorProfile::new_display_p3();
    let srgb = moxcms::ColorProfile::new_srgb();
    let drawing = Drawing::new(400, 300);
    let mut wanted = drawing.clone();
    let layout = moxcms::Layout::Rgb;
    let transform = p3
        .create_transform_8bit(layout, &srgb, layout, Default::default())
        .unwrap();
    transform
        .transform(drawing.rgb.as_flattened(), wanted.rgb.as_flattened_mut())
        .unwrap();
    let segment =
        |profile: &moxcms::ColorProfile| [b"ICC_PROFILE\0\x01\x01".as_slice(), &profile.encode().unwrap()].concat();
    for sampling in [F_1_1, F_2_2] {
        let plain = drawing.jpeg(sampling, 0, false);
        assert_looks_like(&with_segment(&plain, 0xe2, &segment(&p3)), &wanted, &[140, 320], 32.0);
        let tagged = variants_of(&with_segment(&plain, 0xe2, &segment(&srgb)), &[140, 320])
            .unwrap()
            .1;
        assert_eq!(tagged, variants_of(&plain, &[140, 320]).unwrap().1);
    }
}

#[test]
fn a_gif_shows_its_first_frame() {
    let drawing = Drawing::new(200, 100);
    let frame = |color: &dyn Fn(u8) -> [u8; 4]| {
        let pixels = drawing.rgb.iter().flat_map(|p| color(p[0])).collect();
        image::Frame::new(image::RgbaImage::from_raw(200, 100, pixels).unwrap())
    };
    let mut out = Vec::new();
    // With up to 256 colors the palette is exact.
    image::codecs::gif::GifEncoder::new(&mut out)
        .encode_frames([frame(&|i| [i, i, 255 - i, 255]), frame(&|_| [9, 9, 9, 255])])
        .unwrap();
    let wanted = Drawing {
        rgb: drawing.rgb.iter().map(|p| [p[0], p[0], 255 - p[0]]).collect(),
        ..drawing
    };
    assert_looks_like(&out, &wanted, &[140, 200], 33.0);
}

#[test]
fn variants_as_webp_are_what_was_drawn() {
    let drawing = Drawing::new(701, 455);
    let options = Options {
        widths: WIDTHS.to_vec(),
        outputs: vec![Output::Jpeg { quality: 92 }, Output::WebP { quality: 92, effort: 4 }],
        ..Options::default()
    };
    for photo in [
        drawing.jpeg(F_2_2, 0, false),
        drawing.png(),
        oriented(&drawing.stored(6).jpeg(F_2_2, 0, false), 6),
    ] {
        let mut variants = Vec::new();
        make_variants(&photo, &options, &mut |variant| variants.push(variant)).unwrap();
        let formats: Vec<_> = variants.iter().map(|v| (v.width, v.format)).collect();
        let both = |width| [(width, Format::Jpeg), (width, Format::WebP)];
        assert_eq!(formats, [both(640), both(320), both(140)].concat());
        for variant in &variants {
            let got = decoded(variant);
            let wanted = drawing.resized(got.width, got.height);
            assert!(
                got.psnr(&wanted) > 32.0,
                "{:.2} dB at {}",
                got.psnr(&wanted),
                variant.width
            );
            assert!(got.cast(&wanted) < 1.5, "{:.2} at {}", got.cast(&wanted), variant.width);
        }
    }
    let gray = drawing.gray();
    let mut variants = Vec::new();
    make_variants(&gray.gray_jpeg(), &options, &mut |variant| variants.push(variant)).unwrap();
    let got = decoded(&variants[1]);
    assert!(got.cast(&gray.resized(got.width, got.height)) < 1.5);
}

#[test]
fn what_is_transparent_stays_so_in_webp_with_its_colors() {
    let drawing = Drawing::new(300, 200);
    let alpha = |i: usize| match (i % 300, i / 300) {
        (0..100, _) => 255,
        (100..200, y) => (y * 255 / 199) as u8,
        _ => 0,
    };
    let pixels: Vec<u8> = drawing
        .rgb
        .iter()
        .enumerate()
        .flat_map(|(i, &[r, g, b])| [r, g, b, alpha(i)])
        .collect();
    let png = png_of(&drawing, png::ColorType::Rgba, png::BitDepth::Eight, &pixels, None);
    let options = Options {
        widths: vec![300, 150],
        outputs: vec![Output::WebP { quality: 95, effort: 4 }],
        ..Options::default()
    };
    let mut variants = Vec::new();
    make_variants(&png, &options, &mut |variant| variants.push(variant)).unwrap();
    let (got, covers) = decoded_webp(&variants[0].bytes);
    for (i, &cover) in covers.iter().enumerate() {
        assert!(cover.abs_diff(alpha(i)) <= 1, "{cover} at {i}");
        // Nearly transparent pixels have no exact color, and chroma is shared with their neighbors.
        if (84..116).contains(&(i % 300)) || i % 300 > 183 {
            continue;
        }
        let far = (0..3).map(|c| got.rgb[i][c].abs_diff(drawing.rgb[i][c])).max().unwrap();
        assert!(
            alpha(i) < 64 || far < 40,
            "{:?} at {i} is {:?}",
            got.rgb[i],
            drawing.rgb[i]
        );
    }
    let (half, covers) = decoded_webp(&variants[1].bytes);
    assert_eq!((half.width, half.height, covers[30], covers[140]), (150, 100, 255, 0));
}

#[test]
fn a_size_that_webp_cannot_have_is_left_out() {
    let options = Options {
        widths: vec![300],
        outputs: vec![Output::Jpeg { quality: 80 }, Output::WebP { quality: 80, effort: 0 }],
        ..Options::default()
    };
    let mut formats = Vec::new();
    let tall = Drawing::new(8, 16_384).gray().gray_jpeg();
    make_variants(&tall, &options, &mut |variant| formats.push(variant.format)).unwrap();
    assert_eq!(formats, [Format::Jpeg]);
}

#[test]
fn webp_is_right() {
    let drawing = Drawing::new(500, 333);
    assert_looks_like(&webp_of(&drawing, None), &drawing, &[140, 320], 30.0);
}
