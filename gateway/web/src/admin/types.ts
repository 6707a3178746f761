/** What the gateway tells operators, by short names. */

import type { components } from '../api/schema';

type Schemas = components['schemas'];

export type Overview = Schemas['AdminOverview'];
export type Queue = Schemas['QueueView'];
export type QueueLimits = Schemas['QueueLimits'];
export type Worker = Schemas['WorkerView'];
export type HeldJob = Schemas['HeldJobView'];
export type JobRow = Schemas['AdminJobRow'];
export type JobPage = Schemas['AdminJobPage'];
export type Job = Schemas['AdminJobView'];
export type JobError = Schemas['AttemptErrorView'];
export type JobState = JobRow['state'];
export type JobProgress = NonNullable<JobRow['progress']>;
export type AuditEntry = Schemas['AuditEntryView'];
export type ChangedJobs = Schemas['ChangedJobs'];
