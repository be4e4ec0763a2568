// vitest loads the ES modules, as Node does.
import * as main from 'blazemeter-client';
import * as audit from 'blazemeter-client/audit';
import * as node from 'blazemeter-client/node';
import * as rotation from 'blazemeter-client/rotation';
import * as testing from 'blazemeter-client/testing';
import { story, told } from '../smoke/story.cjs';

it('tells the story', async () => {
  expect(await story({ main, node, rotation, audit, testing })).toEqual(told);
});

it(
  'has a world and a client of its own',
  testing.withReference(main.BlazeMeterClient, async ({ client, reference }) => {
    await client.user.get();
    expect(reference.journal.count('user.get')).toBe(1);
  }),
);
