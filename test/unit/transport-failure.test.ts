// What a failed fetch means, by the codes that runtimes give: whether the request may have left, whether another try helps,
// and what the message tells people to do.
import { describe, expect, test } from 'vitest';
import { connectionError } from '../../src/transport/failure.ts';
import { madeUp } from '../support/credentials.ts';

interface Context {
  readonly operation?: string;
  readonly answered?: boolean;
  readonly replayable?: boolean;
}

const failureOf = (error: unknown, { operation, answered = false, replayable = true }: Context = {}) =>
  connectionError(error, {
    operation,
    attempts: 3,
    origin: 'https://a.blazemeter.com',
    answered,
    replayable,
  });

const coded = (code: string, more: object = {}) => Object.assign(new Error('it failed'), { code, ...more });
const fetchFailed = (cause: unknown) => new TypeError('fetch failed', { cause });

/** Reason, whether it may have been sent, and whether another try helps where that does no harm. */
const meaningOf = (error: unknown) => {
  const { reason, mayHaveBeenSent, retryable } = failureOf(error);
  return [reason, mayHaveBeenSent, retryable];
};

const UNKNOWN = ['other', true, true];

describe.each<[string, boolean, boolean, RegExp, string[]]>([
  [
    'refused',
    false,
    true,
    / The connection was refused: check baseUrl,/,
    ['ECONNREFUSED', 'ConnectionRefused'],
  ],
  ['dns', false, false, / The host was not found: check baseUrl/, ['ENOTFOUND', 'EAI_FAIL']],
  ['dns', false, true, / The host was not found: check baseUrl/, ['EAI_AGAIN']],
  [
    'unreachable',
    false,
    false,
    / The network has no way there: check the network/,
    ['ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN', 'EHOSTDOWN', 'FailedToOpenSocket'],
  ],
  ['connect-timeout', false, false, / No connection was made in time: /, ['UND_ERR_CONNECT_TIMEOUT']],
  [
    'tls',
    false,
    false,
    / The certificate or the TLS handshake was refused: .*NODE_EXTRA_CA_CERTS/,
    [
      'EPROTO',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'HOSTNAME_MISMATCH',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'ERR_SSL_WRONG_VERSION_NUMBER',
      'CERT_HAS_EXPIRED',
      'CRL_HAS_EXPIRED',
      'ERROR_IN_CERT_NOT_AFTER_FIELD',
    ],
  ],
  [
    'reset',
    true,
    true,
    / The connection broke before the answer\.$/,
    ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'],
  ],
  [
    'truncated',
    true,
    true,
    / The answer broke off\.$/,
    ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'UND_ERR_RESPONSE'],
  ],
  ['other', false, false, / The fetch refused its options: check fetchOptions\.$/, ['UND_ERR_INVALID_ARG']],
  [
    'other',
    true,
    true,
    / The request failed on its way\.$/,
    ['ETIMEDOUT', 'ENOBODYKNOWS', 'NO_CERT_HERE', 'MY_ERR_TLS_CODE', 'no code'],
  ],
])('%s (may have been sent: %s, worth another try: %s)', (reason, sent, again, mend, codes) => {
  test.each(codes)('is what %s means', (code) => {
    expect(meaningOf(fetchFailed(coded(code)))).toEqual([reason, sent, again]);
    expect(failureOf(coded(code)).message).toMatch(mend);
  });
});

describe('what else is told by more than the code', () => {
  test('a connection that is not made in time by the operating system', () => {
    const slow = coded('ETIMEDOUT', { syscall: 'connect' });
    expect(meaningOf(fetchFailed(slow))).toEqual(['connect-timeout', false, false]);
    expect(meaningOf(coded('ECONNREFUSED', { syscall: 'connect' }))).toEqual(['refused', false, true]);
    expect(meaningOf(coded('ETIMEDOUT', { syscall: 'read' }))).toEqual(UNKNOWN);
  });

  test('a connection that breaks before its TLS is there: nothing was sent', () => {
    const message = 'Client network socket disconnected before secure TLS connection was established';
    const error = Object.assign(new Error(message), { code: 'ECONNRESET' });
    expect(meaningOf(fetchFailed(error))).toEqual(['reset', false, true]);
    expect(failureOf(error).message).toContain('The connection broke before the answer.');
    expect(meaningOf(new Error(message))).toEqual(UNKNOWN);
  });

  test('a port that fetch refuses', () => {
    const error = fetchFailed(new Error('bad port'));
    expect(meaningOf(error)).toEqual(['other', false, false]);
    expect(failureOf(error).message).toMatch(/ fetch does not connect to this port: check baseUrl\.$/);
  });

  test.each([
    [407, false, / The proxy asks for a password \(407\): give fetchOptions\.dispatcher one/],
    [502, false, / The proxy refused the tunnel \(502\): check the proxy/],
    [503, true, / The proxy refused the tunnel \(503\): check the proxy/],
  ])('a proxy that answers with %d', (status, again, mend) => {
    const error = fetchFailed(coded('UND_ERR_ABORTED', { message: `Proxy response (${status}) !== 200` }));
    expect(meaningOf(error)).toEqual(['proxy', false, again]);
    expect(failureOf(error).message).toMatch(mend);
  });
});

