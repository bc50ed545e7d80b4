//! Many sign-ins at once: hashing has its own pool with a bounded queue, and the other routes go on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use server_mock::config::Seed;

use crate::support::{Browser, Server};

const QUEUE: usize = 16;
const CALLS: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s20_while_passwords_are_hashed_the_other_routes_answer() {
    let server = Server::start_with(|config| {
        // At the real cost.
        config.seed = Seed::shipped();
        config.password_workers = 1;
        config.password_queue = QUEUE;
    })
    .await;
    let mut bob = server.tokens_of("bob").await;
    let quiet = times_of_calls(&mut bob).await;

    let hashed = Arc::new(AtomicUsize::new(0));
    let flood: Vec<_> = (0..4 * QUEUE)
        .map(|_| {
            let (mut browser, hashed) = (server.browser(), hashed.clone());
            tokio::spawn(async move {
                let answer = browser.login("alice").await;
                if answer.status == 200 {
                    hashed.fetch_add(1, Ordering::SeqCst);
                }
                (answer.status.as_u16(), answer.header("retry-after").to_owned())
            })
        })
        .collect();
    while hashed.load(Ordering::SeqCst) == 0 {
        bob.get("/health").await;
    }
    let flooded = times_of_calls(&mut bob).await;
    let done = hashed.load(Ordering::SeqCst);
    assert!(done < QUEUE, "all {CALLS} calls were answered before the queue was worked off");

    let (mut taken, mut refused) = (0, 0);
    for each in flood {
        match each.await.unwrap() {
            (200, _) => taken += 1,
            (503, retry_after) => {
                assert_eq!(retry_after, "1");
                refused += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(taken >= QUEUE && refused >= QUEUE, "{taken} taken, {refused} refused");
    println!("{CALLS} calls: quiet {}, while hashing {}, {done} passwords hashed meanwhile", of(quiet), of(flooded));
}

/// Sorted.
async fn times_of_calls(bob: &mut Browser) -> Vec<Duration> {
    let mut times = Vec::new();
    for number in 0..CALLS {
        let begun = Instant::now();
        let status = if number % 4 == 0 { bob.renew("").await.status } else { bob.get("/api/me").await.status };
        assert_eq!(status, 200);
        times.push(begun.elapsed());
    }
    times.sort();
    times
}

fn of(times: Vec<Duration>) -> String {
    let milliseconds = |place: usize| times[place].as_secs_f64() * 1000.0;
    format!("p50 {:.1} ms, longest {:.1} ms", milliseconds(CALLS / 2), milliseconds(CALLS - 1))
}
