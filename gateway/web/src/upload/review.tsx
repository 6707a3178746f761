/** What was recognised, before anything is sent. Where nothing is in doubt, sending begins by itself after a moment. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Found, LeftOut, Looked } from '../recognise/look';
import { type Package, packagesOf } from '../recognise/summary';
import type { Plan } from '../sending/batches';
import { Name } from '../shell/name';
import { formatBytes, plural } from '../words/format';
import { formatWord } from '../words/uploads';
import { filesOfDrop } from './dropped';
import type { UploadFlow } from './flow';

// Long enough to read the headings and to reach the button that holds it.
const SECONDS_TO_LOOK = 5;

interface Props {
  flow: UploadFlow;
  looked: Looked;
  plan: Plan;
  /** Something else should be thought of first: sending waits for the button. */
  holds: boolean;
}

/** The list, and the buttons below it. */
export function Review({ flow, looked, plan, holds }: Props) {
  const files = plan.batches.flat();
  const doubts = holds || looked.left.some(({ broken }) => broken) || !files.length;
  const start = useRef<HTMLButtonElement>(null);
  useEffect(() => start.current?.focus(), []);
  useMoreDrops(flow);
  return (
    <div class="card review">
      <h3 class="card-title">
        {files.length ? `${plural(files.length, 'file')} with plays` : 'No listening history in there'}
      </h3>
      <p class="hint" role="status">
        {plural(files.length, 'file')} recognised. Nothing has been sent yet.
      </p>
      <ul class="packages">
        {packagesOf(looked).map((each) => (
          <PackageItem key={each.from} {...each} />
        ))}
      </ul>
      {plan.batches.length > 1 && <p class="hint">They go in {plural(plan.batches.length, 'upload')}, one by one.</p>}
      <div class="actions">
        {files.length > 0 && <StartButton flow={flow} files={files} doubts={doubts} button={start} />}
        <button type="button" class="button quiet" id="start-over" onClick={() => flow.reset()}>
          Start over
        </button>
      </div>
    </div>
  );
}

interface StartProps {
  flow: UploadFlow;
  files: Found[];
  doubts: boolean;
  button: { current: HTMLButtonElement | null };
}

function StartButton({ flow, files, doubts, button }: StartProps) {
  const [seconds, setSeconds] = useState(doubts ? null : SECONDS_TO_LOOK);
  useEffect(() => {
    if (seconds === null) return;
    const timer = setTimeout(() => (seconds > 1 ? setSeconds(seconds - 1) : flow.start()), 1_000);
    return () => clearTimeout(timer);
  }, [seconds, flow]);
  return (
    <>
      <button ref={button} type="button" class="button" id="send" onClick={() => flow.start()}>
        Send {plural(files.length, 'file')}
        {seconds !== null && <span class="countdown"> in {seconds} s</span>}
      </button>
      {seconds !== null && (
        <button type="button" class="button quiet" id="wait" onClick={() => setSeconds(null)}>
          Wait
        </button>
      )}
    </>
  );
}

/** Dropping more while one looks adds to it. */
function useMoreDrops(flow: UploadFlow): void {
  useEffect(() => {
    const stopper = new AbortController();
    const drop = async (event: DragEvent) => {
      event.preventDefault();
      if (event.dataTransfer) flow.take(await filesOfDrop(event.dataTransfer));
    };
    window.addEventListener('dragover', (event) => event.preventDefault(), { signal: stopper.signal });
    window.addEventListener('drop', drop, { signal: stopper.signal });
    return () => stopper.abort();
  }, [flow]);
}

function PackageItem({ from, title, found, bytes, left, others }: Package) {
  return (
    <li class={`package ${found.length ? '' : 'without'}`}>
      <div class="row">
        <strong class="package-title">{title}</strong>
        {found.length > 0 && (
          <span class="hint">
            {plural(found.length, 'file')} · {formatBytes(bytes)}
          </span>
        )}
      </div>
      {from && <Name class="hint">{from}</Name>}
      {found.length > 0 && <FoundList found={found} />}
      {left.length > 0 && <LeftList left={left} />}
      {others && <p class="hint">{others}.</p>}
    </li>
  );
}

function FoundList({ found }: { found: Found[] }) {
  return (
    <details class="found" open={found.length <= 4}>
      <summary>{found.length === 1 ? 'The file' : `The ${plural(found.length, 'file')}`}</summary>
      <ul>
        {found.map(({ name, format, size }, index) => (
          <li key={`${index} ${name}`} class="found-file">
            <Name>{name}</Name>
            <span class="hint">
              {formatWord(format)} · {formatBytes(size)}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function LeftList({ left }: { left: LeftOut[] }) {
  return (
    <ul class="problem-list">
      {left.map(({ name, why }, index) => (
        <li key={`${index} ${name}`} class="problem">
          <Name as="strong">{name}</Name>
          <span>{why} It stays here.</span>
        </li>
      ))}
    </ul>
  );
}
