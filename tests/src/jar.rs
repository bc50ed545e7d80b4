//! Which cookies does a browser hold? One jar for all its tabs, out of reach for scripts.

use std::collections::BTreeMap;

use crate::time::Millis;

#[derive(Debug, Clone, Default)]
pub(crate) struct Jar {
    cookies: BTreeMap<String, (String, Millis)>,
}

impl Jar {
    /// Takes a `Set-Cookie` header; `Max-Age=0` deletes.
    pub fn take(&mut self, header: &str, now: Millis) {
        let mut parts = header.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let max_age = parts.find_map(|part| part.strip_prefix("Max-Age=")).and_then(|age| age.parse::<u64>().ok());
        let ends = max_age.map_or(Millis::MAX, |seconds| now.saturating_add(seconds * 1000));
        if ends <= now {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), (value.to_owned(), ends));
        }
    }

    /// The `Cookie` header, if there is anything to send.
    pub fn header(&self, now: Millis) -> Option<String> {
        let living = self.cookies.iter().filter(|(_, (_, ends))| *ends > now);
        let pairs: Vec<String> = living.map(|(name, (value, _))| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(|(value, _)| value.as_str())
    }

    /// Its value, if it has not run out.
    pub fn living(&self, name: &str, now: Millis) -> Option<&str> {
        self.cookies.get(name).filter(|(_, ends)| *ends > now).map(|(value, _)| value.as_str())
    }

    pub fn clear(&mut self) {
        self.cookies.clear();
    }
}
