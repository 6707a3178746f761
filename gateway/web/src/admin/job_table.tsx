/** One page of jobs, a line each; on a narrow screen a small card each. */

import { Name } from '../shell/name';
import { stateWord } from '../words/admin';
import { formatAge } from '../words/ages';
import { formatMoment } from '../words/format';
import { useDesk } from './desk';
import { JobProgressBar } from './job_progress';
import type { Chosen } from './jobs_view';
import type { JobRow } from './types';
import { ViewLink } from './view_link';

interface Props {
  jobs: JobRow[];
  chosen: Chosen;
  choose: (chosen: Chosen) => void;
}

/** Shows them, each to be chosen; the box in the head chooses all of the page. */
export function JobTable({ jobs, chosen, choose }: Props) {
  const all = jobs.every((job) => chosen.has(job.id));
  const turn = (some: JobRow[], on: boolean) => {
    const next = new Map(chosen);
    for (const job of some) on ? next.set(job.id, job) : next.delete(job.id);
    choose(next);
  };
  return (
    <div class="card table-card">
      <table class="job-table">
        <caption class="visually-hidden">Jobs, newest first</caption>
        <thead>
          <tr>
            <th scope="col" class="choice">
              <input
                type="checkbox"
                aria-label="Choose all of this page"
                checked={all}
                onChange={(event) => turn(jobs, event.currentTarget.checked)}
              />
            </th>
            <th scope="col">Job</th>
            <th scope="col">State</th>
            <th scope="col">Queue and kind</th>
            <th scope="col">Owner</th>
            <th scope="col">How it goes</th>
            <th scope="col">Age</th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <Row key={job.id} job={job} chosen={chosen.has(job.id)} onTurn={(on) => turn([job], on)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ job, chosen, onTurn }: { job: JobRow; chosen: boolean; onTurn: (on: boolean) => void }) {
  const { view, now } = useDesk();
  const isOpen = view.job === job.id;
  return (
    <tr data-job={job.id} data-open={isOpen}>
      <td class="choice">
        <input
          type="checkbox"
          aria-label={`Choose the job ${job.id}`}
          checked={chosen}
          onChange={(event) => onTurn(event.currentTarget.checked)}
        />
      </td>
      <th scope="row" class="id">
        <ViewLink to={{ ...view, job: job.id }} title={job.id} id={`job-${job.id}`}>
          {shortId(job.id)}
        </ViewLink>
      </th>
      <td class="state">
        <span class="badge" data-state={job.state}>
          {stateWord(job.state)}
        </span>
      </td>
      <td class="what">
        <Name>{job.queue}</Name>
        <Name class="hint">{job.kind}</Name>
      </td>
      <td class="owner">
        <Name>{job.owner}</Name>
      </td>
      <td class="course-of">
        <HowItGoes job={job} />
      </td>
      <td class="age numbers" title={formatMoment(job.createdAt)}>
        {formatAge(now - Date.parse(job.createdAt))}
      </td>
    </tr>
  );
}

function HowItGoes({ job }: { job: JobRow }) {
  const { now } = useDesk();
  const attempt = job.attempt ? `Attempt ${job.attempt} of ${job.maxAttempts}` : 'Not begun';
  const due = job.state === 'scheduled' && job.runAt ? `, due in ${formatAge(Date.parse(job.runAt) - now)}` : '';
  return (
    <>
      {job.lastError && (
        <span class="reason" title={job.lastError.message}>
          {job.lastError.reason}
        </span>
      )}
      <span class="hint numbers">
        {attempt}
        {due}
        {job.waitsForLane && ', its lane is full'}
      </span>
      {job.state === 'processing' && <JobProgressBar progress={job.progress} label="Progress" />}
    </>
  );
}

/** Ids of jobs begin with their time, so that those made together begin alike: their ends tell them apart. */
function shortId(id: string): string {
  return `…${id.slice(-12)}`;
}
