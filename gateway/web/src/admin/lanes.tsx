/** Whose turn it is: the deepest lanes of a queue. They take turns, so a deep one waits for itself and not for others. */

import { Name } from '../shell/name';
import { formatCount, plural } from '../words/format';
import type { Queue } from './types';

/** Shows them once one asks. */
export function Lanes({ queue: { queue, lanes } }: { queue: Queue }) {
  if (!lanes.length) return null;
  const most = Math.max(...lanes.map((lane) => lane.pending));
  return (
    <details class="lanes">
      <summary>
        {lanes.length < 10 ? plural(lanes.length, 'lane waits', 'lanes wait') : 'The ten deepest lanes'}
      </summary>
      <ol aria-label={`Lanes of ${queue} by depth`}>
        {lanes.map(({ lane, pending }) => (
          <li key={lane}>
            <Name>{lane || 'without a lane'}</Name>
            <span class="lane-bar" aria-hidden="true">
              <span style={{ inlineSize: `${(100 * pending) / most}%` }} />
            </span>
            <span class="numbers">{formatCount(pending)}</span>
          </li>
        ))}
      </ol>
    </details>
  );
}
