//! What does another machine need to go on from here?

use crate::machine::{Machine, Who};
use crate::trace::{AtRest, Line};
#[cfg(feature = "replay")]
use crate::{
    config::Config,
    json::Value,
    time::Moment,
    trace::{Parts, replay::NotATrace},
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
            planted: _,
        } = self;
        line.begin_list();
        now.wall.write(line);
        now.monotonic.write(line);
        who.write(line);
        generation.write(line);
        renewals.write(line);
        requests.write(line);
        revocation.write(line);
        tabs.write(line);
        page.write(line);
        idle.write(line);
        kept.write(line);
        server_clock.write(line);
        problem.write(line);
        last_stamp.write(line);
        wakes_at.write(line);
        hint.write(line);
        line.push_names_count();
        line.close();
    }

    /// A machine that goes on from such a state.
    #[cfg(feature = "replay")]
    pub(crate) fn at_rest(config: Config, state: &Value) -> Result<Self, NotATrace> {
        let mut parts = Parts::of(state)?;
        let now = Moment { wall: parts.next()?, monotonic: parts.next()?, random: [0; 32] };
        let mut machine = Self {
            now,
            who: parts.next()?,
            generation: parts.next()?,
            renewals: parts.next()?,
            requests: parts.next()?,
            revocation: parts.next()?,
            tabs: parts.next()?,
            page: parts.next()?,
            idle: parts.next()?,
            kept: parts.next()?,
            server_clock: parts.next()?,
            problem: parts.next()?,
            last_stamp: parts.next()?,
            wakes_at: parts.next()?,
            hint: parts.next()?,
            ..Self::new(config)
        };
        let (names, snapshot) = (parts.next()?, machine.snapshot());
        if let Some(trace) = &mut machine.trace {
            trace.restore(&machine.config, names, &snapshot);
        }
        Ok(machine)
    }
}

impl AtRest for Who {
    fn write(&self, line: &mut Line<'_>) {
        match self {
            Self::Unknown => line.push_null(),
            Self::Nobody(reason) => reason.write(line),
            Self::User(holding) => holding.write(line),
        }
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        match value {
            Value::Null => Ok(Self::Unknown),
            Value::List(_) => AtRest::read(value).map(Self::User),
            _ => AtRest::read(value).map(Self::Nobody),
        }
    }
}
