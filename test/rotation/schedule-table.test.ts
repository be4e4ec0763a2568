// The table in docs/rotation-schedule.md: what happens to keys of a lifetime under runs on a schedule. Made by running it.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DAY, heldOf, stage } from './support/stage.ts';
import { failure } from './support/world.ts';

const LIFETIMES = { '1 month': 30, '3 months': 90, '6 months': 180, '12 months': 365 };
const EVERY = [1, 7, 30, 90];

/** Runs that begin with a new key of that lifetime, up to the rotation of it. */
async function cell(lifetime: number, days: number): Promise<string> {
  const { rotate, pass } = await stage({
    keys: { key: { created: { days: 0 }, expires: { days: lifetime } } },
    record: (keyOf) => ({ current: heldOf(keyOf('key'), { created: 0, expires: lifetime * DAY }) }),
    maximum: lifetime,
  });
  const every = { days };
  const order = { every, expiresIn: { days: lifetime } };
  if (lifetime < 2 * days) {
    const error = await failure(rotate(order));
    return `refused: ${/must live (\d+ days)/.exec(error.message)?.[1] ?? error.message} needed`;
  }
  // The key is new on day 0: a rotation on that day is followed by one at the next run.
  for (let day = 0; ; day += days) {
    const { rotated } = await rotate(order);
    if (rotated && day > 0) return `every ${day} days`;
    pass(days * DAY);
  }
}

it('what happens to keys of a lifetime under runs on a schedule is what the guide says', {
  timeout: 60_000,
}, async () => {
  const rows: string[] = [];
  for (const [lifetime, days] of Object.entries(LIFETIMES)) {
    const cells: string[] = [];
    for (const every of EVERY) cells.push(await cell(days, every));
    rows.push(`| ${lifetime} | a new key ${cells.join(' | ')} |`);
  }
  const table = [
    '| lifetime of keys | a run every day | every 7 days | every 30 days | every 90 days |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
  expect(readFileSync(new URL('../../docs/rotation-schedule.md', import.meta.url), 'utf8')).toContain(table);
});
