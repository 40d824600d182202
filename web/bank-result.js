// What came of a statement: how many lines in which state, how the balances come to differ, then its lines.

import { formatText, stateOf } from '/bank-states.js';
import { groups } from '/bank-lines.js';
import { day, grouped, isNegative, isZero, less, money } from '/money.js';
import { element, signedOut } from '/signed-in.js';
import { ask } from '/v1.js';

/** Lines that are shown at once. */
const PAGE = 50;
/** Lines that one answer in CSV has. */
const ROWS = 10_000;

const byId = (id) => document.getElementById(id);
const part = byId('result');
const state = byId('state');

let shown = null;
let next = null;

/** The number of the statement that is shown, as the address has it. */
export const number = () => (shown ? String(shown.id) : null);

/** Whose it is. */
export const account = () => shown?.result.account_id ?? null;

export function hide() {
  shown = null;
  part.hidden = true;
}

/** Brings it into sight, for those who read and those who hear the page. */
export function goTo() {
  part.focus({ preventScroll: true });
  part.scrollIntoView();
}

/** Shows a statement, with a remark before its verdict. */
export async function show(statement, remark = '') {
  shown = statement;
  const { id, file_name: name, result } = statement;
  history.replaceState(null, '', `?account=${result.account_id}&statement=${id}`);
  part.hidden = false;
  byId('result-title').textContent = name || `Statement ${id}`;
  const outside = result.outside === 0 ? '' : ` ${result.outside} lines outside of these days were left out.`;
  byId('result-about').textContent = `No. ${id}, ${formatText(result.format)}, ${day(result.from)} to ${day(result.to)}, account ${result.account_id}.${outside}`;
  byId('tally').replaceChildren(...result.states.map(tally));
  byId('proof').replaceChildren(...proof(result).map((text) => element('p', '', text)));
  const filled = result.states.filter(({ lines }) => lines > 0);
  state.replaceChildren(new Option('All', ''), ...filled.map((one) => new Option(`${stateOf(one.state).name} (${one.lines})`, one.state)));
  byId('result-verdict').textContent = [remark, verdict()].filter(Boolean).join(' ');
  await lines();
}

function verdict() {
  const all = shown.result.states.reduce((sum, one) => sum + one.lines, 0);
  const { discrepancies, resolved } = shown;
  if (all === 0) return 'There is nothing to compare between these days.';
  if (discrepancies === 0) return `Nothing has to be looked at: ${all} in all.`;
  const left = discrepancies - resolved;
  if (left === 0) return `All ${discrepancies} discrepancies of ${all} in all are resolved.`;
  return `${discrepancies} of ${all} have to be looked at${resolved > 0 ? `; ${resolved} of them ${resolved === 1 ? 'is' : 'are'} resolved` : ''}.`;
}

function tally({ state: word, lines: count, statement, ours }) {
  const row = element('tr', count === 0 ? 'none' : '');
  const name = element('th', '', stateOf(word).name);
  name.scope = 'row';
  row.append(
    name, element('td', 'number', String(count)), element('td', 'number wide', grouped(statement)),
    element('td', 'number wide', grouped(ours)), element('td', 'number', grouped(less(statement, ours))),
  );
  return row;
}

/** How the closing balances come to differ, term by term; what is zero is not worth a word. */
function proof({ currency, opening_balance: opens, closing_balance: closes, our_closing_balance: ours, states, proof: told }) {
  if (!told) {
    const half = closes ?? opens;
    return [`The statement does not say ${half ? 'both of its' : 'its'} balances, so only its lines are compared. These books have ${money(ours, currency)} at the end.`];
  }
  const full = (amount) => money(amount, currency);
  const sides = `At the end the statement has ${full(closes)}, these books have ${full(ours)}`;
  if (isZero(told.difference) && states.every((one) => isZero(less(one.statement, one.ours)))) return [`${sides}: the balances match.`];
  const terms = [
    ['the opening balances', told.opening],
    ...states.map((one) => [`lines in “${stateOf(one.state).name}”`, less(one.statement, one.ours)]),
    ['entries on other days than the statement’s', told.timing],
    ['what the statement’s own lines do not add up to', told.gap],
  ].filter(([, amount]) => !isZero(amount));
  const list = terms.map(([text, amount]) => `${isNegative(amount) ? '' : '+'}${full(amount)} from ${text}`).join(', ');
  const holds = told.holds ? 'It adds up to the last digit.' : 'It does not add up: please report this.';
  return [`${sides}: they differ by ${full(told.difference)}.`, `That is ${list}. ${holds}`];
}

/** The first page of the lines in the state that is chosen, or the next one. */
async function lines(cursor = null) {
  const { id } = shown;
  const chosen = state.value;
  const only = chosen && `state=${chosen}`;
  byId('lines-message').replaceChildren();
  byId('lines-csv').href = `/v1/statements/${id}/lines.csv${only && `?${only}`}`;
  const count = shown.result.states.reduce((sum, one) => sum + (!chosen || one.state === chosen ? one.lines : 0), 0);
  byId('csv-hint').hidden = count <= ROWS;
  const page = await ask(`statements/${id}/lines?${[`limit=${PAGE}`, only, cursor && `cursor=${cursor}`].filter(Boolean).join('&')}`);
  if (shown?.id !== id || state.value !== chosen) return;
  next = page.next;
  byId('more-lines').hidden = next === null;
  if (!cursor) byId('groups').replaceChildren();
  groups(byId('groups'), page.lines, { statement: shown, resolved: oneMore });
}

/** Counts a line that was resolved, and lets the list of statements know. */
function oneMore() {
  shown.resolved += 1;
  part.dispatchEvent(new Event('resolved'));
  byId('result-verdict').textContent = verdict();
}

const refused = (failure) => {
  if (!signedOut(failure)) byId('lines-message').textContent = failure.message;
};
state.addEventListener('change', () => lines().catch(refused));
byId('more-lines').addEventListener('click', () => lines(next).catch(refused));
