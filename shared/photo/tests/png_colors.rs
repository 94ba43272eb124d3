//! The colors of a PNG become sRGB, by the chunk that comes first in a browser: cICP, iCCP, sRGB, gAMA with cHRM.
#![allow(clippy::unwrap_used)]
mod common;

use common::files::{Png, zlib};
use common::*;

fn rgb() -> Png {
    Png::new(SQUARES_SIZE, 2, 8, &squares(&SQUARES).rgb.into_flattened())
}

fn rgba(alpha: u8) -> Png {
    let pixels = squares(&SQUARES).rgb;
    let rows: Vec<u8> = pixels.iter().flat_map(|&[r, g, b]| [r, g, b, alpha]).collect();
    Png::new(SQUARES_SIZE, 6, 8, &rows)
}

fn luma(color: [u8; 3]) -> u8 {
    ((u32::from(color[0]) * 299 + u32::from(color[1]) * 587 + u32::from(color[2]) * 114 + 500) / 1000) as u8
}

fn grays() -> [[u8; 3]; 12] {
    SQUARES.map(|color| [luma(color); 3])
}

fn gray() -> Png {
    let rows: Vec<u8> = squares(&SQUARES).rgb.iter().map(|&color| luma(color)).collect();
    Png::new(SQUARES_SIZE, 0, 8, &rows)
}

fn gray_alpha(alpha: u8) -> Png {
    let rows: Vec<u8> = squares(&SQUARES)
        .rgb
        .iter()
        .flat_map(|&color| [luma(color), alpha])
        .collect();
    Png::new(SQUARES_SIZE, 4, 8, &rows)
}

fn palette() -> Png {
    Png::new(SQUARES_SIZE, 3, 8, &square_numbers())
}

fn with_gamma(png: Png, gamma: f64) -> Png {
    png.before(b"gAMA", &((gamma * 100_000.0).round() as u32).to_be_bytes())
}

const SRGB: [f64; 8] = [0.3127, 0.329, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06];
const DISPLAY_P3: [f64; 8] = [0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06];

fn with_chromaticities(png: Png, points: [f64; 8]) -> Png {
    let numbers = points.map(|point| ((point * 100_000.0).round() as u32).to_be_bytes());
    png.before(b"cHRM", numbers.as_flattened())
}

fn with_icc(png: Png, profile: &[u8]) -> Png {
    png.before(b"iCCP", &[b"p\0\0", &zlib(profile)[..]].concat())
}

fn encoded(light: f64) -> u8 {
    let encoded = if light <= 0.003_130_8 {
        12.92 * light
    } else {
        1.055 * light.powf(1.0 / 2.4) - 0.055
    };
    (encoded * 255.0).round() as u8
}

/// What becomes of a sample whose light is its `exponent`th power.
fn power(exponent: f64) -> impl Fn(u8) -> u8 {
    move |sample| encoded((f64::from(sample) / 255.0).powf(exponent))
}

fn changed(colors: [[u8; 3]; 12], change: impl Fn(u8) -> u8) -> [[u8; 3]; 12] {
    colors.map(|color| color.map(&change))
}

/// The squares of these colors in Display P3, with light that is the `exponent`th power of a sample.
fn from_p3(exponent: f64) -> [[u8; 3]; 12] {
    // From linear Display P3 to linear sRGB.
    const MATRIX: [[f64; 3]; 3] = [
        [1.224_94, -0.224_94, 0.0],
        [-0.042_06, 1.042_06, 0.0],
        [-0.019_64, -0.078_64, 1.098_27],
    ];
    SQUARES.map(|color| {
        let light = color.map(|sample| (f64::from(sample) / 255.0).powf(exponent));
        MATRIX.map(|row| encoded(row.iter().zip(light).map(|(m, l)| m * l).sum::<f64>().clamp(0.0, 1.0)))
    })
}

fn display_p3() -> [[u8; 3]; 12] {
    let layout = moxcms::Layout::Rgb;
    let (p3, srgb) = (moxcms::ColorProfile::new_display_p3(), moxcms::ColorProfile::new_srgb());
    let transform = p3
        .create_transform_8bit(layout, &srgb, layout, Default::default())
        .unwrap();
    let mut out = [[0; 3]; 12];
    transform
        .transform(SQUARES.as_flattened(), out.as_flattened_mut())
        .unwrap();
    out
}

