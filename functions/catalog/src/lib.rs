//! The catalog: products and their stock.

pub mod get_product;
pub mod put_product;
pub mod reason;
pub mod receive_stock;

shared::actions! {
    http {
        "get-product" => get_product::GetProduct,
        "put-product" => put_product::PutProduct,
        "receive-stock" => receive_stock::ReceiveStock,
    }
}
