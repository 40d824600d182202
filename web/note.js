// A note that one page leaves for the next. It travels in the tab's own storage: an address would keep it in the
// history and in logs.

const KEY = 'teller.note';

/**
 * Leaves a note (`text`, and `username` where the next form should know it) and goes to another page.
 * Answers a promise that never settles, so that a form which waits for it stays busy until the page is gone.
 */
export function leave(to, note, { replace = false } = {}) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(note));
  } catch {
    // Storage may be switched off; then the next page opens without the note.
  }
  if (replace) location.replace(to);
  else location.assign(to);
  return new Promise(() => {});
}

/** Takes the note that was left, once. */
export function take() {
  try {
    const note = JSON.parse(sessionStorage.getItem(KEY));
    sessionStorage.removeItem(KEY);
    return note ?? {};
  } catch {
    return {};
  }
}
