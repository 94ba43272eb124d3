//! [`Lanes`] in plain Rust: the reference for the others, and the fallback.
use super::{Lanes, Row};

/// Sixteen numbers in an array.
#[derive(Clone, Copy, Debug)]
pub struct Scalar(Row);

impl Scalar {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(i16, i16) -> i16) -> Self {
        Self(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }
}

impl Lanes for Scalar {
    #[inline(always)]
    fn load(from: &Row) -> Self {
        Self(*from)
    }
    #[inline(always)]
    fn store(self, to: &mut Row) {
        *to = self.0;
    }
    #[inline(always)]
    fn splat(value: i16) -> Self {
        Self([value; 16])
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, i16::saturating_add)
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, i16::saturating_sub)
    }
    #[inline(always)]
    fn scale(self, other: Self) -> Self {
        self.zip(other, |a, b| ((i32::from(a) * i32::from(b) + 0x4000) >> 15) as i16)
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, i16::wrapping_mul)
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        self.zip(other, i16::min)
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.zip(other, i16::max)
    }
    #[inline(always)]
    fn low_halves(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| if i < 8 { self.0[i] } else { other.0[i - 8] }))
    }
    #[inline(always)]
    fn high_halves(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| if i < 8 { self.0[i + 8] } else { other.0[i] }))
    }
    #[inline(always)]
    fn swap_quarters(self) -> Self {
        const FROM: [usize; 4] = [0, 2, 1, 3];
        Self(std::array::from_fn(|i| self.0[FROM[i / 4] * 4 + i % 4]))
    }
    #[inline(always)]
    fn transpose_blocks(rows: [Self; 8]) -> [Self; 8] {
        std::array::from_fn(|r| Self(std::array::from_fn(|lane| rows[lane % 8].0[r + lane / 8 * 8])))
    }
    #[inline(always)]
    fn nonzero(rows: &[Self; 8]) -> [u64; 2] {
        let mut masks = [0; 2];
        for (r, row) in rows.iter().enumerate() {
            for (lane, &value) in row.0.iter().enumerate() {
                masks[lane / 8] |= u64::from(value != 0) << (r * 8 + lane % 8);
            }
        }
        masks
    }
}
