/** The upload page: files in, progress of sending, then on to the page that follows the upload. */

import { config } from './config.js';
import { byId, setText, show } from './dom.js';
import { droppedFiles } from './dropped_files.js';
import { formatBytes, formatCount, plural } from './format.js';
import { leaveHandoff } from './handoff.js';
import { clearNotice, showProblem } from './notice.js';
import { showPastUploads } from './past_uploads.js';
import { renderProblems } from './problem_list.js';
import { planUpload } from './selection.js';
import { SendQueue } from './send_queue.js';
import { takeTokenFromAddress } from './session.js';
import { SendingView } from './sending_view.js';

const input = byId('file-input');
const dropZone = byId('drop-zone');
const sending = new SendingView();

function start() {
  takeTokenFromAddress();
  input.addEventListener('change', () => take([...input.files]));
  acceptDrops();
  // Coming back by the browser's own button shows the page as it was left, in the middle of sending.
  window.addEventListener('pageshow', (event) => event.persisted && location.reload());
  open();
}

async function open() {
  try {
    showLimits((await config()).limits);
    await showPastUploads();
  } catch (problem) {
    showProblem(problem, open);
  }
}

function showLimits({ files, fileBytes, uploadBytes }) {
  setText(byId('limits'),
    `up to ${formatCount(files)} files, ${formatBytes(fileBytes)} each, ${formatBytes(uploadBytes)} together`);
}

/** A file dropped beside the zone counts too: otherwise the browser would leave the page and show it. */
function acceptDrops() {
  window.addEventListener('dragover', (event) => {
    event.preventDefault();
    dropZone.classList.toggle('over', !sending.active);
  });
  window.addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) dropZone.classList.remove('over');
  });
  window.addEventListener('drop', (event) => {
    event.preventDefault();
    dropZone.classList.remove('over');
    const { files, folders } = droppedFiles(event.dataTransfer);
    if (files.length || folders.length) take(files, folders);
  });
}

async function take(files, folders = []) {
  input.value = '';
  if (sending.active || files.length + folders.length === 0) return;
  clearNotice();
  try {
    const { requests, refused } = planUpload(files, (await config()).limits);
    const message = 'This is a folder. Drop the files in it, or the ZIP as you got it.';
    const all = [...refused, ...folders.map((filename) => ({ filename, message }))];
    await send(new SendQueue(requests, all));
  } catch (problem) {
    showProblem(problem, () => take(files, folders));
  }
}

async function send(queue) {
  showRefused(queue.refused);
  if (!queue.waiting.length && !queue.ids.length) return;
  const signal = sending.begin();
  try {
    await queue.run({ signal, onSent: (bytes, request) => sending.show(bytes, queue.totalBytes, request) });
    goOn(queue);
  } catch (problem) {
    if (!signal.aborted) showProblem(problem, () => send(queue));
    else if (queue.ids.length) goOn(queue);
  } finally {
    sending.end();
  }
}

function showRefused(refused) {
  renderProblems(byId('refused-files'), refused);
  show(byId('refused'), refused.length > 0);
  if (refused.length) sending.say(`${plural(refused.length, 'file')} not taken`);
}

function goOn({ ids, refused }) {
  showRefused(refused);
  if (!ids.length) return;
  leaveHandoff({ ids, refused });
  sending.letGo();
  location.assign(`/uploads/${encodeURIComponent(ids[0])}`);
}

start();
