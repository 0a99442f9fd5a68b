import type { ControlClient } from './client.ts';
import { exitCodes, printJson, reportFailure } from './outcome.ts';
import type { Terminal } from './terminal.ts';

/** `orbit logs <service> [-n lines]`: as the manager gives them, oldest first. */
export async function showLogs(
  client: ControlClient,
  terminal: Terminal,
  service: string,
  lines: number,
  json: boolean,
): Promise<number> {
  const asked = await client.logs(service, lines);
  if (!asked.ok) return reportFailure(terminal, asked, json);
  if (json) printJson(terminal, asked.value);
  else for (const line of asked.value) terminal.out(withoutControls(line));
  return exitCodes.ok;
}

/** A service may write what moves the cursor or renames the window; the tab is harmless. */
function withoutControls(line: string): string {
  return line.replace(/(?!\t)\p{Cc}/gu, '');
}
