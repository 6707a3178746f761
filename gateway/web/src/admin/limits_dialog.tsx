/** Sets the limits of a queue: all of them at once, as the contract does. */

import { useState } from 'preact/hooks';
import { Dialog } from '../shell/dialog';
import { ProblemNotice } from '../shell/notice';
import { limitsWords } from '../words/admin';
import { setLimits } from './acts';
import { useDesk } from './desk';
import { type LimitsText, limitsOf, textOf } from './limits_text';
import type { QueueLimits } from './types';

interface Props {
  queue: string;
  onDone: (sentence: string) => void;
  onClose: () => void;
}

const FIELDS: { name: keyof LimitsText; label: string; step?: string }[] = [
  { name: 'maxRunning', label: 'Jobs processing at once' },
  { name: 'maxRunningPerLane', label: 'Of each lane at once' },
  { name: 'maxDepth', label: 'Unfinished jobs that it takes' },
  { name: 'perSecond', label: 'Claims a second', step: 'any' },
  { name: 'burst', label: 'Claims at once after a rest' },
];
const NONE: QueueLimits = { maxDepth: null, maxRunning: null, maxRunningPerLane: null, rate: null };

/** Shows what is set, to be changed. */
export function LimitsDialog({ queue, onDone, onClose }: Props) {
  const { overview } = useDesk();
  const before = overview?.queues.find((one) => one.queue === queue)?.limits ?? NONE;
  const [text, setText] = useState(() => textOf(before));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const save = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const limits = limitsOf(text);
      await setLimits(queue, limits);
      onDone(`Limits of ${queue}: ${limitsWords(limits)}.`);
      onClose();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Limits of ${queue}`} onClose={onClose}>
      <p>An empty field is no limit. Lower ones take nothing back from workers: nothing more is given until it fits.</p>
      <form class="limits" onSubmit={save}>
        {FIELDS.map(({ name, label, step = '1' }) => (
          <div class="field" key={name}>
            <label for={`limit-${name}`}>{label}</label>
            <input
              id={`limit-${name}`}
              type="number"
              min={step === 'any' ? '0.001' : '1'}
              step={step}
              placeholder="no limit"
              value={text[name]}
              onInput={(event) => setText({ ...text, [name]: event.currentTarget.value })}
            />
          </div>
        ))}
        <p class="hint">It is written to the audit log, with your id and the time.</p>
        <ProblemNotice error={error} />
        <div class="actions">
          <button type="button" class="button quiet" onClick={onClose}>
            Leave them
          </button>
          <button type="submit" class="button" disabled={busy}>
            Set limits
          </button>
        </div>
      </form>
    </Dialog>
  );
}
