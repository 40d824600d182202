// The lines of a statement, under their state and what to do about it; operators say there what came of each.

import { submits } from '/form.js';
import { stateOf } from '/bank-states.js';
import { day, minute, money } from '/money.js';
import { signedOut } from '/signed-in.js';
import { ask } from '/v1.js';

/** Days before and after a line in which its entries are shown: most belong together by far less. */
const AROUND = 7;
/** Entries of one line that are linked; of batches there may be thousands. */
const LINKS = 20;
const DAY_MS = 86_400_000;

let role = null;

/** Whether whoever is signed in may resolve lines: asked once. */
async function mayResolve() {
  role ??= ask('users/me').then((person) => person.role).catch(() => null);
  return await role === 'operator';
}

/** Appends lines to their groups, in the order in which they come. `of` says the statement, and hears what is resolved. */
export function groups(place, lines, of) {
  for (const line of lines) {
    let group = place.lastElementChild;
    if (group?.dataset.state !== line.state) {
      group = made(line.state);
      place.append(group);
    }
    group.querySelector('ul').append(item(line, of));
  }
}

function made(state) {
  const group = document.getElementById('one-group').content.firstElementChild.cloneNode(true);
  const { name, bad, todo } = stateOf(state);
  group.dataset.state = state;
  group.classList.toggle('bad', bad);
  const badge = group.querySelector('.badge');
  badge.textContent = name;
  badge.classList.toggle('bad', bad);
  group.querySelector('.advice').textContent = todo;
  return group;
}

function item(line, of) {
  const node = document.getElementById('one-line').content.firstElementChild.cloneNode(true);
  const find = (css) => node.querySelector(css);
  const { currency } = of.statement.result;
  find('strong').textContent = amounts(line, currency);
  const place = line.line === null ? 'not on the statement' : `line ${line.line}`;
  find('.when').textContent = [place, line.date && day(line.date)].filter(Boolean).join(', ');
  find('.what').textContent = [line.reference, line.description].filter(Boolean).join(' · ');
  find('.reason').textContent = `${line.reason[0].toUpperCase()}${line.reason.slice(1)}.`;
  if (line.entries.length > 0) find('.entries').append(...links(line, of.statement.result.account_id));
  if (line.resolution) resolution(node, line);
  else if (stateOf(line.state).bad) mayResolve().then((may) => may && resolvable(node, line, of));
  return node;
}

/** Both amounts where they differ, and otherwise the one that there is. */
function amounts({ amount, our_amount: ours }, currency) {
  if (amount === null && ours === null) return 'No amount';
  if (amount === null || ours === null || amount === ours) return money(amount ?? ours, currency);
  return `${money(amount, currency)}, books ${money(ours, currency)}`;
}

/** Links to a line's entries in the statement of the account. */
function links({ entries, date }, account) {
  const at = Date.parse(date);
  const [from, to] = [at - AROUND * DAY_MS, at + AROUND * DAY_MS].map((time) => new Date(time).toISOString().slice(0, 10));
  const linked = entries.slice(0, LINKS).map((entry) => {
    const link = document.createElement('a');
    link.href = `/statement.html?account=${account}&from=${from}&to=${to}#change-${entry}`;
    link.textContent = `entry ${entry}`;
    return link;
  });
  const rest = entries.length > LINKS ? [` and ${entries.length - LINKS} more`] : [];
  return ['In these books: ', ...linked.flatMap((link, place) => (place === 0 ? [link] : [', ', link])), ...rest];
}

function resolution(node, { resolution: { by, at, note } }) {
  const text = node.querySelector('.resolution');
  text.hidden = false;
  text.textContent = `Resolved by user ${by} on ${minute(at)}: ${note}`;
  node.querySelector('form').hidden = true;
}

/** Lets an operator say what came of a line. */
function resolvable(node, line, { statement, resolved }) {
  const form = node.querySelector('form');
  const { note } = form.elements;
  form.id = `resolve-${line.place}`;
  form.querySelector('.message').id = `${form.id}-message`;
  note.id = `note-${line.place}`;
  form.querySelector('label').htmlFor = note.id;
  form.querySelector('.wrong').id = `${note.id}-wrong`;
  const about = line.line === null ? `entry ${line.entries[0]}` : `line ${line.line}`;
  form.querySelector('button').setAttribute('aria-label', `Resolve ${about}`);
  form.hidden = false;
  submits(form, {
    rules: { note: (value) => (value.trim() ? '' : 'Please say in a few words what came of it.') },
    async send({ note: text }) {
      const path = `statements/${statement.id}/lines/${line.place}/resolve`;
      resolution(node, await ask(path, { method: 'POST', body: { note: text.trim() } }));
      node.querySelector('.resolution').focus();
      resolved();
    },
    failed: (failure) => signedOut(failure),
  });
}
