//! Reads the `Cargo.toml` files.

use crate::repository;
use toml::{Table, Value};

/// The `Cargo.toml` of a crate.
#[derive(Debug)]
pub struct Manifest {
    /// The path from the repository's root.
    pub path: String,
    table: Table,
}

impl Manifest {
    /// Reads the manifest of the crate in `folder`.
    ///
    /// # Panics
    /// When it is missing or not TOML.
    #[must_use]
    pub fn of(folder: &str) -> Self {
        let path = format!("{folder}/Cargo.toml");
        let table = repository::read(&path)
            .parse()
            .unwrap_or_else(|error| panic!("{path} must be TOML: {error}"));
        Self { path, table }
    }

    /// The manifests of all crates of the workspace.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut files = repository::files("");
        files.retain(|path| path.ends_with("/Cargo.toml"));
        files
            .iter()
            .filter_map(|path| path.strip_suffix("/Cargo.toml"))
            .map(Self::of)
            .collect()
    }

    /// The package's name.
    #[must_use]
    pub fn package(&self) -> &str {
        self.table
            .get("package")
            .and_then(|package| package.get("name"))
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The explicit `name`s of its library and binaries.
    #[must_use]
    pub fn renamed_targets(&self) -> Vec<&str> {
        let binaries = self.table.get("bin").and_then(Value::as_array).into_iter().flatten();
        binaries
            .chain(self.table.get("lib"))
            .filter_map(|target| target.get("name")?.as_str())
            .collect()
    }

    /// Whether it inherits the workspace's lints.
    #[must_use]
    pub fn inherits_lints(&self) -> bool {
        self.table.get("lints").is_some_and(is_inherited)
    }

    /// The dependencies: the name, and whether the workspace sets the version. It does for an inherited dependency and
    /// for a workspace member with a path.
    #[must_use]
    pub fn dependencies(&self) -> Vec<(&str, bool)> {
        let by_target = self
            .table
            .get("target")
            .and_then(Value::as_table)
            .into_iter()
            .flat_map(Table::values);
        let sections = by_target.filter_map(Value::as_table).chain([&self.table]);
        let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
        sections
            .flat_map(|section| kinds.iter().filter_map(|kind| section.get(*kind)?.as_table()))
            .flatten()
            .map(|(name, value)| (name.as_str(), is_inherited(value) || is_member(value)))
            .collect()
    }
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

fn is_member(dependency: &Value) -> bool {
    dependency.get("path").is_some() && dependency.get("version").is_none()
}
