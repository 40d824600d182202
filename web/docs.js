// The page of all calls: reads the description of the server and lays it out.

import { block, el, line, prose } from '/docs-text.js';
import { fields, parameters, resolve } from '/docs-fields.js';
import { curl } from '/docs-curl.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const byId = (id) => document.getElementById(id);

/** All calls in the order of the description. */
const calls = (api) => Object.entries(api.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => item[method]).map((method) => ({ path, method, call: item[method] })));

const badge = (method) => el('span', { class: `method ${method}` }, method.toUpperCase());

function who(call) {
  const ways = call.security ?? [];
  if (!ways.length) return 'For everybody.';
  if (ways.some((way) => !Object.keys(way).length)) return 'With the cookie or a bearer token; open to all where the published contracts are open.';
  return 'With the cookie, or a bearer token.';
}

function lines({ path, method, call }) {
  const json = call.requestBody?.content['application/json']?.examples ?? {};
  const bodies = Object.entries(json);
  const made = bodies.length ? bodies.map(([name, { value }]) => curl(location.origin, method, path, call, name, value))
    : [curl(location.origin, method, path, call, '', undefined)];
  return block(made.join('\n\n'), `${call.summary} from a terminal`);
}

function body(api, call) {
  const content = call.requestBody?.content;
  if (!content) return null;
  const types = Object.keys(content);
  const note = call.requestBody.required ? '' : ' It may be missing.';
  return [el('h4', {}, 'Body'), el('p', { class: 'hint' }, line(`${types.map((type) => `\`${type}\``).join(' or ')}.${note}`)),
    fields(api, content[types[0]].schema, 'Fields of the body', true)];
}

/** Of several forms of an answer, the good one. */
function good(api, schema) {
  const parts = schema?.oneOf;
  return parts?.length && resolve(api, parts[0]).properties?.errCode ? parts[0] : schema;
}

function answer(api, status, response) {
  const [[type, content] = []] = Object.entries(response.content ?? {});
  const example = content?.examples?.success?.value;
  const headers = Object.entries(response.headers ?? {});
  return el('section', { class: 'answer' },
    el('h5', {}, el('span', { class: 'status good' }, status), type ? el('code', {}, type) : null),
    prose(response.description),
    headers.length ? el('ul', { class: 'headers' }, headers.map(([name, header]) =>
      el('li', {}, el('code', {}, name), ' ', line(header.description ?? '')))) : null,
    content ? fields(api, good(api, content.schema), 'Fields of the answer', false) : null,
    example === undefined ? null : block(JSON.stringify(example, null, 2), `An answer with ${status}`));
}

function answers(api, call) {
  const all = Object.entries(call.responses).map(([status, response]) => [status, resolve(api, response)]);
  const [good, bad] = [all.filter(([status]) => status < '400'), all.filter(([status]) => status >= '400')];
  return [el('h4', {}, 'Answers'), good.map(([status, response]) => answer(api, status, response)),
    el('h4', {}, 'Refusals'), el('dl', { class: 'refusals' }, bad.flatMap(([status, response]) => [
      el('dt', {}, el('span', { class: 'status' }, status)),
      el('dd', {}, response.description.split('\n\n').map((text) => el('p', {}, line(text)))),
    ]))];
}

/** What is behind a call's line is laid out when it is first opened: there are many, and few are read. */
function told(api, one) {
  const { path, method, call } = one;
  const inside = el('div', { class: 'inside' });
  const details = el('details', { class: 'call', id: call.operationId },
    el('summary', {}, badge(method), el('code', { class: 'path' }, path), el('span', { class: 'what' }, call.summary)), inside);
  details.addEventListener('toggle', () => {
    if (!details.open || inside.childElementCount) return;
    inside.append(...[prose(call.description), el('p', { class: 'hint' }, who(call)), lines(one),
      parameters(api, call.parameters ?? []), body(api, call), answers(api, call)].flat(3).filter(Boolean));
  });
  return details;
}

function show(api) {
  const all = calls(api);
  const anchor = (name) => name.toLowerCase();
  byId('about').append(...prose(api.info.description));
  byId('list').append(...api.tags.map(({ name }) => el('section', {}, el('a', { class: 'noun', href: `#${anchor(name)}` }, name),
    el('ul', {}, all.filter(({ call }) => call.tags.includes(name)).map(({ method, call }) =>
      el('li', {}, el('a', { href: `#${call.operationId}` }, badge(method), el('span', {}, call.summary))))))));
  byId('nouns').append(...api.tags.map(({ name, description }) =>
    el('section', { class: 'noun', id: anchor(name) }, el('h2', {}, name), prose(description),
      all.filter(({ call }) => call.tags.includes(name)).map((one) => told(api, one)))));
}

/** Opens the call that the address names. */
function follow() {
  const target = byId(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
  target?.scrollIntoView();
}

async function copy(button) {
  const code = button.parentElement.querySelector('code');
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = 'Copied';
  } catch {
    // Off localhost and without TLS there is no clipboard; the lines are selected for the reader's own copy.
    getSelection().selectAllChildren(code);
    button.textContent = 'Selected';
  }
  setTimeout(() => { button.textContent = 'Copy'; }, 2_000);
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('button.copy');
  if (button) copy(button);
});
addEventListener('hashchange', follow);
byId('index').open = matchMedia('(min-width: 60rem)').matches;
byId('sign-in').textContent =
  `curl -c cookies -d username=alice -d password=teller-demo \\\n    ${location.origin}/api/entrytask/user/signin`;
try {
  const response = await fetch('/openapi.json');
  if (!response.ok) throw new Error(`answered ${response.status}`);
  show(await response.json());
  byId('status').hidden = true;
  document.querySelector('main').dataset.state = 'ready';
  follow();
} catch {
  byId('status').textContent = 'The description could not be read. Load the page again.';
}
