//! The Lua scripts: each one step of the protocol, atomic because Redis runs one script at a time.

use deadpool_redis::redis::{self, Pipeline, Script};

pub(super) struct Scripts {
    pub(super) admit: Lua,
    pub(super) fail: Lua,
    pub(super) offer: Lua,
    pub(super) guard: Lua,
    pub(super) forget: Lua,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            admit: Lua::new(include_str!("scripts/admit.lua")),
            fail: Lua::new(include_str!("scripts/fail.lua")),
            offer: Lua::new(include_str!("scripts/offer.lua")),
            guard: Lua::new(include_str!("scripts/guard.lua")),
            forget: Lua::new(include_str!("scripts/forget.lua")),
        }
    }

    /// Gives all scripts to a Redis that does not know them: it was restarted or flushed.
    pub(super) fn load(&self) -> Pipeline {
        let mut pipeline = redis::pipe();
        for script in [&self.admit, &self.fail, &self.offer, &self.guard, &self.forget] {
            pipeline.cmd("SCRIPT").arg("LOAD").arg(script.code).ignore();
        }
        pipeline
    }
}

/// A script, called by the hash of its text.
pub(super) struct Lua {
    code: &'static str,
    hash: String,
}

impl Lua {
    fn new(code: &'static str) -> Self {
        Self { code, hash: Script::new(code).get_hash().into() }
    }

    /// Adds a call to `pipeline`; the arguments follow. `keys` are all that it touches.
    pub(super) fn call<'a>(&self, pipeline: &'a mut Pipeline, keys: &[String]) -> &'a mut Pipeline {
        pipeline.cmd("EVALSHA").arg(&self.hash).arg(keys.len()).arg(keys)
    }
}
