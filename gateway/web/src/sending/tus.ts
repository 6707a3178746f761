/** Sends one bundle in pieces by tus, through lost connections and tokens that run out, until it is there. */

import type { DetailedError, HttpRequest, Upload } from 'tus-js-client';
import { Problem, problemOf, unreachable } from '../api/problem';
import { currentToken, replacementOf } from '../api/session';
import type { Bundle } from './shipments';

const ENDPOINT = '/api/uploads/tus';
// Platforms cut a request at 4.5 MB.
const PIECE_BYTES = 4_000_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
// Somebody else wrote there, or bytes came out wrong: asking where to go on mends it, but not for ever.
const PASSING = new Set([409, 423, 460]);
const MOST_MENDS = 5;

/** Who is told how it goes. */
export interface Hooks {
  /** Bytes of this bundle that are out, though perhaps not yet there. */
  onSent: (bytes: number) => void;
  /** The upload has an address now. */
  onBegun: (url: string) => void;
  /** No connection: it will be tried again; true when bytes flow again. */
  onConnection: (connected: boolean) => void;
  signal: AbortSignal;
}

/**
 * Sends what of a bundle is not there yet, and gives the upload's id.
 * @throws {Problem} where trying again would not help; the signal's reason when it fires
 */
export async function sendBundle(bundle: Bundle, hooks: Hooks): Promise<string> {
  const { Upload } = await import('tus-js-client');
  const sending = new Sending(bundle, hooks, Upload);
  for (;;) {
    hooks.signal.throwIfAborted();
    try {
      return idOf(await sending.attempt());
    } catch (error) {
      await sending.recover(error);
    }
  }
}

/** The id in an upload's address. */
export function idOf(url: string): string {
  return decodeURIComponent(url.split('/').at(-1) ?? '');
}

class Sending {
  private failures = 0;
  private mends = 0;
  private token = '';
  private tokenRefused = false;
  private lastBytes = Number.POSITIVE_INFINITY;

  constructor(
    private readonly bundle: Bundle,
    private readonly hooks: Hooks,
    private readonly Client: typeof Upload,
  ) {}

  /** One run of the client, to the end or the first thing that goes wrong. */
  attempt(): Promise<string> {
    return new Promise((resolve, reject) => {
      const { blob, url, filename } = this.bundle;
      this.lastBytes = Number.POSITIVE_INFINITY;
      if (!blob) throw new Problem('The files are not kept any more. Drop them again.', { status: 410 });
      const upload = new this.Client(blob as File, {
        endpoint: ENDPOINT,
        uploadUrl: url,
        chunkSize: PIECE_BYTES,
        // Our own loop: it knows tokens, and waits for the network to be there again.
        retryDelays: null,
        storeFingerprintForResuming: false,
        metadata: { filename, filetype: 'application/zip' },
        onBeforeRequest: (request) => this.sign(request),
        onUploadUrlAvailable: () => this.begun(upload.url),
        onProgress: (bytes) => this.sent(bytes),
        onError: (error) => reject(problemFrom(error)),
        onSuccess: () => resolve(upload.url ?? ''),
      });
      this.hooks.signal.addEventListener('abort', () => {
        upload.abort().catch(() => {});
        reject(this.hooks.signal.reason);
      });
      upload.start();
    });
  }

  /** Waits until another attempt makes sense. @throws what will not mend */
  async recover(error: unknown): Promise<void> {
    if (this.hooks.signal.aborted || !(error instanceof Problem)) throw error;
    if (error.status === 401 && !this.tokenRefused) {
      this.tokenRefused = true;
      await replacementOf(this.token);
      return;
    }
    if (PASSING.has(error.status)) this.mends += 1;
    else if (!error.passing) throw error;
    if (this.mends > MOST_MENDS) throw error;
    this.hooks.onConnection(false);
    await pauseOrOnline(Math.min(FIRST_PAUSE_MS * 2 ** this.failures, LONGEST_PAUSE_MS), this.hooks.signal);
    this.failures += 1;
  }

  private async sign(request: HttpRequest): Promise<void> {
    this.token = await currentToken();
    request.setHeader('Authorization', `Bearer ${this.token}`);
    if (request.getMethod() === 'POST') request.setHeader('Idempotency-Key', this.bundle.key);
  }

  private begun(url: string | null): void {
    if (!url) return;
    this.bundle.url = new URL(url, location.href).pathname;
    this.hooks.onBegun(this.bundle.url);
  }

  /** The first word of each attempt is where it begins; only those after it mean that bytes flow. */
  private sent(bytes: number): void {
    if (bytes > this.lastBytes) {
      this.failures = 0;
      this.tokenRefused = false;
      this.hooks.onConnection(true);
    }
    this.lastBytes = bytes;
    this.hooks.onSent(bytes);
  }
}

function problemFrom(error: Error | DetailedError): Problem {
  const response = 'originalResponse' in error ? error.originalResponse : null;
  return response ? problemOf(response.getStatus(), response.getBody()) : unreachable();
}

function pauseOrOnline(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      clearTimeout(timer);
      window.removeEventListener('online', go);
      resolve();
    };
    const timer = setTimeout(go, ms);
    window.addEventListener('online', go);
    signal.addEventListener('abort', go);
  });
}
