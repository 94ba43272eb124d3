//! Forward and inverse DCT of two blocks at a time, in 16-bit fixed point (after Loeffler, Ligtenberg and Moschytz).
//!
//! Samples are `(value - 128) * 64` everywhere in the pyramid: six bits of fraction, and room for overshoot.
use super::scan::BlockPair;
use crate::native::simd::{Kernel, Lanes, Row, each};

/// The sample of 0.
pub const LOWEST: i16 = -128 * 64;
/// The sample of 255.
pub const HIGHEST: i16 = 127 * 64;

const fn q15(x: f64) -> i16 {
    (x * 32768.0 + 0.5) as i16
}
const COS_1: i16 = q15(0.980_785_280_403_230_4);
const SIN_1: i16 = q15(0.195_090_322_016_128_27);
const COS_3: i16 = q15(0.831_469_612_302_545_2);
const SIN_3: i16 = q15(0.555_570_233_019_602_2);
/// √2 − 1: Q15 has no factors above one, so one is added.
const ROOT_2: i16 = q15(std::f64::consts::SQRT_2 - 1.0);
/// √2 cos(π/8) − 1.
const WIDE: i16 = q15(0.306_562_964_876_376_5);
/// √2 sin(π/8).
const NARROW: i16 = q15(0.541_196_100_146_197);

#[inline(always)]
fn by<V: Lanes>(x: V, factor: i16) -> V {
    x.scale(V::splat(factor))
}

/// Inverse DCT of four values: twice the orthonormal transform.
#[inline(always)]
fn inverse_four<V: Lanes>(x: [V; 4]) -> [V; 4] {
    let (a0, a1) = (x[0].add(x[2]), x[0].sub(x[2]));
    let a3 = x[1].add(by(x[1], WIDE)).add(by(x[3], NARROW));
    let a2 = by(x[1], NARROW).sub(x[3].add(by(x[3], WIDE)));
    [a0.add(a3), a1.add(a2), a1.sub(a2), a0.sub(a3)]
}

/// Inverse DCT of eight values: √8 times the orthonormal transform.
#[inline(always)]
fn inverse<V: Lanes>(x: [V; 8]) -> [V; 8] {
    let [s07, s16, s25, s34] = inverse_four([x[0], x[2], x[4], x[6]]);
    let (e3, e0) = (x[1].add(x[7]), x[1].sub(x[7]));
    let (e1, e2) = (x[3].add(by(x[3], ROOT_2)), x[5].add(by(x[5], ROOT_2)));
    let (b0, b2, b3, b1) = (e0.add(e2), e0.sub(e2), e3.add(e1), e3.sub(e1));
    let (d34, d07) = (by(b0, COS_3).sub(by(b3, SIN_3)), by(b0, SIN_3).add(by(b3, COS_3)));
    let (d25, d16) = (by(b1, COS_1).sub(by(b2, SIN_1)), by(b1, SIN_1).add(by(b2, COS_1)));
    let first = [s07.add(d07), s16.add(d16), s25.add(d25), s34.add(d34)];
    [
        first[0],
        first[1],
        first[2],
        first[3],
        s34.sub(d34),
        s25.sub(d25),
        s16.sub(d16),
        s07.sub(d07),
    ]
}

/// Forward DCT of eight values: √8 times the orthonormal transform.
#[inline(always)]
fn forward<V: Lanes>(x: [V; 8]) -> [V; 8] {
    let (s07, s16, s25, s34) = (x[0].add(x[7]), x[1].add(x[6]), x[2].add(x[5]), x[3].add(x[4]));
    let (d07, d16, d25, d34) = (x[0].sub(x[7]), x[1].sub(x[6]), x[2].sub(x[5]), x[3].sub(x[4]));
    let (a0, a1, a2, a3) = (s07.add(s34), s16.add(s25), s16.sub(s25), s07.sub(s34));
    let (b0, b3) = (by(d34, COS_3).add(by(d07, SIN_3)), by(d07, COS_3).sub(by(d34, SIN_3)));
    let (b1, b2) = (by(d25, COS_1).add(by(d16, SIN_1)), by(d16, COS_1).sub(by(d25, SIN_1)));
    let (e0, e1, e2, e3) = (b0.add(b2), b3.sub(b1), b0.sub(b2), b3.add(b1));
    [
        a0.add(a1),
        e3.add(e0),
        a3.add(by(a3, WIDE)).add(by(a2, NARROW)),
        e1.add(by(e1, ROOT_2)),
        a0.sub(a1),
        e2.add(by(e2, ROOT_2)),
        by(a3, NARROW).sub(a2.add(by(a2, WIDE))),
        e3.sub(e0),
    ]
}

/// A quantization table in the order of the rows of a [`BlockPair`], for both blocks.
pub type Quant = [Row; 8];

/// A row-major table as [`Quant`], each entry changed by `f`.
pub fn quant(table: &[u16; 64], f: impl Fn(u16) -> i16) -> Quant {
    std::array::from_fn(|u| std::array::from_fn(|lane| f(table[(lane % 8) * 8 + u])))
}

