//! Listings and their scopes: the lists of products that are kept in order.

use std::fmt;

use serde::{Deserialize, Serialize};
use shared::catalog::{Category, Product};

/// A kind of list: `all`, `admin` (all products, for administrators), or a category such as `category:drinks/tea`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Listing {
    /// All listed products.
    All,
    /// The listed products of a category and of those below it.
    Category(Category),
    /// All products, for administrators.
    Admin,
}

/// One list of products.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    /// The kind of list.
    pub listing: Listing,
    /// Whether it excludes products that are sold out.
    pub is_available: bool,
}

impl Scope {
    /// The list of everything in `listing`.
    pub const fn of(listing: Listing) -> Self {
        Self {
            listing,
            is_available: false,
        }
    }

    /// The lists that have `product`. At most 10 categories of 4 names each, so at most 41 listings with their available
    /// variants, and that of administrators.
    pub fn having(product: &Product, is_listed: bool, is_sold_out: bool) -> Vec<Self> {
        let mut scopes = vec![Self::of(Listing::Admin)];
        if !is_listed {
            return scopes;
        }
        let mut listings: Vec<Listing> = product
            .categories
            .iter()
            .flat_map(Category::path_to_the_top)
            .map(Listing::Category)
            .collect();
        listings.push(Listing::All);
        listings.sort();
        listings.dedup();
        for listing in listings {
            if !is_sold_out {
                scopes.push(Self {
                    listing: listing.clone(),
                    is_available: true,
                });
            }
            scopes.push(Self::of(listing));
        }
        scopes
    }
}

/// The text is not a [`Listing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a listing is `all`, `admin` or `category:<path>`")]
pub struct InvalidListing;

impl TryFrom<String> for Listing {
    type Error = InvalidListing;

    fn try_from(text: String) -> Result<Self, InvalidListing> {
        match text.as_str() {
            "all" => Ok(Self::All),
            "admin" => Ok(Self::Admin),
            text => {
                let path = text.strip_prefix("category:").ok_or(InvalidListing)?;
                let category = Category::try_from(path.to_owned()).map_err(|_| InvalidListing)?;
                Ok(Self::Category(category))
            }
        }
    }
}

impl From<Listing> for String {
    fn from(listing: Listing) -> Self {
        listing.to_string()
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => to.write_str("all"),
            Self::Category(category) => write!(to, "category:{category}"),
            Self::Admin => to.write_str("admin"),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = if self.is_available { "+available" } else { "" };
        write!(to, "{}{suffix}", self.listing)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    /// A listed product of these categories.
    pub(crate) fn product(categories: &[&str]) -> Product {
        let product = json!({
            "sku": "tea", "name": "Tea", "categories": categories, "price": { "amount": 1000, "currency": "KRW" },
            "status": "LISTED", "stock_shards": 1, "version": 1, "first_listed_at": "2026-01-01T00:00:00Z",
            "updated_by": { "kind": "STAFF", "id": "the-admin" }, "updated_at": "2026-01-02T00:00:00Z",
        });
        serde_json::from_value(product).unwrap()
    }

    fn scopes(categories: &[&str], is_listed: bool, is_sold_out: bool) -> Vec<String> {
        let scopes = Scope::having(&product(categories), is_listed, is_sold_out);
        scopes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_product_is_in_its_categories_and_all_above_them_once() {
        assert_eq!(
            scopes(&["drinks/tea", "drinks"], true, true),
            ["admin", "all", "category:drinks", "category:drinks/tea"]
        );
        assert_eq!(scopes(&[], true, false), ["admin", "all+available", "all"]);
    }

    #[test]
    fn a_hidden_product_is_in_the_list_of_administrators_only() {
        assert_eq!(scopes(&["drinks/tea"], false, false), ["admin"]);
    }

    #[test]
    fn the_most_categories_lead_to_83_rows() {
        let categories: Vec<String> = (0..10).map(|n| format!("a{n}/b/c/d")).collect();
        let categories: Vec<&str> = categories.iter().map(String::as_str).collect();
        assert_eq!(scopes(&categories, true, false).len(), 83);
    }

    #[test]
    fn a_listing_reads_what_it_writes() {
        for text in ["all", "admin", "category:drinks/tea"] {
            assert_eq!(Listing::try_from(text.to_owned()).unwrap().to_string(), text);
        }
        for text in ["", "category:", "drinks", "category:A", "all+available"] {
            assert_eq!(Listing::try_from(text.to_owned()), Err(InvalidListing), "{text}");
        }
    }
}
