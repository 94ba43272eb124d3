//! Events of accounts.

use super::PersonalDataErasure;

crate::domain_events! {
    /// An event of an account.
    pub enum AccountEvent from "madang.accounts" {
        /// The personal data of a customer were erased: nobody can read them again. Their subscriptions end.
        PersonalDataErased(PersonalDataErasure),
    }
}
