//! Journeys of users, tabs, browsers and administrators, told in a World with the real server and one clock.

mod gate;
mod hostile;
mod renewal;
mod revocation;
mod secrets;
mod session;
mod simulation;
mod tabs;
mod token;
