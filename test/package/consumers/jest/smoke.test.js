// Jest's own module system: CommonJS, and a global object of its own. msw stays out: its newer versions need settings
// in Jest that have nothing to do with this package.
const main = require('blazemeter-client');
const audit = require('blazemeter-client/audit');
const node = require('blazemeter-client/node');
const rotation = require('blazemeter-client/rotation');
const testing = require('blazemeter-client/testing');
const { story, told } = require('../smoke/story.cjs');

it('tells the story', async () => {
  expect(await story({ main, node, rotation, audit, testing })).toEqual(told);
});

it('talks to a reference without a port', async () => {
  const reference = testing.createReference();
  const { keys } = reference.seed();
  const client = new main.BlazeMeterClient({ credentials: keys.admin, fetch: reference.fetch });
  const names = [];
  for await (const key of client.apiKeys.list()) names.push(key.name);
  expect(names).toEqual(['admin']);
});
