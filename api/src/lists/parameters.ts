import type { SqlValue } from "@flyte-dataplane/runtime/database";

/** Values of a statement put together at run time; what goes into the text is only ever `$n`. */
export class Parameters {
  readonly values: SqlValue[] = [];

  add(value: SqlValue): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}
