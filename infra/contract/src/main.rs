//! `cargo contract`: regenerates infra/openapi.yaml, infra/events/ and the routes in template.yaml.

fn main() -> anyhow::Result<()> {
    for file in contract::write()? {
        println!("{}", file.path);
    }
    Ok(())
}
