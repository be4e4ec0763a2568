// A service that differs from what we assume: a small fetch in front of the reference implementation, which turns the
// form that the "real" service wants into the assumed one, refuses the assumed one where it is gone, and gives responses
// another shape.
import type { OperationOverrides } from 'blazemeter-client';
import { createReference } from 'blazemeter-client/testing';
import type { Fetch } from '../../support/checked-fetch.ts';
import { isRecord, type Json } from '../../support/openapi-document.ts';

/** How the service differs. */
export interface Difference {
  /** What we assume: `POST /api-keys`. */
  readonly assumed: string;
  /** What it really is. */
  readonly real: string;
  /** The assumed body for a real one; `ignored`: the service does nothing and says 200. */
  readonly body?: (real: Json) => Json | undefined | 'ignored';
  readonly accepts?: (real: Json) => boolean;
  readonly result?: (assumed: Json) => unknown;
  readonly status?: number;
  readonly envelope?: (result: Json) => unknown;
}

export interface Shape extends Difference {
  readonly about: 'create' | 'regenerate' | 'policy';
  readonly name: string;
  /** The operation definition to override. */
  readonly definition: keyof OperationOverrides;
  /** How the call ends without the override. */
  readonly without:
    | 'works'
    | 'UndeliveredSecretError'
    | 'AmbiguousOutcomeError'
    | 'NotFoundError'
    | 'BadRequestError'
    | 'InvalidResponseError';
  readonly override: OperationOverrides;
}

/** It is done with another method, or at another path. */
export const moved = (
  real: string,
  assumed: string,
  accepts?: Difference['accepts'],
  body?: Difference['body'],
): Difference => ({ assumed, real, ...(accepts && { accepts }), ...(body && { body }) });

/** It wants another body. */
export const sends = (
  assumed: string,
  body: NonNullable<Difference['body']>,
  accepts?: Difference['accepts'],
): Difference => ({ assumed, real: assumed, body, ...(accepts && { accepts }) });

/** It responds in another form. */
export const answered = (
  assumed: string,
  result: NonNullable<Difference['result']>,
  more: Pick<Difference, 'status' | 'envelope'> = {},
): Difference => ({ assumed, real: assumed, result, ...more });

/** What is inside, where it is an object. */
export const inner = (value: unknown): Json => (isRecord(value) ? value : {});

export interface Served {
  readonly fetch: Fetch;
  readonly credentials: { readonly id: string; readonly secret: string };
  readonly accountId: number;
  /** A key of the same user that signs nothing. */
  readonly otherKeyId: string;
  /** Every secret that the service issued, in order. */
  issued(): readonly string[];
  lastKeyId(): string | undefined;
}

const BASE = '/api/v4';

/** The values of the placeholders, where the call has the form of the template. */
function matched(template: string, method: string, path: string): readonly string[] | undefined {
  const [wanted = '', pattern = ''] = template.split(' ');
  const found = new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, '([^/]+)')}$`).exec(path);
  return wanted === method && found !== null ? found.slice(1) : undefined;
}

const fill = (template: string, values: readonly string[]) => {
  const rest = [...values];
  return template.replaceAll(/\{\w+\}/g, () => rest.shift() ?? '');
};

const refused = (status: number, message: string) =>
  new Response(JSON.stringify({ error: { code: status, message }, api_version: 4, result: null }), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', date: new Date().toUTCString() },
  });

export function serve(difference: Difference): Served {
  const reference = createReference();
  const { keys, accounts } = reference.seed({
    users: { owner: {} },
    accounts: { main: { owner: 'owner' } },
    keys: { signer: { user: 'owner' }, other: { user: 'owner' } },
  });
  const issued: string[] = [];
  let lastKeyId: string | undefined;
  const watched: Fetch = async (url, init) => {
    const response = await reference.fetch(url, init);
    const { id, secret } = inner(
      inner(
        await response
          .clone()
          .json()
          .catch(() => ({})),
      ).result,
    );
    if (typeof secret === 'string') {
      issued.push(secret);
      lastKeyId = String(id);
    }
    return response;
  };

  const fetch: Fetch = async (url, init = {}) => {
    const { origin, pathname, search } = new URL(url);
    const method = init.method ?? 'GET';
    const path = pathname.slice(BASE.length);
    const values = matched(difference.real, method, path);
    if (values === undefined) {
      const gone = matched(difference.assumed, method, path) !== undefined;
      return gone ? refused(404, 'Not Found') : watched(url, init);
    }
    const real = inner(typeof init.body === 'string' ? JSON.parse(init.body) : undefined);
    if (difference.accepts?.(real) === false) return refused(400, 'Bad Request');
    const body = difference.body === undefined ? (init.body ?? undefined) : difference.body(real);
    const [assumedMethod = '', assumedPath = ''] = difference.assumed.split(' ');
    const ignored = body === 'ignored';
    const { body: _, ...rest } = init;
    const response = await watched(`${origin}${BASE}${fill(assumedPath, values)}${search}`, {
      ...rest,
      method: ignored ? 'GET' : assumedMethod,
      ...(body === undefined || ignored ? {} : { body: isRecord(body) ? JSON.stringify(body) : body }),
    });
    return response.ok ? reshaped(response, difference) : response;
  };

  return {
    fetch,
    credentials: keys.signer,
    accountId: accounts.main.id,
    otherKeyId: keys.other.id,
    issued: () => issued,
    lastKeyId: () => lastKeyId,
  };
}

/** The same response in another form. */
async function reshaped(response: Response, difference: Difference): Promise<Response> {
  const { status = response.status, result, envelope } = difference;
  const { headers } = response;
  if (status === 204) return new Response(null, { status, headers });
  const json = inner(await response.json());
  const assumed = inner(json.result);
  const whole = envelope?.(assumed) ?? {
    ...json,
    result: result === undefined ? json.result : result(assumed),
  };
  return new Response(JSON.stringify(whole), { status, headers });
}
