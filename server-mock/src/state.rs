//! What can a request reach? Everything shared is in here, the clock and the randomness too.

mod clock;
mod limits;
pub mod passwords;
mod random;
mod rotation_styles;

use std::{
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use countersign_verifier::{Expected, Verifier};

use crate::{
    config::{Config, Seed},
    control::Control,
    feed::Feed,
    keys::{KEY_SET_MAX_AGE, Keys, Rotation},
    model::{Report, Roles, Time, User},
    store::{Answer, ServerSecret, Sqlite, Store, Transaction},
};

pub use clock::Clock;
pub use limits::Limits;
pub use passwords::Passwords;
pub use random::Random;
pub use rotation_styles::RotationStyles;

/// How long the reason of an ended session is remembered, in seconds beyond the longest session: a week.
const REMEMBERED_FOR: i64 = 7 * 86_400;

/// How often the slow part of [`State::tick`] runs.
const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(60);

/// Clocks are put right by less than this all the time, and no token notices.
const SET_BACK_AFTER: i64 = 60;

/// The server. Cheap to clone; every clone is the same one.
#[derive(Clone)]
pub struct State(Arc<Inner>);

/// What [`State`] points to.
#[doc(hidden)]
pub struct Inner {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keys: Keys,
    pub(crate) verifier: Verifier,
    pub(crate) feed: Feed,
    pub(crate) passwords: Passwords,
    pub(crate) limits: Limits,
    pub(crate) rotation_styles: RotationStyles,
    /// What `/control` has armed and recorded; there only if it was asked for.
    pub(crate) control: Option<Control>,
    /// The HMAC key from which refresh tokens get their successors.
    pub(crate) rotation_key: Vec<u8>,
    tidied_at: Mutex<Time>,
    ticked_at: Mutex<Time>,
}

impl Deref for State {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Keys and tokens are in there.
        formatter.write_str("State(…)")
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Inner(…)")
    }
}

impl State {
    /// Opens the store, fills it at the first start, and makes or reads the keys. Starts nothing in the background: call
    /// [`State::tick`] each second, or whenever a test wants it.
    ///
    /// # Errors
    /// One sentence for whoever started the server.
    pub async fn new(config: Config, clock: Clock, random: Random) -> Result<State, String> {
        let store = open(&config).await.map_err(|error| match &config.database {
            Some(file) => format!("the database {} cannot be used: {}", file.display(), error.0),
            None => error.to_string(),
        })?;
        Self::with_store(config, clock, random, store).await
    }

    /// The same server after its process was replaced: nothing is left but what the store holds.
    ///
    /// # Errors
    /// Those of [`State::new`].
    pub async fn restarted(&self) -> Result<State, String> {
        self.feed.close().await;
        let (config, clock, random) = (self.config.clone(), self.clock.clone(), self.random.clone());
        Self::with_store(config, clock, random, Arc::clone(&self.store)).await
    }

    async fn with_store(config: Config, clock: Clock, random: Random, store: Arc<dyn Store>) -> Result<State, String> {
        let now = clock.now();
        let rotation_key = first_start(&*store, &config.seed, &random, now).await.map_err(|error| error.to_string())?;
        let expected = Expected { issuer: config.public_url.clone(), audience: config.audience.clone() };
        let users = users(&*store).await.map_err(|error| error.to_string())?;
        let passwords = Passwords::new(&users, &config)
            .map_err(|error| format!("the cost of passwords is not one that Argon2 allows: {error}"))?;
        let state = State(Arc::new(Inner {
            keys: Keys::default(),
            verifier: Verifier::new(expected),
            feed: Feed::default(),
            passwords,
            limits: Limits::new(config.login_limits),
            rotation_styles: RotationStyles::new(&config),
            control: config.control_token.as_ref().map(|token| Control::new(token.expose())),
            tidied_at: Mutex::new(now),
            ticked_at: Mutex::new(now),
            config,
            clock,
            random,
            store,
            rotation_key,
        }));
        state.refresh_keys(now).await.map_err(|error| error.to_string())?;
        state.feed.load(&state).await.map_err(|error| error.to_string())?;
        Ok(state)
    }

    /// The settings it was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// How many event streams are open.
    pub async fn streams(&self) -> usize {
        self.feed.readers().await
    }

    /// What time it is for this server.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// Everything that happens by time alone: a clock that was set back, the feed's tail and heartbeat, the streams' heartbeats, and once a minute
    /// keys, expired sessions and what is forgotten. No answer's correctness waits for it.
    ///
    /// Call it about once a second; the binary does.
    pub async fn tick(&self) {
        let now = self.now();
        let mut outcome = self.notice_set_back(now).await;
        if outcome.is_ok() {
            outcome = self.feed.tick(self, now).await;
        }
        if outcome.is_ok() && self.is_tidying_due(now) {
            outcome = self.tidy(now).await;
        }
        if let Err(unavailable) = outcome {
            tracing::warn!(%unavailable, "the tick is put off");
        }
    }

    /// Hands freshly committed events to verifier and streams. A failure is no one's loss: the next tick does it.
    pub async fn publish(&self) {
        if let Err(unavailable) = self.feed.catch_up(self).await {
            tracing::warn!(%unavailable, "events are published with the next tick");
        }
    }