describe('a chain of causes', () => {
  test('is read until a code is known', () => {
    expect(meaningOf(coded('ENOBODYKNOWS', { cause: coded('ECONNREFUSED') }))).toEqual([
      'refused',
      false,
      true,
    ]);
    expect(meaningOf(coded('ENOTFOUND', { cause: coded('ECONNREFUSED') }))).toEqual(['dns', false, false]);
  });

  const deep = (links: number) => {
    let error: Error = coded('ECONNREFUSED');
    for (let link = 1; link < links; link++) error = Object.assign(new Error('outer'), { cause: error });
    return error;
  };

  test('is read eight links deep, and no deeper', () => {
    expect(meaningOf(deep(8))).toEqual(['refused', false, true]);
    expect(meaningOf(deep(9))).toEqual(UNKNOWN);
  });

  test.each([
    ['a text', 'ECONNREFUSED'],
    ['nothing', undefined],
    ['null', null],
    ['a code that is no text', { code: 5 }],
  ])('that ends in %s tells nothing', (_, cause) => {
    expect(meaningOf(cause)).toEqual(UNKNOWN);
    expect(meaningOf(fetchFailed(cause))).toEqual(UNKNOWN);
  });

  test('may have messages that are no texts', () => {
    expect(meaningOf({ code: 'ECONNREFUSED', message: 5 })).toEqual(['refused', false, true]);
    expect(meaningOf({ code: 'ECONNREFUSED' })).toEqual(['refused', false, true]);
  });
});

describe('of several addresses that were tried', () => {
  const all = (...codes: string[]) => fetchFailed(new AggregateError(codes.map((code) => coded(code))));

  test('the one to which something may have gone counts', () => {
    expect(meaningOf(all('ECONNREFUSED', 'ECONNRESET', 'ENETUNREACH'))).toEqual(['reset', true, true]);
  });

  test('else the one that is worth another try', () => {
    expect(meaningOf(all('ENETUNREACH', 'ECONNREFUSED'))).toEqual(['refused', false, true]);
  });

  test('else the first', () => {
    expect(meaningOf(all('ENETUNREACH', 'ENOTFOUND'))).toEqual(['unreachable', false, false]);
  });

  test('none tells more than the code of them all', () => {
    const none = Object.assign(new AggregateError([]), { code: 'ENOTFOUND' });
    expect(meaningOf(none)).toEqual(['dns', false, false]);
  });
});

describe('the error', () => {
  test('names the operation, the origin, the attempts and the code of its cause, and nothing else', () => {
    const { secret } = madeUp('quoted');
    const cause = coded('ECONNRESET', { message: `while sending ${secret}` });
    const error = failureOf(cause, { operation: 'user.get' });
    expect(error.message).toBe(
      'user.get got no whole answer from https://a.blazemeter.com. The connection broke before the answer.',
    );
    expect(error).toMatchObject({ operation: 'user.get', attempts: 3, code: 'connection_failed' });
    expect(error.cause).toMatchObject({ message: 'ECONNRESET' });
  });

  test('speaks of the request where the operation has no name', () => {
    const error = failureOf(coded('ECONNRESET'));
    expect(error.message).toMatch(/^The request got no whole answer from /);
    expect('operation' in error).toBe(false);
  });

  test('says that the answer broke off where its head had come, whatever the code', () => {
    const error = failureOf(coded('ENOTFOUND'), { answered: true });
    expect(error).toMatchObject({ reason: 'truncated', mayHaveBeenSent: true, retryable: true });
    expect(error.message).toMatch(/ The answer broke off\.$/);
  });

  test.each([
    ['whose answer broke off', 'ENOTFOUND', true, false],
    ['that may have been sent', 'ECONNRESET', false, false],
    ['that was not sent', 'ECONNREFUSED', false, true],
    ['that was not sent and would not be the next time', 'ENOTFOUND', false, false],
  ])('of a request %s, that must not be sent twice: %s', (_, code, answered, retryable) => {
    expect(failureOf(coded(code), { answered, replayable: false }).retryable).toBe(retryable);
  });
});
