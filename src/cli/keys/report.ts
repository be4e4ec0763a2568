// audit and conformance: reports that people read, or paste.

import {
  type AuditReport,
  audit as auditKeys,
  type Finding,
  type AuditOptions as LibraryOptions,
  type Severity,
  toMarkdown,
} from '../../audit/index.ts';
import { keptDays } from '../../audit/period.ts';
import { tally } from '../../audit/report/content.ts';
import { VERSION } from '../../index.ts';
import { fileStore, type RotationRecord } from '../../rotation/index.ts';
import { readKeyName } from '../../util/key-name.ts';
import { printable } from '../../util/printable.ts';
import type { ChangeOptions, Context } from './context.ts';
import { EXIT, type ExitCode, usage } from './exit.ts';
import { day, foreign, NAME, shellWord } from './show.ts';

/** What the library takes as it stands here. */
type Shared = 'expiresWithin' | 'neverUsedAfter' | 'notUsedFor' | 'ignore';

export interface AuditOptions extends ChangeOptions, Pick<LibraryOptions, Shared> {
  readonly store?: readonly string[];
  readonly failOn: Severity;
  readonly format: 'table' | 'markdown';
}

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note'];
const STYLES = { error: 'red', warning: 'yellow', note: undefined } as const;

/** What to do about a finding, as commands that run as they are printed. `store` is the record that the key belongs to. */
function fixOf(
  { rule, key }: Finding,
  { given }: Context,
  policy: AuditReport['policy'],
  store: string | undefined,
): string {
  // Options of this run that the printed commands need too.
  const carried = Object.entries({
    ...{ '--base-url': given.baseUrl, '--config': given.config, '--ca-file': given.caFile },
  }).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
  const command = (...words: string[]) => `${NAME} ${[...words, ...carried].map(shellWord).join(' ')}`;
  const file = `./${printable(key.name).replace(/[^\w.-]+/g, '-')}.json`;
  const deletion = command('delete', printable(key.id));
  if (rule === 'stray-key')
    return store === undefined
      ? `Run ${NAME} rotate --resume with --store for its record, or delete it: ${deletion}`
      : `Run: ${command('rotate', '--resume', '--store', store)}`;
  if (rule === 'never-used' || rule === 'not-used-for-long') return `If it is not needed: ${deletion}`;
  if (rule === 'duplicate-name')
    return `Give each use a name of its own, and delete the one that is not needed: ${deletion}`;
  if (store !== undefined) return `Run: ${command('rotate', '--reason', 'schedule', '--store', store)}`;
  const days = keptDays(key, policy?.maximumDays);
  const life = days === undefined ? 'max' : `${days} days`;
  const creation = command('create', '--name', printable(key.name), '--expires-in', life, '--out', file);
  return `Create the next key: ${creation} ; give it to what uses this one. Once nothing does: ${command('delete', printable(key.id), '--key-file', file)}`;
}

export async function audit(context: Context, options: AuditOptions): Promise<ExitCode> {
  const { output, interrupt } = context;
  const { format, failOn, store = [], ignore, expiresWithin, neverUsedAfter, notUsedFor } = options;
  if (output.json && format !== 'table') throw usage('--json and --format contradict each other.');
  const stores: { readonly path: string; readonly record: RotationRecord }[] = [];
  for (const path of store) {
    const held = await fileStore(context.secretPath(path, '--store', options)).read();
    if (held === undefined) output.say('warning', `--store ${path}: there is no such record.`);
    else stores.push({ path, record: held.record });
  }
  const records = stores.map(({ record }) => record);
  output.progress('Auditing …');
  const found = await auditKeys(context.client(), {
    ...{ expiresWithin, neverUsedAfter, notUsedFor, ignore, records },
    signal: interrupt.now,
  });
  interrupt.now.throwIfAborted();
  const findings = found.findings.map((finding) => {
    const recordId = readKeyName(finding.key.name)?.recordId;
    const own = stores.find(({ record }) => record.id === recordId || record.current.id === finding.key.id);
    return { ...finding, fix: fixOf(finding, context, found.policy, own?.path) };
  });
  const report = { ...found, findings };
  if (output.json) await output.document(report);
  else if (format === 'markdown') await output.lines(toMarkdown(report).trimEnd().split('\n'));
  else await show(context, report);
  const counts = SEVERITIES.slice(0, SEVERITIES.indexOf(failOn) + 1);
  return report.findings.some(({ severity }) => counts.includes(severity)) ? EXIT.findings : EXIT.done;
}

/** The findings as a table, then what is to be known of each. */
async function show({ output }: Context, report: AuditReport): Promise<void> {
  const { findings, keys, unknown, checkedAt } = report;
  await output.lines([
    `${keys} ${keys === 1 ? 'key' : 'keys'} of your own, on ${day(checkedAt)}: ${tally(report)}`,
  ]);
  if (findings.length > 0)
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
  const details = findings.map(
    ({ key, message, fix, assumption }, at) =>
      `${at + 1}. ${printable(key.name)}: ${message} ${fix}${assumption === null ? '' : ` Assumed: ${assumption}`}`,
  );
  const open = unknown.map(({ rule, what }) => `- ${rule === null ? '' : `${rule}: `}${what}`);
  if (details.length > 0) await output.lines(['', ...details]);
  if (open.length > 0) await output.lines(['', 'Unknown:', ...open]);
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
  if (lines.some(({ agrees }) => agrees === false)) return EXIT.findings;
  // Where not even this could be compared, its error says why.
  if (lines.some(({ id, agrees }) => id === 'user.get' && agrees === null))
    await context.client().user.get({ signal: interrupt.now });
  return EXIT.done;
}
