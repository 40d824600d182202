// The profile page: loads the profile, shows it, and hands its parts to the modules that change them.

import { Code, call } from '/api.js';
import { explain, submits } from '/form.js';
import { editsNickname } from '/nickname.js';
import { leave } from '/note.js';
import { changesPicture } from '/picture.js';

const byId = (id) => document.getElementById(id);
const main = document.querySelector('main');

/** What is on the screen. Changes are shown only after the server has accepted them. */
let profile = { username: '', nickname: '', profilePath: '' };

async function load() {
  main.dataset.state = 'loading';
  try {
    show(await call('get_user_info', { method: 'GET' }));
    main.dataset.state = 'ready';
  } catch (failure) {
    if (signedOut(failure, 'Sign in to see your profile.')) return;
    explain(byId('failed-reason'), failure);
    main.dataset.state = 'failed';
    byId('again').focus();
  }
}

function show(changes) {
  profile = { ...profile, ...changes };
  const name = profile.nickname || profile.username;
  byId('nickname-text').textContent = profile.nickname || 'No nickname yet';
  byId('nickname-text').parentElement.classList.toggle('none', !profile.nickname);
  byId('username-text').textContent = profile.username;
  byId('initial').textContent = initial(name);
  showPicture(profile.profilePath);
}

function showPicture(path) {
  const portrait = byId('portrait');
  const seen = (shown) => {
    portrait.hidden = !shown;
    byId('initial').hidden = shown;
  };
  // The initial stands in until the picture has arrived, and for good if it does not.
  portrait.onload = () => seen(true);
  portrait.onerror = () => seen(false);
  if (path) portrait.src = `/pictures/${encodeURIComponent(path)}`;
  else seen(false);
}

/** The first letter as a reader sees it: one that is made of several code points stays whole. */
function initial(name) {
  const [first] = new Intl.Segmenter().segment(name);
  return (first?.segment ?? '').toLocaleUpperCase();
}

/** Goes to the sign-in page if the failure says that nobody is signed in; answers whether it does. */
function signedOut(failure, text = failure.message) {
  if (failure.code !== Code.SESSION) return false;
  leave('/signIn.html', { text, username: profile.username }, { replace: true });
  return true;
}

/** Says a success to those who hear the page; those who see it see it. */
const say = (text) => { byId('status').textContent = text; };

editsNickname({
  current: () => profile.nickname,
  changed(nickname) {
    show({ nickname });
    say('Nickname saved.');
  },
  failed: (failure) => signedOut(failure),
});

changesPicture({
  changed(profilePath) {
    show({ profilePath });
    say('Picture saved.');
  },
  failed: (failure) => signedOut(failure),
});

submits(byId('sign-out'), {
  async send() {
    await call('signout');
    await leave('/signIn.html', { text: 'You are signed out.' }, { replace: true });
  },
  failed(failure) {
    if (signedOut(failure, 'You are signed out.')) return true;
    failure.message += ' You may still be signed in.';
    return false;
  },
});

byId('again').addEventListener('click', load);
load();
