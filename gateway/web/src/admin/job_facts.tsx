/** What is known of a job, name by name; what it does not have is left out. */

import type { ComponentChildren } from 'preact';
import { Name } from '../shell/name';
import { formatAge } from '../words/ages';
import { formatBytes, formatDecimal, formatMoment } from '../words/format';
import { useDesk } from './desk';
import type { Job } from './types';
import { NO_FILTERS } from './view';
import { ViewLink } from './view_link';

/** Shows it. */
export function JobFacts({ job }: { job: Job }) {
  const { now } = useDesk();
  const ago = (moment: string | null) =>
    moment &&
    `${formatMoment(moment)} (${formatAge(Math.abs(now - Date.parse(moment)))} ${Date.parse(moment) > now ? 'from now' : 'ago'})`;
  const others = (part: Partial<typeof NO_FILTERS>, name: string) => (
    <ViewLink to={{ tab: 'jobs', filters: { ...NO_FILTERS, ...part }, job: job.id }}>
      <Name>{name}</Name>
    </ViewLink>
  );
  const facts: [string, ComponentChildren][] = [
    ['Queue', others({ queue: job.queue }, job.queue)],
    ['Kind', others({ kind: job.kind }, job.kind)],
    ['Owner', others({ owner: job.owner }, job.owner)],
    ['Lane', job.lane && job.lane !== job.owner && <Name>{job.lane}</Name>],
    ['Attempt', job.attempt ? `${job.attempt} of ${job.maxAttempts}` : `none of ${job.maxAttempts} yet`],
    ['Size', job.size > 0 && formatBytes(job.size)],
    ['Priority', job.priority],
    ['Weight', job.weight !== 1 && formatDecimal(job.weight)],
    ['Unique key', job.uniqueKey && <Name>{job.uniqueKey}</Name>],
    ['Enqueued', ago(job.createdAt)],
    ['Begun', ago(job.startedAt)],
    ['Due', job.state === 'scheduled' && ago(job.runAt)],
    ['Fails if not begun by', !job.startedAt && ago(job.expiresAt)],
    ['Ended', ago(job.finishedAt)],
    ['Waits', job.waitsForLane && 'until its lane has room again'],
  ];
  return (
    <dl class="facts">
      {facts.map(
        ([name, value]) =>
          value !== '' &&
          value !== false &&
          value != null && (
            <div key={name}>
              <dt>{name}</dt>
              <dd class="numbers">{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
