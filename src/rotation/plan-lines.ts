// A plan for a person to read.

import { printable } from '../text/printable.ts';
import type { PolicyPlan } from './plan.ts';
import type { PlannedEnd, PlanReading } from './plan-readings.ts';
import { sayKey, sayMaximum } from './plan-words.ts';

type Told = Omit<PolicyPlan, 'lines'>;

/** A moment, to the minute. */
export const sayTime = (date: Date): string => `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const CHANGES = {
  shrinks: 'it shrinks',
  widens: 'it widens',
  none: 'nothing changes',
} as const;

/** What a key's outcome is, in words. */
function sayEnd({ outcome, endsAt }: Pick<PlannedEnd, 'outcome' | 'endsAt'>): string {
  switch (outcome) {
    case 'unchanged':
      return endsAt === null ? 'shows no expiry' : `ends on ${sayTime(endsAt)}, as today`;
    case 'shortened':
      return endsAt === null ? 'is shortened' : `is shortened to ${sayTime(endsAt)}`;
    case 'refused':
      return 'is refused at once';
    case 'deleted':
      return 'is deleted at once';
    case 'accepted-again':
      return 'is accepted again';
    case 'unclear':
      return 'cannot be told';
  }
}

/** The first lines: what is asked, and who may. */
export function headLines({
  accountId,
  accountName,
  current,
  wanted,
  change,
  maySet,
  checkedAt,
  clock,
  keys,
}: Told): string[] {
  const account = `Account ${accountId}${accountName === null ? '' : ` "${printable(accountName)}"`}`;
  const may = {
    yes: 'You may set it.',
    no: 'You may not set it.',
    unknown: 'Whether you may set it is not known.',
  };
  return [
    `${account}: the maximum is ${sayMaximum(current)}, and is to be ${sayMaximum(wanted)}: ${CHANGES[change]}.`,
    `${may[maySet.answer]} ${maySet.why}`,
    `${keys.length} ${keys.length === 1 ? 'key is' : 'keys are'} visible, as of ${sayTime(checkedAt)} by ${clock === 'server' ? "the server's clock" : "this machine's clock"}.`,
  ];
}

/** How many keys a reading hits. */
export function readingLine({ reading, meaning, affected, unclear, against }: PlanReading): string {
  const counts =
    affected === 0
      ? 'no key ends earlier'
      : affected === 1
        ? '1 key ends earlier'
        : `${affected} keys end earlier`;
  const open = unclear === 0 ? '' : `, ${unclear} cannot be told`;
  return `${reading} (assumed): ${meaning}: ${counts}${open}.${against === null ? '' : ` Against it: ${against}`}`;
}

/** The sentence before the readings. */
export const READINGS_LINE =
  'What becomes of existing keys is not documented (S1). Under each reading, if it is set now:';

/** All lines. */
export function planLines(plan: Told): string[] {
  const keys = new Map(plan.keys.map((key) => [key.id, key]));
  const lines = [...headLines(plan), READINGS_LINE];
  for (const reading of plan.readings) {
    lines.push(`- ${readingLine(reading)}`);
    for (const end of reading.keys) {
      const key = keys.get(end.id);
      const told = end.endsEarlier || end.outcome === 'unclear' || end.outcome === 'accepted-again';
      if (key !== undefined && told) lines.push(`  - ${sayKey(key)} ${sayEnd(end)} (${end.why}).`);
    }
  }
  lines.push('What cannot be seen from here:', ...plan.unseen.map(({ what }) => `- ${what}`));
  lines.push('What to do:', ...plan.next.map((step, at) => `${at + 1}. ${step}`));
  return lines;
}
