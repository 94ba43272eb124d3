//! Fuzz target: the rows of an import's file.

use catalog::import::{FileFault, FileFormat, RowFault, RowReader};
use serde_json::Value;

/// Reads a file as CSV and as JSON Lines, once as a whole and once in pieces: the rows are the same. The first byte is the
/// length of the pieces.
///
/// # Panics
/// If a row is not read, or read differently in pieces.
pub fn enter(data: &[u8]) {
    let Some((&step, file)) = data.split_first() else {
        return;
    };
    for format in [FileFormat::Csv, FileFormat::JsonLines] {
        let whole = read(format, file, file.len());
        assert_eq!(read(format, file, usize::from(step) + 1), whole);
    }
}

/// A row: its number, and its SKU and patch.
type Row = (u64, Result<(String, Value), RowFault>);

/// The rows of a file that is read in pieces that grow by `step` bytes, each row by a new reader, as after an interruption.
fn read(format: FileFormat, file: &[u8], step: usize) -> (Vec<Row>, Option<FileFault>) {
    let mut reader = RowReader::new(format, &[]);
    let (mut start, mut end, mut number, mut rows) = (0, step.min(file.len()), 0, vec![]);
    while start < file.len() {
        // A reader gets at least one byte.
        end = end.max(start + 1);
        let taken = match reader.take(&file[start..end], end == file.len()) {
            Ok(Some(taken)) => taken,
            Ok(None) => {
                assert!(end < file.len(), "a row without an end");
                end = file.len().min(end + step);
                continue;
            }
            Err(fault) => return (rows, Some(fault)),
        };
        assert!(0 < taken.bytes && taken.bytes <= end - start);
        start += taken.bytes;
        number += taken.rows;
        reader = RowReader::new(format, &reader.columns());
        if let Some(row) = taken.row {
            let row = row.map(|row| (row.sku.to_string(), serde_json::to_value(&row.changes).expect("JSON")));
            rows.push((number, row));
        }
    }
    (rows, None)
}
