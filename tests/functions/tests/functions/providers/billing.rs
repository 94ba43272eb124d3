//! Charges without the customer at Toss and Stripe: the result of each call, and that no fault charges twice.

use std::time::Duration;

use function_tests::payment_fixture::credentials;
use sandbox::{Card, Fault};
use shared::core::identity::CustomerId;
use shared::orders::{Line, Order};
use shared::payments::provider::{Answer, Authorization, BillingKey, BillingProvider, Charge, Decline, Issued};
use shared::payments::{Provider, ProviderStatus, reason};

use super::{
    ProviderFixture, TOTAL, ample, assert_failed, assert_status, assert_unknown, order, refused, rejected, report,
    short, with_wrong_key, won,
};

const BOTH: [Provider; 2] = [Provider::Toss, Provider::Stripe];

/// A provider that charges saved cards, and its sandbox.
struct BillingProviderFixture {
    shop: ProviderFixture,
    order: Order,
}

impl BillingProviderFixture {
    async fn open(provider: Provider) -> Self {
        Self {
            shop: ProviderFixture::open(provider).await,
            order: order(1),
        }
    }

    fn api(&self) -> &dyn BillingProvider {
        self.shop.providers.billing(self.shop.provider).unwrap()
    }

    /// Returns the authorization of a customer with this card.
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

    /// Issues a key of a valid card.
    async fn issue(&self) -> BillingKey {
        let authorization = self.authorization_of(&Card::Good);
        self.try_issue(&authorization, "request-1").await.unwrap().key
    }

    /// Prepares the order's charge.
    async fn prepare(&self, key: &BillingKey) -> Option<String> {
        self.api().prepare(key, self.charge_of(None, 0), ample()).await.unwrap()
    }

