#include "train/report/html_style.h"

namespace tandem {

const char* const report_style = R"css(
:root {
  color-scheme: light dark;
  --page: #f7f7f5; --card: #ffffff; --ink: #1d1d1f; --quiet: #6a6a70; --line: #e3e3e0;
  --c1: #2f6fd6; --c2: #d9651f; --c3: #17875c; --c4: #8a4fc7; --c5: #a47a00; --c6: #c43d74;
  --good: #17875c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #151517; --card: #1e1e21; --ink: #ececee; --quiet: #9c9ca4; --line: #35353a;
    --c1: #6ea4f7; --c2: #f0905a; --c3: #4cc493; --c4: #b98cec; --c5: #d8ad3c; --c6: #ee7fae;
    --good: #4cc493;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 44px 0 14px; }
.quiet { color: var(--quiet); font-size: 13px; margin: 6px 0 0; }
.subtitle { color: var(--quiet); margin: 4px 0 24px; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(165px, 1fr)); gap: 12px;
  margin: 0 0 16px; }
.facts div, .card, figure.chart, details { background: var(--card);
  border: 1px solid var(--line); border-radius: 10px; }
.facts div { padding: 10px 14px; }
.facts dt { color: var(--quiet); font-size: 12.5px; }
.facts dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
details { padding: 10px 14px; }
summary { cursor: pointer; font-weight: 600; }
pre { font: 12.5px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-x: auto;
  margin: 10px 0 2px; }
.card { padding: 16px; overflow-x: auto; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr));
  gap: 16px; }
figure.chart { margin: 0; padding: 14px 14px 8px; position: relative; }
figcaption { font-weight: 600; display: flex; flex-wrap: wrap; gap: 2px 16px;
  justify-content: space-between; margin-bottom: 6px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; font-weight: 400; font-size: 13px;
  color: var(--quiet); }
.legend i { display: inline-block; width: 16px; height: 0; border-top: 2.5px solid currentColor;
  vertical-align: middle; margin-right: 6px; }
.legend i.dashed { border-top-style: dashed; }
.chart svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font-size: 11.5px; fill: var(--quiet); font-variant-numeric: tabular-nums; }
svg .end { text-anchor: end; } svg .mid { text-anchor: middle; }
svg .grid { stroke: var(--line); } svg .axis, svg .tick { stroke: var(--quiet); }
svg path { fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linejoin: round; }
svg path.faint { stroke-width: 1; } svg circle { fill: currentColor; }
svg path.dashed { stroke-dasharray: 5 4; }
.faint { opacity: 0.4; }
.c1 { color: var(--c1); } .c2 { color: var(--c2); } .c3 { color: var(--c3); }
.c4 { color: var(--c4); } .c5 { color: var(--c5); } .c6 { color: var(--c6); }
svg .guide { stroke: var(--quiet); stroke-dasharray: 3 3; }
.tip { position: absolute; pointer-events: none; background: var(--ink); color: var(--page);
  border-radius: 6px; padding: 4px 9px; font-size: 12.5px; white-space: nowrap; z-index: 1;
  font-variant-numeric: tabular-nums; }
