/** The file in the data folder. */
export const storeName = 'orbit.db';
