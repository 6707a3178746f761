/** A question that wants an answer before anything happens. */

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

interface Props {
  title: string;
  /** What the button that does it says. */
  act: string;
  busy?: boolean;
  onAct: () => void;
  onClose: () => void;
  children: ComponentChildren;
}

/** Open as long as it is shown; Escape and the first button close it. */
export function Dialog({ title, act, busy = false, onAct, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby={id} onClose={onClose}>
      <h2 id={id} class="card-title">
        {title}
      </h2>
      {children}
      <div class="actions">
        <button type="button" class="button quiet" onClick={() => dialog.current?.close()}>
          Keep it
        </button>
        <button type="button" class="button danger" disabled={busy} onClick={onAct}>
          {act}
        </button>
      </div>
    </dialog>
  );
}
