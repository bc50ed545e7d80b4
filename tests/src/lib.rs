//! The World: how do client and server behave together, when time, chance, network, tabs and crashes are ours to choose?
//!
//! Machines of `countersign-core` (the tabs of some browsers) talk to the real server, which runs in this process. One
//! clock, moved by hand, is the time of everybody. Every request is one step: it is delivered and run to its end before
//! anything else happens. Nothing here sleeps, and a seed decides every random byte.

mod administrator;
mod browser;
mod calls;
mod carry_out;
mod chance;
mod channel;
mod evidence;
mod exchange;
mod happening;
mod jar;
mod locks;
mod network;
mod page;
pub mod replay;
mod server;
mod signature;
pub mod simulation;
mod sleep;
mod storage;
mod tab;
mod tab_storage;
mod time;
pub mod vectors;
mod world;

pub use administrator::Administrator;
pub use browser::Browser;
pub use calls::{Call, Fetched};
pub use channel::Channel;
pub use network::{Fault, Network};
pub use server::Answer;
pub use storage::StorageFault;
pub use tab::Tab;
pub use world::World;

use countersign_core::FlowKind;

/// Tells the same journey in every flow.
pub fn in_both_flows(journey: impl Fn(FlowKind)) {
    for flow in [FlowKind::Session, FlowKind::Token] {
        journey(flow);
    }
}
