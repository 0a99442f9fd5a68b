/** The page's whole look; its hash stands in the policy that the browser is given, so that no other style applies. */
export const pageStyle = `
:root { color-scheme: light dark;
  --ground: #f3f6f9; --card: #fff; --text: #17212b; --muted: #5d6c7b; --line: #dfe5ea;
  --good: #1e9e50; --fair: #b87400; --bad: #d93030; --unknown: #7d8b99; }
@media (prefers-color-scheme: dark) { :root {
  --ground: #17212b; --card: #1e2a36; --text: #eef3f8; --muted: #93a4b5; --line: #2b3947;
  --good: #4cd07d; --fair: #ffc24b; --bad: #ff5f5f; --unknown: #93a4b5; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.4 system-ui, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
p { margin: .15rem 0; overflow-wrap: anywhere; }
ul { list-style: none; margin: 0; padding: 0; display: grid; gap: .6rem; align-items: start;
  grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); }
li { background: var(--card); border: 1px solid var(--line); border-left: .3rem solid var(--unknown);
  border-radius: .5rem; padding: .6rem .8rem; }
.good { border-left-color: var(--good); } .fair { border-left-color: var(--fair); }
.bad { border-left-color: var(--bad); } .unknown { border-left-color: var(--unknown); }
.head { display: flex; gap: .6rem; justify-content: space-between; align-items: baseline; }
.head strong { overflow-wrap: anywhere; }
.word { white-space: nowrap; font-weight: 600; color: var(--unknown); }
.good .word, .word.good { color: var(--good); } .fair .word, .word.fair { color: var(--fair); }
.bad .word, .word.bad { color: var(--bad); }
.muted { color: var(--muted); font-size: .9rem; }
footer { margin-top: 1.5rem; }
`;
