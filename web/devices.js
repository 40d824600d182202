// The list of sessions: what each is called, and the buttons that end them.

import { ask } from '/v1.js';

const byId = (id) => document.getElementById(id);

/**
 * Shows the sessions. `ended` hears what to say when some were ended, `left` that the one of this page was, and `failed` of what went wrong.
 */
export function showsDevices({ ended, left, failed }) {
  const list = byId('devices');
  const others = byId('end-others');

  async function load() {
    const { sessions } = await ask('sessions');
    list.replaceChildren(...sessions.map(item));
    others.hidden = sessions.length < 2;
  }

  function item(session) {
    const node = byId('device').content.firstElementChild.cloneNode(true);
    const name = deviceName(session.user_agent);
    node.querySelector('bdi').textContent = name;
    node.querySelector('.here').hidden = !session.current;
    node.querySelector('.used').textContent = used(session);
    node.querySelector('.since').textContent = since(session);
    const button = node.querySelector('button');
    button.setAttribute('aria-label', `Sign out ${name}${session.current ? ', this device' : ''}`);
    presses(button, async () => {
      await ask(`sessions/${session.id}`, { method: 'DELETE' }).catch(unlessGone);
      if (session.current) return left();
      await load();
      return ended(`${name} is signed out.`);
    });
    return node;
  }

  presses(others, async () => {
    const { ended: count } = await ask('sessions', { method: 'DELETE' });
    await load();
    ended(count === 1 ? 'One other session is signed out.' : `${count} other sessions are signed out.`);
  });

  /** While one press is at work, another does nothing. */
  function presses(button, work) {
    button.addEventListener('click', async () => {
      if (button.ariaBusy === 'true') return;
      const idle = button.textContent;
      button.ariaBusy = 'true';
      button.setAttribute('aria-disabled', 'true');
      button.textContent = button.dataset.busy;
      try {
        await work();
      } catch (failure) {
        failed(failure);
      } finally {
        button.ariaBusy = 'false';
        button.removeAttribute('aria-disabled');
        button.textContent = idle;
      }
    });
  }

  return load;
}

/** A session that has ended by itself meanwhile is what was wanted. */
function unlessGone(failure) {
  if (!failure.gone) throw failure;
}

const BROWSERS = [
  ['Edge', /\bEdg/], ['Opera', /\bOPR\//], ['Firefox', /\b(Firefox|FxiOS)\//], ['Chromium', /\bHeadlessChrome\//],
  ['Chrome', /\b(Chrome|CriOS)\//], ['Safari', /\bSafari\//], ['curl', /^curl\//],
];
const SYSTEMS = [
  ['iPhone', /\biPhone\b/], ['iPad', /\biPad\b/], ['Android', /\bAndroid\b/], ['Windows', /\bWindows\b/],
  ['macOS', /\bMac OS X\b/], ['ChromeOS', /\bCrOS\b/], ['Linux', /\bLinux\b/],
];

/** A name for what called itself by a user agent, which may be any text. */
export function deviceName(userAgent) {
  const first = (known) => known.find(([, pattern]) => pattern.test(userAgent))?.[0];
  const [browser, system] = [first(BROWSERS), first(SYSTEMS)];
  if (browser && system) return `${browser} on ${system}`;
  return browser ?? system ?? (userAgent.slice(0, 40) || 'Unknown device');
}

const used = ({ current, seen_at: seenAt }) => (current ? 'In use now' : `Used ${ago(new Date(seenAt))}`);

/** When it began, and from where, if that is known. */
function since({ address, created_at: createdAt }) {
  const date = new Date(createdAt).toLocaleDateString('en', { dateStyle: 'medium' });
  return address ? `Signed in on ${date} from ${address}` : `Signed in on ${date}`;
}

const UNITS = [['day', 86_400], ['hour', 3_600], ['minute', 60]];

/** How long ago, in words. Sessions are touched once a minute, so nothing shorter is known. */
function ago(then) {
  const seconds = (Date.now() - then) / 1000;
  const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  for (const [unit, length] of UNITS) {
    if (seconds >= length) return words.format(-Math.floor(seconds / length), unit);
  }
  return 'just now';
}
