// The reports: what fits into a line, what a name cannot do in them, and what code scanning needs of them.

import { BlazeMeterClient } from 'blazemeter-client';
import {
  type AuditedKey,
  type AuditReport,
  type AuditRule,
  audit,
  auditRules,
  type ExpiringReport,
  expiring,
  type Finding,
  type Report,
  toJson,
  toMarkdown,
  toSarif,
  toTable,
} from 'blazemeter-client/audit';
import { planPolicy } from 'blazemeter-client/rotation';
import { createReference } from 'blazemeter-client/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { obeyed, payloads } from '../leak/payloads.ts';
import { isObject } from '../support/reference.ts';

const NOW = new Date('2030-06-01T12:00:00Z');

const keyOf = (name: string, more: Partial<AuditedKey> = {}): AuditedKey => ({
  id: '7e57ed1d0000000000000001',
  name,
  userId: 7,
  owner: null,
  createdAt: new Date('2030-01-01T00:00:00Z'),
  expiresAt: new Date('2030-06-04T12:00:00Z'),
  lastUsedAt: null,
  ...more,
});

const findingOf = (key: AuditedKey, more: Partial<Finding> = {}): Finding => ({
  rule: 'expires-soon',
  severity: 'error',
  key,
  message: 'It runs out on 2030-06-04, in 3 days.',
  fix: 'Make the next key, and give it to whoever uses this one.',
  assumption: null,
  related: [],
  ...more,
});

const auditOf = (findings: readonly Finding[], more: Partial<AuditReport> = {}): AuditReport => ({
  kind: 'audit',
  findings,
  allowed: [],
  worst: findings[0]?.severity ?? null,
  keys: findings.length,
  policy: null,
  checkedAt: NOW,
  clock: 'server',
  unknown: [],
  ...more,
});

const expiringOf = (keys: readonly AuditedKey[]): ExpiringReport => ({
  kind: 'expiring',
  keys: keys.map((key) => ({ ...key, expiresAt: new Date('2030-06-04T12:00:00Z'), daysLeft: 3 })),
  total: keys.length,
  withinMs: 86_400_000 * 30,
  until: new Date('2030-07-01T12:00:00Z'),
  checkedAt: NOW,
  clock: 'server',
  unknown: [],
});

/** All three kinds of report, about keys and an account of this name, with this label on each key. */
async function reportsOn(text: string): Promise<{ audited: AuditReport; all: Report[] }> {
  const reference = createReference();
  const made = reference.seed({
    users: { ana: {} },
    accounts: { main: { owner: 'ana', name: text } },
    keys: {
      first: { user: 'ana', name: text, expires: { days: 1 } },
      second: { user: 'ana', name: text, expires: { days: 2 }, created: { days: -50 } },
      third: { user: 'ana', name: `b ${text}`, expires: { days: 200 } },
    },
  });
  const client = new BlazeMeterClient({ credentials: made.keys.third, fetch: reference.fetch });
  const owners = () => text;
  const allow = [{ rule: 'never-used', key: '*', reason: text }] as const;
  const audited = await audit(client, { owners, allow });
  const plan = await planPolicy(client, made.accounts.main.id, { maximum: '1 month', owners });
  return { audited, all: [audited, await expiring(client, { within: '1 year', owners }), plan] };
}

/** Text of every kind of width, and its width by a count of our own. */
const letters: readonly (readonly [string, number])[] = [
  ...[...'abcXYZ 019-_.:'].map((letter) => [letter, 1] as const),
  ...['é', 'e\u0301', 'ж', 'א', 'ى'].map((letter) => [letter, 1] as const),
  ...['日', '本', 'ー', '한', 'ｆ', '。', '🚀', '😀', '👍🏽', '🇩🇪'].map((letter) => [letter, 2] as const),
];
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const widths = new Map(letters);
/** What is not among the letters is ASCII of ours. */
const widthOf = (line: string): number =>
  Array.from(graphemes.segment(line), ({ segment }) => widths.get(segment) ?? segment.length).reduce(
    (sum, one) => sum + one,
    0,
  );
