// What faults do to a request: to the list it asks for, to the response, and to the delivery of the response.

import type { ListFault } from '../context.ts';
import { bodyOf, errorReply, httpDate, phrase } from '../envelope.ts';
import type { Delivery } from '../plain.ts';
import type { KeyRecord } from '../state.ts';
import type { CommitSide, FaultEffect } from './fault-rules.ts';
import type { AppliedFault } from './faults.ts';

/** A response before it is delivered. */
export interface ResponseDraft {
  status: number;
  headers: Record<string, string>;
  body: string;
  delivery: Delivery;
  readonly delayMs: number;
}

/** The side of the commit on which an effect replaces the response; undefined: it does not. */
export function replacesAt(effect: FaultEffect): CommitSide | undefined {
  switch (effect.effect) {
    case 'reset':
    case 'stall':
      // What breaks in the middle of the body needs the body.
      return effect.when === 'mid-body' ? 'after-commit' : (effect.when ?? 'before-commit');
    case 'status':
    case 'wrong-json':
    case 'html':
    case 'empty':
    case 'string-error':
    case 'ok-with-error':
    case 'redirect':
      return effect.when ?? 'before-commit';
    case 'response': {
      // One that only adds headers needs the response that there would have been.
      const headersOnly = effect.status === undefined && effect.body === undefined;
      return effect.when ?? (headersOnly ? 'after-commit' : 'before-commit');
    }
    default:
      return undefined;
  }
}

/** The name of the effect in the journal. */
export function faultName(effect: FaultEffect): string {
  const name = effect.effect === 'status' ? `status ${effect.status}` : effect.effect;
  if ((effect.effect === 'reset' || effect.effect === 'stall') && effect.when === 'mid-body')
    return `${name} mid-body`;
  const side = replacesAt(effect);
  return side === undefined ? name : `${name} ${side}`;
}

/** How a list is changed. */
export function listFaultOf(applied: readonly AppliedFault[]): ListFault | undefined {
  let listFault: ListFault | undefined;
  for (const { effect } of applied) {
    if (effect.effect === 'cap-limit') listFault = { ...listFault, capLimit: effect.limit };
    if (effect.effect === 'repeat-page') listFault = { ...listFault, repeatPage: true };
    if (effect.effect === 'total') listFault = { ...listFault, total: effect.total };
  }
  return listFault;
}

export const staleKeysOf = (
  applied: readonly AppliedFault[],
): ReadonlyMap<number, readonly KeyRecord[]> | undefined =>
  applied.find(({ staleKeys }) => staleKeys !== undefined)?.staleKeys;

/** How wrong the `Date` header is, in milliseconds. */
export const skewOf = (applied: readonly AppliedFault[]): number =>
  applied.reduce((sum, { effect }) => (effect.effect === 'skew' ? sum + effect.ms : sum), 0);

/** How long the response waits, in milliseconds. */
export function delayOf(applied: readonly AppliedFault[]): number {
  let delay = 0;
  for (const { effect, dice } of applied) {
    if (effect.effect !== 'latency') continue;
    const { ms } = effect;
    delay += typeof ms === 'number' ? ms : ms.min + dice * (ms.max - ms.min);
  }
  return delay;
}

const HTML =
  '<!DOCTYPE html>\n<html><head><title>Proxy</title></head><body><h1>Sign in to continue</h1></body></html>\n';

const DRIP_BYTES = 16;
const DRIP_MS = 50;

/** Changes the response by one effect. `ms` is the time of its `Date` header. */
export function applyFault(
  draft: ResponseDraft,
  { effect }: AppliedFault,
  requestId: string,
  ms: number,
): void {
  const envelope = (status: number, fields: object): void => {
    replace(draft, status, JSON.stringify({ ...fields, request_id: requestId }, null, 4));
  };
  switch (effect.effect) {
    case 'reset':
    case 'stall':
      draft.delivery = {
        kind: 'cut',
        keep: effect.when === 'mid-body' ? 'half' : 'nothing',
        end: effect.effect,
      };
      break;
    case 'drip':
      draft.delivery = {
        kind: 'drip',
        chunkBytes: effect.chunkBytes ?? DRIP_BYTES,
        everyMs: effect.everyMs ?? DRIP_MS,
      };
      break;
    case 'truncate':
      draft.delivery = { kind: 'cut', keep: effect.keepBytes ?? 'half', end: 'close' };
      break;
    case 'status':
      replace(draft, effect.status, bodyOf(errorReply(effect.status, effect.message), requestId));
      if (effect.retryAfter !== undefined)
        draft.headers['Retry-After'] =
          effect.retryAfterForm === 'date' && typeof effect.retryAfter === 'number'
            ? httpDate(ms + effect.retryAfter * 1000)
            : String(effect.retryAfter);
      if (effect.status === 401) draft.headers['WWW-Authenticate'] = 'Basic realm=api';
      break;
    case 'wrong-json': {
      // All of it but the last brace: the content, a secret too, has arrived.
      const text = draft.body === '' ? '{"api_version": 4, "result": {}' : draft.body;
      replace(draft, draft.status === 204 ? 200 : draft.status, text.replace(/\}\s*$/, ''));
      break;
    }
    case 'html':
      replace(draft, effect.status ?? 200, HTML, 'text/html; charset=utf-8');
      break;
    case 'empty':
      replace(draft, effect.status ?? draft.status, '');
      break;
    case 'string-error':
      envelope(effect.status ?? 400, { error: 'Something went wrong', api_version: 4, result: null });
      break;
    case 'ok-with-error': {
      const code = effect.code ?? 400;
      envelope(200, { error: { code, message: phrase(code) }, api_version: 4, result: null });
      break;
    }
    case 'redirect':
      replace(draft, effect.status ?? 302, '');
      draft.headers.Location = effect.location;
      break;
    case 'response':
      draft.status = effect.status ?? draft.status;
      draft.body = effect.body ?? draft.body;
      for (const [name, value] of Object.entries(effect.headers ?? {})) setHeader(draft.headers, name, value);
      break;
    default:
      break;
  }
}

function replace(
  draft: ResponseDraft,
  status: number,
  body: string,
  type = 'application/json; charset=utf-8',
): void {
  draft.status = status;
  draft.body = body;
  draft.headers['Content-Type'] = type;
  if (status !== 401) delete draft.headers['WWW-Authenticate'];
}

/** Header names differ in case and mean the same. */
function setHeader(headers: Record<string, string>, name: string, value: string): void {
  const same = Object.keys(headers).find((known) => known.toLowerCase() === name.toLowerCase());
  headers[same ?? name] = value;
}
