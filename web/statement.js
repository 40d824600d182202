// A statement: both balances of a period and every change between them, on the screen, on paper, and as a file.

import { Failure } from '/api.js';
import { setWrong, submits } from '/form.js';
import { day, grouped, isNegative, kindText, minute, money } from '/money.js';
import { accounts, begins, element, offers, signedOut } from '/signed-in.js';
import { ask } from '/v1.js';

/** Changes that are shown at once. */
const PAGE = 500;

const byId = (id) => document.getElementById(id);
const form = byId('period');

/** `2026-03-01` of a year, a month from 0 and a day, in UTC as the books have it. */
const iso = (year, month, date) => new Date(Date.UTC(year, month, date)).toISOString().slice(0, 10);

/** The first and the last day of what can be chosen. */
function bounds(span) {
  const now = new Date();
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()];
  if (span === 'month') return [iso(year, month, 1), iso(year, month + 1, 0)];
  if (span === 'before') return [iso(year, month - 1, 1), iso(year, month, 0)];
  if (span === 'year') return [iso(year, 0, 1), iso(year, 11, 31)];
  return [form.elements.from.value, form.elements.to.value];
}

function spans() {
  const span = form.elements.span.value;
  form.dataset.span = span;
  if (span !== 'custom') [form.elements.from.value, form.elements.to.value] = bounds(span);
  setWrong(form.elements.from, '');
}

/** What the address asks for, or else this month of the first account. */
async function load() {
  const asked = new URLSearchParams(location.search);
  const known = await accounts();
  const named = asked.get('account');
  // An operator may look at anybody's: those are not among one's own.
  if (named && !known.some((account) => String(account.id) === named)) known.push(await ask(`accounts/${encodeURIComponent(named)}`));
  offers(form.elements.account, known, named);
  const given = asked.get('from') || asked.get('to');
  form.elements.span.value = given ? 'custom' : 'month';
  if (given) [form.elements.from.value, form.elements.to.value] = [asked.get('from') ?? '', asked.get('to') ?? ''];
  spans();
  sought = /^#change-(\d+)$/.exec(location.hash)?.[1] ?? null;
  if (known.length === 0) throw new Failure('You have no account yet. Open a wallet first.');
  await show();
}

/** The statement that is shown: where it goes on. */
let shown = null;
/** The number of the change that a link has led to, until it was found or looked for. */
let sought = null;

async function show() {
  const account = form.elements.account.value;
  const [from, to] = bounds(form.elements.span.value);
  const period = new URLSearchParams(Object.entries({ from, to }).filter(([, value]) => value));
  const page = await ask(`accounts/${account}/statement?limit=${PAGE}&${period}`);
  const own = new URLSearchParams({ account, ...Object.fromEntries(period) });
  history.replaceState(null, '', `?${own}`);
  byId('csv').href = `/v1/accounts/${account}/statement.csv?${period}`;
  const total = (amount) => (amount === null ? 'not added up' : grouped(amount));
  byId('sheet').hidden = false;
  byId('sheet-title').textContent = `${day(page.from)} to ${day(page.to)}`;
  byId('sheet-account').textContent = `Account ${page.account_id}, in ${page.currency}`;
  byId('opening').textContent = money(page.opening_balance, page.currency);
  byId('closing').textContent = money(page.closing_balance, page.currency);
  byId('total-in').textContent = total(page.total_in);
  byId('total-out').textContent = total(page.total_out);
  byId('made').textContent = `Made by Teller on ${minute(new Date())}. Amounts are in ${page.currency}; days are of UTC.`;
  byId('first').replaceChildren(end(page.from, 'Balance before', page.opening_balance));
  byId('lines').replaceChildren();
  byId('last').replaceChildren();
  goesOn(page);
  seek();
}

/** Brings the change that was asked for into sight, and marks it. */
function seek() {
  if (sought === null) return;
  const row = byId(`change-${sought}`);
  row?.classList.add('sought');
  // The page is shown only after this.
  if (row) requestAnimationFrame(() => row.scrollIntoView({ block: 'center' }));
  else byId('status').textContent = `Entry ${sought} is not among those that are shown: choose another period.`;
  sought = null;
}

function goesOn(page) {
  byId('lines').append(...page.entries.map(line));
  shown = page;
  byId('more').hidden = page.next === null;
  const count = byId('lines').childElementCount;
  byId('status').textContent = count === 0 ? 'Nothing changed in this period.' : '';
  if (page.next === null) byId('last').replaceChildren(end(page.to, 'Balance at the end', page.closing_balance));
  else byId('status').textContent = `The first ${count} changes are shown.`;
}

function line({ seq, created_at: at, kind, description, reference, counterparty_account_id: other, amount, balance }) {
  const row = document.createElement('tr');
  const what = element('td', 'what', kindText(kind));
  const detail = [description, reference, kind === 'transfer' && `${isNegative(amount) ? 'to' : 'from'} account ${other}`];
  what.append(element('small', '', detail.filter(Boolean).join(' · ')));
  const change = isNegative(amount) ? grouped(amount) : `+${grouped(amount)}`;
  row.append(
    element('td', 'when', day(at)), what, element('td', `number change${isNegative(amount) ? '' : ' in'}`, change),
    element('td', 'number balance', grouped(balance)),
  );
  row.id = `change-${seq}`;
  row.title = minute(at);
  return row;
}

function end(at, text, balance) {
  const row = document.createElement('tr');
  row.append(element('td', 'when', day(at)), element('td', 'what', text), element('td', ''), element('td', 'number balance', grouped(balance)));
  return row;
}

form.elements.span.addEventListener('change', spans);
submits(form, {
  rules: {
    from: () => {
      const [from, to] = bounds(form.elements.span.value);
      return from && to && from > to ? 'The first day must not be after the last.' : '';
    },
  },
  send: show,
  failed: (failure) => signedOut(failure),
});

byId('more').addEventListener('click', async () => {
  const { account_id: account, from, to, next } = shown;
  try {
    goesOn(await ask(`accounts/${account}/statement?limit=${PAGE}&from=${from}&to=${to}&cursor=${next}`));
  } catch (failure) {
    if (!signedOut(failure)) byId('status').textContent = failure.message;
  }
});
byId('print').addEventListener('click', () => print());

begins(load, 'Sign in to see your statement.');
