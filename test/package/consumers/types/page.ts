// A web page or an edge function: no types of Node, and no Node.

import { BlazeMeterClient, RequestSigner, type Secret } from 'blazemeter-client';
import { audit } from 'blazemeter-client/audit';
import { adopt, type CredentialStore, memoryStore } from 'blazemeter-client/rotation';
import { createReference } from 'blazemeter-client/testing';

const reference = createReference();
const { member } = reference.seed().keys;
const client = new BlazeMeterClient({
  credentials: member,
  fetch: reference.fetch,
  dangerouslyAllowBrowser: true,
});
export const email: Promise<string | null> = client.user.get().then((user) => user.email);
export const signer = new RequestSigner(member, { origins: [new URL('https://blazemeter.example.com')] });
export const shown = (secret: Secret): string => `${secret}`;
const store: CredentialStore = memoryStore();
export const adopted = adopt(client, { store, name: 'page', credentials: member });
export const findings = audit(client).then((report) => report.findings.length);
