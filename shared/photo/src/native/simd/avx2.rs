//! [`Lanes`] in one AVX2 register.
use super::{Kernel, Lanes, Row};
use std::arch::x86_64::*;

/// Sixteen numbers in a 256-bit register. Exists only inside [`run`].
#[derive(Clone, Copy)]
pub struct Avx2(__m256i);

/// Whether this machine supports [`run`].
#[inline]
pub fn available() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("movbe")
}

/// Runs the kernel, compiled for these instruction sets.
///
/// # Safety
/// [`available`] must be true.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,movbe")]
pub unsafe fn run<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Avx2>()
}

// Safety of all blocks below: only `run` passes `Avx2` to a kernel, and its caller has checked for AVX2. Loads and
// stores go through references to exactly 32 bytes.

#[inline(always)]
fn lo16(rows: [Avx2; 8], at: usize) -> __m256i {
    unsafe { _mm256_unpacklo_epi16(rows[at].0, rows[at + 1].0) }
}

#[inline(always)]
fn hi16(rows: [Avx2; 8], at: usize) -> __m256i {
    unsafe { _mm256_unpackhi_epi16(rows[at].0, rows[at + 1].0) }
}

/// Four columns, from four registers of two interleaved rows each.
#[inline(always)]
fn columns(x: [__m256i; 4]) -> [Avx2; 4] {
    unsafe {
        let (l0, l1) = (_mm256_unpacklo_epi32(x[0], x[1]), _mm256_unpacklo_epi32(x[2], x[3]));
        let (h0, h1) = (_mm256_unpackhi_epi32(x[0], x[1]), _mm256_unpackhi_epi32(x[2], x[3]));
        [
            Avx2(_mm256_unpacklo_epi64(l0, l1)),
            Avx2(_mm256_unpackhi_epi64(l0, l1)),
            Avx2(_mm256_unpacklo_epi64(h0, h1)),
            Avx2(_mm256_unpackhi_epi64(h0, h1)),
        ]
    }
}

impl Lanes for Avx2 {
    #[inline(always)]
    fn load(from: &Row) -> Self {
        Self(unsafe { _mm256_loadu_si256(from.as_ptr().cast()) })
    }
    #[inline(always)]
    fn store(self, to: &mut Row) {
        unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), self.0) }
    }
    #[inline(always)]
    fn splat(value: i16) -> Self {
        Self(unsafe { _mm256_set1_epi16(value) })
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(unsafe { _mm256_adds_epi16(self.0, other.0) })
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(unsafe { _mm256_subs_epi16(self.0, other.0) })
    }
    #[inline(always)]
    fn scale(self, other: Self) -> Self {
        Self(unsafe { _mm256_mulhrs_epi16(self.0, other.0) })
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(unsafe { _mm256_mullo_epi16(self.0, other.0) })
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(unsafe { _mm256_min_epi16(self.0, other.0) })
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(unsafe { _mm256_max_epi16(self.0, other.0) })
    }
    #[inline(always)]
    fn low_halves(self, other: Self) -> Self {
        Self(unsafe { _mm256_permute2x128_si256::<0x20>(self.0, other.0) })
    }
    #[inline(always)]
    fn high_halves(self, other: Self) -> Self {
        Self(unsafe { _mm256_permute2x128_si256::<0x31>(self.0, other.0) })
    }
    #[inline(always)]
    fn swap_quarters(self) -> Self {
        Self(unsafe { _mm256_permute4x64_epi64::<0b11_01_10_00>(self.0) })
    }
    #[inline(always)]
    fn transpose_blocks(rows: [Self; 8]) -> [Self; 8] {
        let [c0, c1, c2, c3] = columns([lo16(rows, 0), lo16(rows, 2), lo16(rows, 4), lo16(rows, 6)]);
        let [c4, c5, c6, c7] = columns([hi16(rows, 0), hi16(rows, 2), hi16(rows, 4), hi16(rows, 6)]);
        [c0, c1, c2, c3, c4, c5, c6, c7]
    }
    #[inline(always)]
    fn nonzero(rows: &[Self; 8]) -> [u64; 2] {
        let mut masks = [0; 2];
        for pair in 0..4 {
            // Saturation to bytes: only zero stays zero.
            let bits = unsafe {
                let bytes = _mm256_packs_epi16(rows[2 * pair].0, rows[2 * pair + 1].0);
                !(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_setzero_si256())) as u32)
            };
            masks[0] |= u64::from(bits & 0xffff) << (16 * pair);
            masks[1] |= u64::from(bits >> 16) << (16 * pair);
        }
        masks
    }
}
