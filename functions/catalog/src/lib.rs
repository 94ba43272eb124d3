//! The catalog: products, their categories, lists and stock.

pub mod apply_product_schedules;
pub mod categories;
pub mod continue_resharding;
pub mod create_export;
pub mod create_import;
pub mod create_product;
pub mod create_stock_movement;
pub mod export;
pub mod fields;
pub mod files;
pub mod get_admin_categories;
pub mod get_admin_product;
pub mod get_categories;
pub mod get_export;
pub mod get_import;
pub mod get_product;
pub mod import;
mod jobs;
pub mod list_admin_products;
pub mod list_imports;
pub mod list_products;
pub mod list_stock_movements;
pub mod listings;
pub mod product_change;
pub mod reason;
pub mod reshard_listing;
pub mod run_export;
pub mod run_import;
pub mod stock_alerts;
pub mod update_categories;
pub mod update_product;
pub mod watch_products;

shared::actions! {
    http {
        "create-export" => create_export::CreateExport,
        "create-import" => create_import::CreateImport,
        "create-product" => create_product::CreateProduct,
        "create-stock-movement" => create_stock_movement::CreateStockMovement,
        "get-admin-categories" => get_admin_categories::GetAdminCategories,
        "get-admin-product" => get_admin_product::GetAdminProduct,
        "get-categories" => get_categories::GetCategories,
        "get-export" => get_export::GetExport,
        "get-import" => get_import::GetImport,
        "get-product" => get_product::GetProduct,
        "list-admin-products" => list_admin_products::ListAdminProducts,
        "list-imports" => list_imports::ListImports,
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
    queue {
        "run-export" => run_export::RunExport,
        "run-import" => run_import::RunImport,
    }
    stream {
        "watch-products" => watch_products::WatchProducts,
    }
}
