// A program in a CI job: prints half a line, gets a new secret, and ends before anything that is buffered could be written.
import { Secret } from '../../src/auth/secret.ts';
import { githubActions } from '../../src/node/index.ts';

const { KEY_ID: keyId = '', KEY_SECRET: secret = '' } = process.env;
process.stdout.write('half a line');
await githubActions()({ operation: 'apiKeys.create', keyId, secret: Secret.from(secret) });
process.exit(0);
