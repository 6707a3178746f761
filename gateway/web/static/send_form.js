/** One multipart request that tells how many bytes have gone out; fetch cannot. */

import { problemOf, unreachable } from './problem.js';
import { withToken } from './session.js';

/**
 * @param {string} path
 * @param {{field: string, files: File[], key: string, onSent: (bytes: number) => void, signal: AbortSignal}} upload
 *   the key makes a repeat of the same files harmless
 * @returns {Promise<object>} the answer
 */
export function sendForm(path, upload) {
  return withToken((token) => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.setRequestHeader('Authorization', `Bearer ${token}`);
    request.setRequestHeader('Idempotency-Key', upload.key);
    request.upload.addEventListener('progress', (event) => upload.onSent(event.loaded));
    request.addEventListener('error', () => reject(unreachable()));
    request.addEventListener('load', () => settle(request, resolve, reject));
    abortWith(upload.signal, request, reject);
    request.send(formOf(upload));
  }));
}

function abortWith(signal, request, reject) {
  request.addEventListener('abort', () => reject(signal.reason));
  if (signal.aborted) reject(signal.reason);
  signal.addEventListener('abort', () => request.abort());
}

function formOf({ field, files }) {
  const form = new FormData();
  for (const file of files) form.append(field, file, file.name);
  return form;
}

function settle(request, resolve, reject) {
  const { status, responseText } = request;
  if (status < 200 || status > 299) return reject(problemOf(status, responseText));
  try {
    resolve(JSON.parse(responseText));
  } catch {
    reject(problemOf(502, ''));
  }
}
