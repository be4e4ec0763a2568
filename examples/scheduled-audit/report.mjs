// Makes two reports of what `blazemeter-keys audit --manifest … --json` has found: Markdown for the summary of the run, and
// SARIF for code scanning. Arguments: the file with the JSON, the file for the SARIF.
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { toMarkdown, toSarif } from 'blazemeter-client/audit';

const [audited = 'audit.json', sarif = 'audit.sarif'] = process.argv.slice(2);

const dates = (name, value) => (name.endsWith('At') && typeof value === 'string' ? new Date(value) : value);
const text = await readFile(audited, 'utf8');
// A command that failed prints nothing: what was wrong stands in the log of its step.
const found = JSON.parse(text || '{}', dates);
const { findings = [], users = [], broken = [], unnamed = [] } = found;

const unknown = users.flatMap((user) =>
  user.error === undefined
    ? user.unknown
    : [{ rule: null, what: `User ${user.userId} could not be audited: ${user.error.message}`, keys: [] }],
);
for (const { name, error } of broken.flatMap(({ keys }) => keys))
  unknown.push({ rule: null, what: `${name} could not be looked at: ${error.message}`, keys: [] });
if (unnamed.length > 0)
  unknown.push({ rule: null, what: 'No entry names these keys.', keys: unnamed.map(({ id }) => id) });
if (text === '') unknown.push({ rule: null, what: 'The audit itself failed: see its log.', keys: [] });

const all = findings.flatMap((group) => group.findings);
const severities = ['error', 'warning', 'note'];
const report = {
  kind: 'audit',
  findings: all,
  allowed: [],
  worst: severities.find((severity) => all.some((one) => one.severity === severity)) ?? null,
  keys: users.reduce((sum, { keys = 0 }) => sum + keys, 0),
  policy: null,
  checkedAt: new Date(),
  clock: 'local',
  unknown,
};
// Names of keys come from outside. In both texts they are neither markup nor commands.
await writeFile(sarif, JSON.stringify(toSarif(report, { uri: '.github/workflows/audit.yml' })));
const summary = process.env.GITHUB_STEP_SUMMARY;
if (summary === undefined) console.log(toMarkdown(report));
else await appendFile(summary, toMarkdown(report));
