// What all forms do: check, send once, and show what is wrong where it is wrong.
//
// A form's general message has the id `FORM-message`; a field's own has `FIELD-wrong`, its advice `FIELD-hint`.

import { Failure } from '/api.js';

// A page that the browser brings back from memory may still be busy, or show someone who has signed out since.
addEventListener('pageshow', (event) => event.persisted && location.reload());

const byId = (id) => document.getElementById(id);

/**
 * Takes over a form's submission.
 * `rules` maps a field's name to its rule; `send` gets the values; `failed` may answer true to say that it has dealt
 * with the failure itself. While one submission is on its way, another does nothing.
 */
export function submits(form, { rules = {}, send, failed = () => false }) {
  form.noValidate = true;
  form.addEventListener('input', (event) => setWrong(event.target, ''));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (form.ariaBusy === 'true') return;
    clear(form);
    if (!check(form, rules)) return;
    setBusy(form, true);
    try {
      await send(Object.fromEntries(Object.keys(rules).map((name) => [name, form.elements[name].value])));
    } catch (failure) {
      if (!failed(failure)) show(form, failure);
    } finally {
      setBusy(form, false);
    }
  });
}

/** Shows a failure at the field it names, and otherwise above the form. */
export function show(form, failure) {
  const known = failure instanceof Failure;
  if (!known) console.error(failure);
  const input = known && failure.field ? form.elements[failure.field] : null;
  if (input) {
    setWrong(input, failure.message);
    input.focus();
    return;
  }
  explain(byId(`${form.id}-message`), known ? failure : new Error('This page has a fault. Please reload it.'));
}

/** Writes a failure's sentence, and the reference by which the server's logs know it. */
export function explain(place, failure) {
  place.replaceChildren(failure.message);
  if (!failure.reference) return;
  const reference = document.createElement('span');
  reference.className = 'reference';
  reference.textContent = `Reference ${failure.reference}`;
  place.append(reference);
}

/** Takes every message off a form. */
export function clear(form) {
  byId(`${form.id}-message`).replaceChildren();
  for (const input of form.elements) setWrong(input, '');
}

/** Marks a field as wrong, or as right with ''. The message is tied to the field for those who hear the page. */
export function setWrong(input, message) {
  const wrong = byId(`${input.id}-wrong`);
  if (!wrong) return;
  wrong.textContent = message;
  const described = message ? wrong : byId(`${input.id}-hint`);
  if (described) input.setAttribute('aria-describedby', described.id);
  else input.removeAttribute('aria-describedby');
  if (message) input.setAttribute('aria-invalid', 'true');
  else input.removeAttribute('aria-invalid');
}

/** Says that a form is at work. The button stays focusable, so that the keyboard does not lose its place. */
export function setBusy(form, busy) {
  form.ariaBusy = String(busy);
  const button = form.querySelector('[type=submit]');
  button.dataset.idle ??= button.textContent;
  button.textContent = busy ? button.dataset.busy : button.dataset.idle;
  button.setAttribute('aria-disabled', String(busy));
}

/** The buttons that show and hide passwords. The fields are hidden again when they are sent. */
export function revealable(form) {
  form.querySelectorAll('.reveal').forEach((button) => reveals(form, button));
}

function reveals(form, button) {
  const input = byId(button.getAttribute('aria-controls'));
  const reveal = (on) => {
    input.type = on ? 'text' : 'password';
    button.textContent = on ? 'Hide' : 'Show';
    button.ariaPressed = String(on);
  };
  button.addEventListener('click', () => reveal(input.type === 'password'));
  form.addEventListener('submit', () => reveal(false));
}

function check(form, rules) {
  let first = null;
  for (const [name, rule] of Object.entries(rules)) {
    const input = form.elements[name];
    const message = rule(input.value);
    setWrong(input, message);
    if (message) first ??= input;
  }
  first?.focus();
  return first === null;
}
