// Both builds side by side: what one makes, the other takes. TypeScript 5.3 or later, for the attribute.

import type { BlazeMeterClient as ModuleClient, Secret as ModuleSecret } from 'blazemeter-client' with {
  'resolution-mode': 'import',
};
import type { CredentialStore as ModuleStore } from 'blazemeter-client/rotation' with {
  'resolution-mode': 'import',
};

import main = require('blazemeter-client');
import rotation = require('blazemeter-client/rotation');
import testing = require('blazemeter-client/testing');

const reference = testing.createReference();
const { keys } = reference.seed();
const client = new main.BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });

const moduleClient: ModuleClient = client;
const moduleSecret: ModuleSecret = main.Secret.from(keys.owner.secret);
const moduleStore: ModuleStore = rotation.memoryStore();
const secret: main.Secret = moduleSecret;
const other = new main.BlazeMeterClient({ credentials: { id: keys.owner.id, secret: moduleSecret } });
const adopted = rotation.adopt(moduleClient, { store: moduleStore, name: 'ci', credentials: keys.owner });

export = { secret, other, adopted };
