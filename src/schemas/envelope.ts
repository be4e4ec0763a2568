// The envelope around every response of API v4 (observed): `result` or `error`, and the service's own id of the response.

import * as z from 'zod/mini';
import { optional } from './read.ts';

/** The envelope of a response. */
export interface Envelope {
  /** The result; `null` or absent in an error. */
  readonly result?: unknown;
  /** The error: an object with `code` and `message`, a text, or nothing. */
  readonly error?: unknown;
  /** The service's own id of the response. */
  readonly request_id: string | null;
  /** Of a list: the page size that the service used. */
  readonly limit: number | null;
  /** Of a list: how many items there are in all. */
  readonly total: number | null;
}

const count = z.number().check(z.gte(0));

/** The envelope of a response, as JSON. */
export const envelope: z.ZodMiniType<Envelope> = z.looseObject({
  result: z.optional(z.unknown()),
  error: z.optional(z.unknown()),
  request_id: optional('request_id', z.string()),
  limit: optional('limit', count),
  total: optional('total', count),
});
