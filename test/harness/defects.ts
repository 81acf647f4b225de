/** A mistake that somebody could make: the cases have to notice it. */
export interface Defect {
  readonly name: string;
  /** What the text of the file is changed to; `find` stands there once. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Part of the names of cases that are likely to notice; they run first. */
  readonly near: string;
}

export const defects: readonly Defect[] = [];
