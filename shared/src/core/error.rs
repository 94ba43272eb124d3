//! Why something could not be done, without a word about HTTP or queues; the edge translates.

use serde_json::{Map, Value, json};

/// Everything that a function can fail with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller asked for something that a rule forbids; trying again changes nothing.
    #[error("{}: {}", .0.reason.code, .0.detail)]
    Rejected(Box<Rejection>),
    /// Something that we depend on did not serve us in time; trying again later is right.
    #[error("{doing}: not available now")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// What stood in the way, where there is more to know.
        #[source]
        source: Option<Cause>,
    },
    /// A fault of ours: a bug, a missing permission, a damaged record.
    #[error("{doing}: failed")]
    Internal {
        /// What was being done.
        doing: &'static str,
        /// What went wrong.
        #[source]
        source: Cause,
    },
}

/// The cause of an [`Error`], of any type.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

impl Error {
    /// A fault of ours while `doing` something.
    pub fn internal(doing: &'static str, source: impl Into<Cause>) -> Self {
        Self::Internal {
            doing,
            source: source.into(),
        }
    }

    /// Something that may pass by itself while `doing` something.
    pub fn unavailable(doing: &'static str, source: impl Into<Cause>) -> Self {
        Self::Unavailable {
            doing,
            source: Some(source.into()),
        }
    }
}

/// A caller's request turned down: the reason, what exactly, and what a program may want to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejection {
    /// The stable reason.
    pub reason: &'static Reason,
    /// A sentence for a person about this very case.
    pub detail: String,
    /// Members beside the sentence, for programs (`lines`, `sku`, `total` …).
    pub members: Map<String, Value>,
}

impl Rejection {
    /// A rejection for `reason`, explained by `detail`.
    pub fn new(reason: &'static Reason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
            members: Map::new(),
        }
    }

    /// A path or query parameter `name` that cannot be used, and why.
    pub fn invalid_parameter(name: &str, why: &str) -> Self {
        Self::new(&INVALID_PARAMETER, format!("{name}: {why}.")).with("parameter", name)
    }

    /// The same with a member for programs.
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

/// How a rejection is to be taken; the edge maps each to one status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be read.
    Malformed,
    /// Nobody knows who asks.
    Unauthenticated,
    /// The money was not taken.
    PaymentRequired,
    /// The one who asks may not.
    Forbidden,
    /// There is no such thing, for this caller at least.
    NotFound,
    /// The thing's present state does not allow it.
    Conflict,
    /// The request is longer than we read.
    TooLarge,
    /// What is to be sent is of a kind that we do not take.
    UnsupportedMedia,
    /// The request can be read, but breaks a rule.
    Unprocessable,
}

/// A stable reason that clients may rely on.
#[derive(Debug, PartialEq, Eq)]
pub struct Reason {
    /// How it is to be taken.
    pub kind: Kind,
    /// Its name, kebab-case, never changed once published.
    pub code: &'static str,
    /// A short title, the same for each case.
    pub title: &'static str,
}

