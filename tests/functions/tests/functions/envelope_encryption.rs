//! Envelope encryption: a secret can be decrypted only for the entity that it was encrypted for.

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
async fn a_secret_is_decrypted_only_for_its_entity() {
    let kms = FakeKms::default();
    let encryption = kms.envelope_encryption();
    let encrypted = encryption.encrypt(b"hush", "one", soon()).await.unwrap();
    assert_eq!(**encryption.decrypt(&encrypted, "one", soon()).await.unwrap(), *b"hush");
    assert!(is_internal(encryption.decrypt(&encrypted, "another", soon()).await));
    assert!(is_internal(
        kms.envelope_encryption_with("alias/another")
            .decrypt(&encrypted, "one", soon())
            .await
    ));
}

#[tokio::test]
async fn the_cipher_itself_binds_a_secret_to_its_entity() {
    let kms = FakeKms::default();
    let encryption = kms.envelope_encryption();
    let one = serde_json::to_value(encryption.encrypt(b"hush", "one", soon()).await.unwrap()).unwrap();
    let other = serde_json::to_value(encryption.encrypt(b"other", "another", soon()).await.unwrap()).unwrap();
    // The data key of one secret, which KMS decrypts for it, with the ciphertext of the other.
    let mixed = serde_json::json!({ "data_key": one["data_key"], "secret": other["secret"] });
    let mixed: EncryptedSecret = serde_json::from_value(mixed).unwrap();
    assert!(is_internal(encryption.decrypt(&mixed, "one", soon()).await));
}

#[tokio::test]
async fn a_damaged_secret_cannot_be_decrypted() {
    let kms = FakeKms::default();
    let encryption = kms.envelope_encryption();
    let whole = serde_json::to_value(encryption.encrypt(b"hush", "one", soon()).await.unwrap()).unwrap();
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
                is_internal(encryption.decrypt(&damaged, "one", soon()).await),
                "{part} {damage}"
            );
        }
    }
}

#[tokio::test]
async fn two_encryptions_of_one_secret_differ_and_do_not_contain_it() {
    let kms = FakeKms::default();
    let encryption = kms.envelope_encryption();
    let one = encryption.encrypt(b"hush", "one", soon()).await.unwrap();
    let two = encryption.encrypt(b"hush", "one", soon()).await.unwrap();
    assert_ne!(one, two);
    assert_eq!(format!("{one:?}"), "EncryptedSecret");
    assert_eq!(kms.requests(), 2, "each costs one request");
}

#[tokio::test]
async fn temporary_errors_of_kms_are_distinguished_from_permanent_ones() {
    let kms = FakeKms::default();
    let encryption = kms.envelope_encryption();
    let encrypted = encryption.encrypt(b"hush", "one", soon()).await.unwrap();
    for (refusal, passes) in [
        ((400, "ThrottlingException"), true),
        ((500, "KMSInternalException"), true),
        ((400, "AccessDeniedException"), false),
        ((400, "DisabledException"), false),
        ((400, "NotFoundException"), false),
    ] {
        kms.refuse(Some(refusal));
        for error in [
            encryption.encrypt(b"hush", "one", soon()).await.unwrap_err(),
            encryption.decrypt(&encrypted, "one", soon()).await.unwrap_err(),
        ] {
            assert_eq!(matches!(error, Error::Unavailable { .. }), passes, "{refusal:?}");
        }
    }
    kms.refuse(None);
    assert!(encryption.decrypt(&encrypted, "one", soon()).await.is_ok());
    kms.never_answer();
    let deadline = Instant::now() + Duration::from_millis(50);
    assert!(matches!(
        encryption.decrypt(&encrypted, "one", deadline).await,
        Err(Error::Unavailable { .. })
    ));
}
