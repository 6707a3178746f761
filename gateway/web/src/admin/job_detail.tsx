/** One job with everything that is kept of it: its history, its progress, its result; never its payload. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { Problem } from '../api/problem';
import { getJson, isAbort } from '../api/request';
import { ProblemNotice } from '../shell/notice';
import { stateWord } from '../words/admin';
import { useDesk } from './desk';
import { ErrorHistory } from './error_history';
import { cancelQuestion, redriveQuestion } from './job_acts';
import { JobFacts } from './job_facts';
import { JobProgressBar } from './job_progress';
import type { Job } from './types';
import { isUnfinished } from './view';

const EVERY_MS = 2_000;

/** Shows it, live; Escape closes it and goes back to its line in the list. */
export function JobDetail({ id }: { id: string }) {
  const { view, go } = useDesk();
  const [job, error] = useJob(id);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const close = () => {
    go({ ...view, job: '' });
    requestAnimationFrame(() => document.getElementById(`job-${id}`)?.focus());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && !event.defaultPrevented) close();
  };
  return (
    <section class="card job-detail" aria-labelledby="job-title" onKeyDown={onKeyDown}>
      <div class="job-head">
        <h2 id="job-title" class="card-title" ref={heading} tabIndex={-1}>
          Job <span class="job-id">{id}</span>
        </h2>
        <button type="button" class="button quiet small" onClick={close}>
          Close
        </button>
      </div>
      <ProblemNotice error={error} />
      {job ? <Shown job={job} /> : !error && <p class="hint">Looking …</p>}
    </section>
  );
}

function Shown({ job }: { job: Job }) {
  const { ask } = useDesk();
  return (
    <>
      <div class="job-state">
        <span class="badge" data-state={job.state}>
          {stateWord(job.state)}
        </span>
        {job.state === 'failed' && (
          <button type="button" class="button small" onClick={() => ask(redriveQuestion([job]))}>
            Redrive
          </button>
        )}
        {isUnfinished(job.state) && (
          <button type="button" class="button quiet small" onClick={() => ask(cancelQuestion([job]))}>
            Cancel
          </button>
        )}
      </div>
      <JobProgressBar progress={job.progress} label="Progress of the current or last attempt" />
      <ErrorHistory errors={job.errors} />
      {job.result !== null && (
        <>
          <h3>Result</h3>
          <pre class="code">{JSON.stringify(job.result, null, 2)}</pre>
        </>
      )}
      <h3>The job</h3>
      <JobFacts job={job} />
    </>
  );
}

function useJob(id: string): [Job | null, unknown] {
  const { acts } = useDesk();
  const [job, setJob] = useState<Job | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    const stopper = new AbortController();
    let timer = 0;
    const look = async () => {
      const found = await read(id, stopper.signal).catch((problem) => {
        if (!isAbort(problem)) setError(problem);
        return problem instanceof Problem && !problem.passing ? 'none' : null;
      });
      if (stopper.signal.aborted || found === 'none') return;
      if (found) {
        setJob(found);
        setError(null);
      }
      timer = window.setTimeout(look, EVERY_MS);
    };
    look();
    return () => {
      clearTimeout(timer);
      stopper.abort();
    };
  }, [id, acts]);
  return [job, error];
}

function read(id: string, signal: AbortSignal): Promise<Job> {
  return getJson('/api/admin/jobs/{job_id}', { path: { job_id: id }, signal });
}