macro_rules! reasons {
    ($($name:ident = $kind:ident $code:literal $title:literal;)*) => {
        $(
            #[doc = $title]
            pub const $name: Reason = Reason { kind: Kind::$kind, code: $code, title: $title };
        )*

        impl Reason {
            /// All reasons, for the API's description and its tests.
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
    NOT_FOUND = NotFound "not-found" "There is no such resource";
    BODY_TOO_LARGE = TooLarge "body-too-large" "The body is too large";
    IDEMPOTENCY_KEY_REUSED = Unprocessable "idempotency-key-reused" "The Idempotency-Key was used for another request";
    INVALID_QUANTITY = Unprocessable "invalid-quantity" "A quantity is out of range";
    INVALID_LINES = Unprocessable "invalid-lines" "An order has 1 to 50 lines";
    INVALID_PRODUCT = Unprocessable "invalid-product" "A product's field is out of range";
    CURRENCIES_MIXED = Unprocessable "currencies-mixed" "An order has one currency";
    TOTAL_TOO_LARGE = Unprocessable "total-too-large" "The total is out of range";
    PRODUCT_UNAVAILABLE = Unprocessable "product-unavailable" "A product is unknown or not listed";
    OUT_OF_STOCK = Conflict "out-of-stock" "Not enough stock";
    TOTAL_DIFFERS = Conflict "total-differs" "The total is not the expected one";
    ORDER_CLOSED = Conflict "order-closed" "The order is closed";
    PAYMENT_REFUSED = PaymentRequired "payment-refused" "The payment was refused";
    PAYMENT_UNSERVABLE = Conflict "payment-unservable" "The money was taken for an order that cannot have it";
    PAYMENT_UNDER_WAY = Conflict "payment-under-way" "A payment is under way";
    TOO_MANY_PAYMENTS = Conflict "too-many-payments" "Too many payments of the order were begun";
    PAYMENT_IN_REVIEW = Conflict "payment-in-review" "A person is looking at the payment";
    PAYMENT_MISMATCH = Unprocessable "payment-mismatch" "The payment and the order do not belong together";
    PROVIDER_NOT_CONFIGURED = Unprocessable "provider-not-configured" "The payment provider is not set up";
    AMOUNT_DIFFERS = Conflict "amount-differs" "The amount is another one";
    AMOUNT_NOT_TAKEN = Unprocessable "amount-not-taken" "The provider does not take this amount";
    NOT_REFUNDABLE = Conflict "not-refundable" "That much cannot be refunded";
    REFUND_UNDER_WAY = Conflict "refund-under-way" "Another refund is under way";
    NOT_IN_REVIEW = Conflict "not-in-review" "The payment does not wait for this decision";
    IMAGE_TYPE_NOT_TAKEN = UnsupportedMedia "image-type-not-taken" "Pictures of this type are not taken";
    IMAGE_LENGTH_NOT_TAKEN = Unprocessable "image-length-not-taken" "The picture is empty or too large";
    INVALID_SIGNATURE = Unauthenticated "invalid-signature" "The signature is missing, wrong or too old";
    UNKNOWN_ORDER = NotFound "unknown-order" "The order of this event is not known yet";
    INVALID_PRICE = Unprocessable "invalid-price" "The price is out of range or off the tick";
    INVALID_DEADLINE = Unprocessable "invalid-deadline" "The deadline is past or too far ahead";
    INVALID_VOUCHER = Unprocessable "invalid-voucher" "The voucher's code is not one";
    VOUCHER_NOT_YOURS = Unprocessable "voucher-not-yours" "The voucher cannot be offered by the caller";
    VOUCHER_OFFERED = Conflict "voucher-offered" "The voucher is offered already";
    VOUCHER_REGISTERED = Conflict "voucher-registered" "The voucher is registered already";
    NOT_ENOUGH_POINTS = PaymentRequired "not-enough-points" "Not enough points";
    TOO_MANY_BIDS = Conflict "too-many-bids" "Too many open bids";
    POINTS_SPENT = Conflict "points-spent" "The order's points are spent";
    OWN_BID = Unprocessable "own-bid" "The best bid is the caller's own";
    NOTHING_TO_TAKE = Conflict "nothing-to-take" "There is no bid to take";
    PRICE_DIFFERS = Conflict "price-differs" "The best price is worse than the expected one";
    BID_CLOSED = Conflict "bid-closed" "The bid is closed";
    INVALID_SCHEDULE = Unprocessable "invalid-schedule" "The schedule is out of range";
    SUBSCRIPTION_CLOSED = Conflict "subscription-closed" "The subscription is over";
    SUBSCRIPTION_STATUS = Conflict "subscription-status" "The subscription's status does not allow it";
    NOT_NEXT_PERIOD = Conflict "not-next-period" "Another period is the next one";
    SHARDS_NOT_LOWERED = Conflict "shards-not-lowered" "Stock shards can be raised, not lowered";
}
