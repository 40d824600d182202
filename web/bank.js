// A bank's statement file: sends it, says next to it what is wrong with it, and lists those that were sent before.

import { submits } from '/form.js';
import * as columns from '/bank-columns.js';
import * as result from '/bank-result.js';
import { formatText } from '/bank-states.js';
import { day, minute } from '/money.js';
import { element, signedOut } from '/signed-in.js';
import { ask } from '/v1.js';

/** Statements that are listed at once. */
const PAGE = 20;

const byId = (id) => document.getElementById(id);
const form = byId('bank');

/** The account that is chosen on the page. */
let account = null;
let next = null;
const listed = new Set();

/** Shows the statements of an account, and the one that the address names, if it is the account's. */
export async function shows(chosen) {
  account = chosen;
  form.querySelector('[type=file]').value = '';
  document.querySelector('.of-account').textContent = `account ${account.id}, in ${account.currency},`;
  await Promise.all([columns.offer(null, account.id), earlier()]);
  const named = new URLSearchParams(location.search).get('statement');
  if (named && result.number() !== named) await opens(named);
  if (result.account() !== account.id) result.hide();
}

async function opens(number) {
  const statement = await ask(`statements/${encodeURIComponent(number)}`);
  if (statement.result.account_id === account.id) await result.show(statement);
}

/** The first page of an account's statements, or the next one. */
async function earlier(cursor = null) {
  const { id } = account;
  const page = await ask(`accounts/${id}/statements?limit=${PAGE}${cursor ? `&cursor=${cursor}` : ''}`);
  if (account.id !== id) return;
  next = page.next;
  if (!cursor) listed.clear();
  page.statements.forEach((statement) => listed.add(statement.id));
  const items = page.statements.map(item);
  if (cursor) byId('earlier').append(...items);
  else byId('earlier').replaceChildren(...items);
  byId('more-earlier').hidden = next === null;
  byId('no-earlier').hidden = listed.size > 0;
}

function item(statement) {
  const { id, file_name: name, created_at: at, discrepancies, resolved, result: { format, from, to } } = statement;
  const node = element('li');
  const head = element('p', 'head');
  const link = element('a', '', name || `Statement ${id}`);
  link.href = `/reconcile.html?account=${account.id}&statement=${id}`;
  link.addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    opens(id).then(result.goTo).catch(refused);
  });
  const left = discrepancies - resolved;
  const badge = element('span', `badge${left > 0 ? ' bad' : ''}`, left > 0 ? `${left} to look at` : discrepancies > 0 ? 'all resolved' : 'matches');
  badge.dataset.left = left;
  head.append(link, ' ', badge);
  node.append(head, element('p', 'hint', `No. ${id}, ${formatText(format)} of ${day(from)} to ${day(to)}, sent ${minute(at)}`));
  return node;
}

/** What cannot be shown is said above the file. */
function refused(failure) {
  if (!signedOut(failure)) byId('bank-message').textContent = failure.message;
}

const few = (value) => (/^\d+$/.test(value.trim()) && Number(value) <= 31 ? '' : 'Please enter a number of days from 0 to 31.');

async function send(values) {
  const [file] = byId('file').files;
  const query = new URLSearchParams({ file_name: file.name.slice(-255) });
  for (const name of ['from', 'to', 'window_days', 'settlement_days']) {
    if (values[name].trim()) query.set(name, values[name].trim());
  }
  const before = new Set(listed);
  const statement = await ask(`accounts/${account.id}/statements?${query}`, { method: 'POST', file });
  columns.close();
  await earlier();
  await result.show(statement, before.has(statement.id) ? 'This very file was sent before: this is what came of it then.' : '');
  result.goTo();
}

submits(form, {
  rules: {
    statement: (value) => (value ? '' : 'Please choose the statement’s file.'),
    from: (value) => (value && form.elements.to.value && value > form.elements.to.value ? 'The first day must not be after the last.' : ''),
    to: () => '',
    window_days: few,
    settlement_days: few,
  },
  send,
  failed(failure) {
    if (signedOut(failure)) return true;
    if (['from', 'to', 'window_days', 'settlement_days'].includes(failure.field)) byId('bank-rules').open = true;
    // The reason stands next to the file; the columns are said right below it.
    if (failure.field === 'statement' && columns.open()) failure.message = failure.message.replace('give a mapping', 'say below what the columns are');
    return false;
  },
});

byId('file').addEventListener('change', () => columns.offer(byId('file').files[0] ?? null, account.id).catch(refused));
byId('more-earlier').addEventListener('click', () => earlier(next).catch(refused));
byId('result').addEventListener('resolved', () => earlier().catch(refused));
columns.keeps(() => account.id, () => form.requestSubmit());
