// Editing the nickname where it stands.

import { call } from '/api.js';
import { clear, submits } from '/form.js';
import { nickname } from '/rules.js';

/**
 * `current` answers the nickname on the screen, `changed` hears of an accepted one, and `failed` may answer true to
 * say that it has dealt with a failure.
 */
export function editsNickname({ current, changed, failed }) {
  const form = document.getElementById('nickname-form');
  const edit = document.getElementById('nickname-edit');
  const names = form.closest('.names');

  const open = () => {
    clear(form);
    form.elements.nickname.value = current();
    names.classList.add('editing');
    form.elements.nickname.select();
  };
  const close = () => {
    names.classList.remove('editing');
    edit.focus();
  };

  submits(form, {
    rules: { nickname },
    async send(fields) {
      changed(await call('update_nickname', { fields }));
      close();
    },
    failed,
  });
  edit.addEventListener('click', open);
  document.getElementById('nickname-cancel').addEventListener('click', close);
  form.addEventListener('keydown', (event) => event.key === 'Escape' && close());
}
