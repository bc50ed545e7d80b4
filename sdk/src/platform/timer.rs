//! How does time pass? One timer for the core, and a bound for everything that may never settle.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use countersign_core::Input;
use countersign_core::time::LONGEST_TIMER;
use gloo_timers::callback::Timeout;
use gloo_timers::future::TimeoutFuture;

use super::Feed;

/// The core's one timer. Dropping it stops it.
#[derive(Debug, Default)]
pub struct Timer(RefCell<Option<Timeout>>);

impl Timer {
    /// Sends `Input::Woke` after so many milliseconds, instead of when the timer before it would have.
    pub fn set(&self, after: Option<u64>, feed: &Feed) {
        let timeout = after.map(|millis| {
            let feed = feed.clone();
            Timeout::new(millis.min(LONGEST_TIMER) as u32, move || feed.send(Input::Woke))
        });
        self.0.replace(timeout);
    }
}

/// What the future gives, or nothing if it takes longer than so many milliseconds; it is dropped then.
pub async fn within<T>(millis: u32, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut bound = pin!(TimeoutFuture::new(millis));
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => bound.as_mut().poll(context).map(|()| None),
    })
    .await
}
