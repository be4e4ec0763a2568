// What a failed connection means: why it failed, whether the request can have left, and whether another try may help.

import { ConnectionError } from 'blazemeter-client';
import { describe, expect, it } from 'vitest';
import { clientOf, oddValues, rejection, type Step } from '../support/client.ts';

/** An error as Node's fetch rejects with it: the cause of a TypeError. */
const caused = (fields: Readonly<Record<string, unknown>>, message = 'gone') =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(message), fields) });

async function errorOf(step: Step, call: 'read' | 'write'): Promise<ConnectionError> {
  const { client } = clientOf([step], { maxRetries: 0 });
  const method = call === 'read' ? 'GET' : 'POST';
  const error = await rejection(client.request({ method, path: '/tests' }));
  if (!(error instanceof ConnectionError)) throw error;
  return error;
}

describe('a connection that fails before anything is sent', () => {
  it.each<[string, unknown, reason: string, retryable: boolean]>([
    ['is refused', caused({ code: 'ECONNREFUSED', syscall: 'connect' }), 'refused', true],
    ['is refused, without a system call', caused({ code: 'ECONNREFUSED' }), 'refused', true],
    ['is closed while it is established', caused({ code: 'ECONNRESET', syscall: 'connect' }), 'reset', true],
    ['finds no host', caused({ code: 'ENOTFOUND', syscall: 'getaddrinfo' }), 'dns', false],
    ['finds no resolver for now', caused({ code: 'EAI_AGAIN', syscall: 'getaddrinfo' }), 'dns', true],
    ['fails in the resolver', caused({ code: 'ECANCELLED', syscall: 'queryA' }), 'dns', false],
    ['fails in the resolver without a code', caused({ syscall: 'getaddrinfo' }), 'dns', false],
    ['finds no route', caused({ code: 'ENETUNREACH', syscall: 'connect' }), 'unreachable', false],
    ['takes too long', caused({ code: 'UND_ERR_CONNECT_TIMEOUT' }), 'connect-timeout', false],
    ['is not opened by this machine', caused({ code: 'EMFILE', syscall: 'socket' }), 'other', false],
    ['is not opened, without a code', caused({ syscall: 'connect' }), 'other', false],
    ['meets an expired certificate', caused({ code: 'CERT_HAS_EXPIRED' }), 'tls', false],
    ['meets a self-signed certificate', caused({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'tls', false],
    ['fails in the TLS handshake', caused({ code: 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE' }), 'tls', false],
    [
      'closes before TLS',
      caused(
        { code: 'ECONNRESET' },
        'Client network socket disconnected before secure TLS connection was established',
      ),
      'reset',
      true,
    ],
    ['needs a password for the proxy', caused({}, 'Proxy response (407) !== 200'), 'proxy', false],
    ['is refused by the proxy', caused({}, 'Proxy response (403) !== 200'), 'proxy', false],
    ['finds the proxy busy', caused({}, 'Proxy response (503) !== 200'), 'proxy', true],
    ['has a port that fetch blocks', caused({}, 'bad port'), 'other', false],
    ['has options that fetch refuses', new TypeError('RequestInit: duplex must be half'), 'other', false],
    ['has a closed dispatcher', caused({ code: 'UND_ERR_CLOSED' }), 'other', false],
    [
      'fails for each address',
      new TypeError('fetch failed', {
        cause: new AggregateError([
          Object.assign(new Error('a'), { code: 'EHOSTUNREACH', syscall: 'connect' }),
          Object.assign(new Error('b'), { code: 'ECONNREFUSED', syscall: 'connect' }),
        ]),
      }),
      'refused',
      true,
    ],
  ])('and %s', async (_, thrown, reason, retryable) => {
    const failing: Step = () => Promise.reject(thrown);
    expect(await errorOf(failing, 'write')).toMatchObject({ reason, mayHaveBeenSent: false, retryable });
    expect(await errorOf(failing, 'read')).toMatchObject({ reason, mayHaveBeenSent: false, retryable });
  });
});

describe('a connection that fails when the request may have left', () => {
  it.each<[string, unknown, reason: string]>([
    ['is reset', caused({ code: 'ECONNRESET', syscall: 'read' }), 'reset'],
    ['breaks while it is written', caused({ code: 'EPIPE', syscall: 'write' }), 'reset'],
    ['times out while it is read', caused({ code: 'ETIMEDOUT', syscall: 'read' }), 'reset'],
    ['is refused while it is read', caused({ code: 'ECONNREFUSED', syscall: 'read' }), 'reset'],
    ['is reset, without a system call', caused({ code: 'ECONNRESET' }), 'reset'],
    ['is closed by the other side', caused({ code: 'UND_ERR_SOCKET' }, 'other side closed'), 'reset'],
    ['breaks in TLS while it is written', caused({ code: 'EPROTO', syscall: 'write' }), 'tls'],
    ['breaks in a record of TLS', caused({ code: 'ERR_SSL_BAD_RECORD_TYPE' }), 'tls'],
    ['fails in an unknown way', caused({ code: 'ESTRANGE' }), 'other'],
    ['fails without a cause', new TypeError('fetch failed'), 'other'],
    ['fails with no error at all', 'gone', 'other'],
    [
      'fails for several addresses, one of them late',
      new TypeError('fetch failed', {
        cause: new AggregateError([
          Object.assign(new Error('a'), { code: 'ECONNREFUSED', syscall: 'connect' }),
          Object.assign(new Error('b'), { code: 'ECONNRESET', syscall: 'read' }),
        ]),
      }),
      'reset',
    ],
    ['fails for no address', new TypeError('fetch failed', { cause: new AggregateError([]) }), 'other'],
  ])('and %s', async (_, thrown, reason) => {
    const failing: Step = () => Promise.reject(thrown);
    expect(await errorOf(failing, 'write')).toMatchObject({
      reason,
      mayHaveBeenSent: true,
      retryable: false,
    });
    expect(await errorOf(failing, 'read')).toMatchObject({ reason, mayHaveBeenSent: true, retryable: true });
  });

  it.each(oddValues())('is reported whatever the fetch throws: %s', async (_, thrown) => {
    const failing: Step = () => Promise.reject(thrown);
    expect(await errorOf(failing, 'write')).toMatchObject({ reason: 'other', mayHaveBeenSent: true });
  });

  it('and cuts the response off, whatever the cause says', async () => {
    const cut: Step = async () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode('{"result":')),
          pull: (controller) => controller.error(caused({ code: 'ECONNREFUSED', syscall: 'connect' })),
        }),
        { headers: { 'content-type': 'application/json' } },
      );
    const truncated = { reason: 'truncated', mayHaveBeenSent: true };
    expect(await errorOf(cut, 'write')).toMatchObject({ ...truncated, retryable: false });
    expect(await errorOf(cut, 'read')).toMatchObject({ ...truncated, retryable: true });
  });
});
