//! The memory that Argon2 works in, used again and again.
//!
//! A hash takes 19 MiB for some milliseconds. Allocated for each, it comes back to the allocator but not to the system: a flood of
//! sign-ins left hundreds of MiB behind. Here there is one piece for each hash in work, and no more.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use argon2::Block;

/// Pieces of memory that no hash works in at the moment. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Memory {
    idle: Arc<Mutex<Vec<Vec<Block>>>>,
}

impl Memory {
    /// Runs `work` in `blocks` blocks of 1 KiB, with whatever is left in them. None, if the system has no memory left for them.
    pub(super) fn lend<T>(&self, blocks: usize, work: impl FnOnce(&mut [Block]) -> T) -> Option<T> {
        let mut piece = self.idle().pop().unwrap_or_default();
        if piece.len() < blocks {
            // Nothing of the smaller piece is worth copying.
            piece = Vec::new();
            piece.try_reserve_exact(blocks).ok()?;
            piece.resize(blocks, Block::new());
        }
        let value = work(&mut piece[..blocks]);
        self.idle().push(piece);
        Some(value)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        self.idle.lock().expect("nothing panics under this lock")
    }
}

/// How many pieces there are, and nothing of what is in them.
impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("idle", &self.idle().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;

    #[test]
    fn there_is_one_piece_for_each_that_is_in_work_at_once() {
        let memory = Memory::default();
        for blocks in [8, 64, 16, 64, 8] {
            assert_eq!(memory.lend(blocks, |piece| piece.len()), Some(blocks));
        }
        assert_eq!(memory.idle().len(), 1);
        let inner = memory.lend(8, |_| memory.lend(8, |piece| piece.len()));
        assert_eq!(inner, Some(Some(8)));
        assert_eq!(memory.idle().len(), 2);
    }

    #[test]
    fn memory_that_is_not_there_is_an_answer() {
        assert_eq!(Memory::default().lend(usize::MAX / 2048, |_| ()), None);
    }
}