/// The table for [`Inverse`], which takes coefficients eight times as large.
pub fn for_inverse(table: &[u16; 64]) -> Quant {
    quant(table, |q| (q * 8) as i16)
}

/// The table for [`forward_pair`]: reciprocals, with four bits of fraction beyond those that the quantized coefficients
/// have. With fewer bits black would not stay black: the largest coefficients would be off by a quarter of a step.
pub fn for_forward(table: &[u16; 64]) -> Quant {
    quant(table, |q| {
        ((65536 + u32::from(q)) / (2 * u32::from(q))).min(32767) as i16
    })
}

/// Inverse DCT of a row of block pairs into eight rows of each tile. Sets the coefficients to zero.
pub struct Inverse<'a> {
    pub pairs: &'a mut [BlockPair],
    /// From [`for_inverse`].
    pub quant: &'a Quant,
    pub tiles: &'a mut [Row],
    /// Rows of a tile.
    pub height: usize,
    /// The first row to write.
    pub at: usize,
}

impl Kernel for Inverse<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self {
            pairs,
            quant,
            tiles,
            height,
            at,
        } = self;
        let (low, high) = (V::splat(LOWEST), V::splat(HIGHEST));
        let quant = each!(V, 8, u => V::load(&quant[u]));
        for (pair, tile) in pairs.iter_mut().zip(tiles.chunks_exact_mut(height)) {
            let Some(out) = tile[at..].first_chunk_mut::<8>() else {
                continue;
            };
            let (rows, _) = pair.as_chunks_mut::<16>();
            let Some(rows) = rows.first_chunk_mut::<8>() else {
                continue;
            };
            let input = each!(V, 8, u => V::load(&rows[u]).mul(quant[u]));
            *rows = [[0; 16]; 8];
            let across = inverse(input);
            let down = inverse(V::transpose_blocks(across));
            for (row, samples) in out.iter_mut().zip(down) {
                samples.max(low).min(high).store(row);
            }
        }
    }
}

/// Inverse DCT at half the size: the sixteen lowest frequencies become four rows of each tile.
///
/// The transform of four values has half the gain of the transform of eight. A half-size picture needs just that, so
/// the table is the same.
pub struct HalfInverse<'a> {
    pub pairs: &'a mut [BlockPair],
    /// From [`for_inverse`].
    pub quant: &'a Quant,
    pub tiles: &'a mut [Row],
    /// Rows of a tile.
    pub height: usize,
    /// The first row to write.
    pub at: usize,
}

impl Kernel for HalfInverse<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self {
            pairs,
            quant,
            tiles,
            height,
            at,
        } = self;
        let (low, high) = (V::splat(LOWEST), V::splat(HIGHEST));
        let quant = each!(V, 4, u => V::load(&quant[u]));
        for (pairs, tile) in pairs.chunks_mut(2).zip(tiles.chunks_exact_mut(height)) {
            let Some(out) = tile[at..].first_chunk_mut::<4>() else {
                continue;
            };
            // Two pairs fill a tile.
            let mut across = [V::splat(0); 8];
            for (n, pair) in pairs.iter_mut().enumerate() {
                let (rows, _) = pair.as_chunks_mut::<16>();
                let Some(rows) = rows.first_chunk_mut::<8>() else {
                    continue;
                };
                let four = inverse_four(each!(V, 4, u => V::load(&rows[u]).mul(quant[u])));
                *rows = [[0; 16]; 8];
                for i in 0..4 {
                    across[(n & 1) * 4 + i] = four[i];
                }
            }
            let down = V::transpose_blocks(across);
            let down = inverse_four(each!(V, 4, v => down[v]));
            for (row, samples) in out.iter_mut().zip(down) {
                samples.swap_quarters().max(low).min(high).store(row);
            }
        }
    }
}

