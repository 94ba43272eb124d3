//! Huffman tables: lookup tables for decoding, optimal tables for encoding.
use crate::Error;

/// Codes up to this length take one lookup.
pub const FAST: u32 = 10;

/// Set in an entry that is no run and value: end of block, [`LONG`] or [`BAD`].
pub const STOP: u32 = 1 << 31;

/// The code is longer than [`FAST`], or invalid.
pub const LONG: u32 = STOP | 1 << 30;

/// The code is invalid in baseline JPEG.
pub const BAD: u32 = STOP | 1 << 29;

/// A table for decoding.
///
/// The bytes of an entry, from the lowest: length of code and value together; 63 less the size of the value; length of
/// the code; zeros before the value, with [`STOP`] and the others in the highest bits.
#[derive(Clone)]
pub struct Decoder {
    /// Indexed by the next [`FAST`] bits.
    pub fast: [u32; 1 << FAST],
    /// For each code length, one past its last code, left-aligned in 16 bits.
    limits: [u32; 17],
    /// For each code length, the difference between the index of a symbol and its code.
    offsets: [i32; 17],
    symbols: [u8; 256],
}

/// The meaning of the symbols of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Size of a DC difference.
    Dc,
    /// Run and size, as in a baseline scan.
    Ac,
    /// Depends on the progressive scan. The second byte of an entry is the symbol itself.
    Symbol,
}

/// One table of a DHT segment: 16 counts, then symbols. Their meaning depends on the scan.
#[derive(Clone, Copy)]
pub struct TableSpec<'a> {
    counts: &'a [u8; 16],
    symbols: &'a [u8],
}

