/** The generated reference of every setting: as `config --help` prints it, and as a page. */
import { dotted, entries, environmentName, type Section } from "./section.ts";

/** Plain text: per section its sentence, then two lines per setting. */
export function configReference(sections: readonly Section<unknown>[]): string {
  return sections.map(sectionReference).join("\n");
}

function sectionReference(section: Section<unknown>): string {
  const lines = entries(section).flatMap(({ path, field }) => [
    `  ${dotted(path)}  <${field.type}>  default ${field.show(field.default)}`,
    `      ${field.doc}  [${environmentName(path)}]`,
  ]);
  return `${section.name}: ${section.doc}\n${lines.join("\n")}\n`;
}

/** Markdown: a table per section. */
export function configPage(sections: readonly Section<unknown>[]): string {
  return sections.map(sectionPage).join("\n");
}

function sectionPage(section: Section<unknown>): string {
  const rows = entries(section).map(
    ({ path, field }) =>
      `| \`${dotted(path)}\`<br>\`${environmentName(path)}\` | ${cell(field.type)}${field.secret ? ", secret" : ""} | ${shown(field.show(field.default))} | ${cell(field.doc)} |\n`,
  );
  return `## \`${section.name}\`\n\n${section.doc}\n\n| Key and variable | Value | Default | What it decides |\n|---|---|---|---|\n${rows.join("")}`;
}

function shown(value: string): string {
  return value === "none" ? value : `\`${cell(value)}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}
