//! JPEGs that break a rule, or use one that hardly anybody knows: what browsers show is shown, and nothing else.
#![allow(clippy::unwrap_used)]
mod common;

use common::jpeg::{self, Jpeg, Scan, all, scan, segment};
use common::*;
use photo::{Error, Options, make_variants};

const WIDTHS: [u32; 2] = [100, 400];

/// Colors without subsampling.
const FULL: [(usize, usize); 3] = [(1, 1); 3];
/// 4:2:0.
const HALF: [(usize, usize); 3] = [(2, 2), (1, 1), (1, 1)];

fn drawing() -> Drawing {
    Drawing::new(243, 181)
}

fn refusal(file: &[u8]) -> Error {
    let mut count = 0;
    let made = make_variants(file, &Options::default(), &mut |_| count += 1);
    assert_eq!(count, 0);
    made.unwrap_err()
}

#[track_caller]
fn assert_shown(name: &str, file: &[u8]) {
    assert_shows(name, file, &drawing());
}

#[track_caller]
fn assert_shows(name: &str, file: &[u8], drawing: &Drawing) {
    println!("{name}");
    assert_looks_like(file, drawing, &WIDTHS, 31.0);
}

/// The same picture in one scan, in a scan a component, and progressive.
fn kinds() -> Vec<(&'static str, Jpeg)> {
    let jpeg = Jpeg::ycc(&drawing(), HALF);
    vec![
        ("baseline", jpeg.clone()),
        (
            "in a scan a component",
            jpeg.clone().in_scans(vec![all(&[0]), all(&[1]), all(&[2])]),
        ),
        ("progressive", jpeg.progressive(refined())),
    ]
}

/// The scans of a progressive picture, with spectral selection and successive approximation.
fn refined() -> Vec<Scan> {
    vec![
        scan(&[0, 1, 2], (0, 0), (0, 1)),
        scan(&[0], (1, 5), (0, 2)),
        scan(&[2], (1, 63), (0, 1)),
        scan(&[1], (1, 63), (0, 1)),
        scan(&[0], (6, 63), (0, 2)),
        scan(&[0], (1, 63), (2, 1)),
        scan(&[0, 1, 2], (0, 0), (1, 0)),
        scan(&[2], (1, 63), (1, 0)),
        scan(&[1], (1, 63), (1, 0)),
        scan(&[0], (1, 63), (1, 0)),
    ]
}

#[test]
fn pictures_that_other_software_stumbled_over_are_right() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pictures/");
    let read = |name: &str| std::fs::read(format!("{folder}{name}.jpg")).unwrap();
    // All show the same drawing. This one only lacks its end of image.
    let plain = [read("eoi-missing"), vec![0xff, 0xd9]].concat();
    let drawing = decoded_jpeg(&plain);
    for name in [
        "cmyk-adobe0-2112",
        "cmyk-inverted-noadobe",
        "dqt-redefined",
        "eoi-missing",
        "no-dht",
        "prog-junk-between-scans",
        "seg-18junk-before-dqt",
        "seg-rst-between",
        "smp-2x1-1x2",
        "smp-go54997-22-11-12",
    ] {
        println!("{name}");
        assert_looks_like(&read(name), &drawing, &WIDTHS, 26.0);
    }
}

#[test]
fn stray_bytes_between_the_segments_and_scans_are_skipped() {
    let strays: [(&str, &[u8]); 8] = [
        ("zeros", &[0; 18]),
        ("text", b"stray bytes"),
        ("a stuffed byte", &[0xff, 0]),
        ("a restart marker", &[0xff, 0xd3]),
        ("a temporary marker", &[0xff, 0x01]),
        ("a reserved marker", &[0xff, 0x42]),
        ("fill bytes", &[0xff; 7]),
        (
            "some of each",
            b"\0\xff\0\xff\xd0\x12\xff\xff\x01\xff\xd7\x03\xff\xff\xff\0\x99",
        ),
    ];
    for (kind, jpeg) in kinds() {
        for (stray, bytes) in strays {
            assert_shown(&format!("{stray} in {kind}"), &jpeg.with_stray(bytes));
        }
        let behind = [jpeg.file(), b"\0\0behind the end\xff\xda\xff\xd8".to_vec()].concat();
        assert_shown(&format!("behind {kind}"), &behind);
    }
}

