interface TableLayout {
  readonly width: number;
  /** Columns aligned to the right. */
  readonly right: ReadonlySet<number>;
  /** Columns that give way, in this order, where a row would be too wide; each keeps at least 12 characters. */
  readonly shrink: readonly number[];
}

/** A header, a rule and rows in aligned columns; texts that are too long lose their middle. Empty columns are left out. */
export function alignedTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { width, right, shrink }: TableLayout,
): readonly string[] {
  const columns = header.map((_, c) => c).filter((c) => rows.some((row) => (row[c] ?? '') !== ''));
  const widths = header.map((title, c) => Math.max(title.length, ...rows.map((row) => row[c]?.length ?? 0)));
  for (const column of shrink) {
    const total = columns.reduce((sum, c) => sum + (widths[c] as number), 0) + 2 * (columns.length - 1);
    if (!columns.includes(column)) continue;
    widths[column] = Math.max(12, (widths[column] as number) - Math.max(0, total - width));
  }
  const line = (cells: readonly string[]): string =>
    columns
      .map((c) => {
        const text = shortened(cells[c] ?? '', widths[c] as number);
        return right.has(c) ? text.padStart(widths[c] as number) : text.padEnd(widths[c] as number);
      })
      .join('  ')
      .trimEnd();
  return [line(header), columns.map((c) => '─'.repeat(widths[c] as number)).join('  '), ...rows.map(line)];
}

/** A text without its middle, where it is longer than `width`. */
export function shortened(text: string, width: number): string {
  if (text.length <= width) return text;
  const front = Math.ceil((width - 1) / 2);
  return `${text.slice(0, front)}…${text.slice(text.length - (width - 1 - front))}`;
}

/** `label` followed by a text that is broken at spaces; further lines are indented as far as the label, at most 24. */
export function wrapped(label: string, text: string, width: number): readonly string[] {
  const indent = ' '.repeat(Math.min(label.length, 24));
  const lines = [label];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) as string;
    const isFresh = last === label || last === indent;
    if (isFresh || last.length + 1 + word.length <= width)
      lines[lines.length - 1] = isFresh ? last + word : `${last} ${word}`;
    else lines.push(indent + word);
  }
  return lines;
}
