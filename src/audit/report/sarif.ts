// An audit as SARIF 2.1.0: code scanning shows it, and remembers by the fingerprint what it has shown before. A key stands
// in no file, so a result has a logical location; a file can be named for services that want one.

import { printable } from '../../text/printable.ts';
import { VERSION } from '../../version.ts';
import type { AllowedFinding, AuditReport, Finding } from '../audit.ts';
import { type AuditRule, auditRules, ruleIds, type Severity } from '../rules.ts';

/** Options of `toSarif`. */
export interface SarifOptions {
  /**
   * A file of the repository, by its relative path, that every result points to. GitHub's code scanning takes no result
   * without one: name the workflow that runs the audit. Default: none.
   */
  readonly uri?: string | undefined;
}

/** A text in SARIF. */
export interface SarifText {
  readonly text: string;
}

/** A rule in SARIF. */
export interface SarifRule {
  readonly id: string;
  readonly name: string;
  readonly shortDescription: SarifText;
  readonly fullDescription: SarifText;
  readonly help: SarifText;
  readonly defaultConfiguration: { readonly level: Severity };
}

/** A result in SARIF. */
export interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: Severity;
  readonly message: SarifText;
  readonly locations: readonly {
    readonly physicalLocation?: {
      readonly artifactLocation: { readonly uri: string };
      readonly region: { readonly startLine: number };
    };
    readonly logicalLocations: readonly {
      readonly name: string;
      readonly fullyQualifiedName: string;
      readonly kind: string;
    }[];
  }[];
  readonly partialFingerprints: Readonly<Record<string, string>>;
  readonly suppressions: readonly {
    readonly kind: 'external';
    readonly status: 'accepted';
    readonly justification?: string;
  }[];
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A log of SARIF 2.1.0 with one run. Plain data: write it with `JSON.stringify`. */
export interface SarifLog {
  readonly $schema: string;
  readonly version: '2.1.0';
  readonly runs: readonly {
    readonly tool: {
      readonly driver: {
        readonly name: string;
        readonly version: string;
        readonly semanticVersion: string;
        readonly rules: readonly SarifRule[];
      };
    };
    readonly automationDetails: { readonly id: string };
    readonly invocations: readonly {
      readonly executionSuccessful: boolean;
      readonly endTimeUtc: string;
      readonly toolExecutionNotifications: readonly {
        readonly level: Severity;
        readonly message: SarifText;
        readonly associatedRule?: { readonly id: string; readonly index: number };
      }[];
    }[];
    readonly columnKind: 'utf16CodeUnits';
    readonly results: readonly SarifResult[];
  }[];
}

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';

/** In messages, braces stand for arguments and brackets for links, unless they are written so (SARIF 2.1.0, 3.11). */
const message = (text: string): SarifText => ({
  text: printable(text, 10_000)
    .replace(/[{}]/g, '$&$&')
    .replace(/[\\[\]]/g, '\\$&'),
});

const pascal = (id: string): string =>
  id.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

/** 64 bits of FNV-1a as hex: a short name for a rule and a key, and the same in every run. */
function shortHash(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
}

const rule = (id: AuditRule): SarifRule => {
  const { title, help, severity } = auditRules[id];
  return {
    id,
    name: pascal(id),
    shortDescription: { text: `${title}.` },
    fullDescription: { text: help },
    help: { text: help },
    defaultConfiguration: { level: severity },
  };
};

function result(finding: Finding | AllowedFinding, uri: string | undefined): SarifResult {
  const { rule: ruleId, severity, key, fix, assumption, related } = finding;
  const name = printable(key.name);
  const id = printable(key.id);
  const owner = key.owner === null ? '' : `, ${printable(key.owner)}`;
  const assumed = assumption === null ? '' : ` Assumed: ${assumption}`;
  const hash = shortHash(`${ruleId}/${key.id}`);
  return {
    ruleId,
    ruleIndex: ruleIds.indexOf(ruleId),
    level: severity,
    message: message(`"${name}" (${id}${owner}): ${finding.message} ${fix}${assumed}`),
    locations: [
      {
        ...(uri === undefined
          ? {}
          : { physicalLocation: { artifactLocation: { uri }, region: { startLine: 1 } } }),
        logicalLocations: [
          {
            name,
            fullyQualifiedName: `user/${key.userId ?? 'unknown'}/api-key/${id}`,
            kind: 'resource',
          },
        ],
      },
    ],
    partialFingerprints: {
      'blazemeterKeyRule/v1': hash,
      // The one that GitHub goes by. It would make its own of the line in the file, which is the same for all.
      ...(uri === undefined ? {} : { primaryLocationLineHash: `${hash}:1` }),
    },
    suppressions:
      'reason' in finding
        ? [
            {
              kind: 'external',
              status: 'accepted',
              ...(finding.reason === null ? {} : { justification: printable(finding.reason) }),
            },
          ]
        : [],
    properties: {
      keyId: id,
      owner: key.owner === null ? null : printable(key.owner),
      createdAt: key.createdAt.toISOString(),
      expiresAt: key.expiresAt?.toISOString() ?? null,
      lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
      related: related.map((other) => printable(other)),
    },
  };
}

/** The characters of a relative URI reference; anything else has to be percent-encoded by whoever names it. */
const RELATIVE = /^(?!\/)(?![\w+.-]*:)[\w.~%!$&'()*+,;=@:/-]+$/;

function checkUri(uri: string | undefined): void {
  if (uri !== undefined && !(typeof uri === 'string' && RELATIVE.test(uri)))
    throw new TypeError('uri is the path of a file relative to the repository, as a URI writes it.');
}

/**
 * An audit as SARIF 2.1.0, for code scanning and for whatever fails a build by it. Findings that are allowed are in it as
 * suppressed; what could not be told, as notifications.
 *
 * @throws `TypeError` for a `uri` that is not a relative path.
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises';
 * import { BlazeMeterClient } from 'blazemeter-client';
 * import { audit, toSarif } from 'blazemeter-client/audit';
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference();
 * const { keys } = reference.seed();
 * const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
 * const log = toSarif(await audit(client), { uri: '.github/workflows/keys.yml' });
 * await writeFile('keys.sarif', JSON.stringify(log));
 * console.log(log.version, log.runs[0]?.results.length); // 2.1.0 0
 * ```
 */
export function toSarif(report: AuditReport, options: SarifOptions = {}): SarifLog {
  const { uri } = options;
  checkUri(uri);
  const { findings, allowed, unknown, checkedAt } = report;
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'blazemeter-client',
            version: VERSION,
            semanticVersion: VERSION,
            rules: ruleIds.map(rule),
          },
        },
        automationDetails: { id: 'blazemeter-api-keys/' },
        invocations: [
          {
            executionSuccessful: true,
            endTimeUtc: checkedAt.toISOString(),
            toolExecutionNotifications: unknown.map(({ rule: about, what, keys }) => ({
              level: 'note',
              message: message(
                `${what}${
                  keys.length === 0
                    ? ''
                    : ` Keys: ${keys
                        .slice(0, 100)
                        .map((key) => printable(key))
                        .join(', ')}${keys.length > 100 ? ', …' : ''}`
                }`,
              ),
              ...(about === null ? {} : { associatedRule: { id: about, index: ruleIds.indexOf(about) } }),
            })),
          },
        ],
        columnKind: 'utf16CodeUnits',
        results: [...findings, ...allowed].map((finding) => result(finding, uri)),
      },
    ],
  };
}
