const main = require('blazemeter-client');
const audit = require('blazemeter-client/audit');
const node = require('blazemeter-client/node');
const rotation = require('blazemeter-client/rotation');
const testing = require('blazemeter-client/testing');
const { handlers } = require('blazemeter-client/testing/msw');
const { story } = require('./story.cjs');

story({ main, node, rotation, audit, testing }).then((told) => {
  console.log(JSON.stringify({ ...told, handlers: handlers(testing.createReference()).length }));
});
