// Connect's declarations name this type of the fetch standard; Node's declarations have Headers but not this name, and
// the "dom" library would bring every browser global with it.
export {};

declare global {
  type HeadersInit = NonNullable<ConstructorParameters<typeof Headers>[0]>;
}
