//! What the outside may rely on, written from the Rust types: the HTTP API as OpenAPI and as the template's routes, each
//! event as JSON Schema.
//!
//! The files stand in `infra/`, so that a client needs no Rust to read them and a review shows when a promise changes.

mod events;
pub mod examples;
mod openapi;
pub mod routes;

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use anyhow::{Context, Result};

pub use events::schemas;
pub use openapi::{GatewayAnswer, document};

/// The folder of the event schemas: nothing else stands there.
pub const EVENTS: &str = "infra/events";

/// A file as the types give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// From the checkout's root.
    pub path: String,
    /// Its whole content.
    pub text: String,
}

/// All files of the contract. The template, of which only the routes are written, is in [`routes`].
///
/// # Errors
/// When a kind of event has no example.
pub fn files() -> Result<Vec<File>> {
    let mut files = vec![File {
        path: "infra/openapi.yaml".to_owned(),
        text: openapi::text()?,
    }];
    for schema in events::schemas()? {
        files.push(File {
            path: format!("{EVENTS}/{}.json", schema.detail_type),
            text: schema.text,
        });
    }
    Ok(files)
}

/// Writes all files, and removes the schemas of events that are no more.
///
/// # Errors
/// When a file cannot be written, and as [`files`].
pub fn write() -> Result<Vec<File>> {
    let mut files = files()?;
    files.push(routes::template()?);
    let root = root();
    fs::create_dir_all(root.join(EVENTS)).with_context(|| format!("create {EVENTS}"))?;
    for path in written_schemas()? {
        if files.iter().all(|file| file.path != path) {
            fs::remove_file(root.join(&path)).with_context(|| format!("remove {path}"))?;
        }
    }
    for file in &files {
        fs::write(root.join(&file.path), &file.text).with_context(|| format!("write {}", file.path))?;
    }
    Ok(files)
}

/// The paths of the schemas that stand in [`EVENTS`], sorted.
///
/// # Errors
/// When the folder cannot be read.
pub fn written_schemas() -> Result<Vec<String>> {
    let names = fs::read_dir(root().join(EVENTS))
        .and_then(|entries| {
            entries
                .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
                .collect::<io::Result<Vec<_>>>()
        })
        .with_context(|| format!("read {EVENTS}"))?;
    let mut paths: Vec<String> = names.iter().map(|name| format!("{EVENTS}/{name}")).collect();
    paths.sort();
    Ok(paths)
}

/// Where the checkout begins.
pub fn root() -> PathBuf {
    // Asked at run time first, so that a checkout which was moved after the build writes into itself.
    let here = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.join(Path::new("../.."))
}
