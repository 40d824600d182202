// What the pages about money have in common: they are for who is signed in, and about one of their accounts.

import { Code } from '/api.js';
import { explain } from '/form.js';
import { leave } from '/note.js';
import { ask } from '/v1.js';

const byId = (id) => document.getElementById(id);

/** Goes to the sign-in page if the failure says that nobody is signed in; answers whether it does. */
export function signedOut(failure, text = failure.message) {
  if (failure.code !== Code.SESSION) return false;
  leave('/signIn.html', { text }, { replace: true });
  return true;
}

/** Loads a page: `main` says `loading`, then `ready` or `failed`, with the reason and a button to try again. */
export function begins(load, text) {
  const main = document.querySelector('main');
  async function begin() {
    main.dataset.state = 'loading';
    byId('page-message').replaceChildren();
    try {
      await load();
      main.dataset.state = 'ready';
    } catch (failure) {
      if (signedOut(failure, text)) return;
      if (!failure.code && !failure.reference) console.info(failure);
      main.dataset.state = 'failed';
      explain(byId('page-message'), failure);
    }
  }
  byId('again').addEventListener('click', begin);
  begin();
}

/** All of one's accounts. */
export async function accounts() {
  const found = [];
  let cursor = '';
  do {
    const page = await ask(`accounts?limit=1000${cursor}`);
    found.push(...page.accounts);
    cursor = page.next ? `&cursor=${page.next}` : null;
  } while (cursor !== null);
  return found;
}

/** Fills a list with accounts to choose from, and chooses `id`, which an operator may name of anybody's. */
export function offers(select, known, id) {
  select.replaceChildren(...known.map(({ id: number, currency }) => new Option(`${currency}, account ${number}`, number)));
  if (id && known.some((account) => String(account.id) === String(id))) select.value = id;
}

/** An element with a text and a class. */
export function element(name, className, text = '') {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

/** A name that this browser makes for a request, so that it is done once however often it is sent. */
export function fresh() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A fresh name for each request that differs from the one before; the same for the same until `used` is called. */
export function named() {
  let last = { request: '', name: '' };
  return {
    of(request) {
      const text = JSON.stringify(request);
      if (last.request !== text) last = { request: text, name: fresh() };
      return last.name;
    },
    used() { last = { request: '', name: '' }; },
  };
}
