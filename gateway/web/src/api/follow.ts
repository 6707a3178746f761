/** Follows a state of the server: by events, and by asking every two seconds where events do not come through. */

import { serverSentEvents } from './events';
import { Problem } from './problem';

const SILENCE_MS = 20_000;
const POLL_MS = 2_000;
const POLLS_BEFORE_EVENTS = 15;
// A stream that ends early is normal (a function is given 25 s); one that ends at once must not become a storm.
const RECONNECT_MS = 500;

/** What is followed, and who hears of it. */
export interface Following<T> {
  /** The address of its events. */
  path: string;
  /** The first event is the state as it is, so it comes within that time or is being held back. */
  firstMs: number;
  /** Reads what an event says; null where that is nothing. */
  read: (data: string) => T | null;
  /** Asks for the state instead. */
  ask: () => Promise<T>;
  onState: (state: T) => void;
  /** Called when the connection is lost; the next state tells that it is there again. */
  onLost: () => void;
  /** Whether nothing comes after a state. */
  isLast: (state: T) => boolean;
  signal: AbortSignal;
}

/**
 * Ends with the last state, or when the signal says so.
 * @throws {Problem} where waiting would not help: it is not there, or not for whoever asks
 */
export async function follow<T>(following: Following<T>): Promise<void> {
  const run = new Run(following);
  while (!run.over) {
    const brought = await run.stream();
    if (run.over) return;
    if (brought) await pause(RECONNECT_MS);
    else await run.poll();
  }
}

class Run<T> {
  private lastEventId = '';
  private ended = false;

  constructor(private readonly following: Following<T>) {}

  get over(): boolean {
    return this.ended || this.following.signal.aborted;
  }

  /** One stream to its end; tells whether it brought anything. */
  async stream(): Promise<boolean> {
    const { path, firstMs, read, signal } = this.following;
    let brought = false;
    await this.weather(async () => {
      const options = { lastEventId: this.lastEventId, firstMs, silenceMs: SILENCE_MS, signal };
      for await (const event of serverSentEvents(path, options)) {
        this.lastEventId = event.id;
        const state = read(event.data);
        if (state !== null) this.tell(state);
        brought ||= state !== null;
        if (this.over) break;
      }
    });
    return brought;
  }

  async poll(): Promise<void> {
    for (let count = 0; count < POLLS_BEFORE_EVENTS && !this.over; count += 1) {
      await this.weather(async () => this.tell(await this.following.ask()));
      if (!this.over) await pause(POLL_MS);
    }
  }

  /** A passing problem is told as a lost connection; any other ends the watch. */
  private async weather(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (this.over) return;
      if (!(error instanceof Problem) || !error.passing) throw error;
      this.following.onLost();
    }
  }

  private tell(state: T): void {
    if (this.following.signal.aborted) return;
    this.ended = this.following.isLast(state);
    this.following.onState(state);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
