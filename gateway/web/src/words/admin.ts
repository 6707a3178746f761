/** What operators are told, in plain words. */

import type { AuditEntry, JobState, Queue, QueueLimits, Worker } from '../admin/types';
import type { StateChoice } from '../admin/view';
import { formatRate } from './ages';
import { formatCount, plural } from './format';

const CHOICES: Record<StateChoice, string> = {
  any: 'Any state',
  unfinished: 'Unfinished',
  pending: 'Pending',
  scheduled: 'Scheduled',
  processing: 'Processing',
  failed: 'Failed',
  completed: 'Completed',
  cancelled: 'Cancelled',
};

const WORKER_STATES: Record<Worker['state'], string> = {
  active: 'Active',
  draining: 'Draining',
  left: 'Left',
  lost: 'Lost',
};

/** "Failed". */
export const stateWord = (state: JobState | StateChoice): string => CHOICES[state];

/** "Draining". */
export const workerWord = (state: Worker['state']): string => WORKER_STATES[state];

/** "8 at once, 2 a lane, 10/s (20 at once after a rest), 10,000 deep"; "none". */
export function limitsWords({ maxRunning, maxRunningPerLane, maxDepth, rate }: QueueLimits): string {
  const words = [
    maxRunning && `${formatCount(maxRunning)} at once`,
    maxRunningPerLane && `${formatCount(maxRunningPerLane)} a lane`,
    rate && `${formatRate(rate.perSecond)}, bursts of ${formatCount(rate.burst ?? 1)}`,
    maxDepth && `${formatCount(maxDepth)} deep`,
  ].filter(Boolean);
  return words.join(' · ') || 'none';
}

/** What will happen, before a queue is paused. */
export function pauseWords({ processing }: Queue): string[] {
  const held = processing ? `${plural(processing, 'job')} in work go on to their end.` : 'None of its jobs is in work.';
  return [`No worker is given a job of this queue any more. ${held}`, 'New jobs are still taken, and wait.'];
}

/** What will happen, before a queue goes on. */
export function resumeWords({ pending }: Queue): string[] {
  return [`Workers are given jobs of this queue again: ${pending ? `${plural(pending, 'job')} wait.` : 'none waits.'}`];
}

/** What will happen, before a worker is drained. */
export function drainWords({ heldCount }: Worker): string[] {
  const holds = heldCount ? `It finishes ${plural(heldCount, 'job')} that it holds,` : 'It holds no job;';
  return [`${holds} takes no other, and leaves.`, 'It is not started again from here: whatever runs it does that.'];
}

/** What will happen, before jobs are put back. */
export const REDRIVE_WORDS = [
  'They go back into their queues with a fresh set of attempts; ids and errors stay.',
  'A job stays failed whose content is gone, or whose unique key an unfinished job has by now.',
];

/** What will happen, before jobs are cancelled. */
export const CANCEL_WORDS = [
  'They end as cancelled at once. A worker that holds one is told, and what it would still send back is refused.',
  'This cannot be undone.',
];

/** Lists of more than twenty come as their count. */
type Changed = string[] | { count: number };

interface Details {
  queue?: string;
  session_id?: string;
  filter?: Record<string, string>;
  redriven?: Changed;
  cancelled?: Changed;
  pruned?: number;
  jobs?: number;
  changed?: boolean;
}

const SENTENCES: Record<string, (told: Details) => string> = {
  PauseQueue: ({ queue }) => `Paused the queue ${queue}`,
  ResumeQueue: ({ queue }) => `Resumed the queue ${queue}`,
  SetQueueLimits: ({ queue }) => `Set the limits of the queue ${queue}`,
  DrainWorker: (told) => `Drained the worker of session ${told.session_id}`,
  RedriveJobs: (told) => `Redrove ${changedWords(told.redriven, told)}`,
  CancelJobs: (told) => `Cancelled ${changedWords(told.cancelled, told)}`,
  PruneJobs: ({ pruned = 0 }) => `Removed ${plural(pruned, 'job')} from history`,
  Reap: ({ jobs = 0 }) => `Took back ${plural(jobs, 'job')} of lost workers`,
};

/** What an operator did, as a sentence; an act that is not known here is shown by its name. */
export function actSentence({ act, details }: AuditEntry): string {
  const told = details as Details;
  const sentence = SENTENCES[act]?.(told) ?? act;
  return told.changed === false ? `${sentence}, which changed nothing` : sentence;
}

function changedWords(changed: Changed = [], { filter }: Details): string {
  const jobs = plural(Array.isArray(changed) ? changed.length : changed.count, 'job');
  return filter?.queue ? `${jobs} of the queue ${filter.queue}` : jobs;
}

/** Who did it: the person for whom a gateway acted, and otherwise the service. */
export function whoOf({ principal }: AuditEntry): { person: string; service: string } {
  const [service = '', person = ''] = principal.split(' for ');
  return { person: person || service, service: person ? service : '' };
}
