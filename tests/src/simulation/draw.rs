//! Which acts does a seed choose? Each seed leaves out some kinds of acts and favours others, so that every mixture comes
//! up; what begins some trouble is often followed by what ends it.

use crate::chance::Chance;
use crate::channel::Channel;
use crate::simulation::act::{Act, Entry, Flow, Trouble, User, What};
use crate::simulation::plan::{Device, Keeping, Plan, Server, Setting};
use crate::storage::StorageFault;

/// The plan of a seed, with so many acts.
pub fn plan(seed: u64, acts: u32) -> Plan {
    let mut dice = Dice(Chance::new(seed ^ 0x5eed));
    let setting = setting(&mut dice);
    let mut drawer = Drawer::new(dice, setting.devices.len());
    let mut chosen = drawer.beginning();
    while chosen.len() < acts as usize {
        chosen.extend(drawer.next());
    }
    let numbered = (0..).zip(chosen);
    let entries = numbered.map(|(number, act)| Entry { number, act, steps: drawer.dice.steps() }).collect();
    Plan { simulation: seed, setting, acts: entries }
}

fn setting(dice: &mut Dice) -> Setting {
    let devices = if dice.one_in(3) { 2 } else { 1 };
    Setting {
        devices: (0..devices).map(|_| device(dice)).collect(),
        server: server(dice),
        shuffles: dice.pick([None, Some(8), Some(3), Some(2)]),
    }
}

fn device(dice: &mut Dice) -> Device {
    Device {
        has_locks: !dice.one_in(5),
        has_storage: !dice.one_in(10),
        keeps_tokens: dice.pick([Keeping::Memory, Keeping::Memory, Keeping::Session, Keeping::IndexedDb]),
        channel: dice.pick([Channel::Good, Channel::Good, Channel::Good, Channel::Bad, Channel::Dead]),
        clock_is_off: dice.pick([0, 0, 0, 3_600, -3_600, 86_400, -40_000_000, 40]),
        counts_sleep: dice.one_in(3),
        lateness: dice.pick([0, 0, 1_000, 60_000]),
        evicts_cached: !dice.one_in(3),
    }
}

fn server(dice: &mut Dice) -> Server {
    Server {
        access_token_lifetime: dice.pick([300, 300, 60, 900]),
        session_lifetime: dice.pick([43_200, 43_200, 3_600, 259_200]),
        idle_limit: dice.pick([1_800, 1_800, 600, 14_400]),
        refresh_retry_for: dice.pick([60, 60, 60, 10, 600]),
        key_rotation_days: dice.pick([30, 1]),
    }
}

/// Kinds of acts that belong together.
#[derive(Clone, Copy)]
enum Kind {
    Pages,
    Stillness,
    Users,
    Calls,
    Time,
    Requests,
    Lines,
    Storage,
    Others,
    Clocks,
    Administration,
    Thieves,
}

const KINDS: [Kind; 12] = [
    Kind::Pages,
    Kind::Stillness,
    Kind::Users,
    Kind::Calls,
    Kind::Time,
    Kind::Requests,
    Kind::Lines,
    Kind::Storage,
    Kind::Others,
    Kind::Clocks,
    Kind::Administration,
    Kind::Thieves,
];

struct Drawer {
    dice: Dice,
    devices: usize,
    flow: Option<Flow>,
    weights: [u64; KINDS.len()],
    /// What ends the troubles that are on.
    remedies: Vec<Act>,
}

impl Drawer {
    fn new(mut dice: Dice, devices: usize) -> Self {
        let flow = dice.pick([Some(Flow::Session), Some(Flow::Token), Some(Flow::Token), None]);
        let weights = KINDS.map(|kind| match kind {
            Kind::Time | Kind::Calls => dice.pick([1, 3, 6]),
            Kind::Thieves | Kind::Clocks => dice.pick([0, 0, 0, 0, 1]),
            Kind::Storage | Kind::Administration => dice.pick([0, 0, 1, 3]),
            _ => dice.pick([0, 1, 3, 6]),
        });
        Self { dice, devices, flow, weights, remedies: Vec::new() }
    }

    /// Some tabs, and mostly somebody who signs in.
    fn beginning(&mut self) -> Vec<Act> {
        let tabs = self.dice.pick([1, 2, 3, 3, 4, 6]);
        let mut acts: Vec<Act> = (0..tabs).map(|_| self.open()).collect();
        acts.push(self.sign_in());
        if self.dice.one_in(2) {
            acts.push(self.sign_in());
        }
        acts
    }

