//! The codes of tickets: replaced ones, their keys, and scanners that verify them.

use function_tests::tickets_fixture::{KEY, check_in_call, text, ticket_call};
use harness::TICKET_KEYS;
use harness::gateway::Call;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tickets::admission::code::TicketCode;
use tickets::admission::keys::TicketKeys;

use super::{bought, code, ids, seen, stored};
use crate::holds::selling;

#[tokio::test]
async fn a_replaced_code_does_not_admit_any_more() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let old = code(&shop, "ann", &tickets[0]).await;
    let replace =
        |customer: &str, key: &str| ticket_call("/tickets/{ticket_id}/replace-code", customer, &tickets[0]).key(key);
    let first = shop.call("replace-ticket-code", replace("ann", "r")).await;
    let new = text(&first.body, "code");
    assert_eq!((first.status, &first.body["issue"]), (200, &json!(2)), "{first:?}");
    assert_ne!(new, old);
    let again = shop.call("replace-ticket-code", replace("ann", "r")).await;
    assert_eq!((again.replayed, &again.body), (true, &first.body));
    assert_eq!(
        seen(&shop.call("replace-ticket-code", replace("bob", "r")).await),
        (404, "not-found")
    );
    assert_eq!(
        seen(&shop.check_in("s", &showtime, &old, "A").await),
        (409, "ticket-code-replaced")
    );
    assert_eq!(shop.check_in("s", &showtime, &new, "A").await.status, 200);
    let late = shop.call("replace-ticket-code", replace("ann", "late")).await;
    assert_eq!(seen(&late), (409, "ticket-used"));
    assert_eq!(
        seen(&shop.check_in("old", &showtime, &old, "A").await),
        (409, "already-checked-in")
    );
}

#[tokio::test]
async fn a_ticket_has_at_most_twenty_codes() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    for nth in 2..=21 {
        let replace = ticket_call("/tickets/{ticket_id}/replace-code", "ann", &tickets[0]).key(&format!("r{nth}"));
        let answer = shop.call("replace-ticket-code", replace).await;
        match nth {
            21 => assert_eq!(seen(&answer), (409, "too-many-codes")),
            _ => assert_eq!(answer.body["issue"], json!(nth), "{answer:?}"),
        }
    }
}

#[tokio::test]
async fn a_check_in_and_a_new_code_whose_answers_are_lost_took_effect_once() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    shop.engine
        .faults
        .plan("TransactWriteItems", harness::Fault::LoseAnswer);
    let replace = ticket_call("/tickets/{ticket_id}/replace-code", "ann", &tickets[0]).key("r");
    let replaced = shop.call("replace-ticket-code", replace).await;
    assert_eq!(
        (replaced.status, &replaced.body["issue"]),
        (200, &json!(2)),
        "{replaced:?}"
    );
    shop.engine.faults.plan("UpdateItem", harness::Fault::LoseAnswer);
    let admitted = shop.check_in("s", &showtime, &text(&replaced.body, "code"), "A").await;
    assert_eq!(admitted.status, 200, "{admitted:?}");
    assert_eq!(
        stored(&shop, &tickets[0]).await["version"],
        3,
        "issued, replaced and checked in"
    );
}

#[tokio::test]
async fn a_scanner_verifies_codes_with_the_public_keys_alone() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let code = code(&shop, "ann", &tickets[0]).await;
    let list = shop.call("get-ticket-keys", Call::new("GET", "/ticket-keys")).await;
    assert_eq!(list.body["keys"][0]["number"], 1, "{list:?}");
    let public = base64_of(&list.body["keys"][0]["public_key"]);
    let bytes = data_encoding::BASE32_NOPAD.decode(code.as_bytes()).unwrap();
    let (claims, signature) = bytes.split_at(41);
    let key = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, public);
    let signed = [b"madang ticket\0".as_slice(), claims].concat();
    assert!(key.verify(&signed, signature).is_ok());
    assert_eq!(uuid::Uuid::from_slice(&claims[4..20]).unwrap().to_string(), tickets[0]);
}

#[tokio::test]
async fn a_key_that_is_added_signs_at_once_and_codes_of_the_former_one_still_admit() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let scanner = shop.handler("check-in-ticket");
    let old = code(&shop, "ann", &tickets[0]).await;
    let nonsense = check_in_call("warm", &showtime, "nonsense", "A");
    assert_eq!(shop.call_with(&scanner, nonsense).await.status, 422);
    shop.vault
        .set_secret(TICKET_KEYS, &json!({ "1": KEY, "2": KEY.repeat(2) }));
    let new = code(&shop, "ann", &tickets[1]).await;
    let keys: TicketKeys = serde_json::from_value(json!({ "1": KEY })).unwrap();
    assert!(TicketCode::verify(&old, &keys).is_ok() && TicketCode::verify(&new, &keys).is_err());
    shop.advance(SignedDuration::from_secs(31));
    for (key, code) in [("new", &new), ("old", &old)] {
        let answer = shop.call_with(&scanner, check_in_call(key, &showtime, code, "A")).await;
        assert_eq!(answer.status, 200, "{key}: {answer:?}");
    }
}

fn base64_of(value: &Value) -> Vec<u8> {
    data_encoding::BASE64
        .decode(value.as_str().unwrap().as_bytes())
        .unwrap()
}
