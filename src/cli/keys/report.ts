// audit and conformance: reports that people read, or paste.

import {
  type AuditReport,
  type AuditRule,
  audit as auditKeys,
  type Severity,
  toMarkdown,
} from '../../audit/index.ts';
import { VERSION } from '../../index.ts';
import { fileStore, type RotationRecord } from '../../rotation/index.ts';
import { printable } from '../../util/printable.ts';
import type { ChangeOptions, Context } from './context.ts';
import { EXIT, type ExitCode, usage } from './exit.ts';
import type { Style } from './output.ts';
import { day, foreign } from './show.ts';
import type { Parts } from './values.ts';

export interface AuditOptions extends ChangeOptions {
  readonly store?: readonly string[];
  readonly expiresWithin?: Parts;
  readonly neverUsedAfter?: Parts;
  readonly notUsedFor?: Parts;
  readonly ignore?: readonly AuditRule[];
  readonly failOn: Severity;
  readonly format: 'table' | 'markdown';
}

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note'];
const STYLES: Readonly<Record<Severity, Style | undefined>> = {
  error: 'red',
  warning: 'yellow',
  note: undefined,
};

const NEXT =
  'Create the next key (blazemeter-keys create), give it to what uses this one, then delete this one';

/** What to do about a finding, in commands. */
const FIXES: Readonly<Record<AuditRule, string>> = {
  'expires-soon': `${NEXT}. If a rotation made it: blazemeter-keys rotate.`,
  expired: `An expired key needs a new key (assumed). ${NEXT}.`,
  'beyond-policy': `${NEXT}.`,
  'never-expires': `${NEXT}.`,
  'stray-key': 'Run blazemeter-keys rotate --resume with the store of its record, or delete it.',
  'never-used': 'If it is not needed, delete it.',
  'not-used-for-long': 'If it is not needed, delete it.',
  'duplicate-name': 'Delete the one that is not needed, or give each use a name of its own.',
};

export async function audit(context: Context, options: AuditOptions): Promise<ExitCode> {
  const { output, interrupt } = context;
  const { format, failOn, store = [], ignore = [], expiresWithin, neverUsedAfter, notUsedFor } = options;
  if (output.json && format !== 'table') throw usage('--json and --format contradict each other.');
  const records: RotationRecord[] = [];
  for (const path of store) {
    const held = await fileStore(context.secretPath(path, '--store', options)).read();
    if (held !== undefined) records.push(held.record);
  }
  output.progress('Auditing …');
  const found = await auditKeys(context.client(), {
    ...{ expiresWithin, neverUsedAfter, notUsedFor, ignore, records },
    signal: interrupt.now,
  });
  interrupt.now.throwIfAborted();
  const findings = found.findings.map((finding) => ({ ...finding, fix: FIXES[finding.rule] }));
  const report = { ...found, findings };
  if (output.json) await output.document(report);
  else if (format === 'markdown') await output.lines(toMarkdown(report).trimEnd().split('\n'));
  else await show(context, report);
  const counts = SEVERITIES.slice(0, SEVERITIES.indexOf(failOn) + 1);
  return findings.some(({ severity }) => counts.includes(severity)) ? EXIT.findings : EXIT.done;
}

/** The findings as a table, then what is to be known of each. */
async function show({ output }: Context, { findings, keys, unknown, checkedAt }: AuditReport): Promise<void> {
  const count = (amount: number, what: string) => `${amount} ${what}${amount === 1 ? '' : 's'}`;
  await output.lines([
    `${count(keys, 'key')} of your own, on ${day(checkedAt)}: ${count(findings.length, 'finding')}`,
  ]);
  if (findings.length > 0) {
    await output.lines(['']);
    await output.table(
      ['', 'SEVERITY', 'RULE', 'EXPIRES', 'ID', 'NAME'],
      findings.map(({ severity, rule, key }, at) => [
        String(at + 1),
        { text: severity, style: STYLES[severity] },
        rule,
        day(key.expiresAt),
        foreign(key.id),
        foreign(key.name),
      ]),
    );
    await output.lines([
      '',
      ...findings.map(
        ({ key, message, fix, assumption }, at) =>
          `${at + 1}. ${printable(key.name)}: ${message} ${fix}${assumption === null ? '' : ` Assumed: ${assumption}`}`,
      ),
    ]);
  }
  if (unknown.length > 0)
    await output.lines([
      '',
      'Unknown:',
      ...unknown.map(({ rule, what }) => `- ${rule === null ? '' : `${rule}: `}${what}`),
    ]);
}

/** Whether the service behaves as the package assumes: a report that can be pasted into an issue. */
export async function conformance(
  context: Context,
  { write }: { readonly write?: boolean },
): Promise<ExitCode> {
  const { output, interrupt } = context;
  const { runConformance } = await import('../../reference/index.ts');
  output.progress('Comparing …');
  const lines = await runConformance({ client: context.client(), write });
  interrupt.now.throwIfAborted();
  const marks = { true: 'yes', false: 'NO', null: '' };
  const cell = (text: string) => printable(text, 400).replace(/[|\\`<>[\]@]/g, '\\$&');
  if (output.json) await output.document({ version: VERSION, lines });
  else
    await output.lines([
      `blazemeter-client ${VERSION}, ${new Date().toISOString().slice(0, 10)}`,
      '',
      '| | behaviour | expected | seen | agrees |',
      '|---|---|---|---|---|',
      ...lines.map(
        ({ id, behaviour, expected, seen, agrees }) =>
          `| ${[id, behaviour, expected, seen, marks[`${agrees}`]].map(cell).join(' | ')} |`,
      ),
    ]);
  return lines.some(({ agrees }) => agrees === false) ? EXIT.findings : EXIT.done;
}
