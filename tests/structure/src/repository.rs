//! The files of the repository. All paths are relative to its root.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// A Lambda function: an action of a domain's crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The domain, such as `orders`.
    pub domain: String,
    /// The action, such as `cancel-order`.
    pub action: String,
}

impl Function {
    /// The path of its `main`.
    #[must_use]
    pub fn main(&self) -> String {
        format!("functions/{}/src/bin/{}.rs", self.domain, self.action)
    }

    /// The path of its module.
    #[must_use]
    pub fn module(&self) -> String {
        format!("functions/{}/src/{}.rs", self.domain, self.action.replace('-', "_"))
    }

    /// The template's `CodeUri`: the output folder of `cargo lambda build`.
    #[must_use]
    pub fn artifact(&self) -> String {
        format!("../../target/lambda/{}", self.action)
    }

    /// The logical id in the template: `CancelOrder` for `cancel-order`.
    #[must_use]
    pub fn logical_id(&self) -> String {
        let capitalised = |word: &str| {
            let (first, rest) = word.split_at(word.len().min(1));
            first.to_uppercase() + rest
        };
        self.action.split('-').map(capitalised).collect()
    }
}

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    // Prefers the variable at run time, since the checkout may have moved after the build.
    let here = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.join("../..")
}

/// Reads a file.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("cannot read {path}: {error}"))
}

/// All domains: the folders of `functions`.
#[must_use]
pub fn domains() -> Vec<String> {
    entries("functions")
}

/// All functions, sorted by domain and action. Each file in `src/bin` is one.
#[must_use]
pub fn functions() -> Vec<Function> {
    let mut functions = Vec::new();
    for domain in domains() {
        for main in entries(&format!("functions/{domain}/src/bin")) {
            functions.push(Function {
                domain: domain.clone(),
                action: main.trim_end_matches(".rs").to_owned(),
            });
        }
    }
    functions
}

/// The files below a folder, sorted, without hidden ones, `target` and `node_modules`. Empty if there is no such folder.
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

/// The lines of a source with their numbers, without comment lines.
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
    names.retain(|name| !name.starts_with('.') && name != "target" && name != "node_modules");
    names.sort();
    names
}
