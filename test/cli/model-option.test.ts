import { expect, test } from 'vitest';
import { networkAsked } from '../../cli/model-option.js';

const names = ['small@01', 'small@02', 'large'];

test.each([
  [['only'], undefined, 'only'],
  [names, 'large', 'large'],
  [names, 'small@02', 'small@02'],
])('of %j --model %s is %s', (known, asked, network) => {
  expect(networkAsked('study', known, asked)).toBe(network);
});

test.each([
  [undefined, 'USAGE', 'study has 3 networks, small@01, small@02, large: name one with --model'],
  ['small', 'USAGE', 'small of study was trained 2 times: name one network with --model, small@01 or small@02'],
  ['small@3', 'NOT_FOUND', 'study has no network small@3; did you mean small@01?'],
  ['another', 'NOT_FOUND', 'study has no network another; it has small@01, small@02, large'],
])('--model %s leaves it open', (asked, code, message) => {
  expect(() => networkAsked('study', names, asked)).toThrowError(expect.objectContaining({ code, message }));
});
