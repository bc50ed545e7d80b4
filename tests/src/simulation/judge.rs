//! Who watches? Every happening goes to the ledger, to the memory, and to each invariant; the first that does not hold
//! ends the run.

use std::cell::RefCell;
use std::rc::Rc;

use crate::happening::{Happening, Witness};
use crate::simulation::audit::Exchanged;
use crate::simulation::breach::{Breach, Verdict};
use crate::simulation::census::Census;
use crate::simulation::facts::Facts;
use crate::simulation::invariants::{self, Invariant};
use crate::simulation::plan::Setting;
use crate::world::Inner;

pub struct Judge {
    pub facts: Facts,
    invariants: Vec<Box<dyn Invariant>>,
    pub census: Census,
    pub breach: Option<Breach>,
}

impl Judge {
    pub fn new(setting: Setting) -> Rc<RefCell<Self>> {
        let (facts, invariants) = (Facts::new(setting), invariants::all());
        Rc::new(RefCell::new(Self { facts, invariants, census: Census::default(), breach: None }))
    }

    /// Nothing more happens without time or an act.
    pub fn world_rests(&mut self, world: &Inner) {
        self.ask(|invariant, facts| invariant.at_rest(facts, world));
    }

    /// All trouble has ended, and time has passed.
    pub fn world_is_calm(&mut self, world: &Inner) {
        self.ask(|invariant, facts| invariant.at_last(facts, world));
    }

    pub fn note(&mut self, verdict: Verdict) {
        if let Err(breach) = verdict {
            self.breach.get_or_insert(breach);
        }
    }

    fn ask(&mut self, mut question: impl FnMut(&mut dyn Invariant, &Facts) -> Verdict) {
        for invariant in &mut self.invariants {
            if let Err(breach) = question(invariant.as_mut(), &self.facts) {
                self.breach.get_or_insert(breach);
            }
        }
    }

    fn see(&mut self, world: &Inner, happening: &Happening) {
        if let Happening::Served { exchange, request, answer } = happening {
            let browser = exchange.map(|number| world.exchanges[number].browser);
            let verdict = self.facts.ledger.audit(&Exchanged { now: world.now, browser, request, answer });
            self.note(verdict);
        }
        self.census.count(world, happening);
        self.facts.keep(world, happening);
        self.ask(|invariant, facts| invariant.see(facts, world, happening));
        self.facts.keep_afterwards(happening);
    }
}

/// The judge in the World.
pub struct Watcher(pub Rc<RefCell<Judge>>);

impl Witness for Watcher {
    fn see(&mut self, world: &Inner, happening: &Happening) {
        self.0.borrow_mut().see(world, happening);
    }

    fn step_ended(&mut self, world: &Inner) {
        let mut judge = self.0.borrow_mut();
        judge.census.steps += 1;
        judge.ask(|invariant, facts| invariant.step_ended(facts, world));
    }

    fn restless(&mut self, next: String) {
        let sentence = format!("things go on happening though no time passes; next is {next}");
        let breach = Breach { invariant: "c21_the_world_comes_to_rest", sentence };
        self.0.borrow_mut().breach.get_or_insert(breach);
    }

    fn is_done(&self) -> bool {
        self.0.borrow().breach.is_some()
    }
}
