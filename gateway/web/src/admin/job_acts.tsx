/** What can be done to the jobs that are chosen, and to all that fit. */

import { CANCEL_WORDS, REDRIVE_WORDS } from '../words/admin';
import { formatCount, plural } from '../words/format';
import { cancelFitting, cancelJobs, redriveFitting, redriveJobs, STEP_JOBS } from './acts';
import { type Desk, type Question, useDesk } from './desk';
import type { Chosen } from './jobs_view';
import { inSteps, type Outcome, partsOf } from './steps';
import type { ChangedJobs, JobRow } from './types';
import { isUnfinished, type JobFilters } from './view';

/** Shows the buttons that make sense for what is listed and chosen. */
export function JobActs({ chosen, onClear }: { chosen: Chosen; onClear: () => void }) {
  const desk = useDesk();
  const { ask, view } = desk;
  const jobs = [...chosen.values()];
  const failed = jobs.filter((job) => job.state === 'failed');
  const open = jobs.filter((job) => isUnfinished(job.state));
  return (
    <div class="job-acts">
      <p class="hint numbers" role="status">
        {jobs.length ? `${plural(jobs.length, 'job')} chosen` : 'None chosen'}
      </p>
      {!!jobs.length && (
        <button type="button" class="link-button" onClick={onClear}>
          Choose none
        </button>
      )}
      {!!failed.length && <Ask label={`Redrive ${failed.length}`} question={redriveQuestion(failed)} ask={ask} />}
      {!!open.length && <Ask label={`Cancel ${open.length}`} question={cancelQuestion(open)} ask={ask} />}
      {!jobs.length && view.filters.state === 'failed' && (
        <Ask label="Redrive all that fit" question={() => redriveAllQuestion(desk)} ask={ask} />
      )}
      {!jobs.length && view.filters.state === 'unfinished' && !view.filters.reason && (
        <Ask label="Cancel all that fit" question={() => cancelAllQuestion(desk)} ask={ask} />
      )}
    </div>
  );
}

interface AskProps {
  label: string;
  question: Question | (() => Question);
  ask: (question: Question) => void;
}

function Ask({ label, question, ask }: AskProps) {
  const run = () => ask(typeof question === 'function' ? question() : question);
  return (
    <button type="button" class="button quiet small" onClick={run}>
      {label}
    </button>
  );
}

/** Asks whether these failed jobs are to go back. */
export function redriveQuestion(jobs: JobRow[]): Question {
  return {
    title: `Redrive ${plural(jobs.length, 'failed job')}?`,
    says: REDRIVE_WORDS,
    action: 'Redrive',
    total: jobs.length,
    run: (course) => inSteps({ ...course, steps: stepsOf(jobs, redriveJobs) }).then(redriveOutcome),
  };
}

/** Asks whether these unfinished jobs are to end. */
export function cancelQuestion(jobs: JobRow[]): Question {
  return {
    title: `Cancel ${plural(jobs.length, 'job')}?`,
    says: CANCEL_WORDS,
    action: jobs.length === 1 ? 'Cancel the job' : 'Cancel the jobs',
    grave: true,
    total: jobs.length,
    run: (course) => inSteps({ ...course, steps: stepsOf(jobs, cancelJobs) }).then(cancelOutcome),
  };
}

function stepsOf(jobs: JobRow[], act: (ids: string[]) => Promise<ChangedJobs>) {
  const ids = jobs.map((job) => job.id);
  return partsOf(ids, STEP_JOBS).map((part) => () => act(part));
}

function redriveAllQuestion({ view: { filters }, overview, now }: Desk): Question {
  const queues = queuesOf(
    filters,
    overview?.queues.filter((queue) => queue.failed > 0).map((queue) => queue.queue),
  );
  const until = new Date(now).toISOString();
  const total = overview?.queues.reduce((sum, queue) => sum + (queues.includes(queue.queue) ? queue.failed : 0), 0);
  const steps = queues.map((queue) => () => redriveFitting(queue, filters, until));
  return {
    title: `Redrive all failed jobs ${fitWords(filters)}?`,
    says: [...REDRIVE_WORDS, `They go in steps of ${formatCount(STEP_JOBS)}, oldest first; you can stop in between.`],
    action: 'Redrive all',
    total: isNarrow(filters) ? undefined : total,
    run: (course) => inSteps({ ...course, steps }).then(redriveOutcome),
  };
}

function cancelAllQuestion({ view: { filters }, overview }: Desk): Question {
  const open = (overview?.queues ?? []).map((one) => ({ ...one, open: one.pending + one.scheduled + one.processing }));
  const queues = queuesOf(
    filters,
    open.filter((one) => one.open > 0).map((one) => one.queue),
  );
  const total = open.reduce((sum, one) => sum + (queues.includes(one.queue) ? one.open : 0), 0);
  const steps = queues.map((queue) => () => cancelFitting(queue, filters));
  return {
    title: `Cancel all unfinished jobs ${fitWords(filters)}?`,
    says: [
      'Pending, scheduled and processing ones alike.',
      ...CANCEL_WORDS,
      `They go in steps of ${formatCount(STEP_JOBS)}, those that are next first; you can stop in between.`,
    ],
    action: 'Cancel all',
    grave: true,
    total: isNarrow(filters) ? undefined : total,
    run: (course) => inSteps({ ...course, steps }).then(cancelOutcome),
  };
}

const queuesOf = ({ queue }: JobFilters, all: string[] = []): string[] => (queue ? [queue] : all);
const isNarrow = ({ kind, owner, reason }: JobFilters): boolean => !!(kind || owner || reason);

function fitWords({ queue, kind, owner, reason }: JobFilters): string {
  const words = [
    queue ? `of ${queue}` : 'of every queue',
    kind && `of the kind ${kind}`,
    owner && `of the owner ${owner}`,
    reason && `with the reason ${reason}`,
  ];
  return words.filter(Boolean).join(', ');
}

function redriveOutcome({ done, left, stopped }: Outcome): string {
  const rest = left ? ' Some stay failed: their content is gone, or an unfinished job has their unique key.' : '';
  return `${plural(done, 'job')} redriven.${stopped ? ' Stopped before the rest.' : rest}`;
}

function cancelOutcome({ done, stopped }: Outcome): string {
  return `${plural(done, 'job')} cancelled.${stopped ? ' Stopped before the rest.' : ''}`;
}
