//! Runs for `GET /search`, without a token: finds documents by text. Changes nothing.

use jiff::Timestamp;
use lambda_http::http::header;
use search_engine::{Cursor as Place, Hit, Match, Order, PriceRange, Query};
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::page::{Cursor, PageParameters, PageRequest};
use shared::aws::lambda::{Invocation, cache, conditional};
use shared::catalog::Category;
use shared::core::error::{Reason, Rejection};
use shared::search::DocumentKind;
use uuid::Uuid;

use crate::documents::{ProductResult, ShowResult};
use crate::searcher::Searcher;

/// The function's engines.
#[derive(Debug)]
pub struct SearchDocuments {
    /// The engines.
    pub searcher: Searcher,
}

impl SearchDocuments {
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

/// The order of the results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SearchOrder {
    /// The best match first: whole titles, beginnings of titles, then all others, each newest first.
    #[default]
    Relevance,
    /// The newest first.
    Newest,
    /// The lowest price first.
    PriceAsc,
    /// The highest price first.
    PriceDesc,
}

/// The quality of a result's match with the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MatchQuality {
    /// The text is a whole title.
    Title,
    /// A title begins with the text.
    Prefix,
    /// A title or name contains the text.
    Text,
    /// The text contains a typo, or only a part of it was found. Only when nothing matches better.
    Similar,
}

/// A part of a text that matches, in UTF-16 code units, as JavaScript's `text.slice(start, end)` takes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Highlight {
    /// The index of the first code unit that matches.
    pub start: u32,
    /// The index after the last code unit that matches.
    pub end: u32,
}

/// A document that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SearchResult {
    /// The kind of the document.
    pub kind: DocumentKind,
    /// The id of the entity: the SKU of a product, or the id of a performance, a performer or a venue.
    pub id: String,
    /// The title of the entity. Of titles in several languages, the one that matches.
    pub title: String,
    /// The parts of the title that match.
    pub highlights: Vec<Highlight>,
    /// The quality of the match.
    pub quality: MatchQuality,
    /// The part of a product to show. Present for products.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub product: Option<ProductResult>,
    /// The part of a performance, a performer or a venue to show. Present for these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub show: Option<ShowResult>,
}

/// A page of results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SearchResults {
    /// The text that was searched, so that a page can tell the answer to an earlier text.
    pub q: String,
    /// The results.
    pub items: Vec<SearchResult>,
    /// Cursor of the next page. Absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
}

