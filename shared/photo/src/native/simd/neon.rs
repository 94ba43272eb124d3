//! [`Lanes`] in two NEON registers, which every 64-bit ARM has.
use super::{Lanes, Row, each};
use std::arch::aarch64::*;

/// Sixteen numbers in two 128-bit registers.
#[derive(Clone, Copy)]
pub struct Neon(int16x8_t, int16x8_t);

impl Neon {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(int16x8_t, int16x8_t) -> int16x8_t) -> Self {
        Self(f(self.0, other.0), f(self.1, other.1))
    }
}

#[inline(always)]
fn low(r: [Neon; 8]) -> [int16x8_t; 8] {
    [r[0].0, r[1].0, r[2].0, r[3].0, r[4].0, r[5].0, r[6].0, r[7].0]
}

#[inline(always)]
fn high(r: [Neon; 8]) -> [int16x8_t; 8] {
    [r[0].1, r[1].1, r[2].1, r[3].1, r[4].1, r[5].1, r[6].1, r[7].1]
}

/// Transposes one 8×8 block.
#[inline(always)]
fn transpose(r: [int16x8_t; 8]) -> [int16x8_t; 8] {
    // Safety: NEON is part of the aarch64 baseline.
    unsafe {
        let pairs = |a, b| {
            (
                vreinterpretq_s32_s16(vtrn1q_s16(a, b)),
                vreinterpretq_s32_s16(vtrn2q_s16(a, b)),
            )
        };
        let ((a0, a1), (a2, a3)) = (pairs(r[0], r[1]), pairs(r[2], r[3]));
        let ((a4, a5), (a6, a7)) = (pairs(r[4], r[5]), pairs(r[6], r[7]));
        let quads = |a, b| {
            (
                vreinterpretq_s64_s32(vtrn1q_s32(a, b)),
                vreinterpretq_s64_s32(vtrn2q_s32(a, b)),
            )
        };
        let ((b0, b2), (b1, b3)) = (quads(a0, a2), quads(a1, a3));
        let ((b4, b6), (b5, b7)) = (quads(a4, a6), quads(a5, a7));
        let low = |a, b| vreinterpretq_s16_s64(vtrn1q_s64(a, b));
        let high = |a, b| vreinterpretq_s16_s64(vtrn2q_s64(a, b));
        [
            low(b0, b4),
            low(b1, b5),
            low(b2, b6),
            low(b3, b7),
            high(b0, b4),
            high(b1, b5),
            high(b2, b6),
            high(b3, b7),
        ]
    }
}

/// Bit `8 * row + lane` for each number that is not zero.
#[inline(always)]
fn nonzero(rows: [int16x8_t; 8]) -> u64 {
    const BITS: [u8; 8] = [1, 2, 4, 8, 16, 32, 64, 128];
    let mut mask = 0;
    for (r, row) in rows.into_iter().enumerate() {
        // Safety: as above. The load reads exactly the eight bytes of `BITS`.
        let byte = unsafe { vaddv_u8(vand_u8(vmovn_u16(vtstq_s16(row, row)), vld1_u8(BITS.as_ptr()))) };
        mask |= u64::from(byte) << (8 * r);
    }
    mask
}

// Safety of all blocks below: NEON is part of the aarch64 baseline. Loads and stores go through references to exactly
// 32 bytes.
impl Lanes for Neon {
    #[inline(always)]
    fn load(from: &Row) -> Self {
        unsafe { Self(vld1q_s16(from.as_ptr()), vld1q_s16(from.as_ptr().add(8))) }
    }
    #[inline(always)]
    fn store(self, to: &mut Row) {
        unsafe {
            vst1q_s16(to.as_mut_ptr(), self.0);
            vst1q_s16(to.as_mut_ptr().add(8), self.1);
        }
    }
    #[inline(always)]
    fn splat(value: i16) -> Self {
        let all = unsafe { vdupq_n_s16(value) };
        Self(all, all)
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| unsafe { vqaddq_s16(a, b) })
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| unsafe { vqsubq_s16(a, b) })
    }
    #[inline(always)]
    fn scale(self, other: Self) -> Self {
        self.zip(other, |a, b| unsafe { vqrdmulhq_s16(a, b) })
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| unsafe { vmulq_s16(a, b) })
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| unsafe { vminq_s16(a, b) })
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| unsafe { vmaxq_s16(a, b) })
    }
    #[inline(always)]
    fn low_halves(self, other: Self) -> Self {
        Self(self.0, other.0)
    }
    #[inline(always)]
    fn high_halves(self, other: Self) -> Self {
        Self(self.1, other.1)
    }
    #[inline(always)]
    fn swap_quarters(self) -> Self {
        unsafe {
            Self(
                vcombine_s16(vget_low_s16(self.0), vget_low_s16(self.1)),
                vcombine_s16(vget_high_s16(self.0), vget_high_s16(self.1)),
            )
        }
    }
    #[inline(always)]
    fn transpose_blocks(rows: [Self; 8]) -> [Self; 8] {
        let (low, high) = (transpose(low(rows)), transpose(high(rows)));
        each!(Self, 8, i => Self(low[i], high[i]))
    }
    #[inline(always)]
    fn nonzero(rows: &[Self; 8]) -> [u64; 2] {
        [nonzero(low(*rows)), nonzero(high(*rows))]
    }
}
