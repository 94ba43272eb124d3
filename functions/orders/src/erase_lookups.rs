//! Runs for batches of the accounts table's stream, a second after personal data were erased: removes the rows by which
//! administrators find what belongs to the customer by a telephone number, and asks the private index to forget the names.
//!
//! Until it has run, `list-admin-orders` shows none of these orders by them: it compares the data key of each row with the
//! customer's. Rows under a data key that the customer has since an erasure stay, so records may arrive in any order and
//! repeatedly.

use std::collections::BTreeSet;

use shared::Error;
use shared::aws::Platform;
use shared::aws::encryption::{CustomerKeyStore, StoredKey};
use shared::aws::lambda::Invocation;
use shared::aws::lambda::problem::Causes;
use shared::aws::lambda::stream::Changes;
use shared::core::identity::CustomerId;
use shared::lookups::LookupStore;
use shared::search::{PrivateDocumentKind, PrivateIndexQueue};
use tokio::time::Instant;
use uuid::Uuid;

/// The function's stores.
#[derive(Debug)]
pub struct EraseLookups {
    /// The rows.
    pub lookups: LookupStore,
    /// The customers' data keys, of which only the ids are read.
    pub customer_keys: CustomerKeyStore,
    /// The queue of the private index.
    pub private_index: PrivateIndexQueue,
}

impl EraseLookups {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            lookups: LookupStore::new(platform)?,
            customer_keys: CustomerKeyStore::new(platform)?,
            private_index: PrivateIndexQueue::new(platform)?,
        })
    }
}

/// Removes the rows of each customer of the batch.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Internal`]. The stream delivers the batch again.
pub async fn handle(function: &EraseLookups, changes: Changes, invocation: Invocation) -> Result<(), Error> {
    for customer in erased_in(&changes) {
        let customer_id = customer.as_str();
        match erase(function, &customer, invocation.deadline).await {
            Ok(rows) => tracing::info!(customer_id, rows, "lookups erased"),
            Err(error) => {
                tracing::error!(customer_id, causes = %Causes(&error), "lookups not erased");
                return Err(error);
            }
        }
    }
    Ok(())
}

/// Removes the rows from erased data of a customer. Returns how many.
async fn erase(function: &EraseLookups, customer: &CustomerId, deadline: Instant) -> Result<usize, Error> {
    let rows = function.lookups.personal(customer, deadline).await?;
    // After the rows: a customer who orders again meanwhile has a new key, and rows under it.
    let current = function.customer_keys.find(customer, deadline).await?;
    let erased = rows.erased(current.as_ref().map(StoredKey::id))?;
    // Before they are removed, since without the rows nobody knows which orders they are.
    let ids: Vec<Uuid> = erased.ids.iter().copied().collect();
    let index = &function.private_index;
    index.index(PrivateDocumentKind::Order, &ids, deadline).await?;
    function.lookups.remove(erased, deadline).await
}

/// The customers whose personal data were erased, each once.
fn erased_in(changes: &Changes) -> BTreeSet<CustomerId> {
    changes.keys().filter_map(CustomerKeyStore::erased_in_key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_batch_names_each_erased_customer_once() {
        let record = |pk: &str| json!({ "dynamodb": { "Keys": { "pk": { "S": pk } } } });
        let records = ["ERASURE#bob", "KEY#ann", "ERASURE#bob"].map(record);
        let batch = json!({ "Records": records });
        let changes: Changes = serde_json::from_value(batch).unwrap();
        let erased: Vec<String> = erased_in(&changes).iter().map(|id| id.as_str().to_owned()).collect();
        assert_eq!(erased, ["bob"]);
    }
}
