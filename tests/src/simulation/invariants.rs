//! What must hold, whatever happens? Each invariant is a function named after the requirement that it belongs to.

mod calm;
mod endings;
mod flight;
mod pace;
mod sight;
mod store;
mod users;
mod waits;

use crate::happening::Happening;
use crate::simulation::breach::Verdict;
use crate::simulation::facts::Facts;
use crate::world::Inner;

/// A group of invariants with what they remember beside the facts. `facts` hold what was known before a publication, and
/// everything else up to and including the happening.
pub trait Invariant {
    fn see(&mut self, facts: &Facts, world: &Inner, happening: &Happening) -> Verdict;

    fn step_ended(&mut self, _facts: &Facts, _world: &Inner) -> Verdict {
        Ok(())
    }

    /// Nothing more happens without time or an act.
    fn at_rest(&mut self, _facts: &Facts, _world: &Inner) -> Verdict {
        Ok(())
    }

    /// All trouble has ended, and time has passed.
    fn at_last(&mut self, _facts: &Facts, _world: &Inner) -> Verdict {
        Ok(())
    }
}

pub fn all() -> Vec<Box<dyn Invariant>> {
    vec![
        Box::new(flight::Flight::default()),
        Box::new(waits::Waits::default()),
        Box::new(store::Store),
        Box::new(endings::Endings::default()),
        Box::new(users::Users::default()),
        Box::new(pace::Pace::default()),
        Box::new(sight::Sight::default()),
        Box::new(calm::Calm),
    ]
}