table.results { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
.results th { font-weight: 600; font-size: 13px; color: var(--quiet); }
.results th, .results td { text-align: right; padding: 7px 10px; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
.results th:nth-child(-n+2), .results td:nth-child(-n+2) { text-align: left; }
.results tr:last-child td { border-bottom: 0; }
.results small { display: block; color: var(--quiet); font-size: 12px; line-height: 1.2; }
img, .none { border-radius: 5px; background: #fff; object-fit: contain; display: block; }
.none { border: 1px dashed var(--line); }
table.matrix { border-collapse: separate; border-spacing: 1px; margin: 0 auto; }
.matrix td { width: 23px; height: 23px; padding: 0; }
.matrix i { display: block; width: 23px; height: 23px; border-radius: 3px; background: var(--c1); }
.matrix .pair { outline: 2px solid var(--c2); outline-offset: -1px; border-radius: 3px; }
.matrix th { font-weight: 400; font-size: 12.5px; text-align: right; padding: 0 8px 0 0;
  max-width: 270px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.matrix img, .matrix .none { width: 23px; height: 23px; border-radius: 3px; }
.scale { display: flex; gap: 8px; align-items: center; justify-content: center; }
.scale b { width: 140px; height: 10px; border-radius: 5px;
  background: linear-gradient(90deg, transparent, var(--c1)); border: 1px solid var(--line); }
.query { display: grid; grid-template-columns: minmax(150px, 260px) 1fr; gap: 20px;
  align-items: center; padding: 12px 0; border-bottom: 1px solid var(--line); }
.query:last-child { border-bottom: 0; padding-bottom: 0; } .query:first-child { padding-top: 0; }
.query .asked { overflow-wrap: anywhere; }
.query .asked img, .query .asked .none { width: 92px; height: 92px; margin-bottom: 6px; }
.hits { display: flex; flex-wrap: wrap; gap: 12px; }
.hit { width: 92px; text-align: center; font-size: 12.5px; color: var(--quiet);
  font-variant-numeric: tabular-nums; }
.hit img, .hit .none { width: 92px; height: 92px; margin-bottom: 4px; }
.hit.right img, .hit.right .none { outline: 3px solid var(--good); outline-offset: 1px; }
.right, .right b { color: var(--good); }
ol.captions { list-style: none; margin: 0; padding: 0; }
.captions li { display: grid; grid-template-columns: 22px 1fr 150px 46px; gap: 8px;
  align-items: center; padding: 2px 0; font-variant-numeric: tabular-nums; }
.captions span { text-align: left; }
.captions .bar { background: var(--line); border-radius: 3px; height: 7px; }
.captions .bar i { display: block; height: 7px; border-radius: 3px; background: var(--c1); }
.captions .right .bar i { background: var(--good); }
@media (max-width: 640px) { .query { grid-template-columns: 1fr; }
  .captions li { grid-template-columns: 22px 1fr 46px; } .captions .bar { display: none; } }
)css";

const char* const report_script = R"js(
for (const svg of document.querySelectorAll('svg[data-lines]')) {
  const lines = JSON.parse(svg.dataset.lines);
  const names = [...svg.parentNode.querySelectorAll('.legend span')].map(s => s.textContent);
  const make = (tag, values) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const key in values) element.setAttribute(key, values[key]);
    return svg.appendChild(element);
  };
  const box = svg.viewBox.baseVal;
  const guide = make('line', {class: 'guide', y1: 10, y2: box.height - 38, visibility: 'hidden'});
  const dots = lines.map(l => make('circle', {class: l.style, r: 3.5, visibility: 'hidden'}));
  const tip = document.createElement('div');
  tip.className = 'tip';
  const hide = () => {
    tip.remove();
    for (const e of [guide, ...dots]) e.setAttribute('visibility', 'hidden');
  };
  svg.addEventListener('pointerleave', hide);
  svg.addEventListener('pointermove', event => {
    const area = svg.getBoundingClientRect();
    const at = (event.clientX - area.left) / area.width * box.width;
    const near = lines.map(l => l.points.reduce(
        (a, b) => !a || Math.abs(b[0] - at) < Math.abs(a[0] - at) ? b : a, null));
    const first = near.filter(p => p).sort((a, b) => Math.abs(a[0] - at) - Math.abs(b[0] - at))[0];
    if (!first) return;
    tip.replaceChildren(svg.dataset.x + ' ' + first[2]);
    near.forEach((point, i) => {
      dots[i].setAttribute('visibility', point ? 'visible' : 'hidden');
      if (!point) return;
      dots[i].setAttribute('cx', point[0]);
      dots[i].setAttribute('cy', point[1]);
      tip.append(document.createElement('br'), (names[i] ? names[i] + ': ' : '') + point[3]);
    });
    guide.setAttribute('x1', first[0]);
    guide.setAttribute('x2', first[0]);
    guide.setAttribute('visibility', 'visible');
    svg.parentNode.append(tip);
    const x = first[0] / box.width * area.width + 14;
    const fits = x + 24 + tip.offsetWidth <= area.width;
    tip.style.left = (fits ? x + 16 : x - tip.offsetWidth - 4) + 'px';
    tip.style.top = (event.clientY - svg.parentNode.getBoundingClientRect().top - 10) + 'px';
  });
}
)js";

}  // namespace tandem
