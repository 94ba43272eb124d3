//! Panics as errors.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;

use crate::core::error::Error;

/// A panic, with its message.
#[derive(Debug, thiserror::Error)]
#[error("panicked: {0}")]
pub struct Panic(pub String);

/// Runs `work`. A panic becomes an [`Error::Internal`] with a [`Panic`]: it ends one request, message or due item, not
/// those beside and after it.
///
/// Data that outlive `work` must stay valid at every point where it can panic. Caches do: they change in one step, and their
/// locks ignore poison.
///
/// # Errors
/// Those of `work`, and [`Error::Internal`] when it panics.
pub async fn catch<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let unwound = AssertUnwindSafe(work).catch_unwind().await;
    unwound.unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let panic = Panic(text.unwrap_or("no message").to_owned());
        Err(Error::internal("run to the end", panic))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_with_its_message() {
        let panics: [fn() -> u32; 3] = [
            || panic!("a text"),
            || panic!("{} values", 2),
            || std::panic::panic_any(3),
        ];
        for (panics, expected) in panics.into_iter().zip(["a text", "2 values", "no message"]) {
            let caught = catch(async { Ok(panics()) }).await;
            let Err(Error::Internal { source, .. }) = caught else {
                panic!("{caught:?}")
            };
            assert_eq!(source.to_string(), format!("panicked: {expected}"));
        }
    }

    #[tokio::test]
    async fn work_that_does_not_panic_has_its_own_outcome() {
        assert_eq!(catch(async { Ok(1) }).await.unwrap(), 1);
        let busy = catch::<()>(async { Err(Error::unavailable("try", "busy")) }).await;
        assert!(matches!(busy, Err(Error::Unavailable { .. })));
    }
}
