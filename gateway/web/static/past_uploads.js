/** The list of a person's earlier uploads, newest first, page by page. */

import { getJson } from './api.js';
import { byId, element, nameNode, show } from './dom.js';
import { formatMoment, plural } from './format.js';
import { statusWord } from './words.js';

/** Adds the next page to the list; the button is there as long as more follow. */
export async function showPastUploads(cursor = null) {
  const { items, nextCursor } = await getJson('/api/uploads', { cursor });
  byId('past-uploads').append(...items.map(uploadNode));
  show(byId('past'), byId('past-uploads').childElementCount > 0);
  const more = byId('more-uploads');
  show(more, Boolean(nextCursor));
  more.onclick = () => showPastUploads(nextCursor).catch(() => show(more, false));
}

function uploadNode(upload) {
  const link = element('a', { href: `/uploads/${encodeURIComponent(upload.id)}`, class: 'past-upload' },
    nameNode('span', 'name', upload.filename),
    element('span', { class: 'state', 'data-status': upload.status }, statusWord(upload.status)),
    element('span', { class: 'hint' }, summaryOf(upload)));
  return element('li', {}, link);
}

function summaryOf(upload) {
  const parts = [formatMoment(upload.createdAt)];
  if (upload.totalFiles) parts.push(plural(upload.totalFiles, 'file'));
  // A row that replaced an earlier one of the same play makes no new play.
  const kept = (upload.insertedRecords ?? 0) - (upload.supersededRecords ?? 0);
  if (kept > 0) parts.push(plural(kept, 'new play'));
  if (upload.rejectedRecords) parts.push(`${plural(upload.rejectedRecords, 'row')} rejected`);
  if (upload.failedFiles) parts.push(`${plural(upload.failedFiles, 'file')} failed`);
  return parts.join(' · ');
}
