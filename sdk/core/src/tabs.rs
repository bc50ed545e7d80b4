//! What do the tabs of one browser tell each other? That something moved, and the server's signed events. Never a
//! secret; and nothing a tab hears can do more than make it look (C27).

use crate::effect::Effect;
use crate::input::Stamp;
use crate::json::{self, Value};
use crate::machine::{Machine, Who};
use crate::planted::Bug;
use crate::trace::at_rest;

/// Longer messages are not ours.
pub(crate) const LONGEST: usize = 32 * 1024;

#[derive(Debug, Default)]
pub(crate) struct Tabs {
    /// This tab holds the event stream for all of them.
    pub leads: bool,
    /// Since when it stands for leader.
    stands: Option<Stamp>,
    /// Another tab said last that the browser is signed in with another session than this one, and nothing moved on here
    /// since.
    pub tell_of_another: bool,
}

at_rest!(Tabs { leads, stands, tell_of_another });

impl Tabs {
    /// The page was put away: until it is shown again it stands for nothing.
    pub fn is_away(&self) -> bool {
        self.stands.is_none()
    }
}

impl Machine {
    pub(crate) fn stand_for_leader(&mut self) {
        let stamp = self.stamp();
        self.tabs.stands = Some(stamp);
        self.emit(Effect::Lead { stamp });
    }

    /// Who stood down while the word was on its way has given leadership back already (P10).
    pub(crate) fn on_leading(&mut self, stamp: Stamp) {
        self.tabs.leads |= self.tabs.stands == Some(stamp);
    }

    pub(crate) fn stand_down(&mut self) {
        (self.tabs.leads, self.tabs.stands) = (false, None);
        self.emit(Effect::StandDown);
    }

    /// The record moved on: the others look at it. Who can't read it is told whose it is.
    pub(crate) fn tell_moved(&mut self) {
        self.tabs.tell_of_another = false;
        let sid = self.sid().into();
        self.tell(&json::object([("kind", "moved".into()), ("sid", sid)]));
        let token = self.holding().filter(|_| self.has(Bug::TellsToken)).and_then(|holding| holding.token.as_ref());
        if let Some(token) = token.map(|token| token.secret.expose().into()) {
            self.tell(&json::object([("kind", "token".into()), ("token", token)]));
        }
    }

    /// An event as it came; each tab checks its signature and judges for itself.
    pub(crate) fn tell_event(&mut self, set: &str) {
        self.tell(&json::object([("kind", "event".into()), ("set", set.into())]));
    }

    /// The stream is alive, and this is the last event for the session whose stream it is.
    pub(crate) fn tell_contact(&mut self, place: u64) {
        let place = i64::try_from(place).unwrap_or(i64::MAX);
        let sid = self.sid().into();
        self.tell(&json::object([("kind", "contact".into()), ("sid", sid), ("ep", place.into())]));
    }

    fn tell(&mut self, message: &Value) {
        self.emit(Effect::Tell { text: json::print(message) });
    }

    /// Whether what moved on is this tab's own session as before. It can't look at the record, and would ask the server
    /// whenever another tab has.
    fn is_known(&self, sid: Option<&Value>) -> bool {
        let is_same = sid.is_some_and(|sid| sid.as_text() == self.sid());
        is_same && !self.renewals.is_shared() && !matches!(self.who, Who::Unknown)
    }

    pub(crate) fn on_tab(&mut self, text: &str) {
        if text.len() > LONGEST {
            return;
        }
        let Ok(message) = json::parse(text.as_bytes()) else { return };
        let kind = message.member("kind").and_then(Value::as_text);
        if let (Some("moved" | "contact"), Some(sid)) = (kind, message.member("sid")) {
            self.tabs.tell_of_another =
                self.holding().is_some_and(|user| sid.as_text().is_some_and(|sid| sid != user.sid));
        }
        match kind {
            Some("moved") if self.is_known(message.member("sid")) => {}
            Some("moved") => self.on_moved(),
            Some("event") => {
                if let Some(set) = message.member("set").and_then(Value::as_text) {
                    self.on_event(set);
                }
            }
            // The leader is signed in with another session: something moved, and this tab has not heard of it.
            Some("contact") if message.member("sid").and_then(Value::as_text) != self.sid() => self.look(),
            Some("contact") if !self.tabs.leads => {
                let ep = message.member("ep").and_then(Value::as_integer).and_then(|ep| u64::try_from(ep).ok());
                if let Some(ep) = ep {
                    self.on_told_contact(ep);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, FlowKind};
    use crate::effect::Effect;
    use crate::input::{Input, PageNews, Stamp};
    use crate::{Machine, Moment};

    /// Whether the tab leads now, and the stamp with which it stands for leader since this news.
    fn hear(machine: &mut Machine, input: Input) -> (bool, Option<Stamp>) {
        machine.handle(Moment { wall: 1_000_000, monotonic: 5_000, random: [0; 32] }, input);
        let stands = |effect| if let Effect::Lead { stamp } = effect { Some(stamp) } else { None };
        let stamp = std::iter::from_fn(|| machine.poll_effect()).filter_map(stands).last();
        (machine.tabs.leads, stamp)
    }

    #[test]
    fn p10_who_stood_down_while_the_word_was_on_its_way_does_not_lead() {
        let mut machine = Machine::new(Config::new(FlowKind::Session, "https://a.test", "https://a.test"));
        let (_, first) = hear(&mut machine, Input::Started);
        hear(&mut machine, Input::Page(PageNews::Leaving));
        assert_eq!(hear(&mut machine, Input::Leading { stamp: first.unwrap() }), (false, None));
        let (_, second) = hear(&mut machine, Input::Page(PageNews::Shown));
        assert_eq!(hear(&mut machine, Input::Leading { stamp: first.unwrap() }), (false, None));
        assert_eq!(hear(&mut machine, Input::Leading { stamp: second.unwrap() }), (true, None));
    }
}
