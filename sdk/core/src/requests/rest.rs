//! Which of the application's requests are out while nothing else is under way?

use crate::input::Ask;
use crate::requests::{COUNTED_FOR, Call, Requests, Step, What};
use crate::time::MonotonicMillis;
use crate::trace::{AtRest, Line};
#[cfg(feature = "replay")]
use crate::{
    json::Value,
    trace::{Parts, replay::NotATrace},
};

impl Requests {
    /// No call waits, none of our own requests is out, and no renewal after a 401 counts any more.
    pub fn rests(&self, now: MonotonicMillis) -> bool {
        let rests = |call: &Call| matches!((&call.what, call.step), (What::App(_), Step::Sent { stamp: None, .. }));
        self.calls.values().all(rests) && self.renewed_at.iter().all(|at| at + COUNTED_FOR <= now)
    }
}

impl AtRest for Requests {
    fn write(&self, line: &mut Line<'_>) {
        let Self { calls, renewed_at: _ } = self;
        line.begin_list();
        for (id, Call { what, step, sid, refusal: _ }) in calls {
            if let (What::App(Ask { origin, repeatable }), Step::Sent { at, stamp: _, repeated }) = (what, step) {
                line.begin_list();
                id.write(line);
                origin.write(line);
                repeatable.write(line);
                at.write(line);
                repeated.write(line);
                match sid {
                    Some(sid) => line.push_text(sid),
                    None => line.push_null(),
                }
                line.close();
            }
        }
        line.close();
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        let mut calls = std::collections::BTreeMap::new();
        for call in Parts::of(value)?.values() {
            let mut parts = Parts::of(call)?;
            let id = parts.next()?;
            let what = What::App(Ask { origin: parts.next()?, repeatable: parts.next()? });
            let step = Step::Sent { at: parts.next()?, stamp: None, repeated: parts.next()? };
            calls.insert(id, Call { what, step, sid: parts.next()?, refusal: None });
        }
        Ok(Self { calls, ..Self::default() })
    }
}
