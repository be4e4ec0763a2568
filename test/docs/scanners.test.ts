// The published rules for secret scanners, read from their files and run: what they find, and what they leave alone.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createReference } from 'blazemeter-client/testing';
import { parse as parseToml } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import * as z from 'zod/mini';
import { root } from '../support/examples.ts';
import { forms, harmless, madeUp } from '../support/scanner-samples.ts';

const file = (name: string): string => join(root, 'docs/scanners', name);
const read = (name: string): string => readFileSync(file(name), 'utf8');

/** A rule as its tool understands it: where it looks at all, what it finds, what of that it leaves alone. */
interface Rule {
  readonly name: string;
  readonly regex: string;
  readonly keywords: readonly string[] | undefined;
  readonly allowed: readonly string[];
}

const gitleaks: Rule[] = z
  .object({
    extend: z.object({ useDefault: z.literal(true) }),
    rules: z.array(
      z.object({
        id: z.string(),
        description: z.string(),
        regex: z.string(),
        secretGroup: z.literal(1),
        keywords: z.optional(z.array(z.string())),
        allowlists: z.array(z.strictObject({ description: z.string(), regexes: z.array(z.string()) })),
      }),
    ),
  })
  .parse(parseToml(read('gitleaks.toml')))
  .rules.map(({ id, regex, keywords, allowlists }) => ({
    name: id,
    regex,
    keywords,
    allowed: allowlists.flatMap(({ regexes }) => regexes),
  }));

const trufflehog: Rule[] = z
  .strictObject({
    detectors: z.array(
      z.strictObject({
        name: z.string(),
        description: z.string(),
        keywords: z.array(z.string()).check(z.minLength(1)),
        regex: z.strictObject({ secret: z.string() }),
        exclude_regexes_capture: z.array(z.string()),
      }),
    ),
  })
  .parse(parseYaml(read('trufflehog.yaml')))
  .detectors.map(({ name, regex, keywords, exclude_regexes_capture: allowed }) => ({
    name,
    regex: regex.secret,
    keywords,
    allowed,
  }));

/** How far from a keyword TruffleHog looks, in characters. */
const NEAR = 512;

function find(rule: Rule, text: string): string[] {
  const near = (at: number, end: number): boolean =>
    rule.keywords === undefined ||
    rule.keywords.some((word) => {
      const around = text.slice(Math.max(0, end - NEAR), at + NEAR).toLowerCase();
      return around.includes(word);
    });
  return [...text.matchAll(new RegExp(rule.regex, 'g'))].flatMap(({ 0: match, 1: secret = '', index }) =>
    near(index, index + match.length) && !rule.allowed.some((allowed) => new RegExp(allowed).test(secret))
      ? [secret]
      : [],
  );
}

const findings = (rules: readonly Rule[], text: string): string[] =>
  rules.flatMap((rule) => find(rule, text).map(() => rule.name.replace('blazemeter-', '')));

const numbered = Object.entries(forms).map(([form, { write, rules }], number) => ({
  form,
  rules,
  text: write(madeUp(number)),
  secret: madeUp(number).secret,
}));
const ofReference = Object.entries(forms).map(([form, { write }]) => {
  const { owner } = createReference().seed().keys;
  return [form, write(owner)] as const;
});
const quiet = Object.entries(harmless);

describe.each([
  ['gitleaks', gitleaks],
  ['TruffleHog', trufflehog],
] as const)('the rules for %s', (_, rules) => {
  it.each(numbered)('find $form', ({ text, rules: expected }) => {
    expect(findings(rules, text)).toEqual(expected);
  });

  it.each(quiet)('leave alone: %s', (_name, text) => {
    expect(findings(rules, text)).toEqual([]);
  });

  it.each(ofReference)('leave alone what the reference implementation makes: %s', (_name, text) => {
    expect(findings(rules, text)).toEqual([]);
  });

  it('report the secret, or the header that holds it', () => {
    for (const { text, secret } of numbered) {
      const found = rules.flatMap((rule) => find(rule, text));
      for (const value of found) expect(value === secret || atob(value).endsWith(`:${secret}`)).toBe(true);
    }
  });

  it('find nothing in this repository', () => {
    const flagged = repositoryFiles().filter(
      (name) => findings(rules, readFileSync(name, 'utf8')).length > 0,
    );
    expect(flagged).toEqual([]);
  });
});

