//! `cargo contract`: regenerates infra/openapi.yaml and infra/events/.

fn main() -> anyhow::Result<()> {
    for file in contract::write()? {
        println!("{}", file.path);
    }
    Ok(())
}
