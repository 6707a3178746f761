/** What went wrong in every attempt of a job, the newest first. */

import { Name } from '../shell/name';
import { formatAge } from '../words/ages';
import { formatMoment } from '../words/format';
import { useDesk } from './desk';
import type { JobError } from './types';

/** Shows it; a job keeps its first error and the last 49. */
export function ErrorHistory({ errors }: { errors: JobError[] }) {
  return (
    <>
      <h3>Errors</h3>
      {!errors.length && <p class="hint">None so far.</p>}
      <ol class="errors">
        {errors.toReversed().map((error) => (
          <ErrorLine key={`${error.attempt} ${error.occurredAt}`} error={error} />
        ))}
      </ol>
    </>
  );
}

function ErrorLine({ error }: { error: JobError }) {
  const { now } = useDesk();
  return (
    <li>
      <div class="error-head">
        <span class="reason">{error.reason}</span>
        <span class="hint numbers">
          {error.attempt ? `attempt ${error.attempt}` : 'before the first attempt'},{' '}
          <time dateTime={error.occurredAt} title={formatMoment(error.occurredAt)}>
            {formatAge(now - Date.parse(error.occurredAt))} ago
          </time>
        </span>
      </div>
      {error.worker && (
        <p class="hint">
          at <Name as="span">{error.worker}</Name>
        </p>
      )}
      <p class="error-text" dir="auto">
        {error.message}
      </p>
    </li>
  );
}
