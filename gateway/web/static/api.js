/** Requests to the gateway with the person's token; whatever goes wrong is a Problem. */

import { problemOf, unreachable } from './problem.js';
import { withToken } from './session.js';

/**
 * @param {string} path
 * @param {RequestInit} options
 * @returns {Promise<Response>} an answer of the 200s
 * @throws {Problem} or an AbortError where the caller's signal says so
 */
export function request(path, options = {}) {
  return withToken(async (token) => {
    const headers = { ...options.headers, Authorization: `Bearer ${token}` };
    const response = await fetch(path, { ...options, headers }).catch((error) => {
      throw error.name === 'AbortError' ? error : unreachable();
    });
    if (!response.ok) throw problemOf(response.status, await response.text());
    return response;
  });
}

/** @param {Record<string, string|number|null|undefined>} params those without a value are left out */
export async function getJson(path, params = {}, signal = undefined) {
  const given = Object.entries(params).filter(([, value]) => value !== null && value !== undefined);
  const query = new URLSearchParams(given);
  const response = await request(query.size ? `${path}?${query}` : path, { signal });
  return response.json();
}

export async function postJson(path) {
  const response = await request(path, { method: 'POST', headers: { 'Idempotency-Key': newKey() } });
  return response.json();
}

/** A key for one request and its repeats. (crypto.randomUUID is missing on plain http outside loopback.) */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
