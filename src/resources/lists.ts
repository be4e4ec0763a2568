// Lists of any operation: parameters to query, answers to pages.

import { type FetchPage, type PagePromise, pagePromise, type RawPage } from '../transport/pagination.ts';
import type { Query } from '../transport/path.ts';
import type { CallOptions } from '../transport/transport.ts';
import type { OperationId } from '../wire/operations.ts';
import { ShapeError } from '../wire/schemas.ts';
import {
  type Answered,
  type Arguments,
  type ClientContext,
  invoke,
  outcomeOf,
  readResult,
  withAnswer,
} from './context.ts';

/** Parameters of every list. */
export interface ListParams {
  /** Items on a page. Default: 100. The service may give fewer (it then says so). `0` asks for everything (observed). */
  readonly limit?: number | undefined;
  /** How many items to leave out at the beginning. Default: 0. */
  readonly skip?: number | undefined;
  /** Fields to sort by, each with a `-` before it for descending order (documented). */
  readonly sort?: string | readonly string[] | undefined;
}

const DEFAULT_LIMIT = 100;

function whole(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new TypeError(`${name} must be a whole number, 0 or more.`);
  return value;
}

const number = (answer: unknown, field: string): number | undefined => {
  const value: unknown =
    typeof answer === 'object' && answer !== null ? Reflect.get(answer, field) : undefined;
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
};

function readPage<T>(
  context: ClientContext,
  id: OperationId,
  answered: Answered,
  read: (wire: unknown) => T,
): RawPage<T> {
  const items = readResult(context, id, answered, (wire) => {
    if (!Array.isArray(wire)) throw new ShapeError('"result" is missing or not a list');
    return wire.map((item: unknown, at) => {
      try {
        return read(item);
      } catch (error) {
        if (error instanceof ShapeError)
          throw new ShapeError(error.message.replace('"result', `"result.${at}`));
        throw error;
      }
    });
  });
  return { items, limit: number(answered.whole, 'limit'), total: number(answered.whole, 'total') };
}

/** A lazy list of an operation. */
export function list<T extends { readonly id: string | number }>(
  context: ClientContext,
  id: OperationId,
  args: Arguments,
  { limit = DEFAULT_LIMIT, skip = 0, sort }: ListParams,
  filters: Query,
  read: (wire: unknown) => T,
  options: CallOptions | undefined,
): PagePromise<T> {
  const fetch: FetchPage<T> = (at) =>
    outcomeOf(context, id, options, async (scope, given) => {
      const query: Query = {
        ...filters,
        limit: whole('limit', limit),
        skip: whole('skip', at),
        ...(sort === undefined ? {} : { 'sort[]': sort }),
      };
      const answered = await invoke(context, id, { ...args, query }, given, scope);
      return withAnswer(readPage(context, id, answered, read), answered);
    });
  return pagePromise(fetch, (item) => item.id, skip);
}
