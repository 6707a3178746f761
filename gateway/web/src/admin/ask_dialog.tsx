/** Asks before something is done, shows how far it is, and what came of it. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { sentenceOf } from '../api/problem';
import { Dialog } from '../shell/dialog';
import { ProblemNotice } from '../shell/notice';
import { formatCount, plural } from '../words/format';
import type { Question } from './desk';

interface Props {
  question: Question;
  onDone: (sentence: string) => void;
  onClose: () => void;
}

/** Shows the question; closing it while something goes on stops that after its step. */
export function AskDialog({ question, onDone, onClose }: Props) {
  const [done, setDone] = useState<number | null>(null);
  const [error, setError] = useState<unknown>(null);
  const stopper = useRef(new AbortController());
  useEffect(() => () => stopper.current.abort(), []);
  const run = async () => {
    setDone(0);
    setError(null);
    const { signal } = stopper.current;
    try {
      onDone(await question.run({ onDone: setDone, signal }));
      if (!signal.aborted) onClose();
    } catch (problem) {
      // Whoever has closed the dialog shall hear of it too.
      if (signal.aborted) onDone(sentenceOf(problem));
      setError(problem);
      setDone(null);
    }
  };
  return (
    <Dialog title={question.title} onClose={onClose}>
      {question.says.map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
      {!!question.total && question.total > 1 && <p>About {plural(question.total, 'job')} in all.</p>}
      <p class="hint">It is written to the audit log, with your id and the time.</p>
      {done !== null && <Course done={done} total={question.total} />}
      <ProblemNotice error={error} />
      <div class="actions">
        <button type="button" class="button quiet" onClick={onClose}>
          {done === null ? 'Leave it' : 'Stop'}
        </button>
        <button
          type="button"
          class={question.grave ? 'button danger' : 'button'}
          onClick={run}
          disabled={done !== null}
        >
          {question.action}
        </button>
      </div>
    </Dialog>
  );
}

function Course({ done, total }: { done: number; total: number | undefined }) {
  const words = total ? `${formatCount(done)} of about ${formatCount(total)}` : `${formatCount(done)} so far`;
  return (
    <div class="course">
      <progress aria-label="How far it is" {...(total && { max: total, value: Math.min(done, total) })} />
      <p class="hint numbers" role="status">
        {words}
      </p>
    </div>
  );
}
