// Listing the caller's keys: a call of its own, and the way to find out what became of a create.

import * as z from 'zod/mini';
import type { CallOptions } from '../http/call-types.ts';
import type { PagePromise } from '../http/pagination.ts';
import { type ApiKey, apiKey } from '../schemas/api-key.ts';
import type { ClientContext } from './context.ts';
import { type ListDefinition, type ListParams, list } from './lists.ts';

/** Parameters of `apiKeys.list`. */
export interface ApiKeyListParams extends ListParams {
  /** Only keys of this name (assumed). */
  readonly name?: string | undefined;
  /** Only keys in which this text is found (assumed). */
  readonly textFilter?: string | undefined;
}

const KEYS: ListDefinition<ApiKey, ApiKeyListParams> = {
  operation: 'apiKeys.list',
  filters: { name: 'name', textFilter: 'textFilter' },
  schema: z.array(apiKey),
};

export const listKeys = (
  context: ClientContext,
  params?: ApiKeyListParams,
  options?: CallOptions,
): PagePromise<ApiKey> => list(context, KEYS, params, options, {}, (key) => context.credentials.learn(key));
