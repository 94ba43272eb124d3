//! JSON Lines: one object a line, with `sku` and the members of `update-product`.

use serde_json::value::RawValue;
use shared::core::json::UniqueMap;

use super::rows::{self, FileFault, MALFORMED, ProductRow, RowFault, Taken};
use super::{ImportFailureReason, MAX_ROW_BYTES};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Takes the first line of `bytes`, which begin at a line. None if its end is not there yet.
pub(super) fn take(bytes: &[u8], is_end: bool) -> Result<Option<Taken>, FileFault> {
    let (line, taken) = match bytes.iter().position(|&byte| byte == b'\n') {
        Some(end) => (&bytes[..end], end + 1),
        None if is_end => (bytes, bytes.len()),
        None => return Ok(None),
    };
    if line.len() > MAX_ROW_BYTES {
        let detail = format!("A row has at most {MAX_ROW_BYTES} bytes.");
        return Err(FileFault::new(ImportFailureReason::RowTooLarge, detail));
    }
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    if str::from_utf8(line).is_err() {
        return Err(FileFault::not_utf8());
    }
    let line = line.trim_ascii();
    Ok(Some(Taken {
        bytes: taken,
        rows: 1,
        row: (!line.is_empty()).then(|| row(line)),
    }))
}

fn row(line: &[u8]) -> Result<ProductRow, RowFault> {
    let malformed = |error: serde_json::Error| RowFault::new(MALFORMED, format!("{error}."));
    let mut members: UniqueMap<Box<RawValue>> = serde_json::from_slice(line).map_err(malformed)?;
    let sku = members.0.remove("sku");
    let sku = sku.ok_or_else(|| RowFault::of("sku", MALFORMED, "sku: it is missing."))?;
    let sku: String =
        serde_json::from_str(sku.get()).map_err(|_| RowFault::of("sku", MALFORMED, "sku: it must be a string."))?;
    let sku = rows::sku(&sku)?;
    // The other members as they were written, so that a member that is there twice is refused at any depth.
    let patch = serde_json::to_vec(&members).map_err(malformed)?;
    let changes = rows::changes(&patch)?;
    Ok(ProductRow { sku, changes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn only(text: &str) -> Result<ProductRow, RowFault> {
        let taken = take(text.as_bytes(), true).unwrap().unwrap();
        assert_eq!(taken.bytes, text.len());
        taken.row.unwrap()
    }

    #[test]
    fn a_line_is_a_sku_and_a_merge_patch() {
        let row = only(r#"{"sku":"tea","brand":null,"price":{"amount":12900,"currency":"KRW"}}"#).unwrap();
        assert_eq!(row.sku.as_str(), "tea");
        let patch = serde_json::to_value(&row.changes).unwrap();
        assert_eq!(
            patch,
            json!({ "brand": null, "price": { "amount": 12900, "currency": "KRW" } })
        );
    }

    #[test]
    fn a_line_that_cannot_be_read_names_its_field() {
        for (line, field) in [
            ("tea", None),
            ("[]", None),
            (r#"{"name":"Tea"}"#, Some("sku")),
            (r#"{"sku":7}"#, Some("sku")),
            (r#"{"sku":"a b"}"#, Some("sku")),
            (r#"{"sku":"tea","sku":"tea"}"#, None),
            (r#"{"sku":"tea","nme":"Tea"}"#, Some("nme")),
            (r#"{"sku":"tea","name":null}"#, Some("name")),
            (
                r#"{"sku":"tea","price":{"amount":"1","currency":"KRW"}}"#,
                Some("price"),
            ),
            (r#"{"sku":"tea","categories":["Tea"]}"#, Some("categories")),
            (r#"{"sku":"tea","attributes":{"a":"1","a":"2"}}"#, Some("attributes")),
        ] {
            let fault = only(line).unwrap_err();
            assert_eq!(
                (fault.code, fault.field.as_deref()),
                (MALFORMED, field),
                "{line}: {fault:?}"
            );
        }
    }

    #[test]
    fn a_line_ends_at_its_line_break_or_at_the_end_of_the_file() {
        let tea = r#"{"sku":"tea"}"#;
        for text in [format!("{tea}\n{tea}"), format!("\u{feff}{tea}\r\n{tea}")] {
            let first = take(text.as_bytes(), true).unwrap().unwrap();
            assert_eq!(first.bytes, text.find('\n').unwrap() + 1);
            assert_eq!(first.row.unwrap().unwrap().sku.as_str(), "tea");
        }
        assert!(take(tea.as_bytes(), false).unwrap().is_none());
        assert!(take(tea.as_bytes(), true).unwrap().is_some());
        for empty in ["\n", " \r\n", "  "] {
            assert!(take(empty.as_bytes(), true).unwrap().unwrap().row.is_none());
        }
    }

    #[test]
    fn a_line_that_is_not_utf8_or_too_long_ends_the_file() {
        let reason = |bytes: &[u8]| take(bytes, true).unwrap_err().reason;
        assert_eq!(reason(b"{\"sku\":\"caf\xe9\"}\n"), ImportFailureReason::NotUtf8);
        let long = " ".repeat(MAX_ROW_BYTES + 1);
        assert_eq!(reason(long.as_bytes()), ImportFailureReason::RowTooLarge);
        assert!(take(&long.as_bytes()[1..], true).unwrap().is_some());
    }

    proptest! {
        #[test]
        fn any_bytes_are_lines_that_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                match take(rest, true) {
                    Ok(Some(taken)) => {
                        prop_assert!(0 < taken.bytes && taken.bytes <= rest.len());
                        rest = &rest[taken.bytes..];
                    }
                    Ok(None) => prop_assert!(false, "the end is there"),
                    Err(fault) => {
                        prop_assert_eq!(fault.reason, ImportFailureReason::NotUtf8);
                        break;
                    }
                }
            }
        }
    }
}