/// Forward DCT and quantization of two blocks. Returns the nonzero coefficients of each as bits `8 u + v`.
#[inline(always)]
pub fn forward_pair<V: Lanes>(rows: &[Row; 8], quant: &Quant, out: &mut [Row; 8]) -> [u64; 2] {
    // Four bits of fraction go in. The second direction needs room: three bits are dropped in between.
    let down = forward(each!(V, 8, y => by(V::load(&rows[y]), 1 << 13)));
    let down = each!(V, 8, y => by(down[y], 1 << 12));
    let across = forward(V::transpose_blocks(down));
    // Sixteen times too large before and after the division.
    let quantized = each!(V, 8, u => by(across[u].scale(V::load(&quant[u])), 1 << 11));
    for (row, values) in out.iter_mut().zip(quantized) {
        values.store(row);
    }
    V::nonzero(&quantized)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::simd::Isa;
    use std::f64::consts::PI;

    struct Forward<'a>(&'a [Row; 8], &'a Quant);
    impl Kernel for Forward<'_> {
        type Output = ([Row; 8], [u64; 2]);
        #[inline(always)]
        fn run<V: Lanes>(self) -> Self::Output {
            let mut out = [[0; 16]; 8];
            let masks = forward_pair::<V>(self.0, self.1, &mut out);
            (out, masks)
        }
    }

    fn basis(n: usize, k: usize) -> f64 {
        let norm = if k == 0 { (0.125f64).sqrt() } else { 0.5 };
        norm * ((2 * n + 1) as f64 * k as f64 * PI / 16.0).cos()
    }

    fn noise() -> impl FnMut() -> i32 {
        let mut state = 7u32;
        move || {
            state = state.wrapping_mul(1664525).wrapping_add(1013904223);
            (state >> 16) as i32
        }
    }

    #[test]
    fn the_forward_transform_is_the_cosine_transform_rounded() {
        let mut random = noise();
        for round in 0..200 {
            let rows: [Row; 8] = std::array::from_fn(|y| {
                std::array::from_fn(|x| match round % 3 {
                    0 => ((random() % 256 - 128) * 64) as i16,
                    1 => [LOWEST, HIGHEST][(x + y + round) / 3 % 2],
                    _ => ((random() % 16 + x as i32 * 6) * 64) as i16,
                })
            });
            let quant = for_forward(&[1; 64]);
            let (out, masks) = Isa::Scalar.run(Forward(&rows, &quant));
            assert_eq!((out, masks), Isa::detect().run(Forward(&rows, &quant)));
            for (u, v, half) in (0..128).map(|i| (i % 8, i / 8 % 8, i / 64)) {
                let sum: f64 = (0..64)
                    .map(|i| f64::from(rows[i / 8][i % 8 + 8 * half]) / 64.0 * basis(i % 8, u) * basis(i / 8, v))
                    .sum();
                let got = f64::from(out[u][v + 8 * half]);
                assert!((got - sum).abs() < 0.9, "{got} {sum} at {u} {v}");
                assert_eq!(masks[half] >> (8 * u + v) & 1 != 0, out[u][v + 8 * half] != 0);
            }
        }
    }

    #[test]
    fn half_the_inverse_is_the_mean_of_what_varies_slowly() {
        let mut random = noise();
        for _ in 0..200 {
            // Only low frequencies: neighboring samples are nearly the same.
            let pairs: [BlockPair; 2] = std::array::from_fn(|_| {
                std::array::from_fn(|i| {
                    if i / 16 < 2 && i % 8 < 2 {
                        (random() % 60 - 30) as i16
                    } else {
                        0
                    }
                })
            });
            let quant = for_inverse(&[3; 64]);
            let (mut whole, mut tiles) = (pairs, [[[0; 16]; 8]; 2]);
            Isa::Scalar.run(Inverse {
                pairs: &mut whole,
                quant: &quant,
                tiles: tiles.as_flattened_mut(),
                height: 8,
                at: 0,
            });
            for isa in [Isa::Scalar, Isa::detect()] {
                let (mut halved, mut tile) = (pairs, [[0; 16]; 4]);
                isa.run(HalfInverse {
                    pairs: &mut halved,
                    quant: &quant,
                    tiles: &mut tile,
                    height: 4,
                    at: 0,
                });
                assert_eq!(halved, [[0; 128]; 2]);
                for (x, y) in (0..64).map(|i| (i % 16, i / 16)) {
                    let four = [(0, 0), (1, 0), (0, 1), (1, 1)];
                    let sum: f64 = four
                        .iter()
                        .map(|(i, j)| f64::from(tiles[x / 8][2 * y + j][x % 8 * 2 + i]) / 64.0)
                        .sum();
                    let got = f64::from(tile[y][x]) / 64.0;
                    assert!((got - sum / 4.0).abs() < 6.0, "{got} {} at {x} {y}", sum / 4.0);
                }
            }
        }
    }

    #[test]
    fn the_inverse_transform_is_exact_to_a_tenth_of_a_sample() {
        let mut random = noise();
        for _ in 0..200 {
            let pair: BlockPair = std::array::from_fn(|_| {
                if random() % 4 == 0 {
                    (random() % 60 - 30) as i16
                } else {
                    0
                }
            });
            let quant = for_inverse(&[3; 64]);
            let decode = |isa: Isa| {
                let (mut pairs, mut tiles) = ([pair], [[0; 16]; 8]);
                isa.run(Inverse {
                    pairs: &mut pairs,
                    quant: &quant,
                    tiles: &mut tiles,
                    height: 8,
                    at: 0,
                });
                assert_eq!(pairs, [[0; 128]]);
                tiles
            };
            let tiles = decode(Isa::Scalar);
            assert_eq!(tiles, decode(Isa::detect()));
            for (x, y, half) in (0..128).map(|i| (i % 8, i / 8 % 8, i / 64)) {
                let sum: f64 = (0..64)
                    .map(|i| (i % 8, i / 8))
                    .map(|(u, v)| 3.0 * f64::from(pair[u * 16 + v + 8 * half]) * basis(x, u) * basis(y, v))
                    .sum();
                let got = f64::from(tiles[y][x + 8 * half]) / 64.0;
                assert!((got - sum.clamp(-128.0, 127.0)).abs() < 0.1, "{got} {sum}");
            }
        }
    }
}
