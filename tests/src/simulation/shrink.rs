//! What is the shortest run in which the same invariant does not hold? Acts are left out, many at a time and then one by
//! one, as long as it still fails in the same way (delta debugging).

use crate::simulation::act::Entry;
use crate::simulation::plan::Plan;
use crate::simulation::planted::Place;
use crate::simulation::player::play_with;

/// A plan that is hard to shorten is left as it is after so many attempts.
const MOST_ATTEMPTS: usize = 600;

/// The shortest plan found that violates the same invariant.
pub fn shrink(plan: &Plan, invariant: &'static str, planted: Option<Place>) -> Plan {
    let mut best = plan.clone();
    let mut attempts = 0;
    let mut chunk = best.acts.len().div_ceil(2);
    while chunk > 0 && attempts < MOST_ATTEMPTS {
        let mut from = 0;
        let mut has_shrunk = false;
        while from < best.acts.len() && attempts < MOST_ATTEMPTS {
            let shorter = best.with_acts(without(&best.acts, from, chunk));
            attempts += 1;
            if fails(&shorter, invariant, planted) {
                (best, has_shrunk) = (shorter, true);
            } else {
                from += chunk;
            }
        }
        chunk = if has_shrunk && chunk == 1 { 1 } else { chunk / 2 };
    }
    best
}

fn without(acts: &[Entry], from: usize, length: usize) -> Vec<Entry> {
    let end = (from + length).min(acts.len());
    acts[..from].iter().chain(&acts[end..]).cloned().collect()
}

fn fails(plan: &Plan, invariant: &'static str, planted: Option<Place>) -> bool {
    play_with(plan, planted).breach.is_some_and(|breach| breach.invariant == invariant)
}
