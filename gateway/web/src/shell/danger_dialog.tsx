/** A question that wants an answer before something goes that does not come back. */

import type { ComponentChildren } from 'preact';
import { Dialog } from './dialog';

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
export function DangerDialog({ title, act, busy = false, onAct, onClose, children }: Props) {
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <div class="actions">
        <button type="button" class="button quiet" onClick={onClose}>
          Keep it
        </button>
        <button type="button" class="button danger" disabled={busy} onClick={onAct}>
          {act}
        </button>
      </div>
    </Dialog>
  );
}
