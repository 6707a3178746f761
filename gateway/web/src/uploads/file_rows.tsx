/** The files of an upload, one row each. */

import type { Upload, UploadedFile } from '../api/types';
import { Name } from '../shell/name';
import { formatCount, formatDecimal, plural } from '../words/format';
import { formatWord, rejectionSentence, statusWord } from '../words/uploads';

/** The list; nothing while nothing is known of files. */
export function FileRows({ upload }: { upload: Upload }) {
  if (!upload.files.length) return null;
  // skippedFiles counts those with a reason too, which stand among the problems.
  const quiet = Math.max(0, upload.skippedFiles - upload.errors.length);
  return (
    <section aria-labelledby="files-title">
      <h2 id="files-title">Files</h2>
      <ol id="files" class="files card">
        {upload.files.map((file) => (
          <FileRow key={file.id} file={file} />
        ))}
      </ol>
      {quiet > 0 && (
        <p id="skipped" class="hint">
          {plural(quiet, 'other file')} in it, no history, left alone.
        </p>
      )}
    </section>
  );
}

function FileRow({ file }: { file: UploadedFile }) {
  const { done, total } = file.progress;
  return (
    <li class="file" data-file-id={file.id} data-status={file.status}>
      <div class="row">
        <Name>{file.filename}</Name>
        <span class="state" data-status={file.status}>
          {stateOf(file)}
        </span>
      </div>
      {file.status === 'processing' && (
        <progress class="small" aria-label="Read" {...(total > 0 ? { value: done, max: total } : {})} />
      )}
      <p class="hint counts">{countsOf(file)}</p>
      {file.rejections.length > 0 && (
        <ul class="rejections">
          {file.rejections.map((rejection) => (
            <li key={rejection.reason}>{rejectionSentence(rejection)}</li>
          ))}
        </ul>
      )}
      {file.status === 'failed' && <p class="file-error">{file.errorMessage || 'The file could not be read.'}</p>}
    </li>
  );
}

function stateOf({ status, attempts }: UploadedFile): string {
  const again = attempts > 1 && (status === 'pending' || status === 'processing');
  return again ? `${statusWord(status)}, try ${attempts}` : statusWord(status);
}

function countsOf(file: UploadedFile): string {
  const { done, total } = file.progress;
  if (file.status === 'processing' && total > 0) return `${formatDecimal(Math.floor((100 * done) / total))} %`;
  if (file.status !== 'completed') return formatWord(file.format);
  const parts = [
    formatWord(file.format),
    plural(file.totalRecords, 'row'),
    `${formatCount(file.insertedRecords)} stored`,
  ];
  if (file.duplicateRecords) parts.push(`${formatCount(file.duplicateRecords)} already there`);
  if (file.supersededRecords) parts.push(`${formatCount(file.supersededRecords)} replaced`);
  if (file.rejectedRecords) parts.push(`${formatCount(file.rejectedRecords)} rejected`);
  return parts.filter(Boolean).join(' · ');
}
