//! Fuzz target: a picture of any format: header, decoder, resizing, encoder.

use photo::{Error, Limits, Options, Picture, Variant, inspect, make_variants};

/// Makes variants: a rejected picture has none; an accepted picture has at least one, each with its declared size. A
/// second thread does not change the result.
///
/// # Panics
/// If one of these is violated.
pub fn enter(data: &[u8]) {
    let (made, variants) = make(data, 1);
    match &made {
        Err(_) => assert!(variants.is_empty(), "a refused picture has variants"),
        Ok(_) => assert!(!variants.is_empty(), "an accepted picture has no variants"),
    }
    for variant in &variants {
        let header = inspect(&variant.bytes).expect("a variant can be read");
        assert_eq!((header.width, header.height), (variant.width, variant.height));
    }
    if made.is_ok() {
        assert!(make(data, 2) == (made, variants), "two threads have a different result");
    }
}

fn make(data: &[u8], threads: usize) -> (Result<Picture, Error>, Vec<Variant>) {
    let options = Options {
        widths: vec![16, 40],
        threads,
        // Small limits, so that the fuzzer tries thousands of inputs per second.
        limits: Limits {
            bytes: 64 << 10,
            pixels: 1 << 16,
            whole_pixels: 1 << 14,
            side: 1 << 12,
        },
        ..Options::default()
    };
    let mut variants = vec![];
    let made = make_variants(data, &options, &mut |variant| variants.push(variant));
    (made, variants)
}
