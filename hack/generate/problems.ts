import { problems, problemTypeBase } from '../../inference/http/problems.ts';
import { remedies } from '../../inference/http/remedies.ts';

/** docs/problems.md: every problem of the inference service's API, with what to do about it. */
export function problemsPage(): string {
  const chapters = Object.entries(problems).map(
    ([code, { status, title }]) =>
      `## ${code}\n\n${status} · ${title}.\n\n${remedies[code as keyof typeof remedies]}\n`,
  );
  return `<!-- Generated from inference/http/problems.ts and remedies.ts by \`npm run generate\`: change those files, not this one. -->
# Problems of the API

An error of the inference service is a problem document (RFC 9457, \`application/problem+json\`): \`type\` is
\`${problemTypeBase}\` and a code of this page, \`title\` and \`detail\` are for people, \`part\` names the field, header or path
that is to blame, and \`requestId\` is what the log has it under. Programs go by the code, or by the status alone.

${chapters.join('\n')}`;
}
