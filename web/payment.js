// Pays under one token, as often as one likes, and shows what became of it.

import { Failure, lost } from '/api.js';
import { clear, setBusy, setWrong, show } from '/form.js';

/** How long an answer is waited for, and how often a payment on its way is asked about, in milliseconds. */
const TIMEOUT_MS = 8_000;
const ASK_EVERY_MS = 500;

const FIELDS = ['user_id', 'amount', 'description'];

const byId = (id) => document.getElementById(id);
const form = byId('payment');

/** The payment on the screen: its token, what it is about, and the orders that answers named. */
let payment = null;

async function call(path, body, more) {
  const headers = { 'Content-Type': 'application/json', ...more };
  const options = body && { method: 'POST', body: JSON.stringify(body), headers };
  try {
    const response = await fetch(path, {
      ...options, credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: response.status, body: await response.json() };
  } catch (cause) {
    throw lost(cause.name === 'TimeoutError' ? 'slow' : 'away');
  }
}

/** What cannot be a payment names its field: `amount: must be more than zero`. */
function refused(message) {
  const [, field, rule] = /^(\w+): (.+)$/.exec(message ?? '') ?? [];
  const known = FIELDS.includes(field);
  return new Failure(known ? `This ${rule}.` : message ?? 'The server did not say why.', { field: known ? field : null });
}

const values = () => Object.fromEntries(FIELDS.map((name) => [name, form.elements[name].value.trim()]));

/** The token of the payment on the screen: a new one, unless the same is asked for again. */
async function begin() {
  const wanted = values();
  if (payment && FIELDS.every((name) => payment[name] === wanted[name])) return;
  const { status, body } = await call('/payment/token', { user_id: wanted.user_id });
  if (status !== 200) throw refused(body.message);
  payment = { ...wanted, token: body.token, orders: new Set(), asked: 0, ended: false, declined: 0 };
  byId('token').textContent = body.token;
  byId('answers').replaceChildren();
  byId('verdict').textContent = '';
  byId('given').textContent = '';
  byId('back').hidden = true;
  byId('fresh').hidden = false;
  step('token');
}

async function pay() {
  const mine = payment;
  const { token, user_id, amount, description } = mine;
  step('PROCESSING');
  const { status, body } = await call('/payment', { idempotent_token: token, user_id, amount, description });
  if (body.status === 'ERROR' && status < 500) throw refused(body.message);
  mine.asked += 1;
  if (body.order_id) mine.orders.add(body.order_id);
  list(status, body);
  reach(mine, body.status, body.message);
}

/** Asks for the same payment several times at once, or once. */
async function press(times) {
  if (form.ariaBusy === 'true') return;
  clear(form);
  setBusy(form, true);
  try {
    await begin();
    const ends = await Promise.allSettled(Array.from({ length: times }, pay));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
  } catch (failure) {
    show(form, failure);
  } finally {
    setBusy(form, false);
  }
}

/** Follows a payment until it has ended. */
async function follow(mine) {
  while (mine === payment && !mine.ended) {
    await new Promise((resolve) => { setTimeout(resolve, ASK_EVERY_MS); });
    const { status, body } = await call(`/payment/status?token=${encodeURIComponent(mine.token)}`).catch(() => ({}));
    if (status === 200 && body.status !== 'PROCESSING') return reach(mine, body.status, body.error_message);
  }
}

function reach(mine, word, message) {
  if (mine !== payment || mine.ended) return verdict(mine);
  if (word === 'PROCESSING') {
    if (!mine.followed) follow(mine);
    mine.followed = true;
    return;
  }
  if (word !== 'SUCCESS' && word !== 'FAILED') return;
  mine.ended = word === 'SUCCESS';
  step(word, message);
  verdict(mine);
}

function verdict(mine) {
  if (mine !== payment || !mine.ended) return;
  const times = mine.asked === 1 ? 'once' : `${mine.asked} times`;
  byId('verdict').textContent = `Asked ${times}, charged once: ${[...mine.orders].at(-1)}.`;
  byId('back').hidden = Boolean(mine.given);
}

/** Gives back all that is left. However often it is pressed, it is one refund; one that was declined may be tried again. */
async function giveBack() {
  const mine = payment;
  if (!mine?.ended || form.ariaBusy === 'true') return;
  clear(form);
  setBusy(form, true);
  try {
    const key = `refund-${mine.declined}-${mine.token.slice(-32)}`;
    const { status, body } = await call(`/v1/payments/${encodeURIComponent(mine.token)}/refunds`, {}, { 'Idempotency-Key': key });
    if (status === 201 || status === 202) {
      mine.given = status === 201;
      byId('back').hidden = mine.given;
      const sum = `${body.amount} ${body.currency}`;
      byId('given').textContent = mine.given ? `Given back: ${sum}.` : `On its way back: ${sum}. Press again to see.`;
    } else {
      mine.declined += body.type === '/problems/refund-declined' ? 1 : 0;
      throw new Failure(body.detail ?? body.title ?? 'The server did not say why.', {});
    }
  } catch (failure) {
    show(form, failure);
  } finally {
    setBusy(form, false);
  }
}

/** Lights the steps up to this one. */
function step(word, message) {
  const [issued, processing, end] = byId('life').children;
  const ended = word === 'SUCCESS' || word === 'FAILED';
  issued.dataset.state = 'done';
  processing.dataset.state = ended ? 'done' : word === 'PROCESSING' ? 'now' : '';
  end.dataset.state = word === 'SUCCESS' ? 'done' : word === 'FAILED' ? 'bad' : '';
  byId('end-name').textContent = { SUCCESS: 'Paid', FAILED: 'Failed' }[word] ?? 'Paid or failed';
  byId('end-text').textContent = {
    SUCCESS: 'The money has moved. The same token is answered the same for ever.',
    FAILED: `Nothing was charged: ${message}. The same token may be tried again.`,
  }[word] ?? 'The money moves, or is free again.';
}

function list(status, body) {
  const part = (name, text) => {
    const span = document.createElement('span');
    span.className = name;
    span.textContent = text;
    return span;
  };
  const item = document.createElement('li');
  item.append(part('word', `${status} ${body.status}`), part('order', body.order_id ?? ''), part('said', body.message));
  byId('answers').append(item);
}

form.noValidate = true;
form.addEventListener('input', (event) => setWrong(event.target, ''));
form.addEventListener('submit', (event) => {
  event.preventDefault();
  press(1);
});
byId('twice').addEventListener('click', () => press(2));
byId('back').addEventListener('click', giveBack);
byId('fresh').addEventListener('click', () => {
  payment = null;
  byId('fresh').hidden = true;
  byId('back').hidden = true;
  byId('given').textContent = '';
  byId('token').textContent = 'none yet';
  byId('answers').replaceChildren();
  byId('verdict').textContent = '';
  for (const item of byId('life').children) delete item.dataset.state;
  byId('amount').focus();
});
new MutationObserver(() => { byId('no-answers').hidden = byId('answers').childElementCount > 0; })
  .observe(byId('answers'), { childList: true });
