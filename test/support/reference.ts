// Plain requests to a reference, for tests that look at its responses.
import type { Reference, SeededKey } from 'blazemeter-client/testing';

export const DAY = 86_400;

export const basic = ({ id, secret }: { id: string; secret: string }): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The whole envelope; empty where the body is no JSON object. */
  readonly json: Readonly<Record<string, unknown>>;
  /** `result`, where it is an object. */
  readonly result: Readonly<Record<string, unknown>>;
  /** `result`, where it is a list of objects. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** The message of `error`. */
  readonly message: string;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** Sends one request, signed with the key where there is one. */
export function send(
  reference: Reference,
  key: { id: string; secret: string } | undefined,
  method: string,
  path: string,
  body?: unknown,
): Reply {
  const response = reference.handle({
    method,
    path: `/api/v4${path}`,
    headers: key === undefined ? {} : { authorization: basic(key) },
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const json = parsed(response.body);
  const { result, error } = json;
  return {
    status: response.status,
    headers: response.headers,
    text: response.body,
    json,
    result: isObject(result) ? result : {},
    rows: Array.isArray(result) ? result.filter(isObject) : [],
    message: isObject(error) && typeof error.message === 'string' ? error.message : '',
  };
}

/** The seconds on the reference's clock. */
export const nowOf = (reference: Reference): number => Math.floor(reference.clock.now().getTime() / 1000);

/** Creates a key for so many days. */
export const create = (reference: Reference, key: SeededKey, days: number, name = 'ci'): Reply =>
  send(reference, key, 'POST', '/api-keys', { name, expiration: nowOf(reference) + days * DAY });

/** The credentials in the response to create or regenerate. */
export function credentialsOf(response: Reply): { id: string; secret: string } {
  const { id, secret } = response.result;
  if (typeof id !== 'string' || typeof secret !== 'string')
    throw new Error(`no credentials in ${response.text}`);
  return { id, secret };
}
