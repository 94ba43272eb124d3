//! An import's file, read by ranges: never more than a few megabytes are in memory.

use std::collections::HashSet;

use shared::Error;
use tokio::time::Instant;

use super::rows::{FileFault, ProductRow, RowFault, RowReader, Taken};
use super::store::{Progress, StoredImport};
use super::{ImportFailureReason, MAX_ROW_BYTES, MAX_ROWS};
use crate::files::Files;

/// Rows that are applied together: their products are one batch read.
pub const CHUNK_ROWS: usize = 100;

/// Bytes of one read.
const RANGE: u64 = 1024 * 1024;

/// The bytes within which a row has to end. Quotes can double the length of a CSV row.
const ROW_WINDOW: usize = 2 * MAX_ROW_BYTES;

/// Reads a file from where it is done.
#[derive(Debug)]
pub struct ImportFile<'a> {
    files: &'a Files,
    key: String,
    length: u64,
    reader: RowReader,
    /// The bytes from the next row on that were read.
    window: Vec<u8>,
    /// How far the file is done, without the rows of the window.
    progress: Progress,
    /// The number of rows with a product so far.
    products: u64,
}

/// The next rows of a file, of different products.
#[derive(Debug)]
pub struct Chunk {
    /// The rows, with their numbers.
    pub rows: Vec<(u64, Result<ProductRow, RowFault>)>,
    /// The position in the file after these rows.
    pub progress: Progress,
    /// The reason for which the next row cannot be read.
    pub fault: Option<FileFault>,
    /// Whether these are the last rows.
    pub is_last: bool,
}

impl<'a> ImportFile<'a> {
    /// Continues to read the file of `stored`.
    pub fn of(files: &'a Files, stored: &StoredImport) -> Self {
        let import = &stored.import;
        Self {
            files,
            key: import.import_id.file_key(),
            length: import.content_length,
            reader: RowReader::new(import.format, &stored.progress.columns),
            window: vec![],
            progress: stored.progress.clone(),
            products: import.rows,
        }
    }

    /// Reads the next rows.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn next_chunk(&mut self, deadline: Instant) -> Result<Chunk, Error> {
        let (mut rows, mut fault, mut start): (Vec<(u64, Result<ProductRow, RowFault>)>, _, _) = (vec![], None, 0);
        let mut skus = HashSet::new();
        while rows.len() < CHUNK_ROWS {
            match self.take(start) {
                Ok(Some(taken)) => {
                    if taken.row.is_some() && self.products == MAX_ROWS {
                        let detail = format!("A file has at most {MAX_ROWS} rows.");
                        fault = Some(FileFault::new(ImportFailureReason::TooManyRows, detail));
                        break;
                    }
                    // The next row of a product has to see this one.
                    if let Some(Ok(row)) = &taken.row
                        && !skus.insert(row.sku.clone())
                    {
                        break;
                    }
                    start += taken.bytes;
                    self.progress.bytes += taken.bytes as u64;
                    self.progress.rows += taken.rows;
                    if let Some(row) = taken.row {
                        self.products += 1;
                        rows.push((self.progress.rows, row));
                    }
                }
                Ok(None) if self.progress.bytes == self.length => break,
                Ok(None) if self.window.len() - start > ROW_WINDOW => {
                    let detail = format!("A row has at most {MAX_ROW_BYTES} bytes. A quote may be missing.");
                    fault = Some(FileFault::new(ImportFailureReason::RowTooLarge, detail));
                    break;
                }
                Ok(None) => {
                    self.window.drain(..start);
                    start = 0;
                    self.read_more(deadline).await?;
                }
                Err(found) => {
                    fault = Some(found);
                    break;
                }
            }
        }
        self.window.drain(..start);
        self.progress.columns = self.reader.columns();
        Ok(Chunk {
            rows,
            progress: self.progress.clone(),
            is_last: fault.is_none() && self.progress.bytes == self.length,
            fault,
        })
    }

    fn take(&mut self, start: usize) -> Result<Option<Taken>, FileFault> {
        let bytes = &self.window[start..];
        if bytes.is_empty() {
            return Ok(None);
        }
        let is_end = self.progress.bytes + bytes.len() as u64 == self.length;
        self.reader.take(bytes, is_end)
    }

    async fn read_more(&mut self, deadline: Instant) -> Result<(), Error> {
        let start = self.progress.bytes + self.window.len() as u64;
        let end = self.length.min(start + RANGE);
        self.window
            .extend(self.files.read(&self.key, start, end, deadline).await?);
        Ok(())
    }
}
