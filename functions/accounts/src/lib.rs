//! Accounts: customers' personal data and their erasure.

pub mod erase_personal_data;

shared::actions! {
    http {
        "erase-personal-data" => erase_personal_data::ErasePersonalData,
    }
}
