import { openTfjs } from '../../core/engine/tfjs/engine.js';
import { engineConformance } from './conformance.js';

engineConformance('tfjs on js', () => openTfjs({ device: 'js' }));
