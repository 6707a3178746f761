/** The list of a person's earlier uploads, newest first, page by page. */

import { useEffect, useState } from 'preact/hooks';
import { Problem, sentenceOf } from '../api/problem';
import { getJson, remove } from '../api/request';
import type { UploadSummary } from '../api/types';
import { DangerDialog } from '../shell/danger_dialog';
import { Name } from '../shell/name';
import { ProblemNotice } from '../shell/notice';
import { formatMoment, plural } from '../words/format';
import { hasEnded, statusWord } from '../words/uploads';

/** The section; nothing where there are none. */
export function PastUploads() {
  const [items, setItems] = useState<UploadSummary[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = (from: string | null) =>
    getJson('/api/uploads', { query: { cursor: from } }).then((page) => {
      setItems((before) => [...(from ? before : []), ...page.items]);
      setCursor(page.nextCursor ?? null);
    }, setError);
  useEffect(() => {
    load(null);
  }, []);
  const drop = (id: string) => setItems((before) => before.filter((upload) => upload.id !== id));
  if (!items.length) return <ProblemNotice error={error} retry={() => load(null)} />;
  return (
    <section id="past" aria-labelledby="past-title">
      <h2 id="past-title">Earlier uploads</h2>
      <ul id="past-uploads" class="past-uploads card">
        {items.map((upload) => (
          <PastUpload key={upload.id} upload={upload} onRemoved={() => drop(upload.id)} />
        ))}
      </ul>
      <ProblemNotice error={error} />
      {cursor && (
        <button id="more-uploads" type="button" class="button quiet" onClick={() => load(cursor)}>
          Show more
        </button>
      )}
    </section>
  );
}

function PastUpload({ upload, onRemoved }: { upload: UploadSummary; onRemoved: () => void }) {
  const [asking, setAsking] = useState(false);
  const [refused, setRefused] = useState('');
  const act = async () => {
    setAsking(false);
    try {
      await remove(`/api/uploads/${encodeURIComponent(upload.id)}`);
      onRemoved();
    } catch (error) {
      setRefused(refusalSentence(error));
    }
  };
  return (
    <li data-upload-id={upload.id}>
      <a href={`/uploads/${encodeURIComponent(upload.id)}`} class="past-upload">
        <Name>{upload.filename}</Name>
        <span class="state" data-status={upload.status}>
          {statusWord(upload.status)}
        </span>
        <span class="hint">{summaryOf(upload)}</span>
      </a>
      {(hasEnded(upload.status) || upload.status === 'uploading') && (
        <button
          type="button"
          class="icon-button"
          aria-label={`Remove ${upload.filename}`}
          onClick={() => setAsking(true)}
        >
          <svg viewBox="0 0 24 24" width="18" height="18" class="line-icon" aria-hidden="true">
            <path d="M4 7h16M10 11v6M14 11v6M6 7l1 12h10l1-12M9 7V4h6v3" />
          </svg>
        </button>
      )}
      {refused && (
        <p class="file-error" role="alert">
          {refused}
        </p>
      )}
      {asking && (
        <DangerDialog title="Remove this upload?" act="Remove it" onAct={act} onClose={() => setAsking(false)}>
          <Name as="strong">{upload.filename}</Name>
          <p class="hint">
            It leaves the list, with what is still kept of its files. One that has brought plays stays.
          </p>
        </DangerDialog>
      )}
    </li>
  );
}

/** The API's own sentence is for programs' authors; to people it has to name the way. */
function refusalSentence(error: unknown): string {
  const state = error instanceof Problem ? error.told.state : null;
  if (state === 'has_plays') {
    return 'Its plays are part of your history, so it stays. They go with everything else by “Delete my data” below.';
  }
  if (state === 'under_way') return 'It is still being read. Open it and cancel it first, then remove it.';
  return sentenceOf(error);
}

function summaryOf(upload: UploadSummary): string {
  const parts = [formatMoment(upload.createdAt)];
  if (upload.totalFiles) parts.push(plural(upload.totalFiles, 'file'));
  // A row that replaced an earlier one of the same play makes no new play.
  const kept = upload.insertedRecords - upload.supersededRecords;
  if (kept > 0) parts.push(plural(kept, 'new play'));
  if (upload.rejectedRecords) parts.push(`${plural(upload.rejectedRecords, 'row')} rejected`);
  if (upload.failedFiles) parts.push(`${plural(upload.failedFiles, 'file')} failed`);
  return parts.join(' · ');
}
