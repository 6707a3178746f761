/** Jobs of any owner: found by what they are, looked at one by one, and changed one by one or all that fit. */

import { useState } from 'preact/hooks';
import { request } from '../api/request';
import { useDesk } from './desk';
import { JobActs } from './job_acts';
import { JobDetail } from './job_detail';
import { JobFilterForm } from './job_filter_form';
import { JobTable } from './job_table';
import { PageNotice, Pager } from './pager';
import type { JobPage, JobRow } from './types';
import { usePages } from './use_pages';
import { type JobFilters, jobQuery } from './view';

const PAGE_JOBS = 50;

/** Shows the list, and beside it the job that one looks at. */
export function JobsView() {
  const { view, acts } = useDesk();
  const { filters, job } = view;
  const name = JSON.stringify(filters);
  const pages = usePages(name, acts, (cursor, signal) => listJobs(filters, cursor, signal));
  const [chosen, choose] = useChosen(name, acts);
  return (
    <div class="jobs" data-open={!!job}>
      <div class="job-list">
        <h2 class="visually-hidden">Which jobs</h2>
        <JobFilterForm />
        <h2 class="visually-hidden">Jobs that fit</h2>
        <JobActs chosen={chosen} onClear={() => choose(new Map())} />
        <PageNotice pages={pages} nothing="No job fits." />
        {!!pages.items?.length && <JobTable jobs={pages.items} chosen={chosen} choose={choose} />}
        <Pager pages={pages} name="the jobs" />
      </div>
      {job && <JobDetail key={job} id={job} />}
    </div>
  );
}

async function listJobs(filters: JobFilters, cursor: string, signal: AbortSignal): Promise<JobPage> {
  const response = await request(`/api/admin/jobs?${jobQuery(filters, cursor, PAGE_JOBS)}`, { signal });
  return response.json();
}

/** The jobs that are chosen, by id; none any more once others are looked at or something was done. */
export type Chosen = ReadonlyMap<string, JobRow>;

function useChosen(name: string, acts: number): [Chosen, (chosen: Chosen) => void] {
  const place = `${name} ${acts}`;
  const [{ chosen, of }, set] = useState<{ chosen: Chosen; of: string }>({ chosen: new Map(), of: place });
  return [of === place ? chosen : new Map(), (next) => set({ chosen: next, of: place })];
}
