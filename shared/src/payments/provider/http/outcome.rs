//! What a call to a provider comes to, for a payment or a refund.

use crate::core::error::{Cause, Error};
use crate::payments::provider::Answer;
use crate::payments::provider::credentials::Vault;
use crate::payments::{Failure, Payment, Provider, ProviderStatus, Rejected, Report};

/// The most characters of a provider's words that are kept.
const MAX_WORDS: usize = 200;
/// What a shopper is told when a provider does not take our key.
const UNAVAILABLE: &str = "This way of paying is out of order; choose another.";

/// Why a call brought nothing.
#[derive(Debug)]
pub enum CallError {
    /// The provider's clear no.
    Refused(Failure),
    /// The provider does not take our key, or we have none: the call was not served.
    InvalidCredentials(String),
    /// Nobody knows whether it was served.
    Unknown(Cause),
}

impl CallError {
    /// A call for which there were no credentials.
    pub fn from_vault_error(error: Error) -> Self {
        match error {
            Error::Rejected(rejection) => Self::InvalidCredentials(rejection.reason.code.to_owned()),
            error => Self::Unknown(error.into()),
        }
    }

    /// What a provider that does not take our key makes us do: say so loudly, and look for another one.
    pub fn handle_invalid_credentials(&self, provider: Provider, vault: &Vault) {
        if let Self::InvalidCredentials(code) = self {
            tracing::error!(provider = provider.name(), code, "a provider does not take our key");
            vault.invalidate();
        }
    }

    /// A call that was to learn something and did not.
    pub fn into_cause(self) -> Cause {
        match self {
            Self::Refused(failure) => format!("the provider says {}", failure.code).into(),
            Self::InvalidCredentials(code) => format!("the provider does not take our key ({code})").into(),
            Self::Unknown(cause) => cause,
        }
    }

    /// A call that was to prepare something and did not.
    pub fn into_error(self, doing: &'static str) -> Error {
        match self {
            Self::Refused(failure) => Rejected::Refused(failure).into(),
            Self::InvalidCredentials(code) => Rejected::Refused(provider_unavailable(code)).into(),
            Self::Unknown(cause) => Error::unavailable(doing, cause),
        }
    }
}

/// The failure of a payment that did not reach its provider for want of a key.
pub fn provider_unavailable(code: impl Into<String>) -> Failure {
    Failure::new(code, UNAVAILABLE)
}

/// A provider's words, short enough to be kept and fit to be shown; `otherwise` when it has none.
pub fn words(text: Option<&str>, otherwise: &str) -> String {
    let text: String = text
        .unwrap_or_default()
        .chars()
        .filter(|char| !char.is_control())
        .take(MAX_WORDS)
        .collect();
    if text.trim().is_empty() {
        otherwise.to_owned()
    } else {
        text
    }
}

/// The answer that a provider's payment is for `payment`.
///
/// A reference comes from outside, and may be that of another order's payment: no money was taken for this one then.
pub fn answer(payment: &Payment, report: Option<Report>) -> Answer {
    match report {
        None => Answer::Unknown("the provider's payment cannot be read".into()),
        Some(report) if report.order_id == payment.order_id => Answer::Report(report),
        Some(_) => Answer::Report(not_charged(payment, "OTHER_ORDER")),
    }
}

/// The answer to a call that was served, by what the provider then says: that nothing was done cannot be meant.
pub fn unless_pending(found: Answer) -> Answer {
    match found {
        Answer::Report(report) if report.status == ProviderStatus::Pending => {
            Answer::Unknown("the provider took the request and says that nothing was done".into())
        }
        found => found,
    }
}

/// The report on a payment that the provider does not have, for this order at least.
pub fn not_charged(payment: &Payment, code: &str) -> Report {
    let message = "The provider does not know the payment. Pay again.";
    report_on(payment, ProviderStatus::Failed(Failure::new(code, message)))
}

