/** The end of an upload: what it has left, where to go, and going there by itself when all is well. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Upload } from '../api/types';
import { endSentence } from '../words/uploads';

// Long enough to see the full bar and to reach the button that stays.
const SECONDS = 4;

interface Props {
  upload: Upload;
  next: string | null;
  /** Nothing went wrong, and the person has waited for it. */
  leaving: boolean;
}

/** The lower part of the card at the top. */
export function Finished({ upload, next, leaving }: Props) {
  const target = next ? `/uploads/${encodeURIComponent(next)}` : '/dashboard';
  const [stays, setStays] = useState(!leaving);
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    if (stays) return;
    const timer = setTimeout(() => location.assign(target), SECONDS * 1_000);
    return () => clearTimeout(timer);
  }, [stays, target]);
  const stay = () => {
    setStays(true);
    link.current?.focus();
  };
  return (
    <div id="finished" class="finished">
      <p id="finished-text" role="status">
        {stays ? endSentence(upload) : `Taking you to ${next ? 'the next upload' : 'your dashboard'} …`}
      </p>
      <div class="actions">
        <a ref={link} id="go-on" class="button" href={target}>
          {next ? 'On to the next upload' : 'See the dashboard'}
        </a>
        {!stays && (
          <button id="stay" type="button" class="button quiet" onClick={stay}>
            Stay here
          </button>
        )}
        {stays && (
          <a class="button quiet" href="/">
            Upload more
          </a>
        )}
      </div>
    </div>
  );
}
