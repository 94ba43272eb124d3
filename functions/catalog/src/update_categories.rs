//! Runs for `PATCH /admin/categories`, for administrators: adds, changes and removes categories.

use futures::future::try_join_all;
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, conditional};
use shared::catalog::Category;
use shared::core::error::{Reason, Rejection};
use shared::core::json::{UniqueMap, from_slice};
use shared::core::merge_patch::{self, Patch};

use crate::categories::attribute::AttributeType;
use crate::categories::schema;
use crate::categories::store::{CategoryStore, StoredTree};
use crate::categories::tree::{self, CategoryTree};
use crate::listings::keys::ProductOrder;
use crate::listings::list::List;
use crate::listings::scope::{Listing, Scope};
use crate::listings::store::ListingStore;
use crate::reason;

/// The function's stores.
#[derive(Debug)]
pub struct UpdateCategories {
    /// The categories.
    pub categories: CategoryStore,
    /// The lists of products, which are only read.
    pub listings: ListingStore,
}

impl UpdateCategories {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            categories: CategoryStore::new(platform)?,
            listings: ListingStore::new(platform)?,
        })
    }
}

/// Changes of the categories, as a merge patch (RFC 7396): only what is named changes, and `null` removes.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateCategoriesRequest {
    /// The categories by path. `null` removes one.
    #[schema(value_type = schema::CategoriesPatch)]
    pub categories: UniqueMap<Option<CategoryPatch>>,
}

/// Changes of a category. A new one needs `names`.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryPatch {
    /// The text that shoppers read, by language. `null` removes a language.
    #[serde(default, skip_serializing_if = "UniqueMap::is_empty")]
    #[schema(schema_with = tree::names_patch_schema)]
    pub names: UniqueMap<Option<String>>,
    /// The category's position among those with the same parent, lowest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub position: Option<u32>,
    /// The attributes of its products. `null` removes one.
    #[serde(default, skip_serializing_if = "UniqueMap::is_empty")]
    #[schema(value_type = schema::CategoryAttributesPatch)]
    pub attributes: UniqueMap<Option<CategoryAttributePatch>>,
}

/// Changes of an attribute. A new one needs `type`.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryAttributePatch {
    /// The type of its values.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub kind: Option<AttributeType>,
    /// The text that shoppers read, by language. `null` removes a language.
    #[serde(default, skip_serializing_if = "UniqueMap::is_empty")]
    #[schema(schema_with = tree::names_patch_schema)]
    pub names: UniqueMap<Option<String>>,
    /// The unit of a `NUMBER`, such as `g`. Text of one line.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 20)]
    pub unit: Patch<String>,
    /// The values of an `ENUM`. Replaced as a whole.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(schema_with = schema::values_patch)]
    pub values: Patch<Vec<String>>,
    /// Whether a listed product must have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub required: Option<bool>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&reason::INVALID_CATEGORIES, &reason::CATEGORY_NOT_EMPTY];

/// Changes the categories
///
/// Only what is named changes, and `null` removes (RFC 7396). `If-Match` is required: if somebody has changed the categories since
/// they were read, the answer is 412 and nothing changes. A change that is made already is answered with 200 in any case. A
/// category with listed products, or with categories below it, is not removed. Products keep the attributes that they have, also
/// if the new declarations do not fit them.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    patch, path = "/admin/categories", operation_id = "update-categories", tag = "catalog",
    request_body(content = UpdateCategoriesRequest, content_type = "application/merge-patch+json"),
    security(("token" = [])),
    params(("If-Match" = String, Header, description = "The `ETag` of the categories as they were read, or `*`")),
    responses(
        (status = 200, description = "The categories", body = CategoryTree,
            headers(("ETag" = String, description = "For `If-Match` of the next change"))),
    )
)]
pub async fn handle(function: &UpdateCategories, request: Request, invocation: Invocation) -> Result<Response, Error> {
    conditional::require_if_match(&request)?;
    let body: UpdateCategoriesRequest = http::body(&request)?;
    let mut attempts = Attempts::new("change the categories");
    loop {
        attempts.start()?;
        let previous = function.categories.read(invocation.deadline).await?;
        let tree = merged(&previous.tree, &body)?;
        if tree == previous.tree {
            return conditional::tagged(StatusCode::OK, &tree);
        }
        conditional::require_match(&request, &previous.tree)?;
        require_empty(&function.listings, &previous.tree, &tree, &invocation).await?;
        let stored = StoredTree {
            tree,
            version: previous.version + 1,
        };
        let (by, at) = (invocation.actor()?, invocation.now);
        if function.categories.save(&stored, by, at, invocation.deadline).await? {
            return conditional::tagged(StatusCode::OK, &stored.tree);
        }
    }
}

/// The categories with the changes.
fn merged(tree: &CategoryTree, changes: &UpdateCategoriesRequest) -> Result<CategoryTree, Error> {
    let json = |error| Error::internal("change the categories", error);
    let mut value = serde_json::to_value(tree).map_err(json)?;
    merge_patch::apply(&mut value, &serde_json::to_value(changes).map_err(json)?);
    let text = serde_json::to_vec(&value).map_err(json)?;
    let merged: CategoryTree = from_slice(&text).map_err(|unreadable| {
        let category = None;
        Rejection::with(reason::InvalidCategories { category }, format!("{unreadable}."))
    })?;
    Ok(merged.checked()?)
}

/// Checks that no removed category has listed products. Those of a category are in the lists of all above it, so only the topmost
/// ones are looked at.
async fn require_empty(
    listings: &ListingStore,
    previous: &CategoryTree,
    tree: &CategoryTree,
    invocation: &Invocation,
) -> Result<(), Error> {
    let is_removed = |category: &Category| !tree.categories.contains_key(category);
    let removed = previous.categories.keys().filter(|category| is_removed(category));
    let topmost: Vec<&Category> = removed
        .filter(|category| !category.parent().is_some_and(|parent| is_removed(&parent)))
        .collect();
    if topmost.is_empty() {
        return Ok(());
    }
    let layouts = listings.layouts(invocation.deadline).await?;
    let looks = topmost.into_iter().map(async |category| {
        let list = List {
            scope: Scope::of(Listing::Category(category.clone())),
            order: ProductOrder::Newest,
            currency: None,
        };
        let epoch = layouts.of(&list.scope.listing).current;
        if list.is_empty(listings, epoch, invocation.deadline).await? {
            return Ok(());
        }
        let detail = format!("Products are listed in {category}. Move them first.");
        let category = category.clone();
        Err(Rejection::with(reason::CategoryNotEmpty { category }, detail).into())
    });
    try_join_all(looks).await.map(|_: Vec<()>| ())
}
