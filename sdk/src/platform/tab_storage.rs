//! What does this tab keep over a reload, and is it its own? An entry in sessionStorage, which a duplicated tab finds a
//! copy of, and a lock that tells the copy from the original.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use countersign_core::input::{RecallOutcome, Stamp};
use countersign_core::{Input, Secret};
use gloo_storage::{SessionStorage, Storage as _};
use serde::{Deserialize, Serialize};

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
    owner: Rc<Cell<Option<u64>>>,
}

/// The entry as it is written.
#[derive(Serialize, Deserialize)]
struct Entry {
    owner: u64,
    kept: String,
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
        let Ok(Entry { owner, kept }) = SessionStorage::get(&self.key) else {
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
                    let _ = SessionStorage::set(&self.key, Entry { owner, kept: kept.expose().to_owned() });
                }
            }
        }
    }

    /// Gives the claim back; the entry stays for the next page in this tab.
    pub fn disclaim(&self) {
        self.owner.set(None);
        self.claim.take();
    }

    fn claim_anew(&self) -> Option<u64> {
        let random = crypto::random()?;
        let owner = random[..4].iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        self.claim.replace(Claim::new(&self.lock(owner), None, |_| {}));
        self.owner.set(Some(owner));
        Some(owner)
    }

    fn lock(&self, owner: u64) -> String {
        format!("countersign|{}|tab|{owner}", self.name)
    }
}

/// gloo-storage panics where the browser refuses.
fn is_there() -> bool {
    web_sys::window().is_some_and(|window| matches!(window.session_storage(), Ok(Some(_))))
}
