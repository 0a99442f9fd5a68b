import type { Observation } from './driver.ts';

/** The same for two observations that tell nobody anything new after each other. */
export function newsKey(seen: Observation): string {
  switch (seen.state) {
    case 'running':
      return `running ${seen.run.id}`;
    case 'exited':
      return `exited ${seen.run.id} ${seen.fate ?? ''}`;
    case 'unknown':
      return `unknown ${seen.reason.code}`;
    case 'absent':
      return 'absent';
  }
}
