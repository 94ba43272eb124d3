//! Fuzz target: this project's JPEG decoder with its `unsafe` kernels, from the first byte after the magic number.

use crate::picture;

/// Makes variants of a JPEG with these bytes behind its magic number.
///
/// # Panics
/// As [`picture::enter`].
pub fn enter(data: &[u8]) {
    const MAGIC: &[u8] = &[0xff, 0xd8, 0xff];
    if data.starts_with(MAGIC) {
        picture::enter(data);
    } else {
        picture::enter(&[MAGIC, data].concat());
    }
}
