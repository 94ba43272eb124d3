//! A GIF shows its first frame, on a screen that holds it.
#![allow(clippy::unwrap_used)]
mod common;

use common::*;
use photo::{Error, Options, make_variants};

/// The frame of the squares at this place of a screen, in a file.
fn gif(screen: (u16, u16), place: (u16, u16), change: impl Fn(&mut gif::Frame)) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = gif::Encoder::new(&mut file, screen.0, screen.1, SQUARES.as_flattened()).unwrap();
    let mut frame = gif::Frame::from_indexed_pixels(64, 48, square_numbers(), None);
    (frame.left, frame.top) = place;
    change(&mut frame);
    encoder.write_frame(&frame).unwrap();
    drop(encoder);
    file
}

/// The squares at this place, on white.
fn placed(size: (usize, usize), place: (usize, usize)) -> Drawing {
    let mut rgb = vec![[255; 3]; size.0 * size.1];
    for (y, row) in squares(&SQUARES).rgb.chunks(64).enumerate() {
        rgb[(place.1 + y) * size.0 + place.0..][..64].copy_from_slice(row);
    }
    Drawing {
        width: size.0,
        height: size.1,
        rgb,
    }
}

#[test]
fn the_screen_grows_to_hold_the_first_frame() {
    for (screen, place, size) in [
        ((64, 48), (0, 0), (64, 48)),
        ((32, 24), (0, 0), (64, 48)),
        ((1, 1), (0, 0), (64, 48)),
        ((0, 0), (0, 0), (64, 48)),
        ((0, 48), (0, 0), (64, 48)),
        ((100, 24), (0, 0), (100, 48)),
        ((20, 100), (0, 0), (64, 100)),
        ((200, 150), (16, 32), (200, 150)),
        ((64, 48), (48, 32), (112, 80)),
        ((64, 48), (112, 96), (176, 144)),
        ((0, 0), (16, 16), (80, 64)),
        ((200, 30), (0, 16), (200, 64)),
    ] {
        let file = gif(screen, place, |_| {});
        let got = full_size(&file).unwrap();
        assert_eq!((got.width, got.height), size, "{screen:?} {place:?}");
        let wanted = placed(size, (place.0.into(), place.1.into()));
        assert!(
            got.psnr(&wanted) > 35.0,
            "{screen:?} {place:?}: {:.1} dB",
            got.psnr(&wanted)
        );
    }
    let hunted = full_size(include_bytes!("pictures/g-screen-small.gif")).unwrap();
    assert_eq!((hunted.width, hunted.height), (75, 53));
}

#[test]
fn a_later_frame_does_not_change_the_size() {
    let mut file = gif((16, 16), (0, 0), |_| {});
    let larger = gif((16, 16), (100, 100), |_| {});
    // Behind the screen and its palette of sixteen colors.
    let frame = &larger[13 + 48..];
    file.pop();
    file.extend_from_slice(frame);
    assert_squares("two frames", &file, &SQUARES, 3);
}

#[test]
fn an_interlaced_frame_is_right() {
    let file = gif((64, 48), (0, 0), |frame| {
        let rows: Vec<&[u8]> = frame.buffer.chunks(64).collect();
        let passes = [(0, 8), (4, 8), (2, 4), (1, 2)];
        let order = passes
            .iter()
            .flat_map(|&(first, step)| rows.iter().skip(first).step_by(step));
        let buffer: Vec<u8> = order.copied().flatten().copied().collect();
        frame.buffer = buffer.into();
        frame.interlaced = true;
    });
    assert_squares("interlaced", &file, &SQUARES, 3);
}

#[test]
fn what_is_transparent_shows_the_background() {
    let file = gif((64, 48), (0, 0), |frame| frame.transparent = Some(3));
    let mut wanted = SQUARES;
    wanted[3] = [255; 3];
    assert_squares("one transparent color", &file, &wanted, 3);
    let file = gif((64, 48), (0, 0), |frame| {
        frame.transparent = Some(3);
        frame.buffer = vec![3; 64 * 48].into();
    });
    assert_squares("all transparent", &file, &[[255; 3]; 12], 0);
}

#[test]
fn a_palette_of_the_frame_comes_first_and_without_any_it_is_refused() {
    let mut other = SQUARES;
    other.reverse();
    let file = gif((64, 48), (0, 0), |frame| {
        frame.palette = Some(other.as_flattened().to_vec())
    });
    assert_squares("local palette", &file, &other, 3);
    // Take the palette of the screen out: the flag, and 48 bytes.
    let mut file = gif((64, 48), (0, 0), |_| {});
    file[10] = 0;
    file.drain(13..13 + 48);
    assert!(matches!(full_size(&file), Err(Error::Corrupt(_))));
}

#[test]
fn an_index_beyond_the_palette_is_black() {
    let mut file = gif((64, 48), (0, 0), |_| {});
    // Four colors instead of sixteen.
    file[10] = file[10] & !7 | 1;
    file.drain(13 + 12..13 + 48);
    let mut wanted = [[0; 3]; 12];
    wanted[..4].copy_from_slice(&SQUARES[..4]);
    assert_squares("short palette", &file, &wanted, 3);
}

#[test]
fn unknown_blocks_of_a_gif_are_skipped() {
    let mut file = gif((64, 48), (0, 0), |_| {});
    let unknown = b"\x21\x99\x03abc\0\x21\xfe\x05hello\0";
    file.splice(13 + 48..13 + 48, unknown.iter().copied());
    assert_squares("unknown", &file, &SQUARES, 3);
}

#[test]
fn a_frame_that_makes_the_screen_too_large_is_refused_by_the_header() {
    let file = gif((64, 48), (65_000, 65_000), |_| {});
    let refused = make_variants(&file, &Options::default(), &mut |_| {});
    let (width, height) = (65_064, 65_048);
    assert_eq!(refused, Err(Error::TooManyPixels { width, height }));
}
