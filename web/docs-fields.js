// Schemas into tables of fields.

import { el, line } from '/docs-text.js';

const MOST = 6;
const LARGEST = 2 ** 53;

/** What a reference of the document stands for; anything else stands for itself. */
export function resolve(api, value) {
  if (!value?.$ref) return value ?? {};
  return value.$ref.slice(2).split('/').reduce((at, name) => at?.[name], api) ?? {};
}

/** A schema without references, and without the alternative that it is null. */
function plain(api, schema) {
  const found = resolve(api, schema);
  if (found.allOf) {
    const all = found.allOf.map((part) => plain(api, part));
    const properties = Object.assign({}, ...all.map((part) => part.properties ?? {}));
    return { ...Object.assign({}, ...all), properties, required: all.flatMap((part) => part.required ?? []) };
  }
  const parts = (found.oneOf ?? found.anyOf ?? []).filter((part) => part.type !== 'null');
  if (parts.length === 1) return { ...plain(api, parts[0]), description: found.description ?? resolve(api, parts[0]).description };
  return found;
}

/** In a word or two, what a value is. */
function kind(api, schema) {
  const found = plain(api, schema);
  const parts = (found.oneOf ?? []).map((part) => kind(api, part));
  if (parts.length) return [...new Set(parts)].join(' or ');
  const types = [found.type ?? 'any'].flat().filter((type) => type !== 'null');
  if (types[0] === 'array') return `list of ${kind(api, found.items)}`;
  return found.contentMediaType ? 'file' : found.format && found.type === 'string' ? found.format : types.join(' or ');
}

const nullable = (api, schema) => {
  const found = resolve(api, schema);
  return [found.type].flat().includes('null') || (found.oneOf ?? []).some((part) => part.type === 'null');
};

const between = (least, most, of) => {
  if (most === undefined || most >= LARGEST) return least ? `at least ${least}${of}` : '';
  return least ? `${least} to ${most.toLocaleString('en')}${of}` : `at most ${most.toLocaleString('en')}${of}`;
};

/** The limits of a value, for people. */
function limits(api, schema) {
  const found = plain(api, schema);
  const said = [
    between(found.minLength, found.maxLength, ' characters'),
    found.type === 'integer' || found.type?.includes?.('integer') ? between(found.minimum, found.maximum, '') : '',
    between(found.minItems, found.maxItems, ' of them'),
  ].filter(Boolean);
  const words = (found.enum ?? []).length > 1 ? [el('span', {}, 'one of '), ...found.enum.flatMap((word) => [el('code', {}, word), ' '])] : [];
  const only = found.enum?.length === 1 ? ['always ', el('code', {}, JSON.stringify(found.enum[0]))] : [];
  const assumed = found.default === undefined ? [] : [`${String(found.default)} if it is missing`];
  return [said.join(', '), words, only, assumed].flat();
}

/** Rows for the fields of an object, and of what is in them: name, schema, whether it must be there. */
function rows(api, schema, before = '', depth = 0) {
  const found = plain(api, schema);
  if (found.type === 'array') return rows(api, found.items, `${before}[]`, depth);
  if (found.oneOf && depth < MOST) return found.oneOf.flatMap((part) => rows(api, part, before, depth + 1));
  return Object.entries(found.properties ?? {}).flatMap(([name, field]) => {
    const path = before ? `${before}.${name}` : name;
    const own = { path, schema: field, must: (found.required ?? []).includes(name) };
    return depth < MOST ? [own, ...rows(api, field, path, depth + 1)] : [own];
  });
}

function table(label, head, body) {
  return el('table', {}, el('caption', {}, label),
    el('thead', {}, el('tr', {}, head.map((name) => el('th', { scope: 'col' }, name)))), el('tbody', {}, body));
}

function row(api, name, type, description, schema) {
  const about = description ?? plain(api, schema).description ?? '';
  const more = limits(api, schema);
  const text = more.some(Boolean) ? el('span', { class: 'limits' }, more) : null;
  return el('tr', {}, el('th', { scope: 'row' }, name), el('td', { class: 'kind' }, type),
    el('td', {}, el('span', {}, line(about)), about && text ? ' ' : null, text));
}

const mark = (text) => el('small', { class: 'mark' }, text);

/** The fields of a body or an answer. */
export function fields(api, schema, label, sent) {
  const found = rows(api, schema);
  if (!found.length) return null;
  return table(label, ['Field', 'Is', 'What'], found.map(({ path, schema: field, must }) => {
    const note = sent && must ? mark('required') : !sent && !must ? mark('may be missing') : null;
    const type = nullable(api, field) ? `${kind(api, field)} or null` : kind(api, field);
    return row(api, [el('code', {}, path), note], type, resolve(api, field).description, field);
  }));
}

/** The parameters of a call. */
export function parameters(api, list) {
  if (!list.length) return null;
  return table('Parameters', ['Name', 'Is', 'What'], list.map((parameter) =>
    row(api, [el('code', {}, parameter.name), mark(parameter.required ? `${parameter.in}, required` : parameter.in)],
      kind(api, parameter.schema), parameter.description, parameter.schema)));
}
