//! QR codes (ISO/IEC 18004) as SVG.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};
use shared::Error;

/// The empty border that scanners need, in modules.
const BORDER: usize = 4;

/// The QR code of a text, as an SVG image that scales to any size.
///
/// # Errors
/// [`Error::Internal`] when the text is too long.
pub fn svg(text: &str) -> Result<String, Error> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M);
    let code = code.map_err(|error| Error::internal("draw a QR code", error))?;
    let (width, colors) = (code.width(), code.to_colors());
    let side = width + 2 * BORDER;
    let mut path = String::new();
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, next| one == next) {
            if run[0] == Color::Dark {
                let (left, top, length) = (x + BORDER, y + BORDER, run.len());
                // Writing to a string does not fail.
                let _ = write!(path, "M{left} {top}h{length}v1h-{length}z");
            }
            x += run.len();
        }
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qr_code_has_its_three_finder_patterns_and_an_empty_border() {
        let image = svg(&"A".repeat(168)).unwrap();
        // 168 characters of this alphabet need version 7 at level M: 45 modules a side.
        assert!(
            image.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 53 53\""),
            "{image}"
        );
        for corner in ["M4 4h7v1h-7z", "M42 4h7v1h-7z", "M4 42h7v1h-7z"] {
            assert!(image.contains(corner), "{corner}");
        }
        assert!(!image.contains("M3 ") && !image.contains(" 3h"), "the border");
    }
}