#[test]
fn the_rest_of_a_segment_with_too_small_a_length_is_skipped() {
    for (kind, jpeg) in kinds() {
        for length in [0u16, 1, 2, 3, 9] {
            let application = [b"\xff\xe7", &length.to_be_bytes()[..], b"more than its length says"].concat();
            let comment = [b"\xff\xfe", &length.to_be_bytes()[..], b"and so is this comment"].concat();
            let mut parts = jpeg.parts();
            parts.insert(1, [application, comment].concat());
            assert_shown(&format!("length {length} in {kind}"), &parts.concat());
        }
    }
}

#[test]
fn a_segment_that_goes_on_past_the_end_is_refused() {
    for (_, jpeg) in kinds() {
        let mut parts = jpeg.parts();
        parts.insert(1, vec![0xff, 0xe1, 0xff, 0xff, 1, 2, 3]);
        let file = parts.concat();
        assert!(file.len() < 65_000);
        assert_eq!(refusal(&file), Error::Truncated);
    }
}

#[test]
fn a_line_count_behind_the_first_scan_is_skipped_and_not_trusted() {
    for (kind, jpeg) in kinds() {
        let mut parts = jpeg.parts();
        let scan = parts.iter().position(|part| part[..2] == [0xff, 0xda]).unwrap();
        parts.insert(scan + 1, segment(0xdc, &[0, 181]));
        assert_shown(kind, &parts.concat());
        let frame = parts.iter().position(|part| part[1] == jpeg.kind).unwrap();
        parts[frame][5..7].fill(0);
        let refused = refusal(&parts.concat());
        assert!(matches!(refused, Error::Unsupported(_)), "{refused:?}");
        assert!(refused.to_string().contains("height"), "{refused}");
    }
}

#[test]
fn a_whole_picture_needs_no_end_of_image() {
    for (kind, jpeg) in kinds() {
        let file = jpeg.file();
        for missing in [1, 2] {
            let file = &file[..file.len() - missing];
            assert_shown(&format!("{kind} without its last {missing}"), file);
            let stray = [file, b"\0\0"].concat();
            assert_shown(
                &format!("{kind} without its last {missing} and with stray bytes"),
                &stray,
            );
        }
        let next = [&file[..file.len() - 2], &file].concat();
        assert_shown(&format!("{kind} and another picture behind it"), &next);
    }
}

