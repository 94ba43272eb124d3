//! The paths of categories.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The path of a category, such as `drinks/tea`: names of `a-z 0-9 -`, separated by `/`, at most 100 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(
    value_type = String,
    max_length = 100,
    pattern = "^[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)*$",
    examples("drinks/tea")
)]
pub struct Category(String);

/// The text is not a [`Category`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a category has 1 to 100 characters: names of a-z 0-9 -, separated by /")]
pub struct InvalidCategory;

impl TryFrom<String> for Category {
    type Error = InvalidCategory;

    fn try_from(text: String) -> Result<Self, InvalidCategory> {
        let is_word = |word: &str| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let is_name = |name: &str| name.split('-').all(is_word);
        if text.len() <= 100 && text.split('/').all(is_name) {
            Ok(Self(text))
        } else {
            Err(InvalidCategory)
        }
    }
}

impl Category {
    /// The most names of a path.
    pub const MAX_DEPTH: usize = 4;

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The category that this one is in. None for a category at the top.
    pub fn parent(&self) -> Option<Self> {
        let (parent, _) = self.0.rsplit_once('/')?;
        Some(Self(parent.to_owned()))
    }

    /// The category itself and all that it is in, up to the top.
    pub fn path_to_the_top(&self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self.clone()), Self::parent)
    }

    /// The number of names.
    pub fn depth(&self) -> usize {
        self.0.split('/').count()
    }
}

impl std::fmt::Display for Category {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_a_path_of_names() {
        let longest = "x".repeat(100);
        for good in ["drinks", "drinks/tea", "drinks/green-tea/2026", &longest] {
            assert!(Category::try_from(good.to_owned()).is_ok(), "{good}");
        }
        let too_long = "x".repeat(101);
        for bad in [
            "", "/", "/drinks", "drinks/", "a//b", "Drinks", "-a", "a-", "a--b", "a b", "차", &too_long,
        ] {
            assert_eq!(Category::try_from(bad.to_owned()), Err(InvalidCategory), "{bad}");
        }
    }

    #[test]
    fn a_category_is_in_all_categories_above_it() {
        let category = Category::try_from("drinks/tea/green".to_owned()).unwrap();
        let path: Vec<String> = category
            .path_to_the_top()
            .map(|category| category.to_string())
            .collect();
        assert_eq!(path, ["drinks/tea/green", "drinks/tea", "drinks"]);
        assert_eq!(category.depth(), 3);
    }
}
