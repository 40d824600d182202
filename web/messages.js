// Every sentence that says what went wrong, in one place.

const LABELS = {
  username: 'User name', password: 'Password', nickname: 'Nickname', profilePic: 'Picture',
  current_password: 'Current password', new_password: 'New password',
  amount: 'Amount', currency: 'Currency', description: 'This text', tx_hash: 'Reference', to_account_id: 'This number',
  from: 'The first day', to: 'The last day', external_balance: 'Their balance', tolerance: 'The tolerance',
  start_time: 'The beginning', end_time: 'The end',
  statement: 'The file', window_days: 'This number', settlement_days: 'This number', note: 'The note', date: 'The column of the day',
  date_format: 'How the day is written', skip_lines: 'This number',
};

const BY_CODE = {
  0: 'Something went wrong on our side. Please try again.',
  1: 'Teller cannot reach its database right now. Please try again in a moment.',
  2: 'Your session has ended. Please sign in again.',
  3: 'This user name is taken. Please choose another.',
  4: 'There is no user with this name.',
  5: 'That is not the right password.',
  6: 'Teller did not accept what was entered. Please check it and try again.',
};

/** What a type of problem means on these pages, and the field that it is about. */
const BY_PROBLEM = {
  'wrong-password': { text: 'That is not your current password.', field: 'current_password' },
  'session-not-found': { text: 'This session has ended already.' },
  'insufficient-funds': { text: 'There is not enough available in this wallet.', field: 'amount' },
  'account-exists': { text: 'You have a wallet in this currency already.', field: 'currency' },
  'account-not-found': { text: 'There is no account with this number.', field: 'to_account_id' },
  'currency-mismatch': { text: 'That account is in another currency.', field: 'to_account_id' },
  'same-account': { text: 'That is this very wallet.', field: 'to_account_id' },
};

const BY_TRANSPORT = {
  away: 'Teller cannot be reached. Check that the server is running and try again.',
  offline: 'You are offline. Connect to the network and try again.',
  slow: 'Teller is taking too long to answer. Please try again.',
  stopped: 'The upload was stopped.',
};

/** What an errCode other than success means; undefined for a code that the contract does not know. */
export const codeText = (code) => BY_CODE[code];

/** What a type of problem means, and its field; undefined for one that is not known here. */
export const problemText = (type) => BY_PROBLEM[type];

/** Why no answer came: `away`, `offline`, `slow` or `stopped`. */
export const transportText = (how) => BY_TRANSPORT[how];

/** What an answer means that no handler gave: a limit, a proxy's page, anything that is not the contract's JSON. */
export function statusText(status, retryAfter) {
  switch (status) {
    case 413: return 'That is more than Teller accepts at once. Please choose something smaller.';
    case 403: return 'Teller refused this request. Please reload the page and try again.';
    case 429: return `Too many tries. Please wait ${delay(retryAfter)} and try again.`;
    case 503: return `Teller is busy or starting up. Please try again in ${delay(retryAfter)}.`;
    default: return `Teller gave an answer that this page does not understand (HTTP ${status}). Please try again.`;
  }
}

/** A field and the rule it broke, as a sentence. */
export function sentence(field, rule) {
  return `${LABELS[field] ?? field} ${rule}${/[.!?]$/.test(rule) ? '' : '.'}`;
}

/** `Retry-After` in words; it may also hold a date, which nobody wants to read here. */
function delay(retryAfter) {
  const seconds = Number.parseInt(retryAfter, 10);
  if (!(seconds > 0)) return 'a moment';
  return seconds === 1 ? '1 second' : `${seconds} seconds`;
}
