//! Errors, independent of HTTP and queues. [`crate::aws::lambda`] translates them into responses.

use serde_json::{Map, Value, json};

/// The error of a function.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A rule forbids the request. A retry fails again.
    #[error("{}: {}", .0.reason.code, .0.detail)]
    Rejected(Box<Rejection>),
    /// A dependency did not respond in time. A retry may succeed.
    #[error("{doing}: unavailable")]
    Unavailable {
        /// The operation, such as `read a bid`.
        doing: &'static str,
        /// The cause, if known.
        #[source]
        source: Option<Cause>,
    },
    /// An internal fault: a bug, a missing permission, a damaged record.
    #[error("{doing}: failed")]
    Internal {
        /// The operation, such as `read a bid`.
        doing: &'static str,
        /// The cause.
        #[source]
        source: Cause,
    },
}

/// The cause of an [`Error`], of any type.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

impl Error {
    /// An internal fault in the operation `doing`.
    pub fn internal(doing: &'static str, source: impl Into<Cause>) -> Self {
        Self::Internal {
            doing,
            source: source.into(),
        }
    }

    /// A transient failure of the operation `doing`.
    pub fn unavailable(doing: &'static str, source: impl Into<Cause>) -> Self {
        Self::Unavailable {
            doing,
            source: Some(source.into()),
        }
    }
}

/// A rejected request: the reason, the details of this case, and members for programs.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejection {
    /// The stable reason.
    pub reason: &'static Reason,
    /// A sentence for people about this case.
    pub detail: String,
    /// Members of the problem for programs, such as `sku` or `total`.
    pub members: Map<String, Value>,
}

impl Rejection {
    /// Creates a rejection without members.
    pub fn new(reason: &'static Reason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
            members: Map::new(),
        }
    }

    /// An invalid path or query parameter: `name` and what is wrong with it.
    pub fn invalid_parameter(name: &str, why: &str) -> Self {
        Self::new(&INVALID_PARAMETER, format!("{name}: {why}.")).with("parameter", name)
    }

    /// Adds a member for programs.
    pub fn with(mut self, name: &str, value: impl serde::Serialize) -> Self {
        self.members.insert(name.to_owned(), json!(value));
        self
    }
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(Box::new(rejection))
    }
}

/// The class of a reason. HTTP maps each to one status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be parsed.
    Malformed,
    /// The caller is not authenticated.
    Unauthenticated,
    /// The payment failed.
    PaymentRequired,
    /// The caller is not allowed.
    Forbidden,
    /// The resource does not exist, or is not visible to the caller.
    NotFound,
    /// The current state of the resource does not allow the request.
    Conflict,
    /// The request is too long.
    TooLarge,
    /// The media type is not supported.
    UnsupportedMedia,
    /// The request can be parsed, but breaks a rule.
    Unprocessable,
}

/// A stable reason that clients can rely on.
#[derive(Debug, PartialEq, Eq)]
pub struct Reason {
    /// Class of the reason.
    pub kind: Kind,
    /// Code in kebab-case. Never changes once published.
    pub code: &'static str,
    /// Short title, the same in every case.
    pub title: &'static str,
}

macro_rules! reasons {
    ($($name:ident = $kind:ident $code:literal $title:literal;)*) => {
        $(
            #[doc = $title]
            pub const $name: Reason = Reason { kind: Kind::$kind, code: $code, title: $title };
        )*

        impl Reason {
            /// All reasons, for the API description and its tests.
            pub const ALL: &'static [&'static Reason] = &[$(&$name),*];
        }
    };
}

