/** What the page shows, as it stands in the address: so that it can be kept, sent to somebody, and gone back from. */

import type { JobState } from './types';

/** The parts of the page. */
export const TABS = ['queues', 'workers', 'jobs', 'audit'] as const;
export type Tab = (typeof TABS)[number];

/** What one can ask of a job's state; "unfinished" is all that may still change by itself. */
export const STATE_CHOICES = [
  'any',
  'unfinished',
  'pending',
  'scheduled',
  'processing',
  'failed',
  'completed',
  'cancelled',
] as const;
export type StateChoice = (typeof STATE_CHOICES)[number];

/** Which jobs are listed; empty texts fit all. */
export interface JobFilters {
  state: StateChoice;
  queue: string;
  kind: string;
  owner: string;
  reason: string;
}

/** `job` is the id of the one that is looked at, or empty. */
export interface View {
  tab: Tab;
  filters: JobFilters;
  job: string;
}

export const NO_FILTERS: JobFilters = { state: 'any', queue: '', kind: '', owner: '', reason: '' };

const UNFINISHED: JobState[] = ['pending', 'scheduled', 'processing'];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Reads what stands behind the question mark; what makes no sense is left out. */
export function readView(search: string): View {
  const told = new URLSearchParams(search);
  const text = (name: string) => (told.get(name) ?? '').trim();
  return {
    tab: oneOf(TABS, text('view'), 'queues'),
    filters: {
      state: oneOf(STATE_CHOICES, text('state'), 'any'),
      queue: text('queue'),
      kind: text('kind'),
      owner: text('owner'),
      reason: text('reason'),
    },
    job: isJobId(text('job')) ? text('job') : '',
  };
}

/** The address of a view; filters stand in it only where jobs are looked at. */
export function addressOf({ tab, filters, job }: View): string {
  const told = new URLSearchParams();
  if (tab !== 'queues') told.set('view', tab);
  if (tab === 'jobs') {
    for (const [name, value] of Object.entries(filters)) if (value && value !== 'any') told.set(name, value);
    if (job) told.set('job', job);
  }
  return told.size ? `/admin?${told}` : '/admin';
}

/** What to ask the gateway for; page by page with `cursor`. */
export function jobQuery(filters: JobFilters, cursor: string, limit: number): URLSearchParams {
  const asked = new URLSearchParams({ limit: String(limit) });
  for (const state of statesOf(filters.state)) asked.append('state', state);
  for (const name of ['queue', 'kind', 'owner', 'reason'] as const) if (filters[name]) asked.set(name, filters[name]);
  if (cursor) asked.set('cursor', cursor);
  return asked;
}

/** The states that a choice means; none are all. */
export function statesOf(choice: StateChoice): JobState[] {
  if (choice === 'any') return [];
  return choice === 'unfinished' ? UNFINISHED : [choice];
}

/** Whether a job in this state may still change by itself, and so can be cancelled. */
export const isUnfinished = (state: JobState): boolean => UNFINISHED.includes(state);

/** Whether a text can be the id of a job. */
export const isJobId = (text: string): boolean => UUID.test(text);

function oneOf<T extends string>(choices: readonly T[], text: string, otherwise: T): T {
  return choices.find((choice) => choice === text) ?? otherwise;
}
