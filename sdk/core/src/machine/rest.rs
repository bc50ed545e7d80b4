//! What does another machine need to go on from here?

use crate::machine::{Machine, Who};
use crate::trace::{AtRest, Line};
#[cfg(feature = "replay")]
use crate::{
    config::Config,
    json::Value,
    time::Moment,
    trace::{part, replay::NotATrace},
};

impl Machine {
    /// Whether nothing is under way: no job, no check, no read. Requests of the application may be out.
    pub(super) fn rests(&self) -> bool {
        let now = self.now.monotonic;
        self.renewals.rests() && self.requests.rests(now) && self.revocation.rests() && self.kept.rests()
    }

    /// The state of a machine that rests.
    pub(super) fn write_state(&self, line: &mut Line<'_>) {
        let Self {
            config: _,
            flow: _,
            now,
            who,
            generation,
            renewals,
            requests,
            revocation,
            tabs,
            page,
            idle,
            kept,
            server_clock,
            problem,
            effects: _,
            last_stamp,
            wakes_at,
            hint,
            trace: _,
        } = self;
        line.begin();
        line.part("wall", &now.wall);
        line.part("monotonic", &now.monotonic);
        line.part("who", who);
        line.part("generation", generation);
        line.part("renewals", renewals);
        line.part("requests", requests);
        line.part("revocation", revocation);
        line.part("tabs", tabs);
        line.part("page", page);
        line.part("idle", idle);
        line.part("kept", kept);
        line.part("server_clock", server_clock);
        line.part("problem", problem);
        line.part("last_stamp", last_stamp);
        line.part("wakes_at", wakes_at);
        line.part("hint", hint);
        line.close();
    }

    /// A machine that goes on from such a state.
    #[cfg(feature = "replay")]
    pub(crate) fn at_rest(config: Config, begins: &Value) -> Result<Self, NotATrace> {
        let state = begins.member("state").ok_or_else(|| NotATrace::new("a state is missing"))?;
        let now = Moment { wall: part(state, "wall")?, monotonic: part(state, "monotonic")?, random: [0; 32] };
        let mut machine = Self {
            now,
            who: part(state, "who")?,
            generation: part(state, "generation")?,
            renewals: part(state, "renewals")?,
            requests: part(state, "requests")?,
            revocation: part(state, "revocation")?,
            tabs: part(state, "tabs")?,
            page: part(state, "page")?,
            idle: part(state, "idle")?,
            kept: part(state, "kept")?,
            server_clock: part(state, "server_clock")?,
            problem: part(state, "problem")?,
            last_stamp: part(state, "last_stamp")?,
            wakes_at: part(state, "wakes_at")?,
            hint: part(state, "hint")?,
            ..Self::new(config)
        };
        let snapshot = machine.snapshot();
        if let Some(trace) = &mut machine.trace {
            trace.restore(&machine.config, part(begins, "named")?, &snapshot);
        }
        Ok(machine)
    }
}

impl AtRest for Who {
    fn write(&self, _name: &str, line: &mut Line<'_>) {
        line.begin();
        match self {
            Self::Unknown => {}
            Self::Nobody(reason) => line.part("nobody", reason),
            Self::User(holding) => line.part("user", holding),
        }
        line.close();
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        let nobody: Option<_> = part(value, "nobody")?;
        let user: Option<_> = part(value, "user")?;
        Ok(user.map(Self::User).or(nobody.map(Self::Nobody)).unwrap_or(Self::Unknown))
    }
}
