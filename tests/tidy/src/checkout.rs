//! The files of the checkout, named by their paths from its root.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// A folder `functions/<domain>/<action>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The bounded context, such as `orders`.
    pub domain: String,
    /// What it does, such as `cancel-order`.
    pub action: String,
}

impl Function {
    /// Its folder, as the template's `CodeUri` has it.
    #[must_use]
    pub fn folder(&self) -> String {
        format!("functions/{}/{}", self.domain, self.action)
    }

    /// Its name in the template: `cancel-order` is `CancelOrder` there.
    #[must_use]
    pub fn logical_id(&self) -> String {
        let capitalised = |word: &str| {
            let (first, rest) = word.split_at(word.len().min(1));
            first.to_uppercase() + rest
        };
        self.action.split('-').map(capitalised).collect()
    }
}

/// Where the checkout begins.
#[must_use]
pub fn root() -> PathBuf {
    // Asked at run time rather than at compile time, so that a moved checkout reads itself.
    let here = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.join("../..")
}

/// A file's text.
///
/// # Panics
/// When there is no such file.
#[must_use]
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path} must be there and readable: {error}"))
}

/// All functions, in the order of their folders.
#[must_use]
pub fn functions() -> Vec<Function> {
    let mut functions = Vec::new();
    for domain in entries("functions") {
        for action in entries(&format!("functions/{domain}")) {
            functions.push(Function {
                domain: domain.clone(),
                action,
            });
        }
    }
    functions
}

/// The files below a folder that git would take, sorted. A folder that is not there has none.
#[must_use]
pub fn files(folder: &str) -> Vec<String> {
    let mut files = Vec::new();
    for name in entries(folder) {
        let path = if folder.is_empty() {
            name
        } else {
            format!("{folder}/{name}")
        };
        if root().join(&path).is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// The Rust files below a folder.
#[must_use]
pub fn rust_files(folder: &str) -> Vec<String> {
    let is_rust = |path: &String| Path::new(path).extension().is_some_and(|extension| extension == "rs");
    files(folder).into_iter().filter(is_rust).collect()
}

/// A source's lines with their numbers, without those that are comments.
pub fn code(source: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..)
        .zip(source.lines())
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn entries(folder: &str) -> Vec<String> {
    let Ok(found) = fs::read_dir(root().join(folder)) else {
        return Vec::new();
    };
    let mut names: Vec<String> = found
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.retain(|name| !name.starts_with('.') && name != "target");
    names.sort();
    names
}
