/** A sample to try first: the history of somebody who does not exist. */

import { useState } from 'preact/hooks';
import { request } from '../api/request';
import type { UploadFlow } from './flow';

/** What the sample's upload is called; by that it is known later. */
export const SAMPLE_FILENAME = 'sample_history.zip';

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
