//! One file per page.

mod account;
mod admin;
mod devices;
mod home;
mod not_found;
mod reports;
mod sign_in;
mod timeline;

pub use account::Account;
pub use admin::Admin;
pub use devices::Devices;
pub use home::Home;
pub use not_found::NotFound;
pub use reports::Reports;
pub use sign_in::SignIn;
pub use timeline::Timeline;
