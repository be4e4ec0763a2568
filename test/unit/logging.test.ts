// Log lines: which are written at which level, where they go, and that they never disturb a call.
import { BlazeMeterClient, type ClientOptions, type Logger } from 'blazemeter-client';
import { createReference } from 'blazemeter-client/testing';
import { beforeEach, describe, expect, it, vi } from 'vitest';

const LEVELS = ['error', 'warn', 'info', 'debug'] as const;

const lines: [level: string, message: string, fields: unknown][] = [];
const note = (level: string) => (message: string, fields?: object) =>
  void lines.push([level, message, fields]);
const logger: Logger = {
  error: note('error'),
  warn: note('warn'),
  info: note('info'),
  debug: note('debug'),
};
beforeEach(() => void lines.splice(0));

/** Calls that give something to log: a warning of the source, a wait, responses. */
async function play(options: Pick<ClientOptions, 'logger' | 'logLevel'>): Promise<void> {
  const reference = createReference();
  const { owner } = reference.seed().keys;
  reference.faults.add({ operation: 'user.get', effect: 'status', status: 429, retryAfter: 0, times: 1 });
  const client = new BlazeMeterClient({
    fetch: reference.fetch,
    credentials: async (context) => {
      context?.warn?.('careful');
      return owner;
    },
    ...options,
  });
  expect((await client.user.get()).id).toBe(owner.userId);
}

const written = () => LEVELS.filter((level) => lines.some(([at]) => at === level));

describe('the level', () => {
  it.each([
    ['off', []],
    ['error', []],
    ['warn', ['warn']],
    ['info', ['warn', 'info']],
    ['debug', ['warn', 'info', 'debug']],
  ] as const)('%s writes %j', async (logLevel, expected) => {
    await play({ logger, logLevel });
    expect(written()).toEqual(expected);
  });

  it.each([
    ['DEBUG', ['warn', 'info', 'debug']],
    ['off', []],
    ['loud', ['warn']],
    ['', ['warn']],
  ])(
    'is taken from BLAZEMETER_LOG=%s, and is warn where that says nothing known',
    async (value, expected) => {
      vi.stubEnv('BLAZEMETER_LOG', value);
      await play({ logger });
      expect(written()).toEqual(expected);
    },
  );

  it('that is not known is refused', () => {
    // @ts-expect-error: what a caller without types might give
    expect(() => new BlazeMeterClient({ credentials: 'a:b', logLevel: 'loud' })).toThrow(TypeError);
  });
});

describe('log lines', () => {
  it('go to standard error by default, never to standard output', async () => {
    const [log, info, error] = (['log', 'info', 'error'] as const).map((method) =>
      vi.spyOn(console, method).mockImplementation(() => {}),
    );
    await play({ logLevel: 'debug' });
    expect(error?.mock.calls.length).toBeGreaterThan(2);
    for (const [line] of error?.mock.calls ?? [])
      expect(line).toMatch(/^\[blazemeter\] (error|warn|info|debug): /);
    expect([...(log?.mock.calls ?? []), ...(info?.mock.calls ?? [])]).toEqual([]);
  });

  it('name the operation, and carry no field without a value', async () => {
    await play({ logger, logLevel: 'debug' });
    for (const [, , fields] of lines)
      for (const value of Object.values(Object(fields))) expect(value).toBeDefined();
    expect(lines).toContainEqual([
      'debug',
      expect.any(String),
      expect.objectContaining({ operation: 'user.get', status: 200 }),
    ]);
  });

  it('cannot drive a terminal or a CI system by a text of the service', async () => {
    const hostile = 'a\u001b[2J\n##vso[task.complete]';
    const client = new BlazeMeterClient({
      credentials: 'an-id:a-secret',
      logger,
      logLevel: 'debug',
      fetch: async () =>
        Response.json({ error: { code: 403, message: hostile }, request_id: hostile }, { status: 403 }),
    });
    await expect(client.user.get()).rejects.toThrow();
    const text = lines
      .flatMap(([, message, fields]) => [message, ...Object.values(Object(fields))])
      .join('|');
    for (const acting of ['\u001b', '\n', '##vso[']) expect(text).not.toContain(acting);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('disk full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk full'))],
  ])('never disturb a call: a logger that %s does not count', async (_, fail) => {
    await play({ logger: { error: fail, warn: fail, info: fail, debug: fail }, logLevel: 'debug' });
  });
});
