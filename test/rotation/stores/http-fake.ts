// The socket under the fakes of Vault and Kubernetes: plain node:http, a journal of what was asked, and the ways in which
// a response goes wrong. What a fake says is ours, written after the public documentation of the service; it is not the service.
import { createServer, type IncomingHttpHeaders } from 'node:http';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What becomes of the next requests, first one first. `lost`: done, and the connection breaks before the response. */
export type Trouble =
  | { readonly kind: 'reply'; readonly reply: Reply; readonly only?: 'writes' }
  | { readonly kind: 'lost' | 'hang' | 'reset' | 'endless'; readonly only?: 'writes' };

export interface HttpFake {
  readonly url: string;
  readonly asked: Asked[];
  readonly troubles: Trouble[];
  close(): Promise<void>;
}

export async function httpFake(replyTo: (asked: Asked) => Reply): Promise<HttpFake> {
  const asked: Asked[] = [];
  const troubles: Trouble[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const { method = '', url = '', headers } = request;
      const one: Asked = { method, path: url, headers, body: text === '' ? undefined : JSON.parse(text) };
      asked.push(one);
      const at = troubles.findIndex(({ only }) => only === undefined || method !== 'GET');
      const [trouble] = at < 0 ? [] : troubles.splice(at, 1);
      if (trouble?.kind === 'hang') return;
      if (trouble?.kind === 'reset') {
        request.socket.resetAndDestroy();
        return;
      }
      if (trouble?.kind === 'endless') {
        response.writeHead(200, { 'content-type': 'application/json' });
        const pour = () => {
          while (!response.destroyed && response.write(' '.repeat(65_536)));
        };
        response.on('drain', pour);
        pour();
        return;
      }
      const reply = trouble?.kind === 'reply' ? trouble.reply : replyTo(one);
      if (trouble?.kind === 'lost') {
        request.socket.resetAndDestroy();
        return;
      }
      response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
      response.end(reply.body === undefined ? '' : JSON.stringify(reply.body));
    });
    request.on('error', () => undefined);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    troubles,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** A field of what was sent. */
export const sent = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );

/** The fields of an object that was sent. */
export const fieldsIn = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {};
