// One's wallets: what is in them, what happened in the chosen one, and the forms that move money.

import { setWrong, submits } from '/form.js';
import { amount, day, grouped, isMore, isZero, kindText, like, money, time } from '/money.js';
import { accounts, begins, element, named, signedOut } from '/signed-in.js';
import { ask } from '/v1.js';
import { wallets } from '/wallets.js';

/** Changes that are shown. */
const RECENT = 10;

/** What brings money, as far as the word says: the balances say it of any, where they differ. */
const COMES = ['deposit', 'transfer_in', 'refund'];

const byId = (id) => document.getElementById(id);
const any = () => '';

let known = [];
let chosen = null;

async function load() {
  known = await accounts();
  const wanted = chosen?.id ?? Number(new URLSearchParams(location.search).get('account'));
  chosen = known.find((account) => account.id === wanted) ?? known[0] ?? null;
  byId('wallets').replaceChildren(...known.map(card));
  for (const part of ['deposit-part', 'withdraw-part', 'transfer-part', 'activity']) byId(part).hidden = !chosen;
  if (chosen) await choose(chosen);
  else byId('open-part').open = true;
}

function card(account) {
  const node = byId('wallet').content.firstElementChild.cloneNode(true);
  const { currency, balance, available, held, status } = account;
  node.querySelector('.code').textContent = `${currency}, account ${account.id}${status === 'open' ? '' : `, ${status}`}`;
  node.querySelector('.total').textContent = money(balance, currency);
  const parts = isZero(held) && available === balance ? 'All of it available' : `${grouped(available)} available, ${grouped(held)} held`;
  node.querySelector('.parts').textContent = parts;
  node.querySelector('button').addEventListener('click', () => choose(account).catch(signedOut));
  return node;
}

async function choose(account) {
  chosen = account;
  const { id, currency } = account;
  [...byId('wallets').children].forEach((node, place) => {
    node.firstElementChild.ariaPressed = String(known[place].id === id);
  });
  document.querySelectorAll('.currency').forEach((node) => { node.textContent = currency; });
  byId('statement-link').href = `/statement.html?account=${id}`;
  byId('reconcile-link').href = `/reconcile.html?account=${id}`;
  byId('activity-title').textContent = `Recent activity in ${currency}`;
  const events = await wallets(`/${id}/transactions?limit=${RECENT}`);
  if (chosen.id !== id) return;
  byId('no-activity').hidden = events.length > 0;
  byId('events').replaceChildren(...events.map((event) => row(event, account)));
}

function row(event, { balance }) {
  const line = document.createElement('tr');
  const what = element('td', 'what', kindText(event.Type));
  if (event.Status === 'pending') what.append(' ', element('span', 'badge wait', 'pending'));
  const detail = event.Description || event.TxHash;
  if (detail) what.append(element('small', '', detail));
  const comes = event.BalanceBefore === event.BalanceAfter ? COMES.includes(event.Type) : isMore(event.BalanceAfter, event.BalanceBefore);
  const change = `${comes ? '+' : '−'}${grouped(like(event.Amount, balance))}`;
  const when = element('td', 'when', day(event.CreatedAt));
  when.append(' ', element('small', '', time(event.CreatedAt)));
  line.append(
    when, what, element('td', `number change${comes ? ' in' : ''}`, change),
    element('td', 'number balance', grouped(like(event.BalanceAfter, balance))),
  );
  return line;
}

/** A form that moves money: sent again after a lost answer it is the same request, and is done once. */
function moves(id, rules, send) {
  const form = byId(id);
  const names = named();
  submits(form, {
    rules,
    async send(fields) {
      byId('done').textContent = '';
      const trimmed = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value.trim()]));
      const done = await send(trimmed, names.of({ ...trimmed, from: chosen?.id }));
      names.used();
      form.reset();
      byId(`${id}-part`).open = false;
      await load();
      byId('done').textContent = done;
    },
    failed: (failure) => signedOut(failure) || aboutAnother(form, failure),
  });
}

/** A problem may be about an account that is on the page and not in the form. */
function aboutAnother(form, failure) {
  const field = { from_account_id: 'amount', reference: 'tx_hash' }[failure.field];
  if (!field || !form.elements[field]) return false;
  setWrong(form.elements[field], failure.message);
  form.elements[field].focus();
  return true;
}

for (const [how, past] of [['deposit', 'deposited'], ['withdraw', 'withdrawn']]) {
  moves(how, { amount, tx_hash: any }, async (fields, name) => {
    await wallets(`/${chosen.id}/${how}`, { amount: fields.amount, tx_hash: fields.tx_hash || `web-${name}` });
    return `${money(fields.amount, chosen.currency)} ${past}.`;
  });
}

moves('transfer', {
  to_account_id: (value) => (/^\d{1,18}$/.test(value.trim()) ? '' : 'Please enter the number of an account.'),
  amount,
  description: any,
}, async ({ to_account_id: to, amount: sum, description }, key) => {
  const body = { from_account_id: chosen.id, to_account_id: Number(to), amount: sum, currency: chosen.currency, description };
  await ask('transfers', { method: 'POST', body, key });
  return `${money(sum, chosen.currency)} sent to account ${to}.`;
});

moves('open', { currency: (value) => (/^\s*[a-z]{3}\s*$/i.test(value) ? '' : 'Please enter a code of three letters.') }, async ({ currency }) => {
  chosen = await ask('accounts', { method: 'POST', body: { currency: currency.toUpperCase() } });
  return `Your wallet in ${chosen.currency} is open: its number is ${chosen.id}.`;
});

begins(load, 'Sign in to see your wallets.');
