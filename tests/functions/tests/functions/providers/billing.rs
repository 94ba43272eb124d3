//! Charges without the customer, at Toss and at Stripe: what each call comes to, and that no fault takes money twice.

use std::time::Duration;

use function_tests::payment_fixture::credentials;
use sandbox::{Card, Fault};
use serde_json::json;
use shared::core::error;
use shared::core::identity::CustomerId;
use shared::orders::{Line, Order};
use shared::payments::provider::{Answer, Authorization, BillingKey, BillingProvider, Charge, Decline, Issued};
use shared::payments::{Provider, ProviderStatus};

use super::{
    ProviderFixture, TOTAL, ample, assert_failed, assert_stands, assert_unknown, order, refused, rejected, report,
    short, with_wrong_key, won,
};

const BOTH: [Provider; 2] = [Provider::Toss, Provider::Stripe];

/// A desk at which cards are charged without their holders.
struct Register {
    shop: ProviderFixture,
    order: Order,
}

impl Register {
    async fn open(provider: Provider) -> Self {
        Self {
            shop: ProviderFixture::open(provider).await,
            order: order(1),
        }
    }

    fn api(&self) -> &dyn BillingProvider {
        self.shop.providers.billing(self.shop.provider).unwrap()
    }

    /// What a customer with a card that does so brings.
    fn authorization_of(&self, card: &Card) -> Authorization {
        let sandbox = &self.shop.sandbox;
        match self.shop.provider {
            Provider::Toss => Authorization::Toss {
                auth_key: sandbox.toss_authorize_card("holder-1"),
                customer_key: "holder-1".to_owned(),
            },
            _ => Authorization::Stripe {
                payment_method: sandbox.stripe_payment_method(card),
            },
        }
    }

    async fn try_issue(&self, authorization: &Authorization, request_id: &str) -> Result<Issued, shared::Error> {
        let customer = CustomerId::new("ann");
        self.api().issue(authorization, &customer, request_id, ample()).await
    }

    /// The key of a good card.
    async fn issue(&self) -> BillingKey {
        let authorization = self.authorization_of(&Card::Good);
        self.try_issue(&authorization, "request-1").await.unwrap().key
    }

    /// The order's charge, prepared.
    async fn prepare(&self, key: &BillingKey) -> Option<String> {
        self.api().prepare(key, self.charge_of(None, 0), ample()).await.unwrap()
    }

    fn charge_of<'a>(&'a self, reference: Option<&'a str>, nth: u32) -> Charge<'a> {
        Charge {
            order_id: self.order.order_id,
            lines: &self.order.lines,
            amount: self.order.total,
            reference,
            nth,
        }
    }

    async fn charge(&self, key: &BillingKey, reference: Option<&str>, nth: u32) -> Answer {
        self.api().charge(key, self.charge_of(reference, nth), ample()).await
    }

    async fn find(&self, reference: Option<&str>) -> Answer {
        self.api().find(self.charge_of(reference, 0), ample()).await
    }

    /// The next `count` charges are declined so.
    fn decline_next(&self, (toss, stripe): (&str, &str), count: u32) {
        let sandbox = &self.shop.sandbox;
        match self.shop.provider {
            Provider::Toss => {
                let key = sandbox.toss_billing_keys("holder-1").remove(0);
                sandbox.toss_decline_next(&key, toss, count);
            }
            _ => {
                let card = sandbox.stripe_saved_cards("ann").remove(0);
                sandbox.stripe_set_card_next(&card, &Card::declined("card_declined", stripe), count);
            }
        }
    }

    /// The operation by which money is taken.
    const fn charging(&self) -> &'static str {
        match self.shop.provider {
            Provider::Toss => "billing",
            _ => "confirm_intent",
        }
    }

    /// The money was taken once, and for this order.
    #[track_caller]
    fn assert_taken(&self, answer: Answer) {
        let report = report(answer);
        assert_eq!((report.order_id, report.amount), (self.order.order_id, won(TOTAL)));
        assert_eq!(report.status, ProviderStatus::Charged);
        let ledger = self.shop.sandbox.ledger();
        assert_eq!((ledger.len(), ledger[0].charges), (1, 1), "{ledger:?}");
        assert_eq!(
            (&ledger[0].reference, ledger[0].charged),
            (&report.reference, TOTAL as i64)
        );
        assert_eq!(ledger[0].order_id, self.order.order_id.to_string());
    }
}