/// The report that `payment` is as we have it, and stands so at its provider.
pub fn report_on(payment: &Payment, status: ProviderStatus) -> Report {
    Report {
        provider: payment.provider,
        reference: payment.reference.clone(),
        order_id: payment.order_id,
        amount: payment.amount,
        refunded: payment.refunded,
        status,
        deposit: None,
        deposit_secret: None,
    }
}

/// What a refund comes to before it is asked for, from a provider that would not compare what has gone back with what
/// we think; nothing when the two are the same, and it may be asked for.
pub fn before_refund(payment: &Payment, found: Answer) -> Option<Answer> {
    match &found {
        Answer::Report(report) if report.status == ProviderStatus::Charged && report.refunded == payment.refunded => {
            None
        }
        // Money that the provider now says it never had is the books' to judge.
        Answer::Report(Report {
            status: ProviderStatus::Failed(_) | ProviderStatus::AwaitingDeposit,
            ..
        }) => Some(found),
        _ => {
            let failure = Failure::new(
                "REFUNDS_DIFFER",
                "The provider says that less has gone back than we know of.",
            );
            Some(refused_unless_refunded(payment, failure, found))
        }
    }
}

/// The answer to a refund that was refused, once it is found how much has gone back: when that is more than we knew of
/// it is the report, else the refusal stands, for asking again would bring it again.
pub fn refused_unless_refunded(payment: &Payment, failure: Failure, found: Answer) -> Answer {
    match found {
        Answer::Report(report) if report.refunded.amount() > payment.refunded.amount() => Answer::Report(report),
        Answer::Report(_) | Answer::Refused(_) => Answer::Refused(failure),
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

    /// A payment of 1,000 won of which 300 went back.
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
            ..report_on(&payment(), status)
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
    fn a_refund_is_asked_for_while_as_much_has_gone_back_as_we_know_of() {
        let failed = || ProviderStatus::Failed(Failure::new("CODE", "No."));
        for (found, expected) in [
            (found(ProviderStatus::Charged, 300), None),
            (found(ProviderStatus::Charged, 301), Some("report")),
            (found(ProviderStatus::Charged, 299), Some("refused")),
            (found(ProviderStatus::Pending, 300), Some("refused")),
            (found(ProviderStatus::Processing, 300), Some("refused")),
            (found(failed(), 0), Some("report")),
            (found(ProviderStatus::AwaitingDeposit, 0), Some("report")),
            (Answer::Unknown("?".into()), Some("unknown")),
        ] {
            let told = format!("{found:?}");
            let answer = before_refund(&payment(), found);
            assert_eq!(answer.as_ref().map(name), expected, "{told}");
        }
    }

    #[test]
    fn a_refusal_stands_unless_more_has_gone_back() {
        for (found, expected) in [
            (found(ProviderStatus::Charged, 301), "report"),
            (found(ProviderStatus::Charged, 300), "refused"),
            (Answer::Unknown("?".into()), "unknown"),
        ] {
            let answer = refused_unless_refunded(&payment(), Failure::new("CODE", "No."), found);
            assert_eq!(name(&answer), expected);
        }
    }

    #[test]
    fn the_payment_of_another_order_brought_this_one_nothing() {
        let mine = report_on(&payment(), ProviderStatus::Charged);
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
        assert!(matches!(report.status, ProviderStatus::Failed(_)));
        assert_eq!(name(&answer(&payment(), None)), "unknown");
    }

    #[test]
    fn words_are_short_and_fit_to_be_shown() {
        let long = "가".repeat(300);
        for (text, expected) in [
            (Some("No."), "No."),
            (Some("a\u{0}b\nc"), "abc"),
            (Some(" \n"), "otherwise"),
            (Some(""), "otherwise"),
            (None, "otherwise"),
            (Some(&long), &"가".repeat(200)),
        ] {
            assert_eq!(words(text, "otherwise"), expected);
        }
    }
}
