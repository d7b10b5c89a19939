// Writes docs/study.schema.json from the spec's vocabulary: npm run schema.
import { writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { studyJsonSchema } from '../dist/core/spec/json-schema.js';

const file = new URL('../docs/study.schema.json', import.meta.url);
await writeFile(file, await format(JSON.stringify(studyJsonSchema()), { parser: 'json', printWidth: 120 }));
