// audit --manifest: the keys of every user that the manifest leads to, in one report by owner.

import { type AuditOptions, type AuditReport, audit, type Finding } from '../../audit/index.ts';
import { wrapped } from '../../audit/report/width.ts';
import { printable, shownId } from '../../text/printable.ts';
import type { Context } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import { inCommands } from './in-commands.ts';
import { byOwner, count, ownerTables } from './manifest-report.ts';
import {
  codeOfUsers,
  eachUser,
  lookedSummary,
  troubleData,
  troubleLines,
  userData,
} from './manifest-users.ts';
import { foreign, plain } from './shown.ts';
import type { Column, Style } from './table.ts';

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
  const { terminal } = context;
  const looked = await eachUser(context, 'Auditing', ({ client, seen, owners, signal }) => {
    const records = seen.flatMap(({ record }) => (record === undefined ? [] : [record]));
    return audit(client, { ...options, records, owners, signal });
  });
  const findings = looked.users.flatMap(({ found }) => found?.findings ?? []);
  const code = codeOfUsers(
    looked,
    findings.some(({ severity }) => failOn(severity)),
  );
  const ownerOf = ({ key }: Finding) => key.owner;
  if (terminal.json)
    await terminal.document({
      findings: byOwner(findings, ownerOf).map(([owner, group]) => ({ owner, findings: group })),
      users: looked.users.map((user) => userData(user, auditedData)),
      ...troubleData(looked),
      exitCode: code,
    });
  else {
    const keys = looked.users.reduce((sum, { found }) => sum + (found?.keys ?? 0), 0);
    await terminal.result([
      ...ownerTables(context, findings, ownerOf, COLUMNS, findingRow),
      ...troubleLines(context, looked, 'audited'),
      ...wrapped(
        `${count(looked.users.length, 'user', 'users')}, ${count(keys, 'key', 'keys')}, ${count(findings.length, 'finding', 'findings')}. ${lookedSummary(looked)}`,
        terminal.width,
      ),
    ]);
  }
  return code;
}

const findingRow = ({ severity, key, message, fix }: Finding) => [
  plain(severity, STYLES[severity]),
  foreign(`${printable(key.name)} (${shownId(key.id)})`),
  plain(inCommands(`${message} ${fix}`)),
];

const auditedData = ({ keys, policy, unknown }: AuditReport) => ({ keys, policy, unknown });
