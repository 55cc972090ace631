/**
 * The module, or where it is, for an `init()` that is told nothing. The build puts one of module-source/*.js in the place of
 * this file, as the export conditions of the package want it.
 * @internal
 */
export declare function defaultSource(): any;
