//! Bad pictures are refused with a reason, quickly and without a panic.
#![allow(clippy::unwrap_used)]
mod common;

use common::*;
use jpeg_encoder::SamplingFactor::{F_1_1, F_2_2};
use photo::{Error, Options, make_variants};
use proptest::prelude::*;
use std::sync::LazyLock;

fn attempt(photo: &[u8]) -> Result<photo::Picture, Error> {
    let options = Options {
        widths: vec![140, 64],
        threads: 1,
        ..Options::default()
    };
    make_variants(photo, &options, &mut |_| {})
}

/// One small file of each kind.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    static FILES: LazyLock<Vec<(&'static str, Vec<u8>)>> = LazyLock::new(draw);
    FILES.clone()
}

fn draw() -> Vec<(&'static str, Vec<u8>)> {
    let drawing = Drawing::new(160, 120);
    let mut gif = Vec::new();
    image::codecs::gif::GifEncoder::new(&mut gif)
        .encode(drawing.rgb.as_flattened(), 160, 120, image::ExtendedColorType::Rgb8)
        .unwrap();
    let mut bmp = Vec::new();
    image::codecs::bmp::BmpEncoder::new(&mut bmp)
        .encode(drawing.rgb.as_flattened(), 160, 120, image::ExtendedColorType::Rgb8)
        .unwrap();
    let tiff = files::Tiff::new((160, 120), 2, 8, 3, drawing.rgb.as_flattened().to_vec());
    vec![
        ("jpeg", drawing.jpeg(F_2_2, 0, false)),
        ("jpeg 4:4:4 with restarts", drawing.jpeg(F_1_1, 3, false)),
        ("progressive", drawing.jpeg(F_2_2, 0, true)),
        ("gray", drawing.clone().gray().gray_jpeg()),
        ("png", drawing.png()),
        ("gif", gif),
        ("webp", drawing.webp(80)),
        ("bmp", bmp),
        ("tiff", tiff.file()),
        (
            "tiff whose data come last",
            files::Tiff {
                data_last: true,
                ..tiff
            }
            .file(),
        ),
    ]
}

#[test]
fn a_file_cut_at_any_per_cent_is_refused() {
    for (name, file) in files() {
        assert!(attempt(&file).is_ok(), "{name}");
        for percent in 0..100 {
            let cut = &file[..file.len() * percent / 100];
            let result = attempt(cut);
            let fair = matches!(result, Err(Error::Truncated | Error::NotAnImage | Error::Corrupt(_)));
            assert!(fair, "{name} cut at {percent} %: {result:?}");
        }
    }
}

#[test]
fn a_cut_jpeg_is_called_truncated() {
    let (_, file) = files().swap_remove(0);
    for percent in 10..100 {
        assert_eq!(
            attempt(&file[..file.len() * percent / 100]).err(),
            Some(Error::Truncated),
            "{percent}"
        );
    }
}

/// The data of each scan of a JPEG.
fn scans(file: &[u8]) -> Vec<std::ops::Range<usize>> {
    let starts = (0..file.len() - 1).filter(|&i| file[i..i + 2] == [0xff, 0xda]);
    starts
        .map(|at| {
            let begin = at + 2 + usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
            let marker = file[begin..].windows(2).position(|w| w[0] == 0xff && w[1] != 0);
            begin..begin + marker.unwrap()
        })
        .collect()
}

#[test]
fn a_progressive_picture_with_a_scan_that_lacks_its_end_is_refused_even_when_the_file_has_one() {
    let (_, file) = files().swap_remove(2);
    let scans = scans(&file);
    assert!(scans.len() > 5, "{scans:?}");
    for scan in scans {
        for cut in (scan.start..scan.end - 1).step_by(7).chain([scan.end - 2]) {
            let cut = [&file[..cut], &[0xff, 0xd9]].concat();
            let result = attempt(&cut).map(|picture| picture.header);
            assert!(
                matches!(result, Err(Error::Truncated | Error::Corrupt(_))),
                "{} of {}: {result:?}",
                cut.len(),
                file.len()
            );
        }
    }
}

#[test]
fn a_restart_that_comes_long_after_it_was_due_does_not_hang() {
    let drawing = Drawing::new(1600, 1200);
    let file = drawing.jpeg(F_1_1, 0, false);
    let scan = file.windows(2).position(|w| w == [0xff, 0xda]).unwrap();
    // A restart is due after the first block. Much more data than the window holds follow before any marker.
    let file = [&file[..scan], &[0xff, 0xdd, 0, 4, 0, 1], &file[scan..]].concat();
    assert!(file.len() > 100_000);
    assert_eq!(attempt(&file).err(), Some(Error::Truncated));
}

