//! What happens next? The one mutable thing of the core: it takes an input at a moment and hands out effects.

mod clocks;
mod rest;
mod trace;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::claims::Claims;
use crate::config::Config;
use crate::effect::{Effect, Reply};
use crate::error::Error;
use crate::flow::{Established, Flow, SHORTEST};
use crate::idle::{Idle, MARGIN};
use crate::input::{CallId, Command, Input, PageNews, Stamp};
use crate::kept::KeptTokens;
use crate::planted::{Bug, Planted};
use crate::renewal::Renewals;
use crate::requests::Requests;
use crate::revocation::Revocation;
use crate::secret::Secret;
use crate::state::{Durability, Reason, Session, Snapshot, Standing, State};
use crate::tabs::Tabs;
use crate::time::{Moment, MonotonicMillis, ServerClock, ServerTime, UnixMillis};
use crate::trace::{Trace, at_rest};

/// A token that ends within this is not sent any more: the request would arrive after its end.
pub(crate) const TOKEN_MARGIN: u64 = 5_000;

/// The state machine of one client in one tab.
pub struct Machine {
    pub(crate) config: Config,
    pub(crate) flow: &'static dyn Flow,
    pub(crate) now: Moment,
    pub(crate) who: Who,
    /// Grows with every sign-in, renewal and sign-out of this browser, as far as this tab knows.
    pub(crate) generation: u64,
    pub(crate) renewals: Renewals,
    pub(crate) requests: Requests,
    pub(crate) revocation: Revocation,
    pub(crate) tabs: Tabs,
    pub(crate) page: Page,
    pub(crate) idle: Idle,
    pub(crate) kept: KeptTokens,
    pub(crate) server_clock: ServerClock,
    pub(crate) problem: Option<Error>,
    effects: VecDeque<Effect>,
    last_stamp: Stamp,
    wakes_at: Option<MonotonicMillis>,
    hint: Option<UnixMillis>,
    trace: Option<Box<Trace>>,
    pub(crate) planted: Planted,
}

/// Who is signed in, with what it takes to act for them.
#[derive(Debug)]
pub(crate) enum Who {
    Unknown,
    Nobody(Reason),
    User(Box<Holding>),
}

/// A credential and what came with it.
#[derive(Debug)]
pub(crate) struct Holding {
    pub claims: Arc<Claims>,
    pub sid: String,
    pub token: Option<Token>,
    pub established_at: MonotonicMillis,
    pub session_ends: MonotonicMillis,
    /// How much nearer `session_ends` came because the machine slept, or because its clock was set: which of both, only
    /// the server can tell.
    pub drifted: u64,
    /// The generation of the record that this came with.
    pub generation: u64,
    pub expires_at: UnixMillis,
    /// Since when events may have been missed, and when there last was a reason to think so.
    pub doubted: Option<(UnixMillis, UnixMillis)>,
    /// When to renew ahead of need; moved on by each success. A cookie is not renewed.
    pub renew_at: Option<MonotonicMillis>,
}

at_rest!(Holding {
    claims,
    token,
    established_at,
    session_ends,
    drifted,
    generation,
    expires_at,
    doubted,
    renew_at
} public { sid });

#[derive(Debug)]
pub(crate) struct Token {
    pub secret: Secret,
    pub ends: MonotonicMillis,
    pub expires_at: UnixMillis,
}

at_rest!(Token { secret, ends, expires_at });

/// What the machine knows of its page and user.
#[derive(Debug)]
pub(crate) struct Page {
    pub visible: bool,
    pub online: bool,
    /// Hidden for good or in the back/forward cache: nothing gated is shown until it was checked again (C34).
    pub covered: bool,
}

at_rest!(Page { visible, online, covered });

/// Prints what an application can see; tokens on their way through are nobody's to print.
impl std::fmt::Debug for Machine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts = formatter.debug_struct("Machine");
        parts.field("generation", &self.generation).field("snapshot", &self.snapshot()).finish_non_exhaustive()
    }
}

impl Machine {
    pub fn new(config: Config) -> Self {
        let now = Moment { wall: 0, monotonic: 0, random: [0; 32] };
        Self {
            flow: config.flow.flow(),
            renewals: Renewals::default(),
            requests: Requests::default(),
            revocation: Revocation::new(config.issuer.clone(), config.address("")),
            tabs: Tabs::default(),
            page: Page { visible: true, online: true, covered: false },
            idle: Idle::default(),
            kept: KeptTokens::default(),
            server_clock: ServerClock::default(),
            trace: Trace::new(&config),
            config,
            now,
            who: Who::Unknown,
            generation: 0,
            problem: None,
            effects: VecDeque::new(),
            last_stamp: 0,
            wakes_at: None,
            hint: None,
            planted: Planted::default(),
        }
    }

