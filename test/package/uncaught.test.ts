// What a person sees of an error that a program does not catch: short, and with the names of this package's functions.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Packed, packed } from './packed.ts';

let parts: Packed;
beforeAll(async () => {
  parts = await packed();
});

const body = `
const reference = createReference();
reference.seed();
const client = new BlazeMeterClient({ credentials: 'wrong-key:wrong-secret', fetch: reference.fetch });
async function main() {
  await client.user.get();
}
main();
`;
const programs = {
  'uncaught.mjs': `import { BlazeMeterClient } from 'blazemeter-client';
import { createReference } from 'blazemeter-client/testing';
${body}`,
  'uncaught.cjs': `const { BlazeMeterClient } = require('blazemeter-client');
const { createReference } = require('blazemeter-client/testing');
${body}`,
};

describe.each(Object.entries(programs))(
  'an uncaught client.user.get() with a wrong key, in %s',
  (name, text) => {
    it('prints at most 2 kB, with the names of the functions of this package', () => {
      const { app } = parts;
      writeFileSync(join(app, name), text);
      const { stderr, stdout, status } = spawnSync(process.execPath, [name], {
        cwd: app,
        encoding: 'utf8',
        env: { PATH: process.env.PATH },
      });
      expect([stdout, status]).toEqual(['', 1]);
      expect(Buffer.byteLength(stderr)).toBeLessThanOrEqual(2048);
      expect(stderr).toContain('user.get failed: 401 Unauthorized');
      for (const one of ['AuthenticationError', 'readEnvelope', 'perform', "code: 'unauthorized'"])
        expect(stderr).toContain(one);
      expect(stderr).not.toContain('wrong-secret');
    });
  },
);
