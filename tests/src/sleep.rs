//! What becomes of a device that sleeps? Its tabs do nothing, its timers stand still, its connections die.

use crate::time::Step;
use crate::world::Inner;

impl Inner {
    pub fn fall_asleep(&mut self, browser: usize) {
        if self.browsers[browser].asleep_since.is_some() {
            return;
        }
        self.browsers[browser].asleep_since = Some(self.now);
        let tabs: Vec<usize> = (0..self.tabs.len()).filter(|id| self.tabs[*id].browser == browser).collect();
        for id in &tabs {
            self.cut_stream(*id);
        }
        self.cut_exchanges(browser);
        if self.browsers[browser].counts_sleep {
            return;
        }
        let exchanges = &self.exchanges;
        let still = self.agenda.suspend(self.now, |step| match step {
            Step::Deadline { exchange } => exchanges[*exchange].browser == browser,
            step => tabs.iter().any(|id| step.is_timer_of(*id)),
        });
        self.browsers[browser].still = still;
    }

    pub fn wake_up(&mut self, browser: usize) {
        let now = self.now;
        let Some(since) = self.browsers[browser].asleep_since.take() else { return };
        if !self.browsers[browser].counts_sleep {
            self.browsers[browser].slept += now - since;
        }
        for tab in self.tabs.iter_mut().filter(|tab| tab.browser == browser) {
            tab.resumed = now;
        }
        for (left, step) in std::mem::take(&mut self.browsers[browser].still) {
            self.agenda.push_at(now + left, step);
        }
    }
}
