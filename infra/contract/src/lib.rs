//! The public contract, generated from the Rust types: the HTTP API as OpenAPI, as the routes of the template and as a
//! TypeScript client, and each event as JSON Schema.
//!
//! The files are checked in under `infra/`: clients can read them without Rust, and reviews show changes of the contract.

pub mod breaking;
pub mod client;
mod events;
pub mod examples;
mod openapi;
mod operations;
mod problems;
pub mod reading;
pub mod recordings;
pub mod reference;
pub mod released;
pub mod routes;
mod unions;
mod webhooks;
mod yaml;

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use anyhow::{Context, Result};

pub use events::{EventSchema, schemas};
pub use openapi::{GatewayAnswer, document};

/// The folder of the event schemas. It contains nothing else.
pub const EVENTS: &str = "infra/events";

/// A generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The path, relative to the repository's root.
    pub path: String,
    /// The content.
    pub text: String,
}

/// Generates all files of the contract except the template, of which only the routes are generated ([`routes`]).
///
/// # Errors
/// When an event type has no example.
pub fn files() -> Result<Vec<File>> {
    let events = events::schemas()?;
    let mut files = vec![File {
        path: "infra/openapi.yaml".to_owned(),
        text: openapi::text(&events)?,
    }];
    let api = yaml_serde::to_value(openapi::document())?;
    files.push(File {
        path: reference::PATH.to_owned(),
        text: reference::page(&api, &events)?,
    });
    files.push(File {
        path: client::PATH.to_owned(),
        text: client::source(&api)?,
    });
    for schema in events {
        files.push(File {
            path: format!("{EVENTS}/{}.json", schema.detail_type),
            text: schema.text,
        });
    }
    Ok(files)
}

/// Writes all files, and removes the schemas of events that no longer exist.
///
/// # Errors
/// When a file cannot be written, and those of [`files`].
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

/// The sorted paths of the schemas in [`EVENTS`].
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

/// The repository's root.
pub fn root() -> PathBuf {
    // Read at run time first, so that a checkout that was moved after the build writes its own files.
    let here = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.join(Path::new("../.."))
}
