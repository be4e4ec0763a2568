// Listing the caller's keys: a call of its own, and the way to find out what became of a create.

import type { ApiKey } from '../models.ts';
import type { PagePromise } from '../transport/pagination.ts';
import type { CallOptions } from '../transport/transport.ts';
import { readApiKey } from '../wire/schemas.ts';
import type { ClientContext } from './context.ts';
import { type ListParams, list } from './lists.ts';

/** Parameters of `apiKeys.list`. */
export interface ApiKeyListParams extends ListParams {
  readonly name?: string | undefined;
  readonly textFilter?: string | undefined;
}

export function listKeys(
  context: ClientContext,
  params: ApiKeyListParams,
  options?: CallOptions,
): PagePromise<ApiKey> {
  const { name, textFilter, ...paging } = params;
  return list(context, 'apiKeys.list', {}, paging, { name, textFilter }, readApiKey, options);
}
