export { study } from './study.js';
export { sweep } from './sweep.js';
