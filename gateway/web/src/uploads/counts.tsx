/** The sums of an upload, and its rejected rows with their reasons. */

import type { Upload } from '../api/types';
import { Name } from '../shell/name';
import { formatCount, plural } from '../words/format';
import { rejectionSentence, rejectionWord } from '../words/uploads';

const COUNTS = [
  ['totalRecords', 'Rows read'],
  ['insertedRecords', 'Rows stored'],
  ['duplicateRecords', 'Already there'],
  ['rejectedRecords', 'Rejected'],
] as const;

/** The tiles, and what lies behind the last of them. */
export function Counts({ upload }: { upload: Upload }) {
  return (
    <section id="details" aria-labelledby="counts-title">
      <h2 id="counts-title">In sum</h2>
      <dl id="counts" class="tiles">
        {COUNTS.map(([key, label]) => (
          <div key={key} class="tile">
            <dt>{label}</dt>
            <dd>
              <data id={key} value={String(upload[key])}>
                {formatCount(upload[key])}
              </data>
            </dd>
          </div>
        ))}
      </dl>
      {upload.supersededRecords > 0 && (
        <p class="hint">
          <data id="supersededRecords" value={String(upload.supersededRecords)}>
            {plural(upload.supersededRecords, 'row')}
          </data>{' '}
          gave way to more exact ones of the same plays.
        </p>
      )}
      {upload.rejections.length > 0 && <Rejections upload={upload} />}
    </section>
  );
}

function Rejections({ upload }: { upload: Upload }) {
  return (
    <div id="rejections" class="card">
      <h3 class="card-title">Rows that are no plays</h3>
      <ul class="rejections">
        {upload.rejections.map((rejection) => (
          <li key={rejection.reason}>{rejectionSentence(rejection)}</li>
        ))}
      </ul>
      {upload.rejectedRows.length > 0 && (
        <details>
          <summary>Where they stand</summary>
          <div class="table-scroll" tabIndex={0}>
            <table>
              <thead>
                <tr>
                  <th scope="col">File</th>
                  <th scope="col">Row</th>
                  <th scope="col">Why</th>
                </tr>
              </thead>
              <tbody>
                {upload.rejectedRows.map(({ file, fileIndex, row, reason }) => (
                  <tr key={`${fileIndex} ${row}`}>
                    <th scope="row">
                      <Name>{file}</Name>
                    </th>
                    <td>{formatCount(row)}</td>
                    <td>{rejectionWord(reason)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      )}
    </div>
  );
}
