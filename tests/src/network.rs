//! What does the network do to a request? Nothing, unless a journey asked for trouble.

use std::collections::VecDeque;

use countersign_core::Secret;

use crate::time::Millis;

/// One kind of trouble.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It never arrives, and the browser learns that at once.
    LoseRequest,
    /// The server does what it was asked for, and its answer is lost: no cookie arrives either.
    LoseAnswer,
    /// The cookies of the answer arrive and its body does not: the connection broke in between, or nobody waited.
    CutBody,
    /// Nothing comes back, and nobody says so.
    Silence,
    /// The connection dies after the server did it, and the browser sends the request once more by itself.
    Double,
    /// The server does it so many milliseconds later.
    DelayRequest(Millis),
    /// The answer comes so many milliseconds later.
    DelayAnswer(Millis),
    /// The request waits until [`World::release`](crate::World::release).
    HoldRequest,
    /// The answer waits until [`World::release`](crate::World::release).
    HoldAnswer,
    /// The same, and the browser takes its cookies even if nobody waits for it any more.
    HoldCookie,
    /// The answer waits, and if the request is given up meanwhile the browser takes its cookies a moment later: they were
    /// on their way to the jar.
    LateCookie,
    /// Somebody else answers, and the server never hears of it.
    Impostor { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    /// A member of the JSON answer has another value.
    Change { member: &'static str, value: serde_json::Value },
}

/// One request, as a journey may look at it afterwards.
#[derive(Debug, Clone)]
pub struct Sent {
    pub tab: usize,
    pub browser: usize,
    /// `POST /auth/token`.
    pub what: String,
    pub at: Millis,
    /// The header `Countersign-Request`.
    pub believed: Option<String>,
    pub(crate) body: Option<Secret>,
    /// What the network did to it.
    pub fault: Option<String>,
    /// None as long as the server has not answered.
    pub status: Option<u16>,
    /// Where in the order of all beginnings and ends it began, and ended for the browser.
    pub(crate) began: usize,
    pub(crate) ended: Option<usize>,
}

/// The network between browsers and server.
#[derive(Debug, Default)]
pub struct Network {
    rules: VecDeque<Rule>,
    pub(crate) log: Vec<Sent>,
    order: usize,
    /// No request gets through and streams are cut; nobody is told.
    pub(crate) is_down: bool,
}

#[derive(Debug)]
struct Rule {
    what: String,
    times: usize,
    fault: Fault,
}

impl Network {
    /// The next request of that kind (`POST /auth/token`, without its query) meets this fault.
    pub fn next(&mut self, what: &str, fault: Fault) {
        self.times(1, what, fault);
    }

    pub fn times(&mut self, times: usize, what: &str, fault: Fault) {
        self.rules.push_back(Rule { what: what.to_owned(), times, fault });
    }

    /// Nothing goes wrong any more.
    pub fn heal(&mut self) {
        self.rules.clear();
        self.is_down = false;
    }

    /// No request gets through from now on, and nobody is told so.
    pub fn break_down(&mut self) {
        self.is_down = true;
    }

    /// The line is there again.
    pub(crate) fn come_up(&mut self) {
        self.is_down = false;
    }

    /// Every request of that kind so far.
    pub fn sent(&self, what: &str) -> Vec<Sent> {
        self.log.iter().filter(|sent| sent.what.split('?').next() == Some(what)).cloned().collect()
    }

    pub fn count(&self, what: &str) -> usize {
        self.sent(what).len()
    }

    /// The most requests of that kind that one browser ever had out at the same time.
    pub fn most_at_once(&self, what: &str) -> usize {
        let sent = self.sent(what);
        let is_out_when = |one: &Sent, began: usize| one.began <= began && one.ended.is_none_or(|ended| ended > began);
        let beside = |one: &Sent| {
            sent.iter().filter(|other| other.browser == one.browser && is_out_when(other, one.began)).count()
        };
        sent.iter().map(beside).max().unwrap_or(0)
    }

    /// Every request of that kind in a line each, for whoever wants to know what went wrong.
    pub fn story(&self, what: &str) -> Vec<String> {
        let short = |key: Option<String>| key.map_or("-".to_owned(), |key| key.chars().take(4).collect());
        self.sent(what)
            .iter()
            .map(|sent| {
                let (key, last) = (short(sent.form("attempt_key")), short(sent.form("last_attempt_key")));
                let fault = sent.fault.as_deref().unwrap_or("");
                format!("{} tab {} key {key} after {last}: {:?} {fault}", sent.at, sent.tab, sent.status)
            })
            .collect()
    }

    /// How many requests there were so far.
    pub fn log_len(&self) -> usize {
        self.log.len()
    }

    /// The next place in the order of beginnings and ends.
    pub(crate) fn next_place(&mut self) -> usize {
        self.order += 1;
        self.order
    }

    pub(crate) fn fault(&mut self, what: &str) -> Option<Fault> {
        let what = what.split('?').next().unwrap_or_default();
        let at = self.rules.iter().position(|rule| rule.what == what)?;
        let rule = &mut self.rules[at];
        rule.times -= 1;
        let fault = rule.fault.clone();
        if rule.times == 0 {
            self.rules.remove(at);
        }
        Some(fault)
    }
}

impl Sent {
    /// The form parameter of a renewal.
    pub fn attempt_key(&self) -> Option<String> {
        self.form("attempt_key")
    }

    fn form(&self, name: &str) -> Option<String> {
        let mut pairs = self.body.as_ref()?.expose().split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    }
}
