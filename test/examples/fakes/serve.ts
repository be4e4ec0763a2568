// What the fakes stand on: a server on a port of this machine that hears plain values and says plain values.
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';

export interface Heard {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Said {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
}

export interface Serving {
  readonly url: string;
  /** What was asked, as `METHOD /path`. */
  readonly heard: string[];
  close(): Promise<void>;
}

async function open(handle: (heard: Heard) => Promise<Said | undefined>): Promise<Serving> {
  const heard: string[] = [];
  const server: Server = createServer(async (message, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk);
    const { pathname, searchParams } = new URL(message.url ?? '/', 'http://here');
    const { method = '', headers } = message;
    heard.push(`${method} ${pathname}`);
    const body = Buffer.concat(chunks).toString();
    const said = await handle({ method, path: pathname, query: searchParams, headers, body });
    if (said === undefined) return void message.socket.destroy();
    response.writeHead(said.status, said.headers ?? {}).end(said.body ?? '');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    heard,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** A fake on a port. */
export const serve = (handle: (heard: Heard) => Said): Promise<Serving> =>
  open(async (heard) => handle(heard));

export const json = (status: number, value?: unknown, headers: Said['headers'] = {}): Said => ({
  status,
  headers: value === undefined ? headers : { 'content-type': 'application/json; charset=utf-8', ...headers },
  ...(value === undefined ? {} : { body: JSON.stringify(value) }),
});

/** The JSON of a body; `undefined` where it is none. */
export function parsed(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