    /// Takes one piece of news. Drain [`Machine::poll_effect`] afterwards.
    pub fn handle(&mut self, moment: Moment, input: Input) {
        let done = self.begin_step(&moment, &input);
        self.advance(moment);
        // Before anything is heard: what waited while the page stood still is no sign of life (C34).
        self.check_on_time();
        self.stream_on_time();
        match input {
            Input::Started => self.on_started(),
            Input::Woke => self.wakes_at = None,
            Input::Command { id, command } => self.on_command(id, command),
            Input::Dropped { id } => self.requests.forget(id),
            Input::Http { stamp, outcome } => self.on_http(stamp, outcome),
            Input::Record { stamp, outcome } => self.on_record(stamp, outcome),
            Input::Swap { stamp, outcome } => self.on_swap(stamp, outcome),
            Input::Recalled { stamp, outcome } => self.on_recalled(stamp, outcome),
            Input::Lock { stamp, outcome } => self.on_lock(stamp, outcome),
            Input::Leading { stamp } => self.on_leading(stamp),
            Input::Tab { text } => self.on_tab(&text),
            Input::Stream { stamp, news } => self.on_stream(stamp, news),
            Input::Verified { stamp, outcome } => self.on_verified(stamp, outcome),
            Input::Page(news) => self.on_page(news),
        }
        self.look_again();
        self.on_time();
        self.keep_stream();
        self.set_timer();
        self.keep_hint();
        self.end_step(done);
    }

