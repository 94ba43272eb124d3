//! The meaning of a provider's refusal to charge a saved card for further attempts.

use crate::payments::{Advice, Failure, Provider};

/// The meaning of a provider's refusal to charge a saved card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decline {
    /// Another attempt may succeed. The default for an unknown code: after the last attempt a new card is requested.
    Retry,
    /// No attempt with this card will succeed. The customer must provide another card, or authorize it again.
    NewCard,
    /// The amount is less than the provider charges. Neither another attempt nor another card helps.
    TooSmall,
    /// Our request or our account is at fault. The customer cannot correct it.
    OurError,
}

impl Decline {
    /// Classifies `failure` of `provider`. The card issuer's advice is about this charge, so it decides before the code.
    pub fn of(provider: Provider, failure: &Failure) -> Self {
        match failure.advice {
            Some(Advice::DoNotTryAgain | Advice::ConfirmCardData) => return Self::NewCard,
            Some(Advice::TryAgainLater) => return Self::Retry,
            None => {}
        }
        match provider {
            Provider::Stripe => of_code(STRIPE, &failure.code),
            Provider::Toss => of_code(TOSS, &failure.code),
            // They have no billing keys.
            Provider::KakaoPay | Provider::Standard => Self::OurError,
        }
    }
}

fn of_code(codes: &[(&str, Decline)], code: &str) -> Decline {
    let known = codes.iter().find(|(known, _)| *known == code);
    known.map_or(Decline::Retry, |&(_, decline)| decline)
}

/// Stripe's decline codes and error codes.
///
/// Sources: <https://docs.stripe.com/declines/codes>, <https://docs.stripe.com/error-codes>, and the codes that Stripe
/// itself never retries (<https://docs.stripe.com/billing/revenue-recovery/smart-retries>, here marked `never`). Issuers
/// and Stripe describe the other codes; that one requires a new card is our reading of their next steps.
const STRIPE: &[(&str, Decline)] = &[
    // The card's data are wrong or out of date.
    ("expired_card", Decline::NewCard),
    ("incorrect_cvc", Decline::NewCard),
    ("incorrect_number", Decline::NewCard), // never
    ("invalid_account", Decline::NewCard),
    ("invalid_cvc", Decline::NewCard),
    ("invalid_expiry_month", Decline::NewCard),
    ("invalid_expiry_year", Decline::NewCard),
    ("invalid_number", Decline::NewCard),
    // The card is lost, stolen or blocked.
    ("lost_card", Decline::NewCard),   // never
    ("pickup_card", Decline::NewCard), // never
    ("stolen_card", Decline::NewCard), // never
    // The card cannot be used for this.
    ("card_not_supported", Decline::NewCard),
    ("currency_not_supported", Decline::NewCard),
    ("transaction_not_allowed", Decline::NewCard), // never
    // The customer or the issuer forbids it.
    ("authentication_required", Decline::NewCard), // never
    ("do_not_try_again", Decline::NewCard),
    ("highest_risk_level", Decline::NewCard),               // never
    ("revocation_of_all_authorizations", Decline::NewCard), // never
    ("revocation_of_authorization", Decline::NewCard),      // never
    ("stop_payment_order", Decline::NewCard),
    // Stripe does not have the saved card any more.
    ("payment_method_unexpected_state", Decline::NewCard),
    ("resource_missing", Decline::NewCard),
    // The limit, the balance or the issuer's system.
    ("card_declined", Decline::Retry),
    ("card_velocity_exceeded", Decline::Retry),
    ("do_not_honor", Decline::Retry),
    ("generic_decline", Decline::Retry),
    ("insufficient_funds", Decline::Retry),
    ("issuer_not_available", Decline::Retry),
    ("processing_error", Decline::Retry),
    ("try_again_later", Decline::Retry),
    // Our request.
    ("amount_too_large", Decline::OurError),
    ("amount_too_small", Decline::TooSmall),
    ("idempotency_error", Decline::OurError),
    ("invalid_request_error", Decline::OurError),
    ("parameter_invalid_empty", Decline::OurError),
    ("parameter_invalid_integer", Decline::OurError),
    ("parameter_invalid_string_blank", Decline::OurError),
    ("parameter_invalid_string_empty", Decline::OurError),
    ("parameter_missing", Decline::OurError),
    ("parameter_unknown", Decline::OurError),
    ("parameters_exclusive", Decline::OurError),
    ("payment_intent_unexpected_state", Decline::OurError),
];