#[test]
fn scans_without_end_are_refused() {
    let (_, file) = files().swap_remove(2);
    let first = scans(&file).swap_remove(0);
    let header = file[..first.start].windows(2).rposition(|w| w == [0xff, 0xda]).unwrap();
    let repeated = |count| [&file[..header], &file[header..first.end].repeat(count), &file[header..]].concat();
    let refused = attempt(&repeated(30_000)).unwrap_err();
    assert!(refused.to_string().contains("too many scans"), "{refused}");
    assert!(attempt(&repeated(500)).is_ok());
}

#[test]
fn a_claim_of_too_many_pixels_is_refused_before_anything_is_decoded() {
    let (_, mut jpeg) = files().swap_remove(0);
    let frame = jpeg.windows(2).position(|w| w == [0xff, 0xc0]).unwrap();
    for side in [65_500u16, 30_001] {
        jpeg[frame + 5..frame + 7].copy_from_slice(&side.to_be_bytes());
        jpeg[frame + 7..frame + 9].copy_from_slice(&side.to_be_bytes());
        let (width, height) = (side.into(), side.into());
        assert_eq!(attempt(&jpeg), Err(Error::TooManyPixels { width, height }));
    }
    let (_, mut png) = files().swap_remove(4);
    png[16..20].copy_from_slice(&30_000u32.to_be_bytes());
    png[20..24].copy_from_slice(&30_000u32.to_be_bytes());
    let sound = files::png_chunk(b"IHDR", &png[16..29]);
    png[8..33].copy_from_slice(&sound);
    assert_eq!(
        attempt(&png),
        Err(Error::TooManyPixels {
            width: 30_000,
            height: 30_000
        })
    );
    let (_, mut gif) = files().swap_remove(5);
    gif[6..10].fill(0xff);
    assert_eq!(
        attempt(&gif),
        Err(Error::TooManyPixels {
            width: 65_535,
            height: 65_535
        })
    );
}

#[test]
fn what_is_no_picture_is_called_that() {
    for bytes in [
        &b""[..],
        &[0; 4096],
        b"\xff\xd8",
        b"GIF",
        b"BMW is not the name of a format",
        b"<html><body>",
        b"svg",
    ] {
        assert_eq!(attempt(bytes), Err(Error::NotAnImage));
    }
}

#[test]
fn heic_and_avif_are_refused_with_advice() {
    let ftyp = |brands: &[&[u8; 4]]| {
        let length = 12 + 4 * brands.len() as u32;
        let (major, compatible) = brands.split_first().unwrap();
        let head = [&length.to_be_bytes()[..], b"ftyp", *major, &[0; 4]].concat();
        [
            head,
            compatible.iter().copied().flatten().copied().collect(),
            b"\0\0\0\x08mdat".to_vec(),
        ]
        .concat()
    };
    for brands in [
        &[b"heic", b"mif1", b"heic"][..],
        &[b"heix", b"mif1"],
        &[b"hevc", b"msf1"],
        &[b"mif1", b"heic"],
        &[b"mif1"],
    ] {
        let refused = attempt(&ftyp(brands)).unwrap_err();
        assert_eq!(refused, Error::UnsupportedFormat("HEIC"), "{brands:?}");
        let advice = refused.to_string();
        assert!(
            advice.contains("upload a JPEG, PNG, WebP, GIF, BMP or TIFF"),
            "{advice}"
        );
        assert!(advice.contains("iPhone"), "{advice}");
    }
    for brands in [&[b"avif", b"mif1"][..], &[b"avis"], &[b"mif1", b"avif"]] {
        let refused = attempt(&ftyp(brands)).unwrap_err();
        assert_eq!(refused, Error::UnsupportedFormat("AVIF"), "{brands:?}");
        assert!(!refused.to_string().contains("iPhone"), "{refused}");
    }
    for brands in [&[b"isom", b"mp42"][..], &[b"qt  "]] {
        assert_eq!(attempt(&ftyp(brands)), Err(Error::NotAnImage), "a film is no picture");
    }
    assert_eq!(attempt(b"\0\0\0\x18ftyp"), Err(Error::NotAnImage));
    assert_eq!(attempt(b"\0\0\0\0ftypheic"), Err(Error::NotAnImage));
}

