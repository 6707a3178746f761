/** Follows an upload to its end. */

import { follow } from '../api/follow';
import { getJson } from '../api/request';
import type { Upload } from '../api/types';
import { hasEnded } from '../words/uploads';

const FIRST_MS = 5_000;

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
export function watchUpload(id: string, { onUpload, onConnection, signal }: Follower): Promise<void> {
  return follow<Upload>({
    path: `/api/uploads/${encodeURIComponent(id)}/events`,
    firstMs: FIRST_MS,
    read,
    ask: () => getJson('/api/uploads/{upload_id}/status', { path: { upload_id: id } }),
    onState: (upload) => {
      onConnection(true);
      onUpload(upload);
    },
    onLost: () => onConnection(false),
    isLast: ({ status }) => hasEnded(status),
    signal,
  });
}

function read(data: string): Upload | null {
  try {
    const upload = JSON.parse(data) as Upload | null;
    return upload?.status && upload.id ? upload : null;
  } catch {
    return null;
  }
}
