/** A sample to try first: the history of somebody who does not exist. */

import { useEffect, useState } from 'preact/hooks';
import { getJson, remove, request } from '../api/request';
import { ProblemNotice } from '../shell/notice';
import type { UploadFlow } from './flow';

// What the sample's upload is called; by that it is known later.
const SAMPLE_FILENAME = 'sample_history.zip';

/** Whether plays of the sample are in the history: not at all, and nothing else is, or with the person's own. */
export type SampleState = 'none' | 'only' | 'mixed';

/** Looks for the sample among the person's latest uploads. */
export function useSample(): SampleState {
  const [state, setState] = useState<SampleState>('none');
  useEffect(() => {
    getJson('/api/uploads').then(
      ({ items, nextCursor }) => {
        const kept = items.filter(({ insertedRecords }) => insertedRecords > 0);
        const samples = kept.filter(({ filename }) => filename === SAMPLE_FILENAME);
        if (samples.length) setState(samples.length === kept.length && !nextCursor ? 'only' : 'mixed');
      },
      () => {},
    );
  }, []);
  return state;
}

/** Takes the sample out again. Alone in the history it goes with one click; otherwise its plays are among the others. */
export function RemoveSample({ state }: { state: SampleState }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  if (state === 'none') return null;
  const act = () => {
    setBusy(true);
    remove('/api/me').then(
      () => location.assign('/'),
      (problem) => {
        setError(problem);
        setBusy(false);
      },
    );
  };
  const mixed = 'Its plays are among yours now. “Delete my data” removes both; your own files can be uploaded again.';
  return (
    <section class="card sample" aria-labelledby="sample-there">
      <div>
        <h2 id="sample-there" class="card-title">
          The sample is in your history
        </h2>
        <p class="hint">{state === 'only' ? 'Remove it before you bring your own files.' : mixed}</p>
        <ProblemNotice error={error} retry={act} />
      </div>
      {state === 'only' && (
        <button id="remove-sample" type="button" class="button quiet" disabled={busy} onClick={act}>
          Remove the sample
        </button>
      )}
    </section>
  );
}

/** Offers it to whoever has no plays yet. */
export function TrySample({ flow }: { flow: UploadFlow }) {
  const [busy, setBusy] = useState(false);
  const start = async () => {
    setBusy(true);
    try {
      const content = await (await request('/api/sample')).blob();
      await flow.take([{ file: new File([content], SAMPLE_FILENAME, { type: 'application/zip' }), from: '' }]);
    } catch (error) {
      flow.problem.set(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="card sample" aria-labelledby="sample-title">
      <div>
        <h2 id="sample-title" class="card-title">
          Just looking?
        </h2>
        <p class="hint">
          Try it with the history of somebody who does not exist. You can remove it again with one click.
        </p>
      </div>
      <button id="try-sample" type="button" class="button quiet" disabled={busy} onClick={start}>
        Try the sample
      </button>
    </section>
  );
}
