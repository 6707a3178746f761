/** The ways from one page of a list to the next, and what is said while one looks. */

import { ProblemNotice } from '../shell/notice';
import { formatCount } from '../words/format';
import type { Pages } from './use_pages';

const LOOKED_AT = 10_000;

/** Shows them. */
export function Pager<T>({ pages, name }: { pages: Pages<T>; name: string }) {
  const { number, next, previous } = pages;
  if (!next && !previous) return null;
  return (
    <nav class="pager" aria-label={`Pages of ${name}`}>
      <button type="button" class="button quiet small" onClick={previous} disabled={!previous}>
        Newer
      </button>
      <span class="hint numbers" role="status">
        Page {formatCount(number)}
      </span>
      <button type="button" class="button quiet small" onClick={next} disabled={!next}>
        Older
      </button>
    </nav>
  );
}

/** Says that one is looking, that there is nothing, or what went wrong. */
export function PageNotice<T>({ pages, nothing }: { pages: Pages<T>; nothing: string }) {
  const { items, looks, error, retry, next } = pages;
  if (error) return <ProblemNotice error={error} retry={retry} />;
  if (items?.length) return null;
  const looking = looks ? `Looking: ${formatCount(looks * LOOKED_AT)} looked at so far …` : 'Looking …';
  const none = next ? 'None so far. Older ones may fit.' : nothing;
  return (
    <p class="card empty hint" role="status">
      {items ? none : looking}
    </p>
  );
}
