//! The documents of orders in the private index: the names and e-mail addresses of who receives them.

use std::collections::{BTreeMap, BTreeSet};

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

    /// The documents of these orders, as they are stored now. Strongly consistent. Each existing order has one, without texts if
    /// there are no names.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn read(&self, ids: &BTreeSet<Uuid>, deadline: Instant) -> Result<Vec<Document>, Error> {
        let ids: Vec<OrderId> = ids.iter().copied().map(OrderId).collect();
        let (orders, damaged) = self.orders.get_all(&ids, deadline).await?;
        for error in damaged {
            tracing::error!(causes = %Causes(&error), "order cannot be read and is not indexed");
        }
        // A message often names several orders of one customer.
        let mut keys: BTreeMap<CustomerId, Option<CustomerKey>> = BTreeMap::new();
        let mut documents = vec![];
        for stored in orders {
            let customer = &stored.order.customer_id;
            if stored.delivery_details.is_some() && !keys.contains_key(customer) {
                keys.insert(customer.clone(), self.customer_keys.get(customer, deadline).await?);
            }
            let key = keys.get(customer).and_then(Option::as_ref);
            documents.push(document(&stored, details(&stored, key)?));
        }
        Ok(documents)
    }
}

/// The details of an order. None if there are none, or they were erased.
fn details(stored: &StoredOrder, key: Option<&CustomerKey>) -> Result<Option<DeliveryDetails>, Error> {
    match (&stored.delivery_details, key) {
        (Some(sealed), Some(key)) => sealed.open(key),
        _ => Ok(None),
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
