/** What the gateway tells the page about itself: /config.json, read once. */

import { problemOf, unreachable } from './problem';
import type { Config } from './types';

let reading: Promise<Config> | null = null;

/** Reads how one signs in here and what an upload may be. */
export function config(): Promise<Config> {
  reading ??= read().catch((problem) => {
    reading = null;
    throw problem;
  });
  return reading;
}

async function read(): Promise<Config> {
  const response = await fetch('/config.json').catch(() => {
    throw unreachable();
  });
  if (!response.ok) throw problemOf(response.status, await response.text());
  return response.json();
}
