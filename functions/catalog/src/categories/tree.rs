//! The tree of categories, by path.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shared::catalog::{Category, Product};
use shared::core::error::Rejection;
use shared::core::text::by_language::{self, is_language};
use shared::core::text::{DisplayText, InvalidText, text_map};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, SchemaType, Type};

use super::attribute::{AttributeType, CategoryAttribute};
use super::schema;
use crate::reason;

/// All categories, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryTree {
    /// The categories by path, such as `drinks/tea`, of at most four names.
    #[schema(value_type = schema::Categories)]
    pub categories: BTreeMap<Category, CategoryNode>,
}

/// A category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryNode {
    /// The names that shoppers read, by language, such as `en` or `ko`.
    #[schema(schema_with = names_schema)]
    pub names: BTreeMap<String, String>,
    /// The category's position among those with the same parent, lowest first.
    #[serde(default)]
    #[schema(required = true)]
    pub position: u32,
    /// The attributes of its products, and of those in the categories below it, by the name that products use.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = schema::CategoryAttributes)]
    pub attributes: BTreeMap<String, CategoryAttribute>,
}

impl CategoryTree {
    /// The most categories.
    pub const MAX: usize = 1_000;

    /// The most bytes of all categories as JSON. A DynamoDB item has at most 400 KB.
    pub const MAX_BYTES: usize = 300_000;

    /// The most attributes of one category.
    pub const MAX_ATTRIBUTES: usize = 30;

    /// The most languages of a name.
    pub const MAX_LANGUAGES: usize = by_language::MAX_LANGUAGES;

    /// The longest name, in characters.
    pub const MAX_NAME: usize = 100;

    /// The attributes of the products of `category`: its own, and those of all categories above it.
    pub fn attributes_of(&self, category: &Category) -> impl Iterator<Item = (&String, &CategoryAttribute)> {
        let path = category.path_to_the_top();
        let nodes = path.filter_map(|category| self.categories.get(&category));
        nodes.flat_map(|node| &node.attributes)
    }

    /// Checks the tree. Returns it with its texts as they are stored.
    ///
    /// # Errors
    /// `invalid-categories`.
    pub fn checked(mut self) -> Result<Self, Rejection> {
        if self.categories.len() > Self::MAX {
            return Err(invalid(None, format!("There are at most {} categories.", Self::MAX)));
        }
        let paths: Vec<Category> = self.categories.keys().cloned().collect();
        for path in &paths {
            self.check_path(path)?;
        }
        for (path, node) in &mut self.categories {
            check_node(path, node)?;
        }
        let bytes = serde_json::to_vec(&self).map_or(usize::MAX, |json| json.len());
        if bytes > Self::MAX_BYTES {
            let detail = format!(
                "The categories have {bytes} bytes as JSON; the limit is {}.",
                Self::MAX_BYTES
            );
            return Err(invalid(None, detail));
        }
        Ok(self)
    }

    fn check_path(&self, path: &Category) -> Result<(), Rejection> {
        let depth = Category::MAX_DEPTH;
        if path.depth() > depth {
            return Err(invalid(
                Some(path),
                format!("{path}: a path has at most {depth} names."),
            ));
        }
        let Some(parent) = path.parent() else {
            return Ok(());
        };
        if !self.categories.contains_key(&parent) {
            return Err(invalid(Some(path), format!("{path}: there is no category {parent}.")));
        }
        let own = self
            .categories
            .get(path)
            .into_iter()
            .flat_map(|node| node.attributes.keys());
        let is_inherited = |name: &&String| self.attributes_of(&parent).any(|(above, _)| above == *name);
        match own.into_iter().find(is_inherited) {
            Some(name) => Err(invalid(
                Some(path),
                format!("{path}: a category above it has the attribute {name}."),
            )),
            None => Ok(()),
        }
    }
}

fn check_node(path: &Category, node: &mut CategoryNode) -> Result<(), Rejection> {
    let refused = |detail: String| invalid(Some(path), format!("{path}: {detail}."));
    if node.names.is_empty() {
        return Err(refused("it needs a name".to_owned()));
    }
    check_names(&mut node.names).map_err(refused)?;
    if node.attributes.len() > CategoryTree::MAX_ATTRIBUTES {
        let most = CategoryTree::MAX_ATTRIBUTES;
        return Err(refused(format!("a category has at most {most} attributes of its own")));
    }
    for (name, attribute) in &mut node.attributes {
        let read = line(name, Product::MAX_ATTRIBUTE_NAME).map_err(refused)?;
        if read != *name {
            return Err(refused(format!("the attribute {name} is to be written {read}")));
        }
        check_attribute(attribute).map_err(|detail| refused(format!("{name}: {detail}")))?;
    }
    Ok(())
}

fn check_attribute(attribute: &mut CategoryAttribute) -> Result<(), String> {
    check_names(&mut attribute.names)?;
    if let Some(unit) = &mut attribute.unit {
        if attribute.kind != AttributeType::Number {
            return Err("only a NUMBER has a unit".to_owned());
        }
        *unit = line(unit, CategoryAttribute::MAX_UNIT)?;
    }
    let (values, most) = (&mut attribute.values, CategoryAttribute::MAX_VALUES);
    let is_right = match attribute.kind {
        AttributeType::Enum => (1..=most).contains(&values.len()),
        _ => values.is_empty(),
    };
    if !is_right {
        return Err(format!("an ENUM has 1 to {most} values, and no other type has any"));
    }
    for nth in 0..values.len() {
        values[nth] = line(&values[nth], Product::MAX_ATTRIBUTE)?;
        if values[..nth].contains(&values[nth]) {
            return Err(format!("{} is listed twice", values[nth]));
        }
    }
    Ok(())
}

