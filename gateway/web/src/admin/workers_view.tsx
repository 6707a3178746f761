/** All workers: those that are there, and those that left or were lost within the hour. */

import { useEffect, useState } from 'preact/hooks';
import { getJson, isAbort } from '../api/request';
import { ProblemNotice } from '../shell/notice';
import { plural } from '../words/format';
import { useDesk } from './desk';
import type { Worker } from './types';
import { WorkerCard } from './worker_card';

const CLOSED_EVERY_MS = 5_000;
const CLOSED_SHOWN = 100;

/** Shows them. */
export function WorkersView() {
  const { overview } = useDesk();
  const [closed, error] = useClosed();
  // Who has just gone may stand in both answers: they were not given at the same moment.
  const gone = new Set(closed.map((worker) => worker.id));
  const workers = (overview?.workers ?? []).filter((worker) => !gone.has(worker.id));
  const lost = closed.filter((worker) => worker.state === 'lost').length;
  return (
    <>
      <h2>At work</h2>
      {overview?.moreWorkers && <p class="hint">There are more: these are the newest {workers.length}.</p>}
      {!workers.length && <p class="card empty hint">No worker is there. Jobs wait until one comes.</p>}
      <Workers workers={workers} />
      <h2>Gone within the hour</h2>
      <ProblemNotice error={error} />
      <p class="hint">
        {closed.length
          ? `${plural(closed.length, 'worker')} ended, ${lost} of them lost.`
          : 'None has left or was lost.'}
      </p>
      <Workers workers={closed} />
    </>
  );
}

function Workers({ workers }: { workers: Worker[] }) {
  return (
    <ul class="workers">
      {workers.map((worker) => (
        <WorkerCard key={worker.id} worker={worker} />
      ))}
    </ul>
  );
}

/** Those that are gone are asked for now and then: they change slowly, and the stream need not carry them. */
function useClosed(): [Worker[], unknown] {
  const [closed, setClosed] = useState<Worker[]>([]);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    const stopper = new AbortController();
    const look = async () => {
      try {
        const query = { closed: true, limit: CLOSED_SHOWN };
        const page = await getJson('/api/admin/workers', { query, signal: stopper.signal });
        setClosed(page.items.filter((worker) => worker.closedAt !== null));
        setError(null);
      } catch (problem) {
        if (!isAbort(problem)) setError(problem);
      }
    };
    look();
    const timer = setInterval(look, CLOSED_EVERY_MS);
    return () => {
      clearInterval(timer);
      stopper.abort();
    };
  }, []);
  return [closed, error];
}
