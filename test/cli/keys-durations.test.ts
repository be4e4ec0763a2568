// Durations, periods and dates on the command line: which are taken, and which are refused before anything is sent.
import { describe, expect, it } from 'vitest';
import { keysWorld } from './support/keys.ts';

const refused = async (argv: readonly string[], option: string): Promise<void> => {
  const world = keysWorld();
  const left = await world.run(argv);
  expect(left).toMatchObject({ code: 2, out: '' });
  expect(left.err).toContain(option);
  expect(world.reference.journal.entries).toHaveLength(0);
};

describe('a period', () => {
  it.each([
    ['3 months', 90],
    [' 1  Year ', 365],
    ['45 days', 45],
    ['1day', 1],
    ['90d', 90],
    ['2w', 14],
    ['2 weeks', 14],
  ])('%j is %d days', async (text, days) => {
    const world = keysWorld();
    const left = await world.run(['policy', 'set', '--maximum', text, '--yes', '--json']);
    expect(left.json()).toMatchObject({ maximumDays: days });
  });

  it.each(['', '0 days', '2 months', '1.5 days', '-1 days', '12 hours', '999999 days', '3 months 1 day'])(
    '%j is none',
    (text) => refused(['create', '--name', 'a', `--expires-in=${text}`, '--print-secret'], '--expires-in'),
  );

  it('max is none for a policy, and unlimited none for a key', async () => {
    await refused(['policy', 'set', '--maximum', 'max', '--yes'], '--maximum');
    await refused(['create', '--name', 'a', '--expires-in', 'unlimited', '--print-secret'], '--expires-in');
  });
});

describe('a duration', () => {
  const world = keysWorld();
  const rotate = ['rotate', '--store', 'rec.json', '--reason', 'schedule', '--dry-run'];

  it.each(['0', '1 month', '1 day 6 hours', '90 minutes', '1 week 30 seconds', '30d', '1d 12h'])(
    '%j is one',
    async (text) => {
      await world.run(['adopt', '--store', 'rec.json', '--name', 'ci']);
      expect((await world.run([...rotate, '--drain', text])).code).toBe(0);
    },
  );

  it.each(['', 'soon', '1', '1 day and 2 hours', '1 day -2 hours', '2 months'])('%j is none', (text) =>
    refused([...rotate, `--drain=${text}`], '--drain'),
  );
});

describe('a date', () => {
  const rotate = ['rotate', '--store', 'rec.json', '--reason', 'leak', '--dry-run'];

  it.each(['2030-01-31', '2030-01-31T12:00+02:00'])('%j is one', async (text) => {
    const world = keysWorld({ clock: { at: '2030-03-01T00:00:00Z' } });
    await world.run(['adopt', '--store', 'rec.json', '--name', 'ci']);
    expect((await world.run([...rotate, '--leaked-since', text])).code).toBe(0);
  });

  it.each(['2030-01-31T12:00', 'tomorrow', '2030-13-01', ''])('%j is none', (text) =>
    refused([...rotate, `--leaked-since=${text}`], '--leaked-since'),
  );
});
