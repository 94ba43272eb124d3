//! The platform that tests build actions from: the engine, stand-ins for other services, and the template's variables.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::{Credentials, Region, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use crate::bus::FakeBus;
use crate::engine::{
    ACCOUNTS, AUCTIONS, CATALOG, COUPONS, FULFILLMENT, IMAGES, LISTINGS, LOOKUPS, ORDERS, PAYMENTS, SEATS, SHOWS,
    SUBSCRIPTIONS, TICKETS, WAITING_ROOMS,
};
use crate::objects::FakeS3;
use crate::{FakeKms, FakeQueue, FakeVault};

/// Name of the bucket that customers upload to.
pub const UPLOADS: &str = "uploads";
/// Name of the bucket of variants.
pub const VARIANTS: &str = "images";
/// Name of the bucket of files of imports and exports.
pub const CATALOG_FILES: &str = "catalog-files";
/// Name of the bucket of the search index.
pub const SEARCH: &str = "search";
/// Name of the bucket of the private index.
pub const PRIVATE_SEARCH: &str = "private-search";

/// Name of the bucket of the tiles and layouts of seating plans.
pub const SEATING: &str = "seating";

/// The environment variables that the template sets, the same for all functions.
const VARIABLES: [(&str, &str); 62] = [
    ("ACCOUNTS_TABLE", ACCOUNTS),
    ("AUCTIONS_TABLE", AUCTIONS),
    ("CATALOG_TABLE", CATALOG),
    ("COUPONS_TABLE", COUPONS),
    ("FULFILLMENT_TABLE", FULFILLMENT),
    ("IMAGES_TABLE", IMAGES),
    ("LISTINGS_TABLE", LISTINGS),
    ("LOOKUPS_TABLE", LOOKUPS),
    ("ORDERS_TABLE", ORDERS),
    ("PAYMENTS_TABLE", PAYMENTS),
    ("SEATS_TABLE", SEATS),
    ("SHOWS_TABLE", SHOWS),
    ("SUBSCRIPTIONS_TABLE", SUBSCRIPTIONS),
    ("TICKETS_TABLE", TICKETS),
    ("WAITING_ROOMS_TABLE", WAITING_ROOMS),
    ("RESERVATION_MINUTES", "15"),
    ("HOLD_MINUTES", "8"),
    ("HOLD_BUDGET_MINUTES", "20"),
    // Tests scan tickets of shows that are two months ahead.
    ("CHECK_IN_OPENS_MINUTES", "100000"),
    ("REVIEWS_NEED_CHECK_IN", "true"),
    ("SHOP_COUNTRY", "KR"),
    ("SELLER_NAME", "Courtyard Tea <Seoul>"),
    ("SELLER_REGISTRATION_NUMBER", "120-00-00000"),
    ("SELLER_ADDRESS", "1 Example-ro, Seoul"),
    ("SELLER_REPRESENTATIVE", ""),
    ("SELLER_CONTACT", "help@shop.example.com"),
    ("DELIVERY_DAYS", "14"),
    ("RETURN_DAYS", "7"),
    ("SHOP_TIME_ZONE", "Asia/Seoul"),
    ("PAYMENT_CREDENTIALS", crate::vault::PAYMENT_CREDENTIALS),
    ("CARRIER_CREDENTIALS", crate::vault::CARRIER_CREDENTIALS),
    ("ADMISSION_KEYS", crate::vault::ADMISSION_KEYS),
    ("TICKET_KEYS", crate::vault::TICKET_KEYS),
    ("DATA_KEY_ID", "alias/billing"),
    ("CHARGES_URL", crate::queue::URL),
    ("RETRY_DAYS", "1,3,5,7"),
    ("PAST_DUE_DAYS", "14"),
    ("POSTPONED_HOURS", "24"),
    ("CATCH_UP_DAYS", "7"),
    ("MISSED_PERIODS", "LATEST"),
    ("UPLOADS_BUCKET", UPLOADS),
    ("IMAGES_BUCKET", VARIANTS),
    ("CATALOG_FILES_BUCKET", CATALOG_FILES),
    ("IMPORT_STEPS_URL", crate::queue::IMPORT_STEPS_URL),
    ("EXPORT_STEPS_URL", crate::queue::EXPORT_STEPS_URL),
    ("SEARCH_BUCKET", SEARCH),
    ("SEATING_BUCKET", SEATING),
    // No server: the embedded engine.
    ("SEARCH_ENDPOINT", ""),
    ("PRIVATE_SEARCH_BUCKET", PRIVATE_SEARCH),
    ("INDEX_QUEUE_URL", crate::queue::INDEX_URL),
    ("PRIVATE_INDEX_QUEUE_URL", crate::queue::PRIVATE_INDEX_URL),
    ("UNSERVABLE_ORDERS_URL", crate::queue::UNSERVABLE_ORDERS_URL),
    ("TICKET_UPDATES_URL", crate::queue::TICKET_UPDATES_URL),
    ("IMAGES_URL", "https://images.example.com"),
    ("IMAGE_WIDTHS", "40,80"),
    ("IMAGE_FORMATS", "jpeg"),
    ("JPEG_QUALITY", "80"),
    ("WEBP_QUALITY", "80"),
    // One vCPU: pictures are processed in one thread.
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769"),
    ("EVENT_BUS", "madang"),
    ("UNDELIVERED_EVENTS_URL", "https://queue.test/1/undelivered"),
    ("AWS_REGION", "us-east-1"),
];

/// Returns the environment variables of all functions.
pub fn variables() -> impl Iterator<Item = (String, String)> {
    VARIABLES
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
}

/// Stand-ins for the services beside DynamoDB. A request to a service that a test does not set fails the test.
#[derive(Clone, Debug, Default)]
pub struct Services {
    /// Secrets Manager.
    pub secrets: Option<FakeVault>,
    /// KMS.
    pub kms: Option<FakeKms>,
    /// SQS, in batches.
    pub queue: Option<FakeQueue>,
    /// S3.
    pub objects: Option<FakeS3>,
    /// EventBridge, and SQS for single messages.
    pub bus: Option<FakeBus>,
}

impl Services {
    /// Returns an SDK configuration whose clients use these stand-ins.
    pub fn config(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .endpoint_url("http://aws.test")
            .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
            .http_client(SharedHttpClient::new(self.clone()))
            .build()
    }
}

impl HttpClient for Services {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Services {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        fn expect<'a, T>(service: &'a Option<T>, target: &str) -> &'a T {
            service
                .as_ref()
                .unwrap_or_else(|| panic!("this test has no stand-in for {target}"))
        }
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let (service, operation) = target.split_once('.').unwrap_or_default();
        match (service, operation) {
            ("secretsmanager", _) => expect(&self.secrets, &target).call(request),
            ("TrentService", _) => expect(&self.kms, &target).call(request),
            ("AmazonSQS", "SendMessageBatch") => expect(&self.queue, &target).call(request),
            ("AWSEvents", _) | ("AmazonSQS", _) => expect(&self.bus, &target).call(request),
            _ => expect(&self.objects, "S3").call(request),
        }
    }
}
