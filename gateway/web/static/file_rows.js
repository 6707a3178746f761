/** The files of an upload, one row each. A row lives on while its file changes, so that nothing jumps. */

import { element, setName, setText, show } from './dom.js';
import { formatCount, formatDecimal, plural } from './format.js';
import { formatWord, rejectionSentence, statusWord } from './words.js';

export class FileRows {
  #rows = new Map();

  /** @param {HTMLOListElement} list */
  constructor(list) {
    this.list = list;
  }

  /** @param {object[]} files as the status of an upload has them */
  show(files) {
    for (const file of files) {
      if (!this.#rows.has(file.id)) this.#add(file.id);
      this.#rows.get(file.id).show(file);
    }
  }

  #add(id) {
    const row = new FileRow(id);
    this.#rows.set(id, row);
    this.list.append(row.node);
  }
}

class FileRow {
  constructor(id) {
    this.name = element('span', { class: 'name' });
    this.state = element('span', { class: 'state' });
    this.progress = element('progress', { class: 'small', 'aria-label': 'Rows read', hidden: '' });
    this.counts = element('p', { class: 'hint counts' });
    this.rejections = element('ul', { class: 'rejections', hidden: '' });
    this.error = element('p', { class: 'file-error', hidden: '' });
    this.node = element('li', { class: 'file', 'data-file-id': id },
      element('div', { class: 'row' }, this.name, this.state),
      this.progress, this.counts, this.rejections, this.error);
  }

  show(file) {
    this.node.dataset.status = file.status;
    this.state.dataset.status = file.status;
    setName(this.name, file.filename);
    setText(this.state, stateOf(file));
    setText(this.counts, countsOf(file));
    this.#showProgress(file);
    this.#showRejections(file.rejections ?? []);
    show(this.error, file.status === 'failed');
    setText(this.error, file.errorMessage || 'The file could not be read.');
  }

  #showProgress({ status, progress }) {
    const total = progress?.total ?? 0;
    show(this.progress, status === 'processing');
    if (total > 0) {
      this.progress.max = total;
      this.progress.value = progress.done;
    } else {
      this.progress.removeAttribute('value');
    }
  }

  #showRejections(rejections) {
    const sentences = rejections.map(rejectionSentence);
    show(this.rejections, sentences.length > 0);
    if (sentences.join('') === this.rejections.textContent) return;
    this.rejections.replaceChildren(...sentences.map((text) => element('li', {}, text)));
  }
}

function stateOf({ status, attempts }) {
  const again = attempts > 1 && (status === 'pending' || status === 'processing');
  return again ? `${statusWord(status)}, try ${attempts}` : statusWord(status);
}

function countsOf(file) {
  if (file.status === 'processing' && file.progress?.total > 0) return percentOf(file.progress);
  if (file.status !== 'completed') return formatWord(file.format);
  const parts = [plural(file.totalRecords, 'row'), `${formatCount(file.insertedRecords)} new`];
  if (file.duplicateRecords) parts.push(`${formatCount(file.duplicateRecords)} already there`);
  if (file.supersededRecords) parts.push(`${formatCount(file.supersededRecords)} replaced`);
  if (file.rejectedRecords) parts.push(`${formatCount(file.rejectedRecords)} rejected`);
  return parts.join(' · ');
}

function percentOf({ done, total }) {
  return `${formatDecimal(Math.floor((100 * done) / total))} %`;
}
