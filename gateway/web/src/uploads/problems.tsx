/** What did not come in, and why: refused here, refused by the server, failed in a worker. */

import type { Complaint } from '../api/problem';
import type { Upload } from '../api/types';
import { Name } from '../shell/name';
import { adviceFor } from '../words/uploads';

/** Gathers them; of an archive that could not be opened at all, that. */
export function problemsOf(upload: Upload, refused: Complaint[]): Complaint[] {
  const failed = upload.files
    .filter(({ status }) => status === 'failed')
    .map((file) => ({
      filename: file.filename,
      message: file.errorMessage || 'The file could not be read.',
      advice: adviceFor(file),
    }));
  const told: Complaint[] = [...upload.errors, ...failed];
  if (upload.status === 'failed' && !told.length) {
    told.push({ filename: upload.filename, message: upload.errorMessage || 'The upload could not be read.' });
  }
  return [...refused, ...told];
}

interface Props {
  upload: Upload;
  problems: Complaint[];
  busy: boolean;
  onRetry: () => void;
}

/** The card; nothing where all is well. */
export function Problems({ upload, problems, busy, onRetry }: Props) {
  if (!problems.length) return null;
  const retryable = upload.files.some(({ status, retryable: may }) => status === 'failed' && may);
  return (
    <section id="problems" class="card problem-card" aria-labelledby="problems-title">
      <h2 id="problems-title" class="card-title">
        What did not come in
      </h2>
      <ul id="errors" class="problem-list">
        {problems.map(({ filename, message, advice }, index) => (
          <li key={`${index} ${filename}`} class="problem">
            <Name as="strong">{filename}</Name>
            <span>{message}</span>
            {advice && <span class="advice">{advice}</span>}
          </li>
        ))}
      </ul>
      {retryable && (
        <button id="retry" type="button" class="button" disabled={busy} onClick={onRetry}>
          Try the failed files again
        </button>
      )}
    </section>
  );
}