    fn charge_of<'a>(&'a self, reference: Option<&'a str>, nth: u32) -> Charge<'a> {
        Charge {
            order_id: self.order.order_id,
            lines: &self.order.lines,
            amount: self.order.totals.total,
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

    /// Declines the next `count` charges with this code.
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

    /// The operation that charges.
    const fn charging(&self) -> &'static str {
        match self.shop.provider {
            Provider::Toss => "billing",
            _ => "confirm_intent",
        }
    }

    /// Asserts that this order was charged exactly once.
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

/// A temporary decline at Toss and at Stripe.
const BROKE: (&str, &str) = ("REJECT_CARD_PAYMENT", "insufficient_funds");

#[tokio::test]
async fn a_saved_card_is_charged_once_for_an_order() {
    for provider in BOTH {
        let fixture = BillingProviderFixture::open(provider).await;
        let key = fixture.issue().await;
        let reference = fixture.prepare(&key).await;
        assert_eq!(reference.is_some(), provider == Provider::Stripe);
        let reference = reference.as_deref();
        assert_status(fixture.find(reference).await, &ProviderStatus::Pending);
        // A retry, a later attempt and a query all report the one charge.
        for nth in [0, 0, 1] {
            fixture.assert_taken(fixture.charge(&key, reference, nth).await);
        }
        fixture.assert_taken(fixture.find(reference).await);
    }
}

#[tokio::test]
async fn exchanging_an_authorization_again_for_one_request_returns_the_same_key() {
    for (provider, operations) in [
        (Provider::Toss, &["issue_billing"][..]),
        (Provider::Stripe, &["create_customer", "create_setup"]),
    ] {
        for operation in operations {
            let fixture = BillingProviderFixture::open(provider).await;
            let authorization = fixture.authorization_of(&Card::Good);
            fixture.shop.plan(operation, &[Fault::DropAfter]);
            let lost = fixture.try_issue(&authorization, "request-1").await;
            assert!(matches!(lost, Err(shared::Error::Unavailable { .. })), "{lost:?}");
            let issued = fixture.try_issue(&authorization, "request-1").await.unwrap();
            assert_eq!(fixture.try_issue(&authorization, "request-1").await.unwrap(), issued);
            assert!(!issued.card.number.is_empty() && !issued.card.company.is_empty());
        }
    }
}

#[tokio::test]
async fn a_refused_authorization_returns_no_key() {
    let fixture = BillingProviderFixture::open(Provider::Toss).await;
    let forged = Authorization::Toss {
        auth_key: "bln_forged".to_owned(),
        customer_key: "holder-1".to_owned(),
    };
    assert_eq!(
        rejected(fixture.try_issue(&forged, "request-1").await),
        "payment-refused"
    );
    let theirs = Authorization::Toss {
        auth_key: fixture.shop.sandbox.toss_authorize_card("somebody-else"),
        customer_key: "holder-1".to_owned(),
    };
    assert_eq!(
        rejected(fixture.try_issue(&theirs, "request-2").await),
        "payment-refused"
    );
    let fixture = BillingProviderFixture::open(Provider::Stripe).await;
    let stolen = fixture.authorization_of(&Card::declined("card_declined", "stolen_card"));
    assert_eq!(
        rejected(fixture.try_issue(&stolen, "request-1").await),
        "payment-refused"
    );
}

#[tokio::test]
async fn a_card_that_needs_authentication_is_accepted_by_the_same_request_afterwards() {
    let fixture = BillingProviderFixture::open(Provider::Stripe).await;
    let authorization = fixture.authorization_of(&Card::RequiresAction);
    let refused = fixture.try_issue(&authorization, "request-1").await.unwrap_err();
    let shared::Error::Rejected(rejection) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(rejection.reason, &reason::PAYMENT_REFUSED);
    assert_eq!(rejection.members["provider_code"], "authentication_required");
    let secret = rejection.members["client_secret"].as_str().unwrap();
    fixture
        .shop
        .sandbox
        .stripe_authenticate(secret.split("_secret_").next().unwrap());
    let key = fixture.try_issue(&authorization, "request-1").await.unwrap().key;
    let reference = fixture.prepare(&key).await;
    fixture.assert_taken(fixture.charge(&key, reference.as_deref(), 0).await);
}

#[tokio::test]
async fn a_declined_charge_takes_nothing_and_a_later_attempt_may_succeed() {
    for provider in BOTH {
        let fixture = BillingProviderFixture::open(provider).await;
        let key = fixture.issue().await;
        let reference = fixture.prepare(&key).await;
        let reference = reference.as_deref();
        fixture.decline_next(BROKE, 1);
        let failure = refused(fixture.charge(&key, reference, 0).await);
        assert_eq!(Decline::of(provider, &failure), Decline::Retry);
        assert_eq!(
            refused(fixture.charge(&key, reference, 0).await),
            failure,
            "a retry of the attempt has the same result"
        );
        assert!(fixture.shop.sandbox.ledger().is_empty());
        fixture.assert_taken(fixture.charge(&key, reference, 1).await);
    }
}

#[tokio::test]
async fn a_decline_says_whether_the_card_can_ever_be_charged() {
    for (declined, expected) in [
        (("REJECT_CARD_COMPANY", "generic_decline"), Decline::Retry),
        (("INVALID_STOPPED_CARD", "lost_card"), Decline::NewCard),
        (("INVALID_CARD_EXPIRATION", "stolen_card"), Decline::NewCard),
        (("INVALID_REQUEST", "parameter_invalid_empty"), Decline::OurError),
    ] {
        for provider in BOTH {
            let fixture = BillingProviderFixture::open(provider).await;
            let key = fixture.issue().await;
            let reference = fixture.prepare(&key).await;
            fixture.decline_next(declined, 1);
            let failure = refused(fixture.charge(&key, reference.as_deref(), 0).await);
            assert_eq!(Decline::of(provider, &failure), expected, "{failure:?}");
        }
    }
}

#[tokio::test]
async fn a_lost_charge_is_unknown_until_it_is_queried() {
    for provider in BOTH {
        for (fault, was_taken) in [
            (Fault::DropBefore, false),
            (Fault::ErrorBefore(503), false),
            (Fault::Busy, false),
            (Fault::DropAfter, true),
            (Fault::ErrorAfter(500), true),
        ] {
            let fixture = BillingProviderFixture::open(provider).await;
            let key = fixture.issue().await;
            let reference = fixture.prepare(&key).await;
            let reference = reference.as_deref();
            fixture.shop.plan(fixture.charging(), std::slice::from_ref(&fault));
            assert_unknown(&fixture.charge(&key, reference, 0).await);
            if was_taken {
                fixture.assert_taken(fixture.find(reference).await);
            } else {
                assert_status(fixture.find(reference).await, &ProviderStatus::Pending);
            }
            fixture.assert_taken(fixture.charge(&key, reference, 1).await);
        }
    }
}

#[tokio::test]
async fn a_charge_that_exceeds_the_timeout_is_not_treated_as_failed() {
    for provider in BOTH {
        let fixture = BillingProviderFixture::open(provider).await;
        let key = fixture.issue().await;
        let reference = fixture.prepare(&key).await;
        let reference = reference.as_deref();
        fixture
            .shop
            .plan(fixture.charging(), &[Fault::Late(Duration::from_secs(2))]);
        let charge = fixture.charge_of(reference, 0);
        assert_unknown(&fixture.api().charge(&key, charge, short()).await);
        // The first call is still running, and a retry of the attempt meets it.
        assert_unknown(&fixture.charge(&key, reference, 0).await);
        fixture.assert_taken(fixture.find(reference).await);
    }
}

#[tokio::test]
async fn a_declined_attempt_is_unknown_while_toss_says_that_the_order_is_paid() {
    let fixture = BillingProviderFixture::open(Provider::Toss).await;
    let key = fixture.issue().await;
    fixture.decline_next(BROKE, 1);
    refused(fixture.charge(&key, None, 0).await);
    assert_failed(fixture.find(None).await, BROKE.0);
    fixture.shop.plan("billing", &[Fault::DropAfter]);
    assert_unknown(&fixture.charge(&key, None, 1).await);
    fixture.shop.sandbox.toss_return_oldest(true);
    assert_unknown(&fixture.charge(&key, None, 2).await);
    fixture.shop.sandbox.toss_return_oldest(false);
    fixture.assert_taken(fixture.charge(&key, None, 3).await);
}

#[tokio::test]
async fn a_failed_authentication_is_refused_and_not_requested_again() {
    let fixture = BillingProviderFixture::open(Provider::Stripe).await;
    let authorization = fixture.authorization_of(&Card::RequiresAction);
    let refused = fixture.try_issue(&authorization, "request-1").await.unwrap_err();
    let shared::Error::Rejected(rejection) = refused else {
        panic!("{refused:?}")
    };
    let secret = rejection.members["client_secret"].as_str().unwrap();
    let setup = secret.split("_secret_").next().unwrap();
    fixture.shop.sandbox.stripe_fail_authentication(setup);
    assert_eq!(
        rejected(fixture.try_issue(&authorization, "request-1").await),
        "payment-refused"
    );
}

#[tokio::test]
async fn a_refused_deletion_is_not_repeated() {
    let fixture = BillingProviderFixture::open(Provider::Toss).await;
    let key = fixture.issue().await;
    fixture
        .shop
        .plan("delete_billing", &[Fault::Code("NOT_ALLOWED".to_owned())]);
    fixture.api().delete(&key, ample()).await.unwrap();
}

#[tokio::test]
async fn an_unreadable_response_is_unknown() {
    for (provider, question) in [(Provider::Toss, "order"), (Provider::Stripe, "intent")] {
        for fault in [Fault::DropBefore, Fault::ErrorBefore(500), Fault::ErrorAfter(502)] {
            let fixture = BillingProviderFixture::open(provider).await;
            let key = fixture.issue().await;
            let reference = fixture.prepare(&key).await;
            fixture.shop.plan(question, &[fault]);
            assert_unknown(&fixture.find(reference.as_deref()).await);
        }
    }
}

#[tokio::test]
async fn a_rejected_api_key_declines_no_card() {
    for provider in BOTH {
        let fixture = BillingProviderFixture::open(provider).await;
        let key = fixture.issue().await;
        let reference = fixture.prepare(&key).await;
        let reference = reference.as_deref();
        fixture
            .shop
            .vault
            .set(&with_wrong_key(&fixture.shop, &provider.name().to_lowercase()));
        let wrong = fixture.shop.reopened();
        let api = wrong.billing(provider).unwrap();
        let charge = fixture.charge_of(reference, 0);
        assert_unknown(&api.charge(&key, charge, ample()).await);
        assert_unknown(&api.find(charge, ample()).await);
        fixture.shop.vault.set(&credentials(&fixture.shop.sandbox.options()));
        fixture.assert_taken(fixture.charge(&key, reference, 0).await);
    }
}

#[tokio::test]
async fn a_deleted_key_charges_nothing_and_can_be_deleted_again() {
    for (provider, operation) in [(Provider::Toss, "delete_billing"), (Provider::Stripe, "detach")] {
        let fixture = BillingProviderFixture::open(provider).await;
        let key = fixture.issue().await;
        let reference = fixture.prepare(&key).await;
        fixture
            .shop
            .plan(operation, &[Fault::ErrorBefore(503), Fault::DropAfter]);
        for _ in 0..2 {
            let failed = fixture.api().delete(&key, ample()).await;
            assert!(matches!(failed, Err(shared::Error::Unavailable { .. })), "{failed:?}");
        }
        fixture.api().delete(&key, ample()).await.unwrap();
        let failure = refused(fixture.charge(&key, reference.as_deref(), 0).await);
        assert_eq!(Decline::of(provider, &failure), Decline::NewCard);
        assert!(fixture.shop.sandbox.ledger().is_empty());
    }
}

#[tokio::test]
async fn an_intent_is_prepared_once_for_an_order_and_a_card() {
    let fixture = BillingProviderFixture::open(Provider::Stripe).await;
    let key = fixture.issue().await;
    fixture.shop.plan("create_intent", &[Fault::DropAfter]);
    let lost = fixture.api().prepare(&key, fixture.charge_of(None, 0), ample()).await;
    assert_unknown(&lost.unwrap_err());
    let first = fixture.prepare(&key).await;
    assert_eq!(fixture.prepare(&key).await, first);
    let another = fixture.authorization_of(&Card::Good);
    let another = fixture.try_issue(&another, "request-2").await.unwrap().key;
    let second = fixture.prepare(&another).await;
    assert_ne!(second, first, "an intent belongs to one customer");
    let failure = refused(fixture.charge(&another, first.as_deref(), 0).await);
    assert_eq!(Decline::of(Provider::Stripe, &failure), Decline::NewCard);
    fixture.assert_taken(fixture.charge(&another, second.as_deref(), 1).await);
}

#[tokio::test]
async fn an_intent_unknown_to_stripe_charged_nothing() {
    let fixture = BillingProviderFixture::open(Provider::Stripe).await;
    assert_failed(fixture.find(Some("pi_nobody")).await, "resource_missing");
    assert_status(fixture.find(None).await, &ProviderStatus::Pending);
}

#[tokio::test]
async fn providers_that_cannot_find_a_lost_charge_offer_no_subscriptions() {
    let shop = ProviderFixture::open(Provider::KakaoPay).await;
    for provider in [Provider::KakaoPay, Provider::Standard] {
        assert_eq!(rejected(shop.providers.billing(provider)), "provider-not-configured");
    }
}

#[tokio::test]
async fn a_charge_has_its_orders_name() {
    let fixture = BillingProviderFixture::open(Provider::Toss).await;
    let key = fixture.issue().await;
    let tea = fixture.order.lines[0].clone();
    let cup = Line {
        name: "Cup".to_owned(),
        ..tea.clone()
    };
    let lines = [tea, cup];
    let charge = Charge {
        lines: &lines,
        ..fixture.charge_of(None, 0)
    };
    fixture.assert_taken(fixture.api().charge(&key, charge, ample()).await);
}
