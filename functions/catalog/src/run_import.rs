//! Runs for each message of the queue `ImportSteps`: applies the next rows of an import's file, for some time, and sends
//! itself the message for the next step. S3 sends the first message when the file is uploaded.
//!
//! A message only says which import to go on with. How far the file is done is in the import's record, which is written
//! after each hundred rows on condition that no other run has written it. So a message may arrive late or twice: of two
//! runs, the one that does not write the record ends, and sends no message. A run that is killed is repeated by the queue,
//! from the last recorded row on; what it had written after that is recognized ([`Applier`]).

use aws_lambda_events::sqs::SqsBatchResponse;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::batch::{self, Batch};
use shared::aws::queue::Queue;
use shared::aws::s3::ObjectCreated;
use shared::catalog::CatalogStore;
use shared::images::ImageStore;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::categories::store::CategoryStore;
use crate::files::Files;
use crate::import::{
    Applier, Chunk, Import, ImportChange, ImportFailure, ImportFile, ImportId, ImportStatus, ImportStore, StoredImport,
};
use crate::jobs;

/// The function's stores, bucket and queue.
#[derive(Debug)]
pub struct RunImport {
    /// Products and stock.
    pub catalog: CatalogStore,
    /// Images, which are only read.
    pub images: ImageStore,
    /// Categories, which are only read.
    pub categories: CategoryStore,
    /// Imports.
    pub imports: ImportStore,
    /// The files.
    pub files: Files,
    /// The queue of the next steps.
    pub steps: Queue,
}

impl RunImport {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            catalog: CatalogStore::new(platform)?,
            images: ImageStore::new(platform)?,
            categories: CategoryStore::new(platform)?,
            imports: ImportStore::new(platform)?,
            files: Files::new(platform)?,
            steps: Queue::new(platform.aws(), platform.variable("IMPORT_STEPS_URL")?),
        })
    }
}

/// A message of the queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ImportMessage {
    /// The next step of an import.
    Step {
        /// The import.
        import_id: ImportId,
    },
    /// S3's event `Object Created` of an import's file.
    Uploaded {
        /// The event's detail.
        detail: ObjectCreated,
    },
}

impl ImportMessage {
    /// The import to go on with.
    fn import_id(&self) -> Option<ImportId> {
        match self {
            Self::Step { import_id } => Some(*import_id),
            Self::Uploaded { detail } => ImportId::from_file_key(&detail.object.key),
        }
    }
}

/// Runs a step for each message.
///
/// # Errors
/// None. Failed messages are reported to the queue.
pub async fn handle(function: &RunImport, batch: Batch, invocation: Invocation) -> Result<SqsBatchResponse, Error> {
    let invocation = &invocation;
    let response = batch::serve(batch, async |message: ImportMessage| match message.import_id() {
        Some(id) => function.step(id, invocation).await,
        None => {
            tracing::warn!(?message, "the message names no import");
            Ok(())
        }
    });
    Ok(response.await)
}

impl RunImport {
    /// Goes on with an import until its file or the time is over.
    async fn step(&self, id: ImportId, invocation: &Invocation) -> Result<(), Error> {
        let Some(stored) = self.imports.get(id, invocation.deadline).await? else {
            tracing::warn!(import_id = %id, "there is no such import");
            return Ok(());
        };
        // The products are changed in the name of who asked for it.
        let invocation = &invocation.by(stored.import.created_by.clone());
        let run = invocation.new_id();
        let Some(mut stored) = self.started(stored, run, invocation).await? else {
            return Ok(());
        };
        let mut file = ImportFile::of(&self.files, &stored);
        loop {
            let chunk = file.next_chunk(invocation.deadline).await?;
            match self.applied(&stored, chunk, run, &invocation.at_present()).await? {
                Some(next) => stored = next,
                None => return Ok(()),
            }
            if stored.import.status != ImportStatus::Running {
                report(&stored.import);
                return Ok(());
            }
            if !jobs::has_time(invocation) {
                let next = ImportMessage::Step { import_id: id };
                return jobs::send_step(&self.steps, &next, invocation.deadline).await;
            }
        }
    }

    /// The import, running. None if it has ended, or another run has started it.
    async fn started(
        &self,
        stored: StoredImport,
        run: Uuid,
        invocation: &Invocation,
    ) -> Result<Option<StoredImport>, Error> {
        match stored.import.status {
            ImportStatus::Running => Ok(Some(stored)),
            ImportStatus::Completed | ImportStatus::Failed => Ok(None),
            ImportStatus::Waiting => {
                let import = changed(stored.import.clone(), ImportChange::Start, invocation)?;
                let next = stored.next(import, stored.progress.clone(), run);
                self.saved(next, invocation).await
            }
        }
    }

    /// The import after the rows of `chunk`. None if another run has gone on with it.
    async fn applied(
        &self,
        stored: &StoredImport,
        chunk: Chunk,
        run: Uuid,
        invocation: &Invocation,
    ) -> Result<Option<StoredImport>, Error> {
        let applier = Applier {
            catalog: &self.catalog,
            images: &self.images,
            categories: &self.categories,
            tree: OnceCell::new(),
            imports: &self.imports,
            stored,
            invocation,
        };
        let Some(tally) = applier.apply(chunk.rows).await? else {
            return Ok(None);
        };
        let mut import = changed(stored.import.clone(), ImportChange::Advance(tally), invocation)?;
        if let Some(fault) = chunk.fault {
            let failure = ImportFailure::new(chunk.progress.rows + 1, fault);
            import = changed(import, ImportChange::Fail(failure), invocation)?;
        } else if chunk.is_last {
            import = changed(import, ImportChange::Complete, invocation)?;
        }
        self.saved(stored.next(import, chunk.progress, run), invocation).await
    }

    /// `stored`, once it is saved. None if another run has saved the import.
    async fn saved(&self, stored: StoredImport, invocation: &Invocation) -> Result<Option<StoredImport>, Error> {
        let saved = self.imports.save(&stored, invocation.deadline).await?;
        Ok(saved.is_ok().then_some(stored))
    }
}

fn changed(import: Import, change: ImportChange, invocation: &Invocation) -> Result<Import, Error> {
    let changed = import.transition(change, invocation.now);
    changed.map_err(|illegal| Error::internal("go on with an import", illegal))
}

fn report(import: &Import) {
    let Import {
        import_id,
        status,
        rows,
        created,
        changed,
        unchanged,
        error_count,
        ..
    } = import;
    tracing::info!(%import_id, ?status, rows, created, changed, unchanged, error_count, "the import has ended");
}
