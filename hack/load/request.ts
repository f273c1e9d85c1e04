/** A request that is sent as it stands: no time is spent on making it while the clock runs. */
export interface StoredRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  /** Base64. */
  body: string;
}

/** The bytes of an HTTP/1.1 request on a connection that stays. */
export function requestBytes(request: StoredRequest, host: string): Buffer {
  const body = Buffer.from(request.body, 'base64');
  const headers = { ...request.headers, host, 'content-length': String(body.length) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `${request.method} ${request.path} HTTP/1.1\r\n${lines.join('')}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

/** A multipart/form-data body of text fields and one picture. */
export function multipart(fields: Record<string, string>, picture?: Buffer) {
  const boundary = 'shelfwise-load-7f3a91c2';
  const part = (disposition: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n`;
  const parts: Buffer[] = Object.entries(fields).map(([name, value]) =>
    Buffer.from(`${part(`name="${name}"`)}\r\n${value}\r\n`),
  );
  if (picture) {
    const head = `${part('name="image"; filename="picture.jpg"')}Content-Type: image/jpeg\r\n\r\n`;
    parts.push(Buffer.from(head), picture, Buffer.from('\r\n'));
  }
  const body = Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]);
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: body.toString('base64'),
  };
}
