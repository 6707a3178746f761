/** What an operator can have done, one function an act. Each goes to the audit log, and a repeat of each is safe. */

import { newKey, request } from '../api/request';
import type { ChangedJobs, QueueLimits } from './types';
import type { JobFilters } from './view';

/** As many as the gateway takes in one step. */
export const STEP_JOBS = 1_000;

/** Has nothing more of a queue given to workers. */
export const pauseQueue = (queue: string) => send('POST', `/queues/${encodeURIComponent(queue)}/pause`);

/** Has a queue's jobs given to workers again. */
export const resumeQueue = (queue: string) => send('POST', `/queues/${encodeURIComponent(queue)}/resume`);

/** Sets all limits of a queue in place of those it had. */
export const setLimits = (queue: string, limits: QueueLimits) =>
  send('PUT', `/queues/${encodeURIComponent(queue)}/limits`, limits);

/** Has a worker finish what it holds, and leave. */
export const drainWorker = (id: string) => send('POST', `/workers/${encodeURIComponent(id)}/drain`);

/** Ends unfinished jobs. */
export const cancelJobs = (jobIds: string[]) => send<ChangedJobs>('POST', '/jobs/cancel', { jobIds });

/** Puts failed jobs back into their queues. */
export const redriveJobs = (jobIds: string[]) => send<ChangedJobs>('POST', '/jobs/redrive', { jobIds });

/** Ends a step of the unfinished jobs of a queue that fit. */
export function cancelFitting(queue: string, { kind, owner }: JobFilters): Promise<ChangedJobs> {
  return send('POST', '/jobs/cancel', { filter: { queue, kind, owner }, limit: STEP_JOBS });
}

/** Puts back a step of the failed jobs of a queue that fit and failed before a moment: not those that fail anew. */
export function redriveFitting(queue: string, { kind, owner, reason }: JobFilters, until: string) {
  const filter = { queue, kind, owner, reason, failedUntil: until };
  return send<ChangedJobs>('POST', '/jobs/redrive', { filter, limit: STEP_JOBS });
}

async function send<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers = { 'Idempotency-Key': newKey(), ...(body !== undefined && { 'Content-Type': 'application/json' }) };
  const options = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const response = await request(`/api/admin${path}`, options);
  return response.json();
}
