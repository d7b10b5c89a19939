import { readFileSync } from 'node:fs';
import path from 'node:path';

/** A name that the library exports, and where its declaration stands. */
export interface Exported {
  readonly name: string;
  readonly file: string;
}

/** What `index.ts` exports, in its order. */
export function exportedNames(index: string): readonly Exported[] {
  return [...index.matchAll(/export (?:type )?\{([^}]*)\} from '\.\/([^']+)\.js'/g)].flatMap(
    ([, names = '', file = '']) =>
      names
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '')
        .map((name) => ({ name, file })),
  );
}

/** A declaration with the comment before it. */
export interface Declaration {
  readonly comment: string;
  readonly code: string;
}

/** Where a declaration ends that begins at `from`: at its closing brace, or at the semicolon behind all that it opened. */
function endOf(text: string, from: number): number {
  const block = /^export (?:declare )?(?:abstract )?(?:class|interface|enum)\b/.test(text.slice(from));
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const character = text[i] as string;
    if ('{([<'.includes(character)) depth++;
    // The arrow of a function type closes nothing.
    else if ('})]'.includes(character) || (character === '>' && text[i - 1] !== '=')) depth--;
    if (depth > 0) continue;
    if (block && character === '}') return i + 1;
    if (!block && character === ';') return i + 1;
  }
  return text.length;
}

/**
 * The declaration of a name in a `.d.ts` file.
 * @throws Error if it isn't there.
 */
export function declarationOf(text: string, name: string): Declaration {
  const kinds = '(?:function|class|abstract class|const|interface|type|enum)';
  const found = new RegExp(`^export (?:declare )?${kinds} ${name}\\b`, 'm').exec(text);
  if (!found) throw new Error(`no declaration of ${name}`);
  const comment = /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*$/.exec(text.slice(0, found.index))?.[1] ?? '';
  return {
    comment: comment.replace(/^[ \t]*\*? ?/gm, '').trim(),
    code: text
      .slice(found.index, endOf(text, found.index))
      .replace(/^export (?:declare )?/, '')
      .replace(/^\s*(?:readonly )?#private;\n/gm, ''),
  };
}

/** The code of a comment's `@example`, if it has one. */
export function exampleOf(comment: string): string | undefined {
  return /(?:^|\n)@example\n([^]*?)(?=\n@|$)/.exec(comment)?.[1]?.trim();
}

/** `docs/api.md`: every export of the library with its comment, declaration and example, from the built declarations. */
export function apiDocument(root: string): string {
  const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
  const sections = exportedNames(read('index.ts')).map(({ name, file }) => {
    const { comment, code } = declarationOf(read(`dist/${file}.d.ts`), name);
    const example = exampleOf(comment);
    const prose = comment
      .replace(/(?:^|\n)@example\n[^]*?(?=\n@|$)/, '')
      .replace(/(?:^|\n)@(param|returns|throws) ?/g, (_, tag: string) => `\n- *${tag}* `)
      .trim();
    return [
      `## ${name}`,
      prose,
      `\`\`\`ts\n${code}\n\`\`\``,
      ...(example === undefined ? [] : [`\`\`\`js\n${example}\n\`\`\``]),
    ]
      .filter((part) => part !== '')
      .join('\n\n');
  });
  return `${head}\n\n${sections.join('\n\n')}\n`;
}

const head = `# The library

\`import { runStudy } from 'percuss'\`: what \`index.ts\` exports, made from the built declarations (\`npm run docs\`). Nothing else is public:
other files may move in any version. [Examples](../examples/README.md) run from the root of a clone.

Every failure that a user can meet is a \`PercussError\` with a \`code\` ([errors](errors.md)); anything else that is thrown is a bug.`;
