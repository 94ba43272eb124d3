//! CSV (RFC 4180): a header with the names of columns, and a product a row. An empty cell leaves its field unchanged.

use csv_core::{ReadRecordResult, Reader};
use iso_currency::Currency;
use serde_json::{Map, Value, json};
use shared::catalog::Product;
use shared::core::money::Money;

use super::rows::{self, FileFault, MALFORMED, ProductRow, RowFault, Taken};
use super::{ImportFailureReason, MAX_ROW_BYTES};

/// The most columns.
const MAX_COLUMNS: usize = 200;

/// The longest name of a column, in bytes: an attribute's name of fifty characters.
const MAX_NAME: usize = 4 * Product::MAX_ATTRIBUTE_NAME + ATTRIBUTES.len() + 1;

/// Separates the values of a cell with several.
const SEPARATOR: char = '|';

/// Reads the rows of a file.
#[derive(Debug)]
pub struct CsvRows {
    reader: Reader,
    columns: Vec<Column>,
    cells: Box<[u8]>,
    ends: [usize; MAX_COLUMNS],
}

impl CsvRows {
    /// Reads rows with these columns. With none, the first row is the header.
    pub fn new(columns: &[String]) -> Self {
        Self {
            reader: Reader::new(),
            columns: columns.iter().filter_map(|name| Column::named(name)).collect(),
            cells: vec![0; MAX_ROW_BYTES].into_boxed_slice(),
            ends: [0; MAX_COLUMNS],
        }
    }

    /// The names of the columns. Empty before the header was read.
    pub fn columns(&self) -> Vec<String> {
        self.columns.iter().map(Column::name).collect()
    }

    /// Takes the first row of `bytes`, which begin at a row. None if its end is not there yet.
    pub fn take(&mut self, bytes: &[u8], is_end: bool) -> Result<Option<Taken>, FileFault> {
        let empty = empty_lines(bytes);
        let record = self.record(bytes, is_end)?;
        let (bytes, count) = match record {
            Record::Open => return Ok(None),
            Record::None => {
                return Ok(Some(Taken {
                    bytes: bytes.len(),
                    rows: empty,
                    row: None,
                }));
            }
            Record::Complete { bytes: read, cells } => {
                if !has_closed_quotes(&bytes[..read]) {
                    let detail = "A quoted cell has no end, or text follows its closing quote.";
                    return Err(FileFault::new(ImportFailureReason::MalformedQuotes, detail));
                }
                (read, cells)
            }
        };
        let too_many = || format!("A row has at most {MAX_COLUMNS} cells.");
        let Some(count) = count else {
            if self.columns.is_empty() {
                return Err(FileFault::new(ImportFailureReason::InvalidHeader, too_many()));
            }
            return Ok(Some(Taken {
                bytes,
                rows: empty + 1,
                row: Some(Err(RowFault::new(MALFORMED, too_many()))),
            }));
        };
        let cells = self.texts(count)?;
        let mut row = None;
        if self.columns.is_empty() {
            self.columns = columns(&cells)?;
        } else if cells.iter().any(|cell| !cell.is_empty()) {
            row = Some(self.row(&cells));
        }
        let rows = empty + 1;
        Ok(Some(Taken { bytes, rows, row }))
    }

