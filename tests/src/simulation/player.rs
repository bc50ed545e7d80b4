//! How is a plan played? Act after act, with the World going on in between; then all trouble ends, and the truth is asked.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use server_mock::config::RotationStyle;

use crate::World;
use crate::channel::Channel;
use crate::simulation::breach::Breach;
use crate::simulation::census::Census;
use crate::simulation::judge::{Judge, Watcher};
use crate::simulation::plan::{Plan, Setting};
use crate::simulation::planted::Place;

/// Seconds that pass once all trouble has ended: longer than the longest `Retry-After` and back-off together.
const CALM: u64 = 240;

/// Seconds after the user's look at each tab, in which it may still find out.
const LOOK: u64 = 15;

/// In one run of so many the traces of all clients are run again, however few steps they remember.
const TRACED: u64 = 17;

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub breach: Option<Breach>,
    pub census: Census,
}

/// Plays a plan to its end, or to the first invariant that does not hold. A panic counts as one.
pub fn play(plan: &Plan) -> Outcome {
    play_with(plan, None)
}

/// As [`play`], with a bug.
pub fn play_with(plan: &Plan, planted: Option<Place>) -> Outcome {
    tell(plan, planted, false)
}

/// As [`play_with`]; in full, what each tab heard and did is printed.
pub fn tell(plan: &Plan, planted: Option<Place>, in_full: bool) -> Outcome {
    let judge = Judge::new(plan.setting.clone());
    let played = catch_unwind(AssertUnwindSafe(|| {
        let player = Player::new(plan, planted, Rc::clone(&judge));
        let world = player.world.clone();
        world.inner().planted = planted;
        if in_full {
            world.inner().evidence.is_told = true;
        }
        player.play();
    }));
    let mut judge = judge.borrow_mut();
    if let Err(panic) = played {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let sentence = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned();
        judge.breach.get_or_insert(Breach { invariant: "c30_nothing_panics", sentence });
    }
    Outcome { breach: judge.breach.take(), census: std::mem::take(&mut judge.census) }
}

pub struct Player<'plan> {
    plan: &'plan Plan,
    pub world: World,
    pub judge: Rc<RefCell<Judge>>,
    /// A copied refresh token.
    pub stolen: Option<String>,
}

impl<'plan> Player<'plan> {
    fn new(plan: &'plan Plan, planted: Option<Place>, judge: Rc<RefCell<Judge>>) -> Self {
        let world = World::with(plan.seed(), |config| {
            let rules = &plan.setting.server;
            config.access_token_lifetime = rules.access_token_lifetime;
            config.session_lifetime = rules.session_lifetime;
            config.idle_limit = rules.idle_limit;
            config.refresh_retry_for = rules.refresh_retry_for;
            config.key_rotation_days = rules.key_rotation_days;
            if planted == Some(Place::Server) {
                config.rotation = RotationStyle::ParentValidUntilChildUsed;
            }
        });
        furnish(&world, &plan.setting);
        match plan.seed() % TRACED {
            // A trace is run again by a machine that has no bug.
            0 if planted.is_none() => world.replay_traces(plan.seed() as usize % 100),
            _ => world.inner().trace = 0,
        }
        world.inner().witness = Some(Box::new(Watcher(Rc::clone(&judge))));
        Self { plan, world, judge, stolen: None }
    }

    fn play(mut self) {
        for entry in &self.plan.acts {
            self.world.inner().reseed(self.plan.seed() ^ u64::from(entry.number + 1).wrapping_mul(0x9e37_79b9));
            self.world.inner().evidence.tell(|| format!("# {} {:?}", entry.number, entry.act));
            self.act(&entry.act);
            for _ in 0..entry.steps {
                if self.is_over() || !self.world.step() {
                    break;
                }
            }
            if self.is_over() {
                return;
            }
        }
        self.calm_down();
        self.ask_for_the_truth();
        self.reload_one_of_each();
        self.ask_for_the_truth();
        let (replayed, passed) = (self.world.replayed(), self.world.inner().now);
        let census = &mut self.judge.borrow_mut().census;
        census.add_many("steps of clients run again", replayed.steps as u64);
        census.passed = passed;
    }

    pub fn is_over(&self) -> bool {
        self.judge.borrow().breach.is_some()
    }

    /// All trouble ends, everybody looks at their tabs, and time passes.
    fn calm_down(&mut self) {
        {
            let mut inner = self.world.inner();
            inner.network.heal();
            inner.release();
        }
        for (browser, device) in self.plan.setting.devices.iter().enumerate() {
            self.mend(browser, device);
        }
        self.world.inner().read_streams();
        self.world.advance(CALM);
        self.look_at_tabs(|_| true);
        self.world.advance(LOOK);
    }

    fn ask_for_the_truth(&mut self) {
        if self.is_over() {
            return;
        }
        self.world.settle();
        let inner = self.world.inner();
        self.judge.borrow_mut().world_rests(&inner);
        self.judge.borrow_mut().world_is_calm(&inner);
    }

    /// What a reload shows is what was shown; but it may be the first to ask since a tab died with a session that it had not
    /// written down yet. Where no channel tells, the other tabs learn of that when their user looks.
    fn reload_one_of_each(&mut self) {
        if self.is_over() {
            return;
        }
        let homes: Vec<_> = self.judge.borrow().facts.homes.keys().copied().collect();
        for home in homes {
            let first = self.judge.borrow().facts.tabs.iter().find(|(_, tab)| tab.home == home).map(|(tab, _)| tab.0);
            if let Some(tab) = first {
                self.world.inner().reload(tab);
            }
        }
        self.world.advance(60);
        self.look_at_tabs(|browser| self.plan.setting.devices[browser].channel == Channel::Dead);
        self.world.advance(LOOK);
    }
}

fn furnish(world: &World, setting: &Setting) {
    for device in &setting.devices {
        let browser = world.browser();
        let mut inner = world.inner();
        let state = &mut inner.browsers[browser.id];
        state.locks.is_refused = !device.has_locks;
        state.storage.is_refused = !device.has_storage;
        state.channel = device.channel;
        state.clock_is_off = device.clock_is_off * 1000;
        state.counts_sleep = device.counts_sleep;
        state.lateness = device.lateness;
        state.evicts_cached = device.evicts_cached;
    }
    world.inner().shuffles = setting.shuffles;
}
