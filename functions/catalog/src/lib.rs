//! The catalog: products and their stock.

pub mod create_product;
pub mod create_stock_movement;
pub mod fields;
pub mod get_admin_product;
pub mod get_product;
pub mod list_stock_movements;
pub mod reason;
pub mod update_product;
pub mod watch_stock;

shared::actions! {
    http {
        "create-product" => create_product::CreateProduct,
        "create-stock-movement" => create_stock_movement::CreateStockMovement,
        "get-admin-product" => get_admin_product::GetAdminProduct,
        "get-product" => get_product::GetProduct,
        "list-stock-movements" => list_stock_movements::ListStockMovements,
        "update-product" => update_product::UpdateProduct,
    }
    stream {
        "watch-stock" => watch_stock::WatchStock,
    }
}
