// What may have caused a difference between two balances: changes of just that amount, and of half of it.

import { day, isNegative, kindText, like, money, unsigned } from '/money.js';
import { ask } from '/v1.js';

/** Changes that are looked through. */
const MOST = 1000;

/** Sentences about the changes of a comparison's period that may explain its difference; one that says so if there are none. */
export async function suspects(one, { id, currency, balance }) {
  const page = await ask(`accounts/${id}/statement?limit=${MOST}&from=${one.StartTime}&to=${one.EndTime}`);
  const whole = shortened(unsigned(one.Difference));
  const more = isNegative(one.Difference);
  const found = page.entries.flatMap((entry) => {
    const size = shortened(unsigned(entry.amount));
    const said = `${kindText(entry.kind)} of ${money(like(size, balance), currency)} on ${day(entry.created_at)}, change ${entry.seq}`;
    // These books have more: what came in may not have come to them. They have more: what went out may not have gone from them.
    if (size === whole && isNegative(entry.amount) !== more) return [`${said}: theirs may not have it.`];
    if (doubled(size) === whole && isNegative(entry.amount) !== more) return [`${said}: theirs may have it with the other sign.`];
    return [];
  });
  const twice = page.entries.filter((entry, place) => page.entries.findIndex((other) => same(entry, other)) < place
    && shortened(unsigned(entry.amount)) === whole);
  const told = [...found, ...twice.map((entry) => `Change ${entry.seq} is the second of ${money(entry.amount, currency)}: it may be here twice.`)];
  if (told.length > 0) return told;
  const beyond = page.next === null ? '' : `, as far as the first ${MOST} were looked through`;
  return [`No single change of the period explains it${beyond}: several together may, or something was never entered here.`];
}

const same = (one, other) => one.amount === other.amount && one.counterparty_account_id === other.counterparty_account_id;

/** Without zeros at the end of its decimals. */
const shortened = (amount) => (amount.includes('.') ? amount.replace(/\.?0+$/, '') : amount);

/** Twice an amount, exactly. */
function doubled(amount) {
  const [whole, fraction = ''] = amount.split('.');
  const digits = (BigInt(whole + fraction) * 2n).toString().padStart(fraction.length + 1, '0');
  return shortened(fraction ? `${digits.slice(0, -fraction.length)}.${digits.slice(-fraction.length)}` : digits);
}
