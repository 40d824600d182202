// What may be entered, checked before anything is sent. The server checks again and has the last word.

import { sentence } from '/messages.js';

/** Length in characters as the server counts them: Unicode scalar values, neither bytes nor UTF-16 units. */
export const characters = (value) => [...value].length;

/** A rule answers what is wrong with a value, or '' when nothing is. */
const between = (field, least, most) => (value) => {
  const length = characters(value);
  if (length >= least && length <= most) return '';
  const has = length === 0 ? '' : ` (this has ${length})`;
  return sentence(field, `must be ${least} to ${most} characters${has}`);
};

export const username = between('username', 4, 13);
/** One that is chosen for a new account. */
export const password = between('password', 4, 13);
/** One that is typed to be let in: it may have been changed to a longer one. */
export const known_password = between('password', 4, 128);
export const current_password = between('current_password', 4, 128);
export const new_password = between('new_password', 8, 128);
export const nickname = between('nickname', 1, 8);

const PICTURE_TYPES = ['image/png', 'image/jpeg', 'image/webp'];
const PICTURE_MAX_BYTES = 4 * 1024 * 1024;

export function picture(file) {
  if (!PICTURE_TYPES.includes(file.type)) return 'Please choose a PNG, JPEG or WebP picture.';
  if (file.size === 0) return 'This file is empty.';
  if (file.size > PICTURE_MAX_BYTES) return `This picture is ${size(file.size)}; the most is 4 MiB.`;
  return '';
}

/** A number of bytes in words; rounded up, so that nothing over a limit looks like the limit itself. */
export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.ceil(bytes / 1024)} KiB`;
  return `${(Math.ceil(bytes / 1024 / 1024 * 10) / 10).toFixed(1)} MiB`;
}
