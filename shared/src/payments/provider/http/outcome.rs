//! The outcome of a provider call, for a payment or a refund.

use crate::core::error::{Cause, Error};
use crate::payments::provider::Answer;
use crate::payments::provider::credentials::Vault;
use crate::payments::{Failure, Payment, Provider, ProviderStatus, Rejected, Report};

/// The maximum length of a provider's text, in characters.
const MAX_TEXT: usize = 200;
/// The message for shoppers when a provider rejects our credentials.
const UNAVAILABLE: &str = "This payment method is not available. Choose another one.";

/// The error of a provider call.
#[derive(Debug)]
pub enum CallError {
    /// The provider refused the call.
    Refused(Failure),
    /// The provider rejected our credentials, or we have none: the call was not executed. Has the code.
    InvalidCredentials(String),
    /// The outcome of the call is unknown.
    Unknown(Cause),
}

impl CallError {
    /// The error of a call whose credentials could not be loaded.
    pub fn from_vault_error(error: Error) -> Self {
        match error {
            Error::Rejected(rejection) => Self::InvalidCredentials(rejection.reason.code.to_owned()),
            error => Self::Unknown(error.into()),
        }
    }

    /// Logs rejected credentials and invalidates them in the vault, so that the next call fetches them again.
    pub fn handle_invalid_credentials(&self, provider: Provider, vault: &Vault) {
        if let Self::InvalidCredentials(code) = self {
            tracing::error!(provider = provider.name(), code, "a provider rejected our credentials");
            vault.invalidate();
        }
    }

    /// The cause of an unknown answer after a failed query.
    pub fn into_cause(self) -> Cause {
        match self {
            Self::Refused(failure) => format!("the provider refused: {}", failure.code).into(),
            Self::InvalidCredentials(code) => format!("the provider rejected our credentials ({code})").into(),
            Self::Unknown(cause) => cause,
        }
    }

    /// The error of a request whose preparing call failed.
    pub fn into_error(self, doing: &'static str) -> Error {
        match self {
            Self::Refused(failure) => Rejected::Refused(failure).into(),
            Self::InvalidCredentials(code) => Rejected::Refused(provider_unavailable(code)).into(),
            Self::Unknown(cause) => Error::unavailable(doing, cause),
        }
    }
}

/// The failure of a payment whose provider rejects our credentials.
pub fn provider_unavailable(code: impl Into<String>) -> Failure {
    Failure::new(code, UNAVAILABLE)
}

/// A provider's text without control characters, shortened to [`MAX_TEXT`]; `otherwise` when it is blank.
pub fn display_text(text: Option<&str>, otherwise: &str) -> String {
    let text: String = text
        .unwrap_or_default()
        .chars()
        .filter(|char| !char.is_control())
        .take(MAX_TEXT)
        .collect();
    if text.trim().is_empty() {
        otherwise.to_owned()
    } else {
        text
    }
}

/// Checks that a provider's report is about the order of `payment`.
///
/// The client supplies the reference, so it can name another order's payment. Then this payment was not charged.
pub fn answer(payment: &Payment, report: Option<Report>) -> Answer {
    match report {
        None => Answer::Unknown("the provider's payment cannot be read".into()),
        Some(report) if report.order_id == payment.order_id => Answer::Report(report),
        Some(_) => Answer::Report(not_charged(payment, "OTHER_ORDER")),
    }
}

/// The answer after a successful call. A pending report contradicts the success, so the outcome is unknown.
pub fn unknown_if_pending(found: Answer) -> Answer {
    match found {
        Answer::Report(report) if report.status == ProviderStatus::Pending => {
            Answer::Unknown("the provider accepted the request but reports no change".into())
        }
        found => found,
    }
}

/// The report of a payment that the provider does not have for this order.
pub fn not_charged(payment: &Payment, code: &str) -> Report {
    let message = "The provider has no such payment. Pay again.";
    Report::on(payment, ProviderStatus::NotFound(Failure::new(code, message)))
}

/// Checks the refunded sum before a refund, for a provider that does not check it. `None` when the provider's sum
/// equals ours and the refund can be requested; otherwise the present state, which the caller records first.
pub fn check_refunded_sum(payment: &Payment, found: Answer) -> Option<Answer> {
    match found {
        Answer::Report(report)
            if report.status == ProviderStatus::Charged && report.refunded == payment.refunded_by_provider() =>
        {
            None
        }
        found => Some(found),
    }
}

