//! A device of a user's: what it asks, what it was answered, and whether that still holds after a kill.

use serde_json::json;

use super::link::{Answer, Link};
use crate::support::Dice;

const CLIENT: &str = "demo-body";

pub struct Device {
    dice: Dice,
    keys: u64,
    lineage: Option<Lineage>,
    /// What was sent last and never answered.
    unanswered: Option<Request>,
    /// The newest tokens of lineages that the server said were over, and why.
    over: Vec<(String, &'static str)>,
    pub answered_renewals: u64,
    pub unanswered_renewals: u64,
    pub findings: Findings,
}

/// What should never be found, a sentence each.
#[derive(Debug, Default)]
pub struct Findings {
    pub lost: Vec<String>,
    pub forked: Vec<String>,
    pub revived: Vec<String>,
}

struct Lineage {
    newest: String,
    /// The three tokens before it, each with the key of the attempt that superseded it; oldest first.
    ancestors: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
enum Request {
    SignIn,
    Renew {
        key: String,
    },
    SignOut,
    /// A stolen token from two renewals ago, which ends the lineage.
    Theft {
        token: String,
        key: String,
    },
}

impl Device {
    pub fn new(seed: u64) -> Device {
        Device {
            dice: Dice::new(seed),
            keys: 0,
            lineage: None,
            unanswered: None,
            over: Vec::new(),
            answered_renewals: 0,
            unanswered_renewals: 0,
            findings: Findings::default(),
        }
    }

    /// Asks one thing after another until the server is gone.
    pub async fn live(&mut self, address: &str, answered: impl Fn()) {
        let Some(mut link) = Link::open(address).await else { return };
        loop {
            let request = self.choose();
            self.unanswered = Some(request.clone());
            let Some(answer) = self.send(&mut link, &request).await else {
                self.unanswered_renewals += u64::from(matches!(request, Request::Renew { .. }));
                return;
            };
            self.unanswered = None;
            self.take_in(request, &answer);
            answered();
        }
    }

    fn choose(&mut self) -> Request {
        let choice = self.dice.roll(100);
        let key = self.new_key();
        match &self.lineage {
            None => Request::SignIn,
            Some(_) if choice < 4 => Request::SignOut,
            Some(Lineage { ancestors, .. }) if choice < 8 && ancestors.len() >= 2 => {
                Request::Theft { token: ancestors[ancestors.len() - 2].0.clone(), key }
            }
            Some(_) => Request::Renew { key },
        }
    }

    fn new_key(&mut self) -> String {
        self.keys += 1;
        format!("attempt-{:016}-{}", self.dice.roll(usize::MAX), self.keys)
    }

    async fn send(&self, link: &mut Link, request: &Request) -> Option<Answer> {
        let newest = self.lineage.as_ref().map(|lineage| lineage.newest.as_str()).unwrap_or_default();
        match request {
            Request::SignIn => {
                let body = json!({"username": "bob", "password": "bob-demo-pass", "client_id": CLIENT});
                link.json("/auth/login", body).await
            }
            Request::Renew { key } => renew(link, newest, key).await,
            Request::SignOut => link.form("/auth/revoke", format!("client_id={CLIENT}&token={newest}")).await,
            Request::Theft { token, key } => renew(link, token, key).await,
        }
    }

    fn take_in(&mut self, request: Request, answer: &Answer) {
        match request {
            Request::SignIn => match answer.refresh_token() {
                Some(token) => self.lineage = Some(Lineage { newest: token.to_owned(), ancestors: Vec::new() }),
                None => self.findings.lost.push(format!("a sign-in was refused: {answer:?}")),
            },
            Request::Renew { key } => self.move_on(&key, answer),
            Request::SignOut if answer.status == 200 => self.bury("signed_out"),
            Request::Theft { .. } if answer.is_refusal("reuse_suspected") => self.bury("reuse_suspected"),
            Request::SignOut => self.findings.revived.push(format!("a sign-out was refused: {answer:?}")),
            Request::Theft { .. } => self.findings.forked.push(format!("a stolen token was taken: {answer:?}")),
        }
    }

    fn move_on(&mut self, key: &str, answer: &Answer) {
        let (Some(lineage), Some(token)) = (&mut self.lineage, answer.refresh_token()) else {
            self.lineage = None;
            return self.findings.lost.push(format!("a renewal was refused: {answer:?}"));
        };
        self.answered_renewals += 1;
        let superseded = std::mem::replace(&mut lineage.newest, token.to_owned());
        lineage.ancestors.push((superseded, key.to_owned()));
        if lineage.ancestors.len() > 3 {
            lineage.ancestors.remove(0);
        }
    }

    fn bury(&mut self, reason: &'static str) {
        self.over.extend(self.lineage.take().map(|lineage| (lineage.newest, reason)));
    }

    /// Compares what the server says after its restart with what it had said before.
    pub async fn audit(&mut self, address: &str) {
        let mut link = Link::open(address).await.expect("the server was started again");
        for (token, reason) in std::mem::take(&mut self.over) {
            let key = self.new_key();
            let answer = renew(&mut link, &token, &key).await.unwrap();
            if !answer.is_refusal(reason) {
                self.findings.revived.push(format!("{reason} is forgotten: {answer:?}"));
            }
        }
        match self.unanswered.take() {
            None => self.audit_answered(&mut link).await,
            Some(Request::SignIn) => {}
            Some(Request::Renew { key }) => self.audit_renewal(&mut link, key).await,
            // Either state is right, and asking again leads to the same end.
            Some(ending) => {
                let answer = self.send(&mut link, &ending).await.unwrap();
                self.take_in(ending, &answer);
            }
        }
    }

    /// The last answer still is the truth: the same attempt gives the same token, and that token is good.
    async fn audit_answered(&mut self, link: &mut Link) {
        let Some(lineage) = &self.lineage else { return };
        if let Some((parent, key)) = lineage.ancestors.last() {
            let again = renew(link, parent, key).await.unwrap();
            match again.refresh_token() {
                Some(token) if token == lineage.newest => {}
                Some(_) => self.findings.forked.push("a second successor after the restart".into()),
                None => self.findings.lost.push(format!("the last attempt is forgotten: {again:?}")),
            }
        }
        let key = self.new_key();
        let Some(lineage) = &self.lineage else { return };
        let answer = renew(link, &lineage.newest, &key).await.unwrap();
        self.move_on(&key, &answer);
    }

    /// Nobody knows whether it happened. The same token with the same key is taken, and gives one successor.
    async fn audit_renewal(&mut self, link: &mut Link, key: String) {
        let Some(lineage) = &self.lineage else { return };
        let first = renew(link, &lineage.newest, &key).await.unwrap();
        let second = renew(link, &lineage.newest, &key).await.unwrap();
        if first.refresh_token().is_some() && first.refresh_token() != second.refresh_token() {
            self.findings.forked.push(format!("one attempt has two successors: {second:?}"));
        }
        self.move_on(&key, &first);
    }
}

async fn renew(link: &mut Link, token: &str, key: &str) -> Option<Answer> {
    let form =
        format!("grant_type=refresh_token&client_id={CLIENT}&idle_for=0&refresh_token={token}&attempt_key={key}");
    link.form("/auth/token", form).await
}
