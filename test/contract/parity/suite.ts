// The contract as data: every behaviour that client and service owe each other.
import type { Topic } from './behaviour.ts';
import { accounts } from './behaviours/accounts.ts';
import { authentication } from './behaviours/authentication.ts';
import { clock } from './behaviours/clock.ts';
import { create } from './behaviours/create.ts';
import { deformed } from './behaviours/deformed.ts';
import { deletion } from './behaviours/deletion.ts';
import { discovery } from './behaviours/discovery.ts';
import { envelope } from './behaviours/envelope.ts';
import { keys } from './behaviours/keys.ts';
import { lost } from './behaviours/lost.ts';
import { members } from './behaviours/members.ts';
import { paging } from './behaviours/paging.ts';
import { policy } from './behaviours/policy.ts';
import { regenerate } from './behaviours/regenerate.ts';
import { request } from './behaviours/request.ts';
import { semantics } from './behaviours/semantics.ts';
import { statuses } from './behaviours/statuses.ts';
import { user } from './behaviours/user.ts';

export const topics: readonly Topic[] = [
  { topic: 'the user', behaviours: user },
  { topic: 'accounts', behaviours: accounts },
  { topic: 'members', behaviours: members },
  { topic: 'the maximum expiration', behaviours: policy },
  { topic: 'keys', behaviours: keys },
  { topic: 'creating a key', behaviours: create },
  { topic: 'regenerating a secret', behaviours: regenerate },
  { topic: 'deleting a key', behaviours: deletion },
  { topic: 'a lost response', behaviours: lost },
  { topic: 'who calls', behaviours: authentication },
  { topic: 'pages, order and filters', behaviours: paging },
  { topic: 'time', behaviours: clock },
  { topic: 'what is not documented', behaviours: semantics },
  { topic: 'envelope and headers', behaviours: envelope },
  { topic: 'every status of every operation', behaviours: statuses },
  { topic: 'responses that are not of the API', behaviours: deformed },
  { topic: 'any request', behaviours: request },
  { topic: 'discovery', behaviours: discovery },
];
