//! A shop with imports and exports: their functions on the engine, and stand-ins for S3 and the queue of steps.

use std::ops::Deref;

use aws_lambda_events::sqs::SqsBatchResponse;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use harness::gateway::{Answer, Call};
use harness::objects::FakeS3;
use harness::platform::CATALOG_FILES;
use harness::queue::Delivery;
use harness::{FakeQueue, Services};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::aws::Platform;
use shared::aws::lambda::batch::{Batch, Message};
use shared::core::actor::Actor;

use crate::Shop;

/// How long a delivered message is invisible, as in the template.
pub const VISIBILITY: SignedDuration = SignedDuration::from_secs(360);

/// The number of products at which a file of an export ends.
pub const PART: u64 = 20;

/// A shop with imports and exports. Dereferences to its [`Shop`].
#[derive(Debug)]
pub struct ImportFixture {
    /// The shop.
    pub shop: Shop,
    /// The stand-in for S3.
    pub s3: FakeS3,
    /// The queue of steps: of imports or of exports, one at a time.
    pub queue: FakeQueue,
}

impl Deref for ImportFixture {
    type Target = Shop;

    fn deref(&self) -> &Shop {
        &self.shop
    }
}

impl ImportFixture {
    /// Opens an empty shop.
    pub async fn open() -> Self {
        Self::at(Shop::open().await)
    }

    /// Adds imports and exports to a shop.
    pub fn at(shop: Shop) -> Self {
        Self {
            shop,
            s3: FakeS3::default(),
            queue: FakeQueue::new(VISIBILITY, 5),
        }
    }

    /// Returns a second handle to the shop, with the same engine, files, queue and clock.
    #[must_use]
    pub fn again(&self) -> Self {
        Self {
            shop: self.shop.again(),
            s3: self.s3.clone(),
            queue: self.queue.clone(),
        }
    }

    /// Returns the platform that its functions are built from.
    pub fn platform(&self) -> Platform {
        let services = Services {
            objects: Some(self.s3.clone()),
            queue: Some(self.queue.clone()),
            ..Services::default()
        };
        self.shop.platform().with_aws(services.config())
    }

