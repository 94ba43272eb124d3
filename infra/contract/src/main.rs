//! `cargo contract`: writes infra/openapi.yaml and infra/events/ anew.

fn main() -> anyhow::Result<()> {
    for file in contract::write()? {
        println!("{}", file.path);
    }
    Ok(())
}
