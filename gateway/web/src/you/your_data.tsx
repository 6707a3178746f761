/** What belongs to the person: all of it as a file, and all of it gone. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { remove, request } from '../api/request';
import { personId } from '../api/session';
import type { Forgotten, Overview } from '../api/types';
import { forgetShipments } from '../sending/shipments';
import { DangerDialog } from '../shell/danger_dialog';
import { ProblemNotice } from '../shell/notice';
import { saveAs } from '../shell/saving';
import { formatDay, plural } from '../words/format';

/** The section at the end of the upload page. */
export function YourData({ overview }: { overview: Overview }) {
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [removed, setRemoved] = useState<Forgotten['removed'] | null>(null);
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    // It came after the browser had looked for it.
    if (location.hash === '#your-data') section.current?.scrollIntoView();
  }, []);
  const run = async (what: string, act: () => Promise<void>) => {
    setBusy(what);
    setError(null);
    await act().catch(setError);
    setBusy('');
  };
  const forget = () =>
    run('forget', async () => {
      const forgotten: Forgotten = await (await remove('/api/me')).json();
      setRemoved(forgotten.removed);
      await forgetShipments(await personId());
    }).then(() => setAsking(false));
  const save = (format: 'csv' | 'json') =>
    run(format, async () => saveAs(`listening-history.${format}`, await exported(format)));
  return (
    <section ref={section} id="your-data" class="card your-data" aria-labelledby="your-data-title">
      <h2 id="your-data-title" class="card-title">
        Your data
      </h2>
      <ProblemNotice error={error} />
      {removed ? <Gone {...removed} /> : <Kept overview={overview} />}
      {!removed && (
        <div class="actions">
          <button
            type="button"
            class="button quiet"
            disabled={!overview.plays || busy !== ''}
            onClick={() => save('csv')}
          >
            {busy === 'csv' ? 'Fetching …' : 'Export as CSV'}
          </button>
          <button
            type="button"
            class="button quiet"
            disabled={!overview.plays || busy !== ''}
            onClick={() => save('json')}
          >
            {busy === 'json' ? 'Fetching …' : 'Export as JSON'}
          </button>
          <button id="delete-my-data" type="button" class="button quiet danger" onClick={() => setAsking(true)}>
            Delete my data
          </button>
        </div>
      )}
      {asking && (
        <DangerDialog
          title="Delete all of your data?"
          act="Delete everything"
          busy={busy === 'forget'}
          onAct={forget}
          onClose={() => setAsking(false)}
        >
          <p>
            {plural(overview.plays, 'play')}, every upload, and every file that is still kept are removed at once. What
            is under way ends. Nothing of it can be brought back; your exports can be uploaded again.
          </p>
          <p class="hint">Your account to sign in with is not ours, and stays.</p>
        </DangerDialog>
      )}
    </section>
  );
}

function Kept({ overview }: { overview: Overview }) {
  if (!overview.plays) return <p class="hint">There are no plays of yours yet.</p>;
  const [from, to] = [overview.firstPlayedAt, overview.lastPlayedAt].map((at) => formatDay(at ?? 0));
  return (
    <p class="hint">
      {plural(overview.plays, 'play')} from {from} to {to}. Take all of it with you, or have all of it removed.
    </p>
  );
}

function Gone({ plays, uploads }: Forgotten['removed']) {
  return (
    <div role="status">
      <p>
        Everything is gone: {plural(plays, 'play')} and {plural(uploads, 'upload')} were removed.
      </p>
      <div class="actions">
        <a class="button quiet" href="/">
          Begin anew
        </a>
      </div>
    </div>
  );
}

async function exported(format: 'csv' | 'json'): Promise<Blob> {
  return (await request(`/api/listens/export?format=${format}`)).blob();
}
