// Routes of your own: endpoints that the reference does not know, with its credentials, envelope, faults, clock and journal.

import * as z from 'zod/mini';
import { parseOptions, spec } from '../util/options.ts';
import type { Context } from './context.ts';
import { Refusal, type Reply, refuse } from './envelope.ts';
import { page } from './lists.ts';
import { fail } from './read.ts';
import type { RouteKey } from './routes.ts';
import { rolesIn } from './state.ts';

type ParameterNames<Key extends string> = Key extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParameterNames<Rest>
  : never;

/** The parameters of a path: `{ id: string }` for `GET /tests/{id}`. */
export type RouteParams<Key extends string> = string extends Key
  ? Readonly<Record<string, string>>
  : { readonly [Name in ParameterNames<Key>]: string };

/** A schema of any library that follows Standard Schema: zod, valibot, arktype. It must validate synchronously. */
export interface BodySchema<Body = unknown> {
  readonly '~standard': {
    /** Checks a value: returns `{ value }`, or `{ issues }`. */
    readonly validate: (value: unknown) => unknown;
    readonly types?: { readonly output: Body } | undefined;
  };
}

/** What a handler receives. */
export interface RouteRequest<
  Params = Readonly<Record<string, string>>,
  Body = Readonly<Record<string, unknown>>,
> {
  readonly params: Params;
  readonly query: URLSearchParams;
  /** The JSON object of the request, `{}` where there is no body; with a schema, its output, from any JSON. */
  readonly body: Body;
  /** The user whose key signed the request. */
  readonly user: {
    readonly id: number;
    readonly email: string;
    readonly displayName: string;
    /** The user's roles in an account, `owner` among them; empty for a user who is not a member. */
    roles(accountId: number): readonly string[];
  };
  /** The time on the clock of the reference. */
  readonly now: Date;
  /** Values of your own, by name: plain data, which is part of a snapshot. {@link Reference.reset} clears them. */
  readonly state: Map<string, unknown>;
  /** An id that no other object of the reference has. */
  nextId(): number;
  /** One page of a list, by `limit`, `skip`, `sort[]` and the filters of the query; return it as the result. */
  paginate(items: readonly object[]): object;
  /** An error to throw: `throw problem(404, 'Test not found')`. */
  problem(status: number, detail?: string): Error;
}

/** Returns the `result` of the response, or `undefined` for a response without a body (204). Synchronous. */
export type RouteHandler<
  Params = Readonly<Record<string, string>>,
  Body = Readonly<Record<string, unknown>>,
> = (request: RouteRequest<Params, Body>) => unknown;

/** How a route responds. */
export interface RouteOptions<Body = Readonly<Record<string, unknown>>> {
  /** The status of a response with a result. Default 200; clients of BlazeMeter expect 201 for what they create. */
  readonly status?: 200 | 201 | 202 | undefined;
  /** What the body must be, such as a list; another one is refused with 400. Default: a JSON object. */
  readonly body?: BodySchema<Body> | undefined;
}

/** A route as a member of the option `routes`: its handler, or the handler with options. */
export type RouteDefinition<Key extends string = string> =
  | RouteHandler<RouteParams<Key>>
  | (RouteOptions<unknown> & { readonly handle: RouteHandler<RouteParams<Key>, unknown> });

/** A handler, whatever the types of its parameters and body. */
export type AnyHandler = (request: never) => unknown;

export type AnyRoute = AnyHandler | (RouteOptions<unknown> & { readonly handle: AnyHandler });

/** The routes of your own. */
export interface Routes {
  /**
   * Adds a route. It replaces one of the same method and path, also one of the reference.
   *
   * @example
   * ```ts
   * import { createReference } from 'blazemeter-client/testing';
   *
   * const reference = createReference();
   * reference.routes.add('POST /tests/{id}/start', { status: 202 }, ({ params, now, problem }) => {
   *   if (params.id === '0') throw problem(404, 'Test not found');
   *   return { testId: Number(params.id), started: Math.floor(now.getTime() / 1000) };
   * });
   * ```
   */
  add<const Key extends RouteKey>(key: Key, handler: RouteHandler<RouteParams<Key>>): void;
  /** The same with options. */
  add<const Key extends RouteKey, Body = Readonly<Record<string, unknown>>>(
    key: Key,
    options: RouteOptions<Body>,
    handler: RouteHandler<RouteParams<Key>, Body>,
  ): void;
}

/** A route of your own as the core runs it. */
export interface CustomRoute {
  readonly operation: RouteKey;
  readonly path: string;
  readonly run: (context: Context) => Reply;
}

