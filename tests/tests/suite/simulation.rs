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
    range.and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?)).unwrap_or(0..12)
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
        self.world.network().heal();
        self.world.release();
        self.browser.go_online();
        self.tabs.iter().for_each(Tab::thaw);
        self.world.settle();
        self.world.advance(90);
        let told = format!("{:?}, seed {}: {:#?}", self.flow, self.seed, self.story);
        for (what, call) in &self.calls {
            assert!(call.is_over(), "{what} hangs in {told}");
        }
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
