/** The contract's statuses and reasons in plain words. What is not listed is shown as it came, never dropped. */

import { plural } from './format.js';

const STATUSES = {
  uploading: 'Uploading',
  unpacking: 'Opening',
  pending: 'Waiting',
  processing: 'Reading',
  completed: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

const REJECTIONS = {
  not_an_object: 'not in the form of a play',
  missing_field: 'without a field that every play has',
  no_content: 'naming no track, episode or audiobook',
  bad_time: 'with a time that cannot be read, or outside the years 2000 to 2100',
  bad_ms_played: 'with a playing time that cannot be true',
  bad_text: 'with text that cannot be stored',
};

export const ENDED = new Set(['completed', 'failed', 'cancelled']);

export function statusWord(status) {
  return STATUSES[status] ?? status;
}

/** @param {{reason: string, count: number}} rejection */
export function rejectionSentence({ reason, count }) {
  return `${plural(count, 'row')} ${REJECTIONS[reason] ?? `rejected: ${reason}`}`;
}

/** "account_music" → "account music". */
export function formatWord(format) {
  return String(format ?? '').replaceAll('_', ' ');
}

/** What to do about a file that failed. */
export function adviceFor(file) {
  if (file.retryable) return 'Nothing of it was stored. You can try it again.';
  return 'Nothing of it was stored, and trying the same file again would not help. '
    + 'Take it out of the export once more, or ask for a new export.';
}

/** The overall state as a sentence. */
export function uploadSentence(upload) {
  const { status, failedFiles, totalFiles } = upload;
  if (status === 'completed' && failedFiles > 0) {
    return `Done, but ${failedFiles} of ${plural(totalFiles ?? failedFiles, 'file')} failed`;
  }
  return {
    uploading: 'Waiting for the rest of the upload …',
    unpacking: 'Opening the archive …',
    pending: 'Waiting for a free worker …',
    processing: 'Reading your plays …',
    completed: 'Done',
    failed: 'Nothing could be read',
    cancelled: 'Cancelled',
  }[status] ?? status;
}
