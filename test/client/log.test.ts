// Log lines: what happened, by allow-list, at the level that was asked for, and never in the way of a call.

import type { Logger, LogLevel } from 'blazemeter-client';
import { BlazeMeterClient } from 'blazemeter-client';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  CREDENTIALS,
  clientOf,
  failed,
  json,
  rejection,
  result,
  type Step,
  scripted,
  user,
} from '../support/client.ts';

const lines: [level: string, message: string, fields: unknown][] = [];
const note = (level: string) => (message: string, fields?: object) =>
  void lines.push([level, message, fields]);
const logger: Logger = { error: note('error'), warn: note('warn'), info: note('info'), debug: note('debug') };
beforeEach(() => void lines.splice(0));

/** What a line holds: its level and message, and the values of its fields. */
const shown = (part: unknown) => (typeof part === 'string' ? part : Object.values(Object(part)).join());

/** A retry is logged at info, a field of an unexpected form at warn, a response at debug. */
const steps: readonly [Step, ...Step[]] = [failed(503, { 'retry-after': '0' }), result({ id: 7, email: 5 })];

describe('log lines', () => {
  it('say what happened: failures, retries, responses', async () => {
    const { client } = clientOf(steps, { logger, logLevel: 'debug' });
    await client.user.get();
    expect(lines.map(([level, message]) => [level, message])).toEqual([
      ['debug', 'response'],
      ['info', 'retrying'],
      ['debug', 'response'],
      ['warn', expect.stringContaining('email')],
    ]);
    const [, , fields] = lines[0] ?? [];
    expect(fields).toEqual({
      operation: 'user.get',
      method: 'GET',
      attempt: 1,
      durationMs: expect.any(Number),
      status: 503,
    });
    expect(lines[1]?.[2]).toEqual({ operation: 'user.get', method: 'GET', attempt: 2 });
  });

  it('carry no field without a value', async () => {
    await clientOf(steps, { logger, logLevel: 'debug' }).client.user.get();
    const values = lines.flatMap(([, , fields]) => Object.values(Object(fields)));
    expect(values.length).toBeGreaterThan(0);
    expect(values).not.toContain(undefined);
  });

  it('cannot act on a terminal or a CI system by a text of the service', async () => {
    const hostile = 'a\u001b[2J\n##vso[task.complete]';
    const body = { error: { code: 403, message: hostile }, request_id: hostile };
    const { client } = clientOf([json(body, 403)], { logger, logLevel: 'debug' });
    await rejection(client.user.get());
    expect(lines).toHaveLength(1);
    for (const acting of ['\u001b', '\n', '##vso['])
      expect(lines.flat().map(shown).join()).not.toContain(acting);
  });

  it('say that an attempt failed, by the code of its error', async () => {
    const { client } = clientOf([() => Promise.reject(new TypeError('Basic abc'))], {
      logger,
      logLevel: 'debug',
      maxRetries: 0,
    });
    await rejection(client.user.get());
    expect(lines).toMatchObject([['debug', 'failed', { operation: 'user.get', error: 'connection_failed' }]]);
    expect(JSON.stringify(lines)).not.toContain('Basic');
  });

  it('hold no credentials, no address, no query and no body', async () => {
    const { client } = clientOf([failed(500), result([])], { logger, logLevel: 'debug' });
    await client.accounts.list({ name: 'my-filter' });
    await client.request({ method: 'POST', path: '/tests', json: { note: 'my-body' } });
    const text = JSON.stringify(lines);
    for (const hidden of [
      CREDENTIALS.id,
      CREDENTIALS.secret,
      btoa(CREDENTIALS.token),
      'my-filter',
      'my-body',
      'https:',
    ])
      expect(text).not.toContain(hidden);
  });

  it.each<[LogLevel, string[]]>([
    ['off', []],
    ['error', []],
    ['warn', ['warn']],
    ['info', ['info', 'warn']],
    ['debug', ['debug', 'info', 'debug', 'warn']],
  ])('at the level %s are %j', async (logLevel, expected) => {
    await clientOf(steps, { logger, logLevel }).client.user.get();
    expect(lines.map(([level]) => level)).toEqual(expected);
  });

  it.each([
    ['DEBUG', ['debug', 'info', 'debug', 'warn']],
    ['off', []],
    ['loud', ['warn']],
    ['', ['warn']],
  ])('take their level from BLAZEMETER_LOG=%s: %j', async (value, expected) => {
    vi.stubEnv('BLAZEMETER_LOG', value);
    const { fetch } = scripted(...steps);
    await new BlazeMeterClient({ credentials: CREDENTIALS, fetch, logger }).user.get();
    expect(lines.map(([level]) => level)).toEqual(expected);
  });

  it('go to standard error by default, never to standard output', async () => {
    const out = vi.spyOn(console, 'log').mockImplementation(() => {});
    const info = vi.spyOn(console, 'info').mockImplementation(() => {});
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    await clientOf(steps, { logLevel: 'debug' }).client.user.get();
    expect(error.mock.calls.map(([line]) => String(line).split(':')[0])).toEqual(
      ['debug', 'info', 'debug', 'warn'].map((level) => `[blazemeter] ${level}`),
    );
    expect([...out.mock.calls, ...info.mock.calls]).toEqual([]);
  });

  it.each<[string, () => Promise<void>]>([
    [
      'throws',
      () => {
        throw new Error('disk full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk full'))],
  ])('disturb no call where the logger %s', async (_, fail) => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const full: Logger = { error: fail, warn: fail, info: fail, debug: fail };
    expect(await clientOf([user], { logger: full, logLevel: 'debug' }).client.user.get()).toMatchObject({
      id: 7,
    });
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});