/// A passing decline at Toss, and at Stripe.
const BROKE: (&str, &str) = ("REJECT_CARD_PAYMENT", "insufficient_funds");

#[tokio::test]
async fn a_card_is_charged_by_its_key_and_once_for_an_order() {
    for provider in BOTH {
        let register = Register::open(provider).await;
        let key = register.issue().await;
        let reference = register.prepare(&key).await;
        assert_eq!(reference.is_some(), provider == Provider::Stripe);
        let reference = reference.as_deref();
        assert_stands(register.find(reference).await, &ProviderStatus::Pending);
        // The same try again, a later one, and the question: all tell of the one charge.
        for nth in [0, 0, 1] {
            register.assert_taken(register.charge(&key, reference, nth).await);
        }
        register.assert_taken(register.find(reference).await);
    }
}

#[tokio::test]
async fn an_authorization_that_is_exchanged_again_for_one_request_brings_the_same_key() {
    for (provider, operations) in [
        (Provider::Toss, &["issue_billing"][..]),
        (Provider::Stripe, &["create_customer", "create_setup"]),
    ] {
        for operation in operations {
            let register = Register::open(provider).await;
            let authorization = register.authorization_of(&Card::Good);
            register.shop.plan(operation, &[Fault::DropAfter]);
            let lost = register.try_issue(&authorization, "request-1").await;
            assert!(matches!(lost, Err(shared::Error::Unavailable { .. })), "{lost:?}");
            let issued = register.try_issue(&authorization, "request-1").await.unwrap();
            assert_eq!(register.try_issue(&authorization, "request-1").await.unwrap(), issued);
            assert!(!issued.card.number.is_empty() && !issued.card.company.is_empty());
        }
    }
}

#[tokio::test]
async fn an_authorization_that_the_provider_refuses_brings_no_key() {
    let register = Register::open(Provider::Toss).await;
    let forged = Authorization::Toss {
        auth_key: "bln_forged".to_owned(),
        customer_key: "holder-1".to_owned(),
    };
    assert_eq!(
        rejected(register.try_issue(&forged, "request-1").await),
        "payment-refused"
    );
    let theirs = Authorization::Toss {
        auth_key: register.shop.sandbox.toss_authorize_card("somebody-else"),
        customer_key: "holder-1".to_owned(),
    };
    assert_eq!(
        rejected(register.try_issue(&theirs, "request-2").await),
        "payment-refused"
    );
    let register = Register::open(Provider::Stripe).await;
    let stolen = register.authorization_of(&Card::declined("card_declined", "stolen_card"));
    assert_eq!(
        rejected(register.try_issue(&stolen, "request-1").await),
        "payment-refused"
    );
}

#[tokio::test]
async fn a_holder_whom_the_bank_wants_to_see_proves_themselves_and_sends_the_same_request() {
    let register = Register::open(Provider::Stripe).await;
    let authorization = register.authorization_of(&Card::RequiresAction);
    let refused = register.try_issue(&authorization, "request-1").await.unwrap_err();
    let shared::Error::Rejected(rejection) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(rejection.reason, &error::PAYMENT_REFUSED);
    assert_eq!(rejection.members["provider_code"], "authentication_required");
    let secret = rejection.members["client_secret"].as_str().unwrap();
    register
        .shop
        .sandbox
        .stripe_prove(secret.split("_secret_").next().unwrap());
    let key = register.try_issue(&authorization, "request-1").await.unwrap().key;
    let reference = register.prepare(&key).await;
    register.assert_taken(register.charge(&key, reference.as_deref(), 0).await);
}

#[tokio::test]
async fn a_declined_charge_takes_nothing_and_a_later_try_may_be_paid() {
    for provider in BOTH {
        let register = Register::open(provider).await;
        let key = register.issue().await;
        let reference = register.prepare(&key).await;
        let reference = reference.as_deref();
        register.decline_next(BROKE, 1);
        let failure = refused(register.charge(&key, reference, 0).await);
        assert_eq!(Decline::of(provider, &failure), Decline::Soft);
        assert_eq!(
            refused(register.charge(&key, reference, 0).await),
            failure,
            "the same try has the same answer"
        );
        assert!(register.shop.sandbox.ledger().is_empty());
        register.assert_taken(register.charge(&key, reference, 1).await);
    }
}

