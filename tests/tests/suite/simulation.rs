//! Whatever users, tabs, network and time do in whatever order: nothing hangs, nobody is signed out by a fault, and in
//! the end every tab tells the truth. `SEEDS=from..to` runs others; a failing seed is named.

use countersign_core::FlowKind::{self, Session, Token};
use countersign_core::Reason;
use countersign_tests::{Browser, Call, Fault, Tab, World};

const CREDENTIAL: [&str; 7] = [
    "GET /auth/session",
    "PATCH /auth/session",
    "POST /auth/session",
    "POST /auth/token",
    "POST /auth/login",
    "GET /auth/events",
    "GET /api/me",
];

#[test]
fn sim_tabs_networks_and_users_in_any_order() {
    for seed in seeds() {
        for flow in [Session, Token] {
            Run::new(seed, flow, false).play();
        }
    }
}

#[test]
fn sim_without_locks() {
    for seed in seeds() {
        Run::new(seed, Token, true).play();
    }
}

fn seeds() -> std::ops::Range<u64> {
    let chosen = std::env::var("SEEDS").ok();
    let range = chosen.as_deref().and_then(|text| text.split_once(".."));
    range.and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?)).unwrap_or(0..8)
}

#[test]
fn sim_users_come_and_go() {
    for seed in seeds() {
        for flow in [Session, Token] {
            Run::new(seed, flow, false).play_with_users();
        }
    }
}

/// One browser, three tabs, one user, and a network with bad days. The user never signs out, and is never idle.
struct Run {
    world: World,
    browser: Browser,
    tabs: Vec<Tab>,
    flow: FlowKind,
    seed: u64,
    chance: u64,
    calls: Vec<(String, Call)>,
    story: Vec<String>,
}

impl Run {
    fn new(seed: u64, flow: FlowKind, without_locks: bool) -> Self {
        let world = World::with(seed, |_| {});
        world.replay_traces(10 + (seed % 60) as usize);
        let browser = world.browser();
        if without_locks {
            browser.refuse_locks();
        }
        let tabs: Vec<Tab> = (0..3).map(|_| browser.open_tab(flow)).collect();
        tabs[0].sign_in("bob").expect("bob may sign in");
        let chance = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self { world, browser, tabs, flow, seed, chance, calls: Vec::new(), story: Vec::new() }
    }

    fn play(mut self) {
        // With one seed chosen, the last steps are told too.
        if std::env::var("SEEDS").is_ok() {
            self.world.listen();
        }
        let sid = self.tabs[0].sid();
        for _ in 0..40 {
            self.act();
        }
        self.calm_down();
        let told = format!("{:?}, seed {}: {:#?}", self.flow, self.seed, self.story);
        for tab in &self.tabs {
            // Lost for longer than the server remembers: the one case in which a fault may cost the session.
            if tab.reason() == Some(Reason::RotationAnswerLost) {
                return;
            }
            let renewals = self.world.network().story("POST /auth/token");
            let steps = (renewals, self.world.last_steps(tab, 40));
            assert_eq!(tab.sid(), sid, "{:?} after {told}; at last {steps:#?}", tab.snapshot());
            assert_eq!(tab.fetch("/api/me").map(|answer| answer.status).ok(), Some(200), "{told}");
        }
        assert!(self.tabs.iter().filter(|tab| tab.has_stream()).count() >= 1, "{told}");
    }

