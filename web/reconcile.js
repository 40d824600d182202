// A balance beside somebody else's: compares, and shows what was compared, differences first, with what to do about each.
// Statements of banks, line by line, are in `bank.js`.

import { Failure } from '/api.js';
import * as bank from '/bank.js';
import { submits } from '/form.js';
import { grouped, isNegative, like, minute, money, unsigned } from '/money.js';
import { accounts, begins, offers, signedOut } from '/signed-in.js';
import { suspects } from '/suspects.js';
import { ask } from '/v1.js';
import { listed, wallets } from '/wallets.js';

/** Comparisons that are shown at once. */
const PAGE = 100;

const byId = (id) => document.getElementById(id);
const form = byId('claim');

let known = [];
let all = [];
let next = null;

const chosen = () => known.find((account) => String(account.id) === form.elements.account.value);

async function load() {
  known = await accounts();
  const named = new URLSearchParams(location.search).get('account');
  if (named && !known.some((account) => String(account.id) === named)) known.push(await ask(`accounts/${encodeURIComponent(named)}`));
  if (known.length === 0) throw new Failure('You have no account yet. Open a wallet first.');
  offers(form.elements.account, known, named);
  await Promise.all([history(), bank.shows(chosen())]);
}

/** All that was compared of the chosen account, or the next page of it. */
async function history(from = null) {
  const { id } = chosen();
  const page = await listed(from ?? `/${id}/reconciliations?limit=${PAGE}`);
  if (chosen().id !== id) return;
  all = from ? [...all, ...page.items] : page.items;
  next = page.next;
  byId('more').hidden = next === null;
  const open = all.filter((one, place) => one.Status === 'mismatch' && !settled(one, all.slice(0, place)));
  byId('open').replaceChildren(...open.map((one) => item(one, true)));
  // The newest one is the one to begin with.
  if (open.length > 0) byId('open').querySelector('.todo').open = true;
  byId('history').replaceChildren(...all.filter((one) => !open.includes(one)).map((one) => item(one, false)));
  byId('no-open').hidden = open.length > 0;
  byId('no-history').hidden = all.length > open.length;
}

/** Whether a later comparison of at least as long a time matched: then the difference is explained. */
const settled = (one, later) => later.some((other) => other.Status === 'matched' && other.EndTime >= one.EndTime);

function item(one, open) {
  const node = byId('one').content.firstElementChild.cloneNode(true);
  const { currency, balance } = chosen();
  const full = (amount) => grouped(like(amount, balance));
  const find = (css) => node.querySelector(css);
  const differs = one.Status === 'mismatch';
  const badge = find('.badge');
  badge.textContent = differs ? (open ? 'differs' : 'differed, settled since') : 'matches';
  badge.classList.toggle('bad', open);
  badge.classList.toggle('wait', differs && !open);
  const higher = !isNegative(one.Difference);
  const shown = differs ? `${higher ? '+' : ''}${full(one.Difference)}` : full(one.SystemBalance);
  find('strong').textContent = `${shown}\u00a0${currency}`;
  find('.when').textContent = `No. ${one.ID}, until ${minute(one.EndTime < one.CreatedAt ? one.EndTime : one.CreatedAt)}`;
  find('.sides').textContent = `These books ${full(one.SystemBalance)}, theirs ${full(one.ExternalBalance)}.`;
  find('.notes').textContent = `${one.Notes[0].toUpperCase()}${one.Notes.slice(1)}.`;
  if (!open) return node;
  find('.todo').hidden = false;
  find('.advice').textContent = advice(money(like(unsigned(one.Difference), balance), currency), higher);
  find('a').href = `/statement.html?account=${one.WalletID}&from=${one.StartTime.slice(0, 10)}&to=${one.EndTime.slice(0, 10)}`;
  find('button').addEventListener('click', () => look(node, one));
  return node;
}

function advice(by, higher) {
  return higher
    ? `They have ${by} more. Look for a deposit that did not arrive here, or a withdrawal that they have not carried out yet. Enter what is missing, or wait for it, and compare again.`
    : `These books have ${by} more. Look for a deposit that they do not know, or a withdrawal or fee that is missing here. Enter what is missing, or ask them, and compare again.`;
}

async function look(node, one) {
  const button = node.querySelector('button');
  const list = node.querySelector('.suspects');
  button.setAttribute('aria-disabled', 'true');
  try {
    const found = await suspects(one, chosen());
    list.replaceChildren(...found.map((text) => Object.assign(document.createElement('li'), { textContent: text })));
  } catch (failure) {
    if (!signedOut(failure)) list.replaceChildren(Object.assign(document.createElement('li'), { textContent: failure.message }));
  } finally {
    button.removeAttribute('aria-disabled');
  }
}

const decimal = (value) => (/^-?\d+(\.\d+)?$/.test(value.trim()) ? '' : 'Please enter a number, such as 1000.00.');

submits(form, {
  rules: {
    external_balance: decimal,
    tolerance: (value) => (/^\d+(\.\d+)?$/.test(value.trim()) ? '' : 'Please enter zero or more.'),
    start_time: () => '',
    end_time: () => '',
  },
  async send({ external_balance: external, tolerance, start_time: start, end_time: end }) {
    byId('verdict').textContent = '';
    const made = await wallets(`/${chosen().id}/reconcile`, {
      start_time: start ? `${start}T00:00:00Z` : 'last',
      end_time: end ? `${end}T23:59:59.999999Z` : new Date().toISOString(),
      external_balance: external.trim(),
      tolerance: tolerance.trim(),
    });
    const by = money(like(unsigned(made.Difference), chosen().balance), chosen().currency);
    const differs = `It differs by ${by}: ${isNegative(made.Difference) ? 'these books have more' : 'they have more'}.`;
    await history();
    byId('verdict').textContent = made.Status === 'matched' ? 'Both balances match.' : differs;
  },
  failed: (failure) => signedOut(failure),
});

form.elements.account.addEventListener('change', () => {
  byId('verdict').textContent = '';
  Promise.all([history(), bank.shows(chosen())]).catch(signedOut);
});
byId('more').addEventListener('click', () => history(next).catch(signedOut));

begins(load, 'Sign in to reconcile a balance.');