    /// The next piece of work for the host; none when all is handed out.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Everything an application can see now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            state: self.state(),
            problem: self.problem.clone(),
            sign_out_owed: self.renewals.record().sign_out_owed.is_some(),
            durability: if self.renewals.is_shared() { Durability::Shared } else { Durability::ThisTab },
            storage: self.storage(),
            waiting: self.requests.waiting(),
            idle_ends_at: self.idle_ends_at(),
        }
    }

    /// What the server's clock says, as its answers have shown it; none before the first.
    pub fn server_time(&self, monotonic: MonotonicMillis) -> Option<ServerTime> {
        self.server_clock.at(monotonic)
    }

    fn state(&self) -> State {
        // That nobody is signed in shows nothing that is gated.
        if self.page.covered && !matches!(self.who, Who::Nobody(_)) {
            return State::Unknown;
        }
        if self.renewals.wants_sign_in() {
            return State::SigningIn;
        }
        match &self.who {
            Who::Unknown => State::Unknown,
            Who::Nobody(reason) => State::SignedOut { reason: *reason },
            Who::User(holding) => State::SignedIn {
                claims: Arc::clone(&holding.claims),
                session: Session {
                    sid: holding.sid.clone(),
                    flow: self.config.flow,
                    token_expires_at: holding.token.as_ref().map(|token| token.expires_at),
                },
                expires_at: holding.expires_at,
                standing: match holding.doubted {
                    Some((since, _)) => Standing::Unverified { since },
                    None if self.renewals.is_renewing() => Standing::Renewing,
                    None => Standing::Current,
                },
            },
        }
    }

    fn on_started(&mut self) {
        self.stand_for_leader();
        if !self.recall() {
            self.want_credential();
        }
    }

    fn on_command(&mut self, id: CallId, command: Command) {
        match command {
            Command::SignIn { username, password } => self.sign_in(id, username, password),
            Command::SignOut => self.sign_out(id),
            Command::Check => self.want_check(Some(id)),
            Command::Stay => self.stay(id),
            Command::Ask(ask) => self.on_ask(id, ask),
            Command::Answered(answer) => self.on_answered(id, &answer),
            Command::AccessToken => self.on_access_token(id),
            Command::Sessions => self.on_own_request(id, crate::requests::Own::Sessions),
            Command::Revoke(revoke) => self.on_own_request(id, crate::requests::Own::Revoke(revoke)),
        }
    }

    fn on_page(&mut self, news: PageNews) {
        match news {
            PageNews::Visible => {
                self.page.visible = true;
                self.look();
                self.settle_debt();
            }
            PageNews::Hidden => self.page.visible = false,
            PageNews::Leaving => {
                self.page.covered = true;
                self.stand_down();
                self.close_stream();
                self.disclaim();
                self.leave();
            }
            PageNews::Shown if self.page.covered => {
                self.stand_for_leader();
                self.recall();
                self.doubt();
                self.want_check(None);
                self.look();
            }
            PageNews::Shown => {}
            PageNews::Online => {
                self.page.online = true;
                self.retry_now();
            }
            PageNews::Offline => {
                self.page.online = self.has(Bug::IgnoresOffline);
                self.doubt();
            }
            PageNews::Acted => self.idle.act(self.now.monotonic),
        }
    }

    /// Takes over what the server established. The only place where anybody becomes signed in.
    pub(crate) fn establish(&mut self, established: Established) {
        let now = self.now;
        let at = |lifetime: u64| now.wall.saturating_add_unsigned(lifetime);
        let ends = |lifetime: u64| now.monotonic.saturating_add(lifetime);
        let lifetime = established.token.as_ref().map(|token| token.lifetime);
        // One that has ended, by the server's own answers, would be asked about without end (C21).
        let is_at_end = self.holding().is_some_and(|holding| holding.session_ends <= now.monotonic);
        let least = if is_at_end { SHORTEST } else { 0 };
        self.page.covered = false;
        self.problem = None;
        self.revocation.place_at(established.ep, established.issuer);
        if self.sid() != Some(&established.sid) {
            self.idle.forget();
        }
        self.idle.learn(now.monotonic, established.idle_lifetime, established.told_act);
        let (token, decoded) = match (established.token, lifetime) {
            (Some(bearer), Some(lifetime)) => {
                (Some(Token { secret: bearer.secret, ends: ends(lifetime), expires_at: at(lifetime) }), bearer.decoded)
            }
            _ => (None, None),
        };
        self.who = Who::User(Box::new(Holding {
            claims: Arc::new(established.claims),
            sid: established.sid,
            token,
            established_at: now.monotonic,
            session_ends: ends(established.session_lifetime.saturating_add(MARGIN).max(least)),
            drifted: 0,
            generation: self.generation,
            expires_at: at(established.session_lifetime),
            doubted: None,
            renew_at: crate::renewal::renew_at(&now, lifetime),
        }));
        if let Some(decoded) = decoded {
            self.verify_claims(decoded);
        }
    }

    /// Nobody is signed in any more, for this reason. Nothing of the user stays.
    pub(crate) fn forget(&mut self, reason: Reason) {
        self.page.covered = false;
        self.who = Who::Nobody(reason);
        self.tabs.tell_of_another = false;
        self.idle.forget();
        self.retain(None);
        self.revocation.forget();
        self.close_stream();
    }

    pub(crate) fn doubt(&mut self) {
        if let Who::User(holding) = &mut self.who {
            let now = self.now.wall;
            holding.doubted = Some((holding.doubted.map_or(now, |(since, _)| since), now));
        }
    }

    pub(crate) fn trust(&mut self) {
        if let Who::User(holding) = &mut self.who {
            holding.doubted = None;
        }
    }

    /// However long it said that the token would last: renewing can't lose what is lost.
    pub(crate) fn token_is_refused(&mut self) {
        if let Who::User(holding) = &mut self.who
            && let Some(token) = &mut holding.token
        {
            token.ends = self.now.monotonic;
        }
    }

    pub(crate) fn holding(&self) -> Option<&Holding> {
        match &self.who {
            Who::User(holding) => Some(holding),
            _ => None,
        }
    }

    pub(crate) fn sid(&self) -> Option<&str> {
        self.holding().map(|holding| holding.sid.as_str())
    }

    /// Whether what we hold can be sent: a cookie always, a token until shortly before its end.
    pub(crate) fn is_credential_usable(&self) -> bool {
        self.holding().is_some_and(|holding| match &holding.token {
            None => true,
            Some(token) => self.now.monotonic + TOKEN_MARGIN < token.ends,
        })
    }

    pub(crate) fn stamp(&mut self) -> Stamp {
        self.last_stamp += 1;
        self.last_stamp
    }

    pub(crate) fn emit(&mut self, effect: Effect) {
        self.effects.push_back(effect);
    }

    pub(crate) fn reply(&mut self, id: CallId, reply: Reply) {
        self.emit(Effect::Reply { id, reply });
    }

    fn on_time(&mut self) {
        self.renew_on_time();
        self.idle_on_time();
        self.check_on_time();
        self.stream_on_time();
        self.keys_on_time();
    }

    /// Keeps one timer, for the nearest thing that has a time.
    fn set_timer(&mut self) {
        let deadlines = [
            self.renewal_deadline(),
            self.idle_deadline(),
            self.check_deadline(),
            self.stream_deadline(),
            self.keys_deadline(),
        ];
        let nearest = deadlines.into_iter().flatten().min();
        if nearest == self.wakes_at {
            return;
        }
        self.wakes_at = nearest;
        let after = nearest.map(|at| at.saturating_sub(self.now.monotonic).min(crate::time::LONGEST_TIMER));
        self.emit(Effect::Wake { after });
    }

    fn keep_hint(&mut self) {
        let hint = match &self.who {
            Who::Unknown => return,
            Who::Nobody(_) => None,
            Who::User(holding) => Some(holding.expires_at),
        };
        if hint != self.hint {
            self.hint = hint;
            self.emit(Effect::Hint { signed_in_until: hint });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::FlowKind;

    #[test]
    fn c29_a_machine_prints_what_an_application_can_see() {
        let machine = Machine::new(Config::new(FlowKind::Token, "https://app.test", "https://app.test"));
        assert!(format!("{machine:?}").starts_with("Machine { generation: 0, snapshot: Snapshot { state: Unknown"));
    }
}
