//! The Lambda function `get-section-tile`.

use shared::aws::lambda::serve;
use tickets::get_section_tile::{GetSectionTile, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetSectionTile::new, handle).await
}
