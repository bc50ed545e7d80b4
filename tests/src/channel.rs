//! What becomes of what one tab says to the others? A channel delivers at once and in order, unless a journey asked for
//! trouble.

use countersign_core::Input;

use crate::locks::Holder;
use crate::page::Scripts;
use crate::time::Millis;
use crate::world::Inner;

/// How long a message may be under way where the channel is bad.
const LONGEST_DELAY: Millis = 3_000;

/// How a browser's channel behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    #[default]
    Good,
    /// Messages are lost, doubled, and late, so that they overtake each other.
    Bad,
    /// Nobody hears anything.
    Dead,
}

impl Inner {
    pub fn tell(&mut self, tab: Holder, name: &str, text: &str) {
        self.evidence.see("tab message", || text.to_owned());
        let browser = self.tabs[tab.0].browser;
        self.evict_cached(browser, |inner, id| inner.is_listener(tab, name, id));
        for id in 0..self.tabs.len() {
            if self.is_listener(tab, name, id) {
                let listener = (id, self.tabs[id].life);
                self.deliver(listener, browser, text);
            }
        }
    }

    fn is_listener(&self, teller: Holder, name: &str, id: usize) -> bool {
        let (tab, browser) = (&self.tabs[id], self.tabs[teller.0].browser);
        id != teller.0 && tab.browser == browser && tab.machine.is_some() && tab.config.name() == name
    }

    fn deliver(&mut self, listener: Holder, browser: usize, text: &str) {
        let input = || Input::Tab { text: text.to_owned() };
        let copies = match self.browsers[browser].channel {
            Channel::Good => return self.feed_later(listener, input()),
            Channel::Dead => 0,
            Channel::Bad => [0, 1, 1, 2][self.fate.choose(4)],
        };
        for _ in 0..copies {
            let at = self.now + self.fate.below(LONGEST_DELAY);
            self.feed_at(at, listener, input());
        }
    }

    /// What was said to a tab whose scripts were stopped is lost.
    pub fn forget_messages(&mut self, id: usize) {
        if self.tabs[id].scripts != Scripts::Run {
            self.agenda.forget(|step| step.is_message_for(id));
        }
    }
}