    fn next(&mut self) -> Vec<Act> {
        if !self.remedies.is_empty() && self.dice.one_in(5) {
            let which = self.dice.0.choose(self.remedies.len());
            return vec![self.remedies.swap_remove(which)];
        }
        let all: u64 = self.weights.iter().sum();
        let mut drawn = self.dice.0.below(all);
        for (kind, weight) in KINDS.into_iter().zip(self.weights) {
            if drawn < weight {
                return self.draw(kind);
            }
            drawn -= weight;
        }
        Vec::new()
    }

    fn draw(&mut self, kind: Kind) -> Vec<Act> {
        let tab = self.dice.tab();
        let browser = self.dice.0.choose(self.devices);
        let act = match kind {
            Kind::Pages => match self.dice.0.below(9) {
                0 | 1 => self.open(),
                8 => Act::Duplicate { tab },
                2 => Act::Close { tab },
                3 => Act::Crash { tab },
                4 => Act::CrashSoon { tab, effects: self.dice.0.choose(12) },
                _ => Act::Reload { tab },
            },
            Kind::Stillness => return self.stillness(tab, browser),
            Kind::Users => match self.dice.0.below(8) {
                0 | 1 => self.sign_in(),
                2 => Act::SignIn { tab, user: self.dice.user(), right: false },
                3 => Act::SignOut { tab },
                4 | 5 => Act::Touch { tab },
                _ => Act::Work { tab, minutes: 1 + self.dice.0.below(20) },
            },
            Kind::Calls => self.call(tab),
            Kind::Time => Act::Wait { seconds: self.dice.seconds() },
            Kind::Requests => self.trouble(),
            Kind::Lines => return self.line(browser),
            Kind::Storage => return self.storage(browser),
            Kind::Others => match self.dice.0.below(4) {
                0 => Act::Shout { tab, which: self.dice.0.choose(4) },
                1 => Act::ForgeFrame { tab, which: self.dice.0.choose(4) },
                2 => Act::TakeLock { browser, seconds: 1 + self.dice.0.below(30) },
                _ => Act::Channel {
                    browser,
                    channel: self.dice.pick([Channel::Good, Channel::Good, Channel::Bad, Channel::Dead]),
                },
            },
            Kind::Clocks => {
                Act::SetClock { browser, off: self.dice.pick([0, 60, -60, 3_600, -3_600, 86_400, -86_400]) }
            }
            Kind::Administration => return self.administration(browser),
            Kind::Thieves => {
                self.remedies.push(Act::UseStolen);
                Act::Steal { browser }
            }
        };
        vec![act]
    }

    fn stillness(&mut self, tab: usize, browser: usize) -> Vec<Act> {
        let (act, remedy) = match self.dice.0.below(5) {
            0 => (Act::Leave { tab }, Act::Return { tab }),
            1 => (Act::Freeze { tab }, Act::Thaw { tab, hears: self.dice.one_in(2) }),
            2 | 3 => (Act::Hide { tab }, Act::Show { tab }),
            _ => {
                let seconds = self.dice.pick([30, 600, 3_600, 28_800]);
                let nap = [Act::FallAsleep { browser }, Act::Wait { seconds }];
                return nap.into_iter().chain(self.dice.one_in(2).then_some(Act::WakeUp { browser })).collect();
            }
        };
        self.remedies.push(remedy);
        vec![act]
    }

    fn line(&mut self, browser: usize) -> Vec<Act> {
        let (act, remedy) = match self.dice.0.below(6) {
            0 | 1 => (Act::Offline { browser }, Act::Online { browser }),
            2 => (Act::LineDown, Act::LineUp),
            3 => (Act::StallStreams { browser }, Act::UnstallStreams { browser }),
            4 => return vec![Act::CutStreams],
            _ => return vec![Act::Release],
        };
        self.remedies.push(remedy);
        vec![act]
    }

    fn storage(&mut self, browser: usize) -> Vec<Act> {
        let fault = match self.dice.0.below(5) {
            0 => StorageFault::Throw,
            1 => StorageFault::Hang,
            2 => StorageFault::LoseAnswer,
            3 => StorageFault::Delay(self.dice.0.below(2_500)),
            _ => StorageFault::DelayAnswer(self.dice.0.below(2_500)),
        };
        let act = match self.dice.0.below(10) {
            0 => Act::RefuseStorage { browser },
            1 => Act::FillStorage { browser },
            2 => Act::ClearStorage { browser },
            3 => return vec![Act::EvictCookies { browser }],
            _ => Act::Storage { browser, fault, times: self.dice.pick([1, 1, 2, 6]) },
        };
        self.remedies.push(Act::MendStorage { browser });
        vec![act]
    }

