/** How far all of an upload is: a sentence, a bar, numbers, and what is left of the time. */

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Upload } from '../api/types';
import { Estimate, leftSentence } from '../sending/estimate';
import { formatBytes, formatCount, plural } from '../words/format';
import { hasEnded, uploadSentence } from '../words/uploads';

interface Props {
  upload: Upload;
  connected: boolean;
  busy: boolean;
  onCancel: () => void;
  children?: ComponentChildren;
}

/** The card at the top of an upload's page. */
export function Overall({ upload, connected, busy, onCancel, children }: Props) {
  const ended = hasEnded(upload.status);
  const left = useTimeLeft(upload);
  useTitle(upload);
  return (
    <section id="overall" class="card" aria-labelledby="overall-title">
      <h2 id="overall-title" class="visually-hidden">
        Progress
      </h2>
      <p id="upload-state" class="card-title" role="status">
        {uploadSentence(upload)}
      </p>
      <Bar upload={upload} />
      <div class="row">
        <p id="progress-numbers" class="numbers">
          <span id="progress-files">{filesSentence(upload)}</span>
          <span id="progress-rows">{upload.totalRecords > 0 && `${plural(upload.totalRecords, 'play')} read`}</span>
          <span class="hint">{!ended && connected && leftSentence(left)}</span>
        </p>
        {!ended && (
          <button id="cancel" type="button" class="button quiet" disabled={busy} onClick={onCancel}>
            Cancel
          </button>
        )}
      </div>
      {upload.status === 'uploading' && (
        <p class="hint">
          Its bytes are still to come. <a href="/">Go on sending</a>
        </p>
      )}
      {!connected && !ended && (
        <p id="connection" class="waiting" role="status">
          The connection is lost. The work goes on without this page; trying to reach it again …
        </p>
      )}
      {children}
    </section>
  );
}

function Bar({ upload }: { upload: Upload }) {
  const { status, totalFiles, receivedBytes, expectedBytes } = upload;
  if (status === 'uploading' && expectedBytes) {
    return <progress id="progress" aria-label="Received" value={receivedBytes ?? 0} max={expectedBytes} />;
  }
  if (totalFiles) {
    return (
      <progress id="progress" aria-label="Files" data-status={status} value={filesDone(upload)} max={totalFiles} />
    );
  }
  return hasEnded(status) ? null : <progress id="progress" aria-label="Opening" />;
}

/** A file that is being read counts for the part of it that was read. */
function filesDone({ files, processedFiles }: Upload): number {
  const parts = files.map(({ status, progress: { done, total } }) =>
    status === 'processing' && total > 0 ? done / total : 0,
  );
  return processedFiles + parts.reduce((sum, part) => sum + part, 0);
}

function filesSentence({ status, totalFiles, processedFiles, receivedBytes, expectedBytes }: Upload): string {
  if (status === 'uploading' && expectedBytes) {
    return `${formatBytes(receivedBytes ?? 0)} of ${formatBytes(expectedBytes)}`;
  }
  return totalFiles ? `${formatCount(processedFiles)} of ${plural(totalFiles, 'file')}` : '';
}

/** By bytes, since files differ in size; what waits for a worker is not counted as slow. */
function useTimeLeft(upload: Upload): number | null {
  const estimate = useRef(new Estimate());
  const [left, setLeft] = useState<number | null>(null);
  useEffect(() => {
    const { done, total } = bytesOf(upload);
    const now = performance.now();
    if (upload.status === 'processing') estimate.current.add(done, now);
    setLeft(upload.status === 'processing' ? estimate.current.left(total, now) : null);
  }, [upload]);
  return left;
}

function bytesOf({ files }: Upload): { done: number; total: number } {
  return files.reduce(
    ({ done, total }, { status, progress }) => ({
      done: done + (hasEnded(status) ? progress.total : progress.done),
      total: total + progress.total,
    }),
    { done: 0, total: 0 },
  );
}

function useTitle({ totalFiles, processedFiles, status }: Upload): void {
  useEffect(() => {
    const counted = totalFiles && !hasEnded(status);
    document.title = counted ? `${processedFiles}/${totalFiles} files · Sluice` : 'Upload · Sluice';
  }, [totalFiles, processedFiles, status]);
}