    /// Two users sign in and out, and an administrator interferes. In the end all tabs agree, with each other and with the
    /// server.
    fn play_with_users(mut self) {
        if std::env::var("SEEDS").is_ok() {
            self.world.listen();
        }
        for _ in 0..30 {
            match self.pick(9) {
                0 => self.user("signs in", |tab| tab.begin_sign_in("bob", "bob-demo-pass")),
                1 => self.user("signs in as another", |tab| tab.begin_sign_in("carol", "carol-demo-pass")),
                2 => self.user("fails to sign in", |tab| tab.begin_sign_in("carol", "wrong")),
                3 => self.user("signs out", Tab::begin_sign_out),
                4 => {
                    self.story.push("an administrator ends all of bob's sessions".to_owned());
                    self.world.administrator().revoke_all("bob");
                }
                5 => {
                    self.story.push("an administrator changes bob's roles".to_owned());
                    let role = ["member", "reader"][self.pick(2)];
                    self.world.administrator().set_roles("bob", &[role]);
                }
                _ => self.act(),
            }
        }
        self.calm_down();
        let told = format!("{:?}, seed {}: {:#?}", self.flow, self.seed, self.story);
        let first = &self.tabs[0];
        for tab in &self.tabs {
            let state = (tab.state(), self.world.last_steps(tab, 40));
            assert!(tab.is_signed_in() || tab.reason().is_some(), "{state:?} after {told}");
            assert_eq!((tab.sid(), tab.user()), (first.sid(), first.user()), "tabs differ after {told}");
            assert!(!tab.snapshot().sign_out_owed, "{told}");
            match tab.fetch("/api/me") {
                Ok(answer) => {
                    assert_eq!(answer.status, 200, "{told}");
                    assert_eq!(answer.json()["sid"].as_str(), tab.sid().as_deref(), "{told}");
                    let state = tab.state();
                    let roles = state.claims().map(|claims| claims.roles.clone()).unwrap_or_default();
                    assert_eq!(answer.json()["roles"], serde_json::json!(roles), "stale claims after {told}");
                }
                Err(error) => assert!(error.code == "signed_out" && !tab.is_signed_in(), "{error:?} after {told}"),
            }
        }
        // What a reload shows is what was shown.
        let before = first.user();
        let steps: Vec<_> = self.tabs.iter().map(|tab| self.world.last_steps(tab, 40)).collect();
        first.reload();
        self.world.advance(20);
        assert_eq!(first.user(), before, "{:?} after a reload, {told}; at last {steps:#?}", first.state());
    }

    fn user(&mut self, what: &str, begin: impl Fn(&Tab) -> Call) {
        let which = self.pick(3);
        self.story.push(format!("in tab {which} the user {what}"));
        let call = begin(&self.tabs[which]);
        self.call(what, call);
        for _ in 0..self.pick(40) {
            self.world.step();
        }
    }

    /// All trouble ends, and some time passes.
    fn calm_down(&mut self) {
        self.world.network().heal();
        self.world.release();
        self.browser.go_online();
        self.tabs.iter().for_each(Tab::thaw);
        self.world.settle();
        self.world.advance(90);
        assert!(self.world.replayed().steps > 10, "hardly anything is run again");
        let told = format!("{:?}, seed {}: {:#?}", self.flow, self.seed, self.story);
        for (what, call) in &self.calls {
            assert!(call.is_over(), "{what} hangs in {told}");
        }
    }

    fn act(&mut self) {
        let which = self.pick(3);
        let tab = self.tabs[which].clone();
        let what = CREDENTIAL[self.pick(CREDENTIAL.len())];
        let act = self.pick(16);
        self.story.push(format!("{act} tab {which} {what}"));
        match act {
            0 => self.call("check", tab.check_later()),
            1 | 2 => self.call("fetch", tab.begin_fetch("/api/me")),
            3 => tab.begin_reload(),
            4 => {
                tab.crash();
                tab.begin_reload();
            }
            5 => self.world.advance(self.chance % 90),
            6 | 7 => {
                // An application's own request has no deadline of ours.
                let fault = match self.fault() {
                    Fault::Silence if what == "GET /api/me" => Fault::LoseAnswer,
                    fault => fault,
                };
                self.world.network().next(what, fault);
            }
            8 => self.world.cut_streams(),
            9 => self.browser.go_offline(),
            10 => self.browser.go_online(),
            11 => self.world.release(),
            12 => tab.act(),
            13 => tab.hear_later(r#"{"kind":"moved"}"#),
            14 => {
                tab.leave();
                tab.come_back();
            }
            _ => {
                tab.hide();
                tab.show();
            }
        }
        for _ in 0..self.pick(30) {
            self.world.step();
        }
    }

    fn call(&mut self, what: &str, call: Call) {
        self.calls.push((what.to_owned(), call));
    }

    fn fault(&mut self) -> Fault {
        let html = || Fault::Impostor {
            status: 200,
            headers: vec![("content-type".to_owned(), "text/html".to_owned())],
            body: b"<html>".to_vec(),
        };
        match self.pick(8) {
            0 => Fault::LoseRequest,
            1 => Fault::LoseAnswer,
            2 => Fault::CutBody,
            3 => Fault::Silence,
            4 => Fault::DelayRequest(1_500),
            5 => Fault::DelayAnswer(2_500),
            6 => Fault::HoldAnswer,
            _ => html(),
        }
    }

    fn pick(&mut self, below: usize) -> usize {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        usize::try_from(self.chance >> 33).unwrap_or(0) % below
    }
}
