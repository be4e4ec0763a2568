/**
 * Which keys need attention, as data, Markdown and JSON. Only reads.
 *
 * @module blazemeter-client/audit
 */

export {
  type AllowedFinding,
  type AuditClient,
  type AuditReport,
  audit,
  type Finding,
} from './audit.ts';
export { type ExpiringKey, type ExpiringOptions, type ExpiringReport, expiring } from './expiring.ts';
export type { AuditedKey, Owners, ReportClock, Unknown } from './keys.ts';
export type { Allowance, AuditOptions } from './options.ts';
export type { Report } from './report/content.ts';
export { toJson } from './report/json.ts';
export { type MarkdownOptions, toMarkdown } from './report/markdown.ts';
export { type AuditRule, type AuditRuleInfo, auditRules, type Severity } from './rules.ts';
export type { KnownRecord } from './stray.ts';
