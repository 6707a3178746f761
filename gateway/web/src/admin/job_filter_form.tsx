/** Which jobs to list; what is chosen stands in the address. */

import { useEffect, useState } from 'preact/hooks';
import { stateWord } from '../words/admin';
import { useDesk } from './desk';
import { isJobId, type JobFilters, NO_FILTERS, STATE_CHOICES, type StateChoice } from './view';

/** Shows the fields; choices act at once, texts when one has typed them (Enter). */
export function JobFilterForm() {
  const { view, go, overview } = useDesk();
  const [filters, setFilters] = useState(view.filters);
  const shown = JSON.stringify(view.filters);
  useEffect(() => setFilters(JSON.parse(shown)), [shown]);
  const show = (next: JobFilters) => go({ tab: 'jobs', filters: next, job: view.job });
  const choose = (part: Partial<JobFilters>) => {
    setFilters({ ...filters, ...part });
    show({ ...filters, ...part });
  };
  const submit = (event: Event) => {
    event.preventDefault();
    show(filters);
  };
  const queues = [...new Set([...(overview?.queues ?? []).map((queue) => queue.queue), filters.queue])].filter(Boolean);
  const text = (name: 'kind' | 'owner' | 'reason', label: string) => (
    <div class="field">
      <label for={`filter-${name}`}>{label}</label>
      <input
        id={`filter-${name}`}
        type="search"
        maxLength={name === 'owner' ? 200 : 128}
        autoComplete="off"
        spellcheck={false}
        value={filters[name]}
        onInput={(event) => setFilters({ ...filters, [name]: event.currentTarget.value.trim() })}
        onChange={() => show(filters)}
      />
    </div>
  );
  return (
    <>
      <IdSearch />
      <form class="job-filters" aria-label="Which jobs" onSubmit={submit}>
        <div class="field">
          <label for="filter-state">State</label>
          <select
            id="filter-state"
            value={filters.state}
            onChange={(event) => choose({ state: event.currentTarget.value as StateChoice })}
          >
            {STATE_CHOICES.map((state) => (
              <option key={state} value={state}>
                {stateWord(state)}
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="filter-queue">Queue</label>
          <select
            id="filter-queue"
            value={filters.queue}
            onChange={(event) => choose({ queue: event.currentTarget.value })}
          >
            <option value="">Every queue</option>
            {queues.map((queue) => (
              <option key={queue} value={queue}>
                {queue}
              </option>
            ))}
          </select>
        </div>
        {text('kind', 'Kind')}
        {text('owner', 'Owner')}
        {text('reason', 'Reason of the last error')}
        <div class="filter-acts">
          <button type="submit" class="button quiet small">
            Show
          </button>
          <button type="button" class="link-button" onClick={() => choose(NO_FILTERS)}>
            Clear all
          </button>
        </div>
      </form>
    </>
  );
}

function IdSearch() {
  const { view, go } = useDesk();
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    const id = text.trim();
    setWrong(!isJobId(id));
    if (isJobId(id)) go({ ...view, tab: 'jobs', job: id.toLowerCase() });
  };
  return (
    <form class="id-search" onSubmit={submit}>
      <label class="visually-hidden" for="job-id">
        Id of a job
      </label>
      <input
        id="job-id"
        type="search"
        placeholder="Find a job by its id"
        autoComplete="off"
        spellcheck={false}
        value={text}
        aria-invalid={wrong}
        aria-describedby={wrong ? 'job-id-wrong' : undefined}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="submit" class="button quiet small">
        Find
      </button>
      {wrong && (
        <p id="job-id-wrong" class="wrong" role="alert">
          That is no id of a job: it has 32 hexadecimal digits in five groups.
        </p>
      )}
    </form>
  );
}
