/** Controls but for tab and line feed, and what changes the direction or presence of text without being seen (Unicode Cc, Cf, Zl, Zp). */
const unseen = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * Foreign text as it may be printed: control characters are shown (`\x1b`, `\u{202e}`), not sent to the terminal. Tabs and line
 * feeds stay; text without any such character comes back as it is.
 */
export function visible(text: string): string {
  return text.replace(unseen, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** JSON as it may be printed: means the same, with the characters that `visible` shows as escapes (`\u202e`). */
export function visibleJson(json: string): string {
  return json.replace(unseen, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}