    /// # Errors
    /// One sentence that names a user whose password everybody can read in our documentation.
    pub async fn refuse_demo_passwords(&self) -> Result<(), String> {
        let users = users(&*self.store).await.map_err(|error| error.to_string())?;
        match users.iter().find(|user| Seed::is_shipped_hash(&user.password_hash)) {
            Some(user) => Err(format!(
                "{} still has the shipped demo password, which other machines must not be able to use; give a --seed of your own",
                user.username
            )),
            None => Ok(()),
        }
    }

    /// Everything as at the first start, but for the keys and for how far the log has counted, so that no credential of
    /// before passes: the first new event ends them all.
    pub async fn reset(&self) -> Answer<()> {
        self.clock.reset();
        let now = self.now();
        let mut transaction = self.store.write().await?;
        transaction.clear().await?;
        fill(&mut *transaction, &self.config.seed, now).await?;
        transaction.append_event(&crate::authority::realm_ended(&self.random, now)).await?;
        transaction.commit().await?;
        *self.ticked_at.lock().unwrap_or_else(PoisonError::into_inner) = now;
        self.limits.clear();
        self.rotation_styles.reset();
        self.publish().await;
        Ok(())
    }

    /// Lets the signing keys take turns now. Tokens of the key before stay good until the next turn.
    pub async fn rotate_keys(&self) -> Answer<()> {
        self.keys.rotate(&*self.store, &self.random, self.now()).await?;
        self.keys.publish_to(&self.verifier);
        Ok(())
    }

    /// A clock that was set back would revive access tokens that had ended, also those of a session that is over or revoked
    /// and already forgotten. So all that were made until now are to be renewed, which asks the store.
    async fn notice_set_back(&self, now: Time) -> Answer<()> {
        let ticked_at = *self.ticked_at.lock().unwrap_or_else(PoisonError::into_inner);
        if now.plus_seconds(SET_BACK_AFTER) < ticked_at {
            tracing::warn!(
                seconds = now.seconds_until(ticked_at),
                "the clock was set back; every access token is stale"
            );
            let mut transaction = self.store.write().await?;
            transaction.append_event(&crate::authority::tokens_stale(&self.random, now)).await?;
            transaction.commit().await?;
        }
        *self.ticked_at.lock().unwrap_or_else(PoisonError::into_inner) = now;
        Ok(())
    }

    async fn tidy(&self, now: Time) -> Answer<()> {
        let horizon = now.plus_seconds(-self.config.session_lifetime - REMEMBERED_FOR);
        let mut transaction = self.store.write().await?;
        transaction.end_expired(now).await?;
        transaction.prune(horizon).await?;
        transaction.commit().await?;
        self.limits.prune(now);
        self.verifier.prune(self.verifier_horizon(now).since_epoch());
        self.refresh_keys(now).await
    }

    fn is_tidying_due(&self, now: Time) -> bool {
        let mut tidied_at = self.tidied_at.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back must not stop the housekeeping.
        let elapsed = now.0.abs_diff(tidied_at.0);
        let is_due = u128::from(elapsed) >= HOUSEKEEPING_EVERY.as_millis();
        if is_due {
            *tidied_at = now;
        }
        is_due
    }

    /// Events from before this moment hit no living credential.
    pub fn verifier_horizon(&self, now: Time) -> Time {
        now.plus_seconds(-self.config.session_lifetime.max(self.config.access_token_lifetime) - 60)
    }

    async fn refresh_keys(&self, now: Time) -> Answer<()> {
        let every = self.config.key_rotation_days * 86_400_000;
        let overlap = (self.config.access_token_lifetime + KEY_SET_MAX_AGE) * 1000;
        if self.keys.refresh(&*self.store, &self.random, now, Rotation { every, overlap }).await? {
            self.keys.publish_to(&self.verifier);
        }
        Ok(())
    }
}

async fn open(config: &Config) -> Answer<Arc<dyn Store>> {
    Ok(match &config.database {
        Some(file) => Arc::new(Sqlite::open(file, config.busy_timeout).await?),
        None => Arc::new(Sqlite::in_memory(config.busy_timeout).await?),
    })
}

async fn users(store: &dyn Store) -> Answer<Vec<User>> {
    store.read().await?.users().await
}

/// Gives the rotation key, made at the first start together with the users.
async fn first_start(store: &dyn Store, seed: &Seed, random: &Random, now: Time) -> Answer<Vec<u8>> {
    const ROTATION: &str = "rotation";
    let mut transaction = store.write().await?;
    if let Some(secret) = transaction.secrets(ROTATION).await?.pop() {
        return Ok(secret.value);
    }
    let value = random.bytes().to_vec();
    let secret = ServerSecret { name: ROTATION.into(), kind: ROTATION.into(), value: value.clone(), since: now };
    transaction.save_secret(&secret).await?;
    fill(&mut *transaction, seed, now).await?;
    transaction.commit().await?;
    Ok(value)
}

async fn fill(transaction: &mut dyn Transaction, seed: &Seed, now: Time) -> Answer<()> {
    for user in &seed.users {
        let roles = Roles::parse(user.roles.iter().map(String::as_str)).expect("Seed::read has checked the roles");
        let user = User {
            sub: format!("u_{}", user.username),
            username: user.username.clone(),
            name: user.name.clone(),
            roles,
            suspended: user.suspended,
            password_hash: user.password_hash.clone(),
        };
        transaction.save_user(&user).await?;
    }
    for report in &seed.reports {
        let (title, author) = (report.title.clone(), report.author.clone());
        transaction.insert_report(&Report { id: 0, title, author, created_at: now }).await?;
    }
    Ok(())
}
