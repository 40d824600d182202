// The door to `/api/wallets`, beside those of `api.js` and `v1.js`: the same failures, read from that contract's words.

import { Code, Failure, lost } from '/api.js';
import { codeText, sentence, statusText } from '/messages.js';

/** How long a page waits for an answer, in milliseconds. */
const TIMEOUT_MS = 8_000;

/** The contract's words, as sentences, and the field that they are about. */
const WORDS = {
  'insufficient balance': ['There is not enough in this wallet.', 'amount'],
  'transaction already processed': ['This reference was used before.', 'tx_hash'],
  'invalid deposit amount': ['Please enter an amount of this currency, more than zero.', 'amount'],
  'invalid withdrawal amount': ['Please enter an amount of this currency, more than zero.', 'amount'],
  'wallet not found': ['There is no such wallet.', null],
  'only an operator may do this': ['Here, money is brought in by an operator. Ask one to make this deposit.', null],
};

/** Calls `/api/wallets` and answers the document. Throws a `Failure`. */
export const wallets = async (path, body) => (await fetched(path, body)).answer;

/** The same of a list: its items, and the path of the next page, or null. */
export async function listed(path) {
  const { answer, response } = await fetched(path);
  const [, next = null] = /^<\/api\/wallets(.+)>; rel="next"$/.exec(response.headers.get('Link') ?? '') ?? [];
  return { items: answer, next };
}

async function fetched(path, body) {
  const options = body && { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
  try {
    const response = await fetch(`/api/wallets${path}`, {
      ...options, credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = await response.json().catch(() => null);
    if (response.ok && answer) return { answer, response };
    throw refused(response, answer?.error);
  } catch (cause) {
    throw cause instanceof Failure ? cause : lost(cause.name === 'TimeoutError' ? 'slow' : 'away');
  }
}

function refused(response, error) {
  if (response.status === 401) return new Failure(codeText(Code.SESSION), { code: Code.SESSION });
  const [text, field] = WORDS[error] ?? [];
  if (text) return new Failure(text, { field });
  const [, named, rule] = /^(\w+): (.+)$/.exec(error ?? '') ?? [];
  if (named) return new Failure(sentence(named, rule), { field: named });
  if (error && response.status < 500) return new Failure(`${error[0].toUpperCase()}${error.slice(1)}.`);
  return new Failure(statusText(response.status, response.headers.get('Retry-After')), {
    uncertain: ![413, 429, 503].includes(response.status), reference: response.headers.get('X-Request-Id'),
  });
}