impl TableSpec<'static> {
    /// The tables of T.81, Annex K.3, for luma and chroma.
    pub const STANDARD_DC: [Self; 2] = [
        Self {
            counts: &[0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
            symbols: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
        },
        Self {
            counts: &[0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
            symbols: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
        },
    ];
    /// The tables of T.81, Annex K.3, for luma and chroma.
    pub const STANDARD_AC: [Self; 2] = [
        Self {
            counts: &[0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125],
            symbols: &[
                0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22,
                0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33,
                0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x34,
                0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55,
                0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76,
                0x77, 0x78, 0x79, 0x7a, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96,
                0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5,
                0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4,
                0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1,
                0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
            ],
        },
        Self {
            counts: &[0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119],
            symbols: &[
                0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71, 0x13,
                0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0, 0x15, 0x62,
                0x72, 0xd1, 0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18, 0x19, 0x1a, 0x26, 0x27, 0x28, 0x29,
                0x2a, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54,
                0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75,
                0x76, 0x77, 0x78, 0x79, 0x7a, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94,
                0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3,
                0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2,
                0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea,
                0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
            ],
        },
    ];
}

impl<'a> TableSpec<'a> {
    /// Reads one table. Returns the rest of the segment too.
    pub fn parse(raw: &'a [u8]) -> Result<(Self, &'a [u8]), Error> {
        let (counts, rest) = raw
            .split_first_chunk::<16>()
            .ok_or(Error::Corrupt("a Huffman table that is too short"))?;
        let total: usize = counts.iter().map(|&c| usize::from(c)).sum();
        if total > 256 || rest.len() < total {
            return Err(Error::Corrupt("a Huffman table with too many symbols"));
        }
        let (symbols, rest) = rest.split_at(total);
        Ok((Self { counts, symbols }, rest))
    }
}

impl Decoder {
    pub fn new(spec: &TableSpec, meaning: Meaning) -> Result<Self, Error> {
        let counts = spec.counts;
        let mut symbols = [0; 256];
        symbols[..spec.symbols.len()].copy_from_slice(spec.symbols);
        let mut table = Self {
            fast: [LONG; 1 << FAST],
            limits: [0; 17],
            offsets: [0; 17],
            symbols,
        };
        let (mut code, mut next) = (0u32, 0usize);
        for length in 1..=16u32 {
            let count = u32::from(counts[length as usize - 1]);
            table.offsets[length as usize] = next as i32 - code as i32;
            if code + count > 1 << length {
                return Err(Error::Corrupt("a Huffman table with too many codes"));
            }
            for _ in 0..count {
                if length <= FAST {
                    let at = (code << (FAST - length)) as usize;
                    table.fast[at..at + (1 << (FAST - length))].fill(entry(symbols[next], length, meaning));
                }
                next += 1;
                code += 1;
            }
            table.limits[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Ok(table)
    }

    /// The entry for a code longer than [`FAST`] at the top of `bits`, or [`BAD`].
    #[cold]
    pub fn slow(&self, bits: u64, meaning: Meaning) -> u32 {
        let head = (bits >> 48) as u32;
        for length in FAST + 1..=16 {
            if head < self.limits[length as usize] {
                let at = (head >> (16 - length)) as i32 + self.offsets[length as usize];
                return self
                    .symbols
                    .get(at as usize)
                    .map_or(BAD, |&symbol| entry(symbol, length, meaning));
            }
        }
        BAD
    }
}

/// The entry for a symbol.
fn entry(symbol: u8, length: u32, meaning: Meaning) -> u32 {
    let (run, size) = match meaning {
        Meaning::Symbol => return length | u32::from(symbol) << 8,
        Meaning::Ac => (u32::from(symbol >> 4), u32::from(symbol & 15)),
        Meaning::Dc => (0, u32::from(symbol)),
    };
    let fields = (length + size.min(15)) | (63 - size.min(15)) << 8 | length << 16 | run << 24;
    match (meaning, run, size) {
        (Meaning::Ac, 0, 0) => fields | STOP,
        (Meaning::Ac, 1..=14, 0) | (Meaning::Ac, _, 11..) | (Meaning::Dc, _, 12..) => BAD,
        _ => fields,
    }
}

/// A table for encoding, in the form of a DHT segment.
pub struct Encoder {
    /// Number of codes of each length from 1 to 16.
    pub counts: [u8; 16],
    /// Those with the shortest codes first.
    pub symbols: Vec<u8>,
}

impl Encoder {
    /// The optimal table for these frequencies (Annex K.2): no code is all ones, none is longer than 16 bits.
    pub fn optimal(frequencies: &[u32]) -> Self {
        let mut weight: Vec<u64> = frequencies.iter().map(|&f| f.into()).chain([1]).collect();
        let reserved = weight.len() - 1;
        let mut length = vec![0usize; weight.len()];
        let mut group: Vec<Vec<usize>> = (0..weight.len()).map(|i| vec![i]).collect();
        loop {
            // The two lightest. Of equal ones the higher symbol: the reserved code gets the longest code.
            let (mut first, mut second) = (None, None);
            for (i, &w) in weight.iter().enumerate().filter(|(_, w)| **w > 0) {
                if first.is_none_or(|f: usize| w <= weight[f]) {
                    (first, second) = (Some(i), first);
                } else if second.is_none_or(|s: usize| w <= weight[s]) {
                    second = Some(i);
                }
            }
            let (Some(a), Some(b)) = (first, second) else { break };
            weight[a] += weight[b];
            weight[b] = 0;
            let moved = std::mem::take(&mut group[b]);
            group[a].extend(moved);
            for &symbol in &group[a] {
                length[symbol] += 1;
            }
        }
        let mut bits = [0usize; 300];
        for &l in length.iter().filter(|&&l| l > 0) {
            bits[l] += 1;
        }
        for long in (17..300).rev() {
            while bits[long] > 0 {
                let donor = (1..long - 1).rev().find(|&l| bits[l] > 0).unwrap_or(1);
                bits[long] -= 2;
                bits[long - 1] += 1;
                bits[donor + 1] += 2;
                bits[donor] -= 1;
            }
        }
        // The reserved code is one of the longest: it is left out.
        if let Some(last) = (1..=16).rev().find(|&l| bits[l] > 0) {
            bits[last] -= 1;
        }
        let mut symbols: Vec<usize> = (0..reserved).filter(|&s| length[s] > 0).collect();
        symbols.sort_by_key(|&s| (length[s], s));
        Self {
            counts: std::array::from_fn(|i| bits[i + 1] as u8),
            symbols: symbols.into_iter().map(|s| s as u8).collect(),
        }
    }

    /// Code and length for each symbol.
    pub fn codes(&self) -> [(u16, u8); 256] {
        let mut codes = [(0, 0); 256];
        let (mut code, mut next) = (0u32, self.symbols.iter());
        for (i, &count) in self.counts.iter().enumerate() {
            for &symbol in next.by_ref().take(count.into()) {
                codes[usize::from(symbol)] = (code as u16, i as u8 + 1);
                code += 1;
            }
            code <<= 1;
        }
        codes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_optimal_table_is_a_prefix_code_and_no_code_is_all_ones() {
        for skew in [0u32, 1, 2, 30] {
            let mut frequencies = [0u32; 256];
            let (mut a, mut b) = (1u32, 1u32);
            for (i, f) in frequencies.iter_mut().enumerate() {
                *f = if skew == 30 {
                    [a, 0][usize::from(i > 40)]
                } else {
                    1 + skew * i as u32
                };
                (a, b) = (b, a.saturating_add(b));
            }
            let table = Encoder::optimal(&frequencies);
            let codes = table.codes();
            let used: Vec<_> = (0..256).filter(|&s| frequencies[s] > 0).map(|s| codes[s]).collect();
            assert!(
                used.iter()
                    .all(|&(code, length)| (1..=16).contains(&length) && code != u16::MAX >> (16 - length))
            );
            let kraft: u32 = used.iter().map(|&(_, length)| 1 << (16 - length)).sum();
            assert!(kraft < 1 << 16);
            let raw: Vec<u8> = table.counts.iter().chain(&table.symbols).copied().collect();
            let (spec, _) = TableSpec::parse(&raw).unwrap();
            assert!(Decoder::new(&spec, Meaning::Symbol).is_ok());
        }
    }
}
