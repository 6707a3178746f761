/** For a person without a file: how to ask for it, which package to choose, how long each takes. */

const PACKAGES = [
  { name: 'Extended streaming history', holds: 'Every play since you joined, to the second.', takes: 'up to 30 days' },
  { name: 'Account data', holds: 'The plays of the last year, to the minute.', takes: 'up to 5 days' },
  { name: 'Technical log information', holds: 'No plays. You do not need it.', takes: 'up to 30 days' },
];

/** The section; closed for those who have been here before. */
export function HowToAsk({ open }: { open: boolean | undefined }) {
  return (
    <details id="how-to-ask" class="card how-to-ask" open={open}>
      <summary>
        <span class="card-title">No file yet? Ask for it</span>
      </summary>
      <ol class="steps">
        <li>
          Open your account's <a href="https://www.spotify.com/account/privacy/">privacy page at Spotify</a> and go down
          to “Download your data”.
        </li>
        <li>
          Tick <strong>Extended streaming history</strong>, and <strong>Account data</strong> for something to look at
          within days. They come apart; bring both, in any order: no play is counted twice.
        </li>
        <li>Confirm the e-mail that you get at once. Without that, nothing is made.</li>
        <li>Wait for the second e-mail, and download the ZIP within two weeks: the link ends then.</li>
      </ol>
      <div class="table-scroll" tabIndex={0}>
        <table class="packages-table">
          <thead>
            <tr>
              <th scope="col">Package</th>
              <th scope="col">Holds</th>
              <th scope="col">Takes</th>
            </tr>
          </thead>
          <tbody>
            {PACKAGES.map(({ name, holds, takes }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{holds}</td>
                <td>{takes}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="hint">An export of ListenBrainz is read as well.</p>
    </details>
  );
}
