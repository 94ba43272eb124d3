//! Reads the first directory of a TIFF structure: EXIF data are one as well.

/// One entry of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub tag: u16,
    /// Number of values.
    pub count: usize,
    /// The first value; `None` when it is no integer or lies outside the file.
    pub value: Option<usize>,
}

/// The first directory of a TIFF structure.
pub struct Directory<'a> {
    tiff: &'a [u8],
    big_endian: bool,
    at: usize,
}

impl<'a> Directory<'a> {
    /// `None` when this is no TIFF structure or the directory lies outside the file.
    pub fn first(tiff: &'a [u8]) -> Option<Self> {
        let big_endian = match tiff.get(..4)? {
            b"MM\0*" => true,
            b"II*\0" => false,
            _ => return None,
        };
        let mut directory = Self {
            tiff,
            big_endian,
            at: 4,
        };
        directory.at = directory.number(4, 4)?;
        directory.number(directory.at, 2)?;
        Some(directory)
    }

    fn number(&self, at: usize, size: usize) -> Option<usize> {
        let bytes = self.tiff.get(at..at.checked_add(size)?)?;
        let fold = |sum: usize, byte: &u8| sum << 8 | usize::from(*byte);
        Some(if self.big_endian {
            bytes.iter().fold(0, fold)
        } else {
            bytes.iter().rev().fold(0, fold)
        })
    }

    /// All entries.
    pub fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        let count = self.number(self.at, 2).unwrap_or(0);
        (0..count).map_while(|entry| {
            let at = self.at + 2 + 12 * entry;
            Some(Entry {
                tag: self.number(at, 2)? as u16,
                count: self.number(at + 4, 4)?,
                value: self.value(at),
            })
        })
    }

    fn value(&self, entry: usize) -> Option<usize> {
        let size = match self.number(entry + 2, 2)? {
            1 => 1,
            3 => 2,
            4 => 4,
            _ => return None,
        };
        let count = self.number(entry + 4, 4)?;
        let inline = count.checked_mul(size)? <= 4;
        let at = if inline { entry + 8 } else { self.number(entry + 8, 4)? };
        self.number(at, size).filter(|_| count > 0)
    }
}

/// The orientation in EXIF data, 1 to 8.
pub fn orientation(exif: &[u8]) -> Option<u8> {
    const ORIENTATION: u16 = 0x0112;
    // In PNG and WebP, some writers keep the prefix that JPEG has.
    let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    let directory = Directory::first(exif)?;
    let entry = directory.entries().find(|entry| entry.tag == ORIENTATION)?;
    let value = u8::try_from(entry.value?).ok()?;
    (1..=8).contains(&value).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_orientation_is_read_in_both_byte_orders() {
        let big = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0";
        let little = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0";
        assert_eq!(orientation(big), Some(6));
        assert_eq!(orientation(little), Some(8));
    }

    #[test]
    fn a_damaged_directory_has_no_orientation() {
        assert_eq!(orientation(b"MM\0*\xff\xff\xff\xff"), None);
        assert_eq!(orientation(b"MM\0*\0\0\0\x08\xff\xff"), None);
        assert_eq!(
            orientation(b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x09\0\0\0"),
            None
        );
    }

    #[test]
    fn a_value_that_does_not_fit_into_its_entry_is_read_from_where_it_lies() {
        let three = b"II*\0\x08\0\0\0\x01\0\x52\x01\x03\0\x03\0\0\0\x1a\0\0\0\0\0\0\0\x02\0\x01\0\x01\0";
        let entries: Vec<_> = Directory::first(three).unwrap().entries().collect();
        let (tag, count, value) = (338, 3, Some(2));
        assert_eq!(entries, [Entry { tag, count, value }]);
    }
}
