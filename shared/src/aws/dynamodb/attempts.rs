//! Optimistic locking: read, change, write under the version that was read, and start again after a conflict.

use crate::core::error::Error;

/// The most attempts. Each conflict means that another writer has succeeded, so more of them are rare.
const MAX_ATTEMPTS: usize = 8;

/// Limits the attempts of one read, change and conditional write.
///
/// ```
/// # use shared::aws::dynamodb::attempts::Attempts;
/// # fn change() -> Result<u32, shared::Error> {
/// # let (mut version, save) = (0, |version| version == 2);
/// let mut attempts = Attempts::new("cancel an order");
/// loop {
///     attempts.start()?;
///     version += 1; // Read and change.
///     if save(version) {
///         return Ok(version);
///     }
/// }
/// # }
/// # assert_eq!(change().unwrap(), 2);
/// ```
#[derive(Debug)]
pub struct Attempts {
    doing: &'static str,
    started: usize,
}

impl Attempts {
    /// The attempts of the operation `doing`, such as `cancel an order`.
    pub const fn new(doing: &'static str) -> Self {
        Self { doing, started: 0 }
    }

    /// Starts the next attempt.
    ///
    /// # Errors
    /// [`Error::Unavailable`] after the last one.
    pub fn start(&mut self) -> Result<(), Error> {
        if self.started == MAX_ATTEMPTS {
            return Err(Error::unavailable(self.doing, "other writers keep changing the item"));
        }
        self.started += 1;
        Ok(())
    }

    /// Whether the first attempt is running.
    pub const fn is_first(&self) -> bool {
        self.started == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_always_conflicts_ends_as_unavailable() {
        let mut attempts = Attempts::new("test");
        let started = (0..100).take_while(|_| attempts.start().is_ok()).count();
        assert_eq!(started, MAX_ATTEMPTS);
        assert!(matches!(
            attempts.start(),
            Err(Error::Unavailable { doing: "test", .. })
        ));
    }
}
