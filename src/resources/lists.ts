// Lists of any operation: parameters to query, responses to pages.

import * as z from 'zod/mini';
import type { OperationId } from '../api/operations.ts';
import { perform, runCall } from '../http/call.ts';
import { outcomeOf, readResult } from '../http/call-result.ts';
import type { Arguments, CallOptions } from '../http/call-types.ts';
import { type FetchPage, type PagePromise, pagePromise } from '../http/pagination.ts';
import type { Query } from '../http/path.ts';
import { parseOptions, spec } from '../util/options.ts';
import type { ClientContext } from './context.ts';

/** Parameters of every list. */
export interface ListParams {
  /** Items on a page. Default: 100. The service may return fewer (it then says so). `0` asks for everything (observed). */
  readonly limit?: number | undefined;
  /** How many items to leave out at the beginning. Default: 0. */
  readonly skip?: number | undefined;
  /** Fields to sort by, each with a `-` before it for descending order (documented). */
  readonly sort?: string | readonly string[] | undefined;
}

const DEFAULT_LIMIT = 100;

const isValue = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);
const VALUES = z.custom(
  (value) => (Array.isArray(value) ? value.every(isValue) : isValue(value)),
  'a string, a number, true or false, or a list of these',
);

const PARAMS = { limit: spec.count, skip: spec.count, sort: VALUES };

/** A list of an operation. */
export interface ListDefinition<T, P extends ListParams> {
  readonly operation: OperationId;
  /** The name in the query of each further parameter. */
  readonly filters: { readonly [Name in Exclude<keyof P, keyof ListParams>]-?: string };
  readonly schema: z.ZodMiniType<T[]>;
}

const ownSkip = (params: ListParams | undefined): number | undefined =>
  params && Object.hasOwn(params, 'skip') ? params.skip : undefined;

/** A lazy list of an operation. */
export function list<T extends { readonly id: string | number }, P extends ListParams>(
  context: ClientContext,
  { operation, filters, schema }: ListDefinition<T, P>,
  params: P | undefined,
  options: CallOptions | undefined,
  args: Arguments = {},
  onItem: (item: T) => void = () => {},
): PagePromise<T> {
  const names = Object.entries<string>(filters);
  const specs = { ...PARAMS, ...Object.fromEntries(names.map(([name]) => [name, VALUES] as const)) };
  const fetchPage: FetchPage<T> = (at) =>
    runCall(context, operation, options, async (deadline, given) => {
      const wanted = parseOptions<ListParams>(operation, specs, params);
      const { limit = DEFAULT_LIMIT, sort } = wanted;
      const query: Record<string, Query[string]> = { limit, skip: at, 'sort[]': sort };
      for (const [name, field] of names) query[field] = Reflect.get(wanted, name);
      const reply = await perform(context, operation, { ...args, query }, given, deadline);
      const items = readResult(context, operation, reply, schema, args);
      for (const item of items) onItem(item);
      const { limit: stated, total } = reply.page;
      return outcomeOf({ items, limit: stated ?? undefined, total: total ?? undefined }, reply);
    });
  return pagePromise(fetchPage, (item) => item.id, ownSkip(params) ?? 0);
}
