// Which column of a CSV file says what: the names are read from the chosen file itself, so that nobody has to copy them.

import { submits } from '/form.js';
import { signedOut } from '/signed-in.js';
import { ask } from '/v1.js';

/** Bytes of a file that are looked at. */
const START = 65_536;

const byId = (id) => document.getElementById(id);
const form = byId('columns');
const part = byId('columns-part');
const COLUMNS = ['date', 'amount', 'debit', 'credit', 'references', 'description', 'balance'];

/** The beginning of the chosen file, and how it is written; null if it is no CSV file. */
let start = null;
/** What is kept for the account: this form does not show all of it, and loses nothing of it. */
let kept = {};

/** Shows the form for this file, if it is CSV, filled in with what is kept for the account; hides it otherwise. */
export async function offer(file, account) {
  start = file ? await begin(file) : null;
  part.hidden = start === null;
  part.open = false;
  if (start === null) return;
  const { mapping } = await ask(`accounts/${account}/statement-mapping`);
  kept = mapping ?? {};
  form.elements.skip_lines.value = mapping?.skip_lines ?? 0;
  form.querySelectorAll('.column').forEach((select) => select.replaceChildren());
  columns();
  if (!mapping) return;
  for (const name of ['date_format', 'decimal']) choose(form.elements[name], mapping[name]);
  for (const name of COLUMNS) choose(form.elements[name], name === 'references' ? mapping.references[0] : mapping[name]);
}

/** Opens it, because the file's columns are not known. Answers whether there is one. */
export function open() {
  if (start === null) return false;
  part.open = true;
  return true;
}

export function close() {
  part.open = false;
}

/** Chooses a column in its list; another spelling than the file's is the same to the server. */
function choose(select, value) {
  const found = [...select.options].find((option) => option.value.toLowerCase() === value?.toLowerCase());
  if (found) select.value = found.value;
  else if (value) select.add(new Option(value, value, true, true));
}

async function begin(file) {
  const bytes = new Uint8Array(await file.slice(0, START).arrayBuffer());
  // A character that is cut in two at the end is no error; what is no UTF-8 at all is ISO 8859-1.
  let latin1 = false;
  let text;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
  } catch {
    latin1 = true;
    text = new TextDecoder('iso-8859-1').decode(bytes);
  }
  const other = /^\s*[<{:]|\n:20:/.test(text);
  return other ? null : { text, latin1 };
}

/** Fills the lists with the names of the line that has them. */
function columns() {
  const line = start.text.split(/\r?\n/)[Number(form.elements.skip_lines.value) || 0] ?? '';
  const names = cut(line);
  for (const name of COLUMNS) {
    const select = form.elements[name];
    const before = select.value;
    select.replaceChildren(new Option(name === 'date' ? 'Choose a column' : 'None', ''), ...names.map((text, place) => option(text, place)));
    if (before) choose(select, before);
  }
}

/** A column by its name; by its number, where it has none. */
const option = (name, place) => new Option(name ? name : `Column ${place + 1}`, name ? name : `#${place + 1}`);

/** A line's fields: whatever it has most of separates them. */
function cut(line) {
  const count = (mark) => line.split(mark).length;
  const mark = [',', ';', '\t', '|'].reduce((best, other) => (count(other) > count(best) ? other : best));
  return line.split(mark).map((name) => name.trim().replace(/^"(.*)"$/, '$1').trim());
}

/** Takes over the form: `done` is called when a mapping is kept for the account that `account` answers. */
export function keeps(account, done) {
  form.elements.skip_lines.addEventListener('input', () => start && columns());
  submits(form, {
    rules: {
      skip_lines: (value) => (/^\d{1,3}$/.test(value.trim()) ? '' : 'Please enter how many lines, such as 0.'),
      date: (value) => (value ? '' : 'Please choose the column that has the day.'),
      amount: (value) => {
        const two = form.elements.debit.value || form.elements.credit.value;
        return Boolean(value) === Boolean(two) ? 'Please choose either this, or the two for out and in.' : '';
      },
      ...Object.fromEntries(['date_format', 'debit', 'credit', 'decimal', 'references', 'description', 'balance'].map((name) => [name, () => ''])),
    },
    async send({ skip_lines: skipped, references, ...chosen }) {
      const all = { ...kept, ...chosen, skip_lines: Number(skipped), latin1: start.latin1 };
      const body = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '' && value !== null));
      body.references = [references, ...(kept.references ?? []).slice(1)].filter(Boolean);
      await ask(`accounts/${account()}/statement-mapping`, { method: 'PUT', body });
      await done();
    },
    failed: (failure) => signedOut(failure),
  });
}