    /// Finds the first record and unquotes its cells.
    fn record(&mut self, bytes: &[u8], is_end: bool) -> Result<Record, FileFault> {
        self.reader.reset();
        let (mut read, mut written, mut cells, mut is_wide) = (0, 0, 0, false);
        loop {
            let rest = &bytes[read..];
            // To the reader, no bytes are the end of the file.
            if rest.is_empty() && !is_end {
                return Ok(Record::Open);
            }
            let output = &mut self.cells[written..];
            let (result, taken, unquoted, ended) = self.reader.read_record(rest, output, &mut self.ends[cells..]);
            read += taken;
            written += unquoted;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => {
                    let detail = format!("A row has at most {MAX_ROW_BYTES} bytes. A quote may be missing.");
                    return Err(FileFault::new(ImportFailureReason::RowTooLarge, detail));
                }
                // The rest is read to find the end of the row.
                ReadRecordResult::OutputEndsFull => (cells, is_wide) = (0, true),
                ReadRecordResult::End => return Ok(Record::None),
                ReadRecordResult::Record => {
                    // The reader leaves the second half of a line break to the next record.
                    if bytes[..read].ends_with(b"\r") {
                        match bytes.get(read) {
                            Some(b'\n') => read += 1,
                            None if !is_end => return Ok(Record::Open),
                            _ => {}
                        }
                    }
                    return Ok(Record::Complete {
                        bytes: read,
                        cells: (!is_wide).then_some(cells),
                    });
                }
            }
        }
    }

    fn texts(&self, count: usize) -> Result<Vec<String>, FileFault> {
        let mut start = 0;
        let cells = self.ends[..count].iter().map(|&end| {
            let cell = str::from_utf8(&self.cells[start..end]);
            start = end;
            cell.map(str::to_owned).map_err(|_| FileFault::not_utf8())
        });
        cells.collect()
    }

    fn row(&self, cells: &[String]) -> Result<ProductRow, RowFault> {
        if cells.len() != self.columns.len() {
            let detail = format!("It has {} cells, the header has {}.", cells.len(), self.columns.len());
            return Err(RowFault::new(MALFORMED, detail));
        }
        let cell = |wanted: &Column| {
            let mut columns = self.columns.iter().zip(cells);
            columns
                .find_map(|(column, cell)| (column == wanted).then_some(cell.trim()))
                .unwrap_or_default()
        };
        let sku = rows::sku(cell(&Column::Sku))?;
        let mut patch = Map::new();
        if let Some(price) = price(cell(&Column::Price), cell(&Column::Currency))? {
            patch.insert("price".to_owned(), json!(price));
        }
        for (column, cell) in self.columns.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            column.put(cell, &mut patch)?;
        }
        let changes = rows::changes_of(patch)?;
        Ok(ProductRow { sku, changes })
    }
}

enum Record {
    /// It goes on after the given bytes.
    Open,
    /// There is no further one.
    None,
    /// It takes these bytes. The number of its cells; none if they are too many.
    Complete { bytes: usize, cells: Option<usize> },
}

