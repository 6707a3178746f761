/** How far an attempt has come, in the worker's own unit. */

import { Name } from '../shell/name';
import { formatCount } from '../words/format';
import type { JobProgress } from './types';

/** Shows a bar where the whole is known, and the numbers and the message in any case. */
export function JobProgressBar({ progress, label }: { progress: JobProgress | null; label: string }) {
  if (!progress) return null;
  const { done, total, message } = progress;
  const numbers = total ? `${formatCount(done)} of ${formatCount(total)}` : formatCount(done);
  return (
    <div class="job-progress">
      {total > 0 && <progress class="small" aria-label={label} max={total} value={Math.min(done, total)} />}
      <span class="hint numbers">{numbers}</span>
      {message && <Name class="hint">{message}</Name>}
    </div>
  );
}
