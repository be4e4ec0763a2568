// A plan as a person reads it: every line, word by word.
import { describe, expect, it } from 'vitest';
import { headLines, planLines, READINGS_LINE, readingLine } from '../../src/rotation/plan-lines.ts';
import { DAY, KEY_ID, keyOf, NOW, plan, readingsOf } from '../support/policy-plan.ts';

describe('the first lines', () => {
  it('tell what is asked, who may, and what is seen', () => {
    expect(headLines(plan())).toEqual([
      'Account 7 "Main": the maximum is no limit, and is to be 3 months (90 days): it shrinks.',
      'You may set it. You are the owner.',
      "1 key is visible, as of 2030-06-01 12:34 UTC by the server's clock.",
    ]);
  });

  it('tell it of the other cases', () => {
    const maySet = { roles: [], why: 'Why.' };
    const [first, second, third] = headLines(
      plan({
        accountName: null,
        change: 'widens',
        maySet: { answer: 'no', ...maySet },
        keys: [keyOf(), keyOf()],
        clock: 'local',
      }),
    );
    expect(first).toMatch(/^Account 7: the maximum .*: it widens\.$/);
    expect(second).toBe('You may not set it. Why.');
    expect(third).toBe("2 keys are visible, as of 2030-06-01 12:34 UTC by this machine's clock.");
    const [one, two] = headLines(plan({ change: 'none', maySet: { answer: 'unknown', ...maySet } }));
    expect(one).toContain(': nothing changes.');
    expect(two).toBe('Whether you may set it is not known. Why.');
  });
});

describe('the line of a reading', () => {
  const line = (affected: number, open: number, against: string | null) =>
    readingLine({
      reading: 'clamp',
      provenance: 'assumed',
      meaning: 'they end',
      keys: [],
      affected,
      unclear: open,
      against,
    });

  it('counts, and names what speaks against it', () => {
    expect(line(0, 0, null)).toBe('clamp (assumed): they end: no key ends earlier.');
    expect(line(1, 2, null)).toBe('clamp (assumed): they end: 1 key ends earlier, 2 cannot be told.');
    expect(line(2, 0, 'A hint.')).toBe('clamp (assumed): they end: 2 keys end earlier. Against it: A hint.');
  });
});

describe('all lines', () => {
  it('name the keys that end earlier, and how, under each reading', () => {
    const told = plan({
      unseen: [{ code: 'clock', what: 'The time.' }],
      next: ['Do this.', 'Do that.'],
    });
    const lines = planLines(told);
    expect(lines.slice(0, 3)).toEqual(headLines(told));
    expect(READINGS_LINE).toBe(
      'What becomes of existing keys is not documented (S1). Under each reading, if it is set now:',
    );
    expect(lines.slice(3)).toEqual([
      READINGS_LINE,
      '- new-only (assumed): the maximum holds for new keys, and existing keys keep their expiry: no key ends earlier.',
      '- block-on-use (assumed): existing keys that are longer are refused (401) while they are longer than the maximum: 1 key ends earlier.',
      `  - "deploy" (${KEY_ID}) is refused at once (longer than 90 days).`,
      '- clamp (assumed): existing keys end, at the latest, when the new maximum ends, counted from the change: 1 key ends earlier.',
      `  - "deploy" (${KEY_ID}) is shortened to 2030-08-30 12:34 UTC (90 days from the change).`,
      '- revoke (assumed): existing keys that are longer are deleted: 1 key ends earlier.',
      `  - "deploy" (${KEY_ID}) is deleted at once (longer than 90 days).`,
      'What cannot be seen from here:',
      '- The time.',
      'What to do:',
      '1. Do this.',
      '2. Do that.',
    ]);
  });

  it('name the keys that are unclear or accepted again', () => {
    const open = planLines(plan({ keys: [keyOf({ expiresAt: null })] })).filter((line) =>
      line.startsWith(' '),
    );
    const cannot = `  - "deploy" (${KEY_ID}) cannot be told (its dates do not tell whether it is longer).`;
    expect(open).toEqual([cannot, cannot, cannot]);
    const keys = [keyOf({ expiresAt: new Date(NOW + 80 * DAY) })];
    const again = planLines(plan({ keys, readings: readingsOf(keys, false, 30) }));
    expect(again.filter((line) => line.startsWith(' '))).toEqual([
      `  - "deploy" (${KEY_ID}) is accepted again (longer than 30 days, within 90 days).`,
    ]);
  });

  it('say of any outcome what it is', () => {
    const said = (outcome: 'unchanged' | 'shortened', endsAt: Date | null) => {
      const end = { id: KEY_ID, outcome, endsAt, endsEarlier: true, why: 'so' };
      const reading = {
        reading: 'clamp',
        provenance: 'assumed',
        meaning: 'm',
        keys: [end, { ...end, id: 'not visible' }],
        affected: 1,
        unclear: 0,
        against: null,
      } as const;
      return planLines(plan({ readings: [reading] })).filter((line) => line.startsWith(' '));
    };
    expect(said('unchanged', new Date(NOW))).toEqual([
      `  - "deploy" (${KEY_ID}) ends on 2030-06-01 12:34 UTC, as today (so).`,
    ]);
    expect(said('unchanged', null)).toEqual([`  - "deploy" (${KEY_ID}) shows no expiry (so).`]);
    expect(said('shortened', null)).toEqual([`  - "deploy" (${KEY_ID}) is shortened (so).`]);
  });
});
