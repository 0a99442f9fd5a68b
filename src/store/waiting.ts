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
      const slots = new Map<number, string[]>();
      for (let index = 0; index < used; index += WIDTH) {
        const at = numbers[index + 1] ?? 0;
        const slot = Math.floor(at / RAW_STEP);
        const key = (numbers[index] ?? 0) * RAW_STEP + at - slot * RAW_STEP;
        const sample = `"${key}":${numbers[index + 2]}`;
        const samples = slots.get(slot);
        if (samples === undefined) slots.set(slot, [sample]);
        else samples.push(sample);
      }
      used = 0;
      return new Map([...slots].map(([slot, samples]) => [slot, `{${samples.join(',')}}`]));
    },
    /** What waits of one series, in the order in which it came. */
    of(wanted: number): readonly { readonly at: number; readonly value: number }[] {
      const found: { readonly at: number; readonly value: number }[] = [];
      for (let index = 0; index < used; index += WIDTH)
        if (numbers[index] === wanted) found.push({ at: numbers[index + 1] ?? 0, value: numbers[index + 2] ?? 0 });
      return found;
    },
  };
}