#[test]
fn a_picture_whose_own_data_are_cut_is_refused_with_and_without_an_end_of_image() {
    for (kind, jpeg) in kinds() {
        let parts = jpeg.parts();
        let end = parts.len() - 1;
        let first = parts.iter().position(|part| part[..2] == [0xff, 0xda]).unwrap();
        for scan in first..end {
            let before = parts[..scan].concat();
            let length = parts[scan].len();
            for keep in (0..length - 1).step_by(97).chain([length - 1]) {
                for tail in [&[][..], &[0xff, 0xd9], &[0xff]] {
                    let cut = [&before, &parts[scan][..keep], tail].concat();
                    let header = 8 + 2 * usize::from(parts[scan][4]);
                    if keep == 0 && scan > first && tail.len() == 2 || keep < header && tail.len() == 2 {
                        // The scans before are whole, and the file says that they are all.
                        continue;
                    }
                    let refused = refusal(&cut);
                    assert!(
                        matches!(refused, Error::Truncated | Error::Corrupt(_)),
                        "{kind}: {keep} of {length} of scan {scan}: {refused:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_cut_picture_whose_rest_is_filled_is_refused() {
    for (kind, jpeg) in kinds() {
        let file = jpeg.file();
        for cut in [file.len() / 2, file.len() * 9 / 10, file.len() - 100] {
            for fill in [0, 0x55, 0xff] {
                for length in [file.len() - cut, file.len(), 10 * file.len()] {
                    let filled = [&file[..cut], &vec![fill; length]].concat();
                    let refused = refusal(&filled);
                    assert!(
                        matches!(refused, Error::Truncated | Error::Corrupt(_)),
                        "{kind}, {fill}: {refused:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_component_keeps_the_quantization_table_of_its_first_scan() {
    let drawing = drawing();
    let mut jpeg = Jpeg::ycc(&drawing, HALF);
    for (component, table) in jpeg.components.iter_mut().zip([0, 1, 2]) {
        component.table = table;
    }
    jpeg.steps = [2, 3, 4, 1];
    // Each scan finds the right table in slot 0, and others in it soon after.
    let sequential = jpeg.clone().in_scans(vec![all(&[0]), all(&[1]), all(&[2])]);
    let progressive = jpeg.progressive(vec![
        scan(&[0], (0, 0), (0, 0)),
        scan(&[1], (0, 0), (0, 0)),
        scan(&[2], (0, 0), (0, 0)),
        scan(&[0], (1, 63), (0, 1)),
        scan(&[1], (1, 63), (0, 1)),
        scan(&[2], (1, 63), (0, 0)),
        scan(&[0], (1, 63), (1, 0)),
        scan(&[1], (1, 63), (1, 0)),
    ]);
    for jpeg in [sequential, progressive] {
        let steps = jpeg.steps;
        let mut parts = Vec::new();
        for mut part in jpeg.parts() {
            if part[1] == jpeg.kind {
                (part[12], part[15], part[18]) = (0, 0, 0);
            }
            if part[1] == 0xda {
                let first = usize::from(part[5]) - 1;
                let seen = parts.iter().any(|p: &Vec<u8>| p[1] == 0xda && p[5] == part[5]);
                parts.push(jpeg::quantization(0, if seen { 99 } else { steps[first] }));
            }
            parts.push(part);
        }
        parts.insert(parts.len() - 1, jpeg::quantization(0, 77));
        assert_shown("redefined tables", &parts.concat());
    }
}

#[test]
fn a_quantization_table_that_comes_after_the_scan_is_too_late() {
    let mut parts = Jpeg::ycc(&drawing(), FULL)
        .in_scans(vec![all(&[0]), all(&[1]), all(&[2])])
        .parts();
    let table = parts.remove(1);
    let end = parts.len() - 1;
    parts.insert(end, table);
    assert_eq!(
        refusal(&parts.concat()),
        Error::Corrupt("a quantization table is missing")
    );
}

#[test]
fn huffman_tables_and_restart_intervals_may_change_between_scans() {
    let mut jpeg = Jpeg::ycc(&drawing(), HALF).in_scans(vec![all(&[0]), all(&[1]), all(&[2])]);
    for progressive in [false, true] {
        let mut parts = Vec::new();
        for (i, interval) in [0, 5, 3].into_iter().enumerate() {
            jpeg.interval = interval;
            let these = jpeg.parts();
            if i == 0 {
                parts.extend_from_slice(&these[..7]);
            }
            parts.push(jpeg::restart_interval(interval));
            // A table of no codes, then the right one, twice.
            parts.push(segment(0xc4, &[&[0][..], &[0; 16]].concat()));
            parts.push(segment(0xc4, &[jpeg::dc_table(0), jpeg::ac_table(0)].concat()).repeat(2));
            let scans = these.iter().filter(|part| part[1] == 0xda);
            if progressive {
                parts.extend(scans.skip(2 * i).take(2).cloned());
            } else {
                parts.extend(scans.skip(i).take(1).cloned());
            }
        }
        parts.push(vec![0xff, 0xd9]);
        assert_shown("changed tables", &parts.concat());
        let halves = (0..3).flat_map(|c| [scan(&[c], (0, 0), (0, 0)), scan(&[c], (1, 63), (0, 0))]);
        jpeg = jpeg.progressive(halves.collect());
    }
}

/// The parts of a JPEG of `jpeg_encoder`, which uses the tables of T.81, Annex K.
fn segments(file: &[u8]) -> Vec<Vec<u8>> {
    let mut parts = vec![file[..2].to_vec()];
    let mut at = 2;
    while file[at + 1] != 0xda {
        let end = at + 2 + usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        parts.push(file[at..end].to_vec());
        at = end;
    }
    parts.push(file[at..].to_vec());
    parts
}

#[test]
fn missing_huffman_tables_are_the_standard_ones() {
    use jpeg_encoder::SamplingFactor::{F_1_1, F_2_2};
    let drawing = drawing();
    for sampling in [F_1_1, F_2_2] {
        let parts = segments(&drawing.jpeg(sampling, 0, false));
        let tables: Vec<usize> = (0..parts.len()).filter(|&i| parts[i][1] == 0xc4).collect();
        assert!(!tables.is_empty());
        let without: Vec<_> = parts.iter().filter(|part| part[1] != 0xc4).cloned().collect();
        assert_shown("no tables", &without.concat());
        for table in tables {
            let mut parts = parts.clone();
            parts.remove(table);
            assert_shown("all tables but one", &parts.concat());
        }
    }
    let gray = drawing.clone().gray();
    let without: Vec<_> = segments(&gray.gray_jpeg())
        .into_iter()
        .filter(|part| part[1] != 0xc4)
        .collect();
    assert_shows("gray", &without.concat(), &gray);
    // No standard table has the runs of a progressive picture.
    let parts = Jpeg::ycc(&drawing, FULL).progressive(refined()).parts();
    let without: Vec<_> = parts.into_iter().filter(|part| part[1] != 0xc4).collect();
    assert_eq!(refusal(&without.concat()), Error::Corrupt("a Huffman table is missing"));
}

#[test]
fn a_table_that_no_scan_uses_may_be_anything() {
    let mut parts = Jpeg::ycc(&drawing(), FULL).parts();
    let too_many = [&[0x13, 3][..], &[0; 15], &[1, 2, 3]].concat();
    parts.insert(1, segment(0xc4, &too_many));
    assert_shown("a table with too many codes", &parts.concat());
}

#[test]
fn a_step_of_zero_drops_its_coefficients() {
    let mut jpeg = Jpeg::ycc(&drawing(), FULL);
    let mut parts = jpeg.parts();
    for part in parts.iter_mut().filter(|part| part[1] == 0xdb) {
        // The highest frequencies: nobody sees that they are missing.
        part[5 + 60..].fill(0);
    }
    assert_shown("some zeros", &parts.concat());
    jpeg.components[1].table = 1;
    jpeg.components[2].table = 1;
    let mut parts = jpeg.parts();
    parts[2][5..].fill(0);
    let luma = drawing().gray();
    assert_shows("no color", &parts.concat(), &luma);
}

#[test]
fn a_baseline_scan_covers_all_coefficients_whatever_its_header_says() {
    for scans in [vec![vec![0, 1, 2]], vec![vec![0], vec![1, 2]]] {
        for (band, shift) in [((0, 0), 0), ((0, 63), 0x12), ((5, 2), 0xff), ((0, 64), 0)] {
            let mut jpeg = Jpeg::ycc(&drawing(), HALF);
            jpeg.scans = scans
                .iter()
                .map(|components| scan(components, band, (shift >> 4, shift & 15)))
                .collect();
            assert_shown(&format!("{band:?} {shift}"), &jpeg.file());
        }
    }
}

/// Samplings of three components, with at most ten blocks in an MCU.
fn samplings() -> Vec<[(usize, usize); 3]> {
    vec![
        [(1, 1), (1, 1), (1, 1)],
        [(2, 1), (2, 1), (2, 1)],
        [(2, 1), (1, 2), (1, 2)],
        [(1, 2), (2, 1), (2, 1)],
        [(2, 2), (1, 1), (1, 2)],
        [(2, 2), (1, 2), (1, 1)],
        [(2, 2), (2, 1), (1, 1)],
        [(2, 2), (1, 1), (2, 2)],
        [(1, 1), (2, 2), (1, 1)],
        [(1, 1), (1, 1), (2, 1)],
        [(1, 1), (2, 1), (2, 1)],
        [(1, 1), (1, 2), (1, 2)],
        [(1, 1), (2, 2), (2, 2)],
        [(1, 2), (1, 1), (1, 1)],
        [(4, 1), (1, 1), (1, 1)],
        [(4, 1), (2, 1), (2, 1)],
        [(4, 1), (1, 1), (2, 1)],
        [(4, 2), (1, 1), (1, 1)],
        [(2, 4), (1, 1), (1, 1)],
        [(1, 4), (1, 1), (1, 1)],
        [(1, 4), (1, 2), (1, 1)],
        [(3, 1), (1, 1), (1, 1)],
        [(1, 3), (1, 1), (1, 1)],
        [(3, 1), (1, 1), (3, 1)],
        [(3, 2), (1, 1), (1, 2)],
        [(1, 1), (3, 1), (3, 1)],
        // Not a whole number of samples for one of another component.
        [(3, 1), (2, 1), (2, 1)],
        [(2, 3), (1, 2), (1, 1)],
    ]
}

#[test]
fn components_of_any_sampling_are_right_in_every_kind_of_scan() {
    for (width, height) in [(243, 181), (64, 48), (17, 33)] {
        let drawing = Drawing::new(width, height);
        for factors in samplings() {
            let jpeg = Jpeg::ycc(&drawing, factors);
            let floor = if width < 100 { 26.0 } else { 30.0 };
            let widths = [50, 400];
            println!("{factors:?} at {width} x {height}");
            assert_looks_like(&jpeg.file(), &drawing, &widths, floor);
            let apart = jpeg.clone().in_scans(vec![all(&[0]), all(&[1, 2])]);
            assert_looks_like(&apart.file(), &drawing, &widths, floor);
            let mut apart = jpeg.clone().in_scans(vec![all(&[0, 1]), all(&[2])]);
            apart.interval = 3;
            assert_looks_like(&apart.file(), &drawing, &widths, floor);
            assert_looks_like(&jpeg.progressive(refined()).file(), &drawing, &widths, floor);
        }
    }
}

#[test]
fn rgb_of_any_sampling_is_right() {
    let drawing = drawing();
    for factors in samplings() {
        let mut jpeg = Jpeg::of(&drawing, &factors, |rgb| rgb.to_vec());
        for (component, id) in jpeg.components.iter_mut().zip(*b"RGB") {
            component.id = id;
        }
        println!("{factors:?}");
        assert_looks_like(&jpeg.file(), &drawing, &WIDTHS, 24.0);
    }
}

#[test]
fn the_factors_of_a_single_component_have_no_meaning() {
    let gray = drawing().gray();
    for factors in [(1, 1), (2, 2), (2, 1), (1, 2), (4, 4), (3, 1)] {
        let mut jpeg = Jpeg::of(&gray, &[(1, 1)], |rgb| vec![rgb[1]]);
        for progressive in [false, true] {
            let mut parts = jpeg.parts();
            let frame = parts.iter().position(|part| part[1] == jpeg.kind).unwrap();
            parts[frame][11] = (factors.0 << 4 | factors.1) as u8;
            assert_shows(
                &format!("{factors:?}, progressive: {progressive}"),
                &parts.concat(),
                &gray,
            );
            jpeg = jpeg.progressive(vec![scan(&[0], (0, 0), (0, 0)), scan(&[0], (1, 63), (0, 0))]);
        }
    }
}

#[test]
fn more_than_ten_blocks_in_an_mcu_are_refused() {
    let jpeg = Jpeg::ycc(&drawing(), [(4, 4), (1, 1), (1, 1)]);
    let message = Error::Corrupt("a scan with too many blocks in an MCU");
    assert_eq!(refusal(&jpeg.file()), message);
    assert_eq!(
        refusal(&jpeg.clone().in_scans(vec![all(&[0, 1]), all(&[2])]).file()),
        message
    );
    // One component in a scan has no MCU.
    let apart = jpeg.in_scans(vec![all(&[0]), all(&[1]), all(&[2])]);
    assert_shown("a component at a time", &apart.file());
}

/// CMYK as it is stored in practice: 0 is full ink.
fn cmyk(factors: [(usize, usize); 4], ycck: bool) -> Jpeg {
    Jpeg::of(&drawing(), &factors, move |rgb| {
        // A fifth of the darkness is black ink.
        let light = 255.0 - 0.2 * (255.0 - rgb.iter().copied().fold(0.0, f64::max));
        let ink = rgb.map(|c| c * 255.0 / light);
        let [r, g, b] = if ycck { ink.map(|c| 255.0 - c) } else { ink };
        if !ycck {
            return vec![r, g, b, light];
        }
        let y = 0.299 * r + 0.587 * g + 0.114 * b;
        vec![y, 128.0 + (b - y) / 1.772, 128.0 + (r - y) / 1.402, light]
    })
}

fn adobe(transform: u8) -> Vec<u8> {
    segment(0xee, &[b"Adobe\0\x64\0\0\0\0".as_slice(), &[transform]].concat())
}

#[test]
fn cmyk_is_inverted_with_and_without_the_segment_of_adobe() {
    for factors in [
        [(1, 1); 4],
        [(2, 1), (1, 1), (1, 2), (1, 1)],
        [(2, 2), (1, 1), (1, 1), (2, 2)],
        [(1, 1), (2, 1), (1, 1), (1, 1)],
        [(1, 1), (1, 1), (1, 1), (2, 2)],
        [(2, 1), (1, 1), (1, 1), (1, 1)],
    ] {
        for (transform, ycck) in [(None, false), (Some(0), false), (Some(2), true), (Some(1), true)] {
            let mut parts = cmyk(factors, ycck).parts();
            parts.insert(1, transform.map_or(vec![], adobe));
            println!("{factors:?} {transform:?}");
            assert_looks_like(&parts.concat(), &drawing(), &WIDTHS, 24.0);
        }
    }
}

#[test]
fn three_components_are_rgb_or_ycbcr_by_the_rules_of_libjpeg() {
    let jfif = || segment(0xe0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0");
    let cases = [
        ("numbers", [1, 2, 3], vec![], false),
        ("numbers from 0", [0, 1, 2], vec![], false),
        ("odd numbers", [34, 7, 255], vec![], false),
        ("the same number", [1, 1, 1], vec![], false),
        ("letters", *b"RGB", vec![], true),
        ("small letters", *b"rgb", vec![], false),
        ("letters, JFIF", *b"RGB", vec![jfif()], false),
        ("letters, Adobe 1", *b"RGB", vec![adobe(1)], false),
        ("letters, Adobe 0", *b"RGB", vec![adobe(0)], true),
        ("numbers, Adobe 0", [1, 2, 3], vec![adobe(0)], true),
        ("numbers, Adobe 2", [1, 2, 3], vec![adobe(2)], false),
        ("numbers, Adobe 0, JFIF", [1, 2, 3], vec![adobe(0), jfif()], false),
    ];
    for (name, ids, segments, rgb) in cases {
        let drawing = drawing();
        let mut jpeg = if rgb {
            Jpeg::of(&drawing, &FULL, |rgb| rgb.to_vec())
        } else {
            Jpeg::ycc(&drawing, FULL)
        };
        for (component, id) in jpeg.components.iter_mut().zip(ids) {
            component.id = id;
        }
        let mut parts = jpeg.parts();
        parts.splice(1..1, segments);
        assert_shown(name, &parts.concat());
    }
}

#[test]
fn kinds_that_nobody_shows_are_refused_with_advice() {
    let drawing = Drawing::new(40, 30);
    let with = |count: usize| {
        Jpeg::of(&drawing, &vec![(1, 1); count], |rgb| {
            [rgb, rgb].concat()[..count].to_vec()
        })
    };
    let mut refused = vec![];
    for count in [2, 5, 6] {
        let mut jpeg = with(count);
        jpeg.scans = (0..count).map(|i| all(&[i])).collect();
        refused.push((format!("{count} components"), jpeg.file(), "components"));
    }
    for (marker, word) in [
        (0xc3, "lossless"),
        (0xc5, "hierarchical"),
        (0xc6, "hierarchical"),
        (0xc7, "hierarchical"),
        (0xc9, "arithmetic"),
        (0xca, "arithmetic"),
        (0xcb, "arithmetic"),
        (0xcd, "hierarchical"),
        (0xce, "hierarchical"),
        (0xcf, "hierarchical"),
        (0xde, "hierarchical"),
        (0xf7, "lossless"),
    ] {
        let mut jpeg = with(3);
        jpeg.kind = marker;
        refused.push((format!("{marker:x}"), jpeg.file(), word));
    }
    for kind in [0xc1, 0xc2] {
        let mut parts = with(3).parts();
        let frame = parts.iter().position(|part| part[1] == 0xc0).unwrap();
        (parts[frame][1], parts[frame][4]) = (kind, 12);
        refused.push(("12 bits".to_owned(), parts.concat(), "12 bits"));
    }
    for (name, file, word) in refused {
        let refused = refusal(&file);
        assert!(matches!(refused, Error::Unsupported(_)), "{name}: {refused:?}");
        let message = refused.to_string();
        assert!(message.contains(word), "{name}: {message}");
        assert!(message.contains("upload"), "{name}: {message}");
    }
}

#[test]
fn a_second_frame_is_refused_before_it_costs_anything() {
    for (_, jpeg) in kinds() {
        let mut parts = jpeg.parts();
        let frame = parts.iter().position(|part| part[1] == jpeg.kind).unwrap();
        let mut large = parts[frame].clone();
        large[5..9].fill(0xff);
        parts.insert(frame + 1, large);
        assert_eq!(refusal(&parts.concat()), Error::Corrupt("a second frame"));
    }
}

#[test]
fn progressive_scans_may_split_the_picture_as_they_like() {
    let splits: Vec<(&str, Vec<Scan>)> = vec![
        ("refined", refined()),
        ("AC before DC", {
            let mut scans: Vec<_> = (0..3).map(|c| scan(&[c], (1, 63), (0, 0))).collect();
            scans.extend((0..3).rev().map(|c| scan(&[c], (0, 0), (0, 0))));
            scans
        }),
        ("a scan a coefficient", {
            let mut scans = vec![scan(&[0, 1, 2], (0, 0), (0, 0))];
            scans.extend((1..64).flat_map(|k| (0..3).map(move |c| scan(&[c], (k, k), (0, 0)))));
            scans
        }),
        ("a scan a bit", {
            let mut scans = vec![scan(&[0, 2], (0, 0), (0, 5)), scan(&[1], (0, 0), (0, 5))];
            scans.extend((0..5).rev().map(|low| scan(&[0, 1, 2], (0, 0), (low + 1, low))));
            for c in 0..3 {
                scans.push(scan(&[c], (1, 63), (0, 6)));
                scans.extend((0..6).rev().map(|low| scan(&[c], (1, 63), (low + 1, low))));
            }
            scans
        }),
        ("bands that overlap", {
            let mut scans = vec![scan(&[0, 1, 2], (0, 0), (0, 0))];
            scans.extend((0..3).flat_map(|c| [(1, 40), (20, 63), (1, 63)].map(|band| scan(&[c], band, (0, 0)))));
            scans
        }),
        ("without the last bit", {
            let mut scans = refined();
            scans.truncate(6);
            scans
        }),
    ];
    for (name, scans) in splits {
        for interval in [0, 7] {
            let mut jpeg = Jpeg::ycc(&drawing(), HALF).progressive(scans.clone());
            jpeg.interval = interval;
            assert_shown(&format!("{name}, restarts {interval}"), &jpeg.file());
        }
    }
}

#[test]
fn a_progressive_picture_may_end_early_when_it_says_so() {
    let drawing = drawing();
    let jpeg = Jpeg::ycc(&drawing, FULL);
    let only_dc = jpeg.clone().progressive(vec![scan(&[0, 1, 2], (0, 0), (0, 0))]).file();
    let coarse = assert_looks_like(&only_dc, &drawing, &[30], 20.0);
    assert_eq!(coarse.width, 243);
    assert_eq!(refusal(&only_dc[..only_dc.len() - 2]), Error::Truncated);
    let only_luma = vec![scan(&[0], (0, 0), (0, 0)), scan(&[0], (1, 63), (0, 0))];
    let file = jpeg.clone().progressive(only_luma).file();
    assert_shows("only luma", &file, &drawing.clone().gray());
    assert_eq!(refusal(&file[..file.len() - 2]), Error::Truncated);
    let file = jpeg.in_scans(vec![all(&[0])]).file();
    assert_shows("only luma, baseline", &file, &drawing.gray());
    assert_eq!(refusal(&file[..file.len() - 2]), Error::Truncated);
}

/// Changes the restart markers of a file: `change` gets the number of each, and returns what is in its place.
fn restarts(file: &[u8], change: impl Fn(usize) -> Vec<u8>) -> Vec<u8> {
    let (mut out, mut count, mut at) = (Vec::new(), 0, 0);
    while at < file.len() {
        if at + 1 < file.len() && file[at] == 0xff && (0xd0..=0xd7).contains(&file[at + 1]) {
            out.extend(change(count));
            count += 1;
            at += 2;
        } else {
            out.push(file[at]);
            at += 1;
        }
    }
    assert!(count > 8);
    out
}

#[test]
fn restart_markers_with_wrong_numbers_or_stray_bytes_lose_nothing() {
    let marker = |number: usize| vec![0xff, 0xd0 + (number % 8) as u8];
    for (kind, mut jpeg) in kinds() {
        // 8 x 6 MCUs of 16 x 16 pixels.
        for interval in [1, 5, 7, 16] {
            jpeg.interval = interval;
            let mut file = jpeg.file();
            assert_shown(&format!("{kind}, interval {interval}"), &file);
            if interval > 5 {
                continue;
            }
            for (name, changed) in [
                ("all the same", restarts(&file, |_| marker(0))),
                ("one too high", restarts(&file, |n| marker(n + 1))),
                (
                    "two swapped",
                    restarts(&file, |n| {
                        marker(if n == 3 {
                            4
                        } else if n == 4 {
                            3
                        } else {
                            n
                        })
                    }),
                ),
                ("each twice", restarts(&file, |n| marker(n).repeat(2))),
                ("bytes before it", restarts(&file, |n| [vec![0; 9], marker(n)].concat())),
                (
                    "FF00 and TEM before it",
                    restarts(&file, |n| [&[0xff, 0, 0xff, 1], &marker(n)[..]].concat()),
                ),
                (
                    "fill bytes before it",
                    restarts(&file, |n| [vec![0xff; 9], marker(n)].concat()),
                ),
            ] {
                assert_shown(&format!("{kind}, interval {interval}, {name}"), &changed);
            }
            let end = file.len() - 2;
            file.splice(end..end, [0xff, 0xd3, 0xff, 0xd4]);
            assert_shown(&format!("{kind}, interval {interval}, one behind the last"), &file);
        }
    }
}

#[test]
fn a_lost_interval_is_refused() {
    for (kind, mut jpeg) in kinds() {
        jpeg.interval = 5;
        let file = jpeg.file();
        let missing = restarts(&file, |n| {
            if n == 4 {
                vec![]
            } else {
                vec![0xff, 0xd0 + (n % 8) as u8]
            }
        });
        let refused = refusal(&missing);
        assert!(
            matches!(refused, Error::Truncated | Error::Corrupt(_)),
            "{kind}: {refused:?}"
        );
        let at = |n: u8| file.windows(2).position(|w| w == [0xff, 0xd0 + n]).unwrap();
        for interval in [at(2)..at(3), at(2)..at(4)] {
            let mut lost = file.clone();
            lost.drain(interval);
            let refused = refusal(&lost);
            assert!(
                matches!(refused, Error::Truncated | Error::Corrupt(_)),
                "{kind}: {refused:?}"
            );
        }
        let mut jpeg = jpeg.clone();
        jpeg.interval = 5;
        let mut parts = jpeg.parts();
        parts.retain(|part| part[1] != 0xdd);
        let refused = refusal(&parts.concat());
        assert!(
            matches!(refused, Error::Truncated | Error::Corrupt(_)),
            "{kind}: {refused:?}"
        );
    }
}

#[test]
fn a_picture_may_begin_with_stray_bytes_behind_its_first_marker() {
    let file = Jpeg::ycc(&drawing(), FULL).file();
    assert_shown("stray", &[&file[..2], &[0; 5], &file[2..]].concat());
}
