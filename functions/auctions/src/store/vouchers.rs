//! Vouchers, and the marks that make registration unique per code.

use aws_sdk_dynamodb::types::builders::PutBuilder;
use serde::{Deserialize, Serialize};
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::dynamodb::transaction::{put, transact_changes};
use shared::aws::dynamodb::{Item, composite};
use shared::core::error::Error;
use tokio::time::Instant;

use crate::id::VoucherId;
use crate::store::requests::request_key;
use crate::store::{AuctionStore, StoredVoucher, listing};
use crate::voucher::{Voucher, VoucherCode};

const REGISTERING: &str = "register a voucher";

/// Marks a code as registered. No event contains it: short codes could be guessed from their hash.
#[derive(Serialize, Deserialize)]
struct RegisteredCode {
    voucher_id: VoucherId,
}

impl AuctionStore {
    /// Reads a voucher of any owner. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn voucher(&self, id: VoucherId, deadline: Instant) -> Result<Option<StoredVoucher>, Error> {
        self.table.read("read a voucher", voucher_key(id), deadline).await
    }

    /// Reads the voucher that is registered with `code`, of any owner. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn voucher_with_code(
        &self,
        code: &VoucherCode,
        deadline: Instant,
    ) -> Result<Option<StoredVoucher>, Error> {
        let mark: Option<RegisteredCode> = self.table.read(REGISTERING, code_key(code), deadline).await?;
        let Some(RegisteredCode { voucher_id }) = mark else {
            return Ok(None);
        };
        let known = self.voucher(voucher_id, deadline).await?;
        let missing = || Error::internal(REGISTERING, "the voucher of the code does not exist");
        known.map(Some).ok_or_else(missing)
    }

    /// Registers a voucher, with its `request`. Returns false when its code is registered, or the request was made
    /// before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn register(&self, voucher: &Voucher, request: &StoredRequest, deadline: Instant) -> Result<bool, Error> {
        let stored = StoredVoucher {
            voucher: voucher.clone(),
            version: 1,
        };
        let mark = RegisteredCode {
            voucher_id: voucher.voucher_id,
        };
        let items = vec![
            put(self.table.put_new(REGISTERING, code_key(&voucher.code), &mark)?)?,
            put(self.put_voucher(&stored)?)?,
            request.put(&self.table, request_key(request))?,
        ];
        let records = items.len();
        transact_changes(&self.table.client, REGISTERING, items, records, deadline).await
    }

    /// The put of a voucher. Refused when the stored version is not the one before it.
    pub(crate) fn put_voucher(&self, stored: &StoredVoucher) -> Result<PutBuilder, Error> {
        let voucher = &stored.voucher;
        let mut item = self
            .table
            .item("save a voucher", voucher_key(voucher.voucher_id), stored)?;
        let list = listing::vouchers_of(&voucher.owner_id);
        listing::put_on_list(&mut item, list, voucher.owned_at);
        Ok(self.table.put_if_version(item, stored.version))
    }
}

fn voucher_key(id: VoucherId) -> Item {
    composite(format!("VOUCHER#{id}"), "VOUCHER")
}

fn code_key(code: &VoucherCode) -> Item {
    composite(format!("CODE#{}", code.fingerprint()), "CODE")
}
