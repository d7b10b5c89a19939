/**
 * The only script of the report, and nothing depends on it: a switch between light and dark, the current section in the table of
 * contents, and tables of many rows, which it sorts, filters and turns over.
 */
export const script = `(() => {
const root = document.documentElement;
const dark = matchMedia('(prefers-color-scheme: dark)');
const button = document.getElementById('theme');
button.hidden = false;
button.addEventListener('click', () => {
  const now = root.dataset.theme ?? (dark.matches ? 'dark' : 'light');
  root.dataset.theme = now === 'dark' ? 'light' : 'dark';
});
const links = new Map([...document.querySelectorAll('nav a')].map((a) => [a.hash.slice(1), a]));
const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    for (const a of links.values()) a.removeAttribute('aria-current');
    links.get(entry.target.id)?.setAttribute('aria-current', 'true');
  }
}, { rootMargin: '-10% 0px -80% 0px' });
for (const section of document.querySelectorAll('section')) seen.observe(section);
const print = (v) => v === null ? '–' : v !== 0 && Math.abs(v) < 1e-3 ? v.toExponential(2).replaceAll('-', '−') : String(Number(v.toPrecision(3))).replace('-', '−');
for (const explorer of document.querySelectorAll('.explorer')) {
  const columns = JSON.parse(explorer.querySelector('script').textContent);
  const page = Number(explorer.dataset.page);
  const [tools, search, output, body] = ['.tools', 'input', 'output', 'tbody'].map((query) => explorer.querySelector(query));
  const heads = [...explorer.querySelectorAll('thead th')];
  const all = columns[0].values.map((_, row) => row);
  const first = (value) => Array.isArray(value) ? value[0] : value;
  const key = ({ texts, values }, row) => texts ? texts[values[row]] : first(values[row]);
  const text = (column, row) => {
    const value = column.values[row];
    if (column.texts) return column.texts[value];
    return Array.isArray(value) ? print(value[0]) + ' [' + print(value[1]) + ', ' + print(value[2]) + ']' : print(value);
  };
  let [rows, from, sorted, down] = [all, 0, null, true];
  const show = () => {
    body.replaceChildren(...rows.slice(from, from + page).map((row) => {
      const line = document.createElement('tr');
      columns.forEach((column, i) => {
        const cell = document.createElement(i === 0 ? 'th' : 'td');
        if (i === 0) cell.scope = 'row';
        if (heads[i].classList.contains('num')) cell.className = 'num';
        cell.textContent = text(column, row);
        line.append(cell);
      });
      return line;
    }));
    output.textContent = rows.length === 0 ? 'none' : (from + 1) + ' to ' + Math.min(from + page, rows.length) + ' of ' + rows.length;
    for (const button of tools.querySelectorAll('button')) button.disabled = Number(button.dataset.step) < 0 ? from === 0 : from + page >= rows.length;
  };
  const select = () => {
    const word = search.value.trim().toLowerCase();
    rows = all.filter((row) => word === '' || columns.some(({ texts, values }) => texts && texts[values[row]].toLowerCase().includes(word)));
    if (sorted) {
      const sign = down ? -1 : 1;
      rows.sort((a, b) => {
        const [x, y] = [key(sorted, a), key(sorted, b)];
        if (x === null || y === null) return (x === null) - (y === null) || a - b;
        return sign * (typeof x === 'string' ? x.localeCompare(y, 'en', { numeric: true }) : x - y) || a - b;
      });
    }
    from = 0;
    show();
  };
  heads.forEach((head, i) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener('click', () => {
      down = sorted === columns[i] ? !down : !columns[i].texts;
      sorted = columns[i];
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      select();
    });
  });
  search.addEventListener('input', select);
  tools.addEventListener('click', ({ target }) => {
    const step = Number(target.dataset?.step ?? 0);
    if (step === 0) return;
    from = Math.max(0, from + step * page);
    show();
  });
  tools.hidden = false;
  show();
}
})();`;
