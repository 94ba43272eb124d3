//! The catalog: products and their stock.

pub mod create_product;
pub mod fields;
pub mod get_admin_product;
pub mod get_product;
pub mod reason;
pub mod receive_stock;
pub mod update_product;

shared::actions! {
    http {
        "create-product" => create_product::CreateProduct,
        "get-admin-product" => get_admin_product::GetAdminProduct,
        "get-product" => get_product::GetProduct,
        "receive-stock" => receive_stock::ReceiveStock,
        "update-product" => update_product::UpdateProduct,
    }
}
