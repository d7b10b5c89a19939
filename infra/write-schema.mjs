// Writes what is made from code into docs/: study.schema.json from the spec's vocabulary, tables.md from the columns, api.md from the library's declarations.
// npm run schema
import { writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { studyJsonSchema } from '../dist/core/spec/json-schema.js';
import { fileURLToPath } from 'node:url';
import { tablesDocument } from '../dist/core/tables/document.js';
import { apiDocument } from '../dist/infra/api-document.js';

const document = (name) => new URL(`../docs/${name}`, import.meta.url);
await writeFile(
  document('study.schema.json'),
  await format(JSON.stringify(studyJsonSchema()), { parser: 'json', printWidth: 120 }),
);
await writeFile(document('tables.md'), tablesDocument());
await writeFile(document('api.md'), apiDocument(fileURLToPath(new URL('..', import.meta.url))));
