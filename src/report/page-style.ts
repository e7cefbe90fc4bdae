/** The style sheet of the report page; colours follow the reader's light or dark setting. */
export function pageStyle(): string {
  return `:root{color-scheme:light dark;--page:#f4f5f7;--card:#ffffff;--line:#dfe3e8;--text:#22262c;--soft:#5b636e;--link:#0059a0;--warn-back:#fff4dc;--warn:#6b4a00}
@media (prefers-color-scheme:dark){:root{--page:#0d0f13;--card:#14171c;--line:#2b313a;--text:#e3e6ea;--soft:#9da5b0;--link:#7cc4f5;--warn-back:#33280d;--warn:#f2d08a}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.55 system-ui,"Segoe UI","Helvetica Neue",Arial,"DejaVu Sans",sans-serif}
main{max-width:860px;margin:0 auto;padding:28px 16px 48px}
h1{font-size:1.7rem;line-height:1.25;margin:0 0 4px}
h2{font-size:1.2rem;margin:0 0 8px}
a{color:var(--link)}
.origin{color:var(--soft);margin:0 0 12px;overflow-wrap:anywhere}
.summary{margin:0 0 16px;padding-left:1.2em}
.summary li{margin:3px 0}
nav ul{margin:0;padding:0;list-style:none;columns:2;column-gap:32px}
nav li{break-inside:avoid;margin:2px 0}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:20px 22px;margin:20px 0}
section p{margin:0 0 10px;max-width:75ch}
figure{margin:14px -12px}
figure svg{display:block;width:100%;height:auto}
figcaption{margin:0 12px}
figcaption,.method{color:var(--soft);font-size:.88rem}
.method strong{color:var(--text)}
.table{overflow-x:auto;margin:14px 0}
table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}
caption{text-align:left;white-space:nowrap;font-weight:600;padding:0 0 6px}
th,td{padding:4px 12px 4px 0;text-align:right;vertical-align:top;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--soft)}
.left{text-align:left}
.status{background:var(--warn-back);color:var(--warn);padding:6px 10px;border-radius:6px}
summary{cursor:pointer}
.provenance td{overflow-wrap:anywhere}
@media (max-width:600px){nav ul{columns:1}section{padding:14px 12px}}
@media print{body{background:none}section{border:0;padding:8px 0}figure,tr{break-inside:avoid}}`;
}
