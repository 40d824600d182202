// The one door to the server. Every way in which a call can end badly becomes a `Failure` with a sentence for the
// person at the screen; a page only decides where to show it.

import { codeText, sentence, statusText, transportText } from '/messages.js';

const BASE = '/api/entrytask/user/';

/** How long a page waits for an answer, in milliseconds. The server's own budget is 2 seconds. */
const TIMEOUT_MS = 8_000;

/** `errCode` as the server writes it. */
export const Code = Object.freeze({
  SERVER: '0', DATABASE: '1', SESSION: '2', TAKEN: '3', NO_USER: '4', PASSWORD: '5', PARAMS: '6', SUCCESS: '7',
});

const FIELD_OF_CODE = { [Code.TAKEN]: 'username', [Code.NO_USER]: 'username', [Code.PASSWORD]: 'password' };

/**
 * A call that did not succeed.
 * `code` is the errCode, or null where no handler answered; `field` names the wrong field, where one is known;
 * `uncertain` says that the call may have taken effect all the same; `reference` is the server's request id.
 */
export class Failure extends Error {
  constructor(message, { code = null, field = null, uncertain = false, reference = null } = {}) {
    super(message);
    this.name = 'Failure';
    this.code = code;
    this.field = field;
    this.uncertain = uncertain;
    this.reference = reference;
  }
}

/** Calls one method of the user contract and answers its `data`. Throws a `Failure`. */
export async function call(name, { method = 'POST', fields } = {}) {
  try {
    const response = await fetch(BASE + name, {
      method,
      body: fields && JSON.stringify(fields),
      headers: fields && { 'Content-Type': 'application/json' },
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return read(response.status, (header) => response.headers.get(header), await response.text());
  } catch (cause) {
    throw cause instanceof Failure ? cause : lost(cause.name === 'TimeoutError' ? 'slow' : 'away');
  }
}

/** The address of a method, for the upload, which does not go through `fetch`. */
export const address = (name) => BASE + name;

/** The failure of a call to which no answer came: `slow`, `away` or `stopped`. */
export function lost(how) {
  const offline = how === 'away' && navigator.onLine === false;
  return new Failure(transportText(offline ? 'offline' : how), { uncertain: !offline });
}

/** Reads an answer: its `data`, or throws the `Failure` it stands for. */
export function read(status, header, text) {
  const answer = parse(text);
  if (status === 200 && answer?.errCode === Code.SUCCESS) return answer.data;
  throw status === 200 && codeText(answer?.errCode)
    ? refused(answer.errCode, header)
    : new Failure(statusText(status, header('Retry-After')), {
      uncertain: ![413, 429, 503].includes(status),
      reference: header('X-Request-Id'),
    });
}

/** The failure for one of the contract's codes. */
function refused(code, header) {
  const [, field, rule] = /^(\w+):\s*(.+)$/.exec(header('X-Error-Detail') ?? '') ?? [];
  const ours = code === Code.SERVER || code === Code.DATABASE;
  return new Failure(code === Code.PARAMS && rule ? sentence(field, rule) : codeText(code), {
    code,
    field: code === Code.PARAMS ? field ?? null : FIELD_OF_CODE[code] ?? null,
    uncertain: code === Code.SERVER,
    reference: ours ? header('X-Request-Id') : null,
  });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
