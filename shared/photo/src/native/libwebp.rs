//! libwebp: planes in, a file out, and the other way round.
use libwebp_sys::{
    VP8StatusCode, WEBP_CSP_MODE, WebPBitstreamFeatures, WebPConfig, WebPDecode, WebPDecoderConfig, WebPEncode,
    WebPFreeDecBuffer, WebPGetFeatures, WebPPicture, WebPPreset, WebPValidateConfig,
};
use std::ffi::c_int;
use std::mem::zeroed;

/// The longest side of a WebP (`WEBP_MAX_DIMENSION` of encode.h).
pub const LONGEST: usize = 16_383;

/// A picture as libwebp encodes it: planes of BT.601's narrow range, chroma halved both ways, rows without gaps.
pub struct Planar {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Luma.
    pub y: Vec<u8>,
    /// Blue's difference.
    pub u: Vec<u8>,
    /// Red's difference.
    pub v: Vec<u8>,
    /// How opaque each pixel is; empty when all are.
    pub alpha: Vec<u8>,
}

/// What libwebp has decoded.
pub struct Decoded {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Whether a pixel has a fourth byte that says how opaque it is.
    pub alpha: bool,
    /// Red, green, blue, perhaps alpha, row by row.
    pub pixels: Vec<u8>,
}

/// Encodes a picture with a quality from 0 to 100 and an effort from 0 to 6; `None` when libwebp will not.
pub fn encode(picture: &mut Planar, quality: u8, effort: u8) -> Option<Vec<u8>> {
    let (width, height) = (picture.width, picture.height);
    let halved = width.div_ceil(2) * height.div_ceil(2);
    let whole = picture.y.len() == width * height
        && picture.u.len() == halved
        && picture.v.len() == halved
        && (picture.alpha.is_empty() || picture.alpha.len() == width * height);
    if !whole || width.max(height) > LONGEST {
        return None;
    }
    let mut config = WebPConfig::new_with_preset(WebPPreset::WEBP_PRESET_DEFAULT, quality.into()).ok()?;
    config.method = effort.into();
    let mut out: Vec<u8> = Vec::with_capacity(width * height / 8);
    let mut raw = WebPPicture::new().ok()?;
    (raw.width, raw.height) = (width as c_int, height as c_int);
    (raw.y, raw.u, raw.v) = (picture.y.as_mut_ptr(), picture.u.as_mut_ptr(), picture.v.as_mut_ptr());
    (raw.y_stride, raw.uv_stride) = (width as c_int, width.div_ceil(2) as c_int);
    if !picture.alpha.is_empty() {
        raw.colorspace = libwebp_sys::WebPEncCSP::WEBP_YUV420A;
        (raw.a, raw.a_stride) = (picture.alpha.as_mut_ptr(), width as c_int);
    }
    raw.writer = Some(append);
    raw.custom_ptr = (&raw mut out).cast();
    // Safety: `config` was made by libwebp and is checked by it; the planes have just been measured, are ours alone
    // (libwebp writes into them where nothing shows) and outlive the call, as `out` does, which only `append` touches.
    let done =
        unsafe { WebPValidateConfig(&raw const config) != 0 && WebPEncode(&raw const config, &raw mut raw) != 0 };
    done.then_some(out)
}

/// Takes a piece of the file that libwebp writes.
unsafe extern "C" fn append(data: *const u8, size: usize, picture: *const WebPPicture) -> c_int {
    // Safety: libwebp hands over `size` bytes and the picture that it was given, whose pointer is `encode`'s vector.
    unsafe {
        let out: &mut Vec<u8> = &mut *(*picture).custom_ptr.cast();
        out.extend_from_slice(std::slice::from_raw_parts(data, size));
    }
    1
}

/// Decodes a whole still of at most so many pixels, its loop filter on another thread when there may be one; `None`
/// when it is damaged.
pub fn decode(file: &[u8], most: u64, threads: bool) -> Option<Decoded> {
    // Safety: all zeros is a value of this plain C structure; libwebp reads at most the slice's bytes.
    let mut features: WebPBitstreamFeatures = unsafe { zeroed() };
    let status = unsafe { WebPGetFeatures(file.as_ptr(), file.len(), &raw mut features) };
    let (width, height) = (
        usize::try_from(features.width).ok()?,
        usize::try_from(features.height).ok()?,
    );
    if status != VP8StatusCode::VP8_STATUS_OK || width.max(height) > LONGEST || (width * height) as u64 > most {
        return None;
    }
    let alpha = features.has_alpha != 0;
    let line = width * if alpha { 4 } else { 3 };
    let mut pixels = vec![0; line * height];
    let mut config = WebPDecoderConfig::new().ok()?;
    config.options.use_threads = threads.into();
    config.output.colorspace = if alpha {
        WEBP_CSP_MODE::MODE_RGBA
    } else {
        WEBP_CSP_MODE::MODE_RGB
    };
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = pixels.as_mut_ptr();
    config.output.u.RGBA.stride = line as c_int;
    config.output.u.RGBA.size = pixels.len();
    // Safety: `config` was made by libwebp; it writes only inside the buffer whose size it is told, which outlives the call.
    let status = unsafe {
        let status = WebPDecode(file.as_ptr(), file.len(), &raw mut config);
        WebPFreeDecBuffer(&raw mut config.output);
        status
    };
    (status == VP8StatusCode::VP8_STATUS_OK).then_some(Decoded {
        width,
        height,
        alpha,
        pixels,
    })
}
