// The same in CommonJS.

import main = require('blazemeter-client');
import audit = require('blazemeter-client/audit');
import node = require('blazemeter-client/node');
import rotation = require('blazemeter-client/rotation');
import testing = require('blazemeter-client/testing');

const reference = testing.createReference();
const { keys } = reference.seed();
const credentials = node.fromEnvironment({ env: {} });
const client = new main.BlazeMeterClient({ credentials, fetch: reference.fetch });
const store: rotation.CredentialStore = rotation.memoryStore();

async function story(): Promise<string> {
  await rotation.adopt(client, { store, name: 'ci', credentials: keys.owner });
  const { phase } = await rotation.rotate(client, { store, reason: 'schedule', drain: { hours: 1 } });
  const { findings } = await audit.audit(client);
  return `${phase} ${findings.length}`;
}

export = { story, named: main.isBlazeMeterError };
