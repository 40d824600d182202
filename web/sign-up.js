import { call } from '/api.js';
import { revealable, submits } from '/form.js';
import { leave } from '/note.js';
import { password, username } from '/rules.js';

const form = document.getElementById('sign-up');

revealable(form);
submits(form, {
  rules: { username, password },
  async send(fields) {
    await call('signup', { fields });
    await leave('/signIn.html', { text: 'Your account is ready. Sign in to open it.', username: fields.username });
  },
  failed(failure) {
    // The account may exist by now; "taken" at the next try would otherwise be a riddle.
    if (failure.uncertain) failure.message += ' Should the name be taken by then, your account was created: sign in with it.';
    return false;
  },
});
