//! The stored form of a document: the fields that no column holds, in one byte string.

use crate::document::Document;

/// The stored fields, borrowed from the byte string.
#[derive(Debug, PartialEq, Eq)]
pub struct Stored<'a> {
    pub id: &'a str,
    /// Languages and titles.
    pub titles: Vec<(&'a str, &'a str)>,
    pub aliases: Vec<&'a str>,
    pub names: Vec<&'a str>,
    pub updated_at: i64,
    pub payload: &'a [u8],
}

/// The bytes are not what [`encode`] writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// The stored form of a document.
pub fn encode(document: &Document) -> Vec<u8> {
    let mut out = Vec::with_capacity(128 + document.payload.len());
    put(&mut out, document.id.as_bytes());
    put_count(&mut out, document.titles.len());
    for title in &document.titles {
        put(&mut out, title.language.as_bytes());
        put(&mut out, title.text.as_bytes());
    }
    for texts in [&document.aliases, &document.names] {
        put_count(&mut out, texts.len());
        texts.iter().for_each(|text| put(&mut out, text.as_bytes()));
    }
    out.extend(document.updated_at.to_le_bytes());
    out.extend(&document.payload);
    out
}

/// Reads a stored form.
pub fn decode(bytes: &[u8]) -> Result<Stored<'_>, Malformed> {
    let mut reader = Reader(bytes);
    let id = reader.text()?;
    let titles = (0..reader.count()?)
        .map(|_| Ok((reader.text()?, reader.text()?)))
        .collect::<Result<_, _>>()?;
    let aliases = (0..reader.count()?).map(|_| reader.text()).collect::<Result<_, _>>()?;
    let names = (0..reader.count()?).map(|_| reader.text()).collect::<Result<_, _>>()?;
    let (updated_at, payload) = reader.0.split_first_chunk::<8>().ok_or(Malformed)?;
    Ok(Stored {
        id,
        titles,
        aliases,
        names,
        updated_at: i64::from_le_bytes(*updated_at),
        payload,
    })
}

/// Lengths are variable: seven bits a byte.
fn put_count(out: &mut Vec<u8>, mut count: usize) {
    while count >= 0x80 {
        out.push(count as u8 | 0x80);
        count >>= 7;
    }
    out.push(count as u8);
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    put_count(out, bytes.len());
    out.extend(bytes);
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn count(&mut self) -> Result<usize, Malformed> {
        let mut count = 0;
        for shift in [0, 7, 14, 21] {
            let (&byte, rest) = self.0.split_first().ok_or(Malformed)?;
            self.0 = rest;
            count |= usize::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(count);
            }
        }
        Err(Malformed)
    }

    fn text(&mut self) -> Result<&'a str, Malformed> {
        let length = self.count()?;
        let (text, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| Malformed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sample;

    #[test]
    fn a_document_comes_back_as_it_was() {
        let document = sample::document(7);
        let bytes = encode(&document);
        let stored = decode(&bytes).expect("it is well-formed");
        assert_eq!(stored.id, document.id);
        assert_eq!(stored.titles[0].1, document.titles[0].text);
        assert_eq!(stored.names, document.names);
        assert_eq!(stored.updated_at, document.updated_at);
        assert_eq!(stored.payload, document.payload);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }
}
