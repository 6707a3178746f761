/** Sends a shipment, bundle after bundle, and tells how far it is. */

import { Problem } from '../api/problem';
import { Estimate } from './estimate';
import { keepShipment, type Shipment } from './shipments';
import { idOf, sendBundle } from './tus';

/** How far a shipment is. Bytes over all of its bundles. */
export interface SendingState {
  filename: string;
  sent: number;
  total: number;
  connected: boolean;
  /** Whether a reload would go on by itself. */
  kept: boolean;
  /** Milliseconds; null where nothing can be said. */
  left: number | null;
}

const TELL_MS = 1_000;

/** One run through a shipment. */
export class Sender {
  /** Why the server would not have a bundle, the last one if there were several. */
  refusal: unknown = null;

  private readonly estimate = new Estimate();
  private state: SendingState;

  constructor(
    private readonly shipment: Shipment,
    kept: boolean,
    private readonly tell: (state: SendingState) => void,
  ) {
    const total = shipment.bundles.reduce((sum, { size }) => sum + size, 0);
    this.state = { filename: '', sent: 0, total, connected: true, kept, left: null };
  }

  /**
   * Sends what is not there yet; gives the ids of all uploads. What the server refuses for good is noted among the
   * shipment's refused files, and the others go on.
   */
  async run(signal: AbortSignal): Promise<string[]> {
    // Estimates grow old also while no byte moves.
    const clock = setInterval(() => this.change({}), TELL_MS);
    try {
      let before = 0;
      for (const bundle of this.shipment.bundles) {
        this.change({ filename: bundle.filename, sent: before });
        if (!bundle.sent) await this.send(bundle, before, signal);
        before += bundle.size;
      }
    } finally {
      clearInterval(clock);
    }
    return this.shipment.bundles.flatMap(({ url, sent }) => (sent && url ? [idOf(url)] : []));
  }

  private async send(bundle: Shipment['bundles'][number], before: number, signal: AbortSignal): Promise<void> {
    try {
      await sendBundle(bundle, {
        signal,
        onSent: (bytes) => this.change({ sent: before + bytes }),
        onBegun: () => this.keep(),
        onConnection: (connected) => this.change({ connected }),
      });
      bundle.sent = true;
      this.keep();
    } catch (error) {
      const final = error instanceof Problem && !error.passing && error.status !== 401;
      if (!final || signal.aborted) throw error;
      this.refusal = error;
      this.shipment.refused.push({ filename: bundle.filename, message: error.message });
    }
  }

  private keep(): void {
    if (this.state.kept) keepShipment(this.shipment);
  }

  private change(changed: Partial<SendingState>): void {
    const now = performance.now();
    this.state = { ...this.state, ...changed };
    if (this.state.connected) this.estimate.add(this.state.sent, now);
    this.state.left = this.state.connected ? this.estimate.left(this.state.total, now) : null;
    this.tell(this.state);
  }
}
