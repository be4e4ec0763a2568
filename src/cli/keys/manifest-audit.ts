// audit --manifest: the keys of every user that the manifest leads to, in one report by owner.

import { type AuditOptions, type AuditReport, audit, type Finding } from '../../audit/index.ts';
import { wrapped } from '../../audit/report/width.ts';
import { printable, shownId } from '../../text/printable.ts';
import { eachBounded } from './bounded.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode, worst } from './exit-codes.ts';
import { inCommands } from './in-commands.ts';
import { entryOf, lookAtEntries, openManifest, type Seen, unnamedKeys, usersOf } from './manifest-entries.ts';
import {
  byOwner,
  codeOf,
  count,
  type Line,
  linesByOwner,
  linesData,
  ownerText,
  summary,
  unnamedData,
  unnamedLines,
} from './manifest-report.ts';
import { foreign, plain } from './shown.ts';
import { type Column, type Style, table } from './table.ts';
import { type Trouble, troubleOf } from './trouble.ts';

const COLUMNS: readonly Column[] = [
  { title: 'SEVERITY', whole: true },
  { title: 'KEY' },
  { title: 'FINDING' },
];
const STYLES: Readonly<Record<Finding['severity'], Style>> = {
  error: 'bad',
  warning: 'warning',
  note: 'plain',
};

/** Whether a severity counts. */
export type FailOn = (severity: Finding['severity']) => boolean;

export async function auditManifest(
  context: Context,
  options: AuditOptions,
  failOn: FailOn,
): Promise<ExitCode> {
  const { terminal, interrupt } = context;
  const opened = openManifest(context);
  const seen = await lookAtEntries(context, opened);
  interrupt.now.throwIfAborted();
  const records = seen.flatMap(({ record }) => (record === undefined ? [] : [record]));
  const owners: AuditOptions['owners'] = (key) => entryOf(seen, key)?.owner;
  const users = [...usersOf(seen)];
  let done = 0;
  const reports = await eachBounded(users, opened.atOnce, async ([userId, { client }]) => {
    try {
      return { userId, report: await audit(client, { ...options, records, owners, signal: interrupt.now }) };
    } catch (error) {
      return { userId, trouble: troubleOf(interrupt.reason ?? error) };
    } finally {
      done += 1;
      terminal.progress(`Auditing … ${done} of ${users.length} users`);
    }
  });
  const unnamed = await unnamedKeys(context, seen, opened.atOnce);
  interrupt.now.throwIfAborted();
  const findings = reports.flatMap((each) => each.report?.findings ?? []);
  const broken = seen.filter(({ trouble }) => trouble !== undefined).map(lineOf);
  const code = worst([
    codeOf(broken, unnamed),
    ...reports.map(({ trouble }) => trouble?.exitCode ?? EXIT.done),
    findings.some(({ severity }) => failOn(severity)) ? EXIT.findings : EXIT.done,
  ]);
  if (terminal.json)
    await terminal.document({
      findings: byOwner(findings, ({ key }) => key.owner).map(([owner, group]) => ({
        owner,
        findings: group,
      })),
      users: reports.map(dataOf),
      broken: linesData(broken),
      unnamed: unnamedData(unnamed),
      exitCode: code,
    });
  else
    await terminal.result([
      ...byOwner(findings, ({ key }) => key.owner).flatMap(([owner, group]) => [
        terminal.paint('bold', ownerText(owner)),
        ...table(COLUMNS, group.map(findingRow), terminal.width, terminal.paint),
        '',
      ]),
      ...(broken.length === 0 ? [] : [terminal.paint('bold', 'Entries that could not be looked at'), '']),
      ...linesByOwner(context, broken),
      ...unnamedLines(context, unnamed),
      ...reports.flatMap(({ userId, trouble }) =>
        trouble === undefined ? [] : [`User ${userId} could not be audited: ${trouble.message}`],
      ),
      ...wrapped(
        [
          `${count(users.length, 'user', 'users')}, `,
          `${count(
            reports.reduce((sum, { report }) => sum + (report?.keys ?? 0), 0),
            'key',
            'keys',
          )}, `,
          `${count(findings.length, 'finding', 'findings')}. `,
          summary(seen.map(lineOf), unnamed, 'looked at'),
        ].join(''),
        terminal.width,
      ),
    ]);
  return code;
}

const findingRow = ({ severity, key, message, fix }: Finding) => [
  plain(severity, STYLES[severity]),
  foreign(`${printable(key.name)} (${shownId(key.id)})`),
  plain(inCommands(`${message} ${fix}`)),
];

const lineOf = ({ entry, keyId, trouble }: Seen): Line => ({
  entry,
  code: trouble?.exitCode ?? EXIT.done,
  outcome: trouble === undefined ? 'looked at' : 'failed',
  keyId,
  trouble,
});

const dataOf = ({
  userId,
  report,
  trouble,
}: {
  userId: number;
  report?: AuditReport;
  trouble?: Trouble;
}) => ({
  userId,
  ...(report === undefined ? {} : { keys: report.keys, policy: report.policy, unknown: report.unknown }),
  ...(trouble === undefined ? {} : { error: trouble }),
});
