import { openTfjs } from '../../core/engine/tfjs/engine.js';
import { engineConformance } from './conformance.js';

engineConformance('tfjs on wasm', () => openTfjs({ device: 'wasm' }));
