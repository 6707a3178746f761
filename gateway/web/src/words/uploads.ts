/** The contract's statuses and reasons in plain words. What is not listed is shown as it came, never dropped. */

import type { Rejection, Upload, UploadedFile } from '../api/types';
import { plural } from './format';

const STATUSES: Record<string, string> = {
  uploading: 'Uploading',
  unpacking: 'Opening',
  pending: 'Waiting',
  processing: 'Reading',
  completed: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

const REJECTIONS: Record<string, string> = {
  not_an_object: 'not in the form of a play',
  missing_field: 'without a field that every play has',
  no_content: 'naming no track, episode or audiobook',
  bad_time: 'with a time that cannot be read, or outside the years 2000 to 2100',
  bad_ms_played: 'with a playing time that cannot be true',
  bad_text: 'with text that cannot be stored',
};

const FORMATS: Record<string, string> = {
  account_music: 'account data, music',
  account_podcast: 'account data, podcasts',
  account_audiobook: 'account data, audiobooks',
  extended: 'extended history',
  listenbrainz: 'ListenBrainz',
  empty: 'a history without plays',
};

const ENDED = new Set<string>(['completed', 'failed', 'cancelled']);

/** Whether nothing of an upload or a file changes any more, unless somebody tries it again. */
export const hasEnded = (status: string): boolean => ENDED.has(status);

/** "Reading". */
export const statusWord = (status: string): string => STATUSES[status] ?? status;

/** "3 rows without a field that every play has". */
export function rejectionSentence({ reason, count }: Rejection): string {
  return `${plural(count, 'row')} ${REJECTIONS[reason] ?? `rejected: ${reason}`}`;
}

/** Why one row was rejected. */
export const rejectionWord = (reason: string): string => REJECTIONS[reason] ?? reason;

/** "account data, music". */
export function formatWord(format: string | null): string {
  return FORMATS[format ?? ''] ?? (format ?? '').replaceAll('_', ' ');
}

/** What to do about a file that failed. */
export function adviceFor(file: UploadedFile): string {
  if (file.retryable) return 'Nothing of it was stored. You can try it again.';
  return (
    'Nothing of it was stored, and trying the same file again would not help. ' +
    'Take it out of the export once more, or ask for a new export.'
  );
}

/** The overall state as a sentence. */
export function uploadSentence({ status, failedFiles, totalFiles }: Upload): string {
  if (status === 'completed' && failedFiles > 0) {
    return `Done, but ${failedFiles} of ${plural(totalFiles ?? failedFiles, 'file')} failed`;
  }
  const sentences: Record<string, string> = {
    uploading: 'Waiting for the rest of the upload …',
    unpacking: 'Opening what you sent …',
    pending: 'Waiting for a free worker …',
    processing: 'Reading your plays …',
    completed: 'Done',
    failed: 'Nothing could be read',
    cancelled: 'Cancelled',
  };
  return sentences[status] ?? status;
}

/** What an upload that has ended has left behind. */
export function endSentence({ status, failedFiles }: Upload): string {
  if (status === 'failed') return 'No plays of this upload were stored.';
  if (status === 'cancelled') return 'Plays stored before it was cancelled are kept.';
  return failedFiles ? 'What could be read is in your dashboard.' : 'All of it is in your dashboard.';
}
