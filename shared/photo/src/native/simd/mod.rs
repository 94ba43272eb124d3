//! SIMD over sixteen 16-bit numbers.
//!
//! A [`Kernel`] is written once, in safe code, over [`Lanes`]. [`Isa::run`] compiles it for AVX2, NEON and plain Rust,
//! and runs the best one that the machine supports. All three give the same bits.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;

use scalar::Scalar;

/// An array of lanes, with one expression for each index.
///
/// Kernels must not pass lanes to closures (`from_fn`, `map`): closures are compiled without the instruction set, and
/// each instruction becomes a call.
macro_rules! each {
    ($lanes:ty, $count:literal, $i:ident => $value:expr) => {{
        let mut all = [<$lanes>::splat(0); $count];
        for $i in 0..$count {
            all[$i] = $value;
        }
        all
    }};
}
pub(crate) use each;

/// Sixteen samples of a row.
pub type Row = [i16; 16];

/// Operations on sixteen signed 16-bit numbers.
///
/// The halves are lanes 0 to 7 and 8 to 15: eight of these hold two 8×8 blocks side by side.
pub trait Lanes: Copy {
    fn load(from: &Row) -> Self;
    fn store(self, to: &mut Row);
    fn splat(value: i16) -> Self;
    /// Saturating sum.
    fn add(self, other: Self) -> Self;
    /// Saturating difference.
    fn sub(self, other: Self) -> Self;
    /// Rounded product of two Q15 numbers: `(a * b + 0x4000) >> 15`. Two lanes of −32768 must not meet.
    fn scale(self, other: Self) -> Self;
    /// Low 16 bits of the product.
    fn mul(self, other: Self) -> Self;
    fn min(self, other: Self) -> Self;
    fn max(self, other: Self) -> Self;
    /// Low halves of both, `self` first.
    fn low_halves(self, other: Self) -> Self;
    /// High halves of both, `self` first.
    fn high_halves(self, other: Self) -> Self;
    /// The quarters in the order 0, 2, 1, 3.
    fn swap_quarters(self) -> Self;
    /// Transposes the 8×8 block in the low halves and the one in the high halves.
    fn transpose_blocks(rows: [Self; 8]) -> [Self; 8];
    /// For the low and the high block, bit `8 * row + lane` is set when the number is not zero.
    fn nonzero(rows: &[Self; 8]) -> [u64; 2];

    /// Transposes a 16×16 square.
    #[inline(always)]
    fn transpose_square(rows: [Self; 16]) -> [Self; 16] {
        let a = Self::transpose_blocks(each!(Self, 8, i => rows[i]));
        let b = Self::transpose_blocks(each!(Self, 8, i => rows[8 + i]));
        each!(Self, 16, i => if i < 8 { a[i].low_halves(b[i]) } else { a[i - 8].high_halves(b[i - 8]) })
    }
}

/// Code over [`Lanes`]. `run` and all that it calls in hot loops must be `#[inline(always)]`.
pub trait Kernel {
    type Output;
    fn run<V: Lanes>(self) -> Self::Output;
}

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// Plain Rust.
    Scalar,
    /// x86-64 with AVX2, BMI and LZCNT.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Any 64-bit ARM.
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Isa {
    /// The best instruction set of this machine.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if avx2::available() {
            return Self::Avx2;
        }
        #[cfg(target_arch = "aarch64")]
        return Self::Neon;
        #[allow(unreachable_code)]
        Self::Scalar
    }

    /// Runs a kernel with this instruction set.
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self {
            Self::Scalar => kernel.run::<Scalar>(),
            #[cfg(target_arch = "x86_64")]
            // Anybody can make the enum, so `available` (a cached flag) is checked again.
            Self::Avx2 if avx2::available() => unsafe { avx2::run(kernel) },
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => kernel.run::<Scalar>(),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => kernel.run::<neon::Neon>(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs each operation on the same input and returns all results.
    struct Everything<'a>(&'a [Row; 16], &'a [Row; 16]);

    impl Kernel for Everything<'_> {
        type Output = (Vec<Row>, Vec<[u64; 2]>);
        #[inline(always)]
        fn run<V: Lanes>(self) -> Self::Output {
            let (a, b) = (self.0.map(|r| V::load(&r)), self.1.map(|r| V::load(&r)));
            let mut out = Vec::new();
            for i in 0..16 {
                let (x, y) = (a[i], b[i]);
                out.extend([
                    x.add(y),
                    x.sub(y),
                    x.scale(y),
                    x.mul(y),
                    x.min(y),
                    x.max(y),
                    V::splat(self.0[i][3]),
                ]);
                out.extend([x.low_halves(y), x.high_halves(y), x.swap_quarters()]);
            }
            let low = std::array::from_fn(|i| a[i]);
            out.extend(V::transpose_blocks(low));
            out.extend(V::transpose_square(a));
            let stored = out.into_iter().map(|v| {
                let mut row = [0; 16];
                v.store(&mut row);
                row
            });
            (stored.collect(), vec![V::nonzero(&low)])
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let mut state = 1u64;
        let mut random = || {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            match state >> 62 {
                0 => 0,
                1 => [i16::MAX, i16::MIN + 1, 1, -1][(state >> 40) as usize & 3],
                _ => ((state >> 33) as i16).max(i16::MIN + 1),
            }
        };
        for _ in 0..500 {
            let (a, b) = (
                [[0i16; 16]; 16].map(|r| r.map(|_| random())),
                [[0i16; 16]; 16].map(|r| r.map(|_| random())),
            );
            assert_eq!(
                Isa::detect().run(Everything(&a, &b)),
                Isa::Scalar.run(Everything(&a, &b))
            );
        }
    }
}
