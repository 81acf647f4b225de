/**
 * Kubernetes' own expansion: `$(NAME)` becomes the variable's value, stays as it is when there is none, and `$$` stands
 * for one `$`. A shell's `$NAME` is none of its business.
 */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\$|\$\(([^)]*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? "$" : (variables.get(name) ?? whole),
  );
}
