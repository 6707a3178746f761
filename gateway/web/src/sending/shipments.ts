/**
 * What is on its way to the server, kept in this browser (IndexedDB) until it is there: after a reload, or a browser
 * that was closed, sending goes on. Where there is no room for the bytes, only where they were going is kept.
 */

const DATABASE = 'sluice';
const STORE = 'shipments';
// The server forgets what was begun and not sent off after a day.
const LONGEST_MS = 24 * 3_600_000;

/** One upload of a shipment: an archive with the histories in it, and nothing else. */
export interface Bundle {
  filename: string;
  size: number;
  /** Equal for equal content: which files, of which checksums. */
  fingerprint: string;
  /** The bytes; null where the browser had no room for them. */
  blob: Blob | null;
  /** Where it goes, once the server has begun it. */
  url: string | null;
  /** What makes a repeat of the beginning harmless. */
  key: string;
  sent: boolean;
}

/** What was dropped and sent together. */
export interface Shipment {
  id: string;
  owner: string;
  createdAt: number;
  bundles: Bundle[];
  refused: { filename: string; message: string }[];
}

/** Keeps a shipment; tells whether its bytes are kept as well. */
export async function keepShipment(shipment: Shipment): Promise<boolean> {
  try {
    await write((store) => store.put(shipment));
    return true;
  } catch {
    const withoutBytes = shipment.bundles.map((bundle) => ({ ...bundle, blob: null }));
    await write((store) => store.put({ ...shipment, bundles: withoutBytes })).catch(() => {});
    return false;
  }
}

/** Forgets a shipment: it is there, or nobody wants it any more. */
export async function forgetShipment(id: string): Promise<void> {
  await write((store) => store.delete(id)).catch(() => {});
}

/** Forgets all that a person has on its way. */
export async function forgetShipments(owner: string): Promise<void> {
  for (const { id } of await keptShipments(owner)) await forgetShipment(id);
}

/** Gives the shipments of a person that have not arrived, oldest first; forgets those that are too old to go on. */
export async function keptShipments(owner: string, now = Date.now()): Promise<Shipment[]> {
  try {
    const all = (await write((store) => store.getAll())) as Shipment[];
    for (const { id, createdAt } of all) if (now - createdAt > LONGEST_MS) await forgetShipment(id);
    const own = all.filter((each) => each.owner === owner && now - each.createdAt <= LONGEST_MS);
    return own.sort((a, b) => a.createdAt - b.createdAt);
  } catch {
    return [];
  }
}

async function write<T>(act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(STORE, 'readwrite');
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Gives a shipment that goes on where an interrupted one of the same content stopped. */
export function adoptable(interrupted: Shipment, made: Shipment): Shipment {
  const bundles = made.bundles.map((bundle) => {
    const before = interrupted.bundles.find(
      ({ fingerprint, size }) => fingerprint === bundle.fingerprint && size === bundle.size,
    );
    return before ? { ...bundle, url: before.url, key: before.key, sent: before.sent } : bundle;
  });
  return { ...made, id: interrupted.id, bundles };
}
