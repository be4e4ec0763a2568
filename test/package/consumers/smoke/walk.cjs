// The same as CommonJS.
const { story, told } = require('./story.cjs');

const entryPoints = {
  main: require('blazemeter-client'),
  node: require('blazemeter-client/node'),
  rotation: require('blazemeter-client/rotation'),
  audit: require('blazemeter-client/audit'),
  testing: require('blazemeter-client/testing'),
};
story(entryPoints).then((heard) => {
  console.log(JSON.stringify(heard) === JSON.stringify(told) ? 'OK' : heard);
});
