//! What do a request's handler and the layers around it tell each other? A slip of paper that travels along.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::Session;

/// Written by handlers, read by layers once the answer is there.
#[derive(Debug, Clone, Default)]
pub struct Notes(Arc<Mutex<Note>>);

#[derive(Debug, Default)]
pub struct Note {
    /// Whose request it was, once that is established: decides about `Countersign-Ep`.
    pub caller: Option<Owner>,
    /// The session that the request was about, for the journal.
    pub sid: Option<String>,
    /// What a renewal did.
    pub rotation: Option<&'static str>,
    /// `Server-Timing`.
    pub timing: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Owner {
    pub sub: String,
    pub sid: String,
    pub client_id: String,
}

impl Notes {
    pub fn open(&self) -> MutexGuard<'_, Note> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set_caller(&self, session: &Session) {
        let (sub, sid, client_id) = (session.sub.clone(), session.sid.clone(), session.client_id.clone());
        self.set_owner(Owner { sub, sid, client_id });
    }

    pub fn set_owner(&self, owner: Owner) {
        let mut note = self.open();
        note.sid = Some(owner.sid.clone());
        note.caller = Some(owner);
    }
}