    /// Calls `create-import`.
    pub async fn create_import(&self, call: Call) -> Answer {
        let function = catalog::create_import::CreateImport::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            catalog::create_import::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `get-import`.
    pub async fn get_import(&self, id: &str) -> Answer {
        let call = Call::new("GET", "/admin/imports/{import_id}").path("import_id", id);
        let function = catalog::get_import::GetImport::new(&self.platform()).expect("its variables");
        call.by_admin()
            .send(self.invocation(), |request, invocation| {
                catalog::get_import::handle(&function, request, invocation)
            })
            .await
    }

    /// Calls `list-imports`.
    pub async fn list_imports(&self, call: Call) -> Answer {
        let function = catalog::list_imports::ListImports::new(&self.platform()).expect("its variables");
        call.by_admin()
            .send(self.invocation(), |request, invocation| {
                catalog::list_imports::handle(&function, request, invocation)
            })
            .await
    }

    /// Calls `create-export` under `key`.
    pub async fn create_export(&self, key: &str) -> Answer {
        let function = catalog::create_export::CreateExport::new(&self.platform()).expect("its variables");
        Call::new("POST", "/admin/exports")
            .by_admin()
            .key(key)
            .send(self.invocation(), |request, invocation| {
                catalog::create_export::handle(&function, request, invocation)
            })
            .await
    }

    /// Calls `get-export`.
    pub async fn get_export(&self, id: &str) -> Answer {
        let call = Call::new("GET", "/admin/exports/{export_id}").path("export_id", id);
        let function = catalog::get_export::GetExport::new(&self.platform()).expect("its variables");
        call.by_admin()
            .send(self.invocation(), |request, invocation| {
                catalog::get_export::handle(&function, request, invocation)
            })
            .await
    }

    /// Calls `run-import` with a batch.
    pub async fn run_import(&self, batch: Batch) -> SqsBatchResponse {
        let function = catalog::run_import::RunImport::new(&self.platform()).expect("its variables");
        let invocation = self.invocation().by(Actor::function("run-import"));
        let response = catalog::run_import::handle(&function, batch, invocation).await;
        response.expect("failures are in the response")
    }

    /// Calls `run-export` with a batch.
    pub async fn run_export(&self, batch: Batch) -> SqsBatchResponse {
        let mut function = catalog::run_export::RunExport::new(&self.platform()).expect("its variables");
        // Files that tests can fill.
        function.part_products = PART;
        let invocation = self.invocation().by(Actor::function("run-export"));
        let response = catalog::run_export::handle(&function, batch, invocation).await;
        response.expect("failures are in the response")
    }

    /// Creates an import of `file` under `key`, uploads the file, and returns the import's id and the message of S3.
    pub async fn uploaded(&self, key: &str, file: &[u8], more: &Value) -> (String, Batch) {
        let created = self.create_import(import_call(key, file, more)).await;
        assert_eq!(created.status, 201, "{created:?}");
        let id = created.body["import_id"].as_str().expect("an id").to_owned();
        let event = self.s3.upload(CATALOG_FILES, &format!("imports/{id}"), file);
        (id, batch(&event))
    }

    /// Imports `file` under `key`, with all its steps, and returns the import.
    pub async fn import(&self, key: &str, file: &[u8], more: &Value) -> Value {
        let (id, uploaded) = self.uploaded(key, file, more).await;
        let response = self.run_import(uploaded).await;
        assert_eq!(response.batch_item_failures, [], "{:?}", self.get_import(&id).await);
        self.run_import_steps().await;
        self.get_import(&id).await.body
    }

    /// Runs the steps of imports that are in the queue, and those that follow. Returns their number.
    pub async fn run_import_steps(&self) -> usize {
        let mut steps = 0;
        while let Some(delivery) = self.next_step() {
            let response = self.run_import(delivery.batch.clone()).await;
            self.queue.settle(&delivery, &response);
            steps += 1;
        }
        steps
    }

    /// Runs the steps of exports that are in the queue, and those that follow. Returns their number.
    pub async fn run_export_steps(&self) -> usize {
        let mut steps = 0;
        while let Some(delivery) = self.next_step() {
            let response = self.run_export(delivery.batch.clone()).await;
            self.queue.settle(&delivery, &response);
            steps += 1;
        }
        steps
    }

    /// The next message of the queue.
    pub fn next_step(&self) -> Option<Delivery> {
        self.queue.receive(1, self.now())
    }

    /// Exports all products under `key` and returns the export.
    pub async fn export(&self, key: &str) -> Value {
        let created = self.create_export(key).await;
        assert_eq!(created.status, 202, "{created:?}");
        self.run_export_steps().await;
        let id = created.body["export_id"].as_str().expect("an id");
        self.get_export(id).await.body
    }

    /// The files of an export, in their order.
    pub fn files_of(&self, export: &Value) -> Vec<Vec<u8>> {
        let objects = self.s3.objects(CATALOG_FILES);
        let parts = export["parts"].as_array().cloned().unwrap_or_default();
        let file = |part: &Value| {
            let url = part["url"].as_str().expect("a URL");
            let (path, _) = url.split_once('?').expect("a signed URL");
            let (_, key) = path.split_once("/catalog-files/").expect("a key");
            objects.get(key).expect("an object").bytes.clone()
        };
        parts.iter().map(file).collect()
    }
}

/// Builds an administrator's request to import `file`; the fields of `more` replace those of the body.
pub fn import_call(key: &str, file: &[u8], more: &Value) -> Call {
    let mut body = json!({
        "format": "JSON_LINES",
        "content_length": file.len(),
        "checksum_sha256": STANDARD.encode([7; 32]),
    });
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
    }
    Call::new("POST", "/admin/imports").by_admin().key(key).json(&body)
}

/// A file of JSON Lines.
pub fn json_lines(rows: &[Value]) -> Vec<u8> {
    let lines = rows.iter().map(|row| format!("{row}\n"));
    lines.collect::<String>().into_bytes()
}

/// The row of a product at `won`.
pub fn row(sku: &str, won: u64) -> Value {
    json!({ "sku": sku, "name": "Green tea", "price": { "amount": won, "currency": "KRW" }, "status": "LISTED" })
}

/// A batch with one message.
pub fn batch(body: &Value) -> Batch {
    Batch {
        messages: vec![Message {
            message_id: "message".to_owned(),
            body: body.to_string(),
        }],
    }
}
