// The reports: what is in them, and what a name cannot do in them.

import { BlazeMeterClient } from 'blazemeter-client';
import {
  type AuditedKey,
  type AuditReport,
  audit,
  type ExpiringReport,
  expiring,
  type Finding,
  type Report,
  toJson,
  toMarkdown,
} from 'blazemeter-client/audit';
import { createReference } from 'blazemeter-client/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { obeyed, payloads } from '../support/acting.ts';

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
  message: 'It expires on 2030-06-04, in 3 days.',
  fix: 'Create the next key, and give it to what uses this one.',
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

/** Both kinds of report, about keys and an account of this name, with this label on each key. */
async function reportsOn(text: string): Promise<{ all: Report[] }> {
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
  return { all: [audited, await expiring(client, { within: '1 year', owners })] };
}

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
  it('says so where there is nothing', () => {
    expect(toMarkdown(auditOf([]))).toMatch(/^## API keys: no findings\n\n0 keys of your own/);
    expect(toMarkdown(expiringOf([]))).toMatch(/^## API keys: none expires within 30 days\n/);
  });

  it('does not say that there is nothing where something could not be read', () => {
    const unknown = [{ rule: 'beyond-policy' as const, what: 'The maximum could not be read.', keys: [] }];
    const text = toMarkdown({ ...auditOf([]), unknown });
    expect(text).not.toContain('no findings');
    expect(text).toMatch(/^## API keys: nothing found in what could be read\n/);
    expect(text).toContain('The maximum could not be read.');
  });

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
    expect(markdown).toContain('Not known');
  });

  it('has all of a thousand findings in what GitHub takes', () => {
    const findings = Array.from({ length: 1_000 }, (_, at) => findingOf(keyOf(`key ${at}`)));
    expect(toMarkdown(auditOf(findings))).not.toContain('do not fit');
    expect(() => toMarkdown(auditOf([]), { maxBytes: 10 })).toThrow(TypeError);
  });
});

describe('every report', () => {
  it.each(Object.entries(payloads))('%s is broken in it', async (_, payload) => {
    const { all } = await reportsOn(payload);
    const texts = all.flatMap((report) => [toMarkdown(report), toJson(report)]);
    expect(texts.flatMap(obeyed)).toEqual([]);
  });

  it('shows no long run that could be a token', async () => {
    const token = 'ab12'.repeat(18);
    const { all } = await reportsOn(`key ${token}`);
    const texts = all.flatMap((report) => [toMarkdown(report), toJson(report)]);
    for (const text of texts) {
      expect(text).not.toContain(token.slice(0, 8));
      expect(text).toContain('redacted');
    }
  });

  it('shows the beginning of a name of any length', async () => {
    const { all } = await reportsOn('ab '.repeat(50_000));
    for (const report of all) {
      expect(toMarkdown(report).length).toBeLessThan(20_000);
      expect(toJson(report).length).toBeLessThan(60_000);
    }
  });

  it('holds no character that JSON or XML could not, whatever the names', () => {
    // XML 1.0, production 2, and no half of credentials.
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
          for (const text of [toMarkdown(report), toJson(report)]) expect(text).toMatch(legal);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('JSON', () => {
  it('is the report, with dates as text', async () => {
    const { all } = await reportsOn('a plain name');
    for (const report of all) {
      expect(JSON.parse(toJson(report))).toEqual(JSON.parse(JSON.stringify(report)));
      expect(toJson(report).endsWith('}\n')).toBe(true);
    }
  });
});
