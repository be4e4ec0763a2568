// The table: failure x operation -> how the call ends, and how often the request was sent. It is data, and written from
// the rules, not from what the client does: reads and what is harmless are sent again; a create never, unless nothing
// was sent; a secret is made anew only where another key signs, or where the old one has proven to work.
//
// A cell reads `Class(reason) sends`, or `ok sends`. All calls have `maxRetries: 1`. `lasting`: it always goes wrong;
// `once`: only the first time.
import type { ClientOptions } from 'blazemeter-client';
import * as failures from './failures.ts';
import type { Fault } from './world.ts';

/** What a connection meets before anything can be sent. */
export type ConnectFailure = 'ECONNREFUSED' | 'ENOTFOUND' | 'EAI_AGAIN';

/** Expectations for the columns; `safe` stands for reads and for setting the policy. */
interface Cells {
  readonly safe: string;
  readonly create: string;
  readonly other: string;
  readonly self: string;
  readonly delete: string;
  /** Where setting the policy differs from reads. */
  readonly policy?: string;
}

export interface Row {
  readonly failure: string;
  readonly fault: Fault | ConnectFailure;
  readonly lasting: Cells;
  readonly once: Cells;
  readonly options?: Pick<ClientOptions, 'timeout' | 'totalTimeout'>;
  /** Collects garbage for as long as the call runs. */
  readonly collect?: boolean;
}

const cells = (
  safe: string,
  create: string,
  other: string,
  self: string,
  del: string = safe,
  policy?: string,
): Cells => ({ safe, create, other, self, delete: del, ...(policy === undefined ? {} : { policy }) });

const all = (cell: string): Cells => cells(cell, cell, cell, cell);

const LOST = 'AmbiguousOutcomeError';
const SAVED = 'UndeliveredSecretError';
const GONE = 'SecretLostError 1';

/** Lost before anything was done: the key that regenerates itself finds that its secret still works. */
const lostBefore = (error: string) => ({
  lasting: cells(`${error} 2`, `${LOST} 1`, `${LOST} 2`, `${LOST} 3`),
  once: cells('ok 2', `${LOST} 1`, 'ok 2', 'ok 2'),
});

/** Done, and the response lost: the key that regenerated itself is locked out. */
const lostAfter = (error: string) => ({
  lasting: cells(`${error} 2`, `${LOST} 1`, `${LOST} 2`, GONE),
  once: cells('ok 2', `${LOST} 1`, 'ok 2', GONE),
});

/** Done, and the response broke off behind the secret: it is handed over, and nothing that would kill it is sent. */
const cutBehind = (error: string) => ({
  lasting: cells(`${error} 2`, `${SAVED} 1`, `${SAVED} 1`, `${SAVED} 1`),
  once: cells('ok 2', `${SAVED} 1`, `${SAVED} 1`, `${SAVED} 1`),
});

/** The same each time, whether it lasts or not: it is final at once. */
const final = (expected: Cells) => ({ lasting: expected, once: expected });

/** A success that is not one of the service, before anything was done: as if the response was lost. */
const unreadable = (del: string, self = `${LOST} 3`, policy?: string) => ({
  lasting: cells('InvalidResponseError 1', `${LOST} 1`, `${LOST} 1`, self, del, policy),
  once: cells('InvalidResponseError 1', `${LOST} 1`, `${LOST} 1`, self === GONE ? GONE : 'ok 2', del, policy),
});

const limited = {
  lasting: cells('RateLimitError 2', 'RateLimitError 1', 'RateLimitError 2', 'RateLimitError 1'),
  once: cells('ok 2', 'RateLimitError 1', 'ok 2', 'RateLimitError 1'),
};

const ATTEMPT = { timeout: 300 };
/** Collecting garbage takes its time. */
const COLLECTING = { timeout: 800 };
const COLLECTING_CALL = { timeout: 5_000, totalTimeout: 800 };
const CALL = { timeout: 5_000, totalTimeout: 250 };
const ELSEWHERE = 'http://127.0.0.2:9/api/v4/user';

