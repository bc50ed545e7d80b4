//! Journeys of users, tabs, browsers and administrators, told in a World with the real server and one clock.

mod session;
