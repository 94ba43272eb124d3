//! The keys that make the codes of coupons. Each coupon has its own, which is stored with it, encrypted by KMS.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ring::rand::{SecureRandom, SystemRandom};
use shared::Error;
use shared::aws::Platform;
use shared::aws::encryption::EnvelopeEncryption;
use shared::coupons::{CodeSeries, CouponId};
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::code::{CodeKey, CouponCode};

/// The most keys that a function remembers. Beyond that it forgets all.
const REMEMBERED: usize = 100;

/// Makes and decrypts keys. A function decrypts each once.
#[derive(Debug)]
pub struct CodeKeys {
    encryption: EnvelopeEncryption,
    known: Mutex<HashMap<CouponId, Arc<CodeKey>>>,
}

impl CodeKeys {
    /// Uses the KMS key in `DATA_KEY_ID`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let key_id = platform.variable("DATA_KEY_ID")?;
        Ok(Self {
            encryption: EnvelopeEncryption::new(platform.aws(), key_id, "coupon"),
            known: Mutex::default(),
        })
    }

    /// Codes for a new coupon: a random campaign, which may be another coupon's, and a random key.
    ///
    /// # Errors
    /// [`Error::Unavailable`], and [`Error::Internal`], also when KMS denies access.
    pub async fn create(&self, coupon_id: CouponId, deadline: Instant) -> Result<CodeSeries, Error> {
        let mut secret = Zeroizing::new(vec![0; CodeKey::LENGTH]);
        let filled = SystemRandom::new().fill(&mut secret);
        filled.map_err(|error| Error::internal("create the key of codes", error.to_string()))?;
        let id = coupon_id.to_string();
        let key = self.encryption.encrypt(&secret, &id, deadline);
        Ok(CodeSeries {
            campaign: fastrand::u32(..CouponCode::CAMPAIGNS),
            key: key.await?,
        })
    }

    /// The key of a coupon.
    ///
    /// # Errors
    /// As [`CodeKeys::create`].
    pub async fn of(&self, coupon_id: CouponId, codes: &CodeSeries, deadline: Instant) -> Result<Arc<CodeKey>, Error> {
        if let Some(known) = self.known().get(&coupon_id) {
            return Ok(Arc::clone(known));
        }
        let id = coupon_id.to_string();
        let secret = self.encryption.decrypt(&codes.key, &id, deadline).await?;
        let key = Arc::new(CodeKey::new(coupon_id, secret));
        let mut known = self.known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(coupon_id, Arc::clone(&key));
        Ok(key)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<CouponId, Arc<CodeKey>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
