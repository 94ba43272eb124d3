//! The checks of a product's fields, for the actions that write products.

use std::collections::BTreeMap;

use jiff::Timestamp;
use shared::Error;
use shared::aws::lambda::Invocation;
use shared::catalog::{Category, Package, Product, Sale};
use shared::core::error::Rejection;
use shared::core::metadata::Metadata;
use shared::core::money::Money;
use shared::core::text::{DisplayText, InvalidText};
use shared::images::{ImageId, ImageStore};

use crate::categories::check::{Named, check};
use crate::categories::store::CategoryStore;
use crate::categories::tree::CategoryTree;
use crate::reason;

/// Checks a name.
///
/// # Errors
/// `invalid-product`.
pub fn name(text: &str) -> Result<String, Rejection> {
    checked("name", DisplayText::line(text, Product::MAX_NAME))
}

/// Checks a description.
///
/// # Errors
/// `invalid-product`.
pub fn description(text: &str) -> Result<String, Rejection> {
    checked("description", DisplayText::lines(text, Product::MAX_DESCRIPTION))
}

/// Checks a brand.
///
/// # Errors
/// `invalid-product`.
pub fn brand(text: &str) -> Result<String, Rejection> {
    checked("brand", DisplayText::line(text, Product::MAX_BRAND))
}

/// Checks the categories.
///
/// # Errors
/// `invalid-product`.
pub fn categories(categories: &[Category]) -> Result<Vec<Category>, Rejection> {
    at_most("categories", categories.len(), Product::MAX_CATEGORIES)?;
    require_unique("categories", categories)?;
    Ok(categories.to_vec())
}

/// Checks what a request names of `product` against the categories. They are read only if it names categories, attributes or the
/// status of a product that has categories.
///
/// # Errors
/// `invalid-product`, and those of the store.
pub async fn check_categories(
    categories: &CategoryStore,
    product: &Product,
    named: &Named,
    invocation: &Invocation,
) -> Result<(), Error> {
    if !named.needs_categories(product) {
        return Ok(());
    }
    let tree = categories.read(invocation.deadline).await?.tree;
    fits_categories(&tree, product, named).map_err(Error::from)
}

/// Checks what a request names of `product` against the categories of `tree`.
///
/// # Errors
/// `invalid-product`.
pub fn fits_categories(tree: &CategoryTree, product: &Product, named: &Named) -> Result<(), Rejection> {
    check(tree, product, named).map_err(|misfit| invalid(misfit.field, misfit.detail))
}

/// Checks the points of one unit.
///
/// # Errors
/// `invalid-product`.
pub fn points(points: u32) -> Result<u32, Rejection> {
    if (1..=Product::MAX_POINTS).contains(&points) {
        return Ok(points);
    }
    let detail = format!("One unit has 1 to {} points.", Product::MAX_POINTS);
    Err(invalid("points", detail))
}

/// Checks the package of one unit.
///
/// # Errors
/// `invalid-product`.
pub fn package(package: Package) -> Result<Package, Rejection> {
    if (1..=Package::MAX_WEIGHT_GRAMS).contains(&package.weight_grams) {
        return Ok(package);
    }
    let detail = format!("One unit weighs 1 to {} grams.", Package::MAX_WEIGHT_GRAMS);
    Err(invalid("package", detail))
}

/// Checks the threshold of low stock.
///
/// # Errors
/// `invalid-product`.
pub fn low_stock_threshold(threshold: u32) -> Result<u32, Rejection> {
    if (1..=Product::MAX_LOW_STOCK_THRESHOLD).contains(&threshold) {
        return Ok(threshold);
    }
    let detail = format!("The threshold is 1 to {} units.", Product::MAX_LOW_STOCK_THRESHOLD);
    Err(invalid("low_stock_threshold", detail))
}

/// Checks the times between which a product is listed. They are kept to the millisecond.
///
/// # Errors
/// `invalid-product`.
pub fn require_schedule(list_at: Option<Timestamp>, unlist_at: Option<Timestamp>) -> Result<(), Rejection> {
    if let (Some(list_at), Some(unlist_at)) = (list_at, unlist_at)
        && unlist_at <= list_at
    {
        let detail = "unlist_at: it must be after list_at.".to_owned();
        return Err(invalid("unlist_at", detail));
    }
    Ok(())
}

