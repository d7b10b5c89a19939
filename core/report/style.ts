import { categorical, negative, positive } from './palette.js';

const light = `--page:#fff;--panel:#fff;--soft:#f5f6f4;--ink:#1b1e23;--ink-2:#565c66;--rule:#dfe1dd;--grid:#e9ebe7;--axis:#9aa09a;--faint:#c9cdc8;--link:#0b5a92;--bad:#b3261e;${vars('light')}`;
const dark = `--page:#14171b;--panel:#14171b;--soft:#1c2026;--ink:#e6e8ea;--ink-2:#a3abb5;--rule:#2f353d;--grid:#262b32;--axis:#636b75;--faint:#464d57;--link:#7cc0f5;--bad:#ff8a80;${vars('dark')}`;

function vars(mode: 'light' | 'dark'): string {
  return categorical.map((color, i) => `--m${i}:${color[mode]}`).join(';');
}

const [plus, minus] = [positive.join(' '), negative.join(' ')];

/** The report's style sheet: colours for light and dark, one column on a phone, contents at the side on a wide screen. */
export const style = `
:root{color-scheme:light dark;${light}}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${dark}}}
:root[data-theme=dark]{color-scheme:dark;${dark}}
:root[data-theme=light]{color-scheme:light}
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:1.5rem;-webkit-text-size-adjust:100%}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--page);color:var(--ink);font:1.0625rem/1.6 Charter,"Bitstream Charter","Sitka Text",Cambria,"Noto Serif",Georgia,serif;overflow-wrap:break-word}
header,.layout,footer{max-width:78rem;margin:0 auto;padding:0 1.25rem}
header{position:relative;padding-top:2.5rem}
.kicker,.byline,nav,table,figure,.small,.none,dl,summary,footer,.warnings,.meter,button{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
.kicker{margin:0;color:var(--ink-2);font-size:.8125rem;letter-spacing:.02em}
h1{font-size:clamp(1.7rem,5vw,2.4rem);line-height:1.15;margin:.35rem 3rem .4rem 0;font-weight:600;letter-spacing:-.01em;overflow-wrap:anywhere}
.byline{margin:0 0 1.75rem;color:var(--ink-2);font-size:.8125rem}
h2{font-size:1.4rem;line-height:1.25;margin:0 0 1rem;font-weight:600}
.no{color:var(--ink-2);font-weight:400;margin-right:.35em;font-variant-numeric:tabular-nums}
.title{margin:0 0 .35rem;font:600 .84375rem/1.35 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
p{margin:0 0 1rem;max-width:44rem}
a{color:var(--link);text-underline-offset:.15em}
code{font:.86em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:.5rem}
#theme{position:absolute;right:1.25rem;top:2.4rem;width:2.4rem;height:2.4rem;border:1px solid var(--rule);border-radius:50%;background:none;color:var(--ink-2);font-size:1.1rem;cursor:pointer}
#theme:hover{color:var(--ink);border-color:var(--axis)}
nav{font-size:.84375rem;line-height:1.4;margin:0 0 2rem;padding:.75rem 0;border-top:1px solid var(--rule);border-bottom:1px solid var(--rule)}
nav ol{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;counter-reset:part}
nav li:not(.part){counter-increment:part}
nav .part{flex-basis:100%;color:var(--ink-2);font-size:.75rem;margin-top:.3rem}
nav a{color:var(--ink-2);text-decoration:none}
nav a::before{content:counter(part) "\\2002";color:var(--axis);font-variant-numeric:tabular-nums}
nav a:hover,nav a[aria-current]{color:var(--link)}
main{min-width:0}
.abstract{background:var(--soft);border-left:3px solid var(--m0);padding:1.1rem 1.4rem .5rem;margin:0 0 3rem}
.abstract h2{font-size:1.05rem;margin:0 0 .5rem}
.abstract p{margin-bottom:.65rem;max-width:48rem}
section{margin:0 0 3.5rem;padding-top:1.75rem;border-top:1px solid var(--rule)}
.small{font-size:.8125rem;line-height:1.5;color:var(--ink-2)}
.none{font-size:.9375rem;color:var(--ink-2);font-style:italic}
figure{margin:1.5rem 0 2.25rem}
.panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,23rem),1fr));gap:1.5rem 1.75rem;align-items:start}
.panel{min-width:0}
svg.plot{display:block;width:100%;height:auto}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;margin:0 0 .9rem;padding:0;font-size:.8125rem;color:var(--ink)}
.legend li{display:flex;align-items:center;gap:.45rem;min-width:0;overflow-wrap:anywhere}
.swatch{width:1.9rem;height:.76rem;flex:none;vertical-align:-.05em}
figcaption{margin-top:.9rem;font-size:.84375rem;line-height:1.5;color:var(--ink-2)}
figcaption p{margin:0 0 .3rem;max-width:52rem}
figcaption b{color:var(--ink);font-weight:600}
details{margin:.75rem 0 1.25rem;font-size:.84375rem}
summary{cursor:pointer;color:var(--link);font-size:.84375rem;width:fit-content}
details>.scroll,details>pre{margin-top:.6rem}
.scroll{overflow-x:auto;max-width:100%;margin:0 0 1.5rem;border-top:1.5px solid var(--ink-2);border-bottom:1.5px solid var(--ink-2)}
details .scroll{max-height:28rem;overflow-y:auto}
table{border-collapse:collapse;width:100%;font-size:.8125rem;line-height:1.4;font-variant-numeric:tabular-nums}
th,td{padding:.42rem .9rem .42rem 0;text-align:left;vertical-align:baseline;white-space:nowrap}
td{max-width:26rem;overflow:hidden;text-overflow:ellipsis}
thead th{font-weight:500;color:var(--ink-2);border-bottom:1px solid var(--rule)}
tbody th{font-weight:600}
tbody tr+tr>*{border-top:1px solid var(--grid)}
tr>:first-child{position:sticky;left:0;background:var(--page);padding-right:1.1rem;max-width:14rem;overflow:hidden;text-overflow:ellipsis;z-index:1}
.num{text-align:right}
.num+:not(.num){padding-left:.7rem}
pre{overflow-x:auto;background:var(--soft);padding:.9rem 1.1rem;margin:0;font-size:.9em;line-height:1.45;max-width:100%}
.meter{display:inline-flex;width:7rem;height:.55rem;background:var(--grid)}
.meter span{background:var(--m2)}
.meter .bad{background:var(--bad)}
.warnings{border-left:3px solid var(--bad);padding:.2rem 0 .2rem 1rem;font-size:.875rem;margin-bottom:1rem}
.warnings ul{margin:.3rem 0 0;padding-left:1.1rem}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(7.2rem,1fr));gap:1rem .9rem}
.key{display:flex;flex-wrap:wrap;gap:.25rem 2.5rem;margin:0 0 .5rem}
.panel:has(.pictures){grid-column:1/-1}
.picture{min-width:0;max-width:9.5rem}
.picture img{display:block;width:100%;height:auto;aspect-ratio:1;object-fit:contain;image-rendering:pixelated;border:1px solid var(--rule)}
.picture p{margin:.35rem 0 0;font-size:.75rem;line-height:1.4;color:var(--ink-2);overflow-wrap:anywhere}
.picture b{color:var(--ink);font-weight:600}
.ramp{flex:1 1 14rem;max-width:19rem;margin:0 0 1rem;font-size:.75rem;color:var(--ink-2)}
.ramp-label{display:block;margin-bottom:.25rem}
.ramp-bar{display:block;height:.8rem;border:1px solid var(--rule);-webkit-print-color-adjust:exact;print-color-adjust:exact}
.ramp-bar.sequential{background:linear-gradient(to right,rgb(${plus} / 0),rgb(${plus}))}
.ramp-bar.diverging{background:linear-gradient(to right,rgb(${minus}),rgb(${minus} / 0) 50%,rgb(${plus} / 0) 50%,rgb(${plus}))}
.ramp-ends{display:flex;justify-content:space-between;margin-top:.15rem;font-variant-numeric:tabular-nums}
.facts{margin:0 0 1.25rem;font-size:.84375rem}
.facts div{display:grid;grid-template-columns:minmax(9rem,17rem) 1fr;gap:.2rem 1rem;padding:.3rem 0;border-bottom:1px solid var(--grid)}
.facts dt{color:var(--ink-2)}
.facts dd{margin:0;overflow-wrap:anywhere;min-width:0}
.hash{font-size:.75rem}
footer{color:var(--ink-2);font-size:.8125rem;padding-bottom:3rem}
.tools{display:flex;flex-wrap:wrap;gap:.5rem .75rem;align-items:center;font:.8125rem system-ui,sans-serif;max-width:none}.tools[hidden]{display:none}.tools input{font:inherit;color:inherit;background:none;border:1px solid var(--rule);padding:.25rem .5rem;max-width:12rem}
.tools button{font:inherit;color:inherit;background:none;border:1px solid var(--rule);padding:.25rem .6rem;cursor:pointer}.tools button:disabled{opacity:.45;cursor:default}.tools output{color:var(--ink-2)}
th>button{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer;text-align:inherit}th>button:hover{color:var(--link)}th[aria-sort=descending]>button::after{content:' ↓'}th[aria-sort=ascending]>button::after{content:' ↑'}
.explorer .scroll{max-height:36rem;overflow-y:auto}.explorer thead th{position:sticky;top:0;background:var(--page);z-index:2}
@media (max-width:48rem){
.stacked table,.stacked tbody,.stacked tr,.stacked td,.stacked th{display:block}.stacked thead{display:none}
.stacked tr{padding:.55rem 0}.stacked tr>*{border:0!important;padding:.1rem 0;max-width:none;white-space:normal}
.stacked td{display:flex;justify-content:space-between;gap:1rem}.stacked td::before{content:attr(data-head);color:var(--ink-2);text-align:left}
.stacked tr>:first-child{position:static}
.stacked tbody tr+tr{border-top:1px solid var(--grid)}
}
@media (max-width:36rem){body{font-size:1rem}.facts div{grid-template-columns:1fr}.abstract{padding:1rem 1rem .4rem}.pictures{grid-template-columns:repeat(auto-fill,minmax(6rem,1fr))}}
@media (min-width:70rem){
.layout{display:grid;grid-template-columns:12.5rem minmax(0,1fr);gap:3rem}
nav{position:sticky;top:1.5rem;align-self:start;border:0;padding:0;max-height:calc(100vh - 3rem);overflow-y:auto}
nav ol{flex-direction:column;gap:.5rem}
nav li{display:grid}
nav a{display:grid;grid-template-columns:1.6rem 1fr}
}
@media print{
:root,:root:not([data-theme=light]){color-scheme:light;${light}}
body{font-size:10pt}nav,#theme,.skip,footer,.tools{display:none}.explorer .scroll{max-height:none}
.layout{display:block}section{border:0;padding:0}figure,tr,.abstract{break-inside:avoid}h2,h3{break-after:avoid}
.scroll{overflow:visible}td,tr>:first-child{white-space:normal;max-width:none}tr>:first-child{position:static}
.scroll[tabindex]{font-size:7pt}table{font-size:inherit}
}
`;
