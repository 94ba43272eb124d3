//! The listings table: rows and headers of products (`PRODUCT#<sku>`), the counts of lists (`LIST#<scope>`), the layouts
//! (`LAYOUTS`), and the requests that changed them (`REQUEST#<id>`), which are removed after a month.
//!
//! A table of its own: its indexes are written for each list of a product, and when they cannot keep up, DynamoDB throttles
//! the writes of their table. Those of the catalog table sell stock.

use aws_sdk_dynamodb::types::{Delete, Put};
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::dynamodb::table::{Table, text_of};
use shared::aws::dynamodb::transaction::{delete, put, transact_changes};
use shared::aws::dynamodb::{
    Item, Wanted, batch_get, classify_error, composite, item_of, number, parse, send_until_answered, text,
};
use shared::aws::lambda::problem::Causes;
use shared::catalog::Sku;
use tokio::time::Instant;

use super::card::ProductCard;
use super::keys::ProductOrder;
use super::layout::Layouts;
use super::placement::{Header, Step};
use super::scope::Scope;

/// Reads and writes the listings table.
#[derive(Clone, Debug)]
pub struct ListingStore {
    table: Table,
}

/// How often the rows of a list have changed, and how many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListCount {
    /// The number of times that rows have changed, of which several may count as one.
    pub generation: u64,
    /// The number of rows, approximately: a run that crashes between a change and its count is not counted.
    pub products: i64,
}

/// The part of one shard of a list to read.
#[derive(Clone, Debug)]
pub struct ShardRead {
    /// The order, which says by which index.
    pub order: ProductOrder,
    /// The partition.
    pub list: String,
    /// The key after which to start.
    pub after: Option<String>,
    /// Whether to read from the lowest key on.
    pub is_ascending: bool,
    /// The most rows to read.
    pub limit: usize,
}

/// Rows of one shard, with their keys in the order that was asked for.
#[derive(Clone, Debug)]
pub struct ShardPage {
    /// The rows. None for a card that cannot be read.
    pub rows: Vec<(String, Option<ProductCard>)>,
    /// Whether there are no more.
    pub is_complete: bool,
}

