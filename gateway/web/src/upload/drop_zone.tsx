/** Where files are dropped or chosen. A drop beside it counts too: otherwise the browser would leave the page. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { config } from '../api/config';
import type { Shipment } from '../sending/shipments';
import { Name } from '../shell/name';
import { formatBytes, formatCount } from '../words/format';
import { filesOfDrop, filesOfInput } from './dropped';
import type { UploadFlow } from './flow';

interface Props {
  flow: UploadFlow;
  interrupted: Shipment | null;
}

/** The zone, with two buttons for those who do not drop. */
export function DropZone({ flow, interrupted }: Props) {
  const [over, setOver] = useState(false);
  useDrops(flow, setOver);
  return (
    <>
      {interrupted && <Interrupted flow={flow} shipment={interrupted} />}
      <div id="drop-zone" class={`drop-zone ${over ? 'over' : ''}`}>
        <svg viewBox="0 0 56 56" width="56" height="56" class="drop-icon" aria-hidden="true">
          <path class="tray" d="M12 34v8a4 4 0 0 0 4 4h24a4 4 0 0 0 4-4v-8" />
          <path class="arrow" d="M28 9v25M19 26l9 9 9-9" />
        </svg>
        <p class="drop-title">Drop your export here</p>
        <p class="drop-kinds">The ZIP as you got it, several of them, a folder, or JSON files</p>
        <div class="drop-buttons">
          <Picker id="file-input" label="Choose files" flow={flow} />
          <Picker id="folder-input" label="Choose a folder" flow={flow} folder />
        </div>
        <Limits />
      </div>
    </>
  );
}

function useDrops(flow: UploadFlow, setOver: (over: boolean) => void): void {
  useEffect(() => {
    const stopper = new AbortController();
    const { signal } = stopper;
    const over = (event: DragEvent) => {
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => event.relatedTarget || setOver(false);
    const drop = async (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      if (event.dataTransfer) flow.take(await filesOfDrop(event.dataTransfer));
    };
    window.addEventListener('dragover', over, { signal });
    window.addEventListener('dragleave', leave, { signal });
    window.addEventListener('drop', drop, { signal });
    return () => stopper.abort();
  }, [flow, setOver]);
}

interface PickerProps {
  id: string;
  label: string;
  flow: UploadFlow;
  folder?: boolean;
}

function Picker({ id, label, flow, folder = false }: PickerProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // Not in every browser; where it is missing, the files in the folder can be chosen.
    if (input.current) input.current.webkitdirectory = folder;
  }, [folder]);
  const take = () => {
    if (!input.current) return;
    const files = filesOfInput(input.current);
    input.current.value = '';
    flow.take(files);
  };
  return (
    <label class={`button ${folder ? 'quiet' : ''}`} for={id}>
      <input
        ref={input}
        id={id}
        class="visually-hidden"
        type="file"
        multiple
        accept={folder ? undefined : '.zip,.json,.jsonl,.gz'}
        aria-describedby="limits never-stored"
        onChange={take}
      />
      {label}
    </label>
  );
}

function Limits() {
  const [sentence, setSentence] = useState('');
  useEffect(() => {
    const say = ({ limits }: Awaited<ReturnType<typeof config>>) =>
      `Up to ${formatCount(limits.files)} files of ${formatBytes(limits.fileBytes)} in an upload`;
    config().then(
      (told) => setSentence(say(told)),
      () => {},
    );
  }, []);
  return (
    <p id="limits" class="drop-kinds">
      {sentence}
    </p>
  );
}

function Interrupted({ flow, shipment }: { flow: UploadFlow; shipment: Shipment }) {
  return (
    <div class="card interrupted" role="status">
      <p>
        Sending <Name as="strong">{shipment.bundles.find(({ sent }) => !sent)?.filename}</Name> was interrupted. Drop
        the same files again, and it goes on where it stopped.
      </p>
      <button type="button" class="button quiet" onClick={() => flow.cancel()}>
        Forget it
      </button>
    </div>
  );
}
