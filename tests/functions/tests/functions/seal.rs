//! Secrets under seal: they open for what they were sealed for, and for nothing else.

use std::time::Duration;

use harness::FakeKms;
use shared::Error;
use shared::aws::encryption::EncryptedSecret;
use tokio::time::Instant;

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn is_internal<T: std::fmt::Debug>(outcome: Result<T, Error>) -> bool {
    matches!(outcome, Err(Error::Internal { .. }))
}

#[tokio::test]
async fn a_sealed_secret_opens_for_the_same_thing_only() {
    let kms = FakeKms::default();
    let seal = kms.seal();
    let sealed = seal.encrypt(b"hush", "one", soon()).await.unwrap();
    assert_eq!(**seal.decrypt(&sealed, "one", soon()).await.unwrap(), *b"hush");
    assert!(is_internal(seal.decrypt(&sealed, "another", soon()).await));
    assert!(is_internal(
        kms.seal_by("alias/another").decrypt(&sealed, "one", soon()).await
    ));
}

#[tokio::test]
async fn the_cipher_itself_binds_a_secret_to_its_thing() {
    let kms = FakeKms::default();
    let seal = kms.seal();
    let one = serde_json::to_value(seal.encrypt(b"hush", "one", soon()).await.unwrap()).unwrap();
    let other = serde_json::to_value(seal.encrypt(b"other", "another", soon()).await.unwrap()).unwrap();
    // The data key of one, which KMS tells for it, with what belongs to the other.
    let mixed = serde_json::json!({ "data_key": one["data_key"], "secret": other["secret"] });
    let mixed: EncryptedSecret = serde_json::from_value(mixed).unwrap();
    assert!(is_internal(seal.decrypt(&mixed, "one", soon()).await));
}

#[tokio::test]
async fn a_damaged_secret_does_not_open() {
    let kms = FakeKms::default();
    let seal = kms.seal();
    let whole = serde_json::to_value(seal.encrypt(b"hush", "one", soon()).await.unwrap()).unwrap();
    for damage in [
        "",
        "!",
        "AAAA",
        "AAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        for part in ["data_key", "secret"] {
            let mut damaged = whole.clone();
            damaged[part] = damage.into();
            let damaged: EncryptedSecret = serde_json::from_value(damaged).unwrap();
            assert!(
                is_internal(seal.decrypt(&damaged, "one", soon()).await),
                "{part} {damage}"
            );
        }
    }
}

#[tokio::test]
async fn two_seals_of_one_secret_have_nothing_in_common_and_show_nothing() {
    let kms = FakeKms::default();
    let seal = kms.seal();
    let one = seal.encrypt(b"hush", "one", soon()).await.unwrap();
    let two = seal.encrypt(b"hush", "one", soon()).await.unwrap();
    assert_ne!(one, two);
    assert_eq!(format!("{one:?}"), "EncryptedSecret");
    assert_eq!(kms.requests(), 2, "each costs one request");
}

#[tokio::test]
async fn what_passes_at_kms_is_told_from_what_does_not() {
    let kms = FakeKms::default();
    let seal = kms.seal();
    let sealed = seal.encrypt(b"hush", "one", soon()).await.unwrap();
    for (refusal, passes) in [
        ((400, "ThrottlingException"), true),
        ((500, "KMSInternalException"), true),
        ((400, "AccessDeniedException"), false),
        ((400, "DisabledException"), false),
        ((400, "NotFoundException"), false),
    ] {
        kms.refuse(Some(refusal));
        for error in [
            seal.encrypt(b"hush", "one", soon()).await.unwrap_err(),
            seal.decrypt(&sealed, "one", soon()).await.unwrap_err(),
        ] {
            assert_eq!(matches!(error, Error::Unavailable { .. }), passes, "{refusal:?}");
        }
    }
    kms.refuse(None);
    assert!(seal.decrypt(&sealed, "one", soon()).await.is_ok());
    kms.never_answer();
    let deadline = Instant::now() + Duration::from_millis(50);
    assert!(matches!(
        seal.decrypt(&sealed, "one", deadline).await,
        Err(Error::Unavailable { .. })
    ));
}
