//! Checks a product against the categories.

use shared::catalog::{Product, ProductStatus};

use super::tree::CategoryTree;

/// The parts of a product that a request names. Only they are checked: the rest may be older than the categories.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Whether the request names the categories.
    pub categories: bool,
    /// The attributes that the request sets or removes.
    pub attributes: Vec<String>,
    /// Whether the request names the status.
    pub status: bool,
}

/// The reason for which a product does not fit its categories: the field and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The field.
    pub field: &'static str,
    /// A sentence for administrators.
    pub detail: String,
}

impl Named {
    /// Whether the categories have to be read to check `product`.
    pub fn needs_categories(&self, product: &Product) -> bool {
        !product.categories.is_empty() && (self.categories || self.status || !self.attributes.is_empty())
    }
}

/// Checks that the categories of `product` exist, and that its attributes have their declared types: where several categories
/// declare an attribute, all of them. Attributes that no category declares are free texts. A listed product must have the required
/// ones.
///
/// # Errors
/// The first [`Misfit`].
pub fn check(tree: &CategoryTree, product: &Product, named: &Named) -> Result<(), Misfit> {
    if named.categories {
        let missing = product
            .categories
            .iter()
            .find(|path| !tree.categories.contains_key(path));
        if let Some(path) = missing {
            return Err(Misfit {
                field: "categories",
                detail: format!("categories: there is no category {path}."),
            });
        }
    }
    let declarations = product
        .categories
        .iter()
        .flat_map(|category| tree.attributes_of(category));
    for (name, attribute) in declarations {
        let is_named = named.categories || named.attributes.contains(name);
        let refusal = match product.attributes.get(name) {
            Some(text) if is_named => attribute.refusal(text),
            Some(_) => None,
            None => {
                let is_demanded = attribute.required && product.status == ProductStatus::Listed;
                (is_demanded && (is_named || named.status)).then(|| "a listed product must have it".to_owned())
            }
        };
        if let Some(refusal) = refusal {
            return Err(Misfit {
                field: "attributes",
                detail: format!("attributes: {name}: {refusal}."),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::categories::tree::tests::tree;
    use crate::listings::scope::tests::product;

    fn refused(attributes: &[(&str, &str)], status: ProductStatus, named: &Named) -> Option<&'static str> {
        let mut product = product(&["drinks/tea"]);
        product.status = status;
        let attributes = attributes.iter();
        product.attributes = attributes
            .map(|&(name, text)| (name.to_owned(), text.to_owned()))
            .collect();
        let tree = serde_json::from_value(tree()).unwrap();
        check(&tree, &product, named).err().map(|misfit| misfit.field)
    }

    fn all() -> Named {
        Named {
            categories: true,
            ..Named::default()
        }
    }

    #[test]
    fn attributes_must_have_the_types_that_the_categories_declare() {
        let listed = ProductStatus::Listed;
        assert_eq!(
            refused(
                &[("weight", "100"), ("roast", "dark"), ("Free", "text")],
                listed,
                &all()
            ),
            None
        );
        assert_eq!(refused(&[("weight", "100 g")], listed, &all()), Some("attributes"));
        assert_eq!(
            refused(&[("weight", "100"), ("roast", "black")], listed, &all()),
            Some("attributes")
        );
    }

    #[test]
    fn an_attribute_that_two_categories_declare_fits_both_declarations() {
        let mut tree = tree();
        tree["categories"]["gifts"] = serde_json::json!({ "names": { "en": "Gifts" }, "attributes": {
            "weight": { "type": "ENUM", "values": ["100", "light"] },
            "roast": { "type": "TEXT", "required": true },
        } });
        let tree: CategoryTree = serde_json::from_value(tree).unwrap();
        for categories in [["drinks/tea", "gifts"], ["gifts", "drinks/tea"]] {
            let mut product = product(&categories);
            let mut fits = |attributes: &[(&str, &str)]| {
                let attributes = attributes.iter();
                product.attributes = attributes
                    .map(|&(name, text)| (name.to_owned(), text.to_owned()))
                    .collect();
                check(&tree, &product, &all()).is_ok()
            };
            assert!(fits(&[("weight", "100"), ("roast", "dark")]), "{categories:?}");
            assert!(!fits(&[("weight", "light"), ("roast", "dark")]), "{categories:?}");
            assert!(!fits(&[("weight", "90"), ("roast", "dark")]), "{categories:?}");
            assert!(!fits(&[("weight", "100"), ("roast", "black")]), "{categories:?}");
            assert!(!fits(&[("weight", "100")]), "{categories:?}");
        }
    }

    #[test]
    fn a_draft_may_lack_what_a_listed_product_must_have() {
        assert_eq!(refused(&[], ProductStatus::Draft, &all()), None);
        assert_eq!(refused(&[], ProductStatus::Listed, &all()), Some("attributes"));
        let status = Named {
            status: true,
            ..Named::default()
        };
        assert_eq!(refused(&[], ProductStatus::Listed, &status), Some("attributes"));
    }

    #[test]
    fn only_what_is_named_is_checked() {
        let named = |names: &[&str]| Named {
            attributes: names.iter().map(|&name| name.to_owned()).collect(),
            ..Named::default()
        };
        let old = [("weight", "old"), ("roast", "old")];
        assert_eq!(refused(&old, ProductStatus::Listed, &named(&[])), None);
        assert_eq!(refused(&old, ProductStatus::Listed, &named(&["Free"])), None);
        assert_eq!(
            refused(&old, ProductStatus::Listed, &named(&["roast"])),
            Some("attributes")
        );
        assert_eq!(
            refused(&[], ProductStatus::Listed, &named(&["weight"])),
            Some("attributes")
        );
    }

    #[test]
    fn a_category_must_exist_when_it_is_named() {
        let tea = product(&["drinks/coffee"]);
        let tree: CategoryTree = serde_json::from_value(tree()).unwrap();
        assert_eq!(check(&tree, &tea, &all()).unwrap_err().field, "categories");
        assert_eq!(check(&tree, &tea, &Named::default()), Ok(()));
    }
}
