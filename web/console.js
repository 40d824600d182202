// The console: shows whether the backend answers, and makes the terminal lines fit this server.

const EVERY_MS = 5_000;
const TIMEOUT_MS = 4_000;

const byId = (id) => document.getElementById(id);

const STATES = {
  ready: ['Ready', (ms) => `The backend and its store answered in ${ms} ms.`],
  waiting: ['Not ready', () => 'The front end runs, but the backend or its store does not answer yet.'],
  away: ['Unreachable', () => 'This server does not answer. The page keeps asking.'],
};

async function ask() {
  const started = performance.now();
  try {
    const response = await fetch('/readyz', { cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) });
    return [response.ok ? 'ready' : 'waiting', Math.max(1, Math.round(performance.now() - started))];
  } catch {
    return ['away', 0];
  }
}

async function look() {
  // A hidden tab has no reader, so it asks nothing.
  if (!document.hidden) {
    const [state, ms] = await ask();
    const [title, detail] = STATES[state];
    const card = document.querySelector('.backend');
    // Written only when it changes: it is a live region, and nobody wants to hear "Ready" every five seconds.
    if (card.dataset.state !== state) byId('state').textContent = title;
    card.dataset.state = state;
    byId('detail').textContent = detail(ms);
  }
  setTimeout(look, EVERY_MS);
}

byId('origin').textContent = location.origin;
byId('copy').addEventListener('click', async (event) => {
  const button = event.currentTarget;
  try {
    await navigator.clipboard.writeText(byId('lines').textContent);
    button.textContent = 'Copied';
  } catch {
    // Off localhost and without TLS there is no clipboard; the lines are selected for the reader's own copy.
    getSelection().selectAllChildren(byId('lines'));
    button.textContent = 'Selected';
  }
  setTimeout(() => { button.textContent = 'Copy'; }, 2_000);
});
look();
