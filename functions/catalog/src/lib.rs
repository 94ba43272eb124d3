//! Products and their stock.

pub mod get_product;
pub mod put_product;
pub mod receive_stock;
