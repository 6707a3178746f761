// Uploads a file in pieces with tus-js-client and tells on standard output what happens, a JSON object a line.
//
//   node upload.mjs '{"endpoint": …, "token": …, "path": …, "pieceBytes": …, "memory": …, "stopAfter": …}'
//
// `memory` is a file that keeps where uploads were begun: with it a second run goes on where the first stopped.
// `stopAfter` pieces the upload is aborted ("abort") or ended for good ("terminate", see `how`).

import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { FileUrlStorage, Upload } from 'tus-js-client';

const task = JSON.parse(process.argv[2]);
const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
let pieces = 0;

const upload = new Upload(createReadStream(task.path), {
  endpoint: task.endpoint,
  headers: { Authorization: `Bearer ${task.token}` },
  metadata: { filename: basename(task.path), filetype: 'application/zip' },
  chunkSize: task.pieceBytes,
  retryDelays: Array(60).fill(500),
  fingerprint: async () => `sluice ${task.path}`,
  storeFingerprintForResuming: Boolean(task.memory),
  removeFingerprintOnSuccess: true,
  urlStorage: task.memory ? new FileUrlStorage(task.memory) : undefined,
  onUploadUrlAvailable: () => say({ url: upload.url }),
  onChunkComplete: (pieceBytes, accepted, total) => {
    say({ pieceBytes, accepted, total });
    pieces += 1;
    if (pieces === task.stopAfter) {
      upload.abort(task.how === 'terminate').then(() => {
        say({ stopped: task.how });
        process.exit(0);
      });
    }
  },
  onError: (error) => {
    say({ error: error.message });
    process.exit(1);
  },
  onSuccess: () => say({ done: upload.url }),
});

if (task.memory) {
  const [previous] = await upload.findPreviousUploads();
  if (previous) {
    upload.resumeFromPreviousUpload(previous);
  }
}
upload.start();
