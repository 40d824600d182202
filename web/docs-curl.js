// A call as lines for a terminal.

// Longer lines are broken between what they are made of.
const WIDE = 80;

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
// With a space where a line may break.
const spaced = (body) => JSON.stringify(body, null, 1).replaceAll(/\n\s*/g, ' ').replaceAll(/([{[]) | (?=[}\]])/g, '$1');
const slug = (name) => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');

/** The line that makes the call, with the body of this name and form. */
export function curl(origin, method, path, call, name, body) {
  const parts = [];
  const parameters = call.parameters ?? [];
  if (call.operationId === 'signIn') parts.push('-c cookies');
  if ((call.security ?? []).some((way) => 'cookie' in way)) parts.push('-b cookies');
  const keyed = parameters.some((parameter) => parameter.name === 'Idempotency-Key');
  if (keyed) parts.push(`-H 'Idempotency-Key: ${slug(name)}-11'`);
  const content = call.requestBody?.content ?? {};
  const verb = `-X ${method.toUpperCase()}`;
  if (content['multipart/form-data']) parts.push('-F profilePic=@me.png');
  else if (body !== undefined) parts.push(...(method === 'post' ? [] : [verb]), `--json ${quoted(spaced(body))}`);
  else if (method !== 'get') parts.push(verb);
  const target = parameters.filter((parameter) => parameter.in === 'path')
    .reduce((at, parameter) => at.replace(`{${parameter.name}}`, parameter.example ?? parameter.name), path);
  const asked = parameters.filter((parameter) => parameter.in === 'query' && parameter.required)
    .map((parameter) => `${parameter.name}=${parameter.example}`);
  parts.push(asked.length ? `'${origin}${target}?${asked.join('&')}'` : `${origin}${target}`);
  const line = ['curl', ...parts].join(' ');
  return line.length > WIDE ? ['curl', ...parts].join(' \\\n    ').replace('curl \\\n    ', 'curl ') : line;
}
