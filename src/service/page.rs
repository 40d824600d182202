//! Parts of lists.

use crate::api::account::{PAGE_MAX, Page};

/// What a page may hold of what was asked for.
pub(super) fn page_size(limit: u16) -> usize {
    limit.clamp(1, PAGE_MAX).into()
}

/// A page of one more than `limit`, which tells whether there are more.
pub(super) fn page<T>(mut items: Vec<T>, limit: usize) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    Page { items, more }
}

#[cfg(test)]
mod tests {
    use super::{page, page_size};

    #[test]
    fn one_more_than_a_page_holds_says_that_there_is_another() {
        for (found, kept, more) in [(0, 0, false), (1, 1, false), (2, 2, false), (3, 2, true)] {
            let page = page(vec![(); found], 2);
            assert_eq!((page.items.len(), page.more), (kept, more), "{found}");
        }
        assert_eq!([0, 1, 1000, u16::MAX].map(page_size), [1, 1, 1000, 1000]);
    }
}
