/** Shows one upload as its status describes it. Knows nothing of requests. */

import { byId, element, setData, setName, setText, show } from './dom.js';
import { FileRows } from './file_rows.js';
import { formatCount, plural } from './format.js';
import { renderProblems } from './problem_list.js';
import { adviceFor, uploadSentence } from './words.js';

const COUNTS = [
  ['totalRecords', 'Rows read'],
  ['insertedRecords', 'New plays'],
  ['duplicateRecords', 'Already there'],
  ['rejectedRecords', 'Rejected'],
];

export class UploadView {
  /** @param {{position: number, count: number, followed: boolean, refused: object[]}} handoff */
  constructor(handoff) {
    this.refused = handoff.refused;
    this.rows = new FileRows(byId('files'));
    this.problemCount = 0;
    setText(byId('chain'), `Upload ${handoff.position} of ${handoff.count}`);
    show(byId('chain'), handoff.followed && handoff.count > 1);
  }

  show(upload) {
    setName(byId('upload-name'), upload.filename || 'Your upload');
    setText(byId('upload-state'), uploadSentence(upload));
    this.#showProgress(upload);
    this.#showCounts(upload);
    this.#showProblems(upload);
    this.rows.show(upload.files);
    this.#showSkipped(upload);
    show(byId('overall'));
    show(byId('details'), upload.files.length > 0);
  }

  /** @param {{next: string|null, leaving: boolean}} way where it goes on, and whether it does so by itself */
  showEnd(upload, { next, leaving }) {
    const link = byId('go-on');
    link.href = next ? `/uploads/${encodeURIComponent(next)}` : '/dashboard';
    setText(link, next ? 'On to the next upload' : 'See the dashboard');
    const where = next ? 'the next upload' : 'your dashboard';
    setText(byId('finished-text'), leaving ? `Taking you to ${where} …` : endSentence(upload));
    show(byId('stay'), leaving);
    show(byId('finished'));
  }

  showStaying() {
    setText(byId('finished-text'), 'Staying here.');
    show(byId('stay'), false);
    byId('go-on').focus();
  }

  #showProgress({ status, totalFiles, processedFiles, totalRecords }) {
    const bar = byId('progress');
    const counted = totalFiles !== null && totalFiles > 0;
    bar.dataset.status = status;
    if (counted) {
      bar.max = totalFiles;
      bar.value = processedFiles;
    } else {
      bar.removeAttribute('value');
    }
    show(bar, counted || status === 'unpacking' || status === 'uploading');
    setText(byId('progress-files'), counted ? `${formatCount(processedFiles)} of ${plural(totalFiles, 'file')}` : '');
    setText(byId('progress-rows'), totalRecords ? `${plural(totalRecords, 'row')} read` : '');
    document.title = counted ? `${processedFiles}/${totalFiles} files · Sluice` : 'Upload · Sluice';
  }

  #showCounts(upload) {
    for (const [key, label] of COUNTS) {
      setData(this.#numberOf(key, label), upload[key] ?? 0, formatCount(upload[key] ?? 0));
    }
    const replaced = upload.supersededRecords ?? 0;
    setData(byId('supersededRecords'), replaced, plural(replaced, 'row'));
    show(byId('replaced'), replaced > 0);
  }

  #numberOf(key, label) {
    const made = byId(key);
    if (made) return made;
    const number = element('data', { id: key });
    byId('counts').append(element('div', { class: 'tile' }, element('dt', {}, label), element('dd', {}, number)));
    return number;
  }

  /** skippedFiles counts those with a reason too, which stand among the problems. */
  #showSkipped({ skippedFiles, errors }) {
    const quiet = Math.max(0, (skippedFiles ?? 0) - (errors ?? []).length);
    setText(byId('skipped'), `${plural(quiet, 'other file')} in it, no history, left alone.`);
    show(byId('skipped'), quiet > 0);
  }

  #showProblems(upload) {
    const problems = problemsOf(upload, this.refused);
    this.problemCount = problems.length;
    if (JSON.stringify(problems) !== this.shownProblems) renderProblems(byId('errors'), problems);
    this.shownProblems = JSON.stringify(problems);
    show(byId('problems'), problems.length > 0);
    show(byId('retry'), upload.files.some((file) => file.status === 'failed' && file.retryable));
  }
}

/** Refused here, refused by the server, failed in a worker; and an archive that could not be opened at all. */
function problemsOf(upload, refused) {
  const failed = upload.files.filter((file) => file.status === 'failed').map((file) => (
    { filename: file.filename, message: file.errorMessage || 'The file could not be read.', advice: adviceFor(file) }
  ));
  const told = [...(upload.errors ?? []), ...failed];
  if (upload.status === 'failed' && !told.length) {
    told.push({ filename: upload.filename, message: upload.errorMessage || 'The upload could not be read.' });
  }
  return [...refused, ...told];
}

function endSentence({ status, failedFiles }) {
  if (status === 'failed') return 'No plays of this upload were stored.';
  if (status === 'cancelled') return 'Plays stored before it was cancelled are kept.';
  return failedFiles ? 'What could be read is in your dashboard.' : 'All of it is in your dashboard.';
}
