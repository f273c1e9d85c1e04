import { readFile, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';

/** One request as the API server itself recorded it, whatever its client says. */
export interface AuditedRequest {
  user: string;
  /** Which of the user's tokens: its jti; empty for a certificate. */
  token: string;
  userAgent: string;
  verb: string;
  /** As RBAC names it: `jobs.batch`, `modelreleases.shelfwise.dev/status`. */
  resource: string;
  namespace: string;
  name: string;
  code: number;
  /** When it came in. */
  at: Date;
}

/** The policy under which the requests of these users are recorded, once each, without bodies; nobody else's are. */
export function auditPolicy(users: string[]): string {
  return stringify({
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived', 'ResponseStarted'],
    rules: [{ level: 'Metadata', users }, { level: 'None' }],
  });
}

/** Writes the policy and says what the API server needs to follow it. */
export async function auditArguments(
  { policy, log }: { policy: string; log: string },
  users: string[],
): Promise<string[]> {
  await writeFile(policy, auditPolicy(users));
  // Without a limit the log is one file, so that nothing of a long run is lost.
  return [
    `--audit-policy-file=${policy}`,
    `--audit-log-path=${log}`,
    '--audit-log-maxsize=100000',
    '--audit-log-mode=blocking',
  ];
}

interface AuditEvent {
  verb: string;
  user: { username: string; extra?: Record<string, string[]> };
  userAgent?: string;
  objectRef?: {
    resource?: string;
    apiGroup?: string;
    subresource?: string;
    namespace?: string;
    name?: string;
  };
  responseStatus?: { code?: number };
  requestReceivedTimestamp: string;
}

/** What was recorded since a time; requests that are no objects' (health, versions) are left out. */
export async function auditedRequests(log: string, since = new Date(0)): Promise<AuditedRequest[]> {
  const text = await readFile(log, 'utf8');
  // The last line may be half written.
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter(({ objectRef }) => objectRef?.resource !== undefined)
    .map(auditedRequest)
    .filter(({ at }) => at >= since);
}

function auditedRequest(event: AuditEvent): AuditedRequest {
  const { resource = '', apiGroup = '', subresource = '', namespace, name } = event.objectRef ?? {};
  const plural = apiGroup === '' ? resource : `${resource}.${apiGroup}`;
  return {
    user: event.user.username,
    token: (event.user.extra?.['authentication.kubernetes.io/credential-id']?.[0] ?? '').replace(
      /^JTI=/,
      '',
    ),
    userAgent: event.userAgent ?? '',
    verb: event.verb,
    resource: subresource === '' ? plural : `${plural}/${subresource}`,
    namespace: namespace ?? '',
    name: name ?? '',
    code: event.responseStatus?.code ?? 0,
    at: new Date(event.requestReceivedTimestamp),
  };
}
