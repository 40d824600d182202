//! Cached profiles, and the guards and tombstones that keep old ones out.

use std::time::Instant;

use crate::domain::user::{Profile, UserId};

use super::expiring::Expiring;

pub(super) struct Profiles {
    cached: Expiring<UserId, Profile>,
    marks: Expiring<UserId, Mark>,
    /// A mark had to give way. Until it would have ended nothing is cached, because nobody knows any more what it forbade.
    closed_until: Option<Instant>,
}

/// What is refused for a user.
#[derive(Clone, Copy)]
struct Mark {
    /// Everything, until then.
    guarded_until: Option<Instant>,
    /// Older versions than this one, until the mark expires. 0 refuses none.
    version: u64,
}

impl Profiles {
    pub(super) fn new(max_entries: usize) -> Self {
        Self { cached: Expiring::new(max_entries), marks: Expiring::new(max_entries), closed_until: None }
    }

    pub(super) fn cached(&mut self, user: UserId, now: Instant) -> Option<&Profile> {
        self.cached.get(&user, now).map(|(profile, _)| &*profile)
    }

    /// Keeps the profile until `expires`, if nothing speaks against it.
    pub(super) fn offer(&mut self, profile: &Profile, expires: Instant, now: Instant) {
        if self.closed_until.is_some_and(|until| now < until) {
            return;
        }
        if let Some((mark, _)) = self.marks.get(&profile.id, now) {
            let guarded = mark.guarded_until.is_some_and(|until| now < until);
            if guarded || profile.version < mark.version {
                return;
            }
        }
        if self.cached.get(&profile.id, now).is_some_and(|(held, _)| held.version > profile.version) {
            return;
        }
        self.cached.insert_evicting(profile.id, profile.clone(), expires, now);
    }

    /// Drops the cached profile and keeps any out until `until`.
    pub(super) fn guard(&mut self, user: UserId, until: Instant, now: Instant) {
        self.cached.remove(&user);
        self.mark(user, until, now, |mark| mark.guarded_until = mark.guarded_until.max(Some(until)));
    }

    /// Drops the cached profile if it is older than `version`, and keeps older ones out at least until `until`.
    pub(super) fn forget(&mut self, user: UserId, version: u64, until: Instant, now: Instant) {
        if self.cached.get(&user, now).is_some_and(|(held, _)| held.version < version) {
            self.cached.remove(&user);
        }
        self.mark(user, until, now, |mark| mark.version = mark.version.max(version));
    }

    /// Changes the user's mark, which then lasts at least until `until`.
    fn mark(&mut self, user: UserId, until: Instant, now: Instant, change: impl FnOnce(&mut Mark)) {
        let held = self.marks.get(&user, now).map(|(mark, expires)| (*mark, expires));
        let (mut mark, expires) = held.unwrap_or((Mark { guarded_until: None, version: 0 }, until));
        change(&mut mark);
        let evicted = self.marks.insert_evicting(user, mark, expires.max(until), now);
        self.closed_until = self.closed_until.max(evicted);
    }
}
