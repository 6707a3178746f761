/** Follows an upload to its end: by events, and by asking every two seconds where events do not come through. */

import { serverSentEvents } from '../api/events';
import { Problem } from '../api/problem';
import { getJson } from '../api/request';
import type { Upload } from '../api/types';
import { hasEnded } from '../words/uploads';

// The first event is the upload as it is, so it comes at once or is being held back.
const FIRST_MS = 5_000;
const SILENCE_MS = 20_000;
const POLL_MS = 2_000;
const POLLS_BEFORE_EVENTS = 15;
// A stream that ends early is normal (a function is given 25 s); one that ends at once must not become a storm.
const RECONNECT_MS = 500;

/** Whoever follows hears of each change, and of a connection that is lost or there again. */
export interface Follower {
  onUpload: (upload: Upload) => void;
  onConnection: (connected: boolean) => void;
  signal: AbortSignal;
}

/**
 * Ends when the upload has ended, or the follower's signal says so.
 * @throws {Problem} where waiting would not help: no such upload, not signed in
 */
export async function watchUpload(id: string, follower: Follower): Promise<void> {
  const watch = new Watch(id, follower);
  while (!watch.over) {
    const brought = await watch.follow();
    if (watch.over) return;
    if (brought) await pause(RECONNECT_MS);
    else await watch.poll();
  }
}

class Watch {
  private lastEventId = '';
  private ended = false;

  constructor(
    private readonly id: string,
    private readonly follower: Follower,
  ) {}

  get over(): boolean {
    return this.ended || this.follower.signal.aborted;
  }

  /** One stream to its end; tells whether it brought anything. */
  async follow(): Promise<boolean> {
    let brought = false;
    try {
      for await (const event of this.stream()) {
        this.lastEventId = event.id;
        brought = this.take(event.data) || brought;
        if (this.over) break;
      }
    } catch (error) {
      this.weather(error);
    }
    return brought;
  }

  async poll(): Promise<void> {
    for (let count = 0; count < POLLS_BEFORE_EVENTS && !this.over; count += 1) {
      await this.ask();
      if (!this.over) await pause(POLL_MS);
    }
  }

  private stream() {
    const options = { lastEventId: this.lastEventId, firstMs: FIRST_MS, silenceMs: SILENCE_MS };
    const path = `/api/uploads/${encodeURIComponent(this.id)}/events`;
    return serverSentEvents(path, { ...options, signal: this.follower.signal });
  }

  private async ask(): Promise<void> {
    try {
      this.tell(await getJson('/api/uploads/{upload_id}/status', { path: { upload_id: this.id } }));
    } catch (error) {
      this.weather(error);
    }
  }

  /** A passing problem is told as a lost connection; any other ends the watch. */
  private weather(error: unknown): void {
    if (this.over) return;
    if (!(error instanceof Problem) || !error.passing) throw error;
    this.follower.onConnection(false);
  }

  private take(data: string): boolean {
    const upload = parsed(data);
    if (!upload?.status || !upload.id) return false;
    this.tell(upload);
    return true;
  }

  private tell(upload: Upload): void {
    if (this.follower.signal.aborted) return;
    this.ended = hasEnded(upload.status);
    this.follower.onConnection(true);
    this.follower.onUpload(upload);
  }
}

function parsed(data: string): Upload | null {
  try {
    return JSON.parse(data) as Upload;
  } catch {
    return null;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
