/**
 * The one style of all pages. Colours are variables, so that dark mode and print change nothing else. The series are of
 * Okabe and Ito's palette, which people with colour-blindness tell apart (jfly.uni-koeln.de/color), lighter in the dark.
 */
export const style = `
:root{color-scheme:light dark;--ground:#fff;--raised:#f5f6f8;--ink:#1b1f24;--quiet:#57606a;--line:#d5dae1;
--series-0:#0072b2;--series-1:#d55e00;--series-2:#009e73;--series-3:#a8568a;--good:#00795a;--bad:#b23a00}
@media (prefers-color-scheme:dark){:root{--ground:#14171b;--raised:#1d2126;--ink:#e4e7eb;--quiet:#9aa4af;--line:#383f48;
--series-0:#56b4e9;--series-1:#e69f00;--series-2:#2fc79c;--series-3:#d893bf;--good:#3fcf9f;--bad:#ff9a5c}}
@media print{:root{color-scheme:light;--ground:#fff;--raised:#fff;--ink:#000;--quiet:#444;--line:#bbb;
--series-0:#0072b2;--series-1:#d55e00;--series-2:#009e73;--series-3:#a8568a;--good:#00795a;--bad:#b23a00}
nav{display:none}section,figure,tr{break-inside:avoid}.scroll{overflow:visible}}
*{box-sizing:border-box;print-color-adjust:exact;-webkit-print-color-adjust:exact}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:62rem;padding:1.25rem 1rem 3rem;background:var(--ground);color:var(--ink);
font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .25rem}
h2{font-size:1.2rem;line-height:1.3;margin:2.5rem 0 .5rem;padding-top:.75rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.5rem 0 .25rem}
h4{font-size:.9rem;margin:1rem 0 .25rem}
p{margin:.5rem 0;max-width:46rem}
a{color:var(--series-0)}
code,pre{font:.85em/1.5 ui-monospace,monospace}
pre{background:var(--raised);border:1px solid var(--line);border-radius:.4rem;padding:.6rem .8rem;overflow-x:auto;overflow-wrap:normal}
summary{cursor:pointer;color:var(--quiet)}
.index{padding-left:1.2rem}
.quiet,footer,figcaption,caption{color:var(--quiet);font-size:.875rem}
.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}
nav ol{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:1rem 0 0;padding:0;font-size:.9rem}
footer{margin-top:3rem;border-top:1px solid var(--line);padding-top:.75rem}
.scroll{overflow-x:auto;margin:.75rem 0}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding-bottom:.4rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .75rem .3rem 0;border-bottom:1px solid var(--line);unicode-bidi:isolate}
thead th{border-bottom-color:var(--quiet);font-weight:600;vertical-align:bottom;white-space:nowrap}
tbody th{font-weight:400;min-width:8rem}
.number{text-align:right;white-space:nowrap}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem;margin:1rem 0}
.tile{background:var(--raised);border:1px solid var(--line);border-radius:.4rem;padding:.6rem .8rem}
.tile b{display:block;font-size:1.6rem;line-height:1.3;font-variant-numeric:tabular-nums}
.tile span{display:block;font-size:.85rem;color:var(--quiet)}
.tile .good,.tile .bad{color:var(--good);font-weight:600}.tile .bad{color:var(--bad)}
.bars{width:100%;table-layout:fixed}.bars th{min-width:0}.bars th:first-child{width:34%}.bars .number{width:4rem;padding-right:0}.bars .note{width:5rem}
.bars td,.bars th{vertical-align:middle;border-bottom:0;padding-top:.15rem;padding-bottom:.15rem}
.bars svg{display:block;width:100%}
.plot{display:block;width:100%;max-width:46rem;min-width:26rem;height:auto}
.columns{max-width:28rem;min-width:17rem}.map{max-width:none;min-width:0}
svg text{font:12px system-ui,sans-serif;fill:var(--quiet)}
svg .ink{fill:var(--ink)}
.grid{stroke:var(--line);stroke-width:1}.axis{stroke:var(--quiet);stroke-width:1}
.track{fill:var(--raised)}
.path{fill:none;stroke-width:2}.dashed{stroke-dasharray:5 4}
.cell{fill:var(--series-0)}.off{fill:var(--series-1)}.frame{fill:none;stroke:var(--line)}
svg .over{fill:var(--ground)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;margin:.25rem 0;padding:0;font-size:.875rem}
.legend svg{width:1.1rem;height:.7rem;margin-right:.35rem}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.75rem;margin:1rem 0}
.gallery figure{margin:0;background:var(--raised);border:1px solid var(--line);border-radius:.4rem;overflow:hidden;font-size:.875rem}
.gallery img{display:block;width:100%;aspect-ratio:1;object-fit:contain;background:#fff}
.gallery .none{display:flex;aspect-ratio:1;align-items:center;justify-content:center;color:var(--quiet);border-bottom:1px solid var(--line)}
.gallery figcaption{padding:.5rem .6rem;color:var(--ink)}
.gallery figcaption div{unicode-bidi:isolate;margin-bottom:.2rem}
${[0, 1, 2, 3].map((i) => `.fill-${i}{fill:var(--series-${i})}.stroke-${i}{stroke:var(--series-${i})}`).join('\n')}
`;
