// Who may use the control API. A web page that a browser on this machine shows must not: neither by a request of its own
// (it carries an Origin), nor by a name of its own that leads to 127.0.0.1 (the Host is then that name).

import { createHash, timingSafeEqual } from 'node:crypto';

/** What is looked at of a request: an `IncomingMessage` has it. */
export interface GuardedRequest {
  readonly method?: string | undefined;
  readonly headersDistinct: Readonly<Record<string, readonly string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** A refusal, as status and reason. */
export interface Refused {
  readonly status: 401 | 403 | 415;
  readonly reason: string;
}

export interface GuardOptions {
  /** The address that is listened on. */
  readonly host: string;
  /** Further names that a `Host` header may have. */
  readonly names: readonly string[];
  /** Where there is one, it is asked for, and other machines may come. */
  readonly token: string | undefined;
}

type Guard = (request: GuardedRequest) => Refused | undefined;

const LOOPBACK_ADDRESS = /^(?:::1|(?:::ffff:)?127(?:\.\d{1,3}){3})$/;
const LOOPBACK_NAME = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;
const UNSPECIFIED = new Set(['0.0.0.0', '::', '']);

/** Whether an address that is listened on is this machine's alone. */
export const isLoopback = (host: string): boolean => LOOPBACK_NAME.test(host.toLowerCase());

/** Whether it stands for all addresses of the machine. */
const isUnspecified = (host: string): boolean => UNSPECIFIED.has(host);

export function createGuard({ host, names, token }: GuardOptions): Guard {
  const known = new Set([...names, ...(isUnspecified(host) ? [] : [host.toLowerCase()])]);
  const wanted = token === undefined ? undefined : digest(token);
  return (request) => {
    const { headersDistinct: headers, method = 'GET', socket } = request;
    if (wanted === undefined && !LOOPBACK_ADDRESS.test(socket.remoteAddress ?? ''))
      return refused(403, 'Without --control-token-file, only this machine may use the control API.');
    const name = nameOf(headers.host);
    if (name === undefined || !(LOOPBACK_NAME.test(name) || known.has(name)))
      return refused(403, 'The Host header must name this machine, or what --host and --control-host say.');
    const sites = headers['sec-fetch-site'] ?? [];
    if (headers.origin !== undefined || sites.some((site) => site !== 'none' && site !== 'same-origin'))
      return refused(403, 'Web pages may not use the control API.');
    if (wanted !== undefined && !bears(headers.authorization, wanted))
      return refused(401, 'The control API asks for "Authorization: Bearer" and the token of its file.');
    const changes = method !== 'GET' && method !== 'HEAD';
    if (changes && !isJson(headers['content-type']))
      return refused(415, 'A change needs "Content-Type: application/json".');
    return undefined;
  };
}

const refused = (status: Refused['status'], reason: string): Refused => ({ status, reason });

/** The name of a `Host` header without its port and brackets; undefined unless there is exactly one that is well-formed. */
function nameOf(hosts: readonly string[] | undefined): string | undefined {
  const [host, ...more] = hosts ?? [];
  if (host === undefined || more.length > 0) return undefined;
  const match = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(host);
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares digests, so that the time taken tells nothing of the token. */
function bears(values: readonly string[] | undefined, wanted: Buffer): boolean {
  const [value, ...more] = values ?? [];
  const given = /^Bearer +(\S+) *$/i.exec(value ?? '')?.[1];
  return given !== undefined && more.length === 0 && timingSafeEqual(digest(given), wanted);
}

const isJson = (types: readonly string[] | undefined): boolean =>
  types?.length === 1 && /^application\/json *(?:;|$)/i.test(types[0] ?? '');
