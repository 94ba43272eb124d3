//! The catalog: products, their categories, lists and stock.

pub mod apply_product_schedules;
pub mod categories;
pub mod continue_resharding;
pub mod create_product;
pub mod create_stock_movement;
pub mod fields;
pub mod get_admin_product;
pub mod get_categories;
pub mod get_product;
pub mod list_admin_products;
pub mod list_products;
pub mod list_stock_movements;
pub mod listings;
pub mod reason;
pub mod reshard_listing;
pub mod stock_alerts;
pub mod update_categories;
pub mod update_product;
pub mod watch_products;

shared::actions! {
    http {
        "create-product" => create_product::CreateProduct,
        "create-stock-movement" => create_stock_movement::CreateStockMovement,
        "get-admin-product" => get_admin_product::GetAdminProduct,
        "get-categories" => get_categories::GetCategories,
        "get-product" => get_product::GetProduct,
        "list-admin-products" => list_admin_products::ListAdminProducts,
        "list-products" => list_products::ListProducts,
        "list-stock-movements" => list_stock_movements::ListStockMovements,
        "reshard-listing" => reshard_listing::ReshardListing,
        "update-categories" => update_categories::UpdateCategories,
        "update-product" => update_product::UpdateProduct,
    }
    schedule {
        "apply-product-schedules" => apply_product_schedules::ApplyProductSchedules,
        "continue-resharding" => continue_resharding::ContinueResharding,
    }
    stream {
        "watch-products" => watch_products::WatchProducts,
    }
}
