//! [`Roster`]: the open connections of a server. [`Watch`] is what others see of it.

use std::{fmt, sync::Arc};

use super::session::Session;
use crate::{
    figures::{ConnectionFigures, Figures},
    sync::{Mutex, lock},
};

#[derive(Default)]
pub(super) struct Roster(Mutex<State>);

#[derive(Default)]
struct State {
    open: Vec<Arc<Session>>,
    /// What the connections that have ended did.
    past: Figures,
}

/// A look at a server's figures while it runs. Clones look at the same server.
#[derive(Clone)]
pub struct Watch(pub(super) Arc<Roster>);

impl Watch {
    /// What the server has done and holds, all connections together.
    pub fn figures(&self) -> Figures {
        let state = lock(&self.0.0);
        let mut figures = state.past;
        state.open.iter().for_each(|session| figures += session.figures().figures);
        figures
    }

    /// Each open connection.
    pub fn connections(&self) -> Vec<ConnectionFigures> {
        lock(&self.0.0).open.iter().map(|session| session.figures()).collect()
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watch").field(&self.figures()).finish()
    }
}

/// A connection on the roster, until it is dropped.
pub(super) struct Entered {
    roster: Arc<Roster>,
    session: Arc<Session>,
}

impl Roster {
    pub(super) fn enter(self: &Arc<Self>, session: &Arc<Session>) -> Entered {
        lock(&self.0).open.push(Arc::clone(session));
        Entered { roster: Arc::clone(self), session: Arc::clone(session) }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut state = lock(&self.roster.0);
        state.open.retain(|known| !Arc::ptr_eq(known, &self.session));
        state.past += self.session.figures().figures.past();
    }
}
