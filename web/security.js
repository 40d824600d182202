// Where one is signed in, and the password.

import { Code, call } from '/api.js';
import { showsDevices } from '/devices.js';
import { explain, revealable, submits } from '/form.js';
import { leave } from '/note.js';
import { current_password, new_password } from '/rules.js';
import { ask } from '/v1.js';

const byId = (id) => document.getElementById(id);
const main = document.querySelector('main');
const form = byId('password-form');

/** Says a success to those who hear the page; those who see it see it. */
const say = (text) => { byId('status').textContent = text; };

/** Goes to the sign-in page if the failure says that nobody is signed in; answers whether it does. */
function signedOut(failure, text = failure.message) {
  if (failure.code !== Code.SESSION) return false;
  leave('/signIn.html', { text, username: byId('username').value }, { replace: true });
  return true;
}

const load = showsDevices({
  ended(text) {
    byId('devices-message').replaceChildren();
    say(text);
  },
  left: () => leave('/signIn.html', { text: 'You are signed out.' }, { replace: true }),
  failed(failure) {
    if (!signedOut(failure)) explain(byId('devices-message'), failure);
  },
});

async function begin() {
  main.dataset.state = 'loading';
  byId('devices-message').replaceChildren();
  byId('again').hidden = true;
  try {
    await load();
    main.dataset.state = 'ready';
  } catch (failure) {
    if (signedOut(failure, 'Sign in to see where you are signed in.')) return;
    main.dataset.state = 'failed';
    explain(byId('devices-message'), failure);
    byId('again').hidden = false;
  }
}

revealable(form);
submits(form, {
  rules: { current_password, new_password },
  async send(fields) {
    byId('password-done').textContent = '';
    await ask('password', { method: 'PUT', body: fields });
    form.reset();
    byId('password-done').textContent = 'Your password is changed, and you are signed out everywhere else.';
    await load();
  },
  failed: (failure) => signedOut(failure),
});

byId('again').addEventListener('click', begin);
begin();

// Password managers keep a password under the name that stands beside it.
call('get_user_info', { method: 'GET' }).then(({ username }) => { byId('username').value = username; }, () => {});
