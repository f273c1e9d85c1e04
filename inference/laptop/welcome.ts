import type { DataFolder } from './data-folder.ts';

export interface Welcome {
  release: string;
  address: string;
  data: DataFolder;
}

/** What a person reads once the service is ready: where it is, who may enter, and a line to try. */
export function welcome({ release, address, data }: Welcome): string {
  const { username, password } = data.admin;
  const login = JSON.stringify({ username, password });
  return `
${release} is served at ${address}

  to read and try   ${address}/docs
  user, password    ${username}, ${password} (the first ones; a changed password is not shown here)
  what is kept      ${data.path}

A token, good for 15 minutes, and a prediction:

  TOKEN=$(curl -s ${address}/v1/tokens -H 'Content-Type: application/json' -d '${login}' | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  curl -s ${address}/v1/predict -H "Authorization: Bearer $TOKEN" -F designation='Chaise longue en teck'    # -F image=@chair.jpg

Ctrl-C ends it.
`;
}