/// An ICC profile of version 2 with these tags.
fn icc(class: &[u8; 4], space: &[u8; 4], connection: &[u8; 4], tags: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let (mut table, mut body) = (vec![], vec![]);
    let start = 128 + 4 + 12 * tags.len();
    for (name, value) in tags {
        table.extend_from_slice(*name);
        table.extend(((start + body.len()) as u32).to_be_bytes());
        table.extend((value.len() as u32).to_be_bytes());
        body.extend_from_slice(value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    let mut head = vec![0; 128];
    head[..4].copy_from_slice(&((start + body.len()) as u32).to_be_bytes());
    head[8] = 2;
    head[9] = 0x40;
    head[12..16].copy_from_slice(class);
    head[16..20].copy_from_slice(space);
    head[20..24].copy_from_slice(connection);
    head[36..40].copy_from_slice(b"acsp");
    head[68..80].copy_from_slice(&[0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d]);
    [head, (tags.len() as u32).to_be_bytes().to_vec(), table, body].concat()
}

fn curve(gamma: f64) -> Vec<u8> {
    let gamma = ((gamma * 256.0).round() as u16).to_be_bytes();
    [b"curv\0\0\0\0\0\0\0\x01", &gamma[..]].concat()
}

fn xyz(point: [f64; 3]) -> Vec<u8> {
    let numbers = point.map(|number| ((number * 65536.0).round() as i32).to_be_bytes());
    [b"XYZ \0\0\0\0", numbers.as_flattened()].concat()
}

const WHITE: [f64; 3] = [0.9642, 1.0, 0.8249];

fn gray_icc(gamma: f64, connection: &[u8; 4]) -> Vec<u8> {
    icc(
        b"mntr",
        b"GRAY",
        connection,
        &[(b"wtpt", xyz(WHITE)), (b"kTRC", curve(gamma))],
    )
}

/// Display P3 with a plain power as its curve.
fn p3_icc(gamma: f64, class: &[u8; 4], space: &[u8; 4], connection: &[u8; 4]) -> Vec<u8> {
    let tags: [(&[u8; 4], Vec<u8>); 7] = [
        (b"wtpt", xyz(WHITE)),
        (b"rXYZ", xyz([0.51512, 0.2412, -0.00105])),
        (b"gXYZ", xyz([0.29198, 0.69225, 0.04189])),
        (b"bXYZ", xyz([0.1571, 0.06657, 0.78407])),
        (b"rTRC", curve(gamma)),
        (b"gTRC", curve(gamma)),
        (b"bTRC", curve(gamma)),
    ];
    icc(class, space, connection, &tags)
}

#[test]
fn gamma_is_applied_to_every_kind_of_png() {
    for gamma in [1.0, 0.55, 0.5, 0.3, 1.8] {
        let wanted = changed(SQUARES, power(1.0 / gamma));
        let palette = with_gamma(palette(), gamma).before(b"PLTE", SQUARES.as_flattened());
        assert_squares("palette", &palette.file(), &wanted, 4);
        assert_squares("RGB", &with_gamma(rgb(), gamma).file(), &wanted, 4);
        assert_squares("RGBA", &with_gamma(rgba(255), gamma).file(), &wanted, 4);
        let wanted = changed(grays(), power(1.0 / gamma));
        assert_squares("gray", &with_gamma(gray(), gamma).file(), &wanted, 2);
        assert_squares("gray and alpha", &with_gamma(gray_alpha(255), gamma).file(), &wanted, 2);
    }
    let hunted = full_size(include_bytes!("pictures/gama-1.png")).unwrap();
    // As Chromium shows it.
    let corner = hunted.rgb[8 * 240 + 8];
    assert!(corner.iter().all(|channel| *channel > 60), "{corner:?}");
}

#[test]
fn the_gamma_of_srgb_and_an_invalid_one_change_nothing() {
    for gamma in [0.45455, 0.4545, 0.0] {
        assert_squares("sRGB", &with_gamma(rgb(), gamma).file(), &SQUARES, 3);
    }
    assert_squares("short", &rgb().before(b"gAMA", &[0, 1]).file(), &SQUARES, 3);
    let point = [0.3127, 0.329, 0.64, 0.33, 0.64, 0.33, 0.64, 0.33];
    let invalid = [point, [0.0; 8]].map(|points| with_chromaticities(with_gamma(rgb(), 1.0), points));
    invalid
        .iter()
        .for_each(|png| assert_squares("invalid cHRM", &png.file(), &SQUARES, 3));
}

#[test]
fn chromaticities_count_together_with_a_gamma_only() {
    let p3 = |png| with_chromaticities(png, DISPLAY_P3);
    assert_squares("alone", &p3(rgb()).file(), &SQUARES, 3);
    assert_squares("with gamma 1", &p3(with_gamma(rgb(), 1.0)).file(), &from_p3(1.0), 4);
    assert_squares(
        "with gamma 1/2.2",
        &p3(with_gamma(rgb(), 1.0 / 2.2)).file(),
        &from_p3(2.2),
        4,
    );
    let srgb = with_chromaticities(with_gamma(rgb(), 1.0 / 2.2), SRGB);
    assert_squares("of sRGB", &srgb.file(), &changed(SQUARES, power(2.2)), 4);
    let wanted = changed(grays(), power(2.2));
    assert_squares("gray", &p3(with_gamma(gray(), 1.0 / 2.2)).file(), &wanted, 2);
}

#[test]
fn the_first_usable_of_cicp_iccp_srgb_and_gama_decides() {
    let srgb_icc = moxcms::ColorProfile::new_srgb().encode().unwrap();
    let p3_points = |png: Png| png.before(b"cICP", &[12, 13, 0, 1]);
    let srgb = |png: Png| png.before(b"sRGB", &[0]);
    let linear = changed(SQUARES, power(1.0));
    for (name, png, wanted) in [
        ("sRGB and gAMA", with_gamma(srgb(rgb()), 1.0), SQUARES),
        ("gAMA and sRGB", srgb(with_gamma(rgb(), 1.0)), SQUARES),
        ("iCCP and gAMA", with_gamma(with_icc(rgb(), &srgb_icc), 1.0), SQUARES),
        (
            "a broken iCCP and gAMA",
            with_gamma(with_icc(rgb(), &[7; 160]), 1.0),
            linear,
        ),
        (
            "a gray iCCP and gAMA",
            with_gamma(with_icc(rgb(), &gray_icc(1.8, b"XYZ ")), 1.0),
            linear,
        ),
        ("cICP and sRGB", srgb(p3_points(rgb())), display_p3()),
        ("cICP and iCCP", with_icc(p3_points(rgb()), &srgb_icc), display_p3()),
        (
            "cICP of sRGB and gAMA",
            with_gamma(rgb().before(b"cICP", &[1, 13, 0, 1]), 1.0),
            SQUARES,
        ),
        (
            "unspecified cICP and gAMA",
            with_gamma(rgb().before(b"cICP", &[2, 2, 0, 1]), 1.0),
            linear,
        ),
        (
            "reserved cICP and gAMA",
            with_gamma(rgb().before(b"cICP", &[99, 99, 0, 1]), 1.0),
            linear,
        ),
        (
            "cICP of limited range and gAMA",
            with_gamma(rgb().before(b"cICP", &[1, 13, 0, 0]), 1.0),
            linear,
        ),
    ] {
        assert_squares(name, &png.file(), &wanted, 4);
    }
}

#[test]
fn code_points_are_applied() {
    let video = changed(SQUARES, power(2.4));
    for (points, wanted) in [
        ([1, 13, 0, 1], SQUARES),
        ([12, 13, 0, 1], display_p3()),
        ([1, 8, 0, 1], changed(SQUARES, power(1.0))),
        ([1, 4, 0, 1], changed(SQUARES, power(2.2))),
        ([1, 5, 0, 1], changed(SQUARES, power(2.8))),
        ([12, 8, 0, 1], from_p3(1.0)),
        ([1, 1, 0, 1], video),
        ([1, 14, 0, 1], video),
    ] {
        assert_squares(
            &format!("{points:?}"),
            &rgb().before(b"cICP", &points).file(),
            &wanted,
            4,
        );
    }
    let wanted = changed(grays(), power(1.0));
    assert_squares("gray", &gray().before(b"cICP", &[12, 8, 0, 1]).file(), &wanted, 2);
    assert_squares(
        "RGBA",
        &rgba(255).before(b"cICP", &[12, 13, 0, 1]).file(),
        &display_p3(),
        4,
    );
}

#[test]
fn high_dynamic_range_is_mapped_to_srgb_with_room_above_white() {
    // What Chromium shows for these samples of gray.
    const PERCEPTUAL_QUANTIZER: [(u8, u8); 8] = [
        (0, 0),
        (48, 15),
        (96, 70),
        (120, 114),
        (144, 175),
        (168, 226),
        (192, 255),
        (255, 255),
    ];
    const HYBRID_LOG_GAMMA: [(u8, u8); 8] = [
        (0, 0),
        (48, 29),
        (96, 71),
        (120, 92),
        (144, 115),
        (168, 147),
        (204, 207),
        (255, 255),
    ];
    for (transfer, samples) in [(16, PERCEPTUAL_QUANTIZER), (18, HYBRID_LOG_GAMMA)] {
        for (sample, shown) in samples {
            for primaries in [1, 9, 12] {
                let png = Png::new(SQUARES_SIZE, 2, 8, &[sample; 64 * 48 * 3]);
                let png = png.before(b"cICP", &[primaries, transfer, 0, 1]);
                assert_squares(
                    &format!("{primaries} {transfer} {sample}"),
                    &png.file(),
                    &[[shown; 3]; 12],
                    5,
                );
            }
        }
    }
}

#[test]
fn a_gray_profile_is_applied_to_gray_with_and_without_alpha() {
    for gamma in [1.0, 1.8, 2.2] {
        let profile = gray_icc(gamma, b"XYZ ");
        let wanted = changed(grays(), power(gamma));
        assert_squares("gray", &with_icc(gray(), &profile).file(), &wanted, 2);
        assert_squares("opaque", &with_icc(gray_alpha(255), &profile).file(), &wanted, 2);
        // Converted first, then blended over white.
        let blended = changed(wanted, |gray| ((u32::from(gray) * 128 + 255 * 127 + 127) / 255) as u8);
        assert_squares("half", &with_icc(gray_alpha(128), &profile).file(), &blended, 2);
        assert_squares(
            "transparent",
            &with_icc(gray_alpha(0), &profile).file(),
            &[[255; 3]; 12],
            0,
        );
    }
    let hunted = full_size(include_bytes!("pictures/gicc-Gray-la.png")).unwrap();
    assert!(hunted.rgb.iter().all(|[r, g, b]| r == g && g == b));
}

#[test]
fn a_gray_profile_may_give_lightness() {
    let of_lightness = |gamma: f64| {
        move |sample: u8| {
            let lightness = (f64::from(sample) / 255.0).powf(gamma) * 100.0;
            let light = if lightness > 8.0 {
                ((lightness + 16.0) / 116.0).powi(3)
            } else {
                lightness / 903.3
            };
            encoded(light)
        }
    };
    for gamma in [1.0, 1.8] {
        let profile = gray_icc(gamma, b"Lab ");
        let wanted = changed(grays(), of_lightness(gamma));
        assert_squares("gray", &with_icc(gray(), &profile).file(), &wanted, 2);
        assert_squares(
            "gray and alpha",
            &with_icc(gray_alpha(255), &profile).file(),
            &wanted,
            2,
        );
    }
}

#[test]
fn an_rgb_profile_is_applied_before_transparency() {
    let profile = p3_icc(1.0, b"mntr", b"RGB ", b"XYZ ");
    assert_squares("RGB", &with_icc(rgb(), &profile).file(), &from_p3(1.0), 4);
    assert_squares("opaque", &with_icc(rgba(255), &profile).file(), &from_p3(1.0), 4);
    let blended = changed(from_p3(1.0), |color| {
        ((u32::from(color) * 128 + 255 * 127 + 127) / 255) as u8
    });
    assert_squares("half", &with_icc(rgba(128), &profile).file(), &blended, 4);
}

#[test]
fn a_profile_that_does_not_fit_or_is_broken_is_ignored() {
    let p3 = |space, connection| p3_icc(1.0, b"mntr", space, connection);
    let whole = p3(b"RGB ", b"XYZ ");
    let no_tags = |space: &[u8; 4]| icc(b"mntr", space, b"XYZ ", &[(b"wtpt", xyz(WHITE))]);
    for (name, profile) in [
        ("gray", gray_icc(1.0, b"XYZ ")),
        ("CMYK", p3(b"CMYK", b"Lab ")),
        ("Lab", p3(b"Lab ", b"Lab ")),
        ("cut", whole[..200].to_vec()),
        ("no tags", no_tags(b"RGB ")),
        ("noise", vec![0xa5; 500]),
        ("empty", vec![]),
    ] {
        assert_squares(name, &with_icc(rgb(), &profile).file(), &SQUARES, 3);
        assert_squares(name, &with_icc(rgba(255), &profile).file(), &SQUARES, 3);
    }
    for (name, profile) in [
        ("RGB", whole),
        ("CMYK", p3(b"CMYK", b"Lab ")),
        ("no tags", no_tags(b"GRAY")),
        ("noise", vec![0xa5; 500]),
    ] {
        assert_squares(name, &with_icc(gray(), &profile).file(), &grays(), 1);
        assert_squares(name, &with_icc(gray_alpha(255), &profile).file(), &grays(), 1);
    }
}

#[test]
fn the_class_and_the_connection_space_of_a_profile_with_a_matrix_do_not_matter() {
    for class in [b"mntr", b"scnr", b"prtr"] {
        for connection in [b"XYZ ", b"Lab "] {
            let profile = p3_icc(2.2, class, b"RGB ", connection);
            let wanted = from_p3((2.2f64 * 256.0).round() / 256.0);
            assert_squares("P3", &with_icc(rgb(), &profile).file(), &wanted, 4);
        }
    }
}
