/** Finds what an earlier page has begun to send and nobody sends now. */

import { Problem } from '../api/problem';
import { getJson } from '../api/request';
import { personId } from '../api/session';
import { type Bundle, forgetShipment, keptShipments, type Shipment } from '../sending/shipments';
import { idOf } from '../sending/tus';

/**
 * Gives the oldest shipment that is to go on, or null. While `act` runs it belongs to this page: another tab that
 * has it, or opens meanwhile, leaves it alone.
 */
export async function withInterrupted(act: (shipment: Shipment) => Promise<void>): Promise<void> {
  for (const shipment of await keptShipments(await personId())) {
    const turn = async () => {
      if (await isWanted(shipment)) await act(shipment);
      else await forgetShipment(shipment.id);
    };
    if (await alone(shipment.id, turn)) return;
  }
}

/** Runs `act` unless another tab is at that shipment; tells whether it did. Without locks (plain http) it just runs. */
export async function alone(id: string, act: () => Promise<void>): Promise<boolean> {
  if (!navigator.locks) {
    await act();
    return true;
  }
  return navigator.locks.request(`sluice.shipment.${id}`, { ifAvailable: true }, async (lock) => {
    if (lock) await act();
    return lock !== null;
  });
}

/** The server knows better: what arrived is marked as sent, and what was cancelled there is not sent again. */
async function isWanted(shipment: Shipment): Promise<boolean> {
  for (const bundle of shipment.bundles) {
    if (bundle.url && !bundle.sent && !(await isOpen(bundle, bundle.url))) return false;
  }
  return true;
}

async function isOpen(bundle: Bundle, url: string): Promise<boolean> {
  try {
    const { status } = await getJson('/api/uploads/{upload_id}/status', { path: { upload_id: idOf(url) } });
    bundle.sent = status !== 'uploading' && status !== 'cancelled';
    return status !== 'cancelled';
  } catch (error) {
    if (error instanceof Problem && (error.status === 404 || error.status === 410)) return false;
    return true;
  }
}
