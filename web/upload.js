// Sending a file with its progress, which `fetch` cannot report.

import { address, lost, read } from '/api.js';

/** How long an upload may take, in milliseconds: 4 MiB over a slow telephone. */
const TIMEOUT_MS = 60_000;

/**
 * Sends a picture. `progress` hears whole percents. `done` settles as `call` does, and `stop` breaks it off.
 */
export function upload(file, progress) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    request.upload.onprogress = (event) => progress(Math.floor(100 * event.loaded / event.total));
    request.onerror = () => reject(lost('away'));
    request.ontimeout = () => reject(lost('slow'));
    request.onabort = () => reject(lost('stopped'));
    request.onload = () => {
      try {
        resolve(read(request.status, (header) => request.getResponseHeader(header), request.responseText));
      } catch (failure) {
        reject(failure);
      }
    };
  });
  const body = new FormData();
  body.append('profilePic', file);
  request.open('POST', address('update_profile_pic'));
  request.timeout = TIMEOUT_MS;
  request.send(body);
  return { done, stop: () => request.abort() };
}
