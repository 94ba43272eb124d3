//! Safe functions over libwebp: encode and decode one picture.
use libwebp_sys::{
    VP8StatusCode, WEBP_CSP_MODE, WebPBitstreamFeatures, WebPConfig, WebPDecode, WebPDecoderConfig, WebPEncode,
    WebPFreeDecBuffer, WebPGetFeatures, WebPPicture, WebPPreset, WebPValidateConfig,
};
use std::ffi::c_int;
use std::mem::zeroed;

/// The longest side of a WebP (`WEBP_MAX_DIMENSION` in encode.h).
pub const LONGEST: usize = 16_383;

/// A picture to encode: 4:2:0 planes in the limited range of BT.601, rows without gaps.
pub struct Planar {
    pub width: usize,
    pub height: usize,
    pub y: Vec<u8>,
    /// Cb.
    pub u: Vec<u8>,
    /// Cr.
    pub v: Vec<u8>,
    /// Empty when all pixels are opaque.
    pub alpha: Vec<u8>,
}

/// The features of a picture, as its file has them.
#[derive(Clone, Copy, Debug)]
pub struct Features {
    pub width: usize,
    pub height: usize,
    /// Pixels are RGBA, not RGB.
    pub alpha: bool,
}

/// A decoded picture.
pub struct Decoded {
    pub features: Features,
    /// Row by row.
    pub pixels: Vec<u8>,
}

/// Encodes a picture: quality 0 to 100, effort 0 to 6. `None` when libwebp fails.
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
    // Safety: libwebp made `config` and checks it. The lengths of the planes are checked above; this function borrows
    // them exclusively (libwebp writes into transparent areas) for the whole call, as it does `out`, which only
    // `append` uses.
    let done =
        unsafe { WebPValidateConfig(&raw const config) != 0 && WebPEncode(&raw const config, &raw mut raw) != 0 };
    done.then_some(out)
}

/// Receives a part of the file from libwebp.
unsafe extern "C" fn append(data: *const u8, size: usize, picture: *const WebPPicture) -> c_int {
    // Safety: libwebp passes `size` bytes, and the picture of `encode`, whose `custom_ptr` is a vector.
    unsafe {
        let out: &mut Vec<u8> = &mut *(*picture).custom_ptr.cast();
        out.extend_from_slice(std::slice::from_raw_parts(data, size));
    }
    1
}

/// Reads the header of a still picture. `None` when the file is damaged.
pub fn features(file: &[u8]) -> Option<Features> {
    // Safety: zero is a valid value of this plain C structure. libwebp reads only the bytes of the slice.
    let mut features: WebPBitstreamFeatures = unsafe { zeroed() };
    let status = unsafe { WebPGetFeatures(file.as_ptr(), file.len(), &raw mut features) };
    (status == VP8StatusCode::VP8_STATUS_OK).then_some(Features {
        width: usize::try_from(features.width).ok()?,
        height: usize::try_from(features.height).ok()?,
        alpha: features.has_alpha != 0,
    })
}

/// Decodes a still picture of at most `most` pixels, with a second thread if `threads` is set. `None` when the file is
/// damaged or too large.
pub fn decode(file: &[u8], most: u64, threads: bool) -> Option<Decoded> {
    let features @ Features { width, height, alpha } = features(file)?;
    if width.max(height) > LONGEST || (width * height) as u64 > most {
        return None;
    }
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
    // Safety: libwebp made `config`. It writes only into the buffer, whose size it knows and which outlives the call.
    let status = unsafe {
        let status = WebPDecode(file.as_ptr(), file.len(), &raw mut config);
        WebPFreeDecBuffer(&raw mut config.output);
        status
    };
    (status == VP8StatusCode::VP8_STATUS_OK).then_some(Decoded { features, pixels })
}
