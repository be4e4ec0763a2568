// The medians of one call as bars: an SVG that reads in light and in dark, and without its picture by its title.

const BAR = 26;
const LEFT = 150;
const WIDE = 420;

export function plot(rows) {
  const most = Math.max(...rows.map(({ ms }) => ms));
  const bars = rows.map(({ name, ms }, at) => {
    const y = 46 + at * BAR;
    const width = ((ms / most) * WIDE).toFixed(1);
    const mine = name === 'blazemeter-client';
    return [
      `<text x="${LEFT - 8}" y="${y + 13}" text-anchor="end"${mine ? ' font-weight="700"' : ''}>${name}</text>`,
      `<rect x="${LEFT}" y="${y}" width="${width}" height="18" rx="2" class="${mine ? 'mine' : 'bar'}"/>`,
      `<text x="${(LEFT + Number(width) + 6).toFixed(1)}" y="${y + 13}">${ms.toFixed(3)} ms</text>`,
    ].join('');
  });
  const height = 60 + rows.length * BAR;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 ${height}" role="img" aria-labelledby="t">
<title id="t">One signed call: ${rows.map(({ name, ms }) => `${name} ${ms.toFixed(3)} ms`).join(', ')}</title>
<style>text{font:13px system-ui,sans-serif;fill:#1f2328}.bar{fill:#8c959f}.mine{fill:#0969da}@media (prefers-color-scheme:dark){text{fill:#e6edf3}.bar{fill:#6e7681}.mine{fill:#58a6ff}}</style>
<text x="${LEFT}" y="28" font-weight="600">One call against a server on the same machine, median</text>
${bars.join('\n')}
</svg>
`;
}