impl ListingStore {
    /// Reads the table's name from `LISTINGS_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "LISTINGS_TABLE")?,
        })
    }

    /// Reads the layouts. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn layouts(&self, deadline: Instant) -> Result<Layouts, Error> {
        let found = self.table.read("read the layouts of lists", layouts_key(), deadline);
        Ok(found.await?.unwrap_or_default())
    }

    /// Replaces the layouts. Conditions: nobody has changed them since they were read, and `request`, if there is one, did not
    /// take effect before. Returns whether they held.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save_layouts(
        &self,
        layouts: &Layouts,
        request: Option<&StoredRequest>,
        deadline: Instant,
    ) -> Result<bool, Error> {
        const DOING: &str = "save the layouts of lists";
        let item = self.table.item(DOING, layouts_key(), layouts)?;
        let mut items = vec![put(self.table.put_if_version(item, layouts.version))?];
        if let Some(request) = request {
            items.push(request.put(&self.table, request_key(request))?);
        }
        let records = items.len();
        transact_changes(&self.table.client, DOING, items, records, deadline).await
    }

    /// The record of an earlier attempt of `request`, if it took effect.
    ///
    /// # Errors
    /// `idempotency-key-reused`; [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn earlier(&self, request: &StoredRequest, deadline: Instant) -> Result<Option<StoredRequest>, Error> {
        request.earlier(&self.table, request_key(request), deadline).await
    }

    /// Reads the header of a product, or that of a product without rows. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn header(&self, sku: &Sku, deadline: Instant) -> Result<Header, Error> {
        let key = composite(product_key(sku), HEADER);
        let found = self.table.read("read the header of a product", key, deadline);
        Ok(found.await?.unwrap_or_else(|| Header::new(sku.clone())))
    }

    /// Writes one step of a product's rows in one transaction. Condition: no other step was written since its header was read.
    /// Returns whether it held.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save(&self, step: &Step, deadline: Instant) -> Result<bool, Error> {
        const DOING: &str = "place a product in its lists";
        let pk = product_key(&step.header.sku);
        let header = self.table.item(DOING, composite(&pk, HEADER), &step.header)?;
        let mut items = vec![put(self.table.put_if_version(header, step.header.version))?];
        for row in &step.puts {
            let item = item_of(DOING, pk.clone(), row)?;
            let write = Put::builder().table_name(&self.table.name).set_item(Some(item));
            items.push(put(write)?);
        }
        for sk in &step.deletes {
            let key = composite(&pk, sk);
            let write = Delete::builder().table_name(&self.table.name).set_key(Some(key));
            items.push(delete(write)?);
        }
        transact_changes(&self.table.client, DOING, items, 1, deadline).await
    }

    /// Counts that rows of a list have changed, and how many it has gained or lost. No condition: it is a relative change.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn count(&self, scope: &str, products: i64, deadline: Instant) -> Result<(), Error> {
        const DOING: &str = "count a change of a list";
        let update = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(count_key(scope)))
            .update_expression("ADD generation :one, products :products")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":products", number(products));
        let send = || async {
            update
                .clone()
                .send()
                .await
                .map_err(|error| classify_error(DOING, error))
        };
        send_until_answered(DOING, deadline, send).await?;
        Ok(())
    }

    /// Reads the layouts and the count of a list in one request. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn layouts_and_count(
        &self,
        scope: &Scope,
        deadline: Instant,
    ) -> Result<(Layouts, Option<ListCount>), Error> {
        const DOING: &str = "read the state of a list";
        let wanted = Wanted {
            table: &self.table.name,
            keys: vec![layouts_key(), count_key(&scope.to_string())],
            consistent: false,
        };
        let found = batch_get(&self.table.client, DOING, vec![wanted], deadline).await?;
        let (mut layouts, mut count) = (Layouts::default(), None);
        for item in found.into_values().flatten() {
            match text_of(&item, "pk") {
                Some(LAYOUTS) => layouts = parse(DOING, item)?,
                _ => count = Some(parse(DOING, item)?),
            }
        }
        Ok((layouts, count))
    }

    /// Reads rows of one shard of a list. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn rows(&self, read: &ShardRead, deadline: Instant) -> Result<ShardPage, Error> {
        const DOING: &str = "read a list of products";
        let [index, partition, sort] = read.order.index();
        let condition = match (&read.after, read.is_ascending) {
            (None, _) => "#list = :list",
            (Some(_), true) => "#list = :list AND #key > :after",
            (Some(_), false) => "#list = :list AND #key < :after",
        };
        let mut query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(index)
            .expression_attribute_names("#list", partition)
            .expression_attribute_values(":list", text(read.list.as_str()))
            .key_condition_expression(condition)
            .scan_index_forward(read.is_ascending)
            .limit(i32::try_from(read.limit).unwrap_or(i32::MAX));
        if let Some(after) = &read.after {
            query = query
                .expression_attribute_names("#key", sort)
                .expression_attribute_values(":after", text(after));
        }
        let send = || async { query.clone().send().await.map_err(|error| classify_error(DOING, error)) };
        let answer = send_until_answered(DOING, deadline, send).await?;
        let rows = answer.items.unwrap_or_default().into_iter();
        Ok(ShardPage {
            rows: rows
                .filter_map(|item| Some((text_of(&item, sort)?.to_owned(), card_of(item))))
                .collect(),
            is_complete: answer.last_evaluated_key.is_none(),
        })
    }
}

const HEADER: &str = "HEADER";
const LAYOUTS: &str = "LAYOUTS";

/// The partition of a product's rows and header.
fn product_key(sku: &Sku) -> String {
    format!("PRODUCT#{sku}")
}

fn layouts_key() -> Item {
    composite(LAYOUTS, LAYOUTS)
}

fn request_key(request: &StoredRequest) -> Item {
    composite(format!("REQUEST#{}", request.request_id), "REQUEST")
}

fn count_key(scope: &str) -> Item {
    composite(format!("LIST#{scope}"), "COUNT")
}

/// The card of a row. One damaged row must not hide the others.
fn card_of(item: Item) -> Option<ProductCard> {
    #[derive(Deserialize)]
    struct Row {
        card: ProductCard,
    }
    match parse::<Row>("read a card", item) {
        Ok(row) => Some(row.card),
        Err(error) => {
            tracing::error!(causes = %Causes(&error), "listed product is unreadable");
            None
        }
    }
}
