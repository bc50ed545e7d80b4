//! Which bug that a rival really had is planted in this machine? None in anything that ships: only the tests' own crate
//! turns the feature on, to see that the simulation catches each of them.

use crate::machine::Machine;

#[cfg(all(feature = "planted", target_arch = "wasm32"))]
compile_error!("`planted` is for native tests of the simulation alone.");

/// What the rival does in place of what we do.
#[cfg_attr(not(feature = "planted"), allow(dead_code))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// A renewal without an answer is sent again as if it were another.
    ForgetsAttempt,
    /// After a failure nobody tries again.
    StopsForGood,
    /// Any failure of a renewal signs out.
    AnyErrorSignsOut,
    /// A refusal of what a sibling has replaced wipes what the sibling got.
    LoserWipesWinner,
    /// The lock is given back only after the callers' callbacks.
    CallbackUnderLock,
    /// After a renewal the claims are still those of the sign-in.
    ClaimsOfSignIn,
    /// Each moment is late enough to renew.
    RenewsAlways,
    /// Each tab renews what it has once read, without a turn.
    CapturesToken,
    /// Who asks while a renewal is out causes another.
    SecondFlight,
    /// A result that started before a sign-out is stored after it.
    LateResultWins,
    /// The clock that counts stands still in sleep, and nobody looks at the other.
    SleepsThrough,
    /// Signed in means only that there once were claims.
    SurvivesRefusal,
    /// Offline is no reason to wait.
    IgnoresOffline,
    /// What waits is served with whatever credential is there next.
    ServesNextUser,
    /// A 401 is answered by a renewal and a repeat, however often.
    RepeatsForEver,
    /// The new credential is shown, and not stored.
    ShowsUnstored,
    /// Tokens travel through the channel of the tabs.
    TellsToken,
}

/// The bug, where there can be one.
#[derive(Debug, Default)]
pub(crate) struct Planted(#[cfg(feature = "planted")] Option<Bug>);

impl Planted {
    #[cfg(feature = "planted")]
    fn is(&self, bug: Bug) -> bool {
        self.0 == Some(bug)
    }

    /// Nothing ships with a bug on purpose.
    #[cfg(not(feature = "planted"))]
    const fn is(&self, _: Bug) -> bool {
        false
    }
}

impl Machine {
    /// Makes this machine as wrong as that rival.
    #[cfg(feature = "planted")]
    pub fn plant(&mut self, bug: Bug) {
        self.planted.0 = Some(bug);
    }

    pub(crate) fn has(&self, bug: Bug) -> bool {
        self.planted.is(bug)
    }
}
