/** One worker: what it is at, since when, how far it is. */

import { Name } from '../shell/name';
import { drainWords, workerWord } from '../words/admin';
import { formatAge } from '../words/ages';
import { formatCount, formatMoment } from '../words/format';
import { drainWorker } from './acts';
import { useDesk } from './desk';
import { JobProgressBar } from './job_progress';
import type { HeldJob, Worker } from './types';
import { NO_FILTERS } from './view';
import { ViewLink } from './view_link';

/** Shows it. */
export function WorkerCard({ worker }: { worker: Worker }) {
  const { now } = useDesk();
  const since = worker.closedAt ?? worker.openedAt;
  const words = worker.closedAt
    ? `gone for ${formatAge(now - Date.parse(since))}`
    : `for ${formatAge(now - Date.parse(since))}`;
  return (
    <li class="card worker" data-worker={worker.name} data-state={worker.state}>
      <div class="worker-head">
        <h3>
          <Name>{worker.name}</Name>
        </h3>
        <span class="badge" data-state={worker.state}>
          {workerWord(worker.state)}
        </span>
        <span class="hint numbers" title={formatMoment(since)}>
          {words}
        </span>
        {worker.state === 'active' && <Drain worker={worker} />}
      </div>
      <p class="hint">
        Session {worker.id} · {worker.queues.join(', ') || 'every queue'} · {worker.kinds.join(', ') || 'every kind'}
      </p>
      {!worker.closedAt && <Held worker={worker} />}
    </li>
  );
}

function Drain({ worker }: { worker: Worker }) {
  const { ask } = useDesk();
  const drain = () =>
    ask({
      title: `Drain ${worker.name}?`,
      says: drainWords(worker),
      action: 'Drain',
      run: () => drainWorker(worker.id).then(() => `${worker.name} was asked to end.`),
    });
  return (
    <button type="button" class="button quiet small" onClick={drain}>
      Drain<span class="visually-hidden"> {worker.name}</span>
    </button>
  );
}

function Held({ worker }: { worker: Worker }) {
  if (!worker.held.length) return <p class="hint">Holds nothing.</p>;
  const more = worker.heldCount - worker.held.length;
  return (
    <ul class="held" aria-label={`What ${worker.name} holds, the longest first`}>
      {worker.held.map((job) => (
        <HeldLine key={job.jobId} job={job} />
      ))}
      {more > 0 && <li class="hint">and {formatCount(more)} more</li>}
    </ul>
  );
}

function HeldLine({ job }: { job: HeldJob }) {
  const { now } = useDesk();
  return (
    <li>
      <ViewLink to={{ tab: 'jobs', filters: { ...NO_FILTERS, state: 'processing' }, job: job.jobId }}>
        <Name>{job.kind}</Name>
      </ViewLink>
      <span class="hint numbers">
        {formatAge(now - Date.parse(job.startedAt))}
        {job.attempt > 1 && `, attempt ${job.attempt}`}
      </span>
      <JobProgressBar progress={job.progress} label={`Progress of ${job.kind}`} />
    </li>
  );
}
