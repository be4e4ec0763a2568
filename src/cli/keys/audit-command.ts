// audit: what is wrong with the user's keys.

import {
  type AuditOptions,
  type AuditReport,
  type AuditRule,
  audit as auditKeys,
  auditRules,
  type Severity,
  toJson,
  toMarkdown,
} from '../../audit/index.ts';
import { contentOf } from '../../audit/report/content.ts';
import type { RotationRecord } from '../../rotation/record/record.ts';
import { printable, shownId } from '../../util/printable.ts';
import type { Command } from './command.ts';
import type { Options } from './command-line.ts';
import { type Context, clientOf } from './context.ts';
import { EXIT, usage } from './exit-codes.ts';
import { inCommands } from './in-commands.ts';
import { readSpan } from './periods.ts';
import { day, foreign, plain } from './shown.ts';
import { storeOfFile } from './stores.ts';
import { type Style, table } from './table.ts';

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note'];
const FORMATS = ['table', 'markdown'] as const;
type Format = (typeof FORMATS)[number];
const STYLES: Readonly<Record<Severity, Style>> = { error: 'bad', warning: 'warning', note: 'plain' };

const OPTIONS: Options = {
  store: {
    value: '<file>',
    many: true,
    help: 'the record of a rotation, whose keys are no strays; repeatable',
  },
  'expires-within': {
    value: '<span>',
    help: "how soon is soon; default a tenth of the key's life, 5 to 14 days",
  },
  'never-used-after': {
    value: '<span>',
    help: "how long a new key may wait for its first use; default '30 days'",
  },
  'not-used-for': { value: '<span>', help: "how long is long; default '90 days'" },
  ignore: {
    value: '<rule>',
    many: true,
    help: `a rule to leave out, repeatable: ${Object.keys(auditRules).join(', ')}`,
  },
  'fail-on': {
    value: '<severity>',
    help: 'from where on the exit code is 1: error, warning or note; default warning',
  },
  format: { value: '<format>', help: 'table or markdown; default table' },
  'allow-in-git': { help: 'read a record although git would track it' },
};

export const audit: Command = {
  name: 'audit',
  summary: 'what is wrong with the keys; exit code 1 if anything is',
  options: OPTIONS,
  async run(context) {
    const { given, terminal, interrupt } = context;
    const format = formatOf(context);
    const options = auditOptions(context);
    const failOn = failOnOf(context);
    const records: RotationRecord[] = [];
    for (const path of given.all('store')) {
      const held = await storeOfFile(context, path).read();
      if (held !== undefined) records.push(held.record);
    }
    terminal.progress('Auditing …');
    const report = await auditKeys(clientOf(context), { ...options, records, signal: interrupt.now });
    interrupt.now.throwIfAborted();
    await terminal.raw(rendered(context, report, format));
    return report.findings.some(({ severity }) => failOn(severity)) ? EXIT.findings : EXIT.done;
  },
};

function rendered(context: Context, found: AuditReport, format: Format): string {
  const report = {
    ...found,
    findings: found.findings.map((finding) => ({ ...finding, fix: inCommands(finding.fix) })),
  };
  if (format === 'markdown') return toMarkdown(report);
  return context.terminal.json ? toJson(report) : `${tableLines(context, report).join('\n')}\n`;
}

/** The findings as a table, then what is said of each. */
function tableLines({ terminal }: Context, report: AuditReport): string[] {
  const { title, head, sections } = contentOf(report);
  const { findings } = report;
  const rows = findings.map(({ severity, rule, key }, at) => [
    plain(String(at + 1)),
    plain(severity, STYLES[severity]),
    plain(rule),
    plain(day(key.expiresAt)),
    plain(shownId(key.id)),
    foreign(key.name),
  ]);
  const found =
    rows.length === 0
      ? []
      : [
          '',
          ...table(['', 'SEVERITY', 'RULE', 'EXPIRES', 'ID', 'NAME'], rows, terminal.paint),
          '',
          ...findings.map(
            ({ key, message, fix }, at) => `${at + 1}. ${printable(key.name)}: ${message} ${fix}`,
          ),
        ];
  const more = sections.flatMap(({ title: heading, items }) =>
    items.length === 0 ? [] : ['', `${heading}:`, ...items.map((item) => `- ${item}`)],
  );
  return [title, ...head, ...found, ...more];
}

function formatOf({ given, terminal }: Context): Format {
  const text = given.text('format') ?? 'table';
  const format = FORMATS.find((each) => each === text);
  if (format === undefined) throw usage('--format is table or markdown.');
  if (terminal.json && format !== 'table') throw usage('--json and --format contradict each other.');
  return format;
}

function auditOptions({ given }: Context): AuditOptions {
  const span = (option: string) => {
    const text = given.text(option);
    return text === undefined ? undefined : readSpan(text, `--${option}`);
  };
  return {
    expiresWithin: span('expires-within'),
    neverUsedAfter: span('never-used-after'),
    notUsedFor: span('not-used-for'),
    ignore: given.all('ignore').map(ruleOf),
  };
}

const isRule = (text: string): text is AuditRule => Object.hasOwn(auditRules, text);

function ruleOf(text: string): AuditRule {
  if (isRule(text)) return text;
  throw usage(`--ignore is one of ${Object.keys(auditRules).join(', ')}.`);
}

/** Whether a severity counts. */
function failOnOf({ given }: Context): (severity: Severity) => boolean {
  const least = SEVERITIES.findIndex((severity) => severity === (given.text('fail-on') ?? 'warning'));
  if (least < 0) throw usage('--fail-on is error, warning or note.');
  return (severity) => SEVERITIES.indexOf(severity) <= least;
}