/// Checks a sale of a product with the regular price `price`. Its times are kept to the millisecond.
///
/// # Errors
/// `invalid-product`.
pub fn sale(sale: Sale, price: Money) -> Result<Sale, Rejection> {
    const FIELD: &str = "sale";
    if sale.price.currency() != price.currency() || sale.price.amount() >= price.amount() {
        let detail = format!("sale: its price must be lower than {price}, in the same currency.");
        return Err(invalid(FIELD, detail));
    }
    let (starts_at, ends_at) = (time(sale.starts_at), time(sale.ends_at));
    if ends_at <= starts_at {
        return Err(invalid(FIELD, "sale: it must end after its start.".to_owned()));
    }
    Ok(Sale {
        starts_at,
        ends_at,
        ..sale
    })
}

/// A time, to the millisecond, as the schedule of products compares it.
pub fn time(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// Changes `attributes` as a merge patch says: a text is set, none removes the attribute.
///
/// # Errors
/// `invalid-product`.
pub fn merge_attributes<'a>(
    attributes: &mut BTreeMap<String, String>,
    changes: impl IntoIterator<Item = (&'a String, Option<&'a String>)>,
) -> Result<(), Rejection> {
    const FIELD: &str = "attributes";
    let mut named = BTreeMap::new();
    for (name, text) in changes {
        let name = checked(FIELD, DisplayText::line(name, Product::MAX_ATTRIBUTE_NAME))?;
        let text = text.map(|text| checked(FIELD, DisplayText::line(text, Product::MAX_ATTRIBUTE)));
        if named.insert(name.clone(), text.transpose()?).is_some() {
            return Err(invalid(FIELD, format!("The attribute {name} is named twice.")));
        }
    }
    merge(attributes, named);
    at_most(FIELD, attributes.len(), Product::MAX_ATTRIBUTES)
}

/// Changes `metadata` as a merge patch says: a text is set, none removes the note.
///
/// # Errors
/// `invalid-product`.
pub fn merge_metadata<'a>(
    metadata: &mut Metadata,
    changes: impl IntoIterator<Item = (&'a String, Option<&'a String>)>,
) -> Result<(), Rejection> {
    const FIELD: &str = "metadata";
    let merged = metadata.merge(changes);
    merged.map_err(|refused| invalid(FIELD, format!("{FIELD}: {refused}.")))
}

/// Checks that the images can be shown now. They may still be deleted later: clients fetch each image when they show it.
///
/// # Errors
/// `invalid-product`, and those of the store.
pub async fn check_images(images: &ImageStore, ids: &[ImageId], invocation: &Invocation) -> Result<(), Error> {
    const FIELD: &str = "images";
    at_most(FIELD, ids.len(), Product::MAX_IMAGES)?;
    require_unique(FIELD, ids)?;
    match images.first_unusable(ids, invocation.deadline).await? {
        None => Ok(()),
        Some(id) => {
            let detail = format!("There is no image {id} that is ready and has the purpose LISTING.");
            Err(invalid(FIELD, detail).into())
        }
    }
}

fn merge(texts: &mut BTreeMap<String, String>, changes: BTreeMap<String, Option<String>>) {
    for (name, text) in changes {
        match text {
            Some(text) => drop(texts.insert(name, text)),
            None => drop(texts.remove(&name)),
        }
    }
}

fn checked(field: &str, text: Result<DisplayText, InvalidText>) -> Result<String, Rejection> {
    text.map(String::from)
        .map_err(|refused| invalid(field, format!("{field}: {refused}.")))
}

fn at_most(field: &str, count: usize, max: usize) -> Result<(), Rejection> {
    if count <= max {
        return Ok(());
    }
    Err(invalid(field, format!("{field}: a product has at most {max}.")))
}

fn require_unique<T: PartialEq + std::fmt::Display>(field: &str, values: &[T]) -> Result<(), Rejection> {
    let duplicate = values
        .iter()
        .enumerate()
        .find(|(at, value)| values[..*at].contains(value));
    duplicate.map_or(Ok(()), |(_, duplicate)| {
        Err(invalid(field, format!("{field}: {duplicate} is listed twice.")))
    })
}

fn invalid(field: &str, detail: String) -> Rejection {
    let field = field.to_owned();
    Rejection::with(reason::InvalidProduct { field }, detail)
}
