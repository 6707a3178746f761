/** Requests to the gateway with the person's token; whatever goes wrong is a Problem. */

import { Problem, problemOf, unreachable } from './problem';
import { withToken } from './session';
import type { Answer, GetPath, Query } from './types';

interface GetOptions<P extends GetPath> {
  /** What stands in the path's braces. */
  path?: Record<string, string>;
  query?: Query<P>;
  signal?: AbortSignal;
}

/**
 * Sends a request and gives an answer of the 200s.
 * @throws {Problem} or an AbortError where the caller's signal says so
 */
export function request(path: string, options: RequestInit = {}): Promise<Response> {
  return withToken(async (token) => {
    const headers = { ...(options.headers as Record<string, string>), Authorization: `Bearer ${token}` };
    const response = await fetch(path, { ...options, headers }).catch((error) => {
      throw error.name === 'AbortError' ? error : unreachable();
    });
    if (!response.ok) throw problemOf(response.status, await response.text());
    return response;
  });
}

/** Gets JSON from one of the API's paths, written as in its document: getJson('/api/listens/top/{kind}', …). */
export async function getJson<P extends GetPath>(path: P, options: GetOptions<P> = {}): Promise<Answer<P>> {
  const { path: parts = {}, query = {}, signal } = options;
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parts[name] ?? ''));
  const given = Object.entries(query as Record<string, unknown>).filter(([, value]) => value != null);
  const told = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  const response = await request(told.size ? `${filled}?${told}` : filled, signal ? { signal } : {});
  return response.json();
}

/** Posts without a body, under a key of its own, and gives the answer's JSON. */
export async function postJson<T>(path: string, key = newKey()): Promise<T> {
  const response = await request(path, { method: 'POST', headers: { 'Idempotency-Key': key } });
  return response.json();
}

/** Deletes, and gives the answer where there is one. */
export async function remove(path: string): Promise<Response> {
  return request(path, { method: 'DELETE' });
}

/** A key for one request and its repeats. (crypto.randomUUID is missing on plain http outside loopback.) */
export function newKey(): string {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Whether an error only says that somebody stopped the request. */
export function isAbort(error: unknown): boolean {
  return !(error instanceof Problem) && (error as Error | null)?.name === 'AbortError';
}
