/** The operator's page: what there is, what is asked before it is done, and what was done. */

import { useState } from 'preact/hooks';
import { Problem } from '../api/problem';
import { ProblemNotice } from '../shell/notice';
import { AskDialog } from './ask_dialog';
import { AuditList } from './audit_list';
import { DeskContext, type Question } from './desk';
import { JobsView } from './jobs_view';
import { LimitsDialog } from './limits_dialog';
import { NotFound } from './not_found';
import { QueuesView } from './queues_view';
import { Standing, Tabs } from './tabs';
import { useNow, useOverview } from './use_overview';
import { useView } from './use_view';
import type { Tab } from './view';
import { WorkersView } from './workers_view';

const PARTS: Record<Tab, () => preact.JSX.Element> = {
  queues: QueuesView,
  workers: WorkersView,
  jobs: JobsView,
  audit: AuditList,
};

/** Shows everything to operators, and to everybody else that there is nothing. */
export function AdminPage() {
  const watched = useOverview();
  if (watched.error instanceof Problem && watched.error.status === 404) return <NotFound />;
  return (
    <>
      <ProblemNotice error={watched.error} retry={() => location.reload()} />
      <DeskOf {...watched} />
    </>
  );
}

function DeskOf({ overview, history, ahead, lost, error }: ReturnType<typeof useOverview>) {
  const [view, go] = useView();
  const [question, ask] = useState<Question | null>(null);
  const [limitsOf, editLimits] = useState('');
  const [said, setSaid] = useState('');
  const [acts, setActs] = useState(0);
  const now = useNow() + ahead;
  const Part = PARTS[view.tab];
  const done = (sentence: string) => {
    setSaid(sentence);
    setActs((count) => count + 1);
  };
  const shown = overview || error ? <Part /> : <p class="hint">Looking at the queues …</p>;
  return (
    <DeskContext.Provider value={{ view, go, overview, history, now, ask, editLimits, acts }}>
      <div class="desk-head">
        <h1>Operate</h1>
        <Standing lost={lost} />
      </div>
      <Tabs />
      <div class="said" role="status">
        {said && <Said sentence={said} onClose={() => setSaid('')} />}
      </div>
      {shown}
      {question && <AskDialog question={question} onDone={done} onClose={() => ask(null)} />}
      {limitsOf && <LimitsDialog key={limitsOf} queue={limitsOf} onDone={done} onClose={() => editLimits('')} />}
    </DeskContext.Provider>
  );
}

function Said({ sentence, onClose }: { sentence: string; onClose: () => void }) {
  return (
    <p class="toast">
      <span>{sentence}</span>
      <button type="button" class="link-button" onClick={onClose}>
        Close<span class="visually-hidden"> this message</span>
      </button>
    </p>
  );
}
