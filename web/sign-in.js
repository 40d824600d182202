import { call } from '/api.js';
import { revealable, submits } from '/form.js';
import { leave, take } from '/note.js';
import { known_password, username } from '/rules.js';

const form = document.getElementById('sign-in');

revealable(form);
submits(form, {
  rules: { username, password: known_password },
  async send(fields) {
    await call('signin', { fields });
    await leave('/userInfo.html', {});
  },
});

const note = take();
document.getElementById('notice').textContent = note.text ?? '';
if (note.username) {
  form.elements.username.value = note.username;
  form.elements.password.focus();
}
