// Every way in which a response can fail to come, on a real socket, as functions of one exchange.
import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import type { Exchange, Fault } from './world.ts';

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** Headers and a part of the body; the length tells of more. */
const begin = (
  { response }: Exchange,
  status: number,
  whole: string,
  part: string,
  then: () => void,
): void => {
  response.writeHead(status, { ...JSON_TYPE, 'content-length': Buffer.byteLength(whole) });
  response.write(part, () => then());
};

/** Half of the body: it ends before a secret could. */
const half = (body: string) => body.slice(0, body.indexOf('"result"') + 12);
/** The body up to behind the secret, or all but its end where there is none. */
const behindSecret = (body: string) => {
  const secret = /"secret": "[^"]+"/.exec(body);
  return secret === null ? body.slice(0, -8) : body.slice(0, secret.index + secret[0].length);
};

const respondWith =
  (status: number, body: string | Buffer, headers: Record<string, string> = {}): Fault =>
  ({ response }) => {
    response.writeHead(status, { ...JSON_TYPE, ...headers });
    response.end(body);
  };

const committed =
  (fault: Fault): Fault =>
  (exchange) => {
    exchange.commit();
    fault(exchange);
  };

export const reset: Fault = ({ socket }) => void socket.resetAndDestroy();
export const resetAfterCommit = committed(reset);
export const closeAfterCommit = committed(({ socket }) => void socket.end());
export const stall: Fault = () => {};
export const stallAfterCommit = committed(stall);

const broken =
  (part: (body: string) => string, end: (exchange: Exchange) => void): Fault =>
  (exchange) => {
    const { status, body } = exchange.commit();
    begin(exchange, status, body, part(body), () => end(exchange));
  };

export const resetInBody = broken(half, ({ socket }) => void setTimeout(() => socket.resetAndDestroy(), 10));
export const resetBehindSecret = broken(
  behindSecret,
  ({ socket }) => void setTimeout(() => socket.resetAndDestroy(), 10),
);
export const truncated = broken(half, ({ socket }) => void socket.end());
export const stallInBody = broken(half, () => {});
export const stallBehindSecret = broken(behindSecret, () => {});

/** A chunked body whose last chunk never comes. */
export const truncatedChunks: Fault = (exchange) => {
  const { status, body } = exchange.commit();
  exchange.response.writeHead(status, JSON_TYPE);
  exchange.response.write(half(body), () => void exchange.socket.end());
};

/** The length is that of half the body, and all of it is sent. Written by hand: Node's server would not do it. */
export const lengthTooShort: Fault = (exchange) => {
  const { status, body } = exchange.commit();
  const length = Buffer.byteLength(half(body));
  exchange.socket.end(
    `HTTP/1.1 ${status} OK\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`,
  );
};

/** The whole body under a length that is one byte longer, on a connection that stays open. */
export const lengthTooLong: Fault = (exchange) => {
  const { status, body } = exchange.commit();
  begin(exchange, status, `${body} `, half(body), () => {});
};

const dripping =
  (bytes: number, everyMs: number): Fault =>
  (exchange) => {
    const { status, body } = exchange.commit();
    const { response } = exchange;
    response.writeHead(status, { ...JSON_TYPE, 'content-length': Buffer.byteLength(body) });
    let sent = 0;
    const timer = setInterval(() => {
      response.write(body.slice(sent, sent + bytes));
      sent += bytes;
      if (sent < body.length) return;
      clearInterval(timer);
      response.end();
    }, everyMs);
    response.on('close', () => clearInterval(timer));
  };

export const slowDrip = dripping(2, 20);
export const quickDrip = dripping(128, 2);

const MIB = 1024 * 1024;
const begun = '{"api_version": 4, "error": null, "result": "';
/** 64 MiB of JSON in 64 kB. */
const BOMB = gzipSync(Buffer.concat([Buffer.from(begun), Buffer.alloc(64 * MIB, 'a')]), { level: 9 });
const GZIP = { 'content-encoding': 'gzip' };
export const bomb = committed(respondWith(200, BOMB, GZIP));
export const errorBomb = respondWith(500, BOMB, GZIP);

const LEVELS = 200_000;
const DEEP = `${'['.repeat(LEVELS)}${']'.repeat(LEVELS)}`;
export const deepResult = committed(respondWith(200, `{"api_version": 4, "error": null, "result": ${DEEP}}`));
export const deepError = respondWith(400, `{"error": ${DEEP}, "api_version": 4, "result": null}`);
export const deepField: Fault = (exchange) => {
  const { status, body } = exchange.commit();
  respondWith(status, body.replace('{', `{"unknown": ${DEEP},`))(exchange);
};

const failed = (status: number) =>
  `{"error": {"code": ${status}, "message": "Said the test"}, "api_version": 4, "result": null}`;
export const status = (code: number, headers: Record<string, string> = {}): Fault =>
  respondWith(code, failed(code), headers);
export const statusAfterCommit = (code: number): Fault => committed(status(code));

/** 429, with a date that lies so many seconds ahead. */
export const limitedUntil =
  (seconds: number): Fault =>
  (exchange) => {
    const date = new Date(Date.now() + seconds * 1000).toUTCString();
    status(429, { 'retry-after': date })(exchange);
  };

export const redirect = (code: number, location: string): Fault => respondWith(code, '', { location });

const PAGE = '<!DOCTYPE html><html><title>Sign in</title><body>The proxy wants to know you.</body></html>';
export const html = (code: number): Fault => respondWith(code, PAGE, { 'content-type': 'text/html' });
export const emptyAfterCommit = committed(respondWith(200, ''));
export const notHttp: Fault = ({ socket }) => void socket.end('220 mail.example ESMTP\r\n');

/** Headers without end. */
export const endlessHeaders: Fault = ({ socket }) => {
  socket.write('HTTP/1.1 200 OK\r\n');
  const timer = setInterval(() => socket.write(`x-more: ${'a'.repeat(4_000)}\r\n`), 1);
  socket.on('close', () => clearInterval(timer));
};
