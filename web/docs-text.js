// Text into elements. Nothing is ever read as HTML: what the description says is shown as it is.

/** An element with attributes and children, which are elements or text; what is missing is left out. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ''));
  return element;
}

const MARK = /\[`([^`]+)`\]\((\/[^)\s]*)\)|`([^`]+)`/g;

/** The children of a line in which `code` and links to this server are marked. */
export function line(text) {
  const children = [];
  let at = 0;
  for (const mark of text.matchAll(MARK)) {
    children.push(text.slice(at, mark.index));
    const [whole, label, target, code] = mark;
    children.push(target ? el('a', { href: target }, el('code', {}, label)) : el('code', {}, code));
    at = mark.index + whole.length;
  }
  return [...children, text.slice(at)];
}

/** Paragraphs, which an empty line divides. */
export function prose(text = '') {
  return text.split('\n\n').filter(Boolean).map((paragraph) => el('p', {}, line(paragraph)));
}

/** A block to copy from. */
export function block(text, label) {
  return el('div', { class: 'terminal' },
    el('button', { class: 'quiet copy', type: 'button' }, 'Copy'),
    el('pre', { tabindex: '0', role: 'region', 'aria-label': label }, el('code', {}, text)));
}
