/** One queue: how it stands, how it goes, whose turn it is, and what can be done to it. */

import { Name } from '../shell/name';
import { limitsWords, pauseWords, resumeWords } from '../words/admin';
import { formatAge, formatRate } from '../words/ages';
import { formatCount } from '../words/format';
import { pauseQueue, resumeQueue } from './acts';
import { useDesk } from './desk';
import { Lanes } from './lanes';
import { Sparkline } from './sparkline';
import type { Queue } from './types';
import { NO_FILTERS, type StateChoice } from './view';
import { ViewLink } from './view_link';

/** Shows it. */
export function QueueCard({ queue }: { queue: Queue }) {
  const { history } = useDesk();
  const samples = history.get(queue.queue) ?? [];
  const title = `queue-${queue.queue}`;
  return (
    <section class="card queue" aria-labelledby={title} data-queue={queue.queue} data-paused={queue.paused}>
      <div class="queue-head">
        <h3 id={title}>
          <Name>{queue.queue}</Name>
        </h3>
        <span class="badge" data-state={queue.paused ? 'paused' : 'active'}>
          {queue.paused ? 'Paused' : 'Running'}
        </span>
        <QueueActs queue={queue} />
      </div>
      <Figures queue={queue} />
      <div class="sparks">
        <Sparkline
          label="Completed"
          points={samples.map(({ at, completed }) => ({ at, value: completed }))}
          format={formatRate}
          tone="done"
        />
        <Sparkline
          label="Pending"
          points={samples.map(({ at, pending }) => ({ at, value: pending }))}
          format={formatCount}
          tone="waiting"
        />
      </div>
      <Rates queue={queue} />
      <Lanes queue={queue} />
    </section>
  );
}

function QueueActs({ queue }: { queue: Queue }) {
  const { ask, editLimits } = useDesk();
  const name = queue.queue;
  const pause = () =>
    ask({
      title: `Pause ${name}?`,
      says: pauseWords(queue),
      action: 'Pause',
      run: () => pauseQueue(name).then(() => `${name} is paused.`),
    });
  const resume = () =>
    ask({
      title: `Resume ${name}?`,
      says: resumeWords(queue),
      action: 'Resume',
      run: () => resumeQueue(name).then(() => `${name} is claimed from again.`),
    });
  return (
    <div class="acts">
      <button type="button" class="button quiet small" onClick={queue.paused ? resume : pause}>
        {queue.paused ? 'Resume' : 'Pause'}
        <span class="visually-hidden"> {name}</span>
      </button>
      <button type="button" class="button quiet small" onClick={() => editLimits(name)}>
        Limits<span class="visually-hidden"> of {name}</span>
      </button>
    </div>
  );
}

function Figures({ queue }: { queue: Queue }) {
  const { now } = useDesk();
  const oldest = queue.oldestPendingAt ? formatAge(now - Date.parse(queue.oldestPendingAt)) : '–';
  return (
    <dl class="figures">
      <Figure queue={queue} state="pending" name="Pending" />
      <div>
        <dt>Oldest waits</dt>
        <dd class="numbers">{oldest}</dd>
      </div>
      <Figure queue={queue} state="scheduled" name="Scheduled" />
      <Figure queue={queue} state="processing" name="Processing" />
      <Figure queue={queue} state="failed" name="Failed" />
    </dl>
  );
}

type Counted = 'pending' | 'scheduled' | 'processing' | 'failed';

function Figure({ queue, state, name }: { queue: Queue; state: Counted & StateChoice; name: string }) {
  const filters = { ...NO_FILTERS, queue: queue.queue, state };
  return (
    <div data-state={queue[state] ? state : undefined}>
      <dt>{name}</dt>
      <dd class="numbers">
        <ViewLink to={{ tab: 'jobs', filters, job: '' }}>{formatCount(queue[state])}</ViewLink>
      </dd>
    </div>
  );
}

function Rates({ queue }: { queue: Queue }) {
  return (
    <p class="hint numbers">
      Enqueued {formatRate(queue.enqueuedRate)} · claimed {formatRate(queue.claimedRate)} · failed{' '}
      {formatRate(queue.failedRate)}
      <br />
      Limits: {limitsWords(queue.limits)}
    </p>
  );
}
