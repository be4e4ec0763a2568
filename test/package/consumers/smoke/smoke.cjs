const main = require('blazemeter-client');
const node = require('blazemeter-client/node');
const testing = require('blazemeter-client/testing');
const { handlers } = require('blazemeter-client/testing/msw');
const { story } = require('./story.cjs');

story({ main, node, testing }).then((told) => {
  console.log(JSON.stringify({ ...told, handlers: handlers(testing.createReference()).length }));
});
