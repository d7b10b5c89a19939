// Writes what is made from code into docs/: study.schema.json from the spec's vocabulary, tables.md from the columns.
// npm run schema
import { writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { studyJsonSchema } from '../dist/core/spec/json-schema.js';
import { tablesDocument } from '../dist/core/tables/document.js';

const document = (name) => new URL(`../docs/${name}`, import.meta.url);
await writeFile(
  document('study.schema.json'),
  await format(JSON.stringify(studyJsonSchema()), { parser: 'json', printWidth: 120 }),
);
await writeFile(document('tables.md'), tablesDocument());