/** What is, or may be, checked in. */
function repositoryFiles(): string[] {
  const left = new Set(['.git', 'node_modules', 'dist', 'coverage', 'site']);
  const list = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      if (left.has(entry.name) || entry.name.endsWith('.tgz')) return [];
      const path = join(folder, entry.name);
      return entry.isDirectory() ? list(path) : entry.isFile() ? [path] : [];
    });
  return list(root);
}

describe('the plugin for detect-secrets', () => {
  const texts = [
    ...numbered,
    ...quiet.map(([, text]) => ({ text })),
    ...ofReference.map(([, text]) => ({ text })),
  ];
  const output = execFileSync(
    'python3',
    ['-B', join(root, 'test/support/detect-secrets/run.py'), file('detect_secrets_blazemeter.py')],
    {
      input: JSON.stringify(texts.map(({ text }) => text)),
      env: { ...process.env, PYTHONPATH: join(root, 'test/support/detect-secrets'), PYTHONUTF8: '1' },
      encoding: 'utf8',
    },
  );
  const { patterns, found } = z
    .strictObject({ patterns: z.record(z.string(), z.string()), found: z.array(z.array(z.string())) })
    .parse(JSON.parse(output));

  it.each(numbered.map(({ form, rules, secret }, at) => ({ form, rules, secret, at })))(
    'finds $form, once',
    ({ rules, secret, at }) => {
      expect(found[at]).toHaveLength(1);
      if (!rules.includes('basic')) expect(found[at]).toEqual([secret]);
    },
  );

  it('ignores text without credentials, and keys of the reference implementation', () => {
    const rest = found.slice(numbered.length);
    expect(rest).toHaveLength(quiet.length + ofReference.length);
    expect(rest.flat()).toEqual([]);
  });

  it('has the patterns of the two others', () => {
    const of = (rules: readonly Rule[]): unknown =>
      Object.fromEntries(rules.map(({ name, regex }) => [name.replace('blazemeter-', ''), regex]));
    expect(of(gitleaks)).toEqual(patterns);
    expect(of(trufflehog)).toEqual(patterns);
  });
});

describe('the pattern for base64', () => {
  const group = /^\(\((?<three>.+?)\)\{8\}/.exec(
    gitleaks.find(({ name }) => name.endsWith('basic'))?.regex ?? '',
  )?.groups?.three;
  const three = new RegExp(`^(?:${group?.replace(/^\?:/, '')})$`);
  const digits = [...'0123456789abcdef'].map((digit) => digit.charCodeAt(0));

  it('takes three bytes if, and only if, all are hex digits', () => {
    const isDigit = Array.from({ length: 256 }, (_, byte) => digits.includes(byte));
    const wrong: number[][] = [];
    for (let place = 0; place < 3; place++)
      for (let byte = 0; byte < 256; byte++)
        for (const one of digits)
          for (const other of digits) {
            const bytes = [one, other];
            bytes.splice(place, 0, byte);
            if (three.test(btoa(String.fromCharCode(...bytes))) !== isDigit[byte]) wrong.push(bytes);
          }
    expect(wrong).toEqual([]);
  });
});

describe.each(gitleaks.map(({ name, regex }) => [name, regex] as const))('the pattern %s', (_, regex) => {
  /** The pattern without what stands in brackets or behind a backslash. */
  const skeleton = regex.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'x');

  it('repeats nothing without end, so that no text makes it run away', () => {
    expect(skeleton).not.toMatch(/[*+]|\{\d+,\}/);
  });

  it('uses only what RE2, Python and JavaScript have in common', () => {
    expect(skeleton).not.toMatch(/\(\?(?!:)/);
    expect(regex).not.toMatch(/\\[1-9dDpPkKzZAGQE]/);
  });
});
