/** The result, or `late` when it takes longer than `ms`; the work itself goes on. */
export async function inTime<T>(work: Promise<T>, ms: number): Promise<T | 'late'> {
  let limit: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    limit = setTimeout(resolve, ms, 'late');
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(limit);
  }
}
