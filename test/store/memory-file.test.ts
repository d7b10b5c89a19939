import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { fileStore } from '../../core/store/file-store.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { storeContract } from './contract.js';

const root = mkdtempSync(path.join(tmpdir(), 'percuss-store-'));
afterAll(() => rmSync(root, { recursive: true }));
let opened = 0;

storeContract('memory', async () => memoryStore(), { many: 5000, anyNames: true });
storeContract('a folder', async () => fileStore(path.join(root, `${opened++}`)), { many: 2100, anyNames: true });
