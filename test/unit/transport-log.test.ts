// Log lines: which of them are written, where they go, and that no logger can disturb a call.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Logger, type LogLevel, makeLog } from '../../src/transport/log.ts';

afterEach(() => vi.unstubAllGlobals());

const LEVELS = ['error', 'warn', 'info', 'debug'] as const;

function noting() {
  const lines: [string, string, Readonly<Record<string, unknown>> | undefined][] = [];
  const write = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
    void lines.push([level, message, fields]);
  const logger: Logger = {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
  };
  return { lines, logger };
}

/** The levels of the lines that are written. */
function heard(level?: LogLevel): string[] {
  const { lines, logger } = noting();
  const log = level === undefined ? makeLog(logger) : makeLog(logger, level);
  for (const at of LEVELS) log(at, 'something');
  return lines.map(([at]) => at);
}

describe('a level', () => {
  test.each<[LogLevel, string[]]>([
    ['off', []],
    ['error', ['error']],
    ['warn', ['error', 'warn']],
    ['info', ['error', 'warn', 'info']],
    ['debug', ['error', 'warn', 'info', 'debug']],
  ])('of %s lets through %j', (level, expected) => {
    expect(heard(level)).toEqual(expected);
  });

  test.each<[string | undefined, number]>([
    ['off', 0],
    ['DEBUG', 4],
    ['Info', 3],
    ['loud', 2],
    ['', 2],
    [undefined, 2],
  ])('is taken from the environment, where it says %j', (value, lines) => {
    vi.stubEnv('BLAZEMETER_LOG', value);
    expect(heard()).toHaveLength(lines);
  });

  test.each([
    ['process', undefined],
    ['environment', {}],
  ])('is warn where there is no %s', (_, value) => {
    vi.stubGlobal('process', value);
    const levels = heard();
    vi.unstubAllGlobals();
    expect(levels).toEqual(['error', 'warn']);
  });

  test('that there is not is refused', () => {
    const wrong = JSON.parse('"loud"');
    expect(() => makeLog(noting().logger, wrong)).toThrow(
      new TypeError('logLevel must be one of off, error, warn, info, debug.'),
    );
  });
});

describe('a line', () => {
  test('carries the fields that are known, texts made safe to show', () => {
    const { lines, logger } = noting();
    makeLog(logger, 'debug')('info', 'waiting', {
      operation: 'a\u202eb',
      method: 'GET',
      attempt: 1,
      requestId: undefined,
    });
    expect(lines).toStrictEqual([['info', 'waiting', { operation: 'a\\u202eb', method: 'GET', attempt: 1 }]]);
  });

  test('without fields carries none', () => {
    const { lines, logger } = noting();
    makeLog(logger, 'warn')('warn', 'look here');
    expect(lines).toStrictEqual([['warn', 'look here', {}]]);
  });

  test('goes to standard error by default, whatever its level', () => {
    const written = vi.spyOn(console, 'error').mockImplementation(() => {});
    const log = makeLog(undefined, 'debug');
    for (const at of LEVELS) log(at, 'something', { operation: 'user.get', attempt: 2 });
    log('warn', 'nothing more');
    expect(written.mock.calls).toEqual([
      ...LEVELS.map((at) => [`[blazemeter] ${at}: something operation=user.get attempt=2`]),
      ['[blazemeter] warn: nothing more'],
    ]);
  });
});

describe('a logger', () => {
  const writing = (write: () => void): Logger => ({ error: write, warn: write, info: write, debug: write });

  test('that throws disturbs nobody', () => {
    const log = makeLog(
      writing(() => {
        throw new Error('the disk is full');
      }),
      'debug',
    );
    expect(() => log('error', 'something')).not.toThrow();
  });

  test('that rejects disturbs nobody', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    makeLog(
      writing(() => Promise.reject(new Error('the disk is full'))),
      'debug',
    )('error', 'something');
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});
