//! Which of the application's requests are out while nothing else is under way?

use crate::input::Ask;
use crate::requests::{COUNTED_FOR, Call, Requests, Step, What};
use crate::time::MonotonicMillis;
use crate::trace::{AtRest, Line};
#[cfg(feature = "replay")]
use crate::{
    json::Value,
    trace::{part, replay::NotATrace},
};

impl Requests {
    /// No call waits, none of our own requests is out, and no renewal after a 401 counts any more.
    pub fn rests(&self, now: MonotonicMillis) -> bool {
        let rests = |call: &Call| matches!((&call.what, call.step), (What::App(_), Step::Sent { stamp: None, .. }));
        self.calls.values().all(rests) && self.renewed_at.iter().all(|at| at + COUNTED_FOR <= now)
    }
}

impl AtRest for Requests {
    fn write(&self, _name: &str, line: &mut Line<'_>) {
        let Self { calls, renewed_at: _ } = self;
        line.begin();
        line.open_list("calls");
        for (id, Call { what, step, sid, refusal: _ }) in calls {
            if let (What::App(Ask { origin, repeatable }), Step::Sent { at, stamp: _, repeated }) = (what, step) {
                line.open_item();
                line.part("call", id);
                line.part("origin", origin);
                line.part("repeatable", repeatable);
                line.part("at", at);
                line.part("repeated", repeated);
                line.part("sid", sid);
                line.close();
            }
        }
        line.close_list();
        line.close();
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        let Some(Value::List(list)) = value.member("calls") else { return Err(NotATrace::new("calls are missing")) };
        let mut calls = std::collections::BTreeMap::new();
        for call in list {
            let what = What::App(Ask { origin: part(call, "origin")?, repeatable: part(call, "repeatable")? });
            let step = Step::Sent { at: part(call, "at")?, stamp: None, repeated: part(call, "repeated")? };
            calls.insert(part(call, "call")?, Call { what, step, sid: part(call, "sid")?, refusal: None });
        }
        Ok(Self { calls, ..Self::default() })
    }
}