#[tokio::test]
async fn a_no_says_whether_the_card_can_ever_pay() {
    for (declined, expected) in [
        (("REJECT_CARD_COMPANY", "generic_decline"), Decline::Soft),
        (("INVALID_STOPPED_CARD", "lost_card"), Decline::Hard),
        (("INVALID_CARD_EXPIRATION", "stolen_card"), Decline::Hard),
        (("INVALID_REQUEST", "parameter_invalid_empty"), Decline::InvalidRequest),
    ] {
        for provider in BOTH {
            let register = Register::open(provider).await;
            let key = register.issue().await;
            let reference = register.prepare(&key).await;
            register.decline_next(declined, 1);
            let failure = refused(register.charge(&key, reference.as_deref(), 0).await);
            assert_eq!(Decline::of(provider, &failure), expected, "{failure:?}");
        }
    }
}

#[tokio::test]
async fn a_lost_charge_is_unknown_until_it_is_asked_for() {
    for provider in BOTH {
        for (fault, was_taken) in [
            (Fault::DropBefore, false),
            (Fault::ErrorBefore(503), false),
            (Fault::Busy, false),
            (Fault::DropAfter, true),
            (Fault::ErrorAfter(500), true),
        ] {
            let register = Register::open(provider).await;
            let key = register.issue().await;
            let reference = register.prepare(&key).await;
            let reference = reference.as_deref();
            register.shop.plan(register.charging(), std::slice::from_ref(&fault));
            assert_unknown(&register.charge(&key, reference, 0).await);
            if was_taken {
                register.assert_taken(register.find(reference).await);
            } else {
                assert_stands(register.find(reference).await, &ProviderStatus::Pending);
            }
            register.assert_taken(register.charge(&key, reference, 1).await);
        }
    }
}

#[tokio::test]
async fn a_charge_that_outlasts_our_patience_is_not_taken_for_a_failure() {
    for provider in BOTH {
        let register = Register::open(provider).await;
        let key = register.issue().await;
        let reference = register.prepare(&key).await;
        let reference = reference.as_deref();
        register
            .shop
            .plan(register.charging(), &[Fault::Late(Duration::from_secs(2))]);
        let charge = register.charge_of(reference, 0);
        assert_unknown(&register.api().charge(&key, charge, short()).await);
        // The first call is under way still: the same try meets it.
        assert_unknown(&register.charge(&key, reference, 0).await);
        register.assert_taken(register.find(reference).await);
    }
}

#[tokio::test]
async fn a_payment_of_an_earlier_try_is_not_taken_for_this_one_once_toss_says_that_the_order_is_paid() {
    let register = Register::open(Provider::Toss).await;
    let key = register.issue().await;
    register.decline_next(BROKE, 1);
    refused(register.charge(&key, None, 0).await);
    assert_failed(register.find(None).await, BROKE.0);
    register.shop.plan("billing", &[Fault::DropAfter]);
    assert_unknown(&register.charge(&key, None, 1).await);
    register.shop.sandbox.toss_tell_oldest(true);
    assert_unknown(&register.charge(&key, None, 2).await);
    register.shop.sandbox.toss_tell_oldest(false);
    register.assert_taken(register.charge(&key, None, 3).await);
}

#[tokio::test]
async fn a_holder_who_fails_to_prove_themselves_is_refused_and_not_asked_to_come_again() {
    let register = Register::open(Provider::Stripe).await;
    let authorization = register.authorization_of(&Card::RequiresAction);
    let refused = register.try_issue(&authorization, "request-1").await.unwrap_err();
    let shared::Error::Rejected(rejection) = refused else {
        panic!("{refused:?}")
    };
    let secret = rejection.members["client_secret"].as_str().unwrap();
    let setup = secret.split("_secret_").next().unwrap();
    register.shop.sandbox.stripe_fail_to_prove(setup);
    assert_eq!(
        rejected(register.try_issue(&authorization, "request-1").await),
        "payment-refused"
    );
}