reasons! {
    MALFORMED_BODY = Malformed "malformed-body" "The body cannot be read";
    INVALID_IDEMPOTENCY_KEY = Malformed "invalid-idempotency-key" "The Idempotency-Key header is missing or invalid";
    INVALID_PARAMETER = Malformed "invalid-parameter" "A path or query parameter is invalid";
    UNAUTHENTICATED = Unauthenticated "unauthenticated" "A valid token is required";
    FORBIDDEN = Forbidden "forbidden" "The caller may not do this";
    NOT_FOUND = NotFound "not-found" "The resource does not exist";
    BODY_TOO_LARGE = TooLarge "body-too-large" "The body is too large";
    IDEMPOTENCY_KEY_REUSED = Unprocessable "idempotency-key-reused" "The Idempotency-Key was used for another request";
    INVALID_QUANTITY = Unprocessable "invalid-quantity" "A quantity is out of range";
    INVALID_LINES = Unprocessable "invalid-lines" "An order has 1 to 50 lines";
    INVALID_PRODUCT = Unprocessable "invalid-product" "A product's field is out of range";
    CURRENCIES_MIXED = Unprocessable "currencies-mixed" "The products have different currencies";
    TOTAL_TOO_LARGE = Unprocessable "total-too-large" "The total is out of range";
    PRODUCT_UNAVAILABLE = Unprocessable "product-unavailable" "A product is unknown or not listed";
    OUT_OF_STOCK = Conflict "out-of-stock" "Not enough stock";
    TOTAL_DIFFERS = Conflict "total-differs" "The total differs from the expected one";
    ORDER_CLOSED = Conflict "order-closed" "The order is closed";
    PAYMENT_REFUSED = PaymentRequired "payment-refused" "The payment was refused";
    PAYMENT_UNSERVABLE = Conflict "payment-unservable" "The payment was charged, but the order cannot be fulfilled";
    PAYMENT_UNDER_WAY = Conflict "payment-under-way" "A payment is under way";
    TOO_MANY_PAYMENTS = Conflict "too-many-payments" "The order has too many payment attempts";
    PAYMENT_IN_REVIEW = Conflict "payment-in-review" "The payment is under review";
    PAYMENT_MISMATCH = Unprocessable "payment-mismatch" "The payment does not belong to the order";
    PROVIDER_NOT_CONFIGURED = Unprocessable "provider-not-configured" "The payment provider is not set up";
    AMOUNT_DIFFERS = Conflict "amount-differs" "The amount differs from the expected one";
    AMOUNT_NOT_TAKEN = Unprocessable "amount-not-taken" "The provider does not accept this amount";
    NOT_REFUNDABLE = Conflict "not-refundable" "The amount cannot be refunded";
    REFUND_UNDER_WAY = Conflict "refund-under-way" "Another refund is under way";
    NOT_IN_REVIEW = Conflict "not-in-review" "Nothing is under review";
    IMAGE_TYPE_NOT_TAKEN = UnsupportedMedia "image-type-not-taken" "The image type is not supported";
    IMAGE_LENGTH_NOT_TAKEN = Unprocessable "image-length-not-taken" "The image is empty or too large";
    INVALID_SIGNATURE = Unauthenticated "invalid-signature" "The signature is missing, wrong or too old";
    UNKNOWN_ORDER = NotFound "unknown-order" "The order of this event does not exist yet";
    INVALID_PRICE = Unprocessable "invalid-price" "The price is out of range or not a multiple of the price step";
    INVALID_DEADLINE = Unprocessable "invalid-deadline" "The deadline is past or too far ahead";
    INVALID_VOUCHER = Unprocessable "invalid-voucher" "The voucher code is malformed";
    VOUCHER_NOT_YOURS = Unprocessable "voucher-not-yours" "The caller cannot offer this voucher";
    VOUCHER_OFFERED = Conflict "voucher-offered" "The voucher is already offered";
    VOUCHER_REGISTERED = Conflict "voucher-registered" "The voucher is already registered";
    NOT_ENOUGH_POINTS = PaymentRequired "not-enough-points" "Not enough points";
    TOO_MANY_BIDS = Conflict "too-many-bids" "Too many open bids";
    POINTS_SPENT = Conflict "points-spent" "The order's points are spent";
    OWN_BID = Unprocessable "own-bid" "The only bids are the caller's own";
    NOTHING_TO_TAKE = Conflict "nothing-to-take" "There is no bid to take";
    PRICE_DIFFERS = Conflict "price-differs" "The best price is worse than the expected one";
    BID_CLOSED = Conflict "bid-closed" "The bid is closed";
    INVALID_SCHEDULE = Unprocessable "invalid-schedule" "The schedule is out of range";
    SUBSCRIPTION_CLOSED = Conflict "subscription-closed" "The subscription is cancelled";
    SUBSCRIPTION_STATUS = Conflict "subscription-status" "The subscription's status does not allow it";
    NOT_NEXT_PERIOD = Conflict "not-next-period" "The period is not the next one";
    SHARDS_NOT_LOWERED = Conflict "shards-not-lowered" "Stock shards can be raised, not lowered";
}
