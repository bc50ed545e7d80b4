//! What time is it, and how do people say it?

use std::time::Duration;

use js_sys::{Date, Object, Reflect};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsValue;

/// The device's clock in milliseconds, once a second.
#[derive(Debug, Clone, Copy)]
pub struct Clock(ReadSignal<i64>);

/// Starts the one clock of the page.
pub fn provide_clock() {
    let (now, set_now) = signal(Date::now() as i64);
    if let Ok(ticking) = set_interval_with_handle(move || set_now.set(Date::now() as i64), Duration::from_secs(1)) {
        on_cleanup(move || ticking.clear());
    }
    provide_context(Clock(now));
}

pub fn use_clock() -> Clock {
    expect_context::<Clock>()
}

impl Clock {
    /// Makes whoever asks look again a second later.
    pub fn track(self) {
        self.0.track();
    }

    /// How long ago that was, as it grows.
    pub fn since(self, then: i64) -> String {
        match (self.0.get() - then) / 1000 {
            ..=1 => "just now".to_owned(),
            seconds => format!("{} ago", span(seconds)),
        }
    }

    /// How long until then, as it shrinks.
    pub fn until(self, then: i64) -> String {
        match (then - self.0.get() + 999) / 1000 {
            ..=0 => "over".to_owned(),
            seconds => span(seconds),
        }
    }

    /// Milliseconds left, never below zero.
    pub fn left(self, then: i64) -> i64 {
        (then - self.0.get()).max(0)
    }
}

/// A moment as date and time of day, from Unix seconds.
pub fn stamp(seconds: f64) -> String {
    let options = Object::new();
    for (name, value) in [("dateStyle", "medium"), ("timeStyle", "short")] {
        // Setting a member of a fresh object can't fail.
        let _ = Reflect::set(&options, &name.into(), &value.into());
    }
    Date::new(&JsValue::from_f64(seconds * 1000.0)).to_locale_string("en-GB", &options).into()
}

/// A moment as time of day to the second, from Unix milliseconds.
pub fn time_of_day(millis: i64) -> String {
    Date::new(&JsValue::from_f64(millis as f64)).to_locale_time_string("en-GB").into()
}

/// The same for machines.
pub fn machine_stamp(seconds: f64) -> String {
    if seconds.is_finite() && seconds.abs() < 8.64e12 {
        Date::new(&JsValue::from_f64(seconds * 1000.0)).to_iso_string().into()
    } else {
        String::new()
    }
}

/// A span of time in its two largest units.
fn span(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min {} s", seconds % 60),
        3600..86_400 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}
