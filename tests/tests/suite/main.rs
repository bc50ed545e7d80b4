//! Journeys of users, tabs, browsers and administrators, told in a World with the real server and one clock.

mod clock;
mod debts;
mod endings;
mod gate;
mod hostile;
mod idle;
mod keys;
mod late;
mod pace;
mod renewal;
mod revocation;
mod secrets;
mod session;
mod sign_out;
mod simulation;
mod storage;
mod tabs;
mod token;
mod trace;
mod turns;
mod userinfo;
