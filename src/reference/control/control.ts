// The control API on its socket: from a request of node:http to the table of what can be done, and back. It shares the
// port with the reference and is seen first, so neither a fault nor the journal ever meets it.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { safeJson } from '../../util/printable.ts';
import type { FirstLook } from '../listen.ts';
import { createGuard, type GuardOptions } from './control-guard.ts';
import { type ControlReply, type ControlTarget, createControlRoutes } from './control-routes.ts';

export interface ControlOptions extends ControlTarget, GuardOptions {}

/** The most that a body may hold, as for a seed file. */
const MOST_BODY = 16 * 1_048_576;

const PREFIX = /^\/__reference(?:\/([^?#]*))?(?:\?([^#]*))?$/;

const REASONS: Readonly<Record<number, string>> = {
  404: 'The control API has no such path; GET /__reference/ lists them.',
  405: 'This path has other methods; see Allow.',
  413: 'The body is larger than 16 MiB.',
  500: 'The control API failed.',
};

const problem = (status: number, message = REASONS[status] ?? 'Refused.'): ControlReply => ({
  status,
  body: { error: { message } },
});

/** What answers the requests for the control API, and leaves the others alone. */
export function createControl(options: ControlOptions): FirstLook {
  const guard = createGuard(options);
  const routes = createControlRoutes(options);

  const answer = (request: IncomingMessage, path: string, query: string, bytes: Buffer): ControlReply => {
    const { method = 'GET' } = request;
    const parsed = parseBody(bytes);
    if ('problem' in parsed) return problem(400, parsed.problem);
    const { body } = parsed;
    const wanted = path.replace(/\/$/, '');
    return routes({ method, path: wanted, query: new URLSearchParams(query), body });
  };

  return (request, response) => {
    const [whole, path = '', query = ''] = PREFIX.exec(request.url ?? '') ?? [];
    if (whole === undefined) return false;
    const refused = guard(request);
    if (refused !== undefined) {
      // Its body is not read, so the connection cannot be used again.
      response.shouldKeepAlive = false;
      send(response, problem(refused.status, refused.reason));
      return true;
    }
    receive(request, (bytes) => {
      if (bytes === undefined) {
        response.shouldKeepAlive = false;
        response.once('finish', () => request.destroy());
        send(response, problem(413));
        return;
      }
      try {
        send(response, answer(request, path, query, bytes));
      } catch {
        send(response, problem(500));
      }
    });
    return true;
  };
}

/** Collects a body; undefined where it is too large. */
function receive(request: IncomingMessage, done: (bytes: Buffer | undefined) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    const before = length;
    length += chunk.length;
    if (length <= MOST_BODY) chunks.push(chunk);
    else if (before <= MOST_BODY) {
      request.pause();
      done(undefined);
    }
  });
  request.on('end', () => {
    if (length <= MOST_BODY) done(Buffer.concat(chunks));
  });
  // Whoever goes away in the middle needs no answer.
  request.on('error', () => undefined);
}

function parseBody(bytes: Buffer): { readonly body: unknown } | { readonly problem: string } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { body: text.trim() === '' ? undefined : JSON.parse(text) };
  } catch {
    return { problem: 'The body is not valid JSON.' };
  }
}

function send(response: ServerResponse, reply: ControlReply): void {
  const { status, allow, body = problem(status).body } = reply;
  const bytes = Buffer.from(`${safeJson(body, 2)}\n`);
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': bytes.length,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'same-origin',
    ...(allow === undefined ? {} : { Allow: allow }),
    ...(status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
  });
  response.end(bytes);
}
