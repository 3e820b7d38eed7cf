"""The look of a report: one template, no script, nothing from outside."""

from string import Template

PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>
$style</style>
</head>
<body>
<main>
<header>
<h1>$title</h1>
$summary
</header>
$sections
</main>
</body>
</html>
""")

STYLE = """\
:root {
  color-scheme: light dark;
  --page: #ffffff; --text: #1f2328; --faint: #5b6470; --line: #d9dde2; --soft: #f5f6f8;
  --match: #1a7f37; --stranger: #c8202b; --distractor: #8a929c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181c; --text: #e4e6e9; --faint: #9aa3af; --line: #33383f; --soft: #1d2126;
    --match: #3fb950; --stranger: #ff6b62; --distractor: #8a929c;
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
header p { max-width: 42rem; margin: 0 0 .4rem; }
header p:first-of-type { font-size: 1.125rem; }
.scroll { overflow-x: auto; margin: 0 0 1.5rem; }
.scroll:focus-visible { outline: 2px solid var(--faint); outline-offset: 2px; }
table { border-spacing: 0; width: 100%; line-height: 1.5rem;
  font-variant-numeric: tabular-nums lining-nums; }
caption { caption-side: top; text-align: left; font-weight: 600; padding-bottom: .4rem; }
th, td { padding: .25rem .75rem; text-align: left; white-space: nowrap; }
thead th {
  font-size: .8125rem; font-weight: 600; color: var(--faint); border-bottom: 1px solid var(--text);
}
tbody th { font-weight: 500; }
tbody th, tbody td { border-bottom: 1px solid var(--line); }
th:first-child { padding-left: 0; position: sticky; left: 0; background: var(--page); }
td:last-child, th:last-child { padding-right: 0; }
.number { text-align: right; }
.note { color: var(--faint); font-size: .875rem; margin: .5rem 0 1.5rem; max-width: 42rem; }
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
.label { display: block; font-size: .6875rem; line-height: 1.3; margin-top: .2rem;
  color: var(--faint); text-align: center; overflow-wrap: anywhere;
  font-variant-numeric: tabular-nums; }
.places .label::before { content: var(--sign) " "; color: var(--verdict); font-weight: 700; }
.match { --verdict: var(--match); --sign: "\\2713"; }
.stranger { --verdict: var(--stranger); --sign: "\\2717"; }
.distractor { --verdict: var(--distractor); --sign: "\\25CB"; }
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
  .probes figure { width: calc((100% - 2rem) / 5); }
  table { font-size: .875rem; }
  th, td { padding: .25rem .45rem; }
  thead th { font-size: .75rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .6rem; }
}
@media print {
  .sought, .picture, tr { break-inside: avoid; }
  .scroll { overflow: visible; }
}
"""