fn check_names(names: &mut BTreeMap<String, String>) -> Result<(), String> {
    if names.len() > CategoryTree::MAX_LANGUAGES {
        return Err(format!("a name has at most {} languages", CategoryTree::MAX_LANGUAGES));
    }
    for (language, name) in names {
        if !is_language(language) {
            return Err(format!("{language} is no language such as en or pt-BR"));
        }
        *name = line(name, CategoryTree::MAX_NAME)?;
    }
    Ok(())
}

fn line(text: &str, max: usize) -> Result<String, String> {
    let read: Result<DisplayText, InvalidText> = DisplayText::line(text, max);
    read.map(String::from).map_err(|refused| refused.to_string())
}

fn invalid(category: Option<&Category>, detail: String) -> Rejection {
    let category = category.cloned();
    Rejection::with(reason::InvalidCategories { category }, detail)
}

/// The schema of names by language.
pub fn names_schema() -> Object {
    names(Type::String.into())
}

/// The schema of a merge patch of names by language.
pub fn names_patch_schema() -> Object {
    names(text_map::or_null(Type::String))
}

fn names(text: SchemaType) -> Object {
    let example = serde_json::json!({ "en": "Tea", "ko": "차" });
    let description = "The text that shoppers read, by language.";
    by_language::schema(text, text_map::LINE, CategoryTree::MAX_NAME, description, example)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// Drinks with tea, which has a weight, a roast, and whether it is organic.
    pub(crate) fn tree() -> Value {
        json!({ "categories": {
            "drinks": { "names": { "en": "Drinks" }, "position": 1, "attributes": {
                "weight": { "type": "NUMBER", "unit": "g", "names": { "en": "Weight" }, "required": true },
            } },
            "drinks/tea": { "names": { "en": "Tea", "ko": "차" }, "position": 2, "attributes": {
                "roast": { "type": "ENUM", "values": ["light", "dark"] },
                "organic": { "type": "BOOLEAN" },
            } },
        } })
    }

    fn check(change: impl Fn(&mut Value)) -> Result<CategoryTree, Rejection> {
        let mut value = tree();
        change(&mut value["categories"]);
        serde_json::from_value::<CategoryTree>(value).unwrap().checked()
    }

    #[test]
    fn a_category_inherits_the_attributes_of_those_above_it() {
        let tree = check(|_| {}).unwrap();
        let tea = Category::try_from("drinks/tea".to_owned()).unwrap();
        let names: Vec<&String> = tree.attributes_of(&tea).map(|(name, _)| name).collect();
        assert_eq!(names, ["organic", "roast", "weight"]);
    }

    #[test]
    fn what_does_not_fit_the_rules_is_refused() {
        let changes: [fn(&mut Value); 12] = [
            |all| all["cups/blue"] = json!({ "names": { "en": "Blue" } }),
            |all| all["drinks"]["names"] = json!({}),
            |all| all["drinks"]["names"] = json!({ "english": "Drinks" }),
            |all| all["drinks"]["names"] = json!({ "en": "" }),
            |all| all["drinks"]["names"] = json!({ "en": "D\u{200b}" }),
            |all| all["drinks/tea"]["attributes"]["weight"] = json!({ "type": "TEXT" }),
            |all| all["drinks/tea"]["attributes"]["roast"]["values"] = json!([]),
            |all| all["drinks/tea"]["attributes"]["roast"]["values"] = json!(["a", "a"]),
            |all| all["drinks/tea"]["attributes"]["roast"]["unit"] = json!("g"),
            |all| all["drinks/tea"]["attributes"]["organic"]["values"] = json!(["a"]),
            |all| all["drinks/tea"]["attributes"][" x"] = json!({ "type": "TEXT" }),
            |all| {
                for path in ["drinks/a", "drinks/a/b", "drinks/a/b/c", "drinks/a/b/c/d"] {
                    all[path] = json!({ "names": { "en": "x" } });
                }
            },
        ];
        for (nth, change) in changes.into_iter().enumerate() {
            let refused = check(change).expect_err(&nth.to_string());
            assert_eq!(refused.reason, &reason::INVALID_CATEGORIES, "{nth}");
        }
    }

    #[test]
    fn the_number_and_the_bytes_of_all_categories_are_limited() {
        let many = |count: usize, name: String| {
            let categories = (0..count).map(|nth| (format!("c{nth}"), json!({ "names": { "ko": name } })));
            let categories: serde_json::Map<String, Value> = categories.collect();
            let tree: CategoryTree = serde_json::from_value(json!({ "categories": categories })).unwrap();
            tree.checked()
        };
        many(1_000, "차".to_owned()).unwrap();
        let refused = many(1_001, "차".to_owned()).unwrap_err();
        assert!(refused.detail.contains("1000 categories"), "{refused:?}");
        let refused = many(1_000, "차".repeat(100)).unwrap_err();
        assert!(refused.detail.contains("bytes"), "{refused:?}");
    }

    #[test]
    fn languages_have_an_optional_region() {
        for good in ["en", "ko", "pt-BR", "fil"] {
            assert!(is_language(good), "{good}");
        }
        for bad in ["", "e", "EN", "en-", "en-us", "en_US", "korean"] {
            assert!(!is_language(bad), "{bad}");
        }
    }
}
