// Amounts and times as people read them. Amounts stay text from the server to the screen: no number is ever made of one.

/** `-1234567.50` as `−1,234,567.50`: digits in groups of three, with a minus sign that is as wide as a digit. */
export function grouped(amount) {
  const [, sign, whole, fraction] = /^(-?)(\d+)(\.\d+)?$/.exec(amount) ?? [null, '', amount, ''];
  return `${sign && '−'}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${fraction ?? ''}`;
}

/** The same with the currency's code, which a line never ends before. */
export const money = (amount, currency) => `${grouped(amount)}\u00a0${currency}`;

/** An amount with as many decimals as another one of its currency. */
export function like(amount, other) {
  const decimals = (other.split('.')[1] ?? '').length;
  const [whole, fraction = ''] = amount.split('.');
  return decimals === 0 ? whole : `${whole}.${fraction.padEnd(decimals, '0')}`;
}

/** One amount less another, exactly, with the decimals of whichever has more. */
export function less(one, other) {
  const decimals = Math.max(...[one, other].map((amount) => (amount.split('.')[1] ?? '').length));
  const whole = (amount) => {
    const [major, minor = ''] = amount.split('.');
    return BigInt(major + minor.padEnd(decimals, '0'));
  };
  const by = whole(one) - whole(other);
  const digits = (by < 0n ? -by : by).toString().padStart(decimals + 1, '0');
  const cut = digits.length - decimals;
  return `${by < 0n ? '-' : ''}${digits.slice(0, cut)}${decimals ? `.${digits.slice(cut)}` : ''}`;
}

export const isZero = (amount) => /^-?0(\.0+)?$/.test(amount);
export const isNegative = (amount) => amount.startsWith('-') && !isZero(amount);
export const unsigned = (amount) => amount.replace(/^-/, '');

/** Whether `one` is more than `other`: exactly, however many digits both have. */
export function isMore(one, other) {
  const decimals = Math.max(...[one, other].map((value) => (value.split('.')[1] ?? '').length));
  const minor = (value) => {
    const [whole, fraction = ''] = value.split('.');
    return BigInt(whole + fraction.padEnd(decimals, '0'));
  };
  return minor(one) > minor(other);
}

const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' });
const MINUTE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });

/** The day of an instant, in UTC as the books have it. */
export const day = (instant) => DAY.format(new Date(instant));
const TIME = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone: 'UTC' });

/** Its time of that day. */
export const time = (instant) => `${TIME.format(new Date(instant))}\u00a0UTC`;
/** Both. */
export const minute = (instant) => `${MINUTE.format(new Date(instant))}\u00a0UTC`;

const WORDS = {
  deposit: 'Deposit', withdraw: 'Withdrawal', withdrawal: 'Withdrawal', transfer_in: 'Transfer in', transfer_out: 'Transfer out',
  transfer: 'Transfer', deduction: 'Deduction', payment: 'Payment', refund: 'Refund',
};

/** What a kind of change is called. */
export const kindText = (kind) => WORDS[kind] ?? kind.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase());

/** A rule for an amount that is to be moved. */
export const amount = (value) => (/^\d+(\.\d+)?$/.test(value.trim()) ? '' : 'Please enter an amount, such as 10.00.');
