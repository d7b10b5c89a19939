import { openTfjs } from '../../core/engine/tfjs/engine.js';
import { tensorFlowFromCache } from '../../infra/setup/load-tfjs.js';
import { engineConformance } from './conformance.js';

engineConformance('tfjs on cpu', () => openTfjs({ device: 'cpu', tensorflow: tensorFlowFromCache }));
