/** The page of one upload: how far it is, live, what did not come in, and on to the dashboard when all is done. */

import { postJson } from './api.js';
import { byId, setText, show } from './dom.js';
import { finishHandoff, handoffFor } from './handoff.js';
import { clearNotice, showProblem } from './notice.js';
import { takeTokenFromAddress } from './session.js';
import { UploadView } from './upload_view.js';
import { watchUpload } from './watch_upload.js';
import { ENDED } from './words.js';

// Long enough to see the full bar and to reach the button that stays.
const MOMENT_MS = 3_000;

const id = decodeURIComponent(location.pathname.split('/').filter(Boolean).at(-1));
const handoff = handoffFor(id);
const view = new UploadView(handoff);
let awaited = handoff.followed;
let leaving = null;

function start() {
  takeTokenFromAddress();
  byId('retry').addEventListener('click', retry);
  byId('stay').addEventListener('click', stay);
  follow();
}

async function follow() {
  clearNotice();
  try {
    await watchUpload(id, { onUpload: take, onConnection: (connected) => show(byId('connection'), !connected) });
  } catch (problem) {
    showProblem(problem, follow);
  }
}

function take(upload) {
  const ended = ENDED.has(upload.status);
  awaited ||= !ended;
  view.show(upload);
  if (ended) end(upload);
}

function end(upload) {
  const whole = upload.status === 'completed' && view.problemCount === 0;
  view.showEnd(upload, { next: handoff.next, leaving: whole && awaited });
  finishHandoff(id);
  if (whole && awaited) leaving = setTimeout(() => location.assign(byId('go-on').href), MOMENT_MS);
}

function stay() {
  clearTimeout(leaving);
  awaited = false;
  view.showStaying();
}

async function retry() {
  const button = byId('retry');
  button.disabled = true;
  clearNotice();
  try {
    await postJson(`/api/uploads/${encodeURIComponent(id)}/retry`);
    show(byId('finished'), false);
    follow();
  } catch (problem) {
    showProblem(problem, null);
  } finally {
    button.disabled = false;
  }
}

setText(byId('connection'), 'The connection is lost. The work goes on without this page; trying to reach it again …');
start();
