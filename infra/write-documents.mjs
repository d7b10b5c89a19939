// npm run docs
import { writeFile } from 'node:fs/promises';
import { documents, made } from './documents.mjs';

for (const document of documents)
  await writeFile(new URL(`../${document.file}`, import.meta.url), await made(document));
