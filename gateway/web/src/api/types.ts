/** The API's shapes by short names; schema.d.ts is generated from the gateway's OpenAPI document. */

import type { components, paths } from './schema';

type Schemas = components['schemas'];

export type Config = Schemas['ConfigView'];
export type Limits = Schemas['LimitsView'];
export type Upload = Schemas['UploadView'];
export type UploadSummary = Schemas['UploadSummary'];
export type UploadStatus = Upload['status'];
export type UploadedFile = Schemas['FileView'];
export type Rejection = Schemas['RejectionView'];
export type Refusal = Schemas['RefusalView'];
export type Overview = Schemas['OverviewView'];
export type Timeline = Schemas['TimelineView'];
export type Bucket = Timeline['bucket'];
export type TopItem = Schemas['TopItemView'];
export type Clock = Schemas['ClockView'];
export type ClockCell = Schemas['ClockCellView'];
export type Discoveries = Schemas['DiscoveriesView'];
export type Sessions = Schemas['SessionsView'];
export type Habits = Schemas['HabitsView'];
export type Forgotten = Schemas['ForgottenView'];

/** The paths that answer a GET with JSON. */
export type GetPath = {
  [P in keyof paths]: paths[P] extends { get: { responses: { 200: { content: { 'application/json': unknown } } } } }
    ? P
    : never;
}[keyof paths];

type Get<P extends GetPath> = paths[P] extends { get: infer G } ? G : never;

/** What a GET of the path answers. */
export type Answer<P extends GetPath> =
  Get<P> extends { responses: { 200: { content: { 'application/json': infer A } } } } ? A : never;

/** What may stand behind the path's question mark; what is undefined or null is left out. */
export type Query<P extends GetPath> =
  Get<P> extends { parameters: { query?: infer Q } }
    ? { [K in keyof Q]?: Q[K] | null | undefined }
    : Record<string, never>;
