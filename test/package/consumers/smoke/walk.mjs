// The story as one program of ES modules that a bundler can follow: prints OK, or what was told instead.
import * as main from 'blazemeter-client';
import * as audit from 'blazemeter-client/audit';
import * as node from 'blazemeter-client/node';
import * as rotation from 'blazemeter-client/rotation';
import * as testing from 'blazemeter-client/testing';
import { story, told } from './story.cjs';

const heard = await story({ main, node, rotation, audit, testing });
console.log(JSON.stringify(heard) === JSON.stringify(told) ? 'OK' : heard);
