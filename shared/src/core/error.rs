//! Errors, independent of HTTP and queues. [`crate::aws::lambda`] translates them into responses.

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

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
    /// Members of the problem for programs, such as `sku` or `total`: those that the reason declares.
    pub members: Map<String, Value>,
}

impl Rejection {
    /// Creates a rejection whose reason declares no members.
    pub fn new(reason: &'static Reason, detail: impl Into<String>) -> Self {
        debug_assert!(
            reason.members.is_empty(),
            "{} declares members: use Rejection::with",
            reason.code
        );
        Self {
            reason,
            detail: detail.into(),
            members: Map::new(),
        }
    }

    /// Creates a rejection with the members that its reason declares.
    pub fn with<M: Members>(members: M, detail: impl Into<String>) -> Self {
        Self {
            reason: M::REASON,
            detail: detail.into(),
            members: match json!(members) {
                Value::Object(members) => members,
                _ => Map::new(),
            },
        }
    }

    /// An invalid path or query parameter: `name` and what is wrong with it.
    pub fn invalid_parameter(name: &str, why: &str) -> Self {
        let parameter = name.to_owned();
        Self::with(InvalidParameter { parameter }, format!("{name}: {why}."))
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
    /// The resource is not in the state that the request requires.
    PreconditionFailed,
    /// The request has to say which state of the resource it requires.
    PreconditionRequired,
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
    /// The names of the members that its problems have, or may have.
    pub members: &'static [&'static str],
}

/// The members of a reason's problems. [`reasons!`](crate::reasons) implements it.
pub trait Members: Serialize {
    /// The reason.
    const REASON: &'static Reason;
}

/// The entry of a reason in the API description. No deployed function needs it.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// The reason.
    pub reason: &'static Reason,
    /// The meaning, and what the client can do, if the title does not say it.
    pub description: &'static str,
    /// The schema of its members, if it has any.
    pub members: Option<MemberSchema>,
}

/// The schema of a reason's members.
#[derive(Clone, Copy, Debug)]
pub struct MemberSchema {
    /// The object with the members.
    pub schema: fn() -> RefOr<Schema>,
    /// Adds the named schemas that it refers to.
    pub referenced: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl MemberSchema {
    /// The schema of `M`.
    pub const fn of<M: ToSchema>() -> Self {
        Self {
            schema: M::schema,
            referenced: M::schemas,
        }
    }
}

/// Defines a domain's reasons as constants, and lists them in `REASONS`:
///
/// ```text
/// /// The meaning, and what the client can do, if the title does not say it.
/// NAME = Kind "code" "title";
/// NAME = Kind "code" "title" Members {
///     /// Description for clients.
///     member: Type,
/// };
/// ```
///
/// A reason with members is raised by [`Rejection::with`] and the struct `Members`, a reason without by
/// [`Rejection::new`]. So no problem has a member that the API description lacks.
#[macro_export]
macro_rules! reasons {
    (@members) => { None };
    (@members $members:ident) => { Some($crate::core::error::MemberSchema::of::<$members>()) };
    ($(
        $(#[doc = $description:literal])*
        $name:ident = $kind:ident $code:literal $title:literal
        $($members:ident { $($(#[$attribute:meta])* $member:ident: $type:ty),* $(,)? })?;
    )*) => {
        $(
            #[doc = $title]
            pub const $name: $crate::core::error::Reason = $crate::core::error::Reason {
                kind: $crate::core::error::Kind::$kind,
                code: $code,
                title: $title,
                members: &[$($(stringify!($member)),*)?],
            };

            $(
                #[doc = concat!("The members of `", $code, "`.")]
                #[derive(Clone, Debug, PartialEq, serde::Serialize, utoipa::ToSchema)]
                pub struct $members {
                    $($(#[$attribute])* pub $member: $type,)*
                }

                impl $crate::core::error::Members for $members {
                    const REASON: &'static $crate::core::error::Reason = &$name;
                }
            )?
        )*

        /// All reasons of this module, for the API description and its tests.
        pub const REASONS: &[$crate::core::error::Definition] = &[$(
            $crate::core::error::Definition {
                reason: &$name,
                description: concat!($($description, "\n"),*),
                members: $crate::reasons!(@members $($members)?),
            }
        ),*];
    };
}

reasons! {
    MALFORMED_REQUEST = Malformed "malformed-request" "The request cannot be read";
    /// The body is not JSON, or not an object of the described members. `detail` names the place.
    MALFORMED_BODY = Malformed "malformed-body" "The body cannot be read";
    INVALID_IDEMPOTENCY_KEY = Malformed "invalid-idempotency-key" "The Idempotency-Key header is missing or invalid";
    INVALID_PARAMETER = Malformed "invalid-parameter" "A path or query parameter is invalid" InvalidParameter {
        /// The parameter's name.
        parameter: String,
    };
    UNAUTHENTICATED = Unauthenticated "unauthenticated" "A valid token is required";
    /// Paths under `/admin/` are for members of the group `admin`.
    FORBIDDEN = Forbidden "forbidden" "The caller may not do this";
    /// Also the answer for an entity that the caller may not see.
    NOT_FOUND = NotFound "not-found" "The resource does not exist";
    /// Somebody has changed it since it was read. Read it again, and change what is there now.
    PRECONDITION_FAILED = PreconditionFailed "precondition-failed" "The resource has changed since it was read";
    /// Send the `ETag` of the resource as it was read.
    PRECONDITION_REQUIRED = PreconditionRequired "precondition-required" "The If-Match header is missing";
    /// The limit is 64 KB, for a webhook 256 KB and for a seating plan 1 MB.
    BODY_TOO_LARGE = TooLarge "body-too-large" "The body is too large";
    /// Use a new key for a new request.
    IDEMPOTENCY_KEY_REUSED = Unprocessable "idempotency-key-reused" "The Idempotency-Key was used for another request";
    INVALID_TEXT = Unprocessable "invalid-text" "A text is empty, too long, or has a character that is not allowed" InvalidText {
        /// The name of the field with the text.
        field: String,
    };
    INVALID_ADDRESS = Unprocessable "invalid-address" "A part of the address is missing or not possible in its country" InvalidAddress {
        /// The name of the field.
        field: String,
    };
    INVALID_CONTACT = Unprocessable "invalid-contact" "The contact cannot be written to or called" InvalidContact {
        /// The name of the field.
        field: String,
    };
    INVALID_METADATA = Unprocessable "invalid-metadata" "The metadata has too many notes, or a name or text that is not allowed";
    /// Nothing was stored.
    INVALID_SIGNATURE = Unauthenticated "invalid-signature" "The signature is missing, wrong or too old";
}
