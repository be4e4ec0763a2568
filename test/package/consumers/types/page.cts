// The same for a web page whose sources are CommonJS until they are bundled.

import main = require('blazemeter-client');
import audit = require('blazemeter-client/audit');
import rotation = require('blazemeter-client/rotation');
import testing = require('blazemeter-client/testing');

const reference = testing.createReference();
const { member } = reference.seed().keys;
const client = new main.BlazeMeterClient({ credentials: member, fetch: reference.fetch });
const report: Promise<audit.AuditReport> = audit.audit(client);
const store: rotation.CredentialStore = rotation.memoryStore();

export = { report, store };