const KEY = /^([A-Z]+) (\/\S*)$/;
/** What a URL holds as it is, or a parameter. A colon would begin a parameter in other libraries. */
const SEGMENT = /^(?:(?!:)[\w!$&'()+,;=:@.~%-]*|\{\w+\})$/;

/** Reads `POST /tests/{id}`. */
export function parseRouteKey(key: string): { readonly method: string; readonly path: string } {
  const [, method, path] = KEY.exec(key) ?? [];
  const parts = path?.split('/') ?? [];
  const where = `routes['${key}']`;
  if (method === undefined || path === undefined || !parts.every((part) => SEGMENT.test(part)))
    fail(where, 'must be a method and a path as a URL has it, such as "POST /tests/{id}/start".');
  if (method === 'HEAD') fail(where, 'is not needed: a route for GET responds to HEAD, too.');
  if (path.startsWith('/api/v4/')) fail(where, 'must be a path below /api/v4, without /api/v4.');
  const names = parts.filter((part) => part.startsWith('{'));
  if (new Set(names).size < names.length) fail(where, 'has two parameters of one name.');
  return { method, path };
}

/** What `paginate()` returns. */
class RoutePage {
  readonly reply: Reply;

  constructor(reply: Reply) {
    this.reply = reply;
  }

  /** It is part of something else that a handler returns. */
  toJSON(): never {
    throw new TypeError('Return what paginate() returns as it is.');
  }
}

const isSchema = (value: unknown): boolean =>
  typeof Reflect.get(Object(Reflect.get(Object(value), '~standard')), 'validate') === 'function';

const OPTIONS = {
  status: spec.any,
  body: z.optional(z.custom<BodySchema>(isSchema, 'a schema, such as one of zod')),
  handle: spec.any,
};

export function customRoute(
  method: string,
  path: string,
  options: RouteOptions<unknown>,
  handler: AnyHandler,
): CustomRoute {
  const key: RouteKey = `${method} /${path.slice(1)}`;
  if (typeof handler !== 'function') fail(`routes['${key}']`, 'must be a function, or options with handle.');
  const { status = 200, body: schema } = parseOptions(`routes['${key}']`, OPTIONS, options);
  if (![200, 201, 202].includes(status)) fail(`routes['${key}'].status`, 'must be 200, 201 or 202.');
  return {
    operation: key,
    path,
    run(context) {
      const result: unknown = Reflect.apply(handler, undefined, [requestOf(context, schema)]);
      if (result instanceof RoutePage) return result.reply;
      if (result === undefined) return { kind: 'none' };
      // What `problem()` created is meant to be thrown.
      if (result instanceof Error) throw result;
      if (result instanceof Promise) throw new TypeError(`The handler of ${key} must be synchronous.`);
      if (JSON.stringify(result) === undefined)
        throw new TypeError(`The handler of ${key} must return JSON data.`);
      return { kind: 'one', status, result };
    },
  };
}

function requestOf(context: Context, schema: BodySchema | undefined): object {
  const { caller, state, params, query } = context;
  const { id, email, displayName } = caller.user;
  const request: RouteRequest<unknown, unknown> = {
    params,
    query: query ?? new URLSearchParams(),
    body: schema === undefined ? context.body() : validated(schema, context.json()),
    user: {
      id,
      email,
      displayName,
      roles(accountId) {
        const account = state.accounts.get(accountId);
        return (account === undefined ? undefined : rolesIn(account, id)) ?? [];
      },
    },
    now: new Date(context.ms),
    state: state.custom,
    nextId: () => ++state.counters.custom,
    paginate: (items) => paged(context, items),
    problem,
  };
  return request;
}

function problem(status: number, detail?: string): Error {
  if (!Number.isInteger(status) || status < 400 || status > 599)
    throw new TypeError('The status of a problem is a whole number from 400 to 599.');
  return new Refusal(status, detail);
}

function paged(context: Context, items: readonly object[]): object {
  const text = (item: object, name: string): string => String(field(item, name) ?? '');
  const sort = new Set(items.flatMap((item) => Object.keys(item)));
  return new RoutePage(
    page(context, items, {
      view: (item) => item,
      sort: Object.fromEntries([...sort].map((name) => [name, (item: object) => comparable(item, name)])),
      texts: (item) => [text(item, 'name')],
      enabled: (item) => field(item, 'enabled') !== false,
    }),
  );
}

const field = (item: object, name: string): unknown =>
  Object.hasOwn(item, name) ? Reflect.get(item, name) : undefined;

function comparable(item: object, name: string): string | number | boolean | null {
  const value = field(item, name);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** The output of a schema for a body; a body that does not fit is refused with the path of the first problem. */
function validated(schema: BodySchema, body: unknown): unknown {
  const outcome = schema['~standard'].validate(body);
  if (typeof outcome !== 'object' || outcome === null || outcome instanceof Promise)
    throw new TypeError('The schema of a body must validate synchronously.');
  const issues: unknown = Reflect.get(outcome, 'issues');
  if (!Array.isArray(issues)) return Reflect.get(outcome, 'value');
  const [first]: unknown[] = issues;
  const path: unknown = typeof first === 'object' && first !== null ? Reflect.get(first, 'path') : undefined;
  const names = (Array.isArray(path) ? path : []).map((part: unknown) =>
    String(typeof part === 'object' && part !== null ? Reflect.get(part, 'key') : part),
  );
  return refuse(400, `${names.length === 0 ? 'the body' : names.join('.')} is not valid`);
}
