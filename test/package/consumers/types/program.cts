// The same in CommonJS, and both builds side by side: what one makes, the other takes.

import type { BlazeMeterClient as ModuleClient, Secret as ModuleSecret } from 'blazemeter-client' with {
  'resolution-mode': 'import',
};

import main = require('blazemeter-client');
import node = require('blazemeter-client/node');
import testing = require('blazemeter-client/testing');

const reference = testing.createReference();
const { keys } = reference.seed();
const credentials = node.fromEnvironment({ env: {} });
const client = new main.BlazeMeterClient({ credentials, fetch: reference.fetch });

const moduleClient: ModuleClient = client;
const moduleSecret: ModuleSecret = main.Secret.from(keys.owner.secret);
const secret: main.Secret = moduleSecret;
const other = new main.BlazeMeterClient({ credentials: { id: keys.owner.id, secret: moduleSecret } });

export = { moduleClient, secret, other, named: main.isBlazeMeterError };
