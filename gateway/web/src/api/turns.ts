/**
 * Requests that cost the server something take turns. With all of a page's at once, every one would wait for all others;
 * so the first number is there when the first is, and the last no later.
 */

const MOST_AT_ONCE = 3;

let busy = 0;
let planned = false;
const queue: (() => Promise<unknown>)[] = [];

/** Runs it when its turn has come, urgent ones first; not at all where nobody wants it any more by then. */
export function inTurn<T>(run: () => Promise<T>, signal: AbortSignal, urgent = false): Promise<T> {
  return new Promise((resolve, reject) => {
    const begin = () =>
      Promise.resolve()
        .then(() => signal.throwIfAborted())
        .then(run)
        .then(resolve, reject);
    if (urgent) queue.unshift(begin);
    else queue.push(begin);
    plan();
  });
}

/** Not at once: what is asked for in the same breath may be more urgent. */
function plan(): void {
  if (planned) return;
  planned = true;
  queueMicrotask(() => {
    planned = false;
    while (busy < MOST_AT_ONCE && queue.length) start();
  });
}

function start(): void {
  busy += 1;
  queue
    .shift()?.()
    .finally(() => {
      busy -= 1;
      plan();
    });
}
