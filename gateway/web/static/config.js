/** What the gateway tells the page about itself: /config.json, read once. */

import { problemOf, unreachable } from './problem.js';

let reading = null;

/**
 * @returns {Promise<{demoSignIn: boolean, signInUrl: string|null,
 *   limits: {files: number, fileBytes: number, uploadBytes: number}}>}
 */
export function config() {
  reading ??= read().catch((problem) => {
    reading = null;
    throw problem;
  });
  return reading;
}

async function read() {
  const response = await fetch('/config.json').catch(() => {
    throw unreachable();
  });
  if (!response.ok) throw problemOf(response.status, await response.text());
  return response.json();
}
