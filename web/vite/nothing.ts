/** Stands in for an optional module that is left out of the page. */
export {};
