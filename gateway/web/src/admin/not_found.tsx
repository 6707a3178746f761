/** What everybody sees who is no operator: the same as where there is nothing; with a way to sign in as somebody else. */

import { useEffect, useState } from 'preact/hooks';
import { config } from '../api/config';
import { becomeDemoOperator, signOut } from '../api/session';
import { ProblemNotice } from '../shell/notice';

type Way = 'demo' | 'page' | 'none';

/** Says so. */
export function NotFound() {
  const [way, setWay] = useState<Way>('none');
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    const wayOf = ({ demoSignIn, signInUrl }: Awaited<ReturnType<typeof config>>): Way =>
      demoSignIn ? 'demo' : signInUrl ? 'page' : 'none';
    config().then((told) => setWay(wayOf(told)), setError);
  }, []);
  const become = () => becomeDemoOperator().then(() => location.reload(), setError);
  const signInAgain = () => {
    signOut();
    location.reload();
  };
  return (
    <section class="card empty">
      <h1>404</h1>
      <p>There is nothing at this address, or it is not yours.</p>
      {way === 'demo' && (
        <>
          <button type="button" class="button" onClick={become}>
            Sign in as the demo operator
          </button>
          <p class="hint">This is a local stack: elsewhere the token of whoever asks has to name them an operator.</p>
        </>
      )}
      {way === 'page' && (
        <button type="button" class="button quiet" onClick={signInAgain}>
          Sign in as somebody else
        </button>
      )}
      <p>
        <a href="/">To the uploads</a>
      </p>
      <ProblemNotice error={error} />
    </section>
  );
}
