// What the control API can do: a table over plain values. No GET changes anything.

import * as z from 'zod/mini';
import { VERSION } from '../../version.ts';
import { skewMs, timeOffset } from '../clock.ts';
import { readFaultRule } from '../faults/fault-read.ts';
import type { ActiveFault } from '../faults/faults.ts';
import { fail, InvalidInputError, read, readObject, strictObject } from '../read.ts';
import type { Reference } from '../reference.ts';
import { isOperationName, OPERATION_NAME, type OperationName, operationOf } from '../routes.ts';
import type { Seed, Seeded } from '../seed/seed.ts';
import type { Snapshot } from '../seed/snapshot.ts';
import { readSemantics } from '../semantics.ts';

export interface ControlCall {
  readonly method: string;
  /** Below `/__reference/`, without slashes at its ends. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The JSON that was sent; undefined where nothing was. */
  readonly body: unknown;
}

export interface ControlReply {
  readonly status: number;
  readonly body?: unknown;
  readonly allow?: string;
}

export interface ControlTarget {
  readonly reference: Reference;
  /** Makes what the command made at its start, in a reference that is empty. */
  readonly seedAgain: () => Seeded;
}

type Handler = (call: ControlCall, id: string) => ControlReply;

const ok = (body: unknown): ControlReply => ({ status: 200, body });

export function createControlRoutes({ reference, seedAgain }: ControlTarget) {
  const { clock, faults, journal } = reference;
  const ids = new WeakMap<ActiveFault, number>();
  let lastId = 0;
  const idOf = (fault: ActiveFault): number => {
    const id = ids.get(fault) ?? ++lastId;
    ids.set(fault, id);
    return id;
  };
  const showFault = (fault: ActiveFault) => ({
    id: idOf(fault),
    timesApplied: fault.timesApplied,
    rule: fault.rule,
  });
  const showFaults = () => ({ faults: faults.active.map(showFault) });
  const showClock = () => ({ now: clock.now() });
  const showSemantics = () => ({ semantics: reference.semantics });

  const table: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
    '': {
      GET: () => ok({ name: 'blazemeter-reference', version: VERSION, paths: Object.keys(table).slice(1) }),
    },
    clock: { GET: () => ok(showClock()) },
    'clock/advance': {
      POST: ({ body }) => {
        clock.advance(read(timeOffset, body, 'body'));
        return ok(showClock());
      },
    },
    'clock/set': {
      POST: ({ body }) => {
        clock.set(read(toMoment, body, 'body').to);
        return ok(showClock());
      },
    },
    'clock/freeze': {
      POST: ({ body }) => {
        nothing(body);
        clock.freeze();
        return ok(showClock());
      },
    },
    'clock/resume': {
      POST: ({ body }) => {
        nothing(body);
        clock.resume();
        return ok(showClock());
      },
    },
    'clock/skew': {
      POST: ({ body }) => {
        clock.skew(read(skew, body, 'body').ms);
        return ok(showClock());
      },
    },
    faults: {
      GET: () => ok(showFaults()),
      POST: ({ body }) => {
        const given = Array.isArray(body) ? body : [body];
        // All are read before the first is added. A redirect may lead to this machine only.
        const rules = given.map((rule: unknown, index) =>
          readFaultRule(rule, Array.isArray(body) ? `body[${index}]` : 'body', { anyRedirect: false }),
        );
        return { status: 201, body: { faults: rules.map((rule) => showFault(faults.add(rule))) } };
      },
      DELETE: ({ body }) => {
        nothing(body);
        faults.clear();
        return ok(showFaults());
      },
    },
    'faults/*': {
      DELETE: ({ body }, id) => {
        nothing(body);
        const fault = faults.active.find((active) => String(idOf(active)) === id);
        if (fault === undefined) return { status: 404 };
        fault.remove();
        return ok(showFaults());
      },
    },
    journal: {
      GET: ({ query }) => ok(readJournal(reference, query)),
      DELETE: ({ body }) => {
        nothing(body);
        journal.clear();
        return ok({ count: 0, entries: [] });
      },
    },
    semantics: {
      GET: () => ok(showSemantics()),
      POST: ({ body }) => {
        reference.setSemantics(
          readSemantics(body ?? fail('body', 'is missing.'), reference.semantics, 'body'),
        );
        return ok(showSemantics());
      },
    },
    explain: { GET: () => ok({ behaviours: reference.explain() }) },
    'state/seed': {
      POST: ({ body }) => {
        if (body === undefined) return { status: 201, body: reference.seed() };
        return { status: 201, body: reference.seed(readObject<Seed>(body, 'body')) };
      },
    },
    'state/reset': {
      POST: ({ body }) => {
        const { empty = false } = read(resetTo, body ?? {}, 'body');
        reference.reset();
        return ok(empty ? {} : seedAgain());
      },
    },
    'state/snapshot': { GET: () => ok(reference.snapshot()) },
    'state/restore': {
      POST: ({ body }) => {
        reference.restore(readObject<Snapshot>(body, 'body'));
        return ok(showClock());
      },
    },
  };

  return (call: ControlCall): ControlReply => {
    const one = /^faults\/([^/]+)$/.exec(call.path)?.[1];
    const pattern = one === undefined ? call.path : 'faults/*';
    const methods = Object.hasOwn(table, pattern) ? table[pattern] : undefined;
    if (methods === undefined) return { status: 404 };
    const name = call.method === 'HEAD' ? 'GET' : call.method;
    const handler = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (handler === undefined) return { status: 405, allow: Object.keys(methods).join(', ') };
    try {
      return handler(call, one ?? '');
    } catch (error) {
      // A clock that is moved out of its years is the caller's mistake, too.
      if (error instanceof InvalidInputError || error instanceof RangeError)
        return { status: 400, body: { error: { message: error.message } } };
      throw error;
    }
  };
}

/** A change that needs no data takes no data, or `{}`. */
const nothing = (body: unknown): unknown => read(strictObject({}), body ?? {}, 'body');

const skew = strictObject({ ms: skewMs });
const toMoment = strictObject({ to: z.string() });
const resetTo = strictObject({ empty: z.optional(z.boolean()) });
const operationName = z.custom<OperationName>(isOperationName, OPERATION_NAME);

/** Entries by operation, by what the reference does not know, and since a number; `last` keeps so many of them. */
function readJournal({ journal }: Reference, query: URLSearchParams): object {
  const known = ['operation', 'unhandled', 'since', 'last'];
  for (const name of query.keys())
    if (!known.includes(name)) fail('query', `has an unknown parameter; known are ${known.join(', ')}.`);
  const operation = query.get('operation');
  const unhandled = read(z.enum(['true', 'false']), query.get('unhandled') ?? 'false', 'query.unhandled');
  const wanted = operation === null ? null : operationOf(read(operationName, operation, 'query.operation'));
  const since = wholeNumber(query.get('since'), 'query.since') ?? 0;
  const last = wholeNumber(query.get('last'), 'query.last');
  const found = (unhandled === 'true' ? journal.unhandled : journal.entries).filter(
    (entry) => entry.number > since && (wanted === null || entry.operation === wanted),
  );
  return {
    count: found.length,
    entries: last === undefined ? found : found.slice(Math.max(0, found.length - last)),
  };
}

function wholeNumber(value: string | null, path: string): number | undefined {
  if (value === null) return undefined;
  return /^\d{1,15}$/.test(value) ? Number(value) : fail(path, 'must be a whole number.');
}
