/** All queues: in sum, and each by itself. */

import { formatAge } from '../words/ages';
import { formatCount } from '../words/format';
import { useDesk } from './desk';
import { QueueCard } from './queue_card';
import type { Queue } from './types';
import { NO_FILTERS, type StateChoice } from './view';
import { ViewLink } from './view_link';

/** Shows them. */
export function QueuesView() {
  const { overview } = useDesk();
  const queues = overview?.queues ?? [];
  return (
    <>
      <h2 class="visually-hidden">In sum</h2>
      <Sums queues={queues} />
      <h2 class="visually-hidden">Each queue</h2>
      {!queues.length && <p class="card empty hint">No queue has had a job yet. The first one makes its queue.</p>}
      <div class="queues">
        {queues.map((queue) => (
          <QueueCard key={queue.queue} queue={queue} />
        ))}
      </div>
    </>
  );
}

function Sums({ queues }: { queues: Queue[] }) {
  const { overview, now } = useDesk();
  const sum = (name: 'pending' | 'processing' | 'failed') => queues.reduce((total, queue) => total + queue[name], 0);
  const since = queues.map((queue) => queue.oldestPendingAt).filter((at) => at !== null);
  const oldest = since.length ? formatAge(now - Math.min(...since.map((at) => Date.parse(at)))) : '–';
  const active = overview?.workers.filter((worker) => worker.state === 'active').length ?? 0;
  return (
    <dl class="tiles sums">
      <SumTile name="Pending" value={formatCount(sum('pending'))} state="pending" />
      <Tile name="Oldest waits" value={oldest} />
      <SumTile name="Processing" value={formatCount(sum('processing'))} state="processing" />
      <Tile name="Active workers" value={formatCount(active)} />
      <SumTile name="Failed" value={formatCount(sum('failed'))} state="failed" />
    </dl>
  );
}

function SumTile({ name, value, state }: { name: string; value: string; state: StateChoice }) {
  return (
    <div class="tile">
      <dt>{name}</dt>
      <dd>
        <ViewLink to={{ tab: 'jobs', filters: { ...NO_FILTERS, state }, job: '' }}>{value}</ViewLink>
      </dd>
    </div>
  );
}

function Tile({ name, value }: { name: string; value: string }) {
  return (
    <div class="tile">
      <dt>{name}</dt>
      <dd class="numbers">{value}</dd>
    </div>
  );
}
