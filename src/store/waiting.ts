import { RAW_STEP } from '../core/history.ts';

/** Numbers for each sample: its series, its time, its value. */
const WIDTH = 3;
const FIRST_ROOM = 1024;

/**
 * Samples that wait to be written. Kept as bare numbers: as objects, thousands of them would live just long enough to be
 * moved about by the garbage collector, every ten seconds.
 */
export function createWaiting() {
  let numbers = new Float64Array(WIDTH * FIRST_ROOM);
  let used = 0;

  return {
    count: (): number => used / WIDTH,
    /** `at`: epoch ms. */
    add(series: number, at: number, value: number): void {
      if (used === numbers.length) {
        const larger = new Float64Array(2 * numbers.length);
        larger.set(numbers);
        numbers = larger;
      }
      numbers[used] = series;
      numbers[used + 1] = at;
      numbers[used + 2] = value;
      used += WIDTH;
    },
    /**
     * All of them, which wait no longer: for each slot a JSON object whose keys are `series * RAW_STEP + late` and whose
     * values are the samples'.
     */
    take(): ReadonlyMap<number, string> {
      const slots = new Map<number, string>();
      for (const [series, at, value] of each()) {
        const slot = Math.floor(at / RAW_STEP);
        const before = slots.get(slot);
        const sample = `"${series * RAW_STEP + at - slot * RAW_STEP}":${value}`;
        slots.set(slot, before === undefined ? `{${sample}` : `${before},${sample}`);
      }
      used = 0;
      for (const [slot, text] of slots) slots.set(slot, `${text}}`);
      return slots;
    },
    /** What waits of one series, in the order in which it came. */
    of(wanted: number): readonly { readonly at: number; readonly value: number }[] {
      return [...each()].flatMap(([series, at, value]) => (series === wanted ? [{ at, value }] : []));
    },
  };

  function* each(): Generator<readonly [series: number, at: number, value: number]> {
    for (let index = 0; index < used; index += WIDTH)
      yield [numbers[index] ?? 0, numbers[index + 1] ?? 0, numbers[index + 2] ?? 0];
  }
}
