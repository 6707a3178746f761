/** Where trouble is told, with a way to try again. */

import type { ComponentChildren } from 'preact';
import { Problem, sentenceOf } from '../api/problem';

interface Action {
  label: string;
  run: () => void;
}

/** Says something that went wrong; screen readers hear it at once. */
export function Notice({ children, action }: { children: ComponentChildren; action?: Action | undefined }) {
  return (
    <div class="notice" role="alert">
      <p>{children}</p>
      {action && (
        <button type="button" class="button" onClick={action.run}>
          {action.label}
        </button>
      )}
    </div>
  );
}

/** Says what an error means; the button is there only where trying again may help. */
export function ProblemNotice({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  if (!error) return null;
  const helps = error instanceof Problem && error.passing && retry;
  return <Notice action={helps ? { label: 'Try again', run: retry } : undefined}>{sentenceOf(error)}</Notice>;
}