const anyName = fc
  .array(fc.constantFrom(...letters.map(([letter]) => letter)), { minLength: 1, maxLength: 60 })
  .map((parts) => parts.join(''));

describe('a table', () => {
  it('has no line that is wider than it may be, whatever the names', () => {
    fc.assert(
      fc.property(fc.array(anyName, { maxLength: 4 }), fc.integer({ min: 20, max: 240 }), (names, width) => {
        const keys = names.map((name) => keyOf(name, { owner: name.slice(0, 20) }));
        const findings = keys.map((key) => findingOf(key));
        for (const report of [auditOf(findings), expiringOf(keys)])
          for (const line of toTable(report, { width }).split('\n')) {
            expect(widthOf(line)).toBeLessThanOrEqual(width);
            expect(line).toBe(line.trimEnd());
          }
      }),
      { numRuns: 150 },
    );
  });

  it('loses no character of a name, however it is broken', () => {
    fc.assert(
      fc.property(anyName, fc.integer({ min: 20, max: 120 }), (name, width) => {
        // A blank may be lost where a line breaks, and one is put before what CI systems obey.
        const bare = (text: string) => text.replace(/\s/g, '');
        const text = toTable(auditOf([findingOf(keyOf(name))]), { width: Math.min(width, 40) });
        expect(bare(text)).toContain(bare(name));
      }),
      { numRuns: 100 },
    );
  });

  it('keeps its columns in line behind wide characters', () => {
    const names = ['日本한', 'abc', '🚀🚀🚀', 'e\u0301te\u0301'];
    const lines = toTable(expiringOf(names.map((name) => keyOf(name))), { width: 120 }).split('\n');
    const starts = lines.flatMap((line) => {
      const at = line.indexOf('7e57ed1d');
      return at < 0 ? [] : [widthOf(line.slice(0, at))];
    });
    expect(starts).toHaveLength(4);
    expect(new Set(starts).size).toBe(1);
  });

  it('reads like this at 80', () => {
    const findings = [
      findingOf(keyOf('deploy', { owner: 'team web' })),
      findingOf(keyOf('夜間ジョブ'), {
        rule: 'never-used',
        severity: 'note',
        message: 'It was never used.',
        fix: '',
      }),
    ];
    const unknown = [
      { rule: 'stray-key', what: 'No records were given.', keys: ['7e57ed1d0000000000000002'] },
    ] as const;
    expect(toTable(auditOf(findings, { unknown }))).toBe(`API keys: 1 error, 1 note
2 keys of your own looked at, as of 2030-06-01 12:00 UTC by the server's clock.

Severity  Rule          Ends        Key
--------  ------------  ----------  ----------
error     expires-soon  2030-06-04  deploy
  7e57ed1d0000000000000001, team web
  It runs out on 2030-06-04, in 3 days.
  Make the next key, and give it to whoever uses this one.
note      never-used    2030-06-04  夜間ジョブ
  7e57ed1d0000000000000001
  It was never used.

Could not be told:
- stray-key: No records were given. (7e57ed1d0000000000000002)
`);
  });

  it('says so where there is nothing', () => {
    expect(toTable(auditOf([]))).toMatch(/^API keys: no findings\n0 keys of your own/);
    expect(toTable(expiringOf([]))).toMatch(/^API keys: none ends within 30 days\n/);
  });

  it('has no colour unless it is asked for, and then as many cells as without', () => {
    const report = auditOf([findingOf(keyOf('a')), findingOf(keyOf('b'), { severity: 'warning' })]);
    const plain = toTable(report, { width: 200 });
    const colored = toTable(report, { width: 200, color: true });
    expect(plain).not.toContain('\u001b');
    expect(colored).toContain('\u001b[31merror\u001b[0m');
    expect(colored).toContain('\u001b[33mwarning\u001b[0m');
    const bare = ['\u001b[31m', '\u001b[33m', '\u001b[0m'].reduce(
      (text, code) => text.replaceAll(code, ''),
      colored,
    );
    expect(bare).toBe(plain);
  });

  it('takes the width of a terminal as it is, and refuses what is none', () => {
    const report = auditOf([findingOf(keyOf('a'))]);
    expect(toTable(report, { width: undefined })).toBe(toTable(report, { width: 80 }));
    expect(toTable(report, { width: 1 })).toBe(toTable(report, { width: 20 }));
    expect(() => toTable(report, { width: Number.NaN })).toThrow(TypeError);
  });
});

