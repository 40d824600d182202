// The door to `/v1`, beside that of `api.js`: the same failures, read from problem details (RFC 9457).

import { Code, Failure, lost } from '/api.js';
import { codeText, problemText, sentence, statusText } from '/messages.js';

/** How long a page waits for an answer, in milliseconds. */
const TIMEOUT_MS = 8_000;
/** The same where it sends a file: some megabytes over a slow telephone. */
const FILE_TIMEOUT_MS = 60_000;

/**
 * Calls `/v1` and answers the document; null where there is none. Throws a `Failure`.
 * `key` names a request that moves money, so that it is done once however often it is sent. `file` is sent as it is.
 */
export async function ask(path, { method = 'GET', body, file, key } = {}) {
  // What a browser takes a file for differs from system to system; the server looks at its first bytes.
  const type = (body && 'application/json') ?? (file && 'application/octet-stream');
  try {
    const response = await fetch(`/v1/${path}`, {
      method,
      body: file ?? (body && JSON.stringify(body)),
      headers: { ...(type && { 'Content-Type': type }), ...(key && { 'Idempotency-Key': key }) },
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(file ? FILE_TIMEOUT_MS : TIMEOUT_MS),
    });
    const text = await response.text();
    if (response.ok) return text ? JSON.parse(text) : null;
    throw refused(response, parse(text));
  } catch (cause) {
    throw cause instanceof Failure ? cause : lost(cause.name === 'TimeoutError' ? 'slow' : 'away');
  }
}

/** The failure that a problem stands for. */
function refused(response, problem) {
  const type = problem?.type?.replace('/problems/', '');
  if (type === 'unauthenticated') return new Failure(codeText(Code.SESSION), { code: Code.SESSION });
  if (type === 'invalid-request' && problem.field) {
    const rule = problem.detail.replace(`${problem.field}: `, '');
    return new Failure(sentence(problem.field, rule), { code: Code.PARAMS, field: problem.field });
  }
  const known = problemText(type);
  if (known) return Object.assign(new Failure(known.text, { field: known.field }), { gone: response.status === 404 });
  // What is refused for a reason of its own says it in words.
  if (response.status < 500 && type && problem.detail) {
    return new Failure(`${problem.detail[0].toUpperCase()}${problem.detail.slice(1)}.`, { field: problem.field });
  }
  return new Failure(statusText(response.status, response.headers.get('Retry-After')), {
    uncertain: ![413, 429, 503].includes(response.status),
    reference: response.headers.get('X-Request-Id'),
  });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
