//! Why did the client do that? One word for each decision, said where it is made, and a sentence for people.

macro_rules! notes {
    ($($note:ident, $code:literal, $sentence:literal;)*) => {
        /// Why something was done, or was not.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Note {
            $(#[doc = $sentence] $note,)*
        }

        impl Note {
            pub const ALL: &[Self] = &[$(Self::$note),*];

            /// The stable words for them, in the same order.
            pub(super) const CODES: &str = concat!($(" ", $code),*);

            /// The stable word for it in a trace.
            pub fn code(self) -> &'static str {
                match self { $(Self::$note => $code,)* }
            }

            /// A sentence for people. `{}` stands for the word or the time that was noted with it.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$note => $sentence,)* }
            }
        }
    };
}

notes! {
    Slept, "slept", "The device slept for {}, or its clock was set: nothing is sure until the server was asked.";
    Ahead, "ahead", "The token is renewed before it ends.";
    TellsAct, "tells_act", "The server hears that the user is still there.";
    EndReached, "end_reached", "The end that the server announced is reached ({}), so it is asked.";
    WithoutLock, "without_lock", "The lock between tabs was not to be had: the shared record alone decides.";
    WaitsForLease, "waits_for_lease", "Another tab's renewal may still be out, so it is given {}.";
    RenewedElsewhere, "renewed_elsewhere", "Another tab renewed the session.";
    Adopts, "adopts", "What was kept serves still: it is taken over, and nothing is sent.";
    AsksAgain, "asks_again", "A renewal's answer was lost, so the same one is asked for once more.";
    TooLateToAsk, "too_late_to_ask",
        "A renewal's answer was lost, and it is too late to ask for it again: what is held is used to its end.";
    OldCopy, "old_copy", "An older copy of this browser's own credential was presented; the session lives.";
    Established, "established", "The server vouched for this session.";
    Denied, "denied", "The server did not accept what was typed.";
    Ended, "ended", "The session ended: {}.";
    EndedElsewhere, "ended_elsewhere", "Another tab learned that the session ended: {}.";
    OtherSession, "other_session", "Another session began in this browser.";
    SignedOutHere, "signed_out_here", "Signed out here, whatever the network does.";
    SignOutOwed, "sign_out_owed", "A sign-out is owed: until the server knows of it, nobody is signed in again.";
    SignOutTaken, "sign_out_taken", "The server acknowledged the sign-out.";
    Fenced, "fenced", "Something stronger happened since this renewal began, so its result is dropped.";
    Overtaken, "overtaken", "Another tab was first, so this is judged anew.";
    BacksOff, "backs_off", "There was no verdict, so the session stays as it was; the next attempt comes in {}.";
    ServerBusy, "server_busy", "The server asked to be left alone; what it told one tab holds for all.";
    SlowStorage, "slow_storage", "Storage did not answer in time, and is asked again.";
    NoStorage, "no_storage", "The browser refuses storage: everything stays in this tab.";
    DoubtsCredential, "doubts_credential", "A request was refused, so the credential is asked about.";
    SentAgain, "sent_again", "The credential is another by now, so the request is sent once more.";
    WouldLoop, "would_loop", "A new credential did not help before, so the refusal stands.";
    ForeignOrigin, "foreign_origin", "The request goes to an origin that may not have the credential.";
    Stale, "stale", "A security event says that a right changed, so the server is asked.";
    MissedEvents, "missed_events", "Events may have been missed, so the server is asked.";
    NewerEvent, "newer_event", "An answer speaks of a newer event than this tab has seen.";
    NotBelieved, "not_believed", "A token or event failed a check ({}), and opens or ends nothing.";
    NoContact, "no_contact", "Nothing was heard of the server for too long.";
    StreamLost, "stream_lost", "The event stream was lost; it is opened again in {}.";
    StreamSilent, "stream_silent", "The event stream fell silent, and counts as dead.";
}

/// A note with what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Noted {
    pub note: Note,
    pub millis: Option<u64>,
    pub word: Option<&'static str>,
}

impl Note {
    /// With a time in milliseconds.
    pub(crate) fn millis(self, millis: u64) -> Noted {
        Noted { millis: Some(millis), ..self.into() }
    }

    /// With a word of our own.
    pub(crate) fn word(self, word: &'static str) -> Noted {
        Noted { word: Some(word), ..self.into() }
    }
}

impl From<Note> for Noted {
    fn from(note: Note) -> Self {
        Self { note, millis: None, word: None }
    }
}