/// A column, and how its cells are read.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Column {
    Sku,
    Price,
    Currency,
    WeightGrams,
    Text(&'static str),
    Number(&'static str),
    List(&'static str),
    Attribute(String),
    Metadata(String),
}

/// The members of `update-product` with the same name.
const FIELDS: [Column; 12] = [
    Column::Text("name"),
    Column::Text("description"),
    Column::Text("brand"),
    Column::List("categories"),
    Column::Text("status"),
    Column::Text("list_at"),
    Column::Text("unlist_at"),
    Column::Text("tax_class"),
    Column::Number("points"),
    Column::List("images"),
    Column::Number("low_stock_threshold"),
    Column::Number("stock_shards"),
];

const ATTRIBUTES: &str = "attributes";
const METADATA: &str = "metadata";

impl Column {
    fn named(name: &str) -> Option<Self> {
        if name.len() > MAX_NAME {
            return None;
        }
        match name {
            "sku" => Some(Self::Sku),
            "price" => Some(Self::Price),
            "currency" => Some(Self::Currency),
            "weight_grams" => Some(Self::WeightGrams),
            name => match name.split_once('.') {
                Some((ATTRIBUTES, name)) if !name.is_empty() => Some(Self::Attribute(name.to_owned())),
                Some((METADATA, name)) if !name.is_empty() => Some(Self::Metadata(name.to_owned())),
                _ => FIELDS.into_iter().find(|field| field.name() == name),
            },
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Sku => "sku".to_owned(),
            Self::Price => "price".to_owned(),
            Self::Currency => "currency".to_owned(),
            Self::WeightGrams => "weight_grams".to_owned(),
            Self::Text(name) | Self::Number(name) | Self::List(name) => (*name).to_owned(),
            Self::Attribute(name) => format!("{ATTRIBUTES}.{name}"),
            Self::Metadata(name) => format!("{METADATA}.{name}"),
        }
    }

    /// Adds a cell that is not empty to a merge patch.
    fn put(&self, cell: &str, patch: &mut Map<String, Value>) -> Result<(), RowFault> {
        let (field, value) = match self {
            // The row has read them together.
            Self::Sku | Self::Price | Self::Currency => return Ok(()),
            Self::WeightGrams => ("package", json!({ "weight_grams": number("weight_grams", cell)? })),
            Self::Text(field) => (*field, json!(cell)),
            Self::Number(field) => (*field, json!(number(field, cell)?)),
            Self::List(field) => (*field, json!(cell.split(SEPARATOR).map(str::trim).collect::<Vec<_>>())),
            Self::Attribute(name) => (ATTRIBUTES, with(patch.remove(ATTRIBUTES), name, cell)),
            Self::Metadata(name) => (METADATA, with(patch.remove(METADATA), name, cell)),
        };
        patch.insert(field.to_owned(), value);
        Ok(())
    }
}

/// A map with one more text.
fn with(map: Option<Value>, name: &str, text: &str) -> Value {
    let mut map = map.unwrap_or_else(|| json!({}));
    map[name] = json!(text);
    map
}

/// Reads the header.
fn columns(names: &[String]) -> Result<Vec<Column>, FileFault> {
    let invalid = |detail: String| FileFault::new(ImportFailureReason::InvalidHeader, detail);
    let mut columns: Vec<Column> = vec![];
    for name in names.iter().map(|name| name.trim()) {
        let column = Column::named(name);
        let column = column.ok_or_else(|| invalid(format!("There is no column {name:?}. Commas separate columns.")))?;
        if columns.contains(&column) {
            return Err(invalid(format!("The column {name} is there twice.")));
        }
        columns.push(column);
    }
    if !columns.contains(&Column::Sku) {
        return Err(invalid("The column sku is missing.".to_owned()));
    }
    Ok(columns)
}

/// Whether each quoted cell of a record ends before the next comma or line break outside of quotes. Otherwise a quote is
/// missing, and the record may have swallowed rows (RFC 4180, section 2.5 to 2.7).
fn has_closed_quotes(record: &[u8]) -> bool {
    let mut bytes = record.strip_prefix(b"\xef\xbb\xbf").unwrap_or(record).iter().peekable();
    let mut starts_cell = true;
    while let Some(&byte) = bytes.next() {
        if byte == b'"' && starts_cell {
            loop {
                match (bytes.next(), bytes.peek()) {
                    (None, _) => return false,
                    // Two quotes are one in the cell.
                    (Some(b'"'), Some(b'"')) => drop(bytes.next()),
                    (Some(b'"'), None | Some(b',' | b'\r' | b'\n')) => break,
                    (Some(b'"'), Some(_)) => return false,
                    (Some(_), _) => {}
                }
            }
        }
        starts_cell = matches!(byte, b',' | b'\r' | b'\n');
    }
    true
}

/// The number of empty lines before the first row.
fn empty_lines(bytes: &[u8]) -> u64 {
    let breaks = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    breaks.filter(|byte| **byte == b'\n').count() as u64
}

fn number(field: &str, cell: &str) -> Result<u64, RowFault> {
    let cell = cell.trim();
    let digits = cell.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| cell.parse().ok()).flatten();
    number.ok_or_else(|| RowFault::of(field, MALFORMED, format!("{field}: {cell:?} is not a whole number.")))
}

/// Reads a price as customers see it, such as 12.90 and EUR. None if both cells are empty.
fn price(amount: &str, currency: &str) -> Result<Option<Money>, RowFault> {
    if amount.is_empty() && currency.is_empty() {
        return Ok(None);
    }
    let fault = |detail: String| RowFault::of("price", MALFORMED, detail);
    if amount.is_empty() || currency.is_empty() {
        return Err(fault("price: it needs both price and currency.".to_owned()));
    }
    let known = Currency::from_code(currency);
    let known = known.ok_or_else(|| fault(format!("currency: {currency:?} is no code of ISO 4217.")))?;
    let digits = usize::from(known.exponent().unwrap_or_default());
    let price = minor_units(amount, digits).and_then(|amount| Money::new(amount, known).ok());
    let example = if digits == 0 { "12900" } else { "12.90" };
    let detail =
        || format!("price: {amount:?} is not an amount such as {example} with at most {digits} decimal places.");
    price.map(Some).ok_or_else(|| fault(detail()))
}

/// A decimal number with at most `places` decimal places, in units of the last place.
fn minor_units(text: &str, places: usize) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let has_fraction = text.contains('.');
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) || fraction.len() > places {
        return None;
    }
    if has_fraction && fraction.is_empty() {
        return None;
    }
    format!("{whole}{fraction:0<places$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Rows: their numbers, and the patches with their SKUs.
    type Rows = Vec<(u64, Result<Value, RowFault>)>;

    /// The rows of a file that is read in pieces that grow by `step` bytes.
    fn read_by(text: &[u8], step: usize) -> Result<Rows, FileFault> {
        let mut rows = CsvRows::new(&[]);
        let (mut start, mut end, mut number, mut found) = (0, 0, 0, vec![]);
        while start < text.len() {
            let Some(taken) = rows.take(&text[start..end], end == text.len())? else {
                assert!(end < text.len(), "the end is there");
                end = text.len().min(end + step);
                continue;
            };
            assert!(taken.bytes > 0);
            start += taken.bytes;
            number += taken.rows;
            // As after an interruption.
            rows = CsvRows::new(&rows.columns());
            if let Some(row) = taken.row {
                let patch = row.map(|row| {
                    let mut patch = serde_json::to_value(&row.changes).unwrap();
                    patch["sku"] = json!(row.sku);
                    patch
                });
                found.push((number, patch));
            }
        }
        Ok(found)
    }

    fn read(text: &str) -> Rows {
        read_by(text.as_bytes(), text.len()).unwrap()
    }

    fn fault(header: &str, row: &str) -> RowFault {
        let mut rows = read(&format!("{header}\n{row}\n"));
        assert_eq!(rows.len(), 1);
        rows.remove(0).1.unwrap_err()
    }

    #[test]
    fn each_column_is_a_field_of_the_patch() {
        let header = "sku,name,description,brand,categories,price,currency,status,tax_class,weight_grams,points,\
            low_stock_threshold,stock_shards,attributes.Origin,metadata.erp_id";
        let row = "tea,Green tea,\"Two lines,\n and a \"\"quote\"\"\",Hadong,drinks/tea | gifts,12.90,EUR,LISTED,REDUCED,120,7,5,2,\
            Boseong,40817";
        let expected = json!({
            "sku": "tea",
            "name": "Green tea",
            "description": "Two lines,\n and a \"quote\"",
            "brand": "Hadong",
            "categories": ["drinks/tea", "gifts"],
            "attributes": { "Origin": "Boseong" },
            "metadata": { "erp_id": "40817" },
            "price": { "amount": 1290, "currency": "EUR" },
            "status": "LISTED",
            "points": 7,
            "package": { "weight_grams": 120 },
            "tax_class": "REDUCED",
            "low_stock_threshold": 5,
            "stock_shards": 2,
        });
        assert_eq!(read(&format!("{header}\n{row}")), [(2, Ok(expected))]);
    }

    #[test]
    fn an_empty_cell_leaves_its_field_unchanged() {
        let rows = read("sku,name,price,currency,attributes.Origin\ntea,,,,\nmug,Mug,,,\n");
        let expected = [
            (2, Ok(json!({ "sku": "tea" }))),
            (3, Ok(json!({ "sku": "mug", "name": "Mug" }))),
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn rows_have_the_numbers_that_a_spreadsheet_shows() {
        let numbers = |text: &str| read(text).into_iter().map(|(number, _)| number).collect::<Vec<u64>>();
        assert_eq!(numbers("sku,name\na,A\nb,B\n"), [2, 3]);
        assert_eq!(numbers("\u{feff}sku,name\r\na,A\r\n\r\n,\r\nb,B"), [2, 5]);
        assert_eq!(numbers("sku,name\n\n\na,A\n\n"), [4]);
    }

    #[test]
    fn a_file_is_read_in_pieces_of_any_size() {
        let text = "\u{feff}sku,name,brand\r\na,\"1\r\n\"\"2\"\"\",차\r\n\r\nb,B,\r\n\"c\",C,\"x,y\"";
        let whole = read(text);
        assert_eq!(whole.len(), 3);
        for step in 1..text.len() {
            assert_eq!(read_by(text.as_bytes(), step).unwrap(), whole, "{step}");
        }
    }

    #[test]
    fn a_header_has_known_columns_once_and_the_sku() {
        for (header, word) in [
            ("sku,nmae", "nmae"),
            ("sku;name", "Commas"),
            ("sku,sku", "twice"),
            ("sku,attributes.a,attributes.a", "twice"),
            ("name", "missing"),
            ("sku,attributes.", "attributes."),
            ("sku,attributes", "attributes"),
        ] {
            let fault = read_by(header.as_bytes(), 100).unwrap_err();
            assert_eq!(fault.reason, ImportFailureReason::InvalidHeader);
            assert!(fault.detail.contains(word), "{header}: {fault:?}");
        }
        assert_eq!(
            read(" sku , name\ntea,Tea").len(),
            1,
            "spaces around a name do not matter"
        );
    }

    #[test]
    fn a_wrong_cell_names_its_field() {
        for (header, row, field) in [
            ("sku,name", "a b,Tea", Some("sku")),
            ("sku,name", ",Tea", Some("sku")),
            ("sku,name", "tea", None),
            ("sku,name", "tea,Tea,", None),
            ("sku,price", "tea,12", Some("price")),
            ("sku,price,currency", "tea,,EUR", Some("price")),
            ("sku,price,currency", "tea,12.345,EUR", Some("price")),
            ("sku,price,currency", "tea,12.5,KRW", Some("price")),
            ("sku,price,currency", "tea,1e3,KRW", Some("price")),
            ("sku,price,currency", "tea,12,EURO", Some("price")),
            ("sku,points", "tea,-1", Some("points")),
            ("sku,points", "tea,1.5", Some("points")),
            ("sku,weight_grams", "tea,x", Some("weight_grams")),
            ("sku,status", "tea,listed", Some("status")),
            ("sku,categories", "tea,Tea", Some("categories")),
            ("sku,stock_shards", "tea,65", Some("stock_shards")),
        ] {
            let fault = fault(header, row);
            assert_eq!(
                (fault.code, fault.field.as_deref()),
                (MALFORMED, field),
                "{row}: {fault:?}"
            );
        }
    }

    #[test]
    fn a_missing_quote_ends_the_file_before_the_row_that_lacks_it() {
        for text in [
            "sku,name\ntea,\"Nice tea\nmug,Good mug\npot,Nice pot\n",
            "sku,name\ntea,\"Nice tea\nmug,Good mug\npot,\"Nice pot\"\n",
            "sku,name\ntea,\"Nice\" tea\n",
            "sku,name\ntea,\"",
        ] {
            for step in [1, 7, text.len()] {
                let fault = read_by(text.as_bytes(), step).unwrap_err();
                assert_eq!(fault.reason, ImportFailureReason::MalformedQuotes, "{text}");
            }
        }
        let odd = read("sku,name\ntea,5\" pipe\nmug,\"\"\nbowl,\"a \"\"b\"\"\"");
        assert_eq!(odd.len(), 3);
        assert_eq!(odd[2].1.as_ref().unwrap()["name"], "a \"b\"");
    }

    #[test]
    fn a_row_with_too_many_cells_is_an_error_of_that_row() {
        let text = format!("sku,name\ntea,{}\nmug,Mug\n", "x,".repeat(MAX_COLUMNS));
        let rows = read(&text);
        assert_eq!(rows[0].1.as_ref().unwrap_err().code, MALFORMED);
        assert_eq!(rows[1], (3, Ok(json!({ "sku": "mug", "name": "Mug" }))));
    }

    #[test]
    fn a_row_without_end_is_too_large() {
        let text = format!("sku,name\ntea,\"{}", "x".repeat(MAX_ROW_BYTES));
        let fault = read_by(text.as_bytes(), 10_000).unwrap_err();
        assert_eq!(fault.reason, ImportFailureReason::RowTooLarge);
    }

    #[test]
    fn a_cell_that_is_not_utf8_ends_the_file() {
        let fault = read_by(b"sku,name\ntea,caf\xe9\n", 100).unwrap_err();
        assert_eq!(fault.reason, ImportFailureReason::NotUtf8);
    }

    proptest! {
        #[test]
        fn an_amount_is_read_as_it_is_written(units in 0..=Money::MAX_AMOUNT, places in 0..4usize) {
            let scale = 10u64.pow(places as u32);
            let text = match places {
                0 => units.to_string(),
                _ => format!("{}.{:0places$}", units / scale, units % scale),
            };
            prop_assert_eq!(minor_units(&text, places), Some(units));
        }

        #[test]
        fn any_bytes_are_rows_that_are_read_or_refused(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b','), Just(b'"'), Just(b'\n'), Just(b'\r')], 0..200),
            step in 1..50usize,
        ) {
            let mut text = b"sku,name\n".to_vec();
            text.extend(bytes);
            let whole = read_by(&text, text.len());
            prop_assert_eq!(read_by(&text, step), whole);
        }
    }
}
