/** The generated reference of every setting, as `config --help` prints it. */
import { dotted, entries, environmentName, type Section } from "./section.ts";

/** Plain text: per section its sentence, then two lines per setting. */
export function configReference(sections: readonly Section<unknown>[]): string {
  return sections.map(sectionReference).join("\n");
}

function sectionReference(section: Section<unknown>): string {
  const lines = entries(section).flatMap(({ path, field }) => [
    `  ${dotted(path)}  <${field.type}>  default ${field.shown}`,
    `      ${field.doc}  [${environmentName(path)}]`,
  ]);
  return `${section.name}: ${section.doc}\n${lines.join("\n")}\n`;
}
