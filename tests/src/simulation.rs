//! What holds whatever happens? Seeds choose acts, acts are played in a World, and invariants are checked at each step.

mod act;
mod audit;
mod breach;
mod census;
mod draw;
mod elsewhere;
mod facts;
mod invariants;
mod judge;
mod ledger;
mod lineage;
mod plan;
mod planted;
mod player;
mod report;
mod requests;
mod shrink;
mod stage;
mod workers;

pub use breach::Breach;
pub use census::Census;
pub use draw::plan;
pub use plan::Plan;
pub use planted::{BrowserBug, Catch, Place, RIVALS, Rival, hunt, hunt_all};
pub use player::{Outcome, play, play_with};
pub use report::{ACTS, Command, replay, run};
pub use shrink::shrink;
pub use workers::{Batch, Tally, play_all};