/// The pages that a request reads at most while all of their results were hidden since they were indexed. After them the page is
/// empty, and its cursor leads on.
const PAGES: usize = 10;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Searches all documents
///
/// Products, performances, performers and venues are found at once. Every word must be found in a title, a brand, the name of a
/// performer or another name. Korean words are found anywhere in a text, with or
/// without spaces, and by initial consonants; words of letters and digits by their beginning. If nothing is found, typos are
/// tolerated. Without `q`, all documents that the filters leave are found. New and changed documents appear within
/// seconds. There is no number of results.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/search", operation_id = "search-documents", tag = "search",
    params(
        ("q" = Option<String>, Query, description = "The text, of up to 64 characters", max_length = 64),
        ("kind" = Option<DocumentKind>, Query, description = "Only documents of this kind"),
        ("category" = Option<Category>, Query, description = "Only this category and those below it"),
        ("currency" = Option<String>, Query, description = "Only prices in this currency (ISO 4217). Required with a price, and for the orders by price", pattern = "^[A-Z]{3}$"),
        ("price_from" = Option<u64>, Query, description = "Only prices from this amount, in minor units"),
        ("price_to" = Option<u64>, Query, description = "Only prices up to this amount, in minor units"),
        ("order" = inline(Option<SearchOrder>), Query, description = "The order of the results. Default: `RELEVANCE`"),
        PageParameters,
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "A page of results", body = SearchResults,
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
pub async fn handle(function: &SearchDocuments, request: Request, invocation: Invocation) -> Result<Response, Error> {
    const FILTERS: [&str; 7] = ["q", "kind", "category", "currency", "price_from", "price_to", "order"];
    let page = PageRequest::of(&request, &["search"], &FILTERS)?;
    let mut query = query(&page)?;
    let (mut items, mut next) = (vec![], None);
    for _ in 0..PAGES {
        let found = function.searcher.search(&query, invocation.deadline).await?;
        let results = found.hits.into_iter().filter_map(result);
        items = results.filter(|result| result.is_shown_at(invocation.now)).collect();
        next = found.next;
        // Hits that are not shown any more must not leave a page empty that is not the last one.
        if !items.is_empty() || next.is_none() {
            break;
        }
        query.after = next;
    }
    let next_cursor = page.cursor(next.as_ref().map(cursor));
    let link = next_cursor.as_deref().map(|cursor| page.link(cursor)).transpose()?;
    let results = SearchResults {
        q: query.text,
        items,
        next_cursor,
    };
    let mut response = conditional::get(&request, &results, cache::LISTS)?;
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

fn query(page: &PageRequest<'_>) -> Result<Query, Error> {
    let kind: Option<DocumentKind> = page.filter("kind")?;
    let category: Option<Category> = page.filter("category")?;
    let currency: Option<String> = page.filter("currency")?;
    let (from, to): (Option<u64>, Option<u64>) = (number(page, "price_from")?, number(page, "price_to")?);
    if currency.is_none() && (from.is_some() || to.is_some()) {
        return Err(Rejection::invalid_parameter("currency", "it is required with a price").into());
    }
    let order: Option<SearchOrder> = page.filter("order")?;
    let is_by_price = matches!(order, Some(SearchOrder::PriceAsc | SearchOrder::PriceDesc));
    if currency.is_none() && is_by_price {
        return Err(Rejection::invalid_parameter("currency", "an order by price needs it").into());
    }
    let after: Option<Cursor<3>> = page.after()?;
    Ok(Query {
        text: page.filter("q")?.unwrap_or_default(),
        kinds: kind.map(|kind| kind.name().to_owned()).into_iter().collect(),
        category: category.map(|category| category.to_string()),
        price: currency.map(|currency| PriceRange {
            currency,
            min: from.unwrap_or_default(),
            max: to.unwrap_or(u64::MAX),
        }),
        order: match order.unwrap_or_default() {
            SearchOrder::Relevance => Order::Relevance,
            SearchOrder::Newest => Order::Newest,
            SearchOrder::PriceAsc => Order::PriceAsc,
            SearchOrder::PriceDesc => Order::PriceDesc,
        },
        boosts: vec![],
        limit: usize::from(page.limit),
        after: after.map(place).transpose()?,
    })
}

fn number(page: &PageRequest<'_>, name: &'static str) -> Result<Option<u64>, Rejection> {
    let text: Option<String> = page.filter(name)?;
    let number = text.map(|text| {
        text.parse()
            .ok()
            .filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
    });
    match number {
        Some(None) => Err(Rejection::invalid_parameter(name, "it is not a whole number from 0")),
        number => Ok(number.flatten()),
    }
}

/// The result of a hit. None for one that another version of this code has indexed and this one cannot read.
fn result(hit: Hit) -> Option<SearchResult> {
    let kind: DocumentKind = serde_json::from_value(hit.kind.as_str().into()).ok()?;
    let (product, show) = match kind {
        DocumentKind::Product => (Some(serde_json::from_slice(&hit.payload).ok()?), None),
        DocumentKind::Performance | DocumentKind::Performer | DocumentKind::Venue => {
            (None, Some(ShowResult::of(&hit)?))
        }
    };
    let matching = hit.titles.iter().position(|title| !title.highlights.is_empty());
    let title = hit.titles.into_iter().nth(matching.unwrap_or_default());
    let (title, highlights) = title.map(|title| (title.text, title.highlights)).unwrap_or_default();
    Some(SearchResult {
        id: hit.id,
        title,
        highlights: highlights
            .into_iter()
            .map(|(start, end)| Highlight { start, end })
            .collect(),
        quality: match hit.matched {
            Match::Title => MatchQuality::Title,
            Match::Prefix => MatchQuality::Prefix,
            Match::Text => MatchQuality::Text,
            Match::HalfTyped | Match::Similar | Match::Typo => MatchQuality::Similar,
        },
        product,
        show,
        kind,
    })
}

impl SearchResult {
    /// Whether the entity is still shown. The index follows a schedule some time later.
    fn is_shown_at(&self, now: Timestamp) -> bool {
        let hidden_at = self.product.as_ref().and_then(|product| product.hidden_at);
        hidden_at.is_none_or(|at| now < at)
    }
}

/// A position in the results as the cursor of a page, whose numbers are below 2^63.
pub fn cursor(place: &Place) -> Cursor<3> {
    Cursor {
        at: [
            u64::from(place.tier as u8) << 8 | u64::from(place.boost),
            place.value >> 32,
            place.value & 0xffff_ffff,
        ],
        id: Uuid::from_u64_pair(place.identity, 0),
    }
}

/// The position that a cursor means.
///
/// # Errors
/// `invalid-parameter` unless [`cursor`] made it.
pub fn place(cursor: Cursor<3>) -> Result<Place, Rejection> {
    let [rank, high, low] = cursor.at;
    let [tier, boost] = [(rank >> 8) as u8, rank as u8];
    let tiers = [
        Match::Title,
        Match::Prefix,
        Match::Text,
        Match::HalfTyped,
        Match::Similar,
        Match::Typo,
    ];
    let tier = tiers.into_iter().find(|known| *known as u8 == tier);
    let place = tier.map(|tier| Place {
        tier,
        boost,
        value: high << 32 | low & 0xffff_ffff,
        identity: cursor.id.as_u64_pair().0,
    });
    // Numbers beyond their width mean no position.
    let place = place.filter(|place| self::cursor(place) == cursor);
    place.ok_or_else(|| Rejection::invalid_parameter("cursor", "it was not issued for this list"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_its_cursor() {
        for value in [0, 1, u64::from(u32::MAX), u64::MAX] {
            let original = Place {
                tier: Match::Similar,
                boost: 128,
                value,
                identity: u64::MAX - value,
            };
            assert_eq!(place(cursor(&original)).unwrap(), original);
        }
    }

    #[test]
    fn a_cursor_with_numbers_beyond_their_width_is_refused() {
        let original = Place {
            tier: Match::Title,
            boost: 1,
            value: 7,
            identity: 9,
        };
        for number in 0..3 {
            let mut wide = cursor(&original);
            wide.at[number] |= 1 << 40;
            assert!(place(wide).is_err(), "{number}");
        }
        let mut other = cursor(&original);
        other.id = Uuid::from_u128(other.id.as_u128() | 1);
        assert!(place(other).is_err());
    }
}
