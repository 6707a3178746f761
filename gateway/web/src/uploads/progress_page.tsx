/** The page of one upload: how far it is, live, what did not come in, and on to the dashboard when all is done. */

import '../upload/upload.css';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { postJson } from '../api/request';
import type { Upload } from '../api/types';
import { Name } from '../shell/name';
import { ProblemNotice } from '../shell/notice';
import { hasEnded } from '../words/uploads';
import { Counts } from './counts';
import { FileRows } from './file_rows';
import { Finished } from './finished';
import { finishHandoff, handoffFor } from './handoff';
import { History } from './history';
import { Overall } from './overall';
import { Problems, problemsOf } from './problems';
import { watchUpload } from './watch_upload';

/** Follows the upload of that id. */
export function ProgressPage({ id }: { id: string }) {
  const handoff = useMemo(() => handoffFor(id), [id]);
  const followed = useFollowed(id);
  const { upload, connected, error, seenUnderWay, follow } = followed;
  const [busy, setBusy] = useState(false);
  const [actError, setActError] = useState<unknown>(null);
  const ended = upload !== null && hasEnded(upload.status);
  useEffect(() => {
    if (ended) finishHandoff(id);
  }, [ended, id]);
  const act = async (verb: 'retry' | 'cancel') => {
    setBusy(true);
    setActError(null);
    await postJson(`/api/uploads/${encodeURIComponent(id)}/${verb}`).then(follow, setActError);
    setBusy(false);
  };
  const problems = upload ? problemsOf(upload, handoff.refused) : [];
  const awaited = handoff.followed || seenUnderWay;
  const whole = upload?.status === 'completed' && !problems.length;
  return (
    <>
      {handoff.followed && handoff.count > 1 && (
        <p class="eyebrow">
          Upload {handoff.position} of {handoff.count}
        </p>
      )}
      <Name as="h1" class="file-heading">
        {upload ? upload.filename || 'Your upload' : 'Your upload'}
      </Name>
      <ProblemNotice error={error} retry={follow} />
      <ProblemNotice error={actError} />
      {upload && (
        <Overall upload={upload} connected={connected} busy={busy} onCancel={() => act('cancel')}>
          {ended && <Finished upload={upload} next={handoff.next} leaving={whole && awaited} />}
        </Overall>
      )}
      {upload && <Problems upload={upload} problems={problems} busy={busy} onRetry={() => act('retry')} />}
      {upload && ended && <History upload={upload} />}
      {upload && upload.files.length > 0 && <Counts upload={upload} />}
      {upload && <FileRows upload={upload} />}
    </>
  );
}

interface Followed {
  upload: Upload | null;
  connected: boolean;
  error: unknown;
  /** It was not over when this page first saw it, or is not since. */
  seenUnderWay: boolean;
  /** Follows again, after an error or a retry. */
  follow: () => void;
}

function useFollowed(id: string): Followed {
  const [upload, setUpload] = useState<Upload | null>(null);
  const [connected, setConnected] = useState(true);
  const [error, setError] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  const seenUnderWay = useRef(false);
  // A new round follows anew: the number itself says nothing.
  useEffect(() => {
    const stopper = new AbortController();
    setError(null);
    const take = (told: Upload) => {
      seenUnderWay.current ||= !hasEnded(told.status);
      setUpload(told);
    };
    watchUpload(id, { onUpload: take, onConnection: setConnected, signal: stopper.signal }).catch((problem) => {
      if (!stopper.signal.aborted) setError(problem);
    });
    return () => stopper.abort();
  }, [id, round]);
  return {
    upload,
    connected,
    error,
    seenUnderWay: seenUnderWay.current,
    follow: () => setRound((before) => before + 1),
  };
}
