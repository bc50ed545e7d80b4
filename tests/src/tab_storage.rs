//! What does a tab keep over a reload, and whose is it? A duplicated tab starts with a copy, which a claim tells from the
//! original.

use countersign_core::Secret;
use countersign_core::input::RecallOutcome;

/// A tab's storage: what is in it, under the name of the tab that wrote it.
#[derive(Debug, Clone, Default)]
pub(crate) struct TabStorage {
    owner: Option<usize>,
    kept: Option<Secret>,
    /// A page of this tab is there, and says so.
    pub is_claimed: bool,
    pub is_refused: bool,
}

impl TabStorage {
    /// As the browser copies it when a tab is duplicated.
    pub fn copied(&self) -> Self {
        Self { is_claimed: false, ..self.clone() }
    }

    /// Whose it is, where it is a copy.
    pub fn owner(&self) -> Option<usize> {
        self.owner
    }

    pub fn retain(&mut self, tab: usize, kept: Option<Secret>) {
        if !self.is_refused {
            (self.owner, self.kept) = (Some(tab), kept);
        }
    }

    pub fn recall(&mut self, owner_lives: bool) -> RecallOutcome {
        self.is_claimed = true;
        match &self.kept {
            _ if self.is_refused => RecallOutcome::Refused,
            Some(_) if owner_lives => RecallOutcome::Claimed,
            Some(kept) => RecallOutcome::Found(kept.clone()),
            None => RecallOutcome::Nothing,
        }
    }
}
