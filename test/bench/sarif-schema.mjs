// An independent check: what `toSarif` makes, against the schema of SARIF 2.1.0 as a package of Microsoft's brings it, in a
// folder of its own. Ends with 1 where it does not fit, or where the schema would let anything pass.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv } from 'ajv';
import { BlazeMeterClient } from 'blazemeter-client';
import { audit, toSarif } from 'blazemeter-client/audit';
import { createReference } from 'blazemeter-client/testing';

const PACKAGE = '@microsoft/jest-sarif@1.0.0-beta.0';
const folder = join(tmpdir(), 'blazemeter-client-sarif-schema');
const file = join(
  folder,
  'node_modules',
  '@microsoft',
  'jest-sarif',
  'lib',
  'schemas',
  'sarif-2.1.0-rtm.5.json',
);
if (!existsSync(file)) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const args = ['install', PACKAGE, '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  await promisify(execFile)('npm', args, {
    cwd: folder,
    timeout: 300_000,
    shell: process.platform === 'win32',
  });
}
// It is of draft 4; what it uses of it means the same in draft 7.
const { $schema: _, id: __, ...schema } = JSON.parse(readFileSync(file, 'utf8'));
const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false, validateFormats: false });
const validate = ajv.compile(schema);

const reference = createReference();
const name = 'a | <b> [c](1) {0} \u202e\ud800\ufffe\u0000 ##vso[x] 日本 🚀';
const { keys } = reference.seed({
  users: { ana: {} },
  accounts: { main: { owner: 'ana', apiKeyExpiration: 90 } },
  keys: {
    asker: { user: 'ana', expires: { days: 1 } },
    soon: { user: 'ana', name, expires: { days: 1 } },
    dead: { user: 'ana', name, expires: { days: -1 }, created: { days: -9 } },
    long: { user: 'ana', name, created: { days: -99 }, expires: { days: 99 } },
    old: {
      user: 'ana',
      name: 'web.abcdefghjk.e1.abcdefghjkmnpqrs',
      created: { days: -60 },
      lastUsed: { days: -59 },
    },
    young: { user: 'ana', name: 'web.abcdefghjk.e2.abcdefghjkmnpqrs', created: { days: -50 } },
  },
});
const client = new BlazeMeterClient({ credentials: keys.asker, fetch: reference.fetch });
const report = await audit(client, {
  notUsedFor: { days: 9 },
  allow: [{ rule: 'expired', key: '*', reason: name }],
  owners: () => name,
});
let wrong = 0;
for (const uri of [undefined, '.github/workflows/keys.yml']) {
  const log = JSON.parse(JSON.stringify(toSarif(report, { uri })));
  const [run] = log.runs;
  const fits = validate(log);
  console.log(
    `uri ${uri}: ${run.results.length} results of ${new Set(run.results.map(({ ruleId }) => ruleId)).size} rules, ${fits ? 'valid' : 'NOT valid'}`,
  );
  for (const { instancePath, message } of validate.errors ?? []) console.log(`  ${instancePath} ${message}`);
  run.results[0].level = 'grave';
  if (!fits || validate(log)) wrong += 1;
}
process.exitCode = wrong === 0 ? 0 : 1;
