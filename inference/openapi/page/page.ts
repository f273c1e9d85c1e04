import { markup, page, table } from '@shelfwise/report';
import { problems } from '../../http/problems.ts';
import { remedies } from '../../http/remedies.ts';
import type { OpenApiDocument } from '../document.ts';
import type { JsonSchema } from '../schemas.ts';
import { type Operation, operationMarkup } from './operation.ts';
import { inline, prose } from './prose.ts';
import { fields } from './schema.ts';

/** The document as a page for people: one file, without scripts, that loads nothing. */
export function documentPage(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({ method, path, ...(one as Operation) })),
  );
  const chapters = document.tags.map(({ name, description }) => {
    const own = operations.filter(({ tags }) => tags[0] === name);
    return {
      title: name.charAt(0).toUpperCase() + name.slice(1),
      content: [
        markup`<p>${description}</p>
<ul class="index">${own.map(
          ({ operationId, method, path, summary }) =>
            markup`<li><a href="#${operationId}"><code>${method.toUpperCase()} ${path}</code></a> ${summary}</li>\n`,
        )}</ul>`,
        own.map(({ method, path, ...operation }) =>
          operationMarkup(method, path, operation, (schema) => resolved(document, schema)),
        ),
      ],
    };
  });
  return page({
    title: 'Shelfwise: the API',
    lead: [
      prose(document.info.description),
      markup`<p class="quiet">Version ${document.info.version}. The same for programs: <a href="/openapi.json">openapi.json</a>.
The examples take the address of this service from <code>$SHELFWISE</code> and a token from <code>$TOKEN</code>.</p>`,
    ],
    sections: [
      ...chapters,
      { title: 'Documents', content: documents(document) },
      { title: 'Problems', content: problemTable() },
    ],
  });
}

/** The schema itself where there is a reference to it. */
function resolved({ components }: OpenApiDocument, schema: JsonSchema): JsonSchema {
  const name = /^#\/components\/schemas\/(.+)$/.exec(String(schema.$ref ?? ''))?.[1];
  return (name === undefined ? undefined : components.schemas[name]) ?? schema;
}

function documents({ components }: OpenApiDocument) {
  return Object.entries(components.schemas)
    .sort(([a], [b]) => a.localeCompare(b, 'en'))
    .map(
      ([name, schema]) => markup`<h3 id="schema-${name}">${name}</h3>
${fields(schema)}`,
    );
}

function problemTable() {
  return table({
    columns: [{ title: 'Code' }, { title: 'Status', number: true }, { title: 'What to do' }],
    rows: Object.entries(problems).map(([code, { status, title }]) => [
      markup`<code id="problem-${code}">${code}</code>`,
      status,
      markup`${title}. ${inline(remedies[code as keyof typeof remedies])}`,
    ]),
  });
}