/// Toss's error codes.
///
/// Source: <https://docs.tosspayments.com/reference/error-codes>. Toss says only what happened; what it means for another
/// attempt is our reading, the same as for Stripe's code of that cause.
const TOSS: &[(&str, Decline)] = &[
    // The card's data are wrong or out of date.
    ("INVALID_CARD_EXPIRATION", Decline::NewCard),
    ("INVALID_CARD_NUMBER", Decline::NewCard),
    // The card is lost, stolen or blocked.
    ("INVALID_CARD_LOST_OR_STOLEN", Decline::NewCard),
    ("INVALID_STOPPED_CARD", Decline::NewCard),
    // The card cannot be used for this.
    ("NOT_SUPPORTED_CARD_TYPE", Decline::NewCard),
    // Toss does not have the billing key for this customer any more.
    ("ALREADY_REMOVED_BILLING_KEY", Decline::NewCard),
    ("INVALID_BILL_KEY_REQUEST", Decline::NewCard),
    ("NOT_FOUND_BILLING_KEY", Decline::NewCard),
    ("NOT_MATCHES_CUSTOMER_KEY", Decline::NewCard),
    // The limit, the balance or the issuer's system.
    ("CARD_PROCESSING_ERROR", Decline::Retry),
    ("EXCEED_MAX_AMOUNT", Decline::Retry),
    ("EXCEED_MAX_DAILY_PAYMENT_COUNT", Decline::Retry),
    ("EXCEED_MAX_ONE_DAY_AMOUNT", Decline::Retry),
    ("EXCEED_MAX_PAYMENT_AMOUNT", Decline::Retry),
    ("FDS_ERROR", Decline::Retry),
    ("INVALID_REJECT_CARD", Decline::Retry),
    ("REJECT_ACCOUNT_PAYMENT", Decline::Retry),
    ("REJECT_CARD_COMPANY", Decline::Retry),
    ("REJECT_CARD_PAYMENT", Decline::Retry),
    // Our request or our account.
    ("BELOW_MINIMUM_AMOUNT", Decline::TooSmall),
    ("DUPLICATED_ORDER_ID", Decline::OurError),
    ("INVALID_IDEMPOTENCY_KEY", Decline::OurError),
    ("INVALID_ORDER_ID", Decline::OurError),
    ("INVALID_REQUEST", Decline::OurError),
    ("NOT_FOUND", Decline::OurError),
    ("NOT_FOUND_MERCHANT", Decline::OurError),
    ("NOT_FOUND_TERMINAL_ID", Decline::OurError),
    ("NOT_REGISTERED_BUSINESS", Decline::OurError),
    ("NOT_SUPPORTED_METHOD", Decline::OurError),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: &str, advice: Option<Advice>) -> Failure {
        Failure {
            advice,
            ..Failure::new(code, "No.")
        }
    }

    #[test]
    fn the_same_cause_means_the_same_at_each_provider() {
        for (stripe, toss, expected) in [
            ("expired_card", "INVALID_CARD_EXPIRATION", Decline::NewCard),
            ("incorrect_number", "INVALID_CARD_NUMBER", Decline::NewCard),
            ("lost_card", "INVALID_CARD_LOST_OR_STOLEN", Decline::NewCard),
            ("pickup_card", "INVALID_STOPPED_CARD", Decline::NewCard),
            ("card_not_supported", "NOT_SUPPORTED_CARD_TYPE", Decline::NewCard),
            ("resource_missing", "NOT_FOUND_BILLING_KEY", Decline::NewCard),
            ("insufficient_funds", "REJECT_CARD_PAYMENT", Decline::Retry),
            (
                "card_velocity_exceeded",
                "EXCEED_MAX_DAILY_PAYMENT_COUNT",
                Decline::Retry,
            ),
            ("do_not_honor", "INVALID_REJECT_CARD", Decline::Retry),
            ("a_code_to_come", "A_CODE_TO_COME", Decline::Retry),
            ("amount_too_small", "BELOW_MINIMUM_AMOUNT", Decline::TooSmall),
            ("invalid_request_error", "INVALID_REQUEST", Decline::OurError),
        ] {
            for (provider, code) in [(Provider::Stripe, stripe), (Provider::Toss, toss)] {
                assert_eq!(Decline::of(provider, &failure(code, None)), expected, "{code}");
            }
        }
    }

    #[test]
    fn the_issuers_advice_decides_before_the_code() {
        for (code, advice, expected) in [
            ("insufficient_funds", Advice::DoNotTryAgain, Decline::NewCard),
            ("generic_decline", Advice::ConfirmCardData, Decline::NewCard),
            ("expired_card", Advice::TryAgainLater, Decline::Retry),
            ("a_code_to_come", Advice::DoNotTryAgain, Decline::NewCard),
        ] {
            let declined = failure(code, Some(advice));
            assert_eq!(Decline::of(Provider::Stripe, &declined), expected, "{code} {advice:?}");
        }
    }

    #[test]
    fn each_code_is_in_its_table_once() {
        for codes in [STRIPE, TOSS] {
            let mut known: Vec<_> = codes.iter().map(|(code, _)| code).collect();
            known.sort();
            known.dedup();
            assert_eq!(known.len(), codes.len());
        }
    }
}