    fn administration(&mut self, browser: usize) -> Vec<Act> {
        let user = self.dice.user();
        match self.dice.0.below(6) {
            0 => vec![Act::EndSessions { user }],
            1 => vec![Act::EndSession { browser, flow: self.flow() }],
            2 | 3 => vec![Act::SetRoles { user, member: self.dice.one_in(2) }],
            4 => vec![Act::RestartServer],
            _ => {
                self.remedies.push(Act::Restore { user });
                vec![Act::Suspend { user }]
            }
        }
    }

    fn call(&mut self, tab: usize) -> Act {
        match self.dice.0.below(17) {
            16 => Act::Stay { tab },
            0..=2 => Act::Check { tab },
            3..=8 => Act::Fetch { tab },
            9 => Act::Post { tab },
            10 => Act::Forbidden { tab },
            11 => Act::AccessToken { tab },
            12 => Act::Sessions { tab },
            13 => Act::Drop { tab },
            14 => Act::Restless { tab, times: 1 + self.dice.below(4) },
            _ if self.dice.one_in(2) => Act::EndOthers { tab },
            _ => Act::EndAll { tab },
        }
    }

    fn trouble(&mut self) -> Act {
        let status = self.dice.pick([500, 502, 503, 503, 429, 403, 404, 400, 401]);
        let retry_after = self.dice.pick([None, Some(1), Some(5), Some(120)]);
        let fault = match self.dice.0.below(16) {
            0 | 1 => Trouble::LoseRequest,
            2..=4 => Trouble::LoseAnswer,
            5 => Trouble::CutBody,
            6 => Trouble::Silence,
            7 => Trouble::Double,
            8 => Trouble::DelayRequest(self.dice.0.below(15_000)),
            9 | 10 => Trouble::DelayAnswer(self.dice.0.below(15_000)),
            11 => Trouble::HoldRequest,
            12 => Trouble::HoldAnswer,
            13 => Trouble::LateCookie,
            14 => Trouble::Page,
            _ => Trouble::Status { status, retry_after, as_date: self.dice.one_in(2) },
        };
        let renewals = if self.flow == Some(Flow::Session) { What::Look } else { What::Renew };
        let any = self.dice.pick(What::ALL);
        let what = self.dice.pick([renewals, renewals, any]);
        let fault = match fault {
            Trouble::LoseRequest | Trouble::Page | Trouble::Status { .. } if what == What::Api => Trouble::Blame,
            fault => fault,
        };
        Act::Trouble { what, fault, times: self.dice.pick([1, 1, 1, 2, 5]) }
    }

    fn open(&mut self) -> Act {
        Act::Open { browser: self.dice.0.choose(self.devices), flow: self.flow(), hidden: self.dice.one_in(5) }
    }

    fn sign_in(&mut self) -> Act {
        Act::SignIn { tab: self.dice.tab(), user: self.dice.user(), right: true }
    }

    fn flow(&mut self) -> Flow {
        let either = self.dice.pick([Flow::Session, Flow::Token]);
        self.flow.unwrap_or(either)
    }
}

struct Dice(Chance);

impl Dice {
    fn pick<T: Copy, const N: usize>(&mut self, list: [T; N]) -> T {
        list[self.0.choose(N)]
    }

    fn one_in(&mut self, times: u64) -> bool {
        self.0.below(times) == 0
    }

    fn below(&mut self, most: u32) -> u32 {
        u32::try_from(self.0.below(u64::from(most))).unwrap_or(0)
    }

    fn tab(&mut self) -> usize {
        self.0.choose(6)
    }

    fn user(&mut self) -> User {
        self.pick([User::Bob, User::Bob, User::Carol])
    }

    fn seconds(&mut self) -> u64 {
        let most = self.pick([2, 15, 90, 90, 400, 2_000]);
        1 + self.0.below(most)
    }

    /// Mostly few, so that acts meet each other half-way; now and then all there is to do.
    fn steps(&mut self) -> u32 {
        let most = self.pick([1, 4, 12, 40, 400]);
        self.below(most)
    }
}
