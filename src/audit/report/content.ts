// The content of a report, before its layout. All text from outside is made printable here.

import { describeDuration } from '../../util/duration.ts';
import { printable } from '../../util/printable.ts';
import type { AuditReport } from '../audit.ts';
import type { ExpiringReport } from '../expiring.ts';
import type { AuditedKey, ReportClock, Unknown } from '../keys.ts';
import { severities } from '../rules.ts';

/** A report of this package. */
export type Report = AuditReport | ExpiringReport;

/** A cell: text, or a name that is shown as code. */
export interface Cell {
  readonly text: string;
  readonly code?: boolean;
}

/** Sentences under a heading. */
interface Section {
  readonly title: string;
  readonly items: readonly string[];
}

/** The content of a report. */
interface Content {
  readonly title: string;
  readonly head: readonly string[];
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly sections: readonly Section[];
}

const plain = (text: string): Cell => ({ text });
const code = (text: string): Cell => ({ text, code: true });

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
const day = (date: Date | null): string => (date === null ? 'not shown' : date.toISOString().slice(0, 10));
const minute = (date: Date): string => `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
const asOf = (date: Date, clock: ReportClock): string =>
  `as of ${minute(date)} by ${clock === 'server' ? "the server's clock" : "this machine's clock"}`;

/** The most keys in one sentence. */
const NAMED = 5;

function unknownText({ rule, what, keys }: Unknown): string {
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
  plain(owner === null ? '' : printable(owner)),
];
const KEY_COLUMNS: readonly string[] = ['Key', 'Id', 'Owner'];

/** The findings, by severity. Where something could not be read, that there are none is not known. */
export function tally({ findings, unknown }: Pick<AuditReport, 'findings' | 'unknown'>): string {
  const counts = severities.flatMap((severity) => {
    const count = findings.filter((one) => one.severity === severity).length;
    return count === 0 ? [] : [counted(count, severity)];
  });
  if (counts.length > 0) return counts.join(', ');
  return unknown.length === 0 ? 'no findings' : 'nothing found in what could be read';
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
    title: `API keys: ${tally(report)}`,
    head: [`${counted(keys, 'key')} of your own checked, ${asOf(checkedAt, clock)}.${bound}`],
    columns: ['Severity', 'Rule', 'Expires', ...KEY_COLUMNS, 'Finding', 'Fix'],
    rows: findings.map(({ severity, rule, key, message, fix }) => [
      plain(severity),
      plain(rule),
      plain(day(key.expiresAt)),
      ...keyCells(key),
      plain(message),
      plain(fix),
    ]),
    sections: [
      { title: 'Assumed', items: assumptions },
      {
        title: 'Allowed',
        items: allowed.map(
          ({ rule, key, reason }) =>
            `${rule}: "${printable(key.name)}" (${printable(key.id)})${reason === null ? '' : `: ${printable(reason)}`}`,
        ),
      },
      { title: 'Not known', items: unknown.map(unknownText) },
    ],
  };
}

function ofExpiring({ keys, total, withinMs, checkedAt, clock, unknown }: ExpiringReport): Content {
  return {
    title: `API keys: ${keys.length === 0 ? 'none expires' : `${counted(keys.length, 'key')} expiring`} within ${describeDuration(withinMs)}`,
    head: [`${counted(total, 'key')} of your own checked, ${asOf(checkedAt, clock)}.`],
    columns: ['Expires', 'Days left', ...KEY_COLUMNS],
    rows: keys.map((key) => [plain(minute(key.expiresAt)), plain(String(key.daysLeft)), ...keyCells(key)]),
    sections: [{ title: 'Not known', items: unknown.map(unknownText) }],
  };
}

/** The content of a report. */
export function contentOf(report: Report): Content {
  if (report?.kind !== 'audit' && report?.kind !== 'expiring')
    throw new TypeError('toMarkdown takes a report of audit() or expiring().');
  return report.kind === 'audit' ? ofAudit(report) : ofExpiring(report);
}
