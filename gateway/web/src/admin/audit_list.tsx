/** The audit log: what operators did, newest first. */

import { getJson } from '../api/request';
import { Name } from '../shell/name';
import { actSentence, whoOf } from '../words/admin';
import { formatAge } from '../words/ages';
import { formatMoment } from '../words/format';
import { useDesk } from './desk';
import { PageNotice, Pager } from './pager';
import type { AuditEntry } from './types';
import { usePages } from './use_pages';

/** Shows it. */
export function AuditList() {
  const { acts } = useDesk();
  const pages = usePages('audit', acts, (cursor, signal) => getJson('/api/admin/audit', { query: { cursor }, signal }));
  return (
    <>
      <h2 class="visually-hidden">What operators did</h2>
      <p class="hint audit-lead">
        Every act, with who and when, written in the transaction of the act: no coordinator can change or remove a line.
      </p>
      <PageNotice pages={pages} nothing="No operator has done anything yet." />
      {!!pages.items?.length && (
        <ol class="card audit">
          {pages.items.map((entry) => (
            <AuditLine key={entry.id} entry={entry} />
          ))}
        </ol>
      )}
      <Pager pages={pages} name="the audit log" />
    </>
  );
}

function AuditLine({ entry }: { entry: AuditEntry }) {
  const { now } = useDesk();
  const { person, service } = whoOf(entry);
  return (
    <li data-act={entry.act}>
      <details>
        <summary>
          <span class="audit-act">
            <Name>{actSentence(entry)}</Name>
          </span>
          <span class="audit-who hint">
            <Name>{person}</Name>
          </span>
          <time class="hint numbers" dateTime={entry.at} title={formatMoment(entry.at)}>
            {formatAge(now - Date.parse(entry.at))} ago
          </time>
        </summary>
        <dl class="facts">
          <div>
            <dt>When</dt>
            <dd>{formatMoment(entry.at)}</dd>
          </div>
          <div>
            <dt>Who</dt>
            <dd>
              {person}
              {service && <span class="hint"> through {service}</span>}
            </dd>
          </div>
          <div>
            <dt>From</dt>
            <dd>{entry.peer}</dd>
          </div>
          <div>
            <dt>Call</dt>
            <dd>{entry.act}</dd>
          </div>
        </dl>
        <pre class="code">{JSON.stringify(entry.details, null, 2)}</pre>
      </details>
    </li>
  );
}
