// Enqueues jobs, claims them on a stream and completes them, with what grpc-js makes of the committed protos. Tells on
// standard output what happens, a JSON object a line.
//
//   node queue.mjs '{"target": "127.0.0.1:…", "protos": the folder that has protos/, "owner": …, "payloads": […]}'

import { credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { promisify } from 'node:util';

const task = JSON.parse(process.argv[2]);
const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

const files = ['job_service', 'worker_service'].map((name) => `protos/jobs/v1/${name}.proto`);
// Tokens have 64 bits: more than a number of JavaScript holds.
const options = { includeDirs: [task.protos], keepCase: true, longs: String, enums: String, arrays: true };
const definition = loadSync(files, options);
const { JobService, WorkerService } = loadPackageDefinition(definition).jobs.v1;
const jobs = new JobService(task.target, credentials.createInsecure());
const workers = new WorkerService(task.target, credentials.createInsecure());
const call = (client, method, request) => promisify(client[method].bind(client))(request);

const uuids = (bytes) =>
  Array.from({ length: bytes.length / 16 }, (_, place) =>
    bytes.subarray(16 * place, 16 * place + 16).toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  );

const made = task.payloads.map((payload) => ({ queue: 'notes', kind: 'note', payload: Buffer.from(payload) }));
const { job_ids: enqueued } = await call(jobs, 'Enqueue', { owner: task.owner, jobs: made });
say({ enqueued });

const refused = await call(jobs, 'Enqueue', { owner: task.owner, jobs: [] }).catch((error) => error);
say({ refused: refused.code, details: refused.details });

const stream = workers.Claim();
const ended = new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject));
const results = new Map();

const complete = async (batch) => {
  const ids = uuids(batch.leases.job_ids);
  const answers = batch.payloads.map((payload) => JSON.stringify({ letters: payload.toString().length }));
  const { refusals } = await call(workers, 'Complete', { leases: batch.leases, results: answers });
  say({ claimed: ids, attempts: batch.attempts, refusals: refusals.length });
  ids.forEach((id, place) => results.set(id, answers[place]));
  if (results.size === enqueued.length) {
    stream.write({ goodbye: {} });
    stream.end();
  }
};

stream.on('data', ({ welcome, jobs: batch }) => {
  if (welcome) {
    say({ welcome: welcome.session_id });
    stream.write({ credit: { jobs_total: enqueued.length } });
  } else if (batch) {
    complete(batch).catch((error) => stream.destroy(error));
  }
});
stream.write({ hello: { worker: 'grpc-js', queues: ['notes'], kinds: ['note'] } });
await ended;

for (const job_id of enqueued) {
  const { job } = await call(jobs, 'GetJob', { owner: task.owner, job_id });
  say({ job: job.id, state: job.state, result: job.result });
}
