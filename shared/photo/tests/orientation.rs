//! A picture that is stored turned or mirrored shows the same as the upright one, also where its sides are odd.
#![allow(clippy::unwrap_used)]
mod common;

use common::files::Png;
use common::*;
use jpeg_encoder::SamplingFactor::{F_1_1, F_1_2, F_2_1, F_2_2};

/// Colors that change from pixel to pixel in both directions, without much change of luma: a displacement of chroma by
/// one pixel shows.
fn scene(width: usize, height: usize) -> Drawing {
    let pixel = |x: usize, y: usize| {
        let (u, v) = (x as f64 / 9.0, y as f64 / 9.0);
        let (cb, cr) = (60.0 * (u + 0.4 * v).sin(), 60.0 * (v - 0.3 * u).cos());
        let luma = 120.0 + 20.0 * ((u + v) / 3.0).sin();
        [luma + 1.402 * cr, luma - 0.344 * cb - 0.714 * cr, luma + 1.772 * cb].map(|c| c.clamp(0.0, 255.0) as u8)
    };
    let rgb = (0..height).flat_map(|y| (0..width).map(move |x| pixel(x, y)));
    Drawing {
        width,
        height,
        rgb: rgb.collect(),
    }
}

/// The largest mean difference of a channel.
fn difference(one: &Drawing, other: &Drawing) -> f64 {
    assert_eq!((one.width, one.height), (other.width, other.height));
    let mean = |c: usize| {
        let pairs = one.rgb.iter().zip(&other.rgb);
        pairs.map(|(a, b)| f64::from(a[c].abs_diff(b[c]))).sum::<f64>() / one.rgb.len() as f64
    };
    (0..3).map(mean).fold(0.0, f64::max)
}

/// The mean difference that JPEG and the grid of the source's chroma explain.
const MOST: f64 = 3.0;

#[track_caller]
fn assert_same(name: &str, upright: &[u8], turned: &[u8], widths: &[u32]) {
    let (_, wanted) = variants_of(upright, widths).unwrap();
    let (_, got) = variants_of(turned, widths).unwrap();
    for (wanted, got) in wanted.iter().zip(&got) {
        let far = difference(&decoded(wanted), &decoded(got));
        assert!(far < MOST, "{name} at {}: {far:.2}", wanted.width);
    }
}

const SIZES: [(usize, usize); 4] = [(64, 48), (65, 48), (64, 49), (65, 49)];

#[test]
fn every_orientation_of_a_jpeg_shows_the_same_for_every_sampling_and_parity() {
    for (width, height) in SIZES {
        let scene = scene(width, height);
        for sampling in [F_1_1, F_2_1, F_1_2, F_2_2] {
            // The chroma of a turned source has another grid: compare with a source that has no such grid.
            let upright = scene.jpeg(F_1_1, 0, false);
            for orientation in 2..=8 {
                let turned = oriented(&scene.stored(orientation).jpeg(sampling, 0, false), orientation);
                let name = format!("{width}x{height}, {sampling:?}, orientation {orientation}");
                assert_same(&name, &upright, &turned, &[65, 43, 42]);
            }
        }
    }
}

#[test]
fn every_orientation_of_a_gray_picture_shows_the_same() {
    for (width, height) in SIZES {
        let scene = scene(width, height).gray();
        for orientation in 2..=8 {
            let turned = oriented(&scene.stored(orientation).gray_jpeg(), orientation);
            assert_same(
                &format!("{width}x{height} {orientation}"),
                &scene.gray_jpeg(),
                &turned,
                &[65, 43],
            );
        }
    }
}

fn exif_png(drawing: &Drawing, orientation: u8, prefix: &[u8]) -> Vec<u8> {
    let size = (drawing.width as u32, drawing.height as u32);
    let png = Png::new(size, 2, 8, drawing.rgb.as_flattened());
    png.before(b"eXIf", &[prefix, &exif_data(orientation)].concat()).file()
}

fn exif_webp(drawing: &Drawing, orientation: u8, prefix: &[u8]) -> Vec<u8> {
    let chunk = |name: &[u8], body: &[u8]| {
        let mut chunk = [name, &(body.len() as u32).to_le_bytes(), body].concat();
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    };
    let side = |side: usize| (side as u32 - 1).to_le_bytes()[..3].to_vec();
    let head = [vec![8, 0, 0, 0], side(drawing.width), side(drawing.height)].concat();
    let exif = [prefix, &exif_data(orientation)].concat();
    let picture = &drawing.webp(100)[12..];
    chunk(
        b"RIFF",
        &[b"WEBP", &chunk(b"VP8X", &head)[..], picture, &chunk(b"EXIF", &exif)].concat(),
    )
}

#[test]
fn every_orientation_of_a_png_or_webp_shows_the_same_for_every_parity() {
    for (width, height) in SIZES {
        let scene = scene(width, height);
        let upright = scene.png();
        for orientation in 2..=8 {
            let stored = scene.stored(orientation);
            for prefix in [&b""[..], b"Exif\0\0"] {
                let name = format!("{width}x{height}, orientation {orientation}");
                assert_same(&name, &upright, &exif_png(&stored, orientation, prefix), &[65, 43, 42]);
                assert_same(&name, &upright, &exif_webp(&stored, orientation, prefix), &[65, 43, 42]);
            }
        }
    }
}

#[test]
fn a_turned_picture_with_a_profile_and_odd_sides_shows_the_same() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let segment = [b"ICC_PROFILE\0\x01\x01".as_slice(), &profile].concat();
    let scene = scene(65, 49);
    let tagged = |jpeg: &[u8]| with_segment(jpeg, 0xe2, &segment);
    for orientation in 2..=8 {
        let turned = oriented(&scene.stored(orientation).jpeg(F_2_2, 0, false), orientation);
        let upright = tagged(&scene.jpeg(F_1_1, 0, false));
        assert_same(&orientation.to_string(), &upright, &tagged(&turned), &[65, 43, 42]);
    }
}

#[test]
fn a_photo_of_241_by_181_shows_the_same_after_half_a_turn() {
    let upright = include_bytes!("pictures/o-241x181-1.jpg");
    let turned = include_bytes!("pictures/o-241x181-3.jpg");
    let widths = [241, 141, 140];
    let (_, wanted) = variants_of(upright, &widths).unwrap();
    let (_, got) = variants_of(turned, &widths).unwrap();
    for (wanted, got) in wanted.iter().zip(&got) {
        let far = difference(&decoded(wanted).stored(3), &decoded(got));
        assert!(far < MOST, "{far:.2} at {}", wanted.width);
    }
}
