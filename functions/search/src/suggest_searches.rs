//! Runs for `GET /search/suggestions`, without a token: completes what is being typed. Changes nothing.

use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, cache, conditional};
use shared::core::error::{Reason, Rejection};
use shared::search::DocumentKind;

use crate::search_documents::Highlight;
use crate::searcher::Searcher;

/// The function's engines.
#[derive(Debug)]
pub struct SuggestSearches {
    /// The engines.
    pub searcher: Searcher,
}

impl SuggestSearches {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            searcher: Searcher::new(platform)?,
        })
    }
}

/// The number of suggestions: what fits below a search field.
const SUGGESTIONS: usize = 10;

/// A text that what is being typed may become.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Suggestion {
    /// A title, a brand or another name.
    pub text: String,
    /// The parts of the text that match.
    pub highlights: Vec<Highlight>,
}

/// Suggestions, the best first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Suggestions {
    /// The text that is being typed, so that a page can tell the answer to an earlier text.
    pub q: String,
    /// At most ten suggestions.
    #[schema(max_items = 10)]
    pub items: Vec<Suggestion>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Suggests searches
///
/// For a search field: each keystroke may send what it holds. The last syllable may be half-typed, and initial consonants
/// stand for their syllables.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/search/suggestions", operation_id = "suggest-searches", tag = "search",
    params(
        ("q" = String, Query, description = "The text that is being typed, up to 64 characters", max_length = 64),
        ("kind" = Option<DocumentKind>, Query, description = "Only documents of this kind"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "Suggestions, the best first", body = Suggestions,
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "For `If-None-Match` of a later request"),
            )),
        (status = 304, description = "Nothing has changed since the response that `If-None-Match` names",
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "As in `If-None-Match`"),
            )),
    )
)]
pub async fn handle(function: &SuggestSearches, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let q = http::query_parameter(&request, "q")?;
    let q = q.ok_or_else(|| Rejection::invalid_parameter("q", "it is missing"))?;
    let kind = http::query_parameter(&request, "kind")?;
    let kind: Option<DocumentKind> = kind
        .map(|kind| serde_json::from_value(kind.into()))
        .transpose()
        .map_err(|_| Rejection::invalid_parameter("kind", "it is not one of the described values"))?;
    let kinds: Vec<String> = kind.iter().map(|kind| kind.name().to_owned()).collect();
    let found = function.searcher.suggest(q, &kinds, SUGGESTIONS, invocation.deadline);
    let found = found.await?;
    let items = found.into_iter().map(|suggestion| Suggestion {
        text: suggestion.text,
        highlights: suggestion
            .highlights
            .into_iter()
            .map(|(start, end)| Highlight { start, end })
            .collect(),
    });
    let suggestions = Suggestions {
        q: q.to_owned(),
        items: items.collect(),
    };
    conditional::get(&request, &suggestions, cache::LISTS)
}