#[tokio::test]
async fn a_clear_no_to_a_deletion_is_not_asked_for_again() {
    let register = Register::open(Provider::Toss).await;
    let key = register.issue().await;
    register
        .shop
        .plan("delete_billing", &[Fault::Code("NOT_ALLOWED".to_owned())]);
    register.api().delete(&key, ample()).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_learnt_is_unknown() {
    for (provider, question) in [(Provider::Toss, "order"), (Provider::Stripe, "intent")] {
        for fault in [Fault::DropBefore, Fault::ErrorBefore(500), Fault::ErrorAfter(502)] {
            let register = Register::open(provider).await;
            let key = register.issue().await;
            let reference = register.prepare(&key).await;
            register.shop.plan(question, &[fault]);
            assert_unknown(&register.find(reference.as_deref()).await);
        }
    }
}

#[tokio::test]
async fn a_key_of_ours_that_is_not_taken_declines_nobody() {
    for provider in BOTH {
        let register = Register::open(provider).await;
        let key = register.issue().await;
        let reference = register.prepare(&key).await;
        let reference = reference.as_deref();
        register
            .shop
            .vault
            .set(&with_wrong_key(&register.shop, provider.name()));
        let wrong = register.shop.reopened();
        let api = wrong.billing(provider).unwrap();
        let charge = register.charge_of(reference, 0);
        assert_unknown(&api.charge(&key, charge, ample()).await);
        assert_unknown(&api.find(charge, ample()).await);
        register.shop.vault.set(&credentials(&register.shop.sandbox.options()));
        register.assert_taken(register.charge(&key, reference, 0).await);
    }
}

#[tokio::test]
async fn a_deleted_key_charges_nothing_and_is_deleted_again_without_complaint() {
    for (provider, operation) in [(Provider::Toss, "delete_billing"), (Provider::Stripe, "detach")] {
        let register = Register::open(provider).await;
        let key = register.issue().await;
        let reference = register.prepare(&key).await;
        register
            .shop
            .plan(operation, &[Fault::ErrorBefore(503), Fault::DropAfter]);
        for _ in 0..2 {
            let failed = register.api().delete(&key, ample()).await;
            assert!(matches!(failed, Err(shared::Error::Unavailable { .. })), "{failed:?}");
        }
        register.api().delete(&key, ample()).await.unwrap();
        let failure = refused(register.charge(&key, reference.as_deref(), 0).await);
        assert_eq!(Decline::of(provider, &failure), Decline::KeyDeleted);
        assert!(register.shop.sandbox.ledger().is_empty());
    }
}

#[tokio::test]
async fn an_intent_is_prepared_once_for_an_order_and_a_card() {
    let register = Register::open(Provider::Stripe).await;
    let key = register.issue().await;
    register.shop.plan("create_intent", &[Fault::DropAfter]);
    let lost = register.api().prepare(&key, register.charge_of(None, 0), ample()).await;
    assert_unknown(&lost.unwrap_err());
    let first = register.prepare(&key).await;
    assert_eq!(register.prepare(&key).await, first);
    let another = register.authorization_of(&Card::Good);
    let another = register.try_issue(&another, "request-2").await.unwrap().key;
    let second = register.prepare(&another).await;
    assert_ne!(second, first, "an intent belongs to one holder");
    let failure = refused(register.charge(&another, first.as_deref(), 0).await);
    assert_eq!(Decline::of(Provider::Stripe, &failure), Decline::KeyDeleted);
    register.assert_taken(register.charge(&another, second.as_deref(), 1).await);
}

#[tokio::test]
async fn an_intent_that_stripe_does_not_know_took_nothing() {
    let register = Register::open(Provider::Stripe).await;
    assert_failed(register.find(Some("pi_nobody")).await, "resource_missing");
    assert_stands(register.find(None).await, &ProviderStatus::Pending);
}

#[tokio::test]
async fn subscriptions_are_not_offered_where_a_lost_charge_could_not_be_found() {
    let shop = ProviderFixture::open(Provider::KakaoPay).await;
    for provider in [Provider::KakaoPay, Provider::Standard] {
        assert_eq!(rejected(shop.providers.billing(provider)), "provider-not-configured");
    }
}

#[tokio::test]
async fn a_charge_names_what_it_is_for() {
    let register = Register::open(Provider::Toss).await;
    let key = register.issue().await;
    let lines: Vec<Line> = serde_json::from_value(json!([
        { "sku": "tea", "name": "Green tea", "quantity": 2, "unit_price": won(TOTAL / 2) },
        { "sku": "cup", "name": "Cup", "quantity": 1, "unit_price": won(0) },
    ]))
    .unwrap();
    let charge = Charge {
        lines: &lines,
        ..register.charge_of(None, 0)
    };
    register.assert_taken(register.api().charge(&key, charge, ample()).await);
}
