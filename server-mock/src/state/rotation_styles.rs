//! By which style does a client's refresh token rotate now? As configured, until `/control` says otherwise.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use serde::Serialize;

use crate::config::{Config, RotationStyle};

#[derive(Debug)]
pub struct RotationStyles {
    configured: Styles,
    current: RwLock<Styles>,
}

/// The server's style, and those of the clients that have their own.
#[derive(Debug, Clone, Serialize)]
pub struct Styles {
    pub style: RotationStyle,
    pub clients: BTreeMap<String, RotationStyle>,
}

impl RotationStyles {
    pub fn new(config: &Config) -> RotationStyles {
        let own = config.seed.clients.iter().filter_map(|client| Some((client.client_id.clone(), client.rotation?)));
        let configured = Styles { style: config.rotation, clients: own.collect() };
        RotationStyles { current: RwLock::new(configured.clone()), configured }
    }

    pub fn of(&self, client_id: &str) -> RotationStyle {
        let styles = self.read();
        styles.clients.get(client_id).copied().unwrap_or(styles.style)
    }

    /// From now on, for every client that has no style of its own.
    pub fn set(&self, style: RotationStyle) {
        self.write().style = style;
    }

    /// From now on, for this client.
    pub fn set_of(&self, client_id: &str, style: RotationStyle) {
        self.write().clients.insert(client_id.to_owned(), style);
    }

    /// Every style as configured.
    pub fn reset(&self) {
        *self.write() = self.configured.clone();
    }

    pub fn all(&self) -> Styles {
        self.read().clone()
    }

    fn read(&self) -> RwLockReadGuard<'_, Styles> {
        self.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Styles> {
        self.current.write().unwrap_or_else(PoisonError::into_inner)
    }
}
