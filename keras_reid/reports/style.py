"""How a report looks, on a wide screen and on a phone, on light pages and dark ones."""

STYLE = """\
:root {
  color-scheme: light dark;
  --page: #ffffff; --text: #1f2328; --faint: #5b6470; --line: #d9dde2; --soft: #f5f6f8;
  --match: #1a7f37; --stranger: #c8202b; --distractor: #8a929c;
  --pass: #1a7f37; --warn: #9a6700; --fail: #c8202b; --alarm: #fdecec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181c; --text: #e4e6e9; --faint: #9aa3af; --line: #33383f; --soft: #1d2126;
    --match: #3fb950; --stranger: #ff6b62; --distractor: #8a929c;
    --pass: #3fb950; --warn: #e3b341; --fail: #ff6b62; --alarm: #3a1d1e;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -0.015em; margin: 0 0 1rem; }
h2 {
  font-size: 1.125rem; line-height: 1.3; margin: 3rem 0 1rem;
  padding-top: 1rem; border-top: 1px solid var(--line);
}
h3 { font-size: 1rem; margin: 0 0 .5rem; }
.summary p { max-width: 42rem; margin: 0 0 .4rem; }
.summary p:first-child { font-size: 1.125rem; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; font-size: .875rem; margin: 1.25rem 0 0; }
a { color: var(--text); text-underline-offset: .2em; text-decoration-color: var(--faint); }
.warning { border-left: 4px solid var(--fail); background: var(--alarm); padding: .75rem 1rem;
  border-radius: 4px; font-weight: 600; margin: 0 0 1.25rem; }
dl.glance { display: grid; gap: .75rem;
  grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); margin: 0 0 1.25rem; }
.glance div { background: var(--soft); border-radius: 8px; padding: .75rem 1rem; }
.glance dt { font-size: .875rem; }
.glance dd { margin: 0; }
.glance strong { display: block; font-size: 1.75rem; line-height: 1.25; font-weight: 650;
  letter-spacing: -0.02em; }
.glance span { color: var(--faint); font-size: .875rem; }
.scroll { overflow-x: auto; margin: 0 0 1.5rem; }
.scroll:focus-visible { outline: 2px solid var(--faint); outline-offset: 2px; }
table { border-spacing: 0; width: 100%; line-height: 1.5rem;
  font-variant-numeric: tabular-nums lining-nums; }
caption { caption-side: top; text-align: left; font-weight: 600; padding-bottom: .4rem;
  position: sticky; left: 0; max-width: calc(100vw - 2.5rem); }
th, td { padding: .25rem .75rem; text-align: left; white-space: nowrap; }
thead th {
  font-size: .8125rem; font-weight: 600; color: var(--faint); border-bottom: 1px solid var(--text);
  line-height: 1.3; white-space: normal; vertical-align: bottom;
}
tbody th { font-weight: 500; }
tbody th, tbody td { border-bottom: 1px solid var(--line); }
th:first-child { padding-left: 0; position: sticky; left: 0; background: var(--page); }
td:last-child, th:last-child { padding-right: 0; }
.number { text-align: right; }
.note { color: var(--faint); font-size: .875rem; margin: .5rem 0 1.5rem; max-width: 42rem; }
.strong > * { font-weight: 700; background: var(--soft); }
.scroll .strong th:first-child { background: var(--soft); }
details { margin: 0 0 1.5rem; }
details > summary { cursor: pointer; font-weight: 600; padding: .35rem 0; }
details[open] > summary { margin-bottom: .5rem; }
.checks { margin: 0 0 1.25rem; }
.checks th, .checks td { white-space: normal; vertical-align: top; padding: .4rem .75rem; }
.checks tbody th:first-child, .checks th { position: static; }
.checks tbody th { font-weight: 600; }
.checks .verdict { white-space: nowrap; font-weight: 700; padding-left: 0; }
.checks thead th:first-child { padding-left: 0; }
.checks .point { text-align: right; color: var(--faint); }
.checks .found { min-width: 7rem; }
.pass .verdict { color: var(--pass); }
.warn .verdict { color: var(--warn); }
.fail .verdict { color: var(--fail); }
.notes { margin: 0; padding-left: 1.25rem; max-width: 42rem; }
.pictures { display: grid; gap: 2rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
.picture { margin: 0; max-width: 36rem; }
.picture img { display: block; width: 100%; height: auto; }
figcaption { color: var(--faint); font-size: .875rem; max-width: 42rem; margin-top: .4rem; }
.sought { margin: 0 0 2.25rem; }
.lane { display: grid; grid-template-columns: 9.5rem 1fr; gap: 0 1.25rem; margin: 0 0 .75rem; }
.lane h4 { grid-column: 1 / -1; font-size: .875rem; font-weight: 500; color: var(--faint);
  margin: 0 0 .35rem; }
.probes { display: flex; gap: .5rem; align-items: flex-start; }
.probes figure { margin: 0; width: 4.5rem; }
.places { display: grid; grid-template-columns: repeat(10, minmax(0, 1fr)); gap: .5rem;
  list-style: none; margin: 0; padding: 0; }
.tile { display: block; width: 100%; aspect-ratio: 1 / 2; object-fit: contain; border-radius: 3px;
  background: var(--soft); }
.places .tile { border: 3px solid var(--verdict); box-sizing: content-box;
  width: calc(100% - 6px); }
.guides { grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: .5rem 1.75rem;
  margin: .6rem 0 .4rem; }
.guides h5 { font-size: .8125rem; font-weight: 600; margin: 0 0 .3rem; color: var(--verdict); }
.guides h5::before { content: var(--sign) " "; }
.guides .tiles { display: flex; gap: .4rem; }
.guides figure { margin: 0; width: 3rem; }
.guides .tile { border: 2px dashed var(--verdict); box-sizing: content-box;
  width: calc(100% - 4px); }
.label { display: block; font-size: .6875rem; line-height: 1.3; margin-top: .2rem;
  color: var(--faint); text-align: center; overflow-wrap: anywhere;
  font-variant-numeric: tabular-nums; }
.places .label::before { content: var(--sign) " "; color: var(--verdict); font-weight: 700; }
.match { --verdict: var(--match); --sign: "\\2713"; }
.stranger { --verdict: var(--stranger); --sign: "\\2717"; }
.distractor { --verdict: var(--distractor); --sign: "\\25CB"; }
.push { --verdict: var(--match); --sign: "\\2192"; }
.pull { --verdict: var(--stranger); --sign: "\\2190"; }
.key { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; color: var(--faint);
  font-size: .875rem; list-style: none; margin: 0 0 1.25rem; padding: 0; }
.key li::before { content: var(--sign) " "; color: var(--verdict); font-weight: 700; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .35rem 1.5rem;
  margin: 0; font-variant-numeric: tabular-nums; }
dt { color: var(--faint); }
dd { margin: 0; overflow-wrap: anywhere; }
code { font: .875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { margin: 0 0 1.25rem; padding: .75rem 1rem; background: var(--soft); border-radius: 6px;
  white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 46rem) {
  main { padding-top: 1.5rem; }
  h1 { font-size: 1.5rem; }
  .lane { grid-template-columns: 1fr; gap: .6rem; }
  .places { grid-template-columns: repeat(5, minmax(0, 1fr)); }
  .probes figure { width: 4.5rem; }
  table { font-size: .875rem; }
  th, td { padding: .25rem .45rem; }
  thead th { font-size: .75rem; }
  dl.glance { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .5rem; }
  .glance div { padding: .6rem .75rem; }
  .glance strong { font-size: 1.5rem; }
  .checks, .checks tbody, .checks caption { display: block; }
  .checks thead { position: absolute; width: 1px; height: 1px; overflow: hidden;
    clip-path: inset(50%); }
  .checks tbody tr { display: grid; grid-template-columns: 3.75rem 1fr auto; gap: 0 .5rem;
    padding: .6rem 0; border-bottom: 1px solid var(--line); }
  .checks tbody tr > * { border: 0; padding: 0; }
  .checks .found, .checks .means { grid-column: 2 / -1; }
  .checks .found { font-weight: 500; }
  .checks .means { color: var(--faint); }
  .checks .point::before { content: "point "; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .6rem; }
}
@media print {
  .sought, .picture, tr { break-inside: avoid; }
  .scroll { overflow: visible; }
}
"""
