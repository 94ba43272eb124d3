//! The documents of orders in the private index: the names and e-mail addresses of who receives them.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use futures::stream::iter;
use search_engine::document::MAX_TEXT;
use search_engine::{Document, Title};
use shared::Error;
use shared::aws::Platform;
use shared::aws::encryption::{CustomerKey, CustomerKeyStore};
use shared::aws::lambda::problem::Causes;
use shared::core::identity::CustomerId;
use shared::orders::{DeliveryDetails, OrderId, OrderStore, StoredOrder};
use shared::search::PrivateDocumentKind;
use tokio::time::Instant;
use uuid::Uuid;

/// The version of a document with names. They never change.
const READABLE: u64 = 1;
/// The version of a document without names, because they were erased or there were none. No message that arrives late can bring
/// them back.
const EMPTY: u64 = 2;

/// The number of customers' keys that are decrypted at the same time.
const CONCURRENT: usize = 16;

/// Orders, and the keys of their personal data.
#[derive(Clone, Debug)]
pub struct OrderSource {
    /// Orders.
    pub orders: OrderStore,
    /// The customers' data keys.
    pub customer_keys: CustomerKeyStore,
}

impl OrderSource {
    /// The source on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            orders: OrderStore::new(platform)?,
            customer_keys: CustomerKeyStore::new(platform)?,
        })
    }

    /// The documents of these orders, as they are stored now. Strongly consistent. Each order has one, without texts if there are
    /// no names. An order that cannot be read is left out: it would stop all others, and erasures with them. The daily run asks
    /// for it again.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn read(&self, ids: &BTreeSet<Uuid>, deadline: Instant) -> Result<Vec<Document>, Error> {
        let ids: Vec<OrderId> = ids.iter().copied().map(OrderId).collect();
        let (orders, damaged) = self.orders.get_all(&ids, deadline).await?;
        for error in damaged {
            tracing::error!(causes = %Causes(&error), "order cannot be read and is not indexed");
        }
        let with_details = orders.iter().filter(|stored| stored.delivery_details.is_some());
        // A message often names several orders of one customer.
        let customers: BTreeSet<&CustomerId> = with_details.map(|stored| &stored.order.customer_id).collect();
        let keys = customers.into_iter().map(|customer| async move {
            let key = self.customer_keys.get(customer, deadline).await;
            (customer, key)
        });
        let found: Vec<(&CustomerId, Result<Option<CustomerKey>, Error>)> =
            iter(keys).buffer_unordered(CONCURRENT).collect().await;
        let mut keys = BTreeMap::new();
        for (customer, key) in found {
            match key {
                Ok(key) => drop(keys.insert(customer, key)),
                Err(error @ Error::Unavailable { .. }) => return Err(error),
                Err(error) => {
                    let customer_id = customer.as_str();
                    tracing::error!(customer_id, causes = %Causes(&error), "a customer's key cannot be read");
                }
            }
        }
        let documents = orders.iter().filter_map(|stored| {
            let details = match &stored.delivery_details {
                None => None,
                // A customer whose key cannot be read has none here.
                Some(sealed) => match keys.get(&stored.order.customer_id)? {
                    None => None,
                    Some(key) => match sealed.open(key) {
                        Ok(details) => details,
                        Err(error) => {
                            let order_id = stored.order.order_id;
                            tracing::error!(%order_id, causes = %Causes(&error), "delivery details cannot be read");
                            return None;
                        }
                    },
                },
            };
            Some(document(stored, details))
        });
        Ok(documents.collect())
    }
}

fn document(stored: &StoredOrder, details: Option<DeliveryDetails>) -> Document {
    let order = &stored.order;
    let is_readable = details.is_some();
    let mut names = vec![];
    let mut emails = vec![];
    for contact in details.iter().filter_map(|details| details.contact.as_ref()) {
        names.push(contact.name.as_str());
        emails.extend(contact.email.clone());
    }
    let addresses = details.iter().filter_map(|details| details.shipping_address.as_ref());
    names.extend(addresses.map(|address| address.recipient.as_str()));
    names.dedup();
    let mut names = names.into_iter().map(str::to_owned);
    let title = names.next().map(|text| Title {
        // A name has no language (RFC 5646: undetermined).
        language: "und".to_owned(),
        text,
    });
    let placed_at = order.placed_at.as_millisecond();
    Document {
        kind: PrivateDocumentKind::Order.name().to_owned(),
        id: order.order_id.to_string(),
        version: if is_readable { READABLE } else { EMPTY },
        titles: title.into_iter().collect(),
        aliases: emails.into_iter().filter(|email| email.len() <= MAX_TEXT).collect(),
        names: names.collect(),
        categories: vec![],
        price: None,
        created_at: placed_at,
        updated_at: placed_at,
        visible: is_readable,
        payload: vec![],
    }
}
