//! The server as its clients see it: files mirror the addresses, names say what is proved. Nothing sleeps; the one clock
//! moves by hand. Ids such as S05 are those of the requirements.

// In a test a failed unwrap is a failed test; clippy only knows that of the test functions themselves.
#![allow(clippy::unwrap_used)]

mod admin;
mod api;
mod binary;
mod clock;
mod control;
mod devices;
mod events;
mod every_route;
mod faults;
mod flood;
mod keys;
mod kill;
mod network;
mod page;
mod rotation;
mod rotation_model;
mod rotation_styles;
mod session;
mod store;
mod stream_faults;
mod support;
mod token;