export const table: readonly Row[] = [
  {
    failure: 'connection refused',
    fault: 'ECONNREFUSED',
    lasting: all('ConnectionError(refused) 0'),
    once: all('ok 1'),
  },
  { failure: 'host unknown', fault: 'ENOTFOUND', ...final(all('ConnectionError(dns) 0')) },
  {
    failure: 'name server busy',
    fault: 'EAI_AGAIN',
    lasting: all('ConnectionError(dns) 0'),
    once: all('ok 1'),
  },
  { failure: 'reset before the commit', fault: failures.reset, ...lostBefore('ConnectionError(reset)') },
  {
    failure: 'reset after the commit',
    fault: failures.resetAfterCommit,
    ...lostAfter('ConnectionError(reset)'),
  },
  {
    failure: 'closed without a word, after the commit',
    fault: failures.closeAfterCommit,
    ...lostAfter('ConnectionError(reset)'),
  },
  {
    failure: 'reset in the body',
    fault: failures.resetInBody,
    ...lostAfter('ConnectionError(truncated)'),
  },
  {
    failure: 'reset in the body, behind the secret',
    fault: failures.resetBehindSecret,
    ...cutBehind('ConnectionError(truncated)'),
  },
  {
    failure: 'stall before the headers, before the commit',
    fault: failures.stall,
    options: ATTEMPT,
    ...lostBefore('RequestTimeoutError(attempt)'),
  },
  {
    failure: 'stall before the headers, after the commit',
    fault: failures.stallAfterCommit,
    options: ATTEMPT,
    ...lostAfter('RequestTimeoutError(attempt)'),
  },
  {
    failure: 'stall longer than the call',
    fault: failures.stall,
    options: CALL,
    ...final(cells('RequestTimeoutError(call) 1', `${LOST} 1`, `${LOST} 1`, `${LOST} 1`)),
  },
  {
    failure: 'stall in the body, collecting garbage',
    fault: failures.stallInBody,
    options: COLLECTING,
    collect: true,
    ...lostAfter('RequestTimeoutError(attempt)'),
  },
  {
    failure: 'stall in the body, longer than the call',
    fault: failures.stallInBody,
    options: COLLECTING_CALL,
    collect: true,
    ...final(cells('RequestTimeoutError(call) 1', `${LOST} 1`, `${LOST} 1`, `${LOST} 1`)),
  },
  {
    failure: 'stall in the body, behind the secret',
    fault: failures.stallBehindSecret,
    options: ATTEMPT,
    ...cutBehind('RequestTimeoutError(attempt)'),
  },
  { failure: 'truncated body', fault: failures.truncated, ...lostAfter('ConnectionError(truncated)') },
  {
    failure: 'truncated chunked body',
    fault: failures.truncatedChunks,
    ...lostAfter('ConnectionError(truncated)'),
  },
  {
    failure: 'Content-Length too small',
    fault: failures.lengthTooShort,
    ...unreadable('InvalidResponseError 1', GONE),
  },
  {
    failure: 'Content-Length too large',
    fault: failures.lengthTooLong,
    options: ATTEMPT,
    ...lostAfter('RequestTimeoutError(attempt)'),
  },
  {
    failure: 'drip slower than the attempt may last',
    fault: failures.slowDrip,
    options: ATTEMPT,
    ...lostAfter('RequestTimeoutError(attempt)'),
  },
  { failure: 'drip, within the time', fault: failures.quickDrip, ...final(all('ok 1')) },
  { failure: 'compressed bomb', fault: failures.bomb, ...unreadable('InvalidResponseError 1', GONE) },
  { failure: 'compressed bomb as a 500', fault: failures.errorBomb, ...lostBefore('ServerError') },
  {
    failure: '200,000 levels for a result',
    fault: failures.deepResult,
    // Setting the policy believes no response, only the value that it reads back.
    ...unreadable('ok 1', GONE, 'ok 1'),
  },
  { failure: '200,000 levels in an unknown field', fault: failures.deepField, ...final(all('ok 1')) },
  { failure: '200,000 levels for an error', fault: failures.deepError, ...final(all('BadRequestError 1')) },
  {
    failure: '429, Retry-After in seconds',
    fault: failures.status(429, { 'retry-after': '0' }),
    ...limited,
  },
  { failure: '429, Retry-After as a date', fault: failures.limitedUntil(0), ...limited },
  {
    failure: '429, Retry-After in no known form',
    fault: failures.status(429, { 'retry-after': 'soon' }),
    ...limited,
  },
  {
    failure: '429, Retry-After: 86400',
    fault: failures.status(429, { 'retry-after': '86400' }),
    ...final(all('RateLimitError 1')),
  },
  {
    failure: '429, Retry-After tomorrow',
    fault: failures.limitedUntil(86_400),
    ...final(all('RateLimitError 1')),
  },
  { failure: '503 before the commit', fault: failures.status(503), ...lostBefore('ServerError') },
  { failure: '503 after the commit', fault: failures.statusAfterCommit(503), ...lostAfter('ServerError') },
  { failure: '401', fault: failures.status(401), ...final(all('AuthenticationError 1')) },
  {
    failure: '302 to another origin',
    fault: failures.redirect(302, ELSEWHERE),
    ...final(all('InvalidResponseError 1')),
  },
  {
    failure: '307 to another origin',
    fault: failures.redirect(307, ELSEWHERE),
    ...final(all('InvalidResponseError 1')),
  },
  {
    // "See other" is how a service may say that it is done.
    failure: '303 to another origin',
    fault: failures.redirect(303, ELSEWHERE),
    lasting: cells('InvalidResponseError 1', `${LOST} 1`, `${LOST} 1`, `${LOST} 3`),
    once: cells('InvalidResponseError 1', `${LOST} 1`, `${LOST} 1`, 'ok 2'),
  },
  {
    failure: 'HTML page of a proxy, 200',
    fault: failures.html(200),
    ...unreadable('InvalidResponseError 1'),
  },
  {
    failure: 'HTML page of a proxy, 403',
    fault: failures.html(403),
    ...final(all('PermissionDeniedError 1')),
  },
  { failure: 'HTML page of a proxy, 502', fault: failures.html(502), ...lostBefore('ServerError') },
  {
    failure: 'empty body, after the commit',
    fault: failures.emptyAfterCommit,
    ...final(cells('InvalidResponseError 1', `${LOST} 1`, `${LOST} 1`, GONE, 'ok 1', 'ok 1')),
  },
  { failure: 'not HTTP', fault: failures.notHttp, ...lostBefore('ConnectionError(other)') },
  {
    failure: 'headers without end',
    fault: failures.endlessHeaders,
    ...lostBefore('ConnectionError(other)'),
  },
];
