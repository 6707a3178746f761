/** The dashboard: loads the numbers for the filters in the address, and again whenever these change. */

import { byId, show } from './dom.js';
import { FilterForm } from './filter_form.js';
import { readFilters, writeFilters } from './filters.js';
import { loadAllTime, loadDashboard } from './listens.js';
import { clearNotice, showProblem } from './notice.js';
import { showOverview } from './overview_view.js';
import { TimelineView } from './timeline_view.js';
import { showTop } from './top_view.js';

const timeline = new TimelineView();
let allTime = null;
let form = null;
let loading = null;

function start() {
  window.addEventListener('popstate', refresh);
  byId('show-all').addEventListener('click', () => change({ ...readFilters(location.search), range: 'all', minMs: 0 }));
  open();
}

async function open() {
  show(byId('loading'));
  try {
    allTime = await loadAllTime();
    if (allTime.plays > 0) await openFilters();
    else show(byId('no-plays'));
  } catch (problem) {
    showProblem(problem, open);
  } finally {
    show(byId('loading'), false);
  }
}

function openFilters() {
  form ??= new FilterForm(allTime, change);
  return refresh();
}

function change(filters) {
  history.pushState(null, '', location.pathname + writeFilters(filters));
  return refresh();
}

/** Only the last wish counts: an older answer that comes later is dropped. */
async function refresh() {
  if (!form) return;
  const filters = readFilters(location.search);
  form.show(filters);
  loading?.abort();
  const own = new AbortController();
  loading = own;
  byId('dashboard').setAttribute('aria-busy', 'true');
  try {
    const numbers = await loadDashboard(filters, allTime, own.signal);
    if (!own.signal.aborted) showNumbers(numbers, filters);
  } catch (problem) {
    if (!own.signal.aborted) showProblem(problem, refresh);
  } finally {
    if (loading === own) byId('dashboard').setAttribute('aria-busy', 'false');
  }
}

function showNumbers({ overview, timeline: series, artists, tracks, albums }, { by }) {
  clearNotice();
  const any = overview.plays > 0;
  show(byId('empty-range'), !any);
  show(byId('dashboard'), any);
  if (!any) return;
  showOverview(overview);
  timeline.show(series, by);
  showTop(byId('top-artists'), artists, by);
  showTop(byId('top-tracks'), tracks, by);
  showTop(byId('top-albums'), albums, by);
}

start();
