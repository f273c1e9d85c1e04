import { type CustomResourceDefinition, type Schema, schemaOf } from './crd.ts';

/** The page docs/reference.md: every field of the API with its type, default, limits and rules. */
export function referenceOf(crd: CustomResourceDefinition): string {
  const schema = schemaOf(crd);
  const sections = Object.entries(schema.properties ?? {})
    .filter(([, field]) => field.properties)
    .map(([name, field]) => {
      const rows = rowsOf(field, name).join('\n');
      return `## ${name}\n\n${sentence(field.description)}\n\n| Field | Type | What it is |\n| --- | --- | --- |\n${rows}\n`;
    });
  return [
    '<!-- Generated from crds/modelreleases.yaml by `npm run generate`: change that file, not this one. -->',
    `# ${crd.spec.names.kind}: every field\n`,
    sentence(schema.description),
    '\nThe same on your cluster: `kubectl explain modelrelease.spec --recursive`. A bold field is required.',
    "Keep kubectl's strict validation on (the default): it refuses misspelt fields.",
    ...rulesOf(schema).map((rule) => `\n- ${rule}`),
    '',
    sections.join('\n'),
  ].join('\n');
}

function rowsOf(parent: Schema, path: string): string[] {
  return Object.entries(parent.properties ?? {}).flatMap(([name, field]) => {
    const here = `${path}.${name}`;
    const required = parent.required?.includes(name);
    const row = `| ${required ? `**\`${here}\`**` : `\`${here}\``} | ${typeOf(field)} | ${words(field)} |`;
    // What Kubernetes itself describes is not described again.
    return isOfPods(name) ? [row] : [row, ...rowsOf(field, here), ...itemRows(field, here)];
  });
}

function itemRows(field: Schema, path: string): string[] {
  return field.items?.properties ? rowsOf(field.items, `${path}[]`) : [];
}

function isOfPods(name: string): boolean {
  return ['affinity', 'tolerations', 'resources'].includes(name);
}

function typeOf(field: Schema): string {
  if (field.enum) return field.enum.map((value) => `\`${value}\``).join(', ');
  if (field.type === 'array') return `list of ${typeOf(field.items ?? {})}s`;
  if (typeof field.additionalProperties === 'object') return 'map';
  if (field['x-kubernetes-int-or-string']) return 'quantity';
  return field.type ?? 'any';
}

function words(field: Schema): string {
  const parts = [sentence(field.description)];
  if (field.default !== undefined && typeof field.default !== 'object')
    parts.push(`Default \`${JSON.stringify(field.default)}\`.`);
  const limits = [limit(field.minimum, 'at least'), limit(field.maximum, 'at most')];
  const said = limits.filter((part) => part !== '').join(', ');
  if (said !== '') parts.push(`${said[0]?.toUpperCase()}${said.slice(1)}.`);
  parts.push(...rulesOf(field).map((rule) => `Rule: ${rule}.`));
  return parts
    .filter((part) => part !== '')
    .join(' ')
    .replaceAll(/[|*]/g, '\\$&');
}

function limit(value: number | undefined, what: string): string {
  return value === undefined ? '' : `${what} ${value}`;
}

function rulesOf(field: Schema): string[] {
  const rules = field['x-kubernetes-validations'] as { message?: string }[] | undefined;
  return (rules ?? []).flatMap(({ message }) => (message ? [sentence(message)] : []));
}

/** One line, whatever the YAML's line breaks were. */
function sentence(text: string | undefined): string {
  return (text ?? '').replaceAll(/\s+/g, ' ').trim();
}
