// The same in CommonJS, where msw has other types.

import testing = require('blazemeter-client/testing');
import mocks = require('blazemeter-client/testing/msw');
import msw = require('msw/node');

export = msw.setupServer(...mocks.handlers(testing.createReference()));