const markup: Readonly<Record<string, string>> = {
  'a script': '<script>alert(1)</script>',
  'an image': '<img src=x onerror=alert(1)>',
  'a comment that does not end': 'a <!-- b',
  'a pipe': 'a | b || c',
  'an escaped pipe': 'a \\| b',
  'a link': '[a](https://evil.example)',
  'a picture': '![a](https://evil.example/x.png)',
  'an address of the web': 'see https://evil.example or HTTP://evil.example',
  'an address without a scheme': 'see www.evil.example WWW.evil.example',
  'an address for mail': 'mailto:me@evil.example me@evil.example xmpp:a@b.c',
  'a mention': '@everybody',
  'a code span': '`a` ``b`` ```c',
  'a number sign': '# a #1',
  emphasis: '**a** __b__ ~~c~~',
  'an entity': '&lt;script&gt; &#60;',
  'a footnote': '[^1]',
};

/** A row without the marks that are ours. */
const foreign = (text: string): string => text.replaceAll(/<\/?(?:code|span)>|<br>/g, '');

describe('Markdown', () => {
  it.each(Object.entries({ ...markup, ...payloads }))('%s stays text', async (_, text) => {
    const { all } = await reportsOn(text);
    for (const report of all) {
      const markdown = toMarkdown(report);
      expect(foreign(markdown)).not.toMatch(/[<>`]|\]\(|!\[|https?:\/\/|www\.|mailto:|@|(?<!&)#(?!#)\S/i);
      expect(markdown).not.toMatch(/&(?!#\d+;)/);
      expect(markdown.split('\n').flatMap((line) => obeyed(foreign(line)))).toEqual([]);
      // Every row has as many cells as the head.
      const rows = markdown.split('\n').filter((line) => line.startsWith('|'));
      expect(rows.length).toBeGreaterThan(2);
      expect(new Set(rows.map((row) => row.split('|').length)).size).toBe(1);
    }
  });

  it('says what was written: its references give the name again', () => {
    const name = 'a|b <i> `c` @d www.e [f](g)';
    const cell = /<code>(.*?)<\/code>/.exec(toMarkdown(auditOf([findingOf(keyOf(name))])))?.[1] ?? '';
    expect(foreign(cell).replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))).toBe(name);
  });

  it.each([4_096, 10_000, 1_000_000])('stays within %d bytes, and counts what it leaves out', (maxBytes) => {
    const findings = Array.from({ length: 5_000 }, (_, at) => findingOf(keyOf(`${at} ${'鍵'.repeat(60)}`)));
    const unknown = Array.from({ length: 300 }, () => ({
      rule: null,
      what: 'Something.'.repeat(20),
      keys: [],
    }));
    const markdown = toMarkdown(auditOf(findings, { unknown }), { maxBytes });
    expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(maxBytes);
    const shown = markdown.split('\n').filter((line) => line.startsWith('| error')).length;
    expect(shown).toBeGreaterThan(1);
    expect(markdown).toContain(`${5_000 - shown} more rows do not fit here.`);
    expect(markdown).toContain('Could not be told');
  });

  it('has all of a thousand findings in what GitHub takes', () => {
    const findings = Array.from({ length: 1_000 }, (_, at) => findingOf(keyOf(`key ${at}`)));
    expect(toMarkdown(auditOf(findings))).not.toContain('do not fit');
    expect(() => toMarkdown(auditOf([]), { maxBytes: 10 })).toThrow(TypeError);
  });
});

describe('every report', () => {
  it.each(Object.entries(payloads))('%s is broken in it', async (_, payload) => {
    const { audited, all } = await reportsOn(payload);
    const sarif = toSarif(audited);
    const texts = [JSON.stringify(sarif), JSON.stringify(sarif, null, 2)];
    for (const report of all) {
      for (const width of [20, 33, 60, 80, 120, 200]) texts.push(toTable(report, { width }));
      texts.push(toMarkdown(report), toJson(report), toJson(report, { indent: 0 }));
    }
    expect(texts.flatMap(obeyed)).toEqual([]);
  });

  it.each(['a ::error::b', 'ab::error::b', 'a b c d ::set-output name=x::y', `${'x'.repeat(28)}::error::b`])(
    '%s is not put at the beginning of a line',
    async (name) => {
      const { all } = await reportsOn(name);
      for (const report of all)
        for (let width = 20; width < 130; width++) expect(obeyed(toTable(report, { width }))).toEqual([]);
    },
  );

  it('shows no long run that could be a token', async () => {
    const token = 'ab12'.repeat(18);
    const { audited, all } = await reportsOn(`key ${token}`);
    const texts = [
      JSON.stringify(toSarif(audited)),
      ...all.flatMap((report) => [toTable(report, { width: 200 }), toMarkdown(report), toJson(report)]),
    ];
    for (const text of texts) {
      expect(text).not.toContain(token.slice(0, 8));
      expect(text).toContain('redacted');
    }
  });

  it('shows the beginning of a name of any length', async () => {
    const { audited, all } = await reportsOn('ab '.repeat(50_000));
    for (const report of all) {
      expect(toMarkdown(report).length).toBeLessThan(20_000);
      expect(toJson(report).length).toBeLessThan(60_000);
    }
    expect(JSON.stringify(toSarif(audited)).length).toBeLessThan(20_000);
  });
});

describe('JSON', () => {
  it('is the report, with dates as text', async () => {
    const { all } = await reportsOn('a plain name');
    for (const report of all) {
      expect(JSON.parse(toJson(report))).toEqual(JSON.parse(JSON.stringify(report)));
      expect(toJson(report, { indent: 0 }).trimEnd()).not.toContain('\n');
      expect(toJson(report).endsWith('}\n')).toBe(true);
    }
  });
});

/** Every text in a value. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(texts);
  return isObject(value) ? Object.entries(value).flatMap(([key, one]) => [key, ...texts(one)]) : [];
}

describe('SARIF', () => {
  const rules: readonly AuditRule[] = [
    'expires-soon',
    'expired',
    'beyond-policy',
    'never-expires',
    'stray-key',
    'never-used',
    'not-used-for-long',
    'duplicate-name',
  ];
  const log = (report: AuditReport, uri?: string) => {
    const [run] = toSarif(report, { uri }).runs;
    if (run === undefined) throw new Error('There is no run.');
    return run;
  };

  it('has each rule once, and each result points to its own', () => {
    const run = log(
      auditOf(rules.map((rule) => findingOf(keyOf('a'), { rule, severity: auditRules[rule].severity }))),
    );
    expect(run.tool.driver.rules.map(({ id }) => id)).toEqual(rules);
    expect(new Set(run.tool.driver.rules.map(({ name }) => name)).size).toBe(rules.length);
    for (const { ruleId, ruleIndex, level } of run.results) {
      const rule = run.tool.driver.rules[ruleIndex];
      expect(rule?.id).toBe(ruleId);
      expect(level).toBe(rule?.defaultConfiguration.level);
    }
    for (const { shortDescription, fullDescription } of run.tool.driver.rules) {
      expect(shortDescription.text).toMatch(/^[A-Z].*\.$/);
      expect(fullDescription.text).toMatch(/\.$/);
    }
  });

  it('points to the key by a logical location, and to a file where one is named', () => {
    const report = auditOf([findingOf(keyOf('a'))]);
    expect(log(report).results[0]?.locations).toEqual([
      {
        logicalLocations: [
          { name: 'a', fullyQualifiedName: 'user/7/api-key/7e57ed1d0000000000000001', kind: 'resource' },
        ],
      },
    ]);
    const [result] = log(report, '.github/workflows/keys.yml').results;
    expect(result?.locations[0]?.physicalLocation).toEqual({
      artifactLocation: { uri: '.github/workflows/keys.yml' },
      region: { startLine: 1 },
    });
    expect(result?.partialFingerprints.primaryLocationLineHash).toMatch(/^[0-9a-f]{16}:1$/);
  });

  it.each(['', '/etc/passwd', 'https://a.example/', 'a b', 'a\nb', 'a|b', '日本'])(
    'takes no file %j',
    (uri) => {
      expect(() => toSarif(auditOf([]), { uri })).toThrow(TypeError);
    },
  );

  it('knows a finding again when the name, the days left and the order have changed, and no other', () => {
    const print = (finding: Finding): string =>
      log(auditOf([finding])).results[0]?.partialFingerprints['blazemeterKeyRule/v1'] ?? '';
    const one = print(findingOf(keyOf('a')));
    expect(one).toBe('33416370f0493d4d');
    expect(print(findingOf(keyOf('b', { owner: 'me' }), { message: 'Other words.', severity: 'note' }))).toBe(
      one,
    );
    expect(print(findingOf(keyOf('a'), { rule: 'expired' }))).not.toBe(one);
    expect(print(findingOf(keyOf('a', { id: '7e57ed1d0000000000000002' })))).not.toBe(one);
  });

  it('suppresses what is allowed, with the reason', () => {
    const report = auditOf([findingOf(keyOf('a'))], {
      allowed: [
        { ...findingOf(keyOf('b')), reason: 'known' },
        { ...findingOf(keyOf('c')), reason: null },
      ],
    });
    expect(log(report).results.map(({ suppressions }) => suppressions)).toEqual([
      [],
      [{ kind: 'external', status: 'accepted', justification: 'known' }],
      [{ kind: 'external', status: 'accepted' }],
    ]);
  });

  it('notifies of what could not be told', () => {
    const unknown = [
      { rule: 'never-used', what: 'No use is shown.', keys: ['one'] },
      { rule: null, what: 'No time was told.', keys: [] },
    ] as const;
    const [invocation] = log(auditOf([], { unknown })).invocations;
    expect(invocation).toMatchObject({ executionSuccessful: true, endTimeUtc: '2030-06-01T12:00:00.000Z' });
    expect(invocation?.toolExecutionNotifications).toEqual([
      {
        level: 'note',
        message: { text: 'No use is shown. Keys: one' },
        associatedRule: { id: 'never-used', index: 5 },
      },
      { level: 'note', message: { text: 'No time was told.' } },
    ]);
  });

  it('writes braces and brackets in messages so that they stand for nothing', () => {
    const [result] = log(auditOf([findingOf(keyOf('a {0} [b](1) c'))])).results;
    expect(result?.message.text).toContain('"a {{0}} \\[b\\](1) c"');
    expect(result?.locations[0]?.logicalLocations[0]?.name).toBe('a {0} [b](1) c');
  });

  it('holds no character that JSON or XML could not, whatever the names', () => {
    // XML 1.0, production 2, and no half of a pair.
    const legal = /^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u;
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.constantFrom('\ufffe', '\uffff', '\ud800', '\u0000', '\u{1ffff}'),
        ),
        (name) => {
          const report = auditOf([findingOf(keyOf(name, { owner: name, id: name }), { related: [name] })], {
            allowed: [{ ...findingOf(keyOf(name)), reason: name }],
            unknown: [{ rule: null, what: 'It.', keys: [name] }],
          });
          const sarif = toSarif(report);
          for (const text of texts(sarif)) expect(text).toMatch(legal);
          expect(JSON.parse(JSON.stringify(sarif))).toEqual(sarif);
          for (const text of [toTable(report), toMarkdown(report), toJson(report)])
            expect(text).toMatch(legal);
        },
      ),
      { numRuns: 200 },
    );
  });
});
