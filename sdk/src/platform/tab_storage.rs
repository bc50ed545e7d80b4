//! What does this tab keep over a reload, and is it its own? An entry in sessionStorage, which a duplicated tab finds a
//! copy of, and a lock that tells the copy from the original.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use countersign_core::input::{RecallOutcome, Stamp};
use countersign_core::json::{self, Value};
use countersign_core::{Input, Secret};
use gloo_storage::{SessionStorage, Storage as _};

use super::tabs::{Claim, Settled};
use super::{Feed, crypto};

/// Milliseconds for which a page that was just left may still hold its claim.
const LONGEST_WAIT: u32 = 300;

/// The entry of one client in this tab. Dropping it gives the claim back, and leaves the entry.
#[derive(Debug)]
pub struct TabStorage {
    name: String,
    key: String,
    /// The lock by which the entry is this page's.
    claim: RefCell<Option<Claim>>,
    owner: Rc<Cell<Option<i64>>>,
}

/// The entry as it is written: JSON, by the core, so that no second reader of it is in the module.
struct Entry {
    owner: i64,
    kept: String,
}

impl Entry {
    fn read(text: &str) -> Option<Self> {
        let document = json::parse(text.as_bytes()).ok()?;
        let owner = document.member("owner")?.as_integer()?;
        Some(Self { owner, kept: document.member("kept")?.as_text()?.to_owned() })
    }

    fn print(&self) -> String {
        json::print(&json::object([("owner", Value::Integer(self.owner)), ("kept", self.kept.as_str().into())]))
    }
}

impl TabStorage {
    pub fn new(name: &str) -> Self {
        let key = format!("countersign.tab|{name}");
        Self { name: name.to_owned(), key, claim: RefCell::default(), owner: Rc::default() }
    }

    /// Claims the entry, and says what is in it.
    ///
    /// # Errors
    /// `Refused` where there is no storage; `Claimed` where another page holds the entry's lock, and where there are no
    /// locks: then nobody can tell a copy from the original.
    pub fn recall(&self, stamp: Stamp, feed: &Feed) {
        self.disclaim();
        if !is_there() {
            return feed.send(Input::Recalled { stamp, outcome: RecallOutcome::Refused });
        }
        let entry = SessionStorage::raw().get_item(&self.key).ok().flatten();
        let Some(Entry { owner, kept }) = entry.as_deref().and_then(Entry::read) else {
            return feed.send(Input::Recalled { stamp, outcome: RecallOutcome::Nothing });
        };
        let (ours, answer) = (Rc::clone(&self.owner), feed.clone());
        let claim = Claim::new(&self.lock(owner), Some(LONGEST_WAIT), move |settled| {
            let outcome = match settled {
                Settled::Granted => {
                    ours.set(Some(owner));
                    RecallOutcome::Found(Secret::new(kept))
                }
                Settled::GivenUp | Settled::Refused => RecallOutcome::Claimed,
            };
            answer.send(Input::Recalled { stamp, outcome });
        });
        self.claim.replace(claim);
    }

    /// Writes the entry, or deletes it. Where storage is full or refused nothing is kept.
    pub fn retain(&self, kept: Option<Secret>) {
        match kept {
            _ if !is_there() => {}
            None => SessionStorage::delete(&self.key),
            Some(kept) => {
                if let Some(owner) = self.owner.get().or_else(|| self.claim_anew()) {
                    // A full storage refuses: then a reload asks the server.
                    let entry = Entry { owner, kept: kept.expose().to_owned() };
                    let _ = SessionStorage::raw().set_item(&self.key, &entry.print());
                }
            }
        }
    }

    /// Gives the claim back; the entry stays for the next page in this tab.
    pub fn disclaim(&self) {
        self.owner.set(None);
        self.claim.take();
    }

    fn claim_anew(&self) -> Option<i64> {
        let random = crypto::random()?;
        let owner = random[..4].iter().fold(0, |number, byte| number << 8 | i64::from(*byte));
        self.claim.replace(Claim::new(&self.lock(owner), None, |_| {}));
        self.owner.set(Some(owner));
        Some(owner)
    }

    fn lock(&self, owner: i64) -> String {
        format!("countersign|{}|tab|{owner}", self.name)
    }
}

/// gloo-storage panics where the browser refuses.
fn is_there() -> bool {
    web_sys::window().is_some_and(|window| matches!(window.session_storage(), Ok(Some(_))))
}
