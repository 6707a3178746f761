/** The way of an upload through the page: what was dropped, looked into, packed, sent; and on after a reload. */

import { config } from '../api/config';
import { Problem } from '../api/problem';
import { isAbort, newKey, remove } from '../api/request';
import { personId } from '../api/session';
import { type Dropped, type Looked, look } from '../recognise/look';
import { type Plan, planBatches } from '../sending/batches';
import { packBundles } from '../sending/packing';
import { Sender, type SendingState } from '../sending/sender';
import { adoptable, forgetShipment, keepShipment, type Shipment } from '../sending/shipments';
import { idOf } from '../sending/tus';
import { Store } from '../shell/store';
import { leaveHandoff } from '../uploads/handoff';
import { alone } from './resuming';

/** Where it is. */
export type Stage =
  | { name: 'choose'; interrupted: Shipment | null }
  | { name: 'looking'; file: string }
  | { name: 'review'; looked: Looked; plan: Plan }
  | { name: 'packing'; done: number; total: number }
  | ({ name: 'sending' } & SendingState);

/** One at a time, for the whole page. */
export class UploadFlow {
  readonly stage = new Store<Stage>({ name: 'choose', interrupted: null });
  readonly problem = new Store<unknown>(null);

  /** All is there, and the page goes on by itself: nothing is lost with it. */
  leaving = false;

  private dropped: Dropped[] = [];
  private interrupted: Shipment | null = null;
  private stopper = new AbortController();
  private shipment: Shipment | null = null;

  /** Takes more files in, and looks into all that there are. While something is being sent, nothing is taken. */
  async take(more: Dropped[]): Promise<void> {
    const { name } = this.stage.get();
    if (!more.length || (name !== 'choose' && name !== 'review')) return;
    await this.attempt(async () => {
      this.dropped = [...this.dropped, ...more];
      this.stage.set({ name: 'looking', file: more[0]?.file.name ?? '' });
      const looked = await look(this.dropped, (file) => this.stage.set({ name: 'looking', file }));
      const plan = planBatches(looked.found, (await config()).limits);
      looked.left.push(...plan.tooLarge);
      this.stage.set({ name: 'review', looked, plan });
    });
  }

  /** Packs what was recognised and sends it; leaves for the upload's page once it is there. */
  async start(): Promise<void> {
    const stage = this.stage.get();
    if (stage.name !== 'review' || !stage.plan.batches.length) return;
    await this.attempt(async () => {
      const total = stage.plan.batches.flat().reduce((sum, { size }) => sum + size, 0);
      const packing = (done: number) => this.stage.set({ name: 'packing', done, total });
      packing(0);
      const bundles = await packBundles(stage.plan.batches, packing, this.stopper.signal);
      const broken = stage.looked.left.filter((each) => each.broken);
      const refused = broken.map(({ name, why }) => ({ filename: name, message: why }));
      const made = { id: newKey(), owner: await personId(), createdAt: Date.now(), bundles, refused };
      const shipment = this.interrupted ? adoptable(this.interrupted, made) : made;
      this.interrupted = null;
      await alone(shipment.id, async () => this.ship(shipment, await keepShipment(shipment)));
    });
  }

  /** Goes on with what a page before this one has begun. Without its bytes, asks for the files again. */
  async resume(shipment: Shipment): Promise<void> {
    if (shipment.bundles.every(({ blob, sent }) => sent || blob)) {
      await this.attempt(() => this.ship(shipment, true));
      return;
    }
    this.interrupted = shipment;
    this.stage.set({ name: 'choose', interrupted: shipment });
  }

  /** Stops whatever is under way; bytes that came in already are removed. */
  async cancel(): Promise<void> {
    if (this.stopper.signal.aborted) return;
    this.stopper.abort();
    const shipment = this.shipment ?? this.interrupted;
    if (shipment) {
      await forgetShipment(shipment.id);
      for (const { url, sent } of shipment.bundles) if (url && !sent) await removeUpload(idOf(url));
    }
    this.reset();
  }

  /** Back to the empty page. */
  reset(): void {
    this.stopper = new AbortController();
    this.dropped = [];
    this.shipment = null;
    this.interrupted = null;
    this.problem.set(null);
    this.stage.set({ name: 'choose', interrupted: null });
  }

  private async ship(shipment: Shipment, kept: boolean): Promise<void> {
    this.shipment = shipment;
    const sender = new Sender(shipment, kept, (state) => this.stage.set({ name: 'sending', ...state }));
    const ids = await sender.run(this.stopper.signal);
    await forgetShipment(shipment.id);
    const [first] = ids;
    if (!first) throw sender.refusal;
    leaveHandoff(ids, shipment.refused);
    this.leaving = true;
    location.assign(`/uploads/${encodeURIComponent(first)}`);
  }

  private async attempt(act: () => Promise<void>): Promise<void> {
    this.problem.set(null);
    try {
      await act();
    } catch (error) {
      if (this.stopper.signal.aborted || isAbort(error)) return;
      this.reset();
      this.problem.set(error);
    }
  }
}

const REMOVAL_TRIES = 3;

/** A piece that is still being stored holds the upload for a moment. What stays behind, the server removes in a day. */
async function removeUpload(id: string): Promise<void> {
  for (let tries = 0; tries < REMOVAL_TRIES; tries += 1) {
    try {
      await remove(`/api/uploads/${encodeURIComponent(id)}`);
      return;
    } catch (error) {
      if (!(error instanceof Problem) || (!error.passing && error.status !== 409)) return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