/// The answer to a refused refund: the provider's report when it differs from the records, otherwise the refusal, which
/// a retry would not change.
pub fn refused_unless_changed(payment: &Payment, code: String, found: Answer) -> Answer {
    let refused = || Answer::Refused(Failure::new(code, "the provider did not make it."));
    match found {
        Answer::Report(report)
            if report.status != ProviderStatus::Charged || report.refunded != payment.refunded_by_provider() =>
        {
            Answer::Report(report)
        }
        Answer::Report(_) | Answer::Refused(_) => refused(),
        Answer::Unknown(cause) => Answer::Unknown(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::identity::CustomerId;
    use crate::core::money::Money;
    use crate::orders::OrderId;
    use iso_currency::Currency;
    use jiff::Timestamp;
    use uuid::Uuid;

    fn won(amount: u64) -> Money {
        Money::new(amount, Currency::KRW).unwrap()
    }

    /// A payment of 1,000 won with 300 won refunded.
    fn payment() -> Payment {
        let payment = Payment::new(
            Provider::Toss,
            "tgen_1".to_owned(),
            OrderId(Uuid::from_u128(7)),
            CustomerId::new("customer"),
            won(1000),
            Timestamp::UNIX_EPOCH,
        );
        Payment {
            refunded: won(300),
            ..payment
        }
    }

    fn found(status: ProviderStatus, refunded: u64) -> Answer {
        Answer::Report(Report {
            refunded: won(refunded),
            ..Report::on(&payment(), status)
        })
    }

    fn name(answer: &Answer) -> &'static str {
        match answer {
            Answer::Report(_) => "report",
            Answer::Refused(_) => "refused",
            Answer::Unknown(_) => "unknown",
        }
    }

    #[test]
    fn a_refund_is_requested_only_when_the_refunded_sums_agree() {
        let failed = || ProviderStatus::Failed(Failure::new("CODE", "No."));
        for (found, expected) in [
            (found(ProviderStatus::Charged, 300), None),
            (found(ProviderStatus::Charged, 301), Some("report")),
            (found(ProviderStatus::Charged, 299), Some("report")),
            (found(ProviderStatus::Pending, 300), Some("report")),
            (found(failed(), 0), Some("report")),
            (found(ProviderStatus::AwaitingDeposit, 0), Some("report")),
            (Answer::Unknown("?".into()), Some("unknown")),
        ] {
            let text = format!("{found:?}");
            let answer = check_refunded_sum(&payment(), found);
            assert_eq!(answer.as_ref().map(name), expected, "{text}");
        }
    }

    #[test]
    fn a_refused_refund_speaks_of_a_refund_unless_the_providers_records_changed() {
        for (found, expected) in [
            (found(ProviderStatus::Charged, 301), "report"),
            (found(ProviderStatus::Charged, 299), "report"),
            (found(ProviderStatus::AwaitingDeposit, 0), "report"),
            (found(ProviderStatus::Charged, 300), "refused"),
            (Answer::Unknown("?".into()), "unknown"),
        ] {
            let answer = refused_unless_changed(&payment(), "CODE".to_owned(), found);
            assert_eq!(name(&answer), expected);
            if let Answer::Refused(failure) = answer {
                assert!(
                    !failure.message.contains("payment") && !failure.message.contains("Pay"),
                    "{failure:?}"
                );
            }
        }
    }

    #[test]
    fn the_payment_of_another_order_does_not_charge_this_one() {
        let mine = Report::on(&payment(), ProviderStatus::Charged);
        let other = Report {
            order_id: OrderId(Uuid::from_u128(8)),
            ..mine.clone()
        };
        let Answer::Report(report) = answer(&payment(), Some(mine)) else {
            panic!()
        };
        assert_eq!(report.status, ProviderStatus::Charged);
        let Answer::Report(report) = answer(&payment(), Some(other)) else {
            panic!()
        };
        assert!(matches!(report.status, ProviderStatus::NotFound(_)));
        assert_eq!(name(&answer(&payment(), None)), "unknown");
    }

    #[test]
    fn a_text_is_short_and_has_no_control_characters() {
        let long = "가".repeat(300);
        for (text, expected) in [
            (Some("No."), "No."),
            (Some("a\u{0}b\nc"), "abc"),
            (Some(" \n"), "otherwise"),
            (Some(""), "otherwise"),
            (None, "otherwise"),
            (Some(&long), &"가".repeat(200)),
        ] {
            assert_eq!(display_text(text, "otherwise"), expected);
        }
    }
}
