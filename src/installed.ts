/** The folder of the installation: above `src/`, and above `dist/`, where all of the program lies in one folder. */
export const installed = new URL('../', import.meta.url);
