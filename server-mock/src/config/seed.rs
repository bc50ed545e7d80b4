//! Who is there at the first start?

use std::path::Path;

use serde::Deserialize;

use super::{PasswordCost, RotationStyle};
use crate::{model::Roles, state::passwords};

/// What a new database is filled with.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    #[serde(default)]
    pub users: Vec<SeedUser>,
    /// Applications; the first one is meant where a sign-in names none.
    pub clients: Vec<Client>,
    #[serde(default)]
    pub reports: Vec<SeedReport>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedUser {
    pub username: String,
    pub name: String,
    pub roles: Vec<String>,
    #[serde(default)]
    pub suspended: bool,
    /// Argon2id, as a PHC string.
    pub password_hash: String,
}

/// An application that signs users in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    pub client_id: String,
    /// Where its refresh tokens travel. The registration decides; a request can't choose.
    #[serde(default)]
    pub refresh: RefreshDelivery,
    /// How its refresh tokens rotate, where not as the server's.
    pub rotation: Option<RotationStyle>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RefreshDelivery {
    /// In `__Host-refresh`, which script can't read.
    #[default]
    Cookie,
    /// In the body, for an application on another site, where a cookie can't be.
    Body,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedReport {
    pub title: String,
    pub author: String,
}

impl Seed {
    /// The demo's own: alice, bob, carol and dave.
    pub fn shipped() -> Seed {
        toml::from_str(include_str!("../../seed.toml")).expect("the shipped seed is read by a test")
    }

    /// # Errors
    /// One sentence that says what is wrong with the file.
    pub fn read(file: &Path) -> Result<Seed, String> {
        let text =
            std::fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
        let seed: Seed = toml::from_str(&text)
            .map_err(|error| format!("{} is not a valid seed: {}", file.display(), error.message()))?;
        seed.check().map_err(|problem| format!("{}: {problem}", file.display()))?;
        Ok(seed)
    }

    /// The password that a shipped user has.
    pub fn demo_password(username: &str) -> String {
        format!("{username}-demo-pass")
    }

    /// The password of a user whose hash is a shipped one.
    pub fn shipped_password(user: &SeedUser) -> Option<String> {
        Self::is_shipped_hash(&user.password_hash).then(|| Self::demo_password(&user.username))
    }

    /// Whether everybody can know the password behind this hash.
    pub fn is_shipped_hash(hash: &str) -> bool {
        Self::shipped().users.iter().any(|user| user.password_hash == hash)
    }

    /// Gives every user the demo password, hashed at another cost.
    pub fn hash_demo_passwords_at(&mut self, cost: &PasswordCost) {
        for user in &mut self.users {
            let salt = format!("a fixed salt for {}", user.username);
            user.password_hash = passwords::hash(&Self::demo_password(&user.username), cost, salt.as_bytes())
                .expect("the cost is one that Argon2 allows");
        }
    }

    fn check(&self) -> Result<(), String> {
        if self.clients.is_empty() {
            return Err("there must be at least one client".to_owned());
        }
        for user in &self.users {
            if Roles::parse(user.roles.iter().map(String::as_str)).is_none() {
                return Err(format!("the roles of {} must be among admin, member and reader", user.username));
            }
            if !user.password_hash.starts_with("$argon2id$") {
                return Err(format!("the password_hash of {} must be an Argon2id PHC string", user.username));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_shipped_users_have_the_passwords_that_the_readme_promises() {
        let seed = Seed::shipped();
        seed.check().unwrap();
        let passwords = passwords::Passwords::new(&[], &crate::Config::for_tests()).unwrap();
        for user in &seed.users {
            let password = Seed::demo_password(&user.username);
            assert!(passwords.verify(Some(&user.password_hash), password).await.unwrap(), "{}", user.username);
        }
    }
}
