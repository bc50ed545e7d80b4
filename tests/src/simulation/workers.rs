//! Which seeds are played, by how many threads, and what came of all of them?

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::simulation::breach::Breach;
use crate::simulation::census::Census;
use crate::simulation::draw;
use crate::simulation::plan::Plan;
use crate::simulation::player::play;

/// Which runs to play.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    pub first_seed: u64,
    pub seeds: u64,
    /// Acts of each run.
    pub acts: u32,
    pub workers: usize,
    /// After so many violations no further seed is begun.
    pub most_violations: usize,
}

/// What came of them.
#[derive(Debug, Default)]
pub struct Tally {
    pub played: u64,
    pub census: Census,
    /// In the order of their seeds.
    pub violations: Vec<(Plan, Breach)>,
}

/// Plays the batch. Each seed is a World of its own, so threads share nothing.
pub fn play_all(batch: Batch) -> Tally {
    let (next, tally) = (AtomicU64::new(0), Mutex::new(Tally::default()));
    thread::scope(|scope| {
        for _ in 0..batch.workers {
            scope.spawn(|| work(batch, &next, &tally));
        }
    });
    let mut tally = tally.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    tally.violations.sort_by_key(|(plan, _)| plan.seed());
    tally
}

fn work(batch: Batch, next: &AtomicU64, tally: &Mutex<Tally>) {
    loop {
        let number = next.fetch_add(1, Ordering::SeqCst);
        let is_enough = lock(tally).violations.len() >= batch.most_violations;
        if number >= batch.seeds || is_enough {
            return;
        }
        let plan = draw::plan(batch.first_seed + number, batch.acts);
        let outcome = play(&plan);
        let mut tally = lock(tally);
        tally.played += 1;
        tally.census.merge(&outcome.census);
        tally.violations.extend(outcome.breach.map(|breach| (plan, breach)));
    }
}

fn lock(tally: &Mutex<Tally>) -> std::sync::MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
