//! Lists the operations of the API: the `handle` of each action that describes its route.

use std::path::Path;
use std::{env, fs, io};

const FUNCTIONS: &str = "../../functions";

/// How an action describes its route.
const DESCRIPTION: &str = "#[utoipa::path(";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={FUNCTIONS}");
    let mut operations = String::new();
    for domain in entries(FUNCTIONS)? {
        let sources = format!("{FUNCTIONS}/{domain}/src");
        for file in entries(&sources)? {
            let Some(action) = file.strip_suffix(".rs") else {
                continue;
            };
            if fs::read_to_string(format!("{sources}/{file}"))?.contains(DESCRIPTION) {
                operations += &format!("    {domain}::{action}::handle,\n");
            }
        }
    }
    let list = format!(
        "/// The operations of all actions that describe a route.\n#[derive(utoipa::OpenApi)]\n#[openapi(paths(\n{operations}))]\nstruct Operations;\n"
    );
    let folder = env::var_os("OUT_DIR").unwrap_or_default();
    fs::write(Path::new(&folder).join("operations.rs"), list)
}

fn entries(folder: &str) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
