/** What is shown while files are looked into, packed and sent: what happens, how far it is, a way to stop. */

import { useEffect, useRef } from 'preact/hooks';
import { leftSentence } from '../sending/estimate';
import type { SendingState } from '../sending/sender';
import { formatBytes, shorten } from '../words/format';
import type { UploadFlow } from './flow';

/** Looking into a file. */
export function Looking({ file }: { file: string }) {
  return (
    <div class="card sending">
      <h3 class="card-title" dir="auto">
        Looking into {shorten(file, 60)}
      </h3>
      <progress aria-label="Looking into your files" />
      <p class="hint">On this machine; nothing is sent.</p>
    </div>
  );
}

/** Packing what was recognised. */
export function Packing({ flow, done, total }: { flow: UploadFlow; done: number; total: number }) {
  return (
    <div class="card sending">
      <h3 class="card-title">Packing</h3>
      <progress id="pack-progress" aria-label="Packed" value={done} max={total} />
      <div class="row">
        <p class="numbers">
          {formatBytes(done)} of {formatBytes(total)}
        </p>
        <CancelButton flow={flow} />
      </div>
    </div>
  );
}

/** Bytes going out. */
export function Sending({ flow, state }: { flow: UploadFlow; state: SendingState }) {
  const { filename, sent, total, connected, kept, left } = state;
  useUnload(flow, !kept);
  const whole = sent >= total;
  return (
    <div class="card sending">
      <h3 class="card-title" dir="auto">
        Sending {shorten(filename, 60)}
      </h3>
      <progress id="send-progress" aria-label="Sent" value={sent} max={total} />
      <div class="row">
        <p id="send-numbers" class="numbers">
          <span>
            {formatBytes(sent)} of {formatBytes(total)}
          </span>
          <span class="hint">{whole ? 'All sent. The server has a look at it …' : leftSentence(left)}</span>
        </p>
        <CancelButton flow={flow} />
      </div>
      <p id="send-state" class={connected ? 'visually-hidden' : 'waiting'} role="status">
        {connected ? 'Sending' : 'The connection is lost. It goes on by itself when it is back.'}
      </p>
      <p class="hint">
        {kept
          ? 'You can close this page: it goes on when you open it again.'
          : 'Keep this page open: your browser has no room to keep the files for later.'}
      </p>
    </div>
  );
}

/** Takes the focus of the button that began it, lest a keyboard begin at the top again; not from anything else. */
function CancelButton({ flow }: { flow: UploadFlow }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (document.activeElement === document.body) button.current?.focus();
  }, []);
  return (
    <button ref={button} id="cancel-sending" type="button" class="button quiet" onClick={() => flow.cancel()}>
      Cancel
    </button>
  );
}

/** Asks before the page is left, where leaving would lose something. */
function useUnload(flow: UploadFlow, asks: boolean): void {
  useEffect(() => {
    if (!asks) return;
    const ask = (event: BeforeUnloadEvent) => flow.leaving || event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [flow, asks]);
}
