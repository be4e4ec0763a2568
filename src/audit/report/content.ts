// What a report says, before it is a table or Markdown. All text from outside is printable here, and nowhere later.

import type { PolicyPlan } from '../../rotation/plan.ts';
import { headLines, READINGS_LINE, readingLine, sayTime } from '../../rotation/plan-lines.ts';
import type { PlannedEnd } from '../../rotation/plan-readings.ts';
import { shownSpan } from '../../rotation/span.ts';
import { printable } from '../../text/printable.ts';
import type { AuditReport, Finding } from '../audit.ts';
import type { ExpiringReport } from '../expiring.ts';
import type { AuditedKey, ReportClock, Unknown } from '../keys.ts';
import { type Severity, severities } from '../rules.ts';
import type { Column } from './layout.ts';

/** A report of this package. */
export type Report = AuditReport | ExpiringReport | PolicyPlan;

/** A cell: lines of text, or of names that are shown as they are written. */
export interface Cell {
  readonly lines: readonly string[];
  readonly code?: boolean;
}

/** A row of the table of a report. */
export interface ContentRow {
  readonly severity?: Severity;
  readonly cells: readonly Cell[];
}

/** Sentences under a heading. */
export interface Section {
  readonly title: string;
  readonly ordered?: boolean;
  readonly items: readonly string[];
}

/** What a report says. */
export interface Content {
  readonly title: string;
  readonly head: readonly string[];
  readonly columns: readonly Column[];
  /** From this width on, all columns stand beside each other; below it, id, owner and sentences stand below their row. */
  readonly wideFrom: number;
  readonly rows: readonly ContentRow[];
  readonly sections: readonly Section[];
}

const text = (...lines: readonly string[]): Cell => ({ lines: lines.filter((line) => line !== '') });
const code = (...lines: readonly string[]): Cell => ({ ...text(...lines), code: true });

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
const day = (date: Date | null): string => (date === null ? 'not shown' : date.toISOString().slice(0, 10));
const asOf = (date: Date, clock: ReportClock): string =>
  `as of ${sayTime(date)} by ${clock === 'server' ? "the server's clock" : "this machine's clock"}`;

/** So many keys are named in a sentence. */
const NAMED = 5;

function sayUnknown({ rule, what, keys }: Unknown): string {
  const more = keys.length > NAMED ? ` and ${keys.length - NAMED} more` : '';
  const which =
    keys.length === 0
      ? ''
      : ` (${keys
          .slice(0, NAMED)
          .map((id) => printable(id))
          .join(', ')}${more})`;
  return `${rule === null ? '' : `${rule}: `}${what}${which}`;
}

const keyCells = ({ name, id, owner }: AuditedKey): Cell[] => [
  code(printable(name)),
  code(printable(id)),
  text(owner === null ? '' : printable(owner)),
];
const KEY_COLUMNS: readonly Column[] = [{ title: 'Key' }, { title: 'Id', whole: true }, { title: 'Owner' }];

/** The findings, by severity. */
function tally(findings: readonly Finding[]): string {
  const counts = severities.flatMap((severity) => {
    const count = findings.filter((one) => one.severity === severity).length;
    return count === 0 ? [] : [counted(count, severity)];
  });
  return counts.length === 0 ? 'no findings' : counts.join(', ');
}

function ofAudit(report: AuditReport): Content {
  const { findings, allowed, keys, policy, checkedAt, clock, unknown } = report;
  const bound =
    policy === null
      ? ''
      : ` Account ${policy.accountId} permits ${policy.maximumDays} days, the strictest maximum visible.`;
  const assumptions = [
    ...new Set(
      findings.flatMap(({ rule, assumption }) => (assumption === null ? [] : [`${rule}: ${assumption}`])),
    ),
  ];
  return {
    title: `API keys: ${tally(findings)}`,
    head: [`${counted(keys, 'key')} of your own looked at, ${asOf(checkedAt, clock)}.${bound}`],
    columns: [
      { title: 'Severity', whole: true },
      { title: 'Rule', whole: true },
      { title: 'Ends', whole: true },
      ...KEY_COLUMNS,
      { title: 'What' },
      { title: 'To do' },
    ],
    wideFrom: 160,
    rows: findings.map(({ severity, rule, key, message, fix }) => ({
      severity,
      cells: [
        text(severity),
        text(rule),
        text(day(key.expiresAt)),
        ...keyCells(key),
        text(message),
        text(fix),
      ],
    })),
    sections: [
      { title: 'Assumed', items: assumptions },
      {
        title: 'Allowed',
        items: allowed.map(
          ({ rule, key, reason }) =>
            `${rule}: "${printable(key.name)}" (${printable(key.id)})${reason === null ? '' : `: ${printable(reason)}`}`,
        ),
      },
      { title: 'Could not be told', items: unknown.map(sayUnknown) },
    ],
  };
}

function ofExpiring({ keys, total, withinMs, checkedAt, clock, unknown }: ExpiringReport): Content {
  return {
    title: `API keys: ${keys.length === 0 ? 'none ends' : `${counted(keys.length, 'key')} ending`} within ${shownSpan(withinMs)}`,
    head: [`${counted(total, 'key')} of your own looked at, ${asOf(checkedAt, clock)}.`],
    columns: [{ title: 'Ends', whole: true }, { title: 'Days left', whole: true }, ...KEY_COLUMNS],
    wideFrom: 100,
    rows: keys.map((key) => ({
      cells: [text(sayTime(key.expiresAt)), text(String(key.daysLeft)), ...keyCells(key)],
    })),
    sections: [{ title: 'Could not be told', items: unknown.map(sayUnknown) }],
  };
}

/** An outcome in a cell. */
function short({ outcome, endsAt }: PlannedEnd): string {
  if (outcome === 'shortened') return day(endsAt);
  return outcome === 'unchanged' ? '-' : outcome.replaceAll('-', ' ');
}

function ofPlan(plan: PolicyPlan): Content {
  return {
    title: 'API keys: a new maximum',
    head: [...headLines(plan), READINGS_LINE, ...plan.readings.map((reading) => `- ${readingLine(reading)}`)],
    columns: [
      { title: 'Ends today', whole: true },
      ...KEY_COLUMNS,
      ...plan.readings.map(({ reading }) => ({ title: reading })),
    ],
    wideFrom: 120,
    rows: plan.keys.map((key, at) => ({
      cells: [
        text(day(key.expiresAt)),
        ...keyCells(key),
        ...plan.readings.map(({ keys }) => text(...(keys[at] === undefined ? [] : [short(keys[at])]))),
      ],
    })),
    sections: [
      { title: 'What cannot be seen from here', items: plan.unseen.map(({ what }) => what) },
      { title: 'What to do', ordered: true, items: plan.next },
    ],
  };
}

/** What a report says. */
export function contentOf(report: Report): Content {
  switch (report.kind) {
    case 'audit':
      return ofAudit(report);
    case 'expiring':
      return ofExpiring(report);
    case 'policy-plan':
      return ofPlan(report);
  }
}
