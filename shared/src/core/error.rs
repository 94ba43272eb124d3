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

/// Defines a domain's reasons as constants, and lists them in `REASONS`:
/// `NAME = Kind "code" "title";`.
#[macro_export]
macro_rules! reasons {
    ($($name:ident = $kind:ident $code:literal $title:literal;)*) => {
        $(
            #[doc = $title]
            pub const $name: $crate::core::error::Reason = $crate::core::error::Reason {
                kind: $crate::core::error::Kind::$kind,
                code: $code,
                title: $title,
            };
        )*

        /// All reasons of this module, for the API description and its tests.
        pub const REASONS: &[&$crate::core::error::Reason] = &[$(&$name),*];
    };
}

reasons! {
    MALFORMED_REQUEST = Malformed "malformed-request" "The request cannot be read";
    MALFORMED_BODY = Malformed "malformed-body" "The body cannot be read";
    INVALID_IDEMPOTENCY_KEY = Malformed "invalid-idempotency-key" "The Idempotency-Key header is missing or invalid";
    INVALID_PARAMETER = Malformed "invalid-parameter" "A path or query parameter is invalid";
    UNAUTHENTICATED = Unauthenticated "unauthenticated" "A valid token is required";
    FORBIDDEN = Forbidden "forbidden" "The caller may not do this";
    NOT_FOUND = NotFound "not-found" "The resource does not exist";
    BODY_TOO_LARGE = TooLarge "body-too-large" "The body is too large";
    IDEMPOTENCY_KEY_REUSED = Unprocessable "idempotency-key-reused" "The Idempotency-Key was used for another request";
    INVALID_TEXT = Unprocessable "invalid-text" "A text is empty, too long, or has a character that is not allowed";
    INVALID_SIGNATURE = Unauthenticated "invalid-signature" "The signature is missing, wrong or too old";
}
