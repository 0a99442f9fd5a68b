import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keyOf, roleOf } from '../../src/drivers/pane-process.ts';
import { parsePanes } from '../../src/drivers/tmux-client.ts';

describe('what a process in a pane is', () => {
  const cases: [args: string[], role: ReturnType<typeof roleOf>][] = [
    [['-bash'], 'interactive-shell'],
    [['/bin/zsh', '-l', '-i'], 'interactive-shell'],
    [['bash', '--norc'], 'interactive-shell'],
    [['sh', '-c', 'python3 run.py | tee -a bot.log'], 'shell-line'],
    [['bash', '-lc', 'python3 run.py'], 'shell-line'],
    [['/bin/bash', './boton.sh'], 'shell-script'],
    [['tee', '-a', 'bot.log'], 'copier'],
    [['python3', 'run.py'], 'program'],
    [['/home/shell/bash-bot'], 'program'],
  ];
  for (const [args, role] of cases)
    it(`${args.join(' ')}: ${role}`, () => {
      assert.equal(roleOf(args), role);
    });
});

describe('the word a command is known by', () => {
  const cases: [command: string[], key: string][] = [
    [['venv/bin/python', 'run.py'], 'run.py'],
    [['/usr/bin/python3.11', '-u', '/opt/bot/run.py', '--fast'], 'run.py'],
    [['node', 'dist/main.js'], 'main.js'],
    [['/opt/bot/bot', 'serve'], 'bot'],
    [['./start.sh'], 'start.sh'],
    // pm2#5990: "bun" inside "ubuntu" made Bun run Python programs.
    [['/home/ubuntu/bot/serve', 'config.py'], 'serve'],
    [['/home/ubuntu/venv/bin/python3', 'run.py'], 'run.py'],
  ];
  for (const [command, key] of cases)
    it(`${command.join(' ')}: ${key}`, () => {
      assert.equal(keyOf(command), key);
    });
});

describe('what tmux says of its panes', () => {
  it('is read strictly: the rest of a start command of several lines is no pane', () => {
    const panes = parsePanes(
      '%1\t42\t0\t\t\t\tsh -c "a\n%2\tnot a pane"\n%3\t43\t1\t3\t\t1795420529\tb\n%4\t44\t1\t\t9\t\tc\n',
    );
    assert.deepEqual(panes, [
      { id: '%1', pid: 42, dead: false, status: null, signal: null, diedAt: null, command: 'sh -c "a' },
      { id: '%3', pid: 43, dead: true, status: 3, signal: null, diedAt: 1795420529000, command: 'b' },
      { id: '%4', pid: 44, dead: true, status: null, signal: 9, diedAt: null, command: 'c' },
    ]);
  });
});
