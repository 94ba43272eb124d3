//! Examples: an erasure.

use anyhow::Result;
use shared::accounts::{AccountEvent, PersonalDataErasure};
use shared::core::event::Record;

/// One record of each event of an account.
pub(super) fn events() -> Result<Vec<Record>> {
    let erasure = PersonalDataErasure {
        customer_id: super::customer(),
        had_personal_data: true,
        erased_at: super::now()?,
    };
    super::records(&[AccountEvent::PersonalDataErased(erasure)], |event| match event {
        AccountEvent::PersonalDataErased(erasure) => erasure.erased_at,
    })
}