#[test]
fn other_known_formats_are_refused_by_name_with_advice() {
    let raw_tiff = |tags: &[(u16, u32)]| {
        let tiff = files::Tiff::new((16, 12), 2, 8, 3, vec![0; 16 * 12 * 3]);
        tags.iter()
            .fold(tiff, |tiff, &(tag, value)| tiff.with(tag, 4, &[value]))
            .file()
    };
    for (name, file) in [
        ("SVG", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec()),
        (
            "SVG",
            b"\xef\xbb\xbf\n<?xml version=\"1.0\"?>\n<!-- drawn -->\n<!DOCTYPE svg>\n<svg>".to_vec(),
        ),
        ("PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj".to_vec()),
        ("PostScript", b"%!PS-Adobe-3.0 EPSF-3.0\n".to_vec()),
        ("PostScript", b"\xc5\xd0\xd3\xc6\x1e\0\0\0".to_vec()),
        ("Photoshop", b"8BPS\0\x01\0\0\0\0\0\0\0\x03".to_vec()),
        ("JPEG XL", b"\xff\x0a\xfa\x1f".to_vec()),
        ("JPEG XL", b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl ".to_vec()),
        ("JPEG 2000", b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 ".to_vec()),
        ("JPEG 2000", b"\xff\x4f\xff\x51\0\x29".to_vec()),
        ("JPEG XR", b"II\xbc\x01\x08\0\0\0".to_vec()),
        ("ICO", b"\0\0\x01\0\x01\0\x10\x10".to_vec()),
        ("raw", b"II*\0\x10\0\0\0CR\x02\0".to_vec()),
        ("raw", b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom".to_vec()),
        ("raw", b"FUJIFILMCCD-RAW 0201FF".to_vec()),
        ("raw", b"IIRO\x08\0\0\0".to_vec()),
        ("raw", b"IIU\0\x18\0\0\0".to_vec()),
        ("raw", raw_tiff(&[(50706, 0x0104)])),
        ("raw", raw_tiff(&[(254, 1), (330, 8)])),
    ] {
        let refused = attempt(&file).unwrap_err();
        assert_eq!(refused, Error::UnsupportedFormat(name));
        let wanted = format!("{name} files cannot be used: upload a JPEG, PNG, WebP, GIF, BMP or TIFF");
        assert_eq!(refused.to_string(), wanted);
    }
    assert!(
        attempt(&raw_tiff(&[(254, 1)])).is_ok(),
        "a reduced picture alone is no raw file"
    );
}

#[test]
fn a_file_with_too_many_bytes_is_refused() {
    let limits = photo::Limits {
        bytes: 1000,
        ..Default::default()
    };
    let result = make_variants(
        &[0; 1001],
        &Options {
            limits,
            ..Options::default()
        },
        &mut |_| {},
    );
    assert_eq!(result, Err(Error::TooLarge(1001)));
}

#[test]
fn nothing_reaches_the_sink_of_a_refused_picture() {
    let (_, file) = files().swap_remove(0);
    let mut count = 0;
    assert!(make_variants(&file[..file.len() - 40], &Options::default(), &mut |_| count += 1).is_err());
    assert_eq!(count, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_bytes_never_panic(kind in 0usize..7, bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        let head = [
            &b"\xff\xd8\xff"[..],
            b"\x89PNG\r\n\x1a\n",
            b"RIFF\0\x10\0\0WEBPVP8X",
            b"GIF89a",
            b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x20\0\0\0\x20\0\0\0\x01\0",
            b"II*\0\x08\0\0\0\x20\0",
            b"",
        ][kind];
        let _ = attempt(&[head, &bytes].concat());
    }

    #[test]
    fn damaged_pictures_never_panic(
        which in 0usize..10,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let (_, mut file) = files().swap_remove(which);
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        let _ = attempt(&file);
    }
}

#[test]
fn kinds_of_jpeg_that_nobody_takes_photos_in_are_unsupported() {
    let (_, jpeg) = files().swap_remove(0);
    let frame = jpeg.windows(2).position(|w| w == [0xff, 0xc0]).unwrap();
    for (at, byte) in [(frame + 4, 12), (frame + 1, 0xc9), (frame + 1, 0xc3)] {
        let mut file = jpeg.clone();
        file[at] = byte;
        assert!(matches!(attempt(&file), Err(Error::Unsupported(_))));
    }
}
