//! The mutex and atomics that loom can watch: `std`'s, or loom's under `--cfg teller_loom`
//! (a name of its own: under plain `loom` tokio leaves out its network).

#[cfg(teller_loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicUsize, Ordering},
};
use std::sync::PoisonError;
#[cfg(not(teller_loom))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicUsize, Ordering},
};

/// Locks, also after a panic elsewhere: no code here can panic between two halves of a change.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
