//! Runs for each message of the queue `ExportSteps`: writes the next files of an export, for some time, and sends itself the
//! message for the next step.
//!
//! Walks all products by the index of their changes, without a scan, and reads each from the table. A file is written under
//! a name of its own before the export's record names it, on condition that no other run has written the record. So a
//! message may arrive late or twice, and a killed run is repeated from the last recorded file on. A file that no record
//! names is removed with the others after 30 days.

use aws_lambda_events::sqs::SqsBatchResponse;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::BATCH_GET_KEYS;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::batch::{self, Batch};
use shared::aws::queue::Queue;
use shared::aws::telemetry::{self, Unit};
use shared::catalog::{CHANGE_SHARDS, CatalogStore, ChangePosition, Sku};

use crate::export::{
    Export, ExportChange, ExportId, ExportStatus, ExportStore, PART_PRODUCTS, Part, Position, StoredExport, StoredPart,
};
use crate::files::Files;
use crate::import::FileFormat;
use crate::jobs;

/// The function's stores, bucket and queue.
#[derive(Debug)]
pub struct RunExport {
    /// Products.
    pub catalog: CatalogStore,
    /// Exports.
    pub exports: ExportStore,
    /// The files.
    pub files: Files,
    /// The queue of the next steps.
    pub steps: Queue,
    /// The number of products at which a file ends.
    pub part_products: u64,
}

impl RunExport {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            catalog: CatalogStore::new(platform)?,
            exports: ExportStore::new(platform)?,
            files: Files::new(platform)?,
            steps: Queue::new(platform.aws(), platform.variable("EXPORT_STEPS_URL")?),
            part_products: PART_PRODUCTS,
        })
    }
}

/// A message of the queue: the export to go on with.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportMessage {
    /// The export.
    pub export_id: ExportId,
}

/// Products of a page: one batch read.
const PAGE: u8 = BATCH_GET_KEYS as u8;

/// After the last shard, the walk visits each one once more, for the products that have changed since the export began: one
/// whose entry moved while the walk passed by may be missing.
const LAST_SHARD: u8 = 2 * CHANGE_SHARDS;

/// Runs a step for each message.
///
/// # Errors
/// None. Failed messages are reported to the queue.
pub async fn handle(function: &RunExport, batch: Batch, invocation: Invocation) -> Result<SqsBatchResponse, Error> {
    let invocation = &invocation;
    let response = batch::serve(batch, async |message: ExportMessage| {
        function.step(message.export_id, invocation).await
    });
    Ok(response.await)
}

impl RunExport {
    /// Goes on with an export until all products or the time is over.
    async fn step(&self, export_id: ExportId, invocation: &Invocation) -> Result<(), Error> {
        let Some(mut stored) = self.exports.get(export_id, invocation.deadline).await? else {
            tracing::warn!(%export_id, "there is no such export");
            return Ok(());
        };
        while stored.export.status == ExportStatus::Running {
            let next = self.advanced(&stored, &invocation.at_present()).await?;
            if self.exports.save(&next, invocation.deadline).await?.is_err() {
                // Another run has gone on.
                return Ok(());
            }
            stored = next;
            if stored.export.status == ExportStatus::Running && !jobs::has_time(invocation) {
                return jobs::send_step(&self.steps, &ExportMessage { export_id }, invocation.deadline).await;
            }
        }
        Ok(())
    }

    /// The export with its next file written, or completed.
    async fn advanced(&self, stored: &StoredExport, invocation: &Invocation) -> Result<StoredExport, Error> {
        let mut position = stored.position.clone();
        let mut part = Part::default();
        while part.has_room(self.part_products) && position.shard < LAST_SHARD {
            position = self.add_page(&mut part, position, stored, invocation).await?;
        }
        let mut next = stored.clone();
        next.version += 1;
        if part.products > 0 {
            next.export = changed(next.export, ExportChange::Advance(part.products), invocation)?;
            next.files.push(self.written(stored, part, invocation).await?);
        }
        if position.shard == LAST_SHARD {
            next.export = changed(next.export, ExportChange::Complete, invocation)?;
        }
        Ok(StoredExport { position, ..next })
    }

    /// Adds the products of the next page of the index, without those that cannot be read. Returns the place after it.
    async fn add_page(
        &self,
        part: &mut Part,
        from: Position,
        stored: &StoredExport,
        invocation: &Invocation,
    ) -> Result<Position, Error> {
        let Position { shard, after } = from;
        let changes = self
            .catalog
            .changed_products(shard % CHANGE_SHARDS, &after, PAGE, invocation.deadline);
        let changes = changes.await?;
        let skus: Vec<Sku> = changes.skus().into_iter().cloned().collect();
        let (mut products, damaged) = match skus.as_slice() {
            [] => Default::default(),
            skus => self.catalog.woken_products(skus, invocation.deadline).await?,
        };
        products.sort_unstable_by(|one, other| one.product.sku.cmp(&other.product.sku));
        for woken in &products {
            part.add(&woken.product, invocation.now)?;
        }
        let left_out = changes.damaged.iter().chain(&damaged);
        left_out.clone().for_each(|damaged| damaged.report("export a product"));
        let left_out = left_out.count() as f64;
        telemetry::emit("run-export", invocation.now, &[("LeftOut", Unit::Count, left_out)]);
        Ok(match changes.next {
            Some(after) => Position { shard, after },
            None => Position {
                shard: shard + 1,
                after: if shard + 1 < CHANGE_SHARDS {
                    ChangePosition::start()
                } else {
                    ChangePosition::at(stored.export.created_at + SignedDuration::from_millis(1))
                },
            },
        })
    }

    /// Writes the file of a part.
    async fn written(&self, stored: &StoredExport, part: Part, invocation: &Invocation) -> Result<StoredPart, Error> {
        let (export_id, run) = (stored.export.export_id, invocation.new_id());
        let file = StoredPart {
            key: format!("exports/{export_id}/{:04}-{run}.jsonl", stored.files.len() + 1),
            products: part.products,
            content_length: part.bytes.len() as u64,
        };
        let content_type = FileFormat::JsonLines.media_type();
        self.files
            .write(&file.key, content_type, part.bytes, invocation.deadline)
            .await?;
        Ok(file)
    }
}

fn changed(export: Export, change: ExportChange, invocation: &Invocation) -> Result<Export, Error> {
    let changed = export.transition(change, invocation.now);
    changed.map_err(|illegal| Error::internal("go on with an export", illegal))
}
