// A fetch for networks with a proxy or a CA of their own. Node's own fetch learns of either only before the process starts,
// and in ways that differ between 20 and 26; node:https with a tunnel does the same on all of them.

import {
  type ClientRequest,
  type IncomingMessage,
  request as plainRequest,
  type RequestOptions,
} from 'node:http';
import { request as secureRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import * as tls from 'node:tls';
import type { FetchInit, FetchLike } from '../../http/signing-fetch.ts';
import { readText, shownPath } from '../files.ts';
import { usage } from './exit-codes.ts';
import { type Env, proxyFor } from './proxy.ts';

export interface NetworkOptions {
  readonly env: Env;
  /** A PEM file that is trusted besides what Node trusts. */
  readonly caFile: string | undefined;
}

const MIB = 1_048_576;

/** The fetch that this network needs, for the API and for the stores; undefined: Node's own. */
export function networkFetch(baseUrl: string, { env, caFile }: NetworkOptions): FetchLike | undefined {
  const ca = caFile === undefined ? undefined : [...trusted(env), certificates(caFile)];
  // Said now, and not by the first request, if it is no proxy's address.
  if (URL.canParse(baseUrl)) proxyFor(new URL(baseUrl), env);
  if (ca === undefined && !env.https_proxy && !env.HTTPS_PROXY) return undefined;
  return (address, init) => {
    const url = new URL(address);
    const proxy = proxyFor(url, env);
    if (ca === undefined && proxy === undefined) return globalThis.fetch(address, init);
    return send(url, init, { proxy, ca });
  };
}

/** Node takes any text for certificates, and leaves out what is none. */
function certificates(path: string): string {
  const text = readText('--ca-file', path, MIB);
  if (/-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/.test(text)) return text;
  throw usage(`--ca-file ${shownPath(path)}: it holds no certificate in PEM form.`);
}

/** What Node trusts anyway: a list of one's own would take its place. */
function trusted(env: Env): string[] {
  // From Node 22.15 on, with what NODE_EXTRA_CA_CERTS and --use-system-ca add.
  const list: unknown = Reflect.get(tls, 'getCACertificates');
  if (typeof list === 'function') {
    const all: unknown = list('default');
    if (Array.isArray(all)) return all.filter((each) => typeof each === 'string');
  }
  const extra = env.NODE_EXTRA_CA_CERTS;
  return [...tls.rootCertificates, ...(extra ? [readText('NODE_EXTRA_CA_CERTS', extra, MIB)] : [])];
}

interface Way {
  readonly proxy: URL | undefined;
  readonly ca: string[] | undefined;
}

function send(url: URL, init: FetchInit, { proxy, ca }: Way): Promise<Response> {
  const { method, headers, body, signal } = init;
  return new Promise((resolve, reject) => {
    const start = (options: RequestOptions & { readonly ca?: string[] }) => {
      const request = url.protocol === 'https:' ? secureRequest(url, options) : plainRequest(url, options);
      for (const [name, value] of Object.entries(sent)) request.setHeader(name, value);
      settle(request, signal, reject);
      request.on('response', (answer) => {
        try {
          resolve(asResponse(answer));
        } catch (error) {
          answer.destroy();
          reject(error);
        }
      });
      request.end(body);
    };
    // What comes compressed would have to be taken apart again. Headers are no part of the options: NODE_DEBUG prints those.
    const sent = { ...headers, 'accept-encoding': 'identity' };
    const common = {
      method,
      signal,
      ...(ca === undefined ? {} : { ca }),
    };
    if (proxy === undefined) {
      start(common);
      return;
    }
    tunnel(url, proxy, { ca, signal }).then((socket) => {
      const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
      const secure = tls.connect({ socket, host, ...servername(host), ...(ca === undefined ? {} : { ca }) });
      // Until the request has it, an error of the socket is nobody's.
      secure.once('error', reject);
      // With an agent, be it none, the agent would make the connection itself, past the proxy.
      start({ ...common, createConnection: () => secure });
    }, reject);
  });
}

/** TLS names no address as the server's name. */
const servername = (host: string) => (/^[\d.]+$|:/.test(host) ? {} : { servername: host });

/** Asks the proxy for a connection to the host of the address. */
function tunnel(url: URL, proxy: URL, { ca, signal }: { ca: string[] | undefined; signal: AbortSignal }) {
  const target = `${url.hostname}:${url.port || '443'}`;
  const { username, password } = proxy;
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const basic = username === '' ? undefined : `Basic ${Buffer.from(user).toString('base64')}`;
  const secure = proxy.protocol === 'https:';
  const options = {
    method: 'CONNECT',
    host: proxy.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: proxy.port || (secure ? 443 : 80),
    path: target,
    agent: false,
    signal,
  } as const;
  return new Promise<Duplex>((resolve, reject) => {
    const request = secure
      ? secureRequest({ ...options, ...(ca === undefined ? {} : { ca }) })
      : plainRequest(options);
    request.setHeader('host', target);
    if (basic !== undefined) request.setHeader('proxy-authorization', basic);
    settle(request, signal, reject);
    request.on('connect', ({ statusCode = 0 }, socket) => {
      if (statusCode === 200) resolve(socket);
      else {
        socket.destroy();
        // In the words of undici, by which the client tells a refused tunnel from a lost request.
        reject(new Error(`Proxy response (${statusCode}) !== 200 when HTTP Tunneling`));
      }
    });
    // A proxy that answers CONNECT like any request.
    request.on('response', ({ statusCode = 0 }) => {
      request.destroy();
      reject(new Error(`Proxy response (${statusCode}) !== 200 when HTTP Tunneling`));
    });
    request.end();
  });
}

function settle(request: ClientRequest, signal: AbortSignal, reject: (error: unknown) => void): void {
  request.on('error', (error) => reject(signal.aborted ? signal.reason : error));
}

/** Statuses whose answers have no body. */
const BODILESS = new Set([204, 205, 304]);

function asResponse(answer: IncomingMessage): Response {
  const { statusCode: status = 0, rawHeaders } = answer;
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '');
  if (BODILESS.has(status)) {
    answer.resume();
    return new Response(null, { status, headers });
  }
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      answer.on('data', (chunk: Buffer) => controller.enqueue(new Uint8Array(chunk)));
      answer.on('end', () => controller.close());
      answer.on('error', (error) => controller.error(error));
    },
    cancel: () => void answer.destroy(),
  });
  return new Response(body, { status, headers });
}
